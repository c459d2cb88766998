/* me_correct.c - "this is wrong": a correction asked for from any item, and what became of what was asked. */
#include "access/petition.h"
#include "record/same.h"
#include "web/looked.h"
#include "web/me.h"
#include "web/me_items.h"
#include "web/pages.h"
#include "web/sign_in.h"

enum { WORDS_LEAST = 5, WORDS_MOST = 2000 };

/* The item of ?item=Type/id, read as the asker: it must be the person's. */
static enum err read_item(struct ctx *c, const struct own *own, struct str item, struct node **out)
{
	struct str rest = item, type = str_cut(&rest, '/');
	struct version v;
	struct same same;
	READER(db);

	if (!rest.at || !rest.len || record_read(c, type, rest, &v) != OK)
		return fail(c, ERR_NOT_FOUND, "There is no such item in this record.");
	TRY(store_reader(c, c->place->store, &db));
	TRY(same_find(c, db, own->person, &same));
	if (!v.person || !same_has(&same, v.person))
		return fail(c, ERR_NOT_FOUND, "There is no such item in this record.");
	return fhir_read_json(c, c->place->fhir, c->arena, v.body, out);
}

static enum err wrong_page(struct ctx *c, const struct request *r, struct node **data, struct own *own)
{
	struct str item = request_param(c, r, "item", 0);
	struct person p = { .c = c, .a = c->arena, .request = r, .now = clock_now(c->clock) };
	const struct org *org;
	struct node *resource;

	TRY(me_begin(c, r, "This is wrong", ME_SEES, data, own));
	TRY(read_item(c, own, item, &resource));
	map_init(&p.by_ref, p.a);
	map_init(&p.orgs, p.a);
	p.id = own->id;
	org = person_source(&p, resource);
	data_str(c, *data, "item", item);
	data_str(c, *data, "words", item_words(&p, resource));
	data_str(c, *data, "org", org ? org->name : (struct str){ 0 });
	data_str(c, *data, "text", request_param(c, r, "text", 0));
	node_add_bool(c->arena, *data, "at_record", true);
	return OK;
}

enum err me_wrong_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data;
	struct own own;

	TRY(wrong_page(c, r, &data, &own));
	return page_show(c, "me_wrong", data, reply);
}

enum err me_wrong_do(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct str text = str_trim(request_param(c, r, "text", 0));
	struct petition asked = { .kind = PETITION_CORRECTION, .words = text, .focus = request_param(c, r, "item", 0) };
	struct node *data;
	struct own own;
	int64_t key, whose;
	enum err e = OK;

	TRY(wrong_page(c, r, &data, &own));
	if (str_letters(text) < WORDS_LEAST)
		e = fail(c, ERR_INVALID, "Write what is wrong, and what would be right.");
	else if (str_letters(text) > WORDS_MOST)
		e = fail(c, ERR_INVALID, "Write less: %d letters at most.", WORDS_MOST);
	asked.person = own.id;
	if (e == OK)
		e = petition_make(c, &asked);
	if (e)
		return show_again(c, "me_wrong", data, e, "text", reply);
	TRY(record_whose(c, STR("Task"), asked.id, &key, &whose));
	audit_note(c, &(struct audit){ .what = AUDIT_CREATE, .person = own.person, .resource = key,
				       .section = STR("correction"),
				       .relation = own.self ? STR("self") : STR("consent") });
	return me_redirect(c, &own, "/asked?sent=1", reply);
}

/* --- what became of it --- */

static const struct {
	const char *status, *words, *class, *icon;
} states[] = {
	{ "requested", "We have it", "is-ok", "wait" },
	{ "in-progress", "Somebody is looking at it", "is-soon", "wait" },
	{ "completed", "Done", "is-done", "done" },
	{ "rejected", "Not changed", "is-quiet", "ended" },
};

static void put_state(struct ctx *c, struct node *row, struct str status)
{
	for (size_t i = 0; i < sizeof states / sizeof *states; i++)
		if (str_is(status, states[i].status)) {
			data_words(c, row, "state", states[i].words);
			data_words(c, row, "state_class", states[i].class);
			data_words(c, row, "icon", states[i].icon);
		}
}

static void put_petition(struct ctx *c, struct node *list, struct person *p, const struct petition *asked)
{
	static const char *const titles[] = { [PETITION_QUERY] = "Why did they look?",
					      [PETITION_CORRECTION] = "This is wrong",
					      [PETITION_COPY] = "A copy of everything" };
	struct moment at = moment_at(c->arena, asked->asked), due = moment_at(c->arena, asked->due),
		      done = moment_at(c->arena, asked->done);
	struct str rest = asked->focus, type = str_cut(&rest, '/');
	struct node *row = data_object(c, list, NULL), *resource;
	struct version v;

	data_words(c, row, "title", titles[asked->kind]);
	data_str(c, row, "request_id", asked->id);
	data_str(c, row, "words", asked->words);
	data_str(c, row, "answer", asked->answer);
	data_str(c, row, "reason", asked->reason);
	put_state(c, row, asked->status);
	if (asked->kind == PETITION_COPY && str_is(asked->status, "completed"))
		node_add_bool(c->arena, row, "can_take", true);
	data_time(c, row, "asked", at, say_date(c->arena, at));
	if (asked->done)
		data_time(c, row, "done_at", done, say_date(c->arena, done));
	else if (asked->due)
		data_time(c, row, "due", due, say_date(c->arena, due));
	if (asked->focus.len && record_read(c, type, rest, &v) == OK &&
	    fhir_read_json(c, c->place->fhir, c->arena, v.body, &resource) == OK)
		data_str(c, row, "about", item_words(p, resource));
}

enum err me_asked_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct person p = { .c = c, .a = c->arena, .request = r, .now = clock_now(c->clock) };
	struct petition *list;
	struct node *data, *to;
	struct own own;
	size_t len;

	TRY(me_begin(c, r, "What I asked for", ME_SEES, &data, &own));
	TRY(petition_list(c, own.speaks ? 0 : PETITION_CORRECTION, own.id, &list, &len));
	to = data_list(c, data, "requests");
	for (size_t i = 0; i < len; i++) {
		put_petition(c, to, &p, &list[i]);
		if (list[i].kind == PETITION_COPY && petition_open(&list[i]))
			node_add_bool(c->arena, data, "copy_waits", true);
	}
	if (len)
		node_add_bool(c->arena, data, "any_requests", true);
	if (request_param(c, r, "sent", 0).len)
		data_words(c, data, "sent", "Thank you. We have it. You will have an answer within a month.");
	return page_show(c, "me_asked", data, reply);
}
