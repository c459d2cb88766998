/* me_receipt.c - a person, or who helps them, enters what a direct payment bought: one receipt at a time.
 *
 * It counts at once, each receipt once, against the purposes that were agreed; the officer sees the same entry.
 */
#include "web/budgets.h"
#include "web/me.h"
#include "web/pages.h"

/* The budget it goes to: that named, else the first that is paid out. NULL: there is none. */
static const struct node *budget_of(const struct node *data, struct str task)
{
	node_each(budget, node_get(data, "budget"))
		if (node_get(budget, "paid_out") && (!task.len || str_eq(node_str(budget, "task"), task)))
			return budget;
	return NULL;
}

static void put_typed(struct ctx *c, const struct request *r, struct node *data)
{
	static const char *const fields[] = { "amount", "receipt", "when" };

	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		data_str(c, data, arena_printf(c->arena, "typed_%s", fields[i]), str_trim(request_param(c, r, fields[i], 0)));
}

static void put_purposes(struct ctx *c, const struct request *r, struct node *data, const struct node *budget)
{
	struct node *list = data_list(c, data, "choices"), *one;
	struct str typed = request_param(c, r, "purpose", 0);
	size_t n = 0;

	node_each(purpose, node_get(budget, "purpose")) {
		struct str code = node_str(purpose, "purpose_code");

		one = data_object(c, list, NULL);
		data_str(c, one, "choice", code);
		data_str(c, one, "choice_words", node_str(purpose, "purpose_words"));
		data_str(c, one, "choice_id", n++ ? SAY(c->arena, "purpose-%zu", n) : STR("purpose"));
		if (str_eq(code, typed))
			node_add_bool(c->arena, one, "chosen", true);
	}
	if (node_get(budget, "never"))
		node_append(data, "never", node_copy(c->arena, node_get(budget, "never")));
}

static enum err receipt_page(struct ctx *c, const struct request *r, struct node **data, struct own *own)
{
	const struct node *budget;
	struct node *all = node_new(c->arena, NODE_OBJECT);

	TRY(me_begin(c, r, "Enter a receipt", ME_SEES, data, own));
	TRY(budgets_put_own(c, all, own->id));
	budget = budget_of(all, request_param(c, r, "on", 0));
	if (!budget)
		return fail(c, ERR_NOT_FOUND, "There is no direct payment to enter a receipt for.");
	data_str(c, *data, "on", node_str(budget, "task"));
	data_str(c, *data, "held_balance", node_str(budget, "held_balance"));
	put_purposes(c, r, *data, budget);
	put_typed(c, r, *data);
	return OK;
}

enum err me_receipt_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data;
	struct own own;

	TRY(receipt_page(c, r, &data, &own));
	return page_show(c, "me_receipt", data, reply);
}

/* --- entering it --- */

/* Fields of the form and arguments of the action; what is said when it is left empty. */
static const struct {
	const char *field, *arg, *missing;
} fields[] = {
	{ "purpose", "purpose", "Choose what the money went on." },
	{ "amount", "amount", "Write how much it was, such as 12.50." },
	{ "receipt", "receipt", "Write the number on the receipt, or any words you will know it by." },
	{ "when", "on", NULL },
};

static void put_error(struct ctx *c, struct node *data, const char *field, const char *words)
{
	struct node *list = node_get(data, "errors"), *error = data_object(c, list ? list : data_list(c, data, "errors"), NULL);

	data_words(c, error, "error", words);
	data_words(c, error, "error_field", field);
	if (field)
		data_words(c, data, arena_printf(c->arena, "error_%s", field), words);
	if (!list)
		node_add_bool(c->arena, data, "failed", true);
}

static bool take_fields(struct ctx *c, const struct request *r, struct node *data, struct node *input)
{
	bool whole = true;

	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		struct str value = str_trim(request_param(c, r, fields[i].field, 0));

		if (strcmp(fields[i].field, "amount") == 0 && str_starts(value, STR("£")))
			value = str_trim((struct str){ value.at + sizeof "£" - 1, value.len - (sizeof "£" - 1) });
		if (value.len)
			node_add_str(c->arena, input, fields[i].arg, value);
		else if (fields[i].missing) {
			put_error(c, data, fields[i].field, fields[i].missing);
			whole = false;
		}
	}
	return whole;
}

/* What the action would not have, beside the field it is about. */
static void put_refusal(struct ctx *c, struct node *data)
{
	if (!c->issues.count)
		put_error(c, data, NULL, arena_str(c->arena, c->why));
	for (const struct issue *issue = c->issues.first; issue; issue = issue->next)
		for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
			if (issue->where && strcmp(issue->where, fields[i].arg) == 0)
				put_error(c, data, fields[i].field, issue->text);
}

enum err me_receipt_do(struct ctx *c, const struct request *r, struct reply *reply)
{
	const struct action *action = action_find(c->place, STR("budget-own-spend"));
	struct node *data, *input = node_new(c->arena, NODE_OBJECT);
	struct acted done;
	struct own own;
	enum err e = ERR_INVALID;

	TRY(receipt_page(c, r, &data, &own));
	if (!action)
		return fail(c, ERR_UNSUPPORTED, "This program keeps no money.");
	if (take_fields(c, r, data, input)) {
		e = action_run(c, action, node_str(data, "on"), input, &done);
		if (e != OK && e != ERR_INVALID && e != ERR_CONFLICT)
			return e;
		if (e != OK)
			put_refusal(c, data);
	}
	if (e == OK)
		return me_redirect(c, &own, "/budget?entered=1", reply);
	TRY(page_show(c, "me_receipt", data, reply));
	reply->status = err_row(e)->http;
	return OK;
}
