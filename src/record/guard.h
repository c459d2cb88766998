/* guard.h - what the asker may see: made once for a request by `access`, obeyed by every read here.
 *
 * The record knows no roles and no relationships. It knows that a request carries a guard, and asks
 * it about each item before anything of that item leaves: a body, an id, a place in a total, a row
 * of a page, a hit of a chain, a reference followed by _include, a line of an export. What the guard
 * refuses does not exist for the asker: ERR_NOT_FOUND, in the same words and the same time as for
 * what never was.
 *
 * c->guard NULL is the system itself (a command on the machine that holds the database, a feed, a
 * rebuild). Whoever takes requests from a network sets a guard before anything else: http starts
 * every request with guard_nothing.
 *
 * A guard is immutable once made and may be shared by threads.
 */
#ifndef RECORD_GUARD_H
#define RECORD_GUARD_H

#include "base/ctx.h"

struct fhir_type;
struct search;

/* What a decision is made from; all of it stands in the row of `resource`. */
struct guard_item {
	int64_t key;     /* resource.key */
	int64_t person;  /* whose it is; 0: nobody's */
	int64_t org;     /* name.key of the organisation it came from; 0: not said */
	uint64_t labels; /* category and sensitivity: bits of share/access/label.tsv */
	const struct fhir_type *type;
};

/* ALWAYS asks for labels alone, so that somebody can be found whose record is closed; RELATED also for
 * the person, the organisation and all the person has chosen. */
enum guard_kind {
	GUARD_NEVER,   /* nothing of this type */
	GUARD_ALWAYS,  /* without a relationship: directories, demographics for those who find people */
	GUARD_RELATED, /* of the people in `people` */
};

/* What one person has chosen, or what this asker may do beyond the rule for this person. */
struct guard_person {
	int64_t person;
	uint64_t hidden;   /* items with any of these labels are hidden, but those of own organisations */
	bool own_only;     /* only items of the asker's own organisations */
	const int64_t *orgs; /* items of these organisations are hidden; sorted */
	size_t org_count;
	bool all_orgs;     /* items of all organisations, whatever is agreed: the glass was broken */
	uint64_t labels;   /* these too, beyond the rule: the same */
};

/* 0 among people, own or orgs is what belongs to nobody, or came from nobody knows where: it has to be
 * listed like any other. The Patients that are one person (same.h) must all be in people and in persons
 * or none of them: see guard_unite. */
/* What an app or a program was let do on the asker's behalf, beyond what the asker may: letters of SMART
 * scopes, by type. It only ever takes away. */
enum guard_letter {
	LET_CREATE = 1,
	LET_READ = 2, /* by its address, with its history, and where another resource leads to it */
	LET_UPDATE = 4,
	LET_DELETE = 8,
	LET_SEARCH = 16, /* to be found: a hit, a total, the other end of a chain */
	LET_LIST = LET_READ | LET_SEARCH, /* to be brought in bulk: $everything, $export, histories of many */
};
/* Only those that fit a query, made of conditions that one resource answers by itself. */
struct guard_limit {
	const struct fhir_type *type;
	uint8_t letters; /* of LET_LIST alone */
	const struct search *query;
};
struct guard_scope {
	const uint8_t *letters; /* by fhir_type->number: of any of that type */
	const struct guard_limit *limits;
	size_t limit_count;
	const struct guard *of; /* what it was made from */
};

/* What an organisation shares in part: items all of whose labels that count are among these. */
struct guard_share {
	int64_t org;
	uint64_t labels;
};
#define GUARD_ORDINARY (UINT64_C(1) << 63) /* no label: what stands there for an item with none that counts */

