/* agreements.c - the register of what organisations share: added, renewed, ended, the effect shown before. */
#include "access/agreement.h"
#include "web/govern.h"

#define DAY INT64_C(86400000000)
enum { SOON_DAYS = 60, PARTIES = 200 };

static const struct {
	const char *name, *words;
} purposes[] = {
	{ "care", "Direct care" },
	{ "safeguarding", "Safeguarding" },
	{ "payment", "Payment and charging" },
	{ "secondary", "Planning and research" },
};
enum { PURPOSES = sizeof purposes / sizeof *purposes };

static bool lists(struct str list, struct str word)
{
	while (list.at)
		if (str_eq(str_cut(&list, ' '), word))
			return true;
	return false;
}

struct str parties_words(struct ctx *c, struct str orgs)
{
	struct buf b;

	buf_init(&b, c->arena, 20000);
	while (orgs.at) {
		struct str one = org_words(c, str_cut(&orgs, ' '));

		buf_printf(&b, "%s" STR_FMT, buf_get(&b).len ? ", " : "", STR_ARG(one));
	}
	return buf_get(&b);
}

struct str purposes_words(struct ctx *c, struct str list)
{
	struct buf b;

	buf_init(&b, c->arena, 400);
	for (unsigned i = 0; i < PURPOSES; i++)
		if (lists(list, str_of(purposes[i].name)))
			buf_printf(&b, "%s%s", buf_get(&b).len ? ", " : "", purposes[i].words);
	return buf_get(&b).len ? buf_get(&b) : list;
}

/* In force, ends soon, not yet, over: as a clock. */
static void put_state(struct ctx *c, struct node *row, const struct agreement *a)
{
	int64_t now = clock_now(c->clock);
	const char *class = "is-ok", *icon = "done", *words = "In force";

	if (a->until && a->until <= now) {
		class = "is-quiet", icon = "ended", words = a->ended_at ? "Ended" : "Expired";
	} else if (a->since > now) {
		class = "is-paused", icon = "pause", words = "Not yet in force";
	} else if (a->until && a->until < now + SOON_DAYS * DAY) {
		int64_t days = (a->until - now) / DAY;

		class = "is-late", icon = "late";
		words = arena_printf(c->arena, "Ends in %lld day%s", (long long)days, days == 1 ? "" : "s");
		node_add_bool(c->arena, row, "ends_soon", true);
	}
	row = data_object(c, row, "clock");
	data_words(c, row, "clock_class", class);
	data_words(c, row, "icon", icon);
	data_words(c, row, "clock_words", words);
}

/* "31 Mar 2027", with the minute where it is not the day's first. */
static void put_bound(struct ctx *c, struct node *row, const char *name, int64_t at)
{
	struct moment m = moment_at(c->arena, at);
	struct str text = agreement_time_text(c->arena, at), day = say_date(c->arena, m);

	if (at)
		data_time(c, row, name, m,
			  text.len > 10 ? SAY(c->arena, STR_FMT ", %.5s", STR_ARG(day), text.at + 11) : day);
}

static void put_agreement(struct ctx *c, struct node *row, const struct agreement *a)
{
	int64_t now = clock_now(c->clock);

	data_str(c, row, "agreement", SAY(c->arena, "%lld", (long long)a->key));
	data_str(c, row, "agreement_title", a->title);
	data_str(c, row, "parties", parties_words(c, a->orgs));
	data_str(c, row, "for", purposes_words(c, a->purposes));
	put_bound(c, row, "since", a->since);
	put_bound(c, row, "until", a->until);
	put_day(c, row, "made_on", a->made);
	data_str(c, row, "ended_because", a->reason);
	put_state(c, row, a);
	if (!a->until || a->until > now)
		node_add_bool(c->arena, row, "lives", true);
}

/* What of it is shared, when it is not all. */
static enum err put_covers(struct ctx *c, struct node *row, const struct agreement *a)
{
	const struct rules *rules;

	TRY(rules_of(c, &rules));
	data_str(c, row, "covers_words", agreement_covers_words(c, rules, a->covers));
	return OK;
}

