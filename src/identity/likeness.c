/* likeness.c - see likeness.h. */
#include "identity/likeness.h"

static size_t cut(struct str s)
{
	return s.len < LIKENESS_MAX ? s.len : LIKENESS_MAX;
}

/* Where each letter stands in a text of at most 64: bit i of at[c]. Only letters of either text are
 * set, for most of 256 are never asked for. */
struct places {
	uint64_t at[256];
};

static void place(struct places *p, const char *a, size_t la, const char *b, size_t lb)
{
	for (size_t i = 0; i < lb; i++)
		p->at[(uint8_t)b[i]] = 0;
	for (size_t i = 0; i < la; i++)
		p->at[(uint8_t)a[i]] = 0;
	for (size_t i = 0; i < la; i++)
		p->at[(uint8_t)a[i]] |= UINT64_C(1) << i;
}

/* The first n bits. */
static uint64_t first_bits(size_t n)
{
	return n < 64 ? (UINT64_C(1) << n) - 1 : UINT64_MAX;
}

/* Letters of one that stand in the other within half the longer length are common; bit i of *ours
 * and of *theirs says which. */
static unsigned common_letters(const char *a, size_t la, const char *b, size_t lb,
			       uint64_t *ours, uint64_t *theirs)
{
	size_t reach = (la > lb ? la : lb) / 2;
	unsigned common = 0;
	struct places p;

	reach = reach ? reach - 1 : 0;
	*ours = *theirs = 0;
	place(&p, b, lb, a, la);
	for (size_t i = 0; i < la; i++) {
		uint64_t before = i > reach ? first_bits(i - reach) : 0;
		uint64_t found = p.at[(uint8_t)a[i]] & first_bits(i + reach + 1) & ~before &
				 ~*theirs;
		if (!found)
			continue;
		*theirs |= found & -found; /* the first of them */
		*ours |= UINT64_C(1) << i;
		common++;
	}
	return common;
}

double jaro(struct str sa, struct str sb)
{
	size_t la = cut(sa), lb = cut(sb);
	uint64_t ours, theirs;
	unsigned moved = 0;

	if (!la || !lb)
		return la == lb ? 1 : 0;
	unsigned common = common_letters(sa.at, la, sb.at, lb, &ours, &theirs);
	if (!common)
		return 0;
	for (; ours; ours &= ours - 1, theirs &= theirs - 1)
		moved += sa.at[__builtin_ctzll(ours)] != sb.at[__builtin_ctzll(theirs)];
	double c = common;
	return (c / (double)la + c / (double)lb + (c - moved / 2.0) / c) / 3;
}

double jaro_winkler(struct str a, struct str b)
{
	double j = jaro(a, b);
	unsigned same = 0;

	while (same < 4 && same < a.len && same < b.len && a.at[same] == b.at[same])
		same++;
	return j + same * 0.1 * (1 - j);
}

/* A column of the table of distances is kept as differences between neighbours, a bit for each row,
 * and all rows of it are made at once: H. Hyyro, A Bit-Vector Algorithm for Computing Levenshtein and
 * Damerau Edit Distances, Nordic Journal of Computing 10 (2003). The score is that of the last row. */
static unsigned edits(const char *a, size_t la, const char *b, size_t lb, unsigned limit)
{
	uint64_t up = UINT64_MAX, down = 0, same = 0, before = 0;
	uint64_t last = UINT64_C(1) << (la - 1);
	unsigned score = (unsigned)la;
	struct places p;

	place(&p, a, la, b, lb);
	for (size_t j = 0; j < lb; j++) {
		uint64_t here = p.at[(uint8_t)b[j]];
		uint64_t swapped = (~same & here) << 1 & before;

		same = (((here & up) + up) ^ up) | here | down | swapped;
		uint64_t right = down | ~(same | up), left = same & up;
		score += (right & last) != 0;
		score -= (left & last) != 0;
		/* Each letter left takes one off at most. */
		if (score > limit + (lb - 1 - j))
			return limit + 1;
		right = right << 1 | 1;
		up = left << 1 | ~(same | right);
		down = right & same;
		before = here;
	}
	return score;
}

unsigned edit_distance(struct str sa, struct str sb, unsigned limit)
{
	const char *a = sa.at, *b = sb.at;
	size_t la = cut(sa), lb = cut(sb);

	if ((la > lb ? la - lb : lb - la) > limit)
		return limit + 1;
	while (la && lb && *a == *b)
		a++, b++, la--, lb--;
	while (la && lb && a[la - 1] == b[lb - 1])
		la--, lb--;
	size_t most = la > lb ? la : lb;
	if (!la || !lb || most <= 1)
		return most > limit ? limit + 1 : (unsigned)most;
	unsigned score = edits(a, la, b, lb, limit);
	return score > limit ? limit + 1 : score;
}

enum { MAX_WORDS = 16 };

static unsigned split(struct str s, struct str words[MAX_WORDS])
{
	unsigned n = 0;

	while (s.at && n < MAX_WORDS) {
		struct str word = str_cut(&s, ' ');
		if (word.len)
			words[n++] = word;
	}
	return n;
}

double word_overlap(struct str a, struct str b)
{
	struct str ours[MAX_WORDS], theirs[MAX_WORDS];
	unsigned na = split(a, ours), nb = split(b, theirs), both = 0;
	uint32_t used = 0;

	if (!na && !nb)
		return 1;
	for (unsigned i = 0; i < na; i++)
		for (unsigned j = 0; j < nb; j++)
			if (!(used >> j & 1) && str_eq(ours[i], theirs[j])) {
				used |= UINT32_C(1) << j;
				both++;
				break;
			}
	return (double)both / (na + nb - both);
}
