/* money_next.c - decided cases by other rules: who would pay more and who less; and a carer's allowance with its edge. */
#include "web/form.h"
#include "web/money.h"

#include <stdlib.h>

#include "access/actor.h"
#include "act/action.h"

enum { BANDS = 10 };

struct change {
	struct str person, decision;
	int64_t before, after;
	bool refused;
};
struct changes {
	VEC(struct change) at;
};

static struct str part_text(const struct node *of, const char *name)
{
	node_each(part, node_get(of, "part"))
		if (str_is(node_str(part, "name"), name))
			return node_str(part, "valueString");
	return (struct str){ 0 };
}

static int64_t pence_of(struct str text)
{
	struct str part = text, whole = str_cut(&part, '.');
	int64_t pounds = 0, pence = 0;

	return str_int(whole, &pounds) && str_int(part, &pence) ? pounds * 100 + pence : 0;
}

static struct str pounds(struct ctx *c, int64_t pence)
{
	int64_t n = pence < 0 ? -pence : pence;

	return SAY(c->arena, "%s%lld.%02d", pence < 0 ? "-" : "", (long long)(n / 100), (int)(n % 100));
}

static int by_before(const void *a, const void *b)
{
	const struct change *x = a, *y = b;

	return x->before < y->before ? -1 : x->before > y->before;
}

static enum err ask(struct ctx *c, struct str day, struct str scheme, struct changes *out)
{
	const struct action *action = action_find(c->place, STR("charge-compare"));
	struct node *input = node_new(c->arena, NODE_OBJECT);
	struct acted done;

	if (!action)
		return fail(c, ERR_UNSUPPORTED, "This place works no charges out.");
	node_add_str(c->arena, input, "day", day);
	if (scheme.len)
		node_add_str(c->arena, input, "scheme", scheme);
	TRY(action_run(c, action, (struct str){ 0 }, input, &done));
	node_each(one, node_get(done.output, "parameter"))
		*vec_push(&out->at, c->arena) = (struct change){
			part_text(one, "person"), part_text(one, "decision"), pence_of(part_text(one, "before")),
			pence_of(part_text(one, "after")), part_text(one, "refused").len > 0
		};
	if (out->at.len)
		qsort(out->at.at, out->at.len, sizeof *out->at.at, by_before);
	return OK;
}

static void put_bands(struct ctx *c, struct node *data, const struct changes *all)
{
	struct node *list = data_list(c, data, "bands");
	size_t bands = all->at.len < BANDS ? all->at.len : BANDS;

	for (size_t b = 0; b < bands; b++) {
		size_t from = all->at.len * b / bands, to = all->at.len * (b + 1) / bands;
		int64_t before = 0, after = 0, more = 0, less = 0, n = (int64_t)(to - from);
		struct node *row = data_object(c, list, NULL);

		for (size_t i = from; i < to; i++) {
			before += all->at.at[i].before;
			after += all->at.at[i].after;
			more += all->at.at[i].after > all->at.at[i].before;
			less += all->at.at[i].after < all->at.at[i].before;
		}
		data_str(c, row, "band", SAY(c->arena, "%s to %s", pounds(c, all->at.at[from].before).at,
					     pounds(c, all->at.at[to - 1].before).at));
		data_str(c, row, "people", say_count(c->arena, n));
		data_str(c, row, "gain", SAY(c->arena, "%lld", (long long)less));
		data_str(c, row, "lose", SAY(c->arena, "%lld", (long long)more));
		data_str(c, row, "was", pounds(c, before / n));
		data_str(c, row, "is", pounds(c, after / n));
		data_str(c, row, "differs", pounds(c, (after - before) / n));
	}
}

