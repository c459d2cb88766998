/* admit.c - resolve and write. See resolve.h.
 *
 * As every write, prepared on the caller's thread from what a reader sees and applied in the writer,
 * which looks first whether that still holds: the known Patient is at the version seen, and nobody who
 * could be the same human has come. If not, all is begun anew.
 */
#include "identity/blend.h"
#include "identity/decide.h"
#include "identity/doubt.h"
#include "identity/nhs_number.h"

enum { ATTEMPTS = 20 };

struct admission {
	const struct node *said;
	struct str org;
	struct facts facts;
	struct online_keys keys;  /* of what is said */
	struct online_entry after; /* of the Patient when it is written */
	struct decision decision;
	int64_t seen; /* by the index when it was decided */
	struct prepared prepared;
	struct written written;
	struct resolution told;
};

/* ---- preparing ---- */

/* The NHS number of somebody else: kept, but as one to be resolved. */
static void contest_nhs(struct ctx *c, struct node *patient)
{
	node_each(identifier, node_get(patient, "identifier"))
	{
		if (str_is(node_str(identifier, "system"), NHS_NUMBER_SYSTEM))
			nhs_identifier_mark(c->arena, identifier, "05");
	}
}

static void drop(struct node *object, const char *name)
{
	struct node *n = node_get(object, name);

	if (n)
		node_remove(object, n);
}

/* meta.source: who last changed something. */
static void set_source(struct ctx *c, struct node *patient, const struct admission *a)
{
	struct node *meta = node_get(patient, "meta");
	struct str source = node_text(node_path(a->said, "meta.source"));

	if (!source.len)
		source = a->org;
	if (!source.len)
		return;
	if (!meta)
		meta = node_add(c->arena, patient, "meta", NODE_OBJECT);
	drop(meta, "source");
	node_add_str(c->arena, meta, "source", source);
}

static struct node *new_patient(struct ctx *c, const struct admission *a)
{
	struct node *patient = node_copy(c->arena, a->said);

	drop(patient, "id");
	blend_first(c->arena, patient, a->org);
	if (a->decision.nhs_contested)
		contest_nhs(c, patient);
	set_source(c, patient, a);
	return patient;
}

static bool has_identifier(const struct node *patient, const struct node *said)
{
	node_each(n, node_get(patient, "identifier"))
	{
		if (str_eq(str_trim(node_str(n, "system")), str_trim(node_str(said, "system"))) &&
		    str_eq(str_trim(node_str(n, "value")), str_trim(node_str(said, "value"))))
			return true;
	}
	return false;
}

/* A sender's number that a merged Patient has stays there: were the survivor given it too, nobody could
 * tell whose it is when the merge is taken back. */
static void leave_numbers(const struct known *known, struct node *said)
{
	struct node *list = node_get(said, "identifier"), *next;

	if (known->first == known->tree || !list)
		return;
	for (struct node *n = list->first; n; n = next) {
		next = n->next;
		if (!str_is(node_str(n, "system"), NHS_NUMBER_SYSTEM) &&
		    has_identifier(known->first, n))
			node_remove(list, n);
	}
	if (!list->len)
		node_remove(said, list);
}

static struct node *changed_patient(struct ctx *c, const struct admission *a)
{
	struct node *patient = a->decision.known.tree, *before = node_copy(c->arena, patient);
	struct node *said = node_copy(c->arena, a->said);

	if (a->decision.nhs_contested)
		contest_nhs(c, said);
	leave_numbers(&a->decision.known, said);
	blend(c->arena, patient, said, a->org, clock_now(c->clock));
	if (!node_equal(before, patient))
		set_source(c, patient, a);
	return patient;
}

static enum err prepare_write(struct ctx *c, struct db *db, struct admission *a)
{
	const struct fhir_type *type;
	struct write w = { .org = a->org };
	struct known *known = &a->decision.known;

	TRY(resource_type(c, STR("Patient"), &type));
	if (!known->key) {
		w.resource = new_patient(c, a);
		atoms_adopt(c->place->fhir->atoms, w.resource);
		return prepare_put(c, db, type, (struct str){ 0 }, METHOD_POST, &w,
				   &a->prepared);
	}
	w.resource = changed_patient(c, a);
	atoms_adopt(c->place->fhir->atoms, w.resource);
	return prepare_put(c, db, type, known->id, METHOD_PUT, &w, &a->prepared);
}

/* A number of somebody else has raised its doubt already, and a message is not refused for it. */
static enum err prepare(struct ctx *c, struct db *db, struct admission *a)
{
	TRY(prepare_write(c, db, a));
	a->prepared.settled = true;
	return OK;
}

/* Most messages are of somebody known, and need no index. */
static enum err look_by_number(struct ctx *c, struct admission *a)
{
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	TRY(db_begin(c, db));
	TRY(decide_by_number(c, db, &a->facts, &a->decision));
	return a->decision.known.key ? prepare(c, db, a) : OK;
}

static enum err look_by_facts(struct ctx *c, struct admission *a)
{
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	TRY(db_begin(c, db));
	TRY(online_seen(c, db, &a->seen));
	TRY(decide_by_number(c, db, &a->facts, &a->decision));
	TRY(decide_by_facts(c, db, &a->facts, &a->decision));
	return prepare(c, db, a);
}

