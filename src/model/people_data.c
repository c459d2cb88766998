/* people_data.c - reading share/demo. One reader for all tables: a row of struct column says where
 * each cell goes. */
#include "model/people_data.h"

#include <assert.h>

#include "base/vec.h"

enum { ROWS_MAX = 200, NUMBER_MAX = 10000000 }; /* so that sums stay within an int */

enum cell_kind { CELL_TEXT, CELL_MAYBE, CELL_INT, CELL_BANDS };

struct column {
	const char *name;
	enum cell_kind kind;
	size_t offset;
};

/* clang-format off */
#define BEGIN(name, file) static const struct column name##_columns[] = {
#define MAYBE(member) { #member, CELL_MAYBE, offsetof(struct ROW, member) },
#define TEXT(member) { #member, CELL_TEXT, offsetof(struct ROW, member) },
#define INT(member) { #member, CELL_INT, offsetof(struct ROW, member) },
#define BANDS(member) { #member, CELL_BANDS, offsetof(struct ROW, member) },
#define JOIN(declaration)
#define END(name, file) { 0 } };
/* clang-format on */
#include "model/people_table.def"

struct list_row {
	const char *key, *items;
};
static const struct column list_columns[] = {
	{ "key", CELL_TEXT, offsetof(struct list_row, key) },
	{ "items", CELL_TEXT, offsetof(struct list_row, items) },
	{ 0 },
};

/* A table being read. */
struct reader {
	struct ctx *c;
	struct arena *a;
	const char *file;
	const struct column *columns;
	size_t row_size;
	unsigned line;
	bool headed; /* the line of names has been seen */
	char *rows;
	size_t len, cap;
};

static enum err read_header(struct reader *r, struct str line)
{
	for (const struct column *col = r->columns; col->name; col++) {
		struct str cell = str_cut(&line, '\t');
		if (!str_is(cell, col->name))
			return fail(r->c, ERR_INVALID,
				    "%s:%u: column \"%s\" expected, not \"" STR_FMT "\"",
				    r->file, r->line, col->name, STR_ARG(cell));
	}
	r->headed = true;
	return OK;
}

static enum err read_number(struct reader *r, const struct column *col, struct str cell,
			    int *out)
{
	int64_t n;
	if (!str_int(cell, &n) || n < 0 || n > NUMBER_MAX)
		return fail(r->c, ERR_INVALID,
			    "%s:%u: %s must be a number from 0 to 10,000,000", r->file, r->line,
			    col->name);
	*out = (int)n;
	return OK;
}

/* A share for each band of age, parted by spaces. */
static enum err read_bands(struct reader *r, const struct column *col, struct str cell,
			   int *out)
{
	for (int i = 0; i < PEOPLE_BANDS; i++)
		TRY(read_number(r, col, cell.at ? str_cut(&cell, ' ') : cell, &out[i]));
	if (cell.at)
		return fail(r->c, ERR_INVALID, "%s:%u: %s has more than %d numbers", r->file,
			    r->line, col->name, PEOPLE_BANDS);
	return OK;
}

static enum err read_cell(struct reader *r, char *row, const struct column *col,
			  struct str cell)
{
	char *text;
	switch (col->kind) {
	case CELL_INT:
		return read_number(r, col, cell, (int *)(void *)(row + col->offset));
	case CELL_BANDS:
		return read_bands(r, col, cell, (int *)(void *)(row + col->offset));
	case CELL_TEXT:
		if (cell.len == 0)
			return fail(r->c, ERR_INVALID, "%s:%u: %s may not be empty", r->file,
				    r->line, col->name);
		__attribute__((fallthrough));
	case CELL_MAYBE:
		text = str_dup(r->a, cell);
		memcpy(row + col->offset, &text, sizeof text);
	}
	return OK;
}

static enum err read_row(struct reader *r, struct str line)
{
	if (r->len == ROWS_MAX)
		return fail(r->c, ERR_LIMIT, "%s:%u: more than %d rows", r->file, r->line,
			    ROWS_MAX);
	if (r->len == r->cap)
		r->rows = vec_grow(r->a, r->rows, r->len, &r->cap, r->len + 1, r->row_size);
	char *row = r->rows + r->len * r->row_size;
	memset(row, 0, r->row_size);
	for (const struct column *col = r->columns; col->name; col++) {
		if (!line.at)
			return fail(r->c, ERR_INVALID, "%s:%u: no cell for column %s", r->file,
				    r->line, col->name);
		TRY(read_cell(r, row, col, str_cut(&line, '\t')));
	}
	if (line.at)
		return fail(r->c, ERR_INVALID, "%s:%u: more cells than columns", r->file,
			    r->line);
	r->len++;
	return OK;
}

