/* rules.c - reading the tables that decide. */
#include "access/rules.h"

#include <pthread.h>

#include "base/tsv.h"
#include "base/vec.h"

#define DAY (INT64_C(86400) * 1000000)
#define DAYS_MOST 3650

bool capset_has(const struct capset *set, const struct role *role)
{
	if (set->all)
		return true;
	for (size_t i = 0; role && i < sizeof set->bits / sizeof *set->bits; i++)
		if (set->bits[i] & role->can[i])
			return true;
	return false;
}

const struct relation_kind *rules_relation(const struct rules *r, struct str name)
{
	for (size_t i = 0; i < r->relation_count; i++)
		if (str_eq(r->relations[i].name, name))
			return &r->relations[i];
	return NULL;
}

const struct label_rule *rules_label(const struct rules *r, struct str name)
{
	for (size_t i = 0; i < r->label_count; i++)
		if (str_eq(r->labels[i].name, name))
			return &r->labels[i];
	return NULL;
}

const struct reason *rules_reason(const struct rules *r, struct str name)
{
	for (size_t i = 0; i < r->reason_count; i++)
		if (str_eq(r->reasons[i].name, name))
			return &r->reasons[i];
	return NULL;
}

struct reading {
	struct arena *a;
	const struct roles *roles;
	VEC(struct type_rule) types;
	VEC(struct relation_kind) relations;
	VEC(struct label_rule) labels;
	VEC(struct reason) reasons;
	struct policy policy;
};

static enum err wrong(struct ctx *c, const struct tsv_row *row, const char *what, struct str cell)
{
	return fail(c, ERR_INVALID, "%s:%lld: " STR_FMT " is no %s.", row->file, (long long)row->line,
		    STR_ARG(cell), what);
}

static enum err take_caps(struct ctx *c, const struct reading *r, const struct tsv_row *row,
			  struct str cell, struct capset *out)
{
	const struct roles *roles = r->roles;

	*out = (struct capset){ .all = str_is(cell, "*") };
	if (out->all || str_is(cell, "-") || !cell.len)
		return OK;
	while (cell.at) {
		struct str name = str_cut(&cell, ' ');
		size_t i = 0;

		while (i < roles->capability_count && !str_eq(roles->capabilities[i].name, name))
			i++;
		if (i == roles->capability_count)
			return wrong(c, row, "capability", name);
		out->bits[i / 64] |= UINT64_C(1) << (i % 64);
	}
	return OK;
}

static enum err take_bool(struct ctx *c, const struct tsv_row *row, struct str cell, bool *out)
{
	*out = str_is(cell, "yes");
	return *out || str_is(cell, "no") ? OK : wrong(c, row, "yes or no", cell);
}

static enum err take_number(struct ctx *c, const struct tsv_row *row, struct str cell, int64_t most,
			    int64_t unit, int64_t *out)
{
	int64_t n;

	if (!str_int(cell, &n) || n < 0 || n > most)
		return wrong(c, row, "number that fits", cell);
	*out = n * unit;
	return OK;
}

enum err purposes_read(struct ctx *c, struct str words, unsigned *out)
{
	unsigned set = 0;

	while (words.at && words.len) {
		struct str word = str_cut(&words, ' ');
		int p = PURPOSE_CARE;

		while (p <= PURPOSE_SECONDARY && !str_is(word, purpose_word((enum purpose)p)))
			p++;
		if (p > PURPOSE_SECONDARY)
			return fail(c, ERR_INVALID, STR_FMT " is no purpose.", STR_ARG(word));
		set |= 1u << p;
	}
	*out = set;
	return OK;
}

static enum err take_purposes(struct ctx *c, const struct tsv_row *row, struct str cell, unsigned *out)
{
	return purposes_read(c, cell, out) ? wrong(c, row, "list of purposes", cell) : OK;
}

/* --- type.tsv --- */

