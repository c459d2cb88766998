/* everything.c - a person's whole record, page by page.
 *
 * Three kinds of resources: those whose person they are (the person's key, one range of an index),
 * those of others that are theirs too (a baby's weight that the mother measured: found through the
 * references of their compartment), and those that belong to nobody but are referred to. A page
 * goes on behind a (type, key); the second kind comes when the first is done. What is referred to
 * comes with each page that refers to it.
 *
 * References are found in the text of the bodies: they are as json_write left them, and a quote
 * inside of a text has a backslash before it.
 */
#include <stdlib.h>

#include "record/parts.h"

#define PAGE_BYTES ((int64_t)64 << 20) /* a page ends when it has more */
#define SHARED_MAX 100000              /* resources of others that name the person */
#define MARK "\"reference\":\""

/* The place of resources of others in the order of pages: behind every type. */
#define TYPE_SHARED INT64_MAX

struct gather {
	struct ctx *c;
	struct db *db;
	const struct everything *ask;
	struct version patient;
	VEC(int64_t) types; /* keys of those wanted; none: all */
	VEC(struct version) found;
	int64_t bytes;
	struct everything_at last; /* behind what was found last */
	bool more;
	struct map seen; /* references that were looked at, and all that was found */
};

static bool wanted(const struct gather *g, int64_t type)
{
	for (size_t i = 0; i < g->types.len; i++)
		if (g->types.at[i] == type)
			return true;
	return !g->ask->types;
}

static enum err read_types(struct gather *g)
{
	for (const struct fhir_type *const *t = g->ask->types; t && *t; t++) {
		int64_t key;

		TRY(name_find(g->c, g->db, str_of((*t)->name), &key));
		if (key)
			*vec_push(&g->types, g->c->arena) = key;
	}
	return OK;
}

static bool is_full(const struct gather *g)
{
	return g->found.len >= g->ask->count || g->bytes > PAGE_BYTES;
}

static void note(struct gather *g, const struct version *v)
{
	char *at = arena_alloc(g->c->arena, v->type.len + v->id.len + 1);

	memcpy(at, v->type.at, v->type.len);
	at[v->type.len] = '/';
	memcpy(at + v->type.len + 1, v->id.at, v->id.len);
	map_set(&g->seen, (struct str){ at, v->type.len + v->id.len + 1 }, g);
}

static void add(struct gather *g, const struct version *v)
{
	*vec_push(&g->found, g->c->arena) = *v;
	g->bytes += (int64_t)v->body.len;
	note(g, v);
}

/* --- the person and what is theirs --- */

static enum err find_patient(struct gather *g)
{
	struct standing now = { 0 };
	int64_t type;

	TRY(name_find(g->c, g->db, STR("Patient"), &type));
	if (type)
		TRY(standing_find(g->c, g->db, type, g->ask->id, &now));
	if (!now.version)
		return fail(g->c, ERR_NOT_FOUND, "Patient/%.64s is not known here.",
			    str_dup(g->c->arena, g->ask->id));
	if (now.deleted)
		return fail(g->c, ERR_GONE, "Patient/%.64s was deleted.",
			    str_dup(g->c->arena, g->ask->id));
	TRY(version_load(g->c, g->db, now.seq, &g->patient));
	g->patient.person = now.key;
	if (g->ask->after.type == 0 && wanted(g, type) && g->patient.updated >= g->ask->since)
		add(g, &g->patient);
	else
		note(g, &g->patient);
	return OK;
}

/* "person <> 0" lets the partial index of a person's resources be used. */
static enum err find_own(struct gather *g)
{
	const struct everything *ask = g->ask;
	bool row;
	STMT(s);

	TRY(db_stmt(g->c, g->db,
		    SQL("SELECT " VERSION_COLUMNS ", r.key "
			"FROM resource r JOIN version v ON v.seq = r.seq "
			"WHERE r.person = ?1 AND r.person <> 0 AND (r.type, r.key) > (?2, ?3) "
			"AND r.deleted = 0 AND r.version > 0 AND r.updated >= ?4 "
			"ORDER BY r.type, r.key"),
		    &s));
	stmt_bind_int(s, 1, g->patient.person);
	stmt_bind_int(s, 2, ask->after.type);
	stmt_bind_int(s, 3, ask->after.key);
	stmt_bind_int(s, 4, ask->since);
	for (;;) {
		struct version v;

		TRY(stmt_step(g->c, s, &row));
		if (!row)
			return OK;
		if (!wanted(g, stmt_int(s, 1)) || stmt_int(s, 9) == g->patient.person)
			continue;
		g->more = is_full(g);
		if (g->more)
			return OK;
		g->last = (struct everything_at){ stmt_int(s, 1), stmt_int(s, 9) };
		TRY(version_take(g->c, g->db, s, &v));
		add(g, &v);
	}
}

/* --- what is another's, but theirs too --- */

struct keys {
	int64_t *at;
	size_t len, cap;
};

static enum err gather_shared(struct gather *g, int64_t param, struct keys *keys)
{
	bool row;
	STMT(s);

	TRY(db_stmt(g->c, g->db,
		    SQL("SELECT resource FROM reference "
			"WHERE param = ?1 AND target = ?2 AND person < ?2 UNION ALL "
			"SELECT resource FROM reference "
			"WHERE param = ?1 AND target = ?2 AND person > ?2"),
		    &s));
	stmt_bind_int(s, 1, param);
	stmt_bind_int(s, 2, g->patient.person);
	for (;;) {
		TRY(stmt_step(g->c, s, &row));
		if (!row)
			return OK;
		if (keys->len == SHARED_MAX)
			return fail(g->c, ERR_LIMIT,
				    "More than %d resources of others name this person.",
				    SHARED_MAX);
		*vec_push(keys, g->c->arena) = stmt_int(s, 0);
	}
}

