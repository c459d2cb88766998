/* path_conform_test.c - HL7's FHIRPath test-suite, test by test.
 *
 * Reads FIXTURES/fhirpath/tests-*.xml, runs each expression on its input and compares what comes
 * out by type and value. Skipped where the fixtures are not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <libxml/parser.h>

#include "base/file.h"
#include "fhir/path.h"

#define SUITE FIXTURES "/fhirpath/tests-r4-half.xml"

/* Tests that cannot pass here, each with its reason. */
static const struct {
	const char *test, *reason;
} beyond[] = {
	{ NULL, NULL },
};

struct suite {
	struct arena life, work;
	struct ctx c;
	const struct fhir *f;
	xmlDoc *doc;
	struct map inputs; /* file name -> struct fhir_value */
	unsigned passed, failed, skipped;
};

static struct str xml_attr(const xmlNode *node, const char *name, struct arena *a)
{
	xmlChar *value = xmlGetProp(node, (const xmlChar *)name);
	struct str out = { 0 };

	if (value) {
		out = str_of(arena_str(a, (const char *)value));
		xmlFree(value);
	}
	return out;
}

static struct str xml_text(xmlNode *node, struct arena *a)
{
	xmlChar *value = xmlNodeGetContent(node);
	struct str out = str_of(arena_str(a, (const char *)value));

	xmlFree(value);
	return out;
}

static xmlNode *child(const xmlNode *node, const char *name)
{
	for (xmlNode *at = node->children; at; at = at->next)
		if (at->type == XML_ELEMENT_NODE && !strcmp((const char *)at->name, name))
			return at;
	return NULL;
}

/* The input file as a value; the same for all tests. */
static struct fhir_value *input(struct suite *s, struct str name)
{
	struct fhir_value *value = map_get(&s->inputs, name);
	struct str text;
	struct node *node;
	char *path;

	if (value || !name.len)
		return value;
	path = arena_printf(&s->life, FIXTURES "/fhirpath/input/" STR_FMT, STR_ARG(name));
	if (file_read(&s->c, &s->life, path, 0, &text) != OK)
		fail_msg("%s", s->c.why);
	if ((str_ends(name, STR(".xml")) ? fhir_read_xml : fhir_read_json)(
		    &s->c, s->f, &s->life, text, &node) != OK)
		fail_msg("%s: %s", path, s->c.why);
	value = NEW(&s->life, struct fhir_value);
	*value = (struct fhir_value){ .type = fhir_type_of(s->f, node), .node = node };
	map_set(&s->inputs, (struct str){ arena_dup(&s->life, name.at, name.len), name.len },
		value);
	return value;
}

/* "dateTime" is FHIR's and, but for the capital, System's. */
static bool same_type(struct suite *s, struct str wanted, const struct item *item)
{
	const char *name = strchr(item_type(&s->work, item), '.') + 1;

	return !wanted.len ||
	       (strlen(name) == wanted.len && (name[0] | 0x20) == (wanted.at[0] | 0x20) &&
		!memcmp(name + 1, wanted.at + 1, wanted.len - 1));
}

static bool same_value(struct suite *s, struct str wanted, const struct item *item)
{
	struct str text = item_text(&s->work, s->f, item);
	struct dec x, y;

	/* A literal @2014-01-01 or @T10:30 is written 2014-01-01 or 10:30. */
	for (const char *mark = "@T"; *mark; mark++)
		if (wanted.len && wanted.at[0] == *mark &&
		    (*mark == '@' || item->kind == ITEM_TIME)) {
			wanted.at++;
			wanted.len--;
		}
	if (item->kind == ITEM_DECIMAL && dec_parse(wanted, &x) && dec_parse(text, &y))
		return dec_cmp(x, y) == 0;
	return str_eq(text, wanted);
}

static bool same_output(struct suite *s, const xmlNode *test, const struct items *items)
{
	size_t n = 0;

	for (xmlNode *at = test->children; at; at = at->next) {
		if (at->type != XML_ELEMENT_NODE || strcmp((const char *)at->name, "output"))
			continue;
		if (n >= items->len ||
		    !same_type(s, xml_attr(at, "type", &s->work), &items->at[n]) ||
		    !same_value(s, xml_text(at, &s->work), &items->at[n]))
			return false;
		n++;
	}
	return n == items->len;
}

