-- The record: permanent facts first, then what can be derived from them again.
-- Times are microseconds since 1970-01-01T00:00:00Z. Names of types, code systems, organisations
-- and search parameters are whole numbers from `name`.

-- What is true of the whole database: 'digest' (of the definitions the search index was made with;
-- 'rebuilding' while it is being made again).
CREATE TABLE meta (
	name  TEXT PRIMARY KEY,
	value
) WITHOUT ROWID;

-- Words used so often that the rows say a number instead. Never deleted or renumbered.
CREATE TABLE name (
	key  INTEGER PRIMARY KEY,
	text TEXT NOT NULL UNIQUE
);

-- What bodies are compressed with, by the number zstd writes into each frame. The newest is used.
CREATE TABLE dictionary (
	key   INTEGER PRIMARY KEY,
	bytes BLOB NOT NULL
);
CREATE TRIGGER dictionary_no_update BEFORE UPDATE ON dictionary
BEGIN SELECT RAISE(ABORT, 'dictionaries are never changed'); END;
CREATE TRIGGER dictionary_no_delete BEFORE DELETE ON dictionary
BEGIN SELECT RAISE(ABORT, 'dictionaries are never deleted'); END;

-- Every version of every resource, as it was written. seq orders all changes in the place.
CREATE TABLE version (
	seq      INTEGER PRIMARY KEY,
	resource INTEGER NOT NULL,  -- resource.key
	type     INTEGER NOT NULL,  -- resource.type
	version  INTEGER NOT NULL,  -- 1, 2, … without gaps
	updated  INTEGER NOT NULL,
	method   INTEGER NOT NULL,  -- 1 POST, 2 PUT, 3 DELETE, 4 PATCH
	person   INTEGER NOT NULL,  -- resource.key of the Patient it belonged to then; 0 nobody
	org      INTEGER NOT NULL,  -- name.key of the organisation it came from; 0 not said
	size     INTEGER NOT NULL,  -- bytes of the JSON
	body     BLOB,              -- JSON with meta filled in, zstd with the place's dictionary; NULL when deleted
	UNIQUE (resource, version)
);
CREATE INDEX version_type ON version (type);       -- ends in seq: history of a type
CREATE INDEX version_updated ON version (updated); -- history since
CREATE TRIGGER version_no_update BEFORE UPDATE ON version
BEGIN SELECT RAISE(ABORT, 'versions are never changed'); END;
CREATE TRIGGER version_no_delete BEFORE DELETE ON version
BEGIN SELECT RAISE(ABORT, 'versions are never deleted'); END;

-- Each resource once, and which version is current. A row with version 0 stands for one that is
-- only referred to so far.
CREATE TABLE resource (
	key     INTEGER PRIMARY KEY,
	type    INTEGER NOT NULL,   -- name.key of "Patient", …
	id      TEXT    NOT NULL,
	person  INTEGER NOT NULL,   -- as in version; a Patient is its own person
	org     INTEGER NOT NULL,
	seq     INTEGER NOT NULL,   -- version.seq of the current version; 0 with version 0
	version INTEGER NOT NULL,
	updated INTEGER NOT NULL,
	deleted INTEGER NOT NULL,   -- 1 when the current version is a deletion
	UNIQUE (type, id)
);

-- Derived from here on: `causeway rebuild` makes all of it again.
-- All resources of a type, and all of a person, in the order every index below ends with.
CREATE INDEX resource_type ON resource (type, person, key) WHERE deleted = 0 AND version > 0;
-- For _lastUpdated, found by and sorted by.
CREATE INDEX resource_updated ON resource (type, updated, person, key) WHERE deleted = 0 AND version > 0;
CREATE INDEX resource_person ON resource (person, type, key) WHERE person <> 0;

-- How many current resources there are of each type, and under type 0 how many versions.
CREATE TABLE total (
	type    INTEGER PRIMARY KEY,
	current INTEGER NOT NULL
);

-- Search values of current versions (record/index_rows.c puts them in). _id and _lastUpdated are
-- not here: they are columns of resource. param: name.key of "Type.code" ("Observation.code"), with
-- ":text" (rows of string: a token's displays, a reference's display) or ":identifier" (rows of
-- token: a reference's identifier) after it for those modifiers. Common parameters (_tag, _profile …)
-- are named with the resource's type too ("Patient._tag"). Every row ends in (person, resource), so
-- rows that agree on what comes before are sorted the same way in all tables and can be merged.
CREATE TABLE token (
	param INTEGER NOT NULL, code TEXT NOT NULL, system INTEGER NOT NULL, -- 0: no system
	person INTEGER NOT NULL, resource INTEGER NOT NULL,
	PRIMARY KEY (param, code, system, person, resource)
) WITHOUT ROWID;
CREATE TABLE string (
	param INTEGER NOT NULL,
	value TEXT NOT NULL,        -- folded: no case, no accents
	person INTEGER NOT NULL, resource INTEGER NOT NULL,
	exact TEXT NOT NULL,        -- as written; '' when it is the same as value
	PRIMARY KEY (param, value, person, resource, exact)
) WITHOUT ROWID;
CREATE TABLE date (
	param INTEGER NOT NULL, low INTEGER NOT NULL, high INTEGER NOT NULL, -- [low, high)
	person INTEGER NOT NULL, resource INTEGER NOT NULL,
	PRIMARY KEY (param, low, high, person, resource)
) WITHOUT ROWID;
-- Long spans apart, so that "after" can start a day early in the table and still miss nothing.
CREATE INDEX date_long ON date (param, high, low, person, resource) WHERE high > low + 86400000000;
CREATE TABLE number (
	param INTEGER NOT NULL, low BLOB NOT NULL, high BLOB NOT NULL, -- dec_sort_key
	person INTEGER NOT NULL, resource INTEGER NOT NULL,
	PRIMARY KEY (param, low, high, person, resource)
) WITHOUT ROWID;
CREATE TABLE quantity (
	param INTEGER NOT NULL, low BLOB NOT NULL, high BLOB NOT NULL,
	code TEXT NOT NULL, system INTEGER NOT NULL,
	person INTEGER NOT NULL, resource INTEGER NOT NULL,
	PRIMARY KEY (param, low, high, code, system, person, resource)
) WITHOUT ROWID;
CREATE TABLE reference (
	param INTEGER NOT NULL, target INTEGER NOT NULL, -- resource.key, perhaps of version 0
	person INTEGER NOT NULL, resource INTEGER NOT NULL,
	PRIMARY KEY (param, target, person, resource)
) WITHOUT ROWID;
CREATE TABLE uri (               -- also references to other servers and canonicals
	param INTEGER NOT NULL, value TEXT NOT NULL,
	person INTEGER NOT NULL, resource INTEGER NOT NULL,
	PRIMARY KEY (param, value, person, resource)
) WITHOUT ROWID;
