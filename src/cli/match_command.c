/* match_command.c - causeway match, causeway match-learn: whom records are about, among all of a place. */
#include <stdlib.h>

#include "base/lines.h"
#include "cli/commands.h"
#include "identity/crew.h"
#include "identity/doubt.h"
#include "identity/learn.h"
#include "identity/matches.h"
#include "identity/online.h"
#include "identity/resolve.h"

enum { LINE_MOST = 1 << 20, NS_MOST = 1 << 20 };

static const struct option match_options[] = {
	{ "admit", NULL, "write each to the Patient it is about, or to a new one", NULL },
	{ "truth", "SYSTEM",
	  "with --admit: an identifier of this system says who it is; it is taken out, and "
	  "sensitivity and precision are printed",
	  NULL },
	{ "count", "N", "most Patients told for each", "3" },
	{ "certain", NULL, "only what would be linked without asking anybody", NULL },
	{ 0 },
};

/* ---- against the truth ---- */

/* How often two numbers stand together. */
struct pairs {
	struct map counts;
	double sum; /* of pairs within each */
};

static void count_pair(struct arena *a, struct pairs *p, struct str key)
{
	int64_t *n = map_get(&p->counts, key);

	if (!n) {
		n = NEW(a, int64_t);
		map_set(&p->counts, str_of(str_dup(a, key)), n);
	}
	p->sum += (double)(*n)++;
}

struct measuring {
	struct arena *a;
	struct pairs truth, ours, both;
};

static void measure(struct measuring *m, struct str truth, struct str id)
{
	ARENA(scratch);

	count_pair(m->a, &m->truth, truth);
	count_pair(m->a, &m->ours, id);
	count_pair(m->a, &m->both,
		   str_of(arena_printf(&scratch, STR_FMT "\t" STR_FMT, STR_ARG(truth),
				       STR_ARG(id))));
}

/* ---- one line after the other ---- */

struct run {
	struct invocation *in;
	struct str truth; /* system; empty: none */
	bool admit, certain;
	int64_t count;
	struct measuring measuring;
	int64_t counts[RESOLVED_NEW + 1], total;
	struct {
		int64_t *at;
		size_t len;
	} times; /* microseconds of each */
};

static struct str take_truth(struct node *patient, struct str system)
{
	struct node *list = node_get(patient, "identifier");

	node_each(identifier, list)
	{
		if (!str_eq(node_str(identifier, "system"), system))
			continue;
		node_remove(list, identifier);
		if (!list->len)
			node_remove(patient, list);
		return node_str(identifier, "value");
	}
	return (struct str){ 0 };
}

static const char *const words[] = { [RESOLVED_KNOWN] = "known",
				     [RESOLVED_MATCHED] = "matched",
				     [RESOLVED_DOUBT] = "doubt",
				     [RESOLVED_NEW] = "new" };

static enum err admit_one(struct ctx *c, struct run *run, struct node *patient)
{
	struct str source = node_text(node_path(patient, "meta.source"));
	struct str truth = { 0 };
	struct resolution r;

	if (run->truth.len)
		truth = take_truth(patient, run->truth);
	TRY(identity_admit(c, patient, source, &r));
	run->counts[r.how]++;
	if (truth.len)
		measure(&run->measuring, truth, r.id);
	if (!run->truth.len)
		fprintf(run->in->out, "%lld\t%s\t" STR_FMT "\t%.4f\t%.2f\t" STR_FMT "\n",
			(long long)run->total + 1, words[r.how], STR_ARG(r.id), r.probability,
			r.weight, STR_ARG(r.other));
	return OK;
}

static enum err match_one(struct ctx *c, struct run *run, const struct node *patient)
{
	struct match *found;
	size_t len;

	TRY(identity_matches(c, patient, run->certain, (size_t)run->count, &found, &len));
	for (size_t i = 0; i < len; i++)
		fprintf(run->in->out, "%lld\t%s\t" STR_FMT "\t%.4f\t%.2f\t" STR_FMT "\n",
			(long long)run->total + 1, match_grade_code(found[i].grade),
			STR_ARG(found[i].version.id), found[i].probability, found[i].weight,
			STR_ARG(found[i].why));
	if (!len)
		fprintf(run->in->out, "%lld\tnone\n", (long long)run->total + 1);
	return OK;
}

static enum err run_line(struct ctx *c, struct run *run, struct str line)
{
	struct node *patient;
	int64_t start;

	TRY(fhir_read_json(c, c->place->fhir, c->arena, line, &patient));
	if (!str_is(node_str(patient, "resourceType"), "Patient"))
		return fail(c, ERR_INVALID, "It is no Patient.");
	start = clock_monotonic();
	TRY(run->admit ? admit_one(c, run, patient) : match_one(c, run, patient));
	if (run->times.len < NS_MOST)
		run->times.at[run->times.len++] = clock_monotonic() - start;
	run->total++;
	return OK;
}

static enum err run_lines(struct ctx *c, struct run *run, const char *file,
			  const struct progress *progress)
{
	struct arena *whole = c->arena;
	bool more = true;
	LINES(lines);

	TRY(lines_open(c, file, LINE_MOST, &lines));
	while (more) {
		ARENA(own);
		struct str line;
		enum err e;

		TRY(ctx_check(c));
		c->arena = &own;
		e = lines_next(c, lines, &own, &line, &more);
		if (e == OK && more && str_trim(line).len)
			e = run_line(c, run, line);
		c->arena = whole;
		if (e)
			return fail(c, e, "%s, line %lld: %s", file,
				    (long long)lines_number(lines), arena_str(whole, c->why));
		if (run->total % 64 == 0 &&
		    !progress->tick(progress->arg, run->total, 0, "people"))
			return fail(c, ERR_STOPPED, "stopped after %lld people",
				    (long long)run->total);
	}
	return OK;
}

