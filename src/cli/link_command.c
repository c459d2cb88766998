/* link_command.c - causeway link: who is who in files of people. */
#include <stdlib.h>

#include "cli/commands.h"
#include "identity/crew.h"
#include "identity/link.h"

static const struct option link_options[] = {
	{ "out", "DIR", "where pairs.csv, clusters.csv and report.html go", "link" },
	{ "columns", "ROLE=COLUMN,...",
	  "what the columns are; guessed from the header when not given", NULL },
	{ "threshold", "P", "probability from which two records are one person", "0.5" },
	{ "truth", "COLUMN",
	  "print precision, recall and F1 against this column; else it is not used", NULL },
	{ "one-to-one", NULL, "with two files: at most one record of each is one person",
	  NULL },
	{ "max-cluster", "N", "most records one person may have", "200" },
	{ "pairs", "N",
	  "compare about so many pairs for each record at least; else as few as find all", "0" },
	{ "threads", "N", "cores to use; all of them when not given", NULL },
	{ 0 },
};

static enum err read_threshold(struct ctx *c, const char *text, double *out)
{
	char *end;
	double p = strtod(text, &end);

	if (*end || end == text || !(p > 0 && p < 1))
		return fail(c, ERR_USAGE,
			    "--threshold is a probability between 0 and 1, not %s", text);
	*out = p;
	return OK;
}

static enum err read_options(struct ctx *c, const struct invocation *in, struct link_options *o)
{
	int64_t n = crew_cores();

	o->files[0] = in->argv[0];
	o->files[1] = in->argc > 1 ? in->argv[1] : NULL;
	o->columns = command_option(in, "columns");
	o->truth = command_option(in, "truth");
	TRY(read_threshold(c, command_option(in, "threshold"), &o->threshold));
	if (command_option(in, "threads"))
		TRY(command_option_int(c, in, "threads", 1, MAX_WORKERS, &n));
	o->workers = (unsigned)n;
	TRY(command_option_int(c, in, "pairs", 0, 1000, &n));
	o->pairs = (double)n;
	TRY(command_option_int(c, in, "max-cluster", 2, 100000, &n));
	o->rules.max_size = (unsigned)n;
	o->rules.one_to_one = command_option(in, "one-to-one") != NULL;
	if (o->rules.one_to_one && !o->files[1])
		return fail(c, ERR_USAGE, "--one-to-one needs two files");
	return OK;
}

static void print_quality(const struct invocation *in, const struct link_source *source,
			  const struct link_result *result)
{
	struct link_quality q = link_quality(source, result);
	double precision = q.ours > 0 ? q.both / q.ours : 1;
	double recall = q.theirs > 0 ? q.both / q.theirs : 1;
	double f1 = q.both > 0 ? 2 * precision * recall / (precision + recall) : 0;

	fprintf(in->out, "precision %.5f\nrecall %.5f\nF1 %.5f\n", precision, recall, f1);
}

static void print_summary(const struct invocation *in, const char *dir,
			  const struct link_source *source, const struct link_result *result)
{
	double seconds = (double)result->scoring / 1e6;

	fprintf(in->out,
		"%u records, %.0f pairs compared in %.1f s (%.0f/s) of %.1f s in all, %u people "
		"have several records; see %s/report.html\n",
		source->people->len, result->compared, seconds,
		result->compared / (seconds > 0 ? seconds : 1),
		(double)result->microseconds / 1e6, result->clusters, dir);
}

static enum err run_link(struct ctx *c, struct invocation *in)
{
	const char *dir = command_option(in, "out");
	struct link_options o = { 0 };
	struct link_source source;
	struct link_result result;
	struct bar *bar;
	enum err e;

	TRY(read_options(c, in, &o));
	o.progress = bar_progress(c, in, "link", &bar);
	e = link_read(c, in->share, &o, &source);
	if (e == OK)
		e = link_run(c, &o, &source, &result);
	bar_done(bar);
	TRY(e);
	if (source.repeated)
		fprintf(in->err, "causeway link: %u records have an id that another has, too; pairs.csv and clusters.csv cannot "
			"tell them apart\n",
			source.repeated);
	TRY(link_write(c, dir, &o, &source, &result));
	if (!command_option(in, "quiet"))
		print_summary(in, dir, &source, &result);
	if (o.truth)
		print_quality(in, &source, &result);
	return OK;
}

const struct command link_commands[] = {
	{ "link", "FILE [FILE2]", "Find the records of the same people in files.",
	  "Reads CSV with a header and learns from it, without examples, how much each "
	  "agreement says: no\n"
	  "labels, no settings. Two files may hold several records of a person each; they are "
	  "compared with\n"
	  "each other and within.\n"
	  "Roles are id given family full_name dob sex postcode street address town region "
	  "phone email\n"
	  "identifier and other:NAME. Columns whose header tells nothing are not compared.\n"
	  "pairs.csv has every two records found to be one person "
	  "(id_a,id_b,weight,probability): the\n"
	  "weight is the evidence of this pair alone in bits, the probability counts how rare "
	  "such pairs\n"
	  "are. clusters.csv has every record (id,cluster). report.html shows what was learnt. "
	  "Where both\n"
	  "files have the same ids, a: and b: stand before them.",
	  link_options, run_link,
	  "  causeway link people.csv --out people\n"
	  "  causeway link hospital.csv council.csv --out both --threshold 0.95\n"
	  "  causeway link a.csv --out a --columns "
	  "id=key,given=forename,family=surname,dob=born" },
	{ 0 },
};
