/* weigh.c - see weigh.h. */
#include "identity/weigh.h"

#include <math.h>
#include <stdlib.h>

void weigher_init(struct weigher *w, struct arena *a, const struct matcher *m,
		  int64_t population)
{
	double n = population > 1 ? (double)population : 1;
	double kin = fmin(m->kin / n, 0.2), match = fmin(m->present / n, 0.5);

	*w = (struct weigher){ .m = m, .people = people_beside(a, m->root) };
	w->log2_share[CLASS_MATCH] = log2(match);
	w->log2_share[CLASS_KIN] = log2(kin);
	w->log2_share[CLASS_CHANCE] = log2(1 - match - kin);
}

/* The share of namesakes as the model has it, and what the place has of them, weighed together: a few in a small
 * place are no proof. */
void weigher_common(struct weigher *w, int64_t namesakes, int64_t population)
{
	const double (*chance)[MAX_LEVELS] = w->m->model.log2p[CLASS_CHANCE];
	double usual = chance[FACT_GIVEN][LEVEL(NAME, EXACT)] +
		       chance[FACT_FAMILY][LEVEL(NAME, EXACT)];
	double others = namesakes > 1 ? (double)namesakes - 1 : 0;

	w->common = fmax(0, log2((1 + others) / (exp2(-usual) + (double)population)) - usual);
}

static enum kind kind_of(unsigned fact)
{
	return role_rows[fact_roles[fact]].kind;
}

void weigher_number(struct weigher *w, const struct facts *f, struct numbers *out)
{
	for (unsigned fact = 0; fact < FACT_COUNT; fact++) {
		out->len[fact] = f->of[fact].len;
		for (unsigned i = 0; i < f->of[fact].len; i++)
			out->at[fact][i] =
				people_value(w->people, kind_of(fact), f->of[fact].at[i]);
	}
}

/* ---- levels ---- */

static double bits_of(const struct weigher *w, unsigned fact, unsigned level)
{
	return w->m->model.log2p[CLASS_MATCH][fact][level] -
	       w->m->model.log2p[CLASS_CHANCE][fact][level];
}

/* The best level that any value of one field has with any of another's; *which of x's. */
static unsigned best_level(const struct weigher *w, unsigned fact, const struct numbers *x,
			   unsigned of_x, const struct numbers *y, unsigned of_y,
			   unsigned *which)
{
	unsigned best = LEVEL_MISSING;

	for (unsigned i = 0; i < x->len[of_x]; i++)
		for (unsigned j = 0; j < y->len[of_y]; j++) {
			unsigned level = compare_values(&w->people->values[kind_of(fact)],
							kind_of(fact), x->at[of_x][i],
							y->at[of_y][j]);
			if (best && bits_of(w, fact, level) <= bits_of(w, fact, best))
				continue;
			best = level;
			*which = i;
		}
	return best;
}

/* Given and family name in each other's place. */
static void look_crossed(const struct weigher *w, const struct numbers *x,
			 const struct numbers *y, unsigned levels[FACT_COUNT])
{
	unsigned at, there, back;

	if (levels[FACT_GIVEN] >= LEVEL(NAME, CLOSE) || levels[FACT_FAMILY] >= LEVEL(NAME, CLOSE))
		return;
	there = best_level(w, FACT_GIVEN, x, FACT_GIVEN, y, FACT_FAMILY, &at);
	back = best_level(w, FACT_GIVEN, x, FACT_FAMILY, y, FACT_GIVEN, &at);
	if (there < LEVEL(NAME, CLOSE) || back < LEVEL(NAME, CLOSE))
		return;
	levels[FACT_GIVEN] = LEVEL(NAME, CROSSED);
	levels[FACT_FAMILY] = LEVEL_MISSING;
}

/* ---- evidence ---- */

/* How much rarer or more common than such values are the shared one is, in bits of chance. */
static double rarity(const struct weigher *w, unsigned fact, unsigned level, struct str value)
{
	const double *share = map_get(&w->m->often[fact], value);

	if (!share)
		share = map_get(&w->m->often[fact], STR("*"));
	if (!share || level != level_exact(kind_of(fact)))
		return 0;
	return log2(*share) - w->m->model.log2p[CLASS_CHANCE][fact][level];
}

