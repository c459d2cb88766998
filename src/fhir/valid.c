/* valid.c - validation: the walk over structure. Values, codes, references and rules are checked
 * in the files beside (valid_value.c, valid_rule.c), and so are profiles (profile_check.c). */
#include "fhir/valid.h"

#include "fhir/profile.h"
#include "fhir/valid_int.h"

/* Deeper than the JSON reader allows only in trees made by code. */
#define VALID_DEPTH 100
#define FEW 32 /* elements most types have at most */

/* ---- saying where ---- */

const char *valid_where(struct checker *k, const struct spot *spot)
{
	const struct spot *chain[VALID_DEPTH * 2 + 2];
	size_t n = 0;
	struct buf text;

	for (; spot && n < sizeof chain / sizeof *chain; spot = spot->up)
		chain[n++] = spot;
	buf_init(&text, k->c->arena, 4000);
	while (n--) {
		if (text.len)
			buf_char(&text, '.');
		buf_str(&text, chain[n]->name);
		if (chain[n]->index >= 0)
			buf_printf(&text, "[%d]", chain[n]->index);
	}
	return buf_get(&text).at;
}

void valid_issue(struct checker *k, const struct spot *spot, enum issue_severity severity, const char *code,
		 const char *format, ...)
{
	uint32_t line = 0, column = 0;
	const struct spot *near = spot;
	va_list args;
	char *text;

	if (k->silent) {
		k->misfits += severity <= ISSUE_ERROR;
		return;
	}
	if (k->c->issues.count >= ISSUES_KEPT) { /* counted, and no time spent on where and what */
		issue_add(k->c, severity, code, NULL, 0, 0, "%s", "");
		return;
	}
	while (near && !near->node)
		near = near->up;
	if (near && k->source.len)
		json_position(k->source, near->node->pos, &line, &column);
	va_start(args, format);
	text = arena_vprintf(k->c->arena, format, args);
	va_end(args);
	issue_add(k->c, severity, code, valid_where(k, spot), line, column,
		  k->profile ? "%s (%s)" : "%s", text, k->profile ? k->profile->name : "");
}

#define error(k, spot, code, ...) valid_issue((k), (spot), ISSUE_ERROR, (code), __VA_ARGS__)

/* ---- elements ---- */

static void check_value(struct checker *k, const struct spot *spot, const struct fhir_elem *elem,
			struct fhir_value v);

/* What an object holds of one element. */
struct tally {
	const struct fhir_form *form;
	const struct node *node, *extra;
};

static const char *kind_name(const struct node *node)
{
	static const char *const names[] = { "null", "a boolean", "a number", "a string", "an array", "an object" };
	return names[node->kind];
}

/* Members into tallies; what the type does not have is an issue. */
static void sort_members(struct checker *k, const struct spot *spot, const struct fhir_type *type,
			 const struct node *object, struct tally *tallies)
{
	node_each(member, object) {
		const struct fhir_form *form;
		bool extra;
		const struct fhir_elem *elem = fhir_member(type, member->key, &form, &extra);
		struct spot at = { spot, { member->name, member->name_len }, -1, member };
		struct tally *tally;

		if (!elem) {
			if (member->key != k->f->key_resource_type || type->kind != FHIR_RESOURCE)
				error(k, &at, "structure", "%s has no element \"" STR_FMT "\"", type->name,
				      STR_ARG(at.name));
			continue;
		}
		tally = &tallies[elem - type->elems];
		if (tally->form && tally->form != form) {
			error(k, &at, "structure", "%s[x] is given twice, in two types", elem->name);
			continue;
		}
		tally->form = form;
		if (extra)
			tally->extra = member;
		else
			tally->node = member;
	}
}

static const struct node *value_of(const struct node *n)
{
	return n && n->kind != NODE_NULL ? n : NULL;
}

/* The values of a list with their "_name" partners; how many there are. */
static unsigned check_list(struct checker *k, const struct spot *spot, const struct fhir_elem *elem,
			   const struct tally *tally)
{
	const struct node *node = tally->node ? tally->node->first : NULL;
	const struct node *extra = tally->extra ? tally->extra->first : NULL;
	unsigned count = 0;

	for (; node || extra; count++) {
		struct spot at = { spot->up, spot->name, (int)count, node ? node : extra };
		struct fhir_value v = { tally->form->type, value_of(node), value_of(extra) };
		if (!v.node && !v.extra)
			error(k, &at, "structure", "null stands where there is neither a value nor an extension");
		else
			check_value(k, &at, elem, v);
		node = node ? node->next : NULL;
		extra = extra ? extra->next : NULL;
	}
	if (count == 0)
		error(k, spot, "structure", "an array must not be empty");
	return count;
}

