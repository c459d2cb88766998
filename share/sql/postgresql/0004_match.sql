-- The index by which one person is found among all: derived, made again by `causeway rebuild`.

-- What a Patient says of who somebody is, comparable (identity/facts.c), but for those merged away.
CREATE TABLE match_fact (
	person BIGINT PRIMARY KEY,  -- resource.key of the Patient
	facts  TEXT COLLATE "C" NOT NULL
);

-- Numbers made of those facts, two of which people who may be the same share (identity/online_keys.c).
CREATE TABLE match_key (
	key BIGINT NOT NULL, person BIGINT NOT NULL,
	PRIMARY KEY (key, person)
);

-- How far it has come: one row.
CREATE TABLE match_state (
	one  BIGINT PRIMARY KEY,    -- 1
	made BIGINT NOT NULL,       -- by which making of facts and keys
	seq  BIGINT NOT NULL        -- version.seq of the last Patient taken in
);

-- Permanent: what `causeway match-learn` learnt of the place's own people; the last counts.
CREATE TABLE match_model (
	key     BIGINT PRIMARY KEY,
	learnt  BIGINT NOT NULL,    -- when
	body    TEXT COLLATE "C" NOT NULL        -- as share/identity/match.json
);
