/* find.c - the page of people found.
 *
 * What was typed becomes one FHIR search; when few fit, a second one asks for names that sound
 * alike, and says so beside each. One NHS number that fits goes straight to the person.
 */
#include "web/looked.h"
#include "web/pages.h"

#include <stdlib.h>

#include "record/search.h"
#include "web/query.h"

#define FOUND_MAX 200 /* looked at; more than that is not a list anybody reads */
#define FOUND_PAGE 25
#define FEW 5 /* below that names that sound alike are looked for too */

struct hit {
	const struct node *patient;
	struct str id, family, given, born;
	int score;
	bool sounds;
};

struct finding {
	struct ctx *c;
	struct query q;
	VEC(struct hit) hits;
	int64_t total; /* of those that fit exactly */
	int64_t now;
};

static int year_now(struct ctx *c)
{
	int year, month, day;

	when_civil(london_day(clock_now(c->clock)), &year, &month, &day);
	return year;
}

/* The separate fields; each is read as the box would read it, so that 3/3/41 works there too. */
static void read_fields(struct ctx *c, const struct request *r, struct query *q)
{
	static const char *const others[] = { "dob", "nhs", "postcode" };

	query_read(c->arena, request_param(c, r, "q", 0), year_now(c), q);
	for (unsigned i = 0; i < 3; i++) {
		struct query one = { 0 };
		query_read(c->arena, request_param(c, r, others[i], 0), year_now(c), &one);
		if (one.born_count) {
			memcpy(q->born, one.born, sizeof q->born);
			q->born_count = one.born_count;
		}
		if (one.number.len) {
			q->number = one.number;
			q->number_wrong = one.number_wrong;
		}
		if (one.postcode.len)
			q->postcode = one.postcode;
		if (one.other.len)
			q->other = one.other;
	}
	q->family = str_trim(request_param(c, r, "family", 0));
	q->given = str_trim(request_param(c, r, "given", 0));
}

/* How well a name fits a word: whole 4, beginning 2, else 0. */
static int fit(struct arena *a, struct str name, struct str word)
{
	struct str n = str_fold(a, name), w = str_fold(a, word);

	return str_eq(n, w) ? 4 : str_starts(n, w) ? 2 : 0;
}

static int score_of(struct finding *f, const struct hit *hit)
{
	struct arena *a = f->c->arena;
	int score = hit->sounds ? 0 : 100;

	for (unsigned i = 0; i < f->q.name_count; i++) {
		int family = fit(a, hit->family, f->q.names[i]),
		    given = fit(a, hit->given, f->q.names[i]);
		score += family > given ? family + 1 : given;
	}
	score += fit(a, hit->family, f->q.family) + fit(a, hit->given, f->q.given);
	return score - (node_get(hit->patient, "deceasedDateTime") ||
			node_get(hit->patient, "deceasedBoolean"));
}

static bool has_hit(const struct finding *f, struct str id)
{
	for (size_t i = 0; i < f->hits.len; i++)
		if (str_eq(f->hits.at[i].id, id))
			return true;
	return false;
}

static enum err add_hit(struct finding *f, const struct version *v, bool sounds)
{
	struct ctx *c = f->c;
	struct node *patient;
	const struct node *name;
	struct hit *hit;

	if (sounds && has_hit(f, v->id))
		return OK;
	TRY(fhir_read_json(c, c->place->fhir, c->arena, v->body, &patient));
	name = name_best(node_get(patient, "name"));
	hit = vec_push(&f->hits, c->arena);
	*hit = (struct hit){ .patient = patient,
			     .id = v->id,
			     .family = node_str(name, "family"),
			     .given = node_text(node_at(node_get(name, "given"), 0)),
			     .born = node_str(patient, "birthDate"),
			     .sounds = sounds };
	hit->score = score_of(f, hit);
	return OK;
}

static enum err look(struct finding *f, bool sounds)
{
	struct ctx *c = f->c;
	const struct search *search;
	struct search_page page = { 0 };
	struct str asked = query_fhir(c->arena, &f->q, sounds);

