/* forms.c - what is done with a form: begun, saved as often as one likes, completed, amended. */
#include "act/form_part.h"

#include "access/actor.h"

#define SET_MAX 500
#define AGAIN CAUSEWAY_BASE "StructureDefinition/amended"
#define WITHOUT CAUSEWAY_BASE "StructureDefinition/completed-without"
#define SAVED_BY CAUSEWAY_BASE "StructureDefinition/saved-by"

static struct node *mark_of(const struct node *response, const char *url)
{
	node_each(one, node_get(response, "extension"))
		if (str_is(node_str(one, "url"), url))
			return one;
	return NULL;
}

/* --- begin --- */

static enum err begin(struct ctx *c, struct act *act)
{
	const struct forms *forms;
	const struct form *form;
	struct node *response;

	TRY(forms_of(c, &forms));
	form = form_find(forms, act_text(act, "form"));
	if (!form)
		return fail(c, ERR_INVALID, "There is no form of that name: see causeway forms.");
	TRY(form_blank(c, form, act_text(act, "person"), &response));
	if (act_text(act, "about").len) {
		struct node *list = node_add(c->arena, response, "basedOn", NODE_ARRAY);

		node_add_str(c->arena, node_add(c->arena, list, NULL, NODE_OBJECT), "reference",
			     act_text(act, "about"));
	}
	act_keep(c, act, response);
	return OK;
}

/* --- save --- */

struct typed { /* "link:2=value" */
	struct str link, value;
	unsigned n;
};

static enum err typed_read(struct ctx *c, struct str text, struct typed *out)
{
	struct str value = text, name = str_cut(&value, '='), link;
	int64_t n = 0;

	if (!value.at)
		return fail(c, ERR_INVALID, "An answer is given as linkId=value.");
	link = str_cut(&name, ':');
	if (name.at && (!str_int(name, &n) || n < 0 || n > SET_MAX))
		return fail(c, ERR_INVALID, "What follows : is the number of a group, from 0.");
	*out = (struct typed){ link, value, (unsigned)n };
	return OK;
}

static enum err put_typed(struct ctx *c, const struct form *form, struct node *response, const struct typed *all,
			  size_t len, size_t i)
{
	struct str *values = NEW_N(c->arena, struct str, len);
	ptrdiff_t item = form_index(form, all[i].link);
	const char *why;
	size_t count = 0;

	if (item < 0)
		return fail(c, ERR_INVALID, "The form has no question %.64s.", str_dup(c->arena, all[i].link));
	if (!form_may_answer(c, form, response, (size_t)item))
		return fail(c, ERR_FORBIDDEN, "Somebody else was asked for this part: their role alone fills it in.");
	for (size_t j = i; j < len; j++)
		if (str_eq(all[j].link, all[i].link) && all[j].n == all[i].n && str_trim(all[j].value).len)
			values[count++] = all[j].value;
	if (!form_put(c, form, response, (size_t)item, all[i].n, values, count, &why))
		issue_add(c, ISSUE_ERROR, "value",
			  all[i].n ? arena_printf(c->arena, STR_FMT ":%u", STR_ARG(all[i].link), all[i].n)
				   : str_dup(c->arena, all[i].link),
			  0, 0, "%.200s: it %s.", str_dup(c->arena, form->items[item].text), why);
	return OK;
}

static bool is_first(const struct typed *all, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (str_eq(all[j].link, all[i].link) && all[j].n == all[i].n)
			return false;
	return true;
}

static unsigned depth_of(const struct form *form, struct str link)
{
	ptrdiff_t item = form_index(form, link);

	return item < 0 ? 0 : form->items[item].depth;
}

/* Everything under "set", each question once with all its answers; a question before what stands below it. */
static enum err put_all(struct ctx *c, const struct act *act, const struct form *form, struct node *response)
{
	const struct node *list = act_list(act, "set");
	struct typed *all = NEW_N(c->arena, struct typed, (list ? list->len : 0) + 1);
	unsigned before = c->issues.errors;
	size_t len = 0;

	node_each(one, list)
		TRY(typed_read(c, node_text(one), &all[len++]));
	for (unsigned depth = 0; depth <= FORM_DEPTH_MAX; depth++)
		for (size_t i = 0; i < len; i++)
			if (depth_of(form, all[i].link) == depth && is_first(all, i))
				TRY(put_typed(c, form, response, all, len, i));
	return c->issues.errors == before ? OK : fail(c, ERR_INVALID, "Some answers are not as they should be.");
}

