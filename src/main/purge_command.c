/* purge_command.c - a person removed for good, from a terminal. */
#include <stdlib.h>

#include "feed/feed.h"
#include "main/serve.h"
#include "record/purge.h"

static const struct option purge_options[] = {
	{ "reason", "TEXT", "why; required, kept for good: nothing that tells who it was", NULL },
	{ "by", "NAME", "who decides; the user of this terminal when not given", NULL },
	{ "confirm", NULL, "do it: it cannot be undone", NULL },
	{ 0 },
};

/* "p-1" or "Patient/p-1". */
static struct str patient_id(const char *text)
{
	struct str id = str_of(text);

	return str_starts(id, STR("Patient/")) ? (struct str){ id.at + 8, id.len - 8 } : id;
}

static void tell(const struct invocation *in, const struct purge_done *done)
{
	fprintf(in->out, "purge %lld: %lld resources, %lld versions, %lld messages removed\n",
		(long long)done->key, (long long)done->resources, (long long)done->versions,
		(long long)done->others);
	if (done->mentions)
		fprintf(in->out,
			"%lld references of other people's resources lead nowhere now; look at what "
			"they say beside them\n",
			(long long)done->mentions);
	if (!done->wiped)
		fputs("the space they took is not wiped yet: docs/operations.md, Purge\n", in->out);
}

static enum err run_purge(struct ctx *c, struct invocation *in)
{
	const char *by = command_option(in, "by"), *reason = command_option(in, "reason");
	const char *user = getenv("USER");
	struct str *ids = NEW_N(c->arena, struct str, in->argc);
	struct purge_ask ask = { .ids = ids, .len = (size_t)in->argc - 1, .part = &feed_purge };
	struct purge_done done;
	struct place *place;

	if (!command_option(in, "confirm"))
		return fail(c, ERR_USAGE, "a purge cannot be undone: add --confirm");
	for (size_t i = 0; i < ask.len; i++)
		ids[i] = patient_id(in->argv[i + 1]);
	ask.reason = str_trim(str_of(reason ? reason : ""));
	ask.by = str_of(by ? by : user && *user ? user : "command line");
	TRY(place_open(c, in->share, in->argv[0], 0, false, &place));
	enum err e = record_purge(c, &ask, &done);
	feeds_shut(place);
	place_close(place);
	TRY(e);
	if (!command_option(in, "quiet"))
		tell(in, &done);
	return OK;
}

const struct command purge_commands[] = {
	{ "purge", "DB PATIENT...", "Remove a person for good, with a recorded reason.",
	  "Every version of the Patient and of all that is theirs, with index, views, matching, and the bytes\n"
	  "of feeds' messages about them. A row of the table purge stays, which says nothing of who it was, and\n"
	  "the ledger. A person that was merged is named by all their Patients. Backups are yours to deal with.",
	  purge_options, run_purge,
	  "  causeway purge county.db p-000042 --reason 'erasure upheld, case 17' --by 'Records office' --confirm" },
	{ 0 },
};