	asked = SAY(c->arena, STR_FMT "&_count=%d&_total=accurate", STR_ARG(asked), FOUND_MAX);
	TRY(search_parse(c, STR("Patient"), asked, &search));
	TRY(search_run(c, search, &page));
	for (size_t i = 0; i < page.len; i++)
		TRY(add_hit(f, &page.at[i], sounds));
	if (!sounds)
		f->total = page.total;
	return OK;
}

static int by_score(const void *va, const void *vb)
{
	const struct hit *a = va, *b = vb;
	int order = b->score - a->score;

	order = order ? order : str_cmp(a->family, b->family);
	order = order ? order : str_cmp(a->given, b->given);
	order = order ? order : str_cmp(a->born, b->born);
	return order ? order : str_cmp(a->id, b->id);
}

static enum err find(struct finding *f)
{
	bool names = f->q.name_count || f->q.family.len || f->q.given.len;

	TRY(look(f, false));
	if (names && f->hits.len < FEW)
		TRY(look(f, true));
	if (f->hits.len)
		qsort(f->hits.at, f->hits.len, sizeof *f->hits.at, by_score);
	return OK;
}

/* ---- the page ---- */

static struct str gp_of(const struct node *patient)
{
	struct str words = { 0 };

	node_each(gp, node_get(patient, "generalPractitioner"))
		if (!words.len)
			words = node_str(gp, "display");
	return words.len ? words : STR("Not known");
}

static struct str or_unknown(struct str text)
{
	return text.len ? text : STR("Not known");
}

/* Was it merged into another? Its page says into which. */
static bool is_replaced(const struct node *patient)
{
	node_each(link, node_get(patient, "link"))
		if (str_is(node_str(link, "type"), "replaced-by"))
			return true;
	return false;
}

static void put_row(struct finding *f, struct node *list, const struct hit *hit)
{
	struct ctx *c = f->c;
	struct arena *a = c->arena;
	struct node *row = data_object(c, list, NULL);
	struct moment born, died;
	struct str nhs = nhs_number_of(node_get(hit->patient, "identifier"));

	data_str(c, row, "id", hit->id);
	data_str(c, row, "name", name_formal(a, hit->patient));
	data_words(c, row, "why",
		   is_replaced(hit->patient) ? "Merged into another record, which opens from here"
		   : hit->sounds	     ? "Sounds like what you typed"
					     : "");
	data_words(c, row, "born", "Not known");
	bool dead = moment_read(node_str(hit->patient, "deceasedDateTime"), &died);
	if (moment_read(hit->born, &born)) {
		struct str age = say_age(a, born, dead ? died.from : f->now);
		node_remove(row, node_get(row, "born"));
		data_str(c, row, "born",
			 SAY(a, STR_FMT " (" STR_FMT ")", STR_ARG(say_date(a, born)),
			     STR_ARG(age)));
	}
	data_str(c, row, "died", dead ? say_date(a, died) : (struct str){ 0 });
	data_str(c, row, "gender", or_unknown(say_code(a, node_str(hit->patient, "gender"))));
	data_str(c, row, "nhs", or_unknown(say_nhs_number(a, nhs)));
	data_str(c, row, "address",
		 or_unknown(address_line(a, node_get(hit->patient, "address"))));
	data_str(c, row, "gp", gp_of(hit->patient));
}

/* This page's address with another place in the list; other parameters stay. */
static struct str page_address(struct ctx *c, const struct request *r, size_t from)
{
	struct str rest = r->query;
	struct buf b;

	buf_init(&b, c->arena, 4000);
	buf_cstr(&b, "/people?");
	while (rest.at) {
		struct str one = str_cut(&rest, '&');
		if (one.len && !str_starts(one, STR("from="))) {
			buf_str(&b, one);
			buf_char(&b, '&');
		}
	}
	buf_printf(&b, "from=%zu", from);
	return buf_get(&b);
}

