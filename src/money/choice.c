/* choice.c - the lists one chooses from: what a budget may go on (share/policy/england/purpose.tsv), who may hold it,
 * and the few words of care accounts and deferred payments.
 *
 * What a purpose costs a person who chooses wrongly is a reason, not a code: an excluded purpose is refused in the
 * words of its row.
 */
#include "money/budget.h"

#include "rules/table.h"

/* --- short lists, which are law rather than a place's choice --- */

static const struct {
	const char *list, *code, *words;
} choices[] = {
	{ "held", "managed", "The council arranges the care" },
	{ "held", "direct-payment", "Direct payment" },
	{ "held", "third-party", "Held by a third party" },
	{ "held", "individual-service-fund", "Held by a provider" },
	{ "held", "notional", "The NHS arranges the care" },
	{ "plan", "planned_2016", "The plan for 2016, which never commenced" },
	{ "plan", "planned_2023", "The plan for 2023, which never commenced" },
	{ "setting", "community", "At home" },
	{ "setting", "care_home", "In a care home" },
	{ "verdict", "accepted", "Accepted: it proves what it is for" },
	{ "verdict", "refused", "Refused: it does not" },
	{ "security", "first-charge", "First legal charge on the home" },
	{ "security", "later-charge", "A later charge on the home" },
	{ "security", "undertaking", "A solicitor's undertaking, or a guarantee" },
};
enum { CHOICES = sizeof choices / sizeof *choices };

struct str choice_words(const char *list, struct str code)
{
	for (size_t i = 0; i < CHOICES; i++)
		if (strcmp(choices[i].list, list) == 0 && str_is(code, choices[i].code))
			return str_of(choices[i].words);
	return code;
}

enum err choice_check(struct ctx *c, const struct act *act, const char *list)
{
	struct str code = act_text(act, list);
	struct buf all;

	buf_init(&all, c->arena, 0);
	for (size_t i = 0; i < CHOICES; i++) {
		if (strcmp(choices[i].list, list) != 0)
			continue;
		if (str_is(code, choices[i].code))
			return OK;
		buf_printf(&all, "%s%s", all.len ? ", " : "", choices[i].code);
	}
	return act_wrong(c, ERR_INVALID, list, "It is one of %s, not \"" STR_FMT "\".", all.at, STR_ARG(code));
}

/* --- purposes --- */

struct purposes {
	struct node *to;    /* NULL, or where those that may be chosen are listed */
	struct node *never; /* NULL, or where those that may not are listed, with the reason */
	struct str wanted, words, reason, source;
	bool nhs, known, excluded;
};

static enum err take_purpose(struct ctx *c, void *arg, const struct table_row *row)
{
	struct purposes *p = arg;
	bool of_nhs = str_is(row->cell[1], "nhs"), yes = str_is(row->cell[2], "yes");

	if ((!of_nhs && !str_is(row->cell[1], "any")) || (!yes && !str_is(row->cell[2], "no")))
		return table_refuse(c, row, "payer is any or nhs, and may is yes or no.");
	if (!yes && !row->cell[4].len)
		return table_refuse(c, row, "an excluded purpose needs its reason.");
	if (p->to && yes) {
		struct node *one = told_row(c, p->to, "choice");

		told_text(c, one, "code", row->cell[0]);
		told_text(c, one, "words", row->cell[3]);
	}
	if (p->never && !yes && (!of_nhs || p->nhs)) {
		struct node *one = told_row(c, p->never, "never");

		told_text(c, one, "never_words", row->cell[3]);
		told_text(c, one, "never_reason", row->cell[4]);
	}
	if (!str_eq(row->cell[0], p->wanted) || (of_nhs && !p->nhs))
		return OK;
	p->known = true;
	p->excluded = !yes;
	p->words = row->cell[3];
	p->reason = row->cell[4];
	p->source = row->cell[5];
	return OK;
}

static enum err purposes_read(struct ctx *c, struct purposes *p)
{
	return table_read(c, &c->place->share, c->arena, "policy/england/purpose.tsv",
			  "purpose\tpayer\tmay\twords\treason\tsource", take_purpose, p);
}

enum err purpose_check(struct ctx *c, const char *field, struct str purpose, bool nhs, struct str *words)
{
	struct purposes p = { .wanted = purpose, .nhs = nhs };

	TRY(purposes_read(c, &p));
	if (!p.known)
		return act_wrong(c, ERR_INVALID, field, "\"" STR_FMT "\" is no purpose of a budget; share/policy/england/purpose.tsv has them.",
			    STR_ARG(purpose));
	if (p.excluded)
		return act_wrong(c, ERR_INVALID, field, STR_FMT ": " STR_FMT " (" STR_FMT ")", STR_ARG(p.words), STR_ARG(p.reason),
			    STR_ARG(p.source));
	*words = p.words;
	return OK;
}

enum err purposes_tell(struct ctx *c, bool nhs, bool all, struct node *to)
{
	struct node *listed = told_new(c);
	struct purposes p = { .to = all ? listed : NULL, .never = to, .nhs = nhs };

	TRY(purposes_read(c, &p));
	node_each(one, node_get(listed, "parameter")) {
		const struct node *parts = node_get(one, "part");
		struct node *row = told_row(c, to, "purpose");

		told_text(c, row, "purpose_words", node_str(node_at(parts, 1), "valueString"));
		told_text(c, row, "purpose_code", node_str(node_at(parts, 0), "valueString"));
	}
	return OK;
}

/* --- the row --- */

static enum err list(struct ctx *c, struct act *act)
{
	struct str of = act_text(act, "of");
	struct purposes p = { .to = act->output = told_new(c) };

	if (str_is(of, "purpose"))
		return purposes_read(c, &p);
	for (size_t i = 0; i < CHOICES; i++) {
		struct node *one;

		if (!str_is(of, choices[i].list))
			continue;
		one = told_row(c, act->output, "choice");
		told_text(c, one, "code", str_of(choices[i].code));
		told_text(c, one, "words", str_of(choices[i].words));
	}
	return node_get(act->output, "parameter") ? OK : fail(c, ERR_INVALID, "There is no list of that name.");
}

static const struct action_arg list_args[] = {
	{ "of", "string", ARG_NEEDED, "Which list", "held, purpose, plan, setting or security.", NULL }, { 0 }
};

const struct action choice_of_money_actions[] = {
	{ "money-choices", "money-choices", "Task", "Choices", "List what may be chosen about money.", "money.read", list_args, NULL,
	  NULL, list, ACTION_NEW | ACTION_QUIET },
	{ 0 }
};