static void mark_others(const struct fhir *f, const struct reading *r, bool *types)
{
	for (unsigned n = 0; n < f->type_count; n++) {
		types[n] = f->types[n]->kind == FHIR_RESOURCE && !f->types[n]->abstract;
		for (size_t i = 0; i < r->types.len; i++)
			types[n] = types[n] && !r->types.at[i].types[n];
	}
}

static const struct label_rule *label_named(const struct reading *r, struct str name)
{
	for (size_t i = 0; i < r->labels.len; i++)
		if (str_eq(r->labels.at[i].name, name))
			return &r->labels.at[i];
	return NULL;
}

/* "always"; "related"; "related:finance", of those only what has that label. */
static enum err take_scope(struct ctx *c, const struct reading *r, const struct tsv_row *row, struct type_rule *rule)
{
	struct str needs = row->cell[1], word = str_cut(&needs, ':');
	const struct label_rule *label = needs.at ? label_named(r, needs) : NULL;

	if (needs.at && !label)
		return wrong(c, row, "label", needs);
	if (str_is(word, "always") && !label)
		rule->kind = GUARD_ALWAYS;
	else if (str_is(word, "related"))
		rule->kind = GUARD_RELATED;
	else
		return wrong(c, row, "scope", row->cell[1]);
	rule->needs = label ? label->bit : 0;
	return OK;
}

static enum err take_type(struct ctx *c, void *arg, const struct tsv_row *row)
{
	struct reading *r = arg;
	const struct fhir *f = c->place->fhir;
	struct str names = row->cell[0];
	struct type_rule rule = { .line = row->line };
	bool *types = NEW_N(r->a, bool, f->type_count);

	TRY(take_scope(c, r, row, &rule));
	while (names.at) {
		struct str name = str_cut(&names, ' ');
		const struct fhir_type *type = fhir_resource_type(f, name);

		if (str_is(name, "*"))
			mark_others(f, r, types);
		else if (!type)
			return wrong(c, row, "type of resource", name);
		else
			types[type->number] = true;
	}
	TRY(take_caps(c, r, row, row->cell[2], &rule.read));
	TRY(take_caps(c, r, row, row->cell[3], &rule.write));
	rule.types = types;
	*vec_push(&r->types, r->a) = rule;
	return OK;
}

/* --- the others --- */

static enum err take_relation(struct ctx *c, void *arg, const struct tsv_row *row)
{
	struct reading *r = arg;
	struct relation_kind k = { .name = row->cell[0], .words = row->cell[1], .source = row->cell[5] };

	TRY(take_number(c, row, row->cell[2], DAYS_MOST, DAY, &k.before));
	TRY(take_number(c, row, row->cell[3], DAYS_MOST, DAY, &k.after));
	TRY(take_purposes(c, row, row->cell[4], &k.purposes));
	*vec_push(&r->relations, r->a) = k;
	return OK;
}

static enum err take_label(struct ctx *c, void *arg, const struct tsv_row *row)
{
	struct reading *r = arg;
	struct label_rule *label = vec_push(&r->labels, r->a);
	int64_t bit;

	TRY(take_number(c, row, row->cell[0], 62, 1, &bit)); /* 63 is GUARD_ORDINARY */
	label->bit = UINT64_C(1) << bit;
	label->name = row->cell[1];
	label->kind = row->cell[2];
	label->title = row->cell[3];
	return OK;
}

static enum err take_label_role(struct ctx *c, void *arg, const struct tsv_row *row)
{
	struct reading *r = arg;
	struct label_rule *label = NULL;

	for (size_t i = 0; i < r->labels.len; i++)
		if (str_eq(r->labels.at[i].name, row->cell[0]))
			label = &r->labels.at[i];
	if (!label)
		return wrong(c, row, "label", row->cell[0]);
	TRY(take_caps(c, r, row, row->cell[1], &label->own));
	TRY(take_caps(c, r, row, row->cell[2], &label->others));
	TRY(take_bool(c, row, row->cell[3], &label->self));
	label->delegate = str_is(row->cell[4], "named") ? DELEGATE_NAMED
			  : str_is(row->cell[4], "yes") ? DELEGATE_ALWAYS
							: DELEGATE_NEVER;
	if (!label->delegate && !str_is(row->cell[4], "no"))
		return wrong(c, row, "rule for delegates", row->cell[4]);
	TRY(take_bool(c, row, row->cell[5], &label->glass));
	return take_bool(c, row, row->cell[6], &label->notice);
}

