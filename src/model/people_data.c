/* people_data.c - reading share/demo. One reader for all tables: a row of struct column says where
 * each cell goes. */
#include "model/people_data.h"

#include <assert.h>

#include "base/vec.h"

enum { CELLS_MAX = 20, ROWS_MAX = 20000 };

enum cell_kind { CELL_TEXT, CELL_INT };

struct column {
	const char *name;
	enum cell_kind kind;
	size_t offset;
};

#define TEXT(type, member, name) { name, CELL_TEXT, offsetof(struct type, member) }
#define INT(type, member, name) { name, CELL_INT, offsetof(struct type, member) }
#define END { 0 }

static const struct column ages_columns[] = {
	INT(people_ages, from, "from"), INT(people_ages, to, "to"), INT(people_ages, male, "male"),
	INT(people_ages, female, "female"), END
};
static const struct column communities_columns[] = {
	TEXT(people_community, key, "key"), TEXT(people_community, code, "code"),
	TEXT(people_community, display, "display"), INT(people_community, share, "share"),
	INT(people_community, share_old, "share_old"),
	TEXT(people_community, language, "language"),
	TEXT(people_community, language_display, "language_display"),
	INT(people_community, interpreter, "interpreter"), TEXT(people_community, names, "names"),
	END
};
static const struct column towns_columns[] = {
	TEXT(people_town, name, "town"), TEXT(people_town, district, "district"),
	TEXT(people_town, outcode, "outcode"), TEXT(people_town, practices, "practice"),
	INT(people_town, weight, "weight"), END
};
static const struct column kinds_columns[] = {
	TEXT(people_kind, kind, "kind"), TEXT(people_kind, type, "type"),
	TEXT(people_kind, type_display, "type_display"), TEXT(people_kind, role, "role"),
	TEXT(people_kind, role_display, "role_display"), END
};
static const struct column orgs_columns[] = {
	TEXT(people_org, id, "id"), TEXT(people_org, code, "code"), TEXT(people_org, kind, "kind"),
	TEXT(people_org, name, "name"), TEXT(people_org, phone, "phone"),
	TEXT(people_org, town, "town"), TEXT(people_org, part_of, "part_of"), END
};
static const struct column wards_columns[] = {
	TEXT(people_ward, id, "id"), TEXT(people_ward, org, "organisation"),
	TEXT(people_ward, name, "name"), TEXT(people_ward, specialty, "specialty"),
	TEXT(people_ward, use, "use"), INT(people_ward, beds, "beds"), END
};
static const struct column practices_columns[] = {
	TEXT(people_practice, name, "name"), TEXT(people_practice, town, "town"),
	TEXT(people_practice, doctors, "doctors"), END
};
static const struct column staff_columns[] = {
	TEXT(people_staff, id, "id"), TEXT(people_staff, org, "organisation"),
	TEXT(people_staff, prefix, "prefix"), TEXT(people_staff, given, "given"),
	TEXT(people_staff, family, "family"), TEXT(people_staff, gender, "gender"),
	TEXT(people_staff, duty, "duty"), TEXT(people_staff, role, "role"),
	TEXT(people_staff, role_display, "role_display"), TEXT(people_staff, phone, "phone"), END
};
static const struct column services_columns[] = {
	TEXT(people_service, id, "id"), TEXT(people_service, org, "organisation"),
	TEXT(people_service, name, "name"), TEXT(people_service, audience, "for"), END
};
static const struct column packages_columns[] = {
	TEXT(people_package, key, "key"), TEXT(people_package, name, "name"),
	TEXT(people_package, cld, "cld"), TEXT(people_package, provider, "provider"),
	TEXT(people_package, unit, "unit"), INT(people_package, units, "units"),
	INT(people_package, unit_cost, "unit_cost"), TEXT(people_package, per, "per"),
	TEXT(people_package, term, "term"), END
};
static const struct column delays_columns[] = {
	TEXT(people_delay, code, "code"), TEXT(people_delay, reason, "reason"),
	TEXT(people_delay, body, "body"), INT(people_delay, pathway, "pathway"),
	INT(people_delay, weight, "weight"), TEXT(people_delay, next, "next"), END
};
static const struct column medicines_columns[] = {
	TEXT(people_medicine, key, "key"), TEXT(people_medicine, code, "code"),
	TEXT(people_medicine, name, "name"), TEXT(people_medicine, strength, "strength"),
	TEXT(people_medicine, dose, "dose"), INT(people_medicine, lasting, "long"), END
};
static const struct column measures_columns[] = {
	TEXT(people_measure, key, "key"), TEXT(people_measure, system, "system"),
	TEXT(people_measure, code, "code"), TEXT(people_measure, name, "name"),
	TEXT(people_measure, unit, "unit"), TEXT(people_measure, ucum, "ucum"),
	INT(people_measure, low, "low"), INT(people_measure, high, "high"),
	INT(people_measure, decimals, "decimals"), TEXT(people_measure, category, "category"), END
};
static const struct column conditions_columns[] = {
	TEXT(people_condition, key, "key"), TEXT(people_condition, code, "code"),
	TEXT(people_condition, name, "display"), TEXT(people_condition, sex, "sex"),
	INT(people_condition, per_mille[0], "p0"), INT(people_condition, per_mille[1], "p18"),
	INT(people_condition, per_mille[2], "p45"), INT(people_condition, per_mille[3], "p65"),
	INT(people_condition, per_mille[4], "p70"), INT(people_condition, per_mille[5], "p75"),
	INT(people_condition, per_mille[6], "p80"), INT(people_condition, per_mille[7], "p85"),
	INT(people_condition, per_mille[8], "p90"),
	TEXT(people_condition, medicines, "medicines"), TEXT(people_condition, tests, "tests"),
	INT(people_condition, lasting, "long"), END
};
static const struct column vaccines_columns[] = {
	TEXT(people_vaccine, key, "key"), TEXT(people_vaccine, code, "code"),
	TEXT(people_vaccine, name, "name"), INT(people_vaccine, from, "from"),
	INT(people_vaccine, to, "to"), TEXT(people_vaccine, when, "when"),
	INT(people_vaccine, taken, "taken"), END
};
static const struct column allergies_columns[] = {
	TEXT(people_allergy, code, "code"), TEXT(people_allergy, name, "name"),
	TEXT(people_allergy, category, "category"), TEXT(people_allergy, reaction, "reaction"),
	TEXT(people_allergy, reaction_code, "reaction_code"),
	TEXT(people_allergy, severity, "severity"),
	TEXT(people_allergy, criticality, "criticality"),
	INT(people_allergy, per_mille, "per_mille"), END
};
static const struct column reasons_columns[] = {
	TEXT(people_reason, group, "group"), TEXT(people_reason, code, "code"),
	TEXT(people_reason, words, "words"), INT(people_reason, days, "days"), END
};

