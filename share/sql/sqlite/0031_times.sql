-- How often an item was shown to the same session before its row was written, where many looks wait; almost always once.
ALTER TABLE audit ADD COLUMN times INTEGER NOT NULL DEFAULT 1;
