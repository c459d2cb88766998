/* param_own.c - search parameters of a place: SearchParameter resources in its pack, fhir/search/NAME.json.
 *
 * They come after the rows of search.tsv, in the order of their names. A pack may not say anew what FHIR
 * defines. Composite and special parameters need code and are refused.
 */
#include <string.h>

#include "base/json.h"
#include "base/map.h"
#include "fhir/load.h"
#include "fhir/param_table.h"

#define FOLDER "fhir/search/"

struct own {
	struct fhir *f;
	const struct share *share;
};

/* One sentence with the file, in place of what stood in c->why. */
static enum err refuse(struct ctx *c, const char *file, const char *what, const char *word)
{
	return fail(c, ERR_INVALID, "share/%s: %s: %s", file, what, word);
}

static const char *text_of(struct fhir *f, const struct node *n, const char *name)
{
	return str_dup(f->life, node_str(n, name));
}

static const char *const *list_of(struct fhir *f, const struct node *list)
{
	const char **out = NEW_N(f->life, const char *, (list ? list->len : 0) + 1);
	size_t i = 0;

	if (list && list->kind == NODE_ARRAY)
		node_each(one, list)
			out[i++] = str_dup(f->life, node_text(one));
	return out;
}

static bool is_kind(const char *text, enum param_type *out)
{
	for (unsigned i = 0; i < PARAM_COMPOSITE; i++)
		if (strcmp(param_type_name((enum param_type)i), text) == 0) {
			*out = (enum param_type)i;
			return true;
		}
	return false;
}

static bool is_code(const char *code)
{
	size_t len = strspn(code, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");

	return len > 0 && len <= 64 && !code[len];
}

/* Does an earlier one of the same code serve the same type? */
static bool is_taken(const struct fhir *f, const struct fhir_param *p, const char *base)
{
	for (size_t i = 0; i < f->params->definitions.len; i++) {
		const struct fhir_param *other = &f->params->definitions.at[i].param;

		if (strcmp(other->code, p->code) != 0)
			continue;
		for (const char *const *b = other->bases; *b; b++)
			if (fhir_is_a(fhir_type(f, str_of(base)), fhir_type(f, str_of(*b))))
				return true;
	}
	return false;
}

static enum err check_own(struct ctx *c, const struct fhir *f, const char *file, const struct fhir_param *p)
{
	ARENA(scratch);
	const struct path *path;
	char reason[sizeof c->why];

	if (!is_code(p->code))
		return refuse(c, file, "not a code a parameter may have", p->code);
	if (!*p->bases)
		return refuse(c, file, "no base", p->code);
	for (const char *const *base = p->bases; *base; base++) {
		const struct fhir_type *type = fhir_resource_type(f, str_of(*base));

		if (!type)
			return refuse(c, file, "not a type of resource", *base);
		if (is_taken(f, p, *base))
			return refuse(c, file, "the type has a parameter of that code", p->code);
		if (path_compile(c, &scratch, f, NULL, str_of(p->expression), &path)) {
			memcpy(reason, c->why, sizeof reason);
			return refuse(c, file, p->expression, reason);
		}
	}
	return OK;
}

static enum err add_own(struct ctx *c, void *arg, const char *file)
{
	static const uint64_t key[2] = { 0x63617573, 0x65776179 };
	struct own *own = arg;
	struct fhir *f = own->f;
	struct fhir_param p = { .number = 1 };
	struct json_options options = { .atoms = f->atoms, .bytes = 1 << 20 };
	struct node *tree;
	struct str text;
	char reason[sizeof c->why];

	if (!str_ends(str_of(file), STR(".json")))
		return OK;
	TRY(share_read(c, own->share, f->life, file, &text));
	if (json_read(c, f->life, text, &options, &tree)) {
		memcpy(reason, c->why, sizeof reason);
		return refuse(c, file, "it cannot be read", reason);
	}
	if (!str_is(node_str(tree, "resourceType"), "SearchParameter"))
		return refuse(c, file, "not a SearchParameter", text_of(f, tree, "resourceType"));
	if (f->params->definitions.len)
		p.number = f->params->definitions.at[f->params->definitions.len - 1].param.number + 1;
	p.code = text_of(f, tree, "code");
	p.url = text_of(f, tree, "url");
	p.text = text_of(f, tree, "description");
	p.expression = text_of(f, tree, "expression");
	p.bases = list_of(f, node_get(tree, "base"));
	p.targets = node_get(tree, "target") ? list_of(f, node_get(tree, "target")) : NULL;
	if (!is_kind(text_of(f, tree, "type"), &p.type))
		return refuse(c, file, "a type of parameter that a place cannot define",
			      text_of(f, tree, "type"));
	TRY(check_own(c, f, file, &p));
	vec_push(&f->params->definitions, f->life)->param = p;
	f->params->definitions.at[f->params->definitions.len - 1].components = "";
	const uint64_t sums[2] = { f->digest, hash_keyed(key, text.at, text.len) };
	f->digest = hash_keyed(key, sums, sizeof sums);
	return OK;
}

enum err params_own(struct ctx *c, struct fhir *f, const struct share *share)
{
	struct own own = { f, share };

	return share_list(c, share, FOLDER, add_own, &own);
}
