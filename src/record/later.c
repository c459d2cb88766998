/* later.c - a load: rows to a file while resources are written, then in order into the tables.
 *
 * What is in the file is of transactions that are durable. Should the program end before the tables
 * have it all, the versions themselves say what is missing: they are gone through again from where
 * the load began (load_again.c), and rows put twice or dropped twice make no difference.
 */
#include "record/load.h"

#include <stdlib.h>
#include <string.h>

#include "base/sorter.h"
#include "record/reindex.h"
#include "record/tables.h"

enum {
	MEMORY = 48 << 20,   /* of the sorter */
	ROWS_AT_ONCE = 50000 /* in a transaction of the end */
};

/* ---- while it runs ---- */

bool later_waits(const struct ctx *c, const struct later_rows *rows, const struct fhir_type *type)
{
	return rows && rows->on &&
	       (strcmp(type->name, "Patient") == 0 ||
		compartment_params(c->place->fhir, "Patient", type) != NULL);
}

void later_begin(struct ctx *c, struct later_rows *rows)
{
	const struct later *later = c->place->record->later;

	rows->on = later && later->on;
	if (rows->on)
		buf_init(&rows->ops, c->arena, 0);
}

/* Length, then the row, the change of the place it belongs to, and what to do: so of all that is said of a
 * row the last comes last. */
void later_add(struct later_rows *rows, const struct row *row, int64_t person, int64_t resource,
	       int64_t seq, bool drop)
{
	struct buf *b = &rows->ops;
	size_t start = b->len;
	uint32_t len = 0;
	unsigned char tail[9];

	buf_add(b, &len, sizeof len);
	row_encode(b, row, person, resource);
	for (int i = 0; i < 8; i++)
		tail[i] = (unsigned char)((uint64_t)seq >> (56 - 8 * i));
	tail[8] = drop ? 0 : 1; /* what one change drops and puts stays */
	buf_add(b, tail, sizeof tail);
	len = (uint32_t)(b->len - start - sizeof len);
	memcpy(b->at + start, &len, sizeof len);
}

enum err later_keep(struct ctx *c, const struct later_rows *rows)
{
	uint32_t len;

	if (!rows->on)
		return OK;
	for (size_t at = 0; at < rows->ops.len; at += sizeof len + len) {
		memcpy(&len, rows->ops.at + at, sizeof len);
		TRY(sorter_add(c, c->place->record->later->sorter,
			       (struct str){ rows->ops.at + at + sizeof len, len }));
	}
	return OK;
}

/* ---- conditions ---- */

/* May what `query` asks for, "Patient?identifier=…", be among what waits? */
static bool asks_for_waiting(const struct ctx *c, struct str query)
{
	const struct later_rows waiting = { .on = true };
	struct str type = str_cut(&query, '?');
	const struct fhir_type *found = fhir_resource_type(c->place->fhir, type);

	if (!query.at || !found)
		return false;
	return later_waits(c, &waiting, found) || memchr(query.at, '.', query.len) ||
	       memchr(query.at, ':', query.len) || str_starts(query, STR("_"));
}

static bool tree_asks(const struct ctx *c, const struct node *node)
{
	node_each(child, node) {
		struct str name = { child->name, child->name_len };

		if (child->kind == NODE_STRING) {
			if ((str_is(name, "reference") || str_is(name, "url")) &&
			    asks_for_waiting(c, node_text(child)))
				return true;
			if (str_is(name, "ifNoneExist"))
				return true;
		} else if ((child->kind == NODE_OBJECT || child->kind == NODE_ARRAY) &&
			   tree_asks(c, child)) {
			return true;
		}
	}
	return false;
}

enum err later_enter(struct ctx *c, const struct node *tree, struct str condition)
{
	struct later *later = c->place->record->later;
	enum err e = OK;

	if (!later)
		return OK;
	pthread_rwlock_rdlock(&later->gate);
	if (!later->on || (!condition.len && !tree_asks(c, tree)))
		return OK;
	pthread_rwlock_unlock(&later->gate);
	pthread_rwlock_wrlock(&later->gate);
	if (later->on)
		e = load_settle(c, NULL);
	pthread_rwlock_unlock(&later->gate);
	TRY(e);
	pthread_rwlock_rdlock(&later->gate);
	return OK;
}

void later_leave(struct ctx *c)
{
	if (c->place->record->later)
		pthread_rwlock_unlock(&c->place->record->later->gate);
}

/* ---- the end: in order into the tables ---- */

struct settling {
	struct ctx *c;
	struct sorter *sorter;
	struct buf last; /* the row last seen, with seq and what to do; empty at the start */
	bool ended;
	int64_t seen;
};

static size_t row_len(size_t len)
{
	return len - 9;
}

/* The last that is said of the next row, into `rows`. */
static enum err take_row(struct ctx *c, struct settling *s, struct buf *rows)
{
	struct str next;
	bool more;

