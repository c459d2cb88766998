/* types.c - StructureDefinitions into types.tsv and rules.tsv.
 *
 * A type's snapshot lists every element, inherited ones too. Written are only those that differ
 * from what the base type says, so that a row stands once; the reader fills in the rest.
 */
#include <stdlib.h>

#include "fhirc/fhirc.h"

#define FHIR_TYPE_EXTENSION                                                                    \
	"http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type"
#define REGEX_EXTENSION "http://hl7.org/fhir/StructureDefinition/regex"

struct type {
	struct node *def;
	struct str name, base;
	int kind;  /* 0 Element, 1 primitive, 2 complex, 3 resource */
	int depth; /* steps to the root of its inheritance */
};

struct writer {
	struct arena *a;
	struct buf *types, *rules;
	struct map rows; /* "Type.elem" -> struct str *, the row of the element */
	struct map
		own_rules; /* type name -> struct str *, " ele-1 ext-1 " with inherited ones */
	struct map rule_names; /* name of a rule -> struct node *, the constraint */
};

static struct str *keep(struct arena *a, struct str s)
{
	struct str *kept = NEW(a, struct str);

	*kept = s;
	return kept;
}

static struct str joined(struct arena *a, struct str type, struct str elem)
{
	return str_of(arena_printf(a, STR_FMT "." STR_FMT, STR_ARG(type), STR_ARG(elem)));
}

/* The extension with this URL, its value's text. */
static struct str extension_text(const struct node *n, const char *url)
{
	node_each(e, node_get(n, "extension")) {
		if (!str_is(node_str(e, "url"), url))
			continue;
		node_each(member, e) {
			if (member->name_len > 5 && !memcmp(member->name, "value", 5))
				return node_text(member);
		}
	}
	return (struct str){ 0 };
}

/* Is it a kind of type written here? Profiles and logical models are not. */
static bool is_type(const struct node *def, int *kind)
{
	struct str k = node_str(def, "kind");

	*kind = str_is(k, "primitive-type") ? 1 : str_is(k, "complex-type") ? 2 : 3;
	if (str_is(node_str(def, "name"), "Element"))
		*kind = 0;
	return !str_is(k, "logical") && !str_is(node_str(def, "derivation"), "constraint");
}

static int type_cmp(const void *a, const void *b)
{
	const struct type *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind - y->kind;
	if (x->depth != y->depth)
		return x->depth - y->depth;
	return str_cmp(x->name, y->name);
}

/* Expressions of the standard that do not say what its own text says, and what they must be. */
static const struct {
	const char *key, *wrong, *right;
} errata[] = {
	/* an element of type boolean is a FHIR.boolean, not a System.Boolean */
	{ "que-7", "operator = 'exists' implies (answer is Boolean)",
	  "operator = 'exists' implies (answer is boolean)" },
	/* R5 gave the second its own function; in R4 a blank narrative would break both rules */
	{ "txt-2", "htmlChecks()", "htmlChecks2()" },
};

static struct str corrected(struct str key, struct str path)
{
	for (size_t i = 0; i < sizeof errata / sizeof *errata; i++)
		if (str_is(key, errata[i].key) && str_is(path, errata[i].wrong))
			return str_of(errata[i].right);
	return path;
}

/* The name of a rule in the tables: its key, made different where the same key stands for
 * different rules in different types. Writes the rule's row when it is new. */
static struct str rule_name(struct writer *w, struct node *rule)
{
	struct str key = node_str(rule, "key"), name = key;
	struct str path = corrected(key, node_str(rule, "expression"));
	struct node *other;

	for (int n = 2; (other = map_get(&w->rule_names, name)); n++) {
		if (str_eq(corrected(key, node_str(other, "expression")), path) &&
		    str_eq(node_str(other, "severity"), node_str(rule, "severity")))
			return name;
		name = str_of(arena_printf(w->a, STR_FMT "~%d", STR_ARG(key), n));
	}
	map_set(&w->rule_names, name, rule);
	buf_printf(w->rules, STR_FMT "\t" STR_FMT "\t" STR_FMT "\t" STR_FMT "\n", STR_ARG(name),
		   STR_ARG(node_str(rule, "severity")), STR_ARG(row_text(w->a, path)),
		   STR_ARG(row_text(w->a, node_str(rule, "human"))));
	return name;
}

