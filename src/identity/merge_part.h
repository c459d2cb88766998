/* merge_part.h - what the files of merging share; for them only. */
#ifndef IDENTITY_MERGE_PART_H
#define IDENTITY_MERGE_PART_H

#include "identity/merge.h"
#include "record/same.h"

/* --- merge_link.c: what a merge writes into the two Patients, and takes out again --- */

enum active { ACTIVE_FALSE, ACTIVE_TRUE, ACTIVE_UNSAID };
/* What Patient.active says. */
enum active patient_active(const struct node *patient);
/* Patient.link: add one, or take one out, by the other's id ("replaced-by", "replaces"). */
void link_put(struct ctx *c, struct node *patient, struct str id, const char *type);
void link_drop(struct node *patient, struct str id, const char *type);
/* active=false, and as it was before unless somebody has changed it since. */
void active_put(struct ctx *c, struct node *patient);
void active_restore(struct node *patient, enum active before);

/* --- merge_look.c --- */

/* What the two Patients themselves say against it; the verified NHS numbers are MERGE_FORBIDS. */
NODISCARD enum err merge_conflicts(struct ctx *c, const struct version *survivor,
				   const struct version *other, struct merge_conflict **out,
				   size_t *len);

/* --- merge_log.c --- */

/* The merge by which a Patient was replaced and that holds; *key 0: none. */
NODISCARD enum err merge_of(struct ctx *c, struct db *db, int64_t other, int64_t *key,
			    int64_t *survivor, enum active *before);
#endif
