/* section.c - parts of a joint assessment that colleagues fill in: a part with an owner (form-owner) is asked of a nurse, a
 * therapist, a mental health colleague, and is a piece of work in their list until it is filled in or sent back.
 *
 * That a part was asked of somebody stands in the answers (PART_ASKED, act/form.h), so whoever fills in the form sees it and
 * nobody of another role answers it meanwhile. The whole is not decided while a part is open, but with a reason.
 */
#include "care/inside.h"

#include "access/actor.h"
#include "access/role.h"

static const struct sm_row rows[] = {
	{ "asked", "take", "taken" },
	{ "asked", "filled", "filled" },
	{ "asked", "return", "returned" },
	{ "asked", "cancel", "cancelled" },
	{ "taken", "filled", "filled" },
	{ "taken", "return", "returned" },
	{ "taken", "cancel", "cancelled" },
	{ 0 }
};

static const struct flow_state states[] = {
	{ "asked", "requested", "Asked, nobody has begun" },
	{ "taken", "in-progress", "Being filled in" },
	{ "filled", "completed", "Filled in" },
	{ "returned", "rejected", "Sent back with a reason" },
	{ "cancelled", "cancelled", "Taken back" },
	{ 0 }
};

const struct flow section_flow = {
	"assessment-section", "Part of an assessment", { "assessment-section", "asked", rows }, states,
};

/* --- the mark in the answers --- */

static void mark_add(struct ctx *c, struct node *answers, struct str part, struct str task)
{
	struct node *mark = node_add(c->arena, act_member(c, answers, "extension", NODE_ARRAY), NULL, NODE_OBJECT);
	struct node *list, *one;

	node_add_cstr(c->arena, mark, "url", PART_ASKED);
	list = node_add(c->arena, mark, "extension", NODE_ARRAY);
	one = node_add(c->arena, list, NULL, NODE_OBJECT);
	node_add_cstr(c->arena, one, "url", "part");
	node_add_str(c->arena, one, "valueCode", part);
	one = node_add(c->arena, list, NULL, NODE_OBJECT);
	node_add_cstr(c->arena, one, "url", "task");
	act_refer(c, one, "valueReference", task);
}

static void mark_fill(struct ctx *c, const struct node *mark)
{
	struct node *list = node_get(mark, "extension"), *one = node_add(c->arena, list, NULL, NODE_OBJECT);

	node_add_cstr(c->arena, one, "url", "filled");
	node_add_str(c->arena, one, "valueDateTime", act_now(c));
	if (!act_who(c).len)
		return;
	one = node_add(c->arena, list, NULL, NODE_OBJECT);
	node_add_cstr(c->arena, one, "url", "by");
	act_refer(c, one, "valueReference", act_who(c));
}

static void mark_drop(struct node *answers, const struct node *mark)
{
	struct node *list = node_get(answers, "extension");

	node_each(one, list)
		if (one == mark) {
			node_remove(list, one);
			break;
		}
	if (list && !list->len)
		node_remove(answers, list);
}

/* --- what it is about --- */

static enum err answers_edit(struct ctx *c, struct act *act, const struct node *task, struct node **out)
{
	return act_edit(c, act, act_reference(task, "focus"), "QuestionnaireResponse", out);
}

/* The part a Task is about, and the mark that says so. */
static enum err part_of(struct ctx *c, struct act *act, struct str *part, struct node **answers, const struct node **mark)
{
	*part = node_str(node_at(node_get(act->subject, "input"), 0), "valueCode");
	TRY(answers_edit(c, act, act->subject, answers));
	*mark = form_part_asked(*answers, *part);
	return OK;
}

/* The lead of the whole is told in the notes of their own work. */
static enum err tell_whole(struct ctx *c, struct act *act, const char *words, struct str reason)
{
	struct str whole = node_str(node_at(node_get(act->subject, "partOf"), 0), "reference");
	struct node *task;

	if (!whole.len)
		return OK;
	TRY(act_edit(c, act, whole, "Task", &task));
	act_remark(c, task,
		   str_of(arena_printf(c->arena, STR_FMT " %s" STR_FMT, STR_ARG(node_str(act->subject, "description")), words,
				       STR_ARG(reason))));
	act_keep(c, act, task);
	return OK;
}

/* --- asking --- */

