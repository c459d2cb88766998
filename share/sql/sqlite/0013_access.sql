-- Who may see what, where it is no resource (access/agreement.h, access/glass.h): added only, never changed.

-- What organisations agreed to share. In force from since until the earlier of until and its end in agreement_end.
CREATE TABLE agreement (
	key      INTEGER PRIMARY KEY,
	title    TEXT    NOT NULL,
	orgs     TEXT    NOT NULL, -- ODS codes, parted by spaces: each shares with each
	purposes TEXT    NOT NULL, -- 'care safeguarding'
	since    INTEGER NOT NULL, -- microseconds, here and below
	until    INTEGER NOT NULL, -- 0: open
	made     INTEGER NOT NULL,
	actor    INTEGER NOT NULL  -- account.key; 0 the system
);
CREATE TRIGGER agreement_no_update BEFORE UPDATE ON agreement
BEGIN SELECT RAISE(ABORT, 'agreements are never changed'); END;
CREATE TRIGGER agreement_no_delete BEFORE DELETE ON agreement
BEGIN SELECT RAISE(ABORT, 'agreements are never deleted'); END;

CREATE TABLE agreement_end (
	key       INTEGER PRIMARY KEY,
	agreement INTEGER NOT NULL,
	at        INTEGER NOT NULL, -- it ends
	made      INTEGER NOT NULL,
	actor     INTEGER NOT NULL,
	reason    TEXT    NOT NULL
);
CREATE INDEX agreement_end_agreement ON agreement_end (agreement);
CREATE TRIGGER agreement_end_no_update BEFORE UPDATE ON agreement_end
BEGIN SELECT RAISE(ABORT, 'ends of agreements are never changed'); END;
CREATE TRIGGER agreement_end_no_delete BEFORE DELETE ON agreement_end
BEGIN SELECT RAISE(ABORT, 'ends of agreements are never deleted'); END;

-- A record opened for one account beyond the rule: in an emergency, or because the person said yes.
CREATE TABLE opening (
	key     INTEGER PRIMARY KEY,
	kind    INTEGER NOT NULL, -- 1 emergency, 2 permission
	person  INTEGER NOT NULL, -- resource.key of the Patient
	account INTEGER NOT NULL,
	org     INTEGER NOT NULL, -- name.key of the organisation worked for; 0 none
	role    TEXT    NOT NULL,
	reason  TEXT    NOT NULL, -- share/access/glass.tsv
	words   TEXT    NOT NULL, -- of whoever opened it
	at      INTEGER NOT NULL,
	until   INTEGER NOT NULL
);
CREATE INDEX opening_account ON opening (account, until);
CREATE INDEX opening_person ON opening (person);
CREATE TRIGGER opening_no_update BEFORE UPDATE ON opening
BEGIN SELECT RAISE(ABORT, 'openings are never changed'); END;
CREATE TRIGGER opening_no_delete BEFORE DELETE ON opening
BEGIN SELECT RAISE(ABORT, 'openings are never deleted'); END;

-- What the privacy officer found, or that it was ended early; the last of an outcome counts.
CREATE TABLE opening_review (
	key     INTEGER PRIMARY KEY,
	opening INTEGER NOT NULL,
	outcome INTEGER NOT NULL, -- 1 in order, 2 not in order, 3 ended early
	words   TEXT    NOT NULL,
	at      INTEGER NOT NULL,
	actor   INTEGER NOT NULL
);
CREATE INDEX opening_review_opening ON opening_review (opening);
CREATE TRIGGER opening_review_no_update BEFORE UPDATE ON opening_review
BEGIN SELECT RAISE(ABORT, 'reviews are never changed'); END;
CREATE TRIGGER opening_review_no_delete BEFORE DELETE ON opening_review
BEGIN SELECT RAISE(ABORT, 'reviews are never deleted'); END;
