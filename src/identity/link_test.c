/* link_test.c - whole runs: the same bytes at any number of workers, and how good they are on data
 * whose truth is known. */
#include "base/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/sheet.h"
#include "identity/link.h"

static bool no_tick(void *arg, int64_t done, int64_t total, const char *unit)
{
	(void)arg, (void)done, (void)total, (void)unit;
	return true;
}

static const struct share share = { 0 };

static struct link_options options_of(const char *file, unsigned workers)
{
	return (struct link_options){ .files = { file },
				      .threshold = 0.5,
				      .workers = workers,
				      .rules = { .max_size = 200 },
				      .progress = { no_tick, NULL } };
}

/* The outputs of one run, in `a`. */
struct outputs {
	struct str pairs, clusters, report;
};

static void run_to(struct ctx *c, const struct link_options *o, const char *dir,
		   struct outputs *out)
{
	static struct link_result result;
	struct link_source source;
	const struct {
		const char *name;
		struct str *text;
	} files[] = { { "pairs.csv", &out->pairs },
		      { "clusters.csv", &out->clusters },
		      { "report.html", &out->report } };

	if (link_read(c, &share, o, &source) != OK || link_run(c, o, &source, &result) != OK ||
	    link_write(c, dir, o, &source, &result) != OK)
		fail_msg("%s", c->why);
	for (unsigned i = 0; i < 3; i++) {
		const char *path = arena_printf(c->arena, "%s/%s", dir, files[i].name);
		assert_int_equal(file_read(c, c->arena, path, 1 << 24, files[i].text), OK);
		unlink(path);
	}
	rmdir(dir);
}

/* People with mistakes made by rule: enough of them that blocks are learnt. */
static void write_people(const char *path, unsigned people)
{
	static const char *const parts[] = { "mar", "tin", "wil", "son",  "har", "ris",
					     "tho", "mas", "ber", "nard", "cla", "rke",
					     "ed",  "win", "gra", "ham" };
	FILE *f = fopen(path, "w");
	uint64_t x = 1;

	assert_non_null(f);
	fputs("id, first_name, surname, dob, postcode\n", f);
	for (unsigned i = 0; i < people; i++) {
		unsigned r[8];
		for (unsigned k = 0; k < 8; k++) {
			x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
			r[k] = (unsigned)(x >> 40);
		}
		for (unsigned copy = 0; copy < 1 + (i % 3 == 0); copy++)
			fprintf(f, "%u-%u, %s%s, %s%s%s, %u-%02u-%02u, NG%u %u%c%c\n", i, copy,
				parts[r[0] % 16], parts[r[1] % 16], parts[r[2] % 16],
				copy ? "" : parts[r[3] % 16], parts[r[4] % 16],
				1930 + r[5] % 80, 1 + r[6] % 12, 1 + r[7] % 28, 1 + r[0] % 20,
				r[1] % 10, 'A' + r[2] % 20, 'A' + r[3] % 20);
	}
	fclose(f);
}

static void same_bytes_with_any_number_of_workers(void **state)
{
	static const unsigned workers[] = { 1, 2, 4 };
	ARENA(arena);
	struct ctx c;
	struct outputs first, other;
	char dir[] = "/tmp/link-XXXXXX";

	(void)state;
	ctx_init(&c, &arena);
	assert_non_null(mkdtemp(dir));
	const char *file = arena_printf(&arena, "%s.csv", dir);
	write_people(file, 2400);
	for (unsigned i = 0; i < 3; i++) {
		struct link_options o = options_of(file, workers[i]);
		run_to(&c, &o, dir, i ? &other : &first);
		if (!i)
			continue;
		assert_true(str_eq(first.pairs, other.pairs));
		assert_true(str_eq(first.clusters, other.clusters));
		assert_true(str_eq(first.report, other.report));
	}
	assert_true(first.pairs.len > 10000);
	assert_true(str_starts(first.pairs, STR("id_a,id_b,weight,probability\n0-0,0-1,")));
	unlink(file);
}

static void mistakes_have_a_reason(void **state)
{
	static const struct {
		const char *text, *columns, *truth;
		enum err e;
		const char *why;
	} rows[] = {
		{ "a,b\n1,2\n2,3\n", NULL, NULL, ERR_USAGE, "no column's role" },
		{ "a,b\n1,2\n2,3\n", "given=c", NULL, ERR_USAGE, "has no column \"c\"" },
		{ "a,b\n1,2\n2,3\n", "forename=a", NULL, ERR_USAGE, "is not ROLE=COLUMN" },
		{ "given,b\n1,2\n2,3\n", NULL, "who", ERR_USAGE, "--truth" },
		{ "b,given\n1,2\n2\n", NULL, NULL, ERR_SYNTAX, "row 3 has 1 fields" },
		{ "given\nann\n", NULL, NULL, ERR_INVALID, "no two records" },
		{ "given\n\"ann\n", NULL, NULL, ERR_SYNTAX, "a quote is not closed" },
	};
	char path[] = "/tmp/link-XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		ARENA(arena);
		struct ctx c;
		struct link_source source;
		struct link_options o = options_of(path, 1);

		ctx_init(&c, &arena);
		o.columns = rows[i].columns;
		o.truth = rows[i].truth;
		assert_int_equal(file_write(&c, path, str_of(rows[i].text)), OK);
		assert_int_equal(link_read(&c, &share, &o, &source), rows[i].e);
		if (!strstr(c.why, rows[i].why))
			fail_msg("%s", c.why);
	}
	close(fd);
	unlink(path);
}

/* ---- public data sets ---- */

/* FEBRL's truth stands in its ids: rec-223-org and rec-223-dup-0 are one. */
static void truth_from_ids(struct arena *a, struct link_source *source)
{
	for (size_t i = 0; i < source->ids.len; i++) {
		struct str rest = source->ids.at[i];
		str_cut(&rest, '-');
		*vec_push(&source->truth, a) = (uint64_t)atoi(str_dup(a, str_cut(&rest, '-'))) + 1;
	}
}

static double f1_of(const char *name, const char *truth)
{
	ARENA(arena);
	static struct link_result result;
	struct ctx c;
	struct link_source source;
	const char *file = arena_printf(&arena, "%s/linkage/%s", FIXTURES, name);
	struct link_options o = options_of(file, 2);

	ctx_init(&c, &arena);
	o.truth = truth;
	if (link_read(&c, &share, &o, &source) != OK)
		fail_msg("%s", c.why);
	if (!truth)
		truth_from_ids(&arena, &source);
	assert_int_equal(link_run(&c, &o, &source, &result), OK);
	struct link_quality q = link_quality(&source, &result);
	print_message("%s: precision %.4f, recall %.4f, F1 %.4f\n", name, q.both / q.ours,
		      q.both / q.theirs, 2 * q.both / (q.ours + q.theirs));
	return 2 * q.both / (q.ours + q.theirs);
}

static void public_data_sets(void **state)
{
	(void)state;
	if (access(FIXTURES "/linkage", R_OK)) {
		print_message("skipped: no " FIXTURES "/linkage\n");
		skip();
	}
	assert_true(f1_of("dataset1.csv", NULL) >= 0.99);
	assert_true(f1_of("fake_1000.csv", "cluster") >= 0.97);
	if (!test_full()) /* five times as many people, thirty times the work under sanitizers */
		return;
	assert_true(f1_of("dataset2.csv", NULL) >= 0.99);
	assert_true(f1_of("dataset3.csv", NULL) >= 0.995);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_bytes_with_any_number_of_workers),
		cmocka_unit_test(mistakes_have_a_reason),
		cmocka_unit_test(public_data_sets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
