/* reindex.c - which parameters are not ready, and making them so beside everything else. */
#include "record/reindex.h"

#include <stdlib.h>

#include "record/view_part.h"

/* ---- what the index was made of ---- */

static const uint64_t seed[2] = { 7, 7 }; /* the same on every run */

static uint64_t hash_param(struct ctx *c, const struct fhir_param *p)
{
	struct buf b;

	buf_init(&b, c->arena, 0);
	buf_printf(&b, "%s\n%s\n%s", p->code, param_type_name(p->type), p->expression);
	for (const char *const *s = p->bases; s && *s; s++)
		buf_printf(&b, "\n%s", *s);
	for (const char *const *s = p->targets; s && *s; s++)
		buf_printf(&b, "\n> %s", *s);
	return hash_keyed(seed, b.at, b.len);
}

/* What every parameter hangs on: how values are found, types, and whose resources are whose. */
static enum err hash_rest(struct ctx *c, uint64_t *out)
{
	static const char *const files[] = { "fhir/types.tsv", "fhir/compartments.tsv",
					     "fhir/sets.tsv", "fhir/codes.tsv" };
	struct buf b;

	buf_init(&b, c->arena, 0);
	buf_str(&b, str_cut(&(struct str){ index_digest(c).at, index_digest(c).len }, '-'));
	for (unsigned i = 0; i < sizeof files / sizeof *files; i++) {
		struct str text;

		TRY(share_read(c, &c->place->share, c->arena, files[i], &text));
		buf_printf(&b, " %016llx", (unsigned long long)hash_keyed(seed, text.at, text.len));
	}
	*out = hash_keyed(seed, b.at, b.len);
	return OK;
}

static enum err parameters(struct ctx *c, struct buf *out)
{
	const struct fhir_param *p;
	uint64_t rest;

	TRY(hash_rest(c, &rest));
	buf_printf(out, "%016llx", (unsigned long long)rest);
	for (unsigned n = 1; (p = param_number(c->place->fhir, n)); n++)
		buf_printf(out, " %016llx", (unsigned long long)hash_param(c, p));
	return OK;
}

enum err reindex_whole(struct ctx *c, struct db *db)
{
	struct buf b;

	buf_init(&b, c->arena, 0);
	TRY(parameters(c, &b));
	TRY(meta_set(c, db, META_PARAMETERS, buf_get(&b)));
	TRY(meta_set(c, db, META_REINDEX, STR("")));
	return meta_set(c, db, STR("digest"), index_digest(c));
}

enum err reindex_proved(struct ctx *c, struct db *db, bool *sound)
{
	struct str digest, noted;
	struct buf b;

	*sound = true;
	TRY(meta_get(c, db, STR("digest"), &digest));
	if (!str_eq(digest, index_digest(c)))
		return OK;
	buf_init(&b, c->arena, 0);
	TRY(parameters(c, &b));
	TRY(meta_get(c, db, META_PARAMETERS, &noted));
	*sound = str_eq(noted, buf_get(&b));
	return OK;
}

/* ---- what has to be done ---- */

static struct str state_head(struct ctx *c)
{
	return str_of(arena_printf(c->arena, STR_FMT " " STR_FMT " ", STR_ARG(index_digest(c)),
				   STR_ARG(c->place->record->views->digest)));
}

enum err reindex_note(struct ctx *c, struct db *db, enum reindex_phase phase, int64_t key)
{
	struct str head = state_head(c);

	return meta_set(c, db, META_REINDEX,
			str_of(arena_printf(c->arena, STR_FMT "%s %lld", STR_ARG(head),
					    phase == REINDEX_ROWS ? "rows" : "clear",
					    (long long)key)));
}

/* Parameters whose hash is not among those the index was made of, and how many of those are no
 * more; *told false: any may differ. */
static enum err compare(struct ctx *c, struct str made, struct reindex *r, bool *told,
			unsigned *gone)
{
	const struct fhir_param *p;
	struct map known;
	uint64_t rest;
	size_t now = 0; /* of those that were known */

	map_init(&known, c->arena);
	TRY(hash_rest(c, &rest));
	*told = str_is(str_cut(&made, ' '),
		       arena_printf(c->arena, "%016llx", (unsigned long long)rest));
	while (made.at && made.len)
		map_set(&known, str_cut(&made, ' '), r);
	for (unsigned n = 1; (p = param_number(c->place->fhir, n)); n++) {
		const char *hash = arena_printf(c->arena, "%016llx",
						(unsigned long long)hash_param(c, p));
		r->stale[n] = !map_get(&known, str_of(hash));
		r->count += r->stale[n];
		now += !r->stale[n];
	}
	*gone = known.len > now ? (unsigned)(known.len - now) : 0;
	return OK;
}

struct opening {
	struct place *place;
	struct str digest, made, state;
};

static enum err read_state(struct ctx *c, struct place *place, struct opening *o)
{
	READER(db);

	TRY(store_reader(c, place->store, &db));
	TRY(meta_get(c, db, STR("digest"), &o->digest));
	TRY(meta_get(c, db, META_PARAMETERS, &o->made));
	return meta_get(c, db, META_REINDEX, &o->state);
}

static enum err begin(struct ctx *c, struct db *db, void *arg)
{
	const struct reindex *r = arg;

	TRY(meta_set(c, db, STR("digest"), STR("reindexing")));
	if (r->views)
		TRY(views_clear(c, db));
	return reindex_note(c, db, r->phase, 0);
}

