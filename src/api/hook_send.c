/* hook_send.c - deliveries that are due become transfers, and transfers results.
 *
 * In a lane (a person) one after another, oldest first: what waits behind a delivery that is tried
 * again waits too. Lanes and Subscriptions go side by side, within limits. When the other side does
 * not answer or says it is not well, its Subscription is given one transfer at a time with growing
 * pauses; when it refuses a delivery (4xx), only that one waits. What was tried often enough is given
 * up and kept with the reason; too many failures one after another stop the Subscription.
 */
#include <strings.h>

#include "api/hook.h"
#include "base/json.h"
#include "fhir/load.h"
#include "record/guard.h"

#define FLYING_MAX 64u     /* transfers at once */
#define FLYING_EACH 8u     /* of one Subscription */
#define WINDOW 64          /* waiting deliveries looked at */
#define WINDOW_MAX 1000    /* when all of those wait for their lane */
#define ANSWER_MAX 65536u  /* bytes of an answer; nobody reads them */
#define PAUSE_MAX INT64_C(600000000) /* microseconds between two tries, at most */
#define STOP_AFTER 3       /* times as many failures in a row as one delivery may have */

/* --- one transfer --- */

static size_t take_answer(char *bytes, size_t size, size_t count, void *arg)
{
	struct hook_flight *f = arg;

	(void)bytes;
	f->answered += size * count;
	return f->answered > ANSWER_MAX ? 0 : size * count; /* else the transfer ends here */
}

