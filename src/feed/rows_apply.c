/* rows_apply.c - a whole file of rows: looked over once, then applied by a few threads.
 *
 * The first look costs no writing: is it a file of this mapping, how many rows, which of them are said
 * again further down. Then the rows go in groups to threads, all of one person to the same, so
 * that their order holds. There is no place to go on from: a file begun again is read from its start,
 * and what is in the record is only looked at. So however it ended, no row is lost or applied twice.
 *
 * Memory: a window of the file, a few groups for each thread, and 16 bytes for each row's key. */
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include "feed/rows_work.h"

enum { JOBS_MOST = 64, WAITING = 4, KEYS_MOST = 8000000, SCOPES = 16, TICK = 500000 };

/* --- keys of a file: which row says it last --- */

struct key_at {
	uint64_t hash;
	int64_t row;
};
struct keys {
	struct key_at *at; /* open addressing; hash 0 is free */
	size_t len, cap;   /* cap: a power of 2 */
};

static struct key_at *keys_find(const struct keys *k, uint64_t hash)
{
	size_t i = hash & (k->cap - 1);

	while (k->at[i].hash && k->at[i].hash != hash)
		i = (i + 1) & (k->cap - 1);
	return &k->at[i];
}

static void keys_grow(struct keys *k)
{
	struct keys old = *k;

	k->cap = old.cap ? old.cap * 2 : 1024;
	k->at = calloc(k->cap, sizeof *k->at);
	if (!k->at)
		abort();
	for (size_t i = 0; i < old.cap; i++)
		if (old.at[i].hash)
			*keys_find(k, old.at[i].hash) = old.at[i];
	free(old.at);
}

static void keys_set(struct keys *k, uint64_t hash, int64_t row)
{
	if (k->len * 2 >= k->cap)
		keys_grow(k);
	struct key_at *at = keys_find(k, hash);
	k->len += !at->hash;
	*at = (struct key_at){ hash, row };
}

static uint64_t key_hash(struct str key)
{
	return hash_bytes(key.at, key.len) | 1;
}

/* --- a file being applied --- */

struct unit { /* rows of a few people, on their way to a thread */
	struct arena arena;
	struct row_in rows[ROWS_GROUP];
	size_t len;
	struct unit *next;
};

struct lane { /* a thread and what waits for it */
	pthread_t thread;
	bool started;
	struct unit *first, *last, *filling;
	unsigned waiting;
	struct applying *of;
};

struct applying {
	struct ctx *c;
	const struct rows_run *run;
	struct rows_to to;
	struct rows_head head;
	struct feed_file file;
	struct keys keys;
	uint64_t scopes[SCOPES];
	unsigned scope_count;
	bool scopes_known; /* each row told its scope, and there were few */
	struct lane lanes[JOBS_MOST];
	unsigned lane_count;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool ended;
	enum err failure;
	char why[512];
	int64_t told;      /* clock_monotonic when progress was last told */
};

static struct row begin_row(struct ctx *c, const struct applying *a, const struct rows_line_read *line)
{
	return (struct row){ .c = c, .map = a->to.map, .head = &a->head, .fields = line->fields,
			     .len = line->len, .org = a->to.org, .source = a->to.source,
			     .org_name = str_of(a->run->feed->title) };
}

/* --- the first look --- */

static enum err open_file(struct ctx *c, struct applying *a, struct rows_file **f)
{
	struct rows_line_read line;
	bool more;

	TRY(rows_file_open(c, a->run->path, a->run->bytes, a->to.map->delimiter, f));
	TRY(rows_file_next(c, *f, c->arena, &line, &more));
	if (!more)
		return fail(c, ERR_INVALID, "The file is empty.");
	if (line.fault)
		return fail(c, ERR_INVALID, "The header cannot be read: %s.", line.fault);
	a->to.header = str_of(str_dup(c->arena, line.raw));
	return rows_head_read(c, a->to.map, line.fields, line.len, &a->head);
}

static void note_scope(struct applying *a, struct str scope)
{
	uint64_t hash = key_hash(scope);

	for (unsigned i = 0; i < a->scope_count; i++)
		if (a->scopes[i] == hash)
			return;
	if (!scope.len || a->scope_count == SCOPES)
		a->scopes_known = false;
	else
		a->scopes[a->scope_count++] = hash;
}

static enum err survey_row(struct ctx *c, struct applying *a, const struct rows_line_read *line)
{
	struct row r = begin_row(c, a, line);

