/* live.c - GET /fhir/$events: changes as they happen, as text/event-stream.
 *
 *	id: 4711
 *	event: change
 *	data: {"seq":4711,"type":"Observation","id":"o-1","version":2,"method":"PUT", …}
 *
 * One thread reads the log for all who listen. Each has a place in it of their own: who comes with
 * Last-Event-ID goes on after that, as fast as they read, and then hears of each change within
 * milliseconds. A listener who reads slowly is waited for, not dropped: the log is the buffer. What is
 * told is where to look, not what is there; the resource is read as always.
 */
#include <pthread.h>
#include <stdlib.h>

#include "access/sign_in.h"
#include "api/inside.h"
#include "base/json.h"
#include "base/vec.h"
#include "base/when.h"
#include "record/event.h"
#include "record/guard.h"

#define POLL 500             /* milliseconds: other programs may write too */
#define BEHIND 20            /* when somebody has not taken all that there is */
#define PATIENCE 100         /* for writers that are just committing */
#define HEARTBEAT 15000000   /* microseconds of silence */
#define STUCK 120000000      /* without taking anything: the listener is let go */
#define PAGE 100             /* events read at once */
#define ROOM ((ptrdiff_t)PAGE * 2 * 1024)
#define TYPES_MAX 50

struct listener {
	struct arena life;
	struct http_stream *stream;
	const struct search *criteria; /* NULL: none */
	int64_t owner, session;        /* who listens: told what they may see at that moment, as long as they are signed in */
	bool over;                     /* they are not any more */
	VEC(const char *) types;       /* none: all */
	int64_t after;                 /* seq told so far */
	int64_t spoke;                 /* clock_monotonic() of the last thing written */
	struct listener *next;
};

struct live {
	struct place *place;
	pthread_t thread;
	pthread_mutex_t lock; /* over the two below */
	pthread_cond_t came;
	struct listener *fresh; /* those that the thread has not taken in yet */
	volatile bool stop;
	struct listener *first; /* the thread's own */
	int64_t settled;
	bool running;
};

/* The last page read, for all who are at the same place. */
struct shared {
	struct event_page page;
	int64_t after;
	bool read;
};

static void listener_free(struct listener *l)
{
	struct arena life = l->life;

	http_stream_close(l->stream);
	arena_done(&life);
}

/* --- what is told --- */

static struct str method_word(const struct event *e)
{
	static const char *const words[] = { "", "POST", "PUT", "DELETE", "PATCH" };

	return str_of(words[e->method <= METHOD_PATCH ? e->method : 0]);
}

static struct str event_text(struct ctx *c, const struct event *e)
{
	struct node *data = node_new(c->arena, NODE_OBJECT);
	struct arena *a = c->arena;
	struct buf b;

	node_add_int(a, data, "seq", e->seq);
	if (e->type.len)
		node_add_str(a, data, "type", e->type);
	if (e->id.len)
		node_add_str(a, data, "id", e->id);
	if (e->version) {
		node_add_int(a, data, "version", e->version);
		node_add_str(a, data, "method", method_word(e));
	}
	if (e->person_id.len)
		node_add_str(a, data, "person", e->person_id);
	if (e->org.len)
		node_add_str(a, data, "organization", e->org);
	node_add_str(a, data, "updated", when_print_us(a, e->updated));
	if (e->text.len)
		node_add_str(a, data, "text", e->text);
	buf_init(&b, a, 0);
	buf_printf(&b, "id: %lld\nevent: " STR_FMT "\ndata: ", (long long)e->seq,
		   STR_ARG(e->kind));
	json_write(&b, data, 0);
	buf_cstr(&b, "\n\n");
	return buf_get(&b);
}

static bool has_type(const struct listener *l, struct str type)
{
	for (size_t i = 0; i < l->types.len; i++)
		if (str_is(type, l->types.at[i]))
			return true;
	return l->types.len == 0;
}

/* A deletion has no body to be asked; it concerns those who asked for the whole type. */
static enum err concerns(struct ctx *c, struct db *db, const struct listener *l,
			 const struct event *e, bool *out)
{
	struct version v;

	*out = e->type.len ? has_type(l, e->type) : l->types.len == 0;
	if (!*out || !l->criteria)
		return OK;
	*out = str_is(e->type, search_type_name(l->criteria));
	if (!*out || search_is_open(l->criteria))
		return OK;
	*out = e->version && !e->deleted;
	if (!*out)
		return OK;
	TRY(event_version(c, db, e, &v));
	return search_fits(c, db, l->criteria, &v, out);
}

