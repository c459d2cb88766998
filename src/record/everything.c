/* everything.c - a person's whole record, page by page.
 *
 * Three kinds of resources: those whose person they are (the person's key, one range of an index),
 * those of others that are theirs too (a baby's weight that the mother measured: found through the
 * references of their compartment), and those that belong to nobody but are referred to. A page
 * goes on behind a (type, key); the second kind comes when the first is done. What is referred to
 * comes with each page that refers to it.
 *
 * References are found in the text of the bodies: they are as json_write left them, and a quote
 * inside of a text has a backslash before it. A body is unpacked, looked through and shown before
 * the next one, so that it is still near the processor, and only what is shown is kept.
 */
#include <stdlib.h>

#include "record/guard_row.h"
#include "record/reindex.h"
#include "record/same.h"

#define PAGE_BYTES ((size_t)64 << 20) /* a page ends when it has more */
#define SHARED_MAX 100000             /* resources of others that name the person */
#define MARK "\"reference\":\""

/* The place of resources of others in the order of pages: behind every type. */
#define TYPE_SHARED INT64_MAX

struct gather {
	struct ctx *c;
	struct db *db;
	const struct everything *ask;
	enum err (*each)(struct ctx *c, void *arg, const struct version *v, bool own);
	void *arg;
	struct arena *bodies; /* of the resource at hand */
	struct arena *notes;  /* of what is below */
	int64_t person;       /* the Patient's key */
	struct same same;     /* it and the other Patients of that person */
	VEC(int64_t) types;   /* keys of those wanted; none: all */
	struct map seen;      /* "Practitioner/1" of what was shown or referred to */
	VEC(struct str) referred;
	size_t bytes;
	bool more;
	struct everything_page page; /* next: behind what was shown last */
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
			*vec_push(&g->types, g->notes) = key;
	}
	return OK;
}

/* --- showing --- */

static struct str address(struct arena *a, struct str type, struct str id)
{
	char *at = arena_alloc(a, type.len + id.len + 1);

	memcpy(at, type.at, type.len);
	at[type.len] = '/';
	memcpy(at + type.len + 1, id.at, id.len);
	return (struct str){ at, type.len + id.len + 1 };
}

static void note_references(struct gather *g, struct str body)
{
	const char *at = body.at, *end = body.at + body.len;

	while ((at = memmem(at, (size_t)(end - at), MARK, sizeof MARK - 1))) {
		struct str reference = { at + sizeof MARK - 1, 0 };
		const char *quote = memchr(reference.at, '"', (size_t)(end - reference.at));

		if (!quote)
			return;
		at = quote;
		reference.len = (size_t)(quote - reference.at);
		if (map_get(&g->seen, reference))
			continue;
		reference.at = arena_dup(g->notes, reference.at, reference.len);
		map_set(&g->seen, reference, g);
		*vec_push(&g->referred, g->notes) = reference;
	}
}

/* A role names a person and a place, which are as good as named themselves. */
static enum err show(struct gather *g, const struct version *v, bool own)
{
	g->bytes += v->body.len;
	map_set(&g->seen, address(g->notes, v->type, v->id), g);
	if (own || str_is(v->type, "PractitionerRole"))
		note_references(g, v->body);
	++*(own ? &g->page.own : &g->page.referred);
	return g->each(g->c, g->arg, v, own);
}

/* The current row of a statement on VERSION_COLUMNS. */
static enum err show_row(struct gather *g, struct stmt *s, bool own)
{
	struct arena *kept = g->c->arena;
	struct version v;
	enum err e;

	g->c->arena = g->bodies;
	e = version_take(g->c, g->db, s, &v);
	g->c->arena = kept;
	if (!e)
		e = show(g, &v, own);
	arena_reset(g->bodies);
	return e;
}

static bool is_full(const struct gather *g)
{
	return g->page.own >= g->ask->count || g->bytes > PAGE_BYTES;
}

/* --- the person and what is theirs --- */

/* One resource of the compartment by its key, unless the page is full before it. */
static enum err show_key(struct gather *g, int64_t key)
{
	bool row, may;
	STMT(s);

	TRY(db_stmt(
		g->c, g->db,
		SQL("SELECT " VERSION_COLUMNS ", " ITEM_COLUMNS
		    " FROM resource r JOIN version v ON v.seq = r.seq "
		    "WHERE r.key = ?1 AND r.deleted = 0 AND r.version > 0 AND r.updated >= ?2"),
		&s));
	stmt_bind_int(s, 1, key);
	stmt_bind_int(s, 2, g->ask->since);
	TRY(stmt_step(g->c, s, &row));
	if (!row || !wanted(g, stmt_int(s, 1)))
		return OK;
	TRY(row_listed(g->c, g->db, s, VERSION_WIDTH, &may));
	if (!may)
		return OK;
	g->more = is_full(g);
	return g->more ? OK : show_row(g, s, true);
}

