-- What changed, for those who follow: every version is an event already (version.seq), so only what
-- is no version has a row here. Both share one numbering and are read as one log (record/event.h).
CREATE TABLE event (
	seq    INTEGER PRIMARY KEY, -- among version.seq
	kind   TEXT    NOT NULL,    -- 'merged_into', …
	person INTEGER NOT NULL,    -- resource.key of the Patient it is about; 0 nobody
	at     INTEGER NOT NULL,    -- microseconds since 1970
	text   TEXT    NOT NULL     -- what the kind needs to say: 'Patient/p-2'
);
CREATE TRIGGER event_no_update BEFORE UPDATE ON event
BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
CREATE TRIGGER event_no_delete BEFORE DELETE ON event
BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END;
