/* policy.c - dated figures: looking them up. policy_load.c reads and checks them. */
#include "rules/policy_part.h"

static int series_cmp(const struct policy_row *row, struct str scheme, struct str key)
{
	int by_scheme = str_cmp(row->scheme, scheme);

	return by_scheme ? by_scheme : str_cmp(row->key->name, key);
}

struct policy_series policy_maybe(const struct policy *policy, const char *scheme, const char *key)
{
	size_t low = 0, high = policy->rows.len, from;
	struct str s = str_of(scheme), k = str_of(key);

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (series_cmp(policy->rows.at[middle], s, k) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (from = low; low < policy->rows.len && series_cmp(policy->rows.at[low], s, k) == 0; low++)
		;
	return low == from ? (struct policy_series){ 0 } : (struct policy_series){ &policy->rows.at[from], low - from };
}

enum err policy_find(struct ctx *c, const struct policy *policy, const char *scheme, const char *key,
		     struct policy_series *out)
{
	struct policy_series found = policy_maybe(policy, scheme, key);

	if (!found.len)
		return fail(c, ERR_NOT_FOUND, "share/policy/%s has no %s of %s.", policy->pack, key, scheme);
	*out = found;
	return OK;
}

const struct policy_row *policy_on(struct policy_series series, int64_t day, int64_t known)
{
	const struct policy_row *found = NULL;

	/* Revisions stand behind what they revise, so the last that fits is the latest known. */
	for (size_t i = 0; i < series.len && series.rows[i]->from <= day; i++)
		if (day < series.rows[i]->to && series.rows[i]->known_from <= known)
			found = series.rows[i];
	return found;
}

const struct policy_row *const *policy_rows(const struct policy *policy, size_t *len)
{
	*len = policy->rows.len;
	return policy->rows.at;
}

struct str policy_print(struct arena *a, const struct policy_key *key, int64_t value)
{
	struct dec d = { value, key->money ? 2 : 5 };

	if (value == POLICY_ALL)
		return STR("all");
	return dec_print(a, key->money ? d : dec_trim(d));
}
