/* delegate.c - the people somebody helps: whom they may act for, the code that lets them in, and joining
 * with a code alone for whoever has no account yet.
 */
#include "access/audit.h"
#include "access/delegation.h"
#include "record/same.h"
#include "web/me.h"
#include "web/pages.h"
#include "web/sign_in.h"

static const char *capacity_words(struct str capacity)
{
	return str_is(capacity, "attorney") ? "You speak for them"
	       : str_is(capacity, "parent") ? "You are their parent"
					    : "You help care for them";
}

static enum err put_name(struct ctx *c, struct db *db, struct node *row, int64_t person)
{
	struct version v;
	struct node *patient;
	struct str id;

	TRY(same_id(c, db, person, &id));
	data_str(c, row, "person_id", id);
	if (!id.len || record_read(c, STR("Patient"), id, &v) != OK)
		return OK;
	TRY(fhir_read_json(c, c->place->fhir, c->arena, v.body, &patient));
	data_str(c, row, "person_name", name_plain(c->arena, patient));
	return OK;
}

/* To who helps nobody now: since when. */
static enum err put_ended(struct ctx *c, struct db *db, struct node *data)
{
	struct moment last;
	int64_t until;

	TRY(delegation_ended(c, db, c->actor->account, 0, clock_now(c->clock), &until));
	if (!until)
		return OK;
	last = moment_at(c->arena, until - 1);
	data_time(c, data, "ended", last, say_date(c->arena, last));
	return OK;
}

static enum err for_page(struct ctx *c, const struct request *r, struct node **out)
{
	struct node *data = *out = page_new(c, r, "People I help"), *list = data_list(c, data, "people");
	struct delegation *at;
	size_t len;
	READER(db);

	if (!c->actor || c->actor->kind != ACTOR_RESIDENT)
		return fail(c, ERR_FORBIDDEN, "These pages are for people who help somebody.");
	TRY(store_reader(c, c->place->store, &db));
	TRY(delegation_list(c, db, c->actor->account, 0, clock_now(c->clock), &at, &len));
	for (size_t i = 0; i < len; i++) {
		struct moment until = moment_at(c->arena, at[i].until - 1); /* the last day */
		struct node *row = data_object(c, list, NULL);

		TRY(put_name(c, db, row, at[i].person));
		data_words(c, row, "as", capacity_words(at[i].capacity));
		if (at[i].until)
			data_time(c, row, "until", until, say_date(c->arena, until));
	}
	if (len)
		node_add_bool(c->arena, data, "any_people", true);
	else
		TRY(put_ended(c, db, data));
	if (c->actor->person) {
		data_words(c, data, "base", "/me");
		node_add_bool(c->arena, data, "speaks", true);
	}
	if (request_param(c, r, "done", 0).len)
		data_words(c, data, "done", "The code was right. You can see their record now.");
	return OK;
}

enum err for_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data;

	TRY(for_page(c, r, &data));
	return page_show(c, "for", data, reply);
}

/* The code is tried like a password: a pause after too many. */
static enum err take(struct ctx *c, const struct request *r, int64_t account, struct str login)
{
	struct delegation made;

	TRY(attempt_count(c, login, request_peer(c, r)));
	TRY(delegation_take(c, account, request_param(c, r, "code", 0), &made));
	audit_note(c, &(struct audit){ .what = AUDIT_GRANT, .person = made.person, .relation = STR("consent"),
				       .detail = made.capacity });
	return attempt_good(c, login, request_peer(c, r));
}

enum err for_do(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data;

	TRY(for_page(c, r, &data));
	enum err e = take(c, r, c->actor->account, SAY(c->arena, "code %lld", (long long)c->actor->account));
	if (e)
		return show_again(c, "for", data, e, "code", reply);
	return page_redirect(c, STR("/for?done=1"), reply);
}

/* --- without an account --- */

static struct node *join_page(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data = page_new(c, r, "Help somebody");

	node_add_bool(c->arena, data, "signing_in", true);
	data_str(c, data, "sign_token", form_begin(c, r, reply));
	data_str(c, data, "login", request_param(c, r, "login", 0));
	data_str(c, data, "name", request_param(c, r, "name", 0));
	data_str(c, data, "code", request_param(c, r, "code", 0));
	return data;
}

enum err join_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	if (c->actor && c->actor->kind != ACTOR_NOBODY)
		return page_redirect(c, STR("/for"), reply);
	return page_show(c, "join", join_page(c, r, reply), reply);
}

/* All that can be refused is looked at before the code is used up; *field is where it went wrong. */
static enum err join(struct ctx *c, const struct request *r, struct user *user, const char **field)
{
	struct str password = request_param(c, r, "password", 0), address = request_peer(c, r);
	struct joiner joiner = { .kind = ACTOR_RESIDENT, .login = request_param(c, r, "login", 0),
				 .name = str_trim(request_param(c, r, "name", 0)), .role = STR("carer") };
	int64_t account;

	*field = "code";
	TRY(attempt_count(c, STR("join"), address));
	TRY(delegation_code_is_good(c, request_param(c, r, "code", 0)));
	TRY(attempt_good(c, STR("join"), address));
	*field = "login";
	TRY(account_check(c, &joiner));
	*field = "password";
	TRY(password_check(c, str_trim(joiner.login), password));
	if (!str_eq(password, request_param(c, r, "again", 0)))
		return fail(c, ERR_INVALID, "The two passwords are not the same.");
	*field = "login";
	TRY(account_add(c, &joiner, &account));
	TRY(password_set(c, account, password, 0));
	*field = "code";
	TRY(take(c, r, account, STR("join")));
	READER(db);
	TRY(store_reader(c, c->place->store, &db));
	return account_at(c, db, account, user);
}

enum err join_do(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct signed_in in;
	struct user user;
	const char *field;
	enum err e = join(c, r, &user, &field);

	if (e)
		return show_again(c, "join", join_page(c, r, reply), e, field, reply);
	TRY(sign_in_as(c, &user, device_of(c, r), &in));
	return enter_with(c, r, in.token, STR("/for"), reply);
}
