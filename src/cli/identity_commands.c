/* identity_commands.c - merge, unmerge, doubts: who is who, from a terminal. */
#include <stdlib.h>

#include "base/when.h"
#include "cli/commands.h"
#include "identity/doubt.h"
#include "identity/merge.h"

static const struct option merge_options[] = {
	{ "reason", "TEXT", "why; required unless --preview", NULL },
	{ "by", "NAME", "who decides; the user of this terminal when not given", NULL },
	{ "force", "TEXT", "why in spite of two verified NHS numbers that differ", NULL },
	{ "preview", NULL, "print what each side holds and what speaks against it", NULL },
	{ 0 },
};
static const struct option unmerge_options[] = {
	{ "reason", "TEXT", "why; required", NULL },
	{ "by", "NAME", "who decides; the user of this terminal when not given", NULL },
	{ 0 },
};
static const struct option doubts_options[] = {
	{ "decide", "N", "decide doubt N instead of listing", NULL },
	{ "as", "WORD", "the decision: same, different or later", NULL },
	{ "keep", "ID", "with --as same: the Patient that goes on; the first when not given", NULL },
	{ "reason", "TEXT", "why; required with --decide", NULL },
	{ "by", "NAME", "who decides; the user of this terminal when not given", NULL },
	{ "force", "TEXT", "why in spite of two verified NHS numbers that differ", NULL },
	{ "report", "ID,ID", "two Patients that somebody takes for one person: add them", NULL },
	{ "decided", NULL, "list those that were decided", NULL },
	{ 0 },
};

static struct str option_text(const struct invocation *in, const char *name)
{
	const char *text = command_option(in, name);

	return str_of(text ? text : "");
}

static struct str decider(const struct invocation *in)
{
	const char *user = getenv("USER");
	struct str by = option_text(in, "by");

	return by.len ? by : str_of(user && *user ? user : "command line");
}

/* "p-1" or "Patient/p-1". */
static struct str patient_id(const char *text)
{
	struct str id = str_of(text);

	return str_starts(id, STR("Patient/")) ? (struct str){ id.at + 8, id.len - 8 } : id;
}

static enum err preview(struct ctx *c, const struct invocation *in)
{
	struct merge_preview look;

	TRY(merge_look(c, patient_id(in->argv[1]), patient_id(in->argv[2]), &look));
	for (size_t i = 0; i < look.conflict_count; i++)
		fprintf(in->out, "%s: %s\n",
			look.conflicts[i].speaks == MERGE_FORBIDS ? "refused" : "warning",
			look.conflicts[i].text);
	fprintf(in->out, "%-28s %9s %9s  %s\n", "type", "goes on", "replaced", "organisation");
	for (size_t i = 0; i < look.count_len; i++)
		fprintf(in->out, "%-28.*s %9lld %9lld  " STR_FMT "\n", STR_ARG(look.counts[i].type),
			(long long)look.counts[i].survivor, (long long)look.counts[i].other,
			STR_ARG(look.counts[i].org));
	return OK;
}

static enum err merge(struct ctx *c, struct invocation *in)
{
	struct merge_wish wish = { .survivor = patient_id(in->argv[1]),
				   .other = patient_id(in->argv[2]),
				   .reason = option_text(in, "reason"),
				   .by = decider(in),
				   .forced = option_text(in, "force") };
	struct merge_done done;

	if (command_option(in, "preview"))
		return preview(c, in);
	TRY(merge_persons(c, &wish, &done));
	fprintf(in->out,
		done.existed ? "they were one person already\n" : "merge %lld is done\n",
		(long long)done.key);
	return OK;
}

static enum err unmerge(struct ctx *c, struct invocation *in)
{
	int64_t key;

	TRY(merge_undo(c, patient_id(in->argv[1]), option_text(in, "reason"), decider(in), &key));
	fprintf(in->out, "merge %lld is taken back\n", (long long)key);
	return OK;
}

static enum err list_doubts(struct ctx *c, const struct invocation *in)
{
	struct doubt_ask ask = { .decided = command_option(in, "decided"), .limit = 1000 };
	static const char *const states[] = { "open", "different", "same", "later", "reopened" };
	struct doubt *doubts;
	size_t len;

