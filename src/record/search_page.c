/* search_page.c - run a search: one page, its links, its total.
 *
 * A page goes on where the last one ended, after a pair (and a sort value), not after so many
 * rows: what is written meanwhile moves nothing. The page before ends at that same place. All of a
 * page is read in one consistent moment.
 */
#include "record/guard.h"
#include "record/search_part.h"

/* ---- cursors ---- */

/* version, sorted, back, person, key, sort value; then a hash of all that and of the query. */
struct cursor_head {
	uint8_t form, sorted, back;
	uint8_t pad[5];
	int64_t person, key;
};
#define CURSOR_FORM 1
#define CURSOR_MAX 32768

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static struct str base64url(struct arena *a, struct str s)
{
	struct buf b;

	buf_init(&b, a, 0);
	for (size_t i = 0; i < s.len; i += 3) {
		uint32_t group = 0;
		size_t left = s.len - i < 3 ? s.len - i : 3;

		for (size_t j = 0; j < 3; j++)
			group = group << 8 | (j < left ? (unsigned char)s.at[i + j] : 0);
		for (size_t j = 0; j <= left; j++)
			buf_char(&b, digits[group >> (18 - 6 * j) & 63]);
	}
	return buf_get(&b);
}

static bool unbase64url(struct arena *a, struct str s, struct str *out)
{
	unsigned char *bytes = arena_alloc(a, s.len + 1);
	uint32_t group = 0;
	size_t len = 0;

	for (size_t i = 0; i < s.len; i++) {
		const char *digit = s.at[i] ? strchr(digits, s.at[i]) : NULL;

		if (!digit)
			return false;
		group = group << 6 | (uint32_t)(digit - digits);
		if (i % 4)
			bytes[len++] = (unsigned char)(group >> (6 - 2 * (i % 4)));
	}
	*out = (struct str){ (char *)bytes, len };
	return true;
}

/* Ties a cursor to its query and to what its asker may see. Not a secret: a cursor gives nobody more
 * than the query does. */
static uint64_t cursor_hash(struct ctx *c, const struct search *s, struct str payload)
{
	static const uint64_t key[2] = { 0x6361757365776179, 0x637572736f723031 };
	struct buf b;

	buf_init(&b, c->arena, 0);
	if (c->guard)
		buf_printf(&b, "%016llx ", (unsigned long long)c->guard->stamp);
	if (s->inside)
		buf_printf(&b, STR_FMT "/" STR_FMT "/", STR_ARG(s->inside->type),
			   STR_ARG(s->inside->id));
	buf_cstr(&b, s->type ? s->type->name : "");
	buf_char(&b, '?');
	buf_str(&b, s->self);
	buf_char(&b, '\n');
	buf_str(&b, payload);
	return hash_keyed(key, b.at, b.len);
}

struct str cursor_write(struct ctx *c, const struct search *s, const struct cursor *at)
{
	struct cursor_head head = { CURSOR_FORM,     s->sort_count > 0, at->back, { 0 },
				    at->pair.person, at->pair.key };
	struct buf b;

	buf_init(&b, c->arena, 0);
	buf_add(&b, &head, sizeof head);
	buf_str(&b, at->sort);
	uint64_t hash = cursor_hash(c, s, buf_get(&b));
	buf_add(&b, &hash, sizeof hash);
	return base64url(c->arena, buf_get(&b));
}

enum err cursor_read(struct ctx *c, const struct search *s, struct cursor *out)
{
	struct cursor_head head;
	struct str bytes;
	uint64_t hash;

	if (s->cursor_text.len > CURSOR_MAX || !unbase64url(c->arena, s->cursor_text, &bytes) ||
	    bytes.len < sizeof head + sizeof hash)
		return fail(c, ERR_BAD_REQUEST,
			    "'_cursor' is damaged; start again from the first page.");
	bytes.len -= sizeof hash;
	memcpy(&hash, bytes.at + bytes.len, sizeof hash);
	memcpy(&head, bytes.at, sizeof head);
	if (hash != cursor_hash(c, s, bytes) || head.form != CURSOR_FORM ||
	    head.sorted != (s->sort_count > 0) || head.back > 1)
		return fail(c, ERR_BAD_REQUEST,
			    "'_cursor' belongs to another search; start again from the first "
			    "page.");
	*out = (struct cursor){
		.set = true,
		.back = head.back,
		.pair = { head.person, head.key },
		.sort = { bytes.at + sizeof head, bytes.len - sizeof head },
	};
	return OK;
}

