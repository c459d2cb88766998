/* form_walk.c - finding answers in a QuestionnaireResponse, and which questions are asked now. */
#include "act/form_part.h"

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

struct node *form_node(struct ctx *c, const struct form *form, struct node *response, size_t item, unsigned n,
		       bool make)
{
	const struct form_item *it = &form->items[item];
	bool here = it->kind == FORM_GROUP && it->repeats;
	struct node *up = it->parent < 0 ? response
					 : form_node(c, form, response, (size_t)it->parent, n, make);
	struct node *list, *node;

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

	node_each(one, node_get(up, "item"))
		n += str_eq(node_str(one, "linkId"), it->link);
	return n;
}

void form_more(struct ctx *c, const struct form *form, struct node *response, size_t group)
{
	const struct form_item *it = &form->items[group];
	struct node *up = it->parent < 0 ? response : form_node(c, form, response, (size_t)it->parent, 0, true);

	make_node(c, form, act_member(c, up, "item", NODE_ARRAY), group);
}

void form_less(struct ctx *c, const struct form *form, struct node *response, size_t group, unsigned n)
{
	const struct form_item *it = &form->items[group];
	struct node *up = it->parent < 0 ? response : form_node(c, form, response, (size_t)it->parent, 0, false);
	struct node *list = node_get(up, "item"), *node = nth(list, it->link, n);

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

static bool holds(const struct form *form, const struct node *response, const struct form_when *when, unsigned n)
{
	const struct node *answers = form_answer(form, response, when->item, n);

	if (str_is(when->op, "exists"))
		return (answers && answers->len) == (when->answer && when->answer->truth);
	node_each(answer, answers)
		if (holds_for(when, answer))
			return true;
	return false;
}

static enum err own_conditions(struct ctx *c, const struct form *form, const struct node *response,
			       const struct form_item *it, unsigned n, bool *asked)
{
	*asked = true;
	if (it->enabled)
		return form_test(c, form, response, it->enabled, asked);
	for (size_t i = 0; i < it->when_count; i++) {
		*asked = holds(form, response, &it->when[i], n);
		if (*asked == it->any)
			break;
	}
	return OK;
}

enum err form_asked(struct ctx *c, const struct form *form, const struct node *response, size_t item, unsigned n,
		    bool *asked)
{
	ptrdiff_t at = (ptrdiff_t)item;

	for (*asked = true; at >= 0 && *asked; at = form->items[at].parent)
		TRY(own_conditions(c, form, response, &form->items[at], n, asked));
	return OK;
}

/* --- what is missing --- */

static enum err check_one(struct ctx *c, const struct form *form, const struct node *response, size_t item,
			  unsigned n)
{
	const struct form_item *it = &form->items[item];
	const struct node *answers = form_answer(form, response, item, n);
	bool asked, none = form_is_question(it) && !(answers && answers->len);

	if (it->kind == FORM_GROUP && it->repeats)
		none = form_times(form, response, item) == 0;
	if (!it->required || !none)
		return OK;
	TRY(form_asked(c, form, response, item, n, &asked));
	if (asked)
		issue_add(c, ISSUE_ERROR, "required",
			  n ? arena_printf(c->arena, STR_FMT ":%u", STR_ARG(it->link), n)
			    : str_dup(c->arena, it->link),
			  0, 0, "%.200s: it must be answered.", str_dup(c->arena, it->text));
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
