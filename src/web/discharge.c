/* discharge.c - the way out of hospital on pages: the list of a ward, the list of the transfer hub, the same on paper for the
 * meetings of morning and afternoon, and as a file.
 *
 * What is chosen stands in the address, and paper and file are of what is chosen. Paper goes by ward and bed. */
#include "web/leaving.h"
#include "web/looked.h"
#include "web/pages.h"
#include "web/work.h"

#include <stdlib.h>

#include "base/html.h"
#include "web/chart.h"

enum { OFFERED = 60 };

/* Where each pathway leads, as somebody who looks for a place to go asks. */
static const struct going {
	const char *code, *words;
	int64_t from, to; /* pathways */
} goings[] = {
	{ "home", "Home", 0, 1 },
	{ "bed", "A bed to recover in", 2, 2 },
	{ "care-home", "A care home", 3, 3 },
	{ "undecided", "Not decided yet", NO_PATHWAY, NO_PATHWAY },
};

struct chosen {
	struct str ward, to, pathway, by;
	bool hub;
};

struct group {
	struct str title, key;
	struct node *row;
	size_t people;
	int64_t nights;
};

struct listing {
	struct ctx *c;
	struct board board;
	struct chosen chosen;
	struct node *data, *groups;
	struct group at;
	struct looked_people seen;
	size_t ready, staying;
	int64_t nights;
};

/* ---- what is chosen ---- */

static struct chosen chosen_of(struct ctx *c, const struct request *r)
{
	return (struct chosen){
		.ward = request_param(c, r, "ward", 0), .to = request_param(c, r, "to", 0),
		.pathway = request_param(c, r, "pathway", 0), .by = request_param(c, r, "by", 0),
		.hub = str_is(request_param(c, r, "list", 0), "hub"),
	};
}

static bool goes_to(const struct leaving *l, struct str to)
{
	for (size_t i = 0; i < sizeof goings / sizeof *goings; i++)
		if (str_is(to, goings[i].code))
			return l->pathway >= goings[i].from && l->pathway <= goings[i].to;
	return false;
}

/* The hub sees to everybody who needs more than the way home. */
static bool is_chosen(const struct chosen *ch, const struct leaving *l)
{
	int64_t pathway;

	if (ch->hub && l->pathway == 0)
		return false;
	if (ch->ward.len && !str_eq(ch->ward, l->ward))
		return false;
	if (ch->to.len && !goes_to(l, ch->to))
		return false;
	if (ch->pathway.len && !(str_int(ch->pathway, &pathway) && pathway == l->pathway))
		return false;
	return !ch->by.len || str_eq(ch->by, l->act_by);
}

static void add_param(struct buf *b, const char *name, struct str value)
{
	if (!value.len)
		return;
	buf_printf(b, "%c%s=", memchr(b->at, '?', b->len) ? '&' : '?', name);
	url_escape(b, value);
}

/* "/discharge?ward=Elm%20Ward&list=hub": that page of what is chosen. */
static struct str address(struct ctx *c, const char *page, const struct chosen *ch, bool hub)
{
	struct buf b;

	buf_init(&b, c->arena, 8000);
	buf_cstr(&b, page);
	add_param(&b, "ward", ch->ward);
	add_param(&b, "to", ch->to);
	add_param(&b, "pathway", ch->pathway);
	add_param(&b, "by", ch->by);
	add_param(&b, "list", hub ? STR("hub") : STR(""));
	return buf_get(&b);
}

static void put_option(struct ctx *c, struct node *list, struct str value, struct str words, struct str chosen)
{
	struct node *one = data_object(c, list, NULL);

	data_str(c, one, "value", value);
	data_str(c, one, "value_words", words);
	if (str_eq(value, chosen))
		node_add_bool(c->arena, one, "is_chosen", true);
}

/* Names without doubles, in their order; at most OFFERED. */
static void put_names(struct listing *l, const char *name, struct str (*of)(const struct leaving *), struct str chosen)
{
	struct node *list = data_list(l->c, l->data, name);
	struct str names[OFFERED];
	size_t len = 0;

	for (size_t i = 0; i < l->board.all.len && len < OFFERED; i++) {
		struct str one = of(&l->board.all.at[i]);
		size_t at = 0;

		while (at < len && str_cmp(names[at], one) < 0)
			at++;
		if (!one.len || (at < len && str_eq(names[at], one)))
			continue;
		memmove(&names[at + 1], &names[at], (len++ - at) * sizeof *names);
		names[at] = one;
	}
	for (size_t i = 0; i < len; i++)
		put_option(l->c, list, names[i], names[i], chosen);
}

