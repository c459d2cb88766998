-- Who is who, as in sqlite/0003_identity.sql, which says what each table and column means.

CREATE TABLE merge (
	key      BIGINT PRIMARY KEY,
	kind     BIGINT NOT NULL,
	survivor BIGINT NOT NULL,
	other    BIGINT NOT NULL,
	at       BIGINT NOT NULL,
	actor    TEXT COLLATE "C" NOT NULL,
	reason   TEXT COLLATE "C" NOT NULL,
	forced   TEXT COLLATE "C" NOT NULL,
	active   BIGINT,
	undoes   BIGINT
);
CREATE INDEX merge_survivor ON merge (survivor);
CREATE INDEX merge_other ON merge (other);
CREATE UNIQUE INDEX merge_undoes ON merge (undoes) WHERE undoes IS NOT NULL;
CREATE TRIGGER merge_never BEFORE UPDATE OR DELETE OR TRUNCATE ON merge
	FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
REVOKE UPDATE, DELETE, TRUNCATE ON merge FROM CURRENT_USER;
CREATE VIEW merged AS
	SELECT key, survivor, other, at, actor, reason, forced, active FROM merge m
	WHERE kind = 1 AND NOT EXISTS (SELECT 1 FROM merge u WHERE u.undoes = m.key);
CREATE TABLE doubt (
	key         BIGINT PRIMARY KEY,
	a           BIGINT NOT NULL,
	b           BIGINT NOT NULL,
	round       BIGINT NOT NULL,
	weight      BIGINT NOT NULL,
	probability BIGINT NOT NULL,
	why         TEXT COLLATE "C" NOT NULL,
	source      TEXT COLLATE "C" NOT NULL,
	at          BIGINT NOT NULL,
	UNIQUE (a, b, round)
);
CREATE INDEX doubt_b ON doubt (b);
CREATE TRIGGER doubt_never BEFORE UPDATE OR DELETE OR TRUNCATE ON doubt
	FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
REVOKE UPDATE, DELETE, TRUNCATE ON doubt FROM CURRENT_USER;
CREATE TABLE doubt_decision (
	key      BIGINT PRIMARY KEY,
	doubt    BIGINT NOT NULL,
	decision BIGINT NOT NULL,
	at       BIGINT NOT NULL,
	actor    TEXT COLLATE "C" NOT NULL,
	reason   TEXT COLLATE "C" NOT NULL,
	merge    BIGINT
);
CREATE INDEX doubt_decision_doubt ON doubt_decision (doubt);
CREATE INDEX doubt_decision_merge ON doubt_decision (merge) WHERE merge IS NOT NULL;
CREATE TRIGGER doubt_decision_never BEFORE UPDATE OR DELETE OR TRUNCATE ON doubt_decision
	FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
REVOKE UPDATE, DELETE, TRUNCATE ON doubt_decision FROM CURRENT_USER;
CREATE VIEW doubt_now AS
	SELECT d.key, d.a, d.b, d.round, d.weight, d.probability, d.why, d.source, d.at,
		coalesce((SELECT x.decision FROM doubt_decision x WHERE x.doubt = d.key
			ORDER BY x.key DESC LIMIT 1), 0) AS state
	FROM doubt d
	WHERE NOT EXISTS (SELECT 1 FROM doubt n WHERE n.a = d.a AND n.b = d.b AND n.round > d.round);
