-- Who uses the place and how they sign in (access/account.h, access/session.h).

-- A member of staff, a resident or a program. Never deleted: who leaves is ended.
CREATE TABLE account (
	key          INTEGER PRIMARY KEY,
	kind         INTEGER NOT NULL,        -- 1 staff, 2 resident (and whom residents let), 3 program
	login        TEXT    NOT NULL UNIQUE, -- folded to lower case
	name         TEXT    NOT NULL,        -- as others see it
	practitioner TEXT    NOT NULL,        -- id of their Practitioner; '' none
	person       INTEGER NOT NULL,        -- resource.key of their own Patient; 0 none
	made         INTEGER NOT NULL,        -- microseconds, here and below
	ended        INTEGER NOT NULL         -- 0: not
);
CREATE INDEX account_person ON account (person) WHERE person <> 0;

-- Where somebody works, as what, from when to when. One may hold several and works in one at a time.
CREATE TABLE employment (
	key     INTEGER PRIMARY KEY,
	account INTEGER NOT NULL,
	org     INTEGER NOT NULL, -- name.key of the organisation, as in resource.org; 0 the place itself
	role    TEXT    NOT NULL, -- share/access/role.tsv
	since   INTEGER NOT NULL,
	until   INTEGER NOT NULL, -- 0: open
	given   INTEGER NOT NULL,
	actor   INTEGER NOT NULL  -- account.key; 0 the system
);
CREATE INDEX employment_account ON employment (account);

CREATE TABLE team_member (
	key     INTEGER PRIMARY KEY,
	account INTEGER NOT NULL,
	team    INTEGER NOT NULL, -- resource.key of a CareTeam, Group or Organization
	since   INTEGER NOT NULL,
	until   INTEGER NOT NULL
);
CREATE INDEX team_member_account ON team_member (account);

-- Whom a person lets see their record: a family carer, an attorney.
CREATE TABLE delegation (
	key      INTEGER PRIMARY KEY,
	account  INTEGER NOT NULL, -- of the delegate
	person   INTEGER NOT NULL, -- resource.key of the Patient
	capacity TEXT    NOT NULL, -- 'carer', 'attorney'
	scope    TEXT    NOT NULL, -- categories, separated by spaces; '' none
	since    INTEGER NOT NULL,
	until    INTEGER NOT NULL, -- 0: open; when revoked, the moment
	given    INTEGER NOT NULL,
	actor    INTEGER NOT NULL
);
CREATE INDEX delegation_account ON delegation (account);
CREATE INDEX delegation_person ON delegation (person);

CREATE TABLE credential (
	key     INTEGER PRIMARY KEY,
	account INTEGER NOT NULL,
	kind    INTEGER NOT NULL, -- 1 password (argon2id), 2 key for codes, 3 recovery code (hash)
	secret  TEXT    NOT NULL,
	made    INTEGER NOT NULL,
	used    INTEGER NOT NULL  -- codes: the last step taken; recovery codes: when; 0 never
);
CREATE INDEX credential_account ON credential (account, kind);

-- What became of an account, for ever. Codes only, no names.
CREATE TABLE account_event (
	key     INTEGER PRIMARY KEY,
	account INTEGER NOT NULL,
	what    TEXT    NOT NULL,
	at      INTEGER NOT NULL,
	actor   INTEGER NOT NULL,
	detail  TEXT    NOT NULL
);
CREATE INDEX account_event_account ON account_event (account, key);
CREATE TRIGGER account_event_no_update BEFORE UPDATE ON account_event
BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
CREATE TRIGGER account_event_no_delete BEFORE DELETE ON account_event
BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END;

-- Who is signed in now; only the hash of a token is here.
CREATE TABLE session (
	key        INTEGER PRIMARY KEY,
	hash       BLOB    NOT NULL UNIQUE,
	account    INTEGER NOT NULL,
	employment INTEGER NOT NULL, -- the one worked in; 0 none
	stage      INTEGER NOT NULL, -- 1 the password was right and a code is missing, 2 signed in
	made       INTEGER NOT NULL,
	used       INTEGER NOT NULL,
	until      INTEGER NOT NULL, -- at the latest
	idle       INTEGER NOT NULL, -- microseconds without a request; 0: no limit
	device     TEXT    NOT NULL
);
CREATE INDEX session_account ON session (account);

-- Links that are good once: the first administrator, a joiner, a password forgotten.
CREATE TABLE invitation (
	key     INTEGER PRIMARY KEY,
	hash    BLOB    NOT NULL UNIQUE,
	account INTEGER NOT NULL, -- 0: to make the first administrator
	made    INTEGER NOT NULL,
	until   INTEGER NOT NULL
);

-- Failures to sign in, by the hash of a login or of an address.
CREATE TABLE attempt (
	hash     BLOB    PRIMARY KEY,
	failures INTEGER NOT NULL,
	last     INTEGER NOT NULL
);