struct list_row {
	const char *key, *items;
};
static const struct column list_columns[] = { TEXT(list_row, key, "key"),
					      TEXT(list_row, items, "items"), END };

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
			return fail(r->c, ERR_INVALID, "%s:%u: column \"%s\" expected, not \"" STR_FMT "\"",
				    r->file, r->line, col->name, STR_ARG(cell));
	}
	r->headed = true;
	return OK;
}

static enum err read_cell(struct reader *r, char *row, const struct column *col, struct str cell)
{
	if (col->kind == CELL_TEXT) {
		char *text = str_dup(r->a, cell);
		memcpy(row + col->offset, &text, sizeof text);
		return OK;
	}
	int64_t n;
	if (!str_int(cell, &n) || n < 0 || n > 10000000)
		return fail(r->c, ERR_INVALID, "%s:%u: %s must be a number from 0 to 10,000,000",
			    r->file, r->line, col->name);
	int value = (int)n;
	memcpy(row + col->offset, &value, sizeof value);
	return OK;
}

static enum err read_row(struct reader *r, struct str line)
{
	if (r->len == ROWS_MAX)
		return fail(r->c, ERR_LIMIT, "%s:%u: more than %d rows", r->file, r->line, ROWS_MAX);
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
		return fail(r->c, ERR_INVALID, "%s:%u: more cells than columns", r->file, r->line);
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
		while (rest.at)
			*vec_push(&items, a) = str_dup(a, str_cut(&rest, '|'));
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
		o->source = arena_printf(a, "https://fhir.nhs.uk/Id/ods-organization-code/%s", o->code);
		o->ref = arena_printf(a, "Organization/%s", o->id);
	}
	for (size_t i = 0; i < d->wards.len; i++) {
		d->wards.at[i].at = people_org(d, d->wards.at[i].org);
		if (!d->wards.at[i].at)
			return fail(c, ERR_INVALID, "demo/ward.tsv: no organisation %s", d->wards.at[i].org);
	}
	for (size_t i = 0; i < d->staff.len; i++) {
		struct people_staff *s = &d->staff.at[i];
		s->at = people_org(d, s->org);
		if (!s->at)
			return fail(c, ERR_INVALID, "demo/staff.tsv: no organisation %s", s->org);
		s->ref = arena_printf(a, "Practitioner/prac-%s", s->id);
		s->name = arena_printf(a, "%s%s%s %s", s->prefix, *s->prefix ? " " : "", s->given, s->family);
	}
	for (size_t i = 0; i < d->delays.len; i++)
		if (!people_org(d, d->delays.at[i].body))
			return fail(c, ERR_INVALID, "demo/delay.tsv: no organisation %s", d->delays.at[i].body);
	for (size_t i = 0; i < d->ages.len; i++) {
		d->ages_total[0] += d->ages.at[i].male;
		d->ages_total[1] += d->ages.at[i].female;
	}
	for (size_t i = 0; i < d->towns.len; i++)
		d->towns_total += d->towns.at[i].weight;
	return OK;
}