	a->file.total++;
	if (line->fault || row_name(&r)) {
		a->scopes_known = false;
		return OK;
	}
	note_scope(a, r.scope);
	if (a->keys.len >= KEYS_MOST)
		return fail(c, ERR_TOO_LARGE, "The file has more than eight million rows: split it.");
	keys_set(&a->keys, key_hash(r.key), line->number);
	return OK;
}

static enum err survey_rows(struct ctx *c, struct applying *a, struct rows_file *f)
{
	crypto_generichash_state state;
	unsigned char hash[16];
	char *hex = arena_alloc(a->c->arena, 33);
	struct rows_line_read line;
	bool more;
	ARENA(arena);
	struct ctx one = *c;

	one.arena = &arena;
	crypto_generichash_init(&state, NULL, 0, sizeof hash);
	crypto_generichash_update(&state, (const unsigned char *)a->to.header.at, a->to.header.len);
	for (;;) {
		arena_reset(&arena);
		one.issues = (struct issues){ 0 };
		enum err e = rows_file_next(&one, f, &arena, &line, &more);
		if (!e && !more)
			break;
		if (!e)
			e = survey_row(&one, a, &line);
		if (!e)
			e = ctx_check(&one);
		if (e)
			return fail(c, e, "%s", one.why);
		crypto_generichash_update(&state, (const unsigned char *)line.raw.at, line.raw.len);
		crypto_generichash_update(&state, (const unsigned char *)"\n", 1);
	}
	crypto_generichash_final(&state, hash, sizeof hash);
	sodium_bin2hex(hex, 33, hash, sizeof hash);
	a->file.hash = (struct str){ hex, 32 };
	return OK;
}

static enum err survey(struct ctx *c, struct applying *a)
{
	struct rows_file *f = NULL;

	a->scopes_known = a->to.map->full != NULL;
	keys_grow(&a->keys);
	enum err e = open_file(c, a, &f);
	if (!e)
		e = survey_rows(c, a, f);
	rows_file_close(f);
	return e;
}

/* --- threads --- */

static void unit_free(struct unit *u)
{
	if (u)
		arena_done(&u->arena);
	free(u);
}

static void give_up(struct applying *a, enum err e, const char *why)
{
	pthread_mutex_lock(&a->lock);
	if (!a->failure) {
		a->failure = e;
		snprintf(a->why, sizeof a->why, "%s", why);
	}
	pthread_cond_broadcast(&a->changed);
	pthread_mutex_unlock(&a->lock);
}

static struct unit *unit_take(struct lane *lane)
{
	struct applying *a = lane->of;

	pthread_mutex_lock(&a->lock);
	while (!lane->first && !a->ended)
		pthread_cond_wait(&a->changed, &a->lock);
	struct unit *u = lane->first;
	if (u) {
		lane->first = u->next;
		if (!lane->first)
			lane->last = NULL;
		lane->waiting--;
		pthread_cond_broadcast(&a->changed);
	}
	pthread_mutex_unlock(&a->lock);
	return u;
}

static void count_unit(struct applying *a, const struct unit *u)
{
	pthread_mutex_lock(&a->lock);
	a->file.done += (int64_t)u->len;
	for (size_t i = 0; i < u->len; i++)
		switch (u->rows[i].fate) {
		case ROW_WAITS: /* given up before its turn */
			break;
		case ROW_APPLIED:
			a->file.applied++;
			break;
		case ROW_REFUSED:
			a->file.refused++;
			break;
		case ROW_UNCHANGED:
			a->file.unchanged++;
			break;
		}
	pthread_mutex_unlock(&a->lock);
}

static void *lane_run(void *arg)
{
	struct lane *lane = arg;
	struct applying *a = lane->of;
	struct unit *u;

	while ((u = unit_take(lane)) != NULL) {
		struct ctx c;
		ctx_init(&c, &u->arena);
		c.place = a->c->place;
		c.clock = a->c->clock;
		c.stop = a->c->stop;
		enum err e = a->failure ? OK : ctx_check(&c);
		if (!e && !a->failure) {
			e = rows_group(&c, &a->to, u->rows, u->len);
			if (!e)
				count_unit(a, u);
		}
		if (e)
			give_up(a, e, c.why);
		unit_free(u);
	}
	return NULL;
}

static void unit_send(struct applying *a, struct lane *lane)
{
	struct unit *u = lane->filling;

	lane->filling = NULL;
	if (!u)
		return;
	pthread_mutex_lock(&a->lock);
	while (lane->waiting >= WAITING && !a->failure)
		pthread_cond_wait(&a->changed, &a->lock);
	if (lane->last)
		lane->last->next = u;
	else
		lane->first = u;
	lane->last = u;
	lane->waiting++;
	pthread_cond_broadcast(&a->changed);
	pthread_mutex_unlock(&a->lock);
}

