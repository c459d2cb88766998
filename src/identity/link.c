/* link.c - the run from people to clusters. See link.h. */
#include "identity/link.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "identity/crew.h"
#include "identity/tally.h"

/* Candidates from which the final model is learnt: more do not make it better. */
static const double ENOUGH = 8e6;

struct found {
	struct link *at;
	size_t len;
};

struct running {
	struct ctx *c;
	const struct link_options *options;
	const struct people *people;
	struct link_result *result;
	struct arena own[MAX_WORKERS];
	struct comparer *comparers[MAX_WORKERS];
	struct tally tallies[MAX_WORKERS];
	double compared[MAX_WORKERS];
	uint64_t bars[MAX_WORKERS][64];
	size_t step;         /* every so many tasks teach the model */
	double least;        /* log-odds of the threshold */
	struct found *found; /* by task */
	atomic_size_t done;
	atomic_bool stop;
	size_t total;
};

/* One task, by one worker. */
struct piece {
	struct running *run;
	unsigned worker;
	VEC(struct link) links;
};

static void tick(struct running *run, unsigned worker)
{
	size_t done = atomic_fetch_add(&run->done, 1) + 1;
	const struct progress *p = &run->options->progress;

	if (worker == 0 &&
	    !p->tick(p->arg, (int64_t)done, (int64_t)run->total, "blocks of pairs"))
		atomic_store(&run->stop, true);
}

static void meet_block(void *arg, const uint32_t *records, size_t n)
{
	const struct piece *piece = arg;

	compare_soon(piece->run->people, records, n);
}

/* ---- learning ---- */

static void count_pair(void *arg, uint32_t a, uint32_t b)
{
	struct piece *piece = arg;
	struct running *run = piece->run;

	tally_add(&run->tallies[piece->worker],
		  compare_records(run->comparers[piece->worker], a, b), 1);
}

static void count_task(void *arg, size_t item, unsigned worker)
{
	struct running *run = arg;
	struct piece piece = { .run = run, .worker = worker };

	if (atomic_load(&run->stop))
		return;
	blocks_each(run->result->blocks, item * run->step,
		    &(struct pairing){ meet_block, count_pair, &piece });
	tick(run, worker);
}

static void learn(struct running *run, struct evidence *e)
{
	const struct blocks *b = run->result->blocks;
	ARENA(scratch);

	run->step = (size_t)(b->pairs / ENOUGH) + 1;
	run->total = b->task_count / run->step + b->task_count;
	crew_run(run->options->workers, (b->task_count + run->step - 1) / run->step, count_task,
		 run);
	e->candidates =
		tally_sum(&scratch, run->tallies, run->options->workers, &e->candidate_count);
	e->pairs /= (double)run->step;
	model_learn(&run->result->model, run->people, e);
}

/* ---- scoring ---- */

static unsigned bar_of(double log_odds)
{
	double at = floor(log_odds / 2) + 32;

	return at < 0 ? 0 : at > 63 ? 63 : (unsigned)at;
}

static void score_pair(void *arg, uint32_t a, uint32_t b)
{
	struct piece *piece = arg;
	struct running *run = piece->run;
	uint64_t pattern = compare_records(run->comparers[piece->worker], a, b);
	double log_odds = model_score(&run->result->model, run->people, pattern, a);

	run->compared[piece->worker]++;
	run->bars[piece->worker][bar_of(log_odds)]++;
	if (log_odds >= run->least)
		*vec_push(&piece->links, &run->own[piece->worker]) =
			(struct link){ a < b ? a : b, a < b ? b : a, log_odds };
}

static void score_task(void *arg, size_t task, unsigned worker)
{
	struct running *run = arg;
	struct piece piece = { .run = run, .worker = worker };

	if (atomic_load(&run->stop))
		return;
	blocks_each(run->result->blocks, task,
		    &(struct pairing){ meet_block, score_pair, &piece });
	run->found[task] = (struct found){ piece.links.at, piece.links.len };
	tick(run, worker);
}

static void gather_links(struct running *run)
{
	struct link_result *result = run->result;
	size_t n = 0;

	for (size_t i = 0; i < result->blocks->task_count; i++)
		n += run->found[i].len;
	result->links = arena_alloc(run->c->arena, n * sizeof *result->links + 1);
	for (size_t i = 0; i < result->blocks->task_count; i++) {
		const struct found *f = &run->found[i];
		if (f->len)
			memcpy(result->links + result->link_count, f->at,
			       f->len * sizeof *f->at);
		result->link_count += f->len;
	}
}