/* --- telling --- */

static enum err tell_page(struct ctx *c, struct db *db, struct listener *l,
			  const struct event_page *page)
{
	struct buf b;

	buf_init(&b, c->arena, 0);
	for (size_t i = 0; i < page->len; i++) {
		bool yes;

		TRY(ctx_check(c));
		TRY(event_may(c, db, &page->at[i], &yes));
		if (yes)
			TRY(concerns(c, db, l, &page->at[i], &yes));
		if (yes)
			buf_str(&b, event_text(c, &page->at[i]));
	}
	if (b.len && http_stream_write(l->stream, buf_get(&b)))
		l->spoke = clock_monotonic();
	l->after = page->next;
	return OK;
}

/* As whoever listens may see now. Whose session is over, or its role, hears no more and has to come again. */
static enum err ask_as(struct ctx *c, struct listener *l)
{
	if (!l->session)
		return guard_enter(c, l->owner);
	c->guard = &guard_nothing;
	enum err e = sign_in_ask_again(c, l->session);
	l->over = e == ERR_NOT_FOUND;
	return l->over ? OK : e;
}

static enum err tell(struct ctx *c, struct db *db, struct live *live, struct listener *l,
		     struct shared *shared)
{
	while (!l->over && l->after < live->settled && http_stream_room(l->stream) >= ROOM) {
		if (!shared->read || shared->after != l->after) {
			TRY(event_next(c, db, l->after, live->settled, PAGE, &shared->page));
			shared->after = l->after;
			shared->read = true;
		}
		enum err e = ask_as(c, l);
		if (!e && !l->over)
			e = tell_page(c, db, l, &shared->page);
		guard_leave(c, l->owner);
		TRY(e);
	}
	return OK;
}

/* Proves to both sides that the other is there: a client that has gone is found by it. */
static void keep_alive(struct listener *l)
{
	int64_t now = clock_monotonic();

	if (now - l->spoke < HEARTBEAT)
		return;
	if (http_stream_room(l->stream) > ROOM / 2 && http_stream_write(l->stream, STR(": alive\n\n")))
		l->spoke = now;
}

static void let_go_of_the_gone(struct live *live)
{
	for (struct listener **at = &live->first; *at;) {
		struct listener *l = *at;

		if (!l->over && http_stream_room(l->stream) >= 0 && clock_monotonic() - l->spoke < STUCK) {
			at = &l->next;
			continue;
		}
		*at = l->next;
		listener_free(l);
	}
}

/* One look at the log. *behind: somebody could not take all. */
static enum err look(struct ctx *c, struct live *live, bool *behind)
{
	struct shared shared = { 0 };
	READER(db);

	TRY(store_reader(c, live->place->store, &db));
	TRY(event_settled(c, db, live->settled, PATIENCE, &live->settled));
	*behind = false;
	for (struct listener *l = live->first; l; l = l->next) {
		TRY(tell(c, db, live, l, &shared));
		*behind = *behind || (!l->over && l->after < live->settled);
		keep_alive(l);
	}
	return OK;
}

/* Take in who came; sleep while there is nobody. False: the end. */
static bool take_in(struct live *live)
{
	pthread_mutex_lock(&live->lock);
	while (!live->stop && !live->fresh && !live->first)
		pthread_cond_wait(&live->came, &live->lock);
	while (live->fresh) {
		struct listener *l = live->fresh;

		live->fresh = l->next;
		l->next = live->first;
		live->first = l;
	}
	bool go_on = !live->stop;
	pthread_mutex_unlock(&live->lock);
	return go_on;
}

static void *follow(void *arg)
{
	struct live *live = arg;
	uint64_t heard = 0;
	ARENA(arena);

	while (take_in(live)) {
		struct ctx c;
		bool behind = false;

		ctx_init(&c, &arena);
		c.place = live->place;
		c.stop = &live->stop;
		enum err e = look(&c, live, &behind);
		let_go_of_the_gone(live);
		arena_reset(&arena);
		if (!live->stop && live->first)
			store_await(live->place->store, &heard, behind && !e ? BEHIND : POLL);
	}
	return NULL;
}

/* --- a listener comes --- */

static enum err types_read(struct ctx *c, struct listener *l, struct str list)
{
	while (list.at) {
		struct str name = str_cut(&list, ',');
		const struct fhir_type *type = fhir_resource_type(c->place->fhir, name);

		if (!type)
			return fail(c, ERR_BAD_REQUEST, "'_type' names no type of resource.");
		if (l->types.len == TYPES_MAX)
			return fail(c, ERR_LIMIT, "'_type' names more than %d types.", TYPES_MAX);
		*vec_push(&l->types, &l->life) = type->name;
	}
	return OK;
}