static void put_pages(struct finding *f, struct node *data, const struct request *r,
		      size_t from, size_t to)
{
	struct ctx *c = f->c;

	if (from == 0 && to == f->hits.len)
		return;
	node_add_bool(c->arena, data, "paged", true);
	data_str(c, data, "range",
		 SAY(c->arena, "%zu to %zu of %zu", from + 1, to, f->hits.len));
	if (from > 0)
		data_str(c, data, "prev",
			 page_address(c, r, from < FOUND_PAGE ? 0 : from - FOUND_PAGE));
	if (to < f->hits.len)
		data_str(c, data, "next", page_address(c, r, to));
}

static enum err put_found(struct finding *f, struct node *data, const struct request *r)
{
	struct ctx *c = f->c;
	struct node *list = data_list(c, data, "found");
	int64_t from = 0;
	struct looked_people people = { .len = 0 };
	size_t to;

	str_int(request_param(c, r, "from", 0), &from);
	if (from < 0 || (size_t)from >= f->hits.len)
		from = 0;
	to = (size_t)from + FOUND_PAGE < f->hits.len ? (size_t)from + FOUND_PAGE : f->hits.len;
	for (size_t i = (size_t)from; i < to; i++)
		put_row(f, list, &f->hits.at[i]);
	for (size_t i = (size_t)from; i < to; i++)
		TRY(looked_add(c, &people, f->hits.at[i].id));
	looked_page(c, &people);
	if (f->hits.len)
		node_add_bool(c->arena, data, "has_people", true);
	put_pages(f, data, r, (size_t)from, to);
	return OK;
}

static void put_heading(struct finding *f, struct node *data)
{
	struct ctx *c = f->c;
	size_t sounds = 0;
	struct str words = query_words(c->arena, &f->q);

	for (size_t i = 0; i < f->hits.len; i++)
		sounds += f->hits.at[i].sounds;
	size_t exact = f->hits.len - sounds;
	struct str count = exact    ? SAY(c->arena, STR_FMT " %s found",
					  STR_ARG(say_count(c->arena, f->total > (int64_t)exact
									      ? f->total
									      : (int64_t)exact)),
                                       f->total == 1 || exact == 1 ? "person" : "people")
			   : sounds ? STR("Nobody fits exactly; these sound alike")
				    : STR("No one found");
	data_str(c, data, "heading", count);
	data_str(c, data, "searched",
		 SAY(c->arena, "Searched for: " STR_FMT ".", STR_ARG(words)));
	if (f->q.number.len && f->q.number_wrong)
		data_words(c, data, "warning",
			   "That NHS number cannot be right: its last digit does not fit the "
			   "others. Check it with the person.");
	else if (f->total > (int64_t)f->hits.len)
		data_str(c, data, "warning",
			 SAY(c->arena,
			     "Only %zu of them are listed. Add a first name, a birth date or a "
			     "postcode.",
			     f->hits.len));
}

static void put_asked(struct ctx *c, const struct request *r, struct node *data)
{
	static const char *const fields[][2] = { { "family", "asked_family" },
						 { "given", "asked_given" },
						 { "dob", "asked_dob" },
						 { "nhs", "asked_nhs" },
						 { "postcode", "asked_postcode" } };
	bool any = false;

	for (unsigned i = 0; i < sizeof fields / sizeof *fields; i++) {
		struct str value = request_param(c, r, fields[i][0], 0);
		data_str(c, data, fields[i][1], value);
		any |= value.len > 0;
	}
	if (any)
		node_add_bool(c->arena, data, "fields_open", true);
}

enum err find_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct finding f = { .c = c, .now = clock_now(c->clock) };
	struct node *data;

	read_fields(c, r, &f.q);
	if (query_empty(&f.q))
		return page_redirect(c, STR("/"), reply);
	TRY(find(&f));
	if (f.q.number.len && f.hits.len == 1 && !f.hits.at[0].sounds)
		return page_redirect(
			c, SAY(c->arena, "/people/" STR_FMT, STR_ARG(f.hits.at[0].id)), reply);
	data = page_new(c, r, "People found");
	put_asked(c, r, data);
	put_heading(&f, data);
	TRY(put_found(&f, data, r));
	return page_show(c, "people", data, reply);
}
