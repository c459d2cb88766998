/* fences_text.c - which triggers, functions and rights the migrations make, read from their own text.
 *
 * A migration is a few kinds of statements in our own hand, so this reads no more SQL than that: where a statement ends, and
 * the first words of those that make or drop a fence. A new place has no finding (store_test.c), so a kind of
 * statement that this does not understand is noticed where it is written.
 */
#include <ctype.h>
#include <string.h>

#include "store/fences_part.h"

/* --- statements --- */

static const char *find(const char *at, const char *end, const char *what)
{
	size_t len = strlen(what);

	for (; at + len <= end; at++)
		if (memcmp(at, what, len) == 0)
			return at;
	return NULL;
}

/* Past what begins here, when that is a comment, a quoted text or a body between dollars; else one letter on. */
static const char *skip(const char *at, const char *end)
{
	static const char *const runs[][2] = { { "--", "\n" }, { "'", "'" }, { "$$", "$$" } };

	for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
		size_t len = strlen(runs[i][0]);

		if (at + len > end || memcmp(at, runs[i][0], len) != 0)
			continue;
		const char *stop = find(at + len, end, runs[i][1]);
		return stop ? stop + strlen(runs[i][1]) : end;
	}
	return at + 1;
}

/* A trigger of SQLite has statements within: it ends with END. */
static bool is_whole(struct str statement)
{
	return !str_starts(statement, STR("CREATE TRIGGER")) || str_find(statement, STR("\nBEGIN ")) < 0 ||
	       str_ends(statement, STR("END"));
}

/* Without the semicolon, and what is before its first word. */
static struct str next_statement(struct str *rest)
{
	const char *at = rest->at, *end = rest->at + rest->len;

	while (at < end && (isspace((unsigned char)*at) || (*at == '-' && at + 1 < end && at[1] == '-')))
		at = skip(at, end);
	struct str out = { at, 0 };
	for (; at < end; at = skip(at, end)) {
		out.len = (size_t)(at - out.at);
		if (*at == ';' && is_whole(out))
			break;
	}
	if (at >= end)
		out.len = (size_t)(end - out.at);
	*rest = at < end ? (struct str){ at + 1, (size_t)(end - at - 1) } : (struct str){ end, 0 };
	return out;
}

/* The next name or word; a blank, a bracket or a comma ends it. */
static struct str word(struct str *s)
{
	size_t from = 0, to;

	while (from < s->len && !isalnum((unsigned char)s->at[from]) && s->at[from] != '_')
		from++;
	for (to = from; to < s->len && (isalnum((unsigned char)s->at[to]) || s->at[to] == '_'); to++)
		continue;
	struct str out = { s->at + from, to - from };
	*s = (struct str){ s->at + to, s->len - to };
	return out;
}

static struct str word_after(struct str s, const char *before)
{
	for (;;) {
		struct str one = word(&s);

		if (!one.len || str_is(one, before))
			return one.len ? word(&s) : one;
	}
}

struct str fence_squeeze(struct arena *a, struct str text)
{
	char *out = arena_alloc(a, text.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		bool blank = isspace((unsigned char)text.at[i]);

		if (!blank || (len && out[len - 1] != ' '))
			out[len++] = blank ? ' ' : text.at[i];
	}
	return str_trim((struct str){ out, len });
}

/* --- what they make --- */

struct fence *fence_find(const struct fences *g, enum fence_kind kind, struct str table, struct str name)
{
	for (size_t i = 0; i < g->ought.len; i++) {
		struct fence *one = &g->ought.at[i];

		if (one->kind == kind && str_eq(one->name, name) && str_eq(one->table, table))
			return one;
	}
	return NULL;
}

void fence_put(struct fences *g, const struct fence *one)
{
	struct fence *old = fence_find(g, one->kind, one->table, one->name);

	if (!old)
		old = vec_push(&g->ought, g->arena);
	*old = *one;
}

static void fence_drop(struct fences *g, struct fence *one)
{
	if (one)
		*one = g->ought.at[--g->ought.len];
}

static void drop_table(struct fences *g, struct str table)
{
	for (size_t i = g->ought.len; i-- > 0;)
		if (str_eq(g->ought.at[i].table, table))
			fence_drop(g, &g->ought.at[i]);
}

