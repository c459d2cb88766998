/* rows_command.c - files of rows from the terminal. */
#include "feed/feeds.h"
#include "main/serve.h"

static const struct option file_options[] = {
	{ "mapping", "NAME", "mapping of share/feed/rows; the feed's, else the one of the feed's name", NULL },
	{ "org", "CODE", "ODS code of who sends; needed when the feed is new", NULL },
	{ "title", "TEXT", "what people call the feed", NULL },
	{ "jobs", "N", "threads that wait for the disk together", "8" },
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
	if (!e && feed->kind != FEED_CSV)
		return fail(c, ERR_USAGE, "%s is no feed of files", name);
	if (e) {
		if (!org)
			return fail(c, ERR_USAGE, "There is no feed %.60s yet: who sends it (--org CODE)?", name);
		*feed = (struct feed){ .name = name, .kind = FEED_CSV };
	}
	if (org && !feed_org_valid(str_of(org)))
		return fail(c, ERR_USAGE, "an ODS code has 3 to 10 capitals and digits, not %s", org);
	feed->org = org ? org : feed->org;
	feed->rows = mapping ? mapping : feed->rows ? feed->rows : name;
	TRY(feeds_rows(c, feed->rows, &map));
	feed->title = title ? title : feed->title ? feed->title : map->title;
	return feed_register(c, feed);
}

static enum err take_file(struct ctx *c, struct invocation *in, const struct feed *feed, const char *path,
			  struct rows_count *all)
{
	ARENA(arena);
	struct ctx one = *c;
	struct bar *bar;
	const char *slash = strrchr(path, '/');
	int64_t jobs;
	struct rows_count n;

	TRY(command_option_int(c, in, "jobs", 1, 64, &jobs));
	struct progress progress = bar_progress(c, in, slash ? slash + 1 : path, &bar);
	struct rows_run run = { .feed = feed, .path = path, .name = slash ? slash + 1 : path,
				.jobs = (unsigned)jobs, .progress = &progress };
	one.arena = &arena;
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

static enum err run_file(struct ctx *c, struct invocation *in)
{
	struct place *place;

	TRY(place_open(c, in->share, in->argv[0], STORE_CREATE | STORE_MIGRATE, false, &place));
	enum err e = take_files(c, in);
	feeds_shut(place);
	place_close(place);
	return e;
}

const struct command rows_commands[] = {
	{ "feed-file", "DB FEED FILE...", "Take files of rows (CSV): each row becomes resources of one person.",
	  "A mapping of share/feed/rows says what columns mean. Rows that are not understood are kept with\n"
	  "row, column and reason, the others applied. A file sent again changes only what changed; stopped or\n"
	  "killed, the same command goes on.",
	  file_options, run_file,
	  "  causeway feed-file county.db client-level-data cld-2025-q3.csv --org WXL" },
	{ 0 },
};
