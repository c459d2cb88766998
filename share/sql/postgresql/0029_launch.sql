-- Apps opened from a person's page (SMART App Launch, EHR launch): where each begins, and about whom somebody opened it.
ALTER TABLE app ADD COLUMN launch TEXT COLLATE "C" NOT NULL DEFAULT '';           -- its address; '' it is not opened from here
ALTER TABLE app_grant ADD COLUMN context BIGINT NOT NULL DEFAULT 0;  -- resource.key of the Patient it was opened about; 0 nobody

CREATE TABLE app_launch (
	hash    BYTEA   PRIMARY KEY,
	app     BIGINT NOT NULL,
	account BIGINT NOT NULL, -- who opened it
	context BIGINT NOT NULL,
	until   BIGINT NOT NULL,
	used    BIGINT NOT NULL  -- 0: not yet
);
ALTER TABLE app_launch ENABLE ROW LEVEL SECURITY;
