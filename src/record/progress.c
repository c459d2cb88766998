/* progress.c - telling how far long work has come, ten times a second at most. */
#include "record/parts.h"

enum { INTERVAL = 100000 };

enum err ticker_tick(struct ctx *c, struct ticker *t, int64_t done, const char *unit)
{
	int64_t now;

	TRY(ctx_check(c));
	if (!t->progress || !t->progress->tick)
		return OK;
	now = clock_monotonic();
	if (now - t->last < INTERVAL && done < t->total)
		return OK;
	t->last = now;
	if (!t->progress->tick(t->progress->arg, done, t->total, unit))
		return fail(c, ERR_STOPPED, "The work was stopped before it was finished.");
	return OK;
}
