/* demo_money.c - people's money in an invented place, made by the same actions as anyone's, each on its own day: budgets in
 * every state, receipts and returns, a surplus under review, a care account near its cap, a deferred payment; financial
 * assessments in every state, and NHS continuing healthcare that ended a charge. */
#include "main/demo_money.h"

#include "access/sign_in.h"
#include "act/action.h"
#include "base/when.h"
#include "ledger/ledger.h"
#include "main/modules.h"
#include "money/money.h"
#include "record/search.h"

#define DAY INT64_C(86400000000)

/* Cases of charging; @born is put in. */
#define PERSON "\"person\":{\"born\":\"@born\",\"relationship\":\"single\"}"
#define INCOME(state, works, aa)                                                                                  \
	"\"income\":[{\"type\":\"state_pension\",\"weekly\":\"" state "\"},{\"type\":\"occupational_pension\",\"weekly\":\"" works \
	"\"},{\"type\":\"attendance_allowance\",\"weekly\":\"" aa "\"}]"
#define SAVED(amount) "\"capital\":[{\"type\":\"savings\",\"amount\":\"" amount "\"}]"
#define AT_HOME(cost, income, saved, more)                                                                        \
	"case={\"kind\":\"community\",\"given\":{\"on\":\"2025-09-01\",\"scheme\":\"current\",\"weekly_cost\":\"" cost "\"," PERSON \
	"," income "," saved more "}}"
#define IN_CARE_HOME(cost, income, saved, more)                                                                   \
	"case={\"kind\":\"residential\",\"given\":{\"on\":\"2025-09-01\",\"scheme\":\"current\",\"gross_weekly_cost\":\"" cost   \
	"\",\"nursing_band\":\"none\"," PERSON "," income "," saved more "}}"
#define HOUSING ",\"housing\":{\"council_tax\":\"24.60\"},\"disability_expenses\":[{\"weekly\":\"18.50\",\"decision\":\"allowed\"}]"
#define CHECKLIST                                                                                                 \
	"set=before.agreed=yes|before.rapid=false|domain.breathing=a|domain.nutrition=b|domain.continence=b|domain.skin=b|"   \
	"domain.mobility=b|domain.communication=c|domain.psychological=c|domain.cognition=b|domain.behaviour=c|domain.drugs=b|" \
	"domain.consciousness=c|told=true"

/* What somebody did, so many days ago: `person` makes something for them, "" makes something of what was made last (@made is its
 * id), NULL does it to what was made last. "tick" is
 * the clock's own work, without which nothing was paid since. */