static enum err part_find(struct ctx *c, const struct form *form, struct str part, const struct form_item **out)
{
	ptrdiff_t at = form_index(form, part);

	if (at < 0 || form->items[at].parent >= 0 || !form->items[at].owner.len) {
		issue_add(c, ISSUE_ERROR, "value", "part", 0, 0, "Which part: this form has no such part for others.");
		return fail(c, ERR_INVALID, "This form has no part %.64s for others.", str_dup(c->arena, part));
	}
	*out = &form->items[at];
	return OK;
}

static void task_make(struct ctx *c, struct act *act, const struct form *form, const struct form_item *part, struct str *out)
{
	struct node *task = flow_begin(c, &section_flow, act_reference(act->subject, "for"), act_reference(act->subject, "focus"));
	struct node *list = node_add(c->arena, task, "partOf", NODE_ARRAY), *input;
	int64_t due = flow_due(act->subject);

	node_add_str(c->arena, node_add(c->arena, list, NULL, NODE_OBJECT), "reference",
		     str_of(arena_printf(c->arena, "Task/" STR_FMT, STR_ARG(act->id))));
	act_set(c, task, "description",
		str_of(arena_printf(c->arena, STR_FMT ": " STR_FMT, STR_ARG(form->title), STR_ARG(part->text))));
	act_refer(c, task, "owner", act_text(act, "to"));
	if (due)
		flow_set_due(c, task, due);
	act_remark(c, task, act_text(act, "note"));
	input = node_add(c->arena, node_add(c->arena, task, "input", NODE_ARRAY), NULL, NODE_OBJECT);
	node_add_cstr(c->arena, node_add(c->arena, input, "type", NODE_OBJECT), "text", "Part");
	node_add_str(c->arena, input, "valueCode", part->link);
	*out = act_keep(c, act, task);
	act->output = task;
}

static enum err ask(struct ctx *c, struct act *act)
{
	const struct form_item *part;
	struct node *answers;
	const struct form *form;
	struct str task;

	TRY(answers_edit(c, act, act->subject, &answers));
	if (!str_is(node_str(answers, "status"), "in-progress"))
		return fail(c, ERR_CONFLICT, "The answers are complete: change them first, with a reason.");
	TRY(form_of(c, answers, &form));
	TRY(part_find(c, form, act_text(act, "part"), &part));
	if (form_part_asked(answers, part->link))
		return fail(c, ERR_CONFLICT, "Somebody was asked for this part already: take it back first.");
	task_make(c, act, form, part, &task);
	mark_add(c, answers, part->link, task);
	act_keep(c, act, answers);
	return OK;
}

/* --- answering --- */

static enum err must_be_its_role(struct ctx *c, const struct form_item *part)
{
	if (!c->actor || str_eq(c->actor->role->name, part->owner))
		return OK;
	return fail(c, ERR_FORBIDDEN, "This part is filled in by another role (" STR_FMT ").", STR_ARG(part->owner));
}

static enum err take(struct ctx *c, struct act *act)
{
	if (act_who(c).len)
		act_refer(c, act->subject, "owner", act_who(c));
	return OK;
}

static enum err filled(struct ctx *c, struct act *act)
{
	const struct form_item *item;
	const struct node *mark;
	const struct form *form;
	struct node *answers;
	struct str part;

	TRY(part_of(c, act, &part, &answers, &mark));
	TRY(form_of(c, answers, &form));
	TRY(part_find(c, form, part, &item));
	TRY(must_be_its_role(c, item));
	TRY(form_missing(c, form, answers, item - form->items));
	act_remark(c, act->subject, act_text(act, "note"));
	if (mark)
		mark_fill(c, mark);
	act_keep(c, act, answers);
	return tell_whole(c, act, "was filled in. ", act_text(act, "note"));
}

/* Sent back, or taken back: the part is the assessor's again. */
static enum err let_go(struct ctx *c, struct act *act, const char *words)
{
	const struct node *mark;
	struct node *answers;
	struct str part;

	TRY(task_explain(c, act));
	TRY(part_of(c, act, &part, &answers, &mark));
	if (mark) {
		mark_drop(answers, mark);
		act_keep(c, act, answers);
	}
	return tell_whole(c, act, words, act_text(act, "reason"));
}

static enum err give_back(struct ctx *c, struct act *act)
{
	return let_go(c, act, "was sent back: ");
}

