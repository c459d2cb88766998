/* retention.h - how long a record is kept, and its end: proposed by one person, decided by another.
 *
 * share/access/retention.tsv says the periods. A person's record is one thing: it is due when the last of
 * the periods of all its items has passed, never before. Destroying is a purge (record/purge.h) with the
 * proposal as its recorded reason. Rows are added only.
 */
#ifndef ACCESS_RETENTION_H
#define ACCESS_RETENTION_H

#include "access/rules.h"
#include "record/purge.h"

struct retention_rule {
	struct str name, words, applies, source;
	int64_t years, after_death, until_age;
};
NODISCARD enum err retention_rules(struct ctx *c, const struct retention_rule **out, size_t *len);

/* Until when one person's record is kept, and by which row. */
struct kept_until {
	struct str person; /* id of the Patient */
	struct str name;   /* family name and given names */
	int64_t key;       /* resource.key */
	const struct retention_rule *rule; /* the one that decided */
	int64_t until;     /* microseconds; INT64_MAX: its end is not set while the person lives */
	int64_t last, died, born; /* last item, death, birth; 0: not known */
	size_t items;
};
NODISCARD enum err retention_of(struct ctx *c, struct str person, struct kept_until *out);
/* People whose record is due before `before`, the longest due first: at most `cap` of those who died, and
 * those nobody has seen for as long as the shortest row, who are looked at. Needs retention.write. */
NODISCARD enum err retention_due(struct ctx *c, int64_t before, size_t cap, struct kept_until **out, size_t *len);

enum retention_outcome { RETENTION_WAITS, RETENTION_DESTROYED, RETENTION_KEPT };
struct proposal {
	int64_t key, person;
	struct str person_id; /* empty once purged */
	struct str rule, words;
	int64_t due, at, actor;
	enum retention_outcome outcome;
	struct str decision; /* words of who decided */
	int64_t decided, decided_by, purge;
};
/* The newest first. */
NODISCARD enum err retention_list(struct ctx *c, struct db *db, struct proposal **out, size_t *len);
/* ERR_INVALID when it is not due, or without words; ERR_CONFLICT when it is proposed already. */
NODISCARD enum err retention_propose(struct ctx *c, struct str person, struct str words, int64_t *key);
/* ERR_FORBIDDEN for who proposed it; ERR_CONFLICT when it is decided. Destroying looks again whether it is due.
 * `part`: what other layers keep of the person. */
NODISCARD enum err retention_decide(struct ctx *c, int64_t proposal, bool destroy, struct str words,
				    const struct purge_part *part);

#endif