static const struct {
	const char *login, *action, *person, *given;
	int days;
} deeds[] = {
	/* a direct payment that piles up: returns came, then stopped */
	{ "fenn", "budget-indicate", "p-000001", "points=240;carer=20", 225 },
	{ "fenn", "budget-propose", NULL, "weekly=201.60;charge=21.60;held=direct-payment;purposes=personal-assistant respite payroll", 222 },
	{ "thorne", "budget-sign-off", NULL, "", 220 },
	{ "fenn", "budget-start", NULL, "", 210 },
	{ "fenn", "budget-spend", NULL, "purpose=personal-assistant;amount=640.00;receipt=PA-01", 182 },
	{ "fenn", "budget-spend", NULL, "purpose=payroll;amount=48.00;receipt=PR-01", 180 },
	{ "fenn", "budget-pay-in", NULL, "amount=86.40;receipt=SO-01", 180 },
	{ "fenn", "budget-spend", NULL, "purpose=personal-assistant;amount=640.00;receipt=PA-02", 154 },
	{ "fenn", "budget-spend", NULL, "purpose=respite;amount=310.00;receipt=R-7", 130 },
	{ "fenn", "budget-take-return", NULL, "balance=1248.40;note=Two receipts attached", 121 },
	{ "fenn", "budget-spend", NULL, "purpose=personal-assistant;amount=320.00;receipt=PA-03", 95 },
	{ NULL, "tick", NULL, "", 10 },
	{ "fenn", "budget-recover-notice", NULL, "amount=1500.00;reason=Nineteen weeks of the budget are unspent, and the plan names nothing they are saved for.", 9 },
	/* shared with the NHS, held by a third party, spent as planned */
	{ "fenn", "budget-indicate", "p-000004", "points=420", 100 },
	{ "fenn", "budget-propose", NULL, "weekly=441.00;nhs=180.00;charge=36.00;held=third-party;holder=Marl Valley Trust;purposes=home-care therapy transport", 98 },
	{ "thorne", "budget-sign-off", NULL, "", 95 },
	{ "fenn", "budget-start", NULL, "", 80 },
	{ "fenn", "budget-spend", NULL, "purpose=home-care;amount=1520.00;receipt=MV-310", 55 },
	{ "fenn", "budget-spend", NULL, "purpose=therapy;amount=220.00;receipt=MV-322", 50 },
	{ "fenn", "budget-spend", NULL, "purpose=home-care;amount=1520.00;receipt=MV-345", 27 },
	{ "fenn", "budget-take-return", NULL, "balance=1600.00", 20 },
	/* the council arranges it; and its care account is near the cap */
	{ "fenn", "budget-indicate", "p-000005", "points=560", 60 },
	{ "fenn", "budget-propose", NULL, "weekly=588.00;charge=112.00;held=managed", 58 },
	{ "thorne", "budget-sign-off", NULL, "", 57 },
	{ "fenn", "budget-start", NULL, "", 56 },
	{ "fenn", "care-account-open", "p-000004", "plan=planned_2016;setting=care_home;eligible=588.00;pays=412.00", 1340 },
	/* still to be signed off, and a first figure */
	{ "fenn", "budget-indicate", "p-000007", "points=180;carer=10", 6 },
	{ "fenn", "budget-propose", NULL, "weekly=190.00;held=direct-payment;purposes=day-activity transport;reason=Transport to the day centre was left out of the points.", 2 },
	{ "fenn", "budget-indicate", "p-000006", "points=310", 1 },
	{ "thorne", "deferred-payment-agree", "p-000006", "value=165000;cost=650.00;income=230.00;keeps=144.00;fee=600.00;security=first-charge;capital=11400.00", 830 },
	/* financial assessments: decided, with the means of different people */
	{ "fenn", "financial-assessment-begin", "p-000003", AT_HOME("310.00", INCOME("204.30", "38.10", "73.90"), SAVED("9120.00"), HOUSING), 140 },
	{ "fenn", "financial-assessment-take", NULL, "", 138 },
	{ "fenn", "financial-assessment-save", NULL, "seen=Pension letter of April 2025, bank statements of June to August", 137 },
	{ "fenn", "financial-assessment-prepare", NULL, "", 137 },
	{ "thorne", "financial-assessment-decide", NULL, "", 135 },
	{ "fenn", "financial-assessment-begin", "p-000005", IN_CARE_HOME("742.00", INCOME("230.25", "96.40", "0.00"), SAVED("15870.00"), ""), 120 },
	{ "fenn", "financial-assessment-take", NULL, "", 119 },
	{ "fenn", "financial-assessment-save", NULL, "seen=Works pension letter, building society book", 117 },
	{ "fenn", "financial-assessment-prepare", NULL, "", 117 },
	{ "thorne", "financial-assessment-decide", NULL, "", 116 },
	{ "fenn", "financial-assessment-begin", "older-1", IN_CARE_HOME("815.00", INCOME("219.80", "140.00", "0.00"), SAVED("61200.00"), ""), 100 },
	{ "fenn", "financial-assessment-take", NULL, "", 99 },
	{ "fenn", "financial-assessment-prepare", NULL, "light=true;note=Savings are far above the upper limit, one statement seen", 98 },
	{ "thorne", "financial-assessment-decide", NULL, "", 97 },
	{ "fenn", "financial-assessment-begin", "older-2", AT_HOME("186.00", INCOME("188.40", "0.00", "110.40"), SAVED("2310.00"), HOUSING), 90 },
	{ "fenn", "financial-assessment-take", NULL, "", 88 },
	{ "fenn", "financial-assessment-prepare", NULL, "", 86 },
	{ "thorne", "financial-assessment-decide", NULL, "", 85 },
	{ "fenn", "financial-assessment-begin", "older-3", AT_HOME("264.00", INCOME("176.45", "310.00", "73.90"), SAVED("0.00"), ""), 70 },
	{ "fenn", "financial-assessment-take", NULL, "", 69 },
	{ "fenn", "financial-assessment-prepare", NULL, "refused=true;note=Wrote that their money is nobody's business, and was told what that means", 60 },
	{ "thorne", "financial-assessment-decide", NULL, "", 58 },
	/* NHS continuing healthcare: granted, which ended the charge of the care home */
	{ "raman", "form-begin", "p-000005", "form=continuing-healthcare", 52 },
	{ "raman", "form-save", NULL, CHECKLIST, 52 },
	{ "raman", "form-complete", NULL, "", 52 },
	{ "raman", "continuing-healthcare-refer", "", "checklist=QuestionnaireResponse/@made", 51 },
	{ "raman", "continuing-healthcare-recommend", NULL, "eligible=true;note=Breathing changes without warning and needs a nurse by day and night", 35 },
	{ "hurst", "continuing-healthcare-grant", NULL, "day=@day;note=The NHS agreed after the meeting of the team", 30 },
	/* still to do, in every state */
	{ "fenn", "financial-assessment-begin", "older-4", AT_HOME("228.50", INCOME("201.15", "55.20", "0.00"), SAVED("18400.00"), HOUSING), 9 },
	{ "fenn", "financial-assessment-take", NULL, "", 8 },
	{ "fenn", "financial-assessment-save", NULL, "seen=Pension letter of April 2025", 7 },
	{ "fenn", "financial-assessment-prepare", NULL, "", 2 },
	{ "fenn", "financial-assessment-begin", "older-5", IN_CARE_HOME("690.00", INCOME("230.25", "22.00", "0.00"), SAVED("12050.00"),
	  ",\"stay\":{\"type\":\"permanent\",\"admitted_on\":\"2025-08-11\"},\"home\":{\"market_value\":\"215000.00\",\"sale_costs\":true}"), 6 },
	{ "fenn", "financial-assessment-take", NULL, "", 4 },
	{ "fenn", "financial-assessment-save", NULL, "seen=Land register of the home", 3 },
	{ "fenn", "financial-assessment-begin", "older-6", AT_HOME("145.00", INCOME("169.50", "12.60", "73.90"), SAVED("6800.00"), ""), 12 },
	{ "fenn", "financial-assessment-take", NULL, "", 11 },
	{ "fenn", "financial-assessment-prepare", NULL, "", 10 },
	{ "thorne", "financial-assessment-return", NULL, "note=The bank statement is of last year", 5 },
	{ "fenn", "financial-assessment-begin", "older-7", AT_HOME("98.00", INCOME("221.20", "0.00", "0.00"), SAVED("3100.00"), ""), 20 },
	{ "fenn", "financial-assessment-withdraw", NULL, "note=Their daughter will give the care", 15 },
	{ "fenn", "financial-assessment-begin", "older-8", AT_HOME("172.20", INCOME("230.25", "31.70", "73.90"), SAVED("14600.00"), HOUSING), 1 },
};

