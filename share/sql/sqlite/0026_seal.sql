-- The chain over the ledger's postings: each is sealed with the seal of the one before it (ledger/seal.c), so that what
-- is altered, taken out or put in past the program shows. Rows outlive their posting: what is missing can be named.
CREATE TABLE ledger_seal (
	key    INTEGER PRIMARY KEY, -- ledger_posting.key
	former BLOB NOT NULL,       -- SHA-256 of the posting before; zeros before the first
	hash   BLOB NOT NULL        -- SHA-256 over former, the posting and its entry
);
CREATE TRIGGER ledger_seal_no_update BEFORE UPDATE ON ledger_seal
BEGIN SELECT RAISE(ABORT, 'seals are never changed'); END;
CREATE TRIGGER ledger_seal_no_delete BEFORE DELETE ON ledger_seal
BEGIN SELECT RAISE(ABORT, 'seals are never deleted'); END;
