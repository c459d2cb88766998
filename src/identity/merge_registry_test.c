/* merge_registry_test.c - nothing that can point at a person is forgotten by merge, unmerge and purge.
 *
 * test/identity/references.txt lists every element of FHIR R4 that may refer to a Patient, and whether what
 * has it is filed under that person or only mentions them; test/identity/columns.txt every column of a table
 * that holds a Patient's key, and what a merge and a purge do about it. A new element or column without a line there
 * fails here; so does a line that does not hold when a person of whom everything is there is merged, parted
 * and purged. */
#include "record/test_world.h"

#include <sqlite3.h>

#include "base/file.h"
#include "base/vec.h"
#include "identity/doubt.h"
#include "identity/merge.h"
#include "identity/online.h"
#include "record/purge.h"
#include "record/same.h"
#include "record/search.h"

enum { DEPTH = 6 };

struct place_of { /* an element of a resource type that may refer to a Patient */
	const struct fhir_type *type;
	const struct fhir_elem *steps[DEPTH];
	const struct fhir_form *forms[DEPTH];
	unsigned len;
	const char *name; /* "Claim.item.detail.udi" as JSON has it */
	char id[32];
	bool filed;     /* under the person */
};
struct places {
	VEC(struct place_of) at;
};

/* --- every element ------------------------------------------------------------------------- */

static bool may_name_patient(const struct fhir_elem *e)
{
	for (unsigned i = 0; e->targets && e->targets[i]; i++)
		if (!strcmp(e->targets[i], "Patient") || !strcmp(e->targets[i], "Resource"))
			return true;
	return !e->targets;
}

static bool entered(const struct place_of *p, const struct fhir_type *type)
{
	for (unsigned i = 0; i < p->len; i++)
		if (p->forms[i]->type == type)
			return true;
	return false;
}

static const char *form_name(struct world *w, const struct fhir_form *f)
{
	return str_dup(w->c.arena, atoms_name(w->place->fhir->atoms, f->key));
}

/* Of a resource type, backbones below it included; of a data type its own. */
static void find_below(struct world *w, struct places *out, const struct place_of *above, const struct fhir_type *type)
{
	for (unsigned i = 0; i < type->elem_count; i++) {
		const struct fhir_elem *e = &type->elems[i];
		for (unsigned k = 0; k < e->form_count; k++) {
			const struct fhir_form *f = &e->forms[k];
			struct place_of p = *above;
			bool reference = f->type && !strcmp(f->type->name, "Reference");
			bool deeper = f->type && f->type->kind == FHIR_BACKBONE && !entered(above, f->type);

			if (!(reference && may_name_patient(e)) && !deeper)
				continue;
			assert_true(p.len < DEPTH);
			p.steps[p.len] = e;
			p.forms[p.len++] = f;
			p.name = arena_printf(w->c.arena, "%s.%s", above->name, form_name(w, f));
			if (deeper)
				find_below(w, out, &p, f->type);
			else
				*vec_push(&out->at, w->c.arena) = p;
		}
	}
}

static void find_places(struct world *w, struct places *out)
{
	const struct fhir *f = w->place->fhir;

	for (unsigned i = 0; i < f->type_count; i++) {
		const struct fhir_type *type = f->types[i];
		struct place_of p = { .type = type, .name = type->name };
		if (type->abstract || type->kind == FHIR_PRIMITIVE || type->kind == FHIR_BACKBONE)
			continue;
		find_below(w, out, &p, type);
	}
}

/* A resource of the type that says nothing but whom. */
static struct node *make(struct world *w, const struct place_of *p)
{
	struct arena *a = w->c.arena;
	struct node *root = node_new(a, NODE_OBJECT), *at = root;

	node_add_cstr(a, root, "resourceType", p->type->name);
	node_add_cstr(a, root, "id", p->id);
	for (unsigned i = 0; i < p->len; i++) {
		const char *name = form_name(w, p->forms[i]);
		at = node_add(a, at, name, p->steps[i]->list ? NODE_ARRAY : NODE_OBJECT);
		if (p->steps[i]->list)
			at = node_add(a, at, NULL, NODE_OBJECT);
	}
	node_add_cstr(a, at, "reference", "Patient/twin-2");
	atoms_adopt(w->place->fhir->atoms, root);
	return root;
}

