-- Apps are opened about a stay or visit, too: resource.key of the Encounter; 0 none.
ALTER TABLE app_launch ADD COLUMN encounter BIGINT NOT NULL DEFAULT 0;
ALTER TABLE app_grant ADD COLUMN encounter BIGINT NOT NULL DEFAULT 0;
