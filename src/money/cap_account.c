/* cap_account.c - the care account of a person: what has counted towards the cap on care costs, kept from the day of
 * assessment until death, whoever arranges the care (Care Act 2014 ss15, 16, 28, 29, 37).
 *
 * What is agreed stands on an Account: the plan, the day of assessment, and a period for each change of care. The
 * clock writes into the ledger what each complete week adds, by the engine's own reckoning (care_account.c), and each
 * April's adjustment as an entry of its own: the balance is always what the statement says.
 */
#include "money/cap_account.h"

#define WEEKS_MOST 4000

void cap_read(struct node *account, struct cap *out)
{
	*out = (struct cap){
		.account = account,
		.id = node_str(account, "id"),
		.person = node_str(node_at(node_get(account, "subject"), 0), "reference"),
		.plan = kept_text_of(account, "cap-plan", "valueCode"),
		.assessed = read_day(kept_text_of(account, "cap-assessed", "valueDate")),
		.starts = read_day(kept_text_of(account, "cap-starts", "valueDate")),
	};
}

/* --- the case as it stands on a day --- */

static void put_money(struct ctx *c, struct node *to, const char *name, const struct node *from, const char *kept)
{
	int64_t pence = kept_money_of(from, kept);

	if (pence)
		node_add_str(c->arena, to, name, pence_print(c->arena, pence));
}

static void put_period(struct ctx *c, struct node *list, const struct node *kept)
{
	struct node *period = node_add(c->arena, list, NULL, NODE_OBJECT), *package, *part;

	node_add_str(c->arena, period, "from", kept_text_of(kept, "from", "valueDate"));
	node_add_str(c->arena, period, "setting", kept_text_of(kept, "setting", "valueCode"));
	package = node_add(c->arena, period, "package", NODE_ARRAY);
	part = node_add(c->arena, package, NULL, NODE_OBJECT);
	node_add_cstr(c->arena, part, "for", "eligible_needs");
	put_money(c, part, "weekly", kept, "eligible");
	if (kept_money_of(kept, "top-up")) {
		part = node_add(c->arena, package, NULL, NODE_OBJECT);
		node_add_cstr(c->arena, part, "for", "top_up");
		put_money(c, part, "weekly", kept, "top-up");
	}
	put_money(c, period, "person_pays", kept, "pays");
}

/* Born: the Patient's, needed for the cap of who is young. */
static enum err cap_case(struct ctx *c, const struct cap *cap, int64_t on, struct node **out)
{
	struct node *given = node_new(c->arena, NODE_OBJECT), *periods, *adjustments, *patient;

	TRY(act_look(c, cap->person, "Patient", &patient));
	node_add_str(c->arena, given, "plan", cap->plan);
	node_add_str(c->arena, given, "born", node_str(patient, "birthDate"));
	node_add_str(c->arena, given, "assessed_on", money_day(c->arena, cap->assessed));
	node_add_str(c->arena, given, "plan_starts_on", money_day(c->arena, cap->starts));
	node_add_str(c->arena, given, "statement_on", money_day(c->arena, on));
	put_money(c, given, "brought_forward", cap->account, "cap-brought");
	periods = node_add(c->arena, given, "periods", NODE_ARRAY);
	adjustments = node_add(c->arena, given, "adjustments", NODE_ARRAY);
	node_each(one, node_get(cap->account, "extension")) {
		int64_t year;

		if (kept_is(one, "cap-period"))
			put_period(c, periods, one);
		if (!kept_is(one, "cap-adjustment") || !str_int(kept_text_of(one, "year", "valueString"), &year))
			continue;
		struct node *adjustment = node_add(c->arena, adjustments, NULL, NODE_OBJECT);
		node_add_int(c->arena, adjustment, "year", year);
		node_add_str(c->arena, adjustment, "earnings_percent", kept_text_of(one, "percent", "valueString"));
	}
	*out = given;
	return OK;
}

enum err cap_work(struct ctx *c, const struct cap *cap, int64_t on, struct node **result)
{
	const struct charge_rules *rules;
	struct node *given;

	TRY(money_rules(c, &rules));
	TRY(cap_case(c, cap, on, &given));
	TRY(charge_case(c, rules, STR("care_account"), given, result, NULL));
	if (node_get(*result, "refused"))
		return fail(c, ERR_INVALID, "The rules give no answer: " STR_FMT ".", STR_ARG(node_str(*result, "refused")));
	return OK;
}

/* --- metering --- */

static bool is_adjusted_on(const struct cap *cap, int64_t day)
{
	int y, m, d;
	int64_t year;

	when_civil(day, &y, &m, &d);
	if (m != 4 || d != 6)
		return false;
	node_each(one, node_get(cap->account, "extension"))
		if (kept_is(one, "cap-adjustment") && str_int(kept_text_of(one, "year", "valueString"), &year) && year == y)
			return true;
	return false;
}

