/* delay.c - somebody is ready to leave and waits: why, who is answerable, and for how many midnights.
 *
 * A delay is a Task of one spell: executionPeriod is the spell, reasonCode why, owner who must act, performerType who is
 * answerable. When the reason changes, the spell ends and another begins. A dispute does not stop the days.
 */
#include "care/stay.h"

#include "record/search.h"

#define ANSWERABLE_CODES CAUSEWAY_CODES "delay-answerable"

static const struct sm_row rows[] = {
	{ "open", "dispute", "disputed" },
	{ "settled", "dispute", "disputed" },
	{ "disputed", "settle", "settled" },
	{ "open", "end", "ended" },
	{ "disputed", "end", "ended" },
	{ "settled", "end", "ended" },
	{ "open", "withdraw", "withdrawn" },
	{ "disputed", "withdraw", "withdrawn" },
	{ "ended", "reopen", "open" },
	{ 0 }
};

/* Each goes on, day by day, until it ends: so status says in-progress of the first three. */
static const struct flow_state states[] = {
	{ "open", "in-progress", "Waiting" },
	{ "disputed", "in-progress", "Waiting; disputed" },
	{ "settled", "in-progress", "Waiting; settled" },
	{ "ended", "completed", "Ended" },
	{ "withdrawn", "cancelled", "Withdrawn: it was no delay" },
	{ 0 }
};

const struct flow delay_flow = { "delay", "Delay", { "delay", "open", rows }, states };

/* --- reason and answerable body --- */

static bool may_answer(const struct delay_code *code, struct str who)
{
	return (code->nhs && str_is(who, "nhs")) || (code->social && str_is(who, "social")) ||
	       (code->both && str_is(who, "both"));
}

static enum err wrong(struct ctx *c, const char *field, const char *what)
{
	issue_add(c, ISSUE_ERROR, "business-rule", field, 0, 0, "%s", what);
	return fail(c, ERR_INVALID, "%s", what);
}

/* The reason as the codes of the first day have it, and who is answerable, if they may be. */
static enum err put_reason(struct ctx *c, struct node *task, struct str reason, struct str who, int64_t day)
{
	struct delay_codes codes = { 0 };
	const struct delay_code *code;
	struct node *concept, *list;
	struct choice choice;

	TRY(delay_codes_read(c, &codes));
	code = delay_code_on(&codes, reason, day);
	if (!code)
		return wrong(c, "reason", "There is no such reason on the first day of the delay.");
	TRY(choice_find(c, "answerable", who, "answerable", &choice));
	if (!may_answer(code, who))
		return wrong(c, "answerable",
			     arena_printf(c->arena, STR_FMT " cannot be answerable for this reason.",
					  STR_ARG(choice.words)));
	concept = act_concept(c, task, "reasonCode",
			      arena_printf(c->arena, CAUSEWAY_CODES STR_FMT, STR_ARG(code->set)), code->code);
	act_set(c, node_at(node_get(concept, "coding"), 0), "display", code->words);
	list = node_get(task, "performerType");
	if (list)
		node_remove(task, list);
	concept = act_concept(c, node_add(c->arena, task, "performerType", NODE_ARRAY), NULL, ANSWERABLE_CODES, who);
	act_set(c, node_at(node_get(concept, "coding"), 0), "display", choice.words);
	return OK;
}

static struct str answerable_of(const struct node *task)
{
	const struct node *first = node_at(node_get(task, "performerType"), 0);

	return node_str(node_at(node_get(first, "coding"), 0), "code");
}

/* The reason as it is given: "E", or of another set "SET|E". */
static struct str reason_of(struct ctx *c, const struct node *task)
{
	const struct node *coding = node_at(node_get(node_get(task, "reasonCode"), "coding"), 0);
	struct str system = node_str(coding, "system"), code = node_str(coding, "code");

	if (!str_starts(system, STR(CAUSEWAY_CODES)))
		return code;
	size_t skip = strlen(CAUSEWAY_CODES);
	return str_of(arena_printf(c->arena, "%.*s|" STR_FMT, (int)(system.len - skip), system.at + skip,
				   STR_ARG(code)));
}

/* --- beginning and ending --- */

static struct str end_text(struct ctx *c, struct act *act, const char *name)
{
	return act_text(act, name).len ? act_text(act, name) : wall_day(c->arena, day_given(c, act, name));
}

static enum err not_before_ready(struct ctx *c, const struct node *leaving, int64_t from)
{
	struct wall ready;

