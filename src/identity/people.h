/* people.h - records of people to be compared: every value a number.
 *
 * A record is a row of cells; a cell is the number of a distinct value of its kind, 0 where it is
 * missing. Kinds share their values, so a given name and a family name that are the same text are
 * the same number. A record costs four bytes a column and its id; a text is kept once, folded.
 * Filled by one thread, then read by any number.
 */
#ifndef IDENTITY_PEOPLE_H
#define IDENTITY_PEOPLE_H

#include "base/map.h"
#include "base/share.h"
#include "base/vec.h"

enum kind {
	KIND_NAME,
	KIND_FULL_NAME,
	KIND_DATE, /* eight digits, year first */
	KIND_SEX,
	KIND_POSTCODE,
	KIND_TEXT,
	KIND_PHONE,
	KIND_EMAIL,
	KIND_IDENTIFIER,
	KIND_COUNT
};

enum role {
#define X(role, word, kind, headers) ROLE_##role,
#include "identity/role.def"
#undef X
	ROLE_COUNT
};

struct role_row {
	const char *word;
	enum kind kind;
	const char *headers;
};
extern const struct role_row role_rows[ROLE_COUNT];

enum { MAX_COLUMNS = 14, MAX_NICKS = 4 };

/* The distinct values of one kind; [0] is the missing one. */
struct values {
	uint32_t *slots; /* hash table of numbers, 0: free; a power of two of them */
	size_t slot_count;
	VEC(struct str) text;
	VEC(uint32_t) letters; /* bit c % 32 for each letter c in it, spaces aside */
	VEC(uint32_t) sound;   /* names: values that sound alike have the same; 0: none */
	VEC(struct nicks { uint16_t row[MAX_NICKS]; })
	nicks; /* names: rows of nicknames.tsv, 0 ends */
};

struct column {
	enum role role;
	enum kind kind;
	const char *name; /* "given", "other:occupation" */
	struct values *values;
	uint32_t *counts; /* of records by value; by people_count */
	uint64_t filled;  /* records that have one */
};

struct people {
	struct arena *arena;
	struct column columns[MAX_COLUMNS];
	unsigned width;
	struct values values[KIND_COUNT];
	struct map sounds, nicknames;
	uint32_t *cells; /* len rows of width */
	uint32_t len, room;
	uint32_t
		first_of_second; /* records before it are of the first file; len if there is one */
};

/* Empty; nicknames come from share/code/nicknames.tsv. */
NODISCARD enum err people_new(struct ctx *c, const struct share *share, struct arena *a,
			      struct people **out);
/* Empty, with the nicknames of another, which must outlive it and may be shared by threads. */
struct people *people_beside(struct arena *a, const struct people *root);
/* The number of a text made comparable already, given one if it is new; 0 of an empty one. */
uint32_t people_value(struct people *p, enum kind kind, struct str text);
/* All columns come before the first record. */
struct column *people_add_column(struct people *p, enum role role, const char *name);
/* A record of `width` raw texts; ERR_LIMIT past 2^31 records. */
NODISCARD enum err people_add(struct ctx *c, struct people *p, const struct str *texts);
/* Count values, once all records are there. */
void people_count(struct people *p);

static inline const uint32_t *people_row(const struct people *p, uint32_t record)
{
	return p->cells + (size_t)record * p->width;
}

/* Bit c % 32 for each letter c of a text, spaces aside. */
uint32_t text_letters(struct str s);
/* A raw text as its kind has it (normal.c): folded, freed of what does not tell people apart; empty
 * when it says nothing ("unknown", "n/a", a date that is none). In `a`. */
struct str normal_text(struct arena *a, enum kind kind, struct str raw);

#endif
