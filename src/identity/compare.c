/* compare.c - see compare.h. */
#include "identity/compare.h"

#include "identity/likeness.h"

/* ---- the levels by number ---- */

static const struct level_row all_levels[] = {
#define L(kind, level, words) { #level, words },
#include "identity/level.def"
#undef L
};

/* Where each kind begins in level.def, in the order of enum kind, and where the last ends. */
static const unsigned first_levels[KIND_COUNT + 1] = {
	AT_NAME_DIFFER,       AT_FULL_NAME_DIFFER,
	AT_DATE_DIFFER,       AT_SEX_DIFFER,
	AT_POSTCODE_DIFFER,   AT_TEXT_DIFFER,
	AT_PHONE_DIFFER,      AT_EMAIL_DIFFER,
	AT_IDENTIFIER_DIFFER, sizeof all_levels / sizeof *all_levels,
};

unsigned level_count(enum kind kind)
{
	return first_levels[kind + 1] - first_levels[kind] + 1;
}

const struct level_row *level_row(enum kind kind, unsigned level)
{
	static const struct level_row missing = { "MISSING", "missing" };

	return level == LEVEL_MISSING ? &missing : &all_levels[first_levels[kind] + level - 1];
}

unsigned level_exact(enum kind kind)
{
	static const unsigned exact[KIND_COUNT] = {
		[KIND_NAME] = LEVEL(NAME, EXACT),
		[KIND_FULL_NAME] = LEVEL(FULL_NAME, EXACT),
		[KIND_DATE] = LEVEL(DATE, EXACT),
		[KIND_SEX] = LEVEL(SEX, EXACT),
		[KIND_POSTCODE] = LEVEL(POSTCODE, EXACT),
		[KIND_TEXT] = LEVEL(TEXT, EXACT),
		[KIND_PHONE] = LEVEL(PHONE, EXACT),
		[KIND_EMAIL] = LEVEL(EMAIL, EXACT),
		[KIND_IDENTIFIER] = LEVEL(IDENTIFIER, EXACT),
	};
	return exact[kind];
}

/* ---- two values ---- */

/* What two values cannot exceed, told from the letters that only one of them has: nearly all pairs
 * of a file end here. */
struct bound {
	unsigned edits; /* at least so many */
	double alike;   /* Jaro-Winkler at most */
};

static struct bound bound_of(const struct values *v, uint32_t a, uint32_t b)
{
	struct str x = v->text.at[a], y = v->text.at[b];
	unsigned only_x = (unsigned)__builtin_popcount(v->letters.at[a] & ~v->letters.at[b]);
	unsigned only_y = (unsigned)__builtin_popcount(v->letters.at[b] & ~v->letters.at[a]);
	struct bound out = { only_x > only_y ? only_x : only_y, 1 };
	double lx = (double)x.len, ly = (double)y.len;
	double common = lx - only_x < ly - only_y ? lx - only_x : ly - only_y;
	unsigned same = 0;

	/* Longer ones are compared by their beginning only. */
	if (x.len > LIKENESS_MAX || y.len > LIKENESS_MAX)
		return (struct bound){ 0, 1 };
	while (same < 4 && same < x.len && same < y.len && x.at[same] == y.at[same])
		same++;
	double jaro_most = common > 0 ? (common / lx + common / ly + 1) / 3 : 0;
	out.alike = jaro_most + same * 0.1 * (1 - jaro_most);
	return out;
}

static bool share_nickname(const struct nicks *a, const struct nicks *b)
{
	for (unsigned i = 0; i < MAX_NICKS && a->row[i]; i++)
		for (unsigned j = 0; j < MAX_NICKS && b->row[j]; j++)
			if (a->row[i] == b->row[j])
				return true;
	return false;
}

static unsigned compare_names(const struct values *v, uint32_t a, uint32_t b)
{
	struct str x = v->text.at[a], y = v->text.at[b];

	if (share_nickname(&v->nicks.at[a], &v->nicks.at[b]))
		return LEVEL(NAME, NICK);
	if ((x.len == 1 || y.len == 1) && x.at[0] == y.at[0])
		return LEVEL(NAME, INITIAL);
	struct bound bound = bound_of(v, a, b);
	if (bound.edits <= 1 && x.len > 2 && y.len > 2 && edit_distance(x, y, 1) <= 1)
		return LEVEL(NAME, EDIT);
	double likeness = bound.alike >= 0.80 ? jaro_winkler(x, y) : 0;
	if (likeness >= 0.90)
		return LEVEL(NAME, CLOSE);
	bool sound = v->sound.at[a] && v->sound.at[a] == v->sound.at[b];
	return sound || likeness >= 0.80 ? LEVEL(NAME, ALIKE) : LEVEL(NAME, DIFFER);
}

