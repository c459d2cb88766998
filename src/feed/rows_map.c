/* rows_map.c - one row of a file: its columns read, and what its mapping makes of them. */
#include "feed/rows.h"
#include "identity/nhs_number.h"

/* --- the header --- */

static bool head_is(struct arena *a, const char *heads, struct str name)
{
	struct str rest = str_of(heads), folded = str_fold(a, name);

	while (rest.at)
		if (str_eq(str_fold(a, str_trim(str_cut(&rest, '|'))), folded))
			return true;
	return false;
}

enum err rows_head_read(struct ctx *c, const struct rows_map *map, const struct str *names, unsigned len,
			struct rows_head *out)
{
	struct rows_head h = { .map = map, .len = len };
	struct str *copy = NEW_N(c->arena, struct str, len);
	bool *known = NEW_N(c->arena, bool, len); /* two columns of a mapping may read one of the file */

	for (unsigned k = 0; k < len; k++)
		copy[k] = str_of(str_dup(c->arena, names[k]));
	h.names = copy;
	for (unsigned i = 0; i < map->column_count; i++) {
		const struct rows_column *col = &map->columns[i];
		h.at[i] = -1;
		for (unsigned k = 0; k < len; k++) {
			if (!head_is(c->arena, col->heads, names[k]))
				continue;
			if (h.at[i] >= 0)
				return fail(c, ERR_INVALID, "The file has the column \"%.60s\" twice.",
					    str_dup(c->arena, names[k]));
			h.at[i] = (int)k;
			known[k] = true;
		}
		if (h.at[i] < 0 && col->need == ROWS_MUST) {
			struct str first = str_of(col->heads);
			return fail(c, ERR_INVALID, "The file has no column \"%s\".",
				    str_dup(c->arena, str_trim(str_cut(&first, '|'))));
		}
	}
	for (unsigned k = 0; k < len; k++)
		h.unknown += !known[k];
	*out = h;
	return OK;
}

static const char *column_title(const struct row *r, int column)
{
	struct str first = str_of(r->map->columns[column].heads);

	if (r->head->at[column] >= 0)
		return r->head->names[r->head->at[column]].at;
	return str_dup(r->c->arena, str_trim(str_cut(&first, '|')));
}

/* --- cells --- */

static bool digits(struct str s, size_t *at, unsigned most, unsigned *out)
{
	unsigned n = 0;

	*out = 0;
	while (*at < s.len && n < most && s.at[*at] >= '0' && s.at[*at] <= '9') {
		*out = *out * 10 + (unsigned)(s.at[(*at)++] - '0');
		n++;
	}
	return n > 0;
}

/* By a format such as dd/mm/yyyy, or mm/yyyy where the day is not told; what follows is the time of day,
 * if any. */
static bool read_date(struct str text, const char *format, struct when *out, struct str *rest)
{
	unsigned year = 0, month = 0, day = 1;
	bool whole = strstr(format, "dd") != NULL;
	size_t at = 0;

	for (const char *p = format; *p;) {
		if (!strncmp(p, "yyyy", 4)) {
			if (at + 4 > text.len || !digits(text, &at, 4, &year) || year < 1000)
				return false;
			p += 4;
		} else if (!strncmp(p, "mm", 2) || !strncmp(p, "dd", 2)) {
			if (!digits(text, &at, 2, *p == 'm' ? &month : &day))
				return false;
			p += 2;
		} else if (at >= text.len || text.at[at++] != *p++) {
			return false;
		}
	}
	if (month < 1 || month > 12 || day < 1 || (int)day > when_month_days((int)year, (int)month))
		return false;
	*out = (struct when){ .kind = WHEN_DATE, .precision = whole ? WHEN_DAY : WHEN_MONTH,
			      .year = (int16_t)year, .month = (uint8_t)month, .day = (uint8_t)day };
	*rest = (struct str){ text.at + at, text.len - at };
	return whole || !rest->len;
}

