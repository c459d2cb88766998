/* place.h - one place, opened: its tables, its packs, its store. */
#ifndef RECORD_PLACE_H
#define RECORD_PLACE_H

#include "fhir/param.h"
#include "fhir/type.h"
#include "store/db.h"

struct record; /* caches and compiled things of record/ */
struct bulk;   /* of a running server: api/api.h */
struct live;   /* the same */
struct hooks;  /* the same */
struct matcher; /* of identity/matcher.h */
struct roles;  /* of access/role.h */
struct rules;  /* of access/rules.h */
struct decisions; /* guards that are remembered: access/decide.c */
struct entrance; /* of a server: access/sign_in.h */
struct auditor; /* of a server: access/audit.h */
struct claims; /* of record/claim.h */
struct module; /* of act/action.h */
struct forms;  /* of act/form.h */
struct feeds;  /* of those that take messages: feed/feeds.h */

enum references { REFERENCES_LOOSE, REFERENCES_TRANSACTION, REFERENCES_STRICT };

struct place {
	struct arena life;
	struct share share;
	const struct fhir *fhir;
	struct store *store;   /* NULL when opened without one (`causeway path`) */
	struct record *record;
	struct bulk *bulk;     /* the exports of a server; NULL without one */
	struct live *live;     /* who listens to a server's changes; NULL without one */
	struct hooks *hooks;   /* a server's deliveries to subscribers; NULL without one */
	struct matcher *matcher; /* made when first needed, under a lock of its own */
	void (*matcher_free)(struct matcher *matcher);
	const struct roles *roles; /* read when first needed */
	const struct rules *rules; /* the same */
	struct decisions *decisions; /* made when first needed */
	void (*decisions_free)(struct decisions *decisions);
	struct entrance *entrance; /* how a server is entered; NULL: nobody signs in */
	/* Of access: let c ask as an account (c->actor, c->guard) until ask_done. NULL, or ERR_NOT_FOUND
	 * for one that may no longer sign in: it sees nothing. */
	enum err (*ask_as)(struct ctx *c, int64_t account);
	void (*ask_done)(struct ctx *c);
	struct auditor *auditor; /* writes what is noted; NULL: who notes writes */
	const struct claims *claims; /* who knows whose identifiers are; NULL: nobody asks */
	const struct module *const *modules; /* what the domains offer, NULL-ended; NULL: nothing */
	const struct forms *forms; /* made when first needed */
	void (*forms_free)(const struct forms *forms);
	struct clock_moved *moved; /* the clock of a demonstration, which may be moved; NULL: time goes its own way */
	struct feeds *feeds;   /* tables and locks for messages; NULL until feeds_open */
	const char *base_url;  /* "http://127.0.0.1:8080/fhir"; references to it count as local */
	bool validate;         /* refuse resources that break FHIR (default) */
	enum references references; /* which writes must not refer to what is not there (default: transactions) */
};

/* Read the tables, and open the store at `address` (NULL: none). c->place is set. Closed with
 * place_close. A database whose search index was made with other definitions is refused with
 * ERR_CONFLICT naming `causeway rebuild`, unless `rebuilding`. */
NODISCARD enum err place_open(struct ctx *c, const struct share *share, const char *address,
			      unsigned store_flags, bool rebuilding, struct place **out);
/* The same with definitions that were loaded from this share before, for who opens many places one
 * after the other: what was compiled for one is there for the next. They outlive the place. */
NODISCARD enum err place_open_with(struct ctx *c, const struct fhir *fhir, const struct share *share,
				   const char *address, unsigned store_flags, bool rebuilding,
				   struct place **out);
void place_close(struct place *place);

#endif
