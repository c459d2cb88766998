-- Labels of items, derived from each version as it says itself (record/label.c): what stands in
-- resource is of the current version, or of the one before its deletion.
ALTER TABLE resource ADD COLUMN labels BIGINT NOT NULL DEFAULT 0;
CREATE INDEX resource_labels ON resource (type, person, key, org, labels) WHERE labels <> 0;

-- Of every version that has any, also of those that are not current.
CREATE TABLE version_label (
	seq    BIGINT PRIMARY KEY,  -- version.seq
	labels BIGINT NOT NULL
);
