/* purge_id.c - what is left of an id that was purged: a hash that only the same id gives again.
 *
 * SipHash twice, 128 bits, with a key drawn at the place's first purge. '~' begins no id anybody can
 * ask for. Whoever holds the whole database can still try ids one by one, as long as they can be
 * guessed at all: an id should not be an NHS number (docs/operations.md).
 */
#include <stdlib.h>
#include <sys/random.h>

#include "record/purge_part.h"

static enum err salt_read(struct ctx *c, struct db *db, struct purge_salt *out, bool *any)
{
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT salt FROM purge ORDER BY key LIMIT 1"), &s));
	TRY(stmt_step(c, s, any));
	if (!*any)
		return OK;
	struct str bytes = stmt_text(s, 0);
	if (bytes.len != sizeof out->at)
		return fail(c, ERR_STORE, "The database is damaged: a purge has no salt.");
	memcpy(out->at, bytes.at, sizeof out->at);
	return OK;
}

enum err purge_salt(struct ctx *c, struct db *db, struct purge_salt *out)
{
	bool any;

	TRY(salt_read(c, db, out, &any));
	if (!any && getrandom(out->at, sizeof out->at, 0) != sizeof out->at)
		abort();
	return OK;
}

struct str purge_hash(struct arena *a, const struct purge_salt *salt, int64_t type, struct str id)
{
	const uint64_t one[2] = { salt->at[0], salt->at[1] ^ (uint64_t)type };
	const uint64_t two[2] = { salt->at[1], salt->at[0] ^ (uint64_t)type };

	return str_of(arena_printf(a, "~%016llx%016llx",
				   (unsigned long long)hash_keyed(one, id.at, id.len),
				   (unsigned long long)hash_keyed(two, id.at, id.len)));
}

enum err purge_key(struct ctx *c, struct db *db, int64_t type, struct str id, int64_t *key)
{
	struct purge_salt salt;
	bool any;
	STMT(s);

	*key = 0;
	TRY(salt_read(c, db, &salt, &any));
	if (!any)
		return OK;
	TRY(db_stmt(c, db, SQL("SELECT key FROM resource WHERE type = ?1 AND id = ?2"), &s));
	stmt_bind_int(s, 1, type);
	stmt_bind_text(s, 2, purge_hash(c->arena, &salt, type, id));
	TRY(stmt_step(c, s, &any));
	if (any)
		*key = stmt_int(s, 0);
	return OK;
}
