-- Which items an agreement shares: labels (share/access/label.tsv) and 'ordinary' (no category, no sensitivity), parted
-- by spaces; '' all.
ALTER TABLE agreement ADD COLUMN covers TEXT NOT NULL DEFAULT '';
