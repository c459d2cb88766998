/* action.c - finding rows, and running one: permission, subject, step, function, one transaction. */
#include "act/run.h"

#include "access/audit.h"
#include "act/flow.h"

enum { TRIES = 4 }; /* begun anew when somebody else was quicker */

/* --- the rows --- */

#define EACH_ACTION(place, row)                                                                   \
	for (const struct module *const *m_ = (place)->modules; m_ && *m_; m_++)                  \
		for (const struct action *const *t_ = (*m_)->actions; t_ && *t_; t_++)         \
			for (const struct action *row = *t_; row->name; row++)

const struct action *action_find(const struct place *place, struct str name)
{
	EACH_ACTION(place, row)
		if (str_is(name, row->name))
			return row;
	return NULL;
}

static enum err flow_there(struct ctx *c, struct str type, struct str id, const struct flow **out)
{
	struct node *resource;

	TRY(act_look(c, str_of(arena_printf(c->arena, STR_FMT "/" STR_FMT, STR_ARG(type), STR_ARG(id))),
		     NULL, &resource));
	*out = flow_of(c->place, resource);
	return OK;
}

enum err action_of(struct ctx *c, struct str type, struct str id, struct str op,
		   const struct action **out)
{
	const struct action *found = NULL;
	const struct flow *flow = NULL;
	bool looked = false;

	EACH_ACTION(c->place, row) {
		if (!str_is(op, row->op) || !str_is(type, row->type) ||
		    !(row->flags & ACTION_NEW) != (id.len > 0))
			continue;
		if (found && !looked) { /* several: whose machine does it follow? */
			TRY(flow_there(c, type, id, &flow));
			looked = true;
		}
		if (!found || row->flow == flow)
			found = row;
	}
	if (!found)
		return fail(c, ERR_NOT_FOUND, "There is no such operation here.");
	*out = found;
	return OK;
}

bool action_fits(const struct ctx *c, const struct action *action, const struct node *resource)
{
	const struct flow_state *state;

	if (action->flags & ACTION_NEW || !str_is(node_str(resource, "resourceType"), action->type) ||
	    (c->actor && !actor_can(c, action->capability)))
		return false;
	if (action->flags & ACTION_OPEN && flow_ended(resource))
		return false;
	if (!action->flow)
		return true;
	if (flow_of(c->place, resource) != action->flow)
		return false;
	if (!action->event)
		return true;
	state = flow_state(action->flow, resource);
	return state && sm_leads(&action->flow->sm, str_of(state->name), str_of(action->event));
}

/* --- one run --- */

/* The subject as the asker may see it, in the version they named. */
static enum err subject_read(struct ctx *c, struct act *act)
{
	struct str version = act_text(act, "version");
	int64_t wanted = 0;

	if (act->action->flags & ACTION_NEW)
		return act->id.len ? fail(c, ERR_BAD_REQUEST, "%s is called on the type.",
					  act->action->name)
				   : OK;
	if (!act->id.len)
		return fail(c, ERR_BAD_REQUEST, "%s is called on one %s.", act->action->name,
			    act->action->type);
	TRY(act_edit(c, act,
		     str_of(arena_printf(c->arena, "%s/" STR_FMT, act->action->type, STR_ARG(act->id))),
		     act->action->type, &act->subject));
	if (version.len && !str_int(version, &wanted))
		return fail(c, ERR_INVALID, "version is a whole number.");
	if (wanted && wanted != act->puts.at[0].version)
		return fail(c, ERR_STALE,
			    "Somebody changed this meanwhile: it is version %lld now, not %lld.",
			    (long long)act->puts.at[0].version, (long long)wanted);
	return OK;
}

static enum err step(struct ctx *c, struct act *act)
{
	const struct action *action = act->action;

	if (action->flags & ACTION_OPEN && flow_ended(act->subject))
		return fail(c, ERR_CONFLICT, "This is over: nothing more can be done with it.");
	if (!action->flow || action->flags & ACTION_NEW)
		return OK;
	if (flow_of(c->place, act->subject) != action->flow)
		return fail(c, ERR_CONFLICT, "This is no %s.", action->flow->words);
	if (!action->event)
		return OK;
	TRY(flow_step(c, action->flow, act->subject, action->event));
	act_keep(c, act, act->subject);
	return OK;
}

/* What is answered: what the function said, else the subject, else what was kept first. */
static const struct act_put *answer_of(const struct act *act)
{
	const struct node *output = act->output ? act->output : act->subject;

	for (size_t i = 0; output && i < act->puts.len; i++)
		if (act->puts.at[i].resource == output)
			return &act->puts.at[i];
	return act->puts.len && !output ? &act->puts.at[0] : NULL;
}

