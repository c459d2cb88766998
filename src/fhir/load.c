/* load.c - types.tsv and rules.tsv into struct fhir.
 *
 * Two passes: the first makes a type for each T row, so that elements can name types that come
 * later; the second fills each type, its base's elements first. A base stands before what comes
 * from it.
 */
#include <stdio.h>

#include "base/vec.h"
#include "fhir/load.h"

enum { T_NAME = 1, T_KIND, T_ABSTRACT, T_BASE, T_RULES, T_URL, T_PATTERN };
enum { E_NAME = 1, E_MIN, E_MAX, E_FLAGS, E_TYPES, E_BINDING, E_SET, E_RULES };

#define COLUMNS 9 /* the wider of the two */

struct row {
	char *column[COLUMNS];
	unsigned line;
};

struct loader {
	struct fhir *f;
	struct rows rows;    /* for file and line of errors */
	struct map rules;    /* name in the table -> const struct fhir_rule * */
	VEC(struct row) all; /* the rows of types.tsv */
};

static const struct {
	const char *name;
	enum fhir_kind kind;
} kinds[] = {
	{ "primitive", FHIR_PRIMITIVE },
	{ "complex", FHIR_COMPLEX },
	{ "backbone", FHIR_BACKBONE },
	{ "resource", FHIR_RESOURCE },
};

static enum err load_rules(struct ctx *c, struct loader *l, const struct share *share)
{
	VEC(const struct fhir_rule *) all = { 0 };
	struct rows rows;
	struct fhir *f = l->f;
	char *column[4];

	TRY(rows_open(c, f, share, "fhir/rules.tsv", &rows));
	f->digest = 0; /* rules decide nothing that is stored */
	while (rows_next(&rows, column, 4)) {
		struct fhir_rule *rule = NEW(f->life, struct fhir_rule);
		struct str id = str_of(column[0]);

		if (!*column[2])
			return rows_fail(c, &rows, "a rule without a path", column[0]);
		id = str_cut(&id, '~');
		rule->id = str_dup(f->life, id);
		rule->error = !strcmp(column[1], "error");
		rule->path = column[2];
		rule->text = column[3];
		rule->number = f->rule_count++;
		if (!map_set(&l->rules, str_of(column[0]), rule))
			return rows_fail(c, &rows, "a rule named twice", column[0]);
		*vec_push(&all, f->life) = rule;
	}
	f->rules = all.at;
	return OK;
}

/* NULL-ended array: those of `base` (may be NULL), then the named ones; NULL when there are none. */
static enum err find_rules(struct ctx *c, struct loader *l, const struct fhir_rule *const *base,
			   char *list, const struct fhir_rule *const **out)
{
	size_t count = 0, inherited = 0;
	const struct fhir_rule **rules;
	char *name;

	for (const char *p = list; *p; p++)
		count += p == list || *p == ',';
	while (base && base[inherited])
		inherited++;
	*out = base;
	if (!count)
		return OK;
	rules = NEW_N(l->f->life, const struct fhir_rule *, inherited + count + 1);
	for (size_t i = 0; i < inherited; i++)
		rules[i] = base[i];
	while ((name = piece_next(&list, ','))) {
		rules[inherited] = map_get(&l->rules, str_of(name));
		if (!rules[inherited++])
			return rows_fail(c, &l->rows, "no such rule", name);
	}
	*out = rules;
	return OK;
}

/* First pass: a type without content for each T row. */
static enum err declare_types(struct ctx *c, struct loader *l)
{
	VEC(const struct fhir_type *) types = { 0 };
	struct fhir *f = l->f;

	for (size_t i = 0; i < l->all.len; i++) {
		struct row *row = &l->all.at[i];
		struct fhir_type *type;
		size_t k = 0;

		if (*row->column[0] != 'T')
			continue;
		l->rows.line = row->line;
		while (k < sizeof kinds / sizeof *kinds &&
		       strcmp(kinds[k].name, row->column[T_KIND]) != 0)
			k++;
		if (k == sizeof kinds / sizeof *kinds)
			return rows_fail(c, &l->rows, "no such kind", row->column[T_KIND]);
		type = NEW(f->life, struct fhir_type);
		type->name = row->column[T_NAME];
		type->kind = (uint8_t)kinds[k].kind;
		type->abstract = *row->column[T_ABSTRACT];
		type->pattern = *row->column[T_PATTERN] ? row->column[T_PATTERN] : NULL;
		type->url = *row->column[T_URL] ? row->column[T_URL] : NULL;
		type->number = (uint16_t)types.len;
		if (types.len == UINT16_MAX || !map_set(&f->by_name, str_of(type->name), type))
			return rows_fail(c, &l->rows, "a type named twice, or too many",
					 type->name);
		*vec_push(&types, f->life) = type;
	}
	f->types = types.at;
	f->type_count = (unsigned)types.len;
	return OK;
}

