/* privacy.c - for whoever guards privacy: emergencies that wait for a review, what people ask about. */
#include "access/agreement.h"
#include "access/audit.h"
#include "access/glass.h"
#include "access/pattern.h"
#include "web/govern.h"

enum { SHOWN = 200, REVIEWED_SHOWN = 20 };
#define SOON (INT64_C(60) * 86400000000)

static enum err read_openings(struct ctx *c, const struct glass_query *query, struct opening **out, size_t *len)
{
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	return glass_list(c, db, query, out, len);
}

static enum err put_opening(struct ctx *c, struct node *row, const struct opening *o)
{
	const struct reason *reason;
	const struct rules *rules;
	const struct roles *roles;
	const struct role *role;

	TRY(roles_of(c, &roles));
	TRY(rules_of(c, &rules));
	reason = rules_reason(rules, o->reason);
	role = role_find(roles, o->role);
	data_str(c, row, "key", SAY(c->arena, "%lld", (long long)o->key));
	data_str(c, row, "who", o->account_name);
	data_str(c, row, "role", role ? role->words : o->role);
	data_str(c, row, "org", org_words(c, o->org_id));
	data_str(c, row, "reason", reason ? reason->words : o->reason);
	data_str(c, row, "said", o->words);
	put_moment(c, row, "at", o->at);
	put_moment(c, row, "until", o->until);
	if (o->until > clock_now(c->clock))
		node_add_bool(c->arena, row, "still_open", true);
	if (c->actor && o->account == c->actor->account)
		node_add_bool(c->arena, row, "own", true);
	return put_who(c, row, o->person_id);
}

/* What was typed and refused stands in its form again. */
static void put_again(struct ctx *c, const struct request *r, struct node *row, struct str key)
{
	if (r->verb != HTTP_POST || !str_eq(key, r->part[0]))
		return;
	data_str(c, row, "typed", request_param(c, r, "words", 0));
	node_add_bool(c->arena, row, "wrong", true);
}

static enum err put_openings(struct ctx *c, const struct request *r, struct node *data)
{
	struct node *list = data_list(c, data, "openings");
	struct opening *at;
	size_t len;

	TRY(read_openings(c, &(struct glass_query){ .waiting = true, .cap = SHOWN }, &at, &len));
	for (size_t i = 0; i < len; i++) {
		struct node *row = data_object(c, list, NULL);

		TRY(put_opening(c, row, &at[i]));
		put_again(c, r, row, node_str(row, "key"));
	}
	if (len)
		node_add_bool(c->arena, data, "any_openings", true);
	data_str(c, data, "waiting",
		 len == 0   ? STR("No emergency waits")
		 : len == 1 ? STR("One emergency waits")
			    : SAY(c->arena, "%zu emergencies wait", len));
	return OK;
}

static enum err put_reviewed(struct ctx *c, struct node *data)
{
	struct node *list = data_list(c, data, "reviewed");
	struct opening *at;
	size_t len;

	TRY(read_openings(c, &(struct glass_query){ .reviewed = true, .cap = REVIEWED_SHOWN }, &at, &len));
	for (size_t i = 0; i < len; i++) {
		struct node *row = data_object(c, list, NULL);

		TRY(put_opening(c, row, &at[i]));
		data_words(c, row, "found", at[i].outcome == OUTCOME_IN_ORDER ? "It was right" : "It was not right");
		data_str(c, row, "found_words", at[i].review);
		data_str(c, row, "found_by", account_words(c, SAY(c->arena, "%lld", (long long)at[i].reviewer)));
		put_moment(c, row, "found_at", at[i].reviewed);
	}
	if (len)
		node_add_bool(c->arena, data, "any_reviewed", true);
	return OK;
}

