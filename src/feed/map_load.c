/* map_load.c - the tables of share/feed, read and checked against FHIR's own. */
#include <stdlib.h>

#include "feed/map.h"

struct loading {
	struct ctx *c;
	struct maps *maps;
	const struct share *share;
	const struct fhir *fhir;
	struct buf dates;
	const char *file;
	unsigned line;
	struct map_section *section;
	uint64_t hash;
};

static enum err broken(struct loading *l, const char *what, struct str text)
{
	return fail(l->c, ERR_INVALID, "share/%s:%u: %s: %.80s", l->file, l->line, what,
		    str_dup(l->c->arena, text));
}

const struct map_section *maps_section(const struct maps *maps, const char *source,
				       const char *target)
{
	for (size_t i = 0; i < maps->sections.len; i++)
		if (!strcmp(maps->sections.at[i]->source, source) &&
		    (!target || !strcmp(maps->sections.at[i]->target, target)))
			return maps->sections.at[i];
	return NULL;
}

static const struct map_code *code_at(const struct maps *maps, struct arena *a, const char *table,
				      struct str code)
{
	return map_get(&maps->codes,
		       str_of(arena_printf(a, "%s|" STR_FMT, table, STR_ARG(code))));
}

const struct map_code *maps_code(const struct maps *maps, struct arena *a, const char *table,
				 struct str code)
{
	const struct map_code *found = code_at(maps, a, table, code);

	if (!found)
		found = code_at(maps, a, table, str_upper(a, code));
	return found ? found : code_at(maps, a, table, STR("*"));
}

/* --- columns --- */

/* The next column: set apart by tabs, or by two spaces and more. */
static struct str column(struct str *rest)
{
	struct str s = *rest;
	size_t n = 0;

	while (s.len && (*s.at == ' ' || *s.at == '\t'))
		s = (struct str){ s.at + 1, s.len - 1 };
	while (n < s.len && s.at[n] != '\t' && !(s.at[n] == ' ' && n + 1 < s.len && s.at[n + 1] == ' '))
		n++;
	*rest = (struct str){ s.at + n, s.len - n };
	return str_trim((struct str){ s.at, n });
}

static bool number(struct str s, unsigned *out)
{
	int64_t n;

	if (!str_int(s, &n) || n < 0 || n > HL7_FIELDS)
		return false;
	*out = (unsigned)n;
	return true;
}

/* "5", "5.1", "5.1.2" */
static bool read_source(struct str text, unsigned *field, unsigned *component,
			unsigned *subcomponent)
{
	struct str rest = text;
	unsigned *at[] = { field, component, subcomponent };

	*field = *component = *subcomponent = 0;
	for (unsigned i = 0; i < 3 && rest.at; i++)
		if (!number(str_cut(&rest, '.'), at[i]))
			return false;
	return !rest.at;
}

/* "." or "2=NM|SN & !5" */
static enum err read_tests(struct loading *l, struct str text, struct map_row *row)
{
	VEC(struct map_test) list = { 0 };
	struct str rest = text;

	if (str_is(text, "."))
		return OK;
	while (rest.at) {
		struct str test = str_trim(str_cut(&rest, '&')), values = test;
		struct map_test t = { 0 };
		if (test.len && *test.at == '!') {
			t.negated = true;
			values = (struct str){ test.at + 1, test.len - 1 };
		}
		struct str source = str_cut(&values, '=');
		if (!read_source(source, &t.field, &t.component, &t.subcomponent))
			return broken(l, "no such condition", test);
		if (values.at)
			t.values = str_dup(l->maps->life, values);
		*vec_push(&list, l->maps->life) = t;
	}
	row->tests = list.at;
	row->test_count = (unsigned)list.len;
	return OK;
}

/* --- targets, walked along FHIR's own definitions --- */

static enum err read_step(struct loading *l, struct str text, struct map_step *step)
{
	struct str name = text;
	ptrdiff_t brace = str_find(text, STR("{")), bracket = str_find(text, STR("["));

	if (brace >= 0) {
		if (!str_ends(text, STR("}")))
			return broken(l, "the URL of an extension ends in }", text);
		step->url = str_dup(l->maps->life, (struct str){ text.at + brace + 1,
								 text.len - (size_t)brace - 2 });
		step->list = true;
		name.len = (size_t)brace;
	} else if (bracket >= 0) {
		struct str index = { text.at + bracket, text.len - (size_t)bracket };
		step->list = true;
		step->fresh = str_is(index, "[]");
		if (!step->fresh && !str_is(index, "[0]"))
			return broken(l, "an item is [] or [0]", text);
		name.len = (size_t)bracket;
	}
	step->name = str_dup(l->maps->life, name);
	return OK;
}

