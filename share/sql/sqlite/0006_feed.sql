-- Other systems' messages (src/feed/feed.h).

-- Each stream of messages that ever came, by its name.
CREATE TABLE feed (
	key     INTEGER PRIMARY KEY,
	name    TEXT    NOT NULL UNIQUE,
	title   TEXT    NOT NULL,
	kind    INTEGER NOT NULL,   -- 1 HL7 v2, 2 rows of a file, 3 FHIR
	org     TEXT    NOT NULL,   -- ODS code of who sends; '' each message says
	silent  INTEGER NOT NULL,   -- microseconds without a message until people are told; 0 never
	charset TEXT    NOT NULL,   -- of bytes that do not say; '' guessed
	since   INTEGER NOT NULL
);

-- Every message as it came, and what became of it.
CREATE TABLE message (
	key      INTEGER PRIMARY KEY,
	feed     INTEGER NOT NULL,  -- feed.key
	received INTEGER NOT NULL,
	sent     INTEGER NOT NULL,  -- as it says itself; 0 it does not
	control  TEXT    NOT NULL,  -- who sent it, and its number there
	kind     TEXT    NOT NULL,  -- 'ADT^A01'
	hash     TEXT    NOT NULL,  -- of the bytes: BLAKE2b, 128 bits
	state    INTEGER NOT NULL,  -- 1 received, 2 applied, 3 superseded, 4 rejected, 5 quarantined
	state_at INTEGER NOT NULL,
	flags    INTEGER NOT NULL,  -- 1 control number used before, 2 something was left out
	tries    INTEGER NOT NULL,
	place    TEXT    NOT NULL,  -- where the offence is: 'PID-7'
	reason   TEXT    NOT NULL,
	mapping  TEXT    NOT NULL,  -- version of the tables that read it last
	size     INTEGER NOT NULL,
	body     BLOB    NOT NULL,  -- gzip
	UNIQUE (feed, control, hash)
);
CREATE INDEX message_received ON message (feed, received);
CREATE INDEX message_state ON message (feed, state, key);

-- What a feed has to remember of one of its people, visits and orders, to put messages in order
-- that come out of it. Written in the transaction of the message.
CREATE TABLE feed_state (
	kind     INTEGER NOT NULL,  -- 1 person, 2 visit, 3 order
	name     TEXT    NOT NULL,  -- 'RXA|MRN|123'
	revision INTEGER NOT NULL,  -- counts its changes
	body     TEXT    NOT NULL,  -- JSON
	PRIMARY KEY (kind, name)
) WITHOUT ROWID;