static enum err read_all(struct ctx *c, struct agreement **out, size_t *len)
{
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	return agreement_list(c, db, out, len);
}

enum err agreements_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data = govern_page(c, r, "Agreements", "on_agreements"), *list = data_list(c, data, "agreements");
	const struct rules *rules;
	struct agreement *all;
	size_t len, live = 0, soon = 0;

	TRY(rules_of(c, &rules));
	TRY(read_all(c, &all, &len));
	for (size_t i = 0; i < len; i++) {
		struct node *row = data_object(c, list, NULL);

		put_agreement(c, row, &all[i]);
		TRY(put_covers(c, row, &all[i]));
		live += node_get(row, "lives") != NULL;
		soon += node_get(row, "ends_soon") != NULL;
	}
	if (len)
		node_add_bool(c->arena, data, "any", true);
	data_str(c, data, "sentence",
		 SAY(c->arena, "%zu agreement%s in force%s.", live, live == 1 ? " is" : "s are",
		     soon ? arena_printf(c->arena, "; %zu end%s within %d days, and then sharing stops", soon,
					 soon == 1 ? "s" : "", SOON_DAYS)
			  : ""));
	data_words(c, data, "policy",
		   rules->policy.share_all
			   ? "Organisations that no agreement names share with each other by the policy of the place. One that "
			     "is named sees what its agreements in force say, and nothing else."
			   : "Nothing is shared between organisations without an agreement in force.");
	if (request_param(c, r, "done", 0).len)
		data_words(c, data, "done", "Saved. It counts from the next request on.");
	return page_show(c, "agreements", data, reply);
}

/* --- the effect --- */

static struct str some_names(struct ctx *c, const struct str *names, size_t count)
{
	struct buf b;

	buf_init(&b, c->arena, 2000);
	for (size_t i = 0; i < count && i < 5; i++)
		buf_printf(&b, "%s" STR_FMT, i ? ", " : "", STR_ARG(names[i]));
	if (count > 5)
		buf_printf(&b, " and %zu more", count - 5);
	return buf_get(&b);
}

static enum err put_effects(struct ctx *c, struct node *data, const struct agreement *add, int64_t end)
{
	struct node *list = data_list(c, data, "effects");
	struct agreement_effect *effects;
	size_t len, loses = 0, gains = 0;
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	TRY(agreement_effects(c, db, add, end, &effects, &len));
	for (size_t i = 0; i < len; i++) {
		struct node *row = data_object(c, list, NULL);

		data_words(c, row, "effect_for", purpose_word(effects[i].purpose));
		data_str(c, row, "effect_who", effects[i].name);
		data_str(c, row, "effect_gains", some_names(c, effects[i].gains, effects[i].gain_count));
		data_str(c, row, "effect_loses", some_names(c, effects[i].loses, effects[i].lose_count));
		gains += effects[i].gain_count;
		loses += effects[i].lose_count;
	}
	if (len)
		node_add_bool(c->arena, data, "any_effect", true);
	data_str(c, data, "effect",
		 !len ? STR("Nothing changes in what any organisation sees.")
		      : SAY(c->arena, "Once in force: %zu times one organisation begins to see another’s items, %zu times it "
				      "no longer does.",
			    gains, loses));
	return OK;
}

/* --- adding, renewing --- */

static enum err put_parties(struct ctx *c, struct node *data, struct str chosen)
{
	struct node *list = data_list(c, data, "orgs");
	bool row;
	READER(db);
	STMT(s);

	TRY(store_reader(c, c->place->store, &db));
	TRY(db_stmt(c, db,
		    SQL("SELECT DISTINCT ods, name FROM view_organisation WHERE ods IS NOT NULL AND part_of IS NULL "
			"ORDER BY name"),
		    &s));
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row || list->len >= 1000)
			return OK;
		struct str ods = str_of(str_dup(c->arena, stmt_text(s, 0)));
		struct str name = stmt_null(s, 1) ? ods : str_of(str_dup(c->arena, stmt_text(s, 1)));
		struct node *one = data_object(c, list, NULL);

		data_str(c, one, "code", ods);
		data_str(c, one, "words", name);
		if (lists(chosen, ods))
			node_add_bool(c->arena, one, "chosen", true);
	}
}

