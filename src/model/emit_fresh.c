/* emit_fresh.c - what surgeries, community nurses and the council tell of the last days, and people_make
 * does not: a blood pressure taken, a visit at home, a call to the council. Each names the person as
 * its own system knows them, so some are found at once, some only by likeness, and some are doubts.
 *
 * Chance is drawn from a stream of its own: whatever is told here, all else stays as it is. */
#include "model/emit_part.h"

enum { DAYS = 3, EXTRACT = 6 * 60 + 30 /* the council's extract is made each morning */ };

static struct node *entry_of(struct emit_run *run, struct node *entries, const char *type, const char *id)
{
	struct maker *m = &run->m;
	struct node *entry = put_object(m, entries, NULL), *request, *resource;

	resource = put_object(m, entry, "resource");
	put(m, resource, "resourceType", type);
	put(m, resource, "id", id);
	request = put_object(m, entry, "request");
	put(m, request, "method", "PUT");
	put(m, request, "url", say(m, "%s/%s", type, id));
	return resource;
}

static void put_pressure(struct emit_run *run, struct node *o)
{
	struct maker *m = &run->m;
	static const struct code parts[] = { { LOINC, "8480-6", "Systolic blood pressure" },
					     { LOINC, "8462-4", "Diastolic blood pressure" } };
	struct node *list = put_array(m, o, "component");

	put_concept(m, o, "code", (struct code){ LOINC, "85354-9", "Blood pressure" }, NULL);
	for (unsigned i = 0; i < 2; i++) {
		struct node *part = put_object(m, list, NULL);
		put_concept(m, part, "code", parts[i], NULL);
		put_quantity(m, part, "valueQuantity",
			     i ? rng_between(&m->r, 62, 98) : rng_between(&m->r, 104, 178), 0, "mmHg", "mm[Hg]");
	}
}

/* Now and then the sender forgets what it must say, and the Bundle is not understood. */
static struct node *observe(struct emit_run *run, struct node *entries, const char *record, int64_t at)
{
	struct maker *m = &run->m;
	struct node *o = entry_of(run, entries, "Observation", say(m, "%s-bp-%lld", record, (long long)at));

	if (!dirt_falls(run, D_FRESH_BROKEN))
		put(m, o, "status", "final");
	put_concepts(m, o, "category", (struct code){ TERMINOLOGY "observation-category", "vital-signs", NULL },
		     NULL);
	put_pressure(run, o);
	put_reference(m, o, "subject", say(m, "Patient/%s", record), NULL);
	put_time(m, o, "effectiveDateTime", at);
	return o;
}

static void put_home_visit(struct emit_run *run, struct node *entries, const char *record, int64_t at)
{
	struct maker *m = &run->m;
	const char *id = say(m, "%s-visit-%lld", record, (long long)at);
	struct node *e = entry_of(run, entries, "Encounter", id), *o;

	put(m, e, "status", "finished");
	put_coding(m, e, "class", (struct code){ TERMINOLOGY "v3-ActCode", "HH", "home health" });
	put_concepts(m, e, "type", (struct code){ 0 }, "Community nurse’s visit");
	put_reference(m, e, "subject", say(m, "Patient/%s", record), NULL);
	put_period(m, e, "period", at, at + 25);
	o = observe(run, entries, record, at + 10);
	put_reference(m, o, "encounter", say(m, "Encounter/%s", id), NULL);
}

/* In the hours in which a surgery is open, told a quarter of an hour later. */
static int64_t seen_at(struct emit_run *run)
{
	int64_t day = run->m.today - (int64_t)rng_below(&run->m.r, DAYS);

	return day * DAY + rng_between(&run->m.r, 8 * 60, 18 * 60);
}

static enum err tell_seen(struct emit_run *run, const struct tale *t, const char *org, const struct self *s,
			  bool at_home)
{
	struct maker *m = &run->m;
	struct node *bundle = node_new(run->a, NODE_OBJECT), *entries;
	int64_t at = seen_at(run);

	put(m, bundle, "resourceType", "Bundle");
	put(m, bundle, "type", "transaction");
	entries = put_array(m, bundle, "entry");
	emit_patient(run, entries, org, s, say(m, PEOPLE_BASE "Id/%s/person", org));
	if (at_home)
		put_home_visit(run, entries, s->record, at);
	else
		observe(run, entries, s->record, at);
	return emit_bundle(run, org, at + 40, t->number, bundle);
}

static enum err tell_call(struct emit_run *run, const struct tale *t, bool known)
{
	static const char *const words[] = { "Help with washing and dressing", "Equipment for the bathroom",
					     "A carer needs a break", "Worried about falls at home",
					     "Meals, and getting to the shops" };
	const char *record = say(&run->m, "LAS%07u", 1000000 + t->number);
	struct self s = self_dirty(run, &t->truth, KEEPER_COUNCIL, record);
	int64_t at = seen_at(run);
	const char *about = words[rng_below(&run->m.r, sizeof words / sizeof *words)];

	if (!known)
		TRY(emit_truth(run, "WXL", record, t->number));
	return emit_call(run, t, &s, at, (at / DAY + 1) * DAY + EXTRACT, about);
}

static bool has_from(struct emit_run *run, const struct tale *t, const char *org)
{
	for (size_t i = 0; i < t->all.len; i++)
		if (strcmp(emit_source(run, t->all.at[i]), org) == 0)
			return true;
	return false;
}

static enum err tell_all(struct emit_run *run, const struct tale *t)
{
	const char *practice = t->truth.practice;
	struct self s;

	if (dirt_falls(run, D_FRESH_PRACTICE)) {
		s = self_dirty(run, &t->truth, KEEPER_PRACTICE, say(&run->m, "G%06u", t->number));
		TRY(tell_seen(run, t, practice, &s, false));
	}
	if (dirt_falls(run, D_FRESH_COMMUNITY) && has_from(run, t, "WXC")) {
		s = self_dirty(run, &t->truth, KEEPER_OTHER, say(&run->m, "WXC-%06u", t->number));
		TRY(tell_seen(run, t, "WXC", &s, true));
	}
	return dirt_falls(run, D_FRESH_COUNCIL) ? tell_call(run, t, emit_known_to_council(run, t)) : OK;
}

enum err emit_fresh(struct emit_run *run, const struct tale *t)
{
	struct rng before = run->m.r;
	enum err e = OK;

	if (run->clean || t->truth.died != NEVER || run->o->dirt == DIRT_NONE)
		return OK;
	run->m.r = rng_start(run->o->place.seed, 'F', t->number);
	run->fresh = true;
	e = tell_all(run, t);
	run->fresh = false;
	run->m.r = before;
	return e;
}
