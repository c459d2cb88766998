/* evidence.c - files a resident sends with an application, and what the officer makes of each.
 *
 * A file is a Binary of the record of the council that was asked, labelled as money. It stands in supportingInfo of the
 * CoverageEligibilityRequest beside what was seen on paper: sent, opened (by whom, when), then accepted or refused with a
 * reason, which the resident reads. Nothing is handed on while a file waits for that word.
 */
#include "money/evidence.h"

#include "money/decision.h"
#include "money/keep.h"

#define LABELS CAUSEWAY_CODES "label"
enum { FILES_MAX = 30, FILE_TEXT_MAX = 12 << 20 }; /* base64 of 9 MB */

static const char *const kinds[] = { "application/pdf", "image/png", "image/jpeg", NULL };

/* --- which file --- */

static struct str state_of(const struct node *item)
{
	return kept_text_of(item, "evidence-state", "valueCode");
}

static enum err file_find(struct ctx *c, const struct act *act, struct node *request, struct node **out)
{
	struct str wanted = act_text(act, "file");

	node_each(item, node_get(request, "supportingInfo"))
		if (state_of(item).len && str_eq(act_reference(item, "information"), wanted)) {
			*out = item;
			return OK;
		}
	return act_wrong(c, ERR_INVALID, "file", "No such file was sent with this.");
}

static enum err request_of(struct ctx *c, struct act *act, struct node **out)
{
	return act_edit(c, act, act_reference(act->subject, "focus"), DECISION_REQUEST, out);
}

/* Who did it and when, as NAME-by and NAME-at. */
static void put_done(struct ctx *c, struct node *item, const char *name)
{
	kept_text(c, item, arena_printf(c->arena, "%s-by", name), "valueString",
		  c->actor && c->actor->name.len ? c->actor->name : STR("the program"));
	kept_text(c, item, arena_printf(c->arena, "%s-at", name), "valueDateTime", act_now(c));
}

/* --- sent --- */

static enum err file_check(struct ctx *c, const struct node *file)
{
	struct str kind = node_str(file, "contentType"), data = node_str(file, "data");
	size_t i = 0;

	if (!str_is(node_str(file, "resourceType"), "Binary"))
		return act_wrong(c, ERR_INVALID, "document", "A file is sent as a Binary.");
	while (kinds[i] && !str_is(kind, kinds[i]))
		i++;
	if (!kinds[i])
		return act_wrong(c, ERR_INVALID, "document", "Only PDF files and JPEG or PNG pictures are taken.");
	if (!data.len || data.len > FILE_TEXT_MAX)
		return act_wrong(c, ERR_INVALID, "document", "The file is empty, or larger than 8 MB.");
	return OK;
}

/* As a Binary of the council's record: whoever answers the application may see it, whatever else is shared. */
static struct str file_keep(struct ctx *c, struct act *act, const struct node *given, const struct node *request)
{
	struct node *file = act_new(c, "Binary"), *meta = act_member(c, file, "meta", NODE_OBJECT), *label;

	act_set(c, meta, "source", node_str(node_get(request, "meta"), "source"));
	label = node_add(c->arena, act_member(c, meta, "security", NODE_ARRAY), NULL, NODE_OBJECT);
	node_add_cstr(c->arena, label, "system", LABELS);
	node_add_cstr(c->arena, label, "code", "finance");
	act_set(c, file, "contentType", node_str(given, "contentType"));
	act_refer(c, file, "securityContext", act_reference(request, "patient"));
	act_set(c, file, "data", node_str(given, "data"));
	return act_keep(c, act, file);
}

static enum err send(struct ctx *c, struct act *act)
{
	const struct node *given = node_get(act->input, "document");
	struct node *request, *list, *item;
	struct str name = act_text(act, "name"), file;

