/* plan_test.c - how the hot questions are answered: by which index, and within whose record.
 *
 * Every statement a request asks for is told by the store. Each must be answered without reading a
 * table from end to end; and where the request is about one person, each statement on a table whose
 * rows belong to people must carry that person's key, so that a place distributed by person asks one
 * node. The plan is printed when it fails.
 */
#include "record/guard.h"
#include "record/parts.h"
#include "record/search_part.h"
#include "record/tables.h"
#include "record/test_world.h"

struct told {
	const char *sql[256];
	size_t len;
};

static void take(void *arg, const char *sql)
{
	struct told *t = arg;

	for (size_t i = 0; i < t->len; i++)
		if (t->sql[i] == sql)
			return;
	assert_true(t->len < sizeof t->sql / sizeof *t->sql);
	t->sql[t->len++] = sql;
}

/* --- a place with enough in it ---------------------------------------------------------------- */

static void put_people(struct world *w)
{
	for (int i = 0; i < 12; i++) {
		const char *id = arena_printf(w->c.arena, "p%d", i);

		put(w, "Patient", id,
		    arena_printf(w->c.arena,
				 "{\"resourceType\":\"Patient\",\"id\":\"%s\",\"gender\":\"female\","
				 "\"identifier\":[{\"system\":\"urn:n\",\"value\":\"%d\"}],"
				 "\"name\":[{\"family\":\"Smith%d\"}],\"birthDate\":\"1950-01-0%d\"}",
				 id, i, i, 1 + i % 9));
		put(w, "Observation", arena_printf(w->c.arena, "o%d", i),
		    arena_printf(w->c.arena,
				 "{\"resourceType\":\"Observation\",\"id\":\"o%d\",\"status\":"
				 "\"final\",\"code\":{\"coding\":[{\"system\":\"http://loinc.org\","
				 "\"code\":\"8867-4\"}]},\"effectiveDateTime\":\"2025-01-0%d\","
				 "\"subject\":{\"reference\":\"Patient/%s\"}}",
				 i, 1 + i % 9, id));
	}
}

/* --- plans ------------------------------------------------------------------------------------- */

/* For PostgreSQL: '1' in place of each parameter, which fits any type; nothing equals NULL, and it
 * knows. */
static const char *with_values(struct world *w, const char *sql)
{
	struct buf b;

	buf_init(&b, w->c.arena, 0);
	for (const char *at = sql; *at;) {
		if (*at == '?' && at[1] >= '0' && at[1] <= '9') {
			buf_cstr(&b, "'1'");
			at += 1 + strspn(at + 1, "0123456789");
		} else {
			buf_char(&b, *at++);
		}
	}
	return str_dup(w->c.arena, buf_get(&b));
}

static struct str plan_of(struct world *w, const char *sql)
{
	bool pgsql = test_on_pgsql();
	struct sql explain = { arena_printf(w->c.arena, "EXPLAIN %s%s", pgsql ? "" : "QUERY PLAN ",
					    pgsql ? with_values(w, sql) : sql) };
	struct buf b;
	bool row;
	READER(db);
	STMT(s);

	buf_init(&b, w->c.arena, 0);
	SUCCEEDS(store_reader(&w->c, w->place->store, &db));
	SUCCEEDS(db_stmt(&w->c, db, explain, &s));
	for (;;) {
		SUCCEEDS(stmt_step(&w->c, s, &row));
		if (!row)
			return buf_get(&b);
		buf_str(&b, stmt_text(s, pgsql ? 0 : 3));
		buf_char(&b, '\n');
	}
}

/* Tables that grow with the people and what is written about them. */
static const char *const large[] = { "resource", "version", "token",     "string", "date",
				     "number",   "quantity", "reference", "uri",    "event" };

/* Is a large table read from end to end? "SCAN r" is of an alias: r, v, n … of the two main ones. */
static bool reads_all(struct str line)
{
	bool pgsql = test_on_pgsql();
	struct str scan = pgsql ? STR("Seq Scan on ") : STR("SCAN ");
	ptrdiff_t at = str_find(line, scan);

	if (at < 0)
		return false;
	struct str rest = { line.at + at + scan.len, line.len - (size_t)at - scan.len };
	struct str name = str_cut(&rest, ' ');
	for (size_t i = 0; i < sizeof large / sizeof *large; i++)
		if (str_is(name, large[i]))
			return true;
	return !pgsql && (str_is(name, "r") || str_is(name, "v"));
}

static void no_table_is_read_whole(struct world *w, const char *what, const char *sql)
{
	struct str plan = plan_of(w, sql), rest = plan;

	while (rest.len)
		if (reads_all(str_cut(&rest, '\n')))
			fail_msg("%s reads a table from end to end:\n%s\n" STR_FMT, what, sql,
				 STR_ARG(plan));
}

