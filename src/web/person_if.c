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

/* Each question that was answered, but what is only repeated from the record. */
static void put_answers(struct person *p, const struct form *form, const struct node *response, struct node *list)
{
	for (size_t i = 0; i < form->count; i++) {
		const struct form_item *item = &form->items[i];
		bool group = item->parent >= 0 && form->items[item->parent].repeats;
		unsigned times = group ? form_times(form, response, (size_t)item->parent) : 1;

		for (unsigned n = 0; form_is_question(item) && !item->initial && !item->hidden && n < times; n++) {
			struct str words = said(p, item, form_answer(form, response, i, n));
			struct node *row;

			if (!words.len || str_starts(item->link, STR("agreed.")))
				continue;
			row = data_object(p->c, list, NULL);
			data_str(p->c, row, "heading",
				 group ? SAY(p->a, STR_FMT " %u: " STR_FMT, STR_ARG(form->items[item->parent].text), n + 1,
					     STR_ARG(item->text))
				       : item->text);
			data_str(p->c, row, "said", words);
		}
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