/* "", " 00:00", "T10:30:00", " 10:30:00.000": the time of London. */
static bool read_time(struct str text, struct when *w)
{
	unsigned part[3] = { 0 };
	size_t at = 1;

	if (!text.len)
		return true;
	if (*text.at != ' ' && *text.at != 'T')
		return false;
	for (unsigned i = 0; i < 3 && at < text.len; i++) {
		if (i && text.at[at++] != ':')
			return false;
		if (!digits(text, &at, 2, &part[i]))
			return false;
	}
	if (at < text.len && text.at[at] == '.')
		for (at++; at < text.len && text.at[at] >= '0' && text.at[at] <= '9';)
			at++;
	if (at < text.len || part[0] > 23 || part[1] > 59 || part[2] > 59)
		return false;
	w->hour = (uint8_t)part[0];
	w->minute = (uint8_t)part[1];
	w->second = (uint8_t)part[2];
	return true;
}

static struct when *read_when(struct row *r, struct str text, bool time)
{
	struct when w, *kept;
	struct str rest;
	int64_t from, to;

	for (unsigned i = 0; i < r->map->date_count; i++) {
		if (!read_date(text, r->map->dates[i], &w, &rest) || !read_time(rest, &w))
			continue;
		if (time && w.precision == WHEN_DAY) {
			w.kind = WHEN_DATETIME;
			w.precision = WHEN_SECOND;
			when_range(w, 0, &from, &to);
			w.offset = (int16_t)when_london_offset(from);
			w.zoned = true;
			w.sign = '+';
		} else {
			w.hour = w.minute = w.second = 0;
		}
		kept = NEW(r->c->arena, struct when);
		*kept = w;
		return kept;
	}
	return NULL;
}

static struct str postcode(struct arena *a, struct str text)
{
	char *out = arena_alloc(a, text.len + 2);
	struct str upper = str_upper(a, text);
	size_t len = 0;

	for (size_t i = 0; i < upper.len; i++)
		if (upper.at[i] != ' ')
			out[len++] = upper.at[i];
	if (len < 5 || len > 7)
		return text;
	memmove(out + len - 2, out + len - 3, 3);
	out[len - 3] = ' ';
	return (struct str){ out, len + 1 };
}

/* What it says by its column's reading; a word for what is wrong. */
static const char *read_cell(struct row *r, unsigned i, struct str text, struct item *item)
{
	const struct rows_column *col = &r->map->columns[i];
	struct arena *a = r->c->arena;
	struct dec number, *kept;
	char nhs[11];
	enum nhs_fault fault;

	*item = (struct item){ .kind = ITEM_STRING, .text = text };
	switch (col->reading) {
	case ROWS_TEXT:
		return NULL;
	case ROWS_POSTCODE:
		item->text = postcode(a, text);
		return NULL;
	case ROWS_DATE:
	case ROWS_DATETIME:
		item->kind = col->reading == ROWS_DATE ? ITEM_DATE : ITEM_DATETIME;
		item->when = read_when(r, text, col->reading == ROWS_DATETIME);
		return item->when ? NULL : "is no date that exists in a format the mapping names";
	case ROWS_DECIMAL:
		if (!dec_parse(text, &number))
			return "is no number";
		kept = arena_alloc(a, sizeof *kept);
		*kept = number;
		item->kind = ITEM_DECIMAL;
		item->number = kept;
		return NULL;
	case ROWS_NHS_NUMBER:
		fault = nhs_number_read(text, nhs);
		if (fault != NHS_OK)
			return "is no NHS number";
		item->text = str_of(arena_str(a, nhs));
		return NULL;
	case ROWS_CODE:
		break;
	}
	r->coded[i] = map_get(&col->codes->codes, str_fold(a, text));
	if (!r->coded[i])
		r->coded[i] = col->codes->any;
	if (!r->coded[i])
		return "is no text the mapping has a code for";
	item->text = str_of(r->coded[i]->code);
	return NULL;
}

static enum err wrong(struct row *r, int column, const char *what)
{
	r->column = column_title(r, column);
	return fail(r->c, ERR_INVALID, "%s %s.", r->column, what);
}

