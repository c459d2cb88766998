/* rows_load.c - a mapping of rows, read and checked against FHIR's definitions before it is used. */
#include "feed/rows.h"

struct loading {
	struct ctx *c;
	struct arena *life;
	const struct fhir *fhir;
	struct rows_map *m;
	const char *file;
	unsigned line;
	struct rows_section *section; /* NULL: before them */
	struct rows_codes *codes;
	bool columns;
	struct path_var *vars;        /* names alone; NULL until the columns are read */
	const char *places[ROWS_PLACES]; /* of the section: paths that lead to them */
};

static enum err broken(struct loading *l, const char *what, struct str text)
{
	return fail(l->c, ERR_INVALID, "share/%s:%u: %s: %.80s", l->file, l->line, what,
		    str_dup(l->c->arena, text));
}

static struct str word(struct str *rest)
{
	struct str s = str_trim(*rest);
	size_t n = 0;

	while (n < s.len && s.at[n] != ' ' && s.at[n] != '\t')
		n++;
	*rest = str_trim((struct str){ s.at + n, s.len - n });
	return (struct str){ s.at, n };
}

static bool name_good(struct str name)
{
	for (size_t i = 0; i < name.len; i++)
		if (!((name.at[i] >= 'a' && name.at[i] <= 'z') || (name.at[i] >= '0' && name.at[i] <= '9') ||
		      name.at[i] == '_' || name.at[i] == '-'))
			return false;
	return name.len > 0 && name.len <= 60;
}

static int column_named(const struct rows_map *m, struct str name)
{
	for (unsigned i = 0; i < m->column_count; i++)
		if (str_is(name, m->columns[i].name))
			return (int)i;
	return -1;
}

/* --- FHIRPath over the columns --- */

static void make_vars(struct loading *l)
{
	unsigned n = 0;

	l->vars = NEW_N(l->life, struct path_var, 2 * l->m->column_count + 4);
	for (unsigned i = 0; i < l->m->column_count; i++) {
		l->vars[n++].name = l->m->columns[i].name;
		l->vars[n++].name = l->m->columns[i].text_name;
	}
	l->vars[n++].name = "sender";
	l->vars[n].name = "sender_name";
}

static enum err read_path(struct loading *l, struct str text, const struct path **out)
{
	struct str missing;

	if (!l->vars)
		make_vars(l);
	if (!text.len)
		return broken(l, "an expression is missing", text);
	if (path_compile(l->c, l->life, l->fhir, NULL, text, out))
		return broken(l, str_dup(l->life, str_of(l->c->why)), text);
	if (path_lacks(*out, l->vars, &missing))
		return broken(l, "no column of that name", missing);
	return OK;
}

/* --- columns and codes --- */

static enum err read_reading(struct loading *l, struct str text, struct rows_column *col)
{
	static const char *const names[] = { "text", "date", "dateTime", "decimal",
					     "code", "nhs-number", "postcode" };
	struct str rest = text, name = str_cut(&rest, ':');

	if (rest.at)
		col->table = str_dup(l->life, rest);
	for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
		if (str_is(name, names[i]) && (i == ROWS_CODE) == (rest.at != NULL)) {
			col->reading = (enum rows_reading)i;
			return OK;
		}
	return broken(l, "a reading is text, date, dateTime, decimal, code:TABLE, nhs-number or postcode", text);
}

static enum err read_column(struct loading *l, struct str line)
{
	static const char *const needs[] = { "must", "may", "note" };
	struct str rest = line, name = word(&rest), need = word(&rest), reading = word(&rest);
	struct rows_column *col = &l->m->columns[l->m->column_count];
	unsigned i = 0;

