/* requests.c - what people ask for by right: the queue of those who answer, the person's own view of it. */
#include <stdlib.h>

#include "access/audit.h"
#include "access/glass.h"
#include "access/rules.h"
#include "access/subject.h"
#include "record/search.h"
#include "web/govern.h"
#include "web/me.h"

static const struct {
	enum petition_kind kind;
	const char *words, *page, *section;
	petition_page *put;
	petition_act *act;
} kinds[] = {
	{ PETITION_QUERY, "Question about who looked", "request_query", "question", query_put, query_act },
	{ PETITION_CORRECTION, "Correction", "request_correction", "correction", correction_put, correction_act },
	{ PETITION_COPY, "Copy of the record", "request_copy", "copy", copy_put, copy_act },
};

static const char *state_words(const struct petition *p)
{
	if (str_is(p->status, "completed"))
		return p->kind == PETITION_COPY ? "Released" : p->kind == PETITION_QUERY ? "Answered" : "Corrected";
	if (str_is(p->status, "rejected"))
		return "Refused";
	if (petition_said(p, "prepared by").len)
		return "Waits for a second person";
	return str_is(p->status, "in-progress") ? "Being worked on" : "Nobody has begun";
}

static enum err put_petition(struct ctx *c, struct node *row, const struct petition *p)
{
	data_str(c, row, "request_id", p->id);
	data_words(c, row, "request_kind", kinds[p->kind - 1].words);
	data_words(c, row, "state", state_words(p));
	data_str(c, row, "said", p->words);
	data_str(c, row, "owner", org_words(c, p->owner));
	data_str(c, row, "refused_because", p->reason);
	data_str(c, row, "answer", p->answer);
	put_day(c, row, "asked_on", p->asked);
	put_day(c, row, "due_on", p->due);
	put_due(c, row, p->due, p->done);
	return put_who(c, row, p->person);
}

/* --- the queue --- */

static int by_due(const void *a, const void *b)
{
	const struct petition *x = a, *y = b;

	return (x->due > y->due) - (x->due < y->due);
}

static int by_done(const void *a, const void *b)
{
	const struct petition *x = a, *y = b;

	return (y->done > x->done) - (y->done < x->done);
}

static enum err put_part(struct ctx *c, struct node *data, const char *name, struct petition *all, size_t len,
			 bool open, size_t cap, size_t *count)
{
	struct node *list = data_list(c, data, name);

	*count = 0;
	qsort(all, len, sizeof *all, open ? by_due : by_done);
	for (size_t i = 0; i < len; i++)
		if (petition_open(&all[i]) == open && (*count)++ < cap)
			TRY(put_petition(c, data_object(c, list, NULL), &all[i]));
	if (*count)
		node_add_bool(c->arena, data, arena_printf(c->arena, "any_%s", name), true);
	return OK;
}

static void put_kinds(struct ctx *c, struct node *data, struct str asked)
{
	struct node *list = data_list(c, data, "kinds");

	put_choice(c, list, STR(""), STR("All"), asked);
	for (unsigned i = 0; i < 3; i++)
		put_choice(c, list, str_of(petition_code(kinds[i].kind)), str_of(kinds[i].words), asked);
}

static enum err queue(struct ctx *c, const struct request *r, struct node **out)
{
	struct node *data = *out = govern_page(c, r, "Requests", "on_requests");
	struct str asked = request_param(c, r, "kind", 0);
	struct petition *all;
	size_t len, open, late = 0, done;