static unsigned compare_full_names(const struct values *v, uint32_t a, uint32_t b)
{
	struct str x = v->text.at[a], y = v->text.at[b];
	double overlap = word_overlap(x, y);
	double likeness = bound_of(v, a, b).alike >= 0.85 ? jaro_winkler(x, y) : 0;

	if (overlap == 1)
		return LEVEL(FULL_NAME, EXACT);
	if (likeness >= 0.93)
		return LEVEL(FULL_NAME, CLOSE);
	if (overlap >= 0.5)
		return LEVEL(FULL_NAME, MOST);
	if (likeness >= 0.85)
		return LEVEL(FULL_NAME, ALIKE);
	return overlap > 0 ? LEVEL(FULL_NAME, WORD) : LEVEL(FULL_NAME, DIFFER);
}

/* Eight digits, YYYYMMDD. */
static unsigned compare_dates(const struct values *v, uint32_t a, uint32_t b)
{
	const char *x = v->text.at[a].at, *y = v->text.at[b].at;
	bool year = !memcmp(x, y, 4), month = !memcmp(x + 4, y + 4, 2),
	     day = !memcmp(x + 6, y + 6, 2);
	unsigned differ = 0;

	for (unsigned i = 0; i < 8; i++)
		differ += x[i] != y[i];
	if (year && !memcmp(x + 4, y + 6, 2) && !memcmp(x + 6, y + 4, 2))
		return LEVEL(DATE, SWAPPED);
	if (differ <= 1 || edit_distance(v->text.at[a], v->text.at[b], 1) <= 1)
		return LEVEL(DATE, DIGIT);
	if (year && (!memcmp(x + 4, "0101", 4) || !memcmp(y + 4, "0101", 4)))
		return LEVEL(DATE, FIRST);
	if (year + month + day == 2)
		return LEVEL(DATE, PARTS);
	if (differ <= 2)
		return LEVEL(DATE, NEAR);
	return year ? LEVEL(DATE, YEAR) : LEVEL(DATE, DIFFER);
}

/* A British postcode ends in a digit and two letters; of others the first half is the district. */
static void postcode_parts(struct str s, size_t *sector, size_t *district)
{
	bool british = s.len >= 5 && s.len <= 7 && s.at[s.len - 3] <= '9' && s.at[0] > '9' &&
		       s.at[s.len - 1] > '9';

	*sector = british ? s.len - 2 : s.len;
	*district = british ? s.len - 3 : (s.len + 1) / 2;
}

static bool same_head(struct str x, size_t nx, struct str y, size_t ny)
{
	return nx == ny && !memcmp(x.at, y.at, nx);
}

static unsigned compare_postcodes(const struct values *v, uint32_t a, uint32_t b)
{
	struct str x = v->text.at[a], y = v->text.at[b];
	size_t sx, sy, dx, dy;

	postcode_parts(x, &sx, &dx);
	postcode_parts(y, &sy, &dy);
	if (edit_distance(x, y, 1) <= 1)
		return LEVEL(POSTCODE, EDIT);
	if (same_head(x, sx, y, sy))
		return LEVEL(POSTCODE, SECTOR);
	return same_head(x, dx, y, dy) ? LEVEL(POSTCODE, DISTRICT) : LEVEL(POSTCODE, DIFFER);
}

/* The text without spaces, cut at LIKENESS_MAX. */
static struct str close_up(struct str s, char out[LIKENESS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < s.len && n < LIKENESS_MAX; i++)
		if (s.at[i] != ' ')
			out[n++] = s.at[i];
	return (struct str){ out, n };
}

