/* charge.c - causeway charge-cases and charge-explain: the charging engine for machines and the curious. */
#include <string.h>

#include "base/file.h"
#include "base/lines.h"
#include "base/vec.h"
#include "identity/crew.h"
#include "main/charge.h"
#include "money/charge.h"

#define CASE_LIMIT ((size_t)1 << 20)
#define BATCH_BYTES ((size_t)4 << 20) /* of input worked on at once */
#define SLICES 64                     /* of a batch, each one worker's at a time */

static const struct option charge_options[] = {
	{ "pack", "NAME", "the folder of share/policy with the figures", "england" },
	{ "threads", "N", "workers; 0: one for each core", "0" },
	{ 0 },
};

static const struct option explain_options[] = {
	{ "pack", "NAME", "the folder of share/policy with the figures", "england" },
	{ 0 },
};

/* ---- one case ---- */

static enum err case_read(struct ctx *c, struct str line, struct node **out)
{
	TRY(json_read(c, c->arena, line, NULL, out));
	if ((*out)->kind != NODE_OBJECT)
		return fail(c, ERR_INVALID, "A case must be a JSON object.");
	return OK;
}

static enum err case_work(struct ctx *c, const struct charge_rules *rules, const struct node *of,
			  struct node **result, struct charge_lines *lines)
{
	return charge_case(c, rules, node_str(of, "kind"), node_get(of, "given"), result, lines);
}

struct asked {
	struct str line;
	int64_t number; /* of the line in the file, from 1 */
	bool too_long;  /* it was passed over */
};

/* "line 3: given.on is missing". A line is read by itself, as if it were the first. */
static const char *error_words(struct ctx *c, int64_t number)
{
	const char *why = c->why;

	if (strncmp(why, "Line 1, ", 8) == 0)
		return arena_printf(c->arena, "line %lld, %s", (long long)number, why + 8);
	return arena_printf(c->arena, "line %lld: %s", (long long)number, why);
}

/* {"id": …, "result": {…}}, or "error" in place of a result. */
static bool case_answer(struct ctx *c, const struct charge_rules *rules, const struct asked *asked, struct buf *out)
{
	struct node *of = NULL, *result = NULL, *answer = node_new(c->arena, NODE_OBJECT);
	const struct node *id;
	enum err e = asked->too_long ? fail(c, ERR_TOO_LARGE, "A case has at most %zu bytes.", CASE_LIMIT) :
				       case_read(c, asked->line, &of);

	id = node_get(of, "id");
	if (e == OK && (!id || id->kind == NODE_NULL))
		e = fail(c, ERR_INVALID, "A case needs an id.");
	if (e == OK)
		e = case_work(c, rules, of, &result, NULL);
	if (id)
		node_append(answer, "id", node_copy(c->arena, id));
	else
		node_add(c->arena, answer, "id", NODE_NULL);
	if (e == OK)
		node_append(answer, "result", result);
	else
		node_add_cstr(c->arena, answer, "error", error_words(c, asked->number));
	json_write(out, answer, 0);
	buf_char(out, '\n');
	return e == OK;
}

/* ---- many, in batches ---- */

struct batch {
	const struct charge_rules *rules;
	const struct clock *clock;
	struct arena life; /* of the lines */
	VEC(struct asked) lines;
	size_t bytes;
	struct arena room[SLICES];
	struct buf out[SLICES];
	int64_t wrong[SLICES];
};

static void work_slice(void *arg, size_t slice, unsigned worker)
{
	struct batch *b = arg;
	size_t from = b->lines.len * slice / SLICES, to = b->lines.len * (slice + 1) / SLICES;
	struct ctx c;
	ARENA(scratch);

	(void)worker;
	ctx_init(&c, &scratch);
	c.clock = b->clock;
	for (size_t i = from; i < to; i++) {
		if (!case_answer(&c, b->rules, &b->lines.at[i], &b->out[slice]))
			b->wrong[slice]++;
		c.issues = (struct issues){ 0 };
		arena_reset(&scratch);
	}
}

static enum err batch_run(struct ctx *c, struct batch *b, unsigned workers, FILE *out, int64_t *wrong)
{
	for (size_t i = 0; i < SLICES; i++) {
		arena_reset(&b->room[i]);
		buf_init(&b->out[i], &b->room[i], 0);
		b->wrong[i] = 0;
	}
	crew_run(workers, SLICES, work_slice, b);
	for (size_t i = 0; i < SLICES; i++) {
		struct str text = buf_get(&b->out[i]);

		*wrong += b->wrong[i];
		if (fwrite(text.at, 1, text.len, out) != text.len)
			return fail(c, ERR_IO, "The results could not be written: %m.");
	}
	b->lines.at = NULL;
	b->lines.len = b->lines.cap = b->bytes = 0;
	arena_reset(&b->life);
	return ctx_check(c);
}

