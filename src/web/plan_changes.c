/* plan_changes.c - what others changed in a plan between two versions, in words: for who wrote at it meanwhile. */
#include "web/plan.h"

#include "web/person.h"
#include "web/work.h"

enum { VERSIONS_LOOKED_AT = 30 };

struct change {
	struct ctx *c;
	struct node *list;
	struct str who;
};

static enum err read_version(struct ctx *c, struct str id, int64_t version, struct node **out)
{
	struct version v;

	TRY(record_vread(c, STR("CarePlan"), id, version, &v));
	return fhir_read_json(c, c->place->fhir, c->arena, v.body, out);
}

static void say(struct change *ch, struct str question, struct str was, struct str is)
{
	struct node *row;

	if (str_eq(was, is))
		return;
	row = data_object(ch->c, ch->list, NULL);
	data_str(ch->c, row, "question", question);
	data_str(ch->c, row, "was", was);
	data_str(ch->c, row, "is", is);
	data_str(ch->c, row, "who", ch->who);
}

/* Everybody who saved one of the versions after `from`. */
static struct str names_of(struct ctx *c, struct str id, int64_t from, int64_t to)
{
	struct str names = { 0 }, last = { 0 };

	for (int64_t at = from + 1; at <= to && at <= from + VERSIONS_LOOKED_AT; at++) {
		struct node *plan;
		struct str who, name;

		if (read_version(c, id, at, &plan) != OK)
			continue;
		who = node_text(node_path(extension_of(plan, "saved-by"), "valueReference.reference"));
		if (!who.len || str_eq(who, last))
			continue;
		last = who;
		name = work_name(c, who);
		if (name.len)
			names = SAY(c->arena, STR_FMT "%s" STR_FMT, STR_ARG(names), names.len ? ", " : "", STR_ARG(name));
	}
	return names;
}

static struct str line_state(const struct node *activity)
{
	return node_text(node_path(activity, "detail.status"));
}

static struct str line_what(const struct node *activity)
{
	return node_text(node_path(activity, "detail.description"));
}

/* The list only grows, so a line keeps its number. */
static void say_lines(struct change *ch, const struct node *was, const struct node *is)
{
	const struct node *old = node_get(was, "activity"), *new = node_get(is, "activity");
	struct arena *a = ch->c->arena;

	for (size_t i = 0; new && i < new->len; i++) {
		const struct node *before = old ? node_at(old, i) : NULL, *now = node_at(new, i);
		struct str name = SAY(a, "Line %zu:", i + 1);

		if (!before)
			say(ch, name, (struct str){ 0 }, line_what(now));
		else if (!str_eq(line_state(before), line_state(now)))
			say(ch, SAY(a, "Line %zu, " STR_FMT ":", i + 1, STR_ARG(line_what(now))), say_code(a, line_state(before)),
			    say_code(a, line_state(now)));
	}
}

static void say_goals(struct change *ch, const struct node *was, const struct node *is)
{
	const struct node *old = node_get(was, "goal"), *new = node_get(is, "goal");

	for (size_t i = old ? old->len : 0; new && i < new->len; i++) {
		struct str id = node_str(node_at(new, i), "reference");
		struct version v;
		struct node *goal;

		(void)str_cut(&id, '/');
		if (record_read(ch->c, STR("Goal"), id, &v) == OK &&
		    fhir_read_json(ch->c, ch->c->place->fhir, ch->c->arena, v.body, &goal) == OK)
			say(ch, STR("A new goal:"), (struct str){ 0 }, concept_words(ch->c->arena, node_get(goal, "description")));
	}
}

static void say_notes(struct change *ch, const struct node *was, const struct node *is)
{
	const struct node *old = node_get(was, "note"), *new = node_get(is, "note");

	for (size_t i = old ? old->len : 0; new && i < new->len; i++)
		say(ch, STR("Said:"), (struct str){ 0 }, node_str(node_at(new, i), "text"));
}

static struct str telecare_of(const struct node *plan)
{
	return node_text(node_path(extension_of(plan, "plan-telecare"), "valueCoding.display"));
}

enum err plan_put_changes(struct ctx *c, struct node *data, struct str id, int64_t from, int64_t to)
{
	struct change ch = { .c = c, .list = data_list(c, data, "changes") };
	struct node *was, *is;

	if (from < 1 || to <= from)
		return OK;
	TRY(read_version(c, id, from, &was));
	TRY(read_version(c, id, to, &is));
	ch.who = names_of(c, id, from, to);
	say_goals(&ch, was, is);
	say_lines(&ch, was, is);
	say(&ch, STR("Telecare:"), telecare_of(was), telecare_of(is));
	say(&ch, STR("The plan:"), say_code(c->arena, node_str(was, "status")), say_code(c->arena, node_str(is, "status")));
	say_notes(&ch, was, is);
	if (!ch.list->len && ch.who.len) /* the team, which is not of the plan itself */
		say(&ch, STR("The team or something else was changed."), (struct str){ 0 }, STR("See the plan."));
	if (ch.list->len)
		node_add_bool(c->arena, data, "has_changes", true);
	return OK;
}
