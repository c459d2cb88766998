/* fences.c - what the database has, held against what the migrations made. */
#include <string.h>

#include "store/engine.h"
#include "store/fences_part.h"

struct round {
	struct ctx *c;
	struct db *db;
	struct fences fences;
	unsigned findings;
};

#define FINDING(r, ...) \
	((r)->findings++, issue_add((r)->c, ISSUE_ERROR, "exception", NULL, 0, 0, __VA_ARGS__))

static const char *const kinds[] = { "table", "trigger", "function", "policy" };

static struct str kept(struct round *r, struct stmt *s, int column)
{
	struct str text = stmt_text(s, column);

	return (struct str){ str_dup(r->c->arena, text), text.len };
}

/* One that is there. `closed`: of this kind none may be there that was never made. */
static void meet(struct round *r, const struct fence *there, bool closed)
{
	struct fence *ought = fence_find(&r->fences, there->kind, there->table, there->name);

	if (!ought && closed)
		FINDING(r, "%s " STR_FMT " on " STR_FMT " is not the program's.", kinds[there->kind],
			STR_ARG(there->name), STR_ARG(there->table));
	if (!ought)
		return;
	ought->met = true;
	if (!str_eq(ought->text, there->text))
		FINDING(r, "%s " STR_FMT "%s" STR_FMT " was altered or switched off.", kinds[there->kind], STR_ARG(there->name),
			there->table.len ? " on " : "", STR_ARG(there->table));
}

static void miss(struct round *r)
{
	for (size_t i = 0; i < r->fences.ought.len; i++) {
		const struct fence *one = &r->fences.ought.at[i];

		if (one->met)
			continue;
		struct str table = one->kind == FENCE_TABLE ? STR("") : one->table;
		FINDING(r, "%s " STR_FMT "%s" STR_FMT " was removed.", kinds[one->kind], STR_ARG(one->name),
			table.len ? " on " : "", STR_ARG(table));
	}
}

/* A statement that gives table, name and text of all of one kind. */
static enum err meet_all(struct round *r, struct sql sql, enum fence_kind kind, bool closed)
{
	bool row;
	STMT(s);

	TRY(db_stmt(r->c, r->db, sql, &s));
	for (;;) {
		TRY(stmt_step(r->c, s, &row));
		if (!row)
			return OK;
		struct fence there = { .kind = kind, .table = kept(r, s, 0), .name = kept(r, s, 1), .text = kept(r, s, 2) };
		if (kind == FENCE_TRIGGER && r->fences.pgsql)
			there.text = fence_squeeze(r->c->arena, there.text);
		meet(r, &there, closed);
	}
}

/* --- SQLite --- */

static enum err check_sqlite(struct round *r)
{
	TRY(meet_all(r, SQL("SELECT name, name, '' FROM sqlite_schema WHERE type = 'table'"), FENCE_TABLE, false));
	return meet_all(r, SQL("SELECT tbl_name, name, sql FROM sqlite_schema WHERE type = 'trigger'"), FENCE_TRIGGER, true);
}

/* --- PostgreSQL --- */

#define HERE "quote_ident(current_schema())::regnamespace"
#define TABLES "c.relkind IN ('r', 'p') AND c.relnamespace = " HERE

/* Policies are told with expressions in the server's words. Those of 0025 are made in loops. */
static const char *const walls[] = { "token", "string", "date", "number", "quantity", "reference", "uri" };
static const char *const opens[] = { "name", "meta", "migration" };

static void put_policy(struct round *r, const char *table, const char *suffix, const char *text)
{
	struct fence one = { .kind = FENCE_POLICY, .table = str_of(table), .text = str_of(text) };

	one.name = str_of(arena_printf(r->c->arena, "%s%s", table, suffix));
	fence_put(&r->fences, &one);
}

static void put_policies(struct round *r)
{
	put_policy(r, "version", "_wall", "wall_lets(person, org)");
	put_policy(r, "resource", "_wall", "(wall_lets(person, org) AND (labels = 0))");
	put_policy(r, "version", "_of_resource", "(EXISTS ( SELECT 1 FROM resource r WHERE (r.key = version.resource)))");
	for (size_t i = 0; i < sizeof walls / sizeof *walls; i++)
		put_policy(r, walls[i], "_wall", arena_printf(r->c->arena,
			"(EXISTS ( SELECT 1 FROM resource r WHERE (r.key = %s.resource)))", walls[i]));
	for (size_t i = 0; i < sizeof opens / sizeof *opens; i++)
		put_policy(r, opens[i], "_open", "true");
}

/* Each month of the audit is a table of its own, made by the function audit_guard when its first row comes. */
static enum err put_months(struct round *r)
{
	bool row;
	STMT(s);

