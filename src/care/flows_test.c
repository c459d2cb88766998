/* flows_test.c - every machine and every row of care: sound tables, all allowed steps taken, all others refused. */
#include "care/test_care.h"

#include "access/audit.h"
#include "access/role.h"
#include "fhir/code.h"

#define EACH_ROW(row)                                                                \
	for (const struct action *const *of_##row = care_module.actions; *of_##row; of_##row++) \
		for (const struct action *row = *of_##row; row->name; row++)
#define EACH_FLOW(flow) \
	for (const struct flow *const *f_ = care_module.flows, *flow = *f_; flow; flow = *++f_)

/* --- the tables --- */

static bool has_event(const struct flow *flow, const char *event)
{
	for (const struct sm_row *row = flow->sm.rows; row->from; row++)
		if (strcmp(row->event, event) == 0)
			return true;
	return false;
}

static bool event_has_row(const struct flow *flow, const char *event)
{
	EACH_ROW(row)
		if (row->flow == flow && row->event && strcmp(row->event, event) == 0)
			return true;
	return false;
}

static void machines_are_sound(void **state)
{
	(void)state;
	EACH_FLOW(flow) {
		assert_true(sm_sound(&flow->sm));
		assert_string_equal(flow->sm.name, flow->code);
		assert_non_null(flow_state_find(flow, str_of(flow->sm.start)));
		for (const struct sm_row *row = flow->sm.rows; row->from; row++) {
			assert_non_null(flow_state_find(flow, str_of(row->from)));
			assert_non_null(flow_state_find(flow, str_of(row->to)));
			if (!event_has_row(flow, row->event))
				fail_msg("nobody can take the step %s of %s", row->event, flow->code);
		}
	}
}

static void rows_are_whole(void **state)
{
	struct world *w = *state;
	const struct roles *roles;

	SUCCEEDS(roles_of(&w->c, &roles));
	EACH_ROW(row) {
		bool known = false;

		for (size_t i = 0; i < roles->capability_count; i++)
			known |= str_is(roles->capabilities[i].name, row->capability);
		if (!known || !row->label || !row->help || !str_ends(str_of(row->help), STR(".")))
			fail_msg("%s: no capability, label or help", row->name);
		if (row->event && !has_event(row->flow, row->event))
			fail_msg("%s: there is no step %s", row->name, row->event);
		assert_ptr_equal(action_find(w->place, str_of(row->name)), row);
		EACH_ROW(other)
			if (other != row && other->flow == row->flow && !strcmp(other->op, row->op) &&
			    !strcmp(other->type, row->type))
				fail_msg("%s and %s are one operation", row->name, other->name);
	}
}

/* --- the steps --- */

static const char *reference_for(const char *of)
{
	static const struct { const char *of, *reference; } known[] = {
		{ "Patient", "Patient/ada" },		{ "Organization", "Organization/hill" },
		{ "Practitioner", "Practitioner/gp" },	{ "Encounter", "Encounter/stay" },
		{ "Task", "Task/work" },		{ "CarePlan", "CarePlan/plan" },
	};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (strstr(of, known[i].of))
			return known[i].reference;
	fail_msg("nothing to refer to as %s", of);
	return NULL;
}

/* The first of what an action lists to be chosen: "$care-choices/pathway". */
static struct str first_choice(struct world *w, const char *of)
{
	struct str list = str_of(of + 1), name = str_cut(&list, '/');
	struct node *input = node_new(w->c.arena, NODE_OBJECT);
	struct acted done;

	node_add_str(w->c.arena, input, "of", list);
	SUCCEEDS(action_run(&w->c, action_find(w->place, name), (struct str){ 0 }, input, &done));
	return node_str(node_at(node_get(node_at(node_get(done.output, "parameter"), 0), "part"), 0), "valueString");
}

static struct str value_for(struct world *w, const struct action_arg *arg)
{
	struct code_list codes;

	if (strcmp(arg->name, "outcome") == 0)
		return STR("assessment"); /* of share/care/route.tsv */
	if (strcmp(arg->type, "Reference") == 0)
		return str_of(reference_for(arg->of));
	if (strcmp(arg->type, "code") == 0 && arg->of && arg->of[0] == '$')
		return first_choice(w, arg->of);
	if (strcmp(arg->type, "code") == 0 && arg->of) {
		SUCCEEDS(code_expand(&w->c, w->place->fhir, str_of(arg->of), &codes));
		assert_true(codes.list.len > 0);
		return codes.list.at[0].code;
	}
	return strcmp(arg->type, "date") == 0	    ? STR("2023-11-20")
	       : strcmp(arg->type, "dateTime") == 0 ? STR("2023-11-20T10:00:00Z")
	       : strcmp(arg->type, "boolean") == 0  ? STR("false")
	       : strcmp(arg->type, "integer") == 0  ? STR("1")
	       : strcmp(arg->type, "decimal") == 0  ? STR("1.50")
						    : STR("Because");
}

/* What a row cannot do without. */
static struct node *input_for(struct world *w, const struct action *row)
{
	struct node *input = node_new(w->c.arena, NODE_OBJECT);

	for (const struct action_arg *arg = row->args; arg && arg->name; arg++) {
		if (!(arg->flags & ARG_NEEDED))
			continue;
		assert_string_not_equal(arg->type, "Resource");
		if (arg->flags & ARG_MANY)
			node_add_str(w->c.arena, node_add(w->c.arena, input, arg->name, NODE_ARRAY), NULL,
				     value_for(w, arg));
		else
			node_add_str(w->c.arena, input, arg->name, value_for(w, arg));
	}
	return input;
}

static void set_answers(struct world *w, struct str id, const char *status)
{
	struct written out;
	struct version v;

	SUCCEEDS(record_read(&w->c, STR("QuestionnaireResponse"), id, &v));
	struct node *answers = tree(&w->c, str_dup(w->c.arena, v.body));
	act_set(&w->c, answers, "status", str_of(status));
	atoms_adopt(w->place->fhir->atoms, answers);
	struct write write = { .resource = answers };
	SUCCEEDS(record_update(&w->c, STR("QuestionnaireResponse"), id, &write, &out));
}

static struct str answers_of_task(struct world *w, struct str id)
{
	struct version v;

	SUCCEEDS(record_read(&w->c, STR("Task"), id, &v));
	struct str focus = act_reference(tree(&w->c, str_dup(w->c.arena, v.body)), "focus");
	(void)str_cut(&focus, '/');
	return focus;
}

/* What a task is about, when that is a form: filled in. */
static void complete_answers(struct world *w, const struct node *task)
{
	struct str focus = node_str(node_get(task, "focus"), "reference"), type = str_cut(&focus, '/');

	if (str_is(type, "CarePlan")) {
		struct acted done;
		const struct action *telecare = action_find(w->place, STR("plan-telecare"));

		SUCCEEDS(action_run(&w->c, telecare, focus, input_for(w, telecare), &done));
	}
	if (str_is(type, "QuestionnaireResponse"))
		set_answers(w, focus, "completed");
}

static void fill_part(struct world *w, struct str answers)
{
	static const char *const set[] = { "nursing.skin=whole", "nursing.continence=dry", "nursing.medicines=alone",
					   "nursing.needs=false" };
	struct node *input = node_new(w->c.arena, NODE_OBJECT), *list = node_add(w->c.arena, input, "set", NODE_ARRAY);
	struct acted done;

	for (size_t i = 0; i < sizeof set / sizeof *set; i++)
		node_add_cstr(w->c.arena, list, NULL, set[i]);
	SUCCEEDS(action_run(&w->c, action_find(w->place, STR("form-save")), answers, input, &done));
}

/* A Task of the machine, made as it is made in life, and put into a state. */
static struct str task_in(struct world *w, const struct flow *flow, const char *state)
{
	const struct action *maker = NULL;
	struct str whole = { 0 };
	struct acted done;
	struct written out;

	EACH_ROW(row)
		if (row->flow == flow && row->flags & ACTION_NEW && !maker)
			maker = row;
	if (flow == &section_flow) {
		whole = task_in(w, &care_assessment_flow, "started");
		set_answers(w, answers_of_task(w, whole), "in-progress");
		fill_part(w, answers_of_task(w, whole));
		maker = action_find(w->place, STR("section-ask"));
	}
	if (!maker)
		fail_msg("nothing begins %s", flow->code);
	struct node *input = input_for(w, maker);
	if (flow == &care_assessment_flow)
		node_add_cstr(w->c.arena, input, "form", "joint-assessment");
	SUCCEEDS(action_run(&w->c, maker, whole, input, &done));
	for (size_t i = 0; i < done.count; i++) {
		struct version v;
		struct node *task;

		if (!str_is(done.written[i].version.type, "Task"))
			continue;
		SUCCEEDS(record_read(&w->c, STR("Task"), done.written[i].version.id, &v));
		task = tree(&w->c, str_dup(w->c.arena, v.body));
		if (flow_of(w->place, task) != flow)
			continue;
		flow_set(&w->c, flow, task, state);
		atoms_adopt(w->place->fhir->atoms, task);
		struct write write = { .resource = task };
		SUCCEEDS(record_update(&w->c, STR("Task"), v.id, &write, &out));
		complete_answers(w, task);
		return v.id;
	}
	fail_msg("%s makes no task of %s", maker->name, flow->code);
	return (struct str){ 0 };
}

/* The same, ready for a step: a part is asked for while the whole is being filled in. */
static struct str task_for(struct world *w, const struct action *row, const char *state)
{
	struct str id = task_in(w, row->flow, state);

	if (strcmp(row->event, "delegate") == 0)
		set_answers(w, answers_of_task(w, id), "in-progress");
	return id;
}

static const char *leads(const struct flow *flow, const char *from, const char *event)
{
	for (const struct sm_row *row = flow->sm.rows; row->from; row++)
		if (!strcmp(row->from, from) && !strcmp(row->event, event))
			return row->to;
	return NULL;
}

static void try_step(struct world *w, const struct action *row, const struct flow_state *from)
{
	struct str id = task_for(w, row, from->name);
	const char *to = leads(row->flow, from->name, row->event);
	struct version v;
	struct acted done;
	enum err e = action_run(&w->c, row, id, input_for(w, row), &done);

	if (e != (to ? OK : ERR_CONFLICT))
		fail_msg("%s from %s: %s", row->name, from->name, w->c.why);
	SUCCEEDS(record_read(&w->c, STR("Task"), id, &v));
	const struct flow_state *now = flow_state(row->flow, tree(&w->c, str_dup(w->c.arena, v.body)));
	assert_string_equal(now->name, to ? to : from->name);
}

static void every_step_is_tried_from_every_state(void **state)
{
	struct world *w = *state;

	EACH_ROW(row) {
		if (!row->flow || !row->event)
			continue;
		for (const struct flow_state *from = row->flow->states; from->name; from++)
			try_step(w, row, from);
	}
}

/* --- whom a row is offered for --- */

static struct node *task_of(struct world *w, const struct flow *flow, const char *state)
{
	struct node *task = node_new(w->c.arena, NODE_OBJECT);

	node_add_cstr(w->c.arena, task, "resourceType", "Task");
	act_concept(&w->c, task, "code", TASK_CODES, str_of(flow->code));
	flow_set(&w->c, flow, task, state);
	return task;
}

/* Whatever stands on a page about a piece of work can be done with it: a row of one machine is never offered with another's. */
static void a_row_is_offered_with_its_own_machine_alone(void **state)
{
	struct world *w = *state;

	EACH_ROW(row) {
		if (row->flags & ACTION_NEW || strcmp(row->type, "Task") != 0)
			continue;
		if (!row->flow && !(row->flags & ACTION_OPEN))
			fail_msg("%s would be offered with every Task there is", row->name);
		EACH_FLOW(flow)
			for (const struct flow_state *in = flow->states; in->name; in++) {
				struct node *task = task_of(w, flow, in->name);
				bool over = flow_ended(task), fits = !row->flow || row->flow == flow;

				if (row->event)
					fits &= leads(flow, in->name, row->event) != NULL;
				if (row->flags & ACTION_OPEN)
					fits &= !over;
				if (action_fits(&w->c, row, task) != fits)
					fail_msg("%s with %s in %s", row->name, flow->code, in->name);
			}
	}
}

static void a_row_without_a_step_refuses_another_machine(void **state)
{
	struct world *w = *state;
	struct str id = task_in(w, &referral_flow, "requested");
	const struct action *review = action_find(w->place, STR("discharge-review"));
	struct acted done;

	FAILS(ERR_CONFLICT, action_run(&w->c, review, id, input_for(w, review), &done));
	assert_non_null(strstr(w->c.why, "This is no"));
}

/* --- the audit --- */

static struct actor who_can(struct world *w, const char *capability)
{
	const struct roles *roles;

	SUCCEEDS(roles_of(&w->c, &roles));
	for (size_t i = 0; i < roles->len; i++)
		if (role_can(&roles->at[i], str_of(capability)))
			return actor_in(w, 7, str_dup(w->c.arena, roles->at[i].name), "WXL");
	fail_msg("no role has %s", capability);
	return (struct actor){ 0 };
}

static size_t noted(struct world *w, enum audit_what what, const char *detail)
{
	struct looked *rows;
	size_t len, count = 0;
	READER(db);

	SUCCEEDS(store_reader(&w->c, w->place->store, &db));
	SUCCEEDS(audit_find(&w->c, db, &(struct audit_ask){ .account = 7, .what = what, .cap = 1000 }, &rows, &len));
	for (size_t i = 0; i < len; i++)
		count += str_is(rows[i].detail, detail);
	return count;
}

/* As a request of theirs is: done, and what it noted written before the reply. Did it change anything? */
static bool done_as(struct world *w, struct actor *actor, const struct action *row, struct str id)
{
	struct node *input = input_for(w, row);
	struct acted done;

	actor->practitioner = STR("nurse");
	w->c.notes = NULL;
	w->c.actor = actor;
	SUCCEEDS(action_run(&w->c, row, id, input, &done));
	SUCCEEDS(audit_flush(&w->c));
	w->c.actor = NULL;
	w->c.notes = NULL;
	for (size_t i = 0; i < done.count; i++)
		if (!done.written[i].unchanged)
			return true;
	return false;
}

/* Done by somebody, each leaves a line that names it: what it made and what it changed. */
static void every_step_leaves_a_line_in_the_audit(void **state)
{
	struct world *w = *state;
	size_t proved = 0, idle = 0;

	EACH_ROW(row) {
		const char *from = NULL;
		struct actor actor = strcmp(row->name, "section-filled") == 0 ? actor_in(w, 7, "community-nurse", "WXL")
										: who_can(w, row->capability);
		struct str id = { 0 };

		for (const struct sm_row *step = row->flow ? row->flow->sm.rows : NULL; step && step->from && !from; step++)
			if (row->event && !strcmp(step->event, row->event))
				from = step->from;
		if (!row->flow || (!row->event && !(row->flags & ACTION_NEW)))
			continue; /* told or done with whatever there is: see the next */
		if (from)
			id = task_for(w, row, from);
		if (!done_as(w, &actor, row, id)) {
			idle++; /* what it says already stood there: nothing was changed */
			continue;
		}
		proved++;
		if (!noted(w, from ? AUDIT_CHANGE : AUDIT_CREATE, row->name))
			fail_msg("%s leaves no line in the audit", row->name);
	}
	assert_true(proved > 40 && idle < 4);
}

static void what_is_done_with_any_work_leaves_a_line_too(void **state)
{
	struct world *w = *state;

	EACH_ROW(row) {
		struct actor actor = who_can(w, row->capability);

		if (!(row->flags & ACTION_OPEN) || row->flow)
			continue;
		assert_true(done_as(w, &actor, row, STR("work")));
		if (!noted(w, AUDIT_CHANGE, row->name))
			fail_msg("%s leaves no line in the audit", row->name);
	}
}

/* --- what is given --- */

static void what_is_wrong_is_said_by_name(void **state)
{
	struct world *w = *state;
	const struct action *make = action_find(w->place, STR("referral-make"));
	struct node *input = node_new(w->c.arena, NODE_OBJECT);
	struct acted done;

	node_add_cstr(w->c.arena, input, "person", "Patient/nobody");
	node_add_cstr(w->c.arena, input, "due", "tomorrow");
	FAILS(ERR_INVALID, action_run(&w->c, make, (struct str){ 0 }, input, &done));
	assert_int_equal(w->c.issues.errors, 5); /* person, to, what, reason, due */
	assert_string_equal(w->c.issues.first->where, "person");
	node_add_cstr(w->c.arena, input, "colour", "red");
	FAILS(ERR_BAD_REQUEST, action_run(&w->c, make, (struct str){ 0 }, input, &done));
}

static void the_same_word_does_it_once(void **state)
{
	struct world *w = *state;
	const struct action *make = action_find(w->place, STR("referral-make"));
	struct node *input = input_for(w, make);
	struct acted first, second;

	node_add_cstr(w->c.arena, input, "once", "form-1");
	SUCCEEDS(action_run(&w->c, make, (struct str){ 0 }, input, &first));
	SUCCEEDS(action_run(&w->c, make, (struct str){ 0 }, input, &second));
	assert_int_equal(second.count, 0);
	assert_true(str_eq(node_str(first.output, "id"), node_str(second.output, "id")));
}

static void a_version_that_has_gone_by_is_refused(void **state)
{
	struct world *w = *state;
	const struct action *complete = action_find(w->place, STR("referral-complete"));
	struct str id = task_in(w, &referral_flow, "started");
	struct node *input = input_for(w, complete);
	struct acted done;

	node_add_cstr(w->c.arena, input, "version", "1");
	FAILS(ERR_STALE, action_run(&w->c, complete, id, input, &done));
}

static void who_may_not_is_refused(void **state)
{
	struct world *w = *state;
	struct actor board = actor_in(w, 7, "board-member", "WXL");
	struct actor gp = actor_in(w, 8, "gp", "WXP");
	const struct action *accept = action_find(w->place, STR("referral-accept"));
	struct str id = task_in(w, &referral_flow, "requested");
	const struct guard *guard;
	struct acted done;

	w->c.actor = &board;
	FAILS(ERR_FORBIDDEN, action_run(&w->c, accept, id, NULL, &done));
	w->c.guard = &guard_nothing;
	w->c.actor = &gp;
	FAILS(ERR_NOT_FOUND, action_run(&w->c, accept, id, NULL, &done));
	w->c.guard = NULL;
	SUCCEEDS(guard_make(&w->c, &guard));
	w->c.guard = guard;
	SUCCEEDS(action_run(&w->c, accept, id, NULL, &done));
	w->c.guard = NULL;
	w->c.actor = NULL;
	guard_done(&w->c, guard);
}

static int set_up_plan(void **state)
{
	if (set_up_place(state))
		return -1;
	struct world *w = *state;
	put(w, "CarePlan", "plan",
	    "{\"resourceType\":\"CarePlan\",\"id\":\"plan\",\"status\":\"active\",\"intent\":\"plan\",\"subject\":{"
	    "\"reference\":\"Patient/ada\"}}");
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(machines_are_sound),
		TEST_WITH(rows_are_whole, set_up_plan),
		TEST_WITH(every_step_is_tried_from_every_state, set_up_plan),
		TEST_WITH(a_row_is_offered_with_its_own_machine_alone, set_up_plan),
		TEST_WITH(a_row_without_a_step_refuses_another_machine, set_up_plan),
		TEST_WITH(every_step_leaves_a_line_in_the_audit, set_up_plan),
		TEST_WITH(what_is_done_with_any_work_leaves_a_line_too, set_up_plan),
		TEST_WITH(what_is_wrong_is_said_by_name, set_up_plan),
		TEST_WITH(the_same_word_does_it_once, set_up_plan),
		TEST_WITH(a_version_that_has_gone_by_is_refused, set_up_plan),
		TEST_WITH(who_may_not_is_refused, set_up_plan),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