static int key_cmp(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static enum err shared_of_type(struct gather *g, const struct fhir_type *type,
			       struct keys *keys)
{
	const char *const *codes = compartment_params(g->c->place->fhir, "Patient", type);
	int64_t key;

	TRY(name_find(g->c, g->db, str_of(type->name), &key));
	if (!key || !wanted(g, key))
		return OK;
	for (; codes && *codes; codes++) {
		const struct fhir_param *param =
			param_find(g->c->place->fhir, type, str_of(*codes));

		if (!param)
			continue;
		TRY(param_key(g->c, g->db, type, param, VARIANT_PLAIN, &key));
		if (key)
			TRY(gather_shared(g, key, keys));
	}
	return OK;
}

static enum err shared_keys(struct gather *g, struct keys *keys)
{
	const struct fhir *f = g->c->place->fhir;

	for (unsigned i = 0; i < f->type_count; i++)
		if (f->types[i]->kind == FHIR_RESOURCE && !f->types[i]->abstract)
			TRY(shared_of_type(g, f->types[i], keys));
	if (keys->len)
		qsort(keys->at, keys->len, sizeof *keys->at, key_cmp);
	return OK;
}

static enum err add_shared(struct gather *g, int64_t key)
{
	struct version v;
	bool row;
	STMT(s);

	TRY(db_stmt(
		g->c, g->db,
		SQL("SELECT " VERSION_COLUMNS
		    " FROM resource r JOIN version v ON v.seq = r.seq "
		    "WHERE r.key = ?1 AND r.deleted = 0 AND r.version > 0 AND r.updated >= ?2"),
		&s));
	stmt_bind_int(s, 1, key);
	stmt_bind_int(s, 2, g->ask->since);
	TRY(stmt_step(g->c, s, &row));
	if (!row || !wanted(g, stmt_int(s, 1)))
		return OK;
	g->more = is_full(g);
	if (g->more)
		return OK;
	TRY(version_take(g->c, g->db, s, &v));
	add(g, &v);
	g->last = (struct everything_at){ TYPE_SHARED, key };
	return OK;
}

static enum err find_shared(struct gather *g)
{
	struct keys keys = { 0 };
	int64_t last = g->ask->after.type == TYPE_SHARED ? g->ask->after.key : 0;

	TRY(shared_keys(g, &keys));
	for (size_t i = 0; i < keys.len && !g->more; i++) {
		if (keys.at[i] <= last)
			continue;
		last = keys.at[i];
		TRY(add_shared(g, last));
	}
	return OK;
}

/* --- what they refer to --- */

/* Only what belongs to nobody: the rest of a reference into another record is not shown. */
static enum err follow(struct gather *g, struct str reference)
{
	struct str type, id;
	struct standing now = { 0 };
	struct version v;
	int64_t key;

	if (!reference_local(g->c->place, reference, &type, &id))
		return OK;
	TRY(name_find(g->c, g->db, type, &key));
	if (!key || !wanted(g, key))
		return OK;
	TRY(standing_find(g->c, g->db, key, id, &now));
	if (!now.version || now.deleted || now.person || now.updated < g->ask->since)
		return OK;
	TRY(version_load(g->c, g->db, now.seq, &v));
	struct str own = str_of(
		arena_printf(g->c->arena, STR_FMT "/" STR_FMT, STR_ARG(v.type), STR_ARG(v.id)));
	if (!str_eq(own, reference) && map_get(&g->seen, own))
		return OK; /* it came under another name */
	add(g, &v);
	return OK;
}

static enum err follow_all(struct gather *g, struct str body)
{
	const char *at = body.at, *end = body.at + body.len;

	while ((at = memmem(at, (size_t)(end - at), MARK, sizeof MARK - 1))) {
		struct str reference;
		const char *quote;

		at += sizeof MARK - 1;
		quote = memchr(at, '"', (size_t)(end - at));
		if (!quote)
			return OK;
		reference = (struct str){ at, (size_t)(quote - at) };
		at = quote;
		if (map_set(&g->seen, reference, g))
			TRY(follow(g, reference));
	}
	return OK;
}

/* A role names a person and a place, which are as good as named themselves. */
static enum err find_referred(struct gather *g, size_t own)
{
	for (size_t i = 0; i < g->found.len; i++) {
		struct version v = g->found.at[i]; /* the array may move */

		if (i < own || str_is(v.type, "PractitionerRole"))
			TRY(follow_all(g, v.body));
	}
	return OK;
}

enum err record_everything(struct ctx *c, const struct everything *ask,
			   struct everything_page *out)
{
	struct gather g = { .c = c, .ask = ask };
	size_t own;
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	TRY(db_begin(c, db));
	g.db = db;
	map_init(&g.seen, c->arena);
	TRY(read_types(&g));
	TRY(find_patient(&g));
	if (ask->after.type != TYPE_SHARED)
		TRY(find_own(&g));
	if (!g.more)
		TRY(find_shared(&g));
	own = g.found.len;
	TRY(find_referred(&g, own));
	*out = (struct everything_page){ .at = g.found.at, .len = g.found.len, .own = own };
	if (g.more)
		out->next = g.last;
	return OK;
}
