/* history.c - versions, newest first: of a resource, of a type, of the place.
 *
 * seq orders all changes; a page is a run of seq downwards. `since` becomes a lowest seq, so that a page never reads what is older.
 */
#include "record/parts.h"

/* ?1 the resource or type, ?2 updated since, ?3 current at, ?4 the lowest seq since then; of a page
 * also ?5 below which seq, ?6 how many. */
#define WHEN                                                                                   \
	" AND +v.updated >= ?2 AND (?3 = 0 OR (v.updated <= ?3 AND NOT EXISTS (SELECT 1 FROM " \
	"version n WHERE n.resource = v.resource AND n.version = v.version + 1 AND n.updated " \
	"<= ?3)))"
#define PAGE(of)                                                                               \
	SQL("SELECT " VERSION_COLUMNS                                                          \
	    " FROM version v CROSS JOIN resource r ON r.key = v.resource "                     \
	    "WHERE " of " AND v.seq >= ?4 AND v.seq < ?5" WHEN                                 \
	    " ORDER BY v.seq DESC LIMIT ?6")
#define COUNT(of) SQL("SELECT count(*) FROM version v WHERE " of " AND v.seq >= ?4" WHEN)

enum scope { OF_ALL, OF_TYPE, OF_RESOURCE };

static const struct {
	struct sql page, count, all;
} scopes[] = {
	[OF_ALL] = { PAGE("?1 = 0"), COUNT("?1 = 0"),
		     SQL("SELECT current FROM total WHERE type = ?1") },
	[OF_TYPE] = { PAGE("v.type = ?1"), COUNT("v.type = ?1"),
		      SQL("SELECT count(*) FROM version WHERE type = ?1") },
	[OF_RESOURCE] = { PAGE("v.resource = ?1"), COUNT("v.resource = ?1"),
			  SQL("SELECT count(*) FROM version WHERE resource = ?1") },
};

static enum err read_int(struct ctx *c, struct stmt *s, int64_t *out)
{
	bool row;

	TRY(stmt_step(c, s, &row));
	*out = row ? stmt_int(s, 0) : 0;
	return OK;
}

/* What is asked for, as a key; 0 with a scope below OF_ALL: nothing there yet. */
static enum err find_scope(struct ctx *c, struct db *db, const struct history *query,
			   enum scope *scope, int64_t *key)
{
	const struct fhir_type *type;
	struct standing now;

	*scope = OF_ALL;
	*key = 0;
	if (!query->type.len)
		return OK;
	TRY(resource_type(c, query->type, &type));
	*scope = OF_TYPE;
	TRY(name_find(c, db, query->type, key));
	if (!query->id.len)
		return OK;
	*scope = OF_RESOURCE;
	TRY(standing_find(c, db, *key, query->id, &now));
	if (now.version == 0)
		return fail(c, ERR_NOT_FOUND, STR_FMT "/%.64s is not known here.",
			    STR_ARG(query->type), str_dup(c->arena, query->id));
	*key = now.key;
	return OK;
}

static enum err lowest_seq(struct ctx *c, struct db *db, int64_t since, int64_t *out)
{
	STMT(s);

	*out = 0;
	if (since <= 0)
		return OK;
	TRY(db_stmt(c, db,
		    SQL("SELECT coalesce(min(seq), 9223372036854775807) FROM version WHERE "
			"updated >= ?1"),
		    &s));
	stmt_bind_int(s, 1, since);
	return read_int(c, s, out);
}

static void bind(struct stmt *s, int64_t key, const struct history *query, int64_t lowest)
{
	stmt_bind_int(s, 1, key);
	stmt_bind_int(s, 2, query->since);
	stmt_bind_int(s, 3, query->at);
	stmt_bind_int(s, 4, lowest);
}

static enum err count_all(struct ctx *c, struct db *db, enum scope scope, int64_t key,
			  const struct history *query, int64_t lowest, int64_t *out)
{
	bool all = !query->since && !query->at;
	STMT(s);

	TRY(db_stmt(c, db, all ? scopes[scope].all : scopes[scope].count, &s));
	if (all)
		stmt_bind_int(s, 1, key);
	else
		bind(s, key, query, lowest);
	return read_int(c, s, out);
}

enum err record_history(struct ctx *c, const struct history *query, struct history_page *out)
{
	unsigned count = query->count < 1 ? 1 : query->count > 1000 ? 1000 : query->count;
	struct history_page page = { .at = NEW_N(c->arena, struct version, count) };
	enum scope scope;
	int64_t key, lowest;
	bool row;
	READER(db);
	STMT(s);

	TRY(store_reader(c, c->place->store, &db));
	TRY(db_begin(c, db));
	TRY(find_scope(c, db, query, &scope, &key));
	TRY(lowest_seq(c, db, query->since, &lowest));
	TRY(count_all(c, db, scope, key, query, lowest, &page.total));
	TRY(db_stmt(c, db, scopes[scope].page, &s));
	bind(s, key, query, lowest);
	stmt_bind_int(s, 5, query->before > 0 ? query->before : INT64_MAX);
	stmt_bind_int(s, 6, count + 1); /* one more, to know whether there is another page */
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			break;
		if (page.len == count) {
			page.next = page.at[count - 1].seq;
			break;
		}
		TRY(version_take(c, db, s, &page.at[page.len++]));
	}
	*out = page;
	return OK;
}
