/* charge_test.c - cases of charging with their results, and what must hold of any case. */
#include "base/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "money/charge.h"

static struct arena life;
static const struct charge_rules *rules;

static int load(void **state)
{
	struct share share = { .dir = SOURCE_DIR "/share" };
	struct ctx c;

	(void)state;
	arena_init(&life);
	ctx_init(&c, &life);
	assert_int_equal(charge_rules_load(&c, &life, &share, "england", &rules), OK);
	return 0;
}

static int unload(void **state)
{
	(void)state;
	arena_done(&life);
	return 0;
}

static void check_line(struct ctx *c, struct str line)
{
	struct node *of, *result;
	struct charge_lines lines;

	assert_int_equal(json_read(c, c->arena, line, NULL, &of), OK);
	if (charge_case(c, rules, node_str(of, "kind"), node_get(of, "given"), &result, &lines) != OK)
		fail_msg(STR_FMT ": %s", STR_ARG(node_str(of, "id")), c->why);
	if (!node_equal(result, node_get(of, "expected"))) {
		struct buf got;

		buf_init(&got, c->arena, 0);
		json_write(&got, result, 0);
		fail_msg(STR_FMT ": " STR_FMT, STR_ARG(line), STR_ARG(buf_get(&got)));
	}
}

static void check_file(const char *path, size_t least)
{
	struct str text;
	size_t count = 0;
	struct ctx c;
	ARENA(arena);

	ctx_init(&c, &arena);
	assert_int_equal(file_read(&c, &arena, path, 16 << 20, &text), OK);
	while (text.at) {
		struct str line = str_trim(str_cut(&text, '\n'));

		if (line.len) {
			check_line(&c, line);
			count++;
		}
	}
	assert_true(count >= least);
}

static void test_vectors_of_the_rules(void **state)
{
	(void)state;
	check_file(SOURCE_DIR "/test/charge/rules.ndjson", 60);
}

static void test_cases_worked_out_elsewhere(void **state)
{
	(void)state;
	if (access(FIXTURES "/../domain/charging-examples.ndjson", R_OK) != 0) {
		print_message("skipped: no examples of others here\n");
		skip();
	}
	check_file(FIXTURES "/../domain/charging-examples.ndjson", 100);
}

/* ---- what must hold of any case ---- */

static uint64_t seed = 88172645463325252u;

static uint64_t draw(uint64_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % below;
}

static const char *money(struct arena *a, uint64_t most)
{
	uint64_t n = draw(4) ? draw(most * 100) : draw(3) * most * 50;

	return arena_printf(a, "\"%llu.%02llu\"", (unsigned long long)n / 100, (unsigned long long)n % 100);
}

struct drawn {
	const char *kind, *rest; /* all members but income and savings */
	uint64_t pension, savings; /* pence */
};

static struct drawn draw_case(struct arena *a)
{
	static const char *const schemes[] = { "current", "planned_2016", "planned_2023" };
	static const char *const relationships[] = { "single", "married", "cohabiting" };
	struct drawn d = { .pension = draw(60000), .savings = draw(4000000) };
	bool home = draw(2);
	const char *person = arena_printf(a, "\"person\":{\"born\":\"%d-%02d-%02d\",\"relationship\":\"%s\"}",
					  1920 + (int)draw(70), 1 + (int)draw(12), 1 + (int)draw(28),
					  relationships[draw(3)]);
	const char *head = arena_printf(a, "\"on\":\"%d-%02d-%02d\",\"scheme\":\"%s\",%s", 2016 + (int)draw(9),
					1 + (int)draw(12), 1 + (int)draw(28), schemes[draw(3)], person);

	d.kind = home ? "residential" : "community";
	d.rest = home ? arena_printf(a, "%s,\"gross_weekly_cost\":%s,\"nursing_band\":\"%s\",\"other_commitments\":%s",
				     head, money(a, 2000), draw(2) ? "none" : "standard", money(a, 40)) :
			arena_printf(a, "%s,\"weekly_cost\":%s,\"housing\":{\"rent\":%s}", head, money(a, 900),
				     money(a, 90));
	return d;
}

/* Pence of a member of a result; -1 when it has none. */
static int64_t pence(const struct node *result, const char *name)
{
	struct str s = node_str(result, name);
	struct dec d;
	int64_t n;

	if (!dec_parse(s, &d) || !dec_to_scale(d, 2, ROUND_DOWN, &d))
		return -1;
	d.scale = 0;
	return dec_to_int(d, &n) ? n : -1;
}

