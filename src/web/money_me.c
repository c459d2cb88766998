/* money_me.c - a resident's own money: what was worked out, sent as an application, and what became of it. */
#include "web/form.h"
#include "web/money.h"

#include "act/act.h"
#include "act/flow.h"
#include "record/search.h"

/* The newest decision of the person; NULL. */
static enum err newest(struct ctx *c, const char *type, const char *query, struct str person, struct node **out)
{
	const struct search *search;
	struct search_page page;

	TRY(search_parse(c, str_of(type), SAY(c->arena, "_count=1&patient=Patient/" STR_FMT "&%s", STR_ARG(person), query),
			 &search));
	TRY(search_run(c, search, &page));
	*out = NULL;
	return page.len ? fhir_read_json(c, c->place->fhir, c->arena, page.at[0].body, out) : OK;
}

static enum err put_decision(struct ctx *c, struct node *data, const struct own *own)
{
	struct node *response, *to;

	TRY(newest(c, "CoverageEligibilityResponse", "_sort=-created", own->id, &response));
	if (!response)
		return OK;
	to = data_object(c, data, "decided");
	data_str(c, to, "words", node_str(response, "disposition"));
	struct when w;
	int64_t from, until;
	if (when_parse_date(node_str(node_get(response, "servicedPeriod"), "start"), &w)) {
		when_range(w, 0, &from, &until);
		struct moment m = moment_at(c->arena, from);
		data_time(c, to, "since", m, say_date(c->arena, m));
	}
	data_str(c, to, "by", node_str(node_get(response, "requestor"), "display"));
	return OK;
}

static enum err put_open(struct ctx *c, struct node *data, const struct own *own)
{
	struct node *task;

	TRY(newest(c, "Task", "_sort=-authored-on&code=" TASK_CODES "%7Cfinancial-assessment", own->id, &task));
	if (task)
		data_str(c, data, "state", node_text(node_path(task, "businessStatus.coding.display")));
	return OK;
}

enum err me_money_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct request kept;
	struct what_if w;
	struct worked worked;
	struct node *data;
	struct own own;

	TRY(me_begin(c, r, "What I pay", ME_SPEAKS, &data, &own));
	TRY(put_decision(c, data, &own));
	TRY(put_open(c, data, &own));
	TRY(me_put_files(c, data, &own));
	if (request_param(c, r, "sent", 0).len)
		node_add_bool(c->arena, data, "sent", true);
	if (own.self && what_if_kept(c, r, &kept) && what_if_case(c, &kept, &w)) {
		TRY(money_work(c, w.kind, w.given, true, &worked));
		if (worked.result) {
			node_add_bool(c->arena, data, "can_send", true);
			money_put_pay(c, data, &worked, w.most);
			money_put_lines(c, data, &worked);
		}
	}
	return page_show(c, "me_money", data, reply);
}

/* The case as it was worked out, with the day it was worked out for. */
static enum err send(struct ctx *c, const struct own *own, const struct what_if *w)
{
	const struct action *action = action_find(c->place, STR("financial-assessment-apply"));
	struct node *input = node_new(c->arena, NODE_OBJECT), *of = node_new(c->arena, NODE_OBJECT);
	struct worked worked;
	struct acted done;
	struct buf text;

	if (!action)
		return fail(c, ERR_UNSUPPORTED, "This place takes no applications.");
	TRY(money_work(c, w->kind, w->given, true, &worked));
	act_set(c, w->given, "on", worked.on);
	node_add_cstr(c->arena, of, "kind", w->kind);
	node_append(of, "given", w->given);
	buf_init(&text, c->arena, 0);
	json_write(&text, of, 0);
	node_add_str(c->arena, input, "case", buf_get(&text));
	node_add_str(c->arena, input, "person", SAY(c->arena, "Patient/" STR_FMT, STR_ARG(own->id)));
	return action_run(c, action, (struct str){ 0 }, input, &done);
}

enum err me_money_do(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct request kept;
	struct what_if w;
	struct node *data;
	struct own own;

	TRY(me_begin(c, r, "What I pay", ME_SPEAKS, &data, &own));
	if (!own.self)
		return fail(c, ERR_FORBIDDEN, "Only the person can send this from here.");
	if (!what_if_kept(c, r, &kept) || !what_if_case(c, &kept, &w))
		return page_redirect(c, STR("/money/what-if"), reply);
	TRY(send(c, &own, &w));
	cookie_set(c, r, what_if_cookie(c, r), (struct str){ 0 }, reply);
	return me_redirect(c, &own, "/money?sent=1", reply);
}
