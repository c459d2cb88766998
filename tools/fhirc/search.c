/* search.c - SearchParameters and CompartmentDefinitions into search.tsv and compartments.tsv.
 *
 * A parameter's number is stored in every index, so it never changes: numbers of the last run are
 * kept by URL, new parameters get the next free one.
 */
#include <stdlib.h>

#include "fhirc/fhirc.h"

/* More targets than this are "any" and not listed. */
#define TARGETS_MAX 60

struct row {
	unsigned number;
	struct node *def;
};

/* Parameters every server has that the package does not define. */
struct extra {
	const char *code, *type, *bases, *url, *text;
};

static const struct extra extras[] = {
	{ "_list", "special", "Resource", "http://hl7.org/fhir/SearchParameter/Resource-list",
	  "All resources in the nominated list" },
};

/* Left out: examples, those that apply to nothing or that nothing can answer. */
static bool is_wanted(const struct node *def)
{
	struct str code = node_str(def, "code");

	if (str_starts(node_str(def, "id"), STR("example")) || !node_get(def, "base"))
		return false;
	return node_str(def, "expression").len || str_is(code, "_text") ||
	       str_is(code, "_content");
}

static unsigned old_number(const struct map *numbers, struct str url)
{
	return (unsigned)(uintptr_t)map_get(numbers, url);
}

/* URL -> number of the last run's table; the highest goes to *last. */
static void read_numbers(struct str old, struct map *numbers, unsigned *last)
{
	while (old.at && old.len) {
		struct str line = str_cut(&old, '\n'), number = str_cut(&line, '\t');
		int64_t n;

		for (int column = 1; column < 7; column++)
			str_cut(&line, '\t');
		if (!str_int(number, &n) || !line.at)
			continue;
		map_set(numbers, str_cut(&line, '\t'), (void *)(uintptr_t)n);
		if ((unsigned)n > *last)
			*last = (unsigned)n;
	}
}

static int row_cmp(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	return x->number < y->number ? -1 : x->number > y->number;
}

static void write_words(struct buf *out, const struct node *list)
{
	node_each(word, list) {
		buf_str(out, node_text(word));
		if (word->next)
			buf_char(out, ' ');
	}
}

/* "Multiple Resources: * [Patient](patient.html): Gender …" to "Patient: Gender …; Person: …". */
static struct str plain_text(struct arena *a, struct str text)
{
	struct str head = STR("Multiple Resources: * "), line;
	struct buf b;

	text = row_text(a, text);
	if (!str_starts(text, head))
		return text;
	buf_init(&b, a, 0);
	text.at += head.len;
	text.len -= head.len;
	while (text.len) {
		ptrdiff_t end = str_find(text, STR(" * ["));
		struct str type;

		line = (struct str){ text.at, end < 0 ? text.len : (size_t)end };
		text.at += end < 0 ? line.len : line.len + 3;
		text.len -= end < 0 ? line.len : line.len + 3;
		if (b.len)
			buf_cstr(&b, "; ");
		type = str_cut(&line, ']');
		buf_add(&b, type.at + 1, type.len - 1);
		str_cut(&line, ')');
		buf_str(&b, line);
	}
	return buf_get(&b);
}

static void write_row(struct arena *a, struct buf *out, const struct row *r)
{
	const struct node *targets = node_get(r->def, "target");

	buf_printf(out, "%u\t" STR_FMT "\t" STR_FMT "\t", r->number,
		   STR_ARG(node_str(r->def, "code")), STR_ARG(node_str(r->def, "type")));
	write_words(out, node_get(r->def, "base"));
	buf_char(out, '\t');
	if (targets && targets->len <= TARGETS_MAX)
		write_words(out, targets);
	buf_char(out, '\t');
	buf_str(out, row_text(a, node_str(r->def, "expression")));
	buf_char(out, '\t');
	node_each(part, node_get(r->def, "component")) {
		buf_str(out, url_tail(node_str(part, "definition")));
		buf_char(out, '=');
		buf_str(out, row_text(a, node_str(part, "expression")));
		if (part->next)
			buf_char(out, ';');
	}
	buf_printf(out, "\t" STR_FMT "\t" STR_FMT "\n", STR_ARG(node_str(r->def, "url")),
		   STR_ARG(plain_text(a, node_str(r->def, "description"))));
}

static void write_compartments(const struct definitions *d, struct buf *out)
{
	for (size_t i = 0; i < d->compartments.len; i++) {
		const struct node *def = d->compartments.at[i];

		if (str_is(node_str(def, "id"), "example"))
			continue;
		node_each(resource, node_get(def, "resource")) {
			if (!node_get(resource, "param"))
				continue;
			buf_printf(out, STR_FMT "\t" STR_FMT "\t",
				   STR_ARG(node_str(def, "code")),
				   STR_ARG(node_str(resource, "code")));
			write_words(out, node_get(resource, "param"));
			buf_char(out, '\n');
		}
	}
}

enum err search_write(struct ctx *c, const struct definitions *d, struct str old,
		      struct buf *search, struct buf *compartments)
{
	VEC(struct row) rows = { 0 };
	struct map numbers;
	unsigned last = 0;

	map_init(&numbers, c->arena);
	read_numbers(old, &numbers, &last);
	for (size_t i = 0; i < d->params.len; i++) {
		struct node *def = d->params.at[i];
		unsigned number;

		if (!is_wanted(def))
			continue;
		number = old_number(&numbers, node_str(def, "url"));
		*vec_push(&rows, c->arena) = (struct row){ number ? number : ++last, def };
	}
	for (size_t i = 0; i < sizeof extras / sizeof *extras; i++) {
		const struct extra *x = &extras[i];
		unsigned number = old_number(&numbers, str_of(x->url));
		struct node *def = node_new(c->arena, NODE_OBJECT);

		node_add_cstr(c->arena, def, "code", x->code);
		node_add_cstr(c->arena, def, "type", x->type);
		node_add_cstr(c->arena, node_add(c->arena, def, "base", NODE_ARRAY), NULL,
			      x->bases);
		node_add_cstr(c->arena, def, "url", x->url);
		node_add_cstr(c->arena, def, "description", x->text);
		*vec_push(&rows, c->arena) = (struct row){ number ? number : ++last, def };
	}
	qsort(rows.at, rows.len, sizeof *rows.at, row_cmp);
	for (size_t i = 0; i < rows.len; i++)
		write_row(c->arena, search, &rows.at[i]);
	write_compartments(d, compartments);
	return OK;
}