/* Agreements that end soon: then what they opened closes by itself. */
static enum err put_ending(struct ctx *c, struct node *data)
{
	struct node *list = data_list(c, data, "ending");
	int64_t now = clock_now(c->clock);
	struct agreement *all;
	size_t len;
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	TRY(agreement_list(c, db, &all, &len));
	for (size_t i = 0; i < len; i++) {
		struct node *row;

		if (!all[i].until || all[i].until <= now || all[i].until > now + SOON)
			continue;
		row = data_object(c, list, NULL);
		data_str(c, row, "ending_key", SAY(c->arena, "%lld", (long long)all[i].key));
		data_str(c, row, "ending_title", all[i].title);
		put_day(c, row, "ending_on", all[i].until);
	}
	return OK;
}

/* What people asked about: the words and the look, answered under /requests. */
static enum err put_queries(struct ctx *c, struct node *data)
{
	struct node *list = data_list(c, data, "queries");
	struct petition *all;
	size_t len;

	TRY(petition_list(c, PETITION_QUERY, STR(""), &all, &len));
	for (size_t i = 0; i < len && list->len < SHOWN; i++) {
		int64_t key = audit_key_read(petition_said(&all[i], "audit row"));
		struct looked about;
		struct node *row;

		if (!petition_open(&all[i]))
			continue;
		row = data_object(c, list, NULL);
		data_str(c, row, "request_id", all[i].id);
		data_str(c, row, "asked_words", all[i].words);
		put_due(c, row, all[i].due, 0);
		TRY(put_who(c, row, all[i].person));
		READER(db);
		TRY(store_reader(c, c->place->store, &db));
		if (key && audit_at(c, db, key, &about) == OK && about.account)
			data_str(c, row, "account", SAY(c->arena, "%lld", (long long)about.account));
	}
	node_each(row, list)
		if (node_str(row, "account").len)
			data_str(c, row, "who", account_words(c, node_str(row, "account")));
	if (list->len)
		node_add_bool(c->arena, data, "any_queries", true);
	return OK;
}

static enum err put_counts(struct ctx *c, struct node *data)
{
	struct finding *found;
	size_t len, waiting = 0;
	bool cut;

	if (!actor_can(c, "audit.read"))
		return OK;
	TRY(pattern_find(c, SHOWN, &found, &len, &cut));
	for (size_t i = 0; i < len; i++)
		waiting += !found[i].outcome;
	if (waiting > 1)
		node_add_bool(c->arena, data, "odd_many", true);
	if (waiting)
		data_str(c, data, "odd", say_count(c->arena, (int64_t)waiting));
	return OK;
}

static enum err reviews_page(struct ctx *c, const struct request *r, struct node **out)
{
	struct node *data = *out = govern_page(c, r, "Privacy", "on_reviews");

	if (str_is(request_param(c, r, "done", 0), "closed"))
		data_words(c, data, "done", "Closed: they see nothing by it from their next request on. It still waits for your review.");
	else if (request_param(c, r, "done", 0).len)
		data_words(c, data, "done", "The review is recorded. The person can read it.");
	TRY(put_openings(c, r, data));
	TRY(put_reviewed(c, data));
	TRY(put_queries(c, data));
	TRY(put_ending(c, data));
	return put_counts(c, data);
}

enum err privacy_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data;

	TRY(reviews_page(c, r, &data));
	return page_show(c, "privacy", data, reply);
}

enum err privacy_review_do(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct str found = request_param(c, r, "found", 0);
	struct node *data;
	int64_t key;

	if (!str_int(r->part[0], &key))
		return fail(c, ERR_NOT_FOUND, "There is no such opening.");
	if (str_is(found, "close")) {
		TRY(glass_end(c, key));
		return page_redirect(c, STR("/privacy?done=closed"), reply);
	}
	enum err e = glass_review(c, key, str_is(found, "right") ? OUTCOME_IN_ORDER : OUTCOME_NOT_IN_ORDER,
				  str_trim(request_param(c, r, "words", 0)));
	if (e == OK)
		return page_redirect(c, STR("/privacy?done=1"), reply);
	const char *why = arena_str(c->arena, c->why);
	TRY(reviews_page(c, r, &data));
	e = fail(c, e, "%s", why);
	return show_again(c, "privacy", data, e, arena_printf(c->arena, "w%lld", (long long)key), reply);
}