/* Does one of the statements told use this index? */
static void uses(struct world *w, const struct told *told, const char *what, const char *sqlite,
		 const char *pgsql)
{
	const char *index = test_on_pgsql() ? pgsql : sqlite;
	struct buf b;

	buf_init(&b, w->c.arena, 0);
	for (size_t i = 0; i < told->len; i++) {
		struct str plan = plan_of(w, told->sql[i]);

		if (str_find(plan, str_of(index)) >= 0)
			return;
		buf_printf(&b, "%s\n" STR_FMT "\n", told->sql[i], STR_ARG(plan));
	}
	fprintf(stderr, STR_FMT, STR_ARG(buf_get(&b))); /* longer than a message of cmocka */
	fail_msg("%s does not use %s", what, index);
}

/* --- requests ---------------------------------------------------------------------------------- */

static void ask_search(struct world *w, const char *type, const char *query)
{
	const struct search *search;
	struct search_page page;

	SUCCEEDS(search_parse(&w->c, str_of(type), str_of(query), &search));
	SUCCEEDS(search_run(&w->c, search, &page));
	assert_true(page.len > 0 || page.total > 0);
}

static void ask_read(struct world *w)
{
	struct version v;

	SUCCEEDS(record_read(&w->c, STR("Patient"), STR("p1"), &v));
	SUCCEEDS(record_vread(&w->c, STR("Patient"), STR("p1"), 1, &v));
}

static void ask_history(struct world *w)
{
	struct history query = { .type = STR("Observation"), .id = STR("o1"), .count = 5 };
	struct history_page page;

	SUCCEEDS(record_history(&w->c, &query, &page));
	assert_int_equal(page.len, 1);
}

static void ask_history_type(struct world *w)
{
	struct history query = { .type = STR("Observation"), .count = 5 };
	struct history_page page;

	SUCCEEDS(record_history(&w->c, &query, &page));
	assert_int_equal(page.len, 5);
}

static enum err seen(struct ctx *c, void *arg, const struct version *v, bool own)
{
	(void)c, (void)v, (void)own;
	++*(int *)arg;
	return OK;
}

static void ask_everything(struct world *w)
{
	struct everything ask = { .id = STR("p1"), .count = 50 };
	struct everything_page page;
	int n = 0;

	SUCCEEDS(record_everything(&w->c, &ask, seen, &n, &page));
	assert_int_equal(n, 2);
}

static void ask_person(struct world *w)
{
	struct version *at;
	size_t len;
	bool more;

	SUCCEEDS(record_person(&w->c, STR("p1"), 10, &at, &len, &more));
	assert_int_equal(len, 2);
}

static void ask_token(struct world *w)
{
	ask_search(w, "Observation", "code=http://loinc.org%7C8867-4&_count=5");
}

static void ask_identifier(struct world *w)
{
	ask_search(w, "Patient", "identifier=urn:n%7C3");
}

static void ask_name(struct world *w)
{
	ask_search(w, "Patient", "family=smith&_count=5");
}

static void ask_dates(struct world *w)
{
	ask_search(w, "Observation", "date=ge2025-01-01&_sort=-date&_count=5");
}

static void ask_reference(struct world *w)
{
	ask_search(w, "Observation", "patient=p1");
}

static void ask_two(struct world *w)
{
	ask_search(w, "Observation", "subject=Patient/p1&code=http://loinc.org%7C8867-4&_total=accurate");
}

static void ask_not(struct world *w)
{
	ask_search(w, "Observation", "subject=Patient/p1,Patient/p2&code:not=http://loinc.org%7C1234-5&_total=accurate");
}

static void ask_count(struct world *w)
{
	ask_search(w, "Observation", "status=final&code=8867-4&_summary=count");
}

static void ask_compartment(struct world *w)
{
	const struct search *search;
	struct search_page page;

	SUCCEEDS(search_parse_inside(&w->c, STR("Patient"), STR("p1"), STR("Observation"), STR(""),
				     &search));
	SUCCEEDS(search_run(&w->c, search, &page));
	assert_int_equal(page.len, 1);
}

/* An index of each engine by which it must be answered. Primary keys: SQLite says the columns. */
static const struct request {
	const char *what;
	void (*ask)(struct world *w);
	const char *sqlite, *pgsql;
	bool person; /* it asks for one person's own alone; $everything also for what others share */
} requests[] = {
	{ "a read by id", ask_read, "type=? AND id=?", "resource_type_id_key", false },
	{ "the history of a resource", ask_history, "resource=?", "version_resource_version_key", false },
	{ "the history of a type", ask_history_type, "version_type (type=?", "version_type", false },
	{ "$everything", ask_everything, "resource_person (person=?", "(person = ", false },
	{ "a person's page", ask_person, "resource_person (person=?", "person = ", true },
	{ "a token", ask_token, "param=? AND code=? AND system=?", "token_pkey", false },
	{ "an identifier", ask_identifier, "param=? AND code=? AND system=?", "token_pkey", false },
	{ "a name", ask_name, "param=? AND value>? AND value<?", "string_key", false },
	{ "dates, sorted", ask_dates, "param=?", "date_pkey", false },
	{ "a reference", ask_reference, "param=? AND target=?", "reference_pkey", true },
	{ "a reference and a token", ask_two, "param=? AND target=?", "reference_pkey", true },
	{ "a reference but a token", ask_not, "param=? AND target=?", "reference_pkey", true },
	{ "a count", ask_count, "param=? AND code=? AND system=?", "token_pkey", false },
	{ "a compartment", ask_compartment, "param=? AND target=?", "reference_pkey", true },
	{ 0 },
};

