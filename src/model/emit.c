/* emit.c - the run: each bundle of people_make is taken apart by person and organisation, and told
 * again as those would send it. */
#include "model/emit_part.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/when.h"

static const char *const hospitals[] = { "WXA", "WXA01", "WXA02" };
static const char council_code[] = "WXL", hospital_code[] = "WXA";

bool dirt_falls(struct emit_run *run, enum dirt which)
{
	bool falls = (int)rng_below(&run->m.r, 10000) < run->rates[which];

	return falls && !run->clean;
}

enum err dirt_read(struct emit_run *run, const struct share *share, struct arena *life)
{
	static const char *const keys[DIRTS] = {
#define X(name, key) key,
		DIRT_ROWS(X)
#undef X
	};
	TRY(people_data_read(run->c, share, life, &run->data));
	for (unsigned i = 0; i < DIRTS; i++) {
		bool found = false;
		for (size_t k = 0; k < run->data.dirts.len; k++) {
			const struct people_dirt *row = &run->data.dirts.at[k];
			if (strcmp(row->key, keys[i]) != 0)
				continue;
			found = true;
			run->rates[i] = run->o->dirt == DIRT_HEAVY   ? row->heavy
					: run->o->dirt == DIRT_USUAL ? row->usual
								     : 0;
		}
		if (!found)
			return fail(run->c, ERR_INVALID, "demo/dirt.tsv has no row %s", keys[i]);
	}
	return OK;
}

enum err emit_put(struct emit_run *run, enum emit_kind kind, const char *org, int64_t arrives,
		  unsigned person, struct str text)
{
	struct emitted one = { .kind = kind,
			       .org = org,
			       .arrives = arrives,
			       .serial = run->serial++,
			       .person = person,
			       .fresh = run->fresh,
			       .text = text };

	if (kind != EMIT_TRUTH && (arrives < run->o->since || arrives > run->m.now))
		return OK; /* told before, or still on its way */
	return run->each(run->c, run->arg, &one);
}

enum err emit_truth(struct emit_run *run, const char *org, const char *record, unsigned person)
{
	const char *line = arena_printf(run->a, "%s,%s,%u\n", org, record, person);

	return emit_put(run, EMIT_TRUTH, org, 0, person, str_of(line));
}

/* ---- reading what people_make tells ---- */

static int two(const char *at)
{
	return (at[0] - '0') * 10 + at[1] - '0';
}

int64_t emit_minute(const struct node *n)
{
	struct str s = node_text(n);
	int64_t minute;

	if (s.len < 10)
		return NEVER;
	minute = when_days(two(s.at) * 100 + two(s.at + 2), two(s.at + 5), two(s.at + 8)) * DAY;
	return s.len < 16 ? minute : minute + two(s.at + 11) * 60 + two(s.at + 14);
}

const char *emit_source(struct emit_run *run, const struct node *resource)
{
	struct str s = node_text(node_path(resource, "meta.source"));
	size_t at = s.len;

	while (at > 0 && s.at[at - 1] != '/')
		at--;
	return str_dup(run->a, (struct str){ s.at + at, s.len - at });
}

bool emit_is_hospital(const char *code)
{
	for (size_t i = 0; i < sizeof hospitals / sizeof *hospitals; i++)
		if (strcmp(hospitals[i], code) == 0)
			return true;
	return false;
}

struct str emit_code(const struct node *concept)
{
	return node_str(node_at(node_get(concept, "coding"), 0), "code");
}

struct str emit_words(const struct node *concept)
{
	struct str text = node_str(concept, "text");

	return text.len ? text : node_str(node_at(node_get(concept, "coding"), 0), "display");
}

/* ---- one person ---- */

/* "p-000123…" */
static unsigned number_of(struct str id)
{
	int64_t n = 0;

	return id.len >= 8 && str_starts(id, STR("p-")) &&
			       str_int((struct str){ id.at + 2, 6 }, &n)
		       ? (unsigned)n
		       : 0;
}

/* Everyone but hospitals and the council: each sender its own Bundle. */
static enum err tell_others(struct emit_run *run, const struct tale *t)
{
	VEC(const char *) told = { 0 };

	*vec_push(&told, run->a) = council_code;
	for (size_t i = 0; i < sizeof hospitals / sizeof *hospitals; i++)
		*vec_push(&told, run->a) = hospitals[i];
	*vec_push(&told, run->a) = t->truth.practice;
	for (size_t i = 0; i < t->all.len; i++) {
		const char *org = emit_source(run, t->all.at[i]);
		bool known = !*org;
		for (size_t k = 0; k < told.len; k++)
			known |= strcmp(told.at[k], org) == 0;
		if (known)
			continue;
		*vec_push(&told, run->a) = org;
		const char *record = say(&run->m, "%s-%06u", org, t->number);
		struct self s = self_dirty(run, &t->truth, KEEPER_OTHER, record);
		TRY(emit_truth(run, org, record, t->number));
		TRY(emit_fhir(run, t, org, &s, say(&run->m, PEOPLE_BASE "Id/%s/person", org)));
	}
	return OK;
}

static enum err tell_practice(struct emit_run *run, const struct tale *t)
{
	const char *org = t->truth.practice, *record = say(&run->m, "G%06u", t->number);
	struct self s = self_dirty(run, &t->truth, KEEPER_PRACTICE, record);

