/* privacy.c - for whoever guards privacy: emergencies that wait for a review, what people ask about. */
#include "access/agreement.h"
#include "access/audit.h"
#include "access/glass.h"
#include "access/pattern.h"
#include "web/govern.h"

enum { SHOWN = 200 };
#define SOON (INT64_C(60) * 86400000000)

static enum err read_openings(struct ctx *c, struct opening **out, size_t *len)
{
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	return glass_list(c, db, &(struct glass_query){ .waiting = true, .cap = SHOWN }, out, len);
}

static enum err put_openings(struct ctx *c, struct node *data)
{
	struct node *list = data_list(c, data, "openings");
	const struct rules *rules;
	const struct roles *roles;
	struct opening *at;
	size_t len;

	TRY(roles_of(c, &roles));
	TRY(rules_of(c, &rules));
	TRY(read_openings(c, &at, &len));
	for (size_t i = 0; i < len; i++) {
		const struct reason *reason = rules_reason(rules, at[i].reason);
		const struct role *role = role_find(roles, at[i].role);
		struct node *row = data_object(c, list, NULL);

		data_str(c, row, "key", SAY(c->arena, "%lld", (long long)at[i].key));
		data_str(c, row, "who", at[i].account_name);
		data_str(c, row, "role", role ? role->words : at[i].role);
		data_str(c, row, "org", org_words(c, at[i].org_id));
		TRY(put_who(c, row, at[i].person_id));
		data_str(c, row, "reason", reason ? reason->words : at[i].reason);
		data_str(c, row, "said", at[i].words);
		put_moment(c, row, "at", at[i].at);
		put_moment(c, row, "until", at[i].until);
		if (c->actor && at[i].account == c->actor->account)
			node_add_bool(c->arena, row, "own", true);
	}
	if (len)
		node_add_bool(c->arena, data, "any_openings", true);
	data_str(c, data, "waiting",
		 len == 0   ? STR("No emergency waits")
		 : len == 1 ? STR("One emergency waits")
			    : SAY(c->arena, "%zu emergencies wait", len));
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

	if (request_param(c, r, "done", 0).len)
		data_words(c, data, "done", "The review is recorded. The person can read it.");
	TRY(put_openings(c, data));
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
	enum err e = glass_review(c, key, str_is(found, "right") ? OUTCOME_IN_ORDER : OUTCOME_NOT_IN_ORDER,
				  str_trim(request_param(c, r, "words", 0)));
	if (e == OK)
		return page_redirect(c, STR("/privacy?done=1"), reply);
	const char *why = arena_str(c->arena, c->why);
	TRY(reviews_page(c, r, &data));
	e = fail(c, e, "%s", why);
	return show_again(c, "privacy", data, e, arena_printf(c->arena, "w%lld", (long long)key), reply);
}
