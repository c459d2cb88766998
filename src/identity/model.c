/* model.c - see model.h. */
#include "identity/model.h"

#include <math.h>

enum { MAX_ROUNDS = 500 };

/* Pairs added to each level before it is counted, so that none has chance 0. */
static const double PSEUDO = 0.5;
/* Matches added, spread as they were thought to be before any was seen: a level no match of the
 * file shows ("nickname") is then unknown rather than impossible. */
static const double BELIEVED = 2;
/* Of two of one household, how many are born on one day: twins, by far the most of those who share a
 * name, an address and a date of birth and are two. */
static const double TWINS = 0.005;
/* Probabilities that move less stand still. */
static const double STILL = 1e-5;

/* ---- beginning ---- */

static bool is_personal(enum role role)
{
	switch (role) {
	case ROLE_GIVEN:
	case ROLE_FULL_NAME:
	case ROLE_DOB:
	case ROLE_SEX:
	case ROLE_EMAIL:
	case ROLE_IDENTIFIER:
		return true;
	default:
		return false;
	}
}

static void normalise(double *p, unsigned levels)
{
	double sum = 0;

	for (unsigned l = 1; l < levels; l++)
		sum += p[l];
	for (unsigned l = 1; l < levels; l++)
		p[l] /= sum;
}

/* Before anything is known: matches mostly have the same value, the rest is as common as its level
 * is good. */
static void begin_match(double *p, enum kind kind, unsigned levels)
{
	for (unsigned l = 1; l < levels; l++)
		p[l] = l == level_exact(kind) ? 0.8 : 0.2 / (levels - 2.0);
	normalise(p, levels);
}

/* ---- chance ---- */

static void count_levels(double counts[MAX_COLUMNS][MAX_LEVELS], unsigned width,
			 const struct pattern_count *rows, size_t len)
{
	for (size_t i = 0; i < len; i++)
		for (unsigned k = 0; k < width; k++)
			counts[k][pattern_level(rows[i].pattern, k)] += rows[i].count;
}

/* Shares of levels in pairs drawn at random, missing ones aside. The share of equal values is known
 * better than from the sample: their frequencies tell it. */
static void chance_of_all(struct model *m, const struct people *p, const struct evidence *e,
			  double all[MAX_COLUMNS][MAX_LEVELS])
{
	double counts[MAX_COLUMNS][MAX_LEVELS] = { 0 };

	count_levels(counts, m->width, e->random, e->random_count);
	for (unsigned k = 0; k < m->width; k++) {
		unsigned exact = level_exact(p->columns[k].kind);
		double sum = 0;

		for (unsigned l = 1; l < m->levels[k]; l++)
			sum += counts[k][l] += PSEUDO;
		for (unsigned l = 1; l < m->levels[k]; l++)
			all[k][l] = counts[k][l] / sum;
		if (e->level_share[k] > 0)
			all[k][exact] = e->level_share[k];
		normalise(all[k], m->levels[k]);
	}
}

/* Chance is what is left of all pairs when the expected matches and kin are taken out: where people
 * have several records each, most pairs with the same value are matches. */
static void take_out(struct model *m, double all[MAX_COLUMNS][MAX_LEVELS],
		     double expected[CLASS_COUNT][MAX_COLUMNS][MAX_LEVELS], double pairs,
		     const double filled[MAX_COLUMNS])
{
	for (unsigned k = 0; k < m->width; k++) {
		double *p = m->p[CLASS_CHANCE][k], total = pairs * filled[k];

		for (unsigned l = 1; l < m->levels[k]; l++) {
			double there = all[k][l] * total;
			double left =
				there - expected[CLASS_MATCH][k][l] - expected[CLASS_KIN][k][l];
			p[l] = (left > there * 0.01 ? left : there * 0.01) + 1e-3;
		}
		normalise(p, m->levels[k]);
	}
}

/* ---- expectation, maximisation ---- */

static void take_logs(struct model *m)
{
	for (unsigned class = 0; class < CLASS_COUNT; class ++)
		for (unsigned k = 0; k < m->width; k++)
			for (unsigned l = 1; l < m->levels[k]; l++)
				m->log2p[class][k][l] = log2(m->p[class][k][l]);
}

