/* contact.c - the front door: look for the person first, add them last; write the contact down on one page, with what is
 * open for them anywhere beside it; and how the front door fares today.
 *
 * Outcomes, urgencies and signs are tables of share/care; what is done with the answers is the action contact-log. */
#include "web/act.h"
#include "web/contact.h"
#include "web/pages.h"

#include "access/actor.h"
#include "act/flow.h"
#include "act/work.h"
#include "base/tsv.h"
#include "identity/matches.h"
#include "record/search.h"
#include "web/query.h"
#include "web/work.h"

enum { FOUND = 12, OPEN_MOST = 20, TODAY_MOST = 1000 };

/* ---- tables ---- */

struct table {
	struct node *list;
	struct str chosen;    /* of radios */
	const struct request *r; /* of boxes */
	const char *name;     /* of the parameter */
	struct str suggested, suggested_words; /* by what is ticked */
};

static bool is_ticked(struct ctx *c, const struct request *r, const char *name, struct str value)
{
	struct str one;

	for (unsigned i = 0; (one = request_param(c, r, name, i)).at && one.len; i++)
		if (str_eq(one, value))
			return true;
	return false;
}

static struct node *put_choice(struct ctx *c, struct table *t, const struct tsv_row *row)
{
	struct node *choice = data_object(c, t->list, NULL);

	data_str(c, choice, "value", row->cell[0]);
	data_str(c, choice, "words", row->cell[1]);
	data_str(c, choice, "cid", t->list->len == 1 ? str_of(t->name) : SAY(c->arena, "%s-%u", t->name, t->list->len));
	if (is_ticked(c, t->r, t->name, row->cell[0]))
		node_add_bool(c->arena, choice, "chosen", true);
	return choice;
}

static enum err each_sign(struct ctx *c, void *arg, const struct tsv_row *row)
{
	put_choice(c, arg, row);
	return OK;
}

static enum err each_route(struct ctx *c, void *arg, const struct tsv_row *row)
{
	data_str(c, put_choice(c, arg, row), "help", row->cell[2]);
	return OK;
}

/* The first line one of whose signs is ticked is what is suggested. */
static enum err each_urgency(struct ctx *c, void *arg, const struct tsv_row *row)
{
	struct table *t = arg;
	struct str signs = row->cell[5];

	data_str(c, put_choice(c, t, row), "help", row->cell[2]);
	while (signs.at && !t->suggested.len) {
		struct str sign = str_cut(&signs, ' ');

		if (sign.len && is_ticked(c, t->r, "sign", sign)) {
			t->suggested = row->cell[0];
			t->suggested_words = row->cell[1];
		}
	}
	return OK;
}

static enum err put_tables(struct ctx *c, const struct request *r, struct node *data)
{
	struct table signs = { .list = data_list(c, data, "signs"), .r = r, .name = "sign" };
	struct table urgencies = { .list = data_list(c, data, "urgencies"), .r = r, .name = "urgency" };
	struct table routes = { .list = data_list(c, data, "routes"), .r = r, .name = "outcome" };

	TRY(tsv_read(c, &c->place->share, c->arena, "care/sign.tsv", "sign\twords", each_sign, &signs));
	TRY(tsv_read(c, &c->place->share, c->arena, "care/urgency.tsv",
		     "urgency\twords\thelp\thours\tpriority\tsigns", each_urgency, &urgencies));
	data_str(c, data, "suggested", lower_first(c->arena, urgencies.suggested_words));
	return tsv_read(c, &c->place->share, c->arena, "care/route.tsv",
			"route\twords\thelp\tcode\towner\thours\tclosed\tsource", each_route, &routes);
}

/* ---- who it is about ---- */

static enum err read_body(struct ctx *c, const struct version *v, struct node **out)
{
	return fhir_read_json(c, c->place->fhir, c->arena, v->body, out);
}

