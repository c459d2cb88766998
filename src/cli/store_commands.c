/* store_commands.c - init, check, rebuild, copy: the life of a database. */
#include "cli/commands.h"
#include "identity/online.h"
#include "record/copy.h"
#include "store/fences.h"

static enum err run_init(struct ctx *c, struct invocation *in)
{
	struct place *place;

	TRY(place_open(c, in->share, in->argv[0], STORE_CREATE | STORE_MIGRATE, false, &place));
	if (!command_option(in, "quiet"))
		fprintf(in->out, "%s is ready\n", store_name(place->store));
	place_close(place);
	return OK;
}

static const struct option check_options[] = {
	{ "audit-key", "FILE", "that signed the heads of the audit (default: DB.audit-key beside the file)", NULL },
	{ "audit-heads", "FILE", "published heads of the audit, to hold it against", NULL },
	{ 0 },
};

/* That rows cannot be changed is kept by the database itself; who took that away could have changed some. */
static enum err check_fences(struct ctx *c)
{
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	return fences_check(c, &c->place->share, db);
}

static enum err run_check(struct ctx *c, struct invocation *in)
{
	struct place *place;
	struct check_report report = { 0 };
	int64_t people;
	struct bar *bar;
	struct progress progress = bar_progress(c, in, "check", &bar);
	enum err e, chain, fences;

	TRY(place_open(c, in->share, in->argv[0], STORE_READ_ONLY, false, &place));
	e = record_check(c, &progress, &report);
	if (e == OK)
		e = online_check(c, &people);
	chain = check_audit(c, in);
	fences = check_fences(c);
	bar_done(bar);
	place_close(place);
	fprintf(in->out,
		"%lld resources, %lld versions, %lld index rows, %lld rows in views, "
		"%lld references to what is not here\n",
		(long long)report.resources, (long long)report.versions, (long long)report.index_rows,
		(long long)report.view_rows, (long long)report.dangling);
	if (e == OK)
		e = chain;
	if (e == OK)
		e = fences;
	if (e == OK)
		fputs("all is well\n", in->out);
	return e;
}

/* What derives above the record: by what records of the same person are found, and who looked at whom. */
static enum err rebuild_above(struct ctx *c, const struct progress *progress)
{
	TRY(online_clear(c));
	TRY(online_catch_up(c, progress));
	return rebuild_audit(c);
}

static enum err run_rebuild(struct ctx *c, struct invocation *in)
{
	struct place *place;
	struct bar *bar;
	struct progress progress = bar_progress(c, in, "rebuild", &bar);
	int64_t resources = 0;
	enum err e;

	TRY(place_open(c, in->share, in->argv[0], STORE_MIGRATE | STORE_BULK, true, &place));
	e = record_rebuild(c, &progress, &resources);
	if (e == OK)
		e = rebuild_above(c, &progress);
	bar_done(bar);
	place_close(place);
	TRY(e);
	if (!command_option(in, "quiet"))
		fprintf(in->out, "%lld resources indexed again\n", (long long)resources);
	return OK;
}

static enum err run_copy(struct ctx *c, struct invocation *in)
{
	struct bar *bar;
	struct progress progress = bar_progress(c, in, "copy", &bar);
	struct copied sum = { 0 };
	struct place *place = NULL;
	enum err e = record_copy(c, in->share, in->argv[0], in->argv[1], &progress, &sum);

	if (e == OK)
		e = place_open(c, in->share, in->argv[1], STORE_BULK, false, &place);
	if (e == OK)
		e = rebuild_above(c, &progress);
	place_close(place);
	bar_done(bar);
	TRY(e);
	if (command_option(in, "quiet"))
		return OK;
	fprintf(in->out, "%lld rows copied", (long long)sum.rows);
	if (sum.before)
		fprintf(in->out, " to %lld that were there", (long long)sum.before);
	fprintf(in->out, ", %lld resources indexed\n", (long long)sum.resources);
	return OK;
}

static enum err run_reindex(struct ctx *c, struct invocation *in)
{
	struct reindex_state state;
	struct place *place;
	struct bar *bar;
	struct progress progress = bar_progress(c, in, "reindex", &bar);
	int64_t resources = 0;
	enum err e;

	TRY(place_open(c, in->share, in->argv[0], STORE_MIGRATE | STORE_BULK | STORE_STALE, false, &place));
	record_reindex_state(c, &state);
	e = record_reindex(c, &progress, &resources);
	bar_done(bar);
	place_close(place);
	TRY(e);
	if (!command_option(in, "quiet"))
		fprintf(in->out, "%lld resources, %u search parameters made%s\n", (long long)resources,
			state.parameters, state.views ? ", and the views" : "");
	return OK;
}

const struct command store_commands[] = {
	{ "init", "DB", "Make an empty database, or bring an older one up to date.", NULL, NULL, run_init,
	  "  causeway init county.db" },
	{ "check", "DB", "Prove that a database is whole.",
	  "Reads every version, extracts every search value again and compares it with the index, counts\n"
	  "references that lead nowhere, and proves the audit: that no row was altered, removed or put in.\n"
	  "Exits 65 and names what is wrong when anything is.",
	  check_options, run_check,
	  "  causeway check county.db\n"
	  "  causeway check county.db --audit-heads /mnt/elsewhere/heads" },
	{ "reindex", "DB", "Make the search values and views of new or changed definitions.",
	  "Only those that differ; goes on where it was stopped. `causeway serve` does the same while it\n"
	  "serves, and refuses only searches by what is not ready.",
	  NULL, run_reindex, "  causeway reindex county.db" },
	{ "rebuild", "DB", "Make everything derived again from the versions.",
	  "Needed when the search definitions have changed. The versions themselves are never touched.",
	  NULL, run_rebuild, "  causeway rebuild county.db" },
	{ "copy", "FROM TO", "Copy a whole database, between engines too.",
	  "Every version, name and key is carried as it is, and the search index and views are made anew, so\n"
	  "that a copy of the copy equals the first. FROM may be in use: what it holds at the start is\n"
	  "copied. TO is made when it is not there, and must be empty. A copy that was stopped or killed is\n"
	  "refused as unfinished until the same command has gone on with it to the end.",
	  NULL, run_copy,
	  "  causeway copy county.db postgresql:///county\n"
	  "  causeway copy postgresql:///county county.db" },
	{ 0 },
};
