-- What is told to subscribers (record/hook.h): how each Subscription fares, and what it is still owed.
CREATE TABLE hook (
	subscription INTEGER PRIMARY KEY, -- resource.key; 0: since is how far all events have been shared
	                                  -- out, tries grows when somebody changes something by hand
	state  INTEGER NOT NULL, -- 0 on, 1 paused by hand, 2 stopped after too many failures
	since  INTEGER NOT NULL, -- events after this seq concern it
	tries  INTEGER NOT NULL, -- failures since the last success
	due    INTEGER NOT NULL, -- microseconds: nothing is sent before
	sent   INTEGER NOT NULL, -- delivered in all
	dead   INTEGER NOT NULL, -- given up in all
	last   INTEGER NOT NULL, -- when something was delivered; 0 never
	failed INTEGER NOT NULL, -- when something failed; 0 never
	why    TEXT    NOT NULL  -- the last failure
);
CREATE TABLE delivery (
	subscription INTEGER NOT NULL,
	seq    INTEGER NOT NULL, -- version.seq
	lane   INTEGER NOT NULL, -- the person, or the resource of nobody: one after another in each
	state  INTEGER NOT NULL, -- 0 waiting, 1 delivered, 2 given up
	tries  INTEGER NOT NULL,
	due    INTEGER NOT NULL, -- microseconds: not tried before
	at     INTEGER NOT NULL, -- last tried; 0 never
	status INTEGER NOT NULL, -- what the other side answered; 0 nothing
	why    TEXT    NOT NULL,
	PRIMARY KEY (subscription, seq)
) WITHOUT ROWID;
CREATE INDEX delivery_state ON delivery (subscription, state, seq);
