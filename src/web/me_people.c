/* me_people.c - whom a person lets see their record: a code for somebody new, and taking it back.
 *
 * The person does it themselves, or who speaks for them; staff do it for somebody who cannot (a child, a
 * person with an attorney), and write down what they saw as proof.
 */
#include "access/delegation.h"
#include "access/rules.h"
#include "web/me.h"
#include "web/pages.h"
#include "web/sign_in.h"

/* Whose list, and by whom: the person's own page, or that of staff. */
struct letting {
	struct own own;
	bool staff;
	const char *page;
};

static enum err begin(struct ctx *c, const struct request *r, struct node **data, struct letting *l)
{
	*l = (struct letting){ .page = "me_people" };
	TRY(me_or_staff_begin(c, r, "People I let see it", "Who may act for this person", data, &l->own, &l->staff));
	if (l->staff)
		l->page = "delegates";
	return OK;
}

static const char *capacity_words(struct str capacity)
{
	return str_is(capacity, "attorney") ? "Attorney or deputy"
	       : str_is(capacity, "parent") ? "Parent or guardian"
					    : "Family carer or friend";
}

/* "Mental health, Money" */
static struct str scope_words(struct ctx *c, const struct rules *rules, struct str scope)
{
	struct buf b;

	buf_init(&b, c->arena, 0);
	while (scope.at && scope.len) {
		const struct label_rule *l = rules_label(rules, str_cut(&scope, ' '));

		if (!l)
			continue;
		buf_cstr(&b, b.len ? ", " : "");
		buf_str(&b, l->title);
	}
	return buf_get(&b);
}

static void put_terms(struct ctx *c, const struct rules *rules, struct node *row, struct str capacity, struct str scope,
		      struct str note, int64_t until)
{
	struct moment end = moment_at(c->arena, until - 1); /* the last day, not the one after */

	data_words(c, row, "as", capacity_words(capacity));
	data_str(c, row, "scope", scope_words(c, rules, scope));
	data_str(c, row, "note", note);
	if (until)
		data_time(c, row, "until", end, say_date(c->arena, end));
}

static void put_scopes(struct ctx *c, const struct request *r, const struct rules *rules, struct node *data)
{
	struct node *list = data_list(c, data, "scopes");

	for (size_t i = 0; i < rules->label_count; i++) {
		const struct label_rule *l = &rules->labels[i];
		struct node *row;

		if (l->delegate != DELEGATE_NAMED)
			continue;
		row = data_object(c, list, NULL);
		data_str(c, row, "label", l->name);
		data_str(c, row, "title", l->title);
		for (unsigned n = 0; n < 32; n++)
			if (str_eq(request_param(c, r, "scope", n), l->name))
				node_add_bool(c->arena, row, "checked", true);
	}
}

static enum err put_person(struct ctx *c, struct db *db, const struct rules *rules, struct node *row,
			   const struct delegation *d)
{
	struct moment since = moment_at(c->arena, d->since);
	struct user user;

	TRY(account_at(c, db, d->account, &user));
	data_str(c, row, "key", SAY(c->arena, "%lld", (long long)d->key));
	data_str(c, row, "who", user.name);
	data_time(c, row, "since", since, say_date(c->arena, since));
	put_terms(c, rules, row, d->capacity, d->scope, d->note, d->until);
	return OK;
}

/* Before it is taken back: from whom, and what they lose. */
static enum err put_sure(struct ctx *c, const struct letting *l, const struct rules *rules, struct str asked,
			 struct node *data)
{
	struct delegation *at;
	struct node *sure;
	int64_t key;
	size_t len;
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	TRY(delegation_list(c, db, 0, l->own.person, clock_now(c->clock), &at, &len));
	for (size_t i = 0; str_int(asked, &key) && i < len; i++) {
		if (at[i].key != key)
			continue;
		sure = data_object(c, data, "sure");
		if (capacity_speaks(at[i].capacity))
			node_add_bool(c->arena, sure, "speaks_for", true);
		if (c->actor && at[i].account == c->actor->account)
			node_add_bool(c->arena, sure, "is_me", true);
		return put_person(c, db, rules, sure, &at[i]);
	}
	return fail(c, ERR_NOT_FOUND, "Nobody is let in by that any more.");
}

static enum err put_people(struct ctx *c, const struct letting *l, const struct rules *rules, struct node *data)
{
	struct node *list = data_list(c, data, "people"), *codes = data_list(c, data, "codes");
	struct delegation_code *waiting;
	struct delegation *at;
	size_t len;
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	TRY(delegation_list(c, db, 0, l->own.person, clock_now(c->clock), &at, &len));
	for (size_t i = 0; i < len; i++)
		TRY(put_person(c, db, rules, data_object(c, list, NULL), &at[i]));
	if (len)
		node_add_bool(c->arena, data, "any_people", true);
	TRY(delegation_codes(c, db, l->own.person, &waiting, &len));
	for (size_t i = 0; i < len; i++) {
		struct node *row = data_object(c, codes, NULL);
		struct moment expires = moment_at(c->arena, waiting[i].expires);

		data_str(c, row, "key", SAY(c->arena, "%lld", (long long)waiting[i].key));
		data_str(c, row, "who", waiting[i].name);
		data_time(c, row, "expires", expires, say_date(c->arena, expires));
		put_terms(c, rules, row, waiting[i].capacity, waiting[i].scope, waiting[i].note, waiting[i].until);
	}
	if (len)
		node_add_bool(c->arena, data, "any_codes", true);
	return OK;
}