static struct str ward_name(const struct leaving *l)
{
	return l->ward;
}

static struct str act_name(const struct leaving *l)
{
	return l->act_by;
}

static void put_filters(struct listing *l)
{
	struct ctx *c = l->c;
	struct node *to = data_list(c, l->data, "goings"), *pathways = data_list(c, l->data, "pathways");

	put_names(l, "wards", ward_name, l->chosen.ward);
	put_names(l, "bodies", act_name, l->chosen.by);
	for (size_t i = 0; i < sizeof goings / sizeof *goings; i++)
		put_option(c, to, str_of(goings[i].code), str_of(goings[i].words), l->chosen.to);
	node_each(one, node_get(l->board.pathways, "parameter")) {
		struct str code = node_str(node_at(node_get(one, "part"), 0), "valueString");
		int64_t n;

		if (str_int(code, &n))
			put_option(c, pathways, code,
				   SAY(c->arena, STR_FMT ": " STR_FMT, STR_ARG(code),
				       STR_ARG(pathway_words(l->board.pathways, n))), l->chosen.pathway);
	}
	data_str(c, l->data, "href_list", address(c, "/discharge", &l->chosen, l->chosen.hub));
	data_str(c, l->data, "href_wards", address(c, "/discharge", &l->chosen, false));
	data_str(c, l->data, "href_hub", address(c, "/discharge", &l->chosen, true));
	data_str(c, l->data, "href_paper", address(c, "/discharge/print", &l->chosen, l->chosen.hub));
	data_str(c, l->data, "href_file", address(c, "/discharge?as=csv", &l->chosen, l->chosen.hub));
	data_str(c, l->data, "chosen_ward", l->chosen.ward);
	if (l->chosen.hub)
		node_add_bool(c->arena, l->data, "hub", true);
}

/* ---- rows ---- */

/* What happens next, who does it, until when. */
static void put_next(struct ctx *c, struct node *row, const struct leaving *l, int64_t now)
{
	const struct node *next = l->step ? l->step : l->delay;

	if (!next)
		return;
	data_str(c, row, "next", concept_words(c->arena, node_get(next, "code")));
	data_str(c, row, "next_by", leaving_owner(c, next));
	work_clock(c, row, next, now);
}

/* When somebody last looked whether they need the bed, and what held. */
static void put_review(struct ctx *c, struct node *row, const struct leaving *l, int64_t now)
{
	struct moment m;

	if (!moment_read(node_str(leaving_input(l->task, "reviewed"), "valueDateTime"), &m))
		return;
	data_time(c, row, "reviewed", m, say_as_at(c->arena, m, now));
	data_str(c, row, "criteria", node_str(leaving_input(l->task, "criteria"), "valueString"));
}

static enum err put_row(struct listing *t, struct node *list, const struct leaving *l)
{
	struct ctx *c = t->c;
	struct node *row = data_object(c, list, NULL);
	int64_t now = t->board.now;

	TRY(work_person(c, row, l->task, now));
	if (l->again)
		node_add_bool(c->arena, row, "again", true);
	data_str(c, row, "ward", l->ward);
	data_str(c, row, "bed", l->bed);
	data_str(c, row, "going", pathway_words(t->board.pathways, l->pathway));
	if (l->pathway != NO_PATHWAY)
		data_str(c, row, "pathway", say_count(c->arena, l->pathway));
	if (l->nights >= 0) {
		data_str(c, row, "nights", SAY(c->arena, "%lld night%s", (long long)l->nights, l->nights == 1 ? "" : "s"));
		html_safe(c->arena, row, "tally", chart_tally(c->arena, (int)l->nights));
		data_time(c, row, "ready", l->ready, say_day(c->arena, l->ready, now));
	} else if (l->expected.iso.len)
		data_time(c, row, "expected", l->expected, say_weekday(c->arena, l->expected, now));
	if (l->delay) {
		data_str(c, row, "reason", delay_reason(c, l->delay));
		data_str(c, row, "delay_state", work_state(c, l->delay));
	}
	data_str(c, row, "in_for", concept_words(c->arena, node_get(l->stay, "reasonCode")));
	data_str(c, row, "body", l->act_by);
	put_next(c, row, l, now);
	put_review(c, row, l, now);
	return OK;
}

