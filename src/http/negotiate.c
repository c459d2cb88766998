/* negotiate.c - lists with weights. */
#include "http/negotiate.h"

#include <strings.h>

bool token_eq(struct str a, const char *b)
{
	return a.len == strlen(b) && strncasecmp(a.at, b, a.len) == 0;
}

struct str media_type(struct str content_type)
{
	return str_trim(str_cut(&content_type, ';'));
}

/* "0.75" in thousandths; what is no weight counts as 1. */
static int weight_of(struct str q)
{
	int value = 0, unit = 100;

	if (q.len == 0 || (q.at[0] != '0' && q.at[0] != '1'))
		return 1000;
	if (q.at[0] == '1')
		return 1000;
	for (size_t i = 2; i < q.len && i < 5 && q.at[i] >= '0' && q.at[i] <= '9'; i++) {
		value += unit * (q.at[i] - '0');
		unit /= 10;
	}
	return value;
}

/* How exactly a name of the list fits: 3 the item itself, 2 its type, 1 anything, 0 not. */
static int fit(struct str name, const char *item)
{
	const char *slash = strchr(item, '/');

	if (token_eq(name, item))
		return 3;
	if (slash && name.len == (size_t)(slash - item) + 2 && str_ends(name, STR("/*")) &&
	    strncasecmp(name.at, item, name.len - 1) == 0)
		return 2;
	return str_eq(name, STR("*")) || str_eq(name, STR("*/*"));
}

int negotiate_weight(struct str list, const char *item)
{
	int best_fit = 0, weight = -1;

	while (list.at) {
		struct str rest = str_cut(&list, ',');
		struct str name = str_trim(str_cut(&rest, ';'));
		int fits = fit(name, item), w = 1000;
		if (fits <= best_fit)
			continue;
		while (rest.at) {
			struct str p = str_trim(str_cut(&rest, ';'));
			if (p.len > 2 && (p.at[0] == 'q' || p.at[0] == 'Q') && p.at[1] == '=')
				w = weight_of((struct str){ p.at + 2, p.len - 2 });
		}
		best_fit = fits;
		weight = w;
	}
	return weight;
}