static enum err look(struct ctx *c, struct admission *a)
{
	TRY(look_by_number(c, a));
	if (a->decision.known.key)
		return OK;
	TRY(online_catch_up(c, NULL));
	return look_by_facts(c, a);
}

/* ---- in the writer ---- */

/* Does what was decided still hold? Those found by number have not changed; nobody has come whom the
 * message could be about. */
static enum err still(struct ctx *c, struct db *db, const struct admission *a, bool *out)
{
	const struct known *known = &a->decision.known;
	struct standing now = { 0 };
	bool touched = false;
	int64_t type;

	if (a->decision.r.how != RESOLVED_KNOWN)
		TRY(online_catch_up_in(c, db, a->seen, &a->keys, &touched));
	if (known->key) {
		TRY(name_find(c, db, STR("Patient"), &type));
		TRY(standing_find(c, db, type, known->id, &now));
	}
	*out = !touched && now.version == known->version && !now.deleted;
	return OK;
}

static enum err raise_doubt(struct ctx *c, struct db *db, const struct admission *a)
{
	const struct decision *d = &a->decision;
	struct doubt_wish wish = { .a = d->other_key,
				   .b = a->prepared.key,
				   .weight = d->r.weight,
				   .probability = d->r.probability,
				   .why = d->r.why,
				   .source = d->r.weight != 0 ? STR("match") :
								STR("identifier") };
	int64_t key;

	return d->other_key ? doubt_add(c, db, &wish, &key) : OK;
}

static bool says_nothing(const struct admission *a)
{
	return a->prepared.unchanged && !a->decision.other_key;
}

/* As an engine may run a transaction again, nothing of an earlier run counts. */
enum err identity_apply(struct ctx *c, struct db *db, struct admission *a)
{
	struct apply apply;
	bool same;

	if (says_nothing(a))
		return OK;
	TRY(still(c, db, a, &same));
	if (!same)
		return fail(c, ERR_STALE, "Somebody like this one has just been written.");
	apply_init(&apply, c, db);
	apply_forget(&a->prepared);
	TRY(apply_write(&apply, &a->prepared, &a->written));
	TRY(apply_done(&apply));
	if (a->decision.r.how != RESOLVED_KNOWN)
		TRY(online_take(c, db, a->prepared.key, a->written.version.seq, &a->after));
	return raise_doubt(c, db, a);
}

/* ---- both ---- */

/* What a write would tell that is none. */
static void tell_unchanged(struct admission *a)
{
	const struct standing *seen = &a->prepared.seen;

	a->written = (struct written){ .version = { .type = STR("Patient"),
						    .id = a->prepared.id,
						    .version = seen->version,
						    .updated = seen->updated,
						    .seq = seen->seq,
						    .person = seen->person,
						    .method = METHOD_PUT,
						    .body = a->prepared.body },
				       .unchanged = true };
}

enum err identity_prepare(struct ctx *c, struct node *patient, struct str org,
			  struct admission **out)
{
	struct admission *a = NEW(c->arena, struct admission);

	*a = (struct admission){ .said = patient, .org = org };
	if (!str_is(node_str(patient, "resourceType"), "Patient"))
		return fail(c, ERR_INVALID, "Only a Patient can be admitted.");
	facts_take(c->arena, patient, &a->facts);
	online_keys(&a->facts, &a->keys);
	TRY(look(c, a));
	online_entry(c->arena, a->prepared.resource, &a->after);
	if (a->prepared.unchanged)
		tell_unchanged(a);
	a->told = a->decision.r;
	a->told.id = a->prepared.id;
	a->told.unchanged = a->prepared.unchanged;
	*out = a;
	return OK;
}

const struct resolution *identity_prepared(const struct admission *a)
{
	return &a->told;
}

bool identity_meets(const struct admission *later, const struct admission *earlier)
{
	int64_t key = later->decision.known.key;

	if (key && key == earlier->decision.known.key)
		return true;
	return later->decision.r.how != RESOLVED_KNOWN &&
	       online_keys_share(&later->keys, &earlier->after.keys);
}

enum err identity_applied(struct ctx *c, const struct admission *a)
{
	bool merged;

	return a->told.how == RESOLVED_KNOWN ? identity_settle(c, a->told.id, &merged) : OK;
}

static enum err work(struct ctx *c, struct db *db, void *arg)
{
	return identity_apply(c, db, arg);
}

enum err identity_write(struct ctx *c, struct admission *a)
{
	if (!says_nothing(a))
		TRY(store_write(c, c->place->store, work, a));
	return identity_applied(c, a);
}

enum err identity_admit(struct ctx *c, struct node *patient, struct str org,
			struct resolution *out)
{
	for (int i = 0; i < ATTEMPTS; i++) {
		struct admission *a;
		enum err e;

		TRY(identity_prepare(c, patient, org, &a));
		e = identity_write(c, a);
		if (e == ERR_STALE)
			continue;
		TRY(e);
		*out = a->told;
		out->version = a->written.version;
		out->unchanged = a->written.unchanged;
		return OK;
	}
	return fail(c, ERR_CONFLICT, "People like this one keep changing; try again.");
}