static enum err find_patient(struct gather *g)
{
	const struct fhir_type *patient = fhir_resource_type(g->c->place->fhir, STR("Patient"));
	struct standing now = { 0 };
	bool may = false;
	int64_t type;
	struct str id = { str_dup(g->notes, g->ask->id), g->ask->id.len };

	TRY(name_find(g->c, g->db, STR("Patient"), &type));
	if (type)
		TRY(standing_find(g->c, g->db, type, id, &now));
	if (now.version)
		TRY(standing_may(g->c, g->db, patient, &now, LET_LIST, &may));
	if (!may)
		return not_known(g->c, STR("Patient"), id);
	if (now.deleted)
		return fail(g->c, ERR_GONE, "Patient/%.64s was deleted.", id.at);
	g->person = now.key;
	TRY(same_find(g->c, g->db, now.key, &g->same));
	map_set(&g->seen, address(g->notes, STR("Patient"), id), g);
	if (g->ask->after.type || g->ask->after.key)
		return OK;
	g->page.next = (struct everything_at){ 0, 1 }; /* before all else, behind the start */
	return show_key(g, now.key);
}

/* "person <> 0" lets the partial index of a person's resources be used: in order for one Patient,
 * sorted where several are one person. */
static enum err own_stmt(struct gather *g, struct stmt **s)
{
	if (g->same.len == 1)
		return db_stmt(
			g->c, g->db,
			SQL("SELECT " VERSION_COLUMNS ", " ITEM_COLUMNS
			    " FROM resource r JOIN version v ON v.seq = r.seq "
			    "WHERE r.person = ?1 AND r.person <> 0 AND (r.type, r.key) > (?2, ?3) "
			    "AND r.deleted = 0 AND r.version > 0 AND r.updated >= ?4 "
			    "ORDER BY r.type, r.key"),
			s);
	return db_stmt(g->c, g->db,
		       SQL(SAME_PERSONS
			   "SELECT " VERSION_COLUMNS ", " ITEM_COLUMNS
			   " FROM same CROSS JOIN resource r ON r.person = same.person "
			   "CROSS JOIN version v ON v.seq = r.seq "
			   "WHERE r.person <> 0 AND (r.type, r.key) > (?2, ?3) "
			   "AND r.deleted = 0 AND r.version > 0 AND r.updated >= ?4 "
			   "ORDER BY r.type, r.key"),
		       s);
}

static enum err find_own(struct gather *g)
{
	const struct everything *ask = g->ask;
	bool row, may;
	STMT(s);

	TRY(own_stmt(g, &s));
	stmt_bind_int(s, 1, g->person);
	stmt_bind_int(s, 2, ask->after.type);
	stmt_bind_int(s, 3, ask->after.key);
	stmt_bind_int(s, 4, ask->since);
	for (;;) {
		TRY(stmt_step(g->c, s, &row));
		if (!row)
			return OK;
		if (!wanted(g, stmt_int(s, 1)) || stmt_int(s, VERSION_WIDTH) == g->person)
			continue;
		TRY(row_listed(g->c, g->db, s, VERSION_WIDTH, &may));
		if (!may)
			continue;
		g->more = is_full(g);
		if (g->more)
			return OK;
		g->page.next = (struct everything_at){ stmt_int(s, 1), stmt_int(s, VERSION_WIDTH) };
		TRY(show_row(g, s, true));
	}
}

/* --- what is another's, but theirs too --- */

struct keys {
	int64_t *at;
	size_t len, cap;
};

static enum err gather_shared(struct gather *g, int64_t param, int64_t person,
			      struct keys *keys)
{
	bool row;
	STMT(s);

	TRY(db_stmt(g->c, g->db,
		    SQL("SELECT resource, person FROM reference "
			"WHERE param = ?1 AND target = ?2 AND person < ?2 UNION ALL "
			"SELECT resource, person FROM reference "
			"WHERE param = ?1 AND target = ?2 AND person > ?2"),
		    &s));
	stmt_bind_int(s, 1, param);
	stmt_bind_int(s, 2, person);
	for (;;) {
		TRY(stmt_step(g->c, s, &row));
		if (!row)
			return OK;
		if (same_has(&g->same, stmt_int(s, 1)))
			continue;
		if (keys->len == SHARED_MAX)
			return fail(g->c, ERR_LIMIT,
				    "More than %d resources of others name this person.",
				    SHARED_MAX);
		*vec_push(keys, g->notes) = stmt_int(s, 0);
	}
}

