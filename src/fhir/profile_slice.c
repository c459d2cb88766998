/* profile_slice.c - which slice of an element a value is in.
 *
 * A discriminator is a path and a kind. Its path, run on the value, gives what is there; the same
 * path, followed through the demands of a slice, gives what must be there. A value is in the first
 * slice for which all discriminators agree.
 */
#include "fhir/profile.h"
#include "fhir/valid_int.h"

#define error(k, spot, code, ...) valid_issue((k), (spot), ISSUE_ERROR, (code), __VA_ARGS__)
#define NO_SLICE SIZE_MAX

/* ---- what must be there */

struct expected {
	const struct demand *demand; /* at the path's end; NULL: nothing is demanded there */
	const struct node
		*json; /* or the value itself, out of a fixed value or pattern further up */
};

/* The URL of the extensions a slice is of; empty when it is not said. */
static struct str extension_url(const struct demand *slice)
{
	const struct demand *url = demand_find(slice, STR("url"));

	if (url && url->fixed)
		return node_text(url->fixed);
	if (slice->types.len && slice->types.at[0].profiles)
		return str_of(slice->types.at[0].profiles[0]);
	return (struct str){ 0 };
}

/* extension('…'): the slice with that URL. */
static const struct demand *extension_step(const struct demand *d, struct str step)
{
	const struct demand *all = demand_find(d, STR("extension"));

	for (size_t i = 0; all && i < all->slices.len; i++)
		if (str_find(step, extension_url(all->slices.at[i])) > 0)
			return all->slices.at[i];
	return NULL;
}

/* The demands on what the profile of a value says of it. */
static const struct demand *of_profile(struct checker *k, const struct demand *d,
				       struct str name)
{
	const struct profile *profile = NULL;

	for (size_t i = 0; i < d->types.len && !profile; i++) {
		const struct demand_type *type = &d->types.at[i];
		const char *const *urls = type->profiles ? type->profiles : type->targets;

		if (urls)
			profile = profile_find(k->c, k->f, str_of(*urls));
	}
	return profile ? demand_find(profile->root, name) : NULL;
}

/* One step of a path: resolve() and ofType() stay where they are. */
static struct expected step(struct checker *k, struct expected at, struct str name)
{
	const struct demand *d = at.demand, *next;

	if (at.json) {
		const struct node *json =
			node_is(at.json, NODE_ARRAY) ? at.json->first : at.json;

		node_each(member, json)
			if (str_eq(name, (struct str){ member->name, member->name_len }))
				return (struct expected){ NULL, member };
		return (struct expected){ 0 };
	}
	if (!d || str_is(name, "$this") || str_starts(name, STR("resolve(")) ||
	    str_starts(name, STR("ofType(")))
		return at;
	if (str_starts(name, STR("extension(")))
		return (struct expected){ extension_step(d, name), NULL };
	next = demand_find(d, name);
	if (!next && (d->fixed || d->pattern))
		return step(k, (struct expected){ NULL, d->fixed ? d->fixed : d->pattern },
			    name);
	return (struct expected){ next ? next : of_profile(k, d, name), NULL };
}

/* The next part of a path; dots in brackets, as in extension('http://a.b'), are not its end. */
static struct str part_cut(struct str *path)
{
	struct str part = *path;
	int depth = 0;

	for (size_t i = 0; i < path->len; i++) {
		depth += path->at[i] == '(' ? 1 : path->at[i] == ')' ? -1 : 0;
		if (path->at[i] != '.' || depth)
			continue;
		part.len = i;
		*path = (struct str){ path->at + i + 1, path->len - i - 1 };
		return part;
	}
	*path = (struct str){ 0 };
	return part;
}

static struct expected follow(struct checker *k, const struct demand *slice, struct str path)
{
	struct expected at = { slice, NULL };

	while (path.at && (at.demand || at.json))
		at = step(k, at, part_cut(&path));
	return at;
}

/* ---- what is there */

static bool evaluate(struct checker *k, const struct path *path, struct fhir_value v,
		     struct items *out)
{
	struct path_env env = { .fhir = k->f, .resource = k->resource, .root = k->root };
	struct issues before = k->c->issues;
	bool good = path && path_eval(k->c, path, &env, v, out) == OK;

	k->c->issues = before;
	if (before.last)
		before.last->next = NULL;
	return good;
}

static bool is_type_of(const struct checker *k, const struct demand *d,
		       const struct fhir_type *type)
{
	for (size_t i = 0; i < d->types.len; i++) {
		const struct demand_type *one = &d->types.at[i];

		if (fhir_is_a(type, fhir_type(k->f, one->name)))
			return true;
		if (one->targets && valid_is_target(k->f, one->targets, str_of(type->name)))
			return true; /* of resolve() */
	}
	return d->types.len == 0;
}

static bool is_profile_of(struct checker *k, const struct demand *d, struct fhir_value v)
{
	for (size_t i = 0; i < d->types.len; i++) {
		const struct demand_type *type = &d->types.at[i];
		const char *const *urls = type->profiles ? type->profiles : type->targets;

		for (; urls && *urls; urls++) {
			const struct profile *profile = profile_find(k->c, k->f, str_of(*urls));

			if (profile && profile_fits_all(k, profile, v))
				return true;
		}
	}
	return false;
}