/* The next part of a path up to a dot that is not within { }. */
static struct str path_part(struct str *rest)
{
	size_t n = 0;
	unsigned depth = 0;

	for (; n < rest->len && (depth || rest->at[n] != '.'); n++)
		depth = rest->at[n] == '{' ? 1 : rest->at[n] == '}' ? 0 : depth;
	struct str part = { rest->at, n };
	*rest = n < rest->len ? (struct str){ rest->at + n + 1, rest->len - n - 1 }
			      : (struct str){ 0 };
	return part;
}

static enum err walk_step(struct loading *l, const struct map_step *step,
			  const struct fhir_type **type)
{
	const struct fhir_form *form;
	bool extra;
	uint16_t key = atoms_find(l->fhir->atoms, str_of(step->name));
	const struct fhir_elem *elem = key ? fhir_member(*type, key, &form, &extra) : NULL;

	if (!elem || extra)
		return broken(l, "FHIR has no such element", str_of(step->name));
	if (elem->list != step->list)
		return broken(l, elem->list ? "this repeats: write [] or [0]" : "this does not repeat",
			      str_of(step->name));
	*type = form->type;
	return OK;
}

static enum err read_target(struct loading *l, struct str text, struct map_row *row,
			    const struct fhir_type **type)
{
	VEC(struct map_step) list = { 0 };
	struct str rest = text;

	row->to = str_dup(l->maps->life, text);
	*type = fhir_type(l->fhir, str_of(l->section->target));
	while (rest.at) {
		struct map_step step = { 0 };
		TRY(read_step(l, path_part(&rest), &step));
		TRY(walk_step(l, &step, type));
		*vec_push(&list, l->maps->life) = step;
	}
	row->steps = list.at;
	row->step_count = (unsigned)list.len;
	return OK;
}

/* --- what a value is read as --- */

static const struct {
	const char *as;
	const char *fhir; /* types it may stand in; NULL: any */
} readings[] = {
	{ "string", "string|code|uri|markdown|id|canonical|url" },
	{ "code", "code|string|uri|boolean" },
	{ "coding", "Coding" },
	{ "concept", "CodeableConcept" },
	{ "date", "date" },
	{ "dateTime", "dateTime|date" },
	{ "instant", "instant|dateTime" },
	{ "decimal", "decimal" },
	{ "integer", "positiveInt|unsignedInt|integer" },
	{ "uri", "uri" }, /* a coding system's, by its table or of the sender's own */
};

static bool in_list(const char *list, struct str word)
{
	struct str rest = str_of(list);

	while (rest.at)
		if (str_eq(str_cut(&rest, '|'), word))
			return true;
	return false;
}

static enum err read_as(struct loading *l, struct str text, struct map_row *row,
			const struct fhir_type *type)
{
	struct str rest = text, word;

	if (text.len && (*text.at == '=' || *text.at == '@')) {
		row->as = *text.at == '=' ? "=" : "@";
		row->what = str_dup(l->maps->life, (struct str){ text.at + 1, text.len - 1 });
		return OK;
	}
	word = str_cut(&rest, ' ');
	if (word.len && word.at[word.len - 1] == '?') {
		row->lenient = true;
		word.len--;
	}
	row->as = str_dup(l->maps->life, word);
	row->what = str_dup(l->maps->life, str_trim(rest));
	for (unsigned i = 0; i < sizeof readings / sizeof *readings; i++)
		if (!strcmp(readings[i].as, row->as)) {
			if (!in_list(readings[i].fhir, str_of(type->name)))
				return broken(l, "the element is of another type", str_of(type->name));
			return OK;
		}
	if (!word.len || word.at[0] < 'A' || word.at[0] > 'Z')
		return broken(l, "no such reading", text);
	return OK; /* a data type: looked for when all are read */
}

/* --- rows and sections --- */

static struct map_section *section_get(struct loading *l, struct str source, struct str target)
{
	char *s = str_dup(l->maps->life, source), *t = str_dup(l->maps->life, target);
	struct map_section *section = (struct map_section *)maps_section(l->maps, s, t);

	if (!section) {
		section = NEW(l->maps->life, struct map_section);
		*section = (struct map_section){ .source = s, .target = t };
		*vec_push(&l->maps->sections, l->maps->life) = section;
	}
	return section;
}

static enum err read_head(struct loading *l, struct str line)
{
	struct str inner = { line.at + 1, line.len - 2 }, source = str_cut(&inner, ' ');

	if (!str_ends(line, STR("]")) || !source.len || !inner.len)
		return broken(l, "a section is [SOURCE Target]", line);
	inner = str_trim(inner);
	if (!fhir_type(l->fhir, inner))
		return broken(l, "FHIR has no such type", inner);
	l->section = section_get(l, source, inner);
	return OK;
}