static enum err is_made(struct ctx *c, bool *made)
{
	struct account *all;
	size_t len;
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	TRY(ledger_accounts(c, db, STR("fund:"), &all, &len));
	*made = len > 0;
	return OK;
}

/* A text with @born, @made and @day put in. */
static struct str filled(struct ctx *c, struct str text, struct str born, struct str made, struct str day)
{
	const struct {
		struct str name, value;
	} all[] = { { STR("@born"), born }, { STR("@made"), made }, { STR("@day"), day } };
	struct buf b;

	buf_init(&b, c->arena, 0);
	for (size_t at = 0; at < text.len; at++) {
		struct str rest = { text.at + at, text.len - at };
		size_t i = 0;

		while (i < 3 && !str_starts(rest, all[i].name))
			i++;
		if (i == 3) {
			buf_char(&b, text.at[at]);
			continue;
		}
		buf_str(&b, all[i].value);
		at += all[i].name.len - 1;
	}
	return buf_get(&b);
}

/* Some people of pension age, whoever they are in this place; older-1 is the first. */
struct older {
	struct str ids[8];
	size_t len;
};

static enum err find_older(struct ctx *c, struct older *out)
{
	const struct search *search;
	struct search_page page;

	TRY(search_parse(c, STR("Patient"), STR("_count=60&birthdate=lt1952-01-01"), &search));
	TRY(search_run(c, search, &page));
	for (size_t i = 0; i < page.len && out->len < sizeof out->ids / sizeof *out->ids; i++) {
		struct str id = page.at[i].id;
		struct node *tree;

		TRY(fhir_read_json(c, c->place->fhir, c->arena, page.at[i].body, &tree));
		if (str_starts(id, STR("p-")) && str_cmp(id, STR("p-000006")) > 0 && !node_get(tree, "deceasedDateTime") &&
		    !node_get(tree, "deceasedBoolean"))
			out->ids[out->len++] = id;
	}
	return OK;
}

