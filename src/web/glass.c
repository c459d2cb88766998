/* glass.c - opening a record beyond the rule: in an emergency, or because the person says yes.
 *
 * Whoever opens a person they have nothing to do with gets a calm page that says what they may do, and no
 * more of the person than the search showed. What they do is kept (access/glass.h), stands before the
 * privacy officer at once and is told to the person.
 */
#include "web/glass.h"

#include "access/audit.h"
#include "access/choice.h"
#include "record/same.h"
#include "web/looked.h"
#include "web/pages.h"
#include "web/sign_in.h"

#define MINUTE INT64_C(60000000)

/* --- is there a wall? --- */

/* What everybody who opens records may read of their people. */
static bool is_related(struct ctx *c, int64_t person)
{
	return guard_person_may(c->guard, fhir_resource_type(c->place->fhir, STR("Consent")), person);
}

/* Does the person want to be asked, by what they said last? */
static enum err wants_asking(struct ctx *c, struct db *db, int64_t person, bool *out)
{
	int64_t now = clock_now(c->clock), at = INT64_MIN;
	const struct rules *rules;
	struct chosen *all;
	size_t len;

	TRY(rules_of(c, &rules));
	*out = rules->policy.ask;
	TRY(choice_list(c, db, person, &all, &len));
	for (size_t i = 0; i < len; i++) {
		if (all[i].kind != CHOICE_ASK || now < all[i].from || now >= all[i].until || all[i].at < at)
			continue;
		at = all[i].at;
		*out = rules->policy.ask || !all[i].permit;
	}
	return OK;
}

static enum err opening_of(struct ctx *c, struct db *db, int64_t person, struct opening *out)
{
	int64_t next = INT64_MAX;
	struct opening *list;
	struct same same;
	size_t len;

	*out = (struct opening){ 0 };
	TRY(same_find(c, db, person, &same));
	TRY(glass_in_force(c, db, c->actor->account, &list, &len, &next));
	for (size_t i = 0; i < len; i++)
		if (same_has(&same, list[i].person) && (!out->key || list[i].kind == OPENING_EMERGENCY))
			*out = list[i];
	return OK;
}

static enum err wall_between(struct ctx *c, int64_t person, bool own, enum wall *out)
{
	const struct guard_person *choice = guard_choice(c->guard, person);
	struct opening opening;
	bool asks = false;
	READER(db);

	*out = WALL_NONE;
	if (!is_related(c, person)) {
		*out = WALL_UNRELATED;
		return OK;
	}
	if (own || !choice || !choice->own_only)
		return OK;
	TRY(store_reader(c, c->place->store, &db));
	TRY(opening_of(c, db, person, &opening));
	if (!opening.key)
		TRY(wants_asking(c, db, person, &asks));
	*out = asks ? WALL_ASK : WALL_NONE;
	return OK;
}

enum err wall_of(struct ctx *c, struct str id, bool own, enum wall *out)
{
	struct version patient;
	int64_t key, person;

	*out = WALL_NONE;
	if (!c->guard || !c->actor || c->actor->kind != ACTOR_STAFF || !actor_can(c, "record.read"))
		return OK;
	if (record_read(c, STR("Patient"), id, &patient) != OK)
		return OK;
	TRY(record_whose(c, STR("Patient"), id, &key, &person));
	return person ? wall_between(c, person, own, out) : OK;
}

/* --- the page --- */

/* Name, birth date, gender, NHS number: what the search showed. */
static enum err put_who(struct ctx *c, const struct request *r, struct node *data)
{
	struct person p;

	TRY(person_meet(c, r, r->part[0], &p));
	person_put_head(&p, data);
	return OK;
}

static struct str span_words(struct ctx *c, int64_t us)
{
	int64_t minutes = us / MINUTE;

	return minutes % 60 == 0 && minutes > 60
		       ? SAY(c->arena, "%lld hours", (long long)(minutes / 60))
		       : SAY(c->arena, "%lld minutes", (long long)minutes);
}

static void put_reasons(struct ctx *c, const struct rules *rules, struct str chosen, struct node *data)
{
	struct node *list = data_list(c, data, "reasons");

	for (size_t i = 0; i < rules->reason_count; i++) {
		struct node *row = data_object(c, list, NULL);

		data_str(c, row, "code", rules->reasons[i].name);
		data_str(c, row, "words", rules->reasons[i].words);
		if (str_eq(rules->reasons[i].name, chosen))
			node_add_bool(c->arena, row, "chosen", true);
	}
}

