/* rows_command.c - files of rows from the terminal. */
#include <time.h>

#include "access/jwt_sign.h"
#include "feed/feeds.h"
#include "main/serve.h"

static const struct option file_options[] = {
	{ "kind", "KIND", "csv or fhir; when the feed is new", "csv" },
	{ "mapping", "NAME", "mapping of share/feed/rows; the feed's, else the one of the feed's name", NULL },
	{ "org", "CODE", "ODS code of who sends; needed when the feed is new", NULL },
	{ "title", "TEXT", "what people call the feed", NULL },
	{ "jobs", "N", "threads; else as many as suit the store", NULL },
	{ 0 },
};

/* The feed as it is known, with what was said now. */
static enum err find_feed(struct ctx *c, struct invocation *in, struct feed *feed)
{
	const char *name = in->argv[1], *org = command_option(in, "org");
	const char *mapping = command_option(in, "mapping"), *title = command_option(in, "title");
	const struct rows_map *map;
	enum err e = feed_named(c, name, feed);

	if (e && e != ERR_NOT_FOUND)
		return e;
	if (!e && feed->kind == FEED_HL7V2)
		return fail(c, ERR_USAGE, "%s is no feed of files", name);
	if (e) {
		if (!org)
			return fail(c, ERR_USAGE, "There is no feed %.60s yet: who sends it (--org CODE)?", name);
		bool fhir = strcmp(command_option(in, "kind"), "fhir") == 0;
		*feed = (struct feed){ .name = name, .kind = fhir ? FEED_FHIR : FEED_CSV };
	}
	if (org && !feed_org_valid(str_of(org)))
		return fail(c, ERR_USAGE, "an ODS code has 3 to 10 capitals and digits, not %s", org);
	feed->org = org ? org : feed->org;
	if (feed->kind == FEED_FHIR) {
		feed->title = title ? title : feed->title ? feed->title : name;
		return feed_register(c, feed);
	}
	feed->rows = mapping ? mapping : feed->rows ? feed->rows : name;
	TRY(feeds_rows(c, feed->rows, &map));
	feed->title = title ? title : feed->title ? feed->title : map->title;
	return feed_register(c, feed);
}

static enum err print_told(struct invocation *in, const char *from, bool bulk, const struct pull_count *n)
{
	fprintf(in->out, "%s: %lld resources told, ", from, (long long)n->resources);
	if (bulk)
		fprintf(in->out, "%lld of them news, ", (long long)n->changed);
	fprintf(in->out, "%lld not understood\n", (long long)(n->refused - n->mended));
	fflush(in->out);
	return OK;
}

static enum err take_file(struct ctx *c, struct invocation *in, const struct feed *feed, const char *path,
			  struct rows_count *all)
{
	ARENA(arena);
	struct ctx one = *c;
	struct bar *bar;
	const char *slash = strrchr(path, '/');
	int64_t jobs = 0;
	struct rows_count n;

	if (command_option(in, "jobs"))
		TRY(command_option_int(c, in, "jobs", 1, 64, &jobs));
	struct progress progress = bar_progress(c, in, slash ? slash + 1 : path, &bar);
	struct rows_run run = { .feed = feed, .path = path, .name = slash ? slash + 1 : path,
				.jobs = (unsigned)jobs, .progress = &progress };
	one.arena = &arena;
	if (feed->kind == FEED_FHIR) {
		struct pull_count told;
		enum err failed = feed_fhir_file(&one, feed, path, &progress, &told);
		bar_done(bar);
		return failed ? fail(c, failed, "%s: %s", path, one.why) : print_told(in, path, false, &told);
	}
	enum err e = rows_apply(&one, &run, &n);
	bar_done(bar);
	if (e)
		return fail(c, e, "%s: %s", path, one.why);
	fprintf(in->out, "%s: %lld rows: %lld applied, %lld said nothing new, %lld not understood, %lld ended\n",
		path, (long long)n.rows, (long long)n.applied, (long long)n.unchanged, (long long)n.refused,
		(long long)n.ended);
	fflush(in->out);
	all->refused += n.refused;
	return OK;
}

static enum err take_files(struct ctx *c, struct invocation *in)
{
	struct rows_count all = { 0 };
	struct feed feed;

	TRY(feeds_open(c));
	TRY(find_feed(c, in, &feed));
	for (int i = 2; i < in->argc; i++)
		TRY(take_file(c, in, &feed, in->argv[i], &all));
	if (all.refused && !command_option(in, "quiet"))
		fprintf(in->err, "What was not understood is listed by: causeway feed-list %s\n", in->argv[0]);
	return OK;
}

