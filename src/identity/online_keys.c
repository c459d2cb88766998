/* online_keys.c - the keys of a person. See online.h.
 *
 * A key is a few derived values together, hashed. Which: those that survive what goes wrong with
 * people's data. Day and month of a date are sorted, so that they may change places; each word of a
 * name stands for itself, so that names may change places and be joined.
 */
#include <stdlib.h>

#include "fhir/sound.h"
#include "identity/online.h"

enum { MAX_WORDS = 12 };

/* What keys are made of. */
struct made {
	struct arena *a;
	struct online_keys *out;
	struct str sounds[MAX_WORDS]; /* of words of names, given and family */
	unsigned sound_count;
	struct str dates[MAX_FACTS], givens[MAX_FACTS], families[MAX_FACTS];
	unsigned date_count, given_count, family_count; /* sounds */
};

static void add(struct made *m, char kind, struct str x, struct str y, struct str z)
{
	static const uint64_t key[2] = { UINT64_C(0x6361757365776179), ONLINE_MADE };
	const char *text;

	if (m->out->len == MAX_ONLINE_KEYS)
		return;
	text = arena_printf(m->a, "%c" STR_FMT "\t" STR_FMT "\t" STR_FMT, kind, STR_ARG(x),
			    STR_ARG(y), STR_ARG(z));
	m->out->at[m->out->len++] = (int64_t)hash_keyed(key, text, strlen(text));
}

static const struct str none = { "", 0 };

/* ---- derived values ---- */

static struct str sound_of(struct arena *a, struct str text)
{
	struct str key = sound_key(a, text);

	return key.len ? key : text;
}

static void add_sound(struct made *m, struct str text)
{
	struct str sound = sound_of(m->a, text);

	for (unsigned i = 0; i < m->sound_count; i++)
		if (str_eq(m->sounds[i], sound))
			return;
	if (m->sound_count < MAX_WORDS)
		m->sounds[m->sound_count++] = sound;
}

static void take_names(struct made *m, const struct facts *f)
{
	for (unsigned i = 0; i < f->of[FACT_GIVEN].len; i++) {
		m->givens[m->given_count++] = sound_of(m->a, f->of[FACT_GIVEN].at[i]);
		add_sound(m, f->of[FACT_GIVEN].at[i]);
	}
	for (unsigned i = 0; i < f->of[FACT_FAMILY].len; i++) {
		m->families[m->family_count++] = sound_of(m->a, f->of[FACT_FAMILY].at[i]);
		add_sound(m, f->of[FACT_FAMILY].at[i]);
	}
}

/* Year, then the smaller of month and day, then the larger. */
static void take_dates(struct made *m, const struct facts *f)
{
	for (unsigned i = 0; i < f->of[FACT_DOB].len; i++) {
		struct str s = f->of[FACT_DOB].at[i];
		bool swap = s.len == 8 && memcmp(s.at + 4, s.at + 6, 2) > 0;

		if (s.len == 8)
			m->dates[m->date_count++] = str_of(
				arena_printf(m->a, "%.4s%.2s%.2s", s.at, s.at + (swap ? 6 : 4),
					     s.at + (swap ? 4 : 6)));
	}
}

static struct str district(struct str postcode)
{
	size_t len = postcode.len > 4 ? postcode.len - 3 : postcode.len;

	return (struct str){ postcode.at, len };
}

/* ---- the keys ---- */

static void by_numbers(struct made *m, const struct facts *f)
{
	for (unsigned i = 0; i < f->of[FACT_NHS].len; i++)
		add(m, 'n', f->of[FACT_NHS].at[i], none, none);
	for (unsigned i = 0; i < f->of[FACT_PHONE].len; i++)
		add(m, 't', f->of[FACT_PHONE].at[i], none, none);
	for (unsigned i = 0; i < f->of[FACT_EMAIL].len; i++)
		add(m, 'm', f->of[FACT_EMAIL].at[i], none, none);
	for (unsigned i = 0; i < f->id_count && i < 8; i++)
		add(m, 'i', f->ids[i].system, f->ids[i].value, none);
}

static void by_birth(struct made *m, const struct facts *f)
{
	for (unsigned d = 0; d < m->date_count; d++) {
		for (unsigned i = 0; i < m->sound_count; i++)
			add(m, 'd', m->dates[d], m->sounds[i], none);
		for (unsigned i = 0; i < f->of[FACT_POSTCODE].len; i++)
			add(m, 'p', m->dates[d], f->of[FACT_POSTCODE].at[i], none);
	}
}

static void by_names(struct made *m, const struct facts *f)
{
	for (unsigned g = 0; g < m->given_count; g++)
		for (unsigned s = 0; s < m->family_count; s++) {
			for (unsigned d = 0; d < m->date_count; d++)
				add(m, 'y', m->givens[g], m->families[s],
				    (struct str){ m->dates[d].at, 4 });
			for (unsigned i = 0; i < f->of[FACT_POSTCODE].len; i++)
				add(m, 'a', m->givens[g], m->families[s],
				    district(f->of[FACT_POSTCODE].at[i]));
			add(m, 'f', m->givens[g], m->families[s], none);
		}
}

static void by_home(struct made *m, const struct facts *f)
{
	for (unsigned i = 0; i < f->of[FACT_POSTCODE].len; i++)
		for (unsigned g = 0; g < m->given_count; g++)
			add(m, 'g', m->givens[g], f->of[FACT_POSTCODE].at[i], none);
	for (unsigned i = 0; i < f->of[FACT_STREET].len; i++)
		for (unsigned s = 0; s < m->family_count; s++)
			add(m, 's', m->families[s], f->of[FACT_STREET].at[i], none);
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

void online_keys(const struct facts *f, struct online_keys *out)
{
	ARENA(scratch);
	struct made m = { .a = &scratch, .out = out };
	unsigned len = 0;

	out->len = 0;
	take_names(&m, f);
	take_dates(&m, f);
	by_numbers(&m, f);
	by_birth(&m, f);
	by_names(&m, f);
	by_home(&m, f);
	qsort(out->at, out->len, sizeof *out->at, by_value);
	for (unsigned i = 0; i < out->len; i++)
		if (!len || out->at[i] != out->at[len - 1])
			out->at[len++] = out->at[i];
	out->len = len;
}

bool online_name_key(const struct facts *f, int64_t *key)
{
	ARENA(scratch);
	struct online_keys one = { .len = 0 };
	struct made m = { .a = &scratch, .out = &one };

	if (!f->of[FACT_GIVEN].len || !f->of[FACT_FAMILY].len)
		return false;
	add(&m, 'f', sound_of(&scratch, f->of[FACT_GIVEN].at[0]),
	    sound_of(&scratch, f->of[FACT_FAMILY].at[0]), none);
	*key = one.at[0];
	return true;
}

bool online_keys_share(const struct online_keys *a, const struct online_keys *b)
{
	for (unsigned i = 0, j = 0; i < a->len && j < b->len;) {
		if (a->at[i] == b->at[j])
			return true;
		if (a->at[i] < b->at[j])
			i++;
		else
			j++;
	}
	return false;
}
