/* profile_check.c - a resource against a profile: the walk over what the profile demands.
 *
 * Only elements that a profile says something of are visited. That the resource is what its type
 * asks has been checked before (valid.c): what the type already refuses is not refused again here.
 */
#include "fhir/profile.h"
#include "fhir/valid_int.h"

#define CHECK_DEPTH                                                                            \
	64 /* demands within demands, profiles of values and of what slices are known by included */

#define error(k, spot, code, ...) valid_issue((k), (spot), ISSUE_ERROR, (code), __VA_ARGS__)

/* The element a demand is on. "valueQuantity" is value[x] in one of its types: `form` says which. */
static const struct fhir_elem *element_of(const struct fhir *f, const struct fhir_type *type,
					  struct str name, const struct fhir_form **form)
{
	const struct fhir_elem *elem = fhir_elem(type, name);
	bool extra;

	*form = NULL;
	return elem ? elem : fhir_member(type, atoms_find(f->atoms, name), form, &extra);
}

static size_t of_form(struct fhir_value *values, size_t count, const struct fhir_form *form)
{
	size_t kept = 0;

	for (size_t i = 0; form && i < count; i++)
		if (values[i].type == form->type)
			values[kept++] = values[i];
	return form ? kept : count;
}

/* How often the element stands, as far as its type did not ask that already. */
static void check_count(struct checker *k, const struct spot *up, const struct demand *d,
			const struct fhir_elem *elem, const struct node *first, size_t count)
{
	struct spot at = { up, d->name, -1, first };
	bool too_few = d->min != DEMAND_UNSAID && count < (size_t)d->min;
	bool too_many = d->max != DEMAND_UNSAID && count > (size_t)d->max;

	if (too_few && count >= elem->min)
		error(k, &at, "required", STR_FMT " is needed%s", STR_ARG(d->name),
		      count ? ", more than once" : "");
	if (too_many && (elem->max == UINT16_MAX || count <= elem->max))
		error(k, &at, "structure",
		      d->max ? STR_FMT " may stand at most %d times, here %zu"
			     : STR_FMT " may not be given",
		      STR_ARG(d->name), d->max, count);
}

static void check_child(struct checker *k, const struct spot *up, const struct demand *d,
			struct fhir_value v)
{
	ARENA(scratch);
	const struct fhir_form *form;
	const struct fhir_elem *elem = element_of(k->f, v.type, d->name, &form);
	struct fhir_value few[8], *values = few;
	struct str name;
	size_t count;

	if (!elem)
		return; /* an element of another type of a choice */
	count = fhir_children(k->f, v, elem, few, 8);
	if (count > 8) {
		values = NEW_N(&scratch, struct fhir_value, count);
		fhir_children(k->f, v, elem, values, count);
	}
	count = of_form(values, count, form);
	name = str_of(elem->name);
	check_count(k, up, d, elem, count ? values[0].node : NULL, count);
	if (d->slices.len) {
		profile_slices(k, up, name, elem->list, d, values, count);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		struct spot at = { up, name, elem->list ? (int)i : -1,
				   values[i].node ? values[i].node : values[i].extra };
		profile_check(k, &at, d, values[i]);
	}
}

static void check_rule(struct checker *k, const struct spot *spot,
		       const struct demand_rule *rule, struct fhir_value v)
{
	if (rule->path)
		valid_rule(k, spot, rule->path, rule->id, rule->error, rule->text, v);
	else
		valid_issue(k, spot, ISSUE_WARNING, "invariant", "%s cannot be decided: %s",
			    rule->id, rule->why);
}

void profile_check(struct checker *k, const struct spot *spot, const struct demand *d,
		   struct fhir_value v)
{
	if (++k->depth > CHECK_DEPTH) {
		error(k, spot, "too-costly", "profiles of profiles, more than %d deep",
		      CHECK_DEPTH);
	} else {
		profile_value(k, spot, d, v);
		for (size_t i = 0; i < d->children.len; i++)
			check_child(k, spot, d->children.at[i], v);
		for (size_t i = 0; i < d->rules.len; i++)
			check_rule(k, spot, &d->rules.at[i], v);
	}
	k->depth--;
}

bool profile_fits(struct checker *k, const struct demand *d, struct fhir_value v)
{
	struct spot spot = { NULL, d->name, -1, v.node };
	bool silent = k->silent;
	unsigned misfits = k->misfits;
	bool fits;

	k->silent = true;
	profile_check(k, &spot, d, v);
	fits = k->misfits == misfits;
	k->silent = silent;
	k->misfits = misfits;
	return fits;
}

bool profile_fits_all(struct checker *k, const struct profile *profile, struct fhir_value v)
{
	return fhir_is_a(v.type, profile->type) && profile_fits(k, profile->root, v);
}

void profile_whole(struct checker *k, const struct spot *spot, const struct profile *profile,
		   struct fhir_value v)
{
	const struct profile *outer = k->profile;

	k->profile = profile;
	if (fhir_is_a(v.type, profile->type))
		profile_check(k, spot, profile->root, v);
	else
		error(k, spot, "structure", "the profile is one of %s, this is %s",
		      profile->type->name, v.type->name);
	k->profile = outer;
}

/* Is it the URL of the type itself, or of one it comes from? */
static bool is_type_url(const struct fhir_type *type, struct str url)
{
	for (; type; type = type->base)
		if (type->url && str_eq(str_cut(&url, '|'), str_of(type->url)))
			return true;
	return false;
}

void profile_claims(struct checker *k, const struct spot *spot, struct fhir_value resource,
		    const struct profile *done)
{
	const struct node *meta = node_key(resource.node, k->f->key_meta),
			  *list = node_get(meta, "profile");
	struct spot in_meta = { spot, STR("meta"), -1, meta };
	int index = 0;

	node_each(claim, list) {
		const struct profile *profile = profile_find(k->c, k->f, node_text(claim));
		struct spot at = { &in_meta, STR("profile"), index++, claim };

		if (profile && profile != done)
			profile_whole(k, spot, profile, resource);
		else if (!profile && !is_type_url(resource.type, node_text(claim)))
			valid_issue(k, &at, ISSUE_INFORMATION, "not-found",
				    "the profile %.200s is not known here: nothing was checked "
				    "against it",
				    str_dup(k->c->arena, node_text(claim)));
	}
}