	TRY(file_check(c, given));
	TRY(request_of(c, act, &request));
	list = act_member(c, request, "supportingInfo", NODE_ARRAY);
	if (list->len >= FILES_MAX)
		return act_wrong(c, ERR_INVALID, "document", "More than %d files are too many: put pages together in one.", FILES_MAX);
	file = file_keep(c, act, given, request);
	int64_t sequence = list->len + 1;
	item = node_add(c->arena, list, NULL, NODE_OBJECT);
	kept_text(c, item, "evidence-what", "valueString", act_text(act, "what"));
	kept_text(c, item, "evidence-state", "valueCode", STR("sent"));
	put_done(c, item, "evidence-sent");
	node_add_int(c->arena, item, "sequence", sequence);
	act_refer(c, item, "information", file);
	act_set(c, node_get(item, "information"), "display", name.len ? name : STR("file"));
	act_keep(c, act, request);
	return OK;
}

/* --- opened, accepted, refused --- */

/* The first time alone is written down. */
static enum err opened(struct ctx *c, struct act *act)
{
	struct node *request, *item;

	TRY(request_of(c, act, &request));
	TRY(file_find(c, act, request, &item));
	if (!str_is(state_of(item), "sent"))
		return OK;
	kept_text(c, item, "evidence-state", "valueCode", STR("opened"));
	put_done(c, item, "evidence-opened");
	act_keep(c, act, request);
	return OK;
}

static enum err judge(struct ctx *c, struct act *act)
{
	struct str verdict = act_text(act, "verdict");
	struct node *request, *item;

	TRY(choice_check(c, act, "verdict"));
	TRY(request_of(c, act, &request));
	TRY(file_find(c, act, request, &item));
	if (str_is(state_of(item), "sent"))
		return act_wrong(c, ERR_CONFLICT, "file", "Nobody has opened this file yet: look at it first.");
	kept_text(c, item, "evidence-state", "valueCode", verdict);
	kept_text(c, item, "evidence-reason", "valueString", act_text(act, "reason"));
	put_done(c, item, "evidence-judged");
	act_keep(c, act, request);
	return OK;
}

enum err evidence_judged(struct ctx *c, const struct node *request)
{
	node_each(item, node_get(request, "supportingInfo"))
		if (str_is(state_of(item), "sent") || str_is(state_of(item), "opened"))
			return fail(c, ERR_CONFLICT, "The file %.80s was neither accepted nor refused yet.",
				    str_dup(c->arena, node_str(node_get(item, "information"), "display")));
	return OK;
}

/* --- the rows --- */

#define WHICH { "file", "string", ARG_NEEDED, "Which file", "Binary/id, as it was sent.", NULL }

static const struct action_arg send_args[] = {
	{ "document", "Resource", ARG_NEEDED, "The file", "A Binary: PDF, JPEG or PNG, of 8 MB at most.", "Binary" },
	{ "what", "string", ARG_NEEDED, "What it is", "Such as a pension letter.", NULL },
	{ "name", "string", 0, "Name of the file", NULL, NULL },
	{ 0 }
};
static const struct action_arg open_args[] = { WHICH, { 0 } };
static const struct action_arg judge_args[] = {
	WHICH,
	{ "verdict", "code", ARG_NEEDED, "Does it prove what it is for?", NULL, "$money-choices/verdict" },
	{ "reason", "string", ARG_NEEDED, "Why?", "What it shows, or what is missing: the person reads this.", NULL },
	{ 0 }
};
#define STEP(op, label, help, capability, args, event, run)                                                     \
	{ "financial-assessment-" op, "assessment-" op, "Task", label, help, capability, args, &assessment_flow, event, \
	  run, ACTION_TRUSTED | ACTION_QUIET }

const struct action evidence_actions[] = {
	STEP("send", "Send a file", "Send a letter or statement with an application.", "own.write", send_args, "send", send),
	STEP("open", "Open a file", "Say that a file that was sent was opened.", "money.write", open_args, "open", opened),
	STEP("judge", "Accept or refuse a file", "Accept a file as proof or refuse it, and say why.", "money.write", judge_args,
	     "judge", judge),
	{ 0 }
};
