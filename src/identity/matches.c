/* matches.c - see matches.h. */
#include "identity/matches.h"

#include <math.h>

#include "identity/decide.h"
#include "record/guard_row.h"

static const double LEAST = 0.01;

const char *match_grade_code(enum match_grade grade)
{
	static const char *const codes[] = { "possible", "probable", "certain" };

	return codes[grade];
}

struct matching {
	struct ctx *c;
	struct db *db;
	struct facts facts;
	struct decision decision;
	struct weigher w;
	struct candidate *found;
	size_t len;
};

static bool says_nothing(const struct facts *f)
{
	unsigned n = f->id_count;

	for (unsigned fact = 0; fact < FACT_COUNT; fact++)
		n += fact != FACT_SEX ? f->of[fact].len : 0;
	return !n;
}

/* *may false: who asks may not see that Patient. */
static enum err read_version(struct matching *m, struct str id, struct version *out, bool *may)
{
	const struct fhir_type *patient = fhir_resource_type(m->c->place->fhir, STR("Patient"));
	struct standing now;
	int64_t type;

	TRY(name_find(m->c, m->db, STR("Patient"), &type));
	TRY(standing_find(m->c, m->db, type, id, &now));
	TRY(standing_may(m->c, m->db, patient, &now, LET_LIST, may));
	return *may ? version_load(m->c, m->db, now.seq, out) : OK;
}

/* Each candidate's share among all of them and somebody new. */
static double among(const struct matching *m, size_t i)
{
	double best = 0, sum = 0;

	for (size_t j = 0; j < m->len; j++)
		best = fmax(best, m->found[j].weighed.log_odds);
	for (size_t j = 0; j < m->len; j++)
		sum += exp2(m->found[j].weighed.log_odds - best);
	return exp2(m->found[i].weighed.log_odds - best) / (sum + exp2(-best));
}

static enum err add(struct matching *m, size_t i, struct match *out, size_t *len)
{
	const struct candidate *found = &m->found[i];
	struct match one = { .weight = found->weighed.weight, .probability = among(m, i) };
	struct str id;
	bool may;

	if (found->person == m->decision.known.key || found->weighed.other_twin ||
	    one.probability < LEAST)
		return OK;
	one.grade = one.probability >= 0.5 ? MATCH_PROBABLE : MATCH_POSSIBLE;
	one.why = weighed_json(m->c->arena, &found->weighed);
	TRY(online_id(m->c, m->db, found->person, &id));
	TRY(read_version(m, id, &one.version, &may));
	if (may)
		out[(*len)++] = one;
	return OK;
}

/* The one that would be written to is certain, and comes first. */
static enum err add_decided(struct matching *m, struct match *out, size_t *len)
{
	const struct resolution *r = &m->decision.r;
	struct match one = { .grade = MATCH_CERTAIN,
			     .weight = r->weight,
			     .probability = r->probability,
			     .why = r->why };
	bool may;

	if (!m->decision.known.key)
		return OK;
	TRY(read_version(m, r->id, &one.version, &may));
	if (may)
		out[(*len)++] = one;
	return OK;
}

static enum err match_in(struct matching *m, bool certain, size_t cap, struct match **out,
			 size_t *len)
{
	struct ctx *c = m->c;
	size_t n = 0;

	TRY(decide_by_number(c, m->db, &m->facts, &m->decision));
	TRY(decide_by_facts(c, m->db, &m->facts, &m->decision));
	if (!certain)
		TRY(online_match(c, m->db, &m->facts, &m->w, &m->found, &m->len));
	*out = NEW_N(c->arena, struct match, m->len + 1);
	TRY(add_decided(m, *out, &n));
	for (size_t i = 0; i < m->len && n < cap; i++)
		TRY(add(m, i, *out, &n));
	*len = n;
	return OK;
}

enum err identity_matches(struct ctx *c, const struct node *patient, bool certain, size_t cap,
			  struct match **out, size_t *len)
{
	struct matching *m = NEW(c->arena, struct matching);
	READER(db);

	facts_take(c->arena, patient, &m->facts);
	if (says_nothing(&m->facts))
		return fail(c, ERR_INVALID,
			    "A Patient is matched by name, date of birth, address, telecom or "
			    "identifier, and has none.");
	TRY(online_catch_up(c, NULL));
	TRY(store_reader(c, c->place->store, &db));
	TRY(db_begin(c, db));
	m->c = c;
	m->db = db;
	return match_in(m, certain, cap, out, len);
}
