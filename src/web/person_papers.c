/* person_papers.c - assessments, money, documents. */
#include "access/actor.h"
#include "act/form.h"
#include "web/about.h"
#include "web/act.h"
#include "web/person.h"
#include "web/work.h"

static struct node *put_line(struct person *p, struct node *list, const struct entry *item,
			     struct str words, struct str rest)
{
	struct node *row = data_object(p->c, list, NULL);

	data_str(p->c, row, "paper", words);
	data_str(p->c, row, "rest", rest);
	data_link(p, row, item);
	data_source(p, row, item);
	return row;
}

static size_t count_items(const struct node *items, bool answered)
{
	size_t count = 0;

	node_each(item, items)
		count += !answered || node_get(item, "answer") || node_get(item, "item");
	return count;
}

static const struct node *answer_of(const struct entry *response, const char *link)
{
	node_each(item, node_get(response->node, "item"))
		if (str_is(node_str(item, "linkId"), link))
			return node_get(item, "answer");
	return NULL;
}

static struct str form_rest(struct person *p, const struct entry *form)
{
	const struct node *items = node_get(form->node, "item"),
			  *unable = answer_of(form, "unable");
	struct str decision = node_str(node_at(answer_of(form, "decision"), 0), "valueString");

	if (decision.len && unable)
		return SAY(p->a, STR_FMT ", %u outcome%s", STR_ARG(decision), unable->len,
			   unable->len == 1 ? "" : "s");
	if (decision.len)
		return decision;
	if (str_is(node_str(form->node, "status"), "in-progress"))
		return SAY(p->a, "%zu of %zu parts done", count_items(items, true),
			   count_items(items, false));
	return (struct str){ 0 };
}

static void put_assessments(struct person *p, struct node *papers)
{
	static const char *const names[][2] = { { "eligibility-adult", "Care Act eligibility" },
						{ "joint-assessment", "Joint assessment" } };
	struct node *list = data_list(p->c, papers, "assessments");
	const struct forms *forms = NULL;

	(void)(forms_of(p->c, &forms) == OK); /* without them the lines are there, with plainer names */
	person_each(form, p, "QuestionnaireResponse")
	{
		struct str questionnaire = node_str(form->node, "questionnaire"),
			   name = STR("Form");
		struct node *row;
		const struct form *known;

		if (about_is(form->node) || str_is(node_str(form->node, "status"), "entered-in-error"))
			continue;
		for (unsigned i = 0; i < 2; i++)
			if (str_ends(questionnaire, str_of(names[i][0])))
				name = str_of(names[i][1]);
		known = forms ? form_find(forms, questionnaire) : NULL;
		row = put_line(p, list, form, known ? known->title : name, form_rest(p, form));
		if (known) {
			node_remove(row, node_get(row, "link"));
			data_str(p->c, row, "link", SAY(p->a, "/forms/" STR_FMT, STR_ARG(form->id)));
		}
	}
	person_each(task, p, "Task")
	{
		struct moment due = moment_of(task->node, "restriction.period.end");
		struct str what = work_what(p->c, task->node);
		if ((!task_is(task, "carer-assessment") && !task_is(task, "review")) ||
		    !task_is_open(task))
			continue;
		put_line(p, list, task, what,
			 due.iso.len ? SAY(p->a, "due " STR_FMT,
					   STR_ARG(say_day(p->a, due, p->now)))
				     : STR("no date set"));
	}
}

/* What the person pays a week towards packages that are not over or only proposed. */
static bool own_share(struct person *p, struct dec *sum, const struct entry **item)
{
	bool any = false;

	*sum = dec_int(0);
	person_each(request, p, "ServiceRequest")
	{
		struct str status = node_str(request->node, "status");
		if (!str_is(status, "active") && !str_is(status, "on-hold"))
			continue;
		node_each(cost, node_get(request->node, "extension")) {
			bool mine = false;
			struct dec amount;
			node_each(part, node_get(cost, "extension")) {
				struct str payer =
					node_text(node_path(part, "valueReference.reference"));
				mine |= str_starts(payer, STR("Patient/"));
				if (mine &&
				    dec_parse(node_text(node_path(part, "valueMoney.value")),
					      &amount) &&
				    dec_add(*sum, amount, sum)) {
					*item = request;
					any = true;
				}
			}
		}
	}
	return any;
}

static void put_money(struct person *p, struct node *papers)
{
	struct node *list = data_list(p->c, papers, "money"),
		    *money = node_new(p->a, NODE_OBJECT), *row;
	const struct entry *item;
	struct dec sum;

	if (own_share(p, &sum, &item)) {
		node_add_dec(p->a, money, "value", sum);
		row = put_line(
			p, list, item, (struct str){ 0 },
			SAY(p->a, "a week is %s share of services ordered", "their own"));
		data_str(p->c, row, "figure", say_money(p->a, money));
	}
	person_each(decision, p, "CoverageEligibilityResponse")
	{
		const struct node *was = extension_of(decision->node, "/charge-result");
		struct str words = node_str(decision->node, "disposition");

		if (was && words.len)
			put_line(p, list, decision, words, STR("for care, as decided"));
	}
	person_each(plan, p, "CarePlan")
	{
		const struct node *budget = extension_of(plan->node, "/personal-budget");
		if (!budget)
			continue;
		row = put_line(p, list, plan, (struct str){ 0 },
			       STR("a year, personal budget"));
		data_str(p->c, row, "figure", say_money(p->a, node_get(budget, "valueMoney")));
	}
}

static void put_documents(struct person *p, struct node *papers)
{
	struct node *list = data_list(p->c, papers, "documents");

	person_each(document, p, "DocumentReference")
	{
		struct str title =
			node_text(node_path(document->node, "content.attachment.title"));
		struct str type = concept_words(p->a, node_get(document->node, "type")), who;
		if (list->len >= 12)
			break;
		who = person_ref(p, node_get(document->node, "author"));
		put_line(p, list, document,
			 title.len  ? title
			 : type.len ? type
				    : STR("Document"),
			 who);
	}
}

void person_put_papers(struct person *p, struct node *data)
{
	struct node *papers = data_object(p->c, data, "papers");

	put_assessments(p, papers);
	if (actor_can(p->c, "care.write") && !p->dead) {
		node_add_bool(p->a, papers, "may_begin", true);
		data_str(p->c, papers, "refer",
			 action_href(p->c, "referral-make", (struct str){ 0 },
				     arena_printf(p->a, "person=Patient%%2F" STR_FMT, STR_ARG(p->id)),
				     SAY(p->a, "/people/" STR_FMT, STR_ARG(p->id))));
		data_str(p->c, papers, "assess",
			 action_href(p->c, "assessment-ask", (struct str){ 0 },
				     arena_printf(p->a, "person=Patient%%2F" STR_FMT, STR_ARG(p->id)),
				     SAY(p->a, "/people/" STR_FMT, STR_ARG(p->id))));
	}
	put_money(p, papers);
	put_documents(p, papers);
}