/* The address is known: is it still one that is allowed? */
static curl_socket_t open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct hook_flight *f = arg;
	char *url = NULL;

	(void)purpose;
	curl_easy_getinfo(f->easy, CURLINFO_EFFECTIVE_URL, &url);
	if (!hook_address_allowed(f->hooks->allowed, hook_host(str_of(url)), &to->addr)) {
		f->refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

static void add_header(struct hook_flight *f, const char *line)
{
	struct curl_slist *longer = curl_slist_append(f->headers, line);

	if (longer)
		f->headers = longer;
}

static bool wants_xml(const struct hook *h)
{
	return str_find(h->payload, STR("xml")) >= 0;
}

static enum err payload(struct ctx *c, const struct hook *h, const struct version *v,
			struct str *out)
{
	struct node *tree;
	struct buf b;

	*out = v->body;
	if (!wants_xml(h))
		return OK;
	TRY(fhir_read_json(c, c->place->fhir, c->arena, v->body, &tree));
	buf_init(&b, c->arena, API_BUNDLE_MAX);
	TRY(fhir_write_xml(c, c->place->fhir, &b, tree, 0));
	*out = buf_get(&b);
	return OK;
}

/* With a payload the endpoint is the base of a server that is told of an update; without, it is
 * rung at. */
static const char *address(struct arena *a, const struct hook *h, const struct version *v)
{
	struct str base = h->endpoint;

	if (!h->payload.len)
		return str_dup(a, base);
	base.len -= str_ends(base, STR("/"));
	return arena_printf(a, STR_FMT "/" STR_FMT "/" STR_FMT, STR_ARG(base), STR_ARG(v->type),
			    STR_ARG(v->id));
}

static void set_limits(struct hook_flight *f, const struct hook_limits *l)
{
	curl_easy_setopt(f->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(f->easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(f->easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(f->easy, CURLOPT_PROXY, ""); /* whatever the environment says */
	curl_easy_setopt(f->easy, CURLOPT_TIMEOUT_MS, (long)(l->timeout / 1000));
	curl_easy_setopt(f->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)(l->timeout / 1000));
	curl_easy_setopt(f->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(f->easy, CURLOPT_WRITEFUNCTION, take_answer);
	curl_easy_setopt(f->easy, CURLOPT_WRITEDATA, f);
	curl_easy_setopt(f->easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(f->easy, CURLOPT_OPENSOCKETDATA, f);
	curl_easy_setopt(f->easy, CURLOPT_PRIVATE, f);
}

static void set_message(struct hook_flight *f, const struct hook *h, const struct version *v,
			struct str body)
{
	struct arena *a = &f->life;

	curl_easy_setopt(f->easy, CURLOPT_URL, address(a, h, v));
	curl_easy_setopt(f->easy, CURLOPT_POST, 1L);
	curl_easy_setopt(f->easy, CURLOPT_POSTFIELDS, h->payload.len ? arena_dup(a, body.at, body.len) : "");
	curl_easy_setopt(f->easy, CURLOPT_POSTFIELDSIZE_LARGE,
			 h->payload.len ? (curl_off_t)body.len : (curl_off_t)0);
	if (h->payload.len) {
		curl_easy_setopt(f->easy, CURLOPT_CUSTOMREQUEST, "PUT");
		add_header(f, arena_printf(a, "Content-Type: " STR_FMT, STR_ARG(h->payload)));
	} else {
		add_header(f, "Content-Type:"); /* none */
	}
	add_header(f, "Expect:");
	add_header(f, arena_printf(a, "X-Causeway-Subscription: " STR_FMT, STR_ARG(h->id)));
	add_header(f, arena_printf(a, "X-Causeway-Event: %lld", (long long)v->seq));
	for (unsigned i = 0; i < h->header_count; i++)
		add_header(f, str_dup(a, h->headers[i]));
	curl_easy_setopt(f->easy, CURLOPT_HTTPHEADER, f->headers);
}

static void flight_free(struct hook_flight *f)
{
	struct arena life = f->life;

	if (f->easy)
		curl_easy_cleanup(f->easy);
	curl_slist_free_all(f->headers);
	arena_done(&life);
}

static enum err fly(struct ctx *c, struct hooks *hooks, struct hook_sub *s, struct db *db,
		    const struct delivery *d)
{
	struct arena life;
	struct version v;
	struct str body;

	TRY(hook_version(c, db, d->seq, &v));
	TRY(payload(c, &s->h, &v, &body));
	arena_init(&life);
	struct hook_flight *f = NEW(&life, struct hook_flight);
	*f = (struct hook_flight){ .life = life,
				   .hooks = hooks,
				   .subscription = s->h.key,
				   .seq = d->seq,
				   .lane = d->lane,
				   .tries = d->tries,
				   .easy = curl_easy_init() };
	if (!f->easy) {
		flight_free(f);
		return fail(c, ERR_IO, "A transfer cannot be begun.");
	}
	set_limits(f, &hooks->limits);
	set_message(f, &s->h, &v, body);
	curl_multi_add_handle(hooks->multi, f->easy);
	f->next = hooks->flights;
	hooks->flights = f;
	hooks->flying++;
	s->flying++;
	return OK;
}

/* --- what is due --- */

static bool sends(const struct hook_sub *s)
{
	return s->h.known && s->h.state == HOOK_ON && s->h.status == HOOK_ACTIVE && s->h.search;
}

static bool in_flight(const struct hooks *hooks, int64_t subscription, int64_t lane)
{
	for (const struct hook_flight *f = hooks->flights; f; f = f->next)
		if (f->subscription == subscription && f->lane == lane)
			return true;
	return false;
}

static bool lane_before(const struct delivery *all, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (all[k].lane == all[i].lane)
			return true;
	return false;
}

static unsigned room_for(const struct hooks *hooks, const struct hook_sub *s)
{
	unsigned each = s->h.tries ? 1 : FLYING_EACH;
	unsigned own = each > s->flying ? each - s->flying : 0;
	unsigned all = FLYING_MAX - hooks->flying;

	return own < all ? own : all;
}

typedef VEC(int64_t) seq_list;

/* May the owner see the version still? */
static enum err owner_may(struct ctx *c, struct db *db, const struct hook_sub *s, int64_t seq,
			  bool *out)
{
	const struct event e = { .seq = seq, .version = 1 };
	enum err error;

	TRY(guard_enter(c, s->h.owner));
	error = event_may(c, db, &e, out);
	guard_leave(c, s->h.owner);
	return error;
}

/* Look at the first `cap` that wait. *full: there may be others. */
static enum err begin_some(struct ctx *c, struct hooks *hooks, struct hook_sub *s, size_t cap,
			   unsigned *begun, bool *full, seq_list *hidden)
{
	struct delivery *all;
	int64_t now = hook_now(), soonest = INT64_MAX;
	size_t len;
	bool may;
	READER(db);

	TRY(store_reader(c, hooks->place->store, &db));
	TRY(hook_deliveries(c, db, s->h.key, DELIVERY_WAITING, cap, &all, &len));
	for (size_t i = 0; i < len && room_for(hooks, s); i++) {
		if (in_flight(hooks, s->h.key, all[i].lane) || lane_before(all, i))
			continue;
		if (all[i].due > now) {
			soonest = all[i].due < soonest ? all[i].due : soonest;
			continue;
		}
		TRY(owner_may(c, db, s, all[i].seq, &may));
		if (!may) {
			*vec_push(hidden, c->arena) = all[i].seq;
			continue;
		}
		TRY(fly(c, hooks, s, db, &all[i]));
		(*begun)++;
	}
	*full = len == cap;
	if (!*begun && !s->flying && !*full)
		s->look = soonest;
	if (!len)
		s->h.waiting = 0;
	return OK;
}

static enum err begin_sub(struct ctx *c, struct hooks *hooks, struct hook_sub *s)
{
	unsigned begun = 0;
	seq_list hidden = { 0 };
	bool full;

	TRY(begin_some(c, hooks, s, WINDOW, &begun, &full, &hidden));
	if (!begun && !hidden.len && full && room_for(hooks, s))
		TRY(begin_some(c, hooks, s, WINDOW_MAX, &begun, &full, &hidden));
	if (!hidden.len)
		return OK;
	s->look = 0;
	s->h.waiting -= (int64_t)hidden.len;
	return hook_withdraw(c, s->h.key, hidden.at, hidden.len);
}

enum err hook_begin_due(struct ctx *c, struct hooks *hooks)
{
	int64_t now = hook_now();

	for (size_t i = 0; i < hooks->sub_count; i++) {
		struct hook_sub *s = &hooks->subs[i];

		if (!sends(s) || s->h.due > now || s->look > now ||
		    s->h.waiting <= (int64_t)s->flying || !room_for(hooks, s))
			continue;
		TRY(begin_sub(c, hooks, s));
	}
	return OK;
}

int hook_pause_ms(const struct hooks *hooks)
{
	int64_t now = hook_now(), until = now + 500000;

	for (size_t i = 0; i < hooks->sub_count; i++) {
		const struct hook_sub *s = &hooks->subs[i];
		int64_t next = s->h.due > s->look ? s->h.due : s->look;

		if (sends(s) && s->h.waiting > (int64_t)s->flying && next < until && !s->flying)
			until = next;
	}
	return until <= now ? 1 : (int)((until - now + 999) / 1000);
}

/* --- what became of it --- */

static struct hook_sub *sub_of(struct hooks *hooks, int64_t key)
{
	for (size_t i = 0; i < hooks->sub_count; i++)
		if (hooks->subs[i].h.key == key)
			return &hooks->subs[i];
	return NULL;
}

/* Doubled each time up to a limit, and then between half and all of it, so that those who failed
 * together do not come back together. */
static int64_t pause_after(struct hooks *hooks, int64_t tries)
{
	int64_t pause = hooks->limits.pause;

	for (int64_t i = 1; i < tries && pause < PAUSE_MAX; i++)
		pause *= 2;
	if (pause > PAUSE_MAX)
		pause = PAUSE_MAX;
	hooks->random ^= hooks->random << 13;
	hooks->random ^= hooks->random >> 7;
	hooks->random ^= hooks->random << 17;
	return pause / 2 + (int64_t)(hooks->random % (uint64_t)(pause / 2 + 1));
}

/* Why it failed; NULL: it did not. */
static const char *failure(struct arena *a, const struct hook_flight *f, CURLcode code, long status)
{
	bool enough = code == CURLE_WRITE_ERROR && f->answered > ANSWER_MAX;

	if (f->refused)
		return "The endpoint is not among the destinations that this server may send to "
		       "(serve --hooks).";
	if ((code == CURLE_OK || enough) && status >= 200 && status < 300)
		return NULL;
	if (code == CURLE_OK || enough)
		return arena_printf(a, "The endpoint answered %ld.", status);
	return arena_printf(a, "%s.", curl_easy_strerror(code));
}

/* Does it say that the other side is not well, rather than that it does not like this one? */
static bool unwell(CURLcode code, long status)
{
	return code != CURLE_OK || status >= 500 || status == 408 || status == 429;
}

static void result_failed(struct hooks *hooks, struct hook_flight *f, struct hook_sub *s,
			  CURLcode code, long status, struct hook_result *r)
{
	int64_t asked = 0;
	curl_off_t wait = 0;

	if (curl_easy_getinfo(f->easy, CURLINFO_RETRY_AFTER, &wait) == CURLE_OK && wait > 0)
		asked = (wait < 3600 ? wait : 3600) * INT64_C(1000000);
	r->tries = f->tries + 1;
	r->state = r->tries >= hooks->limits.tries ? DELIVERY_DEAD : DELIVERY_WAITING;
	int64_t pause = pause_after(hooks, r->tries);
	r->due = r->at + (asked > pause ? asked : pause);
	if (unwell(code, status))
		r->hook_due = r->at + (asked ? asked : pause_after(hooks, s ? s->h.tries + 1 : 1));
	r->stop = s && s->h.tries + 1 >= STOP_AFTER * hooks->limits.tries;
}

/* The thread's own picture, as the database will say. */
static void note(struct hook_sub *s, const struct hook_result *r)
{
	s->flying--;
	s->look = 0;
	if (r->state != DELIVERY_WAITING)
		s->h.waiting--;
	s->h.tries = r->why ? s->h.tries + 1 : 0;
	s->h.due = r->why ? r->hook_due : 0;
	if (r->stop)
		s->h.state = HOOK_STOPPED;
}

static void land(struct ctx *c, struct hooks *hooks, CURL *easy, CURLcode code,
		 struct hook_result *r)
{
	struct hook_flight *f, **at = &hooks->flights;
	long status = 0;

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, &f);
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	struct hook_sub *s = sub_of(hooks, f->subscription);
	*r = (struct hook_result){ .subscription = f->subscription,
				   .seq = f->seq,
				   .at = hook_now(),
				   .state = DELIVERY_MADE,
				   .status = status,
				   .tries = f->tries,
				   .why = failure(c->arena, f, code, status) };
	if (r->why)
		result_failed(hooks, f, s, code, status, r);
	if (s)
		note(s, r);
	atomic_fetch_add(r->why ? &hooks->failed : &hooks->sent, 1);
	atomic_fetch_add(&hooks->dead, r->state == DELIVERY_DEAD);
	while (*at != f)
		at = &(*at)->next;
	*at = f->next;
	hooks->flying--;
	curl_multi_remove_handle(hooks->multi, easy);
	flight_free(f);
}

enum err hook_collect(struct ctx *c, struct hooks *hooks)
{
	VEC(struct hook_result) results = { 0 };
	CURLMsg *message;
	int running, left;
	bool stopped = false;

	curl_multi_perform(hooks->multi, &running);
	while ((message = curl_multi_info_read(hooks->multi, &left))) {
		if (message->msg != CURLMSG_DONE)
			continue;
		struct hook_result *r = vec_push(&results, c->arena);
		land(c, hooks, message->easy_handle, message->data.result, r);
		stopped = stopped || r->stop;
	}
	if (stopped)
		hooks->changed = -1; /* to be told in the Subscription */
	return results.len ? hook_results(c, results.at, results.len) : OK;
}

void hook_drop_flights(struct hooks *hooks)
{
	while (hooks->flights) {
		struct hook_flight *f = hooks->flights;

		hooks->flights = f->next;
		curl_multi_remove_handle(hooks->multi, f->easy);
		flight_free(f);
	}
	hooks->flying = 0;
}
