/* valid_rule.c - invariants: FHIRPath expressions that must hold. */
#include <pthread.h>

#include "fhir/valid_int.h"

/* Rules that the walk over structure proves already, or that ask for good style and not for
 * correctness: dom-6 wants a narrative in every resource. */
static const char *const not_run[] = { "ele-1", "dom-6" };

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

static void check_rule(struct checker *k, const struct spot *spot, const struct fhir_rule *rule,
		       struct fhir_value v)
{
	struct path_env env = { .fhir = k->f, .resource = k->resource, .root = k->root };
	char why[sizeof k->c->why];
	bool holds = true;
	enum err e;

	memcpy(why, k->c->why, sizeof why);
	e = path_test(k->c, k->rules[rule->number], &env, v, &holds);
	if (e != OK)
		valid_issue(k, spot, ISSUE_WARNING, "invariant", "%s could not be decided: %s", rule->id, k->c->why);
	else if (!holds)
		valid_issue(k, spot, rule->error ? ISSUE_ERROR : ISSUE_WARNING, "invariant", "%s: %s", rule->id,
			    rule->text);
	memcpy(k->c->why, why, sizeof why);
}

void valid_rules(struct checker *k, const struct spot *spot, const struct fhir_rule *const *rules,
		 struct fhir_value v)
{
	for (; rules && *rules; rules++)
		if (k->rules[(*rules)->number])
			check_rule(k, spot, *rules, v);
}
