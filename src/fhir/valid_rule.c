/* valid_rule.c - invariants: FHIRPath expressions that must hold. */
#include <pthread.h>

#include "fhir/valid_int.h"

/* Rules that the walk over structure proves already (ele-1), that are written in C below because their
 * expression takes quadratic time (ref-1, dom-3) and applies as() to lists (dom-3), or that ask for good
 * style and not for correctness (dom-6 wants a narrative in every resource). */
static const char *const not_run[] = { "ele-1", "ref-1", "dom-3", "dom-6" };

static bool is_run(const struct fhir_rule *rule)
{
	for (size_t i = 0; i < sizeof not_run / sizeof *not_run; i++)
		if (strcmp(rule->id, not_run[i]) == 0)
			return false;
	return true;
}

static enum err rules_compile(struct ctx *c, const struct fhir *f, const struct path *const **out)
{
	struct arena *life = &f->compiled->life;
	const struct path **paths = NEW_N(life, const struct path *, f->rule_count);

	for (unsigned i = 0; i < f->rule_count; i++)
		if (is_run(f->rules[i]))
			TRY(path_compile(c, life, f, NULL, str_of(f->rules[i]->path), &paths[i]));
	*out = paths;
	return OK;
}

enum err valid_rules_ready(struct ctx *c, const struct fhir *f, const struct path *const **out)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	struct fhir_compiled *compiled = f->compiled;
	enum err e = OK;

	*out = atomic_load_explicit(&compiled->rules, memory_order_acquire);
	if (*out)
		return OK;
	pthread_mutex_lock(&lock);
	*out = atomic_load_explicit(&compiled->rules, memory_order_acquire);
	if (!*out)
		e = rules_compile(c, f, out);
	if (e == OK)
		atomic_store_explicit(&compiled->rules, *out, memory_order_release);
	pthread_mutex_unlock(&lock);
	return e;
}

/* Nothing said is nothing broken: a rule about an absent value comes out empty. */
static bool holds(const struct items *items)
{
	return items->len == 0 || items->at[0].kind != ITEM_BOOLEAN || items->at[0].boolean;
}

void valid_rule(struct checker *k, const struct spot *spot, const struct path *path,
		const char *id, bool error, const char *text, struct fhir_value v)
{
	struct path_env env = { .fhir = k->f, .resource = k->resource, .root = k->root };
	struct issues before = k->c->issues;
	struct items items;
	char why[sizeof k->c->why];
	enum err e;

	memcpy(why, k->c->why, sizeof why);
	e = path_eval(k->c, path, &env, v, &items);
	if (e != OK) { /* what the machine said goes into one warning of ours */
		k->c->issues = before;
		if (before.last)
			before.last->next = NULL;
		valid_issue(k, spot, ISSUE_WARNING, "invariant", "%s could not be decided: %s",
			    id, k->c->why);
	} else if (!holds(&items)) {
		valid_issue(k, spot, error ? ISSUE_ERROR : ISSUE_WARNING, "invariant", "%s: %s",
			    id, text);
	}
	memcpy(k->c->why, why, sizeof why);
}

void valid_rules(struct checker *k, const struct spot *spot, const struct fhir_rule *const *rules,
		 struct fhir_value v)
{
	for (; rules && *rules; rules++) {
		const struct fhir_rule *rule = *rules;

		if (k->rules[rule->number])
			valid_rule(k, spot, k->rules[rule->number], rule->id, rule->error,
				   rule->text, v);
	}
}

/* ---- ref-1: what is referred to within is contained ---- */

static void contained_ids(struct checker *k, const struct node *root)
{
	const struct node *list = node_key(root, k->f->key_contained);

	map_init(&k->contained, k->c->arena);
	node_each(contained, list)
		map_set(&k->contained, node_str(contained, "id"), (void *)contained);
	k->contained_of = root;
}

void valid_local(struct checker *k, const struct spot *spot, struct fhir_value v)
{
	struct str to = node_str(v.node, "reference");

	if (!k->rules || to.len < 2 || to.at[0] != '#')
		return;
	if (k->contained_of != k->root.node)
		contained_ids(k, k->root.node);
	if (!map_get(&k->contained, (struct str){ to.at + 1, to.len - 1 }))
		valid_issue(k, spot, ISSUE_ERROR, "invariant",
			    "ref-1: SHALL have a contained resource if a local reference is provided");
}

/* ---- dom-3: a contained resource is referred to, or refers to what contains it ---- */

/* Depth first, without recursion into the depth of trees made by code: the reader bounds it, and so
 * does the stack here. */
#define CONTAINED_DEPTH 100

/* Which contained resource says "#id": itself alone does not count. Here: more than one, or what contains
 * them. */
static const char several[] = "";

static void note(struct map *said, struct str text, const struct node *by)
{
	const void *before;

	if (text.len == 0 || text.at[0] != '#')
		return;
	before = map_get(said, text);
	if (!before || before != by)
		map_set(said, text, before || !by ? (void *)several : (void *)by);
}

/* Every text that begins with # below `root`, but what it contains. True if it says "#" itself. */
static bool note_all(struct map *said, const struct node *root, const struct node *but,
		     const struct node *by)
{
	const struct node *stack[CONTAINED_DEPTH] = { root };
	size_t depth = 1;
	bool container = false;

	while (depth) {
		const struct node *n = stack[--depth];
		if (n->kind == NODE_STRING) {
			note(said, node_text(n), by);
			container |= str_is(node_text(n), "#");
		}
		if (n != root && n->next)
			stack[depth++] = n->next;
		if (n->kind >= NODE_ARRAY && n->first && n != but && depth + 2 < CONTAINED_DEPTH)
			stack[depth++] = n->first;
	}
	return container;
}

void valid_contained(struct checker *k, const struct spot *spot, const struct node *resource)
{
	const struct node *list = node_key(resource, k->f->key_contained);
	struct map said, outer;
	int index = 0;

	if (!list)
		return;
	map_init(&said, k->c->arena);
	map_init(&outer, k->c->arena);
	note_all(&said, resource, list, NULL);
	node_each(one, list)
		if (note_all(&said, one, NULL, one))
			map_set(&outer, node_str(one, "id"), (void *)one);
	node_each(contained, list) {
		struct spot at = { spot, STR("contained"), index++, contained };
		struct str id = node_str(contained, "id");
		const char *local = arena_printf(k->c->arena, "#" STR_FMT, STR_ARG(id));
		const void *by = map_get(&said, str_of(local));

		if ((!by || by == contained) && !map_get(&outer, id))
			valid_issue(k, &at, ISSUE_ERROR, "invariant",
				    "dom-3: nothing refers to this contained resource, nor does it refer to what contains it");
	}
}