	if (asked.len && !petition_kind(asked))
		return fail(c, ERR_BAD_REQUEST, "There is no such kind of request.");
	TRY(petition_list(c, petition_kind(asked), STR(""), &all, &len));
	for (size_t i = 0; i < len; i++)
		late += petition_open(&all[i]) && all[i].due < clock_now(c->clock);
	TRY(put_part(c, data, "waiting", all, len, true, PETITIONS_MOST, &open));
	TRY(put_part(c, data, "finished", all, len, false, 20, &done));
	put_kinds(c, data, asked);
	data_str(c, data, "sentence",
		 SAY(c->arena, "%s request%s for an answer%s.", open ? arena_printf(c->arena, "%zu", open) : "No",
		     open == 1 ? " waits" : open ? "s wait" : " waits",
		     late ? arena_printf(c->arena, "; %zu %s late", late, late == 1 ? "is" : "are") : ""));
	return OK;
}

enum err requests_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data;

	TRY(queue(c, r, &data));
	return page_show(c, "requests", data, reply);
}

/* --- opening one for somebody who wrote or called --- */

/* An NHS number, in groups or not, or the id of a Patient. */
static enum err find_person(struct ctx *c, struct str typed, struct str *id)
{
	struct ctx own = system_ctx(c);
	const struct search *search;
	struct search_page page;
	struct version v;
	char digits[11];
	size_t n = 0;

	for (size_t i = 0; i < typed.len && n < 11; i++)
		if (typed.at[i] != ' ')
			digits[n++] = typed.at[i];
	if (n == 10 && strspn(digits, "0123456789") >= 10) {
		TRY(search_parse(&own, STR("Patient"),
				 SAY(c->arena, "identifier=https%%3A%%2F%%2Ffhir.nhs.uk%%2FId%%2Fnhs-number%%7C%.10s&_count=2",
				     digits),
				 &search));
		TRY(system_failed(c, &own, search_run(&own, search, &page)));
		if (page.len) {
			*id = page.at[0].id;
			return OK;
		}
	}
	if (!typed.len || typed.len > 64 || record_read(&own, STR("Patient"), typed, &v) != OK)
		return fail(c, ERR_INVALID, "Nobody here has that NHS number or id.");
	*id = typed;
	return OK;
}

static enum err open_copy(struct ctx *c, const struct request *r, struct petition *p)
{
	*p = (struct petition){ .kind = PETITION_COPY, .words = str_trim(request_param(c, r, "words", 0)) };
	TRY(find_person(c, str_trim(request_param(c, r, "person", 0)), &p->person));
	TRY(petition_make(c, p));
	return note_right(c, AUDIT_CREATE, p->person, "copy", p->id);
}

enum err requests_open(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct petition p;
	struct node *data;
	enum err e = open_copy(c, r, &p);

	if (e == OK)
		return page_redirect(c, SAY(c->arena, "/requests/" STR_FMT "?done=opened", STR_ARG(p.id)), reply);
	const char *why = arena_str(c->arena, c->why);
	TRY(queue(c, r, &data));
	data_str(c, data, "typed_person", request_param(c, r, "person", 0));
	data_str(c, data, "typed_words", request_param(c, r, "words", 0));
	e = fail(c, e, "%s", why);
	return show_again(c, "requests", data, e, "person", reply);
}

/* --- one --- */

static enum err one(struct ctx *c, const struct request *r, struct petition *p, struct node **out)
{
	struct node *data;

	TRY(petition_read(c, r->part[0], p));
	data = *out = govern_page(c, r, kinds[p->kind - 1].words, "on_requests");
	TRY(put_petition(c, data, p));
	if (petition_open(p))
		node_add_bool(c->arena, data, "is_open", true);
	if (request_param(c, r, "done", 0).len)
		data_words(c, data, "done",
			   petition_open(p) ? "Saved." : "Done. The person sees it on their own pages.");
	return kinds[p->kind - 1].put(c, r, p, data);
}

enum err requests_one_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct petition p;
	struct node *data;

	TRY(one(c, r, &p, &data));
	TRY(note_right(c, AUDIT_OPEN, p.person, kinds[p.kind - 1].section, p.id));
	return page_show(c, kinds[p.kind - 1].page, data, reply);
}

