/* plan.c - a care and support plan to be worked on, to be printed, and as its person reads it; and the letter after a
 * decision on eligibility. */
#include "access/actor.h"
#include "act/action.h"
#include "web/act.h"
#include "web/looked.h"
#include "web/me.h"
#include "web/pages.h"
#include "web/person.h"
#include "web/plan.h"

#include "base/dec.h"

/* --- the plan --- */

/* The newest that is not over, else NULL. */
static const struct entry *plan_current(const struct person *p)
{
	const struct entry *newest = NULL;

	person_each(plan, p, "CarePlan") {
		struct str status = node_str(plan->node, "status");

		if ((str_is(status, "draft") || str_is(status, "active") || str_is(status, "on-hold")) &&
		    (!newest || plan->as_at.from > newest->as_at.from))
			newest = plan;
	}
	return newest;
}

static const struct node *weekly_of(const struct node *detail)
{
	node_each(part, node_get(extension_of(detail, "weekly-cost"), "extension"))
		if (str_is(node_str(part, "url"), "amount"))
			return node_path(part, "valueMoney.value");
	return NULL;
}

static void put_goals(struct person *p, const struct node *plan, struct node *data)
{
	struct node *list = data_list(p->c, data, "goals");

	node_each(one, node_get(plan, "goal")) {
		const struct entry *goal = person_item(p, node_str(one, "reference"));

		if (goal)
			data_str(p->c, data_object(p->c, list, NULL), "goal",
				 concept_words(p->a, node_get(goal->node, "description")));
	}
}

static struct str how_much(struct person *p, const struct node *detail)
{
	struct str value = node_text(node_path(detail, "quantity.value")), unit = node_text(node_path(detail, "quantity.unit"));
	struct str per = node_text(node_path(detail, "scheduledTiming.repeat.periodUnit"));

	if (!value.len)
		return (struct str){ 0 };
	return SAY(p->a, STR_FMT " " STR_FMT "%s", STR_ARG(value), STR_ARG(unit),
		   str_is(per, "d") ? " a day" : str_is(per, "wk") ? " a week" : str_is(per, "mo") ? " a month" : "");
}

static void put_line(struct person *p, struct node *list, const struct node *detail, size_t number)
{
	struct node *row = data_object(p->c, list, NULL);
	struct moment due = moment_of(detail, "scheduledPeriod.end");
	struct str status = node_str(detail, "status"), who = person_ref(p, node_at(node_get(detail, "performer"), 0));
	const struct node *weekly = weekly_of(detail), *once = node_get(extension_of(detail, "once-cost"), "valueMoney");
	bool over = str_is(status, "completed");

	data_str(p->c, row, "number", SAY(p->a, "%zu", number));
	data_str(p->c, row, "what", node_str(detail, "description"));
	data_str(p->c, row, "who", who.len ? who : STR("Nobody named"));
	data_str(p->c, row, "much", how_much(p, detail));
	if (due.iso.len)
		data_due(p, row, due, over, due);
	else if (over)
		data_words(p->c, row, "over", "Done");
	if (weekly)
		data_str(p->c, row, "cost", SAY(p->a, "£" STR_FMT " a week", STR_ARG(node_text(weekly))));
	if (once)
		data_str(p->c, row, "once", SAY(p->a, "£" STR_FMT " once", STR_ARG(node_text(node_get(once, "value")))));
}

static void put_lines(struct person *p, const struct node *plan, struct node *data)
{
	struct node *actions = data_list(p->c, data, "lines"), *services = data_list(p->c, data, "services");
	struct dec sum = dec_int(0), one;
	size_t number = 0;

	node_each(activity, node_get(plan, "activity")) {
		const struct node *detail = node_get(activity, "detail"), *weekly = weekly_of(detail);
		struct str kind = node_str(detail, "kind");

		number++;
		if (!detail || str_is(node_str(detail, "status"), "cancelled"))
			continue;
		if (weekly && dec_parse(node_text(weekly), &one))
			(void)dec_add(sum, one, &sum);
		put_line(p, str_is(kind, "ServiceRequest") || str_is(kind, "DeviceRequest") ? services : actions, detail,
			 number);
	}
	if (actions->len)
		node_add_bool(p->a, data, "has_lines", true);
	if (services->len)
		node_add_bool(p->a, data, "has_services", true);
	if (!dec_is_zero(sum))
		data_str(p->c, data, "total", SAY(p->a, "£" STR_FMT " a week", STR_ARG(dec_print(p->a, sum))));
}

