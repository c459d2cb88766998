/* atom.c - see atom.h. */
#include "identity/atom.h"

#include <stdlib.h>

/* ---- derived texts; `out` has room for 64 bytes ---- */

enum { ROOM = 64 };

static struct str without_spaces(struct str s, size_t limit, char out[ROOM])
{
	size_t n = 0;

	for (size_t i = 0; i < s.len && n < limit; i++)
		if (s.at[i] != ' ')
			out[n++] = s.at[i];
	return (struct str){ out, n };
}

static struct str derive_whole(struct str s, char out[ROOM])
{
	return without_spaces(s, ROOM, out);
}

static struct str derive_head_3(struct str s, char out[ROOM])
{
	return without_spaces(s, 3, out);
}

static struct str derive_head_5(struct str s, char out[ROOM])
{
	return without_spaces(s, 5, out);
}

static struct str derive_year_month(struct str s, char out[ROOM])
{
	(void)out;
	return (struct str){ s.at, 6 };
}

static struct str derive_month_day(struct str s, char out[ROOM])
{
	(void)out;
	return (struct str){ s.at + 4, 4 };
}

static struct str derive_year_day(struct str s, char out[ROOM])
{
	memcpy(out, s.at, 4);
	memcpy(out + 4, s.at + 6, 2);
	return (struct str){ out, 6 };
}

static int by_letter(const void *a, const void *b)
{
	return *(const unsigned char *)a - *(const unsigned char *)b;
}

/* Letters sorted, so that two that changed places make no difference. */
static struct str derive_sorted(struct str s, char out[ROOM])
{
	struct str all = without_spaces(s, ROOM, out);

	qsort(out, all.len, 1, by_letter);
	return all;
}

static struct str derive_first_half(struct str s, char out[ROOM])
{
	(void)out;
	return (struct str){ s.at, (s.len + 1) / 2 };
}

static struct str derive_last_half(struct str s, char out[ROOM])
{
	(void)out;
	return (struct str){ s.at + s.len / 2, s.len - s.len / 2 };
}

/* All but the last three letters of a British postcode, the first half of others. */
static struct str derive_district(struct str s, char out[ROOM])
{
	bool british = s.len >= 5 && s.at[0] > '9' && s.at[s.len - 1] > '9';

	(void)out;
	return (struct str){ s.at, british ? s.len - 3 : (s.len + 1) / 2 };
}

static struct str derive_before_at(struct str s, char out[ROOM])
{
	(void)out;
	return str_cut(&s, '@');
}

static struct str derive_first_word(struct str s, char out[ROOM])
{
	(void)out;
	return str_cut(&s, ' ');
}

static struct str derive_last_word(struct str s, char out[ROOM])
{
	size_t from = s.len;

	(void)out;
	while (from && s.at[from - 1] != ' ')
		from--;
	return (struct str){ s.at + from, s.len - from };
}

static const struct derivation {
	enum kind kind;
	const char *words;
	struct str (*derive)(struct str s, char out[ROOM]); /* NULL: the value itself */
	bool sound;
} derivations[] = {
	{ KIND_NAME, "", NULL },
	{ KIND_NAME, " sound", NULL, true },
	{ KIND_NAME, " first 3 letters", derive_head_3 },
	{ KIND_FULL_NAME, " letters", derive_sorted },
	{ KIND_FULL_NAME, " first word", derive_first_word },
	{ KIND_FULL_NAME, " last word", derive_last_word },
	{ KIND_DATE, "", NULL },
	{ KIND_DATE, " year and month", derive_year_month },
	{ KIND_DATE, " month and day", derive_month_day },
	{ KIND_DATE, " year and day", derive_year_day },
	{ KIND_DATE, " digits", derive_sorted },
	{ KIND_SEX, "", NULL },
	{ KIND_POSTCODE, "", NULL },
	{ KIND_POSTCODE, " letters", derive_sorted },
	{ KIND_POSTCODE, " district", derive_district },
	{ KIND_TEXT, "", derive_whole },
	{ KIND_TEXT, " first 5 letters", derive_head_5 },
	{ KIND_PHONE, "", NULL },
	{ KIND_PHONE, " first half", derive_first_half },
	{ KIND_PHONE, " last half", derive_last_half },
	{ KIND_EMAIL, "", NULL },
	{ KIND_EMAIL, " before the @", derive_before_at },
	{ KIND_EMAIL, " last half", derive_last_half },
	{ KIND_IDENTIFIER, "", NULL },
	{ KIND_IDENTIFIER, " first half", derive_first_half },
	{ KIND_IDENTIFIER, " last half", derive_last_half },
};

/* ---- atoms ---- */

static uint32_t *derive_all(struct arena *a, const struct values *values,
			    const struct derivation *d)
{
	static const uint64_t key[2] = { 0x6B65792E61746F6D, 0x636175736577617A };
	uint32_t *out = NEW_N(a, uint32_t, values->text.len);
	char room[ROOM];

	for (size_t v = 1; v < values->text.len; v++) {
		if (d->sound) {
			out[v] = values->sound.at[v];
			continue;
		}
		struct str text = d->derive(values->text.at[v], room);
		if (text.len)
			out[v] = (uint32_t)hash_keyed(key, text.at, text.len) | 1;
	}
	return out;
}

static unsigned column_of(const struct people *p, enum role role)
{
	for (unsigned i = 0; i < p->width; i++)
		if (p->columns[i].role == role)
			return i;
	return p->width;
}

unsigned atoms_make(struct arena *a, const struct people *p, struct atom out[MAX_ATOMS])
{
	unsigned n = 0, given = column_of(p, ROLE_GIVEN), family = column_of(p, ROLE_FAMILY);

	if (given < p->width && family < p->width)
		out[n++] = (struct atom){ "both names in either order",
					  1u << given | 1u << family,
					  given,
					  family,
					  NULL,
					  true };
	for (unsigned k = 0; k < p->width; k++)
		for (size_t i = 0; i < sizeof derivations / sizeof *derivations; i++) {
			const struct derivation *d = &derivations[i];
			const struct column *column = &p->columns[k];

			if (d->kind != column->kind || n == MAX_ATOMS)
				continue;
			out[n++] = (struct atom){
				arena_printf(a, "%s%s", column->name, d->words),
				1u << k,
				k,
				k,
				d->derive || d->sound ? derive_all(a, column->values, d) : NULL,
				column->kind != KIND_SEX,
			};
		}
	return n;
}

/* ---- keys ---- */

static uint32_t mix(uint32_t x)
{
	x ^= x >> 16;
	x *= UINT32_C(0x7FEB352D);
	x ^= x >> 15;
	x *= UINT32_C(0x846CA68B);
	return x ^ x >> 16;
}

static uint32_t atom_hash(const struct people *p, const struct atom *atom, uint32_t record)
{
	const uint32_t *row = people_row(p, record);
	uint32_t value = row[atom->column], other = row[atom->second];

	if (!value || !other)
		return 0;
	if (atom->second != atom->column)
		return mix(value) + mix(other);
	return atom->of_value ? atom->of_value[value] : value;
}

uint32_t key_hash(const struct people *p, const struct key *key, uint32_t record)
{
	uint32_t one = atom_hash(p, key->one, record);
	uint32_t two = !one ? 0 : key->two ? atom_hash(p, key->two, record) : 1;

	return one && two ? mix(mix(one) * 31 + two) | 1 : 0;
}
