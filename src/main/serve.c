/* serve.c - causeway serve: the record over HTTP and as pages. */
#include "main/serve.h"

#include <limits.h>
#include <pthread.h>
#include <unistd.h>

#include "feed/mllp.h"
#include "feed/watch.h"
#include "main/enter.h"
#include "identity/claim.h"
#include "identity/resolve.h"
#include "main/modules.h"
#include "main/time.h"

static const struct option serve_options[] = {
	{ "port", "PORT", "to listen on; 0 takes any that is free", "8080" },
	{ "address", "ADDRESS", "to listen on; only this machine until an administrator exists", "127.0.0.1" },
	{ "url", "URL", "how people reach it, such as https://care.example.org; needed beyond this machine", NULL },
	{ "open", NULL, "for developers and tests: nobody signs in, every request is the system's", NULL },
	{ "workers", "N", "threads for requests that wait", "32" },
	{ "references", "POLICY", "refuse references to what is not here: loose, transaction, strict",
	  "transaction" },
	{ "no-validate", NULL, "take resources that break FHIR's rules", NULL },
	{ "export-dir", "DIR", "where bulk exports are written (default: DB.bulk beside the file)", NULL },
	{ "export-keep", "SECONDS", "how long a finished export is kept", "86400" },
	{ "export-disk", "MB", "what all exports together may take", "65536" },
	{ "export-part", "MB", "size of one file of an export, about", "64" },
	{ "hooks", "HOSTS", "where Subscriptions may send: loopback, host names, *.example.org; none", "loopback" },
	{ "hook-tries", "N", "how often a delivery is tried before it is given up", "12" },
	{ "hook-pause", "MS", "after the first failure; doubled after each, up to ten minutes", "1000" },
	{ "hook-timeout", "SECONDS", "of one delivery", "30" },
	{ "smtp", "URL", "mail server that tells people of their work (share/care/tell.tsv): smtp://host:port, smtps://…", NULL },
	{ "smtp-from", "ADDRESS", "who such e-mails are from", NULL },
	{ "smtp-login", "FILE", "name and password for the mail server, a line each; for its owner's eyes only", NULL },
	{ "tell-key", "FILE", "the secret that webhooks of share/care/tell.tsv are signed with", NULL },
	{ "mllp", "[ADDRESS:]PORT...", "take HL7 v2 messages here; 0 takes any port that is free", NULL },
	{ "feeds", "FILE", "who sends messages, and where they are taken (docs/feeds.md)", NULL },
	{ "audit-key", "FILE", "signs the audit (default: DB.audit-key beside the file, made when it is not there)",
	  NULL },
	{ "audit-heads", "FILE", "where signed heads of the audit are published, a line each", NULL },
	{ "log", NULL, "write what happens to standard error, a JSON object a line", NULL },
	{ 0 },
};

static void wait_for_stop(const struct ctx *c)
{
	while (!(c->stop && *c->stop))
		usleep(50000);
}

static bool is_here(const char *address)
{
	return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0 ||
	       strcmp(address, "localhost") == 0;
}

/* Who comes from elsewhere signs in, and over TLS: a password is not for everyone on the way to read. */
static enum err check_reach(struct ctx *c, const struct serve *serve)
{
	bool tls = serve->url && strncmp(serve->url, "https://", 8) == 0;
	const char *host = serve->url ? strstr(serve->url, "://") : NULL;

	if (serve->url && (!host || (!tls && strncmp(serve->url, "http://", 7) != 0) || !host[3] ||
			   strpbrk(host + 3, "/?#@ ")))
		return fail(c, ERR_USAGE, "--url is like https://care.example.org, without a path.");
	if (is_here(serve->address))
		return OK;
	if (serve->open || serve->demo)
		return fail(c, ERR_FORBIDDEN, "Where nobody signs in, only this machine is listened to.");
	if (!tls)
		return fail(c, ERR_FORBIDDEN,
			    "To be reached from elsewhere it needs --url https://…, the address at which "
			    "people reach it by way of what does TLS for it.");
	return OK;
}

