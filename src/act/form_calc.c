/* form_calc.c - what the record knows already is not asked again; what follows from answers is worked out. */
#include "act/form_part.h"

#include "record/guard_row.h"
#include "record/label.h"
#include "record/search.h"

enum { PASSES = 4, HITS = 50 };

/* --- variables --- */

static struct items one_node(struct ctx *c, const struct node *n)
{
	struct item *item = NEW(c->arena, struct item);

	*item = (struct item){ .kind = ITEM_NODE,
			       .value = { .type = fhir_type_of(c->place->fhir, n), .node = n } };
	return (struct items){ item, 1 };
}

/* "Observation?patient={{%patient.id}}" with each expression worked out. */
static enum err fill_query(struct ctx *c, struct str query, const struct path_env *env, struct fhir_value focus,
			   struct str *out)
{
	struct buf b;

	buf_init(&b, c->arena, 0);
	for (;;) {
		ptrdiff_t from = str_find(query, STR("{{")), to = str_find(query, STR("}}"));
		const struct path *path;
		struct items items;

		if (from < 0 || to < from)
			break;
		buf_str(&b, (struct str){ query.at, (size_t)from });
		TRY(path_compile(c, c->arena, c->place->fhir, NULL,
				 (struct str){ query.at + from + 2, (size_t)(to - from - 2) }, &path));
		TRY(path_eval(c, path, env, focus, &items));
		for (size_t i = 0; i < items.len; i++)
			buf_printf(&b, "%s" STR_FMT, i ? "," : "",
				   STR_ARG(item_text(c->arena, c->place->fhir, &items.at[i])));
		query = (struct str){ query.at + to + 2, query.len - (size_t)to - 2 };
	}
	buf_str(&b, query);
	*out = buf_get(&b);
	return OK;
}

/* What a search finds, for the asker, as a Bundle; nothing where they may not search. What is kept more closely (has a
 * label) is left out: answers are seen by whoever may see the form, who may be others. */
static enum err run_query(struct ctx *c, struct str query, struct node **out)
{
	struct str rest = query, type = str_cut(&rest, '?');
	struct node *bundle = *out = node_new(c->arena, NODE_OBJECT), *list;
	const struct search *search;
	struct search_page page;
	READER(db);

	node_add_cstr(c->arena, bundle, "resourceType", "Bundle");
	node_add_cstr(c->arena, bundle, "type", "searchset");
	list = node_add(c->arena, bundle, "entry", NODE_ARRAY);
	TRY(search_parse(c, type, rest, &search));
	TRY(search_run(c, search, &page));
	TRY(store_reader(c, c->place->store, &db));
	for (size_t i = 0; i < page.len && i < HITS; i++) {
		struct node *resource;
		bool close;

		TRY(version_is_close(c, db, page.at[i].seq, &close));
		if (close)
			continue;
		TRY(fhir_read_json(c, c->place->fhir, c->arena, page.at[i].body, &resource));
		node_append(node_add(c->arena, list, NULL, NODE_OBJECT), "resource", resource);
	}
	atoms_adopt(c->place->fhir->atoms, bundle);
	return OK;
}

/* Of a person whose own Patient is kept more closely (the address of a refuge) only who it is, and how old. */
static struct node *of_close(struct ctx *c, const struct node *patient)
{
	static const char *const told[] = { "resourceType", "id", "birthDate" };
	struct node *n = node_new(c->arena, NODE_OBJECT);

	for (size_t i = 0; i < sizeof told / sizeof *told; i++)
		if (node_str(patient, told[i]).len)
			node_add_str(c->arena, n, told[i], node_str(patient, told[i]));
	atoms_adopt(c->place->fhir->atoms, n);
	return n;
}

static enum err patient_of(struct ctx *c, const struct node *response, struct items *out)
{
	struct str subject = act_reference(response, "subject");
	struct str rest = subject, type = str_cut(&rest, '/');
	struct node *patient;
	uint64_t labels;

	*out = (struct items){ 0 };
	if (!str_starts(subject, STR("Patient/")))
		return OK;
	TRY(act_look(c, subject, "Patient", &patient));
	TRY(labels_now(c, type, rest, &labels));
	*out = one_node(c, labels ? of_close(c, patient) : patient);
	return OK;
}

static struct fhir_value focus_of(struct ctx *c, const struct node *response)
{
	return (struct fhir_value){ .type = fhir_type_of(c->place->fhir, response), .node = response };
}

static enum err facts_make(struct ctx *c, const struct form *form, const struct node *response, bool search,
			   struct form_facts *out)
{
	struct path_var *vars = NEW_N(c->arena, struct path_var, form->var_count + 2);
	struct fhir_value focus = focus_of(c, response);
	struct path_env env = { .fhir = c->place->fhir, .resource = focus, .vars = vars };

	vars[0].name = "patient";
	TRY(patient_of(c, response, &vars[0].items));
	for (size_t i = 0; i < form->var_count; i++) {
		struct items items = { 0 };
		struct str query;
		struct node *bundle;

		if (form->vars[i].path) {
			TRY(path_eval(c, form->vars[i].path, &env, focus, &items));
		} else if (search) {
			TRY(fill_query(c, form->vars[i].query, &env, focus, &query));
			TRY(run_query(c, query, &bundle));
			items = one_node(c, bundle);
		}
		vars[i + 1] = (struct path_var){ form->vars[i].name, items };
	}
	*out = (struct form_facts){ env, vars };
	return OK;
}

enum err form_facts(struct ctx *c, const struct form *form, const struct node *response, struct form_facts *out)
{
	return facts_make(c, form, response, true, out);
}