static enum err take_back(struct ctx *c, struct act *act)
{
	return let_go(c, act, "was taken back: ");
}

/* --- the whole --- */

enum err section_close_all(struct ctx *c, struct act *act, struct str reason)
{
	struct node *answers, *task;
	const struct node *mark;

	TRY(answers_edit(c, act, act->subject, &answers));
	while ((mark = form_part_open(answers))) {
		if (!reason.len)
			return fail(c, ERR_CONFLICT,
				    "A part that was asked of somebody is not filled in yet: wait for it, take it back, or say why "
				    "it is decided without.");
		TRY(act_edit(c, act, form_mark_reference(mark, "task"), "Task", &task));
		if (!flow_ended(task)) {
			flow_set(c, &section_flow, task, "cancelled");
			act_remark(c, task, reason);
			act_keep(c, act, task);
		}
		mark_drop(answers, mark);
		act_keep(c, act, answers);
	}
	return OK;
}

/* --- the parts there are --- */

static enum err parts(struct ctx *c, struct act *act)
{
	struct node *answer = node_new(c->arena, NODE_OBJECT), *list, *part;
	const struct forms *forms;

	TRY(forms_of(c, &forms));
	node_add_cstr(c->arena, answer, "resourceType", "Parameters");
	list = node_add(c->arena, answer, "parameter", NODE_ARRAY);
	for (size_t i = 0; i < forms_count(forms); i++) {
		const struct form *form = forms_at(forms, i);

		for (size_t j = 0; j < form->count; j++) {
			if (!form->items[j].owner.len || form->items[j].parent >= 0)
				continue;
			part = node_add(c->arena, list, NULL, NODE_OBJECT);
			node_add_cstr(c->arena, part, "name", "choice");
			part = node_add(c->arena, part, "part", NODE_ARRAY);
			struct node *code = node_add(c->arena, part, NULL, NODE_OBJECT);
			node_add_cstr(c->arena, code, "name", "code");
			node_add_str(c->arena, code, "valueString", form->items[j].link);
			struct node *words = node_add(c->arena, part, NULL, NODE_OBJECT);
			node_add_cstr(c->arena, words, "name", "words");
			node_add_str(c->arena, words, "valueString", form->items[j].text);
		}
	}
	act->output = answer;
	return OK;
}

/* --- the rows --- */

#define REASON(words) { "reason", "markdown", ARG_NEEDED, words, NULL, NULL }

static const struct action_arg ask_args[] = {
	{ "part", "code", ARG_NEEDED, "Which part", NULL, "$section-parts/all" },
	{ "to", "Reference", ARG_NEEDED, "Whom to ask", "It will stand in their list.",
	  "Practitioner|CareTeam|Organization|PractitionerRole" },
	{ "note", "markdown", 0, "Note for them", NULL, NULL },
	{ 0 }
};
static const struct action_arg parts_args[] = { { "of", "string", 0, "Of which list", NULL, NULL }, { 0 } };
static const struct action_arg filled_args[] = { { "note", "markdown", 0, "Note for who leads the assessment", NULL, NULL }, { 0 } };
static const struct action_arg return_args[] = { REASON("Why can you not fill it in?"), { 0 } };
static const struct action_arg cancel_args[] = { REASON("Why is it taken back?"), { 0 } };

#define ROW(name, op, label, help, args, run) \
	{ "section-" name, op, "Task", label, help, "care.write", args, &section_flow, op, run, 0 }

const struct action section_actions[] = {
	{ "section-parts", "section-parts", "QuestionnaireResponse", "Parts for others", "List the parts of forms that others fill in.",
	  "care.read", parts_args, NULL, NULL, parts, ACTION_NEW | ACTION_QUIET },
	{ "section-ask", "delegate", "Task", "Ask a colleague for a part", "Give a part of an assessment to who knows best.",
	  "care.write", ask_args, &care_assessment_flow, "delegate", ask, 0 },
	ROW("take", "take", "Begin this part", "Begin to fill in a part as who has it.", NULL, take),
	ROW("filled", "filled", "This part is filled in", "Say that a part is filled in.", filled_args, filled),
	ROW("return", "return", "Send this part back", "Send a part back with the reason.", return_args, give_back),
	ROW("cancel", "cancel", "Take this part back", "Take a part back from who was asked.", cancel_args, take_back),
	{ 0 }
};
