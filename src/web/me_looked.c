/* me_looked.c - who looked at my record, in plain words; and asking about a look.
 *
 * The same rows that the chain proves (access/audit.h), grouped by day and by who. One's own looks are
 * left out. Who was stopped stays unnamed: they are told of by their organisation.
 */
#include "web/me.h"

#include <stdio.h>

#include "access/account.h"
#include "access/glass.h"
#include "access/petition.h"
#include "record/record.h"
#include "record/search.h"
#include "web/pages.h"

enum { LOOKS_MAX = 2000, SEEN_MAX = 5, QUESTION_MAX = 2000 };
#define DAY_US	   INT64_C(86400000000)
#define SAME_OPENING INT64_C(10000000)

struct looks {
	struct ctx *c;
	struct arena *a;
	struct db *db;
	struct look_words words;
	const struct rules *rules;
	int64_t person;
	struct looked *rows;
	size_t len;
	struct opening *openings;
	size_t opening_count;
	struct petition *questions; /* of the person, about looks */
	size_t question_count;
	int64_t now;
	size_t people, stopped;
	int64_t *seen_accounts;
};

/* --- one row in words --- */

/* The organisation's own name, else its code. */
static enum err org_name(struct looks *l, int64_t org, struct str *out)
{
	const struct search *search;
	struct search_page page;
	struct node *node;
	bool row;
	STMT(s);

	*out = STR("");
	if (!org)
		return OK;
	TRY(db_stmt(l->c, l->db, SQL("SELECT text FROM name WHERE key = ?1"), &s));
	stmt_bind_int(s, 1, org);
	TRY(stmt_step(l->c, s, &row));
	if (!row)
		return OK;
	struct str code = stmt_text(s, 0);
	for (size_t i = code.len; i > 0; i--)
		if (code.at[i - 1] == '/') {
			code = (struct str){ code.at + i, code.len - i };
			break;
		}
	code = (struct str){ str_dup(l->a, code), code.len };
	*out = code;
	TRY(search_parse(l->c, STR("Organization"),
			 SAY(l->a, "identifier=" STR_FMT "&_count=1", STR_ARG(code)), &search));
	if (search_run(l->c, search, &page) != OK || !page.len ||
	    fhir_read_json(l->c, l->c->place->fhir, l->a, page.at[0].body, &node) != OK)
		return OK;
	if (node_str(node, "name").len)
		*out = node_str(node, "name");
	return OK;
}

static struct str clock_words(struct arena *a, int64_t at)
{
	int64_t minutes = (at / 60000000 + when_london_offset(at)) % 1440;
	int64_t hour = minutes / 60;

	return SAY(a, "%lld:%02lld%s", (long long)(hour % 12 ? hour % 12 : 12), (long long)(minutes % 60),
		   hour < 12 ? "am" : "pm");
}

/* "Today, Saturday 21 November", "Thursday 6 November"; the year when it is another. */
static struct str day_words(struct looks *l, int64_t at)
{
	static const char *const weekdays[] = { "Monday",   "Tuesday", "Wednesday", "Thursday",
						"Friday", "Saturday", "Sunday" };
	static const char *const months[] = { "January", "February", "March",	  "April",   "May",	 "June",
					      "July",	 "August",   "September", "October", "November", "December" };
	int64_t days = london_day(at), today = london_day(l->now);
	int year, month, day, this_year, m, d;

	when_civil(days, &year, &month, &day);
	when_civil(today, &this_year, &m, &d);
	return SAY(l->a, "%s%s %d %s%s",
		   days == today       ? "Today, "
		   : days == today - 1 ? "Yesterday, "
				       : "",
		   weekdays[(days + 3) % 7], day, months[month - 1],
		   year == this_year ? "" : arena_printf(l->a, " %d", year));
}

static struct str seen_words(struct looks *l, const struct looked *row)
{
	struct str words;

	if (row->what == AUDIT_SEARCH)
		return STR("Saw your name in a list.");
	if (row->what == AUDIT_CREATE || row->what == AUDIT_CHANGE)
		return STR("Wrote in your record.");
	if (row->what == AUDIT_REMOVE)
		return STR("Took something out of your record.");
	if (row->what == AUDIT_GRANT)
		return str_is(row->detail, "asked")  ? STR("Asked you, and noted that you said yes.")
		       : str_is(row->section, "code")  ? STR("Made a code to let somebody see your record.")
		       : str_is(row->section, "taken") ? STR("Took back that somebody sees your record.")
						       : STR("Was let in with a code.");
	if (row->what == AUDIT_PRINT)
		return STR("Printed a part of your record.");
	words = look_word(&l->words, "section", row->section);
	return words.len ? words : look_word(&l->words, "section", STR("*"));
}