/* Reads one file into rows of row_size bytes; at least one row. */
static enum err read_table(struct ctx *c, const struct share *share, struct arena *a,
			   const char *name, const struct column *columns, size_t row_size,
			   void *rows, size_t *len)
{
	struct reader r = { .c = c, .a = a, .columns = columns, .row_size = row_size };
	r.file = arena_printf(a, "demo/%s.tsv", name);
	struct str text;
	TRY(share_read(c, share, a, r.file, &text));
	while (text.at) {
		struct str line = str_cut(&text, '\n');
		r.line++;
		if (line.len == 0 || line.at[0] == '#')
			continue;
		TRY(r.headed ? read_row(&r, line) : read_header(&r, line));
	}
	if (r.len == 0)
		return fail(c, ERR_INVALID, "%s has no rows", r.file);
	memcpy(rows, &r.rows, sizeof r.rows);
	*len = r.len;
	return OK;
}

/* Lists of words: the same key again adds to its list. */
static enum err read_lists(struct ctx *c, const struct share *share, struct arena *a,
			   const char *name, struct people_data *d)
{
	struct list_row *rows;
	size_t len;
	TRY(read_table(c, share, a, name, list_columns, sizeof *rows, &rows, &len));
	for (size_t i = 0; i < len; i++) {
		VEC(const char *) items = { 0 };
		struct str rest = str_of(rows[i].items);
		while (rest.at) {
			struct str item = str_cut(&rest, '|');
			if (item.len == 0)
				return fail(c, ERR_INVALID, "demo/%s.tsv: %s has an empty item",
					    name, rows[i].key);
			*vec_push(&items, a) = str_dup(a, item);
		}
		struct people_list *list = NEW(a, struct people_list);
		*list = (struct people_list){ items.at, items.len };
		if (!map_set(&d->lists, str_of(rows[i].key), list))
			return fail(c, ERR_INVALID, "demo/%s.tsv: %s is there twice", name,
				    rows[i].key);
	}
	return OK;
}

static void group_reasons(struct arena *a, struct people_data *d)
{
	map_init(&d->reason_groups, a);
	for (size_t i = 0; i < d->reasons.len; i++) {
		struct str group = str_of(d->reasons.at[i].group);
		struct people_reasons *list = map_get(&d->reason_groups, group);
		if (!list) {
			list = NEW(a, struct people_reasons);
			list->at = NEW_N(a, const struct people_reason *, d->reasons.len);
			map_set(&d->reason_groups, group, list);
		}
		list->at[list->len++] = &d->reasons.at[i];
	}
}

/* Every row that names an organisation finds it; texts that many resources share are made once. */
static enum err join_tables(struct ctx *c, struct arena *a, struct people_data *d)
{
	for (size_t i = 0; i < d->orgs.len; i++) {
		struct people_org *o = &d->orgs.at[i];
		o->source = arena_printf(a, "https://fhir.nhs.uk/Id/ods-organization-code/%s",
					 o->code);
		o->ref = arena_printf(a, "Organization/%s", o->id);
	}
	for (size_t i = 0; i < d->wards.len; i++) {
		d->wards.at[i].at = people_org(d, d->wards.at[i].org);
		if (!d->wards.at[i].at)
			return fail(c, ERR_INVALID, "demo/ward.tsv: no organisation %s",
				    d->wards.at[i].org);
	}
	for (size_t i = 0; i < d->staff.len; i++) {
		struct people_staff *s = &d->staff.at[i];
		s->at = people_org(d, s->org);
		if (!s->at)
			return fail(c, ERR_INVALID, "demo/staff.tsv: no organisation %s",
				    s->org);
		s->ref = arena_printf(a, "Practitioner/prac-%s", s->id);
		s->name = arena_printf(a, "%s%s%s %s", s->prefix, *s->prefix ? " " : "",
				       s->given, s->family);
	}
	for (size_t i = 0; i < d->delays.len; i++)
		if (!people_org(d, d->delays.at[i].body))
			return fail(c, ERR_INVALID, "demo/delay.tsv: no organisation %s",
				    d->delays.at[i].body);
	return OK;
}

/* What is drawn by weight must weigh something, and a ward has a bed. */
static enum err weigh_tables(struct ctx *c, struct people_data *d)
{
	for (size_t i = 0; i < d->ages.len; i++) {
		d->ages_total[0] += d->ages.at[i].male;
		d->ages_total[1] += d->ages.at[i].female;
	}
	for (size_t i = 0; i < d->towns.len; i++)
		d->towns_total += d->towns.at[i].weight;
	for (size_t i = 0; i < d->delays.len; i++)
		d->delays_total += d->delays.at[i].weight;
	for (size_t i = 0; i < d->wards.len; i++)
		if (d->wards.at[i].beds == 0)
			return fail(c, ERR_INVALID, "demo/ward.tsv: %s has no bed",
				    d->wards.at[i].name);
	if (d->ages_total[0] + d->ages_total[1] == 0)
		return fail(c, ERR_INVALID, "demo/population.tsv holds no people");
	if (d->towns_total == 0)
		return fail(c, ERR_INVALID, "demo/place.tsv: no town has any weight");
	if (d->delays_total == 0)
		return fail(c, ERR_INVALID, "demo/delay.tsv: no reason has any weight");
	return OK;
}