/* What one day adds, as an entry of its own: the last of a week, or an April's adjustment. */
static enum err meter_day(struct ctx *c, const struct cap *cap, int64_t day, bool week, int64_t *before, struct moves *out)
{
	struct node *result;
	const char *word = week ? "week" : "april";
	struct str scheme = str_of(arena_printf(c->arena, "scheme:" STR_FMT, STR_ARG(cap->plan)));

	TRY(cap_work(c, cap, day, &result));
	int64_t accrued = result_pence(result, "accrued");
	moves_add(c, out, (struct move){
		scheme, str_of(arena_printf(c->arena, "metered:" STR_FMT, STR_ARG(cap->id))), accrued - *before, day,
		str_of(arena_printf(c->arena, "meter:" STR_FMT ":%s:" STR_FMT, STR_ARG(cap->id), word,
				    STR_ARG(money_day(c->arena, day)))),
		week ? STR("A week of care counted") : STR("Adjusted by average earnings") });
	*before = accrued;
	return OK;
}

/* What another council had counted, before the first week here. */
static void meter_brought(struct ctx *c, const struct cap *cap, int64_t start, int64_t *accrued, struct moves *out)
{
	int64_t brought = kept_money_of(cap->account, "cap-brought");

	moves_add(c, out, (struct move){
		str_of(arena_printf(c->arena, "scheme:" STR_FMT, STR_ARG(cap->plan))),
		str_of(arena_printf(c->arena, "metered:" STR_FMT, STR_ARG(cap->id))), brought, start,
		str_of(arena_printf(c->arena, "meter:" STR_FMT ":brought", STR_ARG(cap->id))), STR("Counted by another council before") });
	*accrued += brought;
}

/* From the first day not yet in the ledger to today. */
static enum err meter(struct ctx *c, const struct cap *cap, int64_t today, struct moves *out)
{
	int64_t start = pence_max(cap->assessed, cap->starts), accrued = 0, from = start;
	struct str last = kept_text_of(cap->account, "cap-metered", "valueDate");

	if (today - start > 7 * WEEKS_MOST)
		return fail(c, ERR_LIMIT, "A care account runs for at most %d weeks.", WEEKS_MOST);
	{
		READER(db);

		TRY(store_reader(c, c->place->store, &db));
		TRY(balance_of(c, db, str_of(arena_printf(c->arena, "metered:" STR_FMT, STR_ARG(cap->id))), &accrued));
	}
	if (read_day(last) != NO_DAY)
		from = read_day(last) + 1;
	else
		meter_brought(c, cap, start, &accrued, out);
	for (int64_t day = from; day < today; day++) {
		if (is_adjusted_on(cap, day))
			TRY(meter_day(c, cap, day, false, &accrued, out));
		if ((day - start) % 7 == 6)
			TRY(meter_day(c, cap, day, true, &accrued, out));
	}
	return OK;
}

/* Meter up to today and say so on the account. Entries are in the ledger before the day is: what was written twice is
 * found by its token. */
static enum err meter_run(struct ctx *c, struct act *act)
{
	struct moves *moves = NEW(c->arena, struct moves);
	int64_t today = money_today(c);
	struct cap cap;

	TRY(account_need(c, act->subject, CAP_KIND, "care account"));
	cap_read(act->subject, &cap);
	moves->resource = str_of(arena_printf(c->arena, "Account/" STR_FMT, STR_ARG(cap.id)));
	TRY(meter(c, &cap, today, moves));
	TRY(moves_ready(c, moves));
	kept_text(c, act->subject, "cap-metered", "valueDate", money_day(c->arena, today - 1));
	if (moves->at.len)
		act_also(act, moves_write, moves);
	act_keep(c, act, act->subject);
	return OK;
}

/* Once a week is enough: nothing counts before a week is complete. */
static enum err meter_due(struct ctx *c, struct node *account, void *arg)
{
	int64_t *done = arg, last, today = money_today(c);
	struct acted acted;
	struct cap cap;

	cap_read(account, &cap);
	last = read_day(kept_text_of(account, "cap-metered", "valueDate"));
	if (cap.assessed == NO_DAY || (last != NO_DAY && today - 1 - last < 7) || today <= pence_max(cap.assessed, cap.starts))
		return OK;
	TRY(action_run(c, action_find(c->place, STR("care-account-meter")), cap.id, NULL, &acted));
	++*done;
	return OK;
}

/* The year's statement is sent by the clock, whether or not anybody remembers. */
static enum err send_due(struct ctx *c, struct node *account, void *arg)
{
	int64_t *done = arg, due;
	struct acted acted;
	struct cap cap;

