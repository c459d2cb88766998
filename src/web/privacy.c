/* privacy.c - for whoever guards privacy: emergencies that wait for a review, what people ask about. */
#include "access/account.h"
#include "access/audit.h"
#include "access/glass.h"
#include "web/pages.h"

enum { SHOWN = 200 };

static void put_time(struct ctx *c, struct node *row, const char *name, int64_t at)
{
	struct moment m = moment_at(c->arena, at);

	data_time(c, row, name, m, say_full(c->arena, m, clock_now(c->clock)));
}

static enum err put_openings(struct ctx *c, struct db *db, struct node *data)
{
	struct node *list = data_list(c, data, "openings");
	const struct rules *rules;
	struct opening *at;
	size_t len;

	TRY(rules_of(c, &rules));
	TRY(glass_list(c, db, &(struct glass_query){ .waiting = true, .cap = SHOWN }, &at, &len));
	for (size_t i = 0; i < len; i++) {
		const struct reason *reason = rules_reason(rules, at[i].reason);
		struct node *row = data_object(c, list, NULL);

		data_str(c, row, "key", SAY(c->arena, "%lld", (long long)at[i].key));
		data_str(c, row, "who", at[i].account_name);
		data_str(c, row, "role", at[i].role);
		data_str(c, row, "org", at[i].org_id);
		data_str(c, row, "person", at[i].person_id);
		data_str(c, row, "reason", reason ? reason->words : at[i].reason);
		data_str(c, row, "said", at[i].words);
		put_time(c, row, "at", at[i].at);
		put_time(c, row, "until", at[i].until);
		if (at[i].account == c->actor->account)
			node_add_bool(c->arena, row, "own", true);
	}
	if (len)
		node_add_bool(c->arena, data, "any_openings", true);
	data_str(c, data, "waiting", say_count(c->arena, (int64_t)len));
	return OK;
}

/* What people asked about, with the row it is about. */
static enum err put_queries(struct ctx *c, struct db *db, struct node *data)
{
	struct node *list = data_list(c, data, "queries");
	struct looked *rows;
	size_t len;

	TRY(audit_find(c, db, &(struct audit_ask){ .what = AUDIT_QUERY, .cap = SHOWN,
						   .since = clock_now(c->clock) - INT64_C(92) * 86400000000 },
		       &rows, &len));
	for (size_t i = 0; i < len; i++) {
		struct node *row = data_object(c, list, NULL);
		struct looked about;
		struct user user;
		int64_t key = audit_key_read(rows[i].detail);

		put_time(c, row, "at", rows[i].at);
		data_str(c, row, "look", rows[i].detail);
		if (!key || audit_at(c, db, key, &about) != OK)
			continue;
		put_time(c, row, "looked_at", about.at);
		data_str(c, row, "section", about.section);
		data_str(c, row, "relation", about.relation);
		if (about.account && account_at(c, db, about.account, &user) == OK)
			data_str(c, row, "who", user.name);
	}
	if (len)
		node_add_bool(c->arena, data, "any_queries", true);
	return OK;
}

enum err privacy_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data = page_new(c, r, "Privacy");
	READER(db);

	if (request_param(c, r, "done", 0).len)
		data_words(c, data, "done", "The review is recorded. The person can read it.");
	TRY(store_reader(c, c->place->store, &db));
	TRY(put_openings(c, db, data));
	TRY(put_queries(c, db, data));
	return page_show(c, "privacy", data, reply);
}

enum err privacy_review_do(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct str found = request_param(c, r, "found", 0);
	int64_t key;

	if (!str_int(r->part[0], &key))
		return fail(c, ERR_NOT_FOUND, "There is no such opening.");
	TRY(glass_review(c, key, str_is(found, "right") ? OUTCOME_IN_ORDER : OUTCOME_NOT_IN_ORDER,
			 str_trim(request_param(c, r, "words", 0))));
	return page_redirect(c, STR("/privacy?done=1"), reply);
}
