/* param.c - search.tsv and compartments.tsv: which parameters a resource type has.
 *
 * A definition may serve many types, its expression being a union with a part for each. For each
 * type a parameter of its own is made, with the parts that concern the type, all with the same
 * number. Those of a type are made when first asked for, under a lock; after that they never
 * change, and are found through a map of the type.
 */
#include <stdlib.h>

#include "fhir/code.h"
#include "fhir/index.h"
#include "fhir/load.h"

static const char *const type_names[] = { "token",  "string",    "date",
					  "number", "quantity",  "reference",
					  "uri",    "composite", "special" };

const char *param_type_name(enum param_type type)
{
	return type_names[type];
}

enum {
	P_NUMBER,
	P_CODE,
	P_TYPE,
	P_BASES,
	P_TARGETS,
	P_EXPRESSION,
	P_COMPONENTS,
	P_URL,
	P_TEXT,
	P_COLUMNS
};

static void params_done(void *arg)
{
	struct fhir_params *params = arg;

	pthread_mutex_destroy(&params->lock);
	arena_done(&params->arena);
}

static enum err load_definition(struct ctx *c, struct fhir *f, const struct rows *rows,
				char **column)
{
	struct definition *d = vec_push(&f->params->definitions, f->life);
	size_t type = 0;
	int64_t number;

	if (!str_int(str_of(column[P_NUMBER]), &number) || number < 1 || number > UINT16_MAX)
		return rows_fail(c, rows, "not a number", column[P_NUMBER]);
	while (type < PARAM_SPECIAL && strcmp(type_names[type], column[P_TYPE]) != 0)
		type++;
	if (f->params->definitions.len > 1 && d[-1].param.number >= (unsigned)number)
		return rows_fail(c, rows, "numbers must rise", column[P_NUMBER]);
	*d = (struct definition){
		.components = column[P_COMPONENTS],
		.param = {
			.number = (unsigned)number,
			.code = column[P_CODE],
			.type = (enum param_type)type,
			.url = column[P_URL],
			.text = column[P_TEXT],
			.expression = column[P_EXPRESSION],
			.bases = pieces(f->life, column[P_BASES], ' '),
			.targets = pieces(f->life, column[P_TARGETS], ' '),
		},
	};
	if (!d->param.bases || !*d->param.code)
		return rows_fail(c, rows, "a parameter without a type or code", column[P_URL]);
	return OK;
}

static enum err load_compartments(struct ctx *c, struct fhir *f, const struct share *share)
{
	struct rows rows;
	char *column[3];

	TRY(rows_open(c, f, share, "fhir/compartments.tsv", &rows));
	while (rows_next(&rows, column, 3)) {
		const char *const *codes = pieces(f->life, column[2], ' ');
		char *name = arena_printf(f->life, "%s/%s", column[0], column[1]);

		map_set(&f->params->compartments, str_of(name), (void *)codes);
		if (!strcmp(column[0], "Patient"))
			map_set(&f->params->people, str_of(column[1]), (void *)codes);
	}
	return OK;
}

/* What concerns one person though R4 has it in no Patient compartment: it is filed under them all
 * the same, so that access, $everything and distribution by person hold for it. Written by hand. */
static enum err load_people(struct ctx *c, struct fhir *f, const struct share *share)
{
	struct rows rows;
	char *column[2];

	TRY(rows_open(c, f, share, "fhir/people.tsv", &rows));
	while (rows_next(&rows, column, 2)) {
		struct str type = str_of(column[0]);

		if (!fhir_resource_type(f, type) || map_get(&f->params->people, type))
			return rows_fail(c, &rows, "no type outside the compartment",
					 column[0]);
		map_set(&f->params->people, type, (void *)pieces(f->life, column[1], ' '));
	}
	return OK;
}

enum err params_load(struct ctx *c, struct fhir *f, const struct share *share)
{
	struct fhir_params *params = NEW(f->life, struct fhir_params);
	char *column[P_COLUMNS];
	struct rows rows;

	f->params = params;
	map_init(&params->people, f->life);
	map_init(&params->compartments, f->life);
	vec_reserve(&params->definitions, f->life, 1500);
	TRY(rows_open(c, f, share, "fhir/search.tsv", &rows));
	while (rows_next(&rows, column, P_COLUMNS))
		TRY(load_definition(c, f, &rows, column));
	TRY(params_own(c, f, share));
	params->types = NEW_N(f->life, _Atomic(struct type_params *), f->type_count);
	params->emitters = index_table(f);
	pthread_mutex_init(&params->lock, NULL);
	arena_init(&params->arena);
	arena_defer(f->life, params_done, params);
	TRY(load_compartments(c, f, share));
	return load_people(c, f, share);
}

