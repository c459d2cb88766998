/* smart.h - SMART App Launch 2 scopes: what of the record a program or an app was let.
 *
 *	context / type . letters [? query]     system/Observation.rs?category=laboratory
 *	context   system (programs), user and patient (apps that somebody lets in)
 *	letters   c r u d s, in that order; the older .read is rs, .write is cud, .* is all
 *	query     search parameters that a resource answers by itself; with r and s alone
 *
 * A scope only ever takes away from what the account may. Letters of several scopes add up.
 */
#ifndef ACCESS_SMART_H
#define ACCESS_SMART_H

#include "access/actor.h"
#include "record/guard.h"
#include "store/db.h"

#define SMART_BYTES 4000 /* of all scopes of a token */
#define SMART_MOST 100

enum smart_context { SMART_SYSTEM = 1, SMART_USER, SMART_PATIENT };

struct smart_scope {
	enum smart_context context;
	const struct fhir_type *type; /* NULL: all */
	unsigned letters;             /* of enum guard_letter */
	struct str query;             /* empty: none */
};

/* A token's scopes. `key`: of grant_scope, by which what is served later names them. `person`: resource.key of the Patient
 * that patient/ is about, when that is not who lets it in ("person:345" among the texts); 0. */
struct smart {
	int64_t key, person;
	const struct smart_scope *at;
	size_t len;
};

/* Scopes as text, parted by spaces. Those of other kinds ("openid", "launch") are passed over; ERR_BAD_REQUEST
 * for one of this kind that makes no sense. In c->arena. */
NODISCARD enum err smart_read(struct ctx *c, struct str text, struct smart *out);
/* As text, shortest form, in c->arena. */
struct str smart_write(struct ctx *c, const struct smart *s);
/* What of `asked` lies within `most`: never more than either. */
NODISCARD enum err smart_meet(struct ctx *c, const struct smart *most, const struct smart *asked,
			      struct smart *out);
/* Only those of one kind of context. */
void smart_keep(struct smart *s, bool system);

/* Of a guard what the scopes let; for c->actor. In c->arena; `whole` must live as long. */
NODISCARD enum err smart_guard(struct ctx *c, struct db *db, const struct smart *s,
			       const struct guard *whole, const struct guard **out);
/* Are these letters let of a type, of some of its resources at least? NULL: scopes do not count. */
bool smart_lets(const struct smart *s, const struct fhir_type *type, unsigned letters);
/* ERR_FORBIDDEN naming the scope that is missing, when c->actor has scopes that do not let it. `type` empty:
 * of all types. */
NODISCARD enum err smart_need(struct ctx *c, struct str type, unsigned letters);

/* Remember scopes of an account under a number, and find them again. ERR_NOT_FOUND when they have ended. */
NODISCARD enum err smart_put(struct ctx *c, int64_t account, struct str text, int64_t *key);
NODISCARD enum err smart_at(struct ctx *c, struct db *db, int64_t account, int64_t key,
			    const struct smart **out);
/* Nothing is served for any of them any more; inside store_write. */
NODISCARD enum err smart_end(struct ctx *c, struct db *db, int64_t account);

#endif
