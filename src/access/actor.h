/* actor.h - who is asking: an account signed in, at an organisation, in a role, for a purpose.
 *
 * Made when a request enters, from a session (pages), a bearer token (programs) or the command line
 * (the system itself: c->actor NULL). Immutable for the life of the request.
 */
#ifndef ACCESS_ACTOR_H
#define ACCESS_ACTOR_H

#include "base/ctx.h"

enum actor_kind {
	ACTOR_NOBODY, /* has not signed in: no capability, sees nothing */
	ACTOR_STAFF = 1,
	ACTOR_RESIDENT, /* sees their own record, and of those who let them (delegates) */
	ACTOR_PROGRAM,  /* a service account or an app, within its SMART scopes */
};

/* share/access/purpose.tsv: why the record is opened. */
enum purpose {
	PURPOSE_CARE = 1, /* direct care */
	PURPOSE_SAFEGUARDING,
	PURPOSE_PAYMENT, /* charging, budgets, invoices of this person */
	PURPOSE_OWN,     /* the person themselves, or who they let */
	PURPOSE_ADMIN,   /* running the system, governance, audit */
	PURPOSE_SECONDARY, /* planning, research: the national data opt-out counts */
};

struct role; /* access/role.h */
struct smart; /* access/smart.h */
struct known;

struct actor {
	enum actor_kind kind;
	int64_t account;        /* account.key */
	struct str name;        /* "Ada Clarke", as others see it */
	struct str practitioner; /* id of the Practitioner resource; empty: none */
	const struct role *role; /* the one worked in now */
	int64_t org;            /* name.key of the organisation worked for now; 0: none */
	struct str org_id;      /* its ODS code */
	const int64_t *teams;   /* resource.key of their CareTeams, Groups and Organizations below org */
	size_t team_count;
	int64_t person;         /* resident: resource.key of their own Patient; 0: none */
	enum purpose purpose;
	int64_t session;        /* session.key; 0: none */
	struct str device;      /* short words for the audit: "Firefox on Windows"; no address */
	const struct smart *scopes; /* SMART scopes of a program or app; NULL: not limited by any */
	struct known *known;    /* kept.h: by what this request knew the actor again; NULL */
};

/* Whoever has not signed in. A request of the network always has an actor. */
extern const struct actor actor_nobody;

/* Does the role have this capability ("care.write", share/access/capability.tsv)? The system has
 * all; nobody is c->actor NULL on a request of the network. */
bool actor_can(const struct ctx *c, const char *capability);
/* ERR_FORBIDDEN naming the capability and who could give it. */
NODISCARD enum err actor_need(struct ctx *c, const char *capability);

#endif