static void note(struct row *r, int column, const char *what)
{
	struct str was = r->notes;

	if (was.len < 300)
		r->notes = str_of(arena_printf(r->c->arena, STR_FMT "%s%s %s.", STR_ARG(was), was.len ? " " : "",
					       column_title(r, column), what));
	if (!r->note_column)
		r->note_column = column_title(r, column);
}

static void set_var(struct row *r, unsigned n, const char *name, const struct item *item)
{
	r->vars[n].name = name;
	if (item) {
		struct item *kept = NEW(r->c->arena, struct item);
		*kept = *item;
		r->vars[n].items = (struct items){ kept, 1 };
	}
}

static void set_text(struct row *r, unsigned n, const char *name, struct str text)
{
	struct item item = { .kind = ITEM_STRING, .text = text };

	set_var(r, n, name, text.len ? &item : NULL);
}

/* Cells beyond the header's may be empty, as some programs write them; else the row is out of place. */
static bool fits_head(const struct row *r)
{
	for (unsigned i = r->head->len; i < r->len; i++)
		if (r->fields[i].len)
			return false;
	return r->len >= r->head->len;
}

static enum err read_cells(struct row *r)
{
	unsigned count = r->map->column_count;

	r->vars = NEW_N(r->c->arena, struct path_var, 2 * count + 4);
	r->coded = NEW_N(r->c->arena, const struct rows_code *, count);
	if (!fits_head(r))
		return fail(r->c, ERR_INVALID, "The row has %u fields, the header %u.", r->len, r->head->len);
	for (unsigned i = 0; i < count; i++) {
		const struct rows_column *col = &r->map->columns[i];
		struct str text = r->head->at[i] < 0 ? STR("") : r->fields[r->head->at[i]];
		struct item item;
		const char *what = text.len ? read_cell(r, i, text, &item) : NULL;

		if (!text.len && col->need == ROWS_MUST)
			return wrong(r, (int)i, "is missing");
		if (what && col->need != ROWS_NOTE)
			return wrong(r, (int)i, what);
		if (what)
			note(r, (int)i, what);
		set_var(r, 2 * i, col->name, text.len && !what ? &item : NULL);
		set_text(r, 2 * i + 1, col->text_name, text);
	}
	set_text(r, 2 * count, "sender", r->org);
	set_text(r, 2 * count + 1, "sender_name", r->org_name);
	return OK;
}

/* --- expressions --- */

static enum err evaluate(struct row *r, const struct path *path, struct items *out)
{
	static const struct path_limits limits = { .steps = 20000, .items = 1000 };
	struct path_env env = { .fhir = r->c->place->fhir, .vars = r->vars, .limits = &limits };
	struct item focus = { .kind = ITEM_STRING, .text = r->key };

	return path_eval_item(r->c, path, &env, &focus, out);
}

static enum err text_of(struct row *r, const struct path *path, struct str *out)
{
	struct items items;

	*out = (struct str){ 0 };
	if (!path)
		return OK;
	TRY(evaluate(r, path, &items));
	if (items.len > 1)
		return fail(r->c, ERR_INVALID, "An expression of the mapping gives more than one value.");
	if (items.len)
		*out = item_text(r->c->arena, r->c->place->fhir, &items.at[0]);
	return OK;
}

static enum err truth_of(struct row *r, const struct path *path, bool *out)
{
	struct items items;

	TRY(evaluate(r, path, &items));
	*out = items.len && (items.at[0].kind != ITEM_BOOLEAN || items.at[0].boolean);
	return OK;
}

static enum err run_checks(struct row *r)
{
	for (size_t i = 0; i < r->map->checks.len; i++) {
		const struct rows_check *check = &r->map->checks.at[i];
		struct items items;
		TRY(evaluate(r, check->path, &items));
		if (items.len && items.at[0].kind == ITEM_BOOLEAN && !items.at[0].boolean) {
			r->column = column_title(r, check->column);
			return fail(r->c, ERR_INVALID, "%s: %s", r->column, check->reason);
		}
	}
	return OK;
}

enum err row_name(struct row *r)
{
	struct str said;
	struct when w;
	int64_t to;

