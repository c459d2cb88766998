-- Who is told outside of Causeway that work has come to them, and how that fared (act/tell.h). Row 0: `seq` is how far
-- the log of changes was looked at.
CREATE TABLE tell (
	key      INTEGER PRIMARY KEY,
	seq      INTEGER NOT NULL, -- version.seq that it tells of, the last of them
	way      TEXT    NOT NULL, -- 'email', 'webhook'
	address  TEXT    NOT NULL,
	holder   TEXT    NOT NULL, -- whose work: 'CareTeam/1'
	task     TEXT    NOT NULL, -- id of the Task
	kind     TEXT    NOT NULL, -- code of the work
	step     TEXT    NOT NULL, -- state of its machine
	priority TEXT    NOT NULL,
	count    INTEGER NOT NULL, -- how many it tells of
	urgent   INTEGER NOT NULL, -- of those, urgent ones
	state    INTEGER NOT NULL, -- 0 waiting, 1 sent, 2 given up
	tries    INTEGER NOT NULL,
	due      INTEGER NOT NULL, -- microseconds: not tried before
	made     INTEGER NOT NULL,
	at       INTEGER NOT NULL, -- last tried; 0 never
	why      TEXT    NOT NULL  -- it failed the last time
);
CREATE INDEX tell_state ON tell (state, key);
