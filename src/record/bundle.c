/* bundle.c - a transaction (all or nothing) or a batch (each for itself).
 *
 * Every entry is given its id first, then links are rewritten to those ids, then each resource is
 * prepared as a single write would be; all this on the caller's thread. The writer then only
 * looks whether conditions still find what they found, and inserts. If one does not, the Bundle
 * is read again from its text and begun anew.
 */
#include "record/bundle.h"

#include "record/guard_row.h"

enum { ATTEMPTS = 5 };

/* Run `step` on each entry that stands. In a transaction all failures are gathered, and the first
 * is returned with its reason. */
static enum err each_entry(struct ctx *c, struct bundle *b,
			   enum err (*step)(struct ctx *c, struct bundle *b, struct entry *e))
{
	enum err first = OK;
	const char *why = "";

	for (size_t i = 0; i < b->len; i++) {
		struct entry *e = &b->at[i];

		if (e->error)
			continue;
		TRY(ctx_check(c));
		e->issues = c->issues;
		enum err error = step(c, b, e);
		if (error)
			error = bundle_failed(c, b, e, error);
		if (error == ERR_STORE || error == ERR_STOPPED || error == ERR_BUSY)
			return error;
		if (error && !first) {
			first = error;
			why = arena_str(c->arena, c->why);
		}
	}
	return first ? fail(c, first, "%s", why) : OK;
}

/* --- names --- */

static const char *name_of(struct ctx *c, const struct entry *e, struct str id)
{
	return arena_printf(c->arena, "%s/" STR_FMT, e->type->name, STR_ARG(id));
}

/* What FHIR runs before this POST counts when its condition is asked: the one found may be one that
 * this transaction deletes, and an earlier POST may create what the condition asks for. */
static void look_inside(struct ctx *c, struct bundle *b, struct entry *e)
{
	const struct entry *other;
	struct str id = e->condition.id;

	if (id.len) {
		other = map_get(&b->names, str_of(name_of(c, e, id)));
		if (b->transaction && other && other->verb == VERB_DELETE)
			e->id = (struct str){ 0 };
		return;
	}
	struct str key = str_of(arena_printf(c->arena, "%s?" STR_FMT, e->type->name,
					     STR_ARG(e->write.if_none_exist)));
	other = map_get(&b->creates, key);
	if (other) {
		e->twin = other;
		e->id = other->id;
	} else {
		map_set(&b->creates, key, e);
	}
}

/* What is created or changed by a condition must be all that fits it; the others do without what the
 * asker does not see. */
static enum err find_for(struct ctx *c, struct db *db, const struct entry *e, struct str *id)
{
	if (e->verb == VERB_POST || e->verb == VERB_PUT)
		return find_one_to_write(c, db, e->condition.search, e->verb == VERB_POST, id);
	return find_one(c, db, e->condition.search, id);
}

static enum err search_condition(struct ctx *c, struct bundle *b, struct entry *e)
{
	struct str query = e->verb == VERB_POST ? e->write.if_none_exist : e->query;

	TRY(search_parse(c, str_of(e->type->name), query, &e->condition.search));
	TRY(find_for(c, b->refs.db, e, &e->condition.id));
	e->id = e->condition.id;
	if (e->verb == VERB_POST) {
		look_inside(c, b, e);
		e->existed = e->id.len > 0;
	}
	if (e->verb == VERB_PUT && e->id.len && !node_get(e->resource, "id"))
		add_id(c, e->resource, e->id);
	else if (e->verb == VERB_PUT && !e->id.len)
		e->id = node_str(e->resource, "id");
	return OK;
}

