-- The ledger, as in sqlite/0007_ledger.sql, which says what each table and column means.

CREATE TABLE ledger_account (
	key    BIGINT PRIMARY KEY,
	code   TEXT COLLATE "C" NOT NULL UNIQUE,
	unit   TEXT COLLATE "C" NOT NULL,
	scale  BIGINT NOT NULL,
	kind   BIGINT NOT NULL,
	bound  BIGINT NOT NULL,
	person BIGINT NOT NULL,
	opened BIGINT NOT NULL
);
CREATE INDEX ledger_account_person ON ledger_account (person) WHERE person <> 0;
CREATE TRIGGER ledger_account_never BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_account
	FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
REVOKE UPDATE, DELETE, TRUNCATE ON ledger_account FROM CURRENT_USER;
CREATE TABLE ledger_entry (
	key       BIGINT PRIMARY KEY,
	token     TEXT COLLATE "C" NOT NULL UNIQUE,
	effective BIGINT NOT NULL,
	recorded  BIGINT NOT NULL,
	resource  BIGINT NOT NULL,
	person    BIGINT NOT NULL,
	reverses  BIGINT,
	words     TEXT COLLATE "C" NOT NULL
);
CREATE UNIQUE INDEX ledger_entry_reverses ON ledger_entry (reverses) WHERE reverses IS NOT NULL;
CREATE INDEX ledger_entry_person ON ledger_entry (person, key) WHERE person <> 0;
CREATE INDEX ledger_entry_resource ON ledger_entry (resource) WHERE resource <> 0;
CREATE TRIGGER ledger_entry_never BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entry
	FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
REVOKE UPDATE, DELETE, TRUNCATE ON ledger_entry FROM CURRENT_USER;
CREATE TABLE ledger_posting (
	key       BIGINT PRIMARY KEY,
	account   BIGINT NOT NULL,
	amount    BIGINT NOT NULL,
	effective BIGINT NOT NULL,
	recorded  BIGINT NOT NULL,
	person    BIGINT NOT NULL
);
CREATE INDEX ledger_posting_account ON ledger_posting (account, key, amount, effective, recorded);
CREATE TRIGGER ledger_posting_never BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_posting
	FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
REVOKE UPDATE, DELETE, TRUNCATE ON ledger_posting FROM CURRENT_USER;
CREATE TABLE ledger_period (
	key   BIGINT PRIMARY KEY,
	day   BIGINT NOT NULL,
	entry BIGINT NOT NULL,
	at    BIGINT NOT NULL,
	actor TEXT COLLATE "C" NOT NULL
);
CREATE TRIGGER ledger_period_never BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_period
	FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
REVOKE UPDATE, DELETE, TRUNCATE ON ledger_period FROM CURRENT_USER;
