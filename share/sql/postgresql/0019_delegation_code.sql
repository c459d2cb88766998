-- Letting somebody see a record: a code that is good once, and what proves that somebody may speak for another.

ALTER TABLE delegation ADD COLUMN note TEXT COLLATE "C" NOT NULL DEFAULT ''; -- what was seen as proof; '' the person gave it themselves

-- A code given to whom it is meant for, until it is used, taken back or too old.
CREATE TABLE delegation_code (
	key        BIGINT PRIMARY KEY,
	hash       BYTEA   NOT NULL, -- of the code, which only the giver sees, once
	person     BIGINT NOT NULL, -- resource.key of the Patient
	name       TEXT COLLATE "C" NOT NULL, -- whom it is meant for, in the giver's words
	capacity   TEXT COLLATE "C" NOT NULL,
	scope      TEXT COLLATE "C" NOT NULL,
	note       TEXT COLLATE "C" NOT NULL,
	until      BIGINT NOT NULL, -- of the delegation; 0: open
	made       BIGINT NOT NULL,
	expires    BIGINT NOT NULL,
	actor      BIGINT NOT NULL,
	used       BIGINT NOT NULL, -- 0: not yet
	delegation BIGINT NOT NULL  -- that it became; 0: none, and with used: taken back
);
CREATE INDEX delegation_code_person ON delegation_code (person);
