-- Who looked, who changed, who was refused (access/audit.h). Permanent. Codes and keys, never names or values.
-- key: (months since January 1970) << 40 | the number in that month, 1, 2, … without gaps: a month is one
-- run of keys, and so of pages. Each row's hash is over the row and the hash before it.
CREATE TABLE audit (
	key      INTEGER PRIMARY KEY,
	at       INTEGER NOT NULL, -- microseconds
	what     INTEGER NOT NULL, -- share/access/audit.tsv
	kind     INTEGER NOT NULL, -- of actor; 0 nobody, or the system itself
	account  INTEGER NOT NULL, -- account.key; 0 none
	role     TEXT    NOT NULL, -- share/access/role.tsv; '' none
	org      INTEGER NOT NULL, -- name.key of the organisation worked for; 0 none
	purpose  INTEGER NOT NULL, -- share/access/purpose.tsv; 0 none
	session  INTEGER NOT NULL, -- session.key; 0 none
	device   TEXT    NOT NULL, -- 'Firefox on Windows'
	person   INTEGER NOT NULL, -- resource.key of the Patient; 0 nobody in particular
	resource INTEGER NOT NULL, -- resource.key; 0 none
	version  INTEGER NOT NULL,
	section  TEXT    NOT NULL, -- what of the record: 'plan', 'Observation'
	relation TEXT    NOT NULL, -- why
	outcome  INTEGER NOT NULL, -- 0 it was done; else the HTTP status it was refused with
	detail   TEXT    NOT NULL, -- a code, or a query without values
	people   BLOB,             -- keys of all whom a page or an export disclosed: rising, differences as varints
	hash     BLOB    NOT NULL
);
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit is never changed'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit is never deleted'); END;

-- How far the chain had come, signed with a key that is not in the database: at the end of a month, and
-- of about a second.
CREATE TABLE audit_head (
	key       INTEGER PRIMARY KEY, -- audit.key of the last row
	at        INTEGER NOT NULL,
	hash      BLOB    NOT NULL,    -- of that row
	signature BLOB                 -- Ed25519; NULL: the place has no key
);
CREATE TRIGGER audit_head_no_update BEFORE UPDATE ON audit_head
BEGIN SELECT RAISE(ABORT, 'heads are never changed'); END;
CREATE TRIGGER audit_head_no_delete BEFORE DELETE ON audit_head
BEGIN SELECT RAISE(ABORT, 'heads are never deleted'); END;

-- Derived, some time after a row: which rows are about a person, the lists of pages too. The row of person 0
-- says up to which key it is made.
CREATE TABLE audit_person (
	person INTEGER NOT NULL, key INTEGER NOT NULL,
	PRIMARY KEY (person, key)
) WITHOUT ROWID;
