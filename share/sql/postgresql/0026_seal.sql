-- The chain over the ledger's postings, as in sqlite/0026_seal.sql, which says what each column means.
CREATE TABLE ledger_seal (
	key    BIGINT PRIMARY KEY,
	former BYTEA NOT NULL,
	hash   BYTEA NOT NULL
);
CREATE TRIGGER ledger_seal_never BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_seal
	FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
REVOKE UPDATE, DELETE, TRUNCATE ON ledger_seal FROM CURRENT_USER;
ALTER TABLE ledger_seal ENABLE ROW LEVEL SECURITY;