/* Found out once; without an administrator a link is printed by which the first one is made. */
static enum err entrance_open(struct ctx *c, const struct serve *serve, struct entrance *entrance)
{
	bool manned = false;
	{
		READER(db);

		TRY(store_reader(c, c->place->store, &db));
		TRY(account_any_administrator(c, db, &manned));
	}
	entrance->manned = manned;
	entrance->secure = serve->url && strncmp(serve->url, "https:", 6) == 0;
	c->place->modules = all_modules;
	c->place->entrance = entrance;
	c->place->ask_as = sign_in_ask_as;
	c->place->ask_done = sign_in_leave;
	return check_reach(c, serve);
}

#define FIRST_LINK 86400 /* seconds */

static enum err say_entrance(struct ctx *c, const struct invocation *in, const struct serve *serve,
			     uint16_t port)
{
	const struct entrance *entrance = c->place->entrance;
	char token[TOKEN_SIZE];

	if (entrance->open && !command_option(in, "quiet"))
		fprintf(in->err, "WARNING: --open: nobody signs in, whoever reaches this sees and changes "
				 "everything. For developers and tests, never for real people.\n");
	if (entrance->open || entrance->demo || entrance->manned)
		return OK;
	TRY(invitation_make(c, 0, FIRST_LINK, token));
	fprintf(in->out, "Nobody can sign in yet. Make the first administrator within a day, once, at\n"
			 "http://%s:%u/welcome/%s\n",
		serve->address, port, token);
	fflush(in->out);
	return OK;
}

static void say_ready(const struct invocation *in, const struct serve *serve, uint16_t port)
{
	if (!command_option(in, "quiet"))
		fprintf(in->out,
			"Causeway is ready: http://%s:%u/ (FHIR at /fhir). Ctrl-C stops it.\n",
			serve->address, port);
	else
		fprintf(in->out, "http://%s:%u/\n", serve->address, port);
	for (size_t i = 0; i < serve->feed_count; i++)
		if (serve->feeds[i].listens)
			fprintf(in->out, "mllp://%s:%u/ %s\n", serve->feeds[i].address,
				serve->feeds[i].port, serve->feeds[i].name);
	fflush(in->out);
}

static void tell_feed(const char *feed, const char *what)
{
	fprintf(stderr, "Feed %s: %s\n", feed, what);
}

/* It goes on all the same: people are cared for, and what is missing stays named until somebody has looked into it. */
static void say_cut(const struct place *place)
{
	struct audit_stats stats;

	audit_stats(place, &stats);
	if (stats.cut)
		fputs("The end of the audit was cut off or written to without its key, or this is an older copy of the database: see `causeway check`.\n", stderr);
}

enum err serve_place(struct ctx *c, const struct invocation *in, const struct serve *serve)
{
	struct log log = { serve->log ? STDERR_FILENO : -1, LOG_INFO, &clock_system };
	struct http_setup setup = {
		.address = serve->address,
		.port = (uint16_t)serve->port,
		.tables = all_routes,
		.place = c->place,
		.clock = serve->clock ? serve->clock : &clock_system,
		.log = &log,
		.url = serve->url,
		.enter = enter,
		.leave = leave,
		.across = across,
		.settle = audit_settle,
		.entrust = audit_entrust,
	};
	struct entrance entrance = { .open = serve->open, .demo = serve->demo };
	struct bulk *bulk;
	struct live *live = NULL;
	struct hooks *hooks = NULL;
	struct mllp *mllp = NULL;
	struct watch *watch = NULL;
	struct ticking ticking = { 0 };
	struct telling *telling = NULL;
	struct http *http;
	int64_t workers = 0;
	enum err e;