	if (!leaving || !wall_read(task_period_of(leaving, "start"), &ready) || from >= ready.day)
		return OK;
	return wrong(c, "from", arena_printf(c->arena, "They were ready on " STR_FMT ", not before.",
					     STR_ARG(wall_day(c->arena, ready.day))));
}

static bool is_spell(const struct node *task, const char *status)
{
	return task_follows(task, &delay_flow) && str_is(node_str(task, "status"), status);
}

static int64_t day_of(const struct node *task, const char *end)
{
	struct wall wall;

	return wall_read(task_period_of(task, end), &wall) ? wall.day : DAY_NEVER;
}

/* The same night is never counted twice: days that a spell which has ended counts already are refused. `to`: exclusive. */
static enum err not_counted(struct ctx *c, const struct tasks *tasks, const struct node *self, const char *field, int64_t from,
			    int64_t to)
{
	for (size_t i = 0; i < tasks->of.len; i++) {
		const struct node *task = tasks->of.at[i];
		int64_t start = day_of(task, "start"), end = day_of(task, "end");

		if (task == self || str_eq(node_str(task, "id"), node_str(self, "id")) || !is_spell(task, "completed") || start == DAY_NEVER ||
		    start >= to || end <= from)
			continue;
		return wrong(c, field, arena_printf(c->arena, "A delay from " STR_FMT " to " STR_FMT " is recorded already.",
						    STR_ARG(wall_day(c->arena, start)), STR_ARG(wall_day(c->arena, end))));
	}
	return OK;
}

static enum err not_to_come(struct ctx *c, const char *field, int64_t day)
{
	if (day <= wall_at(clock_now(c->clock)).day)
		return OK;
	return wrong(c, field, "It is not before tomorrow: a delay is what has been.");
}

/* The first day of the next spell that goes on, after this day; DAY_NEVER: there is none. */
static int64_t next_spell(const struct tasks *tasks, int64_t from)
{
	int64_t next = DAY_NEVER;

	for (size_t i = 0; i < tasks->of.len; i++) {
		int64_t start = is_spell(tasks->of.at[i], "in-progress") ? day_of(tasks->of.at[i], "start") : DAY_NEVER;

		if (start > from && start < next)
			next = start;
	}
	return next;
}

/* A spell before this one ends where it begins. */
static void end_earlier(struct ctx *c, struct act *act, struct tasks *tasks, int64_t from)
{
	for (size_t i = 0; i < tasks->of.len; i++) {
		struct node *task = tasks->of.at[i];
		struct wall start;

		if (!task_follows(task, &delay_flow) || !str_is(node_str(task, "status"), "in-progress"))
			continue;
		if (wall_read(task_period_of(task, "start"), &start) && start.day > from)
			continue;
		flow_set(c, &delay_flow, task, "ended");
		task_period(c, task, "end", wall_day(c->arena, from));
		act_keep(c, act, task);
	}
}

static void made_ready(struct ctx *c, struct act *act, struct node *leaving, int64_t from)
{
	if (!leaving || !task_stands(&leave_flow, leaving, "planning"))
		return;
	flow_set(c, &leave_flow, leaving, "ready");
	task_period(c, leaving, "start", wall_day(c->arena, from));
	act_keep(c, act, leaving);
}

static enum err begin(struct ctx *c, struct act *act)
{
	struct str stay = act_text(act, "stay"), step = act_text(act, "step");
	struct node *encounter, *leaving, *task, *list;
	struct tasks tasks = { 0 };
	int64_t from = day_given(c, act, "from"), next;
	struct when due;
	int64_t at, to;

	TRY(act_look(c, stay, "Encounter", &encounter));
	TRY(stay_tasks(c, act, stay, &tasks));
	leaving = stay_leaving(&tasks);
	TRY(not_before_ready(c, leaving, from));
	TRY(not_to_come(c, "from", from));
	next = next_spell(&tasks, from);
	TRY(not_counted(c, &tasks, NULL, "from", from, next));
	task = stay_task(c, &delay_flow, stay, act_reference(encounter, "subject"));
	TRY(put_reason(c, task, act_text(act, "reason"), act_text(act, "answerable"), from));
	end_earlier(c, act, &tasks, from);
	made_ready(c, act, leaving, from);
	act_refer(c, task, "owner", act_text(act, "body"));
	task_period(c, task, "start", wall_day(c->arena, from));
	if (next != DAY_NEVER) { /* written down later than what came after it */
		flow_set(c, &delay_flow, task, "ended");
		task_period(c, task, "end", wall_day(c->arena, next));
	}
	act_set(c, node_get(task, "code"), "text", step);
	if (leaving) {
		list = node_add(c->arena, task, "partOf", NODE_ARRAY);
		node_add_str(c->arena, node_add(c->arena, list, NULL, NODE_OBJECT), "reference",
			     act_keep(c, act, leaving));
	}
	if (act_when(act, "due", &due)) {
		when_range(due, 0, &at, &to);
		flow_set_due(c, task, to - 1);
	}
	act_keep(c, act, task);
	act->output = task;
	return OK;
}