static void put_members(struct person *p, const struct node *plan, struct node *data)
{
	const struct entry *team = person_item(p, node_str(node_at(node_get(plan, "careTeam"), 0), "reference"));
	struct node *list = data_list(p->c, data, "members");

	node_each(member, node_get(team ? team->node : NULL, "participant")) {
		const struct node *role = node_at(node_get(member, "role"), 0);
		struct moment end = moment_of(member, "period.end");
		struct node *row;

		if (end.iso.len && end.from <= p->now)
			continue;
		row = data_object(p->c, list, NULL);
		data_str(p->c, row, "who", person_ref(p, node_get(member, "member")));
		data_str(p->c, row, "role", concept_words(p->a, role));
		node_each(coding, node_get(role, "coding"))
			if (str_is(node_str(coding, "code"), "lead"))
				data_str(p->c, data, "lead", person_ref(p, node_get(member, "member")));
	}
}

static const struct entry *approval_of(const struct person *p, const struct node *plan)
{
	const struct node *mark = extension_of(plan, "plan-approval");

	return mark ? person_item(p, node_text(node_path(mark, "valueReference.reference"))) : NULL;
}

static void put_said(struct person *p, const struct node *of, struct node *list)
{
	node_each(note, node_get(of, "note")) {
		struct node *row = data_object(p->c, list, NULL);
		struct str by = person_ref(p, node_get(note, "authorReference"));
		struct moment at = moment_of(note, "time");

		data_str(p->c, row, "text", node_str(note, "text"));
		data_str(p->c, row, "by", by.len ? by : node_str(note, "authorString"));
		data_time(p->c, row, "when", at, say_day(p->a, at, p->now));
	}
}

static void put_plan(struct person *p, const struct entry *plan, struct node *data)
{
	const struct node *telecare = extension_of(plan->node, "plan-telecare");
	struct moment since = moment_of(plan->node, "period.start");
	struct str status = node_str(plan->node, "status"), title = node_str(plan->node, "title");

	data_str(p->c, data, "plan_title", title.len ? title : STR("Care and support plan"));
	node_add_bool(p->a, data, "has_plan", true);
	if (str_is(status, "draft"))
		node_add_bool(p->a, data, "is_draft", true);
	data_time(p->c, data, "since", since, say_date(p->a, since));
	put_goals(p, plan->node, data);
	put_lines(p, plan->node, data);
	put_members(p, plan->node, data);
	data_str(p->c, data, "telecare", node_text(node_path(telecare, "valueCoding.display")));
	person_each(task, p, "Task")
		if (task_is(task, "plan-review") && str_is(node_str(task->node, "status"), "draft")) {
			struct moment due = moment_of(task->node, "restriction.period.end");

			data_time(p->c, data, "review", due, say_date(p->a, due));
			break;
		}
}

/* One that came from elsewhere has no approval here yet. */
static void put_open(struct person *p, const struct entry *plan, struct node *data, struct str back)
{
	const struct action *open = action_find(p->c->place, STR("plan-open"));
	struct node *step;

	if (!open || (p->c->actor && !actor_can(p->c, open->capability)))
		return;
	step = data_object(p->c, data_list(p->c, data, "steps"), NULL);
	data_str(p->c, step, "href",
		 action_href(p->c, open->name, STR(""), arena_printf(p->a, "plan=CarePlan%%2F" STR_FMT, STR_ARG(plan->id)), back));
	data_words(p->c, step, "label", open->label);
	data_words(p->c, step, "help", open->help);
}

static void put_work(struct person *p, const struct entry *plan, struct node *data)
{
	const struct entry *task = approval_of(p, plan->node);
	struct str back = SAY(p->a, "/people/" STR_FMT "/plan", STR_ARG(p->id));
	struct node *said = data_list(p->c, data, "said");

	put_actions(p->c, data, "edits", plan->node, back);
	put_said(p, plan->node, said);
	if (!task) {
		put_open(p, plan, data, back);
		return;
	}
	put_actions(p->c, data, "steps", task->node, back);
	data_str(p->c, data, "state", concept_words(p->a, node_get(task->node, "businessStatus")));
	put_said(p, task->node, said);
	if (said->len)
		node_add_bool(p->a, data, "has_said", true);
}

/* "?since=3&mine=5": what others did between what the asker saw and what they saved. */
static enum err put_meanwhile(struct person *p, const struct entry *plan, struct node *data)
{
	int64_t since = 0, mine = 0;

	if (!str_int(request_param(p->c, p->request, "since", 0), &since) ||
	    !str_int(request_param(p->c, p->request, "mine", 0), &mine))
		return OK;
	node_add_bool(p->a, data, "saved", true);
	enum err e = plan_put_changes(p->c, data, plan->id, since, mine - 1);
	return e == ERR_NOT_FOUND ? OK : e;
}

