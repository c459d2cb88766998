/* act.c - the form of an action, made from its row: what is asked, what was wrong, what was typed. */
#include "web/act.h"

#include <assert.h>

#include "access/actor.h"
#include "act/flow.h"
#include "fhir/code.h"
#include "record/search.h"
#include "web/pages.h"
#include "web/plan.h"

enum { RADIOS_MAX = 6, CHOICES_MAX = 300 };

/* --- addresses --- */

/* Where a form goes back to: a page of ours, never another place. */
static struct str safe_back(struct str back)
{
	if (back.len < 1 || back.at[0] != '/' || (back.len > 1 && (back.at[1] == '/' || back.at[1] == '\\')))
		return STR("/");
	for (size_t i = 0; i < back.len; i++)
		if ((unsigned char)back.at[i] <= ' ' || back.at[i] == '\\')
			return STR("/");
	return back;
}

static struct str encoded(struct ctx *c, struct str s)
{
	struct buf b;

	buf_init(&b, c->arena, 0);
	for (size_t i = 0; i < s.len; i++) {
		unsigned char ch = (unsigned char)s.at[i];

		if ((ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') ||
		    ch == '-' || ch == '.' || ch == '_')
			buf_char(&b, (char)ch);
		else
			buf_printf(&b, "%%%02X", ch);
	}
	return buf_get(&b);
}

static struct str href_of(struct ctx *c, const struct action *action, struct str id,
			  const char *filled, struct str back)
{
	return SAY(c->arena, "/do/%s?on=" STR_FMT "%s%s&back=" STR_FMT, action->name, STR_ARG(id),
		   filled ? "&" : "", filled ? filled : "", STR_ARG(encoded(c, back)));
}

struct str action_href(struct ctx *c, const char *name, struct str id, const char *filled, struct str back)
{
	const struct action *action = action_find(c->place, str_of(name));

	if (!action || action->flags & ACTION_QUIET || (c->actor && !actor_can(c, action->capability)))
		return (struct str){ 0 };
	return href_of(c, action, id, filled, back);
}

/* Of its own machine, or what may be done with any. */
static void put_actions_of(struct ctx *c, struct node *list, const struct action *rows, bool own,
			   const struct node *resource, struct str back)
{
	for (const struct action *action = rows; action->name; action++) {
		struct node *button;

		if (own != (action->flow != NULL) || action->flags & ACTION_QUIET || !action_fits(c, action, resource))
			continue;
		button = data_object(c, list, NULL);
		data_str(c, button, "href", href_of(c, action, node_str(resource, "id"), NULL, back));
		data_words(c, button, "label", action->label);
		data_words(c, button, "help", action->help);
	}
}

static void put_all_of(struct ctx *c, struct node *list, bool own, const struct node *resource, struct str back)
{
	for (const struct module *const *m = c->place->modules; m && *m; m++)
		for (const struct action *const *table = (*m)->actions; table && *table; table++)
			put_actions_of(c, list, *table, own, resource, back);
}

void put_actions(struct ctx *c, struct node *to, const char *name, const struct node *resource,
		 struct str back)
{
	struct node *list = data_list(c, to, name);

	put_all_of(c, list, true, resource, back);
	put_all_of(c, list, false, resource, back);
}

void put_own_actions(struct ctx *c, struct node *to, const char *name, const struct node *resource, struct str back)
{
	put_all_of(c, data_list(c, to, name), true, resource, back);
}

/* What an argument is called in the form: "on", "back" and "once" are the form's own. */
static const char *field_of(struct ctx *c, const char *arg)
{
	static const char *const own[] = { "on", "back", "once" };

	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		if (strcmp(arg, own[i]) == 0)
			return arena_printf(c->arena, "given-%s", arg);
	return arg;
}

/* --- choices --- */

static void put_choice(struct ctx *c, struct node *list, struct str value, struct str words,
		       struct str typed)
{
	struct node *choice = data_object(c, list, NULL);

	data_str(c, choice, "choice", value);
	data_str(c, choice, "choice_words", words.len ? words : say_code(c->arena, value));
	if (str_eq(value, typed))
		node_add_bool(c->arena, choice, "chosen", true);
}

/* Was it chosen, of a list of which several may be? */
static bool is_typed(struct ctx *c, const struct request *r, const char *name, struct str value)
{
	struct str typed = request_param(c, r, name, 0);

	for (unsigned i = 0; typed.at; typed = request_param(c, r, name, ++i))
		if (str_eq(typed, value))
			return true;
	return false;
}

/* What an action of that name lists: "$care-choices/pathway". Several of it: boxes to tick. */
static enum err put_listed(struct ctx *c, struct node *field, const struct action_arg *arg, const struct request *r)
{
	struct str list = str_of(arg->of + 1), name = str_cut(&list, '/');
	struct node *input = node_new(c->arena, NODE_OBJECT), *choices = data_list(c, field, "choices");
	const struct action *action = action_find(c->place, name);
	bool many = arg->flags & ARG_MANY;
	struct acted done = { 0 };
	size_t n = 0;

