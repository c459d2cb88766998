/* form_merge.c - two people at the same answers: question by question, nothing lost. */
#include "act/form_part.h"

struct merge {
	struct ctx *c;
	const struct form *form;
	const struct node *base, *mine;
	struct node *now;
};

static void conflict(const struct merge *m, size_t item, unsigned n)
{
	const struct form_item *it = &m->form->items[item];
	const struct node *theirs = node_at(form_answer(m->form, m->now, item, n), 0);

	issue_add(m->c, ISSUE_ERROR, "conflict",
		  n ? arena_printf(m->c->arena, STR_FMT ":%u", STR_ARG(it->link), n)
		    : str_dup(m->c->arena, it->link),
		  0, 0, "%.200s: somebody else has answered this meanwhile%s.", str_dup(m->c->arena, it->text),
		  theirs ? ", and otherwise" : " by taking the answer away");
}

/* Taking an answer away takes what stands below it: not what somebody else wrote there. */
static bool loses(const struct node *base, const struct node *mine, const struct node *now)
{
	const struct node *was = node_get(node_at(base, 0), "item"), *is = node_get(node_at(now, 0), "item");

	return !(mine && mine->len) && is && !(was && node_equal(was, is));
}

/* The values alone: what stands below is merged question by question. */
static struct node *values_of(struct ctx *c, const struct node *answers)
{
	struct node *list = node_new(c->arena, NODE_ARRAY);

	node_each(one, answers) {
		struct node *copy = node_copy(c->arena, one), *below = node_get(copy, "item");

		if (below)
			node_remove(copy, below);
		node_append(list, NULL, copy);
	}
	return list;
}

static void merge_answers(struct merge *m, size_t item, unsigned n)
{
	const struct node *base = form_answer(m->form, m->base, item, n);
	const struct node *mine = form_answer(m->form, m->mine, item, n);
	const struct node *now = form_answer(m->form, m->now, item, n);
	struct node *node;

	if (m->form->items[item].calculated || form_same(mine, base) || form_same(mine, now))
		return;
	node = form_same(now, base) && !loses(base, mine, now) ? form_node(m->c, m->form, m->now, item, n, true) : NULL;
	if (!node) { /* also where they took away the answer it stands below */
		conflict(m, item, n);
		return;
	}
	form_answers_set(node, values_of(m->c, mine));
}

/* A repeating group: more or fewer of it is one question of its own. */
static bool merge_times(struct merge *m, size_t group)
{
	unsigned base = form_times(m->form, m->base, group), mine = form_times(m->form, m->mine, group);
	unsigned now = form_times(m->form, m->now, group);

	if (mine == base || mine == now)
		return true;
	if (now != base) {
		conflict(m, group, 0);
		return false;
	}
	for (; now < mine; now++)
		form_more(m->c, m->form, m->now, group);
	for (; now > mine; now--)
		form_less(m->c, m->form, m->now, group, now - 1);
	return true;
}

enum err form_merge(struct ctx *c, const struct form *form, const struct node *base, const struct node *mine,
		    struct node *now)
{
	struct merge m = { c, form, base, mine, now };
	unsigned before = c->issues.errors;

	for (size_t i = 0; i < form->count; i++) {
		ptrdiff_t repeater = form_repeater(form, i);

		if (repeater == (ptrdiff_t)i && !merge_times(&m, i))
			break;
		if (!form_is_question(&form->items[i]))
			continue;
		unsigned times = repeater < 0 ? 1 : form_times(form, now, (size_t)repeater);
		for (unsigned n = 0; n < times; n++)
			merge_answers(&m, i, n);
	}
	return c->issues.errors == before
		       ? OK
		       : fail(c, ERR_CONFLICT, "Somebody else has answered the same questions meanwhile: see each.");
}
