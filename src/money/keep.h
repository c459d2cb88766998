/* keep.h - what the parts of money that are kept share: amounts on resources, answers as Parameters, and moves of
 * money in the ledger.
 *
 * What is agreed stands on an Account: FHIR's own for "tracking value accrued for a purpose", so that every rule on
 * who sees money holds for it. Its figures are extensions of this program's base, one each. What has moved stands in
 * the ledger alone. Amounts are whole pence, days are days since 1970-01-01.
 */
#ifndef MONEY_KEEP_H
#define MONEY_KEEP_H

#include "access/actor.h"
#include "act/act.h"
#include "act/flow.h"
#include "base/vec.h"
#include "ledger/ledger.h"
#include "money/pence.h"
#include "rules/policy.h"

#define ACCOUNT_CODES CAUSEWAY_CODES "account"
#define NO_DAY INT64_MIN
#define MONEY_MOST INT64_C(100000000000) /* a billion pounds */

/* --- amounts and days as text --- */

/* The argument `field`, "12.50", as pence. ERR_INVALID naming `what` when it has more than two decimals, is below `least`
 * or too much. */
NODISCARD enum err pence_read(struct ctx *c, const struct act *act, const char *field, const char *what, int64_t least,
			      int64_t *out);
struct str pence_print(struct arena *a, int64_t pence);
/* "£1,234.50" */
struct str pence_say(struct arena *a, int64_t pence);
struct str money_day(struct arena *a, int64_t day);
/* NO_DAY for what is no day. */
int64_t read_day(struct str text);
int64_t money_today(const struct ctx *c);
/* The argument's day, else today. */
int64_t argument_day(const struct ctx *c, const struct act *act, const char *name);
int64_t months_after(int64_t day, int months);
/* "3 April 2026" */
struct str long_day(struct arena *a, int64_t day);

/* --- figures on a resource: extension NAME of our base, set anew --- */

void kept_money(struct ctx *c, struct node *of, const char *name, int64_t pence);
void kept_text(struct ctx *c, struct node *of, const char *name, const char *value, struct str text);
void kept_drop(struct node *of, const char *name);
/* One more of that name, to hold extensions itself. */
struct node *kept_group(struct ctx *c, struct node *of, const char *name);
/* 0 and empty when absent. `value`: "valueString". */
int64_t kept_money_of(const struct node *of, const char *name);
struct str kept_text_of(const struct node *of, const char *name, const char *value);
/* Is this extension (of node_each(x, node_get(of, "extension"))) the one of that name? */
bool kept_is(const struct node *extension, const char *name);

/* --- answers: Parameters whose parts a page can show --- */

struct node *told_new(struct ctx *c);
/* A part with parts: one row of the list `name`. */
struct node *told_row(struct ctx *c, struct node *to, const char *name);
void told_text(struct ctx *c, struct node *to, const char *name, struct str text); /* empty: left out */
void told_amount(struct ctx *c, struct node *to, const char *name, int64_t pence);
void told_date(struct ctx *c, struct node *to, const char *name, int64_t day); /* NO_DAY: left out */
void told_count(struct ctx *c, struct node *to, const char *name, int64_t n);

/* --- moves: each an entry of two postings, from one account to another, in pence --- */

struct move {
	struct str from, to; /* codes; opened when first used, as their first word says (moves.c) */
	int64_t amount, day;
	struct str token, words;
};
struct moves {
	struct str resource; /* "Account/1": whose key and person the entries carry */
	VEC(struct move) at;
	int64_t key, person, made; /* made: entries that were not there before */
};
/* Nothing is added for an amount of 0; one below 0 moves the other way. */
void moves_add(struct ctx *c, struct moves *m, struct move move);
/* Look up whose they are; before the writer is asked. */
NODISCARD enum err moves_ready(struct ctx *c, struct moves *m);
/* A store_work over a struct moves: all or none. */
enum err moves_write(struct ctx *c, struct db *db, void *moves);

/* Balance of an account by code; 0 when there is none. */
NODISCARD enum err balance_of(struct ctx *c, struct db *db, struct str code, int64_t *out);

/* --- lists one chooses from (choice.c) --- */

/* What a code of a list ("held", "plan", "setting", "security") is called; the code itself when it is none of it. */
struct str choice_words(const char *list, struct str code);
/* The argument of that name. ERR_INVALID, naming all there are. */
NODISCARD enum err choice_check(struct ctx *c, const struct act *act, const char *list);

/* --- figures of share/policy/england --- */

/* The value on a day, in its own unit (policy.h). ERR_NOT_FOUND naming it. */
NODISCARD enum err figure_of(struct ctx *c, const struct policy *policy, const char *key, int64_t day, int64_t *out);
NODISCARD enum err money_policy(struct ctx *c, const struct policy **out);

/* --- the rows of each file; money.c puts them in one list --- */
extern const struct action budget_actions[], direct_payment_actions[], care_account_actions[], deferral_actions[],
	choice_of_money_actions[];
extern const struct flow budget_flow;
/* What falls due by the clock, each adding to *done. */
NODISCARD enum err budget_tick(struct ctx *c, int64_t *done);
NODISCARD enum err care_account_tick(struct ctx *c, int64_t *done);
NODISCARD enum err deferral_tick(struct ctx *c, int64_t *done);

/* Tell the person in writing: a Communication that is theirs, kept with the action. */
void letter_keep(struct ctx *c, struct act *act, struct str person, struct str text);

/* Every Account of a kind that is not ended ("personal-budget"), one after the other. */
NODISCARD enum err accounts_each(struct ctx *c, const char *kind,
				 enum err (*each)(struct ctx *c, struct node *account, void *arg), void *arg);
/* Those of a person, ended ones too, as the asker may see them. */
NODISCARD enum err accounts_of(struct ctx *c, struct str person, const char *kind,
			       enum err (*each)(struct ctx *c, struct node *account, void *arg), void *arg);
/* ERR_CONFLICT unless it is one of that kind: "This is no care account." */
NODISCARD enum err account_need(struct ctx *c, const struct node *account, const char *kind, const char *words);
/* A new Account: type, status, subject, owner, servicePeriod.start. */
NODISCARD enum err account_new(struct ctx *c, const char *kind, const char *words, struct str person,
			       int64_t from, struct node **out);

#endif
