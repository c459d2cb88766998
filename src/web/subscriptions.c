/* subscriptions.c - Subscriptions for who looks after the server: how each fares, what it is owed,
 * what was given up and why; and the buttons: pause, resume, deliver again. */
#include "record/hook.h"
#include "web/pages.h"

#define SHOWN 50 /* deliveries of a kind on a page */

static const char *state_words(const struct hook *h)
{
	if (h->status == HOOK_OFF)
		return "Off";
	if (h->status == HOOK_ERROR || h->state == HOOK_STOPPED)
		return "Stopped by failures";
	if (h->state == HOOK_PAUSED)
		return "Paused by hand";
	if (h->status == HOOK_REQUESTED || !h->known)
		return "Not begun";
	return h->tries && h->waiting ? "Trying again" : "On";
}

/* The host alone: the rest of an address may hold a secret. */
static struct str host_of(struct ctx *c, struct str url)
{
	ptrdiff_t at = str_find(url, STR("://"));
	struct str host = url;

	if (at < 0)
		return url;
	host.at += at + 3;
	host.len -= (size_t)at + 3;
	return str_of(str_dup(c->arena, str_cut(&host, '/')));
}

static void put_moment(struct ctx *c, struct node *to, const char *name, int64_t at)
{
	struct moment m;

	if (!at)
		return;
	m = moment_at(c->arena, at);
	data_time(c, to, name, m, say_full(c->arena, m, clock_now(&clock_system)));
}

static void put_hook(struct ctx *c, struct node *row, const struct hook *h)
{
	struct arena *a = c->arena;

	data_str(c, row, "hook_id", h->id);
	data_str(c, row, "hook_name", h->reason.len ? h->reason : h->criteria);
	data_str(c, row, "criteria", h->criteria);
	data_str(c, row, "host", host_of(c, h->endpoint));
	data_words(c, row, "state", state_words(h));
	data_str(c, row, "sent", say_count(a, h->sent));
	data_str(c, row, "waiting", say_count(a, h->waiting));
	data_str(c, row, "given_up", say_count(a, h->given_up));
	data_str(c, row, "why", h->why);
	data_str(c, row, "error", h->error);
	put_moment(c, row, "last", h->last);
	put_moment(c, row, "failed", h->failed);
	put_moment(c, row, "until", h->end);
	if (h->waiting && h->oldest)
		data_str(c, row, "lag", say_span(a, clock_now(c->clock) - h->oldest));
	if (h->given_up)
		node_add_bool(a, row, "any_given_up", true);
	if (h->known && h->status != HOOK_OFF && h->state == HOOK_ON && h->status != HOOK_ERROR)
		node_add_bool(a, row, "can_pause", true);
	if (h->known && h->status != HOOK_OFF && (h->state != HOOK_ON || h->status == HOOK_ERROR))
		node_add_bool(a, row, "can_resume", true);
}

enum err subscriptions_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data = page_new(c, r, "Subscriptions"), *list = data_list(c, data, "hooks");
	struct hook *all;
	size_t len;
	{
		READER(db);

		TRY(store_reader(c, c->place->store, &db));
		TRY(hook_all(c, db, &all, &len));
	}
	for (size_t i = 0; i < len; i++)
		put_hook(c, data_object(c, list, NULL), &all[i]);
	data_str(c, data, "count", say_count(c->arena, (int64_t)len));
	if (len)
		node_add_bool(c->arena, data, "has_hooks", true);
	return page_show(c, "subscriptions", data, reply);
}

static void put_delivery(struct ctx *c, struct node *list, const struct delivery *d)
{
	struct node *row = data_object(c, list, NULL);
	struct arena *a = c->arena;

	data_str(c, row, "seq", SAY(a, "%lld", (long long)d->seq));
	data_str(c, row, "what", SAY(a, STR_FMT "/" STR_FMT ", version %lld", STR_ARG(d->type),
				     STR_ARG(d->id), (long long)d->version));
	data_str(c, row, "tries", say_count(a, d->tries));
	if (d->status)
		data_str(c, row, "answer", SAY(a, "%lld", (long long)d->status));
	data_str(c, row, "delivery_why", d->why);
	put_moment(c, row, "changed", d->updated);
	put_moment(c, row, "tried", d->at);
	if (d->tries)
		put_moment(c, row, "next", d->due);
}

static enum err put_deliveries(struct ctx *c, struct node *data, const char *name, const char *any,
			       const struct hook *h, enum delivery_state state)
{
	struct node *list = data_list(c, data, name);
	struct delivery *all;
	size_t len;
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	TRY(hook_deliveries(c, db, h->key, state, SHOWN, &all, &len));
	for (size_t i = 0; i < len; i++)
		put_delivery(c, list, &all[i]);
	if (len)
		node_add_bool(c->arena, data, any, true);
	return OK;
}

/* What was just done, told once. */
static void put_done(struct ctx *c, struct node *data, const struct request *r)
{
	static const char *const words[][2] = {
		{ "pause", "Deliveries wait from now on." },
		{ "resume", "Deliveries go on." },
		{ "retry", "What was given up will be delivered again." },
	};
	struct str done = request_param(c, r, "done", 0);

	for (unsigned i = 0; i < sizeof words / sizeof *words; i++)
		if (str_is(done, words[i][0]))
			data_words(c, data, "done", words[i][1]);
}

enum err subscription_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data = page_new(c, r, "Subscription");
	struct hook h;
	{
		READER(db);

		TRY(store_reader(c, c->place->store, &db));
		TRY(hook_one(c, db, r->part[0], &h));
	}
	put_hook(c, data, &h);
	put_done(c, data, r);
	TRY(put_deliveries(c, data, "dead", "has_dead", &h, DELIVERY_DEAD));
	TRY(put_deliveries(c, data, "queue", "has_queue", &h, DELIVERY_WAITING));
	TRY(put_deliveries(c, data, "made_list", "has_made_list", &h, DELIVERY_MADE));
	return page_show(c, "subscription", data, reply);
}

static enum err retry(struct ctx *c, const struct request *r)
{
	struct str event = request_param(c, r, "event", 0);
	int64_t seq = 0, count;

	if (event.len && (!str_int(event, &seq) || seq < 1))
		return fail(c, ERR_BAD_REQUEST, "There is no such delivery.");
	return hook_retry(c, r->part[0], seq, &count);
}

/* A button: do it, and come back to the page. */
enum err subscription_act(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct str what = request_param(c, r, "do", 0);

	if (str_is(what, "pause"))
		TRY(hook_pause(c, r->part[0]));
	else if (str_is(what, "resume"))
		TRY(hook_resume(c, r->part[0]));
	else if (str_is(what, "retry"))
		TRY(retry(c, r));
	else
		return fail(c, ERR_BAD_REQUEST, "That is no button of this page.");
	return page_redirect(c,
			     SAY(c->arena, "/subscriptions/" STR_FMT "?done=" STR_FMT,
				 STR_ARG(r->part[0]), STR_ARG(what)),
			     reply);
}