static void csv(struct ctx *c, const struct changes *all, struct reply *reply)
{
	struct buf b;

	buf_init(&b, c->arena, 1u << 20);
	buf_cstr(&b, "person,decision,before,after,change,refused\r\n");
	for (size_t i = 0; i < all->at.len; i++) {
		const struct change *ch = &all->at.at[i];

		buf_printf(&b, STR_FMT "," STR_FMT ",%s,%s,%s,%s\r\n", STR_ARG(ch->person), STR_ARG(ch->decision),
			   pounds(c, ch->before).at, ch->refused ? "" : pounds(c, ch->after).at,
			   ch->refused ? "" : pounds(c, ch->after - ch->before).at, ch->refused ? "yes" : "");
	}
	reply->type = "text/csv; charset=utf-8";
	reply->body = buf_get(&b);
	reply_header(reply, "Content-Disposition", STR("attachment; filename=\"next-rules.csv\""));
	reply_header(reply, "Cache-Control", STR("no-store"));
}

static void put_cases(struct ctx *c, struct node *data, const struct changes *all)
{
	struct node *list = data_list(c, data, "cases");

	for (size_t i = 0; i < all->at.len && i < 200; i++) {
		const struct change *ch = &all->at.at[i];
		struct node *row = data_object(c, list, NULL), *person;
		struct version v;

		struct str id = ch->person, type = str_cut(&id, '/');
		if (record_read(c, type, id, &v) == OK && fhir_read_json(c, c->place->fhir, c->arena, v.body, &person) == OK)
			data_str(c, row, "who", name_formal(c->arena, person));
		data_str(c, row, "was", pounds(c, ch->before));
		data_str(c, row, "is", ch->refused ? STR("no figures") : pounds(c, ch->after));
		data_str(c, row, "differs", ch->refused ? STR("") : pounds(c, ch->after - ch->before));
	}
}

enum err money_next_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	static const char *const schemes[][2] = { { "current", "Rules as they are" },
						  { "planned_2016", "Reform planned for 2016" },
						  { "planned_2023", "Reform planned for 2023" } };
	struct str day = str_trim(request_param(c, r, "day", 0)), scheme = str_trim(request_param(c, r, "scheme", 0));
	struct node *data = page_new(c, r, "Other rules"), *list = data_list(c, data, "schemes");
	struct changes all = { 0 };
	enum err e;

	node_add_bool(c->arena, data, "at_next", true);

	for (size_t i = 0; i < 3; i++) {
		struct node *one = data_object(c, list, NULL);

		data_words(c, one, "scheme", schemes[i][0]);
		data_words(c, one, "scheme_words", schemes[i][1]);
		if (str_is(scheme, schemes[i][0]))
			node_add_bool(c->arena, one, "chosen", true);
	}
	data_str(c, data, "day", day);
	data_str(c, data, "asked_scheme", scheme);
	if (!day.len)
		return page_show(c, "money_next", data, reply);
	e = ask(c, day, scheme, &all);
	if (e == ERR_INVALID) {
		node_add_bool(c->arena, data, "failed", true);
		data_words(c, data, "error", "Type a day, such as 2025-04-07.");
		data_words(c, data, "error_field", "day");
		TRY(page_show(c, "money_next", data, reply));
		reply->status = 422;
		return OK;
	}
	TRY(e);
	if (str_is(request_param(c, r, "as", 0), "csv")) {
		csv(c, &all, reply);
		return OK;
	}
	if (all.at.len && (!scheme.len || str_is(scheme, "current")) && (!c->actor || actor_can(c, "money.approve")))
		node_add_bool(c->arena, data, "can_uprate", true);
	data_str(c, data, "count", say_count(c->arena, (int64_t)all.at.len));
	put_bands(c, data, &all);
	put_cases(c, data, &all);
	return page_show(c, "money_next", data, reply);
}

/* Decide all of them anew from the day, each by itself: what one cannot is told and the others go on. */
enum err money_next_do(struct ctx *c, const struct request *r, struct reply *reply)
{
	const struct action *action = action_find(c->place, STR("charge-uprate"));
	struct str day = str_trim(request_param(c, r, "day", 0));
	struct changes all = { 0 };
	int64_t left = 0;