	if (!rest.len)
		return broken(l, "a column is: name, must, may or note, reading, names in the file", line);
	if (l->m->column_count == ROWS_COLUMNS)
		return broken(l, "more than 200 columns", line);
	if (!name_good(name) || memchr(name.at, '-', name.len) || column_named(l->m, name) >= 0)
		return broken(l, "a name is small letters, digits and _, and there once", name);
	while (i < 3 && !str_is(need, needs[i]))
		i++;
	if (i == 3)
		return broken(l, "must, may or note", need);
	*col = (struct rows_column){ .name = str_dup(l->life, name), .need = (enum rows_need)i,
				     .heads = str_dup(l->life, rest), .line = l->line };
	col->text_name = arena_printf(l->life, "%s_text", col->name);
	TRY(read_reading(l, reading, col));
	l->m->column_count++;
	return OK;
}

static enum err read_code(struct loading *l, struct str line)
{
	struct str rest = line, text = str_trim(str_cut(&rest, '=')), code, display;
	struct rows_code *row = NEW(l->life, struct rows_code);

	if (!rest.at || !text.len)
		return broken(l, "a code is: text in the file = code [= words]", line);
	code = str_trim(str_cut(&rest, '='));
	display = rest.at ? str_trim(rest) : text;
	row->code = str_dup(l->life, code);
	const struct rows_code *had = map_get(&l->codes->codes, str_fold(l->life, text));
	if (had && strcmp(had->code, row->code) != 0)
		return broken(l, "this text is there before with another code", text);
	row->display = str_is(text, "*") && !rest.at ? NULL : str_dup(l->life, display);
	if (str_is(text, "*"))
		l->codes->any = row;
	else if (!had)
		map_set(&l->codes->codes, str_fold(l->life, text), row);
	return OK;
}

/* --- targets, walked along FHIR's own definitions --- */

/* The next part of a path up to a dot that is not within { }. */
static struct str path_part(struct str *rest)
{
	size_t n = 0;
	bool inside = false;

	for (; n < rest->len && (inside || rest->at[n] != '.'); n++)
		inside = rest->at[n] == '{' || (inside && rest->at[n] != '}');
	struct str part = { rest->at, n };
	*rest = n < rest->len ? (struct str){ rest->at + n + 1, rest->len - n - 1 } : (struct str){ 0 };
	return part;
}

static enum err read_step(struct loading *l, struct str text, struct rows_step *step)
{
	ptrdiff_t brace = str_find(text, STR("{")), bracket = str_find(text, STR("["));
	struct str name = text;

	if (brace >= 0) {
		if (!str_ends(text, STR("}")))
			return broken(l, "the URL of an extension ends in }", text);
		step->url = str_dup(l->life, (struct str){ text.at + brace + 1, text.len - (size_t)brace - 2 });
		name.len = (size_t)brace;
	} else if (bracket >= 0) {
		if (text.len - (size_t)bracket != 3 || text.at[bracket + 1] < '0' || text.at[bracket + 1] > '9' ||
		    text.at[bracket + 2] != ']')
			return broken(l, "an item is [0] to [9]", text);
		name.len = (size_t)bracket;
	}
	step->list = brace >= 0 || bracket >= 0;
	step->name = str_dup(l->life, name);
	return OK;
}

static enum err walk_step(struct loading *l, const struct rows_step *step, const struct fhir_type **type)
{
	const struct fhir_form *form;
	bool extra;
	uint16_t key = atoms_find(l->fhir->atoms, str_of(step->name));
	const struct fhir_elem *elem = key ? fhir_member(*type, key, &form, &extra) : NULL;

	if (!elem || extra)
		return broken(l, "FHIR has no such element", str_of(step->name));
	if (elem->list != step->list)
		return broken(l, elem->list ? "this repeats: write [0]" : "this does not repeat",
			      str_of(step->name));
	*type = form->type;
	return OK;
}

/* The same text leads to the same place. */
static enum err find_place(struct loading *l, struct str path, unsigned *out)
{
	struct rows_section *s = l->section;

	for (unsigned i = 0; i < s->places; i++)
		if (str_is(path, l->places[i])) {
			*out = i;
			return OK;
		}
	if (s->places == ROWS_PLACES)
		return broken(l, "a section has at most 160 elements", path);
	l->places[s->places] = str_dup(l->life, path);
	*out = s->places++;
	return OK;
}

