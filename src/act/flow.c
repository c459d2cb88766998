/* flow.c - Tasks that follow a state machine. */
#include "act/flow.h"

#include <assert.h>

#include "act/act.h"

static const char *state_system(struct arena *a, const struct flow *flow)
{
	return arena_printf(a, CAUSEWAY_CODES "%s", flow->code);
}

const struct flow *flow_of(const struct place *place, const struct node *task)
{
	struct str code = act_code(task, "code", TASK_CODES);

	for (const struct module *const *m = place->modules; m && *m && code.len; m++)
		for (const struct flow *const *f = (*m)->flows; f && *f; f++)
			if (str_is(code, (*f)->code))
				return *f;
	return NULL;
}

const struct flow_state *flow_state_find(const struct flow *flow, struct str name)
{
	for (const struct flow_state *s = flow->states; s->name; s++)
		if (str_is(name, s->name))
			return s;
	return NULL;
}

const struct flow_state *flow_state(const struct flow *flow, const struct node *task)
{
	ARENA(scratch);
	struct str said = act_code(task, "businessStatus", state_system(&scratch, flow));
	struct str status = node_str(task, "status");
	const struct flow_state *state = said.len ? flow_state_find(flow, said) : NULL;

	/* another system may have moved the status alone: then that is what counts */
	if (state && str_is(status, state->status))
		return state;
	for (const struct flow_state *s = flow->states; s->name; s++)
		if (str_is(status, s->status))
			return s;
	return NULL;
}

static bool has_ended(struct str status)
{
	static const char *const ended[] = { "completed", "cancelled", "rejected", "failed",
					     "entered-in-error" };

	for (size_t i = 0; i < sizeof ended / sizeof *ended; i++)
		if (str_is(status, ended[i]))
			return true;
	return false;
}

bool flow_ended(const struct node *task)
{
	return has_ended(node_str(task, "status"));
}

/* Planned for later, and begun before. */
static bool has_not_come(struct ctx *c, struct str moment)
{
	struct when w;
	int64_t from, to;

	if (!when_parse_datetime(moment, &w))
		return false;
	when_range(w, 0, &from, &to);
	return from > clock_now(c->clock);
}

void flow_set(struct ctx *c, const struct flow *flow, struct node *task, const char *state)
{
	const struct flow_state *to = flow_state_find(flow, str_of(state));
	struct node *concept, *period;

	assert(to);
	act_set(c, task, "status", str_of(to->status));
	concept = act_concept(c, task, "businessStatus", state_system(c->arena, flow), str_of(to->name));
	act_set(c, node_at(node_get(concept, "coding"), 0), "display", str_of(to->words));
	act_set(c, task, "lastModified", act_now(c));
	if (str_is(str_of(to->status), "in-progress") || has_ended(str_of(to->status))) {
		period = act_member(c, task, "executionPeriod", NODE_OBJECT);
		if (!node_get(period, "start") || has_not_come(c, node_str(period, "start")))
			act_set(c, period, "start", act_now(c));
		if (!has_ended(str_of(to->status)))
			act_set(c, period, "end", (struct str){ 0 });
		else if (!node_get(period, "end"))
			act_set(c, period, "end", act_now(c));
	}
}

enum err flow_step(struct ctx *c, const struct flow *flow, struct node *task, const char *event)
{
	const struct flow_state *from = flow_state(flow, task);
	const char *to;

	if (!from)
		return fail(c, ERR_CONFLICT, "%s: a task with status \"" STR_FMT "\" is not followed here.",
			    flow->words, STR_ARG(node_str(task, "status")));
	TRY(sm_move(c, &flow->sm, str_of(from->name), str_of(event), &to));
	flow_set(c, flow, task, to);
	return OK;
}

struct node *flow_begin(struct ctx *c, const struct flow *flow, struct str person, struct str focus)
{
	struct node *task = act_new(c, "Task"), *code;

	node_add_cstr(c->arena, task, "status", "requested");
	node_add_cstr(c->arena, task, "intent", "order");
	code = act_concept(c, task, "code", TASK_CODES, str_of(flow->code));
	act_set(c, node_at(node_get(code, "coding"), 0), "display", str_of(flow->words));
	act_refer(c, task, "focus", focus);
	act_refer(c, task, "for", person);
	node_add_str(c->arena, task, "authoredOn", act_now(c));
	act_refer(c, task, "requester", act_who(c));
	flow_set(c, flow, task, flow->sm.start);
	return task;
}

int64_t flow_due(const struct node *task)
{
	struct when w;
	int64_t from, to;

	if (!when_parse_datetime(node_str(node_path(task, "restriction.period"), "end"), &w))
		return 0;
	when_range(w, 0, &from, &to);
	return w.precision <= WHEN_DAY ? to - 1 : from;
}

void flow_set_due(struct ctx *c, struct node *task, int64_t at)
{
	struct node *restriction = act_member(c, task, "restriction", NODE_OBJECT);

	act_set(c, act_member(c, restriction, "period", NODE_OBJECT), "end", when_print_us(c->arena, at));
}

#define TAKEN_BY CAUSEWAY_BASE "StructureDefinition/taken-by"

static struct node *taken_by(const struct node *task)
{
	node_each(extension, node_get(task, "extension"))
		if (str_is(node_str(extension, "url"), TAKEN_BY))
			return extension;
	return NULL;
}

struct str flow_taken_by(const struct node *task)
{
	return node_str(node_get(taken_by(task), "valueReference"), "reference");
}

void flow_set_taken_by(struct ctx *c, struct node *task, struct str who)
{
	struct node *one = taken_by(task), *list = node_get(task, "extension");

	if (one)
		node_remove(list, one);
	if (list && !list->len)
		node_remove(task, list);
	if (!who.len)
		return;
	one = node_add(c->arena, act_member(c, task, "extension", NODE_ARRAY), NULL, NODE_OBJECT);
	node_add_cstr(c->arena, one, "url", TAKEN_BY);
	act_refer(c, one, "valueReference", who);
}