static void put_patient(struct ctx *c, struct node *row, const struct node *patient)
{
	struct moment born;
	int64_t now = clock_now(c->clock);
	struct str nhs = say_nhs_number(c->arena, nhs_number_of(node_get(patient, "identifier")));

	data_str(c, row, "id", node_str(patient, "id"));
	data_str(c, row, "name", name_formal(c->arena, patient));
	data_str(c, row, "plain", name_plain(c->arena, patient));
	if (moment_read(node_str(patient, "birthDate"), &born))
		data_str(c, row, "born",
			 SAY(c->arena, "Born " STR_FMT " (" STR_FMT ")", STR_ARG(say_date(c->arena, born)),
			     STR_ARG(say_age(c->arena, born, now))));
	data_str(c, row, "address", address_line(c->arena, node_get(patient, "address")));
	data_str(c, row, "nhs", nhs);
}

enum err contact_find(struct ctx *c, struct str q, struct node *list, struct looked_people *people)
{
	int year, month, day;

	when_civil(london_day(clock_now(c->clock)), &year, &month, &day);
	for (int sounds = 0; sounds < 2 && list->len < 5; sounds++) {
		struct query query = { 0 };
		const struct search *search;
		struct search_page page;

		query_read(c->arena, q, year, &query);
		if (query_empty(&query) || (sounds && !query.name_count))
			return OK;
		TRY(search_parse(c, STR("Patient"),
				 SAY(c->arena, STR_FMT "&_count=%d", STR_ARG(query_fhir(c->arena, &query, sounds)), FOUND),
				 &search));
		TRY(search_run(c, search, &page));
		for (size_t i = 0; i < page.len && list->len < FOUND; i++) {
			struct node *patient;
			bool twice = false;

			node_each(row, list)
				twice |= str_eq(node_str(row, "id"), page.at[i].id);
			if (twice)
				continue;
			TRY(read_body(c, &page.at[i], &patient));
			put_patient(c, data_object(c, list, NULL), patient);
			if (sounds)
				node_add_bool(c->arena, list->last, "sounds", true);
			TRY(looked_add(c, people, page.at[i].id));
		}
	}
	return OK;
}

/* ---- how it fares ---- */

struct tally {
	struct str words;
	int64_t count;
};

static void put_tally(struct ctx *c, struct node *list, struct str words, int64_t count)
{
	struct node *row = data_object(c, list, NULL);

	data_str(c, row, "words", words);
	data_str(c, row, "count", say_count(c->arena, count));
}

/* Today's contacts by outcome, and those that wait for an answer. */
static enum err put_figures(struct ctx *c, struct node *data)
{
	struct node *list = data_list(c, data, "figures");
	VEC(struct tally) tallies = { 0 };
	int64_t now = clock_now(c->clock), late = 0, sent = 0, returned = 0;
	const struct search *search;
	struct search_page page;
	struct works open = { 0 };
	int year, month, day;

	when_civil(london_day(now), &year, &month, &day);
	TRY(search_parse(c, STR("Task"),
			 SAY(c->arena, "code=%s%%7Ccontact&authored-on=ge%04d-%02d-%02d&_count=%d", TASK_CODES, year, month, day,
			     TODAY_MOST),
			 &search));
	TRY(search_run(c, search, &page));
	for (size_t i = 0; i < page.len; i++) {
		struct node *task;
		struct str words;
		size_t at = 0;

		TRY(read_body(c, &page.at[i], &task));
		words = concept_words(c->arena, node_get(task, "reasonCode"));
		if (!words.len)
			words = STR("Still open here");
		while (at < tallies.len && !str_eq(tallies.at[at].words, words))
			at++;
		if (at == tallies.len)
			*vec_push(&tallies, c->arena) = (struct tally){ words, 0 };
		tallies.at[at].count++;
	}
	{
		READER(db);

		TRY(store_reader(c, c->place->store, &db));
		TRY(work_of(c, db, STR("contact"), "clock", "open", (struct str){ 0 }, &open));
	}
	for (size_t i = 0; i < open.len; i++) {
		sent += str_is(open.at[i].step, "sent");
		returned += str_is(open.at[i].step, "returned");
		late += str_is(open.at[i].step, "sent") && open.at[i].when && open.at[i].when < now;
	}
	put_tally(c, list, STR("contacts today"), (int64_t)page.len);
	for (size_t i = 0; i < tallies.len; i++)
		put_tally(c, list, tallies.at[i].words, tallies.at[i].count);
	put_tally(c, list, STR("sent on, not answered"), sent);
	put_tally(c, list, STR("of these late"), late);
	put_tally(c, list, STR("sent back to the front door"), returned);
	return OK;
}