	cap_read(account, &cap);
	TRY(cap_statement_due(c, &cap, &due));
	if (cap.assessed == NO_DAY || due > money_today(c))
		return OK;
	TRY(action_run(c, action_find(c->place, STR("care-account-send")), cap.id, NULL, &acted));
	++*done;
	return OK;
}

enum err care_account_tick(struct ctx *c, int64_t *done)
{
	TRY(accounts_each(c, CAP_KIND, meter_due, done));
	return accounts_each(c, CAP_KIND, send_due, done);
}

/* --- opening, changing --- */

static enum err add_period(struct ctx *c, const struct act *act, struct node *account, int64_t from)
{
	static const char *const amounts[][3] = { { "eligible", "eligible", "Cost of eligible care" },
						  { "pays", "pays", "What the person pays" },
						  { "top-up", "top-up", "Top-up" } };
	struct str setting = act_text(act, "setting");
	struct node *period;
	int64_t pence;

	TRY(choice_check(c, act, "setting"));
	node_each(one, node_get(account, "extension"))
		if (kept_is(one, "cap-period") && read_day(kept_text_of(one, "from", "valueDate")) >= from)
			return act_wrong(c, ERR_INVALID, "from", "The last change of care is not before that day.");
	period = kept_group(c, account, "cap-period");
	kept_text(c, period, "from", "valueDate", money_day(c->arena, from));
	kept_text(c, period, "setting", "valueCode", setting);
	for (size_t i = 0; i < sizeof amounts / sizeof *amounts; i++) {
		if (!act_text(act, amounts[i][0]).len)
			continue;
		TRY(pence_read(c, act, amounts[i][0], amounts[i][2], 0, &pence));
		kept_money(c, period, amounts[i][1], pence);
	}
	return OK;
}

/* The account follows the person: what another council had counted when they came here (Care Act 2014 s37). */
static enum err bring(struct ctx *c, const struct act *act, struct node *account)
{
	struct str from = act_text(act, "brought-from");
	int64_t pence;

	if (!act_text(act, "brought").len)
		return OK;
	TRY(pence_read(c, act, "brought", "Counted elsewhere", 0, &pence));
	if (!from.len)
		return act_wrong(c, ERR_INVALID, "brought-from", "Say which council counted it.");
	kept_money(c, account, "cap-brought", pence);
	kept_text(c, account, "cap-brought-from", "valueString", from);
	return OK;
}

static enum err open_one(struct ctx *c, struct act *act)
{
	int64_t assessed = read_day(act_text(act, "assessed")), starts = read_day(act_text(act, "starts"));
	struct str plan = act_text(act, "plan");
	struct node *account, *result;
	struct cap cap;

	TRY(choice_check(c, act, "plan"));
	TRY(account_new(c, CAP_KIND, "Care account", act_text(act, "person"), assessed, &account));
	kept_text(c, account, "cap-plan", "valueCode", plan);
	kept_text(c, account, "cap-assessed", "valueDate", money_day(c->arena, assessed));
	kept_text(c, account, "cap-starts", "valueDate", money_day(c->arena, starts == NO_DAY ? assessed : starts));
	TRY(bring(c, act, account));
	TRY(add_period(c, act, account, assessed));
	cap_read(account, &cap);
	TRY(cap_work(c, &cap, money_today(c), &result)); /* what cannot be worked out is not opened */
	if (kept_money_of(account, "cap-brought") > result_pence(result, "cap"))
		return act_wrong(c, ERR_INVALID, "brought", "More was counted elsewhere than the cap of " STR_FMT ".",
			    STR_ARG(pence_say(c->arena, result_pence(result, "cap"))));
	act_keep(c, act, account);
	return OK;
}

static enum err change(struct ctx *c, struct act *act)
{
	int64_t from = argument_day(c, act, "from"), metered = read_day(kept_text_of(act->subject, "cap-metered", "valueDate"));

	TRY(account_need(c, act->subject, CAP_KIND, "care account"));
	if (metered != NO_DAY && from <= metered)
		return fail(c, ERR_CONFLICT, "Weeks until " STR_FMT " are counted already.", STR_ARG(long_day(c->arena, metered)));
	TRY(add_period(c, act, act->subject, from));
	act_keep(c, act, act->subject);
	return OK;
}

static enum err adjust(struct ctx *c, struct act *act)
{
	struct str year = act_text(act, "year"), percent = act_text(act, "percent");
	int64_t y, metered = read_day(kept_text_of(act->subject, "cap-metered", "valueDate"));
	struct node *one, *result;
	struct cap cap;

