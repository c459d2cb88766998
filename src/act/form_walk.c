/* form_walk.c - finding answers in a QuestionnaireResponse, and which questions are asked now. */
#include "act/form_part.h"

enum { CONDITIONS_DEEP = 12 };

/* --- nodes --- */

ptrdiff_t form_repeater(const struct form *form, size_t item)
{
	ptrdiff_t at = (ptrdiff_t)item;

	while (at >= 0 && !(form->items[at].kind == FORM_GROUP && form->items[at].repeats))
		at = form->items[at].parent;
	return at;
}

static struct node *nth(const struct node *list, struct str link, unsigned n)
{
	node_each(one, list)
		if (str_eq(node_str(one, "linkId"), link) && n-- == 0)
			return one;
	return NULL;
}

/* Behind the last of the items that come before it in the form, so that answers stand in its order. */
static struct node *make_node(struct ctx *c, const struct form *form, struct node *list, size_t item)
{
	struct node *node = node_new(c->arena, NODE_OBJECT), *after = NULL;

	node_add_str(c->arena, node, "linkId", form->items[item].link);
	if (form->items[item].text.len)
		node_add_str(c->arena, node, "text", form->items[item].text);
	node_each(one, list)
		if (form_index(form, node_str(one, "linkId")) <= (ptrdiff_t)item)
			after = one;
	node_insert(list, after, NULL, node);
	return node;
}

/* What holds the items below one: the group itself, or the first answer of a question. */
static struct node *holder(const struct form *form, ptrdiff_t parent, struct node *up)
{
	return parent >= 0 && form_is_question(&form->items[parent]) ? node_at(node_get(up, "answer"), 0) : up;
}

static const struct node *holder_const(const struct form *form, ptrdiff_t parent, const struct node *up)
{
	return holder(form, parent, (struct node *)(uintptr_t)up);
}

struct node *form_node(struct ctx *c, const struct form *form, struct node *response, size_t item, unsigned n,
		       bool make)
{
	const struct form_item *it = &form->items[item];
	bool here = it->kind == FORM_GROUP && it->repeats;
	struct node *up = it->parent < 0 ? response
					 : form_node(c, form, response, (size_t)it->parent, n, make);
	struct node *list, *node;

	up = holder(form, it->parent, up);
	if (!up)
		return NULL;
	list = make ? act_member(c, up, "item", NODE_ARRAY) : node_get(up, "item");
	node = nth(list, it->link, here ? n : 0);
	return node || !make ? node : make_node(c, form, list, item);
}

static const struct node *find(const struct form *form, const struct node *response, size_t item, unsigned n)
{
	const struct form_item *it = &form->items[item];
	const struct node *up = it->parent < 0 ? response : find(form, response, (size_t)it->parent, n);

	up = holder_const(form, it->parent, up);
	return nth(node_get(up, "item"), it->link, it->kind == FORM_GROUP && it->repeats ? n : 0);
}

const struct node *form_answer(const struct form *form, const struct node *response, size_t item, unsigned n)
{
	return node_get(find(form, response, item, n), "answer");
}

unsigned form_times(const struct form *form, const struct node *response, size_t group)
{
	const struct form_item *it = &form->items[group];
	const struct node *up = it->parent < 0 ? response : find(form, response, (size_t)it->parent, 0);
	unsigned n = 0;

	up = holder_const(form, it->parent, up);
	node_each(one, node_get(up, "item"))
		n += str_eq(node_str(one, "linkId"), it->link);
	return n;
}

void form_more(struct ctx *c, const struct form *form, struct node *response, size_t group)
{
	const struct form_item *it = &form->items[group];
	struct node *up = it->parent < 0 ? response : form_node(c, form, response, (size_t)it->parent, 0, true);

	up = holder(form, it->parent, up);
	if (up)
		make_node(c, form, act_member(c, up, "item", NODE_ARRAY), group);
}

void form_less(struct ctx *c, const struct form *form, struct node *response, size_t item, unsigned n)
{
	const struct form_item *it = &form->items[item];
	struct node *up = it->parent < 0 ? response : form_node(c, form, response, (size_t)it->parent, n, false);
	struct node *list, *node;

	up = holder(form, it->parent, up);
	list = node_get(up, "item");
	node = nth(list, it->link, it->kind == FORM_GROUP && it->repeats ? n : 0);
	if (node)
		node_remove(list, node);
	if (list && !list->len)
		node_remove(up, list);
}

