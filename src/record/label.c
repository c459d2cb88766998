/* label.c - the labels of a resource, from its index rows. */
#include "record/label.h"

#include "record/parts.h"

#define LABELS_MAX 64

struct label_rule {
	uint64_t bit;
	const struct fhir_param *param; /* its definition; NULL: every resource of the type */
	struct str system, code;
	bool any_system, prefix;
};

struct label_rules {
	struct label_rule *at;
	size_t len, cap;
};

/* A code that stands for a label wherever it is said. */
struct said {
	struct str code;
	const struct label *label;
};

struct labels {
	struct label at[LABELS_MAX];
	size_t len;
	VEC(struct said) said;
	struct label_rules *rules; /* by fhir_type->number */
	uint64_t digest;
};

const struct label *place_labels(const struct place *place, size_t *len)
{
	*len = place->record->labels->len;
	return place->record->labels->at;
}

static const struct label *find(const struct labels *l, struct str name)
{
	for (size_t i = 0; i < l->len; i++)
		if (str_eq(l->at[i].name, name))
			return &l->at[i];
	return NULL;
}

const struct label *label_find(const struct place *place, struct str name)
{
	return find(place->record->labels, name);
}

const struct label *label_said(const struct place *place, struct str code)
{
	const struct labels *l = place->record->labels;

	for (size_t i = 0; i < l->said.len; i++)
		if (str_eq(l->said.at[i].code, code))
			return l->said.at[i].label;
	return find(l, code);
}

uint64_t labels_digest(const struct labels *l)
{
	return l->digest;
}

/* --- reading the tables --- */

#define COLUMNS 7

struct reading {
	struct ctx *c;
	struct place *place;
	struct labels *labels;
	const char *file;
	unsigned line;
};

static enum err refuse(const struct reading *r, const char *what, struct str cell)
{
	return fail(r->c, ERR_INVALID, "share/%s:%u: %s: %.80s", r->file, r->line, what,
		    str_dup(r->c->arena, cell));
}

/* Lines but # and empty ones; the first of them is the header. */
static enum err read_table(struct reading *r,
			   enum err (*each)(struct reading *r, const struct str *cell))
{
	static const uint64_t key[2] = { 0x6c6162656c730a01, 0x6361757365776179 };
	struct str text;
	bool header = true;

	TRY(share_read(r->c, &r->place->share, &r->place->life, r->file, &text));
	r->labels->digest ^= hash_keyed(key, text.at, text.len);
	for (r->line = 1; text.at; r->line++) {
		struct str line = str_cut(&text, '\n'), cell[COLUMNS];

		if (!line.len || line.at[0] == '#')
			continue;
		for (size_t i = 0; i < COLUMNS; i++)
			cell[i] = str_cut(&line, '\t');
		if (!header)
			TRY(each(r, cell));
		header = false;
	}
	return OK;
}

static enum err read_label(struct reading *r, const struct str *cell)
{
	struct labels *l = r->labels;
	int64_t bit;

	if (!str_int(cell[0], &bit) || bit < 0 || bit >= LABELS_MAX)
		return refuse(r, "a bit is 0 to 63", cell[0]);
	for (size_t i = 0; i < l->len; i++)
		if (l->at[i].bit == UINT64_C(1) << bit || str_eq(l->at[i].name, cell[1]))
			return refuse(r, "this bit or label is there already", cell[1]);
	l->at[l->len++] =
		(struct label){ UINT64_C(1) << bit, cell[1], cell[2], cell[3], cell[4] };
	return OK;
}

/* The parameter a rule asks, by number; NULL when every resource of the type is meant. */
static enum err find_param(struct reading *r, const struct fhir_type *type, struct str code,
			   const struct fhir_param **out)
{
	if (!code.len)
		return OK;
	*out = param_defined(r->place->fhir, type, code);
	return *out && (*out)->type == PARAM_TOKEN
		       ? OK
		       : refuse(r, "no search parameter of type token", code);
}

static void add_rule(struct reading *r, const struct fhir_type *type, struct label_rule rule)
{
	*vec_push(&r->labels->rules[type->number], &r->place->life) = rule;
}