/* What the code names must be there, or the place cannot be told. */
static const char *const lists_needed[] = {
	"street.first",
	"street.last",
	"practice.first",
	"practice.last",
	"home.first",
	"home.last",
	"about.matters",
	"about.support",
	"about.avoid",
	"goal",
	"goal.young",
	"goal.home",
	"action",
	"carer.need",
	"contact.words",
	"safeguarding.words",
	"passport.words",
	"pendant.words",
	"adaptation.words",
	"outcome",
	"equipment",
	"family.british",
	"given.british.male.1900",
	"given.british.female.1900",
};
static const char *const groups_needed[] = {
	"gp.child",    "gp.adult",      "gp.older",       "gp.frail",   "ae.child",
	"ae.adult",    "ae.older",      "stay.fracture",  "stay.older", "stay.medical",
	"stay.stroke", "stay.surgical", "stay.maternity", "stay.child", "stay.mental",
	"nurse",       "mental.older",  "mental.adult",   "clinic",     "visit",
};
static const char *const orgs_needed[] = { "org-council", "org-hospitals", "org-community",
					   "org-mental",  "org-careline",  "org-carers",
					   "org-wendle",  "org-marlbridge" };

static const char *const measures_needed[] = {
	"bp",          "systolic",    "diastolic", "weight",     "weight-child", "height",
	"haemoglobin", "cholesterol", "frailty",   "timed-walk", "news2",        "crp",
};

static enum err check_needed(struct ctx *c, const struct people_data *d)
{
	for (size_t i = 0; i < sizeof lists_needed / sizeof *lists_needed; i++)
		if (!map_get(&d->lists, str_of(lists_needed[i])))
			return fail(c, ERR_INVALID, "share/demo has no list %s",
				    lists_needed[i]);
	for (size_t i = 0; i < sizeof groups_needed / sizeof *groups_needed; i++)
		if (!map_get(&d->reason_groups, str_of(groups_needed[i])))
			return fail(c, ERR_INVALID, "demo/reason.tsv has no group %s",
				    groups_needed[i]);
	for (size_t i = 0; i < sizeof orgs_needed / sizeof *orgs_needed; i++)
		if (!people_org(d, orgs_needed[i]))
			return fail(c, ERR_INVALID, "demo/organisation.tsv has no %s",
				    orgs_needed[i]);
	for (size_t i = 0; i < sizeof measures_needed / sizeof *measures_needed; i++)
		if (!people_measure(d, measures_needed[i]))
			return fail(c, ERR_INVALID, "demo/observation.tsv has no %s",
				    measures_needed[i]);
	if (d->conditions.len > 64 || d->wards.len > 64)
		return fail(c, ERR_LIMIT,
			    "demo/condition.tsv or demo/ward.tsv has more than 64 rows");
	return OK;
}

enum err people_data_read(struct ctx *c, const struct share *share, struct arena *a,
			  struct people_data *out)
{
	struct people_data d = { 0 };
#define BEGIN(name, file)
#define TEXT(member)
#define MAYBE(member)
#define INT(member)
#define BANDS(member)
#define JOIN(declaration)
#define END(name, file)                                                                        \
	TRY(read_table(c, share, a, file, name##_columns, sizeof(struct ROW), &d.name.at,      \
		       &d.name.len));
#include "model/people_table.def"
	map_init(&d.lists, a);
	TRY(read_lists(c, share, a, "names", &d));
	TRY(read_lists(c, share, a, "words", &d));
	group_reasons(a, &d);
	TRY(join_tables(c, a, &d));
	TRY(weigh_tables(c, &d));
	TRY(check_needed(c, &d));
	static const char *const fixed[PEOPLE_FIXED] = { "demo/person/edith.ndjson",
							 "demo/person/karen.ndjson",
							 "demo/person/winifred.ndjson" };
	for (size_t i = 0; i < PEOPLE_FIXED; i++)
		TRY(share_read(c, share, a, fixed[i], &d.fixed[i]));
	*out = d;
	return OK;
}

const struct people_list *people_list(const struct people_data *d, const char *key)
{
	const struct people_list *list = map_get(&d->lists, str_of(key));
	assert(list);
	return list;
}

const struct people_reasons *people_reasons(const struct people_data *d, const char *group)
{
	const struct people_reasons *list = map_get(&d->reason_groups, str_of(group));
	assert(list);
	return list;
}

#define FIND(table, field, wanted)                                                             \
	for (size_t i = 0; i < (table).len; i++)                                               \
		if (strcmp((table).at[i].field, (wanted)) == 0)                                \
			return &(table).at[i];                                                 \
	return NULL

const struct people_org *people_org(const struct people_data *d, const char *id)
{
	FIND(d->orgs, id, id);
}

const struct people_package *people_package(const struct people_data *d, const char *key)
{
	FIND(d->packages, key, key);
}

const struct people_measure *people_measure(const struct people_data *d, const char *key)
{
	FIND(d->measures, key, key);
}

const struct people_medicine *people_medicine(const struct people_data *d, const char *key)
{
	FIND(d->medicines, key, key);
}

const struct people_condition *people_condition(const struct people_data *d, const char *key)
{
	FIND(d->conditions, key, key);
}
