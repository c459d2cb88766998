/* reablement.c - after hospital: help to get going again, the question weeks later, and coming back too soon.
 *
 * Leaving on a pathway with help begins an EpisodeOfCare and asks on the 84th and the 91st day: are they at home? (Adult social
 * care outcomes framework: 91 days until 2023, 12 weeks since.) Whoever is back in hospital within 30 days is flagged to
 * all who see the record, and those who helped at home get a Task.
 */
#include "care/stay.h"

#include "record/search.h"

#define DAY_US INT64_C(86400000000)
enum { READMITTED_DAYS = 30, EPISODES = 50 };

static const struct sm_row rows_91[] = {
	{ "planned", "answer", "answered" },
	{ "planned", "drop", "dropped" },
	{ "answered", "correct", "planned" },
	{ "dropped", "ask", "planned" },
	{ 0 }
};

static const struct flow_state states_91[] = {
	{ "planned", "requested", "To be asked on the day" },
	{ "answered", "completed", "Answered" },
	{ "dropped", "cancelled", "Not asked: they had not left" },
	{ 0 }
};

const struct flow day_91_flow = { "day-91", "At home 91 days after leaving hospital?", { "day-91", "planned", rows_91 },
				  states_91 };
const struct flow day_84_flow = { "day-84", "At home 12 weeks after leaving hospital?", { "day-84", "planned", rows_91 },
				  states_91 };

static const struct sm_row readmission_rows[] = {
	{ "open", "look", "looked" },
	{ "open", "void", "void" },
	{ 0 }
};
static const struct flow_state readmission_states[] = {
	{ "open", "requested", "Back in hospital, nobody has looked why" },
	{ "looked", "completed", "Looked at" },
	{ "void", "cancelled", "Was not admitted after all" },
	{ 0 }
};
const struct flow readmission_flow = { "readmission", "Back in hospital within 30 days",
				       { "readmission", "open", readmission_rows }, readmission_states };

static const struct followup {
	const struct flow *flow;
	int days;
	const char *output;
} followups[] = { { &day_84_flow, 84, "day-84-place" }, { &day_91_flow, 91, "day-91-place" } };
enum { FOLLOWUPS = sizeof followups / sizeof *followups };

/* --- beginning --- */

static struct node *ask_on_day(struct ctx *c, const struct followup *f, struct str stay, struct str person,
			       struct str episode, struct wall left)
{
	struct node *task = stay_task(c, f->flow, stay, person);

	act_set(c, task, "intent", STR("plan"));
	if (episode.len)
		act_refer(c, task, "focus", episode);
	act_set(c, task, "authoredOn", wall_day(c->arena, left.day));
	flow_set_due(c, task, (left.day + f->days + 1) * DAY_US - 1);
	return task;
}

static struct node *episode_for(struct ctx *c, const struct node *leaving, struct str words, struct str by,
				struct wall left)
{
	struct node *e = act_new(c, "EpisodeOfCare"), *list;

	node_add_cstr(c->arena, e, "status", "active");
	list = node_add(c->arena, e, "type", NODE_ARRAY);
	node_add_str(c->arena, node_add(c->arena, list, NULL, NODE_OBJECT), "text", words);
	act_refer(c, e, "patient", act_reference(leaving, "for"));
	act_refer(c, e, "managingOrganization", by);
	node_add_str(c->arena, node_add(c->arena, e, "period", NODE_OBJECT), "start", wall_day(c->arena, left.day));
	return e;
}

enum err reablement_start(struct ctx *c, struct act *act, const struct node *leaving, struct str left)
{
	struct str pathway = task_input_of(leaving, "pathway", "valueInteger");
	struct str by = task_input_of(leaving, "reablement-by", "valueReference"), episode;
	struct wall day = wall_at(clock_now(c->clock));
	struct choice choice;

