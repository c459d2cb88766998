/* role.h - roles as data: what holders of a role may do, and why they open records.
 *
 * share/access/capability.tsv names what can be allowed, role.tsv who is allowed what. A capability
 * says what kind of thing; whose record and which items of it the decision adds (decide.h).
 * Read once for a place, immutable, shared by threads.
 */
#ifndef ACCESS_ROLE_H
#define ACCESS_ROLE_H

#include "access/actor.h"
#include "record/place.h"

#define CAPABILITIES_MAX 128

struct capability {
	struct str name;  /* "care.write" */
	struct str words; /* what it allows, in plain words */
};

struct role {
	struct str name;     /* "social-worker" */
	struct str words;    /* "Social worker" */
	struct str persona;  /* of share/access/persona.tsv */
	enum actor_kind kind; /* who can hold it */
	enum purpose purpose; /* why its holders open records, unless they say otherwise */
	struct str rbac, rbac_words; /* NHS job role code; empty: none fits */
	uint64_t can[CAPABILITIES_MAX / 64]; /* bits by place in roles.capabilities */
	const struct roles *all;
};

struct roles {
	const struct role *at;
	size_t len;
	const struct capability *capabilities;
	size_t capability_count;
	const struct str *personas;
	size_t persona_count;
};

/* The place's roles. ERR_INVALID with file and line when the tables do not fit. Any thread. */
NODISCARD enum err roles_of(struct ctx *c, const struct roles **out);
/* NULL when there is none of that name. */
const struct role *role_find(const struct roles *roles, struct str name);
/* False for a capability that does not exist. */
bool role_can(const struct role *role, struct str capability);
/* "staff", "resident", "program"; "care", "own" …: the words of the tables. */
const char *actor_kind_word(enum actor_kind kind);
const char *purpose_word(enum purpose purpose);

#endif
