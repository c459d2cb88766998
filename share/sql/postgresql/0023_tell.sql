-- As in sqlite/0023_tell.sql, which says what each column means.
CREATE TABLE tell (
	key      BIGINT  PRIMARY KEY,
	seq      BIGINT  NOT NULL,
	way      TEXT COLLATE "C" NOT NULL,
	address  TEXT COLLATE "C" NOT NULL,
	holder   TEXT COLLATE "C" NOT NULL,
	task     TEXT COLLATE "C" NOT NULL,
	kind     TEXT COLLATE "C" NOT NULL,
	step     TEXT COLLATE "C" NOT NULL,
	priority TEXT COLLATE "C" NOT NULL,
	count    BIGINT  NOT NULL,
	urgent   BIGINT  NOT NULL,
	state    BIGINT  NOT NULL,
	tries    BIGINT  NOT NULL,
	due      BIGINT  NOT NULL,
	made     BIGINT  NOT NULL,
	at       BIGINT  NOT NULL,
	why      TEXT COLLATE "C" NOT NULL
);
CREATE INDEX tell_state ON tell (state, key);