/* Conditions are asked for every question of a page: what has to be searched for is not there for them. */
enum err form_test(struct ctx *c, const struct form *form, const struct node *response, const struct path *path,
		   bool *out)
{
	struct form_facts facts;

	TRY(facts_make(c, form, response, false, &facts));
	return path_test(c, path, &facts.env, focus_of(c, response), out);
}

/* --- answers that nobody needs to give --- */

static enum err answers_of(struct ctx *c, const struct form_item *item, const struct path *path,
			   const struct form_facts *facts, struct fhir_value focus, struct node **out)
{
	struct items items;

	*out = node_new(c->arena, NODE_ARRAY);
	TRY(path_eval(c, path, &facts->env, focus, &items));
	for (size_t i = 0; i < items.len && (item->repeats || (*out)->len == 0) && (*out)->len < item->most; i++)
		answer_from_item(c, item, &items.at[i], *out);
	return OK;
}

/* Put them where they belong; true when that changes anything. */
static bool answers_put(struct ctx *c, const struct form *form, struct node *response, size_t item, unsigned n,
			struct node *answers)
{
	struct node *node = form_node(c, form, response, item, n, answers->len > 0);

	if (!node || form_same(node_get(node, "answer"), answers))
		return false;
	form_answers_set(node, answers);
	atoms_adopt(c->place->fhir->atoms, response);
	return true;
}

/* What the form itself says is the answer unless somebody gives another: `initial`, or choices chosen from the start. */
static struct node *fixed_initial(struct ctx *c, const struct form_item *item)
{
	struct node *answers = node_new(c->arena, NODE_ARRAY), *one;

	node_each(said, item->fixed)
		if (item->repeats || !answers->len)
			node_append(answers, NULL, node_copy(c->arena, said));
	for (size_t i = 0; i < item->option_count && !item->fixed; i++) {
		const struct form_option *option = &item->options[i];

		if (!option->selected || (answers->len && !item->repeats))
			continue;
		one = form_answer_typed(c, item, option->code.len ? option->code : option->words);
		if (one)
			node_append(answers, NULL, one);
	}
	return answers;
}

/* What stands in the n-th of a repeating group, as an expression of it sees it: the group. Else the whole. */
static struct fhir_value focus_at(struct ctx *c, const struct form *form, struct node *response, size_t item, unsigned n)
{
	ptrdiff_t group = form_repeater(form, item);
	const struct node *node = group < 0 ? NULL : form_node(c, form, response, (size_t)group, n, false);

	if (!node)
		return focus_of(c, response);
	return (struct fhir_value){ .type = fhir_type(c->place->fhir, STR("QuestionnaireResponse.item")), .node = node };
}

/* The answers an item begins with. */
static enum err begin_one(struct ctx *c, const struct form *form, struct node *response, const struct form_facts *facts,
			  size_t i, unsigned n)
{
	const struct form_item *item = &form->items[i];
	struct node *answers;

	if (!form_is_question(item))
		return OK;
	if (item->initial)
		TRY(answers_of(c, item, item->initial, facts, facts->env.resource, &answers));
	else
		answers = fixed_initial(c, item);
	answers_put(c, form, response, i, n, answers);
	return OK;
}

enum err form_begin_group(struct ctx *c, const struct form *form, struct node *response, size_t group, unsigned n)
{
	struct form_facts facts;

	atoms_adopt(c->place->fhir->atoms, response);
	TRY(form_facts(c, form, response, &facts));
	for (size_t i = group; i < form->count; i++)
		if (form_repeater(form, i) == (ptrdiff_t)group)
			TRY(begin_one(c, form, response, &facts, i, n));
	return OK;
}

enum err form_blank(struct ctx *c, const struct form *form, struct str person, struct node **out)
{
	struct node *response = act_new(c, "QuestionnaireResponse");
	struct form_facts facts;

	node_add_cstr(c->arena, response, "questionnaire",
		      arena_printf(c->arena, STR_FMT "|" STR_FMT, STR_ARG(form->url), STR_ARG(form->version)));
	node_add_cstr(c->arena, response, "status", "in-progress");
	act_refer(c, response, "subject", person);
	node_add_str(c->arena, response, "authored", act_now(c));
	act_refer(c, response, "author", act_who(c));
	atoms_adopt(c->place->fhir->atoms, response);
	TRY(form_facts(c, form, response, &facts));
	for (size_t i = 0; i < form->count; i++)
		if (form_repeater(form, i) < 0)
			TRY(begin_one(c, form, response, &facts, i, 0));
	*out = response;
	return form_settle(c, form, response);
}

static bool has_calculated(const struct form *form)
{
	for (size_t i = 0; i < form->count; i++)
		if (form->items[i].calculated)
			return true;
	return false;
}

/* One question everywhere it is asked. */
static enum err settle_one(struct ctx *c, const struct form *form, struct node *response, const struct form_facts *facts,
			   size_t i, bool *changed)
{
	ptrdiff_t group = form_repeater(form, i);
	unsigned times = group < 0 ? 1 : form_times(form, response, (size_t)group);
	const struct form_item *item = &form->items[i];
	struct node *answers;

	for (unsigned n = 0; n < times; n++) {
		TRY(answers_of(c, item, item->calculated, facts, focus_at(c, form, response, i, n), &answers));
		*changed |= answers_put(c, form, response, i, n, answers);
	}
	return OK;
}

enum err form_settle(struct ctx *c, const struct form *form, struct node *response)
{
	struct form_facts facts;
	bool changed = has_calculated(form);

	for (int pass = 0; changed && pass < PASSES; pass++) {
		atoms_adopt(c->place->fhir->atoms, response);
		changed = false;
		TRY(form_facts(c, form, response, &facts));
		for (size_t i = 0; i < form->count; i++)
			if (form->items[i].calculated)
				TRY(settle_one(c, form, response, &facts, i, &changed));
	}
	return OK;
}