static void class_logs(const struct model *m, uint64_t pattern, double out[CLASS_COUNT])
{
	for (unsigned class = 0; class < CLASS_COUNT; class ++) {
		double sum = log2(m->share[class]);
		for (unsigned k = 0; k < m->width; k++)
			sum += m->log2p[class][k][pattern_level(pattern, k)];
		out[class] = sum;
	}
}

static void posterior(const struct model *m, uint64_t pattern, double out[CLASS_COUNT])
{
	double logs[CLASS_COUNT], best, sum = 0;

	class_logs(m, pattern, logs);
	best = fmax(logs[0], fmax(logs[1], logs[2]));
	for (unsigned class = 0; class < CLASS_COUNT; class ++)
		sum += out[class] = exp2(logs[class] - best);
	for (unsigned class = 0; class < CLASS_COUNT; class ++)
		out[class] /= sum;
}

static void expect(const struct model *m, const struct evidence *e,
		   double expected[CLASS_COUNT][MAX_COLUMNS][MAX_LEVELS],
		   double totals[CLASS_COUNT])
{
	double share[CLASS_COUNT];

	for (size_t i = 0; i < e->candidate_count; i++) {
		const struct pattern_count *row = &e->candidates[i];

		posterior(m, row->pattern, share);
		for (unsigned class = CLASS_KIN; class < CLASS_COUNT; class ++) {
			totals[class] += share[class] * row->count;
			for (unsigned k = 0; k < m->width; k++)
				expected[class][k][pattern_level(row->pattern, k)] +=
					share[class] * row->count;
		}
	}
}

static void add_believed(const struct people *p, struct model *m,
			 double expected[MAX_COLUMNS][MAX_LEVELS])
{
	for (unsigned k = 0; k < m->width; k++) {
		double believed[MAX_LEVELS];

		begin_match(believed, p->columns[k].kind, m->levels[k]);
		for (unsigned l = 1; l < m->levels[k]; l++)
			expected[k][l] += BELIEVED * believed[l];
	}
}

/* New probabilities of one class; how far the farthest moved. */
static double maximise(struct model *m, const struct people *people, unsigned class,
		       double expected[MAX_COLUMNS][MAX_LEVELS])
{
	double moved = 0;

	for (unsigned k = 0; k < m->width; k++) {
		double *p = m->p[class][k], old[MAX_LEVELS];

		memcpy(old, p, sizeof old);
		if (class == CLASS_KIN && m->personal[k]) {
			memcpy(p, m->p[CLASS_CHANCE][k], sizeof old);
			if (people->columns[k].role == ROLE_DOB)
				p[LEVEL(DATE, EXACT)] += TWINS;
			normalise(p, m->levels[k]);
		} else {
			for (unsigned l = 1; l < m->levels[k]; l++)
				p[l] = expected[k][l] + PSEUDO * m->p[CLASS_CHANCE][k][l] +
				       1e-6;
			normalise(p, m->levels[k]);
		}
		for (unsigned l = 1; l < m->levels[k]; l++)
			moved = fmax(moved, fabs(p[l] - old[l]));
	}
	return moved;
}

static double learn_once(struct model *m, const struct people *people, const struct evidence *e,
			 double all[MAX_COLUMNS][MAX_LEVELS], const double filled[MAX_COLUMNS])
{
	double expected[CLASS_COUNT][MAX_COLUMNS][MAX_LEVELS] = { 0 };
	double totals[CLASS_COUNT] = { 0 }, moved = 0;

	take_logs(m);
	expect(m, e, expected, totals);
	take_out(m, all, expected, e->pairs, filled);
	add_believed(people, m, expected[CLASS_MATCH]);
	for (unsigned class = CLASS_KIN; class < CLASS_COUNT; class ++) {
		moved = fmax(moved, maximise(m, people, class, expected[class]));
		m->share[class] = (totals[class] + 1e-3) / (e->pairs + 2e-3);
	}
	m->share[CLASS_CHANCE] = 1 - m->share[CLASS_KIN] - m->share[CLASS_MATCH];
	m->matches = totals[CLASS_MATCH];
	return moved;
}

