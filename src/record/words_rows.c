/* words_rows.c - lists of words in and out of the table `words`.
 *
 * SQLite has it as a full-text table without content, whose rowid is the person above and the
 * resource below, so that what it finds comes in the order of all other streams. To take a list
 * out one has to say what it was. PostgreSQL has a row with a tsvector for each resource.
 */
#include <stdlib.h>

#include "record/parts.h"

/* --- a transaction's changes --- */

static struct str with_type(struct arena *a, int64_t type, struct str list)
{
	const char *number = arena_printf(a, "%lld", (long long)type);
	struct buf b;

	buf_init(&b, a, 0);
	while (list.at && list.len) {
		struct str word = str_cut(&list, ' ');

		if (b.len)
			buf_char(&b, ' ');
		buf_cstr(&b, number);
		buf_str(&b, word);
	}
	return buf_get(&b);
}

static void note(struct apply *a, const struct words_change *change)
{
	if (change->list.len)
		*vec_push(&a->lists, a->c->arena) = *change;
}

void words_put(struct apply *a, int64_t type, struct str list, int64_t person,
	       int64_t resource)
{
	note(a, &(struct words_change){ person, resource, with_type(a->c->arena, type, list),
					a->lists.len, false });
}

void words_drop(struct apply *a, int64_t type, struct str list, int64_t person,
		int64_t resource)
{
	note(a, &(struct words_change){ person, resource, with_type(a->c->arena, type, list),
					a->lists.len, true });
}

static int change_cmp(const void *one, const void *other)
{
	const struct words_change *a = one, *b = other;

	if (a->person != b->person)
		return a->person < b->person ? -1 : 1;
	if (a->resource != b->resource)
		return a->resource < b->resource ? -1 : 1;
	return (a->order > b->order) - (a->order < b->order);
}

/* --- the two engines --- */

static bool is_sqlite(struct ctx *c)
{
	return strcmp(store_engine(c->place->store), "sqlite") == 0;
}

/* clang-format off */
static const struct dialect {
	struct sql put, drop, has, count, clear;
} dialects[] = {
	{ SQL("INSERT INTO words (rowid, list) VALUES ((?1 << 32) + ?2, ?3)"),
	  SQL("INSERT INTO words (words, rowid, list) VALUES ('delete', (?1 << 32) + ?2, ?3)"),
	  SQL("SELECT 1 FROM words WHERE words MATCH '\"' || ?3 || '\"' AND rowid = (?1 << 32) + ?2"),
	  SQL("SELECT coalesce(sum(doc), 0) FROM words_known"),
	  SQL("INSERT INTO words (words) VALUES ('delete-all')") },
	{ SQL("INSERT INTO words (person, resource, list)"
	      " VALUES (?1, ?2, array_to_tsvector(string_to_array(?3, ' ')))"),
	  SQL("DELETE FROM words WHERE person = ?1 AND resource = ?2 AND ?3 <> ''"),
	  SQL("SELECT 1 FROM words WHERE person = ?1 AND resource = ?2"
	      " AND list @@ CAST(chr(39) || ?3 || chr(39) AS tsquery)"),
	  SQL("SELECT coalesce(sum(length(list)), 0) FROM words"),
	  SQL("DELETE FROM words") },
};
/* clang-format on */

static const struct dialect *dialect(struct ctx *c)
{
	return &dialects[is_sqlite(c) ? 0 : 1];
}

/* A person and a resource share the 64 bits of a rowid, as in search_part.h. */
static enum err fits(struct ctx *c, const struct words_change *change)
{
	if (change->person <= INT32_MAX && change->resource <= UINT32_MAX)
		return OK;
	return fail(c, ERR_LIMIT, "The place has more resources than its words can name.");
}

enum err words_flush(struct apply *a)
{
	const struct dialect *d = dialect(a->c);

	if (a->lists.len > 1)
		qsort(a->lists.at, a->lists.len, sizeof *a->lists.at, change_cmp);
	for (size_t i = 0; i < a->lists.len; i++) {
		const struct words_change *change = &a->lists.at[i];
		STMT(s);

		TRY(fits(a->c, change));
		TRY(db_stmt(a->c, a->db, change->drop ? d->drop : d->put, &s));
		stmt_bind_int(s, 1, change->person);
		stmt_bind_int(s, 2, change->resource);
		stmt_bind_text(s, 3, change->list);
		TRY(stmt_run(a->c, s));
	}
	a->lists.len = 0;
	return OK;
}

/* --- proving --- */

size_t words_len(struct str list)
{
	size_t n = list.len > 0;

	for (size_t i = 0; i < list.len; i++)
		n += list.at[i] == ' ';
	return n;
}

enum err words_missing(struct ctx *c, struct db *db, int64_t type, struct str list,
		       int64_t person, int64_t resource, unsigned *out)
{
	STMT(s);

	*out = 0;
	list = with_type(c->arena, type, list);
	TRY(db_stmt(c, db, dialect(c)->has, &s));
	while (list.at && list.len) {
		bool row;

		stmt_bind_int(s, 1, person);
		stmt_bind_int(s, 2, resource);
		stmt_bind_text(s, 3, str_cut(&list, ' '));
		TRY(stmt_step(c, s, &row));
		*out += !row;
		stmt_reset(s);
	}
	return OK;
}

enum err words_count(struct ctx *c, struct db *db, int64_t *out)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, dialect(c)->count, &s));
	TRY(stmt_step(c, s, &row));
	*out = stmt_int(s, 0);
	return OK;
}

enum err words_clear(struct ctx *c, struct db *db)
{
	STMT(s);

	TRY(db_stmt(c, db, dialect(c)->clear, &s));
	return stmt_run(c, s);
}
