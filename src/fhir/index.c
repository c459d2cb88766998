/* index.c - the rows a resource is found by.
 *
 * For each parameter of the type its expression is run; each value found goes to the function of
 * `emitters` for the parameter's type and the value's type, which is the specification's table of
 * search types and data types (R4 search.html) as data. Rows of a parameter are never the same
 * twice.
 */
#include "base/when.h"
#include "fhir/index.h"

#define ROWS_MAX 200000
#define FEW 48

/* ---- collecting rows ---- */

struct str fhir_value_cut(struct str s)
{
	if (s.len <= VALUE_MAX)
		return s;
	s.len = VALUE_MAX;
	while (s.len && ((unsigned char)s.at[s.len] & 0xc0) == 0x80)
		s.len--;
	return s;
}

static uint64_t row_hash(const struct index_row *row)
{
	const struct str parts[] = { row->system, row->code, row->text,
				     row->target, row->low,  row->high };
	uint64_t sums[10] = { row->param->number, row->identifier, (uint64_t)row->lo,
			      (uint64_t)row->hi };

	for (int i = 0; i < 6; i++)
		sums[4 + i] = parts[i].len ? hash_bytes(parts[i].at, parts[i].len) : 0;
	return hash_bytes(sums, sizeof sums);
}

static bool row_eq(const struct index_row *a, const struct index_row *b)
{
	return a->param == b->param && a->identifier == b->identifier && a->lo == b->lo &&
	       a->hi == b->hi && str_eq(a->code, b->code) && str_eq(a->system, b->system) &&
	       str_eq(a->text, b->text) && str_eq(a->target, b->target) &&
	       str_eq(a->low, b->low) && str_eq(a->high, b->high);
}

static void grow_slots(struct indexer *ix)
{
	size_t count = ix->slot_count ? ix->slot_count * 4 : 256;

	ix->slots = NEW_N(ix->scratch, uint32_t, count);
	ix->slot_count = count;
	for (size_t i = 0; i < ix->rows.len; i++) {
		size_t at = row_hash(&ix->rows.at[i]) & (count - 1);

		while (ix->slots[at])
			at = (at + 1) & (count - 1);
		ix->slots[at] = (uint32_t)i + 1;
	}
}

void index_add(struct indexer *ix, struct index_row row)
{
	size_t at;

	row.param = ix->param;
	row.code = fhir_value_cut(row.code);
	row.text = fhir_value_cut(row.text);
	row.system = fhir_value_cut(row.system);
	if (ix->rows.len < FEW) { /* as most resources have: they need no table */
		for (size_t i = 0; i < ix->rows.len; i++)
			if (row_eq(&ix->rows.at[i], &row))
				return;
		*vec_push(&ix->rows, ix->c->arena) = row;
		return;
	}
	if (ix->rows.len * 2 >= ix->slot_count)
		grow_slots(ix);
	at = row_hash(&row) & (ix->slot_count - 1);
	for (; ix->slots[at]; at = (at + 1) & (ix->slot_count - 1))
		if (row_eq(&ix->rows.at[ix->slots[at] - 1], &row))
			return;
	if (ix->rows.len == ROWS_MAX) {
		ix->full = true;
		return;
	}
	*vec_push(&ix->rows, ix->c->arena) = row;
	ix->slots[at] = (uint32_t)ix->rows.len;
}

/* ---- finding values ---- */

static void take_value(void *arg, struct fhir_value v)
{
	struct indexer *ix = arg;

	/* A parameter defined over an extension means its value. */
	if (v.type == ix->f->extension && v.node) {
		const struct fhir_elem *value = fhir_elem(v.type, STR("value"));

		if (fhir_children(ix->f, v, value, &v, 1) != 1)
			return;
	}
	if (v.node)
		index_value(ix, v);
}

/* A value the machine made: only booleans (`deceased.exists()`) and texts come out of parameters. */
static void take_item(struct indexer *ix, const struct item *item)
{
	struct node n = { 0 };
	const char *type = "string";

	if (item->kind == ITEM_NODE) {
		take_value(ix, item->value);
		return;
	}
	if (item->kind == ITEM_BOOLEAN) {
		n.kind = NODE_BOOL;
		n.truth = item->boolean;
		type = "boolean";
	} else {
		struct str text = item_text(ix->c->arena, ix->f, item);

		n.kind = NODE_STRING;
		n.text = text.at;
		n.len = (uint32_t)text.len;
	}
	index_value(ix, (struct fhir_value){ fhir_type(ix->f, str_of(type)), &n, NULL });
}

/* An expression that fails on a resource ("more than one item") finds nothing in it. */
static enum err find_items(struct ctx *c, const struct path *path, const struct path_env *env,
			   struct fhir_value focus, struct items *out)
{
	struct issues issues = c->issues;
	enum err e = path_eval(c, path, env, focus, out);

	if (e != OK) {
		c->issues = issues;
		if (issues.last)
			issues.last->next = NULL;
		*out = (struct items){ 0 };
	}
	return e == ERR_LIMIT || e == ERR_STOPPED ? e : OK;
}