/* "valueQuantity": the element's name and the type's with a capital. */
static uint16_t form_key(struct fhir *f, const char *elem, const char *type, bool choice,
			 const char *head)
{
	char name[128];
	int len = snprintf(name, sizeof name, "%s%s%s", head, elem, choice ? type : "");
	size_t capital = strlen(head) + strlen(elem);

	if (len < 0 || (size_t)len >= sizeof name)
		return 0;
	if (choice && name[capital] >= 'a' && name[capital] <= 'z')
		name[capital] = (char)(name[capital] - 'a' + 'A');
	/* atoms_add may borrow the text: it must live. */
	if (atoms_find(f->atoms, (struct str){ name, (size_t)len }))
		return atoms_find(f->atoms, (struct str){ name, (size_t)len });
	return atoms_add(f->atoms,
			 (struct str){ arena_dup(f->life, name, (size_t)len), (size_t)len });
}

static enum err fill_forms(struct ctx *c, struct loader *l, struct fhir_elem *elem, char *list,
			   bool bare)
{
	struct fhir *f = l->f;
	struct fhir_form *forms;
	size_t count = 1;
	char *name;

	for (const char *p = list; *p; p++)
		count += *p == ' ';
	if (count > 127)
		return rows_fail(c, &l->rows, "too many types", list);
	forms = NEW_N(f->life, struct fhir_form, count);
	elem->forms = forms;
	while ((name = piece_next(&list, ' '))) {
		struct fhir_form *form = &forms[elem->form_count++];
		char *targets = strchr(name, '(');

		if (targets) {
			*targets++ = '\0';
			targets[strcspn(targets, ")")] = '\0';
			if (!strcmp(name, "Reference"))
				elem->targets = pieces(f->life, targets, ',');
		}
		form->type = fhir_type(f, str_of(name));
		if (!form->type)
			return rows_fail(c, &l->rows, "no such type", name);
		form->key = form_key(f, elem->name, name, elem->choice, "");
		if (form->type->kind == FHIR_PRIMITIVE && !bare)
			form->extra_key = form_key(f, elem->name, name, elem->choice, "_");
		if (!form->key)
			return rows_fail(c, &l->rows, "a name too long, or too many",
					 elem->name);
	}
	return OK;
}

static enum err fill_elem(struct ctx *c, struct loader *l, struct row *row,
			  struct fhir_elem *elem)
{
	char **column = row->column;
	const char *flags = column[E_FLAGS];
	int64_t min, max = UINT16_MAX;

	l->rows.line = row->line;
	if (!str_int(str_of(column[E_MIN]), &min) || min < 0 || min > UINT16_MAX)
		return rows_fail(c, &l->rows, "not a minimum", column[E_MIN]);
	if (strcmp(column[E_MAX], "*") != 0 &&
	    (!str_int(str_of(column[E_MAX]), &max) || max < 0 || max > UINT16_MAX))
		return rows_fail(c, &l->rows, "not a maximum", column[E_MAX]);
	*elem = (struct fhir_elem){
		.name = column[E_NAME],
		.key = form_key(l->f, column[E_NAME], "", false, ""),
		.min = (uint16_t)min,
		.max = (uint16_t)max,
		.list = strchr(flags, 'l'),
		.choice = strchr(flags, 'c'),
		.summary = strchr(flags, 's'),
		.modifier = strchr(flags, 'm'),
		.binding = *column[E_BINDING] == '-' ? '\0' : *column[E_BINDING],
		.value_set = *column[E_SET] ? column[E_SET] : NULL,
	};
	TRY(find_rules(c, l, NULL, column[E_RULES], &elem->rules));
	return fill_forms(c, l, elem, column[E_TYPES], strchr(flags, 'b'));
}

static void add_slot(struct fhir_slot *slots, unsigned mask, uint16_t key, size_t elem,
		     unsigned form)
{
	unsigned i = slot_of(key, mask);

	if (!key)
		return;
	while (slots[i].key)
		i = (i + 1) & mask;
	slots[i] = (struct fhir_slot){ key, (uint8_t)elem, (uint8_t)form };
}

static void fill_slots(struct fhir *f, struct fhir_type *type)
{
	struct fhir_slot *slots;
	unsigned count = 0, size = 4;

	for (unsigned i = 0; i < type->elem_count; i++)
		count += 2u * type->elems[i].form_count;
	while (size < count * 3 / 2)
		size *= 2;
	slots = NEW_N(f->life, struct fhir_slot, size);
	for (unsigned i = 0; i < type->elem_count; i++) {
		for (unsigned k = 0; k < type->elems[i].form_count; k++) {
			const struct fhir_form *form = &type->elems[i].forms[k];

			add_slot(slots, size - 1, form->key, i, k);
			add_slot(slots, size - 1, form->extra_key, i, k | 0x80);
		}
	}
	type->slots = slots;
	type->slot_mask = size - 1;
}