	TRY(read_cells(r));
	TRY(text_of(r, r->map->key, &r->key));
	TRY(text_of(r, r->map->person, &r->person));
	TRY(text_of(r, r->map->kind, &r->kind));
	TRY(text_of(r, r->map->full, &r->scope));
	TRY(text_of(r, r->map->said, &said));
	if (said.len && when_parse_datetime(said, &w))
		when_range(w, 0, &r->said, &to);
	if (!r->key.len || !r->person.len)
		return fail(r->c, ERR_INVALID, "The row does not say what it is, or whom it is about.");
	return run_checks(r);
}

/* --- elements --- */

struct making {
	struct row *r;
	struct node *resource;
	struct node *places[ROWS_PLACES];
	struct rows_made *made; /* so far, of the sections above */
};

static struct node *step_into(struct making *k, struct node *into, const struct rows_step *step,
			      enum node_kind kind)
{
	struct arena *a = k->r->c->arena;

	if (k->places[step->place])
		return k->places[step->place];
	if (step->list) {
		struct node *list = node_get(into, step->name);
		into = list ? list : node_add(a, into, step->name, NODE_ARRAY);
	}
	struct node *n = node_add(a, into, step->list ? NULL : step->name, kind);
	if (step->url)
		node_add_cstr(a, n, "url", step->url);
	k->places[step->place] = n;
	return n;
}

static struct node *target(struct making *k, const struct rows_line *line, enum node_kind kind)
{
	struct node *into = k->resource;

	for (unsigned i = 0; i < line->step_count; i++)
		into = step_into(k, into, &line->steps[i], i + 1 == line->step_count ? kind : NODE_OBJECT);
	return into;
}

static void put_text(struct making *k, const struct rows_line *line, struct str text)
{
	static const struct {
		const char *type;
		enum node_kind kind;
	} kinds[] = { { "boolean", NODE_BOOL },       { "decimal", NODE_NUMBER }, { "integer", NODE_NUMBER },
		      { "positiveInt", NODE_NUMBER }, { "unsignedInt", NODE_NUMBER } };
	enum node_kind kind = NODE_STRING;

	for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (!strcmp(line->type->name, kinds[i].type))
			kind = kinds[i].kind;
	struct node *n = target(k, line, kind);
	if (kind == NODE_BOOL) {
		n->truth = str_is(text, "true");
		return;
	}
	n->kind = (uint8_t)kind;
	n->text = text.at;
	n->len = (uint32_t)text.len;
}

static void put_coding(struct making *k, const struct rows_line *line)
{
	struct arena *a = k->r->c->arena;
	const struct rows_column *col = &k->r->map->columns[line->column];
	const struct rows_code *code = k->r->coded[line->column];
	struct str written = k->r->vars[2 * line->column + 1].items.at[0].text;
	bool concept = !strcmp(line->type->name, "CodeableConcept");
	struct node *n = target(k, line, NODE_OBJECT), *coding = n;

	if (concept)
		coding = node_add(a, node_add(a, n, "coding", NODE_ARRAY), NULL, NODE_OBJECT);
	if (*col->codes->system)
		node_add_cstr(a, coding, "system", col->codes->system);
	node_add_cstr(a, coding, "code", code->code);
	if (code->display)
		node_add_cstr(a, coding, "display", code->display);
	if (concept)
		node_add_str(a, n, "text", code->display ? str_of(code->display) : written);
}

static void put_reference(struct making *k, const struct rows_line *line)
{
	struct row *r = k->r;
	struct arena *a = r->c->arena;
	const struct rows_section *to = line->maker == ROWS_SECTION ? &r->map->sections[line->section] : NULL;

	if (to && !k->made[line->section].resource)
		return;
	struct node *n = target(k, line, NODE_OBJECT);
	if (line->maker == ROWS_PERSON) {
		*vec_push(&r->subjects, a) = node_add_cstr(a, n, "reference", "");
	} else if (line->maker == ROWS_SENDER) {
		struct node *id = node_add(a, n, "identifier", NODE_OBJECT);
		node_add_cstr(a, id, "system", "https://fhir.nhs.uk/Id/ods-organization-code");
		node_add_str(a, id, "value", r->org);
		node_add_str(a, n, "display", r->org_name);
	} else {
		node_add_cstr(a, n, "reference",
			      arena_printf(a, "%s/" STR_FMT, to->type, STR_ARG(k->made[line->section].id)));
	}
}

