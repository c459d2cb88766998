/* near.c - who asked last on this thread, with what they may see: known again without a lock.
 *
 * What is remembered for all threads (kept.c) is found under a lock and counted, so every request moves some memory
 * from one processor to another. Most requests come from somebody who has just asked. So each thread has a few of them
 * in a lane of its own, which nobody else reads. An entry holds while the store's stamp is what it was when the
 * entry was made, which says that nothing was committed since, and until something of it ends. Otherwise what
 * is remembered for all is asked, which knows what has changed.
 */
#include <stdlib.h>
#include <string.h>

#include "access/kept.h"

enum { ROWS = 64, LANES_MOST = 256 };

struct near {
	bool full;
	unsigned used; /* by requests, of this thread, that have its guard now */
	uint64_t mark[2], stamp;
	int64_t since, until;
	struct arena life;
	struct actor actor;
	struct session session;
	const struct shelf *shelf; /* where `kept` was counted */
	struct kept *kept;
	struct guard guard;
};

struct lane {
	struct lane *next;
	struct near rows[ROWS];
};

static _Thread_local struct {
	uint64_t number; /* of the decisions it belongs to */
	struct lane *lane;
} mine;

/* This thread's; NULL: there are too many. */
static struct lane *lane_mine_of(struct decisions *d)
{
	struct lane *lane;

	if (mine.number == d->number)
		return mine.lane;
	pthread_mutex_lock(&d->lock);
	bool room = d->lane_count < LANES_MOST;
	d->lane_count += room;
	pthread_mutex_unlock(&d->lock);
	lane = room ? calloc(1, sizeof *lane) : NULL;
	if (room && !lane)
		abort();
	if (lane) {
		pthread_mutex_lock(&d->lock);
		lane->next = d->lanes;
		d->lanes = lane;
		pthread_mutex_unlock(&d->lock);
	}
	mine.number = d->number;
	mine.lane = lane;
	return lane;
}

static void clear(struct near *near)
{
	if (!near->full)
		return;
	shelf_drop(near->shelf, near->kept);
	arena_done(&near->life);
	memset(near, 0, sizeof *near);
}

void lanes_free(struct decisions *d)
{
	for (struct lane *lane = d->lanes, *next; lane; lane = next) {
		next = lane->next;
		for (size_t i = 0; i < ROWS; i++)
			clear(&lane->rows[i]);
		free(lane);
	}
}

static bool fits(const struct near *near, const struct known *known)
{
	return near->full && known->stamped && near->stamp == known->stamp && near->mark[0] == known->mark[0] &&
	       near->mark[1] == known->mark[1];
}

bool near_find(struct ctx *c, struct known *known, const struct actor **actor)
{
	struct lane *lane = lane_mine_of(decisions_of(c));
	struct near *near = lane ? &lane->rows[known->mark[0] % ROWS] : NULL;
	struct actor *own;

	if (!near || !fits(near, known))
		return false;
	int64_t now = clock_now(c->clock);
	if (now < near->since || now >= near->until)
		return false;
	own = NEW(c->arena, struct actor);
	actor_copy(c->arena, &near->actor, own);
	own->known = known;
	known->near = near;
	known->session = near->session;
	known->session.device = own->device;
	*actor = own;
	return true;
}

const struct guard *near_guard(struct known *known)
{
	struct near *near = known->near;

	if (!near || !fits(near, known))
		return NULL;
	near->used++;
	return &near->guard;
}

void near_done(struct near *near)
{
	near->used--;
}

void near_keep(struct ctx *c, const struct actor *actor, struct kept *kept, const struct guard *guard,
	       int64_t since, int64_t until)
{
	const struct known *known = actor->known;
	struct decisions *d = decisions_of(c);
	struct lane *lane = lane_mine_of(d);
	struct near *near = lane && known ? &lane->rows[known->mark[0] % ROWS] : NULL;

	if (!near || !known->stamped || near->used)
		return;
	clear(near);
	atomic_fetch_add(&kept->refs, 1);
	*near = (struct near){
		.full = true,
		.mark = { known->mark[0], known->mark[1] },
		.stamp = known->stamp,
		.since = since,
		.until = until < known->until ? until : known->until,
		.session = known->session,
		.shelf = &d->guards,
		.kept = kept,
		.guard = *guard,
	};
	arena_init(&near->life);
	actor_copy(&near->life, actor, &near->actor);
	near->session.device = near->actor.device;
	near->guard.near = near;
}