/* ---- the first page: look for them ---- */

static enum err find_page(struct ctx *c, const struct request *r, struct node **out)
{
	struct node *data = *out = page_new(c, r, "New contact");
	struct looked_people people = { .len = 0 };
	struct str q = str_trim(request_param(c, r, "q", 0));

	if (q.len) {
		struct node *found = data_list(c, data, "found");

		node_add_bool(c->arena, data, "looked_for", true);
		TRY(contact_find(c, q, found, &people));
		looked_page(c, &people);
	} else {
		TRY(put_figures(c, data));
	}
	static const char *const typed[] = { "family", "given", "born", "nhs", "address", "postcode", "phone" };
	for (size_t i = 0; i < sizeof typed / sizeof *typed; i++)
		data_str(c, data, typed[i], request_param(c, r, typed[i], 0));
	return OK;
}

enum err contact_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data;

	TRY(find_page(c, r, &data));
	return page_show(c, "contact", data, reply);
}

static void put_errors(struct ctx *c, struct node *data, const char *why)
{
	struct node *list = data_list(c, data, "errors");

	for (const struct issue *i = c->issues.first; i; i = i->next) {
		struct node *error = data_object(c, list, NULL);

		data_words(c, error, "error", i->text);
		data_words(c, error, "error_field", i->where);
		if (i->where && *i->where)
			data_words(c, data, arena_printf(c->arena, "wrong_%s", i->where), i->text);
	}
	if (!list->len)
		data_words(c, data_object(c, list, NULL), "error", why);
	node_add_bool(c->arena, data, "failed", true);
}

static struct node *input_of(struct ctx *c, const struct request *r, const struct action *action)
{
	struct node *input = node_new(c->arena, NODE_OBJECT);

	for (const struct action_arg *arg = action->args; arg->name; arg++) {
		struct str value = str_trim(request_param(c, r, arg->name, 0));
		struct node *list;

		if (!value.len)
			continue;
		if (!(arg->flags & ARG_MANY)) {
			node_add_str(c->arena, input, arg->name, value);
			continue;
		}
		list = node_add(c->arena, input, arg->name, NODE_ARRAY);
		for (unsigned i = 0; value.at && value.len; value = str_trim(request_param(c, r, arg->name, ++i)))
			node_add_str(c->arena, list, NULL, value);
	}
	return input;
}

/* Who is likely to be meant by what was typed: shown before anybody is added twice. */
static enum err put_likely(struct ctx *c, const struct request *r, struct node *data)
{
	struct node *patient = node_new(c->arena, NODE_OBJECT), *name, *list = data_list(c, data, "likely");
	struct match *found;
	size_t len = 0;

	node_add_cstr(c->arena, patient, "resourceType", "Patient");
	name = node_add(c->arena, node_add(c->arena, patient, "name", NODE_ARRAY), NULL, NODE_OBJECT);
	node_add_str(c->arena, name, "family", request_param(c, r, "family", 0));
	node_add_str(c->arena, node_add(c->arena, name, "given", NODE_ARRAY), NULL, request_param(c, r, "given", 0));
	if (request_param(c, r, "born", 0).len)
		node_add_str(c->arena, patient, "birthDate", request_param(c, r, "born", 0));
	atoms_adopt(c->place->fhir->atoms, patient);
	enum err e = identity_matches(c, patient, false, 5, &found, &len);
	if (e != OK && e != ERR_INVALID) /* that: nothing to match by */
		return e;
	for (size_t i = 0; i < len; i++) {
		struct node *one;

		TRY(read_body(c, &found[i].version, &one));
		put_patient(c, data_object(c, list, NULL), one);
	}
	if (len)
		node_add_bool(c->arena, data, "any_likely", true);
	return OK;
}

enum err contact_person_do(struct ctx *c, const struct request *r, struct reply *reply)
{
	const struct action *action = action_find(c->place, STR("person-add"));
	struct node *data;
	struct acted done;