struct guard {
	const uint8_t *kinds;       /* enum guard_kind, by fhir_type->number: may be seen */
	const uint8_t *writes;      /* the same: may be written; NULL is nothing */
	const uint64_t *needs;      /* by fhir_type->number: an item has one of these labels at least; 0: or none.
	                               NULL: nothing is needed of any type */
	const uint64_t *writes_needs; /* the same of what may be written */
	bool everyone;              /* related to all people */
	const int64_t *people;      /* else to these; sorted. Empty is nobody */
	size_t people_count;
	const int64_t *own;         /* the asker's organisations; sorted */
	size_t own_count;
	bool all_orgs;              /* items of all organisations are shared with the asker's */
	const int64_t *orgs;        /* else of these, and of its own; sorted. Empty is none */
	size_t org_count;
	const struct guard_share *shares; /* of others some items; sorted, any row of an organisation will do */
	size_t share_count;
	uint64_t uncounted;         /* labels that shares do not ask for */
	uint64_t labels_own;        /* an item of an own organisation: all its labels must be among these */
	uint64_t labels;            /* an item of another */
	const int64_t *given;       /* resources about nobody that are the asker's own work, wherever they came
	                               from: seen as if of a related person, of types that are RELATED; sorted */
	size_t given_count;
	const struct guard_person *persons; /* whoever has chosen otherwise; sorted by person, each once */
	size_t person_count;
	bool names;                 /* may record what is new under ids of its own choosing, and so learns which are taken */
	uint64_t stamp;             /* differs between guards that may decide differently: for cursors and caches */
	int64_t asker;              /* of whom it was made for: owns their subscriptions, see guard_owner; 0: nobody */
	const struct guard_scope *scope; /* NULL: all of it */
	void *near;                 /* for who made it: where it is counted */
};

/* Sees nothing at all. */
extern const struct guard guard_nothing;

/* The one decision, here and below; a NULL guard refuses nothing. */
bool guard_may(const struct guard *guard, const struct guard_item *item);
/* Are such items opened at all, whosesoever they are: their type, and the labels needed of it? */
bool guard_opens(const struct guard *guard, const struct guard_item *item);
bool guard_opens_writing(const struct guard *guard, const struct guard_item *item);
/* Does the asker have to do with that person? */
bool guard_related(const struct guard *guard, int64_t person);
/* Can any item of this type and person be seen? False spares looking at its items. */
bool guard_person_may(const struct guard *guard, const struct fhir_type *type, int64_t person);
/* True when no item of this type is refused, whosesoever it is: then nothing needs to be asked. */
bool guard_open(const struct guard *guard, const struct fhir_type *type);
/* May an item of this type, person (0: nobody's) and labels be written? What is changed must be seen
 * besides. */
bool guard_may_write(const struct guard *guard, const struct guard_item *item);
/* Labels as shares are asked for them: those that count, or GUARD_ORDINARY. */
uint64_t guard_about(uint64_t labels, uint64_t uncounted);
/* What this person has chosen; NULL: nothing. */
const struct guard_person *guard_choice(const struct guard *guard, int64_t person);

/* Do the scopes let all these letters of a type, of some of its resources at least? Without a scope: yes. */
bool guard_lets(const struct guard *guard, const struct fhir_type *type, unsigned letters);
/* Of some of its resources only? Then each is to be asked about: scope_fits in guard_row.h. */
bool guard_limited(const struct guard *guard, const struct fhir_type *type, unsigned letters);

/* Whose is what this request leaves to be served later, by another thread: GUARD_SYSTEM's, nobody's or an
 * account's, whose scopes are told in the bits above 32. And to serve it: ask as they may now, until guard_leave. */
#define GUARD_SYSTEM INT64_C(0)
#define GUARD_NOBODY INT64_C(-1)
int64_t guard_owner(const struct ctx *c);
NODISCARD enum err guard_enter(struct ctx *c, int64_t owner);
void guard_leave(struct ctx *c, int64_t owner);

struct db;
/* For who makes a guard: related to one Patient of a person is related to all of them, and what is
 * chosen for one holds for all. Puts new lists into *guard, in c->arena. `db`: any connection. */
NODISCARD enum err guard_unite(struct ctx *c, struct db *db, struct guard *guard);

#endif
