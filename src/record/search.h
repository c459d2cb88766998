/* search.h - FHIR search as algebra on sorted streams.
 *
 * Each condition of a query becomes one prepared statement that yields (person, resource) pairs in
 * order; AND is a leapfrog over the streams, OR a merge, :not and :missing a difference from all
 * resources of the type. There is no SQL compiler: what a user asks never changes a statement's
 * text. Unknown parameters and modifiers are errors, never ignored.
 */
#ifndef RECORD_SEARCH_H
#define RECORD_SEARCH_H

#include "record/record.h"

enum search_total { TOTAL_NONE, TOTAL_ESTIMATE, TOTAL_ACCURATE };
enum search_summary { SUMMARY_FALSE, SUMMARY_TRUE, SUMMARY_TEXT, SUMMARY_DATA, SUMMARY_COUNT };

struct search; /* a parsed query */

/* Parse "name=smith&birthdate=gt1940" (percent-encoded, as in a URL). `type` empty: all types
 * (then only common parameters and _type). ERR_BAD_REQUEST with the parameter named. In c->arena. */
NODISCARD enum err search_parse(struct ctx *c, struct str type, struct str query, const struct search **out);

/* The same within a compartment, such as all that concerns a Patient. `type` empty: all types in it.
 * ERR_NOT_FOUND when there is no such compartment, ERR_BAD_REQUEST when the type is never in it. */
NODISCARD enum err search_parse_inside(struct ctx *c, struct str compartment, struct str id,
				       struct str type, struct str query,
				       const struct search **out);

struct search_page {
	struct version *at;     /* with bodies, already cut down for _summary and _elements */
	size_t len;
	struct version *included; /* what _include and _revinclude bring along */
	size_t included_len;
	int64_t total;          /* -1: not asked for */
	struct str self;        /* the query as understood, for Bundle.link self */
	struct str next, prev;  /* queries of the pages beside this one; empty: none */
};
/* Run one page. Results in c->arena. ERR_LIMIT when it would cost too much. */
NODISCARD enum err search_run(struct ctx *c, const struct search *s, struct search_page *out);

/* Cut a body down as _elements and _summary of a query say. */
NODISCARD enum err search_trim(struct ctx *c, const struct search *s, struct version *v);

/* The keys found, no bodies: inside a transaction, for conditional verbs. At most `cap`; *found is
 * how many there are, up to cap + 1. */
NODISCARD enum err search_ids(struct ctx *c, struct db *db, const struct search *s, size_t cap,
			      struct str *ids, size_t *found);

/* What subscriptions and streams are asked for: "Observation?code=1234-5", or a type alone. ERR_BAD_REQUEST
 * with the reason, as search_parse. In c->arena. */
NODISCARD enum err search_criteria(struct ctx *c, struct str criteria, const struct search **out);
/* The one type it is about; NULL: several. And has it no conditions, so that all of them fit? */
const char *search_type_name(const struct search *s);
bool search_is_open(const struct search *s);
/* Does this version, with its body, fit? A deletion never does. Conditions on other resources (chains, _has)
 * are asked as they are now. What it says of pages, order and parts counts for nothing. */
NODISCARD enum err search_fits(struct ctx *c, struct db *db, const struct search *s,
			       const struct version *v, bool *out);

/* Whose resources count: those of `people` (sorted keys) or, where that is NULL, of `anyone` who
 * is a person, or all. */
struct search_whose {
	bool anyone;
	const int64_t *people;
	size_t count;
};
/* Every resource that fits one of `count` searches, each once, in order of (person, key): for
 * bulk export. `db` is a reader inside db_begin, so that several calls see one moment; `each` as
 * in record_each. What a search says of pages, order and parts counts for nothing here. */
NODISCARD enum err search_each(struct ctx *c, struct db *db, const struct search *const *searches,
			       size_t count, const struct search_whose *whose, record_visit *each,
			       void *arg);

#endif