static void begin(struct model *m, const struct people *p, const struct evidence *e,
		  double all[MAX_COLUMNS][MAX_LEVELS])
{
	double start = fmin(0.1, p->len / e->pairs);

	memcpy(m->p[CLASS_CHANCE], all, sizeof m->p[CLASS_CHANCE]);
	for (unsigned k = 0; k < m->width; k++) {
		begin_match(m->p[CLASS_MATCH][k], p->columns[k].kind, m->levels[k]);
		memcpy(m->p[CLASS_KIN][k], m->p[m->personal[k] ? CLASS_CHANCE : CLASS_MATCH][k],
		       sizeof m->p[CLASS_KIN][k]);
	}
	m->share[CLASS_MATCH] = start / 2;
	m->share[CLASS_KIN] = start / 10;
	m->share[CLASS_CHANCE] = 1 - start * 0.6;
}

/* To agree in part never speaks more against a match than not to agree at all. */
static void keep_order(struct model *m)
{
	for (unsigned k = 0; k < m->width; k++) {
		const double *chance = m->log2p[CLASS_CHANCE][k];
		double *match = m->log2p[CLASS_MATCH][k];
		double least = match[1] - chance[1];

		for (unsigned l = 2; l < m->levels[k]; l++)
			match[l] = fmax(match[l], chance[l] + least);
	}
}

void model_learn(struct model *m, const struct people *p, const struct evidence *e)
{
	double all[MAX_COLUMNS][MAX_LEVELS] = { 0 }, filled[MAX_COLUMNS];

	*m = (struct model){ .width = p->width };
	for (unsigned k = 0; k < p->width; k++) {
		double share = (double)p->columns[k].filled / p->len;

		m->levels[k] = level_count(p->columns[k].kind);
		m->personal[k] = is_personal(p->columns[k].role);
		filled[k] = share * share;
	}
	chance_of_all(m, p, e, all);
	begin(m, p, e, all);
	while (m->rounds++ < MAX_ROUNDS && learn_once(m, p, e, all, filled) > STILL)
		;
	take_logs(m);
	keep_order(m);
	for (unsigned k = 0; k < m->width; k++) {
		unsigned exact = level_exact(p->columns[k].kind);
		m->frequency_scale[k] = m->p[CLASS_CHANCE][k][exact] / all[k][exact];
	}
}

/* ---- use ---- */

static double log2_sum(double a, double b)
{
	double high = fmax(a, b), low = fmin(a, b);

	return low < high - 50 ? high : high + log2(1 + exp2(low - high));
}

double model_log_odds(const struct model *m, uint64_t pattern)
{
	double logs[CLASS_COUNT];

	class_logs(m, pattern, logs);
	return logs[CLASS_MATCH] - log2_sum(logs[CLASS_CHANCE], logs[CLASS_KIN]);
}

double model_score(const struct model *m, const struct people *p, uint64_t pattern, uint32_t a)
{
	const uint32_t *row = people_row(p, a);
	double logs[CLASS_COUNT];

	class_logs(m, pattern, logs);
	for (unsigned k = 0; k < m->width; k++) {
		const struct column *column = &p->columns[k];
		unsigned exact = level_exact(column->kind);

		if (pattern_level(pattern, k) != exact || !row[k])
			continue;
		double chance = (double)column->counts[row[k]] / (double)column->filled *
				m->frequency_scale[k];
		double more = log2(chance) - m->log2p[CLASS_CHANCE][k][exact];
		logs[CLASS_CHANCE] += more;
		if (m->personal[k])
			logs[CLASS_KIN] += more;
	}
	return logs[CLASS_MATCH] - log2_sum(logs[CLASS_CHANCE], logs[CLASS_KIN]);
}

double model_prior(const struct model *m)
{
	return log2(m->share[CLASS_MATCH]) - log2(1 - m->share[CLASS_MATCH]);
}

double probability_of(double log_odds)
{
	return 1 / (1 + exp2(-log_odds));
}
