-- Letting somebody see a record: a code that is good once, and what proves that somebody may speak for another.

ALTER TABLE delegation ADD COLUMN note TEXT NOT NULL DEFAULT ''; -- what was seen as proof; '' the person gave it themselves

-- A code given to whom it is meant for, until it is used, taken back or too old.
CREATE TABLE delegation_code (
	key        INTEGER PRIMARY KEY,
	hash       BLOB    NOT NULL, -- of the code, which only the giver sees, once
	person     INTEGER NOT NULL, -- resource.key of the Patient
	name       TEXT    NOT NULL, -- whom it is meant for, in the giver's words
	capacity   TEXT    NOT NULL,
	scope      TEXT    NOT NULL,
	note       TEXT    NOT NULL,
	until      INTEGER NOT NULL, -- of the delegation; 0: open
	made       INTEGER NOT NULL,
	expires    INTEGER NOT NULL,
	actor      INTEGER NOT NULL,
	used       INTEGER NOT NULL, -- 0: not yet
	delegation INTEGER NOT NULL  -- that it became; 0: none, and with used: taken back
);
CREATE INDEX delegation_code_person ON delegation_code (person);
