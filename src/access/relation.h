/* relation.h - who has to do with whom, from the record itself.
 *
 * Rows of view_relation (share/view/relation_*.json) say that an organisation, a team or a practitioner
 * holds a relationship to a person: changed in the transaction that writes the resource they come
 * from. share/access/relation.tsv says how long each kind counts. Nobody keeps a list.
 *
 * A holder is a text: "Organization/x", "Practitioner/y", "CareTeam/z" or the ODS code of an
 * organisation. Texts are in c->arena.
 */
#ifndef ACCESS_RELATION_H
#define ACCESS_RELATION_H

#include "access/rules.h"
#include "store/db.h"

/* Of an organisation: itself and all that belong to it. */
struct house {
	const struct str *holders; /* sorted */
	size_t holder_count;
	const int64_t *orgs; /* name.key of what they write, as in resource.org; sorted */
	size_t org_count;
};
NODISCARD enum err house_of(struct ctx *c, struct db *db, struct str ods, struct house *out);
/* The actor's own: their Practitioner, their posts, their teams. Sorted. */
NODISCARD enum err holders_of(struct ctx *c, struct db *db, const struct actor *actor,
			      const struct str **out, size_t *len);
/* The house with the actor's own holders: whom a choice may be about. In c->arena. */
struct house house_with(struct ctx *c, const struct house *house, const struct str *own, size_t len);
bool holders_have(const struct str *holders, size_t len, struct str holder);
/* The ODS code behind "Organization/x" (or a code itself); empty when it has none. */
NODISCARD enum err holder_ods(struct ctx *c, struct db *db, struct str holder, struct str *ods);
/* name.key of what an organisation writes, by its ODS code; 0: it has written nothing yet. */
NODISCARD enum err ods_key(struct ctx *c, struct db *db, struct str ods, int64_t *key);

/* One relationship, with the time in which it counts: [from, until), microseconds, after the days of
 * relation.tsv. */
struct relation {
	const struct relation_kind *kind;
	struct str holder;
	struct str resource; /* "Task/77" */
	int64_t person;      /* its Patient */
	int64_t from, until; /* INT64_MIN, INT64_MAX: open */
};
bool relation_counts(const struct relation *r, enum purpose purpose, int64_t now);
/* All of a person, of all Patients that are the same, whether or not they count now. */
NODISCARD enum err relation_list(struct ctx *c, struct db *db, int64_t person, struct relation **out,
				 size_t *len);
/* The best there is between the actor and a person, now: kind NULL when there is none. For the words
 * of an audit row. */
NODISCARD enum err relation_why(struct ctx *c, struct db *db, const struct actor *actor, int64_t person,
				struct relation *out);

/* Everybody a holder has to do with now. `add` may see the same person twice. *next: when the next of
 * these rows begins or ends to count (kept when earlier). */
NODISCARD enum err relation_people(struct ctx *c, struct db *db, struct str holder, enum purpose purpose,
				   void (*add)(void *arg, int64_t person), void *arg, int64_t *next);

/* Work about nobody that names a holder, as who does it or who asked for it: keys of the Tasks. It opens nobody's
 * record; it is theirs all the same. */
NODISCARD enum err relation_given(struct ctx *c, struct db *db, struct str holder, enum purpose purpose,
				  void (*add)(void *arg, int64_t resource), void *arg, int64_t *next);

/* [from, until) of two texts of FHIR; empty: open. */
void fact_span(struct str since, struct str until, int64_t *from, int64_t *to);
/* Is `now` in it? *next is brought forward to its next bound. */
bool fact_holds(int64_t from, int64_t until, int64_t now, int64_t *next);

#endif