/* Twice as many as have work: half of them wait for a commit, and all that share one begin again at once. */
static enum err lanes_start(struct ctx *c, struct applying *a)
{
	unsigned jobs = a->run->jobs ? a->run->jobs : 2 * feeds_threads(c->place);

	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->changed, NULL);
	for (unsigned i = 0; i < jobs && i < JOBS_MOST; i++) {
		struct lane *lane = &a->lanes[a->lane_count];
		lane->of = a;
		if (pthread_create(&lane->thread, NULL, lane_run, lane))
			break;
		lane->started = true;
		a->lane_count++;
	}
	return a->lane_count ? OK : fail(c, ERR_INTERNAL, "No thread could be started.");
}

static void lanes_end(struct applying *a)
{
	pthread_mutex_lock(&a->lock);
	a->ended = true;
	pthread_cond_broadcast(&a->changed);
	pthread_mutex_unlock(&a->lock);
	for (unsigned i = 0; i < a->lane_count; i++) {
		pthread_join(a->lanes[i].thread, NULL);
		unit_free(a->lanes[i].filling);
	}
	pthread_mutex_destroy(&a->lock);
	pthread_cond_destroy(&a->changed);
}

/* --- the second look --- */

static struct feed_file file_now(struct applying *a)
{
	pthread_mutex_lock(&a->lock);
	struct feed_file f = a->file;
	pthread_mutex_unlock(&a->lock);
	return f;
}

/* On the terminal, and where the page sees it. */
static enum err tell(struct ctx *c, struct applying *a, bool always)
{
	int64_t now = clock_monotonic();
	const struct progress *p = a->run->progress;

	if (!always && now - a->told < TICK)
		return OK;
	a->told = now;
	struct feed_file f = file_now(a);
	if (p && !p->tick(p->arg, f.done, f.total, "rows"))
		return fail(c, ERR_STOPPED, "Stopped.");
	return file_keep(c, &f);
}

/* The thread by the person, so that what is said of one keeps its order. */
static void add_row(struct ctx *c, struct applying *a, const struct rows_line_read *line)
{
	struct row r = begin_row(c, a, line);
	bool named = !line->fault && row_name(&r) == OK;
	struct lane *lane = &a->lanes[named ? hash_bytes(r.person.at, r.person.len) % a->lane_count : 0];
	struct unit *u = lane->filling;

	if (!u) {
		u = lane->filling = calloc(1, sizeof *u);
		if (!u)
			abort();
		arena_init(&u->arena);
	}
	struct str *fields = NEW_N(&u->arena, struct str, line->len ? line->len : 1);
	for (unsigned i = 0; i < line->len; i++)
		fields[i] = str_of(str_dup(&u->arena, line->fields[i]));
	u->rows[u->len++] = (struct row_in){
		.number = line->number,
		.raw = { arena_dup(&u->arena, line->raw.at, line->raw.len), line->raw.len },
		.fields = fields,
		.len = line->len,
		.fault = line->fault,
		.overtaken = named && keys_find(&a->keys, key_hash(r.key))->row != line->number,
	};
	if (u->len == ROWS_GROUP)
		unit_send(a, lane);
}

static enum err apply_rows(struct ctx *c, struct applying *a, struct rows_file *f)
{
	struct rows_line_read line;
	bool more;
	ARENA(arena);
	struct ctx one = *c;
	enum err e = OK;

	one.arena = &arena;
	while (!e) {
		arena_reset(&arena);
		one.issues = (struct issues){ 0 };
		e = rows_file_next(&one, f, &arena, &line, &more);
		if (e || !more)
			break;
		add_row(&one, a, &line);
		e = a->failure ? fail(&one, a->failure, "%s", a->why) : ctx_check(&one);
		if (!e)
			e = tell(&one, a, false);
	}
	for (unsigned i = 0; !e && i < a->lane_count; i++)
		unit_send(a, &a->lanes[i]);
	return e ? fail(c, e, "%s", one.why) : OK;
}

static enum err apply(struct ctx *c, struct applying *a)
{
	struct rows_file *f = NULL;

	TRY(lanes_start(c, a));
	enum err e = open_file(c, a, &f);
	a->to.head = &a->head;
	if (!e)
		e = apply_rows(c, a, f);
	if (e)
		give_up(a, e, c->why);
	lanes_end(a);
	rows_file_close(f);
	return a->failure ? fail(c, a->failure, "%s", a->why) : OK;
}

/* --- rows that are no longer sent --- */

