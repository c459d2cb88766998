-- The ledger: double entry in any unit, permanent. Nothing is changed or deleted; a mistake is
-- reversed by an entry of its own (ledger/ledger.h). Amounts are whole numbers of a unit's smallest
-- part: above zero a debit, below zero a credit.

CREATE TABLE ledger_account (
	key    INTEGER PRIMARY KEY,
	code   TEXT    NOT NULL UNIQUE, -- 'budget:p-1:council'
	unit   TEXT    NOT NULL,        -- 'GBP'
	scale  INTEGER NOT NULL,        -- digits after the point when shown
	kind   INTEGER NOT NULL,        -- 1 asset, 2 liability, 3 equity, 4 income, 5 expense
	bound  INTEGER NOT NULL,        -- 0 none, 1 never below zero, 2 never above
	person INTEGER NOT NULL,        -- resource.key of the Patient; 0 nobody
	opened INTEGER NOT NULL         -- microseconds
);
CREATE INDEX ledger_account_person ON ledger_account (person) WHERE person <> 0;
CREATE TRIGGER ledger_account_no_update BEFORE UPDATE ON ledger_account
BEGIN SELECT RAISE(ABORT, 'accounts are never changed'); END;
CREATE TRIGGER ledger_account_no_delete BEFORE DELETE ON ledger_account
BEGIN SELECT RAISE(ABORT, 'accounts are never deleted'); END;

CREATE TABLE ledger_entry (
	key       INTEGER PRIMARY KEY,     -- 1, 2, … without gaps
	token     TEXT    NOT NULL UNIQUE, -- writes once
	effective INTEGER NOT NULL,        -- day since 1970
	recorded  INTEGER NOT NULL,        -- microseconds; never falls
	resource  INTEGER NOT NULL,        -- resource.key of what it is for; 0 none
	person    INTEGER NOT NULL,        -- resource.key of the Patient; 0 nobody
	reverses  INTEGER,                 -- entry.key
	words     TEXT    NOT NULL
);
CREATE UNIQUE INDEX ledger_entry_reverses ON ledger_entry (reverses) WHERE reverses IS NOT NULL;
CREATE INDEX ledger_entry_person ON ledger_entry (person, key) WHERE person <> 0;
CREATE INDEX ledger_entry_resource ON ledger_entry (resource) WHERE resource <> 0;
CREATE TRIGGER ledger_entry_no_update BEFORE UPDATE ON ledger_entry
BEGIN SELECT RAISE(ABORT, 'entries are never changed'); END;
CREATE TRIGGER ledger_entry_no_delete BEFORE DELETE ON ledger_entry
BEGIN SELECT RAISE(ABORT, 'entries are never deleted'); END;

-- key: 1024 times the entry's, and the line from 1; so an entry's postings stand together.
CREATE TABLE ledger_posting (
	key       INTEGER PRIMARY KEY,
	account   INTEGER NOT NULL,
	amount    INTEGER NOT NULL,
	effective INTEGER NOT NULL, -- those of the entry
	recorded  INTEGER NOT NULL,
	person    INTEGER NOT NULL
);
-- A balance is one run of this index.
CREATE INDEX ledger_posting_account ON ledger_posting (account, key, amount, effective, recorded);
CREATE TRIGGER ledger_posting_no_update BEFORE UPDATE ON ledger_posting
BEGIN SELECT RAISE(ABORT, 'postings are never changed'); END;
CREATE TRIGGER ledger_posting_no_delete BEFORE DELETE ON ledger_posting
BEGIN SELECT RAISE(ABORT, 'postings are never deleted'); END;

-- Days before `day` take no more entries; the highest counts.
CREATE TABLE ledger_period (
	key   INTEGER PRIMARY KEY,
	day   INTEGER NOT NULL,
	entry INTEGER NOT NULL, -- the last entry there was then
	at    INTEGER NOT NULL,
	actor TEXT    NOT NULL
);
CREATE TRIGGER ledger_period_no_update BEFORE UPDATE ON ledger_period
BEGIN SELECT RAISE(ABORT, 'closed periods are never changed'); END;
CREATE TRIGGER ledger_period_no_delete BEFORE DELETE ON ledger_period
BEGIN SELECT RAISE(ABORT, 'closed periods are never deleted'); END;
