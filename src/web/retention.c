/* retention.c - how long records are kept: the schedule, what is due, what somebody proposes and another decides. */
#include "access/retention.h"
#include "feed/feed.h"
#include "web/govern.h"

enum { SHOWN = 100, YEAR_DAYS = 365 };
#define DAY INT64_C(86400000000)

static struct str years(struct ctx *c, int64_t n)
{
	return n ? SAY(c->arena, "%lld years", (long long)n) : STR("");
}

/* One word of a row, as people say it: "label:hiv", "type:Claim", "org:council", "child", "*". */
static struct str applies_word(struct ctx *c, const struct rules *rules, struct str word)
{
	struct str name = word, kind = str_cut(&name, ':');
	const struct label_rule *label;

	if (str_is(word, "*"))
		return STR("everything");
	if (str_is(word, "child"))
		return STR("what was written before the person was 18");
	if (!name.at)
		return word;
	if (str_is(kind, "org"))
		return SAY(c->arena, "what came from organisations of the kind " STR_FMT, STR_ARG(name));
	label = str_is(kind, "label") ? rules_label(rules, name) : NULL;
	return label ? lower_first(c->arena, label->title) : kind_in_words(c, name);
}

static struct str applies_words(struct ctx *c, const struct rules *rules, struct str list)
{
	struct buf b;

	buf_init(&b, c->arena, 2000);
	while (list.at && list.len)
		buf_printf(&b, "%s" STR_FMT, b.len ? "; " : "", STR_ARG(applies_word(c, rules, str_cut(&list, ' '))));
	return say_code(c->arena, buf_get(&b));
}

static enum err put_schedule(struct ctx *c, struct node *data)
{
	struct node *list = data_list(c, data, "rules");
	const struct retention_rule *rules;
	const struct rules *tables;
	size_t len;

	TRY(rules_of(c, &tables));
	TRY(retention_rules(c, &rules, &len));
	for (size_t i = 0; i < len; i++) {
		struct node *row = data_object(c, list, NULL);

		data_str(c, row, "rule", rules[i].words);
		data_str(c, row, "applies", applies_words(c, tables, rules[i].applies));
		data_str(c, row, "after_last", years(c, rules[i].years));
		data_str(c, row, "after_death", years(c, rules[i].after_death));
		if (rules[i].until_age)
			data_str(c, row, "until_age",
				 SAY(c->arena, "%lldth birthday", (long long)rules[i].until_age));
		data_str(c, row, "rule_source", rules[i].source);
	}
	return OK;
}

static enum err put_due_people(struct ctx *c, struct node *data, int64_t ahead)
{
	struct node *list = data_list(c, data, "due");
	struct kept_until *due;
	size_t len;

	TRY(retention_due(c, clock_now(c->clock) + ahead, SHOWN, &due, &len));
	for (size_t i = 0; i < len; i++) {
		struct node *row = data_object(c, list, NULL);

		TRY(put_who(c, row, due[i].person));
		put_day(c, row, "kept_until", due[i].until);
		put_day(c, row, "died_on", due[i].died);
		put_day(c, row, "last_on", due[i].last);
		data_str(c, row, "kept_by", due[i].rule->words);
		data_str(c, row, "kept_items", say_count(c->arena, (int64_t)due[i].items));
		if (due[i].until <= clock_now(c->clock))
			node_add_bool(c->arena, row, "is_due", true);
	}
	if (len)
		node_add_bool(c->arena, data, "any_due", true);
	data_str(c, data, "due_count", say_count(c->arena, (int64_t)len));
	return OK;
}

static struct str account_text(struct ctx *c, int64_t account)
{
	return account_words(c, SAY(c->arena, "%lld", (long long)account));
}

static enum err put_proposals(struct ctx *c, struct node *data)
{
	struct node *waiting = data_list(c, data, "proposals"), *decided = data_list(c, data, "decided");
	struct proposal *all;
	size_t len;
	{
		READER(db);

		TRY(store_reader(c, c->place->store, &db));
		TRY(retention_list(c, db, &all, &len));
	}
	for (size_t i = 0; i < len; i++) {
		bool waits = all[i].outcome == RETENTION_WAITS;
		struct node *row = data_object(c, waits ? waiting : decided, NULL);

		data_str(c, row, "proposal", SAY(c->arena, "%lld", (long long)all[i].key));
		data_str(c, row, "proposed_rule", all[i].rule);
		data_str(c, row, "proposed_words", all[i].words);
		data_str(c, row, "proposed_by", account_text(c, all[i].actor));
		put_day(c, row, "proposed_on", all[i].at);
		put_day(c, row, "proposed_due", all[i].due);
		if (all[i].person_id.len)
			TRY(put_who(c, row, all[i].person_id));
		if (waits && all[i].actor == (c->actor ? c->actor->account : 0))
			node_add_bool(c->arena, row, "own", true);
		if (waits)
			continue;
		data_words(c, row, "outcome", all[i].outcome == RETENTION_DESTROYED ? "Destroyed" : "Kept");
		data_str(c, row, "decision", all[i].decision);
		data_str(c, row, "decided_by", account_text(c, all[i].decided_by));
		put_day(c, row, "decided_on", all[i].decided);
		if (all[i].purge)
			data_str(c, row, "purge", SAY(c->arena, "%lld", (long long)all[i].purge));
	}
	if (waiting->len)
		node_add_bool(c->arena, data, "any_proposals", true);
	if (decided->len)
		node_add_bool(c->arena, data, "any_decided", true);
	return OK;
}