	assert(action);
	node_add_str(c->arena, input, "of", list);
	TRY(action_run(c, action, (struct str){ 0 }, input, &done));
	node_each(one, node_get(done.output, "parameter")) {
		const struct node *part = node_get(one, "part");
		struct str code = node_str(node_at(part, 0), "valueString");

		put_choice(c, choices, code, node_str(node_at(part, 1), "valueString"),
			   is_typed(c, r, arg->name, code) ? code : (struct str){ 0 });
		data_str(c, choices->last, "choice_id", SAY(c->arena, "%s-%zu", arg->name, ++n));
	}
	node_add_bool(c->arena, field, many ? "is_boxes" : "is_select", true);
	return OK;
}

static enum err put_codes(struct ctx *c, struct node *field, const struct action_arg *arg,
			  struct str typed)
{
	struct code_list codes;

	TRY(code_expand(c, c->place->fhir, str_of(arg->of), &codes));
	bool few = codes.list.len <= RADIOS_MAX;
	struct node *list = data_list(c, field, few ? "radios" : "choices");
	for (size_t i = 0; i < codes.list.len; i++) {
		put_choice(c, list, codes.list.at[i].code, codes.list.at[i].display, typed);
		data_str(c, list->last, "choice_id", SAY(c->arena, "%s-%zu", arg->name, i + 1));
	}
	node_add_bool(c->arena, field, few ? "is_radios" : "is_select", true);
	if (!typed.len) /* one that is optional can be taken back */
		node_add_bool(c->arena, field, "unsaid", true);
	return OK;
}

static struct str name_of(struct ctx *c, const struct node *resource)
{
	struct str name = node_text(node_get(resource, "name"));

	if (name.len)
		return name;
	return node_get(resource, "name") ? name_plain(c->arena, resource) : node_str(resource, "id");
}

/* Everything of the types, by name: who can be asked, when it is no more than a page can show. */
static enum err put_directory(struct ctx *c, struct node *field, struct str types, struct str typed)
{
	struct node *list = data_list(c, field, "choices");

	while (types.at) {
		struct str type = str_cut(&types, '|');
		const struct search *search;
		struct search_page page;

		TRY(search_parse(c, type, SAY(c->arena, "_count=%d", CHOICES_MAX),
				 &search));
		TRY(search_run(c, search, &page));
		for (size_t i = 0; i < page.len; i++) {
			struct node *resource;

			TRY(fhir_read_json(c, c->place->fhir, c->arena, page.at[i].body, &resource));
			put_choice(c, list,
				   SAY(c->arena, STR_FMT "/" STR_FMT, STR_ARG(type), STR_ARG(page.at[i].id)),
				   name_of(c, resource), typed);
		}
	}
	node_add_bool(c->arena, field, "is_select", true);
	return OK;
}

/* --- fields --- */

static enum err put_reference(struct ctx *c, struct node *field, const struct action_arg *arg,
			      struct str typed)
{
	char why[sizeof c->why];
	struct str type = typed, id;
	struct version v;
	struct node *n;

