/* facts.h - what a Patient resource says of who somebody is.
 *
 * Names, dates, addresses and numbers taken out of the resource and made comparable (normal.c), all of
 * them: former names and addresses too, for a message may still use them. Within identity/ only.
 */
#ifndef IDENTITY_FACTS_H
#define IDENTITY_FACTS_H

#include "base/json.h"
#include "base/vec.h"
#include "identity/people.h"

/* Fields compared, and the role each has in the engine. */
#define FACT_LIST(X)                                                                           \
	X(GIVEN, GIVEN)                                                                        \
	X(FAMILY, FAMILY)                                                                      \
	X(DOB, DOB)                                                                            \
	X(SEX, SEX)                                                                            \
	X(POSTCODE, POSTCODE)                                                                  \
	X(STREET, STREET)                                                                      \
	X(PHONE, PHONE)                                                                        \
	X(EMAIL, EMAIL)                                                                        \
	X(NHS, IDENTIFIER)
enum fact {
#define X(fact, role) FACT_##fact,
	FACT_LIST(X)
#undef X
		FACT_COUNT
};

enum { MAX_FACTS = 8, MAX_IDENTIFIERS = 24 };

struct identifier {
	struct str system, value; /* as written, without spaces around */
};

struct facts {
	struct {
		struct str at[MAX_FACTS]; /* newest first, each once */
		unsigned len;
	} of[FACT_COUNT];
	struct str nhs;    /* ten right digits; empty: none */
	bool nhs_verified; /* status 01 */
	struct identifier ids[MAX_IDENTIFIERS]; /* of organisations: all but the NHS number */
	unsigned id_count;
	struct str birth_order; /* of twins: "1", "2"; empty: not told */
};

/* The role of a field in the engine. */
extern const enum role fact_roles[FACT_COUNT];

/* Take them from a Patient; in `a`, and borrowing from the tree. Placeholders for a name ("Baby Boy")
 * are none. */
void facts_take(struct arena *a, const struct node *patient, struct facts *out);
/* As one text, and back; what is read borrows from the text. */
struct str facts_write(struct arena *a, const struct facts *f);
void facts_read(struct str text, struct facts *out);
/* Is an identifier's NHS number verified? (UK Core's extension, code 01 or the slug before it.) */
bool nhs_identifier_verified(const struct node *identifier);

/* Is it the system of numbers that were meant for NHS numbers and are none (a wrong check digit, all
 * zeros)? Many people have the same: it says of nobody who they are. */
bool facts_unchecked(struct str system);

#endif