/* What was typed stands in the form again. */
static enum err put_form(struct ctx *c, const struct request *r, const struct rules *rules, struct node *data)
{
	static const char *const fields[] = { "name", "until", "note" };
	struct str capacity = request_param(c, r, "capacity", 0);

	for (size_t i = 0; r->verb == HTTP_POST && i < sizeof fields / sizeof *fields; i++)
		data_str(c, data, arena_printf(c->arena, "in_%s", fields[i]), request_param(c, r, fields[i], 0));
	if (capacity.len)
		node_add_bool(c->arena, data, arena_printf(c->arena, "is_" STR_FMT, STR_ARG(capacity)), true);
	put_scopes(c, r, rules, data);
	return OK;
}

static enum err people_page(struct ctx *c, const struct request *r, struct node **data, struct letting *l)
{
	const struct rules *rules;

	TRY(begin(c, r, data, l));
	TRY(rules_of(c, &rules));
	TRY(put_people(c, l, rules, *data));
	TRY(put_form(c, r, rules, *data));
	node_add_bool(c->arena, *data, "at_people", true);
	data_str(c, *data, "lets_at",
		 SAY(c->arena, STR_FMT "%s", STR_ARG(l->own.base), l->staff ? "/delegates" : "/people"));
	if (request_param(c, r, "gone", 0).len)
		data_words(c, *data, "done", "Taken back. They see nothing from now on.");
	if (r->verb == HTTP_GET && request_param(c, r, "take", 0).len)
		TRY(put_sure(c, l, rules, request_param(c, r, "take", 0), *data));
	return OK;
}

enum err me_people_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct letting l;
	struct node *data;

	TRY(people_page(c, r, &data, &l));
	return page_show(c, l.page, data, reply);
}

/* --- a code --- */

/* The end of the day that was typed ("2027-03-31"), in London; 0 for none. */
static enum err read_until(struct ctx *c, struct str text, int64_t *out)
{
	struct moment m;

	*out = 0;
	if (!text.len)
		return OK;
	if (!moment_read(text, &m) || m.timed || m.when.precision != WHEN_DAY)
		return fail(c, ERR_INVALID, "Write the last day as in 2027-03-31, or leave it empty.");
	*out = m.to;
	return OK;
}

static enum err invite(struct ctx *c, const struct request *r, const struct letting *l, char *code, const char **field)
{
	struct delegation_code d = { .person = l->own.person,
				     .name = str_trim(request_param(c, r, "name", 0)),
				     .capacity = request_param(c, r, "capacity", 0),
				     .note = str_trim(request_param(c, r, "note", 0)) };
	struct buf scope;

	buf_init(&scope, c->arena, 1000);
	for (unsigned n = 0; n < 32 && request_param(c, r, "scope", n).at; n++) {
		buf_cstr(&scope, scope.len ? " " : "");
		buf_str(&scope, request_param(c, r, "scope", n));
	}
	d.scope = buf_get(&scope);
	*field = "until";
	TRY(read_until(c, str_trim(request_param(c, r, "until", 0)), &d.until));
	*field = "capacity";
	if (!l->staff && str_is(d.capacity, "parent"))
		return fail(c, ERR_INVALID, "Staff write down who is a child’s parent, when they have seen the proof.");
	*field = "note";
	if ((l->staff || str_is(d.capacity, "attorney")) && !d.note.len)
		return fail(c, ERR_INVALID, "Write down the proof: which paper, its number, who saw it.");
	*field = d.name.len ? "capacity" : "name";
	TRY(delegation_invite(c, &d, code));
	audit_note(c, &(struct audit){ .what = AUDIT_GRANT, .person = l->own.person, .section = STR("code"),
				       .relation = l->own.self ? STR("self") : STR("consent"), .detail = d.capacity });
	return OK;
}

static enum err take_back(struct ctx *c, const struct request *r, const struct letting *l, bool code)
{
	int64_t key;

	if (!str_int(request_param(c, r, "key", 0), &key))
		return fail(c, ERR_BAD_REQUEST, "That is no button of this page.");
	TRY(code ? delegation_cancel(c, l->own.person, key) : delegation_revoke(c, l->own.person, key));
	audit_note(c, &(struct audit){ .what = AUDIT_GRANT, .person = l->own.person, .section = STR("taken"),
				       .relation = l->own.self ? STR("self") : STR("consent"),
				       .detail = code ? STR("code taken back") : STR("taken back") });
	return OK;
}

enum err me_people_do(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct str what = request_param(c, r, "do", 0);
	char code[DELEGATION_CODE_SIZE];
	const char *field = "name";
	struct letting l;
	struct node *data;

	TRY(begin(c, r, &data, &l));
	if (str_is(what, "revoke") || str_is(what, "cancel")) {
		TRY(take_back(c, r, &l, str_is(what, "cancel")));
		return page_redirect(c, SAY(c->arena, STR_FMT "%s?gone=1", STR_ARG(l.own.base), l.staff ? "/delegates" : "/people"), reply);
	}
	enum err e = invite(c, r, &l, code, &field);
	TRY(people_page(c, r, &data, &l));
	if (e)
		return show_again(c, l.page, data, e, field, reply);
	data_words(c, data, "code", arena_str(c->arena, code));
	data_str(c, data, "code_for", str_trim(request_param(c, r, "name", 0)));
	return page_show(c, l.page, data, reply);
}