/* The id of whom a deed is about; empty: this place has nobody like that. */
static struct str whom(struct ctx *c, const struct older *older, const char *person)
{
	struct str id = str_of(person), number = id;
	int64_t n, key, whose;

	if (str_starts(id, STR("older-"))) {
		number = (struct str){ id.at + 6, id.len - 6 };
		return str_int(number, &n) && n >= 1 && (size_t)n <= older->len ? older->ids[n - 1] : (struct str){ 0 };
	}
	return record_whose(c, STR("Patient"), id, &key, &whose) == OK && key ? id : (struct str){ 0 };
}

/* When a person of the place was born; empty for nobody. */
static struct str born_of(struct ctx *c, struct str person)
{
	struct node *tree;
	struct version v;

	if (!person.len || record_read(c, STR("Patient"), person, &v) != OK ||
	    fhir_read_json(c, c->place->fhir, c->arena, v.body, &tree) != OK)
		return (struct str){ 0 };
	return node_str(tree, "birthDate");
}

/* "name=value;name=value", the days of ago put in where an action asks for its day. */
static struct node *input_of(struct ctx *c, size_t i, struct str who, int64_t day, struct str made)
{
	struct node *input = node_new(c->arena, NODE_OBJECT), *list;
	const char *on = arena_printf(c->arena, "%.10s", str_dup(c->arena, when_print(c->arena, when_from_us(day))));
	struct str rest = filled(c, str_of(deeds[i].given), born_of(c, who), made, str_of(on));

	if (who.len)
		node_add_cstr(c->arena, input, "person", arena_printf(c->arena, "Patient/" STR_FMT, STR_ARG(who)));
	while (rest.at && rest.len) {
		struct str one = str_cut(&rest, ';');
		const char *name = str_dup(c->arena, str_cut(&one, '='));
		char between = strcmp(name, "purposes") == 0 ? ' ' : strcmp(name, "set") == 0 ? '|' : 0;

		if (!between) {
			node_add_str(c->arena, input, name, one);
			continue;
		}
		list = node_add(c->arena, input, name, NODE_ARRAY);
		while (one.at)
			node_add_str(c->arena, list, NULL, str_cut(&one, between));
	}
	if (strcmp(deeds[i].action, "budget-take-return") == 0)
		node_add_cstr(c->arena, input, "until", on);
	if (strcmp(deeds[i].action, "care-account-open") == 0)
		node_add_cstr(c->arena, input, "assessed", on);
	return input;
}

static enum err do_one(struct ctx *c, size_t i, struct str who, struct str *made)
{
	const struct action *action = action_find(c->place, str_of(deeds[i].action));
	int64_t then = clock_now(c->clock) - deeds[i].days * DAY;
	struct clock_fixed clock;
	struct ctx own = *c;
	struct acted done;
	int64_t ticked = 0;

	clock_fixed_init(&clock, then);
	own.clock = &clock.clock;
	if (!deeds[i].login)
		return money_module.tick(&own, &ticked);
	TRY(sign_in_actor(c, str_of(deeds[i].login), &own.actor));
	if (!action)
		return fail(c, ERR_NOT_FOUND, "there is no action %s", deeds[i].action);
	enum err e = action_run(&own, action, deeds[i].person ? STR("") : *made, input_of(c, i, who, then, *made), &done);
	if (e != OK)
		return fail(c, e, "%s: %s", deeds[i].action, own.why);
	if (deeds[i].person)
		*made = node_str(done.output, "id");
	return OK;
}

enum err demo_money(struct ctx *c)
{
	struct str made = STR("");
	struct older older = { .len = 0 };
	int64_t done;
	bool before, skip = false;

	c->place->modules = all_modules;
	TRY(is_made(c, &before));
	if (before)
		return OK;
	TRY(find_older(c, &older));
	for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++) {
		struct str who = { 0 };

		if (deeds[i].person && *deeds[i].person) {
			who = whom(c, &older, deeds[i].person);
			skip = !who.len; /* a small place has not everyone */
		}
		if (!skip)
			TRY(do_one(c, i, who, &made));
	}
	return action_tick(c, &done);
}