enum err plan_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	const struct entry *plan;
	struct person p;
	struct node *data;

	TRY(person_begin(c, r, "CarePlan", &p, &data, reply));
	if (!data)
		return OK;
	plan = plan_current(&p);
	if (plan) {
		put_plan(&p, plan, data);
		put_work(&p, plan, data);
		TRY(put_meanwhile(&p, plan, data));
	} else {
		data_str(c, data, "begin",
			 action_href(c, "plan-begin", STR(""),
				     arena_printf(c->arena, "person=Patient%%2F" STR_FMT, STR_ARG(p.id)),
				     SAY(c->arena, "/people/" STR_FMT "/plan", STR_ARG(p.id))));
	}
	return page_show(c, "plan", data, reply);
}

/* --- the letter --- */

static void put_paragraphs(struct person *p, const struct node *decision, const char *link, struct node *data)
{
	struct node *list = data_list(p->c, data, link);

	node_each(item, node_get(decision, "item"))
		if (str_is(node_str(item, "linkId"), link))
			data_str(p->c, data_object(p->c, list, NULL), "words",
				 node_str(node_at(node_get(item, "answer"), 0), "valueString"));
}

static void put_findings(struct person *p, const struct node *decision, struct node *data)
{
	struct node *limbs = data_list(p->c, data, "limbs"), *outcomes = data_list(p->c, data, "outcomes");

	node_each(item, node_get(decision, "item")) {
		struct str link = node_str(item, "linkId");
		const struct node *answer = node_at(node_get(item, "answer"), 0);

		if (str_starts(link, STR("limb.")))
			data_str(p->c, data_object(p->c, limbs, NULL), "words", node_str(item, "text"));
		if (!str_starts(link, STR("outcome.")))
			continue;
		struct node *row = data_object(p->c, outcomes, NULL);
		data_str(p->c, row, "outcome", node_str(item, "text"));
		data_str(p->c, row, "found", node_str(answer, "valueString"));
	}
}

static enum err put_letter(struct person *p, struct str id, struct node *data)
{
	const struct entry *decision = person_item(p, SAY(p->a, "QuestionnaireResponse/" STR_FMT, STR_ARG(id)));
	static const char *const parts[] = { "reasons", "rules", "next", "advice", "review", "decision" };
	struct moment at;

	if (!decision || !str_starts(node_str(decision->node, "questionnaire"),
				     STR("https://causeway.example/fhir/Questionnaire/eligibility-")))
		return fail(p->c, ERR_NOT_FOUND, "There is no letter of that kind.");
	at = moment_of(decision->node, "authored");
	data_time(p->c, data, "day", at, say_date(p->a, at));
	data_str(p->c, data, "from", decision->org ? decision->org->name : STR(""));
	data_str(p->c, data, "to", name_plain(p->a, p->patient));
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		put_paragraphs(p, decision->node, parts[i], data);
	put_findings(p, decision->node, data);
	node_each(item, node_get(decision->node, "item"))
		if (str_is(node_str(item, "linkId"), "decision") &&
		    str_is(node_str(node_at(node_get(item, "answer"), 0), "valueString"), "eligible"))
			node_add_bool(p->a, data, "eligible", true);
	return OK;
}

enum err eligibility_letter_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct person p;
	struct node *data;

	TRY(person_begin(c, r, "QuestionnaireResponse", &p, &data, reply));
	if (!data)
		return OK;
	TRY(put_letter(&p, r->part[1], data));
	return page_show(c, "eligibility_letter", data, reply);
}

/* --- as the person reads them --- */

static enum err own_load(struct ctx *c, const struct request *r, const struct own *own, struct person *p)
{
	struct request theirs = *r;

	theirs.part[0] = own->id;
	TRY(person_load(c, &theirs, p));
	p->request = r;
	return OK;
}

enum err me_plan_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	const struct entry *plan;
	struct node *data, *letters;
	struct person p;
	struct own own;

	TRY(me_begin(c, r, "My plan", ME_SEES, &data, &own));
	TRY(own_load(c, r, &own, &p));
	TRY(looked_open(c, own.id, "CarePlan"));
	plan = plan_current(&p);
	if (plan)
		put_plan(&p, plan, data);
	person_put_if(&p, data);
	letters = data_list(c, data, "letters");
	person_each(one, &p, "QuestionnaireResponse") {
		if (!str_starts(node_str(one->node, "questionnaire"),
				STR("https://causeway.example/fhir/Questionnaire/eligibility-")))
			continue;
		struct node *row = data_object(c, letters, NULL);
		struct moment at = moment_of(one->node, "authored");
		data_str(c, row, "letter", one->id);
		data_time(c, row, "when", at, say_date(c->arena, at));
	}
	return page_show(c, "me_plan", data, reply);
}

enum err me_eligibility_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data;
	struct person p;
	struct own own;

	TRY(me_begin(c, r, "Letter", ME_SEES, &data, &own));
	TRY(own_load(c, r, &own, &p));
	TRY(put_letter(&p, own.rest, data));
	TRY(looked_open(c, own.id, "QuestionnaireResponse"));
	return page_show(c, "me_eligibility", data, reply);
}
