/* emit.h - the synthetic place as its systems would send it: each organisation's own messages, with
 * the mistakes such systems make, and the truth kept aside.
 *
 * The people are those of people_make. Hospitals send HL7 v2; the council sends rows of client-level
 * data; whatever else there is goes as FHIR, a Bundle for each person and organisation. The same person has a
 * record of its own in each, told with other mistakes (share/demo/dirt.tsv says how often which).
 * Same seed, count, day and dirt: the same bytes.
 */
#ifndef MODEL_EMIT_H
#define MODEL_EMIT_H

#include "model/people.h"

enum emit_dirt { DIRT_NONE, DIRT_USUAL, DIRT_HEAVY };

struct emit_options {
	struct people_options place;
	enum emit_dirt dirt;
	bool withhold_council; /* the council never sends an NHS number */
	int64_t since;         /* only what arrives from this minute on; INT64_MIN: all */
	int64_t until;         /* … and up to this one; 0: where the stories have got to */
};

enum emit_kind {
	EMIT_HL7,   /* a message, segments ended by CR */
	EMIT_ROW,   /* a line of CSV under emit_row_header, with its line end */
	EMIT_FHIR,  /* a Bundle on one line, with its line end */
	EMIT_TRUTH, /* a record and whose it is: "record,person" and a line end */
};

struct emitted {
	enum emit_kind kind;
	const char *org;   /* ODS code of who sends */
	int64_t arrives;   /* minute of a wall clock since 1970: the order of arriving */
	unsigned serial;   /* counts up: the order of telling, where they arrive at once */
	bool fresh;        /* people_make's bundles say nothing of it */
	unsigned person;   /* whom it is truly about; 0: nobody, or the county's own */
	struct str text;   /* until the call returns */
};
typedef enum err emit_each(struct ctx *c, void *arg, const struct emitted *one);

/* Told person after person, not in the order of arriving. Errors as people_make, and ERR_INVALID for
 * a wrong share/demo/dirt.tsv. */
NODISCARD enum err emit_make(struct ctx *c, const struct share *share,
			     const struct emit_options *options, emit_each *each, void *arg);
/* The first line of a file of rows, with its line end. */
struct str emit_row_header(void);

#endif