static const char *describe(struct suite *s, const struct items *items)
{
	struct buf b;

	buf_init(&b, &s->work, 300);
	for (size_t i = 0; i < items->len; i++) {
		buf_printf(&b, "%s%s ", i ? ", " : "", item_type(&s->work, &items->at[i]));
		json_write(&b, item_json(&s->work, s->f, &items->at[i]), 0);
	}
	return items->len ? b.at : "nothing";
}

/* NULL if the test passes, else what was wrong. */
static const char *run(struct suite *s, xmlNode *test)
{
	xmlNode *expression = child(test, "expression");
	struct str text = xml_text(expression, &s->work),
		   invalid = xml_attr(expression, "invalid", &s->work);
	struct fhir_value *focus = input(s, xml_attr(test, "inputfile", &s->work));
	struct path_env env = { .fhir = s->f };
	const struct path *path;
	struct items items;
	enum err e;

	e = path_compile(&s->c, &s->work, s->f, focus ? focus->type : s->f->resource, text,
			 &path);
	if (str_is(invalid, "syntax") || str_is(invalid, "semantic"))
		return e == OK ? "compiled, though invalid" : NULL;
	if (e == OK)
		e = path_eval(&s->c, path, &env, focus ? *focus : (struct fhir_value){ 0 },
			      &items);
	if (invalid.len)
		return e == OK ? arena_printf(&s->work, "gave %s, though invalid",
					      describe(s, &items))
			       : NULL;
	if (e != OK)
		return s->c.why;
	if (str_is(xml_attr(test, "predicate", &s->work), "true")) {
		bool truth = false;

		if (path_test(&s->c, path, &env, focus ? *focus : (struct fhir_value){ 0 },
			      &truth) != OK)
			return s->c.why;
		items = (struct items){ NEW(&s->work, struct item), 1 };
		items.at[0] = (struct item){ .kind = ITEM_BOOLEAN, .boolean = truth };
	}
	return same_output(s, test, &items)
		       ? NULL
		       : arena_printf(&s->work, "gave %s", describe(s, &items));
}

static void try_test(struct suite *s, xmlNode *test)
{
	struct str name = xml_attr(test, "name", &s->work);
	const char *wrong;

	for (size_t i = 0; beyond[i].test; i++)
		if (str_is(name, beyond[i].test)) {
			print_message("not run: %s (%s)\n", beyond[i].test, beyond[i].reason);
			s->skipped++;
			return;
		}
	s->c.issues = (struct issues){ 0 };
	wrong = run(s, test);
	s->passed += !wrong;
	s->failed += wrong != NULL;
	if (wrong)
		print_message("%.*s: %s\n    %s\n", (int)name.len, name.at,
			      xml_text(child(test, "expression"), &s->work).at, wrong);
	arena_reset(&s->work);
}

static void test_suite(void **state)
{
	struct suite s = { 0 };

	(void)state;
	s.doc = xmlReadFile(SUITE, NULL, XML_PARSE_NONET);
	if (!s.doc) {
		print_message("%s is not there: skipped\n", SUITE);
		skip();
	}
	arena_init(&s.life);
	arena_init(&s.work);
	ctx_init(&s.c, &s.life);
	if (fhir_load(&s.c, &s.life, NULL, &s.f) != OK)
		fail_msg("%s", s.c.why);
	map_init(&s.inputs, &s.life);
	s.c.arena = &s.work;
	for (xmlNode *group = xmlDocGetRootElement(s.doc)->children; group; group = group->next)
		for (xmlNode *test = group->children; test; test = test->next)
			if (test->type == XML_ELEMENT_NODE &&
			    !strcmp((const char *)test->name, "test"))
				try_test(&s, test);
	print_message("%u pass, %u fail, %u not run\n", s.passed, s.failed, s.skipped);
	xmlFreeDoc(s.doc);
	arena_done(&s.work);
	arena_done(&s.life);
	assert_int_equal(s.failed, 0);
	assert_true(s.passed > 300);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_suite) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
