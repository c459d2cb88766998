/* people_valid_test.c - everything a synthetic place holds is FHIR: each bundle of the county and
 * of a hundred people goes through the validator. */
#include "base/test.h"

#include "fhir/type.h"
#include "fhir/valid.h"
#include "model/people.h"

struct checked {
	const struct fhir *fhir;
	size_t resources, bad;
};

static void print_issues(const struct ctx *c, const struct node *resource)
{
	struct str id = node_str(resource, "id");
	for (const struct issue *i = c->issues.first; i; i = i->next)
		if (i->severity <= ISSUE_ERROR)
			print_error(STR_FMT ": %s: %s: %s\n", STR_ARG(id), i->code,
				    i->where ? i->where : "", i->text);
}

static enum err check(struct ctx *c, void *arg, struct node *bundle)
{
	(void)c;
	struct checked *t = arg;
	node_each(entry, node_get(bundle, "entry")) {
		struct node *resource = node_get(entry, "resource");
		ARENA(a);
		struct ctx own;
		ctx_init(&own, &a);
		atoms_adopt(t->fhir->atoms, resource);
		t->resources++;
		if (fhir_validate(&own, t->fhir, STR(""), resource) != OK && t->bad++ < 20)
			print_issues(&own, resource);
	}
	return OK;
}

static void every_resource_is_valid(void **state)
{
	(void)state;
	ARENA(life);
	struct ctx c;
	ctx_init(&c, &life);
	struct share embedded = { 0 };
	struct checked t = { 0 };
	if (fhir_load(&c, &life, &embedded, &t.fhir) != OK)
		fail_msg("%s", c.why);
	struct people_options options = { 100, 3, 1763548800000000 };
	if (people_make(&c, &embedded, &options, check, &t) != OK)
		fail_msg("%s", c.why);
	assert_true(t.resources > 1000);
	assert_int_equal(t.bad, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_resource_is_valid),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