/* Arrays where the definition has lists and only there; the number of values. */
static unsigned check_member(struct checker *k, const struct spot *spot, const struct fhir_elem *elem,
			     const struct tally *tally)
{
	const struct node *both[] = { tally->node, tally->extra };

	for (int i = 0; i < 2; i++) {
		if (!both[i] || (both[i]->kind == NODE_ARRAY) == elem->list)
			continue;
		error(k, spot, "structure", elem->list ? "an array is needed, this is %s"
						      : "one value is needed, this is %s",
		      kind_name(both[i]));
		return 1;
	}
	if (elem->list)
		return check_list(k, spot, elem, tally);
	if (!value_of(tally->node) && !value_of(tally->extra)) {
		error(k, spot, "structure", "null is not a value");
		return 0;
	}
	check_value(k, spot, elem, (struct fhir_value){ tally->form->type, value_of(tally->node),
							value_of(tally->extra) });
	return 1;
}

static void check_elements(struct checker *k, const struct spot *spot, const struct fhir_type *type,
			   const struct node *object)
{
	ARENA(scratch);
	struct tally few[FEW], *tallies = few;

	if (type->elem_count > FEW)
		tallies = NEW_N(&scratch, struct tally, type->elem_count);
	else
		memset(few, 0, type->elem_count * sizeof *few);
	sort_members(k, spot, type, object, tallies);
	for (unsigned i = 0; i < type->elem_count; i++) {
		const struct fhir_elem *elem = &type->elems[i];
		const struct tally *tally = &tallies[i];
		const struct node *first = tally->node ? tally->node : tally->extra;
		struct spot at = { spot, str_of(elem->name), -1, first };
		unsigned count = 0;

		if (first && !elem->choice)
			at.name = tally->node ? (struct str){ first->name, first->name_len } : at.name;
		if (tally->form)
			count = check_member(k, &at, elem, tally);
		if (count < elem->min)
			error(k, &at, "required", "%s.%s is required%s", type->name, elem->name,
			      count ? ", more than once" : "");
		if (elem->max != UINT16_MAX && count > elem->max)
			error(k, &at, "structure", "%s.%s may stand at most %u times, here %u", type->name,
			      elem->name, elem->max, count);
	}
}

/* id and extensions of a primitive, the object under "_name". */
static void check_extra(struct checker *k, const struct spot *spot, const struct node *extra)
{
	struct spot at = *spot;

	at.node = extra;
	if (extra->kind != NODE_OBJECT)
		error(k, &at, "structure", "an object with id and extension is needed, this is %s", kind_name(extra));
	else
		check_elements(k, &at, k->f->element, extra);
}

static void check_resource_in(struct checker *k, const struct spot *spot, const struct node *node);

static void check_complex(struct checker *k, const struct spot *spot, struct fhir_value v)
{
	if (v.node->kind != NODE_OBJECT) {
		error(k, spot, "structure", "%s is an object, this is %s", v.type->name, kind_name(v.node));
		return;
	}
	if (!v.node->first) {
		error(k, spot, "structure", "an object must not be empty");
		return;
	}
	check_elements(k, spot, v.type, v.node);
	valid_rules(k, spot, v.type->rules, v);
}

static void check_value(struct checker *k, const struct spot *spot, const struct fhir_elem *elem,
			struct fhir_value v)
{
	unsigned before = k->c->issues.errors;

	if (++k->depth > VALID_DEPTH) {
		error(k, spot, "too-costly", "nested more than %d deep", VALID_DEPTH);
	} else if (v.type->kind == FHIR_PRIMITIVE) {
		if (v.node)
			valid_primitive(k, spot, v.type, v.node);
		if (v.extra)
			check_extra(k, spot, v.extra);
	} else if (fhir_is_a(v.type, k->f->resource)) {
		check_resource_in(k, spot, v.node);
	} else {
		check_complex(k, spot, v);
	}
	k->depth--;
	if (k->c->issues.errors != before)
		return; /* what is badly formed is not asked further questions */
	valid_binding(k, spot, elem, v);
	if (v.type == k->f->reference) {
		valid_reference(k, spot, elem, v);
		valid_local(k, spot, v);
	}
	valid_rules(k, spot, elem->rules, v);
}

