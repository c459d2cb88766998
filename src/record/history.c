/* history.c - versions, newest first: of a resource, of a type, of the place.
 *
 * seq orders all changes; a page is a run of seq downwards. `since` becomes a lowest seq, so that a page never reads what is older.
 * Who may not see everything is shown what they may: all versions that match are looked at, without
 * their bodies, so that the total is theirs too.
 */
#include "record/guard_row.h"

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
#define WALK(of)                                                                               \
	SQL("SELECT v.seq, " VERSION_ITEM_COLUMNS                                              \
	    " FROM version v CROSS JOIN resource r ON r.key = v.resource "                     \
	    "WHERE " of " AND v.seq >= ?4" WHEN " ORDER BY v.seq DESC")
#define COUNT(of) SQL("SELECT count(*) FROM version v WHERE " of " AND v.seq >= ?4" WHEN)

enum scope { OF_ALL, OF_TYPE, OF_RESOURCE };

static const struct {
	struct sql page, count, all, walk;
} scopes[] = {
	[OF_ALL] = { PAGE("?1 = 0"), COUNT("?1 = 0"),
		     SQL("SELECT current FROM total WHERE type = ?1"), WALK("?1 = 0") },
	[OF_TYPE] = { PAGE("v.type = ?1"), COUNT("v.type = ?1"),
		      SQL("SELECT count(*) FROM version WHERE type = ?1"), WALK("v.type = ?1") },
	[OF_RESOURCE] = { PAGE("v.resource = ?1"), COUNT("v.resource = ?1"),
			  SQL("SELECT count(*) FROM version WHERE resource = ?1"),
			  WALK("v.resource = ?1") },
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
	bool may = false;

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
	if (now.version)
		TRY(standing_may(c, db, type, &now, LET_READ, &may));
	if (!may)
		return standing_none(c, db, query->type, query->id);
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

/* The versions of a page and one more, and how many there are in all, of what may be seen. */
static enum err walk(struct ctx *c, struct db *db, struct stmt *s, bool many, int64_t before,
		     size_t count, int64_t *seqs, struct history_page *page)
{
	bool row, may;
	size_t len = 0;

	for (int64_t looked = 0;; looked++) {
		if (looked % 4096 == 0)
			TRY(ctx_check(c));
		TRY(stmt_step(c, s, &row));
		if (!row)
			break;
		TRY((many ? row_version_listed : row_version_may)(c, db, s, 1, &may));
		page->total += may;
		if (may && len <= count && stmt_int(s, 0) < before)
			seqs[len++] = stmt_int(s, 0);
	}
	page->len = len < count ? len : count;
	page->next = len > count ? seqs[count - 1] : 0;
	return OK;
}

static enum err page_seen(struct ctx *c, struct db *db, enum scope scope, int64_t key,
			  const struct history *query, int64_t lowest, size_t count,
			  struct history_page *page)
{
	int64_t *seqs = NEW_N(c->arena, int64_t, count + 1);
	int64_t before = query->before > 0 ? query->before : INT64_MAX;
	{
		STMT(s);

		TRY(db_stmt(c, db, scopes[scope].walk, &s));
		bind(s, key, query, lowest);
		TRY(walk(c, db, s, scope != OF_RESOURCE, before, count, seqs, page));
	}
	for (size_t i = 0; i < page->len; i++)
		TRY(version_load(c, db, seqs[i], &page->at[i]));
	return OK;
}

static enum err page_all(struct ctx *c, struct db *db, enum scope scope, int64_t key,
			 const struct history *query, int64_t lowest, size_t count,
			 struct history_page *page)
{
	bool row;
	STMT(s);

	TRY(count_all(c, db, scope, key, query, lowest, &page->total));
	TRY(db_stmt(c, db, scopes[scope].page, &s));
	bind(s, key, query, lowest);
	stmt_bind_int(s, 5, query->before > 0 ? query->before : INT64_MAX);
	stmt_bind_int(s, 6, (int64_t)count + 1); /* one more, to know whether there is another page */
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			return OK;
		if (page->len == count) {
			page->next = page->at[count - 1].seq;
			return OK;
		}
		TRY(version_take(c, db, s, &page->at[page->len++]));
	}
}

enum err record_history(struct ctx *c, const struct history *query, struct history_page *out)
{
	unsigned count = query->count < 1 ? 1 : query->count > 1000 ? 1000 : query->count;
	struct history_page page = { .at = NEW_N(c->arena, struct version, count) };
	enum scope scope;
	int64_t key, lowest;
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	TRY(db_begin(c, db));
	TRY(find_scope(c, db, query, &scope, &key));
	TRY(lowest_seq(c, db, query->since, &lowest));
	TRY((c->guard ? page_seen : page_all)(c, db, scope, key, query, lowest, count, &page));
	*out = page;
	return OK;
}
