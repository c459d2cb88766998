/* resolve.c - whom a message is about. See resolve.h. */
#include <math.h>

#include "identity/decide.h"
#include "identity/nhs_number.h"

enum { MOST_FOUND = 4 };

/* ---- by number ---- */

static void name_other(struct decision *out, const struct known *other)
{
	out->r.other = other->id;
	out->other_key = other->key;
}

static enum err by_identifier(struct ctx *c, struct db *db, const struct facts *f,
			      struct decision *out)
{
	struct known found[MOST_FOUND];
	size_t n;

	for (unsigned i = 0; i < f->id_count && !out->known.key; i++) {
		TRY(known_find(c, db, f->ids[i].system, f->ids[i].value, MOST_FOUND, found,
			       &n));
		if (n)
			out->known = found[0];
		/* two have it, as after a merge that was taken back: the older one, and people are asked */
		for (size_t k = 1; k < n && !out->other_key; k++)
			if (found[k].key != found[0].key)
				name_other(out, &found[k]);
	}
	return OK;
}

/* Do none of their values agree, though both have some? */
static bool differ(const struct weigher *w, enum fact fact, const struct numbers *x,
		   const struct numbers *y)
{
	enum kind kind = role_rows[fact_roles[fact]].kind;

	for (unsigned i = 0; i < x->len[fact]; i++)
		for (unsigned j = 0; j < y->len[fact]; j++)
			if (compare_values(&w->people->values[kind], kind, x->at[fact][i],
					   y->at[fact][j]) > 1)
				return false;
	return x->len[fact] && y->len[fact];
}

/* A mother's number on her child, a number of the line above: name and birth are both another's. */
static enum err contradict(struct ctx *c, struct db *db, const struct facts *x,
			   const struct facts *y, bool *out)
{
	const struct matcher *m;
	struct weigher w;
	struct numbers xn, yn;

	TRY(matcher_of(c, db, &m));
	weigher_init(&w, c->arena, m, 1);
	weigher_number(&w, x, &xn);
	weigher_number(&w, y, &yn);
	*out = facts_born_apart(&w, x, &xn, y, &yn) && differ(&w, FACT_GIVEN, &xn, &yn);
	return OK;
}

/* Whoever has the NHS number now, first of all verified; key 0: nobody. */
static enum err holder(struct ctx *c, struct db *db, struct str nhs, struct known *out,
		       struct facts *facts)
{
	struct known found[MOST_FOUND];
	size_t n;

	*out = (struct known){ 0 };
	TRY(known_find(c, db, STR(NHS_NUMBER_SYSTEM), nhs, MOST_FOUND, found, &n));
	for (size_t i = 0; i < n; i++) {
		struct facts theirs;

		facts_take(c->arena, found[i].tree, &theirs);
		if (!str_eq(theirs.nhs, nhs) || /* it was theirs once */
		    (out->key && !(theirs.nhs_verified && !facts->nhs_verified)))
			continue;
		*out = found[i];
		*facts = theirs;
	}
	return OK;
}

static enum err by_nhs_number(struct ctx *c, struct db *db, const struct facts *f,
			      struct decision *out)
{
	struct facts theirs;
	struct known k;

	TRY(holder(c, db, f->nhs, &k, &theirs));
	if (!k.key)
		return OK;
	TRY(contradict(c, db, f, &theirs, &out->nhs_contested));
	if (!out->nhs_contested) {
		out->known = k;
		return OK;
	}
	name_other(out, &k);
	return OK;
}

/* Another number of the message leads to another Patient: two numbers of one system's own. */
static enum err other_by_identifier(struct ctx *c, struct db *db, const struct facts *f,
				    struct decision *out)
{
	struct known found[MOST_FOUND];
	size_t n;

	for (unsigned i = 0; i < f->id_count && f->id_count > 1; i++) {
		TRY(known_find(c, db, f->ids[i].system, f->ids[i].value, MOST_FOUND, found,
			       &n));
		if (!n || found[0].key == out->known.key)
			continue;
		name_other(out, &found[0]);
		return OK;
	}
	return OK;
}

/* The sender's number leads to one Patient, the verified NHS number to another. */
static enum err look_for_other(struct ctx *c, struct db *db, const struct facts *f,
			       struct decision *out)
{
	struct facts theirs;
	struct known k;

	facts_take(c->arena, out->known.tree, &theirs);
	if (str_eq(theirs.nhs, f->nhs) && theirs.nhs_verified)
		return OK;
	TRY(holder(c, db, f->nhs, &k, &theirs));
	if (k.key && k.key != out->known.key && theirs.nhs_verified) {
		name_other(out, &k);
		out->nhs_contested = true;
	}
	return OK;
}

static const char *const texts[] = {
	"The sender's own number is one person's, the verified NHS number the other's.",
	"Both are sent with one verified NHS number, but first name and date of birth differ.",
	"One message has a number of the one and a number of the other.",
};

static struct str sentence(struct ctx *c, const char *text)
{
	return str_of(arena_printf(c->arena, "{\"text\":\"%s\"}", text));
}

enum err decide_by_number(struct ctx *c, struct db *db, const struct facts *f,
			  struct decision *out)
{
	struct decision d = { .r = { .how = RESOLVED_NEW } };