static enum err page_of(struct ctx *c, const struct request *r, enum wall wall, struct node **out)
{
	const struct rules *rules;
	struct node *data = *out = page_new(c, r, "Open this record?");

	TRY(rules_of(c, &rules));
	TRY(put_who(c, r, data));
	put_reasons(c, rules, request_param(c, r, "reason", 0), data);
	data_str(c, data, "said", request_param(c, r, "words", 0));
	data_str(c, data, "glass_span", span_words(c, rules->policy.glass_span));
	data_str(c, data, "ask_span", span_words(c, rules->policy.ask_span));
	node_add_bool(c->arena, data, wall == WALL_ASK ? "wall_ask" : wall == WALL_UNRELATED ? "wall_unrelated"
										   : "wall_hidden", true);
	if (actor_can(c, "glass.break"))
		node_add_bool(c->arena, data, "can_break", true);
	return OK;
}

enum err wall_show(struct ctx *c, const struct request *r, enum wall wall, struct reply *reply)
{
	struct node *data;

	TRY(page_of(c, r, wall, &data));
	TRY(page_show(c, "glass", data, reply));
	reply->status = err_row(ERR_FORBIDDEN)->http;
	return OK;
}

/* Asked for by whoever sees a part and needs what is kept from them. */
enum err glass_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data;
	enum wall wall;

	TRY(wall_of(c, r->part[0], false, &wall));
	TRY(page_of(c, r, wall, &data));
	return page_show(c, "glass", data, reply);
}

enum err glass_do(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct str id = r->part[0], words = request_param(c, r, "words", 0);
	bool asked = str_is(request_param(c, r, "kind", 0), "permission");
	struct opening opening;
	struct version patient;
	struct node *data;
	enum wall wall;
	enum err e;

	TRY(record_read(c, STR("Patient"), id, &patient));
	TRY(wall_of(c, id, false, &wall));
	if (asked)
		e = wall == WALL_ASK ? glass_permit(c, id, words, &opening)
				     : fail(c, ERR_BAD_REQUEST, "This person need not be asked.");
	else
		e = glass_break(c, id, request_param(c, r, "reason", 0), words, &opening);
	if (e == OK)
		return page_redirect(c, SAY(c->arena, "/people/" STR_FMT, STR_ARG(id)), reply);
	bool reason = !asked && str_find(str_of(c->why), STR("reasons")) >= 0;
	TRY(page_of(c, r, wall, &data));
	node_add_bool(c->arena, data, asked ? "wrong_asked" : "wrong_glass", true);
	return show_again(c, "glass", data, e, reason ? "reason" : asked ? "yes" : "words", reply);
}

enum err glass_close_do(struct ctx *c, const struct request *r, struct reply *reply)
{
	int64_t key;

	if (!str_int(request_param(c, r, "opening", 0), &key))
		return fail(c, ERR_BAD_REQUEST, "That is no button of this page.");
	TRY(glass_end(c, key));
	return page_redirect(c, STR("/"), reply);
}

/* --- the bar over an opened record --- */

enum err glass_put_bar(struct person *p, struct node *data)
{
	struct ctx *c = p->c;
	const struct reason *reason;
	const struct rules *rules;
	struct opening o;
	struct node *bar;
	int64_t key, person;
	READER(db);

	if (!c->actor || c->actor->kind != ACTOR_STAFF)
		return OK;
	TRY(record_whose(c, STR("Patient"), p->id, &key, &person));
	TRY(store_reader(c, c->place->store, &db));
	TRY(opening_of(c, db, person, &o));
	if (!o.key)
		return OK;
	TRY(rules_of(c, &rules));
	reason = rules_reason(rules, o.reason);
	struct moment until = moment_at(c->arena, o.until);
	int64_t minutes = (o.until - p->now + MINUTE - 1) / MINUTE;
	bar = data_object(c, data, "opened");
	node_add_bool(c->arena, bar, o.kind == OPENING_EMERGENCY ? "by_emergency" : "by_permission", true);
	data_str(c, bar, "opening", SAY(c->arena, "%lld", (long long)o.key));
	data_str(c, bar, "why", reason ? reason->words : (struct str){ 0 });
	data_str(c, bar, "said", o.words);
	data_str(c, bar, "seconds", SAY(c->arena, "%lld", (long long)((o.until - p->now) / 1000000)));
	data_str(c, bar, "left", SAY(c->arena, "%lld minute%s", (long long)minutes, minutes == 1 ? "" : "s"));
	data_time(c, bar, "until", until, say_full(c->arena, until, p->now));
	return OK;
}
