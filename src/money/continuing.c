/* continuing.c - NHS continuing healthcare: from the Checklist to the NHS's decision, which ends what the council charges.
 *
 * The Checklist is the form continuing-healthcare; which answers lead to a full assessment is data
 * (share/policy/england/continuing.tsv). Whoever recommends does not decide. When the NHS pays for all of the care the
 * decision on a charge that holds is followed, from that day, by one of nothing.
 */
#include "access/actor.h"
#include "money/decision.h"
#include "rules/table.h"

#define DAY_US INT64_C(86400000000)
#define DECIDE_DAYS 28 /* of the Checklist */
#define FIRST_REVIEW_DAYS 91
#define REVIEW_DAYS 365
#define FORM_URL CAUSEWAY_BASE "Questionnaire/continuing-healthcare"

static const struct sm_row rows[] = {
	{ "asked", "recommend", "recommended" },
	{ "asked", "withdraw", "withdrawn" },
	{ "recommended", "return", "asked" },
	{ "recommended", "grant", "eligible" },
	{ "recommended", "refuse", "not-eligible" },
	{ "recommended", "withdraw", "withdrawn" },
	{ "eligible", "review", "eligible" },
	{ "eligible", "end", "ended" },
	{ 0 }
};

static const struct flow_state states[] = {
	{ "asked", "requested", "Full assessment" },
	{ "recommended", "ready", "Waits for the NHS’s decision" },
	{ "eligible", "in-progress", "The NHS pays for the care" },
	{ "not-eligible", "completed", "Not eligible" },
	{ "ended", "completed", "Ended" },
	{ "withdrawn", "cancelled", "Withdrawn" },
	{ 0 }
};

const struct flow continuing_flow = {
	"continuing-healthcare", "NHS continuing healthcare", { "continuing-healthcare", "asked", rows }, states,
};

/* --- what the Checklist leads to --- */

struct checklist {
	struct str priority[32]; /* domains that can carry it */
	size_t priorities;
	int64_t a, b;
	bool a_priority;
	struct str day; /* it was filled in */
	struct str leads; /* the words of the row that is met; empty: none */
};

static enum err add_domain(struct ctx *c, void *arg, const struct table_row *row)
{
	struct checklist *k = arg;

	if (!str_is(row->cell[1], "priority"))
		return OK;
	if (k->priorities == sizeof k->priority / sizeof *k->priority)
		return table_fail(c, row, "is one domain too many.");
	k->priority[k->priorities++] = row->cell[0];
	return OK;
}

static void count_answers(struct checklist *k, const struct node *of, int depth)
{
	node_each(item, node_get(of, "item")) {
		struct str link = node_str(item, "linkId");
		struct str code = node_str(node_get(node_at(node_get(item, "answer"), 0), "valueCoding"), "code");

		if (depth < 6)
			count_answers(k, item, depth + 1);
		if (!str_starts(link, STR("domain.")))
			continue;
		k->b += str_is(code, "b");
		if (!str_is(code, "a"))
			continue;
		k->a++;
		for (size_t i = 0; i < k->priorities; i++)
			k->a_priority |= str_eq((struct str){ link.at + 7, link.len - 7 }, k->priority[i]);
	}
}

/* A row is met with an A in place of a B, never the other way. */
static enum err try_row(struct ctx *c, void *arg, const struct table_row *row)
{
	struct checklist *k = arg;
	int64_t a, b, from, to, today;
	struct when w;

	if (!str_int(row->cell[0], &a) || !str_int(row->cell[1], &b) || a < 0 || b < 0)
		return table_fail(c, row, "a and b are numbers of answers.");
	TRY(table_day(c, row, 4, INT64_MIN, &from));
	TRY(table_day(c, row, 5, INT64_MAX, &to));
	today = when_parse_datetime(k->day, &w) ? when_days(w.year, w.month, w.day) : clock_now(c->clock) / DAY_US;
	if (k->leads.len || today < from || today >= to)
		return OK;
	if (k->a >= a && k->a + k->b >= a + b && (k->a_priority || !str_is(row->cell[2], "yes")))
		k->leads = row->cell[3];
	return OK;
}