	TRY(by_identifier(c, db, f, &d));
	if (d.known.key && f->nhs_verified) {
		TRY(look_for_other(c, db, f, &d));
		if (d.nhs_contested)
			d.r.why = sentence(c, texts[0]);
	}
	if (d.known.key && !d.nhs_contested) {
		if (!d.other_key)
			TRY(other_by_identifier(c, db, f, &d));
		if (d.other_key)
			d.r.why = sentence(c, texts[2]);
	}
	if (!d.known.key && f->nhs_verified)
		TRY(by_nhs_number(c, db, f, &d));
	if (d.known.key) {
		d.r.how = RESOLVED_KNOWN;
		d.r.id = d.known.id;
		d.r.probability = 1;
	} else if (d.nhs_contested) {
		d.r.how = RESOLVED_DOUBT;
		d.r.why = sentence(c, texts[1]);
		d.r.probability = 0.5;
	}
	*out = d;
	return OK;
}

/* ---- by facts ---- */

/* Odds of all others that are not the same human as the best once more. */
static double rival_odds(struct weigher *w, const struct candidate *found, size_t n, size_t best)
{
	double sum = 0, least = log2(w->m->upper) - log2(1 - w->m->upper + 1e-12);

	for (size_t i = 0; i < n; i++) {
		struct weighed same;

		if (i == best || found[i].weighed.other_twin ||
		    found[i].weighed.log_odds < found[best].weighed.log_odds - 40)
			continue;
		weigh(w, &found[best].facts, &found[best].numbers, &found[i].facts,
		      &found[i].numbers, &same);
		if (same.log_odds < least || same.conflict)
			sum += exp2(found[i].weighed.log_odds);
	}
	return sum;
}

static enum err link_to(struct ctx *c, struct db *db, int64_t person, struct decision *out)
{
	struct str id;
	bool there;

	TRY(online_id(c, db, person, &id));
	TRY(known_read(c, db, id, &out->known, &there));
	if (!there)
		return fail(c, ERR_STORE, "The match index names a Patient that is not there.");
	out->r.how = RESOLVED_MATCHED;
	out->r.id = out->known.id;
	return OK;
}

static enum err doubt(struct ctx *c, struct db *db, int64_t person, struct decision *out)
{
	out->r.how = RESOLVED_DOUBT;
	out->other_key = person;
	return online_id(c, db, person, &out->r.other);
}

/* May nobody but a person join them, however likely? */
static bool must_ask(const struct weighed *w)
{
	return w->conflict || w->incomplete || w->born_apart || w->numbered_apart;
}

/* The first that counts, best first: where both have verified numbers that differ, only one that
 * would else be certain is worth anybody's time. */
static size_t first_that_counts(const struct weigher *w, const struct candidate *found, size_t n)
{
	size_t i = 0;

	while (i < n && (found[i].weighed.other_twin ||
			 (found[i].weighed.conflict &&
			  probability_of(found[i].weighed.log_odds) < w->m->upper)))
		i++;
	return i;
}

enum err decide_by_facts(struct ctx *c, struct db *db, const struct facts *facts,
			 struct decision *out)
{
	struct weigher w;
	struct candidate *found;
	size_t n, i;

	if (out->known.key || out->nhs_contested)
		return OK;
	TRY(online_match(c, db, facts, &w, &found, &n));
	i = first_that_counts(&w, found, n);
	if (i == n)
		return OK;
	const struct weighed *best = &found[i].weighed;
	double odds = exp2(best->log_odds);
	double alone = probability_of(best->log_odds);
	double among = odds / (1 + odds + rival_odds(&w, found, n, i));

	out->r.weight = best->weight;
	out->r.probability = isfinite(among) ? among : alone;
	out->r.why = weighed_json(c->arena, best);
	if (out->r.probability >= w.m->upper && !must_ask(best))
		return link_to(c, db, found[i].person, out);
	return alone >= w.m->lower ? doubt(c, db, found[i].person, out) : OK;
}

/* ---- a doubt that was raised before ---- */

enum err decide_again(struct ctx *c, struct db *db, const struct facts *facts, int64_t other,
		      double *probability)
{
	struct weigher w;
	struct candidate *found;
	size_t n, i = 0;

	*probability = 0;
	TRY(online_match(c, db, facts, &w, &found, &n));
	while (i < n && found[i].person != other)
		i++;
	if (i == n || found[i].weighed.other_twin || must_ask(&found[i].weighed))
		return OK;
	double odds = exp2(found[i].weighed.log_odds);
	double among = odds / (1 + odds + rival_odds(&w, found, n, i));

	if (!isfinite(among))
		among = probability_of(found[i].weighed.log_odds);
	if (among >= w.m->upper)
		*probability = among;
	return OK;
}

/* ---- all of it ---- */

enum err identity_catch_up(struct ctx *c, const struct progress *progress)
{
	return online_catch_up(c, progress);
}

enum err identity_resolve(struct ctx *c, const struct node *patient, struct str org,
			  struct resolution *out)
{
	struct decision d;
	struct facts facts;

	(void)org;
	facts_take(c->arena, patient, &facts);
	TRY(online_catch_up(c, NULL));
	{
		READER(db);

		TRY(store_reader(c, c->place->store, &db));
		TRY(db_begin(c, db));
		TRY(decide_by_number(c, db, &facts, &d));
		TRY(decide_by_facts(c, db, &facts, &d));
	}
	*out = d.r;
	return OK;
}