static unsigned compare_texts(const struct values *v, uint32_t a, uint32_t b)
{
	char one[LIKENESS_MAX], two[LIKENESS_MAX];
	struct bound bound = bound_of(v, a, b);

	/* Spaces count as letters in the bound of likeness, which only makes it larger. */
	if (bound.edits <= 1 || bound.alike >= 0.80) {
		struct str x = close_up(v->text.at[a], one), y = close_up(v->text.at[b], two);
		/* "12" is not "13" with a mistake. */
		if (x.len > 3 && y.len > 3 ? edit_distance(x, y, 1) <= 1 : str_eq(x, y))
			return LEVEL(TEXT, EDIT);
		if (jaro_winkler(x, y) >= 0.88)
			return LEVEL(TEXT, ALIKE);
	}
	bool word = word_overlap(v->text.at[a], v->text.at[b]) >= 1.0 / 3;
	return word ? LEVEL(TEXT, WORD) : LEVEL(TEXT, DIFFER);
}

static unsigned compare_digits(const struct values *v, uint32_t a, uint32_t b)
{
	if (bound_of(v, a, b).edits > 2)
		return LEVEL(IDENTIFIER, DIFFER);
	switch (edit_distance(v->text.at[a], v->text.at[b], 2)) {
	case 0:
	case 1:
		return LEVEL(IDENTIFIER, EDIT);
	case 2:
		return LEVEL(IDENTIFIER, NEAR);
	default:
		return LEVEL(IDENTIFIER, DIFFER);
	}
}

static unsigned compare_emails(const struct values *v, uint32_t a, uint32_t b)
{
	struct str x = v->text.at[a], y = v->text.at[b], rest_x = x, rest_y = y;
	struct bound bound = bound_of(v, a, b);
	unsigned edits = bound.edits <= 2 ? edit_distance(x, y, 2) : 3;

	if (edits <= 2)
		return edits == 2 ? LEVEL(EMAIL, NEAR) : LEVEL(EMAIL, EDIT);
	if (str_eq(str_cut(&rest_x, '@'), str_cut(&rest_y, '@')) ||
	    (bound.alike >= 0.90 && jaro_winkler(x, y) >= 0.90))
		return LEVEL(EMAIL, ALIKE);
	return LEVEL(EMAIL, DIFFER);
}

static unsigned compare_sexes(const struct values *v, uint32_t a, uint32_t b)
{
	(void)v, (void)a, (void)b;
	return LEVEL(SEX, DIFFER);
}

unsigned compare_values(const struct values *values, enum kind kind, uint32_t a, uint32_t b)
{
	static unsigned (*const by_kind[KIND_COUNT])(const struct values *, uint32_t,
						     uint32_t) = {
		[KIND_NAME] = compare_names,        [KIND_FULL_NAME] = compare_full_names,
		[KIND_DATE] = compare_dates,        [KIND_SEX] = compare_sexes,
		[KIND_TEXT] = compare_texts,        [KIND_POSTCODE] = compare_postcodes,
		[KIND_PHONE] = compare_digits,      [KIND_EMAIL] = compare_emails,
		[KIND_IDENTIFIER] = compare_digits,
	};
	if (a != b)
		return by_kind[kind](values, a, b);
	if (kind == KIND_DATE && !memcmp(values->text.at[a].at + 4, "0101", 4))
		return LEVEL(DATE, NEW_YEAR);
	return level_exact(kind);
}

/* ---- two records ---- */

enum { CACHE_SIZE = 1 << 14 };

struct cached {
	uint32_t a, b;
	uint32_t level;
};

struct comparer {
	const struct people *people;
	struct {
		unsigned first, second;
	} crossing[2];
	unsigned crossings;
	struct cached *cache[KIND_COUNT];
};

static void add_crossing(struct comparer *m, enum role first, enum role second)
{
	const struct people *p = m->people;

	for (unsigned i = 0; i < p->width; i++)
		for (unsigned j = 0; j < p->width; j++)
			if (p->columns[i].role == first && p->columns[j].role == second) {
				m->crossing[m->crossings].first = i;
				m->crossing[m->crossings++].second = j;
				return;
			}
}

/* Are values met again often enough for remembering to be quicker than comparing? */
static bool repeats(const struct people *p, const struct column *column)
{
	return column->kind == KIND_NAME ||
	       column->values->text.len < (size_t)CACHE_SIZE || column->values->text.len < p->len / 64;
}

struct comparer *comparer_new(struct arena *a, const struct people *p)
{
	struct comparer *m = NEW(a, struct comparer);