/* One organisation that gave both a number each takes them for two. */
static bool numbered_apart(const struct facts *x, const struct facts *y)
{
	bool apart = false;

	for (unsigned i = 0; i < x->id_count; i++)
		for (unsigned j = 0; j < y->id_count; j++) {
			if (!str_eq(x->ids[i].system, y->ids[j].system))
				continue;
			if (str_eq(x->ids[i].value, y->ids[j].value))
				return false;
			apart = true;
		}
	return apart;
}

static bool is_new_year(struct str date)
{
	return !memcmp(date.at + 4, "0101", 4);
}

/* Of the date with two parts in common only the year may be another's. */
static bool dates_apart(unsigned level, struct str x, struct str y)
{
	switch (level) {
	case LEVEL(DATE, DIFFER):
	case LEVEL(DATE, YEAR):
	case LEVEL(DATE, NEAR):
		return true;
	case LEVEL(DATE, PARTS):
		return memcmp(x.at, y.at, 4) != 0;
	case LEVEL(DATE, DIGIT):
		return is_new_year(x) && is_new_year(y);
	default:
		return false;
	}
}

bool facts_born_apart(const struct weigher *w, const struct facts *x, const struct numbers *xn,
		      const struct facts *y, const struct numbers *yn)
{
	const struct values *dates = &w->people->values[KIND_DATE];

	for (unsigned i = 0; i < xn->len[FACT_DOB]; i++)
		for (unsigned j = 0; j < yn->len[FACT_DOB]; j++) {
			unsigned level = compare_values(dates, KIND_DATE, xn->at[FACT_DOB][i],
							yn->at[FACT_DOB][j]);
			if (!dates_apart(level, x->of[FACT_DOB].at[i], y->of[FACT_DOB].at[j]))
				return false;
		}
	return xn->len[FACT_DOB] && yn->len[FACT_DOB];
}

/* A sender that has numbered two has seen both: where it also names them differently, or has them
 * born on other days, it is not for us to say that they are one. */
static bool clearly_two(const struct weighed *w)
{
	unsigned given = w->level[FACT_GIVEN], family = w->level[FACT_FAMILY],
		 dob = w->level[FACT_DOB];

	return w->born_apart || dob == LEVEL(DATE, PARTS) ||
	       (given && given < LEVEL(NAME, CLOSE)) || (family && family < LEVEL(NAME, CLOSE));
}

/* Does anything but name and birth speak for one person: a home, a telephone, an NHS number? */
static bool supported(const struct weighed *w)
{
	static const enum fact facts[] = { FACT_POSTCODE, FACT_STREET, FACT_PHONE, FACT_EMAIL,
					   FACT_NHS };

	for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
		if (w->level[facts[i]] > 1) /* neither missing nor different */
			return true;
	return false;
}

static double log2_sum(double a, double b)
{
	double high = fmax(a, b), low = fmin(a, b);

	return low < high - 50 ? high : high + log2(1 + exp2(low - high));
}

/* Who moved has another postcode and another street, and that is one thing and not two. */
static bool told_already(const struct weighed *w, unsigned fact)
{
	return fact == FACT_STREET && w->level[FACT_POSTCODE] == LEVEL(POSTCODE, DIFFER) &&
	       w->level[FACT_STREET] == LEVEL(TEXT, DIFFER);
}

/* How much likelier a changed family name is with this one's sex, in bits; nobody's else. */
static double renamed(const struct weigher *w, const struct facts *x, unsigned fact,
		      unsigned level)
{
	const struct str sex = x->of[FACT_SEX].len ? x->of[FACT_SEX].at[0] : (struct str){ 0 };

	if (fact != FACT_FAMILY || level != LEVEL(NAME, DIFFER) || !sex.len)
		return 0;
	return sex.at[0] == 'f' ? w->m->renamed_female : w->m->renamed_male;
}

static void add_up(const struct weigher *w, const struct facts *x, const unsigned which[FACT_COUNT],
		   struct weighed *out)
{
	const struct model *m = &w->m->model;
	double logs[CLASS_COUNT] = { 0 }, shares, rare = 0; /* rare: of the names, by tables */

