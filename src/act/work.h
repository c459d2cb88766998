/* work.h - whose work it is: rows of view_work, as far as the asker may see them.
 *
 * Worklists, clocks and counts read these; the body of a task is unpacked only when it is shown.
 */
#ifndef ACT_WORK_H
#define ACT_WORK_H

#include "act/action.h"
#include "base/vec.h"
#include "store/db.h"

struct work {
	struct str id;      /* of the Task */
	struct str at;      /* when it is due, or was done; empty: not said */
	struct str code, step, priority, since, told;
	int64_t when;       /* `at` in microseconds, the end of a day; 0: not said */
	int64_t key;        /* resource.key: who is in two lists is told by it */
};

/* Rows of share/view/work.json: side "does", "asked" or "clock", state "open" or "done", `at` not before `from`
 * (empty: all). Added to *out, in c->arena; ERR_LIMIT beyond 50,000. */
struct works {
	struct work *at;
	size_t len, cap;
};
NODISCARD enum err work_of(struct ctx *c, struct db *db, struct str holder, const char *side, const char *state,
			   struct str from, struct works *out);
/* How many of a code are open for a holder. */
NODISCARD enum err work_count(struct ctx *c, struct db *db, struct str holder, const char *code, int64_t *out);
/* Whom the asker is in lists of work: themselves and their posts, whom they cover for today, and where they belong: teams,
 * organisation. "Practitioner/1". In c->arena. */
struct workers {
	const struct str *own, *teams;
	size_t own_len, team_len;
	const struct str *covered; /* who is away and has them see to their work today */
	size_t covered_len;
};
NODISCARD enum err workers_of(struct ctx *c, struct db *db, struct workers *out);

#endif