/* What can be named: ordinary items, and whatever is of a category or sensitivity. */
static enum err put_labels(struct ctx *c, struct node *data, struct str covers)
{
	struct node *list = data_list(c, data, "labels"), *one;
	const struct rules *rules;

	TRY(rules_of(c, &rules));
	one = put_choice(c, list, STR(AGREEMENT_ORDINARY), STR("Ordinary items"), STR(""));
	if (lists(covers, STR(AGREEMENT_ORDINARY)))
		node_add_bool(c->arena, one, "chosen", true);
	for (size_t i = 0; i < rules->label_count; i++) {
		const struct label_rule *l = &rules->labels[i];

		if (l->bit & agreement_uncounted(rules))
			continue;
		one = put_choice(c, list, l->name, l->title, STR(""));
		if (lists(covers, l->name))
			node_add_bool(c->arena, one, "chosen", true);
	}
	return OK;
}

static enum err put_form(struct ctx *c, struct node *data, const struct agreement *a, struct str since, struct str until)
{
	struct node *list = data_list(c, data, "purposes");

	for (unsigned i = 0; i < PURPOSES; i++) {
		struct node *one = put_choice(c, list, str_of(purposes[i].name), str_of(purposes[i].words), STR(""));

		if (lists(a->purposes, str_of(purposes[i].name)))
			node_add_bool(c->arena, one, "chosen", true);
	}
	data_str(c, data, "typed_title", a->title);
	data_str(c, data, "typed_since", since);
	data_str(c, data, "typed_until", until);
	TRY(put_labels(c, data, a->covers));
	return put_parties(c, data, a->orgs);
}

static enum err find(struct ctx *c, struct str text, struct agreement *out)
{
	struct agreement *all;
	int64_t key;
	size_t len;

	if (!str_int(text, &key))
		return fail(c, ERR_NOT_FOUND, "There is no such agreement.");
	TRY(read_all(c, &all, &len));
	for (size_t i = 0; i < len; i++)
		if (all[i].key == key) {
			*out = all[i];
			return OK;
		}
	return fail(c, ERR_NOT_FOUND, "There is no such agreement.");
}

enum err agreement_new_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data = govern_page(c, r, "New agreement", "on_agreements");
	struct str renew = request_param(c, r, "renew", 0);
	struct agreement a = { .since = clock_now(c->clock), .orgs = STR(""), .purposes = STR(""),
			       .covers = STR("") };
	int64_t since = a.since;

	if (renew.len) {
		TRY(find(c, renew, &a));
		since = a.until ? a.until : since;
		data_str(c, data, "renews", a.title);
	}
	struct str from = agreement_time_text(c->arena, since);
	TRY(put_form(c, data, &a, (struct str){ from.at, renew.len ? from.len : 10 }, STR("")));
	return page_show(c, "agreement_new", data, reply);
}

static struct str joined(struct ctx *c, const struct request *r, const char *name)
{
	struct buf b;

	buf_init(&b, c->arena, 8000);
	for (unsigned i = 0; i < PARTIES; i++) {
		struct str one = str_trim(request_param(c, r, name, i));

		if (!one.at)
			break;
		if (one.len && !lists(buf_get(&b), one))
			buf_printf(&b, "%s" STR_FMT, buf_get(&b).len ? " " : "", STR_ARG(one));
	}
	return buf_get(&b);
}

static enum err read_day(struct ctx *c, struct str text, const char *what, int64_t *out)
{
	if (agreement_time_read(text, out))
		return OK;
	return fail(c, ERR_INVALID, "Give the day it %s as year-month-day, 2027-03-31, or a minute of it: 2027-03-31 17:30.", what);
}

static enum err read_form(struct ctx *c, const struct request *r, struct agreement *a)
{
	struct str until = str_trim(request_param(c, r, "until", 0));

