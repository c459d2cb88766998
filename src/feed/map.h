/* map.h - how HL7 v2 becomes FHIR, as tables.
 *
 * share/feed/PACK/NAME.map holds sections, one for each pair of a segment or data type and what is made
 * of it, and rows of what goes where; share/feed/PACK/NAME.codes says what codes become. Packs are
 * read in order of their names ("hl7v2", then "uk"): a later row for the same source and target
 * takes the earlier one's place. docs/feeds.md describes the format.
 *
 *	[PID Patient]
 *	5   .       name[]      XPN
 *	8   .       gender      code sex
 *
 * Read once; immutable after that, so threads share it.
 */
#ifndef FEED_MAP_H
#define FEED_MAP_H

#include "base/vec.h"
#include "feed/hl7.h"
#include "fhir/type.h"

struct map_step {
	const char *name;
	const char *url; /* extension{URL}; NULL: none */
	bool list;       /* name[] or name[0] */
	bool fresh;      /* name[]: a new item; name[0]: the first, made when there is none */
};

struct map_test {
	unsigned field, component, subcomponent;
	bool negated;
	const char *values; /* "NH|NHS"; NULL: any value */
};

struct map_row {
	const char *file;
	unsigned line;
	unsigned field, component, subcomponent; /* field 0: nothing, a constant */
	bool whole;                              /* all of a data type */
	const struct map_test *tests;            /* all must hold */
	unsigned test_count;
	const struct map_step *steps;
	unsigned step_count;
	const char *to;   /* the steps as written */
	const char *as;   /* "string", "date", "code", "concept", "=", "@", a type's name … */
	const char *what; /* the table, constant or hook named with it */
	bool lenient;     /* a value that cannot be read is noted and left out */
};

struct map_section {
	const char *source, *target; /* "PID" "Patient" */
	VEC(struct map_row) rows;
};

struct map_code {
	const char *code, *system, *display;
};

struct maps {
	struct arena *life;
	VEC(struct map_section *) sections;
	struct map codes;   /* "sex|F" -> struct map_code */
	const char *version; /* dates of the packs and a hash of all tables */
};

/* ERR_INVALID with file:line for a table that makes no sense. */
NODISCARD enum err maps_load(struct ctx *c, const struct share *share, const struct fhir *fhir,
			     struct arena *life, struct maps **out);
/* NULL when there is none. target NULL: any. */
const struct map_section *maps_section(const struct maps *maps, const char *source,
				       const char *target);
/* What a code becomes: by itself, in upper case, or the table's `*`. NULL. */
const struct map_code *maps_code(const struct maps *maps, struct arena *a, const char *table,
				 struct str code);

struct map_note {
	struct hl7_where where;
	const char *text;
};

/* One message being mapped. */
struct map_run {
	struct ctx *c;
	const struct maps *maps;
	const struct hl7 *m;
	struct hl7_where where;           /* of the value that failed */
	VEC(struct map_note) notes;       /* what was left out, and why */
	/* Makes what `@WHAT` names of a raw repetition, into the element; may leave it empty. */
	enum err (*refer)(struct map_run *run, const char *what, struct str raw, struct node *into);
	void *arg;
	struct str own; /* what the sender's own code systems begin with */
};

/* "SIMULATOR MRN" as "simulator-mrn", for addresses. In `a`. */
struct str map_slug(struct arena *a, struct str text);
/* Add what the section makes of a segment to an object. ERR_INVALID with run->where set. */
NODISCARD enum err map_segment(struct map_run *run, const struct map_section *section,
			       const struct hl7_segment *segment, struct node *into);
/* The same of a raw repetition (parts: components) of a data type. */
NODISCARD enum err map_type(struct map_run *run, const char *type, struct str raw,
			    struct node *into);
void map_note(struct map_run *run, struct hl7_where where, const char *text);

#endif