	if (!pathway.len)
		return OK;
	TRY(choice_find(c, "pathway", pathway, "pathway", &choice));
	if (!choice.third.len)
		return OK;
	(void)wall_read(left, &day);
	episode = act_keep(c, act, episode_for(c, leaving, choice.third, by, day));
	for (size_t i = 0; i < FOLLOWUPS; i++) {
		struct node *task = ask_on_day(c, &followups[i], act_reference(leaving, "encounter"),
					       act_reference(leaving, "for"), episode, day);
		act_refer(c, task, "owner", by.len ? by : act_reference(leaving, "owner"));
		act_keep(c, act, task);
	}
	return OK;
}

static enum err episode_never_was(struct ctx *c, struct act *act, struct str episode)
{
	struct node *e;

	if (!str_starts(episode, STR("EpisodeOfCare/")))
		return OK;
	TRY(act_edit(c, act, episode, "EpisodeOfCare", &e));
	act_set(c, e, "status", STR("cancelled"));
	act_keep(c, act, e);
	return OK;
}

enum err reablement_undo(struct ctx *c, struct act *act, const struct tasks *tasks)
{
	for (size_t i = 0; i < tasks->of.len; i++)
		for (size_t k = 0; k < FOLLOWUPS; k++) {
			struct node *task = tasks->of.at[i];

			if (!task_stands(followups[k].flow, task, "planned"))
				continue;
			flow_set(c, followups[k].flow, task, "dropped");
			act_keep(c, act, task);
			TRY(episode_never_was(c, act, act_reference(task, "focus")));
		}
	return OK;
}

/* --- answering --- */

static const struct followup *followup_of(const struct node *task)
{
	for (size_t i = 0; i < FOLLOWUPS; i++)
		if (task_follows(task, followups[i].flow))
			return &followups[i];
	return NULL;
}

static enum err answer(struct ctx *c, struct act *act)
{
	const struct followup *f = followup_of(act->subject);
	struct choice choice;

	TRY(choice_find(c, "followup-place", act_text(act, "where"), "where", &choice));
	if (f)
		task_output(c, act->subject, f->output, "valueCode", choice.code);
	task_reason(c, act->subject, act_text(act, "note"));
	return OK;
}

static enum err ask_again(struct ctx *c, struct act *act)
{
	const struct followup *f = followup_of(act->subject);

	if (f)
		task_output(c, act->subject, f->output, "valueCode", (struct str){ 0 });
	task_period(c, act->subject, "end", (struct str){ 0 });
	task_period(c, act->subject, "start", (struct str){ 0 });
	task_reason(c, act->subject, act_text(act, "why"));
	return OK;
}

static enum err drop(struct ctx *c, struct act *act)
{
	task_reason(c, act->subject, act_text(act, "why"));
	return OK;
}

/* By hand, where no stay began it. */
static enum err plan(struct ctx *c, struct act *act)
{
	struct str stay = act_text(act, "stay"), by = act_text(act, "by");
	struct node *encounter, *task;
	struct wall left = { day_given(c, act, "left"), 0 };
	const struct followup *f = act->action->flow == &day_84_flow ? &followups[0] : &followups[1];

	TRY(act_look(c, stay, "Encounter", &encounter));
	task = ask_on_day(c, f, stay, act_reference(encounter, "subject"), (struct str){ 0 }, left);
	act_refer(c, task, "owner", by);
	act_keep(c, act, task);
	act->output = task;
	return OK;
}

static enum err end_episode(struct ctx *c, struct act *act)
{
	struct node *period = act_member(c, act->subject, "period", NODE_OBJECT);

	if (!str_is(node_str(act->subject, "status"), "active"))
		return fail(c, ERR_CONFLICT, "It is not running.");
	act_set(c, act->subject, "status", STR("finished"));
	act_set(c, period, "end", wall_day(c->arena, day_given(c, act, "on")));
	act_keep(c, act, act->subject);
	return OK;
}

/* --- counting --- */

struct count {
	int64_t asked, answered, home, died;
};

static enum err count_one(struct ctx *c, const struct followup *f, const struct node *task, struct count *n)
{
	struct choice choice;
	struct str where = { 0 };