	for (unsigned fact = 0; fact < FACT_COUNT; fact++) {
		unsigned level = out->level[fact];
		double more, changed;

		if (!level || told_already(out, fact))
			continue;
		more = rarity(w, fact, level, x->of[fact].at[which[fact]]);
		changed = renamed(w, x, fact, level);
		rare += fact == FACT_GIVEN || fact == FACT_FAMILY ? more : 0;
		logs[CLASS_MATCH] += m->log2p[CLASS_MATCH][fact][level] + changed;
		logs[CLASS_CHANCE] += m->log2p[CLASS_CHANCE][fact][level] + more;
		logs[CLASS_KIN] += m->log2p[CLASS_KIN][fact][level] +
				   (m->personal[fact] ? more : 0);
		out->bits[fact] = bits_of(w, fact, level) + changed - more;
	}
	if (w->common > rare && out->level[FACT_GIVEN] == LEVEL(NAME, EXACT) &&
	    out->level[FACT_FAMILY] == LEVEL(NAME, EXACT)) {
		logs[CLASS_CHANCE] += w->common - rare;
		out->bits[FACT_GIVEN] -= w->common - rare;
	}
	logs[CLASS_MATCH] += out->other_id;
	shares = log2_sum(w->log2_share[CLASS_CHANCE], w->log2_share[CLASS_KIN]);
	out->weight = logs[CLASS_MATCH] -
		      (log2_sum(logs[CLASS_CHANCE] + w->log2_share[CLASS_CHANCE],
				logs[CLASS_KIN] + w->log2_share[CLASS_KIN]) -
		       shares);
	out->log_odds = out->weight + w->log2_share[CLASS_MATCH] - shares;
}

static bool lacks(const struct facts *f)
{
	return !f->of[FACT_GIVEN].len || !f->of[FACT_DOB].len;
}

void weigh(struct weigher *w, const struct facts *x, const struct numbers *xn,
	   const struct facts *y, const struct numbers *yn, struct weighed *out)
{
	unsigned which[FACT_COUNT] = { 0 };

	*out = (struct weighed){ 0 };
	for (unsigned fact = 0; fact < FACT_COUNT; fact++)
		out->level[fact] = best_level(w, fact, xn, fact, yn, fact, &which[fact]);
	look_crossed(w, xn, yn, out->level);
	bool two_numbers = numbered_apart(x, y);

	out->other_id = two_numbers ? w->m->other_id : 0;
	out->conflict = x->nhs_verified && y->nhs_verified && !str_eq(x->nhs, y->nhs);
	out->other_twin = x->birth_order.len && y->birth_order.len &&
			  !str_eq(x->birth_order, y->birth_order);
	out->incomplete = lacks(x) || lacks(y);
	out->born_apart = facts_born_apart(w, x, xn, y, yn);
	out->numbered_apart = two_numbers && (clearly_two(out) || !supported(out));
	add_up(w, x, which, out);
}

/* ---- told ---- */

struct reason {
	const char *column, *words;
	double bits;
};

static int by_strength(const void *a, const void *b)
{
	double x = fabs(((const struct reason *)a)->bits),
	       y = fabs(((const struct reason *)b)->bits);

	return (x < y) - (x > y);
}

struct str weighed_json(struct arena *a, const struct weighed *w)
{
	struct reason reasons[FACT_COUNT + 1];
	unsigned len = 0;
	struct buf b;

	for (unsigned fact = 0; fact < FACT_COUNT; fact++) {
		const struct role_row *role = &role_rows[fact_roles[fact]];

		if (w->level[fact])
			reasons[len++] = (struct reason){
				role->word, level_row(role->kind, w->level[fact])->words,
				w->bits[fact]
			};
	}
	if (w->other_id < 0)
		reasons[len++] = (struct reason){ "number", "one organisation gave two",
						  w->other_id };
	qsort(reasons, len, sizeof *reasons, by_strength);
	buf_init(&b, a, 0);
	buf_char(&b, '[');
	for (unsigned i = 0; i < len; i++)
		buf_printf(&b, "%s{\"column\":\"%s\",\"level\":\"%s\",\"weight\":%.2f}",
			   i ? "," : "", reasons[i].column, reasons[i].words, reasons[i].bits);
	buf_char(&b, ']');
	return buf_get(&b);
}
