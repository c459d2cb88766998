/* migrate.c - numbered changes of the tables, each run once and remembered with its hash.
 *
 * share/sql/ENGINE/NNNN_name.sql are run in order, all that are new in one transaction. A
 * database that knows a higher number was made by a newer program; one whose numbers carry
 * other hashes was made by a different one. Both are refused: guessing would corrupt a record.
 */
#include <stdio.h>

#include "base/map.h"
#include "base/vec.h"
#include "store/engine.h"

struct migration {
	int64_t number;
	const char *name; /* "0001_record.sql" */
	struct str script;
	char hash[17];
};

struct migrations {
	const struct share *share;
	const char *address;
	VEC(struct migration) at;
};

/* Not a secret: the same text has the same hash in every program and on every machine. */
static const uint64_t hash_key[2] = { 0x636175736577617Eu, 0x6D6967726174696Fu };

static enum err add_file(struct ctx *c, void *arg, const char *path)
{
	struct migrations *all = arg;
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	struct migration m = { .name = arena_str(c->arena, name) };

	if (!str_ends(str_of(name), STR(".sql")))
		return OK;
	if (!str_int((struct str){ name, strnlen(name, 4) }, &m.number) || m.number < 1)
		return fail(c, ERR_STORE, "share/%s has no number before its name.", path);
	if (m.number != (int64_t)all->at.len + 1)
		return fail(c, ERR_STORE, "share/%s: number %zu is missing.", path,
		            all->at.len + 1);
	TRY(share_read(c, all->share, c->arena, path, &m.script));
	snprintf(m.hash, sizeof m.hash, "%016llx",
	         (unsigned long long)hash_keyed(hash_key, m.script.at, m.script.len));
	*vec_push(&all->at, c->arena) = m;
	return OK;
}

/* Compare what the database has had with what the program knows; how many it has had. */
static enum err verify(struct ctx *c, struct db *db, const struct migrations *all,
                       size_t *applied)
{
	size_t n = 0;
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT number, name, hash FROM migration ORDER BY number"),
	            &s));
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			break;
		if (n == all->at.len)
			return fail(c, ERR_NEWER,
			            "%s was made by a newer Causeway: its tables have number "
			            "%lld, this "
			            "program knows them up to %zu. Use the newer program.",
			            all->address, (long long)stmt_int(s, 0), all->at.len);
		const struct migration *m = &all->at.at[n++];
		if (stmt_int(s, 0) != m->number || !str_is(stmt_text(s, 2), m->hash))
			return fail(
			        c, ERR_STORE,
			        "%s was made with another %s than this program has; its tables "
			        "cannot be trusted to fit.",
			        all->address, m->name);
	}
	*applied = n;
	return OK;
}

static enum err apply(struct ctx *c, struct db *db, void *arg)
{
	static const char table[] =
	        "CREATE TABLE IF NOT EXISTS migration (number INTEGER PRIMARY KEY, "
	        "name TEXT NOT NULL, hash TEXT NOT NULL, applied BIGINT NOT NULL)";
	const struct migrations *all = arg;
	size_t applied;

	TRY(db_script(c, db, "The table of migrations", str_of(table)));
	TRY(verify(c, db, all, &applied));
	for (size_t i = applied; i < all->at.len; i++) {
		const struct migration *m = &all->at.at[i];
		STMT(s);

		TRY(db_script(c, db, m->name, m->script));
		TRY(db_stmt(c, db, SQL("INSERT INTO migration VALUES (?1, ?2, ?3, ?4)"), &s));
		stmt_bind_int(s, 1, m->number);
		stmt_bind_text(s, 2, str_of(m->name));
		stmt_bind_text(s, 3, str_of(m->hash));
		stmt_bind_int(s, 4, clock_now(c->clock));
		TRY(stmt_run(c, s));
	}
	return OK;
}

static enum err check(struct ctx *c, struct store *store, const struct migrations *all)
{
	size_t applied = 0;
	READER(db);

	TRY(store_reader(c, store, &db));
	enum err e = verify(c, db, all, &applied);
	if (e == ERR_STORE && strstr(c->why, "no such table"))
		return fail(c, ERR_STORE, "%s is empty; `causeway init` makes a database.",
		            all->address);
	TRY(e);
	if (applied < all->at.len)
		return fail(
		        c, ERR_STORE,
		        "%s is older than this program; `causeway init` brings it up to date.",
		        all->address);
	return OK;
}

enum err migrate(struct ctx *c, const struct share *share, struct store *store,
                 unsigned flags)
{
	struct migrations all = { .share = share, .address = store->shown };
	const char *folder = arena_printf(c->arena, "sql/%s/", store->engine->name);

	TRY(share_list(c, share, folder, add_file, &all));
	if (flags & (STORE_CREATE | STORE_MIGRATE) && !(flags & STORE_READ_ONLY))
		TRY(store_write(c, store, apply, &all));
	return check(c, store, &all);
}
