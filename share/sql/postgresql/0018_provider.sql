-- Other ways to sign in, as in sqlite/0018_provider.sql, which says what each means.

CREATE TABLE grant_scope (
	key BIGINT PRIMARY KEY,
	account BIGINT NOT NULL,
	scope TEXT COLLATE "C" NOT NULL,
	ended BIGINT NOT NULL,
	UNIQUE (account, scope)
);

ALTER TABLE session ADD COLUMN scope BIGINT NOT NULL DEFAULT 0;

CREATE TABLE client (
	account BIGINT PRIMARY KEY,
	jwks TEXT COLLATE "C" NOT NULL,
	url TEXT COLLATE "C" NOT NULL,
	scope TEXT COLLATE "C" NOT NULL,
	made BIGINT NOT NULL,
	ended BIGINT NOT NULL
);

CREATE TABLE once (
	hash BYTEA PRIMARY KEY,
	until BIGINT NOT NULL
);

CREATE TABLE provider (
	key BIGINT PRIMARY KEY,
	name TEXT COLLATE "C" NOT NULL UNIQUE,
	words TEXT COLLATE "C" NOT NULL,
	issuer TEXT COLLATE "C" NOT NULL,
	client TEXT COLLATE "C" NOT NULL,
	secret TEXT COLLATE "C" NOT NULL,
	org TEXT COLLATE "C" NOT NULL,
	claim TEXT COLLATE "C" NOT NULL,
	join_by BIGINT NOT NULL,
	email BIGINT NOT NULL,
	asks TEXT COLLATE "C" NOT NULL,
	roles TEXT COLLATE "C" NOT NULL,
	made BIGINT NOT NULL,
	ended BIGINT NOT NULL
);

CREATE TABLE provider_role (
	provider BIGINT NOT NULL,
	value TEXT COLLATE "C" NOT NULL,
	role TEXT COLLATE "C" NOT NULL,
	PRIMARY KEY (provider, value, role)
);

CREATE TABLE provider_link (
	provider BIGINT NOT NULL,
	subject TEXT COLLATE "C" NOT NULL,
	account BIGINT NOT NULL,
	made BIGINT NOT NULL,
	PRIMARY KEY (provider, subject)
);

CREATE TABLE provider_trip (
	hash BYTEA PRIMARY KEY,
	browser BYTEA NOT NULL,
	provider BIGINT NOT NULL,
	nonce TEXT COLLATE "C" NOT NULL,
	verifier TEXT COLLATE "C" NOT NULL,
	target TEXT COLLATE "C" NOT NULL,
	until BIGINT NOT NULL
);
