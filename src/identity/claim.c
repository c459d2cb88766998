/* claim.c - changing an identifier to one that exists is asking for a merge. See claim.h.
 *
 * Which identifiers are one person's alone is a place's to say: share/identity/unique.json.
 */
#include "identity/claim.h"

#include "identity/doubt.h"
#include "identity/facts.h"
#include "identity/known.h"
#include "identity/nhs_number.h"
#include "record/same.h"

enum { MOST_HOLDERS = 8 };

/* ---- which they are ---- */

/* "https://causeway.example/fhir/Id/" and a star: all that begin so. */
static bool fits(struct str pattern, struct str system)
{
	if (str_ends(pattern, STR("*")))
		return str_starts(system, (struct str){ pattern.at, pattern.len - 1 });
	return str_eq(pattern, system);
}

static bool listed(const struct node *list, struct str system)
{
	node_each(n, list)
	{
		if (fits(node_text(n), system))
			return true;
	}
	return false;
}

/* Does the identifier say that this person and no other has it? */
static bool is_unique(const struct node *rules, const struct node *identifier)
{
	struct str system = node_str(identifier, "system");

	if (!system.len || !node_str(identifier, "value").len || facts_unchecked(system) ||
	    str_is(node_str(identifier, "use"), "old"))
		return false;
	return listed(node_get(rules, "always"), system) ||
	       (listed(node_get(rules, "verified"), system) &&
		nhs_identifier_verified(identifier));
}

static bool says(const struct node *rules, const struct node *patient, struct str system,
		 struct str value)
{
	node_each(identifier, node_get(patient, "identifier"))
	{
		if (str_eq(node_str(identifier, "system"), system) &&
		    str_eq(node_str(identifier, "value"), value) &&
		    is_unique(rules, identifier))
			return true;
	}
	return false;
}

/* ---- looking ---- */

/* Whoever else has it now. Hidden people count: the answer names nobody. */
static enum err find_holder(struct ctx *c, struct db *db, const struct node *rules, int64_t own,
			    struct claim *claim)
{
	struct known found[MOST_HOLDERS];
	struct same same = { 0 };
	size_t n;

	TRY(known_find(c, db, claim->system, claim->value, MOST_HOLDERS, found, &n));
	if (n && own)
		TRY(same_find(c, db, own, &same));
	for (size_t i = 0; i < n && !claim->holder; i++)
		if (!(own && same_has(&same, found[i].key)) &&
		    says(rules, found[i].tree, claim->system, claim->value))
			claim->holder = found[i].key;
	return OK;
}

static enum err had_it(struct ctx *c, struct db *db, const struct node *rules,
		       const struct standing *before, const struct claim *claim, bool *out)
{
	struct version v;
	struct node *tree;

	*out = false;
	if (!before->version || before->deleted)
		return OK;
	TRY(version_look(c, db, before->seq, &v));
	TRY(fhir_read_json(c, c->place->fhir, c->arena, v.body, &tree));
	*out = says(rules, tree, claim->system, claim->value);
	return OK;
}

static enum err look_each(struct ctx *c, struct db *db, const struct node *rules,
			  const struct node *patient, const struct standing *before,
			  struct claim *out)
{
	node_each(identifier, node_get(patient, "identifier"))
	{
		struct claim claim = { .system = node_str(identifier, "system"),
				       .value = node_str(identifier, "value") };
		bool had;

		if (!is_unique(rules, identifier))
			continue;
		TRY(find_holder(c, db, rules, before->version ? before->key : 0, &claim));
		if (!claim.holder)
			continue;
		TRY(had_it(c, db, rules, before, &claim, &had));
		if (had)
			continue;
		*out = claim;
		return OK;
	}
	return OK;
}

static enum err look(struct ctx *c, struct db *db, const struct node *patient,
		     const struct standing *before, struct claim *out)
{
	static const struct json_options options = { 0 };
	const struct guard *guard = c->guard;
	struct node *rules;
	struct str text;
	enum err e;

	if (!node_get(patient, "identifier"))
		return OK;
	TRY(share_read(c, &c->place->share, c->arena, "identity/unique.json", &text));
	TRY(json_read(c, c->arena, text, &options, &rules));
	c->guard = NULL;
	e = look_each(c, db, rules, patient, before, out);
	c->guard = guard;
	return e;
}

/* ---- asking ---- */

struct request {
	struct doubt_wish wish;
	int64_t key;
};

static enum err add(struct ctx *c, struct db *db, void *arg)
{
	struct request *r = arg;

	return doubt_add(c, db, &r->wish, &r->key);
}

static enum err ask(struct ctx *c, const struct claim *claim, int64_t claimant)
{
	struct request r = {
		.wish = { .a = claimant,
			  .b = claim->holder,
			  .probability = 0.5,
			  .why = STR("{\"text\":\"One was to be given an identifier that the other "
				     "has, and that only one person can have.\"}"),
			  .source = STR("identifier") },
	};

	if (!claimant)
		return fail(c, ERR_CONFLICT,
			    "Another Patient has the identifier " STR_FMT "|" STR_FMT
			    ", which only one person can have: search for it, and update that Patient.",
			    STR_ARG(claim->system), STR_ARG(claim->value));
	TRY(store_write(c, c->place->store, add, &r));
	return fail(c, ERR_CONFLICT,
		    "Another Patient has the identifier " STR_FMT "|" STR_FMT
		    ", which only one person can have. Nothing was changed; whether the two are one "
		    "person was put before people as request %lld (/identity/%lld).",
		    STR_ARG(claim->system), STR_ARG(claim->value), (long long)r.key,
		    (long long)r.key);
}

const struct claims identity_claims = { look, ask };
