-- People removed for good, as in sqlite/0011_purge.sql, which says what each table and column means.
CREATE TABLE purge (
	key       BIGINT PRIMARY KEY,
	person    BIGINT NOT NULL,
	at        BIGINT NOT NULL,
	actor     TEXT COLLATE "C" NOT NULL,
	reason    TEXT COLLATE "C" NOT NULL,
	patients  BIGINT NOT NULL,
	resources BIGINT NOT NULL,
	versions  BIGINT NOT NULL,
	salt      BYTEA NOT NULL
);
CREATE TRIGGER purge_never BEFORE UPDATE OR DELETE OR TRUNCATE ON purge
	FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
REVOKE UPDATE, DELETE, TRUNCATE ON purge FROM CURRENT_USER;

CREATE TABLE purging (
	kind  BIGINT NOT NULL,
	key   BIGINT NOT NULL,
	purge BIGINT NOT NULL,
	PRIMARY KEY (kind, key)
);
-- Only for a purge that this very transaction has written.
CREATE FUNCTION purging_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NOT EXISTS (SELECT 1 FROM purge p WHERE p.key = NEW.purge
		AND p.xmin::text = pg_current_xact_id()::xid::text) THEN
		RAISE EXCEPTION 'nothing goes without a purge';
	END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER purging_insert BEFORE INSERT OR UPDATE ON purging
	FOR EACH ROW EXECUTE FUNCTION purging_insert();

-- Arguments in pairs: a kind of purging, and the column that must be its key.
CREATE FUNCTION refuse_unless_purging() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 0 .. TG_NARGS / 2 - 1 LOOP
		IF EXISTS (SELECT 1 FROM purging p WHERE p.kind = TG_ARGV[2 * i]::bigint
			AND p.key = (to_jsonb(OLD) ->> TG_ARGV[2 * i + 1])::bigint) THEN
			RETURN OLD;
		END IF;
	END LOOP;
	RAISE EXCEPTION 'rows of % are never changed or deleted', TG_TABLE_NAME;
END $$;

DROP TRIGGER version_never ON version;
CREATE TRIGGER version_never BEFORE UPDATE OR TRUNCATE ON version
	FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER version_no_delete BEFORE DELETE ON version
	FOR EACH ROW EXECUTE FUNCTION refuse_unless_purging('1', 'resource', '2', 'seq');
DROP TRIGGER event_never ON event;
CREATE TRIGGER event_never BEFORE UPDATE OR TRUNCATE ON event
	FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER event_no_delete BEFORE DELETE ON event
	FOR EACH ROW EXECUTE FUNCTION refuse_unless_purging('3', 'seq');
DROP TRIGGER merge_never ON merge;
CREATE TRIGGER merge_never BEFORE UPDATE OR TRUNCATE ON merge
	FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER merge_no_delete BEFORE DELETE ON merge
	FOR EACH ROW EXECUTE FUNCTION refuse_unless_purging('4', 'key');
DROP TRIGGER doubt_never ON doubt;
CREATE TRIGGER doubt_never BEFORE UPDATE OR TRUNCATE ON doubt
	FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER doubt_no_delete BEFORE DELETE ON doubt
	FOR EACH ROW EXECUTE FUNCTION refuse_unless_purging('5', 'key');
DROP TRIGGER doubt_decision_never ON doubt_decision;
CREATE TRIGGER doubt_decision_never BEFORE UPDATE OR TRUNCATE ON doubt_decision
	FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER doubt_decision_no_delete BEFORE DELETE ON doubt_decision
	FOR EACH ROW EXECUTE FUNCTION refuse_unless_purging('6', 'key');