static bool is_filed(struct world *w, const struct place_of *p)
{
	struct str *people;
	size_t len;

	SUCCEEDS(fhir_people(&w->c, w->place->fhir, make(w, p), &people, &len));
	return len == 1 && str_is(people[0], "twin-2");
}

/* --- the lists ----------------------------------------------------------------------------- */

static struct str read_list(struct world *w, const char *name)
{
	struct str text;

	SUCCEEDS(file_read(&w->c, w->c.arena, arena_printf(w->c.arena, "%s/test/identity/%s", SOURCE_DIR, name),
			   1 << 20, &text));
	return text;
}

/* The first word of each line -> the rest of it. */
static void map_list(struct world *w, const char *name, struct map *out)
{
	struct str text = read_list(w, name);

	map_init(out, w->c.arena);
	while (text.at) {
		struct str rest = str_trim(str_cut(&text, '\n')), first = str_cut(&rest, ' ');
		struct str *kept = NEW(w->c.arena, struct str);
		if (!first.len || *first.at == '#')
			continue;
		*kept = str_trim(rest);
		if (map_get(out, first))
			fail_msg("%s has " STR_FMT " twice", name, STR_ARG(first));
		map_set(out, first, kept);
	}
}

static void every_reference_is_listed(void **state)
{
	struct world *w = *state;
	struct places all = { 0 };
	struct map list;
	unsigned wrong = 0;

	find_places(w, &all);
	map_list(w, "references.txt", &list);
	for (size_t i = 0; i < all.at.len; i++) {
		struct place_of *p = &all.at.at[i];
		const struct str *says = map_get(&list, str_of(p->name));
		const char *is = p->type->kind != FHIR_RESOURCE ? "mention" : is_filed(w, p) ? "filed" : "mention";
		if (says && str_is(*says, is))
			continue;
		print_message("%s %s\n", p->name, is);
		wrong++;
	}
	if (wrong || all.at.len != list.len)
		fail_msg("references.txt has %zu elements, FHIR %zu; the lines above are missing or say otherwise",
			 (size_t)list.len, (size_t)all.at.len);
}

/* --- columns ------------------------------------------------------------------------------- */

static const char columns_of_people[] =
	"SELECT s.name || '.' || c.name FROM sqlite_schema s, pragma_table_info(s.name) c WHERE s.type = 'table' "
	"AND (c.name IN ('person', 'people', 'patient', 'survivor', 'other') OR (s.name LIKE 'doubt%' AND c.name IN ('a', 'b'))) "
	"ORDER BY 1";

/* A name with its table's last part left open: "view_*.person". */
static const struct str *column_line(struct world *w, const struct map *list, struct str column)
{
	const struct str *line = map_get(list, column);
	struct str rest = column, table = str_cut(&rest, '.');

	for (size_t n = table.len; !line && n > 0; n--)
		line = map_get(list, str_of(arena_printf(w->c.arena, "%.*s*." STR_FMT, (int)n, table.at, STR_ARG(rest))));
	return line;
}

static int64_t number(struct world *w, sqlite3 *db, const char *sql)
{
	sqlite3_stmt *s;

	if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	int64_t n = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	(void)w;
	return n;
}

/* Each column that holds a Patient's key: `each` with what its line says. */
static void each_column(struct world *w, void (*each)(struct world *w, sqlite3 *db, struct str column, struct str says))
{
	struct map list;
	sqlite3 *db;
	sqlite3_stmt *s;

	map_list(w, "columns.txt", &list);
	assert_int_equal(sqlite3_open_v2(w->path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, columns_of_people, -1, &s, NULL), SQLITE_OK);
	while (sqlite3_step(s) == SQLITE_ROW) {
		struct str column = str_of(arena_str(w->c.arena, (const char *)sqlite3_column_text(s, 0)));
		const struct str *says = column_line(w, &list, column);
		if (!says)
			fail_msg("columns.txt does not say what merge and purge do about " STR_FMT, STR_ARG(column));
		each(w, db, column, *says);
	}
	sqlite3_finalize(s);
	sqlite3_close(db);
}

