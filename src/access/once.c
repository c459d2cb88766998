/* once.c - what is taken one time only, in the writer, so that two at once cannot both be the first. */
#include "access/once.h"

#include "access/account_part.h"
#include "access/session.h"

struct taking {
	struct str hash;
	int64_t until;
	bool first;
};

static enum err take(struct ctx *c, struct db *db, void *arg)
{
	struct taking *t = arg;
	bool row;
	STMT(find);
	STMT(s);

	TRY(account_run(c, db, SQL("DELETE FROM once WHERE until <= ?1"), clock_now(c->clock), 0));
	TRY(db_stmt(c, db, SQL("SELECT 1 FROM once WHERE hash = ?1"), &find));
	stmt_bind_blob(find, 1, t->hash);
	TRY(stmt_step(c, find, &row));
	t->first = !row;
	if (row)
		return OK;
	TRY(db_stmt(c, db, SQL("INSERT INTO once (hash, until) VALUES (?1, ?2)"), &s));
	stmt_bind_blob(s, 1, t->hash);
	stmt_bind_int(s, 2, t->until);
	return stmt_run(c, s);
}

enum err once_take(struct ctx *c, const char *kind, struct str words, int64_t until, bool *first)
{
	struct taking t = { .until = until };

	t.hash = token_hash(c, str_of(arena_printf(c->arena, "%s " STR_FMT, kind, STR_ARG(words))));
	TRY(store_write(c, c->place->store, take, &t));
	*first = t.first;
	return OK;
}