static enum err checklist_read(struct ctx *c, const struct node *response, struct checklist *out)
{
	const struct share *share = &c->place->share;
	struct checklist k = { .day = node_str(response, "authored") };

	TRY(table_read(c, share, c->arena, "policy/england/continuing_domain.tsv", "domain\thighest\twords\tsource", add_domain, &k));
	count_answers(&k, response, 0);
	TRY(table_read(c, share, c->arena, "policy/england/continuing.tsv", "a\tb\tpriority\twords\tfrom\tto\tsource\tevidence",
		       try_row, &k));
	*out = k;
	return OK;
}

/* --- the steps --- */

static enum err refer(struct ctx *c, struct act *act)
{
	struct node *response, *task;
	struct checklist k;

	TRY(act_look(c, act_text(act, "checklist"), "QuestionnaireResponse", &response));
	if (!str_starts(node_str(response, "questionnaire"), STR(FORM_URL)))
		return act_wrong(c, ERR_INVALID, "checklist", "These are answers to another form.");
	if (!str_is(node_str(response, "status"), "completed") && !str_is(node_str(response, "status"), "amended"))
		return fail(c, ERR_CONFLICT, "The Checklist is not complete yet.");
	TRY(checklist_read(c, response, &k));
	if (!k.leads.len && !act_text(act, "note").len)
		return act_wrong(c, ERR_CONFLICT, "note", "The Checklist has %lld A and %lld B, which leads to no full assessment. Say why there is one anyway.",
			    (long long)k.a, (long long)k.b);
	task = flow_begin(c, &continuing_flow, act_reference(response, "subject"), act_text(act, "checklist"));
	act_set(c, task, "description",
		k.leads.len ? str_of(arena_printf(c->arena, "NHS continuing healthcare: the Checklist has " STR_FMT, STR_ARG(k.leads))) :
			      STR("NHS continuing healthcare, whatever the Checklist says"));
	if (act_text(act, "to").len)
		act_refer(c, task, "owner", act_text(act, "to"));
	flow_set_due(c, task, clock_now(c->clock) + DECIDE_DAYS * DAY_US);
	act_remark(c, task, act_text(act, "note"));
	act_keep(c, act, task);
	act->output = task;
	return OK;
}

static struct str by(struct ctx *c)
{
	return str_of(arena_printf(c->arena, "%lld", c->actor ? (long long)c->actor->account : 0LL));
}

static enum err recommend(struct ctx *c, struct act *act)
{
	decision_put_text(c, act->subject, "recommended", act_true(act, "eligible") ? STR("eligible") : STR("not eligible"));
	decision_put_text(c, act->subject, "recommended-by", by(c));
	act_remark(c, act->subject, act_text(act, "note"));
	return OK;
}

static enum err remark(struct ctx *c, struct act *act)
{
	act_remark(c, act->subject, act_text(act, "note"));
	return OK;
}

static enum err not_the_same(struct ctx *c, const struct act *act)
{
	return c->actor && str_eq(by(c), decision_text(c, act->subject, "recommended-by")) ?
		       fail(c, ERR_FORBIDDEN, "Somebody other than who recommended it decides.") :
		       OK;
}

/* The council's charge ends with the NHS's decision, whoever at the NHS may or may not see the person's money: that is
 * looked up as the system. */
static enum err end_charge(struct ctx *c, struct act *act, struct str day)
{
	const struct guard *guard = c->guard;
	const struct actor *actor = c->actor;
	struct node *old = NULL, *response;
	struct decided nothing;
	enum err e;

