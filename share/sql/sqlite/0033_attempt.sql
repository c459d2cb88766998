-- Failures that count for nothing any more are found by their age.
CREATE INDEX attempt_last ON attempt (last);