const char *const *compartment_params(const struct fhir *f, const char *compartment,
				      const struct fhir_type *type)
{
	ARENA(scratch);
	char *name = arena_printf(&scratch, "%s/%s", compartment, type->name);

	return map_get(&f->params->compartments, str_of(name));
}

/* ---- the parameters of one type ---- */

static bool applies(const struct fhir *f, const struct fhir_param *param,
		    const struct fhir_type *type)
{
	for (const char *const *base = param->bases; *base; base++)
		if (fhir_is_a(type, fhir_type(f, str_of(*base))))
			return true;
	return false;
}

/* The next part of a union; | within quotes or brackets does not count. */
static struct str part_next(struct str *expression)
{
	struct str part = { expression->at, 0 };
	int depth = 0;
	bool quoted = false;

	for (; part.len < expression->len; part.len++) {
		char c = part.at[part.len];

		quoted ^= c == '\'';
		depth += quoted ? 0 : (c == '(') - (c == ')');
		if (c == '|' && !quoted && !depth)
			break;
	}
	*expression = (struct str){ expression->at + part.len, expression->len - part.len };
	if (expression->len)
		expression->at++, expression->len--;
	return str_trim(part);
}

/* Does a part begin with the name of the type, or of one it comes from, or of an element? */
static bool part_concerns(const struct fhir *f, struct str part, const struct fhir_type *type)
{
	size_t len = 0;

	while (part.len && (*part.at == '(' || *part.at == ' '))
		part.at++, part.len--;
	while (len < part.len && part.at[len] != '.' && part.at[len] != ' ' &&
	       part.at[len] != ')')
		len++;
	if (part.len && *part.at >= 'a' && *part.at <= 'z')
		return true;
	return fhir_is_a(type, fhir_type(f, (struct str){ part.at, len }));
}

static bool fill_plain(const struct fhir *f, const struct fhir_type *type, struct str part,
		       struct plain *out)
{
	const struct fhir_elem *last;

	if (!walk_compile(&f->params->arena, f, type, part, &out->walk))
		return false;
	last = out->walk.last;
	if (last && last->binding == 'r' && last->value_set && last->form_count == 1 &&
	    !strcmp(last->forms[0].type->name, "code"))
		out->system = code_set_system(f, last->value_set);
	return true;
}

/* Fill in the expression for the type, its plain paths or its compiled path. */
static void fill_expression(const struct fhir *f, struct type_param *p,
			    const struct fhir_type *type)
{
	struct arena *a = &f->params->arena;
	struct str whole = str_of(p->param.expression);
	VEC(struct plain) plain = { 0 };
	bool all = true;
	struct buf b;

	buf_init(&b, a, 0);
	while (whole.len) {
		struct str part = part_next(&whole);

		if (!part_concerns(f, part, type))
			continue;
		if (b.len)
			buf_cstr(&b, " | ");
		buf_str(&b, part);
		all = all && fill_plain(f, type, part, vec_push(&plain, a));
	}
	p->param.expression = b.len ? str_dup(a, buf_get(&b)) : "";
	p->plain = all ? plain.at : NULL;
	p->plain_count = all ? plain.len : 0;
}

static const struct path *compile(const struct fhir *f, const struct fhir_type *type,
				  struct str text)
{
	ARENA(scratch);
	const struct path *path = NULL;
	struct ctx c;

	ctx_init(&c, &scratch);
	if (!text.len || path_compile(&c, &f->params->arena, f, type, text, &path) != OK)
		return NULL;
	return path;
}

/* "Patient: Gender of the patient; Person: …" to the sentence for the type. */
static const char *text_for(struct arena *a, const char *text, const struct fhir_type *type)
{
	const char *head = arena_printf(a, "%s: ", type->name), *found = strstr(text, head),
		   *end;

	if (!found || (found > text && found[-1] != ' '))
		return text;
	found += strlen(head);
	end = strstr(found, "; ");
	return end ? arena_dup(a, found, (size_t)(end - found)) : found;
}

static int by_code(const void *a, const void *b)
{
	const struct type_param *x = a, *y = b;
	int order = strcmp(x->param.code, y->param.code);

	return order ? order : (int)x->param.number - (int)y->param.number;
}

