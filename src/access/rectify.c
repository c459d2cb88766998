/* rectify.c - corrections that people asked for. */
#include "access/rectify.h"

#include "access/actor.h"
#include "base/vec.h"
#include "base/when.h"

enum { WORDS_LEAST = 5, WORDS_MOST = 2000, VALUE_MOST = 4000, DEPTH_MOST = 12 };
#define ODS "https://fhir.nhs.uk/Id/ods-organization-code"

/* --- what can be corrected --- */

struct gathering {
	struct ctx *c;
	VEC(struct correction_field) list;
};

/* What a resource is, and whose: not to be corrected here. */
static bool is_fixed(struct str name, unsigned depth)
{
	static const char *const top[] = { "resourceType", "id", "meta", "text", "contained", "extension",
					   "subject", "patient", "implicitRules", "language" };
	static const char *const any[] = { "system", "reference", "url", "data", "div", "id" };

	for (unsigned i = 0; depth == 0 && i < sizeof top / sizeof *top; i++)
		if (str_is(name, top[i]))
			return true;
	for (unsigned i = 0; i < sizeof any / sizeof *any; i++)
		if (str_is(name, any[i]))
			return true;
	return false;
}

static void gather(struct gathering *g, const struct node *n, struct str path, unsigned depth)
{
	size_t at = 0;

	if (depth > DEPTH_MOST || g->list.len >= CORRECTION_FIELDS)
		return;
	if (n->kind < NODE_ARRAY) {
		*vec_push(&g->list, g->c->arena) = (struct correction_field){ path, node_text(n) };
		return;
	}
	node_each(child, n) {
		struct str name = { child->name, child->name_len };

		if (n->kind == NODE_ARRAY)
			gather(g, child,
			       str_of(arena_printf(g->c->arena, STR_FMT "/%zu", STR_ARG(path), at++)), depth);
		else if (!is_fixed(name, depth))
			gather(g, child,
			       str_of(arena_printf(g->c->arena, STR_FMT "/" STR_FMT, STR_ARG(path), STR_ARG(name))),
			       depth + 1);
	}
}

static enum err read_item(struct ctx *c, const struct petition *p, struct version *item, struct node **tree)
{
	struct ctx own = system_ctx(c);
	struct str rest = p->focus, type = str_cut(&rest, '/');

	if (p->kind != PETITION_CORRECTION || !rest.at || !rest.len)
		return fail(c, ERR_NOT_FOUND, "The request names no item.");
	TRY(system_failed(c, &own, record_read(&own, type, rest, item)));
	return fhir_read_json(c, c->place->fhir, c->arena, item->body, tree);
}

enum err correction_item(struct ctx *c, const struct petition *p, struct version *item,
			 struct correction_field **out, size_t *len)
{
	struct gathering g = { .c = c };
	struct node *tree;

	TRY(read_item(c, p, item, &tree));
	gather(&g, tree, STR(""), 0);
	*out = g.list.at;
	*len = g.list.len;
	return OK;
}

/* --- made --- */

static struct node *leaf(struct arena *a, struct node *n, struct str path)
{
	(void)str_cut(&path, '/');
	while (n && path.at) {
		struct str part = str_cut(&path, '/');
		int64_t index;

		if (n->kind == NODE_ARRAY)
			n = str_int(part, &index) && index >= 0 ? node_at(n, (size_t)index) : NULL;
		else
			n = node_get(n, str_dup(a, part));
	}
	return n && n->kind < NODE_ARRAY ? n : NULL;
}

/* The same kind of value: a number stays a number of JSON, to the letter. */
static enum err set_value(struct ctx *c, struct node *n, struct str value)
{
	struct node *number;

	if (!str_is_words(value, 0, VALUE_MOST))
		return fail(c, ERR_INVALID, "A value has at most %d letters.", VALUE_MOST);
	if (str_eq(node_text(n), value))
		return fail(c, ERR_INVALID, "That is what it says already.");
	if (n->kind == NODE_BOOL) {
		if (!str_is(value, "true") && !str_is(value, "false"))
			return fail(c, ERR_INVALID, "It is either true or false.");
		n->truth = str_is(value, "true");
		return OK;
	}
	if (n->kind == NODE_NUMBER &&
	    (json_read(c, c->arena, value, &(struct json_options){ 0 }, &number) || number->kind != NODE_NUMBER))
		return fail(c, ERR_INVALID, "It has to be a number.");
	n->text = value.at;
	n->len = (uint32_t)value.len;
	return OK;
}

static enum err check_words(struct ctx *c, struct str words)
{
	return str_is_words(words, WORDS_LEAST, WORDS_MOST)
		       ? OK
		       : fail(c, ERR_INVALID, "Say what was found, in %d to %d letters: the person is told.", WORDS_LEAST,
			      WORDS_MOST);
}

static enum err still_open(struct ctx *c, const struct petition *p)
{
	return petition_open(p) ? OK : fail(c, ERR_CONFLICT, "It is answered already.");
}

static struct node *what(struct arena *a, struct node *to, const char *name, const struct petition *p, int64_t version)
{
	struct node *n = node_add(a, to, name, NODE_OBJECT);

	node_add_cstr(a, n, "reference",
		      arena_printf(a, STR_FMT "/_history/%lld", STR_ARG(p->focus), (long long)version));
	return n;
}

/* Who corrected it, for whom, out of which version, and why. */
static struct node *provenance(struct ctx *c, const struct petition *p, int64_t corrected, struct str words)
{
	struct arena *a = c->arena;
	struct node *o = node_new(a, NODE_OBJECT), *n, *who;
	const struct actor *actor = c->actor;