/* Of the two, b is the one made later. */
static int64_t rows_of_b(struct world *w, sqlite3 *db, struct str column)
{
	struct str name = column, table = str_cut(&name, '.');
	int64_t key = number(w, db, "SELECT max(key) FROM resource WHERE key = person");

	return number(w, db, arena_printf(w->c.arena, "SELECT count(*) FROM \"" STR_FMT "\" WHERE \"" STR_FMT "\" IN (%lld, 'twin-2', 'Patient/twin-2')",
					  STR_ARG(table), STR_ARG(name), (long long)key));
}

static void is_there(struct world *w, sqlite3 *db, struct str column, struct str says)
{
	if (str_starts(says, STR("goes")) && !str_starts(column, STR("view_")) && !rows_of_b(w, db, column))
		fail_msg("nothing of the person is in " STR_FMT ": the test would prove nothing", STR_ARG(column));
}

static void is_gone(struct world *w, sqlite3 *db, struct str column, struct str says)
{
	if (str_starts(says, STR("goes")) && rows_of_b(w, db, column))
		fail_msg("a purge leaves the person in " STR_FMT, STR_ARG(column));
}

/* --- a person of whom everything is there -------------------------------------------------- */

static void put_one(struct world *w, struct place_of *p)
{
	struct write write = { .resource = make(w, p) };
	struct written out;

	SUCCEEDS(record_update(&w->c, str_of(p->type->name), str_of(p->id), &write, &out));
}

/* Values of each kind of index. */
static void put_indexed(struct world *w)
{
	put(w, "RiskAssessment", "risk",
	    "{\"resourceType\":\"RiskAssessment\",\"id\":\"risk\",\"status\":\"final\",\"subject\":{\"reference\":"
	    "\"Patient/twin-2\"},\"prediction\":[{\"probabilityDecimal\":0.5}]}");
	put(w, "Observation", "weight",
	    "{\"resourceType\":\"Observation\",\"id\":\"weight\",\"status\":\"final\",\"code\":{\"text\":\"weight\"},"
	    "\"subject\":{\"reference\":\"Patient/twin-2\"},\"effectiveDateTime\":\"2025-01-02\",\"valueQuantity\":{\"value\":"
	    "70,\"unit\":\"kg\"}}");
	put(w, "CarePlan", "plan",
	    "{\"resourceType\":\"CarePlan\",\"id\":\"plan\",\"status\":\"active\",\"intent\":\"plan\",\"subject\":"
	    "{\"reference\":\"Patient/twin-2\"},\"instantiatesUri\":[\"https://example.org/plan\"]}");
}

static enum err raise_doubt(struct ctx *c, struct db *db, void *arg)
{
	struct doubt_wish wish = { .weight = 1, .probability = 0.5, .why = STR("{}"), .source = STR("match") };
	int64_t key;

	(void)arg;
	TRY(same_key(c, db, STR("twin-1"), &wish.a));
	TRY(same_key(c, db, STR("twin-2"), &wish.b));
	return doubt_add(c, db, &wish, &key);
}

static void put_all(struct world *w, struct places *all)
{
	unsigned n = 0;

	put(w, "Patient", "twin-1",
	    "{\"resourceType\":\"Patient\",\"id\":\"twin-1\",\"name\":[{\"family\":\"Hill\",\"given\":[\"Ann\"]}],"
	    "\"birthDate\":\"1950-01-02\"}");
	put(w, "Patient", "twin-2",
	    "{\"resourceType\":\"Patient\",\"id\":\"twin-2\",\"name\":[{\"family\":\"Hill\",\"given\":[\"Anne\"]}],"
	    "\"birthDate\":\"1950-01-02\"}");
	put_indexed(w);
	SUCCEEDS(store_write(&w->c, w->place->store, raise_doubt, NULL));
	find_places(w, all);
	for (size_t i = 0; i < all->at.len; i++) {
		struct place_of *p = &all->at.at[i];
		if (p->type->kind != FHIR_RESOURCE || !strcmp(p->type->name, "Patient") ||
		    !strcmp(p->type->name, "Subscription") || !strcmp(p->type->name, "Parameters"))
			continue;
		snprintf(p->id, sizeof p->id, "r%u", n++);
		p->filed = is_filed(w, p);
		put_one(w, p);
	}
	assert_true(n > 150);
}

