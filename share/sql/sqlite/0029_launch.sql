-- Apps opened from a person's page (SMART App Launch, EHR launch): where each begins, and about whom somebody opened it.
ALTER TABLE app ADD COLUMN launch TEXT NOT NULL DEFAULT '';           -- its address; '' it is not opened from here
ALTER TABLE app_grant ADD COLUMN context INTEGER NOT NULL DEFAULT 0;  -- resource.key of the Patient it was opened about; 0 nobody

CREATE TABLE app_launch (
	hash    BLOB    PRIMARY KEY,
	app     INTEGER NOT NULL,
	account INTEGER NOT NULL, -- who opened it
	context INTEGER NOT NULL,
	until   INTEGER NOT NULL,
	used    INTEGER NOT NULL  -- 0: not yet
);