static enum err name_entry(struct ctx *c, struct bundle *b, struct entry *e)
{
	if (e->conditional)
		TRY(search_condition(c, b, e));
	if (!e->id.len && e->verb == VERB_PATCH)
		return fail(c, ERR_NOT_FOUND, "The condition finds nothing to change.");
	if (!e->id.len && e->verb != VERB_DELETE)
		e->id = id_make(c);
	if (!e->id.len)
		return OK; /* deleting what a condition does not find */
	struct str own = str_of(name_of(c, e, e->id));
	bool first = e->existed || map_set(&b->names, own, e);
	if (b->transaction && !first)
		return fail(c, ERR_INVALID, "%s is about " STR_FMT ", as another entry is.",
			    e->where, STR_ARG(own));
	if (b->transaction && e->full_url.len && map_get(&b->refs.urls, e->full_url))
		return fail(c, ERR_INVALID, "%s has the fullUrl of another entry.", e->where);
	if (e->verb != VERB_DELETE)
		refs_add(&b->refs, e->full_url, e->type, e->id);
	return OK;
}

static enum err name_delete(struct ctx *c, struct bundle *b, struct entry *e)
{
	return e->verb == VERB_DELETE ? name_entry(c, b, e) : OK;
}

static enum err name_rest(struct ctx *c, struct bundle *b, struct entry *e)
{
	return e->verb == VERB_DELETE || e->verb == VERB_GET ? OK : name_entry(c, b, e);
}

/* --- preparing --- */

static bool id_is_new(const struct entry *e)
{
	return e->verb == VERB_POST ||
	       (e->conditional && !e->condition.id.len && !node_get(e->resource, "id"));
}

/* What the patch makes of the version that is current. */
static enum err patch_entry(struct ctx *c, struct bundle *b, struct entry *e)
{
	struct standing now = { 0 };
	struct version v;
	bool may = false;
	int64_t type;

	TRY(name_find(c, b->refs.db, str_of(e->type->name), &type));
	if (type)
		TRY(standing_find(c, b->refs.db, type, e->id, &now));
	if (now.version)
		TRY(standing_may(c, b->refs.db, e->type, &now, LET_READ, &may));
	if (!may)
		now = (struct standing){ 0 };
	if (!now.version || now.deleted)
		return fail(c, now.deleted ? ERR_GONE : ERR_NOT_FOUND,
			    "%s/" STR_FMT " is not there to be changed.", e->type->name,
			    STR_ARG(e->id));
	if (e->write.if_match && e->write.if_match != now.version)
		return fail(c, ERR_STALE, "%s/" STR_FMT " is at version %lld, not %lld.",
			    e->type->name, STR_ARG(e->id), (long long)now.version,
			    (long long)e->write.if_match);
	TRY(version_load(c, b->refs.db, now.seq, &v));
	TRY(patch_apply(c, &e->patch, &v, &e->resource));
	e->patched = now.version;
	e->write.resource = e->resource;
	e->write.if_match = now.version;
	return OK;
}

static enum method method_of(const struct entry *e)
{
	if (e->verb == VERB_PATCH)
		return METHOD_PATCH;
	return id_is_new(e) ? METHOD_POST : METHOD_PUT;
}

/* A transaction succeeds whole or not at all, so what it reads must be there, or about to be. */
static enum err foresee(struct ctx *c, struct bundle *b, struct entry *e)
{
	struct str rest = e->url, path = str_cut(&rest, '?');
	const struct entry *other = map_get(&b->names, path);

	if (other && other->verb == VERB_DELETE)
		return fail(c, ERR_GONE, STR_FMT " is deleted by %s.", STR_ARG(path),
			    other->where);
	return other ? OK : bundle_get(c, e);
}

static enum err prepare_entry(struct ctx *c, struct bundle *b, struct entry *e)
{
	if (e->verb == VERB_GET)
		return b->transaction ? foresee(c, b, e) : OK;
	if (e->twin && e->twin->error)
		return fail(c, e->twin->error, "%s", e->twin->why);
	if (e->existed)
		return OK;
	if (e->verb == VERB_DELETE)
		return e->id.len ? prepare_delete(c, b->refs.db, e->type, e->id,
						  e->write.if_match, &e->prepared)
				 : OK;
	const char *where = arena_printf(c->arena, "%s.resource", e->where);
	if (e->verb == VERB_PATCH)
		TRY(patch_entry(c, b, e));
	TRY(refs_resolve(&b->refs, where, e->full_url, e->type, e->resource));
	return prepare_put(c, b->refs.db, e->type, e->id, method_of(e), &e->write,
			   &e->prepared);
}

