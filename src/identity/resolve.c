/* resolve.c - whom a message is about. See resolve.h. */
#include "identity/decide.h"

#include "identity/compare.h"
#include "identity/nhs_number.h"

enum { MOST_FOUND = 4 };

/* ---- by number ---- */

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
	}
	return OK;
}

/* Do none of their values agree, though both have some? */
static bool differ(const struct facts *x, const struct facts *y, enum fact fact)
{
	if (!x->of[fact].len || !y->of[fact].len)
		return false;
	for (unsigned i = 0; i < x->of[fact].len; i++)
		for (unsigned j = 0; j < y->of[fact].len; j++)
			if (facts_level(fact, x->of[fact].at[i], y->of[fact].at[j]) >= 2)
				return false;
	return true;
}

/* A mother's number on her child, a number of the line above: name and birth are both another's. */
static bool contradict(const struct facts *x, const struct facts *y)
{
	return differ(x, y, FACT_DOB) && differ(x, y, FACT_GIVEN);
}

static enum err by_nhs_number(struct ctx *c, struct db *db, const struct facts *f,
			      struct decision *out)
{
	struct known found[MOST_FOUND];
	size_t n;

	if (!f->nhs.len || !f->nhs_verified)
		return OK;
	TRY(known_find(c, db, STR(NHS_NUMBER_SYSTEM), f->nhs, MOST_FOUND, found, &n));
	for (size_t i = 0; i < n && !out->known.key; i++) {
		struct facts theirs;

		facts_take(c->arena, found[i].tree, &theirs);
		if (!str_eq(theirs.nhs, f->nhs))
			continue; /* it was theirs once */
		if (contradict(f, &theirs)) {
			out->nhs_contested = true;
			out->r.other = found[i].id;
			continue;
		}
		out->known = found[i];
	}
	return OK;
}

/* ---- all of it ---- */

enum err decide(struct ctx *c, struct db *db, const struct facts *facts, struct decision *out)
{
	struct decision d = { .r = { .how = RESOLVED_NEW } };

	TRY(by_identifier(c, db, facts, &d));
	if (!d.known.key)
		TRY(by_nhs_number(c, db, facts, &d));
	if (d.known.key)
		d.r = (struct resolution){ .how = RESOLVED_KNOWN, .id = d.known.id };
	else if (d.nhs_contested)
		d.r.how = RESOLVED_DOUBT;
	*out = d;
	return OK;
}

enum err identity_resolve(struct ctx *c, const struct node *patient, struct str org,
			  struct resolution *out)
{
	struct decision d;
	struct facts facts;
	READER(db);

	(void)org;
	facts_take(c->arena, patient, &facts);
	TRY(store_reader(c, c->place->store, &db));
	TRY(db_begin(c, db));
	TRY(decide(c, db, &facts, &d));
	*out = d.r;
	return OK;
}
