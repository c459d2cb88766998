/* map_run.c - rows of a table applied to a segment or a part of one. */
#include "feed/map.h"

/* Where values are taken from: a segment's fields, or the parts of one raw text. */
struct source {
	const struct hl7_segment *segment; /* NULL: of `raw` */
	struct str raw;
	bool subcomponents; /* raw's parts are set apart as subcomponents */
};

enum { DEPTH = 6 };

static enum err run_rows(struct map_run *run, const struct map_section *section,
			 const struct source *source, struct node *into, unsigned depth);

void map_note(struct map_run *run, struct hl7_where where, const char *text)
{
	if (run->notes.len < 50)
		*vec_push(&run->notes, run->c->arena) = (struct map_note){ where, text };
}

static struct str part_of(const struct map_run *run, struct str raw, bool sub, unsigned n)
{
	if (!n)
		return raw;
	return sub ? hl7_subcomponent(run->m, raw, n) : hl7_component(run->m, raw, n);
}

/* Of repetition `repeat`: the raw text a source names. */
static struct str fetch(const struct map_run *run, const struct source *s, unsigned repeat,
			unsigned field, unsigned component, unsigned subcomponent)
{
	if (!s->segment) {
		struct str part = part_of(run, s->raw, s->subcomponents, field);
		return s->subcomponents ? part : part_of(run, part, true, component);
	}
	struct str raw = hl7_field(s->segment, field);
	/* MSH-2 holds the separators, and they separate nothing */
	if (!(field <= 2 && !strcmp(s->segment->name, "MSH")))
		raw = hl7_repeat(run->m, raw, repeat);
	return part_of(run, part_of(run, raw, false, component), true, subcomponent);
}

static bool test_holds(const struct map_run *run, const struct source *s, unsigned repeat,
		       const struct map_test *t)
{
	struct str raw = fetch(run, s, s->segment && t->component ? repeat : 1, t->field,
			       t->component, t->subcomponent);
	struct str text = hl7_text(run->m, run->c->arena, raw), rest = str_of(t->values);
	bool holds = !t->values && text.len > 0;

	while (t->values && rest.at)
		holds |= str_eq(str_cut(&rest, '|'), text);
	return holds != t->negated;
}

/* --- the element a row fills --- */

static struct node *child(struct map_run *run, struct node *into, const struct map_step *step,
			  bool last, enum node_kind kind)
{
	struct arena *a = run->c->arena;
	struct node *n = node_get(into, step->name);

	if (!step->list) {
		if (n && (last || n->kind != NODE_OBJECT)) {
			node_remove(into, n);
			n = NULL;
		}
		return n ? n : node_add(a, into, step->name, last ? kind : NODE_OBJECT);
	}
	if (!n)
		n = node_add(a, into, step->name, NODE_ARRAY);
	if (step->url) {
		node_each(item, n)
			if (str_is(node_str(item, "url"), step->url))
				return item;
		struct node *item = node_add(a, n, NULL, NODE_OBJECT);
		node_add_cstr(a, item, "url", step->url);
		return item;
	}
	if (n->last && !(last && step->fresh))
		return n->last;
	return node_add(a, n, NULL, last ? kind : NODE_OBJECT);
}

static struct node *target(struct map_run *run, const struct map_row *row, struct node *into,
			   enum node_kind kind)
{
	for (unsigned i = 0; i < row->step_count; i++)
		into = child(run, into, &row->steps[i], i + 1 == row->step_count, kind);
	return into;
}

static void put_text(struct map_run *run, const struct map_row *row, struct node *into,
		     struct str text)
{
	if (!text.len)
		return;
	struct node *n = target(run, row, into, NODE_STRING);
	n->text = text.at;
	n->len = (uint32_t)text.len;
}

static void put_bare(struct map_run *run, const struct map_row *row, struct node *into,
		     struct str text, enum node_kind kind)
{
	struct node *n = target(run, row, into, kind);

	n->text = text.at;
	n->len = (uint32_t)text.len;
}

/* --- readings --- */

static enum err bad(struct map_run *run, const struct map_row *row, const char *what)
{
	if (row->lenient) {
		map_note(run, run->where, what);
		return OK;
	}
	return fail(run->c, ERR_INVALID, "%s %s", hl7_where_print(run->c->arena, run->where), what);
}

static bool all_zero(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.at[i] != '0')
			return false;
	return true;
}

static enum err put_time(struct map_run *run, const struct map_row *row, struct node *into,
			 struct str text)
{
	struct hl7_time t;

	if (all_zero(text)) /* how some systems write that there is none */
		return OK;
	if (!hl7_time_read(text, &t))
		return bad(run, row, "is no date or time that exists.");
	if (!strcmp(row->as, "date"))
		put_text(run, row, into, str_of(arena_str(run->c->arena, t.date)));
	else if (strcmp(row->as, "instant") || t.precision > 8)
		put_text(run, row, into, str_of(arena_str(run->c->arena, t.text)));
	return OK;
}

