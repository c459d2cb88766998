/* demand.c - trees of what profiles demand: finding, copying, laying one over the other. */
#include "fhir/profile.h"

static struct demand *demand_new(struct arena *a, struct str name, struct str slice)
{
	struct demand *d = NEW(a, struct demand);

	d->name = name;
	d->slice = slice;
	d->min = d->max = DEMAND_UNSAID;
	return d;
}

const struct demand *demand_find(const struct demand *d, struct str name)
{
	for (size_t i = 0; i < d->children.len; i++)
		if (str_eq(d->children.at[i]->name, name))
			return d->children.at[i];
	return NULL;
}

static struct demand *find_slice(const struct demand *d, struct str slice)
{
	for (size_t i = 0; i < d->slices.len; i++)
		if (str_eq(d->slices.at[i]->slice, slice))
			return d->slices.at[i];
	return NULL;
}

struct demand *demand_child(struct arena *a, struct demand *d, struct str name)
{
	for (size_t i = 0; i < d->children.len; i++)
		if (str_eq(d->children.at[i]->name, name))
			return d->children.at[i];
	return *vec_push(&d->children, a) = demand_new(a, name, (struct str){ 0 });
}

struct demand *demand_slice(struct arena *a, struct demand *d, struct str name)
{
	struct demand *slice = find_slice(d, name);

	return slice ? slice : (*vec_push(&d->slices, a) = demand_new(a, d->name, name));
}

#define COPY_LIST(a, to, from)                                                                 \
	do {                                                                                   \
		for (size_t i_ = 0; i_ < (from)->len; i_++)                                    \
			*vec_push((to), (a)) = (from)->at[i_];                                 \
	} while (0)

/* What `to` leaves unsaid of its value, as `from` says it. */
static void fill_value(struct arena *a, struct demand *to, const struct demand *from)
{
	if (!to->binding) {
		to->binding = from->binding;
		to->value_set = from->value_set;
	}
	if (!to->types.len)
		COPY_LIST(a, &to->types, &from->types);
	if (!to->fixed)
		to->fixed = from->fixed;
	if (!to->pattern)
		to->pattern = from->pattern;
	if (!to->slicing)
		to->slicing = from->slicing;
	to->must_support |= from->must_support;
	COPY_LIST(a, &to->rules, &from->rules);
}

/* The same for everything below it. Recursion is as deep as elements are nested in a definition. */
static void fill(struct arena *a, struct demand *to, const struct demand *from)
{
	fill_value(a, to, from);
	for (size_t i = 0; i < from->children.len; i++) {
		const struct demand *theirs = from->children.at[i];
		struct demand *ours = demand_child(a, to, theirs->name);

		ours->min = ours->min == DEMAND_UNSAID ? theirs->min : ours->min;
		ours->max = ours->max == DEMAND_UNSAID ? theirs->max : ours->max;
		fill(a, ours, theirs);
	}
	for (size_t i = 0; to->slice.len == 0 && i < from->slices.len; i++) {
		const struct demand *theirs = from->slices.at[i];
		struct demand *ours = demand_slice(a, to, theirs->slice);

		ours->min = ours->min == DEMAND_UNSAID ? theirs->min : ours->min;
		ours->max = ours->max == DEMAND_UNSAID ? theirs->max : ours->max;
		fill(a, ours, theirs);
	}
}

struct demand *demand_copy(struct arena *a, const struct demand *d)
{
	struct demand *copy = demand_new(a, d->name, d->slice);

	copy->min = d->min;
	copy->max = d->max;
	fill(a, copy, d);
	return copy;
}

void demand_spread(struct arena *a, struct demand *d)
{
	for (size_t i = 0; i < d->slices.len; i++) {
		struct demand *slice = d->slices.at[i];

		fill(a, slice, d);
		slice->slicing =
			NULL; /* how its siblings are told apart is not its own matter */
		demand_spread(a, slice);
	}
	for (size_t i = 0; i < d->children.len; i++)
		demand_spread(a, d->children.at[i]);
}
