/* me_about.c - About me: what matters, how to communicate, whom to ring, wishes at the end of life.
 *
 * One QuestionnaireResponse with a part for each row of share/form/about-me.tsv. Each save is a version, and
 * each version can be brought back. Written in the person's own name, or by who is let in, who is named.
 */
#include "web/me.h"

#include "web/about.h"
#include "web/pages.h"
#include "web/sign_in.h"
#include "web/work.h"

enum { PART_MOST = 2000, VERSIONS_SHOWN = 20 };

static struct str own_response_id(struct ctx *c, struct str person)
{
	if (person.len <= 64 - 9)
		return SAY(c->arena, "about-me-" STR_FMT, STR_ARG(person));
	return SAY(c->arena, "about-me-%.*s", 55, person.at);
}

/* The newest there is, whoever wrote it; NULL. */
static enum err newest(struct ctx *c, struct str person, const struct node **out)
{
	const struct search *search;
	struct search_page page;

	*out = NULL;
	TRY(search_parse(c, STR("QuestionnaireResponse"),
			 SAY(c->arena, "patient=" STR_FMT "&_sort=-authored&_count=100", STR_ARG(person)), &search));
	TRY(search_run(c, search, &page));
	for (size_t i = 0; i < page.len; i++) {
		struct node *n;

		TRY(fhir_read_json(c, c->place->fhir, c->arena, page.at[i].body, &n));
		if (!about_is(n))
			continue;
		*out = n;
		return OK;
	}
	return OK;
}

/* --- shown --- */

static void put_parts(struct ctx *c, const struct about_parts *parts, const struct node *response, struct node *data)
{
	struct node *list = data_list(c, data, "parts");

	for (size_t i = 0; i < parts->at.len; i++) {
		const struct about_part *part = &parts->at.at[i];
		struct node *row = data_object(c, list, NULL);

		data_str(c, row, "link_id", part->link);
		data_str(c, row, "heading", part->heading);
		data_str(c, row, "hint", part->hint);
		data_str(c, row, "said", about_said(response, part->link));
	}
}

static struct str author_of(struct ctx *c, const struct node *response)
{
	const struct node *author = node_get(response, "author");
	struct str name = node_str(author, "display");

	return name.len ? name : work_name(c, node_str(author, "reference"));
}

enum err me_about_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	const struct about_parts *parts;
	const struct node *response;
	struct node *data;
	struct own own;

	TRY(me_begin(c, r, "About me", ME_SEES, &data, &own));
	TRY(about_parts_read(c, &parts));
	TRY(newest(c, own.id, &response));
	put_parts(c, parts, response, data);
	if (response) {
		struct moment m;

		moment_read(node_str(response, "authored"), &m);
		data_time(c, data, "written", m, say_date(c->arena, m));
		data_str(c, data, "by", author_of(c, response));
	}
	if (request_param(c, r, "saved", 0).len)
		data_words(c, data, "done", "Saved. People who care for you see it from now on.");
	node_add_bool(c->arena, data, "at_about", true);
	return page_show(c, "me_about", data, reply);
}

static enum err edit_page(struct ctx *c, const struct request *r, struct node **data, struct own *own,
			  const struct about_part **out)
{
	const struct about_parts *parts;
	const struct node *response;

	TRY(me_begin(c, r, "About me", ME_SEES, data, own));
	TRY(about_parts_read(c, &parts));
	*out = about_part(parts, own->rest);
	if (!*out)
		return fail(c, ERR_NOT_FOUND, "There is no such part of About me.");
	TRY(newest(c, own->id, &response));
	data_str(c, *data, "link_id", (*out)->link);
	data_str(c, *data, "heading", (*out)->heading);
	data_str(c, *data, "hint", (*out)->hint);
	data_str(c, *data, "said", r->verb == HTTP_POST ? request_param(c, r, "text", 0)
							: about_said(response, (*out)->link));
	node_add_bool(c->arena, *data, "at_about", true);
	return OK;
}

enum err me_about_edit_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	const struct about_part *part;
	struct node *data;
	struct own own;

	TRY(edit_page(c, r, &data, &own, &part));
	return page_show(c, "me_about_edit", data, reply);
}

/* --- written --- */

static void add_answer(struct ctx *c, struct node *items, const struct about_part *part, struct str text)
{
	struct node *item, *answer;

	if (!text.len)
		return;
	item = node_add(c->arena, items, NULL, NODE_OBJECT);
	node_add_str(c->arena, item, "linkId", part->link);
	node_add_str(c->arena, item, "text", part->heading);
	answer = node_add(c->arena, node_add(c->arena, item, "answer", NODE_ARRAY), NULL, NODE_OBJECT);
	node_add_str(c->arena, answer, "valueString", text);
}

static struct node *response_begin(struct ctx *c, const struct own *own, struct str id)
{
	struct arena *a = c->arena;
	struct node *n = node_new(a, NODE_OBJECT), *author;
	struct str patient = SAY(a, "Patient/" STR_FMT, STR_ARG(own->id));