/* ---- resources ---- */

static void check_resource(struct checker *k, const struct spot *spot, const struct fhir_type *type,
			   const struct node *node)
{
	struct fhir_value outer = k->resource, v = { type, node, NULL };

	k->resource = v;
	check_elements(k, spot, type, node);
	valid_rules(k, spot, type->rules, v);
	valid_contained(k, spot, node);
	k->resource = outer;
}

const struct fhir_type *valid_type(struct checker *k, const struct spot *spot,
				   const struct node *node)
{
	const struct node *name = node_key(node, k->f->key_resource_type);
	const struct fhir_type *type = fhir_type_of(k->f, node);
	struct spot at = { spot, STR("resourceType"), -1, name ? name : node };

	if (!node_is(node, NODE_OBJECT))
		error(k, spot, "structure", "a resource is an object, this is %s", kind_name(node));
	else if (!name)
		error(k, spot, "structure", "a resource needs a resourceType");
	else if (!type)
		error(k, &at, "structure", "\"%.60s\" is not a FHIR R4 resource type",
		      str_dup(k->c->arena, node_text(name)));
	return type;
}

/* A resource inside another: contained, or in a Bundle's entry. */
static void check_resource_in(struct checker *k, const struct spot *spot, const struct node *node)
{
	const struct fhir_type *type = valid_type(k, spot, node);
	struct fhir_value root = k->root;

	if (!type)
		return;
	if (!str_is(spot->name, "contained")) /* an entry stands for itself */
		k->root = (struct fhir_value){ type, node, NULL };
	check_resource(k, spot, type, node);
	k->root = root;
}

/* ERR_INVALID, with the first error since `before`, when there is one. */
static enum err verdict(struct ctx *c, const struct issues *before)
{
	const struct issue *first = before->last ? before->last->next : c->issues.first;

	if (c->issues.errors == before->errors)
		return OK;
	while (first && first->severity > ISSUE_ERROR)
		first = first->next;
	if (!first)
		return fail(c, ERR_INVALID, "the resource has %u errors",
			    c->issues.errors - before->errors);
	return fail(c, ERR_INVALID, "%s: %s", first->where, first->text);
}

/* Against its type; how the walk goes on is left in `k` and `spot`. NULL when it has no type. */
static const struct fhir_type *check_base(struct checker *k, struct spot *spot,
					  const struct node *resource)
{
	const struct fhir_type *type = valid_type(k, spot, resource);

	if (type) {
		spot->name = str_of(type->name);
		k->root = (struct fhir_value){ type, resource, NULL };
		check_resource(k, spot, type, resource);
	}
	return type;
}

enum err fhir_validate(struct ctx *c, const struct fhir *f, struct str source,
		       const struct node *resource)
{
	struct checker k = { .c = c, .f = f, .source = source };
	struct spot spot = { NULL, STR("Resource"), -1, resource };
	const struct issues before = c->issues;

	TRY(valid_rules_ready(c, f, &k.rules));
	check_base(&k, &spot, resource);
	return verdict(c, &before);
}

/* The profile asked for by name: not to know it is an error here, for nothing would have been looked at. */
static const struct profile *check_named(struct checker *k, const struct spot *spot,
					 struct str url)
{
	const struct profile *profile = profile_find(k->c, k->f, url);
	const struct fhir_type *type = k->root.type;

	if (profile) {
		profile_whole(k, spot, profile, k->root);
	} else {
		while (type && !(type->url && str_is(url, type->url)))
			type = type->base;
		if (!type)
			error(k, spot, "not-found", "the profile %.200s is not known here",
			      str_dup(k->c->arena, url));
	}
	return profile;
}

enum err fhir_validate_profile(struct ctx *c, const struct fhir *f, struct str source,
			       const struct node *resource, struct str url)
{
	struct checker k = { .c = c, .f = f, .source = source };
	struct spot spot = { NULL, STR("Resource"), -1, resource };
	const struct issues before = c->issues;
	const struct profile *named = NULL;

	TRY(valid_rules_ready(c, f, &k.rules));
	if (check_base(&k, &spot, resource)) {
		k.resource = k.root;
		if (url.len)
			named = check_named(&k, &spot, url);
		profile_claims(&k, &spot, k.root, named);
		profile_extensions(&k, &spot, k.root);
	}
	return verdict(c, &before);
}
