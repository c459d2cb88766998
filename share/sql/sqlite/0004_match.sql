-- The index by which one person is found among all: derived, made again by `causeway rebuild`.

-- What a Patient says of who somebody is, comparable (identity/facts.c), but for those merged away.
CREATE TABLE match_fact (
	person INTEGER PRIMARY KEY,  -- resource.key of the Patient
	facts  TEXT NOT NULL
);

-- Numbers made of those facts, two of which people who may be the same share (identity/online_keys.c).
CREATE TABLE match_key (
	key INTEGER NOT NULL, person INTEGER NOT NULL,
	PRIMARY KEY (key, person)
) WITHOUT ROWID;

-- How far it has come: one row.
CREATE TABLE match_state (
	one  INTEGER PRIMARY KEY,    -- 1
	made INTEGER NOT NULL,       -- by which making of facts and keys
	seq  INTEGER NOT NULL        -- version.seq of the last Patient taken in
);

-- Permanent: what `causeway match-learn` learnt of the place's own people; the last counts.
CREATE TABLE match_model (
	key     INTEGER PRIMARY KEY,
	learnt  INTEGER NOT NULL,    -- when
	body    TEXT NOT NULL        -- as share/identity/match.json
);