static void score(struct running *run)
{
	struct link_result *result = run->result;
	double p = run->options->threshold;

	run->least = log2(p) - log2(1 - p);
	run->found = NEW_N(run->c->arena, struct found, result->blocks->task_count + 1);
	crew_run(run->options->workers, result->blocks->task_count, score_task, run);
	gather_links(run);
	for (unsigned w = 0; w < run->options->workers; w++) {
		result->compared += run->compared[w];
		for (unsigned i = 0; i < 64; i++)
			result->bars[i].pairs += (double)run->bars[w][i];
	}
	for (unsigned i = 0; i < 64; i++)
		result->bars[i].low = ((double)i - 32) * 2;
}

/* ---- the run ---- */

static void count_clusters(struct running *run)
{
	struct link_result *result = run->result;
	ARENA(scratch);
	bool *more = NEW_N(&scratch, bool, run->people->len);

	for (uint32_t r = 0; r < run->people->len; r++)
		if (result->heads[r] != r && !more[result->heads[r]]) {
			more[result->heads[r]] = true;
			result->clusters++;
		}
}

static enum err run_all(struct running *run)
{
	struct link_result *result = run->result;
	const struct link_options *o = run->options;
	struct evidence e;
	int64_t started = clock_monotonic();

	evidence_random(run->c->arena, run->people, o->workers, &e);
	TRY(ctx_check(run->c));
	result->blocks = blocks_make(run->c->arena, run->people, &e, o->pairs, o->workers);
	TRY(ctx_check(run->c));
	learn(run, &e);
	result->scoring = clock_monotonic();
	score(run);
	result->scoring = clock_monotonic() - result->scoring;
	if (atomic_load(&run->stop))
		return fail(run->c, ERR_STOPPED, "stopped");
	result->heads = cluster_links(run->c->arena, run->people, &result->model, &o->rules,
				      result->links, result->link_count);
	count_clusters(run);
	result->microseconds = clock_monotonic() - started;
	return OK;
}

enum err link_run(struct ctx *c, const struct link_options *o, const struct link_source *source,
		  struct link_result *out)
{
	struct running *run = NEW(c->arena, struct running);
	enum err e;

	*out = (struct link_result){ 0 };
	run->c = c;
	run->options = o;
	run->people = source->people;
	run->result = out;
	for (unsigned w = 0; w < o->workers; w++) {
		arena_init(&run->own[w]);
		run->comparers[w] = comparer_new(&run->own[w], run->people);
		tally_init(&run->tallies[w], &run->own[w]);
	}
	e = run_all(run);
	for (unsigned w = 0; w < o->workers; w++)
		arena_done(&run->own[w]);
	return e;
}

/* A record as the measure has it: which cluster it is in, and who it is. */
struct told {
	uint64_t truth;
	uint32_t head;
};

static int by_truth(const void *a, const void *b)
{
	const struct told *x = a, *y = b;

	if (x->truth != y->truth)
		return x->truth < y->truth ? -1 : 1;
	return (x->head > y->head) - (x->head < y->head);
}

static double pairs_of(double n)
{
	return n * (n - 1) / 2;
}

/* How many records each cluster has that are told who they are, as pairs. */
static double pairs_in_clusters(struct arena *a, const struct told *told, size_t len, size_t records)
{
	uint32_t *sizes = NEW_N(a, uint32_t, records);
	double sum = 0;

	for (size_t i = 0; i < len; i++)
		sizes[told[i].head]++;
	for (size_t r = 0; r < records; r++)
		sum += sizes[r] ? pairs_of(sizes[r]) : 0;
	return sum;
}

struct link_quality link_quality(const struct link_source *source,
				 const struct link_result *result)
{
	ARENA(scratch);
	struct told *told = arena_alloc(&scratch, source->truth.len * sizeof *told);
	struct link_quality q = { 0 };
	size_t len = 0, same = 0, both = 0;

	for (uint32_t r = 0; r < source->truth.len; r++)
		if (source->truth.at[r])
			told[len++] = (struct told){ source->truth.at[r], result->heads[r] };
	q.ours = pairs_in_clusters(&scratch, told, len, source->truth.len);
	if (len)
		qsort(told, len, sizeof *told, by_truth);
	for (size_t i = 0; i < len; i++) {
		bool ends = i + 1 == len || told[i + 1].truth != told[i].truth;

		both++;
		if (ends || told[i + 1].head != told[i].head) {
			q.both += pairs_of((double)both);
			same += both;
			both = 0;
		}
		if (ends) {
			q.theirs += pairs_of((double)same);
			same = 0;
		}
	}
	return q;
}