static struct str people(struct ctx *c, size_t n)
{
	return SAY(c->arena, "%zu %s", n, n == 1 ? "person" : "people");
}

static struct str nights_words(struct ctx *c, int64_t n)
{
	return SAY(c->arena, "%lld night%s", (long long)n, n == 1 ? "" : "s");
}

/* ---- groups ---- */

static void end_group(struct listing *l)
{
	struct ctx *c = l->c;
	struct group *g = &l->at;

	if (!g->row)
		return;
	data_str(c, g->row, "group_people", people(c, g->people));
	if (g->nights)
		data_str(c, g->row, "group_nights", nights_words(c, g->nights));
	*g = (struct group){ 0 };
}

/* The group of that name; the one before ends. Rows come in the order of groups. */
static struct node *group_rows(struct listing *l, struct str key, struct str title)
{
	struct ctx *c = l->c;

	if (!l->at.row || !str_eq(l->at.key, key)) {
		end_group(l);
		l->at = (struct group){ .key = key, .title = title, .row = data_object(c, l->groups, NULL) };
		data_str(c, l->at.row, "group_id", key);
		data_str(c, l->at.row, "group", title);
		(void)data_list(c, l->at.row, "rows");
	}
	return node_get(l->at.row, "rows");
}

static struct node *rows_by_wait(struct listing *l, const struct leaving *one)
{
	return one->nights >= 0 ? group_rows(l, STR("ready"), STR("Ready to leave"))
				: group_rows(l, STR("other"), STR("Still need the bed"));
}

static struct node *rows_by_pathway(struct listing *l, const struct leaving *one)
{
	struct ctx *c = l->c;
	struct str words = pathway_words(l->board.pathways, one->pathway);

	if (one->pathway == NO_PATHWAY)
		return group_rows(l, STR("undecided"), STR("Not decided yet"));
	return group_rows(l, SAY(c->arena, "path-%lld", (long long)one->pathway),
			  SAY(c->arena, STR_FMT " (pathway %lld)", STR_ARG(words), (long long)one->pathway));
}

static struct node *rows_by_ward(struct listing *l, const struct leaving *one)
{
	return group_rows(l, one->ward.len ? one->ward : STR("ward"), one->ward.len ? one->ward : STR("Ward not said"));
}

static int by_pathway(const void *a, const void *b)
{
	const struct leaving *x = a, *y = b;

	if (x->pathway != y->pathway)
		return x->pathway == NO_PATHWAY ? 1 : y->pathway == NO_PATHWAY ? -1 : x->pathway < y->pathway ? -1 : 1;
	return leaving_by_wait(a, b);
}

/* "bed 4" before "bed 12". */
static int by_bed(const void *a, const void *b)
{
	const struct leaving *x = a, *y = b;
	int order = str_cmp(x->ward, y->ward);

	if (order)
		return order;
	if (x->bed.len != y->bed.len)
		return x->bed.len < y->bed.len ? -1 : 1;
	order = str_cmp(x->bed, y->bed);
	return order ? order : leaving_by_wait(a, b);
}

/* Who is on the page is noted, as many as there are. */
static enum err note(struct listing *l, const struct leaving *one)
{
	struct str id = node_text(node_path(one->task, "for.reference"));

	if (!str_starts(id, STR("Patient/")))
		return OK;
	if (l->seen.len == sizeof l->seen.at / sizeof *l->seen.at) {
		looked_page(l->c, &l->seen);
		l->seen.len = 0;
	}
	return looked_add(l->c, &l->seen, (struct str){ id.at + 8, id.len - 8 });
}

static enum err fill(struct listing *l, struct node *(*rows)(struct listing *, const struct leaving *))
{
	for (size_t i = 0; i < l->board.all.len; i++) {
		const struct leaving *one = &l->board.all.at[i];

		if (!is_chosen(&l->chosen, one))
			continue;
		TRY(put_row(l, rows(l, one), one));
		TRY(note(l, one));
		l->at.people++;
		l->at.nights += one->nights > 0 ? one->nights : 0;
		l->ready += one->nights >= 0;
		l->staying += one->nights < 0;
		l->nights += one->nights > 0 ? one->nights : 0;
	}
	end_group(l);
	if (l->seen.len)
		looked_page(l->c, &l->seen);
	return OK;
}

