-- Other ways to sign in: an organisation's OpenID Connect provider, and programs by a public key (SMART
-- Backend Services).

-- What a token was given for, when that is less than its account may: SMART scopes. A row for each text an
-- account was ever given, so that what is served later (exports, subscriptions) can name it by number.
CREATE TABLE grant_scope (
	key     INTEGER PRIMARY KEY,
	account INTEGER NOT NULL,
	scope   TEXT    NOT NULL,
	ended   INTEGER NOT NULL, -- 0: not; nothing is served for it any more
	UNIQUE (account, scope)
);
ALTER TABLE session ADD COLUMN scope INTEGER NOT NULL DEFAULT 0; -- grant_scope.key; 0: not limited

-- Programs that sign in by signing: their login is the client_id.
CREATE TABLE client (
	account INTEGER PRIMARY KEY,
	jwks    TEXT    NOT NULL, -- their public keys, as JSON; '' at the address
	url     TEXT    NOT NULL, -- where they are kept; '' in jwks
	scope   TEXT    NOT NULL, -- the most that it is given
	made    INTEGER NOT NULL,
	ended   INTEGER NOT NULL  -- 0: not
);

-- What is taken once: jti of an assertion, by a hash with who signed it; swept when it is too old to be
-- taken anyway.
CREATE TABLE once (
	hash  BLOB    PRIMARY KEY,
	until INTEGER NOT NULL
);

CREATE TABLE provider (
	key     INTEGER PRIMARY KEY,
	name    TEXT    NOT NULL UNIQUE, -- in addresses: 'council'
	words   TEXT    NOT NULL,        -- on the button: 'Westmere Council'
	issuer  TEXT    NOT NULL,
	client  TEXT    NOT NULL,        -- client_id there
	secret  TEXT    NOT NULL,        -- '' none: PKCE alone
	org     TEXT    NOT NULL,        -- ODS code whose staff it signs in; '' residents
	claim   TEXT    NOT NULL,        -- says who of ours it is
	join_by INTEGER NOT NULL,        -- 1 login, 2 id of the Practitioner
	email   INTEGER NOT NULL,        -- 1: the claim may be a verified e-mail address
	asks    TEXT    NOT NULL,        -- scopes asked of it
	roles   TEXT    NOT NULL,        -- claim that lists groups; '' roles are given here alone
	made    INTEGER NOT NULL,
	ended   INTEGER NOT NULL
);
-- A value of that claim is a role at the provider's organisation.
CREATE TABLE provider_role (
	provider INTEGER NOT NULL,
	value    TEXT    NOT NULL,
	role     TEXT    NOT NULL,
	PRIMARY KEY (provider, value, role)
);
-- Who of theirs is who of ours, once joined.
CREATE TABLE provider_link (
	provider INTEGER NOT NULL,
	subject  TEXT    NOT NULL,
	account  INTEGER NOT NULL,
	made     INTEGER NOT NULL,
	PRIMARY KEY (provider, subject)
);
-- Somebody is on the way to a provider and back.
CREATE TABLE provider_trip (
	hash     BLOB    PRIMARY KEY, -- of the state
	browser  BLOB    NOT NULL,    -- hash of the cookie it began with
	provider INTEGER NOT NULL,
	nonce    TEXT    NOT NULL,
	verifier TEXT    NOT NULL,    -- PKCE
	target   TEXT    NOT NULL,    -- where they wanted to go
	until    INTEGER NOT NULL
);
