-- A head of the audit says when its row was, not when it was signed: so that a time that was altered is found by the row.
DROP TRIGGER audit_head_no_update;
UPDATE audit_head SET at = (SELECT a.at FROM audit a WHERE a.key = audit_head.key)
WHERE EXISTS (SELECT 1 FROM audit a WHERE a.key = audit_head.key);
CREATE TRIGGER audit_head_no_update BEFORE UPDATE ON audit_head
BEGIN SELECT RAISE(ABORT, 'heads are never changed'); END;