static int64_t charge_of(struct ctx *c, const struct drawn *d, uint64_t more_income, uint64_t more_savings,
			 int64_t *la_pays)
{
	struct node *given, *result, *again;
	const char *text = arena_printf(
		c->arena,
		"{%s,\"income\":[{\"type\":\"state_pension\",\"weekly\":\"%llu.%02llu\"}],"
		"\"capital\":[{\"type\":\"savings\",\"amount\":\"%llu.%02llu\"}]}",
		d->rest, (unsigned long long)(d->pension + more_income) / 100,
		(unsigned long long)(d->pension + more_income) % 100,
		(unsigned long long)(d->savings + more_savings) / 100,
		(unsigned long long)(d->savings + more_savings) % 100);

	assert_int_equal(json_read(c, c->arena, str_of(text), NULL, &given), OK);
	if (charge_case(c, rules, str_of(d->kind), given, &result, NULL) != OK)
		fail_msg("%s: %s", text, c->why);
	assert_int_equal(charge_case(c, rules, str_of(d->kind), given, &again, NULL), OK);
	assert_true(node_equal(result, again));
	*la_pays = pence(result, "la_pays");
	assert_true(*la_pays >= 0);
	return pence(result, "charge");
}

/* More income or more savings never make care cheaper; nobody pays less than nothing. */
static void test_any_case(void **state)
{
	const char *wanted = getenv("CHARGE_CASES");
	long cases = wanted ? strtol(wanted, NULL, 10) : 20000;

	(void)state;
	for (long i = 0; i < cases; i++) {
		struct ctx c;
		int64_t la, la_rich, la_saved;
		ARENA(arena);

		ctx_init(&c, &arena);
		struct drawn d = draw_case(&arena);
		int64_t charge = charge_of(&c, &d, 0, 0, &la);
		int64_t richer = charge_of(&c, &d, draw(10000), 0, &la_rich);
		int64_t saved = charge_of(&c, &d, 0, draw(1000000), &la_saved);
		assert_true(charge >= 0 && richer >= charge && saved >= charge);
		assert_true(charge + la == richer + la_rich && charge + la == saved + la_saved);
	}
}

static void refused(const char *kind, const char *given, const char *why)
{
	struct node *n, *result;
	struct ctx c;
	ARENA(arena);

	ctx_init(&c, &arena);
	assert_int_equal(json_read(&c, &arena, str_of(given), NULL, &n), OK);
	assert_int_not_equal(charge_case(&c, rules, str_of(kind), n, &result, NULL), OK);
	if (!strstr(c.why, why))
		fail_msg("%s, not %s", c.why, why);
}

static void test_what_cannot_be_read_is_named(void **state)
{
	(void)state;
	refused("tariff", "{\"scheme\":\"current\",\"capital\":\"12.345\"}", "given.capital must be money");
	refused("tariff", "{\"scheme\":\"current\",\"capital\":\"-1.00\"}", "given.capital must not be below");
	refused("tariff", "{\"scheme\":\"then\",\"capital\":\"1.00\"}", "given.scheme must be");
	refused("residential", "{\"on\":\"2015-02-30\"}", "given.on must be a day");
	refused("residential", "{\"on\":\"2015-02-20\",\"person\":{}}", "given.person.born is missing");
	refused("residential", "{\"on\":\"2015-02-20\",\"person\":{\"born\":\"1930-01-01\"},\"income\":[{\"type\":\"luck\"}]}",
		"given.income[0].type 'luck' is no income");
	refused("residential", "{\"on\":\"2015-07-20\"}", "given.person.born is missing");
	refused("residential", "{\"on\":\"2015-07-20\",\"person\":{\"born\":\"1930-01-01\"},\"home\":{\"occupiers\":[{\"relation\":"
		"\"child\"},{\"relation\":\"cat\"}]}}", "given.home.occupiers[1].relation 'cat' is no relation");
	refused("residential", "{\"on\":\"2015-07-20\",\"person\":{\"born\":\"1930-01-01\"},\"capital\":[{\"type\":\"savings\","
		"\"amount\":\"9.00\",\"share_percent\":\"-5\"}]}", "given.capital[0].share_percent must be from 0 to 100");
	refused("community", "{\"on\":\"2015-07-20\",\"person\":{\"born\":\"1930-01-01\"},\"capital\":[{\"type\":\"savings\","
		"\"amount\":\"9999999999999999.00\"},{\"type\":\"savings\",\"amount\":\"9999999999999999.00\"},"
		"{\"type\":\"savings\",\"amount\":\"9999999999999999.00\"}]}", "given.capital[2].amount makes the sum larger");
	refused("deferred_payment", "{\"started_on\":\"2016-01-01\",\"until\":\"2215-01-01\",\"property_value\":"
		"\"99999999999999.99\",\"admin_fee\":\"1.00\",\"gilt_rates\":[{\"from\":\"2016-01-01\",\"percent\":\"100\"}]}",
		"given.until is so far ahead");
	refused("care_account", "{\"plan\":\"planned_2016\",\"born\":\"1940-01-01\",\"assessed_on\":\"2016-04-06\",\"plan_starts_on\":"
		"\"2016-04-06\",\"statement_on\":\"2017-04-06\",\"adjustments\":[{\"year\":2017,\"earnings_percent\":\"1000\"},"
		"{\"year\":2017,\"earnings_percent\":\"1000\"},{\"year\":2017,\"earnings_percent\":\"1000\"},{\"year\":2017,"
		"\"earnings_percent\":\"1000\"},{\"year\":2017,\"earnings_percent\":\"1000\"},{\"year\":2017,\"earnings_percent\":\"1000\"}]}",
		"given.adjustments[5].earnings_percent raises the cap more than");
	refused("lottery", "{}", "no kind of case 'lottery'");
	refused("tariff", "[]", "given must be an object");
	refused("deprivation", "{\"kind\":\"community\"}", "given.assessment is missing");
}

