-- Who looked, as in sqlite/0015_audit.sql, which says what each table and column means. A month is a
-- partition, made when its first row comes.

CREATE TABLE audit (
	key      BIGINT NOT NULL PRIMARY KEY,
	at       BIGINT NOT NULL,
	what     BIGINT NOT NULL,
	kind     BIGINT NOT NULL,
	account  BIGINT NOT NULL,
	role     TEXT COLLATE "C" NOT NULL,
	org      BIGINT NOT NULL,
	purpose  BIGINT NOT NULL,
	session  BIGINT NOT NULL,
	device   TEXT COLLATE "C" NOT NULL,
	person   BIGINT NOT NULL,
	resource BIGINT NOT NULL,
	version  BIGINT NOT NULL,
	section  TEXT COLLATE "C" NOT NULL,
	relation TEXT COLLATE "C" NOT NULL,
	outcome  BIGINT NOT NULL,
	detail   TEXT COLLATE "C" NOT NULL,
	people   BYTEA,
	hash     BYTEA NOT NULL
) PARTITION BY RANGE (key);
-- Triggers of statements do not pass to partitions, so each gets its own.
CREATE FUNCTION audit_guard(part TEXT) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE TRIGGER audit_never BEFORE UPDATE OR DELETE OR TRUNCATE ON %I '
		'FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', part);
	EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON %I FROM CURRENT_USER', part);
END $$;
-- What a copy brings of months before goes into audit_m0; a month that began there stays there.
CREATE TABLE audit_m0 PARTITION OF audit DEFAULT;
SELECT audit_guard('audit');
SELECT audit_guard('audit_m0');
CREATE FUNCTION audit_month(month BIGINT) RETURNS BIGINT LANGUAGE plpgsql AS $$
DECLARE
	part TEXT := 'audit_m' || month;
BEGIN
	IF to_regclass(part) IS NULL AND NOT EXISTS (
		SELECT 1 FROM audit_m0 WHERE key >= month << 40 AND key < (month + 1) << 40) THEN
		EXECUTE format('CREATE TABLE %I PARTITION OF audit FOR VALUES FROM (%s) TO (%s)',
			part, month << 40, (month + 1) << 40);
		PERFORM audit_guard(part);
	END IF;
	RETURN month;
END $$;

CREATE TABLE audit_head (
	key       BIGINT PRIMARY KEY,
	at        BIGINT NOT NULL,
	hash      BYTEA NOT NULL,
	signature BYTEA
);
CREATE TRIGGER audit_head_never BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_head
	FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
REVOKE UPDATE, DELETE, TRUNCATE ON audit_head FROM CURRENT_USER;

CREATE TABLE audit_person (
	person BIGINT NOT NULL, key BIGINT NOT NULL,
	PRIMARY KEY (person, key)
);