	m->people = p;
	for (unsigned i = 0; i < p->width; i++)
		if (!m->cache[p->columns[i].kind] && repeats(p, &p->columns[i]))
			m->cache[p->columns[i].kind] = NEW_N(a, struct cached, CACHE_SIZE);
	add_crossing(m, ROLE_GIVEN, ROLE_FAMILY);
	add_crossing(m, ROLE_STREET, ROLE_ADDRESS);
	return m;
}

/* ---- ahead of comparing ---- */

static void fetch_value(const struct values *v, enum kind kind, uint32_t value)
{
	__builtin_prefetch(&v->text.at[value]);
	__builtin_prefetch(&v->letters.at[value]);
	if (kind != KIND_NAME)
		return;
	__builtin_prefetch(&v->sound.at[value]);
	__builtin_prefetch(&v->nicks.at[value]);
}

/* Three rounds, for each needs what the one before has fetched: rows, values, texts. */
void compare_soon(const struct people *p, const uint32_t *records, size_t n)
{
	for (size_t i = 0; i < n; i++)
		__builtin_prefetch(people_row(p, records[i]));
	for (size_t i = 0; i < n; i++)
		for (unsigned k = 0; k < p->width; k++)
			fetch_value(p->columns[k].values, p->columns[k].kind,
				    people_row(p, records[i])[k]);
	for (size_t i = 0; i < n; i++)
		for (unsigned k = 0; k < p->width; k++)
			__builtin_prefetch(
				p->columns[k]
					.values->text.at[people_row(p, records[i])[k]]
					.at);
}

static unsigned level_of(struct comparer *m, const struct column *column, uint32_t a,
			 uint32_t b)
{
	if (!a || !b)
		return LEVEL_MISSING;
	if (a == b || !m->cache[column->kind])
		return compare_values(column->values, column->kind, a, b);
	if (a > b) {
		uint32_t other = a;
		a = b, b = other;
	}
	uint32_t at = (a * UINT32_C(0x9E3779B1) ^ b * UINT32_C(0x85EBCA77)) >> 18;
	struct cached *slot = &m->cache[column->kind][at];

	if (slot->a != a || slot->b != b)
		*slot = (struct cached){ a, b,
					 compare_values(column->values, column->kind, a, b) };
	return slot->level;
}

/* Names and texts number their levels differently, but mean the same by these. */
static bool is_good(enum kind kind, unsigned level)
{
	return level >= (kind == KIND_NAME ? LEVEL(NAME, CLOSE) : LEVEL(TEXT, ALIKE));
}

static unsigned crossed_level(enum kind kind, bool half)
{
	if (kind == KIND_NAME)
		return half ? LEVEL(NAME, HALF_CROSSED) : LEVEL(NAME, CROSSED);
	return half ? LEVEL(TEXT, HALF_CROSSED) : LEVEL(TEXT, CROSSED);
}

/* Two columns whose values do not agree as they stand: do they agree in each other's place? */
static void look_crossed(struct comparer *m, unsigned first, unsigned second, const uint32_t *a,
			 const uint32_t *b, unsigned levels[MAX_COLUMNS])
{
	const struct column *column = &m->people->columns[first];

	if (is_good(column->kind, levels[first]) || is_good(column->kind, levels[second]))
		return;
	unsigned there = level_of(m, column, a[first], b[second]);
	unsigned back = level_of(m, column, a[second], b[first]);
	bool good_there = is_good(column->kind, there), good_back = is_good(column->kind, back);

	if ((!good_there && !good_back) || (there && !good_there) || (back && !good_back))
		return;
	levels[first] = crossed_level(column->kind, !good_there || !good_back);
	levels[second] = LEVEL_MISSING;
}

uint64_t compare_records(struct comparer *m, uint32_t record_a, uint32_t record_b)
{
	const struct people *p = m->people;
	const uint32_t *a = people_row(p, record_a), *b = people_row(p, record_b);
	unsigned levels[MAX_COLUMNS];
	uint64_t pattern = 0;

	for (unsigned i = 0; i < p->width; i++)
		levels[i] = level_of(m, &p->columns[i], a[i], b[i]);
	for (unsigned i = 0; i < m->crossings; i++)
		look_crossed(m, m->crossing[i].first, m->crossing[i].second, a, b, levels);
	for (unsigned i = 0; i < p->width; i++)
		pattern |= (uint64_t)levels[i] << i * 4;
	return pattern;
}
