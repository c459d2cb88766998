/* emit.c - causeway emit: the synthetic place as files, one or more for each organisation, as its
 * systems would send them.
 *
 * Messages are put in the order in which they arrive, so they are gathered first; all else is
 * written as it is told. */
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/map.h"
#include "base/vec.h"
#include "base/when.h"
#include "main/demo.h"
#include "main/feeding.h"
#include "main/serve.h"
#include "model/emit.h"

static const struct option emit_options[] = {
	{ "people", "N", "how many live in the place", "2000" },
	{ "seed", "S", "another seed makes other people", "1" },
	{ "out", "DIR", "folder to write into; made when it is not there", NULL },
	{ "into", "DB", "into this place too, through its feeds", NULL },
	{ "people-only", NULL, "with --into: only who people are, not what happened to them", NULL },
	{ "dirt", "none|usual|heavy", "how much is wrong with the data (share/demo/dirt.tsv)", "usual" },
	{ "withhold-nhs", "council", "the council sends no NHS numbers at all", NULL },
	{ "today", "DATE", "the day the stories have got to (default: today)", NULL },
	{ 0 },
};

enum { PEOPLE_MOST = 200000, FILES_MOST = 400 };

struct emitting {
	struct ctx *c;
	const char *dir;
	struct arena life;
	struct map files; /* "WXA.hl7" → FILE */
	VEC(struct emitted) messages;
	struct progress progress;
	unsigned people, person;
	int64_t counts[EMIT_TRUTH + 1];
	struct feeding *feeding; /* NULL: files alone */
};

static enum err file_of(struct emitting *e, const char *org, const char *tail, FILE **out)
{
	const char *name = arena_printf(&e->life, "%s.%s", org, tail);
	FILE *f = map_get(&e->files, str_of(name));

	if (f) {
		*out = f;
		return OK;
	}
	f = fopen(arena_printf(&e->life, "%s/%s", e->dir, name), "w");
	if (!f)
		return fail(e->c, ERR_IO, "%s/%s cannot be written: %m", e->dir, name);
	map_set(&e->files, str_of(name), f);
	if (strcmp(tail, "csv") == 0) {
		struct str head = strcmp(org, "truth") == 0
					  ? STR("organisation,record,person\n")
					  : emit_row_header();
		fwrite(head.at, 1, head.len, f);
	}
	*out = f;
	return OK;
}

static enum err write_to(struct emitting *e, const char *org, const char *tail, struct str text)
{
	FILE *f;

	TRY(file_of(e, org, tail, &f));
	if (fwrite(text.at, 1, text.len, f) != text.len)
		return fail(e->c, ERR_IO, "%s cannot be written: %m", e->dir);
	return OK;
}

static enum err feed(struct emitting *e, const struct emitted *one)
{
	struct arena *whole = e->c->arena;
	ARENA(own);
	enum err result;

	if (!e->feeding)
		return OK;
	e->c->arena = &own;
	e->c->issues = (struct issues){ 0 };
	result = feeding_take(e->c, e->feeding, one);
	const struct issue *issue = e->c->issues.first;
	const char *why = issue ? arena_printf(whole, "%s (%s: %s)", e->c->why,
					       issue->where ? issue->where : "", issue->text)
				: arena_str(whole, e->c->why);
	e->c->arena = whole;
	e->c->issues = (struct issues){ 0 };
	return result ? fail(e->c, result, "%s: %s", one->org, why) : OK;
}

static enum err take(struct ctx *c, void *arg, const struct emitted *one)
{
	struct emitting *e = arg;

	e->counts[one->kind]++;
	if (one->person > e->person) {
		e->person = one->person;
		if (!e->progress.tick(e->progress.arg, e->person, e->people, "people"))
			return fail(c, ERR_STOPPED, "Stopped.");
	}
	switch (one->kind) {
	case EMIT_HL7: {
		struct emitted *kept = vec_push(&e->messages, &e->life);
		*kept = *one;
		kept->text.at = str_dup(&e->life, one->text);
		return OK;
	}
	case EMIT_ROW:
		TRY(feed(e, one));
		return write_to(e, one->org, "csv", one->text);
	case EMIT_FHIR:
		TRY(feed(e, one));
		return write_to(e, one->org, "ndjson", one->text);
	case EMIT_TRUTH:
		return write_to(e, "truth", "csv", one->text);
	}
	return OK;
}

int emitted_by_arrival(const void *a, const void *b)
{
	const struct emitted *x = a, *y = b;

	if (x->arrives != y->arrives)
		return x->arrives < y->arrives ? -1 : 1;
	return (x->serial > y->serial) - (x->serial < y->serial);
}

