-- People removed for good, with the reason (record/purge.h). Permanent; says nothing of who it was.
CREATE TABLE purge (
	key       INTEGER PRIMARY KEY,
	person    INTEGER NOT NULL, -- resource.key of the Patient
	at        INTEGER NOT NULL, -- microseconds
	actor     TEXT NOT NULL,    -- who
	reason    TEXT NOT NULL,
	patients  INTEGER NOT NULL, -- how many Patients the person had
	resources INTEGER NOT NULL, -- how many went, and how many versions of them
	versions  INTEGER NOT NULL,
	salt      BLOB NOT NULL     -- the ids of what went are kept as hashes with this; one for the place
);
CREATE TRIGGER purge_no_update BEFORE UPDATE ON purge
BEGIN SELECT RAISE(ABORT, 'purges are never changed'); END;
CREATE TRIGGER purge_no_delete BEFORE DELETE ON purge
BEGIN SELECT RAISE(ABORT, 'purges are never deleted'); END;

-- What the transaction that is purging just now may delete; empty at all other times.
CREATE TABLE purging (
	kind  INTEGER NOT NULL, -- 1 all versions of a resource, 2 one version by its seq, 3 event,
	                        -- 4 merge, 5 doubt, 6 doubt_decision
	key   INTEGER NOT NULL,
	purge INTEGER NOT NULL, -- purge.key, of this transaction
	PRIMARY KEY (kind, key)
) WITHOUT ROWID;
CREATE TRIGGER purging_insert BEFORE INSERT ON purging
WHEN NEW.purge IS NOT (SELECT max(key) FROM purge)
BEGIN SELECT RAISE(ABORT, 'nothing goes without a purge'); END;

DROP TRIGGER version_no_delete;
CREATE TRIGGER version_no_delete BEFORE DELETE ON version
WHEN NOT EXISTS (SELECT 1 FROM purging WHERE kind = 1 AND key = OLD.resource)
	AND NOT EXISTS (SELECT 1 FROM purging WHERE kind = 2 AND key = OLD.seq)
BEGIN SELECT RAISE(ABORT, 'versions are never deleted'); END;
DROP TRIGGER event_no_delete;
CREATE TRIGGER event_no_delete BEFORE DELETE ON event
WHEN NOT EXISTS (SELECT 1 FROM purging WHERE kind = 3 AND key = OLD.seq)
BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END;
DROP TRIGGER merge_no_delete;
CREATE TRIGGER merge_no_delete BEFORE DELETE ON merge
WHEN NOT EXISTS (SELECT 1 FROM purging WHERE kind = 4 AND key = OLD.key)
BEGIN SELECT RAISE(ABORT, 'merges are never deleted'); END;
DROP TRIGGER doubt_no_delete;
CREATE TRIGGER doubt_no_delete BEFORE DELETE ON doubt
WHEN NOT EXISTS (SELECT 1 FROM purging WHERE kind = 5 AND key = OLD.key)
BEGIN SELECT RAISE(ABORT, 'doubts are never deleted'); END;
DROP TRIGGER doubt_decision_no_delete;
CREATE TRIGGER doubt_decision_no_delete BEFORE DELETE ON doubt_decision
WHEN NOT EXISTS (SELECT 1 FROM purging WHERE kind = 6 AND key = OLD.key)
BEGIN SELECT RAISE(ABORT, 'decisions are never deleted'); END;
