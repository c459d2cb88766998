/* stay.c - reading and changing the work of a stay. */
#include "care/stay.h"

#include "base/json.h"
#include "record/search.h"

enum { STAY_TASKS = 200 };

#define INPUT_CODES CAUSEWAY_CODES "task-input"
#define OUTPUT_CODES CAUSEWAY_CODES "task-output"

enum err stay_tasks(struct ctx *c, struct act *act, struct str stay, struct tasks *out)
{
	const struct search *search;
	struct search_page page;

	TRY(search_parse(c, STR("Task"),
			 str_of(arena_printf(c->arena, "encounter=" STR_FMT "&_count=%d", STR_ARG(stay), STAY_TASKS)),
			 &search));
	TRY(search_run(c, search, &page));
	for (size_t i = 0; i < page.len; i++)
		TRY(act_edit(c, act, str_of(arena_printf(c->arena, "Task/" STR_FMT, STR_ARG(page.at[i].id))), "Task",
			     vec_push(&out->of, c->arena)));
	return OK;
}

bool task_follows(const struct node *task, const struct flow *flow)
{
	return str_is(act_code(task, "code", TASK_CODES), flow->code);
}

bool task_stands(const struct flow *flow, const struct node *task, const char *state)
{
	const struct flow_state *now = task_follows(task, flow) ? flow_state(flow, task) : NULL;

	return now && strcmp(now->name, state) == 0;
}

struct node *stay_leaving(const struct tasks *tasks)
{
	for (size_t i = 0; i < tasks->of.len; i++)
		if (task_follows(tasks->of.at[i], &leave_flow))
			return tasks->of.at[i];
	return NULL;
}

struct node *stay_task(struct ctx *c, const struct flow *flow, struct str stay, struct str person)
{
	struct node *task = flow_begin(c, flow, person, stay);

	act_refer(c, task, "encounter", stay);
	return task;
}

void task_period(struct ctx *c, struct node *task, const char *end, struct str text)
{
	struct node *period = act_member(c, task, "executionPeriod", NODE_OBJECT);

	act_set(c, period, end, text);
	if (!period->first)
		node_remove(task, period);
}

struct str task_period_of(const struct node *task, const char *end)
{
	return node_str(node_get(task, "executionPeriod"), end);
}

void task_ends(struct ctx *c, struct node *task, struct str on)
{
	struct wall start, end;

	if (wall_read(task_period_of(task, "start"), &start) && wall_read(on, &end) &&
	    (start.day > end.day || (start.day == end.day && start.minute > end.minute)))
		task_period(c, task, "start", on);
	task_period(c, task, "end", on);
}

static struct node *said_of(const struct node *task, const char *list, const char *codes, const char *kind)
{
	node_each(one, node_get(task, list))
		if (str_is(act_code(one, "type", codes), kind))
			return one;
	return NULL;
}

static void say(struct ctx *c, struct node *task, const char *list, const char *codes, const char *kind,
		const char *value, struct str text)
{
	struct node *all = act_member(c, task, list, NODE_ARRAY), *one = said_of(task, list, codes, kind);
	int64_t n;

	if (one)
		node_remove(all, one);
	if (text.len) {
		one = node_add(c->arena, all, NULL, NODE_OBJECT);
		act_concept(c, one, "type", codes, str_of(kind));
		if (strcmp(value, "valueInteger") == 0 && str_int(text, &n))
			node_add_int(c->arena, one, value, n);
		else if (strcmp(value, "valueReference") == 0)
			act_refer(c, one, value, text);
		else
			node_add_str(c->arena, one, value, text);
	}
	if (!all->first)
		node_remove(task, all);
}

void task_input(struct ctx *c, struct node *task, const char *kind, const char *value, struct str text)
{
	say(c, task, "input", INPUT_CODES, kind, value, text);
}

void task_output(struct ctx *c, struct node *task, const char *kind, const char *value, struct str text)
{
	say(c, task, "output", OUTPUT_CODES, kind, value, text);
}

struct str task_input_of(const struct node *task, const char *kind, const char *value)
{
	const struct node *one = said_of(task, "input", INPUT_CODES, kind);
	const struct node *said = one ? node_get(one, value) : NULL;

	return !said ? (struct str){ 0 }
	       : node_is(said, NODE_OBJECT) ? node_str(said, "reference")
					    : node_text(said);
}

void task_reason(struct ctx *c, struct node *task, struct str words)
{
	if (!words.len)
		return;
	act_set(c, act_member(c, task, "statusReason", NODE_OBJECT), "text", words);
	act_remark(c, task, words);
}

int64_t day_given(struct ctx *c, const struct act *act, const char *name)
{
	struct wall wall;

	return wall_read(act_text(act, name), &wall) ? wall.day : wall_at(clock_now(c->clock)).day;
}

/* --- answers --- */

struct node *answer_begin(struct ctx *c, struct act *act)
{
	struct node *n = node_new(c->arena, NODE_OBJECT);

	node_add_cstr(c->arena, n, "resourceType", "Parameters");
	node_add(c->arena, n, "parameter", NODE_ARRAY);
	act->output = n;
	return n;
}

static struct node *parameter(struct ctx *c, struct node *answer, const char *name)
{
	struct node *list = node_get(answer, node_get(answer, "resourceType") ? "parameter" : "part"), *one;

	one = node_add(c->arena, list, NULL, NODE_OBJECT);
	node_add_cstr(c->arena, one, "name", name);
	return one;
}

struct node *answer_list(struct ctx *c, struct node *answer, const char *name)
{
	struct node *one = parameter(c, answer, name);

	node_add(c->arena, one, "part", NODE_ARRAY);
	return one;
}

void answer_text(struct ctx *c, struct node *answer, const char *name, struct str text)
{
	if (text.len)
		node_add_str(c->arena, parameter(c, answer, name), "valueString", text);
}

void answer_int(struct ctx *c, struct node *answer, const char *name, int64_t n)
{
	node_add_int(c->arena, parameter(c, answer, name), "valueInteger", n);
}

void answer_tenths(struct ctx *c, struct node *answer, const char *name, int64_t tenths)
{
	struct node *one = parameter(c, answer, name);
	struct node *value = node_add(c->arena, one, "valueDecimal", NODE_NUMBER);

	value->text = arena_printf(c->arena, "%lld.%lld", (long long)(tenths / 10), (long long)(tenths % 10));
	value->len = (uint32_t)strlen(value->text);
}
