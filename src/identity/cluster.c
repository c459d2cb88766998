/* cluster.c - see cluster.h. */
#include "identity/cluster.h"

#include <stdlib.h>

/* How much of what the prior asks of one pair the mean of all pairs between two clusters must bring. All
 * of it would part people whose records have many mistakes; none of it joins namesakes, whose names alone
 * speak for each other in every pair. */
static const double ENOUGH = 0.75;

struct clustering {
	const struct people *people;
	const struct model *model;
	const struct cluster_rules *rules;
	struct comparer *comparer;
	uint32_t *head; /* of the record's cluster; heads point to themselves */
	uint32_t *next; /* of the same cluster, a ring */
	uint32_t *size; /* of heads */
};

static int best_first(const void *a, const void *b)
{
	const struct link *x = a, *y = b;

	if (x->log_odds != y->log_odds)
		return x->log_odds > y->log_odds ? -1 : 1;
	if (x->a != y->a)
		return x->a < y->a ? -1 : 1;
	return (x->b > y->b) - (x->b < y->b);
}

/* Mean weight of the evidence, the prior aside, of all pairs between two clusters. */
static double mean_weight(const struct clustering *cl, uint32_t one, uint32_t two)
{
	double prior = model_prior(cl->model), sum = 0;
	uint32_t i = one, j = two;

	do {
		do {
			uint64_t pattern = compare_records(cl->comparer, i, j);
			sum += model_score(cl->model, cl->people, pattern, i) - prior;
			j = cl->next[j];
		} while (j != two);
		i = cl->next[i];
	} while (i != one);
	return sum / ((double)cl->size[one] * cl->size[two]);
}

static bool may_join(const struct clustering *cl, uint32_t one, uint32_t two)
{
	uint32_t border = cl->people->first_of_second;

	if (cl->size[one] + cl->size[two] > cl->rules->max_size)
		return false;
	if (cl->rules->one_to_one)
		return cl->size[one] == 1 && cl->size[two] == 1 &&
		       (one < border) != (two < border);
	return (cl->size[one] == 1 && cl->size[two] == 1) ||
	       mean_weight(cl, one, two) >= ENOUGH * -model_prior(cl->model);
}

/* The smaller record heads the new cluster; rings are spliced by exchanging one step of each. */
static void join(struct clustering *cl, uint32_t one, uint32_t two)
{
	uint32_t head = one < two ? one : two, other = one < two ? two : one, i = other, after;

	do {
		cl->head[i] = head;
		i = cl->next[i];
	} while (i != other);
	after = cl->next[head];
	cl->next[head] = cl->next[other];
	cl->next[other] = after;
	cl->size[head] += cl->size[other];
}

uint32_t *cluster_links(struct arena *a, const struct people *p, const struct model *m,
			const struct cluster_rules *rules, struct link *links, size_t count)
{
	ARENA(scratch);
	struct clustering cl = { .people = p, .model = m, .rules = rules };

	cl.comparer = comparer_new(&scratch, p);
	cl.head = NEW_N(a, uint32_t, p->len + 1);
	cl.next = NEW_N(&scratch, uint32_t, p->len + 1);
	cl.size = NEW_N(&scratch, uint32_t, p->len + 1);
	for (uint32_t r = 0; r < p->len; r++) {
		cl.head[r] = cl.next[r] = r;
		cl.size[r] = 1;
	}
	if (count)
		qsort(links, count, sizeof *links, best_first);
	for (size_t i = 0; i < count; i++) {
		uint32_t one = cl.head[links[i].a], two = cl.head[links[i].b];
		if (one != two && may_join(&cl, one, two))
			join(&cl, one, two);
	}
	return cl.head;
}