static struct told listen(struct world *w, const struct request *r)
{
	struct told told = { .len = 0 };

	store_trace(w->place->store, take, &told);
	r->ask(w);
	store_trace(w->place->store, NULL, NULL);
	assert_true(told.len > 0);
	return told;
}

/* PostgreSQL reads tiny tables whole: here only when nothing else is possible. */
static void no_seqscan(struct world *w)
{
	size_t len = strlen(w->path);

	if (!test_on_pgsql())
		return;
	snprintf(w->path + len, sizeof w->path - len, "%%20-cenable_seqscan%%3Doff");
	reopen(w);
}

static void each_is_answered_by_an_index(struct world *w)
{
	for (const struct request *r = requests; r->what; r++) {
		struct told told = listen(w, r);

		for (size_t i = 0; i < told.len; i++)
			no_table_is_read_whole(w, r->what, told.sql[i]);
		uses(w, &told, r->what, r->sqlite, r->pgsql);
	}
}

static void hot_questions_are_answered_by_an_index(void **state)
{
	struct world *w = *state;

	put_people(w);
	no_seqscan(w);
	each_is_answered_by_an_index(w);
}

/* Also by what the engine was told of the tables after a load. */
static void so_they_are_after_a_load(void **state)
{
	struct world *w = *state;

	put_people(w);
	SUCCEEDS(store_write(&w->c, w->place->store, tables_analyze, NULL));
	no_seqscan(w);
	if (!test_on_pgsql())
		reopen(w);
	each_is_answered_by_an_index(w);
}

/* Does a statement on rows of people say whose? An id says nobody's: whose it is comes of that. */
static bool carries_person(const char *sql)
{
	bool of_people = false;

	for (size_t i = 0; i < sizeof large / sizeof *large; i++) {
		of_people = of_people || strstr(sql, large[i][0] == 'e' ? " FROM event " : large[i]);
	}
	return !of_people || strstr(sql, "person = ") || strstr(sql, "type = ?1 AND r.id = ?2") ||
	       strstr(sql, "type = ?1 AND id = ?2") || strstr(sql, "SELECT id FROM resource WHERE key");
}

static void questions_about_one_person_carry_their_key(void **state)
{
	struct world *w = *state;

	put_people(w);
	for (const struct request *r = requests; r->what; r++) {
		struct told told = listen(w, r);
		bool all = true;

		for (size_t i = 0; i < told.len; i++) {
			if (carries_person(told.sql[i]))
				continue;
			all = false;
			if (r->person)
				fail_msg("%s does not say whose: %s", r->what, told.sql[i]);
		}
		if (!strcmp(r->what, "a token") && all)
			fail_msg("%s is about everybody, and that was not noticed", r->what);
	}
}

/* Only where it is sure: one subject, which decides. */
static void a_subject_is_told_from_other_references(void **state)
{
	static const struct {
		const char *type, *code;
		bool subject;
	} cases[] = {
		{ "Observation", "subject", true },   { "Observation", "patient", true },
		{ "Observation", "performer", false }, { "Encounter", "patient", true },
		{ "Encounter", "participant", false }, { "Condition", "subject", true },
		{ "AllergyIntolerance", "patient", true }, { "Appointment", "patient", false },
		{ "Account", "subject", false },	{ "Task", "patient", false },
		{ "RelatedPerson", "patient", true },  { "Provenance", "patient", false },
		{ "Group", "member", false },
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct fhir *f = w->place->fhir;
		const struct fhir_type *type = fhir_type(f, str_of(cases[i].type));
		const struct fhir_param *param = param_find(f, type, str_of(cases[i].code));

		if (search_is_subject(f, type, param) != cases[i].subject)
			fail_msg("%s.%s", cases[i].type, cases[i].code);
	}
}

/* The test itself must be able to fail. */
static void a_whole_table_is_noticed(void **state)
{
	struct world *w = *state;
	struct str rest = plan_of(w, "SELECT count(*) FROM version v WHERE v.size = 12"), plan = rest;
	bool noticed = false;

	while (rest.len)
		noticed = reads_all(str_cut(&rest, '\n')) || noticed;
	if (!noticed)
		fail_msg("not noticed:\n" STR_FMT, STR_ARG(plan));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(hot_questions_are_answered_by_an_index),
		CASE(so_they_are_after_a_load),
		CASE(questions_about_one_person_carry_their_key),
		CASE(a_subject_is_told_from_other_references),
		CASE(a_whole_table_is_noticed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
