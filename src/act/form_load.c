/* form_load.c - the Questionnaires of share/form, read once, every line of them checked.
 *
 * What is wrong with a form is found when it is loaded, not when somebody stands in front of it: an unknown
 * linkId in a condition, an expression that does not compile, a choice without choices.
 */
#include "act/form_part.h"

#include <pthread.h>
#include <stdlib.h>

#include "fhir/code.h"
#include "fhir/valid.h"

enum { ITEMS_MAX = 500, DEPTH_MAX = 6, OPTIONS_MAX = 500 };

#define HL7 "http://hl7.org/fhir/StructureDefinition/"
#define SDC "http://hl7.org/fhir/uv/sdc/StructureDefinition/"

struct forms {
	struct arena life;
	struct map by_name;
	VEC(const struct form *) list;
};

struct loading {
	struct ctx *c;
	struct forms *forms;
	const char *file;
	struct form *form;
	VEC(struct form_item) items;
	VEC(const struct node *) nodes; /* beside items */
};

static enum err wrong(const struct loading *l, struct str where, const char *what)
{
	return fail(l->c, ERR_INVALID, "%s: " STR_FMT ": %s.", l->file, STR_ARG(where), what);
}

static const struct node *extension(const struct node *of, const char *url)
{
	node_each(one, node_get(of, "extension"))
		if (str_is(node_str(one, "url"), url))
			return one;
	return NULL;
}

/* --- expressions --- */

static enum err expression(struct loading *l, struct str where, const struct node *said, const struct path **out)
{
	if (!str_is(node_str(said, "language"), "text/fhirpath"))
		return wrong(l, where, "an expression here is text/fhirpath");
	if (path_compile(l->c, &l->forms->life, l->c->place->fhir, NULL, node_str(said, "expression"), out) == OK)
		return OK;
	return wrong(l, where, arena_str(l->c->arena, l->c->why));
}

static enum err expression_of(struct loading *l, const struct node *item, struct str link, const char *url,
			      const struct path **out)
{
	const struct node *said = extension(item, url);

	return said ? expression(l, link, node_get(said, "valueExpression"), out) : OK;
}

static enum err read_vars(struct loading *l)
{
	VEC(struct form_var) vars = { 0 };

	node_each(one, node_get(l->form->tree, "extension")) {
		const struct node *said = node_get(one, "valueExpression");
		struct form_var *var;

		if (!str_is(node_str(one, "url"), HL7 "variable"))
			continue;
		var = vec_push(&vars, &l->forms->life);
		var->name = str_dup(&l->forms->life, node_str(said, "name"));
		if (str_is(node_str(said, "language"), "application/x-fhir-query"))
			var->query = node_str(said, "expression");
		else
			TRY(expression(l, str_of(var->name), said, &var->path));
	}
	l->form->vars = vars.at;
	l->form->var_count = vars.len;
	return OK;
}

/* --- one item --- */

static const char *const kinds[FORM_KINDS] = {
	[FORM_GROUP] = "group",	    [FORM_DISPLAY] = "display",	    [FORM_BOOLEAN] = "boolean",
	[FORM_DECIMAL] = "decimal", [FORM_INTEGER] = "integer",	    [FORM_DATE] = "date",
	[FORM_DATETIME] = "dateTime", [FORM_TIME] = "time",	    [FORM_STRING] = "string",
	[FORM_TEXT] = "text",	    [FORM_URL] = "url",		    [FORM_CHOICE] = "choice",
	[FORM_OPEN_CHOICE] = "open-choice", [FORM_REFERENCE] = "reference", [FORM_QUANTITY] = "quantity",
	[FORM_ATTACHMENT] = "attachment",
};

