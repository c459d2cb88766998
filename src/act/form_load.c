/* form_load.c - the Questionnaires of share/form, read once, every line of them checked.
 *
 * What is wrong with a form is found when it is loaded, not when somebody stands in front of it: an unknown
 * linkId in a condition, an expression that does not compile, a choice without choices.
 */
#include "act/form_part.h"

#include <pthread.h>
#include <stdlib.h>

#include "fhir/valid.h"

enum { ITEMS_MAX = 500 };

struct forms {
	struct arena life;
	struct map by_name;
	VEC(const struct form *) list;
};

static enum err read_vars(struct form_reading *l)
{
	VEC(struct form_var) vars = { 0 };

	node_each(one, node_get(l->form->tree, "extension")) {
		const struct node *said = node_get(one, "valueExpression");
		struct form_var *var;

		if (!str_is(node_str(one, "url"), HL7 "variable"))
			continue;
		var = vec_push(&vars, l->life);
		var->name = str_dup(l->life, node_str(said, "name"));
		if (str_is(node_str(said, "language"), "application/x-fhir-query"))
			var->query = node_str(said, "expression");
		else
			TRY(form_expression(l, str_of(var->name), said, &var->path));
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

static bool truth(const struct node *n, const char *name)
{
	const struct node *said = node_get(n, name);

	return said && said->kind == NODE_BOOL && said->truth;
}

static enum err read_item(struct form_reading *l, const struct node *n, ptrdiff_t parent, ptrdiff_t *at)
{
	struct form_item item = { .link = node_str(n, "linkId"), .text = node_str(n, "text"),
				  .prefix = node_str(n, "prefix"), .parent = parent };
	struct str type = node_str(n, "type");
	int64_t length = 0;

	while (item.kind < FORM_KINDS && !str_is(type, kinds[item.kind]))
		item.kind++;
	if (item.kind == FORM_KINDS)
		return form_wrong(l, item.link, "its type is not known");
	if (!link_good(item.link) || l->items.len == ITEMS_MAX)
		return form_wrong(l, item.link, "a linkId is of letters, digits, . - _; and there are at most 500");
	for (size_t i = 0; i < l->items.len; i++)
		if (str_eq(l->items.at[i].link, item.link))
			return form_wrong(l, item.link, "this linkId stands twice");
	item.depth = parent < 0 ? 0 : l->items.at[parent].depth + 1;
	if (item.depth > FORM_DEPTH_MAX)
		return form_wrong(l, item.link, "groups stand too deep");
	item.required = truth(n, "required");
	item.repeats = truth(n, "repeats");
	item.readonly = truth(n, "readOnly");
	item.any = str_is(node_str(n, "enableBehavior"), "any");
	item.max_length = str_int(node_text(node_get(n, "maxLength")), &length) ? (size_t)length : 20000;
	for (ptrdiff_t up = parent; item.kind == FORM_GROUP && item.repeats && up >= 0; up = l->items.at[up].parent)
		if (l->items.at[up].repeats)
			return form_wrong(l, item.link, "a group that repeats stands in another");
	if (parent >= 0 && form_is_question(&l->items.at[parent]) && l->items.at[parent].repeats)
		return form_wrong(l, item.link, "a question that takes several answers has no questions below it");
	if (item.kind == FORM_DISPLAY && node_get(n, "item"))
		return form_wrong(l, item.link, "what only is shown has nothing below it");
	TRY(form_item_rest(l, &item, n));
	if (parent >= 0)
		item.hidden |= l->items.at[parent].hidden;
	*at = (ptrdiff_t)l->items.len;
	*vec_push(&l->items, l->life) = item;
	*vec_push(&l->nodes, l->life) = n;
	return OK;
}

static enum err read_items(struct form_reading *l, const struct node *list, ptrdiff_t parent)
{
	node_each(n, list) { /* no deeper than FORM_DEPTH_MAX */
		ptrdiff_t at;

		if (parent >= 0 && form_is_help(n))
			continue;
		TRY(read_item(l, n, parent, &at));
		TRY(read_items(l, node_get(n, "item"), at));
	}
	return OK;
}

/* --- conditions: when all items are known --- */

static enum err read_when(struct form_reading *l, struct form_item *item, const struct node *list)
{
	struct form_when *when = NEW_N(l->life, struct form_when, (list ? list->len : 0) + 1);

	item->when = when;
	node_each(n, list) {
		ptrdiff_t question = form_index(l->form, node_str(n, "question"));

		if (question < 0)
			return form_wrong(l, item->link, "enableWhen asks a question that is not there");
		when[item->when_count].item = (size_t)question;
		when[item->when_count].op = node_str(n, "operator");
		node_each(member, n)
			if (member->name_len > 6 && !memcmp(member->name, "answer", 6))
				when[item->when_count].answer = member;
		item->when_count++;
	}
	return OK;
}

/* Does what an item hangs on lead back to it? `seen`: 1 on the way, 2 looked at. */
static bool goes_round(const struct form_reading *l, size_t item, unsigned char *seen)
{
	const struct form_item *it = &l->items.at[item];
	bool round = seen[item] == 1;

	if (seen[item])
		return round;
	seen[item] = 1;
	if (it->parent >= 0)
		round |= goes_round(l, (size_t)it->parent, seen);
	for (size_t i = 0; i < it->when_count && !round; i++)
		round |= goes_round(l, it->when[i].item, seen);
	seen[item] = 2;
	return round;
}

static enum err check_circles(const struct form_reading *l)
{
	unsigned char *seen = NEW_N(l->c->arena, unsigned char, l->items.len + 1);

	for (size_t i = 0; i < l->items.len; i++)
		if (goes_round(l, i, seen))
			return form_wrong(l, l->items.at[i].link, "its conditions go round in a circle");
	return OK;
}

/* --- files --- */

static enum err form_read(struct form_reading *l, struct forms *forms, struct str text)
{
	struct form *form = l->form = NEW(&forms->life, struct form);
	struct node *tree;

	TRY(fhir_read_json(l->c, l->c->place->fhir, &forms->life, text, &tree));
	TRY(fhir_validate(l->c, l->c->place->fhir, text, tree));
	*form = (struct form){ .tree = tree, .name = node_str(tree, "name"), .url = node_str(tree, "url"),
			       .version = node_str(tree, "version"), .title = node_str(tree, "title"),
			       .description = node_str(tree, "description") };
	if (!str_is(node_str(tree, "resourceType"), "Questionnaire") || !form->name.len || !form->url.len ||
	    !form->version.len || !form->title.len)
		return form_wrong(l, form->name, "a form is a Questionnaire with name, url, version and title");
	TRY(read_vars(l));
	TRY(read_items(l, node_get(tree, "item"), -1));
	form->items = l->items.at;
	form->count = l->items.len;
	for (size_t i = 0; i < l->items.len; i++)
		TRY(read_when(l, &l->items.at[i], node_get(l->nodes.at[i], "enableWhen")));
	TRY(check_circles(l));
	if (!map_set(&forms->by_name, form->name, form) || !map_set(&forms->by_name, form->url, form))
		return form_wrong(l, form->name, "another form has this name or url");
	*vec_push(&forms->list, &forms->life) = form;
	return OK;
}

static enum err file_take(struct ctx *c, void *arg, const char *name)
{
	struct forms *forms = arg;
	struct form_reading l = { .c = c, .life = &forms->life, .file = arena_str(c->arena, name) };
	struct str text;

	if (!str_ends(str_of(name), STR(".json")))
		return OK;
	TRY(share_read(c, &c->place->share, l.life, name, &text));
	if (form_read(&l, forms, text) == OK)
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
