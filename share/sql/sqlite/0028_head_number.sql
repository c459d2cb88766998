-- Heads of the audit are numbered, 1, 2, … without gaps, and signed with the number: one that is taken out is missed. 0: from before.
ALTER TABLE audit_head ADD COLUMN number INTEGER NOT NULL DEFAULT 0;
