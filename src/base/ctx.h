/* ctx.h - one request: everything a function may need that is not its own argument.
 *
 * First argument of every function that can fail. Made where a request enters (http, cli, a test)
 * and gone when it leaves. Holds the request's arena, the clock, who is acting, the place worked
 * on, and room for the reason of failure.
 */
#ifndef BASE_CTX_H
#define BASE_CTX_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/issue.h"
#include "base/str.h"

struct place; /* record/place.h: the tables, the store and the packs of one place */
struct actor; /* access: who is asking; NULL is the system itself */
struct notes; /* access/audit.h: what is to be written down before the reply leaves */
struct guard; /* record/guard.h: what they may see */

struct ctx {
	struct arena *arena;
	const struct clock *clock;
	struct place *place;
	const struct actor *actor;
	const struct guard *guard; /* NULL: the system itself, which sees everything */
	bool inside;               /* what the record reads now it looks at itself: nothing of it leaves (record/inside.h) */
	struct notes *notes;       /* NULL: none */
	struct issues issues;      /* all that was found wrong, for an OperationOutcome */
	int64_t deadline;          /* clock_monotonic() after which to stop with ERR_LIMIT; 0: none */
	const volatile bool *stop; /* set from outside to stop long work; may be NULL */
	char request[24];          /* id of the request, for the log; may be empty */
	char why[512];             /* the reason, one sentence */
};

/* A context on `arena` with the system's clock and nothing else. */
void ctx_init(struct ctx *c, struct arena *arena);

/* ERR_STOPPED or ERR_LIMIT, with the reason, if the work should end now; else OK. Cheap. */
NODISCARD enum err ctx_check(struct ctx *c);

#endif