static struct str why_words(struct looks *l, const struct looked *row)
{
	struct str words = look_word(&l->words, "relation", row->relation);

	if (row->what == AUDIT_REFUSED)
		return STR("they do not care for you, or may not see this");
	return words.len ? words : look_word(&l->words, "purpose", str_of(purpose_word(row->purpose)));
}

/* What became of an emergency. */
static void put_review(struct looks *l, struct node *look, const struct looked *row)
{
	for (size_t i = 0; i < l->opening_count; i++) {
		const struct opening *o = &l->openings[i];
		struct moment at = moment_at(l->a, o->reviewed);

		if (o->account != row->account || o->at > row->at + SAME_OPENING || o->at < row->at - SAME_OPENING)
			continue;
		if (!o->reviewed)
			data_words(l->c, look, "note",
				   "A person who guards privacy will check this, and you will see here what they say.");
		else
			data_str(l->c, look, "note",
				 SAY(l->a, "Checked on " STR_FMT ". %s", STR_ARG(say_date(l->a, at)),
				     o->outcome == OUTCOME_IN_ORDER ? "It was right to open it."
								   : "It was not right. We are putting it right."));
		return;
	}
}

/* What became of what the person asked about this row. */
static struct str answer_words(struct looks *l, struct str key)
{
	for (size_t i = 0; i < l->question_count; i++) {
		const struct petition *p = &l->questions[i];

		if (!str_eq(petition_said(p, "audit row"), key) || petition_open(p))
			continue;
		return SAY(l->a, "We answered on " STR_FMT "." STR_FMT STR_FMT,
			   STR_ARG(say_date(l->a, moment_at(l->a, p->done))), STR_ARG(str_of(p->answer.len ? " " : "")),
			   STR_ARG(p->answer));
	}
	return STR("A person will answer you in 2 working days.");
}

/* Has the person asked about this row? The newest row that says so counts. */
static void put_question(struct looks *l, struct node *look, const struct looked *row)
{
	struct str key = str_of(audit_key_text(l->a, row->key));

	for (size_t i = 0; i < l->len; i++) {
		struct moment at = moment_at(l->a, l->rows[i].at);

		if (l->rows[i].what == AUDIT_QUERY && str_eq(l->rows[i].detail, key)) {
			data_str(l->c, look, "asked_about",
				 SAY(l->a, "You asked about this on " STR_FMT ". " STR_FMT,
				     STR_ARG(say_date(l->a, at)), STR_ARG(answer_words(l, key))));
			return;
		}
	}
}

static enum err put_who(struct looks *l, struct node *look, const struct looked *row)
{
	struct str org, role = look_word(&l->words, "role", row->role);
	struct user user;

	TRY(org_name(l, row->org, &org));
	if (row->what == AUDIT_REFUSED)
		data_str(l->c, look, "who",
			 org.len ? SAY(l->a, "Someone at " STR_FMT, STR_ARG(org)) : STR("Someone"));
	else if (row->account && account_at(l->c, l->db, row->account, &user) == OK)
		data_str(l->c, look, "who", user.name);
	else
		data_words(l->c, look, "who", "The system");
	if (row->what == AUDIT_REFUSED)
		return OK;
	if (role.len && org.len)
		data_str(l->c, look, "where", SAY(l->a, STR_FMT ", " STR_FMT, STR_ARG(role), STR_ARG(org)));
	else
		data_str(l->c, look, "where", role.len ? role : org);
	return OK;
}

static bool is_look(const struct looks *l, const struct looked *row)
{
	return row->account != l->c->actor->account && row->what != AUDIT_QUERY && row->what != AUDIT_CHOICE &&
	       (row->account || row->what == AUDIT_REFUSED);
}

static bool marked(const struct looked *row)
{
	return row->what == AUDIT_REFUSED || row->what == AUDIT_GLASS;
}

static bool together(const struct looked *a, const struct looked *b)
{
	return a->account == b->account && marked(a) == marked(b) &&
	       (!marked(a) || a->what == b->what) && london_day(a->at) == london_day(b->at);
}

/* Of the looks that are told together the newest that says by which relationship; reads over the API say only that there was one. */
static const struct looked *best_reason(const struct looks *l, const struct looked *first)
{
	for (const struct looked *row = first; row < l->rows + l->len; row++)
		if (is_look(l, row) && together(first, row) && row->relation.len && !str_is(row->relation, AUDIT_RELATED))
			return row;
	return first;
}

static enum err put_look(struct looks *l, struct node *list, const struct looked *row, struct node **out)
{
	struct node *look = *out = data_object(l->c, list, NULL);
	struct str why = why_words(l, best_reason(l, row));

