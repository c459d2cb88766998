-- A head of the audit says when its row was, not when it was signed: so that a time that was altered is found by the row.
ALTER TABLE audit_head DISABLE TRIGGER audit_head_never;
GRANT UPDATE ON audit_head TO CURRENT_USER;
UPDATE audit_head SET at = (SELECT a.at FROM audit a WHERE a.key = audit_head.key)
WHERE EXISTS (SELECT 1 FROM audit a WHERE a.key = audit_head.key);
REVOKE UPDATE ON audit_head FROM CURRENT_USER;
ALTER TABLE audit_head ENABLE TRIGGER audit_head_never;