static enum err read_target(struct loading *l, struct str text, struct rows_line *line)
{
	VEC(struct rows_step) list = { 0 };
	struct str rest = text;

	line->to = str_dup(l->life, text);
	line->type = fhir_type(l->fhir, str_of(l->section->type));
	while (rest.at) {
		struct rows_step step = { 0 };
		TRY(read_step(l, path_part(&rest), &step));
		TRY(walk_step(l, &step, &line->type));
		size_t len = rest.at ? (size_t)(rest.at - text.at) - 1 : text.len;
		TRY(find_place(l, (struct str){ text.at, len }, &step.place));
		*vec_push(&list, l->life) = step;
	}
	line->steps = list.at;
	line->step_count = (unsigned)list.len;
	return OK;
}

/* --- what goes there --- */

static bool is_type(const struct rows_line *line, const char *name)
{
	return strcmp(line->type->name, name) == 0;
}

static enum err read_maker(struct loading *l, struct str text, struct rows_line *line)
{
	if (!is_type(line, "Reference"))
		return broken(l, "this is no reference", str_of(line->to));
	line->constant = true;
	if (str_is(text, "@person")) {
		line->maker = ROWS_PERSON;
	} else if (str_is(text, "@sender")) {
		line->maker = ROWS_SENDER;
	} else {
		line->maker = ROWS_SECTION;
		line->constant = false;
		line->section_name = str_dup(l->life, (struct str){ text.at + 1, text.len - 1 });
	}
	return OK;
}

static enum err read_value(struct loading *l, struct str text, struct rows_line *line)
{
	bool whole = is_type(line, "CodeableConcept") || is_type(line, "Coding");

	line->column = -1;
	if (text.len && *text.at == '@')
		return read_maker(l, text, line);
	if (text.len > 1 && *text.at == '%')
		line->column = column_named(l->m, (struct str){ text.at + 1, text.len - 1 });
	if (whole && (line->column < 0 || l->m->columns[line->column].reading != ROWS_CODE))
		return broken(l, "here goes one column read as code:TABLE", text);
	if (!whole && line->type->kind != FHIR_PRIMITIVE)
		return broken(l, "this element has elements of its own: name one of them", str_of(line->to));
	if (text.len > 1 && *text.at == '\'' && text.at[text.len - 1] == '\'' &&
	    !memchr(text.at + 1, '\'', text.len - 2) && !memchr(text.at, '\\', text.len)) {
		line->literal = str_dup(l->life, (struct str){ text.at + 1, text.len - 2 });
		line->constant = true;
		return OK;
	}
	if (str_is(text, "true") || str_is(text, "false"))
		line->constant = true;
	return read_path(l, text, &line->path);
}

static enum err read_set(struct loading *l, struct str line, bool gone)
{
	ptrdiff_t at = str_find(line, STR(" = ")), always = str_find(line, STR(" := "));
	struct rows_line row = { .line = l->line };

	if (at < 0 || (always >= 0 && always < at))
		at = always;
	if (at < 0)
		return broken(l, "a line is: element = expression", line);
	struct str value = str_trim((struct str){ line.at + at + 3, line.len - (size_t)at - 3 });
	if (at == always)
		value = str_trim((struct str){ line.at + at + 4, line.len - (size_t)at - 4 });
	TRY(read_target(l, str_trim((struct str){ line.at, (size_t)at }), &row));
	TRY(read_value(l, value, &row));
	if (at == always)
		row.constant = false;
	if (gone && (!row.literal || row.step_count != 1 || row.steps[0].list))
		return broken(l, "gone sets an element of the resource to 'a constant'", line);
	*vec_push(gone ? &l->section->gone : &l->section->lines, l->life) = row;
	return OK;
}

static enum err read_in_section(struct loading *l, struct str line)
{
	struct str rest = line, first = word(&rest);

	if (str_is(first, "when"))
		return read_path(l, rest, &l->section->when);
	if (str_is(first, "id"))
		return read_path(l, rest, &l->section->id);
	if (str_is(first, "of") && str_is(rest, "person")) {
		l->section->person = true;
		return OK;
	}
	if (str_is(first, "gone"))
		return read_set(l, rest, true);
	return read_set(l, line, false);
}