	if (!action)
		return fail(c, ERR_NOT_FOUND, "Nobody is added here.");
	enum err e = action_run(c, action, (struct str){ 0 }, input_of(c, r, action), &done);
	if (e == OK)
		return page_redirect(c, SAY(c->arena, "/contact/new?person=" STR_FMT, STR_ARG(node_str(done.output, "id"))),
				     reply);
	if (e != ERR_INVALID && e != ERR_CONFLICT)
		return e;
	const char *why = arena_str(c->arena, c->why);
	TRY(find_page(c, r, &data));
	put_errors(c, data, e == ERR_CONFLICT ? "Somebody like this is here already: look below first" : why);
	if (e == ERR_CONFLICT)
		TRY(put_likely(c, r, data));
	node_add_bool(c->arena, data, "adding", true);
	TRY(page_show(c, "contact", data, reply));
	reply->status = err_row(e)->http;
	return OK;
}

/* ---- the second page: what they say ---- */

static const struct {
	const char *type, *query, *date;
} open_kinds[] = {
	{ "Task", "status=requested,received,accepted,in-progress,on-hold,ready&_sort=-authored-on", "authoredOn" },
	{ "ServiceRequest", "status=active&_sort=-authored", "authoredOn" },
	{ "EpisodeOfCare", "status=active", "period.start" },
};

static enum err put_open(struct ctx *c, struct node *data, const char *id)
{
	struct node *list = data_list(c, data, "open_items");
	int64_t now = clock_now(c->clock);

	for (size_t k = 0; k < sizeof open_kinds / sizeof *open_kinds; k++) {
		const struct search *search;
		struct search_page page;

		TRY(search_parse(c, str_of(open_kinds[k].type), SAY(c->arena, "patient=Patient/%s&%s&_count=%d", id, open_kinds[k].query, OPEN_MOST),
				 &search));
		TRY(search_run(c, search, &page));
		for (size_t i = 0; i < page.len; i++) {
			struct node *row, *n;
			struct moment at;
			struct str by;

			TRY(read_body(c, &page.at[i], &n));
			if (k == 2 && node_get(n, "referralRequest"))
				continue; /* what asked for it is listed */
			row = data_object(c, list, NULL);
			data_str(c, row, "words",
				 k == 0	  ? work_what(c, n)
				 : k == 1 ? concept_words(c->arena, node_get(n, "code"))
					  : concept_words(c->arena, node_at(node_get(n, "type"), 0)));
			if (k == 0) {
				data_str(c, row, "href", SAY(c->arena, "/work/" STR_FMT, STR_ARG(page.at[i].id)));
				data_str(c, row, "more", work_state(c, n));
			}
			by = node_text(node_path(n, k == 2 ? "managingOrganization.display" : "requester.display"));
			data_str(c, row, "by",
				 by.len ? by
					: work_name(c, node_text(node_path(n, k == 2 ? "managingOrganization.reference"
										     : "requester.reference"))));
			if (moment_read(node_text(node_path(n, open_kinds[k].date)), &at))
				data_time(c, row, "since", at, say_day(c->arena, at, now));
		}
	}
	if (list->len)
		node_add_bool(c->arena, data, "any_open", true);
	return OK;
}

static enum err put_relatives(struct ctx *c, struct node *data, const char *id)
{
	struct node *list = data_list(c, data, "relatives");
	const struct search *search;
	struct search_page page;

	TRY(search_parse(c, STR("RelatedPerson"), SAY(c->arena, "patient=Patient/%s&_count=5", id), &search));
	TRY(search_run(c, search, &page));
	for (size_t i = 0; i < page.len; i++) {
		struct node *row = data_object(c, list, NULL), *n;

		TRY(read_body(c, &page.at[i], &n));
		data_str(c, row, "name", name_plain(c->arena, n));
		data_str(c, row, "as", lower_first(c->arena, concept_words(c->arena, node_get(n, "relationship"))));
		data_str(c, row, "phone",
			 say_phone(c->arena, node_str(node_at(node_get(n, "telecom"), 0), "value")));
	}
	if (list->len)
		node_add_bool(c->arena, data, "any_relatives", true);
	return OK;
}

static enum err new_page(struct ctx *c, const struct request *r, struct node **out)
{
	static const char *const typed[] = { "caller", "relation", "phone", "what", "wants", "risk", "note" };
	static const char *const relations[] = { "The person", "Family carer", "Neighbour or friend", "Professional" };
	static const char *const knows[][2] = { { "yes", "Yes" }, { "no", "No" }, { "cannot", "Cannot understand it now" } };
	struct node *data = *out = page_new(c, r, "New contact"), *patient, *list;
	struct str id = request_param(c, r, "person", 0), once = request_param(c, r, "once", 0);
	struct version v;

