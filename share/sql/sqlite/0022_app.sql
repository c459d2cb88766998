-- Apps that people let in (SMART App Launch): who they are, what each was let, and what proves it.

CREATE TABLE app (
	key    INTEGER PRIMARY KEY,
	client TEXT    NOT NULL UNIQUE, -- client_id
	name   TEXT    NOT NULL,        -- as people read it
	back   TEXT    NOT NULL,        -- addresses it may be sent back to, parted by spaces
	scope  TEXT    NOT NULL,        -- the most that it may ask for
	secret TEXT    NOT NULL,        -- hash of its secret; '' it can keep none: PKCE alone
	made   INTEGER NOT NULL,
	ended  INTEGER NOT NULL         -- 0: not
);

-- What somebody let an app do, until it is taken back or too old.
CREATE TABLE app_grant (
	key        INTEGER PRIMARY KEY,
	app        INTEGER NOT NULL,
	account    INTEGER NOT NULL,
	employment INTEGER NOT NULL, -- in which they let it
	scope      TEXT    NOT NULL,
	made       INTEGER NOT NULL,
	until      INTEGER NOT NULL,
	ended      INTEGER NOT NULL
);
CREATE INDEX app_grant_account ON app_grant (account);

-- Codes and refresh tokens: each is taken once. One that comes again ends what it is of.
CREATE TABLE app_token (
	hash      BLOB    PRIMARY KEY,
	app_grant INTEGER NOT NULL,
	kind      INTEGER NOT NULL, -- 1 code, 2 refresh token
	back      TEXT    NOT NULL, -- of a code: where it was sent
	challenge TEXT    NOT NULL, -- PKCE
	nonce     TEXT    NOT NULL,
	until     INTEGER NOT NULL,
	used      INTEGER NOT NULL  -- 0: not yet
);
CREATE INDEX app_token_grant ON app_token (app_grant);

-- The key that signs who somebody is (id_token), made at the first one.
CREATE TABLE signing_key (
	key  INTEGER PRIMARY KEY,
	pem  TEXT    NOT NULL,
	made INTEGER NOT NULL
);
