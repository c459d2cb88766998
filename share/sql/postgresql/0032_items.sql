-- What else of the same kind was shown of a record in the same opening, where many looks wait: resource.key and version of
-- each, as varints; NULL where there was nothing else.
ALTER TABLE audit ADD COLUMN items BYTEA;