/* A share as it is shipped, with one table of a place laid over it. */
static void laid_over(struct ctx *c, const char *file, const char *text, const struct charge_rules **out)
{
	char dir[] = "/tmp/charge-test-XXXXXX";
	struct share share = { .place = mkdtemp(dir), .dir = SOURCE_DIR "/share" };
	const char *path = arena_printf(c->arena, "%s/policy/england/%s", dir, file);

	assert_non_null(share.place);
	mkdir(arena_printf(c->arena, "%s/policy", dir), 0700);
	mkdir(arena_printf(c->arena, "%s/policy/england", dir), 0700);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(charge_rules_load(c, c->arena, &share, "england", out), OK);
	unlink(path);
	rmdir(arena_printf(c->arena, "%s/policy/england", dir));
	rmdir(arena_printf(c->arena, "%s/policy", dir));
	rmdir(dir);
}

/* The shipped table with one text in place of another, wherever it stands. */
static const char *table_with(struct ctx *c, const char *file, const char *old, const char *new)
{
	struct str text;
	struct buf out;
	size_t len = strlen(old);

	assert_int_equal(file_read(c, c->arena, arena_printf(c->arena, SOURCE_DIR "/share/policy/england/%s", file), 1 << 20, &text), OK);
	buf_init(&out, c->arena, 0);
	while (text.len) {
		bool here = text.len >= len && memcmp(text.at, old, len) == 0;

		buf_str(&out, here ? str_of(new) : (struct str){ text.at, 1 });
		text = (struct str){ text.at + (here ? len : 1), text.len - (here ? len : 1) };
	}
	buf_char(&out, 0);
	return buf_get(&out).at;
}

#define DECIDED                                                                                                     \
	"{\"on\":\"2015-06-01\",\"person\":{\"born\":\"1953-08-20\"},\"gross_weekly_cost\":\"550.00\",\"nursing_band\":\"standard\"," \
	"\"income\":[{\"type\":\"state_pension\",\"weekly\":\"115.95\"},{\"type\":\"savings_credit\",\"weekly\":\"8.00\"}],"  \
	"\"capital\":[{\"type\":\"savings\",\"amount\":\"16000.00\"},{\"type\":\"personal_possessions\",\"amount\":\"9.00\"}]}"

static struct node *worked_by(struct ctx *c, const struct charge_rules *by, const struct node *frozen, struct node **used)
{
	struct node *given, *result;

	assert_int_equal(json_read(c, c->arena, str_of(DECIDED), NULL, &given), OK);
	assert_int_equal(charge_case_by(c, by, frozen, STR("residential"), given, &result, NULL, used), OK);
	return result;
}

/* A figure, a treatment and a revision change after the decision: by the rules of now it would be another, made again it is
 * the same. */
static void test_a_decision_made_again_is_the_same_whatever_changed_since(void **state)
{
	static const struct {
		const char *file, *old, *new;
	} changes[] = {
		{ "income.tsv", "24.90", "31.00" },
		{ "capital.tsv", "14250.00", "15000.00" },
		{ "nursing.tsv", "112.00", "120.00" },
		{ "income_type.tsv", "state_pension\tcounted", "state_pension\tignored" },
		{ "capital_type.tsv", "personal_possessions\talways", "personal_possessions\t0" },
	};
	struct node *was, *used;
	struct ctx c;
	ARENA(arena);

	(void)state;
	ctx_init(&c, &arena);
	was = worked_by(&c, rules, NULL, &used);
	assert_true(str_is(node_str(used, "england/personal_expenses_allowance"), "24.90"));
	assert_true(str_is(node_str(used, "income_type/state_pension"), "counted"));
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		const struct charge_rules *since;

		laid_over(&c, changes[i].file, table_with(&c, changes[i].file, changes[i].old, changes[i].new), &since);
		if (node_equal(was, worked_by(&c, since, NULL, NULL)))
			fail_msg("%s changed nothing", changes[i].file);
		if (!node_equal(was, worked_by(&c, since, used, NULL)))
			fail_msg("%s changed a decision that was made", changes[i].file);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_decision_made_again_is_the_same_whatever_changed_since),
		cmocka_unit_test(test_vectors_of_the_rules),
		cmocka_unit_test(test_cases_worked_out_elsewhere),
		cmocka_unit_test(test_any_case),
		cmocka_unit_test(test_what_cannot_be_read_is_named),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