/* --- heads --- */

static enum err read_section(struct loading *l, struct str type, struct str name, struct str line)
{
	struct rows_map *m = l->m;

	if (!fhir_resource_type(l->fhir, type) || !name_good(name))
		return broken(l, "a section is [columns], [codes NAME SYSTEM] or [Type name]", line);
	if (!m->section_count != str_is(type, "Patient"))
		return broken(l, "the first section is the Patient, and there is one", line);
	if (m->section_count == ROWS_SECTIONS)
		return broken(l, "more than 40 sections", line);
	for (unsigned i = 0; i < m->section_count; i++)
		if (str_is(name, m->sections[i].name))
			return broken(l, "two sections of that name", name);
	l->section = &m->sections[m->section_count++];
	*l->section = (struct rows_section){ .type = str_dup(l->life, type), .name = str_dup(l->life, name),
					     .line = l->line };
	return OK;
}

static enum err read_head(struct loading *l, struct str line)
{
	struct str rest = { line.at + 1, line.len > 1 ? line.len - 2 : 0 }, first, name;

	if (!str_ends(line, STR("]")))
		return broken(l, "a section ends in ]", line);
	first = word(&rest);
	name = word(&rest);
	l->columns = str_is(first, "columns");
	l->codes = NULL;
	if (l->columns || str_is(first, "codes"))
		l->section = NULL;
	if (l->columns)
		return l->vars ? broken(l, "the columns come before expressions", line) : OK;
	if (!str_is(first, "codes"))
		return read_section(l, first, name, line);
	if (!name_good(name))
		return broken(l, "a table is [codes NAME SYSTEM]", line);
	l->codes = NEW(l->life, struct rows_codes);
	*l->codes = (struct rows_codes){ .name = str_dup(l->life, name), .system = str_dup(l->life, rest) };
	map_init(&l->codes->codes, l->life);
	if (!map_set(&l->m->codes, str_of(l->codes->name), l->codes))
		return broken(l, "two tables of that name", name);
	return OK;
}

/* --- settings at the top, and those that need the columns --- */

static enum err read_dates(struct loading *l, struct str rest)
{
	while (rest.len) {
		struct str one = word(&rest);
		if (l->m->date_count == ROWS_DATES)
			return broken(l, "at most six formats of dates", one);
		if (str_find(one, STR("yyyy")) < 0 || str_find(one, STR("mm")) < 0)
			return broken(l, "a format of dates has yyyy, mm and mostly dd", one);
		l->m->dates[l->m->date_count++] = str_dup(l->life, one);
	}
	return OK;
}

static enum err read_check(struct loading *l, struct str rest)
{
	struct rows_check check = { .line = l->line };
	struct str name = word(&rest);
	ptrdiff_t at = str_find(rest, STR(" : "));

	check.column = column_named(l->m, name);
	if (check.column < 0 || at < 0)
		return broken(l, "a check is: column, expression : what is wrong otherwise", name);
	check.reason = str_dup(l->life, str_trim((struct str){ rest.at + at + 3, rest.len - (size_t)at - 3 }));
	TRY(read_path(l, str_trim((struct str){ rest.at, (size_t)at }), &check.path));
	*vec_push(&l->m->checks, l->life) = check;
	return OK;
}

static enum err read_setting(struct loading *l, struct str line)
{
	struct str rest = line, first = word(&rest);
	const struct {
		const char *name;
		const struct path **at;
	} paths[] = { { "key", &l->m->key },   { "person", &l->m->person }, { "kind", &l->m->kind },
		      { "said", &l->m->said }, { "full", &l->m->full } };

