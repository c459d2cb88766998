-- A row of an index takes a third of a page at most, 2,700 bytes, and a text and the same as written may have
-- 2,000 each: what is written stands in the key as a hash of it.
ALTER TABLE string DROP CONSTRAINT string_pkey;
CREATE UNIQUE INDEX string_key ON string (param, value, person, resource, hashtextextended(exact, 0));
