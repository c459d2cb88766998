/* invariant.c - rules of our own that hold on every way a resource may be written. */
#include "record/invariant.h"

#include "base/tsv.h"
#include "fhir/path.h"
#include "record/parts.h"

struct invariant {
	const struct fhir_type *type;
	const struct path *when, *rule;
	const char *words;
};

struct invariants {
	VEC(struct invariant) rows;
};

struct loading {
	struct place *place;
	struct invariants *to;
};

static enum err compile(struct ctx *c, const struct loading *l, const struct tsv_row *row, unsigned column,
			const struct fhir_type *type, const struct path **out)
{
	if (path_compile(c, &l->place->life, l->place->fhir, type, row->cell[column], out) == OK)
		return OK;
	const char *why = arena_str(c->arena, c->why);
	return fail(c, ERR_INVALID, "share/%s:%lld: %s", row->file, (long long)row->line, why);
}

static enum err add_row(struct ctx *c, void *arg, const struct tsv_row *row)
{
	struct loading *l = arg;
	struct invariant one = { .type = fhir_resource_type(l->place->fhir, row->cell[1]),
				 .words = str_dup(&l->place->life, row->cell[4]) };

	if (!one.type)
		return fail(c, ERR_INVALID, "share/%s:%lld: no such type of resource.", row->file,
			    (long long)row->line);
	TRY(compile(c, l, row, 2, one.type, &one.when));
	TRY(compile(c, l, row, 3, one.type, &one.rule));
	*vec_push(&l->to->rows, &l->place->life) = one;
	return OK;
}

enum err invariants_load(struct ctx *c, struct place *place, struct invariants **out)
{
	struct loading l = { place, NEW(&place->life, struct invariants) };

	TRY(tsv_read(c, &place->share, &place->life, "record/invariant.tsv", "name\ttype\twhen\trule\twords", add_row,
		     &l));
	*out = l.to;
	return OK;
}

bool invariants_have(const struct place *place, const struct fhir_type *type)
{
	const struct invariants *all = place->record->invariants;

	for (size_t i = 0; i < all->rows.len; i++)
		if (all->rows.at[i].type == type)
			return true;
	return false;
}

/* What a reference names, as it is now, whoever asks: the rule must hold whether they may see it or not. */
static bool resolve(void *arg, struct ctx *c, struct str reference, struct fhir_value *out)
{
	struct str id = reference, type = str_cut(&id, '/');
	struct standing now = { 0 };
	struct db *db = arg;
	struct version v;
	struct node *n;
	int64_t key;
	char why[sizeof c->why];

	memcpy(why, c->why, sizeof why);
	bool found = id.at && name_find(c, db, type, &key) == OK && key && standing_find(c, db, key, id, &now) == OK &&
		     now.version && !now.deleted && version_look(c, db, now.seq, &v) == OK &&
		     fhir_read_json(c, c->place->fhir, c->arena, v.body, &n) == OK;
	memcpy(c->why, why, sizeof why);
	if (found)
		*out = (struct fhir_value){ .type = fhir_type_of(c->place->fhir, n), .node = n };
	return found;
}

/* Nothing said is nothing broken. */
static enum err broken(struct ctx *c, const struct invariant *one, const struct path_env *env,
		       struct fhir_value focus, bool *out)
{
	struct items said;
	bool asked;

	*out = false;
	TRY(path_test(c, one->when, env, focus, &asked));
	if (!asked)
		return OK;
	TRY(path_eval(c, one->rule, env, focus, &said));
	*out = said.len == 1 && said.at[0].kind == ITEM_BOOLEAN && !said.at[0].boolean;
	return OK;
}

enum err invariants_check(struct ctx *c, struct db *db, const struct fhir_type *type, struct str source,
			  const struct node *resource, const struct node *before, bool as_such)
{
	const struct invariants *all = c->place->record->invariants;
	struct item old = { .kind = ITEM_NODE, .value = { .type = type, .node = before } };
	struct item plain = { .kind = ITEM_BOOLEAN, .boolean = as_such && c->actor };
	struct path_var vars[] = { { "before", { &old, before ? 1 : 0 } }, { "plain", { &plain, 1 } }, { 0 } };
	struct fhir_value focus = { .type = type, .node = resource };
	struct path_env env = { .fhir = c->place->fhir, .resource = focus, .vars = vars, .resolve = resolve, .arg = db };
	const char *first = NULL;

	for (size_t i = 0; i < all->rows.len; i++) {
		const struct invariant *one = &all->rows.at[i];
		uint32_t line = 0, column = 0;
		bool is;

		if (one->type != type)
			continue;
		TRY(broken(c, one, &env, focus, &is));
		if (!is)
			continue;
		if (source.len)
			json_position(source, resource->pos, &line, &column);
		issue_add(c, ISSUE_ERROR, "business-rule", type->name, line, column, "%s", one->words);
		first = first ? first : one->words;
	}
	return first ? fail(c, ERR_INVALID, "%s", first) : OK;
}