	if (!action)
		return fail(c, ERR_UNSUPPORTED, "This place works no charges out.");
	TRY(ask(c, day, (struct str){ 0 }, &all));
	for (size_t i = 0; i < all.at.len; i++) {
		struct node *input = node_new(c->arena, NODE_OBJECT);
		struct acted done;

		node_add_str(c->arena, input, "day", day);
		enum err e = all.at.at[i].refused ? ERR_CONFLICT : action_run(c, action, all.at.at[i].decision, input, &done);
		if (e != OK && e != ERR_CONFLICT) /* decided otherwise meanwhile, or from a later day */
			return e;
		left += e != OK;
	}
	return page_redirect(c, SAY(c->arena, "/money/next/letters?day=" STR_FMT "&left=%lld", STR_ARG(day), (long long)left),
			     reply);
}

/* --- a carer --- */

enum err carer_money_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data = page_new(c, r, "Money for carers");

	data_str(c, data, "sign_token", form_begin(c, r, reply));
	return page_show(c, "money_carer", data, reply);
}

static enum err carer_work(struct ctx *c, const struct request *r, struct node *data)
{
	struct node *given = node_new(c->arena, NODE_OBJECT);
	struct str hours = str_trim(request_param(c, r, "hours", 0)), earned = str_trim(request_param(c, r, "earned", 0));
	struct worked w;

	if (str_starts(earned, STR("£")))
		earned = (struct str){ earned.at + 2, earned.len - 2 };
	node_add_str(c->arena, given, "hours_of_care", hours.len ? hours : STR("0"));
	node_add_str(c->arena, given, "net_earnings", earned.len ? earned : STR("0"));
	node_add_bool(c->arena, given, "cared_for_has_qualifying_benefit", str_is(request_param(c, r, "benefit", 0), "yes"));
	TRY(money_work(c, "carers_allowance", given, true, &w));
	if (!w.result)
		return fail(c, ERR_INVALID, "Type hours and an amount in figures, such as 40 and 150.00.");
	struct node *to = data_object(c, data, "answer");
	int64_t limit = pence_of(node_str(w.result, "earnings_limit")), now = pence_of(earned.len && str_find(earned, STR(".")) < 0 ? SAY(c->arena, STR_FMT ".00", STR_ARG(earned)) : earned);
	data_str(c, to, "payable", money_words(c, node_str(w.result, "payable")));
	data_str(c, to, "rate", money_words(c, node_str(w.result, "rate")));
	data_str(c, to, "limit", money_words(c, node_str(w.result, "earnings_limit")));
	data_str(c, to, "over", money_words(c, pounds(c, limit + 1)));
	if (node_get(w.result, "entitled") && node_get(w.result, "entitled")->truth)
		node_add_bool(c->arena, to, "entitled", true);
	if (now > limit)
		data_str(c, to, "above", money_words(c, pounds(c, now - limit)));
	else
		data_str(c, to, "room", money_words(c, pounds(c, limit - now)));
	money_put_lines(c, data, &w);
	return OK;
}

enum err carer_money_do(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data = page_new(c, r, "Money for carers");
	enum err e;

	data_str(c, data, "sign_token", form_begin(c, r, reply));
	data_str(c, data, "hours", request_param(c, r, "hours", 0));
	data_str(c, data, "earned", request_param(c, r, "earned", 0));
	if (str_is(request_param(c, r, "benefit", 0), "yes"))
		node_add_bool(c->arena, data, "benefit", true);
	e = carer_work(c, r, data);
	if (e == ERR_INVALID) {
		node_add_bool(c->arena, data, "failed", true);
		data_words(c, data, "error", arena_str(c->arena, c->why));
		data_words(c, data, "error_field", "hours");
	} else {
		TRY(e);
	}
	TRY(page_show(c, "money_carer", data, reply));
	if (e)
		reply->status = 422;
	return OK;
}
