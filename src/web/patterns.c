/* patterns.c - odd patterns in the audit, each explained, each to be reviewed. */
#include "access/pattern.h"
#include "access/role.h"
#include "web/govern.h"

enum { SHOWN = 300 };

static struct str key_text(struct ctx *c, int64_t key)
{
	return SAY(c->arena, "%lld", (long long)key);
}

static enum err patient_id(struct ctx *c, int64_t key, struct str *id)
{
	bool row;
	READER(db);
	STMT(s);

	TRY(store_reader(c, c->place->store, &db));
	TRY(db_stmt(c, db, SQL("SELECT id FROM resource WHERE key = ?1"), &s));
	stmt_bind_int(s, 1, key);
	TRY(stmt_step(c, s, &row));
	*id = row ? str_of(str_dup(c->arena, stmt_text(s, 0))) : STR("");
	return OK;
}

/* By name only for who may find them; which record it is has to be told, or nobody could look into it. */
static enum err put_person(struct ctx *c, struct node *row, struct str id)
{
	struct version seen;
	enum err e = record_read(c, STR("Patient"), id, &seen);

	if (e == OK)
		return put_who(c, row, id);
	if (e != ERR_NOT_FOUND && e != ERR_GONE)
		return e;
	data_str(c, row, "person_name",
		 SAY(c->arena, "somebody whose record is held closely (" STR_FMT ")", STR_ARG(id)));
	data_str(c, row, "person_id", id);
	return OK;
}

static enum err put_finding(struct ctx *c, struct node *row, const struct finding *f, const struct roles *roles)
{
	const struct role *role = role_find(roles, f->role);
	struct str id;

	data_str(c, row, "pattern", f->pattern->name);
	data_str(c, row, "pattern_words", f->pattern->words);
	data_str(c, row, "pattern_why", f->pattern->why);
	data_str(c, row, "found", f->words);
	data_str(c, row, "account", key_text(c, f->account));
	data_str(c, row, "who", account_words(c, key_text(c, f->account)));
	data_str(c, row, "who_role", role ? role->words : f->role);
	data_str(c, row, "who_org", org_words(c, f->org));
	data_str(c, row, "person", key_text(c, f->person));
	data_str(c, row, "looks", say_count(c->arena, f->looks));
	if (f->looks != 1)
		node_add_bool(c->arena, row, "looks_many", true);
	put_moment(c, row, "last_look", f->last);
	if (f->first != f->last)
		put_moment(c, row, "first_look", f->first);
	data_words(c, row, "row", audit_key_text(c->arena, f->row));
	data_words(c, row, "mark", arena_printf(c->arena, STR_FMT "-%lld-%lld", STR_ARG(f->pattern->name),
						(long long)f->account, (long long)f->person));
	if (c->actor && c->actor->account == f->account)
		node_add_bool(c->arena, row, "own", true);
	if (f->person) {
		TRY(patient_id(c, f->person, &id));
		TRY(put_person(c, row, id));
	}
	if (!f->outcome)
		return OK;
	data_words(c, row, "outcome", f->outcome == PATTERN_IN_ORDER ? "In order" : "Not in order");
	data_str(c, row, "review", f->review);
	data_str(c, row, "reviewed_by", account_words(c, key_text(c, f->reviewed_by)));
	put_day(c, row, "reviewed_on", f->reviewed);
	return OK;
}

static enum err put_thresholds(struct ctx *c, struct node *data)
{
	struct node *list = data_list(c, data, "thresholds");
	const struct pattern *all;
	size_t len;

	TRY(patterns_of(c, &all, &len));
	for (size_t i = 0; i < len; i++) {
		struct node *row = data_object(c, list, NULL);

		data_str(c, row, "threshold", all[i].words);
		data_str(c, row, "threshold_why", all[i].why);
		data_str(c, row, "over", say_count(c->arena, all[i].over));
		data_str(c, row, "days", say_count(c->arena, all[i].days));
	}
	return OK;
}

static enum err patterns_page(struct ctx *c, const struct request *r, struct node **out)
{
	struct node *data = *out = govern_page(c, r, "Odd patterns", "on_patterns"),
		    *waiting = data_list(c, data, "waiting"), *reviewed = data_list(c, data, "reviewed");
	const struct roles *roles;
	struct finding *all;
	size_t len;
	bool cut;

	TRY(roles_of(c, &roles));
	TRY(pattern_find(c, SHOWN, &all, &len, &cut));
	for (size_t i = 0; i < len; i++)
		TRY(put_finding(c, data_object(c, all[i].outcome ? reviewed : waiting, NULL), &all[i], roles));
	if (waiting->len)
		node_add_bool(c->arena, data, "any_waiting", true);
	if (reviewed->len)
		node_add_bool(c->arena, data, "any_reviewed", true);
	if (cut)
		data_str(c, data, "cut", SAY(c->arena, "The newest %s were judged: who looked at whom, by day.",
					     arena_str(c->arena, str_dup(c->arena, say_count(c->arena, PATTERN_ROWS)))));
	data_str(c, data, "sentence",
		 waiting->len == 0 ? STR("Nothing odd waits for a review.")
		 : waiting->len == 1 ? STR("One pattern waits for a review.")
				     : SAY(c->arena, "%u patterns wait for a review.", waiting->len));
	if (request_param(c, r, "done", 0).len)
		data_words(c, data, "done", "The review is recorded.");
	return put_thresholds(c, data);
}

enum err patterns_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data;

	TRY(patterns_page(c, r, &data));
	return page_show(c, "patterns", data, reply);
}

enum err patterns_do(struct ctx *c, const struct request *r, struct reply *reply)
{
	bool right = str_is(request_param(c, r, "found", 0), "right");
	struct node *data;
	int64_t account, person;

	if (!str_int(request_param(c, r, "account", 0), &account) || !str_int(request_param(c, r, "person", 0), &person))
		return fail(c, ERR_NOT_FOUND, "There is no such pattern.");
	enum err e = pattern_review(c, request_param(c, r, "pattern", 0), account, person,
				    right ? PATTERN_IN_ORDER : PATTERN_NOT_IN_ORDER, request_param(c, r, "words", 0));
	if (e == OK)
		return page_redirect(c, STR("/patterns?done=1"), reply);
	const char *why = arena_str(c->arena, c->why);
	TRY(patterns_page(c, r, &data));
	e = fail(c, e, "%s", why);
	return show_again(c, "patterns", data, e,
			  arena_printf(c->arena, "w-" STR_FMT "-%lld-%lld", STR_ARG(request_param(c, r, "pattern", 0)),
				       (long long)account, (long long)person),
			  reply);
}