static void put_sums(struct listing *l)
{
	struct ctx *c = l->c;
	struct moment at = moment_at(c->arena, l->board.now);

	if (l->ready)
		data_str(c, l->data, "ready_people", people(c, l->ready));
	if (l->staying)
		data_str(c, l->data, "other_people", people(c, l->staying));
	data_str(c, l->data, "nights_lost", nights_words(c, l->nights));
	data_time(c, l->data, "as_at", at, say_full(c->arena, at, l->board.now));
}

static enum err listing_read(struct ctx *c, const struct request *r, const char *title, struct listing *out)
{
	struct listing l = { .c = c, .chosen = chosen_of(c, r), .data = page_new(c, r, title) };

	l.groups = data_list(c, l.data, "groups");
	TRY(board_read(c, &l.board));
	put_filters(&l);
	*out = l;
	return OK;
}

static void sort(struct listing *l, int (*order)(const void *, const void *))
{
	if (l->board.all.len)
		qsort(l->board.all.at, l->board.all.len, sizeof *l->board.all.at, order);
}

/* ---- as a file ---- */

/* A cell, quoted; what a spreadsheet would reckon with is told to be text. */
static void cell(struct buf *b, struct str text)
{
	buf_cstr(b, b->len && b->at[b->len - 1] != '\n' ? ",\"" : "\"");
	if (text.len && strchr("=+-@\t\r", text.at[0]))
		buf_cstr(b, "'");
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] == '"')
			buf_char(b, '"');
		buf_char(b, text.at[i]);
	}
	buf_cstr(b, "\"");
}

static void csv(struct listing *l, struct reply *reply)
{
	static const char *const columns[] = { "person_name", "person_more", "ward", "bed", "pathway", "going", "nights",
					       "reason", "delay_state", "in_for", "body", "next", "next_by" };
	static const char *const days[] = { "ready", "expected", "due" };
	struct buf b;

	buf_init(&b, l->c->arena, 4u << 20);
	buf_cstr(&b, "person,age and NHS number,ward,bed,pathway,going to,waiting,reason,dispute,in for,who must act,next step,"
		     "by whom,ready since,expected,due\r\n");
	node_each(group, l->groups)
		node_each(row, node_get(group, "rows")) {
			for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
				cell(&b, node_str(row, columns[i]));
			for (size_t i = 0; i < sizeof days / sizeof *days; i++)
				cell(&b, node_str(node_get(row, days[i]), "iso"));
			buf_cstr(&b, "\r\n");
		}
	reply->type = "text/csv; charset=utf-8";
	reply->body = buf_get(&b);
	reply_header(reply, "Content-Disposition", STR("attachment; filename=\"leaving-hospital.csv\""));
	reply_header(reply, "Cache-Control", STR("no-store"));
}

/* ---- pages ---- */

enum err discharge_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct listing l;

	TRY(listing_read(c, r, "Leaving hospital", &l));
	if (l.chosen.hub)
		sort(&l, by_pathway);
	TRY(fill(&l, l.chosen.hub ? rows_by_pathway : rows_by_wait));
	if (str_is(request_param(c, r, "as", 0), "csv")) {
		csv(&l, reply);
		return OK;
	}
	put_sums(&l);
	return page_show(c, "discharge", l.data, reply);
}

/* Which of the two meetings of a day comes next. */
static const char *meeting(int64_t now)
{
	int64_t local = now + (int64_t)when_london_offset(now) * 60000000;

	return local / INT64_C(3600000000) % 24 < 12 ? "morning" : "afternoon";
}

enum err discharge_print(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct listing l;

	TRY(listing_read(c, r, "Leaving hospital, on paper", &l));
	sort(&l, l.chosen.hub ? by_pathway : by_bed);
	TRY(fill(&l, l.chosen.hub ? rows_by_pathway : rows_by_ward));
	put_sums(&l);
	data_words(c, l.data, "meeting", meeting(l.board.now));
	return page_show(c, "discharge_print", l.data, reply);
}
