/* ledger.c - causeway ledger: what stands on accounts, proof, export, and closing of days. */
#include "main/ledger.h"

#include "base/dec.h"
#include "base/sheet.h"
#include "base/when.h"
#include "ledger/ledger.h"

static const struct option ledger_options[] = {
	{ "on", "DAY", "balances at the end of this day (default: all days)", NULL },
	{ "known", "MOMENT", "as known then, such as 2016-04-01T00:00:00Z (default: now)", NULL },
	{ "format", "csv|hledger|beancount", "how entries are exported", "csv" },
	{ "chain", "MARK", "check: the end of the chain as an earlier check told it; it must still be in it", NULL },
	{ "before", "DAY", "close: the days before this one", NULL },
	{ "by", "NAME", "close: who closes them", NULL },
	{ "entries", "N", "exercise: how many", "100000" },
	{ "writers", "N", "exercise: threads that write at once", "8" },
	{ "seed", "N", "exercise: another seed writes other entries", "1" },
	{ "verbose", NULL, "exercise: a line for each batch that is durable: writer and how many", NULL },
	{ 0 },
};

struct work {
	struct ctx *c;
	const struct invocation *in;
	struct db *db;
};

static enum err day_option(struct ctx *c, const struct invocation *in, const char *name, int64_t absent,
			   int64_t *out)
{
	const char *text = command_option(in, name);
	struct when w;

	*out = absent;
	if (!text)
		return OK;
	if (!when_parse_date(str_of(text), &w) || w.precision != WHEN_DAY)
		return fail(c, ERR_USAGE, "--%s takes a day such as 2016-03-31, not %s", name, text);
	*out = when_days(w.year, w.month, w.day);
	return OK;
}

static enum err as_at_options(struct ctx *c, const struct invocation *in, struct as_at *out)
{
	const char *known = command_option(in, "known");
	struct when w;
	int64_t end;

	*out = AS_AT_NOW;
	TRY(day_option(c, in, "on", INT64_MAX, &out->effective));
	if (!known)
		return OK;
	if (!when_parse_instant(str_of(known), &w))
		return fail(c, ERR_USAGE, "--known takes a moment such as 2016-04-01T00:00:00Z, not %s", known);
	when_range(w, 0, &out->recorded, &end);
	return OK;
}

static const char *amount(struct ctx *c, int64_t n, int scale)
{
	return str_dup(c->arena, dec_print(c->arena, (struct dec){ n, scale }));
}

static enum err run_trial(struct work *w)
{
	struct trial_line *lines;
	struct as_at at;
	size_t len;

	TRY(as_at_options(w->c, w->in, &at));
	TRY(ledger_trial(w->c, w->db, at, &lines, &len));
	fprintf(w->in->out, "%-60s %-6s %16s %16s %16s\n", "account", "unit", "debit", "credit", "balance");
	for (size_t i = 0; i < len; i++) {
		const struct account *a = &lines[i].account;

		fprintf(w->in->out, "%-60.*s %-6.*s %16s %16s %16s\n", STR_ARG(a->code), STR_ARG(a->unit),
			amount(w->c, lines[i].debit, a->scale), amount(w->c, lines[i].credit, a->scale),
			amount(w->c, lines[i].debit - lines[i].credit, a->scale));
	}
	return OK;
}

static enum err run_check(struct work *w)
{
	const char *chain = command_option(w->in, "chain");
	struct ledger_proof proof;
	struct ledger_mark noted;
	enum err e;

	if (chain && !ledger_mark_read(str_of(chain), &noted))
		return fail(w->c, ERR_USAGE, "--chain takes what a check told, such as 12.2:9f86d0…, not %.100s", chain);
	e = ledger_check(w->c, w->db, chain ? &noted : NULL, &proof);
	for (const struct issue *i = w->c->issues.first; i; i = i->next)
		fprintf(w->in->out, "%s\n", i->text);
	TRY(e);
	fprintf(w->in->out, "The ledger is in order: %lld accounts, %lld entries, %lld postings.\n",
		(long long)proof.accounts, (long long)proof.entries, (long long)proof.postings);
	if (proof.last.key)
		fprintf(w->in->out, "The chain ends with %s\n",
			str_dup(w->c->arena, ledger_mark_print(w->c->arena, &proof.last)));
	return OK;
}