/* Ids found by a parameter of this person. */
static bool finds(struct world *w, const struct place_of *p, const char *code, const char *person)
{
	const struct search *search;
	struct search_page page;

	SUCCEEDS(search_parse(&w->c, str_of(p->type->name),
			      str_of(arena_printf(w->c.arena, "%s=Patient/%s&_id=%s", code, person, p->id)), &search));
	SUCCEEDS(search_run(&w->c, search, &page));
	return page.total == 1;
}

static bool names_patients(const struct fhir_param *param)
{
	for (unsigned i = 0; param->targets && param->targets[i]; i++)
		if (!strcmp(param->targets[i], "Patient"))
			return param->type == PARAM_REFERENCE;
	return false;
}

/* By each parameter that finds it: of `person`, or of nobody of them. Returns how many there are. */
static unsigned found_by(struct world *w, const struct place_of *p, const char *person, const char *not)
{
	unsigned n = 0;

	for (const struct fhir_param *const *param = param_list(w->place->fhir, p->type); *param; param++) {
		if (!names_patients(*param) || !finds(w, p, (*param)->code, "twin-2"))
			continue;
		n++;
		if (person && !finds(w, p, (*param)->code, person))
			fail_msg("%s is not found by %s of %s", p->name, (*param)->code, person);
		if (not && finds(w, p, (*param)->code, not))
			fail_msg("%s is found by %s of %s", p->name, (*param)->code, not);
	}
	return n;
}

static void all_found(struct world *w, const struct places *all, const char *person, const char *not)
{
	unsigned n = 0;

	for (size_t i = 0; i < all->at.len; i++)
		if (*all->at.at[i].id)
			n += found_by(w, &all->at.at[i], person, not);
	assert_true(n > 100);
}

/* As a merge's preview counts them: what is filed under the two. */
static int64_t items_of_b(struct world *w)
{
	struct merge_preview preview;

	SUCCEEDS(merge_look(&w->c, STR("twin-1"), STR("twin-2"), &preview));
	return preview.other_items;
}

static void purge_b(struct world *w)
{
	const struct str id = STR("twin-2");
	struct purge_ask ask = { &id, 1, STR("asked by court order 12"), STR("Ann"), NULL };
	struct purge_done done;

	SUCCEEDS(record_purge(&w->c, &ask, &done));
}

static void a_merge_an_undo_and_a_purge_reach_all_of_them(void **state)
{
	struct world *w = *state;
	struct merge_wish wish = { .survivor = STR("twin-1"), .other = STR("twin-2"), .reason = STR("seen together"), .by = STR("Ann") };
	struct merge_done done;
	struct places all = { 0 };
	struct version v;
	int64_t key, filed = 4; /* what put_indexed makes, and the Patient */

	if (test_on_pgsql()) /* its columns are the same: tables_test */
		skip();
	w->place->validate = false; /* they say nothing but whom */
	put_all(w, &all);
	for (size_t i = 0; i < all.at.len; i++)
		filed += *all.at.at[i].id && all.at.at[i].filed;
	assert_int_equal(items_of_b(w), filed);
	all_found(w, &all, "twin-2", "twin-1");
	SUCCEEDS(online_catch_up(&w->c, NULL));
	SUCCEEDS(merge_persons(&w->c, &wish, &done));
	all_found(w, &all, "twin-1", NULL);
	each_column(w, is_there);
	SUCCEEDS(merge_undo(&w->c, STR("twin-2"), STR("two after all"), STR("Ann"), &key));
	all_found(w, &all, "twin-2", "twin-1");
	purge_b(w);
	for (size_t i = 0; i < all.at.len; i++) {
		const struct place_of *p = &all.at.at[i];
		if (*p->id)
			FAILS(p->filed ? ERR_GONE : OK, record_read(&w->c, str_of(p->type->name), str_of(p->id), &v));
	}
	each_column(w, is_gone);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_reference_is_listed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_merge_an_undo_and_a_purge_reach_all_of_them, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