static int by_time(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static double millis(const struct run *run, double share)
{
	size_t at = (size_t)(share * (double)run->times.len);

	return run->times.len ? (double)run->times.at[at] / 1000 : 0;
}

static double share(double part, double whole)
{
	return whole > 0 ? part / whole : 1;
}

static enum err print_sums(struct ctx *c, struct run *run)
{
	FILE *err = run->in->err, *out = run->in->out;
	struct doubt_counts doubts;

	qsort(run->times.at, run->times.len, sizeof *run->times.at, by_time);
	fprintf(err, "%lld people; each in %.2f ms (median), %.2f ms (99 of 100), %.2f ms (all)\n",
		(long long)run->total, millis(run, 0.5), millis(run, 0.99),
		run->times.len ? (double)run->times.at[run->times.len - 1] / 1000 : 0);
	if (!run->admit)
		return OK;
	TRY(doubt_count(c, &doubts));
	fprintf(err, "%lld known, %lld matched, %lld in doubt, %lld new; %lld doubts are open\n",
		(long long)run->counts[RESOLVED_KNOWN], (long long)run->counts[RESOLVED_MATCHED],
		(long long)run->counts[RESOLVED_DOUBT], (long long)run->counts[RESOLVED_NEW],
		(long long)doubts.open);
	if (run->truth.len)
		fprintf(out, "sensitivity %.5f\nprecision %.5f\n",
			share(run->measuring.both.sum, run->measuring.truth.sum),
			share(run->measuring.both.sum, run->measuring.ours.sum));
	return OK;
}

static enum err match_all(struct ctx *c, struct run *run, const char *file)
{
	struct bar *bar;
	struct progress progress = bar_progress(c, run->in, "match", &bar);
	enum err e = online_catch_up(c, &progress);

	if (e == OK)
		e = run_lines(c, run, file, &progress);
	bar_done(bar);
	return e == OK && !command_option(run->in, "quiet") ? print_sums(c, run) : e;
}

static enum err run_match(struct ctx *c, struct invocation *in)
{
	struct run *run = NEW(c->arena, struct run);
	struct place *place;
	enum err e;

	run->in = in;
	run->admit = command_option(in, "admit") != NULL;
	run->certain = command_option(in, "certain") != NULL;
	run->truth = str_of(command_option(in, "truth"));
	run->times.at = NEW_N(c->arena, int64_t, NS_MOST);
	run->measuring.a = c->arena;
	map_init(&run->measuring.truth.counts, c->arena);
	map_init(&run->measuring.ours.counts, c->arena);
	map_init(&run->measuring.both.counts, c->arena);
	TRY(command_option_int(c, in, "count", 1, 100, &run->count));
	if (run->truth.len && !run->admit)
		return fail(c, ERR_USAGE, "--truth is measured with --admit");
	TRY(place_open(c, in->share, in->argv[0], 0, false, &place));
	e = match_all(c, run, in->argv[1]);
	place_close(place);
	return e;
}

/* ---- learning ---- */

static enum err run_learn(struct ctx *c, struct invocation *in)
{
	struct place *place;
	struct lesson learnt;
	struct bar *bar;
	struct progress progress = bar_progress(c, in, "match-learn", &bar);
	enum err e;

	TRY(place_open(c, in->share, in->argv[0], 0, false, &place));
	e = identity_learn(c, crew_cores(), &progress, &learnt);
	bar_done(bar);
	place_close(place);
	TRY(e);
	if (!command_option(in, "quiet"))
		fprintf(in->out,
			"%lld people, %.0f pairs compared, about %.0f of one person%s\n",
			(long long)learnt.people, learnt.pairs, learnt.matches,
			learnt.of_matches ? "" :
					    ": too few to tell mistakes by, those shipped "
					    "are kept");
	return OK;
}

const struct command match_commands[] = {
	{ "match", "DB FILE", "Whom records are about, among all people of a place.",
	  "FILE (- is standard input) has a Patient on each line. Each is held against everybody: by "
	  "the\n"
	  "sender's identifiers, a verified NHS number, and else by name, date of birth, sex, "
	  "address and\n"
	  "telephone. Printed are its line, how sure it is, the Patient, the probability, the weight "
	  "of the\n"
	  "evidence in bits and the reasons. With --admit each is written: into the Patient it is "
	  "surely\n"
	  "about, or a new one, with the doubtful pairs put on the worklist. meta.source says who "
	  "sends it.",
	  match_options, run_match,
	  "  causeway match county.db people.ndjson\n"
	  "  causeway match county.db - --admit < people.ndjson" },
	{ "match-learn", "DB", "Learn from a place's own people how much each agreement says.",
	  "How common names, dates and places are is told by the people there; how often mistakes "
	  "happen is\n"
	  "learnt too where enough Patients have several records. Kept in the database and used from "
	  "then on.",
	  NULL, run_learn, "  causeway match-learn county.db" },
	{ 0 },
};
