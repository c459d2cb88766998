/* codes.c - CodeSystems and ValueSets into codes.tsv, sets.tsv and displays.tsv.
 *
 * Value sets are written as their rules, not expanded: "all of this system", "this code and below",
 * "these codes". So the codes stand once, and a set that reaches into a system not written here
 * (SNOMED CT, LOINC, UCUM …) can still answer for its other parts.
 */
#include "fhirc/fhirc.h"

static bool is_empty(const struct node *list)
{
	return !list || list->len == 0;
}

/* Codes a code has below it besides those nested in it (a second parent). */
static void write_children(struct buf *out, const struct node *concept)
{
	bool first = true;

	node_each(property, node_get(concept, "property")) {
		if (!str_is(node_str(property, "code"), "child"))
			continue;
		buf_char(out, first ? '\t' : '|');
		buf_str(out, node_str(property, "valueCode"));
		first = false;
	}
}

/* The concepts of a system, depth first; no recursion: hierarchies are as deep as their authors like. */
static void write_concepts(struct arena *a, struct buf *out, const struct node *list)
{
	VEC(const struct node *) above = { 0 };
	const struct node *concept = list->first;

	while (concept) {
		const struct node *below = node_get(concept, "concept");

		buf_printf(out, "%zu\t" STR_FMT "\t" STR_FMT, above.len,
			   STR_ARG(node_str(concept, "code")),
			   STR_ARG(row_text(a, node_str(concept, "display"))));
		write_children(out, concept);
		buf_char(out, '\n');
		if (!is_empty(below)) {
			*vec_push(&above, a) = concept;
			concept = below->first;
			continue;
		}
		while (!concept->next && above.len)
		concept = above.at[--above.len];
		concept = concept->next;
	}
}

static void write_filter(struct buf *out, const struct node *filter)
{
	struct str op = node_str(filter, "op"), property = node_str(filter, "property");
	bool known =
		str_is(property, "concept") &&
		(str_is(op, "is-a") || str_is(op, "is-not-a") || str_is(op, "descendent-of"));

	if (str_is(property, "parent") && str_is(op, "="))
		buf_printf(out, "\tchild-of\t" STR_FMT, STR_ARG(node_str(filter, "value")));
	else if (known)
		buf_printf(out, "\t" STR_FMT "\t" STR_FMT, STR_ARG(op),
			   STR_ARG(node_str(filter, "value")));
	else
		buf_cstr(out, "\tunknown\t");
}

static void write_part(struct buf *out, const struct node *part, char letter)
{
	const struct node *codes = node_get(part, "concept"),
			  *filters = node_get(part, "filter");

	node_each(set, node_get(part, "valueSet"))
		buf_printf(out, "%c\t" STR_FMT "\tset\n", letter,
			   STR_ARG(url_bare(node_text(set))));
	if (!node_get(part, "system"))
		return;
	buf_printf(out, "%c\t" STR_FMT, letter, STR_ARG(node_str(part, "system")));
	if (codes) {
		buf_cstr(out, "\tcodes\t");
		node_each(code, codes) {
			buf_str(out, node_str(code, "code"));
			if (code->next)
				buf_char(out, '|');
		}
	} else if (filters && filters->len == 1) {
		write_filter(out, filters->first);
	} else {
		buf_cstr(out, filters ? "\tunknown\t" : "\tall");
	}
	buf_char(out, '\n');
}

/* ---- what value sets call the codes of systems that are not written here ---- */

/* Its names are licensed, country by country; who has a licence has them anyway. */
#define SNOMED "http://snomed.info/sct"

struct named { /* a system */
	struct map codes;
	struct buf rows;
};

static struct named *named_of(struct arena *a, struct map *all, struct str system)
{
	struct named *n = map_get(all, system);

	if (n)
		return n;
	n = NEW(a, struct named);
	map_init(&n->codes, a);
	buf_init(&n->rows, a, 0);
	map_set(all, system, n);
	return n;
}

static void name_codes(struct arena *a, struct map *all, const struct node *part)
{
	struct named *n = named_of(a, all, node_str(part, "system"));

	node_each(code, node_get(part, "concept")) {
		struct str display = row_text(a, node_str(code, "display"));

		if (display.len && map_set(&n->codes, node_str(code, "code"), code))
			buf_printf(&n->rows, "0\t" STR_FMT "\t" STR_FMT "\n",
				   STR_ARG(node_str(code, "code")), STR_ARG(display));
	}
}

static void displays_write(struct arena *a, const struct definitions *d,
			   const struct map *written, struct buf *out)
{
	struct map all;

	map_init(&all, a);
	for (size_t i = 0; i < d->sets.len; i++)
		node_each(part, node_get(node_get(d->sets.at[i], "compose"), "include"))
			if (!map_get(written, node_str(part, "system")) &&
			    !str_is(node_str(part, "system"), SNOMED))
				name_codes(a, &all, part);
	for (size_t i = 0; i < all.len; i++) {
		const struct named *n = all.entries[i].value;

		if (n->rows.len)
			buf_printf(out, "S\t" STR_FMT "\tpartial\n%s",
				   STR_ARG(all.entries[i].key), n->rows.at);
	}
}

/* ---- all ---- */

void codes_write(struct ctx *c, const struct definitions *d, struct buf *codes,
		 struct buf *sets, struct buf *displays)
{
	struct map systems;

	map_init(&systems, c->arena);
	for (size_t i = 0; i < d->systems.len; i++) {
		struct node *def = d->systems.at[i];
		bool complete = str_is(node_str(def, "content"), "complete");

		if (is_empty(node_get(def, "concept")) ||
		    str_is(node_str(def, "content"), "supplement"))
			continue;
		map_set(&systems, node_str(def, "url"), def);
		buf_printf(codes, "S\t" STR_FMT "\t%s\n", STR_ARG(node_str(def, "url")),
			   complete ? "complete" : "partial");
		write_concepts(c->arena, codes, node_get(def, "concept"));
	}
	for (size_t i = 0; i < d->sets.len; i++) {
		const struct node *def = d->sets.at[i], *compose = node_get(def, "compose");

		if (!compose)
			continue;
		buf_printf(sets, "V\t" STR_FMT "\n", STR_ARG(node_str(def, "url")));
		node_each(part, node_get(compose, "include"))
			write_part(sets, part, '+');
		node_each(part, node_get(compose, "exclude"))
			write_part(sets, part, '-');
	}
	displays_write(c->arena, d, &systems, displays);
}