static enum err groups_change(struct ctx *c, const struct act *act, const struct form *form,
			      struct node *response)
{
	struct str more = act_text(act, "more"), n = act_text(act, "less"), link = str_cut(&n, ':');
	int64_t which = 0;
	ptrdiff_t group;

	if (more.len) {
		group = form_index(form, more);
		if (group < 0 || form_repeater(form, (size_t)group) != group ||
		    !form_may_answer(c, form, response, (size_t)group))
			return fail(c, ERR_INVALID, "There is no group %.64s that repeats.", str_dup(c->arena, more));
		which = form_times(form, response, (size_t)group);
		if (which >= (int64_t)form->items[group].most)
			return fail(c, ERR_INVALID, "%.200s: it can be there at most %zu times.",
				    str_dup(c->arena, form->items[group].text), form->items[group].most);
		form_more(c, form, response, (size_t)group);
		TRY(form_begin_group(c, form, response, (size_t)group, (unsigned)which));
	}
	if (link.len) {
		group = form_index(form, link);
		if (group < 0 || form_repeater(form, (size_t)group) != group || !n.at || !str_int(n, &which) ||
		    which < 0 || !form_may_answer(c, form, response, (size_t)group))
			return fail(c, ERR_INVALID, "What is to go is named as group:number.");
		form_less(c, form, response, (size_t)group, (unsigned)which);
	}
	return OK;
}

static enum err edit(struct ctx *c, const struct act *act, const struct form *form, struct node *response)
{
	TRY(put_all(c, act, form, response));
	return groups_change(c, act, form, response);
}

static enum err must_be_open(struct ctx *c, const struct node *response)
{
	return str_is(node_str(response, "status"), "in-progress")
		       ? OK
		       : fail(c, ERR_CONFLICT, "This form is not being filled in: it is \"" STR_FMT "\".",
			      STR_ARG(node_str(response, "status")));
}

/* Who was asked for which part is as it is now, whatever version somebody saw. */
static void marks_copy(struct ctx *c, const struct node *now, struct node *mine)
{
	struct node *old = node_get(mine, "extension"), *marks = node_get(now, "extension");

	if (old)
		node_remove(mine, old);
	if (marks)
		node_append(mine, "extension", node_copy(c->arena, marks));
}

/* What they saw was an older version: their changes to it are brought into the newest. */
static enum err edit_older(struct ctx *c, struct act *act, const struct form *form, int64_t seen)
{
	struct node *base, *mine;
	struct version v;

	TRY(record_vread(c, STR("QuestionnaireResponse"), act->id, seen, &v));
	TRY(fhir_read_json(c, c->place->fhir, c->arena, v.body, &base));
	mine = node_copy(c->arena, base);
	atoms_adopt(c->place->fhir->atoms, mine);
	marks_copy(c, act->subject, mine);
	TRY(edit(c, act, form, mine));
	return form_merge(c, form, base, mine, act->subject);
}

/* Who saved this version, beside the author, who began or completed it: others are told whose answer it is. */
static void saved_by(struct ctx *c, struct node *response)
{
	struct node *mark = mark_of(response, SAVED_BY);
	struct str who = act_who(c);

	if (!who.len)
		return;
	if (!mark) {
		mark = node_add(c->arena, act_member(c, response, "extension", NODE_ARRAY), NULL, NODE_OBJECT);
		node_add_cstr(c->arena, mark, "url", SAVED_BY);
	}
	act_refer(c, mark, "valueReference", who);
}

static enum err save(struct ctx *c, struct act *act)
{
	const struct form *form;
	int64_t seen = 0;

	TRY(must_be_open(c, act->subject));
	TRY(form_of(c, act->subject, &form));
	(void)str_int(act_text(act, "seen"), &seen);
	if (seen && seen != act->puts.at[0].version)
		TRY(edit_older(c, act, form, seen));
	else
		TRY(edit(c, act, form, act->subject));
	TRY(form_settle(c, form, act->subject));
	saved_by(c, act->subject);
	act_keep(c, act, act->subject);
	return OK;
}

/* --- complete, amend, discard --- */

/* Parts that others were asked for are waited for, unless somebody says why not. */
static enum err parts_closed(struct ctx *c, const struct act *act, const struct form *form)
{
	struct str why = act_text(act, "without");
	struct node *mark;

