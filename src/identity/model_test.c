/* model_test.c - EM finds again the probabilities that made the data. */
#include "base/test.h"

#include <math.h>
#include <stdlib.h>

#include "identity/model.h"

enum { COLUMNS = 5, MATCHES = 2000, CHANCES = 200000 };

/* Sex-like columns: level 1 differs, 2 is the same. */
static const double true_m[COLUMNS] = { 0.95, 0.9, 0.85, 0.7, 0.98 };
static const double true_u[COLUMNS] = { 0.01, 0.05, 0.002, 0.1, 0.5 };

static uint64_t next(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return *state >> 33;
}

static uint64_t draw_pattern(uint64_t *state, const double *same)
{
	uint64_t pattern = 0;

	for (unsigned k = 0; k < COLUMNS; k++) {
		bool agrees = (double)next(state) / (double)(UINT64_C(1) << 31) < same[k];
		pattern |= (uint64_t)(agrees ? 2 : 1) << k * 4;
	}
	return pattern;
}

static int by_pattern(const void *a, const void *b)
{
	const struct pattern_count *x = a, *y = b;

	return (x->pattern > y->pattern) - (x->pattern < y->pattern);
}

/* People of whom nothing matters but how many columns there are and that all are filled. */
static void make_people(struct people *p, struct ctx *c)
{
	static const struct share share = { 0 };
	struct str row[COLUMNS];
	struct people *made;

	assert_int_equal(people_new(c, &share, c->arena, &made), OK);
	for (unsigned k = 0; k < COLUMNS; k++) {
		people_add_column(made, ROLE_SEX, "sex");
		row[k] = STR("m");
	}
	for (unsigned i = 0; i < 700; i++)
		assert_int_equal(people_add(c, made, row), OK);
	people_count(made);
	*p = *made;
}

static void em_finds_the_truth(void **state)
{
	ARENA(arena);
	struct ctx c;
	struct people p;
	static struct model m;
	uint64_t seed = 42;
	struct pattern_count *all = NEW_N(&arena, struct pattern_count, MATCHES + CHANCES);
	struct evidence e = { .candidates = all,
			      .candidate_count = MATCHES + CHANCES,
			      .random = all,
			      .random_count = MATCHES + CHANCES,
			      .pairs = MATCHES + CHANCES };

	(void)state;
	ctx_init(&c, &arena);
	make_people(&p, &c);
	for (unsigned i = 0; i < MATCHES + CHANCES; i++)
		all[i] = (struct pattern_count){
			draw_pattern(&seed, i < MATCHES ? true_m : true_u), 1
		};
	qsort(all, MATCHES + CHANCES, sizeof *all, by_pattern);
	for (unsigned k = 0; k < COLUMNS; k++)
		e.level_share[k] = -1;
	model_learn(&m, &p, &e);
	for (unsigned k = 0; k < COLUMNS; k++) {
		if (fabs(m.p[CLASS_MATCH][k][2] - true_m[k]) > 0.03)
			fail_msg("m of %u: %f", k, m.p[CLASS_MATCH][k][2]);
		if (fabs(m.p[CLASS_CHANCE][k][2] - true_u[k]) > 0.005)
			fail_msg("u of %u: %f", k, m.p[CLASS_CHANCE][k][2]);
	}
	assert_true(fabs(m.matches - MATCHES) < MATCHES * 0.05);
	assert_true(model_log_odds(&m, 0x22222) > 5);
	assert_true(model_log_odds(&m, 0x11111) < -15);
	/* Missing columns take nothing away and add nothing. */
	assert_true(fabs(model_log_odds(&m, 0) -
			 log2(m.share[CLASS_MATCH] / (1 - m.share[CLASS_MATCH]))) < 1e-9);
}

static void odds_and_probability(void **state)
{
	(void)state;
	assert_true(probability_of(0) == 0.5);
	assert_true(fabs(probability_of(log2(3)) - 0.75) < 1e-12);
	assert_true(probability_of(-2000) == 0);
	assert_true(probability_of(2000) == 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(em_finds_the_truth),
		cmocka_unit_test(odds_and_probability),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