	node_each(one, node_get(task, "output"))
		if (str_is(act_code(one, "type", CAUSEWAY_CODES "task-output"), f->output))
			where = node_str(one, "valueCode");
	n->asked++;
	if (!where.len)
		return OK;
	n->answered++;
	n->died += str_is(where, "died");
	TRY(choice_find(c, "followup-place", where, "where", &choice));
	n->home += str_is(choice.third, "yes");
	return OK;
}

static enum err count_all(struct ctx *c, const struct followup *f, struct str query, struct count *n)
{
	const struct search *search;
	struct search_page page;

	while (query.len) {
		TRY(search_parse(c, STR("Task"), query, &search));
		TRY(search_run(c, search, &page));
		for (size_t i = 0; i < page.len; i++) {
			struct node *task;
			TRY(fhir_read_json(c, c->place->fhir, c->arena, page.at[i].body, &task));
			TRY(count_one(c, f, task, n));
		}
		query = page.next;
	}
	return OK;
}

static enum err count(struct ctx *c, struct act *act)
{
	int64_t days = 0, from = day_given(c, act, "from"), to = day_given(c, act, "to");
	const struct followup *f = NULL;
	struct count n = { 0 };
	struct node *answers;

	(void)str_int(act_text(act, "days"), &days);
	for (size_t i = 0; i < FOLLOWUPS; i++)
		if (followups[i].days == days)
			f = &followups[i];
	if (!f) {
		issue_add(c, ISSUE_ERROR, "value", "days", 0, 0, "It is asked on day 84 and day 91.");
		return fail(c, ERR_INVALID, "It is asked on day 84 and day 91.");
	}
	TRY(count_all(c, f,
		      str_of(arena_printf(c->arena,
					  "code=%s&status=requested,completed&authored-on=ge" STR_FMT
					  "&authored-on=le" STR_FMT "&_count=500",
					  f->flow->code, STR_ARG(wall_day(c->arena, from)),
					  STR_ARG(wall_day(c->arena, to)))),
		      &n));
	answers = answer_begin(c, act);
	answer_int(c, answers, "left", n.asked);
	answer_int(c, answers, "answered", n.answered);
	answer_int(c, answers, "at-home", n.home);
	answer_int(c, answers, "died", n.died);
	if (n.answered)
		answer_tenths(c, answers, "percent", (n.home * 2000 + n.answered) / (2 * n.answered));
	return OK;
}

/* --- back too soon --- */

/* The stay before this one that ended within the 30 days before it began; NULL. */
static enum err earlier_stay(struct ctx *c, const struct node *stay, struct str person, struct wall start,
			     struct node **out)
{
	const struct search *search;
	struct search_page page;
	struct wall end, last = { INT64_MIN, 0 };

	*out = NULL;
	TRY(search_parse(c, STR("Encounter"),
			 str_of(arena_printf(c->arena, "subject=" STR_FMT "&status=finished&class=IMP,ACUTE,NONAC,SS"
						       "&_count=%d&date=ge" STR_FMT,
					     STR_ARG(person), EPISODES,
					     STR_ARG(wall_day(c->arena, start.day - READMITTED_DAYS)))),
			 &search));
	TRY(search_run(c, search, &page));
	for (size_t i = 0; i < page.len; i++) {
		struct node *before;
		TRY(fhir_read_json(c, c->place->fhir, c->arena, page.at[i].body, &before));
		if (str_eq(node_str(before, "id"), node_str(stay, "id")) ||
		    !wall_read(node_str(node_get(before, "period"), "end"), &end) || end.day > start.day ||
		    start.day - end.day > READMITTED_DAYS || end.day < last.day)
			continue;
		last = end;
		*out = before;
	}
	return OK;
}

/* Who helped at home since then; else the hospital they had left. */
static enum err who_helped(struct ctx *c, struct str person, const struct node *before, struct str *out)
{
	const struct search *search;
	struct search_page page;