	if (!form_part_open(act->subject))
		return OK;
	if (!why.len) {
		form_say_open(c, form, act->subject);
		return fail(c, ERR_INVALID, "A part that somebody was asked for is not filled in yet.");
	}
	mark = node_add(c->arena, act_member(c, act->subject, "extension", NODE_ARRAY), NULL, NODE_OBJECT);
	node_add_cstr(c->arena, mark, "url", WITHOUT);
	node_add_str(c->arena, mark, "valueString", why);
	return OK;
}

static enum err complete(struct ctx *c, struct act *act)
{
	const struct form *form;

	TRY(must_be_open(c, act->subject));
	TRY(form_of(c, act->subject, &form));
	TRY(parts_closed(c, act, form));
	TRY(form_drop_unasked(c, form, act->subject));
	TRY(form_settle(c, form, act->subject));
	TRY(form_missing(c, form, act->subject, -1));
	act_set(c, act->subject, "status", mark_of(act->subject, AGAIN) ? STR("amended") : STR("completed"));
	act_set(c, act->subject, "authored", act_now(c));
	if (act_who(c).len)
		act_refer(c, act->subject, "author", act_who(c));
	act_keep(c, act, act->subject);
	return OK;
}

static enum err amend(struct ctx *c, struct act *act)
{
	struct node *mark;

	if (!str_is(node_str(act->subject, "status"), "completed") &&
	    !str_is(node_str(act->subject, "status"), "amended"))
		return fail(c, ERR_CONFLICT, "Only what was completed is amended.");
	if (!mark_of(act->subject, AGAIN)) {
		mark = node_add(c->arena, act_member(c, act->subject, "extension", NODE_ARRAY), NULL, NODE_OBJECT);
		node_add_cstr(c->arena, mark, "url", AGAIN);
		node_add_str(c->arena, mark, "valueString", act_text(act, "reason"));
	} else {
		act_set(c, mark_of(act->subject, AGAIN), "valueString", act_text(act, "reason"));
	}
	act_set(c, act->subject, "status", STR("in-progress"));
	act_keep(c, act, act->subject);
	return OK;
}

static enum err discard(struct ctx *c, struct act *act)
{
	TRY(must_be_open(c, act->subject));
	act_set(c, act->subject, "status", STR("entered-in-error"));
	act_keep(c, act, act->subject);
	return OK;
}

/* --- the rows --- */

static const struct action_arg begin_args[] = {
	{ "form", "string", ARG_NEEDED, "Which form", "By name: causeway forms lists them.", NULL },
	{ "person", "Reference", ARG_NEEDED, "Whom it is about", NULL, "Patient" },
	{ "about", "Reference", 0, "What it belongs to", NULL, "ServiceRequest|CarePlan" },
	{ 0 }
};
static const struct action_arg save_args[] = {
	{ "set", "markdown", ARG_MANY, "An answer, as linkId=value",
	  "linkId:2=value in the third of a group that repeats; several answers are given one by one; nothing "
	  "after = takes the answer away.",
	  NULL },
	{ "more", "string", 0, "One more of this group", NULL, NULL },
	{ "less", "string", 0, "One less, as group:number", NULL, NULL },
	{ "seen", "integer", 0, "The version that was changed",
	  "If others changed it meanwhile, both changes are kept; the same question is never overwritten.", NULL },
	{ 0 }
};
static const struct action_arg complete_args[] = {
	{ "without", "markdown", 0, "Why it is complete without a part that somebody was asked for", NULL, NULL },
	{ 0 }
};
static const struct action_arg amend_args[] = {
	{ "reason", "string", ARG_NEEDED, "Why is it changed?", NULL, NULL },
	{ 0 }
};

#define ON "QuestionnaireResponse"

const struct action form_actions[] = {
	{ "form-begin", "begin", ON, "Begin", "Begin to fill in a form about a person.", "care.write", begin_args, NULL,
	  NULL, begin, ACTION_NEW | ACTION_QUIET },
	{ "form-save", "save", ON, "Save", "Save answers to a form.", "care.write", save_args, NULL, NULL, save,
	  ACTION_QUIET },
	{ "form-complete", "complete", ON, "Complete", "Say that a form is complete.", "care.write", complete_args, NULL, NULL,
	  complete, 0 },
	{ "form-amend", "amend", ON, "Change", "Open a completed form again to change it.", "care.write", amend_args,
	  NULL, NULL, amend, 0 },
	{ "form-discard", "discard", ON, "Throw away", "Throw away a form that was begun by mistake.", "care.write",
	  NULL, NULL, NULL, discard, 0 },
	{ 0 }
};