	TRY(doubt_list(c, &ask, &doubts, &len));
	for (size_t i = 0; i < len; i++) {
		const struct doubt *d = &doubts[i];

		fprintf(in->out, "%lld\tPatient/" STR_FMT "\tPatient/" STR_FMT "\t%s\t%.1f bits\t"
				 STR_FMT "\t" STR_FMT "\n",
			(long long)d->key, STR_ARG(d->a), STR_ARG(d->b), states[d->state],
			(double)d->weight / 1000, STR_ARG(d->source),
			STR_ARG(when_print_us(c->arena, d->at)));
	}
	return OK;
}

static enum err decide(struct ctx *c, const struct invocation *in, struct str number)
{
	struct doubt_verdict v = { .reason = option_text(in, "reason"),
				   .by = decider(in),
				   .forced = option_text(in, "force") };
	struct str as = option_text(in, "as"), keep = patient_id(option_text(in, "keep").at);
	struct doubt doubt;
	int64_t key;

	v.decision = str_is(as, "same")        ? DOUBT_SAME
		     : str_is(as, "different") ? DOUBT_DIFFERENT
		     : str_is(as, "later")     ? DOUBT_LATER
					       : DOUBT_OPEN;
	if (v.decision == DOUBT_OPEN)
		return fail(c, ERR_USAGE, "say --as same, different or later");
	if (!str_int(number, &key))
		return fail(c, ERR_USAGE, "--decide is the number of a doubt");
	TRY(doubt_find(c, key, &doubt));
	if (keep.len && !str_eq(keep, doubt.a) && !str_eq(keep, doubt.b))
		return fail(c, ERR_USAGE, "--keep must be one of the two Patients");
	v.keep_b = keep.len && str_eq(keep, doubt.b);
	TRY(doubt_decide(c, key, &v));
	fprintf(in->out, "doubt %lld: " STR_FMT "\n", (long long)key, STR_ARG(as));
	return OK;
}

/* --- somebody has noticed two records --- */

static enum err put_report(struct ctx *c, struct db *db, void *arg)
{
	int64_t key;

	return doubt_add(c, db, arg, &key);
}

static enum err report(struct ctx *c, struct str b, struct str reason)
{
	struct str a = str_cut(&b, ',');
	struct doubt_wish wish = { .probability = 0.5, .source = STR("person") };
	struct node *why = node_new(c->arena, NODE_OBJECT);
	struct version one, two;
	struct buf text;

	if (!b.len || !reason.len || reason.len > 1000)
		return fail(c, ERR_USAGE, "name two Patients, --report p-1,p-2, and a --reason");
	TRY(record_read(c, STR("Patient"), a, &one));
	TRY(record_read(c, STR("Patient"), b, &two));
	node_add_str(c->arena, why, "text", reason);
	buf_init(&text, c->arena, 0);
	json_write(&text, why, 0);
	wish.a = one.person;
	wish.b = two.person;
	wish.why = buf_get(&text);
	return store_write(c, c->place->store, put_report, &wish);
}

static enum err doubts(struct ctx *c, struct invocation *in)
{
	struct str number = option_text(in, "decide"), pair = option_text(in, "report");

	if (pair.len)
		return report(c, pair, option_text(in, "reason"));
	return number.len ? decide(c, in, number) : list_doubts(c, in);
}

const struct command identity_commands[] = {
	{ "merge", "DB SURVIVOR OTHER", "Two Patients are one person.",
	  "SURVIVOR goes on; OTHER stays readable, says what replaced it, and its items are shown with "
	  "the survivor's. Nothing is moved: causeway unmerge takes it back exactly.",
	  merge_options, merge,
	  "  causeway merge county.db p-000001 p-000731 --preview\n"
	  "  causeway merge county.db p-000001 p-000731 --reason 'same passport, seen today'",
	  .place = PLACE_WRITE },
	{ "unmerge", "DB OTHER", "Take back the merge that replaced a Patient.",
	  "Each side has its own items again, also those written since.", unmerge_options,
	  unmerge, "  causeway unmerge county.db p-000731 --reason 'father and son'",
	  .place = PLACE_WRITE },
	{ "doubts", "DB", "Pairs of Patients that may be one person: list and decide.",
	  "Likeliest first: number, the two Patients, state, weight of the evidence, what found it, "
	  "when.",
	  doubts_options, doubts,
	  "  causeway doubts county.db\n"
	  "  causeway doubts county.db --decide 12 --as same --reason 'same address and phone'",
	  .place = PLACE_WRITE },
	{ 0 },
};