/* A file may be large: with the caches of a load, which also means to finish one that was cut short. */
static enum err run_file(struct ctx *c, struct invocation *in)
{
	const struct progress quiet = { 0 };
	struct place *place;

	TRY(place_open(c, in->share, in->argv[0], STORE_CREATE | STORE_MIGRATE | STORE_BULK, false, &place));
	enum err e = record_load_begin(c, false, &quiet);
	if (!e)
		e = record_load_end(c, &quiet);
	if (!e)
		e = take_files(c, in);
	feeds_shut(place);
	place_close(place);
	return e;
}

/* --- feed-pull --- */

static const struct option pull_options[] = {
	{ "feeds", "FILE", "the file that names the feed (docs/feeds.md)", NULL },
	{ 0 },
};

/* Until the other server is ready, a second or an hour from now. */
static enum err pull_all(struct ctx *c, const struct feed *feed, const struct progress *progress,
			 struct pull_count *n)
{
	for (;;) {
		TRY(feed_pull(c, feed, progress, n));
		if (!n->wait)
			return OK;
		for (int64_t i = 0; i < n->wait * 10; i++) {
			TRY(ctx_check(c));
			if (!progress->tick(progress->arg, 0, 0, "resources"))
				return fail(c, ERR_STOPPED, "Stopped.");
			nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
		}
	}
}

static enum err pull_named(struct ctx *c, struct invocation *in, struct feed *feeds, size_t len)
{
	struct pull_count n;
	struct bar *bar;

	for (size_t i = 0; i < len; i++) {
		if (strcmp(feeds[i].name, in->argv[1]) != 0)
			continue;
		if (feeds[i].kind != FEED_FHIR)
			return fail(c, ERR_USAGE, "%s is no feed of kind fhir", in->argv[1]);
		TRY(feeds_open(c));
		TRY(feed_register(c, &feeds[i]));
		struct progress progress = bar_progress(c, in, feeds[i].name, &bar);
		enum err e = pull_all(c, &feeds[i], &progress, &n);
		bar_done(bar);
		return e ? e : print_told(in, feeds[i].url, feeds[i].bulk, &n);
	}
	return fail(c, ERR_NOT_FOUND, "The file names no feed %s", in->argv[1]);
}

static enum err run_pull(struct ctx *c, struct invocation *in)
{
	struct feed *feeds;
	struct place *place;
	size_t len;

	if (!command_option(in, "feeds"))
		return fail(c, ERR_USAGE, "Which file names the feed (--feeds FILE)?");
	TRY(feeds_read(c, c->arena, command_option(in, "feeds"), &feeds, &len));
	TRY(place_open(c, in->share, in->argv[0], STORE_CREATE | STORE_MIGRATE, false, &place));
	enum err e = pull_named(c, in, feeds, len);
	feeds_shut(place);
	place_close(place);
	return e;
}

/* --- feed-key --- */

static enum err run_key(struct ctx *c, struct invocation *in)
{
	struct str keys;
	enum err e = jwt_key_make(c, in->argv[0]);

	if (e && e != ERR_CONFLICT)
		return e;
	TRY(jwt_key_public(c, in->argv[0], &keys));
	fprintf(in->out, STR_FMT "\n", STR_ARG(keys));
	return OK;
}

const struct command rows_commands[] = {
	{ "feed-key", "FILE", "The key a feed signs in by at another server; prints its public half.",
	  "Makes a private key (P-384) that its owner alone can read; one that is there already is kept. The other\n"
	  "server is given what is printed, a JSON Web Key Set; the feed's `key-file` is FILE (docs/feeds.md).",
	  NULL, run_key, "  causeway feed-key trust.pem > trust.jwks.json" },
	{ "feed-pull", "DB FEED", "Fetch what changed at another FHIR server.",
	  "Of a feed of kind fhir asks for each type what changed since the last time, page by page; of kind fhir\n"
	  "bulk for an export of it ($export), and waits for it. Ids of the other server become ids of this one,\n"
	  "people are matched, older versions never undo newer ones. Stopped or killed, the same command goes on.",
	  pull_options, run_pull, "  causeway feed-pull county.db trust --feeds feeds.conf" },
	{ "feed-file", "DB FEED FILE...", "Take files of rows (CSV) or of FHIR as a feed tells them.",
	  "Of FHIR: NDJSON, or .json with a Bundle or a resource, under ids of the sender's own. Of rows:\n"
	  "a mapping of share/feed/rows says what columns mean. Rows that are not understood are kept with\n"
	  "row, column and reason, the others applied. A file sent again changes only what changed; stopped or\n"
	  "killed, the same command goes on.",
	  file_options, run_file,
	  "  causeway feed-file county.db client-level-data cld-2025-q3.csv --org WXL" },
	{ 0 },
};
