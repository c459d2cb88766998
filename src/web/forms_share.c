/* forms_share.c - parts of a form that colleagues are asked for, and the work the whole belongs to. */
#include "web/forms.h"

#include "act/flow.h"
#include "record/search.h"
#include "web/act.h"
#include "web/work.h"

enum { WORKS_LOOKED_AT = 30 };

enum err fill_find_work(struct fill *f)
{
	struct ctx *c = f->c;
	const struct search *search;
	struct search_page page;

	f->works = node_new(c->arena, NODE_ARRAY);
	TRY(search_parse(c, STR("Task"),
			 SAY(c->arena, "focus=QuestionnaireResponse%%2F" STR_FMT "&_count=%d", STR_ARG(f->id), WORKS_LOOKED_AT),
			 &search));
	TRY(search_run(c, search, &page));
	for (size_t i = 0; i < page.len; i++) {
		struct node *task;

		TRY(fhir_read_json(c, c->place->fhir, c->arena, page.at[i].body, &task));
		node_append(f->works, NULL, task);
	}
	return OK;
}

static struct str here(struct fill *f)
{
	return SAY(f->c->arena, "/forms/" STR_FMT, STR_ARG(f->id));
}

/* A part's own work says which part; the whole's does not. */
static struct str part_said(const struct node *task)
{
	return node_str(node_at(node_get(task, "input"), 0), "valueCode");
}

static const struct node *work_by_id(const struct fill *f, struct str reference)
{
	node_each(task, f->works)
		if (str_starts(reference, STR("Task/")) &&
		    str_eq(node_str(task, "id"), (struct str){ reference.at + 5, reference.len - 5 }))
			return task;
	return NULL;
}

static void put_ask(struct fill *f, struct node *row, struct str part)
{
	const struct action *ask = action_find(f->c->place, STR("section-ask"));

	node_each(task, f->works)
		if (ask && f->open && action_fits(f->c, ask, task))
			data_str(f->c, row, "ask",
				 action_href(f->c, "section-ask", node_str(task, "id"),
					     arena_printf(f->c->arena, "part=" STR_FMT, STR_ARG(part)), here(f)));
}

void fill_put_asked(struct fill *f, struct node *row, size_t part)
{
	const struct form_item *it = &f->form->items[part];
	const struct node *mark = form_part_asked(f->response, it->link), *task;
	struct ctx *c = f->c;
	struct str by, name;
	struct moment at;

	if (!it->owner.len)
		return;
	if (!mark) {
		put_ask(f, row, it->link);
		return;
	}
	task = work_by_id(f, form_mark_reference(mark, "task"));
	by = form_mark_reference(mark, "by");
	name = work_name(c, by.len ? by : node_text(node_path(task, "owner.reference")));
	if (moment_read(form_mark_text(mark, "filled"), &at))
		data_str(c, row, "asked", SAY(c->arena, "Filled in by " STR_FMT ", " STR_FMT, STR_ARG(name.len ? name : STR("a colleague")),
					      STR_ARG(say_day(c->arena, at, clock_now(c->clock)))));
	else
		data_str(c, row, "asked", SAY(c->arena, "Asked of " STR_FMT, STR_ARG(name.len ? name : STR("a colleague"))));
	if (!form_may_answer(c, f->form, f->response, part))
		node_add_bool(c->arena, row, "not_mine", true);
	if (task)
		put_actions(c, row, "steps", task, here(f));
}

/* The letter after a decision that stands in the work's output. */
static void put_letter(struct fill *f, struct node *row, const struct node *task)
{
	node_each(output, node_get(task, "output")) {
		struct str id = node_text(node_path(output, "valueReference.reference")), type = str_cut(&id, '/');

		if (!str_is(type, "QuestionnaireResponse"))
			continue;
		data_str(f->c, row, "letter", SAY(f->c->arena, "/people/" STR_FMT "/letter/" STR_FMT, STR_ARG(f->person), STR_ARG(id)));
		data_str(f->c, row, "result", concept_words(f->c->arena, node_get(output, "type")));
	}
}

void fill_put_work(struct fill *f, struct node *data)
{
	struct node *list = data_list(f->c, data, "works");

	node_each(task, f->works) {
		struct node *row;

		if (part_said(task).len || str_is(node_str(task, "status"), "entered-in-error"))
			continue;
		row = data_object(f->c, list, NULL);
		data_str(f->c, row, "work", node_str(task, "id"));
		data_str(f->c, row, "what", work_what(f->c, task));
		data_str(f->c, row, "where", work_state(f->c, task));
		data_str(f->c, row, "who", work_name(f->c, node_text(node_path(task, "owner.reference"))));
		put_letter(f, row, task);
		put_actions(f->c, row, "steps", task, here(f));
	}
	node_add_bool(f->c->arena, data, "has_works", list->len > 0);
}
