/* explain.c - [type]/[id]/$explain: why somebody may or may not see it (access/decide.h).
 *
 * `who` is a login; without it whoever asks is meant. Answered a Parameters resource: result, and a
 * part for each line. For those with access.explain, and people about their own record.
 */
#include "access/decide.h"
#include "access/sign_in.h"
#include "api/inside.h"
#include "base/when.h"

static void add_value(struct ctx *c, struct node *list, const char *name, const char *member,
		      struct str value)
{
	struct node *part = node_add(c->arena, list, NULL, NODE_OBJECT);

	node_add_cstr(c->arena, part, "name", name);
	node_add_str(c->arena, part, member, value);
}

static void add_line(struct ctx *c, struct node *list, const struct because *b)
{
	struct node *line = node_add(c->arena, list, NULL, NODE_OBJECT), *parts;

	node_add_cstr(c->arena, line, "name", "because");
	parts = node_add(c->arena, line, "part", NODE_ARRAY);
	add_value(c, parts, "rule", "valueCode", str_of(b->rule));
	add_value(c, parts, "verdict", "valueCode", str_of(verdict_word(b->verdict)));
	add_value(c, parts, "words", "valueString", b->words);
	if (b->resource.len)
		add_value(c, parts, "resource", "valueString", b->resource);
	if (b->until)
		add_value(c, parts, "until", "valueInstant", when_print_us(c->arena, b->until));
}

static struct node *parameters(struct ctx *c, const struct explanation *why)
{
	struct node *tree = node_new(c->arena, NODE_OBJECT), *list, *result;

	node_add_cstr(c->arena, tree, "resourceType", "Parameters");
	list = node_add(c->arena, tree, "parameter", NODE_ARRAY);
	result = node_add(c->arena, list, NULL, NODE_OBJECT);
	node_add_cstr(c->arena, result, "name", "result");
	node_add_bool(c->arena, result, "valueBoolean", why->may);
	for (size_t i = 0; i < why->len; i++)
		add_line(c, list, &why->at[i]);
	return tree;
}

enum err api_explain(struct ctx *c, const struct request *r, struct reply *reply)
{
	static const char *const names[] = { "_format", "_pretty", "who", NULL };
	const struct actor *asker = c->actor ? c->actor : &actor_nobody;
	struct explanation why;
	struct format format;
	struct given given;
	struct str who;

	TRY(format_choose(c, r, &format));
	TRY(given_read(c, r, names, &given));
	who = given_text(c, &given, "who");
	if (who.len) {
		enum err e = actor_can(c, "access.explain") ? sign_in_actor(c, who, &asker)
							    : actor_need(c, "access.explain");

		TRY(e);
	}
	TRY(access_explain(c, asker, r->part[0], r->part[1], &why));
	return reply_node(c, &format, parameters(c, &why), reply);
}