#define OPENING_NEAR INT64_C(10000000)
enum { WORDS_LEAST = 5 };

/* The field that the error of a button leads to. */
static const char *wrong_field(enum petition_kind kind, struct str what, struct str words)
{
	bool refuses = str_is(what, "refuse");

	if (kind == PETITION_COPY)
		return refuses ? "words" : str_is(what, "withhold") || str_is(what, "show") ? "reason-flagged" : "do";
	if (kind == PETITION_CORRECTION)
		return refuses ? "no-words" : words.len < WORDS_LEAST ? "words" : "do";
	return "do";
}

enum err requests_one_do(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct petition p;
	struct node *data;

	TRY(petition_read(c, r->part[0], &p));
	enum err e = kinds[p.kind - 1].act(c, r, &p);
	if (e == OK) {
		TRY(note_right(c, AUDIT_CHANGE, p.person, kinds[p.kind - 1].section, p.id));
		return page_redirect(c, SAY(c->arena, "/requests/" STR_FMT "?done=1", STR_ARG(p.id)), reply);
	}
	const char *why = arena_str(c->arena, c->why);
	TRY(one(c, r, &p, &data));
	data_str(c, data, str_is(request_param(c, r, "do", 0), "refuse") ? "typed_refusal" : "typed_words", request_param(c, r, "words", 0));
	data_str(c, data, "typed_value", request_param(c, r, "value", 0));
	data_str(c, data, "typed_statement", request_param(c, r, "statement", 0));
	e = fail(c, e, "%s", why);
	return show_again(c, kinds[p.kind - 1].page, data, e, wrong_field(p.kind, request_param(c, r, "do", 0), str_trim(request_param(c, r, "words", 0))), reply);
}

static enum err copy_of(struct ctx *c, struct str id, struct petition *p)
{
	TRY(petition_read(c, id, p));
	return p->kind == PETITION_COPY ? OK : fail(c, ERR_NOT_FOUND, "There is no such copy.");
}

enum err requests_copy(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct petition p;

	TRY(copy_of(c, r->part[0], &p));
	TRY(note_right(c, AUDIT_PRINT, p.person, "copy", p.id));
	return copy_show(c, r, &p, reply);
}

enum err requests_bundle(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct petition p;

	TRY(copy_of(c, r->part[0], &p));
	TRY(note_right(c, AUDIT_EXPORT, p.person, "copy", p.id));
	return copy_bundle(c, &p, reply);
}

/* --- a question about a look --- */

/* By what relationship, as staff call it; "emergency" is one of its own. */
static struct str relation_words(const struct rules *rules, const struct look_words *words, struct str relation)
{
	const struct relation_kind *kind = rules_relation(rules, relation);
	struct str said = look_word(words, "relation", relation);

	return kind ? kind->words : said.len ? said : relation;
}

/* What who opened it in an emergency said then, and what a review found. */
static enum err put_opening_of(struct ctx *c, struct db *db, const struct rules *rules, const struct looked *row,
			       struct node *look)
{
	struct opening *all;
	size_t len;

	TRY(glass_list(c, db, &(struct glass_query){ .person = row->person, .account = row->account, .cap = 100 }, &all, &len));
	for (size_t i = 0; i < len; i++) {
		const struct reason *reason = rules_reason(rules, all[i].reason);

		if (all[i].kind != OPENING_EMERGENCY || row->at < all[i].at - OPENING_NEAR || row->at > all[i].until)
			continue;
		data_str(c, look, "look_reason", reason ? reason->words : all[i].reason);
		data_str(c, look, "look_words", all[i].words);
		if (all[i].reviewed)
			data_str(c, look, "look_review",
				 SAY(c->arena, "%s “" STR_FMT "”", all[i].outcome == OUTCOME_IN_ORDER ? "In order." : "Not in order.",
				     STR_ARG(all[i].review)));
		break;
	}
	return OK;
}

