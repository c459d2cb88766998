-- As in sqlite/0021_covers.sql, which says what it means.
ALTER TABLE agreement ADD COLUMN covers TEXT COLLATE "C" NOT NULL DEFAULT '';