static enum err run_path(struct indexer *ix, const struct path *path,
			 const struct path_env *env, struct fhir_value focus)
{
	struct items items = { 0 };

	TRY(find_items(ix->c, path, env, focus, &items));
	for (size_t i = 0; i < items.len; i++)
		take_item(ix, &items.at[i]);
	return OK;
}

static enum err run_param(struct indexer *ix, const struct type_param *p,
			  struct fhir_value resource)
{
	const struct path_env env = { .fhir = ix->f };

	ix->param = &p->param;
	for (size_t i = 0; i < p->plain_count; i++) {
		ix->system = p->plain[i].system;
		walk_run(ix->f, ix->scratch, &p->plain[i].walk, resource, take_value, ix);
	}
	ix->system = (struct str){ 0 };
	if (!p->plain_count && p->param.path)
		TRY(run_path(ix, p->param.path, &env, resource));
	if (ix->full)
		return fail(ix->c, ERR_LIMIT,
			    "The resource has more than %d values to be found by.", ROWS_MAX);
	return OK;
}

static enum err start(struct ctx *c, const struct fhir *f, const struct node *resource,
		      struct fhir_value *out)
{
	const struct fhir_type *type = fhir_type_of(f, resource);

	if (!type)
		return fail(c, ERR_INVALID, "Not a FHIR resource.");
	*out = (struct fhir_value){ type, resource, NULL };
	return OK;
}

enum err fhir_index(struct ctx *c, const struct fhir *f, const struct node *resource,
		    struct index_rows *out)
{
	ARENA(scratch);
	struct indexer ix = { .c = c, .f = f, .scratch = &scratch };
	const struct type_params *params;
	struct fhir_value v;

	TRY(start(c, f, resource, &v));
	params = params_of(f, v.type);
	vec_reserve(&ix.rows, c->arena, 64);
	for (size_t i = 0; i < params->len; i++)
		if (params->at[i].param.type != PARAM_COMPOSITE)
			TRY(run_param(&ix, &params->at[i], v));
	*out = (struct index_rows){ ix.rows.at, ix.rows.len };
	return OK;
}

/* The rows of a composite's components at one place. */
static enum err run_components(struct ctx *c, const struct fhir *f,
			       const struct fhir_param *composite, struct fhir_value resource,
			       struct fhir_value place, struct index_rows *out)
{
	const struct path_env env = { .fhir = f, .resource = resource };
	ARENA(scratch);
	struct indexer ix = { .c = c, .f = f, .scratch = &scratch };

	for (const struct fhir_component *part = composite->components; part->param; part++) {
		ix.param = part->param;
		if (part->path)
			TRY(run_path(&ix, part->path, &env, place));
	}
	*out = (struct index_rows){ ix.rows.at, ix.rows.len };
	return OK;
}

enum err fhir_index_composite(struct ctx *c, const struct fhir *f,
			      const struct fhir_param *composite, const struct node *resource,
			      struct index_rows **out, size_t *count)
{
	const struct path_env env = { .fhir = f };
	struct index_rows *sets;
	struct items places = { 0 };
	struct fhir_value v;
	size_t len = 0;

	TRY(start(c, f, resource, &v));
	if (composite->path && composite->components)
		TRY(find_items(c, composite->path, &env, v, &places));
	sets = NEW_N(c->arena, struct index_rows, places.len + 1);
	for (size_t i = 0; i < places.len; i++)
		if (places.at[i].kind == ITEM_NODE)
			TRY(run_components(c, f, composite, v, places.at[i].value,
					   &sets[len++]));
	*out = sets;
	*count = len;
	return OK;
}

static bool is_known(const struct str *ids, size_t count, struct str id)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(ids[i], id))
			return true;
	return false;
}

enum err fhir_people(struct ctx *c, const struct fhir *f, const struct node *resource,
		     struct str **out, size_t *count)
{
	ARENA(scratch);
	struct indexer ix = { .c = c, .f = f, .scratch = &scratch };
	VEC(struct str) ids = { 0 };
	const char *const *codes;
	struct fhir_value v;

	TRY(start(c, f, resource, &v));
	if (!strcmp(v.type->name, "Patient")) {
		struct str id = node_text(node_key(resource, f->key_id));

		if (id.len)
			*vec_push(&ids, c->arena) = id;
		codes = NULL;
	} else {
		codes = map_get(&f->params->people, str_of(v.type->name));
	}
	for (; codes && *codes; codes++) {
		const struct type_param *p =
			map_get(&params_of(f, v.type)->by_code, str_of(*codes));

		if (p)
			TRY(run_param(&ix, p, v));
	}
	for (size_t i = 0; i < ix.rows.len; i++) {
		const struct index_row *row = &ix.rows.at[i];

		if (str_is(row->target, "Patient") && !is_known(ids.at, ids.len, row->code))
			*vec_push(&ids, c->arena) = row->code;
	}
	if (!strcmp(v.type->name, "Binary")) { /* it says itself in whose record it is guarded */
		struct str guarded = node_text(node_path(resource, "securityContext.reference")), id = guarded;

		if (str_is(str_cut(&id, '/'), "Patient") && id.len)
			*vec_push(&ids, c->arena) = id;
	}
	*out = ids.at;
	*count = ids.len;
	return OK;
}