/* Where to begin: after what the client has heard, else now. */
static enum err begin_after(struct ctx *c, const struct request *r, struct listener *l)
{
	struct str heard = request_header(r, "Last-Event-ID");
	int64_t last, after;
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	TRY(event_last(c, db, &last));
	l->after = last;
	if (!heard.len)
		heard = request_param(c, r, "_after", 0);
	if (!heard.len)
		return OK;
	if (!str_int(heard, &after) || after < 0)
		return fail(c, ERR_BAD_REQUEST, "Last-Event-ID is not one that was sent from here.");
	if (after < last)
		l->after = after;
	return OK;
}

static enum err listener_read(struct ctx *c, const struct request *r, struct listener *l)
{
	static const char *const names[] = { "_type", "criteria", "_after", NULL };
	struct arena *own = c->arena;
	struct str criteria, types;

	TRY(query_only(c, r, names));
	types = request_param(c, r, "_type", 0);
	criteria = request_param(c, r, "criteria", 0);
	if (types.len)
		TRY(types_read(c, l, types));
	if (criteria.len) {
		/* it is used as long as somebody listens */
		struct str kept = { arena_dup(&l->life, criteria.at, criteria.len), criteria.len };

		c->arena = &l->life;
		enum err e = search_criteria(c, kept, &l->criteria);
		c->arena = own;
		TRY(e);
	}
	return begin_after(c, r, l);
}

static void greet(struct ctx *c, struct listener *l)
{
	struct str hello = str_of(arena_printf(
		c->arena, "retry: 2000\nid: %lld\nevent: ready\ndata: {}\n\n", (long long)l->after));

	(void)http_stream_write(l->stream, hello);
	l->spoke = clock_monotonic();
}

static void join(struct live *live, struct listener *l)
{
	pthread_mutex_lock(&live->lock);
	l->next = live->fresh;
	live->fresh = l;
	pthread_cond_signal(&live->came);
	pthread_mutex_unlock(&live->lock);
	store_nudge(live->place->store);
}

enum err api_events(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct arena life;

	if (!c->place->live)
		return fail(c, ERR_UNSUPPORTED, "Nobody tells of changes here.");
	arena_init(&life);
	struct listener *l = NEW(&life, struct listener);
	*l = (struct listener){ .life = life, .owner = guard_owner(c), .session = c->actor ? c->actor->session : 0 };
	enum err e = listener_read(c, r, l);
	if (!e)
		e = http_stream_open(c, r, &l->stream);
	if (e) {
		listener_free(l);
		return e;
	}
	greet(c, l);
	/* whoever listens is told whose records change: noted once, when it begins */
	audited_page(c, AUDIT_SEARCH, STR("events"), r->query, &(struct disclosed){ 0 });
	reply->stream = l->stream;
	reply->type = "text/event-stream";
	reply_header(reply, "Cache-Control", STR("no-store"));
	reply_header(reply, "X-Accel-Buffering", STR("no"));
	join(c->place->live, l);
	return OK;
}

/* --- of a server --- */

enum err live_start(struct ctx *c, struct live **out)
{
	struct live *live = calloc(1, sizeof *live);

	if (!live)
		abort();
	live->place = c->place;
	pthread_mutex_init(&live->lock, NULL);
	pthread_cond_init(&live->came, NULL);
	int why = pthread_create(&live->thread, NULL, follow, live);
	live->running = why == 0;
	if (why) {
		live_stop(live);
		return fail(c, ERR_IO, "Cannot start a thread: %s.", strerror(why));
	}
	c->place->live = live;
	*out = live;
	return OK;
}

void live_stop(struct live *live)
{
	if (!live)
		return;
	live->place->live = NULL;
	pthread_mutex_lock(&live->lock);
	live->stop = true;
	pthread_cond_signal(&live->came);
	pthread_mutex_unlock(&live->lock);
	store_nudge(live->place->store);
	if (live->running)
		pthread_join(live->thread, NULL);
	while (live->first || live->fresh) {
		struct listener **from = live->first ? &live->first : &live->fresh, *l = *from;

		*from = l->next;
		listener_free(l);
	}
	pthread_cond_destroy(&live->came);
	pthread_mutex_destroy(&live->lock);
	free(live);
}
