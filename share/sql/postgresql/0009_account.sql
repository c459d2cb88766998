-- Who uses the place and how they sign in, as in sqlite/0009_account.sql, which says what each means.

CREATE TABLE account (
	key          BIGINT PRIMARY KEY,
	kind         BIGINT NOT NULL,
	login        TEXT COLLATE "C" NOT NULL UNIQUE,
	name         TEXT COLLATE "C" NOT NULL,
	practitioner TEXT COLLATE "C" NOT NULL,
	person       BIGINT NOT NULL,
	made         BIGINT NOT NULL,
	ended        BIGINT NOT NULL
);
CREATE INDEX account_person ON account (person) WHERE person <> 0;

CREATE TABLE employment (
	key     BIGINT PRIMARY KEY,
	account BIGINT NOT NULL,
	org     BIGINT NOT NULL,
	role    TEXT COLLATE "C" NOT NULL,
	since   BIGINT NOT NULL,
	until   BIGINT NOT NULL,
	given   BIGINT NOT NULL,
	actor BIGINT NOT NULL
);
CREATE INDEX employment_account ON employment (account);

CREATE TABLE team_member (
	key     BIGINT PRIMARY KEY,
	account BIGINT NOT NULL,
	team    BIGINT NOT NULL,
	since   BIGINT NOT NULL,
	until   BIGINT NOT NULL
);
CREATE INDEX team_member_account ON team_member (account);

CREATE TABLE delegation (
	key      BIGINT PRIMARY KEY,
	account  BIGINT NOT NULL,
	person   BIGINT NOT NULL,
	capacity TEXT COLLATE "C" NOT NULL,
	scope    TEXT COLLATE "C" NOT NULL,
	since    BIGINT NOT NULL,
	until    BIGINT NOT NULL,
	given    BIGINT NOT NULL,
	actor BIGINT NOT NULL
);
CREATE INDEX delegation_account ON delegation (account);
CREATE INDEX delegation_person ON delegation (person);

CREATE TABLE credential (
	key     BIGINT PRIMARY KEY,
	account BIGINT NOT NULL,
	kind    BIGINT NOT NULL,
	secret  TEXT COLLATE "C" NOT NULL,
	made    BIGINT NOT NULL,
	used    BIGINT NOT NULL
);
CREATE INDEX credential_account ON credential (account, kind);

CREATE TABLE account_event (
	key     BIGINT PRIMARY KEY,
	account BIGINT NOT NULL,
	what    TEXT COLLATE "C" NOT NULL,
	at      BIGINT NOT NULL,
	actor BIGINT NOT NULL,
	detail  TEXT COLLATE "C" NOT NULL
);
CREATE INDEX account_event_account ON account_event (account, key);
CREATE TRIGGER account_event_never BEFORE UPDATE OR DELETE OR TRUNCATE ON account_event
	FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
REVOKE UPDATE, DELETE, TRUNCATE ON account_event FROM CURRENT_USER;

CREATE TABLE session (
	key        BIGINT PRIMARY KEY,
	hash       BYTEA NOT NULL UNIQUE,
	account    BIGINT NOT NULL,
	employment BIGINT NOT NULL,
	stage      BIGINT NOT NULL,
	made       BIGINT NOT NULL,
	used       BIGINT NOT NULL,
	until      BIGINT NOT NULL,
	idle       BIGINT NOT NULL,
	device     TEXT COLLATE "C" NOT NULL
);
CREATE INDEX session_account ON session (account);

CREATE TABLE invitation (
	key     BIGINT PRIMARY KEY,
	hash    BYTEA NOT NULL UNIQUE,
	account BIGINT NOT NULL,
	made    BIGINT NOT NULL,
	until   BIGINT NOT NULL
);

CREATE TABLE attempt (
	hash     BYTEA PRIMARY KEY,
	failures BIGINT NOT NULL,
	last     BIGINT NOT NULL
);
