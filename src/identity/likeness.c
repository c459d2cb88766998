/* likeness.c - see likeness.h. */
#include "identity/likeness.h"

static size_t cut(struct str s)
{
	return s.len < LIKENESS_MAX ? s.len : LIKENESS_MAX;
}

/* Letters of one that stand in the other within half the longer length are common; bit i of *ours
 * and of *theirs says which. */
static unsigned common_letters(const char *a, size_t la, const char *b, size_t lb,
			       uint64_t *ours, uint64_t *theirs)
{
	size_t reach = (la > lb ? la : lb) / 2;
	unsigned common = 0;

	reach = reach ? reach - 1 : 0;
	*ours = *theirs = 0;
	for (size_t i = 0; i < la; i++) {
		size_t from = i > reach ? i - reach : 0;
		size_t to = i + reach + 1 < lb ? i + reach + 1 : lb;
		for (size_t j = from; j < to; j++)
			if (a[i] == b[j] && !(*theirs >> j & 1)) {
				*theirs |= UINT64_C(1) << j;
				*ours |= UINT64_C(1) << i;
				common++;
				break;
			}
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

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

unsigned edit_distance(struct str sa, struct str sb, unsigned limit)
{
	unsigned rows[3][LIKENESS_MAX + 1];
	unsigned *before = rows[0], *last = rows[1], *now = rows[2];
	size_t la = cut(sa), lb = cut(sb);

	if ((la > lb ? la - lb : lb - la) > limit)
		return limit + 1;
	for (unsigned j = 0; j <= lb; j++)
		last[j] = j;
	for (size_t i = 1; i <= la; i++) {
		unsigned best = now[0] = (unsigned)i;
		for (size_t j = 1; j <= lb; j++) {
			bool same = sa.at[i - 1] == sb.at[j - 1];
			now[j] = least(least(now[j - 1], last[j]) + 1, last[j - 1] + !same);
			if (i > 1 && j > 1 && sa.at[i - 1] == sb.at[j - 2] &&
			    sa.at[i - 2] == sb.at[j - 1])
				now[j] = least(now[j], before[j - 2] + 1);
			best = least(best, now[j]);
		}
		/* A swap reaches back two rows, so both must be over. */
		if (best > limit + 1)
			return limit + 1;
		unsigned *free_row = before;
		before = last, last = now, now = free_row;
	}
	return least(last[lb], limit + 1);
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
