/* query.h - what someone typed to find a person, understood.
 *
 * One box takes names in any order, a date of birth as the British write it or as ISO does, an
 * NHS number with or without spaces, a postcode or its first half, another system's number, and
 * any of these together: "tredwell 1941", "edie 3/3/41". Pure: no record, no page.
 */
#ifndef WEB_QUERY_H
#define WEB_QUERY_H

#include "base/buf.h"

#define QUERY_NAMES 6
#define QUERY_LIMIT 200 /* bytes looked at */

struct query {
	struct str names[QUERY_NAMES];
	unsigned name_count;
	struct str family, given; /* from the separate fields */
	struct str born[2];       /* FHIR dates, alternatives: "3/3/15" may be 2015 or 1915 */
	unsigned born_count;
	struct str number;   /* an NHS number: ten digits */
	bool number_wrong;   /* its check digit does not fit */
	struct str postcode; /* "WX4 6QT", "WX4" */
	struct str other;    /* letters and digits: some system's number */
};

/* Read what was typed into the box; adds to *out. `year`: the present one. Texts in `a`. */
void query_read(struct arena *a, struct str typed, int year, struct query *out);
bool query_empty(const struct query *q);
/* Ten digits whose check digit fits (modulus 11, NHS Data Dictionary "NHS NUMBER"). */
bool nhs_number_fits(struct str digits);

/* As a query of FHIR search on Patient, percent-encoded; names by their sound if `sounds`. */
struct str query_fhir(struct arena *a, const struct query *q, bool sounds);
/* "the names Edie and Tredwell, and born 3 Mar 1941": for "no one found". */
struct str query_words(struct arena *a, const struct query *q);

#endif