	if (str_is(first, "title")) {
		l->m->title = str_dup(l->life, rest);
		return OK;
	}
	if (str_is(first, "delimiter")) {
		l->m->delimiter = str_is(rest, "tab") ? '\t' : rest.len == 1 ? *rest.at : 0;
		return l->m->delimiter ? OK : broken(l, "a delimiter is one character or tab", rest);
	}
	if (str_is(first, "dates"))
		return read_dates(l, rest);
	if (str_is(first, "check"))
		return read_check(l, rest);
	for (unsigned i = 0; i < sizeof paths / sizeof *paths; i++)
		if (str_is(first, paths[i].name))
			return read_path(l, rest, paths[i].at);
	return broken(l, "no such setting", first);
}

/* [rows] holds what is said of each row, in expressions. */
static enum err read_line(struct loading *l, struct str line)
{
	if (!line.len || *line.at == '#')
		return OK;
	if (str_is(line, "[rows]")) {
		l->columns = false;
		l->codes = NULL;
		l->section = NULL;
		return OK;
	}
	if (*line.at == '[')
		return read_head(l, line);
	if (l->columns)
		return read_column(l, line);
	if (l->codes)
		return read_code(l, line);
	return l->section ? read_in_section(l, line) : read_setting(l, line);
}

/* --- what is named must be there --- */

static enum err check_columns(struct loading *l)
{
	for (unsigned i = 0; i < l->m->column_count; i++) {
		struct rows_column *col = &l->m->columns[i];
		l->line = col->line;
		if (!col->table)
			continue;
		col->codes = map_get(&l->m->codes, str_of(col->table));
		if (!col->codes)
			return broken(l, "no table of codes of that name", str_of(col->table));
	}
	return OK;
}

static enum err check_sections(struct loading *l)
{
	for (unsigned i = 0; i < l->m->section_count; i++) {
		struct rows_section *s = &l->m->sections[i];
		for (size_t k = 0; k < s->lines.len; k++) {
			struct rows_line *line = &s->lines.at[k];
			if (line->maker != ROWS_SECTION)
				continue;
			l->line = line->line;
			unsigned n = 0;
			while (n < i && strcmp(l->m->sections[n].name, line->section_name) != 0)
				n++;
			if (n == i || n == 0)
				return broken(l, "no section of that name above", str_of(line->section_name));
			line->section = n;
		}
	}
	return OK;
}

static enum err check_all(struct loading *l)
{
	const struct rows_map *m = l->m;

	TRY(check_columns(l));
	TRY(check_sections(l));
	if (!m->column_count || !m->section_count || !m->key || !m->person)
		return broken(l, "a mapping has [columns], [rows] with key and person, and a Patient",
			      str_of(m->name));
	return OK;
}

enum err rows_parse(struct ctx *c, struct arena *life, const char *name, struct str text,
		    struct rows_map **out)
{
	static const uint64_t key[2] = { 0x6665656473, 0x726f7773 };
	struct rows_map *m = NEW(life, struct rows_map);
	struct loading l = { .c = c, .life = life, .fhir = c->place->fhir, .m = m };
	struct str rest = text, date = STR("");
	uint64_t hash = hash_keyed(key, text.at, text.len);

	l.file = m->file = arena_printf(life, "feed/rows/%s.rows", name);
	m->name = m->title = arena_str(life, name);
	map_init(&m->codes, life);
	while (rest.at) {
		struct str line = str_trim(str_cut(&rest, '\n'));
		l.line++;
		if (str_starts(line, STR("# version ")))
			date = (struct str){ line.at + 10, line.len - 10 };
		TRY(read_line(&l, line));
	}
	TRY(check_all(&l));
	if (!m->date_count)
		m->dates[m->date_count++] = "yyyy-mm-dd";
	m->version = arena_printf(life, "%s " STR_FMT " (%08x)", name, STR_ARG(date),
				  (unsigned)(hash ^ hash >> 32));
	*out = m;
	return OK;
}

enum err rows_load(struct ctx *c, struct arena *life, const char *name, struct rows_map **out)
{
	struct str text;

	if (!name_good(str_of(name)))
		return fail(c, ERR_NOT_FOUND, "There is no mapping %.60s", name);
	TRY(share_read(c, &c->place->share, life, arena_printf(life, "feed/rows/%s.rows", name), &text));
	return rows_parse(c, life, name, text, out);
}
