/* asker.c - who asks by which token: remembered by a mark of it, while no account changes and no limit comes.
 *
 * What becomes of accounts, roles, teams, delegations and sessions is added to account_event, so its
 * last number says whether anything of that has changed, in this program or another. That a session was
 * used is not told there; it only lengthens what is remembered. An actor with scopes is not
 * remembered: they belong to whoever made them.
 */
#include <stdlib.h>

#include "access/kept.h"
#include "access/session.h"
#include "base/map.h"

struct asker {
	struct kept kept; /* first: the shelf's */
	struct actor actor;
	struct session session;
	int64_t since, ends; /* ends: whatever the idle limit says */
};

void asker_free(struct kept *kept)
{
	arena_done(&kept->life);
	free(kept);
}

static struct str copy(struct arena *a, struct str s)
{
	return (struct str){ s.len ? arena_dup(a, s.at, s.len) : "", s.len };
}

static void actor_copy(struct arena *a, const struct actor *from, struct actor *to)
{
	*to = *from;
	to->name = copy(a, from->name);
	to->practitioner = copy(a, from->practitioner);
	to->org_id = copy(a, from->org_id);
	to->device = copy(a, from->device);
	to->teams = keys_copy(a, from->teams, from->team_count);
	to->facts = NULL;
}

static int64_t ends_at(const struct asker *k)
{
	int64_t idle = k->session.used + k->session.idle;

	return k->session.idle && idle < k->ends ? idle : k->ends;
}

/* Under the lock, because the session's last use is changed there. */
static bool holds(struct decisions *d, const struct asker *k, const struct facts *facts, int64_t now,
		  struct session *session)
{
	pthread_mutex_lock(&d->lock);
	bool good = k->kept.seen.facts.account == facts->account && now >= k->since && now < ends_at(k);

	if (good)
		*session = k->session;
	pthread_mutex_unlock(&d->lock);
	return good;
}

struct str asker_mark(struct ctx *c, struct str token)
{
	const struct decisions *d = decisions_of(c);
	uint64_t *mark = NEW_N(c->arena, uint64_t, 2);

	for (size_t i = 0; i < 2; i++)
		mark[i] = hash_keyed(d->secret[i], token.at, token.len);
	return (struct str){ (const char *)mark, 2 * sizeof *mark };
}

enum err asker_find(struct ctx *c, struct str mark, const struct actor **actor, struct session *session,
		    struct facts *facts, bool *found)
{
	struct decisions *d = decisions_of(c);
	struct seen seen;

	*found = false;
	TRY(changes_read(c, NULL, facts));
	struct asker *k = (struct asker *)(void *)shelf_take(d, &d->askers, mark, &seen);
	if (!k)
		return OK;
	*found = holds(d, k, facts, clock_now(c->clock), session);
	if (*found) {
		struct actor *own = NEW(c->arena, struct actor);

		actor_copy(c->arena, &k->actor, own);
		session->device = own->device;
		own->facts = facts;
		*actor = own;
	}
	shelf_drop(&d->askers, &k->kept);
	return OK;
}

void asker_keep(struct ctx *c, struct str mark, const struct actor *actor, const struct session *session,
		const struct facts *facts, int64_t until)
{
	struct decisions *d = decisions_of(c);
	struct asker *k;

	if (actor->scopes)
		return;
	k = calloc(1, sizeof *k);
	if (!k)
		abort();
	arena_init(&k->kept.life);
	k->kept.refs = 1;
	k->kept.key = copy(&k->kept.life, mark);
	k->kept.seen.facts = *facts;
	actor_copy(&k->kept.life, actor, &k->actor);
	k->session = *session;
	k->session.device = k->actor.device;
	k->since = clock_now(c->clock);
	k->ends = session->until < until ? session->until : until;
	shelf_put(d, &d->askers, &k->kept);
	shelf_drop(&d->askers, &k->kept);
}

void asker_touched(struct ctx *c, int64_t session, int64_t used)
{
	struct decisions *d = decisions_of(c);

	pthread_mutex_lock(&d->lock);
	for (size_t i = 0; i < SHELF_ROWS; i++)
		for (struct kept *kept = d->askers.rows[i]; kept; kept = kept->next) {
			struct asker *k = (struct asker *)(void *)kept;

			if (k->session.key == session && k->session.used < used)
				k->session.used = used;
		}
	pthread_mutex_unlock(&d->lock);
}