	*out = act_reference(before, "serviceProvider");
	TRY(search_parse(c, STR("EpisodeOfCare"),
			 str_of(arena_printf(c->arena, "patient=" STR_FMT "&status=active&_count=%d", STR_ARG(person),
					     EPISODES)),
			 &search));
	TRY(search_run(c, search, &page));
	for (size_t i = 0; i < page.len; i++) {
		struct node *e;
		TRY(fhir_read_json(c, c->place->fhir, c->arena, page.at[i].body, &e));
		if (act_reference(e, "managingOrganization").len)
			*out = act_reference(e, "managingOrganization");
	}
	return OK;
}

static struct str flag_them(struct ctx *c, struct act *act, struct str stay, struct str person, struct wall start)
{
	struct node *flag = act_new(c, "Flag");

	node_add_cstr(c->arena, flag, "status", "active");
	act_set(c, act_concept(c, flag, "code", CAUSEWAY_CODES "flag", STR("readmission")), "text",
		STR("Back in hospital within 30 days of leaving"));
	act_refer(c, flag, "subject", person);
	act_refer(c, flag, "encounter", stay);
	node_add_str(c->arena, node_add(c->arena, flag, "period", NODE_OBJECT), "start", wall_day(c->arena, start.day));
	return act_keep(c, act, flag);
}

enum err readmission_look(struct ctx *c, struct act *act, const struct node *stay)
{
	struct str person = act_reference(stay, "subject"), owner;
	struct str reference = str_of(arena_printf(c->arena, "Encounter/" STR_FMT, STR_ARG(node_str(stay, "id"))));
	struct node *before, *task;
	struct wall start;

	if (!wall_read(node_str(node_get(stay, "period"), "start"), &start) || !person.len)
		return OK;
	TRY(earlier_stay(c, stay, person, start, &before));
	if (!before)
		return OK;
	TRY(who_helped(c, person, before, &owner));
	task = stay_task(c, &readmission_flow, reference, person);
	act_refer(c, task, "owner", owner);
	act_refer(c, task, "focus", flag_them(c, act, reference, person, start));
	task_input(c, task, "earlier-stay", "valueReference",
		   str_of(arena_printf(c->arena, "Encounter/" STR_FMT, STR_ARG(node_str(before, "id")))));
	act_keep(c, act, task);
	return OK;
}

enum err readmission_undo(struct ctx *c, struct act *act, const struct tasks *tasks)
{
	for (size_t i = 0; i < tasks->of.len; i++) {
		struct node *task = tasks->of.at[i], *flag;

		if (!task_follows(task, &readmission_flow))
			continue;
		flow_set(c, &readmission_flow, task, "void");
		act_keep(c, act, task);
		if (!str_starts(act_reference(task, "focus"), STR("Flag/")))
			continue;
		TRY(act_edit(c, act, act_reference(task, "focus"), "Flag", &flag));
		act_set(c, flag, "status", STR("entered-in-error"));
		act_keep(c, act, flag);
	}
	return OK;
}

/* Somebody noticed, where the record could not know of the earlier stay. */
static enum err note_readmission(struct ctx *c, struct act *act)
{
	struct str stay = act_text(act, "stay");
	struct node *encounter, *task;
	struct wall start = wall_at(clock_now(c->clock));

	TRY(act_look(c, stay, "Encounter", &encounter));
	(void)wall_read(node_str(node_get(encounter, "period"), "start"), &start);
	task = stay_task(c, &readmission_flow, stay, act_reference(encounter, "subject"));
	act_refer(c, task, "owner", act_text(act, "to"));
	act_refer(c, task, "focus", flag_them(c, act, stay, act_reference(encounter, "subject"), start));
	act_keep(c, act, task);
	act->output = task;
	return OK;
}

static enum err end_flag(struct ctx *c, struct act *act, const char *status)
{
	struct node *flag;

	task_reason(c, act->subject, act_text(act, "why"));
	if (!str_starts(act_reference(act->subject, "focus"), STR("Flag/")))
		return OK;
	TRY(act_edit(c, act, act_reference(act->subject, "focus"), "Flag", &flag));
	act_set(c, flag, "status", str_of(status));
	act_keep(c, act, flag);
	return OK;
}

static enum err looked(struct ctx *c, struct act *act)
{
	return end_flag(c, act, "inactive");
}