static bool link_good(struct str link)
{
	for (size_t i = 0; i < link.len; i++) {
		char ch = link.at[i];

		if (!((ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') ||
		      ch == '-' || ch == '.' || ch == '_'))
			return false;
	}
	return link.len > 0 && link.len <= 64;
}

static enum err options_of_set(struct loading *l, struct form_item *item, struct str set)
{
	struct code_list codes;
	struct form_option *options;

	if (code_expand(l->c, l->c->place->fhir, set, &codes) != OK)
		return wrong(l, item->link, arena_str(l->c->arena, l->c->why));
	if (codes.list.len > OPTIONS_MAX)
		return wrong(l, item->link, "has more than 500 choices");
	options = NEW_N(&l->forms->life, struct form_option, codes.list.len + 1);
	for (size_t i = 0; i < codes.list.len; i++)
		options[i] = (struct form_option){ codes.list.at[i].system, codes.list.at[i].code,
						   codes.list.at[i].display };
	item->options = options;
	item->option_count = codes.list.len;
	return OK;
}

static enum err options_listed(struct loading *l, struct form_item *item, const struct node *list)
{
	struct form_option *options;

	if (list->len > OPTIONS_MAX)
		return wrong(l, item->link, "has more than 500 choices");
	item->options = options = NEW_N(&l->forms->life, struct form_option, list->len + 1);
	node_each(one, list) {
		const struct node *coding = node_get(one, "valueCoding");

		*options++ = coding ? (struct form_option){ node_str(coding, "system"), node_str(coding, "code"),
							    node_str(coding, "display") }
				    : (struct form_option){ .words = node_str(one, "valueString") };
		if (!options[-1].words.len)
			return wrong(l, item->link, "each choice is a valueCoding with display, or a valueString");
		item->option_count++;
	}
	return OK;
}

static enum err read_options(struct loading *l, struct form_item *item, const struct node *n)
{
	struct str set = node_str(n, "answerValueSet");

	if (item->kind != FORM_CHOICE && item->kind != FORM_OPEN_CHOICE)
		return OK;
	if (set.len)
		return options_of_set(l, item, set);
	if (node_get(n, "answerOption"))
		return options_listed(l, item, node_get(n, "answerOption"));
	return wrong(l, item->link, "a choice needs answerOption or answerValueSet");
}

static enum err read_limit(struct loading *l, const struct node *n, struct str link, const char *url,
			   const struct dec **out)
{
	const struct node *said = extension(n, url);
	struct dec *d;

	if (!said)
		return OK;
	*out = d = arena_alloc(&l->forms->life, sizeof *d);
	node_each(member, said)
		if (member->name_len > 5 && !memcmp(member->name, "value", 5) && dec_parse(node_text(member), d))
			return OK;
	return wrong(l, link, "its limit is no number");
}

static enum err read_rest(struct loading *l, struct form_item *item, const struct node *n)
{
	const struct node *initial = node_at(node_get(n, "initial"), 0);

	TRY(read_options(l, item, n));
	TRY(expression_of(l, n, item->link, SDC "sdc-questionnaire-initialExpression", &item->initial));
	TRY(expression_of(l, n, item->link, SDC "sdc-questionnaire-calculatedExpression", &item->calculated));
	TRY(expression_of(l, n, item->link, SDC "sdc-questionnaire-enableWhenExpression", &item->enabled));
	TRY(read_limit(l, n, item->link, HL7 "minValue", &item->min));
	TRY(read_limit(l, n, item->link, HL7 "maxValue", &item->max));
	item->initial_value = initial;
	item->unit = node_str(node_get(extension(n, HL7 "questionnaire-unit"), "valueCoding"), "display");
	item->hint = node_str(extension(n, HL7 "entryFormat"), "valueString");
	item->owner = node_str(extension(n, CAUSEWAY_BASE "StructureDefinition/form-owner"), "valueCode");
	item->target = node_str(extension(n, HL7 "questionnaire-referenceResource"), "valueCode");
	item->hidden = node_is(node_get(extension(n, HL7 "questionnaire-hidden"), "valueBoolean"), NODE_BOOL) &&
		       node_get(extension(n, HL7 "questionnaire-hidden"), "valueBoolean")->truth;
	return OK;
}

static bool truth(const struct node *n, const char *name)
{
	const struct node *said = node_get(n, name);

	return said && said->kind == NODE_BOOL && said->truth;
}

static enum err read_item(struct loading *l, const struct node *n, ptrdiff_t parent, ptrdiff_t *at)
{
	struct form_item item = { .link = node_str(n, "linkId"), .text = node_str(n, "text"),
				  .prefix = node_str(n, "prefix"), .parent = parent };
	struct str type = node_str(n, "type");
	int64_t length = 0;

	while (item.kind < FORM_KINDS && !str_is(type, kinds[item.kind]))
		item.kind++;
	if (item.kind == FORM_KINDS)
		return wrong(l, item.link, "its type is not known");
	if (!link_good(item.link) || l->items.len == ITEMS_MAX)
		return wrong(l, item.link, "a linkId is of letters, digits, . - _; and there are at most 500");
	for (size_t i = 0; i < l->items.len; i++)
		if (str_eq(l->items.at[i].link, item.link))
			return wrong(l, item.link, "this linkId stands twice");
	item.depth = parent < 0 ? 0 : l->items.at[parent].depth + 1;
	if (item.depth > DEPTH_MAX)
		return wrong(l, item.link, "groups stand too deep");
	item.required = truth(n, "required");
	item.repeats = truth(n, "repeats");
	item.readonly = truth(n, "readOnly");
	item.any = str_is(node_str(n, "enableBehavior"), "any");
	item.max_length = str_int(node_text(node_get(n, "maxLength")), &length) ? (size_t)length : 20000;
	for (ptrdiff_t up = parent; item.kind == FORM_GROUP && item.repeats && up >= 0; up = l->items.at[up].parent)
		if (l->items.at[up].repeats)
			return wrong(l, item.link, "a group that repeats stands in another");
	if (form_is_question(&item) && node_get(n, "item"))
		return wrong(l, item.link, "questions below a question are not understood: put them beside it");
	TRY(read_rest(l, &item, n));
	*at = (ptrdiff_t)l->items.len;
	*vec_push(&l->items, &l->forms->life) = item;
	*vec_push(&l->nodes, &l->forms->life) = n;
	return OK;
}

static enum err read_items(struct loading *l, const struct node *list, ptrdiff_t parent)
{
	node_each(n, list) { /* no deeper than DEPTH_MAX */
		ptrdiff_t at;

		TRY(read_item(l, n, parent, &at));
		TRY(read_items(l, node_get(n, "item"), at));
	}
	return OK;
}

/* --- conditions: when all items are known --- */

static enum err read_when(struct loading *l, struct form_item *item, const struct node *list)
{
	struct form_when *when = NEW_N(&l->forms->life, struct form_when, (list ? list->len : 0) + 1);

	item->when = when;
	node_each(n, list) {
		ptrdiff_t question = form_index(l->form, node_str(n, "question"));

		if (question < 0)
			return wrong(l, item->link, "enableWhen asks a question that is not there");
		when[item->when_count].item = (size_t)question;
		when[item->when_count].op = node_str(n, "operator");
		node_each(member, n)
			if (member->name_len > 6 && !memcmp(member->name, "answer", 6))
				when[item->when_count].answer = member;
		item->when_count++;
	}
	return OK;
}

/* --- files --- */

static enum err form_read(struct loading *l, struct str text)
{
	struct forms *forms = l->forms;
	struct form *form = l->form = NEW(&forms->life, struct form);
	struct node *tree;

	TRY(fhir_read_json(l->c, l->c->place->fhir, &forms->life, text, &tree));
	TRY(fhir_validate(l->c, l->c->place->fhir, text, tree));
	*form = (struct form){ .tree = tree, .name = node_str(tree, "name"), .url = node_str(tree, "url"),
			       .version = node_str(tree, "version"), .title = node_str(tree, "title"),
			       .description = node_str(tree, "description") };
	if (!str_is(node_str(tree, "resourceType"), "Questionnaire") || !form->name.len || !form->url.len ||
	    !form->version.len || !form->title.len)
		return wrong(l, form->name, "a form is a Questionnaire with name, url, version and title");
	TRY(read_vars(l));
	TRY(read_items(l, node_get(tree, "item"), -1));
	form->items = l->items.at;
	form->count = l->items.len;
	for (size_t i = 0; i < l->items.len; i++)
		TRY(read_when(l, &l->items.at[i], node_get(l->nodes.at[i], "enableWhen")));
	if (!map_set(&forms->by_name, form->name, form) || !map_set(&forms->by_name, form->url, form))
		return wrong(l, form->name, "another form has this name or url");
	*vec_push(&forms->list, &forms->life) = form;
	return OK;
}

static enum err file_take(struct ctx *c, void *arg, const char *name)
{
	struct loading l = { .c = c, .forms = arg, .file = arena_str(c->arena, name) };
	struct str text;

	if (!str_ends(str_of(name), STR(".json")))
		return OK;
	TRY(share_read(c, &c->place->share, &l.forms->life, name, &text));
	if (form_read(&l, text) == OK)
		return OK;
	if (strncmp(c->why, name, strlen(name)) == 0)
		return ERR_INVALID;
	return fail(c, ERR_INVALID, "%s: %s", l.file, arena_str(c->arena, c->why));
}

static void forms_free(const struct forms *forms)
{
	struct forms *mine = (struct forms *)(uintptr_t)forms;

	arena_done(&mine->life);
	free(mine);
}

static enum err forms_read(struct ctx *c, const struct forms **out)
{
	struct forms *forms = calloc(1, sizeof *forms);

	if (!forms)
		abort();
	arena_init(&forms->life);
	map_init(&forms->by_name, &forms->life);
	enum err e = share_list(c, &c->place->share, "form/", file_take, forms);
	if (e != OK) {
		forms_free(forms);
		return e;
	}
	*out = forms;
	return OK;
}

enum err forms_of(struct ctx *c, const struct forms **out)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	const struct forms *forms = __atomic_load_n(&c->place->forms, __ATOMIC_ACQUIRE);
	enum err e = OK;

	if (!forms) {
		pthread_mutex_lock(&lock);
		forms = c->place->forms;
		if (!forms)
			e = forms_read(c, &forms);
		if (e == OK) {
			c->place->forms_free = forms_free;
			__atomic_store_n(&c->place->forms, forms, __ATOMIC_RELEASE);
		}
		pthread_mutex_unlock(&lock);
	}
	if (e == OK)
		*out = forms;
	return e;
}

/* --- looking --- */

size_t forms_count(const struct forms *forms)
{
	return forms->list.len;
}

const struct form *forms_at(const struct forms *forms, size_t i)
{
	return forms->list.at[i];
}

const struct form *form_find(const struct forms *forms, struct str name)
{
	return map_get(&forms->by_name, str_cut(&name, '|'));
}

enum err form_of(struct ctx *c, const struct node *response, const struct form **out)
{
	struct str name = node_str(response, "questionnaire");
	const struct forms *forms;

	TRY(forms_of(c, &forms));
	*out = form_find(forms, name);
	return *out ? OK
		    : fail(c, ERR_NOT_FOUND, "There is no form \"%.100s\" here.", str_dup(c->arena, name));
}

ptrdiff_t form_index(const struct form *form, struct str link)
{
	for (size_t i = 0; i < form->count; i++)
		if (str_eq(form->items[i].link, link))
			return (ptrdiff_t)i;
	return -1;
}

bool form_is_question(const struct form_item *item)
{
	return item->kind != FORM_GROUP && item->kind != FORM_DISPLAY;
}
