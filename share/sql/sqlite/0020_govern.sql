-- What those who guard privacy decided (access/retention.h, access/pattern.h): added only, never changed.

-- Somebody proposes that a person's record is due to be destroyed.
CREATE TABLE retention (
	key    INTEGER PRIMARY KEY,
	person INTEGER NOT NULL, -- resource.key of the Patient, which outlives a purge without telling who it was
	rule   TEXT    NOT NULL, -- share/access/retention.tsv: the row that decided
	due    INTEGER NOT NULL, -- when it was due; microseconds, here and below
	words  TEXT    NOT NULL, -- why; nothing that tells who it was
	at     INTEGER NOT NULL,
	actor  INTEGER NOT NULL  -- account.key; 0 the system
);
CREATE TRIGGER retention_no_update BEFORE UPDATE ON retention
BEGIN SELECT RAISE(ABORT, 'proposals are never changed'); END;
CREATE TRIGGER retention_no_delete BEFORE DELETE ON retention
BEGIN SELECT RAISE(ABORT, 'proposals are never deleted'); END;

-- What a second person decided about it.
CREATE TABLE retention_decision (
	key       INTEGER PRIMARY KEY,
	retention INTEGER NOT NULL,
	outcome   INTEGER NOT NULL, -- 1 destroyed, 2 kept
	words     TEXT    NOT NULL,
	purge     INTEGER NOT NULL, -- purge.key; 0 kept
	at        INTEGER NOT NULL,
	actor     INTEGER NOT NULL
);
CREATE INDEX retention_decision_retention ON retention_decision (retention);
CREATE TRIGGER retention_decision_no_update BEFORE UPDATE ON retention_decision
BEGIN SELECT RAISE(ABORT, 'decisions are never changed'); END;
CREATE TRIGGER retention_decision_no_delete BEFORE DELETE ON retention_decision
BEGIN SELECT RAISE(ABORT, 'decisions are never deleted'); END;

-- What was found about looks that make an odd pattern; it counts for looks up to `at`.
CREATE TABLE pattern_review (
	key     INTEGER PRIMARY KEY,
	pattern TEXT    NOT NULL, -- share/access/pattern.tsv
	account INTEGER NOT NULL, -- who looked
	person  INTEGER NOT NULL, -- resource.key; 0: a pattern of no one person
	outcome INTEGER NOT NULL, -- 1 in order, 2 not in order
	words   TEXT    NOT NULL,
	at      INTEGER NOT NULL,
	actor   INTEGER NOT NULL
);
CREATE INDEX pattern_review_account ON pattern_review (account);
CREATE TRIGGER pattern_review_no_update BEFORE UPDATE ON pattern_review
BEGIN SELECT RAISE(ABORT, 'reviews are never changed'); END;
CREATE TRIGGER pattern_review_no_delete BEFORE DELETE ON pattern_review
BEGIN SELECT RAISE(ABORT, 'reviews are never deleted'); END;