	TRY(account_need(c, act->subject, CAP_KIND, "care account"));
	if (!str_int(year, &y) || y < 2016 || y > 2200)
		return act_wrong(c, ERR_INVALID, "year", "The year of an adjustment is from 2016.");
	if (metered != NO_DAY && when_days((int)y, 4, 6) <= metered)
		return fail(c, ERR_CONFLICT, "Weeks until " STR_FMT " are counted already.", STR_ARG(long_day(c->arena, metered)));
	node_each(old, node_get(act->subject, "extension"))
		if (kept_is(old, "cap-adjustment") && str_eq(kept_text_of(old, "year", "valueString"), year))
			return fail(c, ERR_CONFLICT, "April " STR_FMT " is adjusted already.", STR_ARG(year));
	one = kept_group(c, act->subject, "cap-adjustment");
	kept_text(c, one, "year", "valueString", year);
	kept_text(c, one, "percent", "valueString", percent);
	cap_read(act->subject, &cap);
	if (cap_work(c, &cap, money_today(c), &result) != OK)
		return act_wrong(c, ERR_INVALID, "percent", "%s", arena_str(c->arena, c->why));
	act_keep(c, act, act->subject);
	return OK;
}

/* The account follows the person: another council keeps it from now on, with all that has counted. */
static enum err move_on(struct ctx *c, struct act *act)
{
	struct node *one = kept_group(c, act->subject, "cap-moved");

	TRY(account_need(c, act->subject, CAP_KIND, "care account"));
	kept_text(c, one, "from", "valueString", act_reference(act->subject, "owner"));
	kept_text(c, one, "on", "valueDate", money_day(c->arena, money_today(c)));
	TRY(cap_send(c, act)); /* whoever moves takes a statement with them */
	act_refer(c, act->subject, "owner", act_text(act, "to"));
	return OK;
}

/* --- the rows --- */

#define CARE_ARGS \
	{ "setting", "code", ARG_NEEDED, "Where care is given", NULL, "$money-choices/setting" }, \
	{ "eligible", "decimal", ARG_NEEDED, "Cost of eligible care, pounds a week", "What it costs the council, or would.", NULL }, \
	{ "pays", "decimal", 0, "What the person pays of it, pounds a week", "Counts alone under the plan of 2023.", NULL }, \
	{ "top-up", "decimal", 0, "Top-up, pounds a week", "Never counts.", NULL }

static const struct action_arg open_args[] = {
	{ "person", "Reference", ARG_NEEDED, "Whose care account", NULL, "Patient" },
	{ "plan", "code", ARG_NEEDED, "By which plan", NULL, "$money-choices/plan" },
	{ "assessed", "date", ARG_NEEDED, "Day of the assessment", "Nothing counts before.", NULL },
	{ "starts", "date", 0, "Day the plan begins", "The day of the assessment unless you say another.", NULL },
	CARE_ARGS,
	{ "brought", "decimal", 0, "Counted by another council", "What its statement says had counted when the person moved here.", NULL },
	{ "brought-from", "string", 0, "Which council", NULL, NULL },
	{ 0 }
};
static const struct action_arg change_args[] = { { "from", "date", 0, "From", "Today unless you say so.", NULL }, CARE_ARGS, { 0 } };
static const struct action_arg adjust_args[] = {
	{ "year", "integer", ARG_NEEDED, "April of which year", NULL, NULL },
	{ "percent", "decimal", ARG_NEEDED, "Change of average earnings in percent", NULL, NULL },
	{ 0 }
};
static const struct action_arg move_args[] = { { "to", "Reference", ARG_NEEDED, "To which council", NULL, "Organization" }, { 0 } };

#define ROW(op, label, help, capability, args, run, flags) \
	{ "care-account-" op, "care-account-" op, "Account", label, help, capability, args, NULL, NULL, run, flags }

const struct action care_account_actions[] = {
	ROW("open", "Open a care account", "Begin to count what care costs towards a cap.", "money.write", open_args, open_one,
	    ACTION_NEW),
	ROW("change", "Care changes", "From a day on the week's care costs something else.", "money.write", change_args, change, 0),
	ROW("adjust", "Adjust for earnings", "Change cap and what has counted alike, as average earnings did.", "money.write",
	    adjust_args, adjust, 0),
	ROW("move", "Moves to another council", "Hand a care account on to where the person lives now, with a statement.", "money.write",
	    move_args, move_on, ACTION_TRUSTED),
	ROW("send", "Send the statement", "Tell the person in writing how the account stands; once a year the clock does.", "money.write",
	    NULL, cap_send, ACTION_TRUSTED),
	ROW("meter", "Count weeks", "Write the complete weeks into the ledger.", "money.write", NULL, meter_run, ACTION_QUIET),
	ROW("statement", "Statement", "What has counted towards the cap, and when it will be reached.", "money.read", NULL,
	    cap_statement, ACTION_QUIET),
	{ "care-account-own", "own-care-account", "Patient", "My care account", "The person's own care accounts.", "own.read", NULL,
	  NULL, NULL, cap_own, ACTION_QUIET },
	{ 0 }
};