	if (str_starts(id, STR("Patient/")))
		id = (struct str){ id.at + 8, id.len - 8 };
	TRY(record_read(c, STR("Patient"), id, &v));
	TRY(read_body(c, &v, &patient));
	put_patient(c, data_object(c, data, "whom"), patient);
	data_str(c, data, "person", SAY(c->arena, "Patient/" STR_FMT, STR_ARG(id)));
	data_str(c, data, "once", once.len ? once : record_new_id(c));
	for (size_t i = 0; i < sizeof typed / sizeof *typed; i++)
		data_str(c, data, typed[i], request_param(c, r, typed[i], 0));
	list = data_list(c, data, "relations");
	for (size_t i = 0; i < sizeof relations / sizeof *relations; i++) {
		struct node *row = data_object(c, list, NULL);

		data_words(c, row, "words", relations[i]);
		if (str_is(request_param(c, r, "relation", 0), relations[i]))
			node_add_bool(c->arena, row, "chosen", true);
	}
	list = data_list(c, data, "knows");
	for (size_t i = 0; i < sizeof knows / sizeof *knows; i++) {
		struct node *row = data_object(c, list, NULL);

		data_words(c, row, "value", knows[i][0]);
		data_words(c, row, "words", knows[i][1]);
		data_str(c, row, "cid", i ? SAY(c->arena, "knows-%zu", i + 1) : STR("knows"));
		if (str_is(request_param(c, r, "knows", 0), knows[i][0]))
			node_add_bool(c->arena, row, "chosen", true);
	}
	TRY(put_tables(c, r, data));
	const char *key = arena_str(c->arena, str_dup(c->arena, id));
	TRY(put_open(c, data, key));
	TRY(put_relatives(c, data, key));
	return looked_open(c, id, "contact");
}

enum err contact_new_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data;

	TRY(new_page(c, r, &data));
	return page_show(c, "contact_new", data, reply);
}

/* What a page asks beyond the action: how soon and what now, unless it is saved for later. */
static void check(struct ctx *c, const struct request *r)
{
	struct str phone = request_param(c, r, "phone", 0);
	size_t digits = 0;

	for (size_t i = 0; i < phone.len; i++)
		digits += phone.at[i] >= '0' && phone.at[i] <= '9';
	if (phone.len && digits < 10)
		issue_add(c, ISSUE_ERROR, "value", "phone", 0, 0, "Enter the phone number in full. %.30s is too short",
			  str_dup(c->arena, phone));
	if (!str_trim(request_param(c, r, "what", 0)).len)
		issue_add(c, ISSUE_ERROR, "required", "what", 0, 0, "Write what is happening");
	if (request_param(c, r, "later", 0).len)
		return;
	if (!request_param(c, r, "urgency", 0).len)
		issue_add(c, ISSUE_ERROR, "required", "urgency", 0, 0, "Choose how soon someone must act");
	if (!request_param(c, r, "outcome", 0).len)
		issue_add(c, ISSUE_ERROR, "required", "outcome", 0, 0, "Choose what happens now");
}

enum err contact_new_do(struct ctx *c, const struct request *r, struct reply *reply)
{
	const struct action *action = action_find(c->place, STR("contact-log"));
	enum err e = ERR_INVALID;
	struct node *data, *input;
	struct acted done;

	if (!action)
		return fail(c, ERR_NOT_FOUND, "No contacts are taken here.");
	check(c, r);
	if (!c->issues.count) {
		input = input_of(c, r, action);
		node_add_str(c->arena, input, "once", request_param(c, r, "once", 0));
		e = action_run(c, action, (struct str){ 0 }, input, &done);
	}
	if (e == OK)
		return page_redirect(c, SAY(c->arena, "/work/" STR_FMT, STR_ARG(node_str(done.output, "id"))), reply);
	if (e != ERR_INVALID && e != ERR_CONFLICT)
		return e;
	const char *why = arena_str(c->arena, c->why);
	TRY(new_page(c, r, &data));
	put_errors(c, data, why);
	TRY(page_show(c, "contact_new", data, reply));
	reply->status = err_row(e)->http;
	return OK;
}
