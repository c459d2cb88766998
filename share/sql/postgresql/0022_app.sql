-- As in sqlite/0022_app.sql, which says what each table and column means.

CREATE TABLE app (
	key    BIGINT PRIMARY KEY,
	client TEXT COLLATE "C" NOT NULL UNIQUE,
	name   TEXT COLLATE "C" NOT NULL,
	back   TEXT COLLATE "C" NOT NULL,
	scope  TEXT COLLATE "C" NOT NULL,
	secret TEXT COLLATE "C" NOT NULL,
	made   BIGINT NOT NULL,
	ended  BIGINT NOT NULL
);

CREATE TABLE app_grant (
	key        BIGINT PRIMARY KEY,
	app        BIGINT NOT NULL,
	account    BIGINT NOT NULL,
	employment BIGINT NOT NULL,
	scope      TEXT COLLATE "C" NOT NULL,
	made       BIGINT NOT NULL,
	until      BIGINT NOT NULL,
	ended      BIGINT NOT NULL
);
CREATE INDEX app_grant_account ON app_grant (account);

CREATE TABLE app_token (
	hash      BYTEA   PRIMARY KEY,
	app_grant BIGINT NOT NULL,
	kind      BIGINT NOT NULL,
	back      TEXT COLLATE "C" NOT NULL,
	challenge TEXT COLLATE "C" NOT NULL,
	nonce     TEXT COLLATE "C" NOT NULL,
	until     BIGINT NOT NULL,
	used      BIGINT NOT NULL
);
CREATE INDEX app_token_grant ON app_token (app_grant);

CREATE TABLE signing_key (
	key  BIGINT PRIMARY KEY,
	pem  TEXT COLLATE "C" NOT NULL,
	made BIGINT NOT NULL
);
