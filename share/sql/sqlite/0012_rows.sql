-- Feeds of files (src/feed/rows.h).

ALTER TABLE feed ADD COLUMN mapping TEXT NOT NULL DEFAULT '';    -- mapping of a file's rows
ALTER TABLE message ADD COLUMN file INTEGER NOT NULL DEFAULT 0;  -- feed_file.key it came in last
ALTER TABLE message ADD COLUMN file_row INTEGER NOT NULL DEFAULT 0; -- and where in it; 1 is the header

-- Every file that came, how far it is, and what became of its rows.
CREATE TABLE feed_file (
	key       INTEGER PRIMARY KEY,
	feed      INTEGER NOT NULL,  -- feed.key
	name      TEXT    NOT NULL,
	hash      TEXT    NOT NULL,  -- of its rows
	mapping   TEXT    NOT NULL,  -- version of the mapping it was read with
	state     INTEGER NOT NULL,  -- 1 being read, 2 done, 3 refused as a whole, 4 stopped
	began     INTEGER NOT NULL,
	ended     INTEGER NOT NULL,  -- last looked at
	done      INTEGER NOT NULL,  -- rows so far
	total     INTEGER NOT NULL,  -- of so many
	applied   INTEGER NOT NULL,
	unchanged INTEGER NOT NULL,
	refused   INTEGER NOT NULL,
	gone      INTEGER NOT NULL,  -- were sent before and are no longer: ended
	reason    TEXT    NOT NULL,
	UNIQUE (feed, hash)
);