const struct node *answer_value(const struct node *answer)
{
	node_each(member, answer)
		if (member->name_len > 5 && !memcmp(member->name, "value", 5))
			return member;
	return NULL;
}

bool form_same(const struct node *a, const struct node *b)
{
	const struct node *x = a ? a->first : NULL, *y = b ? b->first : NULL;

	for (; x && y; x = x->next, y = y->next)
		if (!node_equal(answer_value(x), answer_value(y)))
			return false;
	return !x && !y;
}

void form_answers_set(struct node *node, struct node *answers)
{
	struct node *old = node_get(node, "answer"), *first = node_at(old, 0), *below = node_get(first, "item");

	if (below && answers->len) {
		node_remove(first, below);
		node_append(node_at(answers, 0), "item", below);
	}
	if (old)
		node_remove(node, old);
	if (answers->len)
		node_append(node, "answer", answers);
}

/* --- what is asked --- */

/* The value of a condition beside an answer's: <0, 0, >0; false when they cannot be compared. */
static bool compare(const struct node *a, const struct node *b, int *order)
{
	struct dec x, y;
	struct when s, t;

	if (node_is(a, NODE_OBJECT) && node_is(b, NODE_OBJECT)) {
		struct str left = node_str(a, "code"), right = node_str(b, "code");

		if (!left.len && node_get(a, "value"))
			return compare(node_get(a, "value"), node_get(b, "value"), order);
		*order = !str_eq(left, right) || (node_str(b, "system").len &&
						  !str_eq(node_str(a, "system"), node_str(b, "system")));
		return true;
	}
	if (dec_parse(node_text(a), &x) && dec_parse(node_text(b), &y)) {
		*order = dec_cmp(x, y);
		return true;
	}
	if (when_parse_datetime(node_text(a), &s) && when_parse_datetime(node_text(b), &t) && when_cmp(s, t, order))
		return true;
	*order = str_cmp(node_text(a), node_text(b));
	return true;
}

static bool holds_for(const struct form_when *when, const struct node *answer)
{
	static const struct { const char *op; bool less, equal, more; } ops[] = {
		{ "=", 0, 1, 0 },  { "!=", 1, 0, 1 }, { ">", 0, 0, 1 },
		{ "<", 1, 0, 0 },  { ">=", 0, 1, 1 }, { "<=", 1, 1, 0 },
	};
	int order = 0;

	if (!compare(answer_value(answer), when->answer, &order))
		return false;
	for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
		if (str_is(when->op, ops[i].op))
			return order < 0 ? ops[i].less : order ? ops[i].more : ops[i].equal;
	return false;
}

/* Where something is asked from: how many conditions deep already. Forms whose conditions go round in a circle are refused. */
struct asking {
	struct ctx *c;
	const struct form *form;
	const struct node *response;
	unsigned deep;
};

static enum err asked_at(const struct asking *from, size_t item, unsigned n, bool *asked);

/* An answer to what is not asked any more is none. */
static enum err holds(const struct asking *a, const struct form_when *when, unsigned n, bool *yes)
{
	const struct node *answers = form_answer(a->form, a->response, when->item, n);
	const struct asking next = { a->c, a->form, a->response, a->deep + 1 };
	bool asked = true;

	if (answers && answers->len && a->deep < CONDITIONS_DEEP)
		TRY(asked_at(&next, when->item, n, &asked));
	if (!asked)
		answers = NULL;
	if (str_is(when->op, "exists")) {
		*yes = (answers && answers->len) == (when->answer && when->answer->truth);
		return OK;
	}
	*yes = false;
	node_each(answer, answers)
		*yes |= holds_for(when, answer);
	return OK;
}

static enum err own_conditions(const struct asking *a, const struct form_item *it, unsigned n, bool *asked)
{
	*asked = true;
	if (it->enabled)
		return form_test(a->c, a->form, a->response, it->enabled, asked);
	for (size_t i = 0; i < it->when_count; i++) {
		TRY(holds(a, &it->when[i], n, asked));
		if (*asked == it->any)
			break;
	}
	return OK;
}