	c->guard = NULL;
	c->actor = NULL;
	e = decision_in_force(c, act_reference(act->subject, "for"), &old);
	if (e == OK && old)
		e = act_edit(c, act, str_of(arena_printf(c->arena, DECISION "/" STR_FMT, STR_ARG(node_str(old, "id")))), DECISION, &old);
	if (e == OK && old)
		e = decision_again(c, old, &(struct decision_change){ day, { 0 }, STR("nhs_continuing_healthcare") }, &nothing);
	nothing.way = STR("NHS continuing healthcare");
	if (e == OK && old)
		e = decision_follow(c, act, old, &nothing, &response);
	c->guard = guard;
	c->actor = actor;
	return e;
}

static enum err grant(struct ctx *c, struct act *act)
{
	struct str day = act_text(act, "day");

	TRY(not_the_same(c, act));
	decision_put_text(c, act->subject, "eligible-from", day);
	flow_set_due(c, act->subject, clock_now(c->clock) + FIRST_REVIEW_DAYS * DAY_US);
	act_remark(c, act->subject, act_text(act, "note"));
	return end_charge(c, act, day);
}

static enum err refuse_it(struct ctx *c, struct act *act)
{
	TRY(not_the_same(c, act));
	return remark(c, act);
}

static enum err review(struct ctx *c, struct act *act)
{
	flow_set_due(c, act->subject, clock_now(c->clock) + REVIEW_DAYS * DAY_US);
	return remark(c, act);
}

/* --- the rows --- */

static const struct action_arg refer_args[] = {
	{ "checklist", "Reference", ARG_NEEDED, "The Checklist", "The completed form.", "QuestionnaireResponse" },
	{ "to", "Reference", 0, "Who assesses", NULL, "Organization" },
	{ "note", "markdown", 0, "Note", "Needed where the Checklist leads to no full assessment.", NULL },
	{ 0 }
};
static const struct action_arg recommend_args[] = {
	{ "eligible", "boolean", 0, "A main need for health care", "Leave it out if there is none.", NULL },
	{ "note", "markdown", ARG_NEEDED, "Why?", "Nature, intensity, complexity and how far it can be foreseen.", NULL },
	{ 0 }
};
static const struct action_arg grant_args[] = {
	{ "day", "date", ARG_NEEDED, "From", "From this day the NHS pays and the council charges nothing.", NULL },
	{ "note", "markdown", ARG_NEEDED, "Why?", NULL, NULL },
	{ 0 }
};
static const struct action_arg why_args[] = { { "note", "markdown", ARG_NEEDED, "Why?", NULL, NULL }, { 0 } };

#define STEP(op, label, help, capability, args, run)                                                              \
	{ "continuing-healthcare-" op, "continuing-" op, "Task", label, help, capability, args, &continuing_flow, op, run, \
	  ACTION_TRUSTED }

const struct action continuing_actions[] = {
	{ "continuing-healthcare-refer", "continuing-refer", "Task", "Ask for a full assessment",
	  "Ask for a full assessment for NHS continuing healthcare, as a completed Checklist leads to.", "care.write", refer_args,
	  &continuing_flow, NULL, refer, ACTION_NEW | ACTION_TRUSTED },
	STEP("recommend", "Recommend", "Say whether there is a main need for health care, and why.", "care.write", recommend_args,
	     recommend),
	STEP("return", "Send back", "Send a recommendation back, and say why.", "care.assign", why_args, remark),
	STEP("grant", "The NHS pays", "Decide that the NHS pays for the care: the council charges nothing from that day.",
	     "care.assign", grant_args, grant),
	STEP("refuse", "Not eligible", "Decide that there is no main need for health care, and say why.", "care.assign", why_args,
	     refuse_it),
	STEP("review", "Reviewed", "Looked at again, and it goes on.", "care.write", why_args, review),
	STEP("end", "End", "The NHS no longer pays: say why; what the person pays is then assessed anew.", "care.assign", why_args,
	     remark),
	STEP("withdraw", "Withdraw", "End what is no longer wanted, and say why.", "care.write", why_args, remark),
	{ 0 }
};