	data_str(l->c, look, "iso", when_print_us(l->a, row->at));
	data_str(l->c, look, "clock", clock_words(l->a, row->at));
	TRY(put_who(l, look, row));
	data_str(l->c, look, "why", why);
	data_str(l->c, look, "row",
		 SAY(l->a, "%lld-%lld", (long long)AUDIT_MONTH(row->key), (long long)AUDIT_NUMBER(row->key)));
	if (row->what == AUDIT_REFUSED) {
		node_add_bool(l->a, look, "stopped", true);
		data_words(l->c, look, "note", "They saw nothing.");
	}
	if (row->what == AUDIT_GLASS) {
		node_add_bool(l->a, look, "emergency", true);
		put_review(l, look, row);
	}
	if (row->what == AUDIT_REFUSED || row->what == AUDIT_GLASS)
		node_add_bool(l->a, look, "marked", true);
	put_question(l, look, row);
	return OK;
}

/* --- all of them, by day and by who --- */

static void count_who(struct looks *l, const struct looked *row)
{
	if (row->what == AUDIT_REFUSED) {
		l->stopped++;
		return;
	}
	for (size_t i = 0; i < l->people; i++)
		if (l->seen_accounts[i] == row->account)
			return;
	l->seen_accounts[l->people++] = row->account;
}

/* Each thing seen once, the rows of one person on one day as one look. */
static void put_seen(struct looks *l, struct node *look, size_t first)
{
	struct node *list = data_list(l->c, look, "saw");
	struct str said[SEEN_MAX];
	size_t n = 0, times = 0;

	for (size_t i = first; i < l->len; i++) {
		struct str words;
		bool known = false;

		if (!is_look(l, &l->rows[i]) || !together(&l->rows[first], &l->rows[i]))
			continue;
		times += (size_t)l->rows[i].times;
		words = seen_words(l, &l->rows[i]);
		for (size_t j = 0; j < n; j++)
			known = known || str_eq(said[j], words);
		if (known || n == SEEN_MAX)
			continue;
		said[n++] = words;
		data_str(l->c, data_object(l->c, list, NULL), "words", words);
	}
	if (times > 1)
		data_str(l->c, look, "times", SAY(l->a, "%zu times that day.", times));
}

static enum err put_days(struct looks *l, struct node *data)
{
	struct node *days = data_list(l->c, data, "days"), *list = NULL, *look;
	int64_t day = -1;
	bool *done = NEW_N(l->a, bool, l->len + 1);

	l->seen_accounts = NEW_N(l->a, int64_t, l->len + 1);

	for (size_t i = 0; i < l->len; i++) {
		const struct looked *row = &l->rows[i];

		if (done[i] || !is_look(l, row))
			continue;
		count_who(l, row);
		if (london_day(row->at) != day) {
			struct node *section = data_object(l->c, days, NULL);

			day = london_day(row->at);
			data_str(l->c, section, "day", day_words(l, row->at));
			data_str(l->c, section, "day_id", SAY(l->a, "d%lld", (long long)day));
			list = data_list(l->c, section, "looks");
		}
		TRY(put_look(l, list, row, &look));
		put_seen(l, look, i);
		for (size_t j = i; j < l->len; j++)
			done[j] = done[j] || together(row, &l->rows[j]);
	}
	return OK;
}

static void put_heading(struct looks *l, struct node *data, const char *span)
{
	struct str people = l->people == 1 ? STR("1 person") : SAY(l->a, "%zu people", l->people);
	struct buf b;

	buf_init(&b, l->a, 0);
	if (!l->people)
		buf_printf(&b, "Nobody else looked%s.", span);
	else
		buf_printf(&b, STR_FMT " looked%s.", STR_ARG(people), span);
	if (l->stopped)
		buf_printf(&b, l->stopped == 1 ? " Once we stopped someone." : " %zu times we stopped someone.",
			   l->stopped);
	data_str(l->c, data, "lede", buf_get(&b));
}

static const struct {
	const char *code, *words, *span;
	int64_t us;
} spans[] = {
	{ "2w", "Last 2 weeks", " in the last 2 weeks", 14 * DAY_US },
	{ "3m", "Last 3 months", " in the last 3 months", 92 * DAY_US },
	{ "all", "Everything", "", 0 },
};

static size_t put_spans(struct ctx *c, const struct request *r, struct node *data)
{
	struct str asked = request_param(c, r, "from", 0);
	struct node *list = data_list(c, data, "spans");
	size_t chosen = 0;

	for (size_t i = 0; i < sizeof spans / sizeof *spans; i++)
		if (str_is(asked, spans[i].code))
			chosen = i;
	for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
		struct node *row = data_object(c, list, NULL);

		data_words(c, row, "code", spans[i].code);
		data_words(c, row, "words", spans[i].words);
		if (i == chosen)
			node_add_bool(c->arena, row, "chosen", true);
	}
	return chosen;
}