static enum err asked_at(const struct asking *a, size_t item, unsigned n, bool *asked)
{
	const struct form_item *items = a->form->items;
	ptrdiff_t at = (ptrdiff_t)item;

	for (*asked = true; at >= 0 && *asked; at = items[at].parent) {
		ptrdiff_t up = items[at].parent;

		TRY(own_conditions(a, &items[at], n, asked));
		if (*asked && up >= 0 && form_is_question(&items[up])) {
			const struct node *above = form_answer(a->form, a->response, (size_t)up, n);

			*asked = above && above->len;
		}
	}
	return OK;
}

enum err form_asked(struct ctx *c, const struct form *form, const struct node *response, size_t item, unsigned n,
		    bool *asked)
{
	return asked_at(&(const struct asking){ c, form, response, 0 }, item, n, asked);
}

/* Take one away that is not asked: an answer, or a group with all it holds. */
static enum err drop_one(struct ctx *c, const struct form *form, struct node *response, size_t item, unsigned n, bool *changed)
{
	struct node *node = form_node(c, form, response, item, n, false);
	bool asked = true;

	if (!node || (form_is_question(&form->items[item]) && !node_get(node, "answer")))
		return OK;
	TRY(form_asked(c, form, response, item, n, &asked));
	if (asked)
		return OK;
	form_less(c, form, response, item, n);
	*changed = true;
	return OK;
}

enum err form_drop_unasked(struct ctx *c, const struct form *form, struct node *response)
{
	bool changed = true;

	while (changed) {
		changed = false;
		for (size_t i = 0; i < form->count; i++) {
			ptrdiff_t group = form_repeater(form, i);
			unsigned times = group < 0 ? 1 : form_times(form, response, (size_t)group);

			while (times-- > 0)
				TRY(drop_one(c, form, response, i, times, &changed));
		}
	}
	return OK;
}

/* --- what is missing --- */

static void say_missing(struct ctx *c, const struct form_item *it, unsigned n, size_t count)
{
	const char *where = n ? arena_printf(c->arena, STR_FMT ":%u", STR_ARG(it->link), n) : str_dup(c->arena, it->link);

	if (!count)
		issue_add(c, ISSUE_ERROR, "required", where, 0, 0, "%.200s: it must be answered.", str_dup(c->arena, it->text));
	else
		issue_add(c, ISSUE_ERROR, "required", where, 0, 0, "%.200s: it must be there %zu times.",
			  str_dup(c->arena, it->text), it->least);
}

static enum err check_one(struct ctx *c, const struct form *form, const struct node *response, size_t item,
			  unsigned n)
{
	const struct form_item *it = &form->items[item];
	const struct node *answers = form_answer(form, response, item, n);
	size_t count = it->kind == FORM_GROUP ? form_times(form, response, item) : answers ? answers->len : 0;
	bool asked;

	if (!it->required || it->hidden || it->kind == FORM_DISPLAY || (it->kind == FORM_GROUP && !it->repeats) ||
	    (count && count >= it->least))
		return OK;
	TRY(form_asked(c, form, response, item, n, &asked));
	if (asked)
		say_missing(c, it, n, count);
	return OK;
}

static bool within(const struct form *form, ptrdiff_t item, ptrdiff_t group)
{
	while (item >= 0 && item != group)
		item = form->items[item].parent;
	return item == group;
}

enum err form_missing(struct ctx *c, const struct form *form, const struct node *response, ptrdiff_t group)
{
	unsigned before = c->issues.errors;

	for (size_t i = 0; i < form->count; i++) {
		if (group < 0 && form_is_left_out(form, response, i))
			continue;
		ptrdiff_t repeater = form_repeater(form, i);
		unsigned times = repeater < 0 || repeater == (ptrdiff_t)i
					 ? 1
					 : form_times(form, response, (size_t)repeater);

		for (unsigned n = 0; within(form, (ptrdiff_t)i, group) && n < times; n++)
			TRY(check_one(c, form, response, i, n));
	}
	return c->issues.errors == before ? OK
					  : fail(c, ERR_INVALID, "Some questions must still be answered.");
}