static enum err prepare_all(struct ctx *c, struct bundle *b)
{
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	refs_init(&b->refs, c, db, b->source);
	map_init(&b->names, c->arena);
	b->refs.must_exist = c->place->references == REFERENCES_STRICT ||
			     (b->transaction && c->place->references == REFERENCES_TRANSACTION);
	map_init(&b->creates, c->arena);
	TRY(each_entry(c, b, name_delete));
	TRY(each_entry(c, b, name_rest));
	return each_entry(c, b, prepare_entry);
}

/* --- inside the writer --- */

/* Does it still find the same? */
static enum err still(struct ctx *c, struct db *db, const struct conditional *condition,
		      bool *same)
{
	struct str id;

	TRY(find_one(c, db, condition->search, &id));
	*same = str_eq(id, condition->id);
	return OK;
}

static enum err entry_still(struct ctx *c, struct db *db, const struct entry *e, bool *same)
{
	struct str id;

	TRY(find_for(c, db, e, &id));
	*same = str_eq(id, e->condition.id);
	return OK;
}

/* Is what was patched still current? */
static enum err still_current(struct ctx *c, struct db *db, const struct entry *e, bool *same)
{
	struct standing now;
	int64_t type;

	TRY(name_find(c, db, str_of(e->type->name), &type));
	TRY(standing_find(c, db, type, e->id, &now));
	*same = now.version == e->patched;
	return OK;
}

static enum err recheck(struct ctx *c, struct db *db, struct bundle *b)
{
	bool same = true;

	for (size_t i = 0; same && i < b->refs.conditionals.len; i++)
		TRY(still(c, db, &b->refs.conditionals.at[i], &same));
	for (size_t i = 0; same && i < b->len; i++)
		if (b->at[i].conditional && !b->at[i].error)
			TRY(entry_still(c, db, &b->at[i], &same));
	for (size_t i = 0; same && i < b->len; i++)
		if (b->at[i].patched && !b->at[i].error)
			TRY(still_current(c, db, &b->at[i], &same));
	b->again = !same;
	return OK;
}

static enum err apply_verb(struct apply *a, struct bundle *b, enum verb verb)
{
	for (size_t i = 0; i < b->len; i++) {
		struct entry *e = &b->at[i];

		if (e->verb != verb || e->error || e->existed || !e->id.len)
			continue;
		e->issues = a->c->issues;
		enum err error = apply_write(a, &e->prepared, &e->written);
		if (error)
			TRY(bundle_failed(a->c, b, e, error));
	}
	return OK;
}

static enum err work(struct ctx *c, struct db *db, void *arg)
{
	struct bundle *b = arg;
	struct apply a;

	TRY(recheck(c, db, b));
	if (b->again)
		return OK;
	apply_init(&a, c, db);
	later_begin(c, &b->later);
	a.later = &b->later;
	for (size_t i = 0; i < b->len; i++) {
		if (b->at[i].error || b->at[i].verb == VERB_GET)
			continue;
		apply_forget(&b->at[i].prepared);
		TRY(apply_reserve(&a, &b->at[i].prepared));
	}
	for (int verb = VERB_DELETE; verb < VERB_GET; verb++)
		TRY(apply_verb(&a, b, (enum verb)verb));
	return apply_done(&a);
}

static bool writes(const struct bundle *b)
{
	for (size_t i = 0; i < b->len; i++)
		if (!b->at[i].error && b->at[i].verb != VERB_GET)
			return true;
	return false;
}

/* --- after it --- */

