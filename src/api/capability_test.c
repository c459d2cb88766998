/* capability_test.c - the CapabilityStatement promises what search takes, no more and no less. */
#include "base/test.h"

#include "api/inside.h"
#include "fhir/valid.h"

static struct place *place;

/* search_parse with the parameter alone. */
static bool searchable(struct ctx *c, const char *type, const struct fhir_param *param)
{
	const char *name = param->code;
	bool plain = strcmp(name, "_id") == 0 || strcmp(name, "_lastUpdated") == 0 ||
		     strcmp(name, "_text") == 0 || strcmp(name, "_content") == 0;
	const struct search *search;
	char *query = arena_printf(c->arena, "%s%s", name, plain ? "=2020" : ":missing=true");
	struct buf parts;

	if (param->type == PARAM_COMPOSITE) { /* a value that each of the parts may be */
		buf_init(&parts, c->arena, 0);
		buf_printf(&parts, "%s=2020", name);
		for (const struct fhir_component *p = param->components;
		     p && p->param && p[1].param; p++)
			buf_cstr(&parts, "$2020");
		query = str_dup(c->arena, buf_get(&parts));
	}

	if (param->type == PARAM_SPECIAL && !strcmp(param->code, "near"))
		query = "near=51.5|0|10|km";
	return search_parse(c, str_of(type), str_of(query), &search) == OK;
}

static bool listed(const struct node *params, const char *code)
{
	node_each(p, params) {
		if (str_is(node_str(p, "name"), code))
			return true;
	}
	return false;
}

static void check_type(const struct node *resource)
{
	ARENA(a);
	struct ctx c;
	const char *type = str_dup(&a, node_str(resource, "type"));
	const struct fhir_type *t = fhir_type(place->fhir, str_of(type));

	ctx_init(&c, &a);
	c.place = place;
	for (const struct fhir_param *const *p = param_list(place->fhir, t); p && *p; p++) {
		bool promised = listed(node_get(resource, "searchParam"), (*p)->code);
		bool taken = strcmp(type, "AuditEvent") ? searchable(&c, type, *p)
							: audit_search_takes((*p)->code);
		if (promised != taken)
			fail_msg("%s.%s is %spromised: %s", type, (*p)->code,
				 promised ? "" : "not ", c.why);
	}
}

static void search_takes_what_is_promised(void **state)
{
	ARENA(a);
	struct ctx c;
	struct node *statement;
	unsigned types = 0;

	(void)state;
	ctx_init(&c, &a);
	c.place = place;
	assert_int_equal(
		json_read(&c, &a, capability_text(&c), &(struct json_options){ 0 }, &statement),
		OK);
	node_each(resource, node_get(node_at(node_get(statement, "rest"), 0), "resource")) {
		check_type(resource);
		types++;
	}
	assert_int_equal(types, 146);
}

static void the_statement_is_valid(void **state)
{
	ARENA(a);
	struct ctx c;
	struct str text;
	struct node *statement;

	(void)state;
	ctx_init(&c, &a);
	c.place = place;
	text = capability_text(&c);
	assert_int_equal(fhir_read_json(&c, place->fhir, &a, text, &statement), OK);
	if (fhir_validate(&c, place->fhir, text, statement) != OK)
		fail_msg("%s at %s", c.why,
			 c.issues.first->where ? c.issues.first->where : "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(search_takes_what_is_promised),
		cmocka_unit_test(the_statement_is_valid),
	};
	ARENA(a);
	struct share share = { 0 };
	struct ctx c;

	ctx_init(&c, &a);
	if (place_open(&c, &share, NULL, 0, false, &place) != OK) {
		print_error("%s\n", c.why);
		return 1;
	}
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	place_close(place);
	return failed;
}
