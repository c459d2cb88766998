/* forms_beside.c - other versions of the answers beside these: those of last time, and what others changed. */
#include "record/search.h"
#include "web/forms.h"

enum { LAST_LOOKED_AT = 50, VERSIONS_LOOKED_AT = 30, THEN_SHOWN = 40 };

#define SAVED_BY CAUSEWAY_BASE "StructureDefinition/saved-by"

enum err fill_version(struct fill *f, int64_t version, struct node **out)
{
	struct version v;

	TRY(record_vread(f->c, STR("QuestionnaireResponse"), f->id, version, &v));
	return fhir_read_json(f->c, f->c->place->fhir, f->c->arena, v.body, out);
}

static bool same_form(const struct fill *f, const struct node *other)
{
	struct str url = node_str(other, "questionnaire"), name = str_cut(&url, '|');

	return str_eq(name, f->form->url) && !str_eq(node_str(other, "id"), f->id);
}

enum err fill_find_last(struct fill *f)
{
	struct ctx *c = f->c;
	const struct search *search;
	struct search_page page;

	TRY(search_parse(c, STR("QuestionnaireResponse"),
			 SAY(c->arena, "patient=" STR_FMT "&status=completed,amended&_sort=-authored&_count=%d",
			     STR_ARG(f->person), LAST_LOOKED_AT),
			 &search));
	TRY(search_run(c, search, &page));
	for (size_t i = 0; i < page.len && !f->last; i++) {
		struct node *n;

		TRY(fhir_read_json(c, c->place->fhir, c->arena, page.at[i].body, &n));
		if (same_form(f, n))
			f->last = n;
	}
	return OK;
}

/* --- who --- */

static struct str saver_of(struct ctx *c, const struct node *response)
{
	struct str who = { 0 };
	struct version v;
	struct node *n;
	char why[sizeof c->why];

	node_each(one, node_get(response, "extension"))
		if (str_is(node_str(one, "url"), SAVED_BY))
			who = node_text(node_path(one, "valueReference.reference"));
	memcpy(why, c->why, sizeof why);
	if (str_starts(who, STR("Practitioner/")) &&
	    record_read(c, STR("Practitioner"), (struct str){ who.at + 13, who.len - 13 }, &v) == OK &&
	    fhir_read_json(c, c->place->fhir, c->arena, v.body, &n) == OK)
		who = name_plain(c->arena, n);
	else
		who = (struct str){ 0 };
	memcpy(c->why, why, sizeof why);
	return who;
}

struct str fill_who(struct fill *f, size_t item, unsigned n, int64_t since)
{
	const struct node *now = form_answer(f->form, f->response, item, n);
	struct ctx *c = f->c;
	struct str words = { 0 };

	for (int64_t at = f->version; at > since && at > f->version - VERSIONS_LOOKED_AT && at > 0; at--) {
		struct version v;
		struct node *then;

		if (record_vread(c, STR("QuestionnaireResponse"), f->id, at, &v) != OK ||
		    fhir_read_json(c, c->place->fhir, c->arena, v.body, &then) != OK ||
		    !form_same(now, form_answer(f->form, then, item, n)))
			break;
		struct str who = saver_of(c, then);
		struct str when = say_as_at(c->arena, moment_at(c->arena, v.updated), clock_now(c->clock));
		words = SAY(c->arena, STR_FMT "%s" STR_FMT, STR_ARG(who), who.len ? ", " : "", STR_ARG(when));
	}
	return words;
}

/* --- what changed --- */

static void put_change(struct fill *f, struct node *list, const struct node *was, const struct node *is, size_t item,
		       unsigned n)
{
	struct node *row = data_object(f->c, list, NULL);

	data_str(f->c, row, "question", f->form->items[item].text);
	data_str(f->c, row, "was", fill_words(f, was, item, n));
	data_str(f->c, row, "is", fill_words(f, is, item, n));
}

enum err fill_put_changes(struct fill *f, struct node *data, int64_t from, int64_t to)
{
	struct node *list = data_list(f->c, data, "changes"), *was, *is;

	if (from < 1 || to <= from || to > f->version)
		return OK;
	TRY(fill_version(f, from, &was));
	TRY(fill_version(f, to, &is));
	for (size_t i = 0; i < f->form->count; i++) {
		unsigned times = fill_times(f, is, i);

		for (unsigned n = 0; form_is_question(&f->form->items[i]) && n < times; n++) {
			if (form_same(form_answer(f->form, was, i, n), form_answer(f->form, is, i, n)))
				continue;
			put_change(f, list, was, is, i, n);
			data_str(f->c, list->last, "who", fill_who(f, i, n, from));
		}
	}
	node_add_bool(f->c->arena, data, "has_changes", list->len > 0);
	return OK;
}

void fill_put_then(struct fill *f, struct node *data)
{
	struct node *list;
	struct moment at;

	if (!f->last)
		return;
	list = data_list(f->c, data, "then");
	for (size_t i = 0; i < f->form->count && list->len < THEN_SHOWN; i++) {
		const struct form_item *it = &f->form->items[i];
		const struct node *was = form_answer(f->form, f->last, i, 0), *is = form_answer(f->form, f->response, i, 0);

		if ((it->kind != FORM_CHOICE && it->kind != FORM_BOOLEAN && it->kind != FORM_INTEGER) ||
		    !was || !is || form_same(was, is))
			continue;
		put_change(f, list, f->last, f->response, i, 0);
		if (it->parent >= 0 && f->form->items[it->parent].parent >= 0)
			data_str(f->c, list->last, "group", f->form->items[it->parent].text);
	}
	node_add_bool(f->c->arena, data, "has_last", true);
	node_add_bool(f->c->arena, data, "has_then", list->len > 0);
	if (moment_read(node_str(f->last, "authored"), &at))
		data_time(f->c, data, "last_at", at, say_date(f->c->arena, at));
}