	if (arg->of && strcmp(arg->of, "Encounter") == 0) { /* nor a stay: the link to the form names it */
		data_str(c, field, "fixed", typed);
		node_add_bool(c->arena, field, typed.len ? "is_fixed" : "is_line", true);
		return OK;
	}
	if (!arg->of || !strstr(arg->of, "Patient"))
		return put_directory(c, field, str_of(arg->of), typed);
	id = str_cut(&type, '/'); /* a person is never chosen from a list */
	memcpy(why, c->why, sizeof why);
	if (type.at && record_read(c, id, type, &v) == OK &&
	    fhir_read_json(c, c->place->fhir, c->arena, v.body, &n) == OK) {
		data_str(c, field, "fixed", name_of(c, n));
		node_add_bool(c->arena, field, "is_fixed", true);
		return OK;
	}
	memcpy(c->why, why, sizeof why);
	node_add_bool(c->arena, field, "is_line", true);
	return OK;
}

static enum err put_field(struct ctx *c, struct node *list, const struct action_arg *arg,
			  const struct request *r)
{
	struct node *field = data_object(c, list, NULL);
	const char *name = field_of(c, arg->name);
	struct str typed = request_param(c, r, name, 0);

	data_words(c, field, "field", name);
	data_words(c, field, "label", arg->label);
	data_words(c, field, "hint", arg->help);
	data_str(c, field, "typed", typed);
	if (!(arg->flags & ARG_NEEDED))
		node_add_bool(c->arena, field, "optional", true);
	for (const struct issue *i = c->issues.first; i; i = i->next)
		if (i->where && strcmp(i->where, arg->name) == 0)
			data_words(c, field, "wrong", i->text);
	if (strcmp(arg->type, "Reference") == 0)
		return put_reference(c, field, arg, typed);
	if (strcmp(arg->type, "code") == 0 && arg->of && arg->of[0] == '$')
		return put_listed(c, field, arg, r);
	if (strcmp(arg->type, "code") == 0 && arg->of)
		return put_codes(c, field, arg, typed);
	node_add_bool(c->arena, field,
		      strcmp(arg->type, "markdown") == 0  ? "is_text"
		      : strcmp(arg->type, "boolean") == 0 ? "is_box"
		      : strcmp(arg->type, "date") == 0	  ? "is_date"
							  : "is_line",
		      true);
	if (str_is(typed, "true"))
		node_add_bool(c->arena, field, "ticked", true);
	return OK;
}

static enum err row_of(struct ctx *c, const struct request *r, const struct action **out)
{
	const struct action *action = action_find(c->place, r->part[0]);

	if (!action || action->flags & ACTION_QUIET)
		return fail(c, ERR_NOT_FOUND, "There is nothing of that name to be done.");
	if (c->actor)
		TRY(actor_need(c, action->capability));
	*out = action;
	return OK;
}

/* Whom it is about, and that the asker may see it. */
static enum err put_subject(struct ctx *c, const struct request *r, const struct action *action,
			    struct node *data)
{
	struct str id = request_param(c, r, "on", 0), person;
	struct version v;
	struct node *n;

	if (action->flags & ACTION_NEW)
		return OK;
	TRY(record_read(c, str_of(action->type), id, &v));
	TRY(fhir_read_json(c, c->place->fhir, c->arena, v.body, &n));
	data_str(c, data, "about", node_str(n, "description"));
	data_str(c, data, "version", SAY(c->arena, "%lld", (long long)v.version));
	person = node_str(node_get(n, "for"), "reference");
	if (!str_starts(person, STR("Patient/")))
		return OK;
	person = (struct str){ person.at + 8, person.len - 8 };
	TRY(record_read(c, STR("Patient"), person, &v));
	TRY(fhir_read_json(c, c->place->fhir, c->arena, v.body, &n));
	data_str(c, data, "person", name_formal(c->arena, n));
	return OK;
}

static enum err form_page(struct ctx *c, const struct request *r, const struct action *action,
			  struct node **out)
{
	struct node *data = *out = page_new(c, r, action->label), *fields = data_list(c, data, "fields");
	struct str once = request_param(c, r, "once", 0);

	TRY(put_subject(c, r, action, data));
	data_words(c, data, "label", action->label);
	data_words(c, data, "help", action->help);
	data_words(c, data, "action", action->name);
	data_str(c, data, "on", request_param(c, r, "on", 0));
	data_str(c, data, "back", safe_back(request_param(c, r, "back", 0)));
	data_str(c, data, "once", once.len ? once : record_new_id(c));
	for (const struct action_arg *arg = action->args; arg && arg->name; arg++)
		if (strcmp(arg->type, "Resource") != 0)
			TRY(put_field(c, fields, arg, r));
	return OK;
}

enum err act_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	const struct action *action;
	struct node *data;

	TRY(row_of(c, r, &action));
	TRY(form_page(c, r, action, &data));
	return page_show(c, "act", data, reply);
}

/* --- doing it --- */

static void take_field(struct ctx *c, const struct request *r, const struct action_arg *arg,
		       struct node *input)
{
	const char *name = field_of(c, arg->name);
	struct str value = str_trim(request_param(c, r, name, 0));
	struct node *list = NULL;

	if (!(arg->flags & ARG_MANY)) {
		if (value.len)
			node_add_str(c->arena, input, arg->name, value);
		return;
	}
	for (unsigned i = 0; value.at; value = str_trim(request_param(c, r, name, ++i)))
		if (value.len) {
			if (!list)
				list = node_add(c->arena, input, arg->name, NODE_ARRAY);
			node_add_str(c->arena, list, NULL, value);
		}
}

static struct node *input_of(struct ctx *c, const struct request *r, const struct action *action)
{
	struct node *input = node_new(c->arena, NODE_OBJECT);

