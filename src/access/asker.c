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

void actor_copy(struct arena *a, const struct actor *from, struct actor *to)
{
	*to = *from;
	to->name = copy(a, from->name);
	to->practitioner = copy(a, from->practitioner);
	to->org_id = copy(a, from->org_id);
	to->device = copy(a, from->device);
	to->teams = keys_copy(a, from->teams, from->team_count);
	to->known = NULL;
}

static int64_t ends_at(const struct asker *k)
{
	int64_t idle = k->session.used + k->session.idle;

	return k->session.idle && idle < k->ends ? idle : k->ends;
}

/* Under the lock, because the session's last use is changed there. */
static bool holds(struct decisions *d, const struct asker *k, struct known *known, int64_t now)
{
	pthread_mutex_lock(&d->lock);
	known->until = ends_at(k);
	bool good = k->kept.seen.facts.account == known->facts.account && now >= k->since && now < known->until;

	if (good)
		known->session = k->session;
	pthread_mutex_unlock(&d->lock);
	return good;
}

struct known *known_begin(struct ctx *c, struct str token)
{
	struct known *known = NEW(c->arena, struct known);

	hash_wide(decisions_of(c)->secret, token.at, token.len, known->mark);
	known->stamped = store_stamp(c->place->store, &known->stamp);
	return known;
}

static struct str key_of(const struct known *known)
{
	return (struct str){ (const char *)known->mark, sizeof known->mark };
}

enum err asker_find(struct ctx *c, struct known *known, const struct actor **actor, bool *found)
{
	struct decisions *d = decisions_of(c);
	struct seen seen;

	*found = false;
	TRY(changes_read(c, NULL, &known->facts));
	struct asker *k = (struct asker *)(void *)shelf_take(d, &d->askers, key_of(known), &seen);
	if (!k)
		return OK;
	*found = holds(d, k, known, clock_now(c->clock));
	if (*found) {
		struct actor *own = NEW(c->arena, struct actor);

		actor_copy(c->arena, &k->actor, own);
		known->session.device = own->device;
		own->known = known;
		*actor = own;
	}
	shelf_drop(&d->askers, &k->kept);
	return OK;
}

void asker_keep(struct ctx *c, const struct known *known, const struct actor *actor,
		const struct session *session, int64_t until)
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
	k->kept.key = copy(&k->kept.life, key_of(known));
	k->kept.seen.facts = known->facts;
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
