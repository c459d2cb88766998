/* act.c - POST /fhir/Task/1/$accept: the actions of the domains as operations. */
#include "act/action.h"
#include "api/inside.h"

#include <string.h>

static const struct action_arg *arg_of(const struct action *action, struct str name)
{
	for (const struct action_arg *arg = action->args; arg && arg->name; arg++)
		if (str_is(name, arg->name))
			return arg;
	return NULL;
}

/* The value of a parameter as actions take it: a text, or a whole resource. */
static struct node *value_of(struct ctx *c, const struct node *param)
{
	struct node *value = node_get(param, "resource"), *text;

	if (value)
		return node_copy(c->arena, value);
	node_each(member, param)
		if (member->name_len > 5 && !memcmp(member->name, "value", 5))
			value = member;
	if (!value)
		return NULL;
	text = node_new(c->arena, NODE_STRING);
	struct str said = node_text(value->kind == NODE_OBJECT ? node_get(value, "reference") : value);
	if (!said.len && value->kind == NODE_OBJECT)
		said = node_str(value, "code");
	text->text = said.at;
	text->len = (uint32_t)said.len;
	return text;
}

static enum err add_input(struct ctx *c, const struct action *action, struct node *input,
			  struct str name, struct node *value)
{
	const struct action_arg *arg = arg_of(action, name);
	const char *key = str_dup(c->arena, name);
	struct node *before = node_get(input, key);

	if (!value)
		return fail(c, ERR_INVALID, "The parameter %.64s has no value.", key);
	if (arg && arg->flags & ARG_MANY) {
		node_append(before ? before : node_add(c->arena, input, key, NODE_ARRAY), NULL, value);
		return OK;
	}
	if (before)
		return fail(c, ERR_BAD_REQUEST, "The parameter %.64s is given twice.", key);
	node_append(input, key, value);
	return OK;
}

static enum err input_read(struct ctx *c, const struct request *r, const struct action *action,
			   struct node **out)
{
	struct node *input = *out = node_new(c->arena, NODE_OBJECT), *body;
	struct str once = request_header(r, "Idempotency-Key");
	int64_t version;

	TRY(if_match(c, r, &version));
	if (version)
		node_add_cstr(c->arena, input, "version", arena_printf(c->arena, "%lld", (long long)version));
	if (once.len)
		node_add_str(c->arena, input, "once", once);
	if (!r->body.len)
		return OK;
	TRY(body_read(c, r, &body));
	if (!str_is(node_str(body, "resourceType"), "Parameters"))
		return fail(c, ERR_BAD_REQUEST, "What is given is sent as a Parameters resource.");
	node_each(p, node_get(body, "parameter"))
		TRY(add_input(c, action, input, node_str(p, "name"), value_of(c, p)));
	return OK;
}

static enum err act_on(struct ctx *c, const struct request *r, struct str id, struct str op,
		       struct reply *reply)
{
	static const char *const none[] = { "_format", "_pretty", NULL };
	const struct action *action;
	struct format format;
	struct node *input;
	struct acted done;

	TRY(type_check(c, r->part[0]));
	TRY(action_of(c, r->part[0], id, (struct str){ op.at + 1, op.len - 1 }, &action));
	TRY(format_choose(c, r, &format));
	TRY(query_only(c, r, none));
	TRY(input_read(c, r, action, &input));
	TRY(action_run(c, action, id, input, &done));
	if (!done.output) {
		reply->status = 204;
		return OK;
	}
	return reply_node(c, &format, done.output, reply);
}

enum err api_act(struct ctx *c, const struct request *r, struct reply *reply)
{
	return act_on(c, r, r->part[1], r->part[2], reply);
}

enum err api_act_new(struct ctx *c, const struct request *r, struct reply *reply)
{
	return act_on(c, r, (struct str){ 0 }, r->part[1], reply);
}

/* What an action does is never done by looking. */
enum err api_act_get(struct ctx *c, const struct request *r, struct reply *reply)
{
	(void)r, (void)reply;
	return fail(c, ERR_NOT_FOUND, "There is no such operation here that GET may call.");
}
