/* weigh.h - one person against others, field by field.
 *
 * Where a person has several values of a field (former names, addresses), the best agreement counts.
 * Within identity/ only.
 */
#ifndef IDENTITY_WEIGH_H
#define IDENTITY_WEIGH_H

#include "identity/matcher.h"

/* The numbers of a person's values. */
struct numbers {
	uint32_t at[FACT_COUNT][MAX_FACTS];
	unsigned len[FACT_COUNT];
};

struct weigher {
	const struct matcher *m;
	struct people *people;
	double log2_share[CLASS_COUNT]; /* of a pair of a stranger and one of the place */
	double common;                  /* weigher_common: bits by which the whole name says less */
};

/* Why two were held for one person or not. */
struct weighed {
	unsigned level[FACT_COUNT];
	double bits[FACT_COUNT]; /* evidence of each field, match against chance */
	double other_id;         /* and of identifiers of one organisation */
	double weight;           /* of all, match against chance and kin, without the prior */
	double log_odds;         /* with it */
	bool conflict;           /* two verified NHS numbers */
	bool other_twin;         /* told to be born first and second */
	bool born_apart;         /* their dates of birth are no mistake for each other */
	bool numbered_apart;     /* one sender numbers two whose names or dates differ clearly, or
				  of whom nothing but those agrees */
	bool incomplete;         /* one of them has no given name, or no date of birth */
};

/* `population`: Patients of the place. */
void weigher_init(struct weigher *w, struct arena *a, const struct matcher *m,
		  int64_t population);
/* How many of the place have the first and family name (as they sound) of whom all will be weighed against:
 * where the names together are more common there than the model has it, agreeing in both says less. */
void weigher_common(struct weigher *w, int64_t namesakes, int64_t population);
void weigher_number(struct weigher *w, const struct facts *f, struct numbers *out);
/* Both have dates of birth, and none of one is a slip of any of the other's: no digit mistyped or
 * two swapped, no day for month, no 1 January for a date that was not known, no other day or month
 * of the same year. Two 1 Januaries of different years are apart: neither need be a date at all. */
bool facts_born_apart(const struct weigher *w, const struct facts *x, const struct numbers *xn,
		      const struct facts *y, const struct numbers *yn);
void weigh(struct weigher *w, const struct facts *x, const struct numbers *xn,
	   const struct facts *y, const struct numbers *yn, struct weighed *out);
/* [{"column":"given","level":"same","weight":6.80},…], strongest first, in `a`. */
struct str weighed_json(struct arena *a, const struct weighed *w);

#endif