static enum err put_number(struct map_run *run, const struct map_row *row, struct node *into,
			   struct str text)
{
	struct dec d;
	int64_t n;

	if (!strcmp(row->as, "integer")) {
		if (!str_int(text, &n))
			return bad(run, row, "is no whole number.");
	} else if (!dec_parse(text, &d)) {
		return bad(run, row, "is no number.");
	}
	put_bare(run, row, into, text, NODE_NUMBER);
	return OK;
}

static void put_coding(struct map_run *run, struct node *coding, const struct map_code *code)
{
	struct arena *a = run->c->arena;

	if (*code->system)
		node_add_cstr(a, coding, "system", code->system);
	node_add_cstr(a, coding, "code", code->code);
	if (*code->display)
		node_add_cstr(a, coding, "display", code->display);
}

static enum err put_code(struct map_run *run, const struct map_row *row, struct node *into,
			 struct str text)
{
	const struct map_code *code = maps_code(run->maps, run->c->arena, row->what, text);

	if (!code || !strcmp(code->code, "-")) {
		if (!code)
			map_note(run, run->where, "holds a code that no table knows.");
		return OK;
	}
	if (!strcmp(row->as, "coding"))
		put_coding(run, target(run, row, into, NODE_OBJECT), code);
	else if (!strcmp(code->code, "true") || !strcmp(code->code, "false"))
		target(run, row, into, NODE_BOOL)->truth = code->code[0] == 't';
	else
		put_text(run, row, into, str_of(code->code));
	return OK;
}

/* A coded value: what the table makes of it, else the code as it came, and its words. */
static enum err put_concept(struct map_run *run, const struct map_row *row, struct node *into,
			    struct str raw, struct str text)
{
	struct arena *a = run->c->arena;
	const struct map_code *code = maps_code(run->maps, a, row->what, text);
	struct str words = hl7_text(run->m, a, hl7_component(run->m, raw, 2));
	struct node *concept;

	if (code && !strcmp(code->code, "-"))
		return OK;
	concept = target(run, row, into, NODE_OBJECT);
	struct node *coding =
		node_add(a, node_add(a, concept, "coding", NODE_ARRAY), NULL, NODE_OBJECT);
	if (code) {
		put_coding(run, coding, code);
	} else { /* the sender's own */
		node_add_cstr(a, coding, "system",
			      arena_printf(a, STR_FMT "CodeSystem/%s", STR_ARG(run->own), row->what));
		node_add_str(a, coding, "code", text);
	}
	if (words.len || !code)
		node_add_str(a, concept, "text", words.len ? words : text);
	return OK;
}