static enum err end(struct ctx *c, struct act *act)
{
	struct str to = end_text(c, act, "on");
	struct wall start, last;

	if (wall_read(task_period_of(act->subject, "start"), &start) && wall_read(to, &last) && last.day < start.day)
		return wrong(c, "on", "A delay cannot end before it began.");
	if (wall_read(to, &last))
		TRY(not_to_come(c, "on", last.day));
	task_period(c, act->subject, "end", to);
	return OK;
}

/* Unless another spell of the stay has begun since. */
static enum err reopen(struct ctx *c, struct act *act)
{
	struct tasks tasks = { 0 };
	int64_t from = day_of(act->subject, "start");

	TRY(stay_tasks(c, act, act_reference(act->subject, "encounter"), &tasks));
	TRY(not_counted(c, &tasks, act->subject, "why", from, DAY_NEVER));
	if (next_spell(&tasks, from) != DAY_NEVER)
		return fail(c, ERR_CONFLICT, "Another delay of this stay has begun since; dispute or end that one.");
	task_period(c, act->subject, "end", (struct str){ 0 });
	task_reason(c, act->subject, act_text(act, "why"));
	return OK;
}

static enum err explain(struct ctx *c, struct act *act)
{
	task_reason(c, act->subject, act_text(act, "why"));
	return OK;
}

/* What was agreed: the reason, the body or who is answerable may be others now, of the whole spell. */
static enum err settle(struct ctx *c, struct act *act)
{
	struct str reason = act_text(act, "reason"), who = act_text(act, "answerable"), body = act_text(act, "body");
	struct wall start = wall_at(clock_now(c->clock));

	(void)wall_read(task_period_of(act->subject, "start"), &start);
	if (reason.len || who.len)
		TRY(put_reason(c, act->subject, reason.len ? reason : reason_of(c, act->subject),
			       who.len ? who : answerable_of(act->subject), start.day));
	if (body.len)
		act_refer(c, act->subject, "owner", body);
	return explain(c, act);
}

/* --- counting --- */

static void answer_months(struct ctx *c, struct node *answer, int64_t from, int64_t to)
{
	enum { MONTHS = 1200 };
	struct delay_month *months = NEW_N(c->arena, struct delay_month, MONTHS);
	size_t len = delay_split(from, to, months, MONTHS);

	for (size_t i = 0; i < len; i++) {
		struct node *part = answer_list(c, answer, "month");
		answer_text(c, part, "month",
			    str_of(arena_printf(c->arena, "%04d-%02d", months[i].year, months[i].month)));
		answer_int(c, part, "days", months[i].days);
	}
}

static enum err count_days(struct ctx *c, struct act *act)
{
	int64_t from = day_given(c, act, "ready"), to = day_given(c, act, "left");
	struct node *answer = answer_begin(c, act);

	answer_int(c, answer, "days", delay_days(from, to));
	answer_months(c, answer, from, to);
	return OK;
}

static enum err count_spell(struct ctx *c, struct act *act)
{
	struct wall from, to = wall_at(clock_now(c->clock));
	struct node *answer;

	if (!wall_read(task_period_of(act->subject, "start"), &from) || !task_follows(act->subject, &delay_flow))
		return fail(c, ERR_CONFLICT, "This is no delay with a first day.");
	(void)wall_read(task_period_of(act->subject, "end"), &to);
	answer = answer_begin(c, act);
	answer_int(c, answer, "days", delay_days(from.day, to.day));
	answer_months(c, answer, from.day, to.day);
	return OK;
}

static enum err count_rate(struct ctx *c, struct act *act)
{
	struct delay_rates rates;
	int64_t days = 0, period = 0, adults = 0;

