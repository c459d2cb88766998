-- Who may see what, as in sqlite/0013_access.sql, which says what each table and column means.

CREATE TABLE agreement (
	key      BIGINT PRIMARY KEY,
	title    TEXT COLLATE "C"    NOT NULL,
	orgs     TEXT COLLATE "C"    NOT NULL,
	purposes TEXT COLLATE "C"    NOT NULL,
	since    BIGINT NOT NULL,
	until    BIGINT NOT NULL,
	made     BIGINT NOT NULL,
	actor    BIGINT NOT NULL
);
CREATE TRIGGER agreement_never BEFORE UPDATE OR DELETE OR TRUNCATE ON agreement
	FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
REVOKE UPDATE, DELETE, TRUNCATE ON agreement FROM CURRENT_USER;
CREATE TABLE agreement_end (
	key       BIGINT PRIMARY KEY,
	agreement BIGINT NOT NULL,
	at        BIGINT NOT NULL,
	made      BIGINT NOT NULL,
	actor     BIGINT NOT NULL,
	reason    TEXT COLLATE "C"    NOT NULL
);
CREATE INDEX agreement_end_agreement ON agreement_end (agreement);
CREATE TRIGGER agreement_end_never BEFORE UPDATE OR DELETE OR TRUNCATE ON agreement_end
	FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
REVOKE UPDATE, DELETE, TRUNCATE ON agreement_end FROM CURRENT_USER;
CREATE TABLE opening (
	key     BIGINT PRIMARY KEY,
	kind    BIGINT NOT NULL,
	person  BIGINT NOT NULL,
	account BIGINT NOT NULL,
	org     BIGINT NOT NULL,
	role    TEXT COLLATE "C"    NOT NULL,
	reason  TEXT COLLATE "C"    NOT NULL,
	words   TEXT COLLATE "C"    NOT NULL,
	at      BIGINT NOT NULL,
	until   BIGINT NOT NULL
);
CREATE INDEX opening_account ON opening (account, until);
CREATE INDEX opening_person ON opening (person);
CREATE TRIGGER opening_never BEFORE UPDATE OR DELETE OR TRUNCATE ON opening
	FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
REVOKE UPDATE, DELETE, TRUNCATE ON opening FROM CURRENT_USER;
CREATE TABLE opening_review (
	key     BIGINT PRIMARY KEY,
	opening BIGINT NOT NULL,
	outcome BIGINT NOT NULL,
	words   TEXT COLLATE "C"    NOT NULL,
	at      BIGINT NOT NULL,
	actor   BIGINT NOT NULL
);
CREATE INDEX opening_review_opening ON opening_review (opening);
CREATE TRIGGER opening_review_never BEFORE UPDATE OR DELETE OR TRUNCATE ON opening_review
	FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
REVOKE UPDATE, DELETE, TRUNCATE ON opening_review FROM CURRENT_USER;
