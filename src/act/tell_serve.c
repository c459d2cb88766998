/* tell_serve.c - the thread of a server that tells people outside of Causeway of their work. */
#include <curl/curl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "act/tell_part.h"
#include "base/file.h"

#define SECOND    INT64_C(1000000)
#define PAUSE_MAX INT64_C(600000000) /* microseconds between two tries, at most */
enum { ROUND = 64, BREATH = 250000000 /* nanoseconds */, SECRET_MAX = 4096 };

struct telling {
	struct place *place;
	struct arena life;
	struct tell_rules rules;
	struct tell_means means;
	int64_t tries, pause;
	const struct clock *clock;
	pthread_t thread;
	bool running;
	volatile bool stop;
};

/* --- one round --- */

static int64_t pause_after(const struct telling *t, int64_t tries)
{
	int64_t pause = t->pause;

	for (int64_t i = 1; i < tries && pause < PAUSE_MAX; i++)
		pause *= 2;
	return pause < PAUSE_MAX ? pause : PAUSE_MAX;
}

static enum err tell_one(struct ctx *c, struct telling *t, const struct tell *tell, bool *away)
{
	int64_t now = clock_now(&clock_system), tries = tell->tries + 1;
	const char *why;
	bool ours;

	/* taken on for longer than it can take, so that another server does not send it beside us */
	TRY(tell_claim(c, tell, now + 2 * t->means.timeout + 10 * SECOND, &ours));
	if (!ours)
		return OK;
	why = tell_send(c, &t->means, tell, away);
	now = clock_now(&clock_system);
	if (!why)
		return tell_done(c, tell->key, now);
	if (t->stop) /* cut off: as if it had not been tried */
		return tell_failed(c, tell->key, now, 1, "Causeway was stopped meanwhile.");
	return tell_failed(c, tell->key, now, tries < t->tries ? now + pause_after(t, tries) : 0, why);
}

/* Where the other side does not answer at all, its others wait for the next round. */
static bool is_away(const struct tells *away, const struct tell *tell)
{
	for (size_t i = 0; i < away->len; i++)
		if (str_eq(away->at[i].way, tell->way) &&
		    (str_is(tell->way, "email") || str_eq(away->at[i].address, tell->address)))
			return true;
	return false;
}

static enum err round_once(struct ctx *c, struct telling *t)
{
	struct tells unanswered = { 0 };
	struct tell *all;
	bool more = true, away;
	size_t len;

	while (more && !t->stop)
		TRY(tell_owe(c, &t->rules, &more));
	TRY(tell_list(c, TELL_WAITING, ROUND * 16, &all, &len));
	for (size_t i = 0, sent = 0; i < len && sent < ROUND && !t->stop; i++) {
		away = false;
		if (all[i].due > clock_now(&clock_system) || is_away(&unanswered, &all[i]))
			continue;
		TRY(tell_one(c, t, &all[i], &away));
		sent++;
		if (away)
			*vec_push(&unanswered, c->arena) = all[i];
	}
	return OK;
}

static void *run(void *arg)
{
	struct telling *t = arg;

	while (!t->stop) {
		struct ctx c;
		ARENA(arena);

		ctx_init(&c, &arena);
		c.place = t->place;
		c.clock = t->clock;
		c.stop = &t->stop;
		if (round_once(&c, t) != OK && !t->stop) {
			fprintf(stderr, "People could not be told of their work: %s\n", c.why);
			nanosleep(&(struct timespec){ .tv_sec = 2 }, NULL);
		}
		nanosleep(&(struct timespec){ .tv_nsec = BREATH }, NULL);
	}
	return NULL;
}

/* --- beginning --- */

/* A file that only its owner may read; without the newline at its end. */
static enum err secret_read(struct ctx *c, struct arena *a, const char *path, struct str *out)
{
	struct stat st;
	struct str text;

	if (stat(path, &st) != 0)
		return fail(c, ERR_IO, "%s cannot be read: %m.", path);
	if (st.st_mode & (S_IRWXG | S_IRWXO))
		return fail(c, ERR_FORBIDDEN, "%s can be read by others than its owner: chmod 600.", path);
	TRY(file_read(c, a, path, SECRET_MAX, &text));
	*out = str_trim(text);
	return out->len ? OK : fail(c, ERR_INVALID, "%s is empty.", path);
}