static enum err retention_page(struct ctx *c, const struct request *r, struct node **out)
{
	struct node *data = *out = govern_page(c, r, "How long records are kept", "on_retention");

	bool ahead = str_is(request_param(c, r, "ahead", 0), "year");

	TRY(put_proposals(c, data));
	TRY(put_due_people(c, data, ahead ? YEAR_DAYS * DAY : 0));
	TRY(put_schedule(c, data));
	if (ahead)
		node_add_bool(c->arena, data, "ahead", true);
	if (str_is(request_param(c, r, "done", 0), "proposed"))
		data_words(c, data, "done", "Proposed. Somebody else has to decide.");
	else if (request_param(c, r, "done", 0).len)
		data_words(c, data, "done", "Decided, and recorded for good.");
	return OK;
}

enum err retention_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data;

	TRY(retention_page(c, r, &data));
	return page_show(c, "retention", data, reply);
}

/* --- what a decision takes away, before it is carried out --- */

/* Items by kind, and the versions before them. */
static enum err put_contents(struct ctx *c, struct db *db, int64_t person, struct node *sure)
{
	struct node *list = data_list(c, sure, "contents");
	int64_t items = 0, versions = 0;
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT n.text, count(*), sum(r.version) FROM resource r JOIN name n ON n.key = r.type "
			"WHERE r.person = ?1 AND r.version > 0 GROUP BY n.text ORDER BY count(*) DESC, n.text"),
		    &s));
	stmt_bind_int(s, 1, person);
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			break;
		struct str type = str_of(str_dup(c->arena, stmt_text(s, 0)));
		struct node *one = data_object(c, list, NULL);

		data_str(c, one, "kind", say_code(c->arena, kind_in_words(c, type)));
		data_str(c, one, "count", say_count(c->arena, stmt_int(s, 1)));
		items += stmt_int(s, 1);
		versions += stmt_int(s, 2);
	}
	data_str(c, sure, "items", say_count(c->arena, items));
	data_str(c, sure, "versions", say_count(c->arena, versions));
	return OK;
}

static enum err check_page(struct ctx *c, const struct request *r, int64_t key, struct reply *reply)
{
	struct node *data = govern_page(c, r, "Destroy this record?", "on_retention"), *sure = data_object(c, data, "sure");
	struct proposal *all;
	size_t len, at = 0;
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	TRY(retention_list(c, db, &all, &len));
	while (at < len && all[at].key != key)
		at++;
	if (at == len || all[at].outcome != RETENTION_WAITS || !all[at].person_id.len)
		return fail(c, ERR_CONFLICT, "It is decided already.");
	data_str(c, sure, "proposal", SAY(c->arena, "%lld", (long long)key));
	data_str(c, sure, "proposed_rule", all[at].rule);
	data_str(c, sure, "proposed_words", all[at].words);
	put_day(c, sure, "proposed_due", all[at].due);
	data_str(c, sure, "typed_words", request_param(c, r, "words", 0));
	TRY(put_who(c, sure, all[at].person_id));
	TRY(put_contents(c, db, all[at].person, sure));
	return page_show(c, "retention_check", data, reply);
}

static enum err act(struct ctx *c, const struct request *r)
{
	struct str what = request_param(c, r, "do", 0), words = request_param(c, r, "words", 0);
	int64_t key;

	if (str_is(what, "propose"))
		return retention_propose(c, request_param(c, r, "person", 0), words, &key);
	if ((str_is(what, "destroy") || str_is(what, "keep")) && str_int(request_param(c, r, "proposal", 0), &key))
		return retention_decide(c, key, str_is(what, "destroy"), words, &feed_purge);
	return fail(c, ERR_BAD_REQUEST, "That is no button of this page.");
}

enum err retention_do(struct ctx *c, const struct request *r, struct reply *reply)
{
	bool proposing = str_is(request_param(c, r, "do", 0), "propose");
	struct node *data;
	int64_t key;
	enum err e;

	if (str_is(request_param(c, r, "do", 0), "check") && str_int(request_param(c, r, "proposal", 0), &key)) {
		if (str_trim(request_param(c, r, "words", 0)).len)
			return check_page(c, r, key, reply);
		e = fail(c, ERR_INVALID, "Say why before the record is destroyed.");
	} else {
		e = act(c, r);
	}
	if (e == OK)
		return page_redirect(c, proposing ? STR("/retention?done=proposed") : STR("/retention?done=1"), reply);
	const char *why = arena_str(c->arena, c->why);
	TRY(retention_page(c, r, &data));
	e = fail(c, e, "%s", why);
	return show_again(c, "retention", data, e, "maincontent", reply);
}