/* Who says the same word again is given what was made the first time. */
static enum err said_before(struct ctx *c, struct act *act, bool *before)
{
	const struct act_put *answer = answer_of(act);
	struct version v;

	*before = false;
	if (!act->once.len || !answer || answer->version)
		return OK;
	enum err e = record_read(c, answer->type, answer->id, &v);
	if (e == ERR_NOT_FOUND)
		return OK;
	TRY(e);
	*before = true;
	return fhir_read_json(c, c->place->fhir, c->arena, v.body, &act->output);
}

static enum err write_all(struct ctx *c, struct act *act, struct acted *out)
{
	struct put *puts = NEW_N(c->arena, struct put, act->puts.len + 1);
	struct written *written = NEW_N(c->arena, struct written, act->puts.len + 1);
	const struct guard *guard = c->guard;
	size_t len = 0;

	for (size_t i = 0; i < act->puts.len; i++) {
		const struct act_put *from = &act->puts.at[i];

		if (!from->keep)
			continue;
		atoms_adopt(c->place->fhir->atoms, from->resource); /* what was added has no keys yet */
		puts[len++] = (struct put){ .type = from->type, .id = from->id,
					    .write = { .resource = from->resource,
						       .if_match = from->version,
						       .if_none_match = !from->version } };
	}
	out->written = written;
	if (!len && !act->also) /* it only told */
		return OK;
	if (act->action->flags & ACTION_TRUSTED)
		c->guard = NULL;
	enum err e = record_put_all(c, puts, len, act->also, act->also_arg);
	c->guard = guard;
	TRY(e);
	for (size_t i = 0; i < len; i++)
		written[i] = puts[i].written;
	out->written = written;
	out->count = len;
	return OK;
}

static enum err run_once(struct ctx *c, struct act *act, struct acted *out)
{
	bool before;

	TRY(subject_read(c, act));
	TRY(step(c, act));
	if (act->action->run)
		TRY(act->action->run(c, act));
	TRY(said_before(c, act, &before));
	if (!before)
		TRY(write_all(c, act, out));
	if (!act->output && answer_of(act))
		act->output = answer_of(act)->resource;
	out->output = act->output;
	return OK;
}

/* --- the audit --- */

static void note_done(struct ctx *c, const struct action *action, const struct acted *done)
{
	for (size_t i = 0; c->actor && i < done->count; i++) {
		const struct written *w = &done->written[i];

		if (w->unchanged)
			continue;
		audit_note(c, &(struct audit){
				      .what = w->created ? AUDIT_CREATE : AUDIT_CHANGE,
				      .person = w->version.person,
				      .resource = w->version.key,
				      .version = w->version.version,
				      .section = w->version.type,
				      .detail = str_of(action->name) });
	}
}

static void note_refused(struct ctx *c, const struct action *action, struct str id, enum err e)
{
	int64_t key = 0, person = 0;

	if (!c->actor || (e != ERR_NOT_FOUND && e != ERR_GONE && e != ERR_FORBIDDEN))
		return;
	if (id.len && record_whose(c, str_of(action->type), id, &key, &person) != OK)
		return;
	audit_note(c, &(struct audit){ .what = AUDIT_REFUSED, .person = person, .resource = key,
				       .section = str_of(action->type), .outcome = e,
				       .detail = str_of(action->name) });
}

enum err action_run(struct ctx *c, const struct action *action, struct str id,
		    const struct node *input, struct acted *out)
{
	enum err e = c->actor ? actor_need(c, action->capability) : OK;
	const struct node *checked = NULL;

	if (e == OK)
		e = input_check(c, action, input, &checked);
	for (int i = 0; e == OK && i < TRIES; i++) {
		struct act act = { .action = action, .id = id, .input = checked };
		struct acted done = { 0 };

		act.once = act_text(&act, "once");
		e = run_once(c, &act, &done);
		if (e == OK) {
			note_done(c, action, &done);
			*out = done;
			return OK;
		}
		if (e != ERR_STALE || act_text(&act, "version").len || i + 1 == TRIES)
			break;
		e = OK;
	}
	char why[sizeof c->why];
	memcpy(why, c->why, sizeof why);
	note_refused(c, action, id, e);
	memcpy(c->why, why, sizeof why);
	return e;
}

enum err action_follow(struct ctx *c, int64_t *done)
{
	*done = 0;
	for (const struct module *const *m = c->place->modules; m && *m; m++)
		if ((*m)->follow)
			TRY((*m)->follow(c, done));
	return OK;
}

enum err action_tick(struct ctx *c, int64_t *done)
{
	TRY(action_follow(c, done));
	for (const struct module *const *m = c->place->modules; m && *m; m++)
		if ((*m)->tick)
			TRY((*m)->tick(c, done));
	return OK;
}