static enum err never_was(struct ctx *c, struct act *act)
{
	return end_flag(c, act, "entered-in-error");
}

/* --- the rows --- */

static const struct action_arg plan_args[] = {
	{ "stay", "Reference", ARG_NEEDED, "The stay they left", NULL, "Encounter" },
	{ "by", "Reference", ARG_NEEDED, "Who asks?", NULL, "Organization" },
	{ "left", "date", 0, "When did they leave?", "Today unless you say so.", NULL },
	{ 0 }
};
static const struct action_arg answer_args[] = {
	{ "where", "code", ARG_NEEDED, "Where are they on the day?", NULL, "$care-choices/followup-place" },
	{ "note", "markdown", 0, "Note", NULL, NULL },
	{ 0 }
};
static const struct action_arg why_args[] = { { "why", "markdown", ARG_NEEDED, "Why?", NULL, NULL }, { 0 } };
static const struct action_arg end_args[] = {
	{ "on", "date", 0, "Which day did it end?", "Today unless you say so.", NULL }, { 0 }
};
static const struct action_arg count_args[] = {
	{ "days", "integer", ARG_NEEDED, "Asked on day", "84 or 91.", NULL },
	{ "from", "date", ARG_NEEDED, "Left from", NULL, NULL },
	{ "to", "date", ARG_NEEDED, "Left until", NULL, NULL },
	{ 0 }
};
static const struct action_arg note_args[] = {
	{ "stay", "Reference", ARG_NEEDED, "The stay in hospital", NULL, "Encounter" },
	{ "to", "Reference", ARG_NEEDED, "Who should know?", NULL, "Organization" },
	{ 0 }
};

#define FOLLOWUP(DAY, flow_)                                                                                  \
	{ DAY "-plan", DAY, "Task", "Ask on " DAY, "Ask on " DAY " where somebody is who left hospital.",      \
	  "discharge.write", plan_args, flow_, NULL, plan, ACTION_NEW },                                        \
	{ DAY "-answer", "answer", "Task", "Answer", "Say where somebody is on " DAY " after leaving hospital.", \
	  "care.write", answer_args, flow_, "answer", answer, 0 },                                              \
	{ DAY "-correct", "correct", "Task", "Correct the answer", "Take back the answer of " DAY ".", "care.write", \
	  why_args, flow_, "correct", ask_again, 0 },                                                           \
	{ DAY "-drop", "drop", "Task", "Do not ask", "Do not ask on " DAY " after all.", "care.write", why_args,  \
	  flow_, "drop", drop, 0 },                                                                             \
	{ DAY "-ask", "ask", "Task", "Ask after all", "Ask on " DAY " after all.", "care.write", why_args, flow_,  \
	  "ask", ask_again, 0 }

const struct action reablement_actions[] = {
	FOLLOWUP("day-91", &day_91_flow),
	FOLLOWUP("day-84", &day_84_flow),
	{ "reablement-end", "end-reablement", "EpisodeOfCare", "End", "End reablement or a bed to recover in.",
	  "care.write", end_args, NULL, NULL, end_episode, 0 },
	{ "followup-count", "followup-count", "Task", "At home weeks later",
	  "Count who was at home on day 84 or day 91, of those who left with help.", "care.read", count_args, NULL,
	  NULL, count, ACTION_NEW | ACTION_QUIET },
	{ "readmission-note", "readmission", "Task", "Back in hospital",
	  "Tell those who helped at home that somebody is back in hospital.", "discharge.write", note_args,
	  &readmission_flow, NULL, note_readmission, ACTION_NEW | ACTION_TRUSTED },
	{ "readmission-look", "look", "Task", "Looked at", "Say why somebody came back to hospital so soon.",
	  "care.write", why_args, &readmission_flow, "look", looked, ACTION_TRUSTED },
	{ "readmission-void", "void", "Task", "It was none", "Take back that somebody came back too soon.",
	  "care.write", why_args, &readmission_flow, "void", never_was, ACTION_TRUSTED },
	{ 0 }
};