/* What the code names must be there, or the place cannot be told. */
static const char *const lists_needed[] = {
	"street.first", "street.last", "practice.first", "practice.last", "home.first", "home.last",
	"about.matters", "about.support", "about.avoid", "goal", "goal.young", "action",
	"carer.need", "contact.words", "outcome", "equipment", "family.british",
	"given.british.male.1900", "given.british.female.1900",
};
static const char *const groups_needed[] = {
	"gp.child", "gp.adult", "gp.older", "gp.frail", "ae.child", "ae.adult", "ae.older",
	"stay.fracture", "stay.older", "stay.medical", "stay.stroke", "stay.surgical",
	"stay.maternity", "stay.child", "stay.mental", "nurse", "mental.older", "mental.adult",
	"clinic", "visit",
};
static const char *const orgs_needed[] = { "org-council", "org-hospitals", "org-community",
					   "org-mental", "org-careline", "org-carers", "org-wendle" };

static const char *const measures_needed[] = {
	"bp", "systolic", "diastolic", "weight", "weight-child", "height", "haemoglobin", "cholesterol",
	"frailty", "timed-walk", "news2", "crp",
};

static enum err check_needed(struct ctx *c, const struct people_data *d)
{
	for (size_t i = 0; i < sizeof lists_needed / sizeof *lists_needed; i++)
		if (!map_get(&d->lists, str_of(lists_needed[i])))
			return fail(c, ERR_INVALID, "share/demo has no list %s", lists_needed[i]);
	for (size_t i = 0; i < sizeof groups_needed / sizeof *groups_needed; i++)
		if (!map_get(&d->reason_groups, str_of(groups_needed[i])))
			return fail(c, ERR_INVALID, "demo/reason.tsv has no group %s", groups_needed[i]);
	for (size_t i = 0; i < sizeof orgs_needed / sizeof *orgs_needed; i++)
		if (!people_org(d, orgs_needed[i]))
			return fail(c, ERR_INVALID, "demo/organisation.tsv has no %s", orgs_needed[i]);
	for (size_t i = 0; i < sizeof measures_needed / sizeof *measures_needed; i++)
		if (!people_measure(d, measures_needed[i]))
			return fail(c, ERR_INVALID, "demo/observation.tsv has no %s", measures_needed[i]);
	if (d->conditions.len > 64)
		return fail(c, ERR_LIMIT, "demo/condition.tsv has more than 64 rows");
	return OK;
}

enum err people_data_read(struct ctx *c, const struct share *share, struct arena *a,
			  struct people_data *out)
{
	struct people_data d = { 0 };
#define X(name, type, file)                                                                 \
	TRY(read_table(c, share, a, file, name##_columns, sizeof(type), &d.name.at, &d.name.len));
	PEOPLE_TABLES(X)
#undef X
	map_init(&d.lists, a);
	TRY(read_lists(c, share, a, "names", &d));
	TRY(read_lists(c, share, a, "words", &d));
	group_reasons(a, &d);
	TRY(join_tables(c, a, &d));
	TRY(check_needed(c, &d));
	static const char *const fixed[PEOPLE_FIXED] = { "demo/person/edith.ndjson",
							 "demo/person/karen.ndjson" };
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

#define FIND(table, field, wanted)                                \
	for (size_t i = 0; i < (table).len; i++)                  \
		if (strcmp((table).at[i].field, (wanted)) == 0)   \
			return &(table).at[i];                    \
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
