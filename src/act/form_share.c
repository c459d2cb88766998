/* form_share.c - parts of a form that somebody else was asked for: who may answer them, and what stands open. */
#include "act/form_part.h"

#include "access/actor.h"
#include "access/role.h"

static const struct node *member_of(const struct node *mark, const char *name)
{
	node_each(one, node_get(mark, "extension"))
		if (str_is(node_str(one, "url"), name))
			return one;
	return NULL;
}

struct str form_mark_text(const struct node *mark, const char *name)
{
	const struct node *one = member_of(mark, name);
	struct str code = node_str(one, "valueCode");

	return code.len ? code : node_str(one, "valueDateTime");
}

struct str form_mark_reference(const struct node *mark, const char *name)
{
	return node_text(node_path(member_of(mark, name), "valueReference.reference"));
}

static bool is_mark(const struct node *extension)
{
	return str_is(node_str(extension, "url"), PART_ASKED);
}

const struct node *form_part_asked(const struct node *response, struct str part)
{
	node_each(one, node_get(response, "extension"))
		if (is_mark(one) && str_eq(form_mark_text(one, "part"), part))
			return one;
	return NULL;
}

const struct node *form_part_open(const struct node *response)
{
	node_each(one, node_get(response, "extension"))
		if (is_mark(one) && !member_of(one, "filled"))
			return one;
	return NULL;
}

static size_t part_of(const struct form *form, size_t item)
{
	while (form->items[item].parent >= 0)
		item = (size_t)form->items[item].parent;
	return item;
}

bool form_may_answer(const struct ctx *c, const struct form *form, const struct node *response, size_t item)
{
	const struct form_item *part = &form->items[part_of(form, item)];

	return !c->actor || !part->owner.len || !form_part_asked(response, part->link) ||
	       (c->actor->role && str_eq(c->actor->role->name, part->owner));
}

/* Did anybody answer in it what the record did not know? */
static bool is_touched(const struct form *form, const struct node *response, size_t part)
{
	for (size_t i = part; i < form->count; i++) {
		const struct form_item *it = &form->items[i];
		const struct node *answers;

		if (part_of(form, i) != part)
			break;
		if (it->initial || it->calculated || it->readonly)
			continue;
		if (it->kind == FORM_GROUP && it->repeats && form_times(form, response, i))
			return true;
		answers = form_is_question(it) ? form_answer(form, response, i, 0) : NULL;
		if (answers && answers->len)
			return true;
	}
	return false;
}

bool form_is_left_out(const struct form *form, const struct node *response, size_t item)
{
	size_t part = part_of(form, item);
	const struct node *mark = form_part_asked(response, form->items[part].link);

	if (!form->items[part].owner.len)
		return false;
	return mark ? !member_of(mark, "filled") : !is_touched(form, response, part);
}

void form_say_open(struct ctx *c, const struct form *form, const struct node *response)
{
	for (size_t i = 0; i < form->count; i++) {
		const struct form_item *it = &form->items[i];
		const struct node *mark = it->parent < 0 && it->owner.len ? form_part_asked(response, it->link) : NULL;

		if (mark && !member_of(mark, "filled"))
			issue_add(c, ISSUE_ERROR, "incomplete", str_dup(c->arena, it->link), 0, 0,
				  "%.200s: who was asked for it has not filled it in yet.", str_dup(c->arena, it->text));
	}
}