static enum err read_rule(struct reading *r, const struct str *cell)
{
	const struct fhir *f = r->place->fhir;
	const struct label *label = find(r->labels, cell[0]);
	const struct fhir_type *type = fhir_resource_type(f, cell[1]);
	struct label_rule rule = { .system = cell[3], .code = cell[4] };

	if (!label)
		return refuse(r, "no label of label.tsv", cell[0]);
	rule.bit = label->bit;
	rule.any_system = str_is(rule.system, "*");
	rule.prefix = str_ends(rule.code, STR("*"));
	rule.code.len -= rule.prefix;
	if (!type && !str_is(cell[1], "*"))
		return refuse(r, "no type of resource", cell[1]);
	TRY(find_param(r, type ? type : f->resource, cell[2], &rule.param));
	if (type) {
		add_rule(r, type, rule);
		return OK;
	}
	if (str_is(cell[2], "_security") && !rule.prefix)
		*vec_push(&r->labels->said, &r->place->life) = (struct said){ rule.code, label };
	for (unsigned i = 0; i < f->type_count; i++)
		if (f->types[i]->kind == FHIR_RESOURCE && !f->types[i]->abstract)
			add_rule(r, f->types[i], rule);
	return OK;
}

enum err labels_load(struct ctx *c, struct place *place, struct labels **out)
{
	struct labels *l = NEW(&place->life, struct labels);
	struct reading r = { c, place, l, "access/label.tsv", 0 };

	l->rules = NEW_N(&place->life, struct label_rules, place->fhir->type_count);
	TRY(read_table(&r, read_label));
	r.file = "access/label_rule.tsv";
	TRY(read_table(&r, read_rule));
	*out = l;
	return OK;
}

/* --- asking them --- */

static bool fits(const struct label_rule *rule, const struct row *row)
{
	return row->table == TABLE_TOKEN && row->variant == VARIANT_PLAIN && rule->param &&
	       row->param->number == rule->param->number &&
	       (rule->any_system || str_eq(row->system, rule->system)) &&
	       (rule->prefix ? str_starts(row->code, rule->code)
			     : str_eq(row->code, rule->code));
}

static bool any_fits(const struct label_rule *rule, const struct rows *rows)
{
	for (size_t i = 0; i < rows->len; i++)
		if (fits(rule, &rows->at[i]))
			return true;
	return false;
}

uint64_t labels_of(const struct place *place, const struct fhir_type *type,
		   const struct rows *rows)
{
	const struct label_rules *rules = &place->record->labels->rules[type->number];
	uint64_t found = 0;

	for (size_t i = 0; i < rules->len; i++)
		if (!(found & rules->at[i].bit) &&
		    (!rules->at[i].param || any_fits(&rules->at[i], rows)))
			found |= rules->at[i].bit;
	return found;
}

enum err labels_now(struct ctx *c, struct str type, struct str id, uint64_t *out)
{
	bool row;
	READER(db);
	STMT(s);

	TRY(store_reader(c, c->place->store, &db));
	TRY(db_stmt(c, db,
		    SQL("SELECT r.labels FROM resource r JOIN name n ON n.key = r.type WHERE n.text = ?1 AND r.id = ?2"), &s));
	stmt_bind_text(s, 1, type);
	stmt_bind_text(s, 2, id);
	TRY(stmt_step(c, s, &row));
	*out = row ? (uint64_t)stmt_int(s, 0) : 0;
	return OK;
}

static struct node *member(struct arena *a, struct node *in, const char *name, enum node_kind kind)
{
	struct node *n = node_get(in, name);

	return n ? n : node_add(a, in, name, kind);
}

void labels_say(struct ctx *c, uint64_t labels, struct node *resource)
{
	struct arena *a = c->arena;
	const struct label *all;
	size_t len;

	all = place_labels(c->place, &len);
	for (size_t i = 0; i < len; i++) {
		struct node *n;

		if (!(labels & all[i].bit) || label_said(c->place, all[i].name) != &all[i])
			continue; /* some are known by what a resource is, and cannot be said */
		n = member(a, member(a, resource, "meta", NODE_OBJECT), "security", NODE_ARRAY);
		n = node_add(a, n, NULL, NODE_OBJECT);
		node_add_cstr(a, n, "system", LABEL_SYSTEM);
		node_add_str(a, n, "code", all[i].name);
	}
	atoms_adopt(c->place->fhir->atoms, resource);
}