	(void)str_int(act_text(act, "days"), &days);
	(void)str_int(act_text(act, "period"), &period);
	(void)str_int(act_text(act, "adults"), &adults);
	TRY(delay_rate(c, days, period, adults, &rates));
	struct node *answer = answer_begin(c, act);
	answer_tenths(c, answer, "days-per-100000", rates.days_per_100k);
	answer_tenths(c, answer, "beds", rates.beds);
	answer_tenths(c, answer, "beds-per-100000", rates.beds_per_100k);
	return OK;
}

static enum err count_owed(struct ctx *c, struct act *act)
{
	int64_t from = day_given(c, act, "from"), left = day_given(c, act, "left");
	struct notice_rules rules;
	struct node *answer;
	int64_t pence;

	TRY(notice_rules_on(c, from, (struct str){ 0 }, &rules));
	if (act_text(act, "inclusive").len)
		rules.inclusive = act_true(act, "inclusive");
	pence = notice_owed(&rules, from, left, act_true(act, "london"));
	answer = answer_begin(c, act);
	answer_text(c, answer, "owed",
		    str_of(arena_printf(c->arena, "%lld.%02lld", (long long)(pence / 100), (long long)(pence % 100))));
	answer_text(c, answer, "source", rules.source);
	return OK;
}

/* --- a month of the place --- */

struct sum {
	struct str reason, answerable;
	int64_t days;
};

struct month {
	int64_t from, to, today, days;
	VEC(struct sum) sums;
};

static void add_spell(struct ctx *c, struct month *m, const struct node *task)
{
	struct wall from, to = { m->today, 0 };
	struct str reason = reason_of(c, task), who = answerable_of(task);
	size_t i = 0;

	if (!wall_read(task_period_of(task, "start"), &from))
		return;
	(void)wall_read(task_period_of(task, "end"), &to);
	int64_t first = from.day > m->from ? from.day : m->from, last = to.day < m->to ? to.day : m->to;
	if (last <= first)
		return;
	while (i < m->sums.len &&
	       !(str_eq(m->sums.at[i].reason, reason) && str_eq(m->sums.at[i].answerable, who)))
		i++;
	if (i == m->sums.len)
		*vec_push(&m->sums, c->arena) = (struct sum){ reason, who, 0 };
	m->sums.at[i].days += last - first;
	m->days += last - first;
}

static enum err add_all(struct ctx *c, struct month *m)
{
	struct str query = str_of(arena_printf(
		c->arena, "code=delay&status=in-progress,completed&period=ge" STR_FMT "&period=lt" STR_FMT "&_count=500",
		STR_ARG(wall_day(c->arena, m->from)), STR_ARG(wall_day(c->arena, m->to))));
	const struct search *search;
	struct search_page page;

	while (query.len) {
		TRY(search_parse(c, STR("Task"), query, &search));
		TRY(search_run(c, search, &page));
		for (size_t i = 0; i < page.len; i++) {
			struct node *task;
			TRY(fhir_read_json(c, c->place->fhir, c->arena, page.at[i].body, &task));
			add_spell(c, m, task);
		}
		query = page.next;
	}
	return OK;
}

static enum err count_month(struct ctx *c, struct act *act)
{
	struct month m = { .today = wall_at(clock_now(c->clock)).day };
	struct when w;

	if (!when_parse_date(act_text(act, "month"), &w) || w.precision != WHEN_MONTH)
		return wrong(c, "month", "It must be a month, such as 2026-04.");
	m.from = when_days(w.year, w.month, 1);
	m.to = m.from + when_month_days(w.year, w.month);
	TRY(add_all(c, &m));
	struct node *answer = answer_begin(c, act);
	answer_int(c, answer, "days", m.days);
	answer_tenths(c, answer, "beds", (2 * m.days * 10 + (m.to - m.from)) / (2 * (m.to - m.from)));
	for (size_t i = 0; i < m.sums.len; i++) {
		struct node *part = answer_list(c, answer, "reason");
		answer_text(c, part, "reason", m.sums.at[i].reason);
		answer_text(c, part, "answerable", m.sums.at[i].answerable);
		answer_int(c, part, "days", m.sums.at[i].days);
	}
	return OK;
}

/* --- the rows --- */

#define REASONS "$care-choices/delay-reason"
#define ANSWERABLE "$care-choices/answerable"