/* Second pass for one type: row `at` is its T row, its E rows follow. Returns the row after. */
static enum err fill_type(struct ctx *c, struct loader *l, size_t *at)
{
	struct row *head = &l->all.at[(*at)++];
	struct fhir_type *type = map_get(&l->f->by_name, str_of(head->column[T_NAME]));
	const struct fhir_type *base = NULL;
	struct fhir_elem *elems;
	size_t own = 0, len = 0;

	l->rows.line = head->line;
	if (*head->column[T_BASE]) {
		base = fhir_type(l->f, str_of(head->column[T_BASE]));
		if (!base || !base->slots)
			return rows_fail(c, &l->rows, "its base does not stand before it",
					 type->name);
		len = base->elem_count;
	}
	type->base = base;
	TRY(find_rules(c, l, base ? base->rules : NULL, head->column[T_RULES], &type->rules));
	while (*at + own < l->all.len && *l->all.at[*at + own].column[0] == 'E')
		own++;
	if (len + own > UINT8_MAX)
		return rows_fail(c, &l->rows, "too many elements", type->name);
	elems = NEW_N(l->f->life, struct fhir_elem, len + own);
	if (len)
		memcpy(elems, base->elems, len * sizeof *elems);
	for (size_t i = 0; i < own; i++) {
		struct fhir_elem elem = { 0 };
		size_t k = 0;

		TRY(fill_elem(c, l, &l->all.at[*at + i], &elem));
		while (k < len && elems[k].key != elem.key)
			k++;
		elems[k] = elem;
		len += k == len;
	}
	*at += own;
	type->elems = elems;
	type->elem_count = (unsigned)len;
	fill_slots(l->f, type);
	return OK;
}

static enum err load_types(struct ctx *c, struct loader *l, struct arena *scratch,
			   const struct share *share)
{
	char *column[COLUMNS];
	size_t at = 0;

	TRY(rows_open(c, l->f, share, "fhir/types.tsv", &l->rows));
	vec_reserve(&l->all, scratch, 8192);
	while (rows_next(&l->rows, column, COLUMNS)) {
		struct row *row = vec_push(&l->all, scratch);

		memcpy(row->column, column, sizeof column);
		row->line = l->rows.line;
		if ((*column[0] != 'T' && *column[0] != 'E') || !*column[1])
			return rows_fail(c, &l->rows, "neither a type nor an element",
					 column[0]);
	}
	TRY(declare_types(c, l));
	while (at < l->all.len) {
		if (*l->all.at[at].column[0] != 'T')
			return rows_fail(c, &l->rows, "an element without a type", "");
		TRY(fill_type(c, l, &at));
	}
	return OK;
}

/* The names used everywhere. */
static enum err fill_common(struct ctx *c, struct fhir *f)
{
	const struct {
		const char *name;
		uint16_t *key;
	} keys[] = {
		{ "resourceType", &f->key_resource_type },
		{ "id", &f->key_id },
		{ "meta", &f->key_meta },
		{ "extension", &f->key_extension },
		{ "contained", &f->key_contained },
		{ "reference", &f->key_reference },
	};
	const struct {
		const char *name;
		const struct fhir_type **type;
	} types[] = {
		{ "Resource", &f->resource },
		{ "Element", &f->element },
		{ "Extension", &f->extension },
		{ "Reference", &f->reference },
	};

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		*keys[i].key = form_key(f, keys[i].name, "", false, "");
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		*types[i].type = fhir_type(f, str_of(types[i].name));
		if (!*types[i].type)
			return fail(c, ERR_INVALID, "fhir/types.tsv: there is no type %s",
				    types[i].name);
	}
	f->version = "4.0.1";
	return OK;
}

static void compiled_done(void *arg)
{
	struct fhir_compiled *compiled = arg;
	arena_done(&compiled->life);
}

enum err fhir_load(struct ctx *c, struct arena *life, const struct share *share,
		   const struct fhir **out)
{
	ARENA(scratch);
	struct fhir *f = NEW(life, struct fhir);
	struct loader l = { .f = f };

	f->life = life;
	f->atoms = atoms_new(life);
	f->compiled = NEW(life, struct fhir_compiled);
	arena_init(&f->compiled->life);
	arena_defer(life, compiled_done, f->compiled);
	map_init(&f->by_name, life);
	map_init(&l.rules, &scratch);
	TRY(load_rules(c, &l, share));
	TRY(load_types(c, &l, &scratch, share));
	TRY(fill_common(c, f));
	TRY(codes_load(c, f, share));
	f->shape = f->digest;
	TRY(params_load(c, f, share));
	TRY(profiles_load(c, f, share));
	*out = f;
	return OK;
}
