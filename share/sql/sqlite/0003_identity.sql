-- Who is who, decided: permanent facts, never changed. What holds now is read from what was said last.

-- Two Patients are one person (kind 1), or that is taken back (kind 2, which names in `undoes` the
-- merge it ends). Both stay as they are and where they are; reads and searches for one find the
-- items of both (record/same.c). active: what the other's Patient.active said before: 0, 1, NULL nothing.
CREATE TABLE merge (
	key      INTEGER PRIMARY KEY,
	kind     INTEGER NOT NULL,
	survivor INTEGER NOT NULL,  -- resource.key of the Patient that goes on
	other    INTEGER NOT NULL,  -- resource.key of the Patient replaced by it
	at       INTEGER NOT NULL,  -- microseconds
	actor    TEXT NOT NULL,     -- who
	reason   TEXT NOT NULL,
	forced   TEXT NOT NULL,     -- why in spite of two verified NHS numbers; '' there was no need
	active   INTEGER,
	undoes   INTEGER            -- merge.key; NULL with kind 1
);
CREATE INDEX merge_survivor ON merge (survivor);
CREATE INDEX merge_other ON merge (other);
CREATE UNIQUE INDEX merge_undoes ON merge (undoes) WHERE undoes IS NOT NULL;
CREATE TRIGGER merge_no_update BEFORE UPDATE ON merge
BEGIN SELECT RAISE(ABORT, 'merges are never changed'); END;
CREATE TRIGGER merge_no_delete BEFORE DELETE ON merge
BEGIN SELECT RAISE(ABORT, 'merges are never deleted'); END;

-- The merges that hold now. A Patient is replaced by one other at most.
CREATE VIEW merged AS
	SELECT key, survivor, other, at, actor, reason, forced, active FROM merge m
	WHERE kind = 1 AND NOT EXISTS (SELECT 1 FROM merge u WHERE u.undoes = m.key);

-- Two Patients that may be one person. When the evidence changes clearly a pair gets another row,
-- and the newest of a pair (highest round) is the one that counts.
CREATE TABLE doubt (
	key         INTEGER PRIMARY KEY,
	a           INTEGER NOT NULL,  -- resource.key, the lower
	b           INTEGER NOT NULL,  -- resource.key, the higher
	round       INTEGER NOT NULL,  -- 1, 2, …
	weight      INTEGER NOT NULL,  -- thousandths of a bit
	probability INTEGER NOT NULL,  -- millionths
	why         TEXT NOT NULL,     -- JSON: doubt.h says what it holds
	source      TEXT NOT NULL,     -- what found it: 'match', 'identifier', 'link' …
	at          INTEGER NOT NULL,
	UNIQUE (a, b, round)
);
CREATE INDEX doubt_b ON doubt (b);
CREATE TRIGGER doubt_no_update BEFORE UPDATE ON doubt
BEGIN SELECT RAISE(ABORT, 'doubts are never changed'); END;
CREATE TRIGGER doubt_no_delete BEFORE DELETE ON doubt
BEGIN SELECT RAISE(ABORT, 'doubts are never deleted'); END;

-- What was decided, one after the other; the last one holds.
CREATE TABLE doubt_decision (
	key      INTEGER PRIMARY KEY,
	doubt    INTEGER NOT NULL,  -- doubt.key
	decision INTEGER NOT NULL,  -- 1 different, 2 the same person, 3 later, 4 opened again
	at       INTEGER NOT NULL,
	actor    TEXT NOT NULL,
	reason   TEXT NOT NULL,
	merge    INTEGER            -- merge.key that came of it, or that closed or reopened it
);
CREATE INDEX doubt_decision_doubt ON doubt_decision (doubt);
CREATE INDEX doubt_decision_merge ON doubt_decision (merge) WHERE merge IS NOT NULL;
CREATE TRIGGER doubt_decision_no_update BEFORE UPDATE ON doubt_decision
BEGIN SELECT RAISE(ABORT, 'decisions are never changed'); END;
CREATE TRIGGER doubt_decision_no_delete BEFORE DELETE ON doubt_decision
BEGIN SELECT RAISE(ABORT, 'decisions are never deleted'); END;

-- Each doubt that counts, and how it stands: 0 open, else the last decision (3 and 4 are open too).
CREATE VIEW doubt_now AS
	SELECT d.key, d.a, d.b, d.round, d.weight, d.probability, d.why, d.source, d.at,
		coalesce((SELECT x.decision FROM doubt_decision x WHERE x.doubt = d.key
			ORDER BY x.key DESC LIMIT 1), 0) AS state
	FROM doubt d
	WHERE NOT EXISTS (SELECT 1 FROM doubt n WHERE n.a = d.a AND n.b = d.b AND n.round > d.round);