struct exporting {
	FILE *out;
	enum ledger_format format;
	bool begun;
};

static enum err export_entry(struct ctx *c, void *arg, const struct entry_read *e)
{
	struct exporting *x = arg;
	struct buf text;

	buf_init(&text, c->arena, 0);
	ledger_print(&text, x->format, e, !x->begun);
	x->begun = true;
	if (fwrite(text.at, 1, text.len, x->out) != text.len)
		return fail(c, ERR_IO, "The export could not be written: %m.");
	return OK;
}

static enum err run_export(struct work *w)
{
	static const char *const formats[] = { "csv", "hledger", "beancount" };
	const char *wanted = command_option(w->in, "format");
	struct exporting x = { .out = w->in->out };
	size_t i = 0;

	while (i < 3 && strcmp(wanted, formats[i]) != 0)
		i++;
	if (i == 3)
		return fail(w->c, ERR_USAGE, "--format is csv, hledger or beancount, not %s", wanted);
	x.format = (enum ledger_format)i;
	return ledger_each(w->c, w->db, 0, export_entry, &x);
}

struct closing {
	int64_t day;
	const char *by;
};

static enum err close_days(struct ctx *c, struct db *db, void *arg)
{
	const struct closing *x = arg;

	return ledger_close(c, db, x->day, str_of(x->by));
}

static enum err run_close(struct ctx *c, const struct invocation *in)
{
	struct closing x = { .by = command_option(in, "by") };

	TRY(day_option(c, in, "before", INT64_MIN, &x.day));
	if (x.day == INT64_MIN || !x.by)
		return fail(c, ERR_USAGE, "ledger close needs --before DAY and --by NAME");
	TRY(store_write(c, c->place->store, close_days, &x));
	fprintf(in->out, "No entry will be effective before %s.\n", command_option(in, "before"));
	return OK;
}

static enum err run_word(struct ctx *c, struct invocation *in)
{
	static const struct {
		const char *name;
		enum err (*run)(struct work *w);
	} words[] = { { "trial", run_trial }, { "check", run_check }, { "export", run_export } };
	struct work w = { .c = c, .in = in };
	READER(db);

	if (strcmp(in->argv[0], "close") == 0)
		return run_close(c, in);
	if (strcmp(in->argv[0], "exercise") == 0)
		return ledger_exercise(c, in);
	TRY(store_reader(c, c->place->store, &db));
	TRY(db_begin(c, db));
	w.db = db;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(in->argv[0], words[i].name) == 0) {
			enum err e = words[i].run(&w);

			db_end(db);
			return e;
		}
	db_end(db);
	return fail(c, ERR_USAGE, "ledger takes trial, check, export, close or exercise, not %s", in->argv[0]);
}

static enum err run_ledger(struct ctx *c, struct invocation *in)
{
	struct place *place;
	enum err e;

	TRY(place_open(c, in->share, in->argv[1], 0, false, &place));
	e = run_word(c, in);
	place_close(place);
	return e;
}

const struct command ledger_commands[] = {
	{ "ledger", "WORD DB", "Look at the ledger, prove it, export it, close days.",
	  "trial: debits, credits and balance of each account. check: prove that every entry balances and no posting\n"
	  "was altered, taken out or put in: each is sealed with the seal of the one before it. Each finding is a line.\n"
	  "The end of the chain is told, to be noted elsewhere and given to a later check. export: every entry, for a spreadsheet, hledger or beancount.\n"
	  "close: take no more entries that are effective before a day; what is closed stays closed. exercise: write\n"
	  "invented entries from many threads into a ledger of its own, with reversals and closing, and say how fast;\n"
	  "the same seed writes the same, so one that was killed can be run again and compared.",
	  ledger_options, run_ledger,
	  "  causeway ledger check county.db\n"
	  "  causeway ledger check county.db --chain 12.2:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\n"
	  "  causeway ledger trial county.db --on 2016-03-31 --known 2016-04-30T00:00:00Z\n"
	  "  causeway ledger export county.db --format hledger > county.journal\n"
	  "  causeway ledger close county.db --before 2016-04-01 --by 'A. Finance'\n"
	  "  causeway ledger exercise trial.db --entries 1000000" },
	{ 0 },
};