static enum err put_line(struct making *k, const struct rows_line *line)
{
	struct str text;

	if (line->constant && line->step_count > 1 && !k->places[line->steps[0].place])
		return OK; /* constants keep others company */
	if (line->maker != ROWS_PATH) {
		put_reference(k, line);
		return OK;
	}
	if (line->literal) {
		put_text(k, line, str_of(line->literal));
		return OK;
	}
	if (line->type->kind != FHIR_PRIMITIVE) {
		if (k->r->coded[line->column] && *k->r->coded[line->column]->code)
			put_coding(k, line);
		return OK;
	}
	if (line->column >= 0) {
		const struct items *items = &k->r->vars[2 * line->column].items;
		text = items->len ? item_text(k->r->c->arena, k->r->c->place->fhir, &items->at[0]) : STR("");
	} else {
		TRY(text_of(k->r, line->path, &text));
	}
	if (text.len)
		put_text(k, line, text);
	return OK;
}

struct str row_id(struct row *r, const char *section, struct str key)
{
	return message_hash(r->c->arena,
			    str_of(arena_printf(r->c->arena, "rows|%s|%s|" STR_FMT "|" STR_FMT, r->map->name,
						section, STR_ARG(r->org), STR_ARG(key))));
}

static enum err make_section(struct row *r, unsigned n, struct rows_made *made)
{
	const struct rows_section *s = &r->map->sections[n];
	struct arena *a = r->c->arena;
	struct making k = { .r = r, .made = made };
	struct str key = s->person ? r->person : r->key;
	bool wanted = true;

	if (s->when)
		TRY(truth_of(r, s->when, &wanted));
	if (!wanted)
		return OK;
	if (s->id)
		TRY(text_of(r, s->id, &key));
	k.resource = node_new(a, NODE_OBJECT);
	node_add_cstr(a, k.resource, "resourceType", s->type);
	made[n] = (struct rows_made){ .section = s, .id = row_id(r, s->name, key), .resource = k.resource };
	if (n)
		node_add_str(a, k.resource, "id", made[n].id);
	node_add_str(a, node_add(a, k.resource, "meta", NODE_OBJECT), "source", r->source);
	for (unsigned pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < s->lines.len; i++)
			if (s->lines.at[i].constant == (pass == 1))
				TRY(put_line(&k, &s->lines.at[i]));
	return OK;
}

enum err row_map(struct row *r)
{
	struct rows_made *made = NEW_N(r->c->arena, struct rows_made, ROWS_SECTIONS);

	for (unsigned n = 0; n < r->map->section_count; n++) {
		TRY(make_section(r, n, made));
		if (!made[n].resource)
			continue;
		if (!n)
			r->patient = made[n].resource;
		else if (made[n].section->person)
			*vec_push(&r->of_person, r->c->arena) = made[n];
		else
			*vec_push(&r->made, r->c->arena) = made[n];
	}
	if (!r->patient)
		return fail(r->c, ERR_INVALID, "The mapping makes no Patient of this row.");
	return OK;
}

enum err row_gone(struct ctx *c, const struct rows_section *section, struct node *resource, bool *changed)
{
	*changed = false;
	for (size_t i = 0; i < section->gone.len; i++) {
		const struct rows_line *line = &section->gone.at[i];
		struct node *had = node_get(resource, line->steps[0].name);
		if (had && str_is(node_text(had), line->literal))
			continue;
		struct node *fresh = node_new(c->arena, NODE_STRING);
		fresh->text = line->literal;
		fresh->len = (uint32_t)strlen(line->literal);
		struct node *before = NULL;
		node_each(n, resource)
			if (n->next == had)
				before = n;
		if (had)
			node_remove(resource, had);
		node_insert(resource, had ? before : resource->last, line->steps[0].name, fresh);
		*changed = true;
	}
	return OK;
}
