/* view_grant.c - who may read the tables of views, and nothing else, with SQL of their own.
 *
 * For PostgreSQL, which knows roles; a file of SQLite is opened by whoever may open the file. `meta`
 * remembers the roles (`view_readers`, one a line), because a rebuild makes new tables. Role names
 * are values: the server itself puts them into its commands, quoted (format's %I).
 */
#include <ctype.h>

#include "record/view_part.h"

#define READERS STR("view_readers")

enum { ROLE_MOST = 63 }; /* bytes of a name, on the server */

/* To each role remembered that still is one: the schema, and every table of a view in it. */
static const char give_all[] =
	"DO $$ DECLARE reader TEXT; view TEXT; BEGIN\n"
	"FOR reader IN SELECT r.rolname FROM meta m, pg_roles r WHERE m.name = 'view_readers' "
	"AND r.rolname = ANY (string_to_array(m.value, E'\\n')) LOOP\n"
	"	EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), reader);\n"
	"	FOR view IN SELECT tablename FROM pg_tables WHERE schemaname = current_schema() "
	"AND tablename LIKE 'view\\_%' LOOP\n"
	"		EXECUTE format('GRANT SELECT ON %I.%I TO %I', current_schema(), view, "
	"reader);\n"
	"	END LOOP;\n"
	"END LOOP; END $$";

/* From the role that causeway.reader names. */
static const char take_all[] =
	"DO $$ DECLARE reader TEXT := current_setting('causeway.reader'); view TEXT; BEGIN\n"
	"FOR view IN SELECT tablename FROM pg_tables WHERE schemaname = current_schema() "
	"AND tablename LIKE 'view\\_%' LOOP\n"
	"	EXECUTE format('REVOKE ALL ON %I.%I FROM %I', current_schema(), view, reader);\n"
	"END LOOP;\n"
	"EXECUTE format('REVOKE ALL ON SCHEMA %I FROM %I', current_schema(), reader);\n"
	"END $$";

struct granting {
	struct str role;
	bool give;
};

static bool is_role_name(struct str role)
{
	for (size_t i = 0; i < role.len; i++)
		if (iscntrl((unsigned char)role.at[i]))
			return false;
	return role.len > 0 && role.len <= ROLE_MOST && str_utf8(role, &(size_t){ 0 });
}

static enum err need_role(struct ctx *c, struct db *db, struct str role)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT 1 FROM pg_roles WHERE rolname = ?1 LIMIT 1"), &s));
	stmt_bind_text(s, 1, role);
	TRY(stmt_step(c, s, &row));
	stmt_reset(s);
	return row ? OK
		   : fail(c, ERR_NOT_FOUND,
			  "The server has no role of the name " STR_FMT
			  "; its administrator makes one with CREATE ROLE.",
			  STR_ARG(role));
}

/* The roles remembered, without this one, or with it once. */
static enum err remember(struct ctx *c, struct db *db, const struct granting *g)
{
	struct str kept;
	struct buf b;

	TRY(meta_get(c, db, READERS, &kept));
	buf_init(&b, c->arena, 0);
	while (kept.len) {
		struct str one = str_cut(&kept, '\n');

		if (one.len && !str_eq(one, g->role))
			buf_printf(&b, STR_FMT "\n", STR_ARG(one));
	}
	if (g->give)
		buf_printf(&b, STR_FMT "\n", STR_ARG(g->role));
	return meta_set(c, db, READERS, buf_get(&b));
}

static enum err name_reader(struct ctx *c, struct db *db, struct str role)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT set_config('causeway.reader', ?1, true)"), &s));
	stmt_bind_text(s, 1, role);
	TRY(stmt_step(c, s, &row));
	stmt_reset(s);
	return OK;
}

static enum err change(struct ctx *c, struct db *db, void *arg)
{
	const struct granting *g = arg;

	TRY(need_role(c, db, g->role));
	TRY(remember(c, db, g));
	if (g->give)
		return views_give(c, db);
	TRY(name_reader(c, db, g->role));
	return db_script(c, db, "Taking the views from a role", str_of(take_all));
}

enum err views_give(struct ctx *c, struct db *db)
{
	if (strcmp(store_engine(c->place->store), "postgresql") != 0)
		return OK;
	return db_script(c, db, "Giving the views to their readers", str_of(give_all));
}

enum err record_views_grant(struct ctx *c, struct str role, bool give)
{
	struct granting g = { .role = role, .give = give };

	if (strcmp(store_engine(c->place->store), "postgresql") != 0)
		return fail(c, ERR_USAGE,
			    "Roles are for PostgreSQL. Whoever may read the file reads all of it; "
			    "`sqlite3 -readonly` opens it without writing.");
	if (!is_role_name(role))
		return fail(c, ERR_USAGE, "That is no name of a role.");
	return store_write(c, c->place->store, change, &g);
}