	node_add_cstr(a, n, "resourceType", "QuestionnaireResponse");
	node_add_str(a, n, "id", id);
	node_add_cstr(a, n, "questionnaire", ABOUT_ME);
	node_add_cstr(a, n, "status", "completed");
	node_add_str(a, node_add(a, n, "subject", NODE_OBJECT), "reference", patient);
	node_add_str(a, n, "authored", when_print_us(a, clock_now(c->clock)));
	author = node_add(a, n, "author", NODE_OBJECT);
	if (own->self)
		node_add_str(a, author, "reference", patient);
	node_add_str(a, author, "display",
		     own->self ? own->name
			       : SAY(a, STR_FMT ", " STR_FMT " of " STR_FMT, STR_ARG(c->actor->name),
				     STR_ARG(own->capacity), STR_ARG(own->name)));
	return n;
}

/* Those parts of `from`, with one of them (`link`; empty: none) said anew. */
static enum err save(struct ctx *c, const struct own *own, const struct node *from, struct str link, struct str text)
{
	struct str id = own_response_id(c, own->id);
	struct node *response = response_begin(c, own, id), *items = node_add(c->arena, response, "item", NODE_ARRAY);
	struct write w = { .resource = response };
	const struct about_parts *parts;
	struct written written;

	TRY(about_parts_read(c, &parts));
	for (size_t i = 0; i < parts->at.len; i++) {
		const struct about_part *part = &parts->at.at[i];

		add_answer(c, items, part, str_eq(part->link, link) ? text : about_said(from, part->link));
	}
	if (!items->len)
		node_remove(response, items);
	atoms_adopt(c->place->fhir->atoms, response);
	TRY(record_update(c, STR("QuestionnaireResponse"), id, &w, &written));
	audit_note(c, &(struct audit){ .what = AUDIT_CHANGE, .person = own->person, .section = STR("about"),
				       .relation = own->self ? STR("self") : STR("consent"),
				       .version = written.version.version });
	return OK;
}

enum err me_about_edit_do(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct str text = str_trim(request_param(c, r, "text", 0));
	const struct about_part *part;
	const struct node *response;
	struct node *data;
	struct own own;
	enum err e = OK;

	TRY(edit_page(c, r, &data, &own, &part));
	if (str_letters(text) > PART_MOST)
		e = fail(c, ERR_INVALID, "Write less: %d letters at most.", PART_MOST);
	if (e == OK) {
		TRY(newest(c, own.id, &response));
		e = save(c, &own, response, part->link, text);
	}
	if (e)
		return show_again(c, "me_about_edit", data, e, "text", reply);
	return me_redirect(c, &own, "/about?saved=1", reply);
}

/* --- what it said before, and back --- */

static enum err put_version(struct ctx *c, const struct about_parts *parts, struct node *list, const struct version *v,
			    const struct version *before, bool newest_one)
{
	struct moment at = moment_at(c->arena, v->updated);
	struct node *row, *changes, *now, *then = NULL;

	if (v->deleted)
		return OK;
	TRY(fhir_read_json(c, c->place->fhir, c->arena, v->body, &now));
	if (before && !before->deleted)
		TRY(fhir_read_json(c, c->place->fhir, c->arena, before->body, &then));
	row = data_object(c, list, NULL);
	data_str(c, row, "version", SAY(c->arena, "%lld", (long long)v->version));
	data_time(c, row, "at", at, say_full(c->arena, at, clock_now(c->clock)));
	data_str(c, row, "by", node_str(node_get(now, "author"), "display"));
	if (newest_one)
		node_add_bool(c->arena, row, "is_now", true);
	changes = data_list(c, row, "changes");
	for (size_t i = 0; i < parts->at.len; i++) {
		const struct about_part *part = &parts->at.at[i];
		struct str said = about_said(now, part->link), was = about_said(then, part->link);
		struct node *change;

		if (str_eq(said, was))
			continue;
		change = data_object(c, changes, NULL);
		data_str(c, change, "heading", part->heading);
		data_str(c, change, "said", said);
		data_str(c, change, "was", was);
	}
	return OK;
}

enum err me_about_history_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	const struct about_parts *parts;
	struct history_page page = { 0 };
	struct node *data, *list;
	struct own own;

	TRY(me_begin(c, r, "What I said before", ME_SEES, &data, &own));
	TRY(about_parts_read(c, &parts));
	struct history ask = { .type = STR("QuestionnaireResponse"), .id = own_response_id(c, own.id),
			       .count = VERSIONS_SHOWN };
	enum err e = record_history(c, &ask, &page);
	if (e && e != ERR_NOT_FOUND)
		return e;
	list = data_list(c, data, "versions");
	for (size_t i = 0; i < page.len; i++)
		TRY(put_version(c, parts, list, &page.at[i], i + 1 < page.len ? &page.at[i + 1] : NULL, i == 0));
	if (list->len)
		node_add_bool(c->arena, data, "any_versions", true);
	node_add_bool(c->arena, data, "at_about", true);
	return page_show(c, "me_about_history", data, reply);
}

enum err me_about_undo_do(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct version v;
	struct node *data, *then;
	struct own own;
	int64_t version;

	TRY(me_begin(c, r, "", ME_SEES, &data, &own));
	if (!str_int(request_param(c, r, "version", 0), &version))
		return fail(c, ERR_BAD_REQUEST, "That is no button of this page.");
	TRY(record_vread(c, STR("QuestionnaireResponse"), own_response_id(c, own.id), version, &v));
	TRY(fhir_read_json(c, c->place->fhir, c->arena, v.body, &then));
	TRY(save(c, &own, then, (struct str){ 0 }, (struct str){ 0 }));
	return me_redirect(c, &own, "/about?saved=1", reply);
}
