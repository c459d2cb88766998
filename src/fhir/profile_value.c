/* profile_value.c - what a profile demands of a value itself: type, target, code, fixed value,
 * pattern. */
#include "fhir/profile.h"
#include "fhir/valid_int.h"

#define error(k, spot, code, ...) valid_issue((k), (spot), ISSUE_ERROR, (code), __VA_ARGS__)

/* ---- fixed values and patterns */

static bool pattern_in_list(const struct node *pattern, const struct node *list)
{
	node_each(value, list)
		if (profile_pattern(pattern, value))
			return true;
	return false;
}

static const struct node *member_of(const struct node *object, const struct node *like)
{
	node_each(member, object)
		if (member->name_len == like->name_len &&
		    !memcmp(member->name, like->name, like->name_len))
			return member;
	return NULL;
}

/* Recursion is as deep as the pattern, which is the definition's. */
bool profile_pattern(const struct node *pattern, const struct node *value)
{
	if (!value || value->kind != pattern->kind)
		return false;
	if (pattern->kind < NODE_ARRAY)
		return node_equal(pattern, value);
	node_each(part, pattern) {
		if (pattern->kind == NODE_ARRAY
			    ? !pattern_in_list(part, value)
			    : !profile_pattern(part, member_of(value, part)))
			return false;
	}
	return true;
}

static void check_fixed(struct checker *k, const struct spot *spot, const struct demand *d,
			const struct node *node)
{
	struct buf want;

	if ((!d->fixed || (node && node_equal(d->fixed, node))) &&
	    (!d->pattern || profile_pattern(d->pattern, node)))
		return;
	buf_init(&want, k->c->arena, 200);
	json_write(&want, d->fixed ? d->fixed : d->pattern, 0);
	error(k, spot, "value", d->fixed ? "must be %s" : "must hold %s", want.at);
}

/* ---- types */

static const struct demand_type *type_among(const struct checker *k, const struct demand *d,
					    const struct fhir_type *type)
{
	for (size_t i = 0; i < d->types.len; i++)
		if (fhir_is_a(type, fhir_type(k->f, d->types.at[i].name)))
			return &d->types.at[i];
	return NULL;
}

/* A value that must follow one of several profiles: the reader is told of the first. */
static void check_profiles(struct checker *k, const struct spot *spot,
			   const char *const *profiles, struct fhir_value v)
{
	const struct profile *first = NULL;

	for (; *profiles; profiles++) {
		const struct profile *profile = profile_find(k->c, k->f, str_of(*profiles));

		if (!profile || profile_fits_all(k, profile, v))
			return; /* of one not known here nothing can be said */
		first = first ? first : profile;
	}
	if (first)
		profile_whole(k, spot, first, v);
}

static struct fhir_value contained_by(const struct checker *k, const struct node *reference)
{
	struct str literal = node_str(reference, "reference");

	if (str_starts(literal, STR("#")))
		node_each(contained, node_key(k->root.node, k->f->key_contained))
			if (str_eq(node_str(contained, "id"),
				   (struct str){ literal.at + 1, literal.len - 1 }))
				return (struct fhir_value){ fhir_type_of(k->f, contained),
							    contained, NULL };
	return (struct fhir_value){ 0 };
}

/* One target: true when it may be this one, as far as it can be seen from here. */
static bool is_target(struct checker *k, const char *target, struct str type,
		      struct fhir_value contained)
{
	const char *const names[] = { target, NULL };
	const struct profile *profile;

	if (fhir_type(k->f, str_of(target)))
		return valid_is_target(k->f, names, type);
	profile = profile_find(k->c, k->f, str_of(target));
	if (!profile)
		return true;
	if (!fhir_is_a(fhir_type(k->f, type), profile->type))
		return false;
	return !contained.node || profile_fits_all(k, profile, contained);
}

static void check_targets(struct checker *k, const struct spot *spot,
			  const char *const *targets, const struct node *reference)
{
	struct str type = valid_reference_type(k, reference);
	struct fhir_value contained = contained_by(k, reference);

	if (!fhir_resource_type(k->f, type))
		return;
	for (; *targets; targets++)
		if (is_target(k, *targets, type, contained))
			return;
	error(k, spot, "value", "may not refer to this %.40s", str_dup(k->c->arena, type));
}

static void check_type(struct checker *k, const struct spot *spot, const struct demand *d,
		       struct fhir_value v)
{
	const struct demand_type *type = type_among(k, d, v.type);

	if (!type) {
		error(k, spot, "structure", "may not be a %s", v.type->name);
		return;
	}
	/* Extensions follow their definitions wherever they stand: profile_extension.c */
	if (type->profiles && v.type != k->f->extension)
		check_profiles(k, spot, type->profiles, v);
	if (type->targets && v.type == k->f->reference && v.node)
		check_targets(k, spot, type->targets, v.node);
}

void profile_value(struct checker *k, const struct spot *spot, const struct demand *d,
		   struct fhir_value v)
{
	if (d->types.len)
		check_type(k, spot, d, v);
	if (d->fixed || d->pattern)
		check_fixed(k, spot, d, v.node);
	if (d->binding)
		valid_code(k, spot, d->binding, d->value_set, v.node);
}