/* ---- bodies ---- */

static enum err not_there(struct ctx *c)
{
	return fail(c, ERR_STORE,
		    "The index names a resource that is not there; run "
		    "`causeway check`.");
}

enum err search_load(struct scope *sc, const struct pair *pairs, size_t len,
		     struct version *out)
{
	bool row;
	STMT(s);

	TRY(db_stmt(sc->c, sc->db,
		    SQL("SELECT " VERSION_COLUMNS
			" FROM resource r JOIN version v ON v.seq = r.seq "
			"WHERE r.key = ?1 AND r.person = ?2"),
		    &s));
	for (size_t i = 0; i < len; i++) {
		stmt_reset(s);
		stmt_bind_int(s, 1, pairs[i].key);
		stmt_bind_int(s, 2, pairs[i].person);
		TRY(stmt_step(sc->c, s, &row));
		if (!row)
			return not_there(sc->c);
		TRY(version_take(sc->c, sc->db, s, &out[i]));
	}
	return OK;
}

enum err search_look(struct scope *sc, struct pair pair, struct version *out)
{
	bool inside = sc->c->inside;

	sc->c->inside = true;
	enum err e = search_load(sc, &pair, 1, out);
	sc->c->inside = inside;
	return e;
}

enum err search_rows(struct scope *sc, const struct version *v, struct index_rows *out)
{
	const struct fhir *f = sc->c->place->fhir;
	struct node *node;

	TRY(fhir_read_json(sc->c, f, sc->c->arena, v->body, &node));
	return fhir_index(sc->c, f, node, out);
}

/* ---- a page ---- */

/* Up to `want` pairs in their own order. */
static enum err take_pairs(struct scope *sc, struct stream *found, size_t want,
			   struct pair *out, size_t *len)
{
	const struct cursor *cursor = &sc->search->cursor;
	struct pair from = { 0, 0 };

	if (cursor->back)
		return take_back(sc, found, cursor->pair, want, out, len);
	if (cursor->set)
		from = pair_after(cursor->pair);
	for (*len = 0; *len < want; from = pair_after(found->at)) {
		TRY(stream_seek(sc, found, from));
		if (pair_end(found->at))
			return OK;
		out[(*len)++] = found->at;
	}
	return OK;
}

/* Count what is left of a stream from `from` on, but no more than `cap`. */
static enum err count_on(struct scope *sc, struct stream *found, struct pair from, int64_t cap,
			 int64_t *out)
{
	int64_t n = 0;

	for (;; n++, from = pair_after(found->at)) {
		TRY(stream_seek(sc, found, from));
		if (pair_end(found->at) || n == cap)
			break;
	}
	*out = n;
	return OK;
}

static enum err count_all(struct scope *sc, int64_t *out)
{
	struct stream *found;
	bool known;

	TRY(plan_open(sc, &found));
	TRY(stream_count(sc, found, &known, out));
	if (!known)
		TRY(set_count(sc, found, &known, out));
	if (known)
		return OK;
	TRY(count_on(sc, found, (struct pair){ 0, 0 }, INT64_MAX, out));
	return scans_finish(sc);
}

struct taken {
	struct pair *at;
	struct str *values; /* sort values; NULL when not sorted */
	size_t len;         /* one more than the page, if there is a next one */
};

/* Exact or -1. Asked for: whatever it costs. Not asked for: only when it costs next to nothing. */
static enum err find_total(struct scope *sc, struct stream *found, const struct taken *taken,
			   int64_t *out)
{
	const struct search *s = sc->search;
	bool whole = !s->cursor.set && taken->len <= (size_t)s->count;
	int64_t rest;

	*out = -1;
	if (s->total_asked && s->total == TOTAL_NONE)
		return OK;
	if (whole) {
		*out = (int64_t)taken->len;
		return OK;
	}
	if (s->total_asked || s->condition_count == 0)
		return count_all(sc, out);
	if (s->cursor.set || s->sort_count || taken->len > SEARCH_CHEAP_TOTAL)
		return OK;
	TRY(count_on(sc, found, pair_after(taken->at[taken->len - 1]), SEARCH_CHEAP_TOTAL,
		     &rest));
	if (rest < SEARCH_CHEAP_TOTAL)
		*out = (int64_t)taken->len + rest;
	return OK;
}