static enum err write_messages(struct emitting *e)
{
	if (e->messages.len)
		qsort(e->messages.at, e->messages.len, sizeof *e->messages.at, emitted_by_arrival);
	for (size_t i = 0; i < e->messages.len; i++) {
		TRY(write_to(e, e->messages.at[i].org, "hl7", e->messages.at[i].text));
		TRY(write_to(e, e->messages.at[i].org, "hl7", STR("\n")));
		TRY(feed(e, &e->messages.at[i]));
		if (e->feeding && !e->progress.tick(e->progress.arg, (int64_t)i, (int64_t)e->messages.len, "messages"))
			return fail(e->c, ERR_STOPPED, "Stopped.");
	}
	return OK;
}

static enum err close_files(struct emitting *e)
{
	bool whole = true;

	for (size_t i = 0; i < e->files.len; i++)
		whole &= fclose(e->files.entries[i].value) == 0;
	return whole ? OK : fail(e->c, ERR_IO, "%s cannot be written: %m", e->dir);
}

static enum err dirt_option(struct ctx *c, const struct invocation *in, struct emit_options *o)
{
	static const char *const words[] = { "none", "usual", "heavy" };
	const char *dirt = command_option(in, "dirt"), *withheld = command_option(in, "withhold-nhs");

	for (int i = DIRT_NONE; i <= DIRT_HEAVY; i++)
		if (strcmp(dirt, words[i]) == 0) {
			o->dirt = (enum emit_dirt)i;
			o->withhold_council = withheld != NULL;
			if (withheld && strcmp(withheld, "council") != 0)
				return fail(c, ERR_USAGE, "--withhold-nhs takes council");
			return OK;
		}
	return fail(c, ERR_USAGE, "--dirt is none, usual or heavy, not %s", dirt);
}

static enum err emit_all(struct ctx *c, struct invocation *in, struct emitting *e,
			 const struct emit_options *o)
{
	struct bar *bar;
	enum err result;

	e->progress = bar_progress(c, in, "emit", &bar);
	result = emit_make(c, in->share, o, take, e);
	if (!result)
		result = write_messages(e);
	if (!result && e->feeding)
		result = feeding_done(c, e->feeding, &e->progress);
	bar_done(bar);
	enum err closed = close_files(e);
	return result ? result : closed;
}

/* Into a place, made if it is not there. */
static enum err emit_into(struct ctx *c, struct invocation *in, struct emitting *e,
			  const struct emit_options *o)
{
	const char *db = command_option(in, "into");
	struct feeding feeding;
	struct place *place;
	enum err result;

	if (!db)
		return emit_all(c, in, e, o);
	TRY(place_open(c, in->share, db, STORE_CREATE | STORE_MIGRATE | STORE_BULK, false, &place));
	feeding_init(&feeding, c, &e->life);
	feeding.people = command_option(in, "people-only") != NULL;
	e->feeding = &feeding;
	result = emit_all(c, in, e, o);
	feeds_shut(place);
	place_close(place);
	if (!result && !command_option(in, "quiet"))
		fprintf(in->out, "%lld taken, %lld of them kept aside\n", (long long)feeding.taken,
			(long long)feeding.refused);
	return result;
}

static enum err run_emit(struct ctx *c, struct invocation *in)
{
	struct emitting e = { .c = c, .dir = command_option(in, "out") };
	struct emit_options o = { .since = INT64_MIN };
	enum err result;

	if (!e.dir)
		return fail(c, ERR_USAGE, "Where to: --out DIR");
	TRY(demo_settings(c, in, PEOPLE_MOST, &o.place));
	TRY(dirt_option(c, in, &o));
	if (mkdir(e.dir, 0700) != 0 && errno != EEXIST)
		return fail(c, ERR_IO, "%s cannot be made: %m", e.dir);
	e.people = o.place.people;
	arena_init(&e.life);
	map_init(&e.files, &e.life);
	result = emit_into(c, in, &e, &o);
	arena_done(&e.life);
	TRY(result);
	if (!command_option(in, "quiet"))
		fprintf(in->out, "%lld HL7 v2 messages, %lld rows, %lld bundles, %lld records of %u people\n",
			(long long)e.counts[EMIT_HL7], (long long)e.counts[EMIT_ROW],
			(long long)e.counts[EMIT_FHIR], (long long)e.counts[EMIT_TRUTH], e.people);
	return OK;
}

const struct command emit_commands[] = {
	{ "emit", "", "The synthetic place as files, as its systems would send it.",
	  "Into a folder: hospitals' HL7 v2 messages in the order they arrive (ORG.hl7), the council's\n"
	  "client-level data (ORG.csv), and a Bundle a line for each person from everybody (ORG.ndjson), with\n"
	  "the mistakes such systems make. truth.csv says whose each organisation's record is. The same\n"
	  "people, seed, day and dirt make the same bytes.",
	  emit_options, run_emit,
	  "  causeway emit --people 5000 --seed 7 --out place --withhold-nhs council" },
	{ 0 },
};
