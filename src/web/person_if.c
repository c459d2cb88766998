/* person_if.c - the contingency plan on a person's page: what to do if something goes wrong, before it does. */
#include "act/form.h"
#include "web/person.h"

#define CONTINGENCY FORM_BASE "contingency-plan"

static const struct entry *newest_contingency(const struct person *p)
{
	const struct entry *newest = NULL;

	person_each(one, p, "QuestionnaireResponse") {
		struct str form = node_str(one->node, "questionnaire"), status = node_str(one->node, "status");

		if (str_eq(str_cut(&form, '|'), STR(CONTINGENCY)) &&
		    (str_is(status, "completed") || str_is(status, "amended")) &&
		    (!newest || one->as_at.from > newest->as_at.from))
			newest = one;
	}
	return newest;
}

static struct str said(struct person *p, const struct form_item *item, const struct node *answers)
{
	struct str words = { 0 };

	node_each(answer, answers)
		words = SAY(p->a, STR_FMT "%s" STR_FMT, STR_ARG(words), words.len ? ", " : "",
			    STR_ARG(form_words(p->c, item, answer)));
	return words;
}

/* May all who care for them read it? Who may see it opens it then, and this page does not tell. */
static bool for_all(struct person *p, const struct form *form, const struct node *response)
{
	ptrdiff_t share = form_index(form, STR("agreed.share"));
	const struct node *answer = share < 0 ? NULL : node_at(form_answer(form, response, (size_t)share, 0), 0);

	return !answer || !str_is(form_typed(p->c, &form->items[share], answer), "false");
}

static void put_row(struct person *p, struct node *list, struct str heading, struct str words)
{
	struct node *row;

	if (!words.len)
		return;
	row = data_object(p->c, list, NULL);
	data_str(p->c, row, "heading", heading);
	data_str(p->c, row, "said", words);
}

/* One of a group that repeats is one line: "Jean Pollitt, neighbour, 01632 960812, Do they have a key? Yes". */
static struct str in_one_line(struct person *p, const struct form *form, const struct node *response, size_t group, unsigned n)
{
	struct str words = { 0 };

	for (size_t i = group + 1; i < form->count && form->items[i].parent == (ptrdiff_t)group; i++) {
		const struct form_item *item = &form->items[i];
		struct str one = said(p, item, form_answer(form, response, i, n));

		if (one.len && item->kind == FORM_BOOLEAN)
			one = SAY(p->a, STR_FMT " " STR_FMT, STR_ARG(item->text), STR_ARG(one));
		if (one.len)
			words = SAY(p->a, STR_FMT "%s" STR_FMT, STR_ARG(words), words.len ? ", " : "", STR_ARG(one));
	}
	return words;
}

/* Each question that was answered, but what is only repeated from the record. */
static void put_answers(struct person *p, const struct form *form, const struct node *response, struct node *list)
{
	for (size_t i = 0; i < form->count; i++) {
		const struct form_item *item = &form->items[i];
		bool group = item->kind == FORM_GROUP && item->repeats;

		for (unsigned n = 0; group && n < form_times(form, response, i); n++)
			put_row(p, list, n ? SAY(p->a, STR_FMT " %u", STR_ARG(item->text), n + 1) : item->text,
				in_one_line(p, form, response, i, n));
		if (form_is_question(item) && !item->initial && !item->hidden && !str_starts(item->link, STR("agreed.")) &&
		    !(item->parent >= 0 && form->items[item->parent].repeats))
			put_row(p, list, item->text, said(p, item, form_answer(form, response, i, 0)));
	}
}

void person_put_if(struct person *p, struct node *data)
{
	const struct entry *newest = newest_contingency(p);
	const struct form *form;
	struct node *section;

	if (!newest || form_of(p->c, newest->node, &form) != OK)
		return;
	section = data_object(p->c, data, "contingency");
	data_str(p->c, section, "by", person_ref(p, node_get(newest->node, "author")));
	data_time(p->c, section, "made_at", newest->as_at, say_date(p->a, newest->as_at));
	data_str(p->c, section, "link", SAY(p->a, "/forms/" STR_FMT, STR_ARG(newest->id)));
	if (for_all(p, form, newest->node))
		put_answers(p, form, newest->node, data_list(p->c, section, "parts"));
	else
		node_add_bool(p->a, section, "not_for_all", true);
}