static struct str link_to(struct ctx *c, const struct search *s, const struct cursor *at)
{
	struct str cursor = cursor_write(c, s, at);
	struct buf b;

	buf_init(&b, c->arena, 0);
	buf_str(&b, s->self);
	if (b.len)
		buf_char(&b, '&');
	buf_cstr(&b, "_cursor=");
	buf_str(&b, cursor);
	return buf_get(&b);
}

/* The links to the pages beside this one. `taken` are its pairs, and `more` one beyond them in the
 * direction the search went. Behind is where it came from. */
static void link_pages(struct ctx *c, const struct search *s, const struct taken *taken, bool more,
		       struct search_page *page)
{
	struct cursor came = s->cursor, edge = { .set = true, .back = s->cursor.back };

	if (more) {
		size_t at = edge.back ? 0 : taken->len - 2;

		edge.pair = taken->at[at];
		edge.sort = taken->values ? taken->values[at] : STR("");
		*(edge.back ? &page->prev : &page->next) = link_to(c, s, &edge);
	}
	if (came.set) {
		came.back = !came.back;
		*(came.back ? &page->prev : &page->next) = link_to(c, s, &came);
	}
}

/* The pairs of the page and one more: after it, or going back before it. */
static enum err take_page(struct scope *sc, struct stream *found, struct taken *out)
{
	size_t want = (size_t)sc->search->count + 1;

	out->at = NEW_N(sc->c->arena, struct pair, want);
	if (sc->search->sort_count == 0)
		return take_pairs(sc, found, want, out->at, &out->len);
	out->values = NEW_N(sc->c->arena, struct str, want);
	return sort_page(sc, found, want, out->at, &out->len, out->values);
}

static enum err run_page(struct scope *sc, struct search_page *out)
{
	const struct search *s = sc->search;
	struct search_page page = { .total = -1, .self = s->self };
	struct taken taken = { 0 };
	struct stream *found;

	if (s->summary == SUMMARY_COUNT) {
		TRY(count_all(sc, &page.total));
		*out = page;
		return OK;
	}
	TRY(plan_open(sc, &found));
	TRY(take_page(sc, found, &taken));
	TRY(find_total(sc, found, &taken, &page.total));
	page.len = taken.len < (size_t)s->count ? taken.len : (size_t)s->count;
	page.at = NEW_N(sc->c->arena, struct version, page.len + 1);
	bool more = taken.len > page.len;
	const struct pair *pairs = taken.at + (more && s->cursor.back ? 1 : 0);
	TRY(search_load(sc, pairs, page.len, page.at));
	if (s->include_count)
		TRY(include_run(sc, pairs, page.at, page.len, &page.included,
				&page.included_len));
	for (size_t i = 0; i < page.len; i++)
		TRY(search_trim(sc->c, s, &page.at[i]));
	link_pages(sc->c, s, &taken, more, &page);
	*out = page;
	return OK;
}

enum err search_run(struct ctx *c, const struct search *s, struct search_page *out)
{
	struct scope sc = { .c = c, .search = s };
	enum err e;
	READER(db);

	TRY(store_moment(c, c->place->store, &db));
	sc.db = db;
	TRY(db_begin(c, db));
	e = run_page(&sc, out);
	db_end(db);
	return e;
}

enum err search_ids(struct ctx *c, struct db *db, const struct search *s, size_t cap,
		    struct str *ids, size_t *found)
{
	struct scope sc = { .c = c, .db = db, .search = s };
	struct pair *pairs = arena_alloc(c->arena, (cap + 1) * sizeof *pairs);
	struct stream *stream;
	size_t len;
	bool row;
	STMT(stmt);

	TRY(plan_open(&sc, &stream));
	TRY(take_pairs(&sc, stream, cap + 1, pairs, &len));
	TRY(db_stmt(c, db, SQL("SELECT id FROM resource WHERE key = ?1"), &stmt));
	for (size_t i = 0; i < len && i < cap; i++) {
		stmt_reset(stmt);
		stmt_bind_int(stmt, 1, pairs[i].key);
		TRY(stmt_step(c, stmt, &row));
		if (!row)
			return not_there(c);
		struct str id = stmt_text(stmt, 0);
		ids[i] = (struct str){ str_dup(c->arena, id), id.len };
	}
	*found = len;
	return OK;
}