	*a = (struct agreement){ .title = str_trim(request_param(c, r, "title", 0)),
				 .orgs = joined(c, r, "org"),
				 .purposes = joined(c, r, "purpose"),
				 .covers = joined(c, r, "covers") };
	TRY(read_day(c, str_trim(request_param(c, r, "since", 0)), "begins", &a->since));
	if (until.len)
		TRY(read_day(c, until, "ends", &a->until));
	return agreement_check(c, a);
}

static void put_hidden(struct ctx *c, struct node *list, const char *name, struct str words)
{
	while (words.at) {
		struct node *one = data_object(c, list, NULL);

		data_words(c, one, "hidden_name", name);
		data_str(c, one, "hidden_value", str_cut(&words, ' '));
	}
}

static enum err check_page(struct ctx *c, const struct request *r, const struct agreement *a, struct reply *reply)
{
	struct node *data = govern_page(c, r, "Check the agreement", "on_agreements"), *hidden;

	put_agreement(c, data, a);
	hidden = data_list(c, data, "hidden");
	put_hidden(c, hidden, "org", a->orgs);
	put_hidden(c, hidden, "purpose", a->purposes);
	if (a->covers.len)
		put_hidden(c, hidden, "covers", a->covers);
	TRY(put_covers(c, data, a));
	data_str(c, data, "since_text", agreement_time_text(c->arena, a->since));
	data_str(c, data, "until_text", agreement_time_text(c->arena, a->until));
	TRY(put_effects(c, data, a, 0));
	return page_show(c, "agreement_check", data, reply);
}

enum err agreement_new_do(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data;
	struct agreement a;
	int64_t key;
	enum err e = read_form(c, r, &a);

	if (e == OK && str_is(request_param(c, r, "do", 0), "check"))
		return check_page(c, r, &a, reply);
	if (e == OK && str_is(request_param(c, r, "do", 0), "save")) {
		TRY(agreement_add(c, &a, &key));
		return page_redirect(c, STR("/agreements?done=1"), reply);
	}
	const char *why = arena_str(c->arena, c->why);
	data = govern_page(c, r, "New agreement", "on_agreements");
	TRY(put_form(c, data, &a, request_param(c, r, "since", 0), request_param(c, r, "until", 0)));
	e = e ? e : ERR_BAD_REQUEST;
	e = fail(c, e, "%s", why);
	return show_again(c, "agreement_new", data, e, "title", reply);
}

/* --- one, and its end --- */

static enum err one_page(struct ctx *c, const struct request *r, bool sure, struct node **out)
{
	struct node *data = *out = govern_page(c, r, "Agreement", "on_agreements");
	struct agreement a;

	TRY(find(c, r->part[0], &a));
	put_agreement(c, data, &a);
	TRY(put_covers(c, data, &a));
	if (sure) {
		node_add_bool(c->arena, data, "sure", true);
		TRY(put_effects(c, data, NULL, a.key));
	}
	data_str(c, data, "typed_reason", request_param(c, r, "reason", 0));
	return OK;
}

enum err agreement_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data;

	TRY(one_page(c, r, false, &data));
	return page_show(c, "agreement", data, reply);
}

enum err agreement_end_do(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct str reason = str_trim(request_param(c, r, "reason", 0));
	bool check = str_is(request_param(c, r, "do", 0), "check");
	struct node *data;
	struct agreement a;
	enum err e = OK;

	TRY(find(c, r->part[0], &a));
	if (!reason.len)
		e = fail(c, ERR_INVALID, "Say why it ends.");
	else if (!check)
		e = agreement_finish(c, a.key, 0, reason);
	if (e == OK && !check)
		return page_redirect(c, STR("/agreements?done=1"), reply);
	const char *why = arena_str(c->arena, c->why);
	TRY(one_page(c, r, e == OK, &data));
	if (e == OK)
		return page_show(c, "agreement", data, reply);
	e = fail(c, e, "%s", why);
	return show_again(c, "agreement", data, e, "reason", reply);
}