	if (action->flags & ACTION_NEW)
		node_add_str(c->arena, input, "once", request_param(c, r, "once", 0));
	for (const struct action_arg *arg = action->args; arg && arg->name; arg++)
		take_field(c, r, arg, input);
	return input;
}

/* The same form with what was typed, and what is wrong with it. */
static int64_t seen_of(struct ctx *c, const struct request *r)
{
	int64_t seen = 0;

	return str_int(request_param(c, r, "seen", 0), &seen) && seen > 0 ? seen : 0;
}

static enum err version_now(struct ctx *c, const struct action *action, struct str id, int64_t *out)
{
	struct version v;

	TRY(record_read(c, str_of(action->type), id, &v));
	*out = v.version;
	return OK;
}

/* What others did since the page was made, where somebody would put theirs in its place. */
static enum err put_meanwhile(struct ctx *c, const struct request *r, const struct action *action, struct node *data)
{
	int64_t now, seen = seen_of(c, r);
	struct str id = request_param(c, r, "on", 0);

	if (!seen || action->flags & ACTION_NEW || strcmp(action->type, "CarePlan") != 0)
		return OK;
	TRY(version_now(c, action, id, &now));
	return plan_put_changes(c, data, id, seen, now);
}

/* The id of what is filled in first for an argument: of a list of choices the first. NULL: it is no argument here. */
static const char *first_of(struct ctx *c, const struct action *action, const struct node *fields, const char *where)
{
	const char *name;

	for (const struct action_arg *arg = action->args; where && arg && arg->name; arg++) {
		if (strcmp(arg->name, where) != 0)
			continue;
		name = field_of(c, arg->name);
		node_each(field, fields) {
			if (!str_is(node_str(field, "field"), name))
				continue;
			if (node_get(field, "is_radios") || node_get(field, "is_boxes"))
				return arena_printf(c->arena, "%s-1", arg->name);
			if (node_get(field, "is_fixed"))
				return arena_printf(c->arena, "%s-label", name);
		}
		return name;
	}
	return NULL;
}

static enum err form_again(struct ctx *c, const struct request *r, const struct action *action, enum err e,
			   struct reply *reply)
{
	const char *why = arena_str(c->arena, c->why);
	struct node *data, *list, *error;

	if (e != ERR_INVALID && e != ERR_CONFLICT && e != ERR_STALE && e != ERR_BAD_REQUEST)
		return e;
	TRY(form_page(c, r, action, &data));
	list = data_list(c, data, "errors");
	for (const struct issue *i = c->issues.first; i; i = i->next) {
		error = data_object(c, list, NULL);
		data_words(c, error, "error", i->text);
		data_words(c, error, "error_field", first_of(c, action, node_get(data, "fields"), i->where));
	}
	if (!c->issues.count)
		data_words(c, data_object(c, list, NULL), "error", why);
	node_add_bool(c->arena, data, "failed", true);
	if (e == ERR_STALE)
		TRY(put_meanwhile(c, r, action, data));
	TRY(page_show(c, "act", data, reply));
	reply->status = err_row(e)->http;
	return OK;
}

/* Back to the page; where others wrote at the same plan meanwhile, with what they did. */
static enum err go_back(struct ctx *c, const struct request *r, const struct action *action, int64_t before,
			const struct acted *done, struct reply *reply)
{
	struct str back = safe_back(request_param(c, r, "back", 0));
	int64_t seen = seen_of(c, r);

	if (strcmp(action->type, "CarePlan") != 0 || !seen || !before || before <= seen || !done->count)
		return page_redirect(c, back, reply);
	return page_redirect(c,
			     SAY(c->arena, STR_FMT "%ssince=%lld&mine=%lld", STR_ARG(back), str_find(back, STR("?")) < 0 ? "?" : "&",
				 (long long)seen, (long long)before + 1),
			     reply);
}

enum err act_do(struct ctx *c, const struct request *r, struct reply *reply)
{
	const struct action *action;
	struct str on = request_param(c, r, "on", 0);
	struct node *input;
	struct acted done;
	int64_t before = 0;
	enum err e;

	TRY(row_of(c, r, &action));
	input = input_of(c, r, action);
	if (action->flags & ACTION_NEW)
		on = (struct str){ 0 };
	else
		TRY(version_now(c, action, on, &before));
	if (action->flags & ACTION_SEEN && seen_of(c, r))
		node_add_str(c->arena, input, "version", SAY(c->arena, "%lld", (long long)seen_of(c, r)));
	e = action_run(c, action, on, input, &done);
	if (e != OK)
		return form_again(c, r, action, e, reply);
	return go_back(c, r, action, before, &done, reply);
}
