/* agreement_commands.c - the register of what organisations share, by hand. */
#include "access/agreement.h"
#include "base/buf.h"
#include "base/when.h"
#include "cli/commands.h"

static enum err day(struct ctx *c, const struct invocation *in, const char *name, int64_t fallback, int64_t *out)
{
	const char *text = command_option(in, name);

	*out = fallback;
	if (!text || agreement_time_read(str_of(text), out))
		return OK;
	return fail(c, ERR_USAGE, "--%s is a day, or a minute of it: 2027-03-31, \"2027-03-31 17:30\".", name);
}

/* The values of an option, parted by spaces. */
static struct str joined(struct ctx *c, const struct invocation *in, const char *name)
{
	const char *const *list = command_option_list(in, name);
	struct buf b;

	buf_init(&b, c->arena, 0);
	for (size_t i = 0; list[i]; i++)
		buf_printf(&b, "%s%s", i ? " " : "", list[i]);
	return buf_get(&b);
}

static enum err add(struct ctx *c, struct invocation *in)
{
	struct agreement a = { .title = str_of(in->argv[1]),
			       .orgs = joined(c, in, "org"),
			       .purposes = joined(c, in, "purpose"),
			       .covers = joined(c, in, "covers") };
	int64_t key;

	TRY(day(c, in, "since", clock_now(c->clock), &a.since));
	TRY(day(c, in, "until", 0, &a.until));
	TRY(agreement_add(c, &a, &key));
	fprintf(in->out, "%lld\n", (long long)key);
	return OK;
}

static const char *day_words(struct ctx *c, int64_t at)
{
	return str_dup(c->arena, agreement_time_text(c->arena, at));
}

static const char *state(struct ctx *c, const struct agreement *a)
{
	int64_t now = clock_now(c->clock);

	if (a->until && a->until <= now)
		return "ended";
	return a->since > now ? "not yet" : "in force";
}

static enum err list(struct ctx *c, struct invocation *in)
{
	struct agreement *at;
	size_t len;
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	TRY(agreement_list(c, db, &at, &len));
	for (size_t i = 0; i < len; i++)
		fprintf(in->out, "%lld\t" STR_FMT "\t%s\t" STR_FMT "\t" STR_FMT "\t" STR_FMT "\t%s\t%s\n",
			(long long)at[i].key, STR_ARG(at[i].title), state(c, &at[i]), STR_ARG(at[i].orgs),
			STR_ARG(at[i].purposes), STR_ARG(at[i].covers.len ? at[i].covers : STR("all")),
			day_words(c, at[i].since), day_words(c, at[i].until));
	return OK;
}

static enum err end(struct ctx *c, struct invocation *in)
{
	const char *why = command_option(in, "reason");
	int64_t key, at;

	if (!str_int(str_of(in->argv[1]), &key))
		return fail(c, ERR_USAGE, "An agreement is named by its number, as agreement-list shows it.");
	TRY(day(c, in, "at", 0, &at));
	return agreement_finish(c, key, at, str_of(why ? why : ""));
}

static const struct option add_options[] = {
	{ "org", "CODE...", "among whom: ODS codes; repeated", NULL },
	{ "purpose", "PURPOSE...", "for what: care, safeguarding, payment or secondary; may be repeated", NULL },
	{ "covers", "LABEL...", "only such items: a category or sensitivity of share/access/label.tsv, or ordinary; "
				"may be repeated. Without it all", NULL },
	{ "since", "DAY[ TIME]", "when it begins, in London; without it now", NULL },
	{ "until", "DAY[ TIME]", "when it ends: that day's first minute, or the one given; without it when it is ended", NULL },
	{ 0 },
};
static const struct option end_options[] = {
	{ "reason", "WORDS", "why it ends", NULL },
	{ "at", "DAY", "when; without it now", NULL },
	{ 0 },
};

const struct command agreement_commands[] = {
	{ "agreement-add", "DB TITLE", "Add an agreement between organisations to the register.",
	  "Each of its organisations sees what the others hold of people it has to do with: all that roles allow,\n"
	  "or with --covers only items whose categories and sensitivity are all among those named. An organisation\n"
	  "that is named in any agreement shares what its agreements in force say, and nothing else. Prints its number.",
	  add_options, add,
	  "  causeway agreement-add county.db 'Surgery and hospital' --org WXP --org WXA --purpose care \\\n"
	  "    --covers ordinary --covers mental-health --until 2028-03-31",
	  .place = PLACE_MIGRATE },
	{ "agreement-list", "DB", "List the agreements between organisations.",
	  "One a line, the newest first: number, title, state, organisations, purposes, what it covers, from, until.",
	  NULL, list, "  causeway agreement-list county.db", .place = PLACE_READ },
	{ "agreement-end", "DB NUMBER", "End an agreement between organisations.",
	  "What it opened is closed from the next request on.", end_options, end,
	  "  causeway agreement-end county.db 3 --reason 'Replaced by another'",
	  .place = PLACE_WRITE },
	{ 0 },
};
