/* decide_part.h - what guard_make and access_explain are both made of; for them only. */
#ifndef ACCESS_DECIDE_PART_H
#define ACCESS_DECIDE_PART_H

#include "access/agreement.h"
#include "access/choice.h"
#include "access/decide.h"
#include "access/glass.h"

/* What the role opens, one for each type of resource by its number. `write`: that may be written. *needs: the
 * labels one of which an item must have, by the same number. */
const uint8_t *kinds_of(struct ctx *c, struct arena *a, const struct rules *rules, const struct actor *actor,
			bool write, const uint64_t **needs);
/* The wider of two rules for a type counts; two as wide, both: what needs nothing has everything. */
void rule_widen(enum guard_kind *kind, uint64_t *needs, const struct type_rule *rule);
/* Labels the asker sees: of own items, of others', and those an emergency adds. */
struct label_sets {
	uint64_t own, others, glass;
};
struct label_sets labels_seen(const struct rules *rules, const struct actor *actor);
/* Does the asker see everybody, but for those who opted out? */
bool sees_everyone(const struct actor *actor);

/* Whom a resident may see: themselves and those who let them. */
struct charge {
	int64_t person;
	uint64_t labels; /* of theirs that may be seen */
	bool self;
	struct str capacity; /* "carer"; of one's own empty */
};
NODISCARD enum err charges_of(struct ctx *c, struct db *db, const struct rules *rules,
			      const struct actor *actor, struct charge **out, size_t *len,
			      int64_t *next);

/* What one person's choices, permissions and emergencies come to for this asker. *any false: nothing.
 * *related: an emergency makes a relationship. `all`: the choices of the person alone. */
NODISCARD enum err person_rules(struct ctx *c, struct db *db, const struct rules *rules,
				const struct actor *actor, const struct house *house, int64_t person,
				const struct chosen *all, size_t len, const struct opening *openings,
				size_t opening_count, struct guard_person *out, bool *any, bool *related,
				int64_t *next);

/* The row an item is judged by; key 0: there is no such item now. */
NODISCARD enum err item_row(struct ctx *c, struct db *db, struct str type, struct str id,
			    struct guard_item *out);

#endif