static enum err list_rows(struct ctx *c, const char *feed, struct str after, struct str *names,
			  struct str *scopes, struct str *keys, size_t *len)
{
	static const struct json_options options;
	char *from = arena_printf(c->arena, "%s|row|", feed), *to = arena_printf(c->arena, "%s|row}", feed);
	bool row;
	READER(db);
	STMT(s);

	*len = 0;
	TRY(store_reader(c, c->place->store, &db));
	TRY(db_stmt(c, db,
		    SQL("SELECT name, body FROM feed_state WHERE kind = 4 AND name > ?1 AND name < ?2 "
			"ORDER BY name LIMIT 500"),
		    &s));
	stmt_bind_text(s, 1, after.len ? after : str_of(from));
	stmt_bind_text(s, 2, str_of(to));
	for (;;) {
		struct node *body;
		TRY(stmt_step(c, s, &row));
		if (!row)
			return OK;
		names[*len] = str_of(str_dup(c->arena, stmt_text(s, 0)));
		TRY(json_read(c, c->arena, str_of(str_dup(c->arena, stmt_text(s, 1))), &options, &body));
		scopes[*len] = node_str(body, "s");
		keys[*len] = node_str(body, "k");
		++*len;
	}
}

static bool in_scope(const struct applying *a, struct str scope)
{
	for (unsigned i = 0; scope.len && i < a->scope_count; i++)
		if (a->scopes[i] == key_hash(scope))
			return true;
	return false;
}

/* Of the periods this file tells wholly: what was told before and is not in it. */
static enum err end_missing(struct ctx *c, struct applying *a)
{
	ARENA(arena);
	struct ctx one = *c;
	struct str names[500], scopes[500], keys[500];
	char last[1024] = "";
	size_t len = 500;

	one.arena = &arena;
	while (len == 500) {
		arena_reset(&arena);
		one.issues = (struct issues){ 0 };
		enum err e = list_rows(&one, a->run->feed->name, str_of(last), names, scopes, keys, &len);
		int64_t ended = 0;
		size_t missing = 0;
		if (!e && len)
			snprintf(last, sizeof last, STR_FMT, STR_ARG(names[len - 1]));
		for (size_t i = 0; !e && i < len; i++)
			if (in_scope(a, scopes[i]) && !keys_find(&a->keys, key_hash(keys[i]))->hash)
				names[missing++] = names[i];
		if (!e)
			e = rows_end(&one, &a->to, names, missing, &ended);
		if (!e)
			e = ctx_check(&one);
		if (e)
			return fail(c, e, "%s", one.why);
		a->file.gone += ended;
	}
	return OK;
}

/* --- the whole --- */

static enum err refuse_file(struct ctx *c, struct applying *a, enum err e)
{
	char why[sizeof c->why];

	memcpy(why, c->why, sizeof why);
	if (!a->file.hash.len)
		a->file.hash = message_hash(c->arena, str_of(arena_printf(c->arena, "%s|%s", a->run->name, why)));
	if (!a->file.key && file_begin(c, &a->file))
		return fail(c, e, "%s", why);
	a->file.state = e == ERR_STOPPED || e == ERR_BUSY || e == ERR_STORE || e == ERR_IO ? FILE_STOPPED
											     : FILE_REFUSED;
	a->file.reason = str_of(why);
	enum err kept = file_keep(c, &a->file);
	return fail(c, kept ? kept : e, "%s", why);
}

static enum err run_file(struct ctx *c, struct applying *a)
{
	TRY(survey(c, a));
	a->file.mapping = str_of(a->to.map->version);
	TRY(file_begin(c, &a->file));
	a->to.file = a->file.key;
	TRY(apply(c, a));
	if (a->scopes_known && a->scope_count)
		TRY(end_missing(c, a));
	a->file.state = FILE_DONE;
	return file_keep(c, &a->file);
}

enum err rows_apply(struct ctx *c, const struct rows_run *run, struct rows_count *out)
{
	struct applying *a = NEW(c->arena, struct applying);
	const struct feed *feed = run->feed;

	TRY(feeds_open(c));
	*a = (struct applying){ .c = c, .run = run };
	a->to = (struct rows_to){ .feed = feed, .org = str_of(feed->org),
				  .source = feed_source(c->arena, str_of(feed->org)) };
	TRY(feeds_rows(c, feed->rows ? feed->rows : feed->name, &a->to.map));
	a->file = (struct feed_file){ .feed = feed->key, .name = str_of(run->name) };
	enum err e = run_file(c, a);
	if (e)
		e = refuse_file(c, a, e);
	free(a->keys.at);
	*out = (struct rows_count){ .rows = a->file.done, .applied = a->file.applied,
				    .unchanged = a->file.unchanged, .refused = a->file.refused,
				    .ended = a->file.gone };
	return e;
}
