/* build.c - the parts most resources that actions write are made of. */
#include "act/act.h"

#include "access/account.h"
#include "access/actor.h"
#include "fhir/code.h"
#include "record/search.h"

struct node *act_new(struct ctx *c, const char *type)
{
	struct node *n = node_new(c->arena, NODE_OBJECT);

	node_add_cstr(c->arena, n, "resourceType", type);
	if (c->actor && c->actor->org_id.len)
		node_add_cstr(c->arena, node_add(c->arena, n, "meta", NODE_OBJECT), "source",
			      arena_printf(c->arena, ODS_SYSTEM "/" STR_FMT, STR_ARG(c->actor->org_id)));
	return n;
}

struct node *act_member(struct ctx *c, struct node *of, const char *name, enum node_kind kind)
{
	struct node *member = node_get(of, name);

	return member ? member : node_add(c->arena, of, name, kind);
}

void act_set(struct ctx *c, struct node *of, const char *name, struct str text)
{
	struct node *member = node_get(of, name);

	if (member && !text.len)
		node_remove(of, member);
	if (!text.len)
		return;
	if (!member) {
		node_add_str(c->arena, of, name, text);
		return;
	}
	member->kind = NODE_STRING;
	member->text = text.at;
	member->len = (uint32_t)text.len;
}

void act_refer(struct ctx *c, struct node *of, const char *name, struct str reference)
{
	struct node *member = node_get(of, name);

	if (member)
		node_remove(of, member);
	if (reference.len)
		node_add_str(c->arena, node_add(c->arena, of, name, NODE_OBJECT), "reference", reference);
}

static void add_coding(struct ctx *c, struct node *list, const char *system, struct str code)
{
	struct node *coding = node_add(c->arena, list, NULL, NODE_OBJECT);
	struct str display = code_display(c->place->fhir, str_of(system), code);

	node_add_cstr(c->arena, coding, "system", system);
	node_add_str(c->arena, coding, "code", code);
	if (display.len)
		node_add_str(c->arena, coding, "display", display);
}

struct node *act_concept(struct ctx *c, struct node *of, const char *name, const char *system,
			 struct str code)
{
	struct node *concept = of->kind == NODE_ARRAY ? NULL : node_get(of, name);

	if (concept)
		node_remove(of, concept);
	concept = node_add(c->arena, of, of->kind == NODE_ARRAY ? NULL : name, NODE_OBJECT);
	add_coding(c, node_add(c->arena, concept, "coding", NODE_ARRAY), system, code);
	return concept;
}

struct str act_now(struct ctx *c)
{
	return when_print_us(c->arena, clock_now(c->clock));
}

struct str act_who(struct ctx *c)
{
	if (!c->actor || !c->actor->practitioner.len)
		return (struct str){ 0 };
	return str_of(arena_printf(c->arena, "Practitioner/" STR_FMT, STR_ARG(c->actor->practitioner)));
}

void act_remark(struct ctx *c, struct node *of, struct str text)
{
	struct node *note;
	struct str who = act_who(c);

	if (!text.len)
		return;
	note = node_add(c->arena, act_member(c, of, "note", NODE_ARRAY), NULL, NODE_OBJECT);
	if (who.len)
		act_refer(c, note, "authorReference", who);
	else if (c->actor && c->actor->name.len)
		node_add_str(c->arena, note, "authorString", c->actor->name);
	node_add_str(c->arena, note, "time", act_now(c));
	node_add_str(c->arena, note, "text", text);
}

enum err act_org(struct ctx *c, struct str *out)
{
	const struct search *search;
	struct search_page page;

	*out = (struct str){ 0 };
	if (!c->actor || !c->actor->org_id.len)
		return OK;
	TRY(search_parse(c, STR("Organization"),
			 str_of(arena_printf(c->arena, "_count=1&_elements=id&identifier=" ODS_SYSTEM "%%7C" STR_FMT,
					     STR_ARG(c->actor->org_id))),
			 &search));
	TRY(search_run(c, search, &page));
	if (page.len)
		*out = str_of(arena_printf(c->arena, "Organization/" STR_FMT, STR_ARG(page.at[0].id)));
	return OK;
}

struct str act_reference(const struct node *of, const char *name)
{
	return node_str(node_get(of, name), "reference");
}

struct str act_code(const struct node *of, const char *name, const char *system)
{
	node_each(coding, node_get(node_get(of, name), "coding"))
		if (str_is(node_str(coding, "system"), system))
			return node_str(coding, "code");
	return (struct str){ 0 };
}