	TRY(entrance_open(c, serve, &entrance));
	setup.beyond = entrance.manned && !entrance.open && !entrance.demo;
	c->place->claims = &identity_claims;
	TRY(command_option_int(c, in, "workers", 1, 1024, &workers));
	setup.limits.workers = (unsigned)workers;
	if (strcmp(store_engine(c->place->store), "sqlite") != 0)
		setup.limits.at_once = workers ? (unsigned)workers : UINT_MAX; /* each read waits for the server */
	TRY(bulk_start(c, serve->exports, &serve->export_limits, &bulk));
	e = live_start(c, &live);
	if (e == OK)
		e = hooks_start(c, serve->hooks ? serve->hooks : "loopback", &serve->hook_limits, &hooks);
	if (e == OK)
		e = mllp_start(c, serve->feeds, serve->feed_count, &mllp);
	if (e == OK)
		e = watch_start(c, serve->feeds, serve->feed_count, tell_feed, &watch);
	if (e == OK)
		e = audit_start(c, &serve->audit);
	if (e == OK)
		e = http_start(c, &setup, &http);
	if (e == OK) {
		c->place->base_url =
			serve->url ? arena_printf(c->arena, "%s/fhir", serve->url)
				   : arena_printf(c->arena, "http://%s:%u/fhir", serve->address,
						  http_port(http));
		say_cut(c->place);
		say_ready(in, serve, http_port(http));
		e = say_entrance(c, in, serve, http_port(http));
		ticking_start(c, setup.clock, &ticking);
		if (e == OK)
			e = tell_start(c, &serve->tell, &telling);
		if (e == OK)
			wait_for_stop(c);
		tell_stop(telling);
		ticking_stop(&ticking);
		http_stop(http, 10);
	}
	audit_stop(c->place);
	hooks_stop(hooks);
	watch_stop(watch);
	mllp_stop(mllp);
	live_stop(live);
	c->place->entrance = NULL;
	bulk_stop(bulk);
	feeds_shut(c->place);
	return e;
}

const char *serve_exports(struct ctx *c, const char *db)
{
	struct str address = str_of(db);

	if (str_starts(address, STR("postgresql://")) || str_starts(address, STR("postgres://")))
		return NULL;
	return arena_printf(c->arena, "%s.bulk", db);
}

static enum err export_options(struct ctx *c, const struct invocation *in, struct serve *serve)
{
	struct bulk_limits *l = &serve->export_limits;

	serve->exports = command_option(in, "export-dir");
	if (!serve->exports)
		serve->exports = serve_exports(c, in->argv[0]);
	TRY(command_option_int(c, in, "export-keep", 1, 31536000, &l->keep));
	TRY(command_option_int(c, in, "export-disk", 1, 1 << 30, &l->bytes));
	TRY(command_option_int(c, in, "export-part", 1, 1 << 20, &l->file_bytes));
	l->keep *= 1000000;
	l->bytes <<= 20;
	l->file_bytes <<= 20;
	return OK;
}

static enum err hook_options(struct ctx *c, const struct invocation *in, struct serve *serve)
{
	struct hook_limits *l = &serve->hook_limits;

	serve->hooks = command_option(in, "hooks");
	TRY(command_option_int(c, in, "hook-tries", 1, 1000, &l->tries));
	TRY(command_option_int(c, in, "hook-pause", 1, 600000, &l->pause));
	TRY(command_option_int(c, in, "hook-timeout", 1, 600, &l->timeout));
	l->pause *= 1000;
	l->timeout *= 1000000;
	serve->tell = (struct tell_setup){ .smtp = command_option(in, "smtp"),
					   .from = command_option(in, "smtp-from"),
					   .login = command_option(in, "smtp-login"),
					   .key = command_option(in, "tell-key"),
					   .tries = l->tries, .pause = l->pause, .timeout = l->timeout };
	return OK;
}

static enum err references_option(struct ctx *c, const struct invocation *in, enum references *out)
{
	static const char *const names[] = { "loose", "transaction", "strict" };
	const char *policy = command_option(in, "references");

	for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(policy, names[i]) == 0) {
			*out = (enum references)i;
			return OK;
		}
	return fail(c, ERR_USAGE, "--references is loose, transaction or strict, not %s", policy);
}

/* Those of the file, then one for each --mllp. */
static enum err feed_options(struct ctx *c, const struct invocation *in, struct serve *serve)
{
	const char *const *ports = command_option_list(in, "mllp");
	struct feed *named = NULL;
	size_t count = 0, more = 0;