static enum err shared_of_type(struct gather *g, const struct fhir_type *type,
			       struct keys *keys)
{
	const struct fhir *f = g->c->place->fhir;
	const char *const *codes = compartment_params(f, "Patient", type);
	int64_t key;

	TRY(name_find(g->c, g->db, str_of(type->name), &key));
	if (!key || !wanted(g, key))
		return OK;
	for (; codes && *codes; codes++) {
		const struct fhir_param *param = param_find(f, type, str_of(*codes));

		if (!param) /* "{def}": the person itself */
			continue;
		TRY(param_ready(g->c, g->db, type, param, VARIANT_PLAIN, &key));
		for (size_t i = 0; key && i < g->same.len; i++)
			TRY(gather_shared(g, key, g->same.keys[i], keys));
	}
	return OK;
}

static int key_cmp(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static enum err find_shared(struct gather *g)
{
	const struct fhir *f = g->c->place->fhir;
	struct keys keys = { 0 };
	int64_t last = g->ask->after.type == TYPE_SHARED ? g->ask->after.key : 0;

	for (unsigned i = 0; i < f->type_count; i++)
		if (f->types[i]->kind == FHIR_RESOURCE && !f->types[i]->abstract)
			TRY(shared_of_type(g, f->types[i], &keys));
	if (keys.len)
		qsort(keys.at, keys.len, sizeof *keys.at, key_cmp);
	for (size_t i = 0; i < keys.len; i++) {
		if (keys.at[i] <= last)
			continue;
		last = keys.at[i];
		TRY(show_key(g, last));
		if (g->more)
			return OK;
		g->page.next = (struct everything_at){ TYPE_SHARED, last };
	}
	return OK;
}

/* --- what they refer to --- */

/* Only what belongs to nobody: a reference into another's record does not open it. */
static enum err follow(struct gather *g, struct str reference)
{
	struct str type, id, own;
	int64_t key;
	bool row, may = false;
	STMT(s);

	if (!reference_local(g->c->place, reference, &type, &id))
		return OK;
	own = address(g->notes, type, id);
	if (!str_eq(own, reference) && map_get(&g->seen, own))
		return OK; /* it comes under another name */
	TRY(name_find(g->c, g->db, type, &key));
	if (!key || !wanted(g, key))
		return OK;
	TRY(db_stmt(g->c, g->db,
		    SQL("SELECT " VERSION_COLUMNS ", " ITEM_COLUMNS
			" FROM resource r JOIN version v ON v.seq = r.seq "
			"WHERE r.type = ?1 AND r.id = ?2 AND r.person = 0 AND r.deleted = 0 "
			"AND r.version > 0 AND r.updated >= ?3"),
		    &s));
	stmt_bind_int(s, 1, key);
	stmt_bind_text(s, 2, id);
	stmt_bind_int(s, 3, g->ask->since);
	TRY(stmt_step(g->c, s, &row));
	if (row)
		TRY(row_listed(g->c, g->db, s, VERSION_WIDTH, &may));
	return may ? show_row(g, s, false) : OK;
}

static enum err gather(struct gather *g)
{
	TRY(db_begin(g->c, g->db));
	TRY(read_types(g));
	TRY(find_patient(g));
	if (g->ask->after.type != TYPE_SHARED)
		TRY(find_own(g));
	if (!g->more)
		TRY(find_shared(g));
	for (size_t i = 0; i < g->referred.len; i++)
		TRY(follow(g, g->referred.at[i]));
	if (!g->more)
		g->page.next = (struct everything_at){ 0 };
	return OK;
}

enum err record_everything(struct ctx *c, const struct everything *ask,
			   enum err (*each)(struct ctx *c, void *arg, const struct version *v,
					    bool own),
			   void *arg, struct everything_page *out)
{
	ARENA(bodies);
	ARENA(notes);
	struct gather g = {
		.c = c, .ask = ask, .each = each, .arg = arg, .bodies = &bodies, .notes = &notes
	};
	READER(db);

	TRY(store_moment(c, c->place->store, &db));
	g.db = db;
	map_init(&g.seen, &notes);
	TRY(gather(&g));
	*out = g.page;
	return OK;
}