/* Names of triggers are their own in SQLite, their table's in PostgreSQL: here none is used for two tables. */
static void drop_trigger(struct fences *g, struct str name)
{
	for (size_t i = 0; i < g->ought.len; i++)
		if (g->ought.at[i].kind == FENCE_TRIGGER && str_eq(g->ought.at[i].name, name)) {
			fence_drop(g, &g->ought.at[i]);
			return;
		}
}

/* As the server says it: events in an order of its own. */
static struct str trigger_text(struct fences *g, struct str statement)
{
	static const char said[] = " DELETE OR UPDATE ";

	if (!g->pgsql)
		return statement;
	struct str text = fence_squeeze(g->arena, statement);
	ptrdiff_t at = str_find(text, STR(" UPDATE OR DELETE "));
	if (at >= 0)
		memcpy((char *)text.at + at, said, sizeof said - 1); /* in the copy that was just made */
	return text;
}

/* Between the dollars. */
static struct str body_of(struct str statement)
{
	const char *end = statement.at + statement.len, *from = find(statement.at, end, "$$");
	const char *to = from ? find(from + 2, end, "$$") : NULL;

	return to ? (struct str){ from + 2, (size_t)(to - from - 2) } : STR("");
}

static void take_create(struct fences *g, struct str statement, struct str rest)
{
	struct str what = word(&rest);

	if (str_is(what, "OR")) {
		word(&rest);
		what = word(&rest);
	}
	struct fence one = { .name = word(&rest) };
	if (str_is(what, "TABLE")) {
		one.kind = FENCE_TABLE;
		one.table = one.name;
	} else if (str_is(what, "TRIGGER")) {
		one.kind = FENCE_TRIGGER;
		one.table = word_after(rest, "ON");
		one.text = trigger_text(g, statement);
	} else if (str_is(what, "FUNCTION")) {
		one.kind = FENCE_FUNCTION;
		one.text = body_of(statement);
	} else {
		return;
	}
	fence_put(g, &one);
}

static unsigned right_of(struct str name)
{
	return str_is(name, "UPDATE") ? RIGHT_UPDATE : str_is(name, "DELETE") ? RIGHT_DELETE :
	       str_is(name, "TRUNCATE") ? RIGHT_TRUNCATE : 0;
}

static void take_rights(struct fences *g, struct str rest, bool given)
{
	struct revoked *at = NULL;
	unsigned rights = 0;
	struct str one;

	for (one = word(&rest); one.len && !str_is(one, "ON"); one = word(&rest))
		rights |= right_of(one);
	one = word(&rest);
	for (size_t i = 0; i < g->revoked.len; i++)
		if (str_eq(g->revoked.at[i].table, one))
			at = &g->revoked.at[i];
	if (!at) {
		at = vec_push(&g->revoked, g->arena);
		at->table = one;
	}
	at->rights = given ? at->rights & ~rights : at->rights | rights;
}

static void take_drop(struct fences *g, struct str rest)
{
	struct str what = word(&rest);

	if (str_is(what, "TABLE"))
		drop_table(g, word(&rest));
	else if (str_is(what, "TRIGGER"))
		drop_trigger(g, word(&rest));
}

struct reading {
	struct fences *fences;
	const struct share *share;
};

static enum err read_file(struct ctx *c, void *arg, const char *path)
{
	struct reading *r = arg;
	struct str rest;

	TRY(share_read(c, r->share, r->fences->arena, path, &rest));
	while (rest.len) {
		struct str statement = next_statement(&rest), words = statement, verb = word(&words);

		if (str_is(verb, "CREATE"))
			take_create(r->fences, statement, words);
		else if (str_is(verb, "DROP"))
			take_drop(r->fences, words);
		else if (str_is(verb, "REVOKE") || str_is(verb, "GRANT"))
			take_rights(r->fences, words, str_is(verb, "GRANT"));
	}
	return OK;
}

enum err fences_read(struct ctx *c, const struct share *share, bool pgsql, struct fences *out)
{
	struct reading r = { out, share };

	*out = (struct fences){ .arena = c->arena, .pgsql = pgsql };
	return share_list(c, share, pgsql ? "sql/postgresql/" : "sql/sqlite/", read_file, &r);
}
