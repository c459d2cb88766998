-- The second wall (0016) around every table: whatever a role that is not the owner is granted, by mistake too, it sees
-- rows of resources, versions and the index only of those that its session names, and of all else nothing. Who may
-- read a table that tells of nobody needs a policy here; views of the record (view_*) are the place's to grant.
CREATE POLICY version_of_resource ON version AS RESTRICTIVE FOR SELECT
	USING (EXISTS (SELECT 1 FROM resource r WHERE r.key = version.resource));

DO $$
DECLARE t text;
BEGIN
	FOR t IN SELECT relname FROM pg_class WHERE relnamespace = quote_ident(current_schema())::regnamespace
			AND relkind IN ('r', 'p') AND relname NOT LIKE 'view\_%'
	LOOP
		EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
	END LOOP;
	FOREACH t IN ARRAY ARRAY['token', 'string', 'date', 'number', 'quantity', 'reference', 'uri']
	LOOP
		EXECUTE format('CREATE POLICY %I ON %I FOR SELECT USING (EXISTS (SELECT 1 FROM resource r WHERE r.key = %I.resource))',
			t || '_wall', t, t);
	END LOOP;
	FOREACH t IN ARRAY ARRAY['name', 'meta', 'migration']
	LOOP
		EXECUTE format('CREATE POLICY %I ON %I FOR SELECT USING (true)', t || '_open', t);
	END LOOP;
END $$;

-- Months of the audit that are yet to come, too.
CREATE OR REPLACE FUNCTION audit_guard(part TEXT) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE TRIGGER audit_never BEFORE UPDATE OR DELETE OR TRUNCATE ON %I '
		'FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', part);
	EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON %I FROM CURRENT_USER', part);
	EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', part);
END $$;