static enum err read_entry(struct ctx *c, struct bundle *b, struct entry *e)
{
	if (c->arena->total > b->held + BUNDLE_ANSWERS && e->verb == VERB_GET)
		return fail(c, ERR_LIMIT, "The answers of a Bundle take %zu MB at most together: ask for less at once.",
			    BUNDLE_ANSWERS >> 20);
	if (e->existed)
		return record_read(c, str_of(e->type->name), e->id, &e->written.version);
	return e->verb == VERB_GET ? bundle_get(c, e) : OK;
}

/* Of a batch each refused entry has its own outcome; a transaction fails as one. */
static enum err ask_claims(struct ctx *c, struct bundle *b, enum err e)
{
	bool asked = false;

	for (size_t i = 0; i < b->len && !b->again; i++)
		if (b->at[i].prepared.claim.holder) {
			enum err told = claim_refused(c, ERR_CONFLICT, &b->at[i].prepared);

			e = e ? told : OK;
			asked = true;
		}
	if (e && asked && c->issues.last) /* which said only what was wrong, not what becomes of it */
		c->issues.last->text = arena_str(c->arena, c->why);
	return e;
}

typedef void tell_done(struct ctx *c, const struct bundle_done *done);

static void tell_entry(struct ctx *c, const struct entry *e, tell_done *told)
{
	struct str rest = e->url, path = str_cut(&rest, '?'), type = str_cut(&path, '/');
	struct str id = path.at ? str_cut(&path, '/') : (struct str){ .at = "" };
	bool asked = e->verb == VERB_GET;

	told(c, &(struct bundle_done){ .error = e->error,
				       .type = type,
				       .id = e->id.len ? e->id : id,
				       .written = asked || e->error ? NULL : &e->written,
				       .shown = e->error ? NULL : e->shown,
				       .shown_len = e->error ? 0 : e->shown_len,
				       .search = asked && !id.len,
				       .query = rest.at ? rest : (struct str){ .at = "" } });
}

static enum err run(struct ctx *c, struct str source, struct node *tree, tell_done *told, bool *again,
		    struct node **response)
{
	struct bundle b;

	TRY(bundle_read(c, source, tree, &b));
	TRY(prepare_all(c, &b));
	if (writes(&b))
		TRY(ask_claims(c, &b, store_write(c, c->place->store, work, &b)));
	if (!b.again)
		TRY(later_keep(c, &b.later));
	*again = b.again;
	if (b.again)
		return OK;
	b.applied = true;
	b.held = c->arena->total;
	TRY(each_entry(c, &b, read_entry));
	for (size_t i = 0; told && i < b.len; i++)
		tell_entry(c, &b.at[i], told);
	*response = bundle_reply(c, &b);
	return OK;
}

static enum err attempt(struct ctx *c, struct str source, struct node *tree, tell_done *told,
			struct node **response)
{
	for (int i = 0; i < ATTEMPTS; i++) {
		bool again;

		TRY(run(c, source, tree, told, &again, response));
		if (!again)
			return OK;
		if (!source.len)
			break; /* its links were rewritten and there is no text to read them from */
		if (str_starts(str_trim(source), STR("<")))
			TRY(fhir_read_xml(c, c->place->fhir, c->arena, source, &tree));
		else
			TRY(fhir_read_json(c, c->place->fhir, c->arena, source, &tree));
	}
	return fail(c, ERR_CONFLICT,
		    "What a condition finds keeps changing; send the Bundle again.");
}

enum err record_bundle_told(struct ctx *c, struct str source, struct node *tree, tell_done *told,
			    struct node **response)
{
	TRY(later_enter(c, tree, (struct str){ 0 }));
	enum err e = attempt(c, source, tree, told, response);
	later_leave(c);
	return e;
}

enum err record_bundle(struct ctx *c, struct str source, struct node *tree, struct node **response)
{
	return record_bundle_told(c, source, tree, NULL, response);
}