static enum err take_share(struct ctx *c, const struct tsv_row *row, struct str value, bool *out)
{
	*out = str_is(value, "all");
	return *out || str_is(value, "agreement") ? OK : wrong(c, row, "way of sharing", value);
}

static enum err take_policy(struct ctx *c, void *arg, const struct tsv_row *row)
{
	struct policy *p = &((struct reading *)arg)->policy;
	struct str name = row->cell[0], value = row->cell[1];

	if (str_is(name, "share"))
		return take_share(c, row, value, &p->share_all);
	if (str_is(name, "purposes"))
		return take_purposes(c, row, value, &p->purposes);
	if (str_is(name, "ask"))
		return take_bool(c, row, value, &p->ask);
	if (str_is(name, "ask_hours"))
		return take_number(c, row, value, 8784, DAY / 24, &p->ask_span);
	if (str_is(name, "glass_minutes"))
		return take_number(c, row, value, 1440, DAY / 1440, &p->glass_span);
	if (str_is(name, "glass_choices"))
		return take_bool(c, row, value, &p->glass_choices);
	if (str_is(name, "glass_agreements"))
		return take_bool(c, row, value, &p->glass_agreements);
	if (str_is(name, "notice"))
		return take_bool(c, row, value, &p->notice);
	return wrong(c, row, "part of the policy", name);
}

static enum err take_reason(struct ctx *c, void *arg, const struct tsv_row *row)
{
	struct reading *r = arg;

	(void)c;
	*vec_push(&r->reasons, r->a) = (struct reason){ row->cell[0], row->cell[1] };
	return OK;
}

static enum err rules_read(struct ctx *c, struct arena *a, const struct rules **out)
{
	static const struct {
		const char *file, *header;
		enum err (*take)(struct ctx *c, void *arg, const struct tsv_row *row);
	} tables[] = {
		{ "access/relation.tsv", "kind\twords\tbefore\tafter\tpurposes\tsource", take_relation },
		{ "access/label.tsv", "bit\tlabel\tkind\ttitle\twords\tsource\tdated", take_label },
		{ "access/type.tsv", "types\tscope\tread\twrite", take_type }, /* after the labels it names */
		{ "access/label_role.tsv", "label\town\tothers\tself\tdelegate\tglass\tnotice",
		  take_label_role },
		{ "access/policy.tsv", "name\tvalue\tsource", take_policy },
		{ "access/glass.tsv", "reason\twords", take_reason },
	};
	struct reading r = { .a = a };
	struct rules *rules = NEW(a, struct rules);

	TRY(roles_of(c, &r.roles));
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
		TRY(tsv_read(c, &c->place->share, a, tables[i].file, tables[i].header, tables[i].take,
			     &r));
	*rules = (struct rules){ r.types.at,  r.types.len,  r.relations.at, r.relations.len,
				 r.labels.at, r.labels.len, r.policy,	    r.reasons.at,
				 r.reasons.len };
	*out = rules;
	return OK;
}

enum err rules_of(struct ctx *c, const struct rules **out)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	enum err e = OK;

	const struct roles *roles;

	*out = __atomic_load_n(&c->place->rules, __ATOMIC_ACQUIRE);
	if (*out)
		return OK;
	TRY(roles_of(c, &roles)); /* under its own lock, before ours: both allocate in place->life */
	pthread_mutex_lock(&lock);
	*out = c->place->rules;
	if (!*out)
		e = rules_read(c, &c->place->life, out);
	if (e == OK)
		__atomic_store_n(&c->place->rules, *out, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&lock);
	return e;
}