static bool has_word(struct str words, struct str word, struct arena *a)
{
	struct str spaced = str_of(arena_printf(a, " " STR_FMT " ", STR_ARG(word)));

	return str_find(words, spaced) >= 0;
}

/* Names of the rules of an element that are not among `known` (" a b "), separated by commas. */
static struct str rule_list(struct writer *w, const struct node *elem, struct str known)
{
	struct buf b;

	buf_init(&b, w->a, 0);
	node_each(rule, node_get(elem, "constraint")) {
		struct str name;

		if (!node_str(rule, "expression").len)
			continue;
		name = rule_name(w, rule);
		if (has_word(known, name, w->a))
			continue;
		if (b.len)
			buf_char(&b, ',');
		buf_str(&b, name);
	}
	return buf_get(&b);
}

/* All rules of a type, its base's first, kept for what derives from it. */
static void keep_rules(struct writer *w, struct str type, struct str base_rules, struct str own)
{
	struct buf b;

	buf_init(&b, w->a, 0);
	buf_str(&b, base_rules.len ? base_rules : STR(" "));
	while (own.at && own.len) {
		buf_str(&b, str_cut(&own, ','));
		buf_char(&b, ' ');
	}
	map_set(&w->own_rules, type, keep(w->a, buf_get(&b)));
}

static struct str rules_of(const struct writer *w, struct str type)
{
	struct str *rules = map_get(&w->own_rules, type);

	return rules ? *rules : STR("");
}

static void write_type_row(struct writer *w, struct str name, struct str kind, bool abstract,
			   struct str base, struct str url, struct str pattern,
			   const struct node *root)
{
	struct str base_rules = rules_of(w, base);
	struct str own = rule_list(w, root, base_rules);

	keep_rules(w, name, base_rules, own);
	buf_printf(w->types,
		   "T\t" STR_FMT "\t" STR_FMT "\t%s\t" STR_FMT "\t" STR_FMT "\t" STR_FMT
		   "\t" STR_FMT "\n",
		   STR_ARG(name), STR_ARG(kind), abstract ? "abstract" : "", STR_ARG(base),
		   STR_ARG(own), STR_ARG(url), STR_ARG(pattern));
}

/* One type of an element: its name, and for references "(Patient,Group)". */
static void add_type(struct buf *out, const struct node *elem, const struct node *type)
{
	struct str code = node_str(type, "code"),
		   fhir = extension_text(type, FHIR_TYPE_EXTENSION);
	size_t start;

	if (str_starts(code, STR("http://hl7.org/fhirpath/")))
		code = fhir.len ? fhir : STR("string");
	/* The definitions say string here; the specification's text and every reader say id. */
	if (str_is(node_str(node_get(elem, "base"), "path"), "Resource.id"))
		code = STR("id");
	if (out->len)
		buf_char(out, ' ');
	buf_str(out, code);
	start = out->len;
	node_each(target, node_get(type, "targetProfile")) {
		struct str name = url_tail(node_text(target));

		if (str_is(name, "Resource"))
			return;
		buf_char(out, out->len == start ? '(' : ',');
		buf_str(out, name);
	}
	if (out->len > start)
		buf_char(out, ')');
}

static struct str type_list(struct writer *w, const struct node *elem, struct str backbone)
{
	struct str content = node_str(elem, "contentReference");
	struct buf b;

	if (backbone.len)
		return backbone;
	if (content.len)
		return (struct str){ content.at + 1, content.len - 1 };
	buf_init(&b, w->a, 0);
	node_each(type, node_get(elem, "type"))
		add_type(&b, elem, type);
	return buf_get(&b);
}

/* Rules that come with the types named in a type list. */
static struct str rules_of_types(struct writer *w, struct str types)
{
	struct buf b;

