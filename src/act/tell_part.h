/* tell_part.h - inside of act/tell*.c. */
#ifndef ACT_TELL_PART_H
#define ACT_TELL_PART_H

#include "act/tell.h"
#include "base/vec.h"

#define TELL_FILE "care/tell.tsv"

enum { TELL_KEPT = 1000 }; /* sent ones that are still shown */

/* A row of share/care/tell.tsv. */
struct tell_rule {
	struct str way, kind, priority, holder, to;
};
struct tell_rules {
	struct tell_rule *at;
	size_t len, cap;
};
NODISCARD enum err tell_rules_read(struct ctx *c, struct tell_rules *out);
bool tell_rules_have(const struct tell_rules *rules, const char *way);

struct tells {
	struct tell *at;
	size_t len, cap;
};
/* Look at the log from where it was left, a page of it: what is owed becomes rows. *more: there is more of it. */
NODISCARD enum err tell_owe(struct ctx *c, const struct tell_rules *rules, bool *more);

/* --- rows (tell_rows.c) --- */
/* How far the log was looked at; the first time that is its end, as it is then. */
NODISCARD enum err tell_place(struct ctx *c, int64_t *seq);
/* These are owed, and all up to `seq` is dealt with; nothing when somebody else has dealt with what comes after `was`. */
NODISCARD enum err tell_put(struct ctx *c, const struct tells *owed, int64_t was, int64_t seq);
/* Take one on: false when another server has. It is due again at `until`, unless told otherwise. */
NODISCARD enum err tell_claim(struct ctx *c, const struct tell *tell, int64_t until, bool *ours);
NODISCARD enum err tell_done(struct ctx *c, int64_t key, int64_t at);
/* `due` 0: it is given up. */
NODISCARD enum err tell_failed(struct ctx *c, int64_t key, int64_t at, int64_t due, const char *why);

/* --- sending (tell_send.c) --- */
struct tell_means {
	const char *smtp, *from, *user, *password;
	struct str key;      /* of the signature */
	const char *base;    /* how people reach Causeway, without a / at its end */
	int64_t timeout;     /* microseconds */
};
/* NULL, or why it was not sent, a sentence. *away: the other side did not answer at all. */
const char *tell_send(struct ctx *c, const struct tell_means *means, const struct tell *tell, bool *away);

#endif