static enum err cases_run(struct ctx *c, const char *path, struct batch *b, unsigned workers, FILE *out,
			  int64_t *cases, int64_t *wrong)
{
	LINES(lines);

	TRY(lines_open(c, path, CASE_LIMIT, &lines));
	for (;;) {
		struct str line = { 0 };
		bool more = true;
		enum err e = lines_next(c, lines, &b->life, &line, &more);

		if (e != OK && e != ERR_TOO_LARGE)
			return e;
		if (lines_number(lines) == 1 && str_starts(line, STR("\xef\xbb\xbf"))) /* some editors put it before a file */
			line = (struct str){ line.at + 3, line.len - 3 };
		if (more && (e != OK || str_trim(line).len)) {
			*vec_push(&b->lines, &b->life) = (struct asked){ line, lines_number(lines), e != OK };
			b->bytes += line.len;
			++*cases;
		}
		if (!more || b->bytes >= BATCH_BYTES)
			TRY(batch_run(c, b, workers, out, wrong));
		if (!more)
			return OK;
	}
}

static enum err run_cases(struct ctx *c, struct invocation *in)
{
	struct batch *b = NEW(c->arena, struct batch);
	int64_t cases = 0, wrong = 0, threads;
	enum err e;

	TRY(command_option_int(c, in, "threads", 0, MAX_WORKERS, &threads));
	TRY(charge_rules_load(c, c->arena, in->share, command_option(in, "pack"), &b->rules));
	b->clock = c->clock;
	arena_init(&b->life);
	for (size_t i = 0; i < SLICES; i++)
		arena_init(&b->room[i]);
	e = cases_run(c, in->argc ? in->argv[0] : "-", b, threads ? (unsigned)threads : crew_cores(), in->out,
		      &cases, &wrong);
	for (size_t i = 0; i < SLICES; i++)
		arena_done(&b->room[i]);
	arena_done(&b->life);
	TRY(e);
	if (wrong)
		return fail(c, ERR_INVALID, "%lld of %lld cases could not be read; their lines say why.",
			    (long long)wrong, (long long)cases);
	return OK;
}

/* ---- one, line by line ---- */

static void print_lines(FILE *out, const struct charge_lines *lines)
{
	for (size_t i = 0; i < lines->len; i++) {
		const struct charge_line *l = &lines->at[i];
		char amount[32] = "";

		if (l->has_amount)
			snprintf(amount, sizeof amount, "%s%lld.%02lld", l->amount < 0 ? "-" : "",
				 (long long)(l->amount < 0 ? -l->amount : l->amount) / 100,
				 (long long)(l->amount < 0 ? -l->amount : l->amount) % 100);
		fprintf(out, "%14s  %-14s  " STR_FMT, amount, l->rule, STR_ARG(l->words));
		if (l->source.len)
			fprintf(out, "  [" STR_FMT "]", STR_ARG(l->source));
		fputc('\n', out);
	}
}

static enum err run_explain(struct ctx *c, struct invocation *in)
{
	const struct charge_rules *rules;
	struct charge_lines lines;
	struct node *of, *result;
	struct str text;
	struct buf json;

	TRY(charge_rules_load(c, c->arena, in->share, command_option(in, "pack"), &rules));
	TRY(file_read(c, c->arena, in->argv[0], CASE_LIMIT, &text));
	TRY(case_read(c, str_trim(text), &of));
	TRY(case_work(c, rules, of, &result, &lines));
	print_lines(in->out, &lines);
	buf_init(&json, c->arena, 0);
	json_write(&json, result, 2);
	fprintf(in->out, "\n" STR_FMT "\n", STR_ARG(buf_get(&json)));
	return OK;
}

const struct command charge_commands[] = {
	{ "charge-cases", "[FILE]", "Work out cases of charging, one JSON object a line.",
	  "Reads {\"id\", \"kind\", \"given\"} and writes {\"id\", \"result\"} for each, in order. Money is text with two\n"
	  "decimals, per week unless it is capital; days are 2015-06-01. A case that the rules give no answer\n"
	  "to has the result {\"refused\": reason}; one that cannot be read has \"error\" in place of a result,\n"
	  "with the number of its line, and the command ends with 65. docs/charging.md lists the kinds and their members.",
	  charge_options, run_cases, "  causeway charge-cases cases.ndjson > results.ndjson" },
	{ "charge-explain", "FILE", "Show line by line how one case of charging is worked out.",
	  "Each line has the amount, the rule, what was done, and the source of the figure used with its date.",
	  explain_options, run_explain, "  causeway charge-explain case.json" },
	{ 0 },
};
