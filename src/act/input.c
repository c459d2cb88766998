/* input.c - what is given to an action, checked against its row. */
#include "act/run.h"

#include "fhir/code.h"

enum { LINE_MAX_BYTES = 1000, TEXT_MAX_BYTES = 50000, MANY_MAX = 500 };

typedef const char *check_text(struct ctx *c, const struct action_arg *arg, struct str text);

/* Each returns what is wrong as the end of "it …", or NULL. */

static const char *check_string(struct ctx *c, const struct action_arg *arg, struct str text)
{
	(void)c, (void)arg;
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.at[i] < ' ')
			return "must be one line";
	return text.len <= LINE_MAX_BYTES ? NULL : "is longer than 1,000 bytes";
}

static const char *check_markdown(struct ctx *c, const struct action_arg *arg, struct str text)
{
	(void)c, (void)arg;
	return text.len <= TEXT_MAX_BYTES ? NULL : "is longer than 50,000 bytes";
}

static const char *check_code(struct ctx *c, const struct action_arg *arg, struct str text)
{
	if (arg->of && arg->of[0] != '$' && code_in_set(c->place->fhir, arg->of, (struct str){ 0 }, text) != CODE_IN)
		return "is none of the choices";
	return check_string(c, arg, text);
}

static const char *check_date(struct ctx *c, const struct action_arg *arg, struct str text)
{
	struct when w;

	(void)c, (void)arg;
	return when_parse_date(text, &w) && w.precision == WHEN_DAY
		       ? NULL
		       : "must be a day, such as 2026-04-30";
}

static const char *check_datetime(struct ctx *c, const struct action_arg *arg, struct str text)
{
	struct when w;

	(void)c, (void)arg;
	return when_parse_datetime(text, &w) && w.precision >= WHEN_DAY
		       ? NULL
		       : "must be a day or a moment, such as 2026-04-30T14:00:00Z";
}

static const char *check_boolean(struct ctx *c, const struct action_arg *arg, struct str text)
{
	(void)c, (void)arg;
	return str_is(text, "true") || str_is(text, "false") ? NULL : "must be true or false";
}

static const char *check_integer(struct ctx *c, const struct action_arg *arg, struct str text)
{
	int64_t n;

	(void)c, (void)arg;
	return str_int(text, &n) && n >= INT32_MIN && n <= INT32_MAX ? NULL : "must be a whole number";
}

static const char *check_decimal(struct ctx *c, const struct action_arg *arg, struct str text)
{
	struct dec d;

	(void)c, (void)arg;
	return dec_parse(text, &d) ? NULL : "must be a number";
}

static const char *check_reference(struct ctx *c, const struct action_arg *arg, struct str text)
{
	char why[sizeof c->why];
	struct node *n;

	memcpy(why, c->why, sizeof why);
	enum err e = act_look(c, text, arg->of, &n);
	memcpy(c->why, why, sizeof why);
	return e == OK ? NULL : "is not here";
}

static const struct {
	const char *type;
	check_text *check;
} kinds[] = {
	{ "string", check_string },	{ "markdown", check_markdown },	 { "code", check_code },
	{ "date", check_date },		{ "dateTime", check_datetime },	 { "boolean", check_boolean },
	{ "integer", check_integer },	{ "decimal", check_decimal },	 { "Reference", check_reference },
};

static void wrong(struct ctx *c, const struct action_arg *arg, const char *code, const char *what)
{
	issue_add(c, ISSUE_ERROR, code, arg->name, 0, 0, "%s: it %s.", arg->label, what);
}

static void check_one(struct ctx *c, const struct action_arg *arg, const struct node *value)
{
	const char *what = "must be a text";

	if (strcmp(arg->type, "Resource") == 0) {
		if (!node_is(value, NODE_OBJECT))
			wrong(c, arg, "structure", "must be a resource");
		return;
	}
	for (size_t i = 0; node_is(value, NODE_STRING) && i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(kinds[i].type, arg->type) == 0)
			what = kinds[i].check(c, arg, node_text(value));
	if (what)
		wrong(c, arg, "value", what);
}

static bool is_empty(const struct node *value)
{
	return !value || value->kind == NODE_NULL || (value->kind != NODE_BOOL && !value->len);
}

/* One argument of the row: into `to` when it is there and good. */
static void take(struct ctx *c, const struct action_arg *arg, const struct node *value, struct node *to)
{
	unsigned before = c->issues.errors, n = 0;

	if (is_empty(value)) {
		if (arg->flags & ARG_NEEDED)
			wrong(c, arg, "required", "must be given");
		return;
	}
	if (node_is(value, NODE_ARRAY) != !!(arg->flags & ARG_MANY)) {
		wrong(c, arg, "structure", arg->flags & ARG_MANY ? "must be a list" : "is given once");
		return;
	}
	if (value->kind == NODE_ARRAY)
		node_each(one, value)
			if (n++ < MANY_MAX)
				check_one(c, arg, one);
	if (n > MANY_MAX)
		wrong(c, arg, "too-long", "has more than 500 entries");
	if (value->kind != NODE_ARRAY)
		check_one(c, arg, value);
	if (c->issues.errors == before)
		node_append(to, arg->name, node_copy(c->arena, value));
}

static const struct action_arg common[] = {
	{ "version", "integer", 0, "Version", NULL, NULL },
	{ "once", "string", 0, "Once", NULL, NULL },
	{ 0 },
};

static bool is_named(const struct action_arg *args, const struct node *member)
{
	for (; args && args->name; args++)
		if (str_is((struct str){ member->name, member->name_len }, args->name))
			return true;
	return false;
}

enum err input_check(struct ctx *c, const struct action *action, const struct node *input,
		     const struct node **out)
{
	struct node *checked = node_new(c->arena, NODE_OBJECT);
	unsigned before = c->issues.errors;

	node_each(member, input)
		if (!is_named(action->args, member) && !is_named(common, member))
			return fail(c, ERR_BAD_REQUEST, "%s has no argument %.*s.", action->name,
				    member->name_len > 64 ? 64 : (int)member->name_len, member->name);
	for (const struct action_arg *arg = common; arg->name; arg++)
		take(c, arg, node_get(input, arg->name), checked);
	for (const struct action_arg *arg = action->args; arg && arg->name; arg++)
		take(c, arg, node_get(input, arg->name), checked);
	if (c->issues.errors != before)
		return fail(c, ERR_INVALID, "Something given is not as it should be: see each.");
	*out = checked;
	return OK;
}