static bool starts(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

static enum err mail_means(struct ctx *c, struct telling *t, const struct tell_setup *setup)
{
	struct str login, user;

	if (!setup->smtp || !setup->from)
		return fail(c, ERR_USAGE, "%s sends e-mail: say by which server and as whom, --smtp and --smtp-from.",
			    "share/" TELL_FILE);
	if (!starts(setup->smtp, "smtp://") && !starts(setup->smtp, "smtps://"))
		return fail(c, ERR_USAGE, "--smtp is like smtp://mail.example.org:587 or smtps://….");
	if (!strchr(setup->from, '@') || strpbrk(setup->from, " <>\r\n\t\"") || strlen(setup->from) > 200)
		return fail(c, ERR_USAGE, "--smtp-from is an e-mail address.");
	t->means.smtp = arena_str(&t->life, setup->smtp);
	t->means.from = arena_str(&t->life, setup->from);
	if (!setup->login)
		return OK;
	TRY(secret_read(c, c->arena, setup->login, &login));
	user = str_trim(str_cut(&login, '\n'));
	if (!login.at || !str_trim(login).len)
		return fail(c, ERR_INVALID, "%s holds a name and a password, a line each.", setup->login);
	t->means.user = str_dup(&t->life, user);
	t->means.password = str_dup(&t->life, str_trim(login));
	return OK;
}

static enum err hook_means(struct ctx *c, struct telling *t, const struct tell_setup *setup)
{
	if (!setup->key)
		return fail(c, ERR_USAGE, "%s sends webhooks: name the file of the secret they are signed with, --tell-key.",
			    "share/" TELL_FILE);
	TRY(secret_read(c, &t->life, setup->key, &t->means.key));
	return t->means.key.len >= 16 ? OK : fail(c, ERR_INVALID, "%s: the secret has at least 16 bytes.", setup->key);
}

static enum err prepare(struct ctx *c, struct telling *t, const struct tell_setup *setup)
{
	struct str base = str_of(c->place->base_url);
	struct arena *asker = c->arena;

	c->arena = &t->life; /* the rules stay */
	enum err e = tell_rules_read(c, &t->rules);
	c->arena = asker;
	TRY(e);
	base.len -= str_ends(base, STR("/fhir")) ? 5 : 0;
	t->means.base = str_dup(&t->life, base);
	t->means.timeout = setup->timeout ? setup->timeout : 30 * SECOND;
	t->tries = setup->tries ? setup->tries : 12;
	t->pause = setup->pause ? setup->pause : SECOND;
	if (tell_rules_have(&t->rules, "email"))
		TRY(mail_means(c, t, setup));
	return tell_rules_have(&t->rules, "webhook") ? hook_means(c, t, setup) : OK;
}

static enum err begin(struct ctx *c, struct telling *t)
{
	sigset_t all, old;
	int64_t seq;

	TRY(tell_place(c, &seq)); /* what changes from now on is told */
	curl_global_init(CURL_GLOBAL_DEFAULT);
	sigfillset(&all); /* signals are for the main thread */
	pthread_sigmask(SIG_SETMASK, &all, &old);
	int why = pthread_create(&t->thread, NULL, run, t);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	t->running = why == 0;
	return why ? fail(c, ERR_IO, "Cannot start a thread: %s.", strerror(why)) : OK;
}

enum err tell_start(struct ctx *c, const struct tell_setup *setup, struct telling **out)
{
	struct telling *t = calloc(1, sizeof *t);

	*out = NULL;
	if (!t)
		abort();
	arena_init(&t->life);
	t->place = c->place;
	t->clock = c->clock;
	enum err e = prepare(c, t, setup);
	if (e == OK && t->rules.len)
		e = begin(c, t);
	if (e != OK || !t->rules.len) {
		tell_stop(t);
		return e;
	}
	*out = t;
	return OK;
}

void tell_stop(struct telling *telling)
{
	if (!telling)
		return;
	telling->stop = true;
	if (telling->running)
		pthread_join(telling->thread, NULL);
	arena_done(&telling->life);
	free(telling);
}
