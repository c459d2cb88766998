-- What is made from the audit some time after its rows (access/audit_index.c). Derived: empty until a server or
-- a rebuild has made it.

-- Which rows are about a person, the lists of pages too: keys of audit, rising, differences as varints, called by the
-- first of them. The row of person 0 says up to which key all of this is made.
DROP TABLE audit_person;
CREATE TABLE audit_person (
	person INTEGER NOT NULL,
	key    INTEGER NOT NULL,
	keys   BLOB NOT NULL,
	PRIMARY KEY (person, key)
) WITHOUT ROWID;

-- How much a member of staff looked at a person on a day: what odd patterns are found from (access/pattern.h).
CREATE TABLE audit_day (
	day     INTEGER NOT NULL, -- since 1970-01-01
	account INTEGER NOT NULL,
	person  INTEGER NOT NULL,
	looks   INTEGER NOT NULL,
	bare    INTEGER NOT NULL, -- of these without a relationship that was known
	began   INTEGER NOT NULL, -- microseconds: the first, the last
	ended   INTEGER NOT NULL,
	last    INTEGER NOT NULL, -- audit.key of the last
	PRIMARY KEY (day, account, person)
) WITHOUT ROWID;