	node_add_cstr(a, o, "resourceType", "Provenance");
	what(a, node_add(a, o, "target", NODE_ARRAY), NULL, p, corrected + 1);
	node_add_str(a, o, "recorded", when_print_us(a, clock_now(c->clock)));
	n = node_add(a, node_add(a, o, "reason", NODE_ARRAY), NULL, NODE_OBJECT);
	node_add_str(a, n, "text", words);
	n = node_add(a, node_add(a, node_add(a, o, "activity", NODE_OBJECT), "coding", NODE_ARRAY), NULL, NODE_OBJECT);
	node_add_cstr(a, n, "system", "http://terminology.hl7.org/CodeSystem/v3-DataOperation");
	node_add_cstr(a, n, "code", "UPDATE");
	n = node_add(a, node_add(a, o, "agent", NODE_ARRAY), NULL, NODE_OBJECT);
	who = node_add(a, n, "who", NODE_OBJECT);
	if (actor && actor->practitioner.len)
		node_add_cstr(a, who, "reference",
			      arena_printf(a, "Practitioner/" STR_FMT, STR_ARG(actor->practitioner)));
	node_add_str(a, who, "display", actor && actor->name.len ? actor->name : STR("The place itself"));
	if (actor && actor->org_id.len) {
		who = node_add(a, node_add(a, n, "onBehalfOf", NODE_OBJECT), "identifier", NODE_OBJECT);
		node_add_cstr(a, who, "system", ODS);
		node_add_str(a, who, "value", actor->org_id);
	}
	n = node_add(a, node_add(a, o, "entity", NODE_ARRAY), NULL, NODE_OBJECT);
	node_add_cstr(a, n, "role", "revision");
	what(a, n, "what", p, corrected);
	atoms_adopt(c->place->fhir->atoms, o);
	return o;
}

static struct put put_of(const char *type, const char *id, struct node *resource)
{
	return (struct put){ .type = str_of(type), .id = str_of(id), .write = { .resource = resource } };
}

static struct str named(struct ctx *c, struct node *resource, const char *prefix, const struct petition *p)
{
	const char *id = arena_printf(c->arena, "%s-" STR_FMT, prefix, STR_ARG(p->id));
	struct node *n = node_new(c->arena, NODE_STRING);

	if (strlen(id) > 64)
		id = arena_printf(c->arena, "%.64s", id);
	n->text = id;
	n->len = (uint32_t)strlen(id);
	node_prepend(resource, "id", n);
	atoms_adopt(c->place->fhir->atoms, resource);
	return str_of(id);
}

enum err correction_accept(struct ctx *c, struct petition *p, struct str path, struct str value, struct str words)
{
	struct node *tree, *n, *why;
	struct version item;
	struct put puts[2];
	struct str rest = p->focus, type = str_cut(&rest, '/');

	TRY(still_open(c, p));
	TRY(check_words(c, words));
	TRY(read_item(c, p, &item, &tree));
	n = leaf(c->arena, tree, path);
	if (!n)
		return fail(c, ERR_INVALID, "Choose what is to be corrected.");
	TRY(set_value(c, n, value));
	puts[0] = put_of(str_dup(c->arena, type), str_dup(c->arena, rest), tree);
	puts[0].write.if_match = item.version;
	why = provenance(c, p, item.version, words);
	TRY(petition_close(c, p, why));
	struct str id = named(c, why, "correction", p);
	puts[1] = put_of("Provenance", str_dup(c->arena, id), why);
	p->status = STR("completed");
	p->answer = words;
	p->done = clock_now(c->clock);
	return petition_save(c, p, puts, 2);
}

/* --- refused --- */

static struct node *disagreement(struct ctx *c, const struct petition *p, struct str words)
{
	struct arena *a = c->arena;
	struct node *o = node_new(a, NODE_OBJECT), *n;
	const char *person = arena_printf(a, "Patient/" STR_FMT, STR_ARG(p->person));

	node_add_cstr(a, o, "resourceType", "Communication");
	node_add_cstr(a, o, "status", "completed");
	n = node_add(a, node_add(a, o, "category", NODE_ARRAY), NULL, NODE_OBJECT);
	node_add_cstr(a, n, "text", "Statement of disagreement");
	node_add_cstr(a, node_add(a, o, "subject", NODE_OBJECT), "reference", person);
	n = node_add(a, node_add(a, o, "about", NODE_ARRAY), NULL, NODE_OBJECT);
	node_add_str(a, n, "reference", p->focus);
	node_add_str(a, o, "sent", when_print_us(a, clock_now(c->clock)));
	node_add_cstr(a, node_add(a, o, "sender", NODE_OBJECT), "reference", person);
	n = node_add(a, node_add(a, o, "payload", NODE_ARRAY), NULL, NODE_OBJECT);
	node_add_str(a, n, "contentString", words);
	return o;
}

enum err correction_refuse(struct ctx *c, struct petition *p, struct str reason, struct str statement)
{
	struct str words = statement.len ? statement : p->words;
	struct node *said;
	struct put put;

	TRY(still_open(c, p));
	if (p->kind != PETITION_CORRECTION)
		return fail(c, ERR_NOT_FOUND, "There is no such correction.");
	TRY(check_words(c, reason));
	TRY(check_words(c, words));
	said = disagreement(c, p, words);
	TRY(petition_close(c, p, said));
	struct str id = named(c, said, "disagreement", p);
	put = put_of("Communication", str_dup(c->arena, id), said);
	p->status = STR("rejected");
	p->reason = reason;
	p->done = clock_now(c->clock);
	petition_mark(c, p, (struct petition_mark){ .kind = STR("statement"), .words = words });
	return petition_save(c, p, &put, 1);
}
