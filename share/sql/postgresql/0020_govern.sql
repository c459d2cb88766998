-- What those who guard privacy decided, as in sqlite/0020_govern.sql, which says what each table and column means.

CREATE TABLE retention (
	key    BIGINT PRIMARY KEY,
	person BIGINT NOT NULL,
	rule   TEXT COLLATE "C" NOT NULL,
	due    BIGINT NOT NULL,
	words  TEXT COLLATE "C" NOT NULL,
	at     BIGINT NOT NULL,
	actor  BIGINT NOT NULL
);
CREATE TRIGGER retention_never BEFORE UPDATE OR DELETE OR TRUNCATE ON retention
	FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
REVOKE UPDATE, DELETE, TRUNCATE ON retention FROM CURRENT_USER;
CREATE TABLE retention_decision (
	key       BIGINT PRIMARY KEY,
	retention BIGINT NOT NULL,
	outcome   BIGINT NOT NULL,
	words     TEXT COLLATE "C" NOT NULL,
	purge     BIGINT NOT NULL,
	at        BIGINT NOT NULL,
	actor     BIGINT NOT NULL
);
CREATE INDEX retention_decision_retention ON retention_decision (retention);
CREATE TRIGGER retention_decision_never BEFORE UPDATE OR DELETE OR TRUNCATE ON retention_decision
	FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
REVOKE UPDATE, DELETE, TRUNCATE ON retention_decision FROM CURRENT_USER;
CREATE TABLE pattern_review (
	key     BIGINT PRIMARY KEY,
	pattern TEXT COLLATE "C" NOT NULL,
	account BIGINT NOT NULL,
	person  BIGINT NOT NULL,
	outcome BIGINT NOT NULL,
	words   TEXT COLLATE "C" NOT NULL,
	at      BIGINT NOT NULL,
	actor   BIGINT NOT NULL
);
CREATE INDEX pattern_review_account ON pattern_review (account);
CREATE TRIGGER pattern_review_never BEFORE UPDATE OR DELETE OR TRUNCATE ON pattern_review
	FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
REVOKE UPDATE, DELETE, TRUNCATE ON pattern_review FROM CURRENT_USER;