	TRY(db_stmt(r->c, r->db, SQL("SELECT c.relname::text FROM pg_class c WHERE " TABLES " AND c.relname ~ '^audit(_m[0-9]+)?$'"), &s));
	for (;;) {
		TRY(stmt_step(r->c, s, &row));
		if (!row)
			return OK;
		struct str table = kept(r, s, 0);
		struct revoked *rights = vec_push(&r->fences.revoked, r->c->arena);
		*rights = (struct revoked){ table, RIGHT_UPDATE | RIGHT_DELETE | RIGHT_TRUNCATE };
		fence_put(&r->fences, &(struct fence){ .kind = FENCE_TABLE, .table = table, .name = table });
		fence_put(&r->fences, &(struct fence){ .kind = FENCE_TRIGGER, .table = table, .name = STR("audit_never"),
			.text = str_of(arena_printf(r->c->arena, "CREATE TRIGGER audit_never BEFORE DELETE OR UPDATE OR TRUNCATE ON "
				STR_FMT " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()", STR_ARG(table))) });
	}
}

static unsigned revoked_from(const struct round *r, struct str table)
{
	for (size_t i = 0; i < r->fences.revoked.len; i++)
		if (str_eq(r->fences.revoked.at[i].table, table))
			return r->fences.revoked.at[i].rights;
	return 0;
}

/* Nobody, its owner neither, has a right that was taken. */
static enum err check_rights(struct round *r)
{
	bool row;
	STMT(s);

	TRY(db_stmt(r->c, r->db,
		    SQL("SELECT c.relname::text, a.privilege_type, CASE WHEN a.grantee = 0 THEN 'everybody' ELSE a.grantee::regrole::text END, "
			"CASE a.privilege_type WHEN 'UPDATE' THEN 1 WHEN 'DELETE' THEN 2 ELSE 4 END::bigint "
			"FROM pg_class c, aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a "
			"WHERE " TABLES " AND a.privilege_type IN ('UPDATE', 'DELETE', 'TRUNCATE') ORDER BY 1, 2, 3"), &s));
	for (;;) {
		TRY(stmt_step(r->c, s, &row));
		if (!row)
			return OK;
		if (revoked_from(r, stmt_text(s, 0)) & (unsigned)stmt_int(s, 3))
			FINDING(r, "The right to " STR_FMT " " STR_FMT " was given to " STR_FMT ".", STR_ARG(stmt_text(s, 1)),
				STR_ARG(stmt_text(s, 0)), STR_ARG(stmt_text(s, 2)));
	}
}

/* Row-level security off, and rules, of which the program makes none. */
static enum err check_rows_and_rules(struct round *r)
{
	bool row;
	STMT(s);

	TRY(db_stmt(r->c, r->db,
		    SQL("SELECT c.relname::text, 'row-level security is switched off' FROM pg_class c WHERE " TABLES " AND NOT c.relrowsecurity "
			"UNION ALL SELECT c.relname::text, 'the rule ' || w.rulename || ' is not the program''s' "
			"FROM pg_rewrite w JOIN pg_class c ON c.oid = w.ev_class WHERE " TABLES " ORDER BY 1, 2"), &s));
	for (;;) {
		TRY(stmt_step(r->c, s, &row));
		if (!row)
			return OK;
		if (fence_find(&r->fences, FENCE_TABLE, stmt_text(s, 0), stmt_text(s, 0)))
			FINDING(r, "On table " STR_FMT " " STR_FMT ".", STR_ARG(stmt_text(s, 0)), STR_ARG(stmt_text(s, 1)));
	}
}

static enum err check_pgsql(struct round *r)
{
	put_policies(r);
	TRY(put_months(r));
	TRY(meet_all(r, SQL("SELECT c.relname::text, c.relname::text, ''::text FROM pg_class c WHERE " TABLES), FENCE_TABLE, false));
	TRY(meet_all(r, SQL("SELECT c.relname::text, t.tgname::text, CASE WHEN t.tgenabled IN ('O', 'A') "
			    "THEN pg_get_triggerdef(t.oid, true) ELSE 'off' END FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
			    "WHERE " TABLES " AND NOT t.tgisinternal"), FENCE_TRIGGER, true));
	TRY(meet_all(r, SQL("SELECT ''::text, proname::text, prosrc FROM pg_proc WHERE pronamespace = " HERE), FENCE_FUNCTION, false));
	TRY(meet_all(r, SQL("SELECT c.relname::text, p.polname::text, regexp_replace(pg_get_expr(p.polqual, p.polrelid), '\\s+', ' ', 'g') "
			    "FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid WHERE " TABLES), FENCE_POLICY, true));
	TRY(check_rights(r));
	return check_rows_and_rules(r);
}

enum err fences_check(struct ctx *c, const struct share *share, struct db *db)
{
	struct round r = { .c = c, .db = db };
	bool pgsql = strcmp(store_engine(db->store), "postgresql") == 0;

	TRY(fences_read(c, share, pgsql, &r.fences));
	TRY(pgsql ? check_pgsql(&r) : check_sqlite(&r));
	miss(&r);
	return r.findings ? fail(c, ERR_INVALID, "Of what keeps rows from being changed %u things are not as they were made.", r.findings) : OK;
}