	if (command_option(in, "feeds"))
		TRY(feeds_read(c, c->arena, command_option(in, "feeds"), &named, &count));
	while (ports[more])
		more++;
	serve->feeds = NEW_N(c->arena, struct feed, count + more + 1);
	for (size_t i = 0; i < count; i++)
		serve->feeds[i] = named[i];
	for (size_t i = 0; i < more; i++)
		TRY(feed_of_port(c, c->arena, ports[i], &serve->feeds[count + i]));
	serve->feed_count = count + more;
	return OK;
}

/* What is not ready yet is made so while others are served; when it is stopped it goes on at the next start. */
struct indexing {
	pthread_t thread;
	bool started;
	struct place *place;
	volatile bool stop;
};

#define TELL_EVERY 10000000 /* microseconds */

/* Told now and then to who looks at the terminal or the journal. */
struct telling {
	int64_t last, people;
};

static bool tell_people(void *arg, int64_t done, int64_t total, const char *unit)
{
	struct telling *t = arg;
	int64_t now = clock_monotonic();

	(void)total;
	t->people = done;
	if (now - t->last >= TELL_EVERY) {
		t->last = now;
		fprintf(stderr, "The match index is taking in what was written before: %lld %s so far.\n",
			(long long)done, unit);
	}
	return true;
}

/* Who was imported is known to matching before the first message about them has to wait for it. */
static enum err match_index(struct ctx *c)
{
	struct telling telling = { .last = clock_monotonic() };
	struct progress progress = { tell_people, &telling };

	TRY(identity_catch_up(c, &progress));
	if (telling.people)
		fprintf(stderr, "The match index has taken in %lld people.\n",
			(long long)telling.people);
	return OK;
}

static void *index_thread(void *arg)
{
	struct indexing *indexing = arg;
	struct reindex_state state;
	int64_t resources;
	struct ctx c;
	ARENA(arena);

	ctx_init(&c, &arena);
	c.place = indexing->place;
	c.stop = &indexing->stop;
	if (record_reindex_state(&c, &state) && record_reindex(&c, NULL, &resources) != OK &&
	    !indexing->stop)
		fprintf(stderr, "The index could not be made: %s\n", c.why);
	if (!indexing->stop && match_index(&c) != OK && !indexing->stop)
		fprintf(stderr, "The match index could not be made: %s\n", c.why);
	return NULL;
}

static void indexing_start(struct ctx *c, struct indexing *indexing)
{
	indexing->place = c->place;
	indexing->started =
		pthread_create(&indexing->thread, NULL, index_thread, indexing) == 0;
}

static void indexing_stop(struct indexing *indexing)
{
	indexing->stop = true;
	if (indexing->started)
		pthread_join(indexing->thread, NULL);
}

static enum err run_serve(struct ctx *c, struct invocation *in)
{
	struct serve serve = { .address = command_option(in, "address"),
			       .url = command_option(in, "url"),
			       .open = command_option(in, "open"),
			       .log = command_option(in, "log"),
			       .audit = { command_option(in, "audit-key"), command_option(in, "audit-heads") } };
	enum references references;
	struct place *place;
	struct indexing indexing = { 0 };
	enum err e;

	TRY(command_option_int(c, in, "port", 0, 65535, &serve.port));
	TRY(references_option(c, in, &references));
	TRY(export_options(c, in, &serve));
	TRY(hook_options(c, in, &serve));
	TRY(feed_options(c, in, &serve));
	TRY(place_open(c, in->share, in->argv[0], STORE_CREATE | STORE_MIGRATE | STORE_STALE, false, &place));
	place->references = references;
	place->validate = !command_option(in, "no-validate");
	indexing_start(c, &indexing);
	e = serve_place(c, in, &serve);
	indexing_stop(&indexing);
	place_close(place);
	return e;
}

const struct command serve_commands[] = {
	{ "serve", "DB", "Serve a database: FHIR at /fhir, pages at /.",
	  "Until an administrator exists only this machine can reach it, and it prints a link by which the\n"
	  "first one is made. Beyond this machine it needs --url https://…: put what does TLS before it.\n"
	  "/healthz says whether it is well and /metrics what it does. The database is made when it is not\n"
	  "there.",
	  serve_options, run_serve, "  causeway serve county.db --port 8080" },
	{ 0 },
};