static enum err look_row(struct ctx *c, const struct petition *p, struct looked *row, bool *found)
{
	int64_t key = audit_key_read(petition_said(p, "audit row"));
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	*found = key && audit_at(c, db, key, row) == OK;
	return OK;
}

enum err query_put(struct ctx *c, const struct request *r, struct petition *p, struct node *data)
{
	struct node *look = data_object(c, data, "look");
	const struct roles *roles;
	const struct rules *rules;
	const struct role *role;
	struct look_words words;
	struct looked row;
	bool found;

	(void)r;
	TRY(look_words_read(c, &words));
	TRY(roles_of(c, &roles));
	TRY(rules_of(c, &rules));
	TRY(look_row(c, p, &row, &found));
	if (!found)
		return OK;
	role = role_find(roles, row.role);
	put_moment(c, look, "looked_at", row.at);
	data_str(c, look, "look_who", account_words(c, SAY(c->arena, "%lld", (long long)row.account)));
	data_str(c, look, "look_role", role ? role->words : row.role);
	data_str(c, look, "look_saw", look_word(&words, "section", row.section));
	data_str(c, look, "look_section", row.section);
	data_str(c, look, "look_relation", row.what == AUDIT_GLASS ? STR("An emergency") : relation_words(rules, &words, row.relation));
	data_str(c, look, "look_device", row.device);
	data_str(c, look, "look_key", petition_said(p, "audit row"));
	if (row.outcome)
		node_add_bool(c->arena, look, "look_refused", true);
	READER(db);
	TRY(store_reader(c, c->place->store, &db));
	return put_opening_of(c, db, rules, &row, look);
}

enum err query_act(struct ctx *c, const struct request *r, struct petition *p)
{
	struct str words = str_trim(request_param(c, r, "words", 0));

	if (!petition_open(p))
		return fail(c, ERR_CONFLICT, "It is answered already.");
	if (words.len < 5 || words.len > 2000)
		return fail(c, ERR_INVALID, "Write the answer, in 5 to 2,000 letters: the person is told.");
	p->status = STR("completed");
	p->answer = words;
	p->done = clock_now(c->clock);
	return petition_save(c, p, NULL, 0);
}

/* --- the person's own: me_correct.c lists what they asked for --- */

enum err me_asked_do(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct petition p = { .kind = PETITION_COPY, .words = str_trim(request_param(c, r, "words", 0)) };
	struct node *data;
	struct own own;

	TRY(me_begin(c, r, "", ME_SPEAKS, &data, &own));
	p.person = own.id;
	if (!p.words.len)
		p.words = STR("A copy of everything, asked for on my own page.");
	enum err e = petition_make(c, &p);
	if (e == OK)
		TRY(note_right(c, AUDIT_CREATE, p.person, "copy", p.id));
	if (e == OK || e == ERR_CONFLICT)
		return me_redirect(c, &own, "/asked?sent=1", reply);
	return e;
}

/* Only one's own, and only what was released. */
static enum err own_copy(struct ctx *c, const struct request *r, struct petition *p)
{
	struct node *data;
	struct own own;

	TRY(me_begin(c, r, "", ME_SPEAKS, &data, &own));
	if (petition_read(c, own.rest, p) != OK || p->kind != PETITION_COPY || !str_eq(p->person, own.id) ||
	    !str_is(p->status, "completed"))
		return fail(c, ERR_NOT_FOUND, "There is no such copy.");
	return OK;
}

enum err me_asked_copy(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct petition p;

	TRY(own_copy(c, r, &p));
	TRY(note_right(c, AUDIT_PRINT, p.person, "copy", p.id));
	return copy_show(c, r, &p, reply);
}

enum err me_asked_bundle(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct petition p;

	TRY(own_copy(c, r, &p));
	TRY(note_right(c, AUDIT_EXPORT, p.person, "copy", p.id));
	return copy_bundle(c, &p, reply);
}
