/* same.h - Patients that are one person: what reads and searches look up, in one place.
 *
 * identity/merge.c decides it and writes the table `merge`; nothing of a record is rewritten.
 * Whoever looks for the items of one person looks for those of all its Patients.
 */
#ifndef RECORD_SAME_H
#define RECORD_SAME_H

#include "record/record.h"

enum { SAME_MAX = 64 }; /* Patients that one person may have */

struct same {
	int64_t keys[SAME_MAX]; /* ascending; the one asked for is among them */
	size_t len;             /* at least 1 */
	int64_t head;           /* the one that goes on: replaced by no other */
};
/* The Patients that are one person with `person` (its key), on any connection. ERR_LIMIT. */
NODISCARD enum err same_find(struct ctx *c, struct db *db, int64_t person, struct same *out);
bool same_has(const struct same *same, int64_t person);
/* The key of the Patient with that id, of a deleted one too; 0 when there never was one. */
NODISCARD enum err same_key(struct ctx *c, struct db *db, struct str id, int64_t *key);
/* The Patient's id by its key; empty when there is none. In c->arena. */
NODISCARD enum err same_id(struct ctx *c, struct db *db, int64_t person, struct str *id);

/* "WITH RECURSIVE" for statements that read all Patients of the person ?1: JOIN or IN `same`. */
#define SAME_PERSONS                                                                          \
	"WITH RECURSIVE same (person) AS (SELECT CAST(?1 AS BIGINT) UNION "                   \
	"SELECT CASE WHEN m.survivor = same.person THEN m.other ELSE m.survivor END "         \
	"FROM same JOIN merged m ON m.survivor = same.person OR m.other = same.person) "

#endif