static const struct type_param *by_definition(const struct type_params *t, const struct fhir *f,
					      struct str id)
{
	for (size_t i = 0; i < f->params->definitions.len; i++) {
		const struct fhir_param *param = &f->params->definitions.at[i].param;

		if (str_ends(str_of(param->url), id) &&
		    param->url[strlen(param->url) - id.len - 1] == '/')
			return map_get(&t->by_code, str_of(param->code));
	}
	return NULL;
}

/* "Observation-code=code;…" to the parameters of the type and paths from it. A component's path
 * begins at what the composite's expression gives, which is mostly the resource itself. */
static void fill_components(const struct fhir *f, const struct type_params *t,
			    struct type_param *p, const struct fhir_type *type)
{
	struct arena *a = &f->params->arena;
	struct str list = str_of(p->components);
	VEC(struct fhir_component) found = { 0 };
	bool whole = !strcmp(p->param.expression, type->name);

	while (list.at && list.len) {
		struct str path = str_cut(&list, ';'), id = str_cut(&path, '=');
		const struct type_param *part = by_definition(t, f, id);

		if (part)
			*vec_push(&found, a) = (struct fhir_component){
				&part->param, compile(f, whole ? type : NULL, path)
			};
	}
	vec_push(&found, a);
	if (found.len > 1)
		p->param.components = found.at;
}

static struct type_params *make_params(const struct fhir *f, const struct fhir_type *type)
{
	struct arena *a = &f->params->arena;
	struct type_params *t = NEW(a, struct type_params);
	VEC(struct type_param) found = { 0 };
	const struct fhir_param **list;

	map_init(&t->by_code, a);
	for (size_t i = 0; i < f->params->definitions.len; i++) {
		const struct definition *d = &f->params->definitions.at[i];

		/* A code two definitions use belongs to the first. */
		if (!applies(f, &d->param, type) ||
		    !map_set(&t->by_code, str_of(d->param.code), t))
			continue;
		*vec_push(&found, a) =
			(struct type_param){ .param = d->param, .components = d->components };
	}
	if (found.len)
		qsort(found.at, found.len, sizeof *found.at, by_code);
	list = NEW_N(a, const struct fhir_param *, found.len + 1);
	for (size_t i = 0; i < found.len; i++) {
		struct type_param *p = &found.at[i];

		list[i] = &p->param;
		map_set(&t->by_code, str_of(p->param.code), p);
		p->param.text = text_for(a, p->param.text, type);
		fill_expression(f, p, type);
		p->param.path = compile(f, type, str_of(p->param.expression));
	}
	for (size_t i = 0; i < found.len; i++)
		fill_components(f, t, &found.at[i], type);
	t->list = list;
	t->at = found.at;
	t->len = found.len;
	return t;
}

const struct type_params *params_of(const struct fhir *f, const struct fhir_type *type)
{
	_Atomic(struct type_params *) *slot = &f->params->types[type->number];
	struct type_params *t = atomic_load_explicit(slot, memory_order_acquire);

	if (t)
		return t;
	pthread_mutex_lock(&f->params->lock);
	t = atomic_load_explicit(slot, memory_order_relaxed);
	if (!t) {
		t = make_params(f, type);
		atomic_store_explicit(slot, t, memory_order_release);
	}
	pthread_mutex_unlock(&f->params->lock);
	return t;
}

const struct fhir_param *param_find(const struct fhir *f, const struct fhir_type *type,
				    struct str code)
{
	const struct type_param *p = map_get(&params_of(f, type)->by_code, code);

	return p ? &p->param : NULL;
}

const struct fhir_param *param_defined(const struct fhir *f, const struct fhir_type *type,
				       struct str code)
{
	for (size_t i = 0; i < f->params->definitions.len; i++) {
		const struct fhir_param *param = &f->params->definitions.at[i].param;

		if (str_is(code, param->code) && applies(f, param, type))
			return param;
	}
	return NULL;
}

const struct fhir_param *const *param_list(const struct fhir *f, const struct fhir_type *type)
{
	return params_of(f, type)->list;
}

const struct fhir_param *param_number(const struct fhir *f, unsigned number)
{
	size_t low = 0, high = f->params->definitions.len;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (f->params->definitions.at[middle].param.number < number)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == f->params->definitions.len ||
	    f->params->definitions.at[low].param.number != number)
		return NULL;
	return &f->params->definitions.at[low].param;
}