struct str map_slug(struct arena *a, struct str text)
{
	char *slug = arena_alloc(a, text.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		char ch = text.at[i];
		if (ch >= 'A' && ch <= 'Z')
			ch = (char)(ch + 32);
		if ((ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9'))
			slug[len++] = ch;
		else if (len && slug[len - 1] != '-')
			slug[len++] = '-';
	}
	if (len && slug[len - 1] == '-')
		len--;
	return (struct str){ slug, len };
}

/* The address of a code system by its name in the message. */
static void put_uri(struct map_run *run, const struct map_row *row, struct node *into,
		    struct str text)
{
	struct arena *a = run->c->arena;
	const struct map_code *code = maps_code(run->maps, a, row->what, text);
	struct str slug = map_slug(a, text);

	if (code)
		put_text(run, row, into, str_of(code->code));
	else if (str_starts(text, STR("http://")) || str_starts(text, STR("https://")) ||
		 str_starts(text, STR("urn:")))
		put_text(run, row, into, text);
	else if (slug.len)
		put_text(run, row, into,
			 str_of(arena_printf(a, STR_FMT "CodeSystem/" STR_FMT, STR_ARG(run->own),
					     STR_ARG(slug))));
}

static enum err put_type(struct map_run *run, const struct map_row *row, const struct source *s,
			 struct node *into, struct str raw, unsigned depth)
{
	/* A type in a component has its parts set apart as subcomponents. */
	struct source inner = { .raw = raw,
				.subcomponents = s->segment   ? row->component > 0
						 : row->whole ? s->subcomponents
							      : true };
	struct node *made = node_new(run->c->arena, NODE_OBJECT), *n;

	if (depth >= DEPTH)
		return OK;
	TRY(run_rows(run, maps_section(run->maps, row->as, NULL), &inner, made, depth + 1));
	if (!made->first)
		return OK;
	n = target(run, row, into, NODE_OBJECT);
	if (n->len) /* an extension found by its URL, or an element made before */
		return OK;
	n->first = made->first;
	n->last = made->last;
	n->len = made->len;
	return OK;
}

static enum err put_reference(struct map_run *run, const struct map_row *row, struct node *into,
			      struct str raw)
{
	struct node *made = node_new(run->c->arena, NODE_OBJECT), *n;

	if (!run->refer)
		return OK;
	TRY(run->refer(run, row->what, raw, made));
	if (!made->first)
		return OK;
	n = target(run, row, into, NODE_OBJECT);
	n->first = made->first;
	n->last = made->last;
	n->len = made->len;
	return OK;
}

static enum err put_value(struct map_run *run, const struct map_row *row, const struct source *s,
			  struct node *into, struct str raw, unsigned depth)
{
	struct str first = raw, text;

	if (*row->as == '@')
		return put_reference(run, row, into, raw);
	if (*row->as >= 'A' && *row->as <= 'Z')
		return put_type(run, row, s, into, raw, depth);
	if (s->segment && !row->component)
		first = hl7_component(run->m, raw, 1);
	if (!s->segment || !row->subcomponent)
		first = s->subcomponents ? first : hl7_subcomponent(run->m, first, 1);
	/* whole text fields may hold separators nobody escaped */
	if (!strcmp(row->as, "string") && row->what && str_is(str_of(row->what), "whole"))
		first = raw;
	text = hl7_text(run->m, run->c->arena, first);
	if (!text.len)
		return OK;
	if (!strcmp(row->as, "date") || !strcmp(row->as, "dateTime") || !strcmp(row->as, "instant"))
		return put_time(run, row, into, text);
	if (!strcmp(row->as, "decimal") || !strcmp(row->as, "integer"))
		return put_number(run, row, into, text);
	if (!strcmp(row->as, "concept"))
		return put_concept(run, row, into, raw, text);
	if (!strcmp(row->as, "code") || !strcmp(row->as, "coding"))
		return put_code(run, row, into, text);
	if (!strcmp(row->as, "uri"))
		put_uri(run, row, into, text);
	else
		put_text(run, row, into, text);
	return OK;
}

static void put_constant(struct map_run *run, const struct map_row *row, struct node *into)
{
	bool truth = !strcmp(row->what, "true");

	if (truth || !strcmp(row->what, "false"))
		target(run, row, into, NODE_BOOL)->truth = truth;
	else
		put_text(run, row, into, str_of(row->what));
}

static enum err run_row(struct map_run *run, const struct map_row *row, const struct source *s,
			struct node *into, unsigned depth)
{
	unsigned repeats = 1;

	if (s->segment && row->field)
		repeats = hl7_repeats(run->m, hl7_field(s->segment, row->field));
	if (repeats > 200)
		repeats = 200;
	for (unsigned n = 1; n <= repeats; n++) {
		bool holds = true;
		for (unsigned i = 0; holds && i < row->test_count; i++)
			holds = test_holds(run, s, n, &row->tests[i]);
		if (!holds)
			continue;
		struct str raw = { 0 };
		if (row->field || row->whole)
			raw = fetch(run, s, n, row->field, row->component, row->subcomponent);
		if (*row->as == '=') {
			if (!row->field || hl7_text(run->m, run->c->arena, raw).len)
				put_constant(run, row, into);
			continue;
		}
		if (!raw.len || hl7_null(raw))
			continue;
		if (s->segment) {
			memcpy(run->where.segment, s->segment->name, 4);
			run->where.occurrence = s->segment->occurrence;
			run->where.field = row->field;
			run->where.repeat = n;
			run->where.component = row->component;
		} else {
			run->where.component = row->field;
		}
		TRY(put_value(run, row, s, into, raw, depth));
		if (s->segment && !row->steps[row->step_count - 1].fresh && row->step_count == 1)
			break; /* one value: the first repetition that has one */
	}
	return OK;
}

static enum err run_rows(struct map_run *run, const struct map_section *section,
			 const struct source *source, struct node *into, unsigned depth)
{
	for (size_t i = 0; section && i < section->rows.len; i++)
		TRY(run_row(run, &section->rows.at[i], source, into, depth));
	return OK;
}

enum err map_segment(struct map_run *run, const struct map_section *section,
		     const struct hl7_segment *segment, struct node *into)
{
	struct source s = { .segment = segment };

	if (!segment)
		return OK;
	run->where = (struct hl7_where){ .occurrence = segment->occurrence };
	memcpy(run->where.segment, segment->name, 4);
	return run_rows(run, section, &s, into, 0);
}

enum err map_type(struct map_run *run, const char *type, struct str raw, struct node *into)
{
	struct source s = { .raw = raw };

	return run_rows(run, maps_section(run->maps, type, NULL), &s, into, 0);
}