/* A pass that was begun with these definitions goes on where it was. */
static bool go_on(struct ctx *c, struct str state, struct reindex *r)
{
	struct str head = state_head(c);

	if (!str_starts(state, head))
		return false;
	state = (struct str){ state.at + head.len, state.len - head.len };
	r->phase = str_is(str_cut(&state, ' '), "rows") ? REINDEX_ROWS : REINDEX_CLEAR;
	r->from = strtoll(state.at, NULL, 10);
	return true;
}

enum err reindex_open(struct ctx *c, struct place *place)
{
	struct opening o = { .place = place };
	struct reindex *r;
	unsigned count = 0, gone;
	bool told, same;

	TRY(read_state(c, place, &o));
	same = str_eq(o.digest, index_digest(c));
	if (same && place->record->views->current)
		return OK;
	while (param_number(place->fhir, count + 1))
		count++;
	r = calloc(1, sizeof *r);
	if (!r || !(r->stale = calloc(count + 1, sizeof *r->stale)))
		abort();
	place->record->reindex = r;
	r->views = !place->record->views->current;
	TRY(compare(c, o.made, r, &told, &gone));
	/* a change that no hash shows; work that was begun for yet other definitions */
	bool mine = go_on(c, o.state, r);
	r->all = !same && (!told || (!r->count && !gone) || (o.state.len && !mine) ||
			   str_starts(o.digest, STR(LOADING)) || str_is(o.digest, "rebuilding"));
	if (r->all)
		r->count = count;
	if (same) { /* only the views */
		r->all = false;
		r->count = 0;
		r->phase = REINDEX_ROWS;
	}
	return mine ? OK : store_write(c, place->store, begin, r);
}

void reindex_free(struct reindex *r)
{
	if (r)
		free(r->stale);
	free(r);
}

bool reindex_waits(const struct reindex *r, const struct fhir_param *param)
{
	return r->all || r->stale[param->number];
}

enum err param_ready(struct ctx *c, struct db *db, const struct fhir_type *type,
		     const struct fhir_param *param, enum variant variant, int64_t *key)
{
	struct reindex *r = c->place->record->reindex;

	if (r && !r->over && reindex_waits(r, param)) {
		int64_t total = r->total, done = r->done;

		return fail(c, ERR_BUSY, "%s.%s is being indexed, %lld %% is done; try again later.",
			    type->name, param->code,
			    (long long)(total > 0 ? done * 100 / total : 0));
	}
	return param_key(c, db, type, param, variant, key);
}

/* ---- clearing ---- */

struct clearing {
	const struct reindex *r;
	enum table table;
	int64_t param; /* being cleared, or looked at last */
	bool more, ended;
};

/* "Observation.code:text": does the name stand for a parameter that waits, or for none? */
static bool is_old(const struct ctx *c, const struct reindex *r, struct str name)
{
	const struct fhir_type *type = fhir_resource_type(c->place->fhir, str_cut(&name, '.'));
	const struct fhir_param *param =
		type ? param_find(c->place->fhir, type, str_cut(&name, ':')) : NULL;

	return !param || reindex_waits(r, param);
}

static enum err clear_some(struct ctx *c, struct db *db, void *arg)
{
	struct clearing *k = arg;
	struct str name;

	if (k->r->all) {
		k->ended = true;
		return rows_clear_values(c, db);
	}
	while (!k->more) {
		TRY(rows_next_param(c, db, k->table, k->param, &k->param));
		if (!k->param) {
			k->ended = ++k->table == TABLE_COUNT;
			return OK;
		}
		TRY(name_text(c, db, k->param, &name));
		k->more = is_old(c, k->r, name);
	}
	return rows_clear_some(c, db, k->table, k->param, &k->more);
}

static enum err clear_rows(struct ctx *c, const struct reindex *r)
{
	struct clearing k = { .r = r };

	while (!k.ended) {
		struct clearing before = k;

		TRY(ctx_check(c));
		enum err e = store_write(c, c->place->store, clear_some, &k);
		if (e) {
			k = before;
			return e;
		}
	}
	return OK;
}

/* ---- the work ---- */

static enum err begin_rows(struct ctx *c, struct db *db, void *arg)
{
	struct reindex *r = arg;

	r->phase = REINDEX_ROWS;
	r->from = 0;
	return reindex_note(c, db, REINDEX_ROWS, 0);
}

static enum err finish(struct ctx *c, struct db *db, void *arg)
{
	const struct reindex *r = arg;

	if (r->views)
		TRY(views_finish(c, db));
	return reindex_whole(c, db);
}

enum err record_reindex(struct ctx *c, const struct progress *progress, int64_t *resources)
{
	struct reindex *r = c->place->record->reindex;

	*resources = 0;
	if (!r || r->over)
		return OK;
	if (r->phase == REINDEX_CLEAR) {
		TRY(clear_rows(c, r));
		TRY(store_write(c, c->place->store, begin_rows, r));
	}
	TRY(rebuild_pass(c, progress, r, resources));
	TRY(store_write(c, c->place->store, finish, r));
	c->place->record->views->current = true;
	r->over = true;
	return OK;
}

bool record_reindex_state(const struct ctx *c, struct reindex_state *out)
{
	const struct record *record = c->place->record;
	struct reindex *r = record ? record->reindex : NULL;

	*out = (struct reindex_state){ 0 };
	if (!r || r->over)
		return false;
	*out = (struct reindex_state){ r->count, r->views, r->done, r->total };
	return true;
}