	for (;;) {
		uint32_t len = (uint32_t)s->last.len;

		TRY(sorter_next(c, s->sorter, &next, &more));
		s->seen += more;
		s->ended = !more;
		if (len && (!more || row_len(len) != row_len(next.len) ||
			    memcmp(s->last.at, next.at, row_len(len)) != 0)) {
			buf_add(rows, &len, sizeof len);
			buf_add(rows, s->last.at, len);
			len = 0;
			s->last.len = 0;
			if (more)
				buf_str(&s->last, next);
			return OK;
		}
		s->last.len = 0;
		if (!more)
			return OK;
		buf_str(&s->last, next);
	}
}

static enum err put_row(struct ctx *c, struct db *db, struct str bytes)
{
	struct row row;
	int64_t person, resource;
	bool drop = bytes.at[bytes.len - 1] == 0;

	if (!row_decode(c->arena, &bytes, &row, &person, &resource))
		return fail(c, ERR_INTERNAL, "A row that was put down cannot be read again.");
	return drop ? row_drop(c, db, &row, person, resource) : row_put(c, db, &row, person, resource);
}

static enum err put_rows(struct ctx *c, struct db *db, void *arg)
{
	const struct buf *rows = arg;
	uint32_t len;

	for (size_t at = 0; at < rows->len; at += sizeof len + len) {
		struct arena_mark mark = arena_mark(c->arena);

		memcpy(&len, rows->at + at, sizeof len);
		TRY(put_row(c, db, (struct str){ rows->at + at + sizeof len, len }));
		arena_release(c->arena, mark);
	}
	return OK;
}

static enum err put_all(struct ctx *c, struct later *later, const struct progress *progress)
{
	struct ticker ticker = { .progress = progress, .total = sorter_count(later->sorter) };
	struct settling s = { .sorter = later->sorter };
	ARENA(scratch);

	buf_init(&s.last, &scratch, 0);
	while (!s.ended) {
		ARENA(chunk);
		struct buf rows;

		buf_init(&rows, &chunk, 0);
		for (unsigned i = 0; i < ROWS_AT_ONCE && !s.ended; i++)
			TRY(take_row(c, &s, &rows));
		TRY(ticker_tick(c, &ticker, s.seen, "rows of the index"));
		TRY(store_write(c, c->place->store, put_rows, &rows));
	}
	return OK;
}

static enum err is_whole(struct ctx *c, struct db *db, void *arg)
{
	(void)arg;
	return reindex_whole(c, db);
}

enum err load_settle(struct ctx *c, const struct progress *progress)
{
	struct later *later = c->place->record->later;

	later->on = false;
	TRY(sorter_finish(c, later->sorter));
	TRY(put_all(c, later, progress));
	TRY(store_write(c, c->place->store, is_whole, NULL));
	TRY(store_write(c, c->place->store, tables_analyze, NULL));
	sorter_free(later->sorter);
	later->sorter = NULL;
	store_together(c->place->store);
	return OK;
}

/* ---- the beginning ---- */

static enum err say_loading(struct ctx *c, struct db *db, void *arg)
{
	struct str seen;
	bool row;
	STMT(s);

	(void)arg;
	TRY(meta_get(c, db, STR("digest"), &seen));
	if (str_starts(seen, STR(LOADING)))
		return OK;
	TRY(db_stmt(c, db, SQL("SELECT max(seq) FROM version"), &s));
	TRY(stmt_step(c, s, &row));
	return meta_set(c, db, STR("digest"),
			str_of(arena_printf(c->arena, LOADING "%lld", (long long)stmt_int(s, 0))));
}

/* Where an unfinished load began; -1: there is none. */
static enum err find_unfinished(struct ctx *c, int64_t *from)
{
	struct str seen;
	READER(db);

	*from = -1;
	TRY(store_reader(c, c->place->store, &db));
	TRY(meta_get(c, db, STR("digest"), &seen));
	if (str_starts(seen, STR(LOADING)))
		*from = strtoll(seen.at + strlen(LOADING), NULL, 10);
	return OK;
}

enum err record_load_begin(struct ctx *c, bool large, const struct progress *progress)
{
	struct later *later;
	int64_t from;
	int fd;

	TRY(find_unfinished(c, &from));
	if (!large && from < 0)
		return OK;
	TRY(store_alone(c, c->place->store, &fd));
	if (fd < 0 && from >= 0)
		return fail(c, ERR_BUSY, "A load of this database was cut short, and to finish it nobody "
					 "else may have it open.");
	if (fd < 0)
		return OK;
	later = calloc(1, sizeof *later);
	if (!later)
		abort();
	pthread_rwlock_init(&later->gate, NULL);
	later->sorter = sorter_new(fd, MEMORY);
	later->on = true;
	c->place->record->later = later;
	TRY(store_write(c, c->place->store, say_loading, NULL));
	return from < 0 ? OK : load_again(c, from, progress);
}

enum err record_load_end(struct ctx *c, const struct progress *progress)
{
	const struct later *later = c->place->record->later;

	return later && later->on ? load_settle(c, progress) : OK;
}

void later_free(struct later *later)
{
	if (!later)
		return;
	sorter_free(later->sorter);
	pthread_rwlock_destroy(&later->gate);
	free(later);
}