/* In place of the same in an earlier pack, else at the end. */
static void put_row(struct loading *l, const struct map_row *row)
{
	for (size_t i = 0; i < l->section->rows.len; i++) {
		struct map_row *old = &l->section->rows.at[i];
		if (old->file != row->file && old->field == row->field && old->component == row->component &&
		    old->subcomponent == row->subcomponent && !strcmp(old->to, row->to)) {
			*old = *row;
			return;
		}
	}
	*vec_push(&l->section->rows, l->maps->life) = *row;
}

static enum err read_row(struct loading *l, struct str line)
{
	struct map_row row = { .file = l->file, .line = l->line };
	struct str rest = line, source = column(&rest), tests = column(&rest);
	struct str to = column(&rest), as = column(&rest);
	const struct fhir_type *type;

	if (!l->section)
		return broken(l, "a row before the first section", line);
	if (!as.len || str_trim(rest).len)
		return broken(l, "a row is: source, condition, target, reading", line);
	row.whole = str_is(source, "0");
	if (!str_is(source, "-") &&
	    !read_source(source, &row.field, &row.component, &row.subcomponent))
		return broken(l, "a source is FIELD[.COMPONENT[.SUBCOMPONENT]] or -", source);
	TRY(read_tests(l, tests, &row));
	TRY(read_target(l, to, &row, &type));
	TRY(read_as(l, as, &row, type));
	put_row(l, &row);
	return OK;
}

static enum err read_code(struct loading *l, struct str line)
{
	struct arena *life = l->maps->life;
	struct str rest = line, part[5];
	struct map_code *code = NEW(life, struct map_code);

	for (unsigned i = 0; i < 5; i++)
		part[i] = column(&rest);
	if (!part[2].len)
		return broken(l, "a code is: table, v2 code, FHIR code, system, display", line);
	code->code = str_dup(life, part[2]);
	code->system = str_is(part[3], ".") ? "" : str_dup(life, part[3]);
	code->display = str_dup(life, part[4]);
	map_set(&l->maps->codes,
		str_of(arena_printf(life, STR_FMT "|" STR_FMT, STR_ARG(part[0]), STR_ARG(part[1]))),
		code);
	return OK;
}

static enum err read_line(struct loading *l, struct str line, bool codes)
{
	if (str_starts(line, STR("# version "))) {
		buf_printf(&l->dates, "%s" STR_FMT, l->dates.len ? ", " : "",
			   STR_ARG(((struct str){ line.at + 10, line.len - 10 })));
		return OK;
	}
	if (!line.len || *line.at == '#')
		return OK;
	if (codes)
		return read_code(l, line);
	return *line.at == '[' ? read_head(l, line) : read_row(l, line);
}

static enum err read_file(struct ctx *c, void *arg, const char *name)
{
	static const uint64_t key[2] = { 0x6665656473, 0x6d617073 };
	struct loading *l = arg;
	struct str text, rest;
	bool codes = str_ends(str_of(name), STR(".codes"));

	if (!codes && !str_ends(str_of(name), STR(".map")))
		return OK;
	TRY(share_read(c, l->share, l->maps->life, name, &text));
	l->hash = l->hash * 31 + hash_keyed(key, text.at, text.len);
	l->file = arena_str(l->maps->life, name);
	l->line = 0;
	l->section = NULL;
	rest = text;
	while (rest.at) {
		l->line++;
		TRY(read_line(l, str_trim(str_cut(&rest, '\n')), codes));
	}
	return OK;
}

/* Tables and data types that rows name must be there. */
static enum err check_names(struct loading *l)
{
	for (size_t i = 0; i < l->maps->sections.len; i++) {
		const struct map_section *s = l->maps->sections.at[i];
		for (size_t k = 0; k < s->rows.len; k++) {
			const struct map_row *r = &s->rows.at[k];
			l->file = r->file;
			l->line = r->line;
			if (r->as[0] >= 'A' && r->as[0] <= 'Z' && !maps_section(l->maps, r->as, NULL))
				return broken(l, "no section of that name", str_of(r->as));
		}
	}
	return OK;
}

enum err maps_load(struct ctx *c, const struct share *share, const struct fhir *fhir,
		   struct arena *life, struct maps **out)
{
	struct maps *maps = NEW(life, struct maps);
	struct loading l = { .c = c, .maps = maps, .share = share, .fhir = fhir };

	maps->life = life;
	map_init(&maps->codes, life);
	buf_init(&l.dates, life, 400);
	TRY(share_list(c, share, "feed/", read_file, &l));
	TRY(check_names(&l));
	maps->version = arena_printf(life, STR_FMT " (%08x)", STR_ARG(buf_get(&l.dates)),
				     (unsigned)(l.hash ^ l.hash >> 32));
	*out = maps;
	return OK;
}
