/* ctx.c - making a request's context and asking whether it may go on. */
#include "base/ctx.h"

#include <string.h>

void ctx_init(struct ctx *c, struct arena *arena)
{
	memset(c, 0, sizeof *c);
	c->arena = arena;
	c->clock = &clock_system;
}

enum err ctx_check(struct ctx *c)
{
	if (c->stop && __atomic_load_n(c->stop, __ATOMIC_RELAXED))
		return fail(c, ERR_STOPPED, "The work was stopped before it was finished.");
	if (c->deadline && clock_monotonic() > c->deadline)
		return fail(c, ERR_LIMIT, "The work took longer than it may.");
	return OK;
}
