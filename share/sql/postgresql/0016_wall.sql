-- A second wall, for roles that are not the owner of these tables (analysts, replicas, other programs): whatever
-- they are granted, they see rows only of the people, and of those the organisations, that their session names in
-- causeway.people and causeway.orgs ('{1,2}': keys of resource and name; '{}', as without a setting, is nobody).
-- Causeway itself is the owner and is not held by it: it loads by COPY, which PostgreSQL refuses where row-level
-- security is forced, and obeys its guard (record/guard.h).
CREATE FUNCTION wall_lets(person bigint, org bigint) RETURNS boolean LANGUAGE sql STABLE AS $$
	SELECT person = ANY (coalesce(nullif(current_setting('causeway.people', true), ''), '{}')::bigint[])
	   AND org = ANY (coalesce(nullif(current_setting('causeway.orgs', true), ''), '{}')::bigint[])
$$;
ALTER TABLE version ENABLE ROW LEVEL SECURITY;
CREATE POLICY version_wall ON version FOR SELECT USING (wall_lets(person, org));
ALTER TABLE resource ENABLE ROW LEVEL SECURITY;
CREATE POLICY resource_wall ON resource FOR SELECT USING (wall_lets(person, org) AND labels = 0);