	TRY(emit_truth(run, org, record, t->number));
	return emit_fhir(run, t, org, &s, say(&run->m, PEOPLE_BASE "Id/%s/person", org));
}

static enum err tell_hospital(struct emit_run *run, const struct tale *t)
{
	bool known = false;

	for (size_t i = 0; i < t->all.len; i++)
		known |= emit_is_hospital(emit_source(run, t->all.at[i]));
	if (!known)
		return OK;
	const char *record = say(&run->m, "M%06u", t->number);
	struct self s = self_dirty(run, &t->truth, KEEPER_HOSPITAL, record);
	TRY(emit_truth(run, hospital_code, record, t->number));
	TRY(emit_hospital(run, t, &s));
	return emit_fhir(run, t, hospital_code, &s, PEOPLE_BASE "Id/WXA/wxa");
}

bool emit_known_to_council(struct emit_run *run, const struct tale *t)
{
	bool known = false;

	for (size_t i = 0; i < t->all.len; i++)
		known |= strcmp(emit_source(run, t->all.at[i]), council_code) == 0;
	node_each(identifier, node_get(t->patient, "identifier"))
		known |= str_is(node_str(identifier, "system"), PEOPLE_BASE "Id/council-person");
	return known;
}

static enum err tell_council(struct emit_run *run, const struct tale *t)
{
	if (!emit_known_to_council(run, t))
		return OK;
	const char *record = say(&run->m, "LAS%07u", 1000000 + t->number);
	struct self s = self_dirty(run, &t->truth, KEEPER_COUNCIL, record);
	TRY(emit_truth(run, council_code, record, t->number));
	TRY(emit_council(run, t, &s));
	return emit_fhir(run, t, council_code, &s, PEOPLE_BASE "Id/WXL/person");
}

/* Keep what the next person may share; of two arenas the one not in use. */
static void remember(struct emit_run *run, const struct self *s)
{
	struct arena *a = run->last_arena[1];

	arena_reset(a);
	run->last_arena[1] = run->last_arena[0];
	run->last_arena[0] = a;
	run->last = (struct self){ .family = arena_str(a, s->family), .born = arena_str(a, s->born) };
	const char *const from[] = { s->line, s->line2, s->city, s->postcode, s->phone };
	const char **const to[] = { &run->last.line, &run->last.line2, &run->last.city,
				    &run->last.postcode, &run->last.phone };
	for (size_t i = 0; i < sizeof to / sizeof *to; i++)
		*to[i] = from[i] ? arena_str(a, from[i]) : NULL;
}

static enum err tell_person(struct emit_run *run, struct tale *t)
{
	run->m.r = rng_start(run->o->place.seed, 'E', t->number);
	run->clean = t->number <= PEOPLE_FIXED; /* tours rely on them */
	self_true(run, t);
	TRY(tell_practice(run, t));
	TRY(tell_hospital(run, t));
	TRY(tell_council(run, t));
	TRY(tell_others(run, t));
	TRY(emit_fresh(run, t));
	remember(run, &t->truth);
	return OK;
}

static enum err each_bundle(struct ctx *c, void *arg, struct node *bundle)
{
	struct emit_run *run = arg;
	struct tale *tales[PEOPLE_FIXED] = { 0 };

	(void)c;
	arena_reset(run->a);
	if (!run->county_told) {
		run->county_told = true;
		return emit_county(run, bundle);
	}
	node_each(entry, node_get(bundle, "entry")) {
		const struct node *resource = node_get(entry, "resource");
		unsigned number = number_of(node_str(resource, "id"));
		for (unsigned i = 0; number && i < PEOPLE_FIXED; i++) {
			if (!tales[i]) {
				tales[i] = NEW(run->a, struct tale);
				tales[i]->number = number;
			}
			if (tales[i]->number != number)
				continue;
			if (str_is(node_str(resource, "resourceType"), "Patient"))
				tales[i]->patient = resource;
			else
				*vec_push(&tales[i]->all, run->a) = resource;
			break;
		}
	}
	for (unsigned i = 0; i < PEOPLE_FIXED && tales[i]; i++)
		if (tales[i]->patient)
			TRY(tell_person(run, tales[i]));
	return OK;
}

enum err emit_make(struct ctx *c, const struct share *share, const struct emit_options *options,
		   emit_each *each, void *arg)
{
	ARENA(life);
	ARENA(person);
	ARENA(last);
	ARENA(before);
	struct emit_run run = { .c = c, .o = options, .a = &person, .each = each, .arg = arg };

	TRY(dirt_read(&run, share, &life));
	TRY(nicks_read(&run, share, &life));
	map_init(&run.codes, &life);
	run.life = &life;
	run.last_arena[0] = &last;
	run.last_arena[1] = &before;
	run.m = (struct maker){ .c = c, .options = &options->place, .d = &run.data, .a = &person };
	run.m.now = (options->place.today / 1000000 + 60 * when_london_offset(options->place.today)) / 60;
	if (options->until)
		run.m.now = options->until;
	run.m.today = run.m.now / DAY;
	return people_make(c, share, &options->place, each_bundle, &run);
}