static enum err looks_read(struct looks *l, struct str patient, int64_t since)
{
	struct ctx *c = l->c;

	TRY(look_words_read(c, &l->words));
	TRY(rules_of(c, &l->rules));
	TRY(audit_find(c, l->db,
		       &(struct audit_ask){ .person = l->person, .since = since, .cap = LOOKS_MAX },
		       &l->rows, &l->len));
	TRY(petition_list(c, PETITION_QUERY, patient, &l->questions, &l->question_count));
	return glass_list(c, l->db, &(struct glass_query){ .person = l->person, .cap = 100 }, &l->openings,
			  &l->opening_count);
}

enum err me_looked_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct looks l = { .c = c, .a = c->arena, .now = clock_now(c->clock) };
	struct node *data;
	struct own own;
	size_t span;

	TRY(me_begin(c, r, "Who looked at my record", ME_SPEAKS, &data, &own));
	l.person = own.person;
	node_add_bool(c->arena, data, "at_looked", true);
	if (request_param(c, r, "asked", 0).len)
		data_words(c, data, "done", "Thank you. A person will answer you in 2 working days.");
	span = put_spans(c, r, data);
	READER(db);
	TRY(store_reader(c, c->place->store, &db));
	l.db = db;
	TRY(looks_read(&l, own.id, spans[span].us ? l.now - spans[span].us : 0));
	TRY(put_days(&l, data));
	put_heading(&l, data, spans[span].span);
	return page_show(c, "me_looked", data, reply);
}

/* --- asking about one --- */

/* "682-5" of the address, and only if it is about this person. */
static enum err own_row(struct looks *l, struct str text, struct looked *out)
{
	int64_t month, number;
	struct str m = str_cut(&text, '-');
	bool mine;

	if (!text.at || !str_int(m, &month) || !str_int(text, &number) || month < 1 || month > 1 << 20 ||
	    number < 1 || number > AUDIT_NUMBER(INT64_MAX))
		return fail(l->c, ERR_NOT_FOUND, "There is no such look at your record.");
	TRY(audit_at(l->c, l->db, month << 40 | number, out));
	mine = out->person == l->person;
	for (size_t i = 0; i < out->people_count; i++)
		mine = mine || out->people[i] == l->person;
	return mine ? OK : fail(l->c, ERR_NOT_FOUND, "There is no such look at your record.");
}

static enum err ask_page(struct ctx *c, const struct request *r, const char *error, struct reply *reply)
{
	struct looks l = { .c = c, .a = c->arena, .now = clock_now(c->clock) };
	struct node *data, *look;
	struct looked row;
	struct own own;

	TRY(me_begin(c, r, "Tell us about a look", ME_SPEAKS, &data, &own));
	l.person = own.person;
	READER(db);
	TRY(store_reader(c, c->place->store, &db));
	l.db = db;
	TRY(own_row(&l, own.rest, &row));
	TRY(look_words_read(c, &l.words));
	TRY(put_look(&l, data_list(c, data, "looks"), &row, &look));
	data_str(c, look, "day", day_words(&l, row.at));
	data_str(c, data, "row", own.rest);
	data_str(c, data, "text", request_param(c, r, "text", 0));
	if (error) {
		data_words(c, data, "error", error);
		node_add_bool(c->arena, data, "failed", true);
	}
	return page_show(c, "me_ask", data, reply);
}

enum err me_ask_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	return ask_page(c, r, NULL, reply);
}

enum err me_ask_do(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct str text = str_trim(request_param(c, r, "text", 0));
	struct looks l = { .c = c, .a = c->arena };
	struct looked row;
	struct node *data;
	struct own own;
	int64_t task, whose;

	if (!text.len)
		return ask_page(c, r, "Write what looks wrong", reply);
	if (str_letters(text) > QUESTION_MAX)
		return ask_page(c, r, "Write less: 2,000 letters at most", reply);
	TRY(me_begin(c, r, "", ME_SPEAKS, &data, &own));
	l.person = own.person;
	{
		READER(db);

		TRY(store_reader(c, c->place->store, &db));
		l.db = db;
		TRY(own_row(&l, own.rest, &row));
	}
	struct petition_mark mark = { .kind = STR("audit row"), .words = str_of(audit_key_text(c->arena, row.key)) };
	struct petition asked = { .kind = PETITION_QUERY, .person = own.id, .words = text, .marks = &mark,
				  .mark_count = 1 };
	TRY(petition_make(c, &asked));
	TRY(record_whose(c, STR("Task"), asked.id, &task, &whose));
	audit_note(c, &(struct audit){ .what = AUDIT_QUERY, .person = own.person, .resource = task,
				       .relation = STR("self"), .detail = mark.words });
	return me_redirect(c, &own, "/looked?asked=1", reply);
}