static bool agrees_one(struct checker *k, enum discriminator_kind kind, struct expected want,
		       const struct item *item)
{
	if (item->kind != ITEM_NODE)
		return false;
	if (kind == BY_TYPE)
		return want.demand && is_type_of(k, want.demand, item->value.type);
	if (kind == BY_PROFILE)
		return want.demand && is_profile_of(k, want.demand, item->value);
	if (want.json)
		return item->value.node && profile_pattern(want.json, item->value.node);
	return profile_fits(k, want.demand, item->value);
}

/* The discriminator that a path's end must agree on says something at all. */
static bool says(struct expected want)
{
	return want.json || want.demand;
}

static bool agrees(struct checker *k, const struct discriminator *by,
		   const struct demand *slice, struct fhir_value v)
{
	struct expected want = follow(k, slice, by->text);
	struct items items = { 0 };

	if (!says(want) || !evaluate(k, by->path, v, &items))
		return false;
	if (by->kind == BY_EXISTS)
		return items.len ? !want.demand || want.demand->max != 0
				 : want.demand && want.demand->min <= 0;
	for (size_t i = 0; i < items.len; i++)
		if (agrees_one(k, by->kind, want, &items.at[i]))
			return true;
	return false;
}

/* "valueQuantity" of value[x]: a slice named as the element in one of its types. */
static bool is_named_after(const struct demand *slice, const struct fhir_type *type)
{
	struct str name = slice->slice;
	size_t head = slice->name.len;

	return name.len == head + strlen(type->name) && str_starts(name, slice->name) &&
	       (name.at[head] | 32) == (type->name[0] | 32) &&
	       !memcmp(name.at + head + 1, type->name + 1, strlen(type->name) - 1);
}

static bool is_extension(const struct checker *k, struct fhir_value v,
			 const struct demand *slice)
{
	struct str mine = extension_url(slice);

	return v.type == k->f->extension && mine.len &&
	       str_eq(node_str(v.node, "url"), str_cut(&mine, '|'));
}

static bool is_in(struct checker *k, const struct demand *d, const struct demand *slice,
		  struct fhir_value v)
{
	const struct slicing *s = d->slicing;

	if (v.type == k->f->extension)
		return is_extension(k, v, slice); /* the standard slices them by URL */
	if (!s || !s->by.len)
		return is_named_after(slice, v.type);
	for (size_t i = 0; i < s->by.len; i++)
		if (!agrees(k, &s->by.at[i], slice, v))
			return false;
	return true;
}

static size_t slice_of(struct checker *k, const struct demand *d, struct fhir_value v)
{
	for (size_t i = 0; i < d->slices.len; i++)
		if (is_in(k, d, d->slices.at[i], v))
			return i;
	return NO_SLICE;
}

/* ---- all values of an element */

struct sorter {
	const struct demand *d;
	size_t *counts; /* of each slice */
	size_t last;    /* slice of the value before; NO_SLICE: none yet */
	bool outside;   /* a value was in no slice */
};

static void check_place(struct checker *k, const struct spot *at, struct sorter *s,
			size_t slice)
{
	const struct slicing *rule = s->d->slicing;

	if (slice == NO_SLICE) {
		s->outside = true;
		if (rule && rule->rule == SLICING_CLOSED)
			error(k, at, "structure", "is none of the kinds that may stand here");
		return;
	}
	s->counts[slice]++;
	if (rule && rule->rule == SLICING_OPEN_AT_END && s->outside)
		error(k, at, "structure", STR_FMT " must stand before values of no kind",
		      STR_ARG(s->d->slices.at[slice]->slice));
	if (rule && rule->ordered && s->last != NO_SLICE && slice < s->last)
		error(k, at, "structure", STR_FMT " must stand before " STR_FMT,
		      STR_ARG(s->d->slices.at[slice]->slice),
		      STR_ARG(s->d->slices.at[s->last]->slice));
	s->last = slice;
}

static void check_counts(struct checker *k, const struct spot *at, const struct sorter *s)
{
	for (size_t i = 0; i < s->d->slices.len; i++) {
		const struct demand *slice = s->d->slices.at[i];

		if (slice->min != DEMAND_UNSAID && s->counts[i] < (size_t)slice->min)
			error(k, at, "required", STR_FMT " of the kind " STR_FMT " is needed%s",
			      STR_ARG(slice->name), STR_ARG(slice->slice),
			      s->counts[i] ? ", more than once" : "");
		if (slice->max != DEMAND_UNSAID && s->counts[i] > (size_t)slice->max)
			error(k, at, "structure",
			      STR_FMT " of the kind " STR_FMT
				      " may stand at most %d times, here %zu",
			      STR_ARG(slice->name), STR_ARG(slice->slice), slice->max,
			      s->counts[i]);
	}
}

void profile_slices(struct checker *k, const struct spot *up, struct str name, bool list,
		    const struct demand *d, const struct fhir_value *values, size_t count)
{
	ARENA(scratch);
	struct sorter s = { d, NEW_N(&scratch, size_t, d->slices.len), NO_SLICE, false };
	struct spot all = { up, name, -1, count ? values[0].node : NULL };

	for (size_t i = 0; i < count; i++) {
		struct spot at = { up, name, list ? (int)i : -1,
				   values[i].node ? values[i].node : values[i].extra };
		size_t slice = slice_of(k, d, values[i]);

		check_place(k, &at, &s, slice);
		profile_check(k, &at, slice == NO_SLICE ? d : d->slices.at[slice], values[i]);
	}
	check_counts(k, &all, &s);
}
