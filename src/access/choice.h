/* choice.h - what a person chose about sharing: Consent resources, read and written.
 *
 *	sharing      nothing is shared: an organisation sees what it wrote itself
 *	organisation one organisation sees only what it wrote itself
 *	source       what one organisation wrote is seen by nobody else
 *	category     items of a label (share/access/label.tsv) are not shared
 *	secondary    no use for planning and research (the national data opt-out)
 *	ask          nothing is shared until the person says yes at that opening (glass.h)
 *
 * The record of a choice is a Consent (scope patient-privacy) that says deny, one for each kind and
 * what it is about; taking it back makes it say permit, so that its history tells both. Consents that
 * come from elsewhere count in the same way, as far as they can be understood; what a deny says that
 * cannot be understood closes more rather than less.
 */
#ifndef ACCESS_CHOICE_H
#define ACCESS_CHOICE_H

#include "access/relation.h"

enum choice_kind {
	CHOICE_SHARING = 1,
	CHOICE_ORGANISATION,
	CHOICE_SOURCE,
	CHOICE_CATEGORY,
	CHOICE_SECONDARY,
	CHOICE_ASK,
};
/* "sharing", "organisation" …; NULL for none, and 0 for a word that is none. */
const char *choice_word(enum choice_kind kind);
enum choice_kind choice_kind(struct str word);

/* A provision of one Consent, as view_choice has it. */
struct chosen {
	int64_t person, resource; /* keys */
	struct str id;            /* of the Consent */
	enum choice_kind kind;    /* by what it says */
	bool permit;
	struct str holder;      /* "" everybody's */
	struct str label;       /* "" all */
	unsigned purposes;      /* 1 << enum purpose */
	int64_t at, from, until; /* when it was said; in force [from, until) */
};
/* All of a person (of all Patients that are the same), in force or not. `person` 0: of everybody, by
 * person. In c->arena. */
NODISCARD enum err choice_list(struct ctx *c, struct db *db, int64_t person, struct chosen **out,
			       size_t *len);
/* People who deny something to one of these by name. In c->arena. */
NODISCARD enum err choice_named(struct ctx *c, struct db *db, const struct str *holders, size_t len,
				int64_t **out, size_t *count);
/* Does it hold for who is in this house, for this purpose, now, with nothing said later that takes it
 * back? `all`: the person's. *next as in fact_holds. */
bool choice_holds(const struct chosen *one, const struct chosen *all, size_t len,
		  const struct house *house, enum purpose purpose, int64_t now, int64_t *next);
/* What those of one person come to, for the guard. *any false: nothing is closed. */
NODISCARD enum err choice_compile(struct ctx *c, struct db *db, const struct chosen *all, size_t len,
				  const struct house *house, enum purpose purpose,
				  struct guard_person *out, bool *any, int64_t *next);

/* --- for pages and the API --- */

struct choice {
	enum choice_kind kind;
	struct str org;   /* ODS code; ORGANISATION and SOURCE */
	struct str label; /* CATEGORY */
};
/* Choose it, or take it back; *consent is "Consent/x". Who may is asked here: the person themselves
 * (own.write), or choice.write. ERR_INVALID for an unknown label or organisation. Holds from the next
 * request on, everywhere. */
NODISCARD enum err choice_set(struct ctx *c, struct str person, const struct choice *choice, bool on,
			      struct str *consent);
/* What would be hidden, before it is saved; or with `on` false what taking it back would show again, which is what
 * it hides now. Of items that the asker may see themselves: a number must not tell of others. */
struct choice_effect {
	int64_t items, orgs;   /* that the organisation named (or any other) would see no more, or again */
	struct str words;      /* "6 items from 2 organisations would be hidden from Hill Surgery" */
	struct str holds;      /* the same of a choice that is made: "… are hidden from Hill Surgery" */
};
NODISCARD enum err choice_preview(struct ctx *c, struct str person, const struct choice *choice, bool on,
				  struct choice_effect *out);
/* "category-finance", "organisation-WXG001", "sharing": how addresses and the audit name a choice. In c->arena. */
struct str choice_name(struct ctx *c, const struct choice *choice);

#endif