static const struct action_arg begin_args[] = {
	{ "stay", "Reference", ARG_NEEDED, "The stay in hospital", NULL, "Encounter" },
	{ "reason", "code", ARG_NEEDED, "Why do they wait?", NULL, REASONS },
	{ "answerable", "code", ARG_NEEDED, "Who is answerable?", NULL, ANSWERABLE },
	{ "body", "Reference", ARG_NEEDED, "Who must act?", NULL, "Organization" },
	{ "from", "date", 0, "Since when?", "Today unless you say so.", NULL },
	{ "step", "string", 0, "What must happen next?", NULL, NULL },
	{ "due", "date", 0, "By when?", NULL, NULL },
	{ 0 }
};
static const struct action_arg dispute_args[] = {
	{ "why", "markdown", ARG_NEEDED, "What is disputed, and why?", NULL, NULL },
	{ 0 }
};
static const struct action_arg settle_args[] = {
	{ "why", "markdown", ARG_NEEDED, "What was agreed?", NULL, NULL },
	{ "reason", "code", 0, "The reason, if it is another", NULL, REASONS },
	{ "answerable", "code", 0, "Who is answerable, if it is another", NULL, ANSWERABLE },
	{ "body", "Reference", 0, "Who must act, if it is another", NULL, "Organization" },
	{ 0 }
};
static const struct action_arg end_args[] = {
	{ "on", "date", 0, "Which day did it end?", "Today unless you say so.", NULL },
	{ 0 }
};
static const struct action_arg withdraw_args[] = {
	{ "why", "markdown", ARG_NEEDED, "Why was it no delay?", NULL, NULL },
	{ 0 }
};
static const struct action_arg reopen_args[] = {
	{ "why", "markdown", ARG_NEEDED, "Why does it go on?", NULL, NULL },
	{ 0 }
};
static const struct action_arg days_args[] = {
	{ "ready", "dateTime", ARG_NEEDED, "Ready on", "A day, or a moment of it.", NULL },
	{ "left", "dateTime", 0, "Left on", "Today unless you say so.", NULL },
	{ 0 }
};
static const struct action_arg rate_args[] = {
	{ "days", "integer", ARG_NEEDED, "Days lost", NULL, NULL },
	{ "period", "integer", ARG_NEEDED, "Days of the period", NULL, NULL },
	{ "adults", "integer", ARG_NEEDED, "People of 18 and over", NULL, NULL },
	{ 0 }
};
static const struct action_arg owed_args[] = {
	{ "from", "dateTime", ARG_NEEDED, "First day", "A day, or a moment of it.", NULL },
	{ "left", "dateTime", ARG_NEEDED, "Left on", NULL, NULL },
	{ "london", "boolean", 0, "A council in London", NULL, NULL },
	{ "inclusive", "boolean", 0, "Count the day of leaving", "As the rule of the day says unless given.", NULL },
	{ 0 }
};
static const struct action_arg month_args[] = {
	{ "month", "string", ARG_NEEDED, "Month", "Such as 2026-04.", NULL },
	{ 0 }
};

#define ROW(op, label, help, args, run) \
	{ "delay-" op, op, "Task", label, help, "care.write", args, &delay_flow, op, run, 0 }
#define COUNT(op, label, help, args, run) \
	{ op, op, "Task", label, help, "care.read", args, NULL, NULL, run, ACTION_QUIET | ACTION_NEW }

const struct action delay_actions[] = {
	{ "delay-begin", "delay", "Task", "Record a delay", "Say why somebody who is ready waits, and who must act.",
	  "discharge.write", begin_args, &delay_flow, NULL, begin, ACTION_NEW },
	ROW("dispute", "Dispute", "Dispute the reason of a delay or who is answerable.", dispute_args, explain),
	ROW("settle", "Settle", "Settle a dispute about a delay.", settle_args, settle),
	ROW("end", "End the delay", "End a delay on a day.", end_args, end),
	ROW("withdraw", "Withdraw", "Take back what was no delay.", withdraw_args, explain),
	ROW("reopen", "It goes on", "Let an ended delay go on.", reopen_args, reopen),
	COUNT("delay-days", "Days of a delay", "Count the midnights from ready to left, month by month.", days_args,
	      count_days),
	{ "delay-count", "delay-count", "Task", "Days of this delay", "Count the midnights of one delay, month by month.",
	  "care.read", NULL, &delay_flow, NULL, count_spell, ACTION_QUIET },
	COUNT("delay-rate", "Rates of delays", "Turn days lost into rates per 100,000 adults and beds.", rate_args,
	      count_rate),
	COUNT("delay-owed", "Owed for a delay", "What a council owes for days it alone is answerable for.", owed_args,
	      count_owed),
	COUNT("delay-month", "Delays of a month", "Days lost in a month by reason and who is answerable.", month_args,
	      count_month),
	{ 0 }
};