	buf_init(&b, w->a, 0);
	buf_cstr(&b, " ele-1 ");
	while (types.at) {
		struct str one = str_cut(&types, ' ');

		buf_str(&b, rules_of(w, str_cut(&one, '(')));
	}
	return buf_get(&b);
}

static struct str flags_of(struct writer *w, const struct node *elem, bool choice)
{
	struct str base_max = node_str(node_get(elem, "base"), "max");
	struct node *type = node_at(node_get(elem, "type"), 0);
	bool bare = str_starts(node_str(type, "code"), STR("http://hl7.org/fhirpath/"));
	bool list = !str_is(base_max, "1") && !str_is(base_max, "0");
	const char *flags = arena_printf(w->a, "%s%s%s%s%s", list ? "l" : "", choice ? "c" : "",
					 node_is(node_get(elem, "isSummary"), NODE_BOOL) &&
							 node_get(elem, "isSummary")->truth
						 ? "s"
						 : "",
					 node_is(node_get(elem, "isModifier"), NODE_BOOL) &&
							 node_get(elem, "isModifier")->truth
						 ? "m"
						 : "",
					 bare ? "b" : "");

	return str_of(*flags ? flags : "-");
}

static char binding_letter(struct str strength)
{
	return str_is(strength, "example") ? 'x' : strength.len ? strength.at[0] : '-';
}

/* The row of an element without its leading letter. */
static struct str elem_row(struct writer *w, const struct node *elem, struct str name,
			   struct str backbone)
{
	bool choice = str_ends(name, STR("[x]"));
	struct str types = type_list(w, elem, backbone);
	const struct node *binding = node_get(elem, "binding");
	struct str known = backbone.len ? rules_of(w, backbone) : rules_of_types(w, types);
	struct str rules = rule_list(w, elem, known);
	struct buf b;

	if (choice)
		name.len -= 3;
	buf_init(&b, w->a, 0);
	buf_printf(&b, STR_FMT "\t" STR_FMT "\t" STR_FMT "\t" STR_FMT "\t" STR_FMT,
		   STR_ARG(name), STR_ARG(node_text(node_get(elem, "min"))),
		   STR_ARG(node_str(elem, "max")), STR_ARG(flags_of(w, elem, choice)),
		   STR_ARG(types));
	if (binding || rules.len)
		buf_printf(&b, "\t%c\t" STR_FMT, binding_letter(node_str(binding, "strength")),
			   STR_ARG(url_bare(node_str(binding, "valueSet"))));
	if (rules.len)
		buf_printf(&b, "\t" STR_FMT, STR_ARG(rules));
	return buf_get(&b);
}

/* The elements directly below `path`; types made of those that have elements themselves follow
 * after. `elem` is the element at `path` in the snapshot's list. */
static enum err write_elems(struct ctx *c, struct writer *w, const struct node *at,
			    struct str path, struct str base)
{
	VEC(const struct node *) nested = { 0 };

	for (const struct node *e = at->next; e; e = e->next) {
		struct str p = node_str(e, "path"), name, row, backbone = { 0 };
		struct str *inherited;
		const struct node *next = e->next;

		if (!str_starts(p, path) || p.at[path.len] != '.')
			break;
		name = (struct str){ p.at + path.len + 1, p.len - path.len - 1 };
		if (memchr(name.at, '.', name.len))
			continue;
		if (next && str_starts(node_str(next, "path"), joined(w->a, p, STR("")))) {
			*vec_push(&nested, w->a) = e;
			backbone = p;
			/* Its rules belong to the type made of it. */
			keep_rules(w, p, STR(" "), rule_list(w, e, STR("")));
		}
		if (str_is(name, "value") &&
		    str_starts(node_str(node_at(node_get(e, "type"), 0), "code"),
			       STR("http://hl7.org/fhirpath/")))
			continue; /* of a primitive: not an element */
		row = elem_row(w, e, name, backbone);
		inherited = map_get(&w->rows, joined(w->a, base, name));
		map_set(&w->rows, joined(w->a, path, name), keep(w->a, row));
		if (!inherited || !str_eq(*inherited, row))
			buf_printf(w->types, "E\t" STR_FMT "\n", STR_ARG(row));
	}
	for (size_t i = 0; i < nested.len; i++) {
		const struct node *e = nested.at[i];
		struct str p = node_str(e, "path");
		struct str code = node_str(node_at(node_get(e, "type"), 0), "code");

		write_type_row(w, p, STR("backbone"), false, code, STR(""), STR(""), e);
		TRY(write_elems(c, w, e, p, code));
	}
	return OK;
}

