/* hook_match.c - the log of changes becomes what each Subscription is owed.
 *
 * Each event is looked at once, its version read at most once. While nobody subscribes nothing is
 * read at all: the place in the log just moves on.
 */
#include "api/hook.h"
#include "record/guard.h"

#define PAGE 500      /* events shared out in one transaction */
#define SAVE_EVERY 5000 /* events that concern nobody: so many may be looked at again */

/* One that waits in error is owed things too: nothing is lost while it is mended. */
static bool takes(const struct hook_sub *s)
{
	return s->h.known && s->h.search &&
	       (s->h.status == HOOK_ACTIVE || s->h.status == HOOK_ERROR ||
		s->h.status == HOOK_REQUESTED);
}

typedef VEC(struct hook_owed) owed_list;

/* Does it fit what is asked for, and may the owner know of it? */
static enum err owner_wants(struct ctx *c, struct db *db, const struct hook_sub *s,
			    const struct event *e, const struct version *v, bool *out)
{
	TRY(event_may(c, db, e, out));
	if (*out && !search_is_open(s->h.search))
		TRY(search_fits(c, db, s->h.search, v, out));
	return OK;
}

static enum err share_event(struct ctx *c, struct db *db, struct hooks *hooks,
			    const struct event *e, owed_list *owed)
{
	struct version v = { 0 };
	enum err error;

	if (!e->version || e->deleted)
		return OK;
	for (size_t i = 0; i < hooks->sub_count; i++) {
		struct hook_sub *s = &hooks->subs[i];
		bool fits = true;

		if (!takes(s) || e->seq <= s->h.since ||
		    !str_is(e->type, search_type_name(s->h.search)))
			continue;
		if (!search_is_open(s->h.search) && !v.seq)
			TRY(event_version(c, db, e, &v));
		TRY(guard_enter(c, s->h.owner));
		error = owner_wants(c, db, s, e, &v, &fits);
		guard_leave(c, s->h.owner);
		TRY(error);
		if (!fits)
			continue;
		*vec_push(owed, c->arena) = (struct hook_owed){
			s->h.key, e->seq, e->person ? e->person : e->resource
		};
	}
	return OK;
}

static enum err share_page(struct ctx *c, struct hooks *hooks, int64_t settled, bool *more)
{
	struct event_page page;
	owed_list owed = { 0 };
	{
		READER(db);

		TRY(store_reader(c, hooks->place->store, &db));
		TRY(event_next(c, db, hooks->cursor, settled, PAGE, &page));
		for (size_t i = 0; i < page.len; i++) {
			struct arena_mark mark = arena_mark(c->arena);
			size_t before = owed.len;

			TRY(ctx_check(c));
			TRY(share_event(c, db, hooks, &page.at[i], &owed));
			if (owed.len == before)
				arena_release(c->arena, mark);
		}
	}
	if (owed.len || page.next - hooks->saved >= SAVE_EVERY) {
		TRY(hook_owe(c, owed.at, owed.len, page.next));
		hooks->saved = page.next;
	}
	for (size_t i = 0; i < owed.len; i++)
		for (size_t k = 0; k < hooks->sub_count; k++)
			if (hooks->subs[k].h.key == owed.at[i].subscription) {
				hooks->subs[k].h.waiting++;
				hooks->subs[k].look = 0;
			}
	hooks->cursor = page.next;
	*more = page.more;
	return OK;
}

/* Nobody was there before the first of them came. */
static int64_t first_since(const struct hooks *hooks)
{
	int64_t first = INT64_MAX;

	for (size_t i = 0; i < hooks->sub_count; i++)
		if (takes(&hooks->subs[i]) && hooks->subs[i].h.since < first)
			first = hooks->subs[i].h.since;
	return first;
}

enum err hook_match(struct ctx *c, struct hooks *hooks)
{
	int64_t first = first_since(hooks);
	bool more = true;

	if (first > hooks->settled)
		first = hooks->settled;
	if (hooks->cursor < first)
		hooks->cursor = first;
	while (more && hooks->cursor < hooks->settled && !hooks->stop)
		TRY(share_page(c, hooks, hooks->settled, &more));
	return OK;
}
