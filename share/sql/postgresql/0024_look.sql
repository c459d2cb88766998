-- What is made from the audit some time after its rows (access/audit_index.c). Derived: empty until a server or
-- a rebuild has made it.

-- Which rows are about a person, the lists of pages too: keys of audit, rising, differences as varints, called by the
-- first of them. The row of person 0 says up to which key all of this is made.
DROP TABLE audit_person;
CREATE TABLE audit_person (
	person BIGINT NOT NULL,
	key    BIGINT NOT NULL,
	keys   BYTEA NOT NULL,
	PRIMARY KEY (person, key)
);

-- How much a member of staff looked at a person on a day: what odd patterns are found from (access/pattern.h).
CREATE TABLE audit_day (
	day     BIGINT NOT NULL, -- since 1970-01-01
	account BIGINT NOT NULL,
	person  BIGINT NOT NULL,
	looks   BIGINT NOT NULL,
	bare    BIGINT NOT NULL, -- of these without a relationship that was known
	began   BIGINT NOT NULL, -- microseconds: the first, the last
	ended   BIGINT NOT NULL,
	last    BIGINT NOT NULL, -- audit.key of the last
	PRIMARY KEY (day, account, person)
);