/* Rows an element inherits unchanged must be found under the derived type's name as well. */
static void inherit_rows(struct writer *w, struct str name, struct str base)
{
	struct str prefix = joined(w->a, base, STR(""));
	size_t count = w->rows.len;

	for (size_t i = 0; base.len && i < count; i++) {
		struct str key = w->rows.entries[i].key;

		if (str_starts(key, prefix) &&
		    !memchr(key.at + prefix.len, '.', key.len - prefix.len))
			map_set(&w->rows,
				joined(w->a, name,
				       (struct str){ key.at + prefix.len,
						     key.len - prefix.len }),
				w->rows.entries[i].value);
	}
}

static struct str pattern_of(const struct node *elements)
{
	node_each(e, elements) {
		struct str regex;

		if (!str_ends(node_str(e, "path"), STR(".value")))
			continue;
		regex = extension_text(node_at(node_get(e, "type"), 0), REGEX_EXTENSION);
		if (regex.len)
			return regex;
	}
	return (struct str){ 0 };
}

static enum err write_type(struct ctx *c, struct writer *w, const struct type *t)
{
	static const char *const kinds[] = { "complex", "primitive", "complex", "resource" };
	const struct node *elements = node_get(node_get(t->def, "snapshot"), "element");
	const struct node *root = node_at(elements, 0);
	bool abstract = str_is(node_text(node_get(t->def, "abstract")), "true");

	if (!root)
		return fail(c, ERR_INVALID, STR_FMT " has no snapshot", STR_ARG(t->name));
	inherit_rows(w, t->name, t->base);
	write_type_row(w, t->name, str_of(kinds[t->kind]), abstract, t->base,
		       node_str(t->def, "url"),
		       t->kind == 1 ? row_text(w->a, pattern_of(elements)) : STR(""), root);
	return write_elems(c, w, root, t->name, t->base);
}

enum err types_write(struct ctx *c, const struct definitions *d, struct buf *types,
		     struct buf *rules)
{
	struct writer w = { .a = c->arena, .types = types, .rules = rules };
	VEC(struct type) list = { 0 };
	struct map bases; /* type -> struct str *, its base */

	map_init(&w.rows, c->arena);
	map_init(&w.own_rules, c->arena);
	map_init(&w.rule_names, c->arena);
	map_init(&bases, c->arena);
	for (size_t i = 0; i < d->types.len; i++) {
		struct node *def = d->types.at[i];
		struct type *t;
		int kind;

		if (!is_type(def, &kind))
			continue;
		t = vec_push(&list, c->arena);
		*t = (struct type){ def, node_str(def, "type"),
				    url_tail(node_str(def, "baseDefinition")), kind, 0 };
		map_set(&bases, t->name, keep(c->arena, t->base));
	}
	for (size_t i = 0; i < list.len; i++) {
		struct str *base = &list.at[i].base;

		for (; base && base->len; base = map_get(&bases, *base))
			list.at[i].depth++;
	}
	if (!list.len)
		return fail(c, ERR_NOT_FOUND, "the package defines no types");
	qsort(list.at, list.len, sizeof *list.at, type_cmp);
	/* Elements leave out the rules of their types, which may come later: all roots first. */
	for (size_t i = 0; i < list.len; i++) {
		const struct node *root =
			node_at(node_get(node_get(list.at[i].def, "snapshot"), "element"), 0);

		keep_rules(&w, list.at[i].name, STR(" "), rule_list(&w, root, STR("")));
	}
	for (size_t i = 0; i < list.len; i++)
		TRY(write_type(c, &w, &list.at[i]));
	return OK;
}
