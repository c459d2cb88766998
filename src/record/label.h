/* label.h - what makes an item more than ordinary: bits of resource.labels.
 *
 * share/access/label.tsv names the bits, share/access/label_rule.tsv says by what an item has them: a
 * code in meta.security, a search token of the resource, or its type alone. They are found from the
 * index rows when a resource is written, and hang on nothing but the resource: a rebuild finds the
 * same. What a label means, and who may see it, is decided by `access`.
 */
#ifndef RECORD_LABEL_H
#define RECORD_LABEL_H

#include "record/place.h"

struct label {
	uint64_t bit;            /* one bit */
	struct str name;         /* "mental-health" */
	struct str kind;         /* "category", "sensitivity", "handling" */
	struct str title, words; /* for people */
};

/* Those there are, by bit; live as long as the place. */
const struct label *place_labels(const struct place *place, size_t *len);
/* NULL when there is none of that name. */
const struct label *label_find(const struct place *place, struct str name);
/* That a code in meta.security or a Consent's securityLabel stands for: a name, or HL7's code ("R") as
 * label_rule.tsv has it; NULL when it is known for none. */
const struct label *label_said(const struct place *place, struct str code);

#define LABEL_SYSTEM "https://causeway.example/fhir/CodeSystem/label" /* of codes that are names */
/* The labels of a resource as it is now, whoever asks; 0 where it never was. */
NODISCARD enum err labels_now(struct ctx *c, struct str type, struct str id, uint64_t *out);
/* Words about something are kept as closely as it is: labels are said in a resource's meta.security. */
void labels_say(struct ctx *c, uint64_t labels, struct node *resource);

/* --- for record/ --- */

struct labels;
struct rows;
/* ERR_INVALID with file:line. In place->life. */
NODISCARD enum err labels_load(struct ctx *c, struct place *place, struct labels **out);
/* Differs when the tables may find other labels. */
uint64_t labels_digest(const struct labels *labels);
/* The labels of a resource with these rows. */
uint64_t labels_of(const struct place *place, const struct fhir_type *type,
		   const struct rows *rows);

#endif
