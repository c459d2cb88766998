#include "fhir/test_fhir.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "fhir/type.h"

static struct node *xml(const char *text)
{
	struct node *n = NULL;

	if (fhir_read_xml(&ctx, f, &life, str_of(text), &n) != OK)
		fail_msg("%s", ctx.why);
	return n;
}

static void check_same(const char *xml_text, const char *json_text)
{
	struct buf b;

	buf_init(&b, &life, 0);
	json_write(&b, xml(xml_text), 0);
	assert_string_equal(buf_get(&b).at, json_text);
}

#define NS " xmlns=\"http://hl7.org/fhir\""

static void test_small(void **state)
{
	(void)state;
	check_same("<?xml version=\"1.0\"?><!-- x --><Patient" NS "><id value=\"a\"/>"
		   "<active value=\"true\"/><birthDate value=\"1970\"/><multipleBirthInteger "
		   "value=\"2\"/>"
		   "</Patient>",
		   "{\"resourceType\":\"Patient\",\"id\":\"a\",\"active\":true,\"birthDate\":"
		   "\"1970\","
		   "\"multipleBirthInteger\":2}");
	check_same("<Observation" NS
		   "><valueQuantity><value value=\"1.50\"/><unit value=\"&lt;&amp;&#xe9;\"/>"
		   "</valueQuantity></Observation>",
		   "{\"resourceType\":\"Observation\",\"valueQuantity\":{\"value\":1.50,"
		   "\"unit\":\"<&\303\251\"}}");
	check_same("<Patient" NS
		   "><contained><Organization><id value=\"o\"/></Organization></contained>"
		   "<contained><Group/></contained></Patient>",
		   "{\"resourceType\":\"Patient\",\"contained\":[{\"resourceType\":"
		   "\"Organization\",\"id\":\"o\"},"
		   "{\"resourceType\":\"Group\"}]}");
	/* what is no number stays text */
	check_same("<Patient" NS
		   "><active value=\"yes\"/><multipleBirthInteger value=\"02\"/></Patient>",
		   "{\"resourceType\":\"Patient\",\"active\":\"yes\",\"multipleBirthInteger\":"
		   "\"02\"}");
}

static void test_extras(void **state)
{
	(void)state;
	check_same("<Patient" NS "><birthDate id=\"b\" value=\"1970\"><extension url=\"u\">"
		   "<valueCode value=\"c\"/></extension></birthDate></Patient>",
		   "{\"resourceType\":\"Patient\",\"birthDate\":\"1970\",\"_birthDate\":{"
		   "\"id\":\"b\","
		   "\"extension\":[{\"url\":\"u\",\"valueCode\":\"c\"}]}}");
	check_same("<Patient" NS "><name id=\"n\"><given value=\"A\"/><given id=\"g\"/><given "
		   "value=\"C\"/></name>"
		   "</Patient>",
		   "{\"resourceType\":\"Patient\",\"name\":[{\"id\":\"n\",\"given\":[\"A\","
		   "null,\"C\"],"
		   "\"_given\":[null,{\"id\":\"g\"},null]}]}");
	check_same("<Patient" NS
		   "><name><given id=\"g\"/><given value=\"B\"/></name></Patient>",
		   "{\"resourceType\":\"Patient\",\"name\":[{\"_given\":[{\"id\":\"g\"},null],"
		   "\"given\":[null,\"B\"]}]}");
}

static void test_narrative(void **state)
{
	(void)state;
	check_same("<Patient" NS "><text><status value=\"generated\"/><div "
		   "xmlns=\"http://www.w3.org/1999/xhtml\">"
		   "<p class=\"a &quot;b&quot;\">x &lt; \"y\"<br/>\n z</p><!-- no "
		   "--><p></p></div></text></Patient>",
		   "{\"resourceType\":\"Patient\",\"text\":{\"status\":\"generated\",\"div\":"
		   "\"<div xmlns=\\\"http://www.w3.org/1999/xhtml\\\"><p class=\\\"a "
		   "&quot;b&quot;\\\">"
		   "x &lt; &quot;y&quot;<br/>\\n z</p><p/></div>\"}}");
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ "", "empty" },
		{ "{}", "not XML" },
		{ "<Patient" NS ">", "not XML" },
		{ "<Patient" NS ">\n  <nothing/></Patient>",
		  "Line 2, column 3: Patient has no such element: nothing" },
		{ "<Patient" NS "><active valeu=\"x\"/></Patient>",
		  "no such attribute: valeu" },
		{ "<Patient" NS "><gender value=\"a\"/><gender value=\"b\"/></Patient>",
		  "stands twice: gender" },
		{ "<Patient" NS ">text</Patient>", "text between elements" },
		{ "<Patient" NS "><contained/></Patient>", "a resource is missing" },
		{ "<Patient" NS "><contained><Patient/><Patient/></contained></Patient>",
		  "more than one" },
		{ "<Patient/>", "namespace" },
		{ "<Pat" NS "/>", "not a FHIR resource: Pat" },
		{ "<!DOCTYPE Patient [<!ENTITY a \"b\">]><Patient" NS "/>", "document type" },
		{ "<Patient" NS "><id value=\"&a;\"/></Patient>", "not XML" },
		{ "<Patient" NS "><id value=\"\xff\"/></Patient>", "not XML" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct node *n = NULL;

		assert_int_equal(fhir_read_xml(&ctx, f, &life, str_of(cases[i].text), &n),
				 ERR_SYNTAX);
		assert_null(n);
		if (!strstr(ctx.why, cases[i].why))
			fail_msg("%s: %s", cases[i].text, ctx.why);
	}
}

/* What is accepted can be written as JSON and read again; what is deeper is refused. */
static void test_depth(void **state)
{
	unsigned accepted = 0;

	(void)state;
	for (int depth = 1; depth < 100; depth++) {
		struct buf b;
		struct node *n;
		enum err e;

		buf_init(&b, &life, 0);
		buf_cstr(&b, "<Questionnaire" NS ">");
		for (int i = 0; i < depth; i++)
			buf_cstr(&b, "<item>");
		buf_cstr(&b, "<code><code value=\"x\" id=\"y\"/></code>");
		for (int i = 0; i < depth; i++)
			buf_cstr(&b, "</item>");
		buf_cstr(&b, "</Questionnaire>");
		e = fhir_read_xml(&ctx, f, &life, buf_get(&b), &n);
		if (e != OK) {
			assert_int_equal(e, ERR_LIMIT);
			continue;
		}
		accepted++;
		buf_init(&b, &life, 0);
		json_write(&b, n, 0);
		assert_int_equal(fhir_read_json(&ctx, f, &life, buf_get(&b), &n), OK);
	}
	assert_in_range(accepted, 25, 32);
}

/* Positions are those of the tags in the input, however long it is. */
/* libxml2 takes quadratic time over the attributes of one tag. */
static void test_attributes(void **state)
{
	struct node *n;
	struct buf b, passed;

	(void)state;
	buf_init(&b, &life, 0);
	buf_init(&passed, &life, 0);
	buf_cstr(&b, "<Patient" NS);
	buf_cstr(&passed, "<Patient" NS "><!-- <a ");
	for (int i = 0; i < 300; i++) {
		buf_cstr(&b, arena_printf(&life, " a%d=\"1\"", i));
		buf_cstr(&passed, "b='1' ");
	}
	buf_cstr(&b, "/>");
	buf_cstr(&passed, "--><id value=\"a=b=c&gt;\"/></Patient>");
	assert_int_equal(fhir_read_xml(&ctx, f, &life, buf_get(&b), &n), ERR_LIMIT);
	assert_int_equal(fhir_read_xml(&ctx, f, &life, buf_get(&passed), &n), OK);
	assert_int_equal(fhir_read_xml(&ctx, f, &life, STR("<Patient a='"), &n), ERR_SYNTAX);
	assert_int_equal(fhir_read_xml(&ctx, f, &life, STR("<Patient><!--"), &n), ERR_SYNTAX);
}

static void test_positions(void **state)
{
	struct buf b;
	struct str text;
	struct node *n;
	unsigned count = 0;

	(void)state;
	buf_init(&b, &life, 0);
	buf_cstr(&b, "<Patient" NS ">");
	for (int i = 0; i < 20000; i++)
		buf_printf(&b, "\n  <name><text value=\"%d &amp; \303\251\"/></name>", i);
	buf_cstr(&b, "\n<gender value='male'/></Patient>");
	text = buf_get(&b);
	n = xml(text.at);
	node_each(name, node_get(n, "name")) {
		assert_memory_equal(text.at + name->pos, "<name>", 6);
		assert_memory_equal(text.at + node_get(name, "text")->pos, "<text ", 6);
		count++;
	}
	assert_int_equal(count, 20000);
	assert_memory_equal(text.at + node_get(n, "gender")->pos, "<gender", 7);
}

static bool read_file(const char *name, const char *ending, struct str *out)
{
	const char *path =
		arena_printf(&life, "%s/fhirpath/input/%s.%s", FIXTURES, name, ending);

	return file_read(&ctx, &life, path, 1 << 24, out) == OK;
}

static void drop(struct node *object, const char *name)
{
	struct node *n = node_get(object, name);

	if (n)
		node_remove(object, n);
}

/* The published XML and JSON forms of one resource must give one tree. */
static void test_pairs(void **state)
{
	/* The members named differ in the published files themselves. */
	static const struct {
		const char *name, *other[2];
	} cases[] = {
		{ "codesystem-example", { "text", "description" } },
		{ "observation-example", { "extension", "extension" } },
		{ "patient-example", { "-", "-" } },
		{ "questionnaire-example", { "-", "-" } },
	};

	(void)state;
	if (access(FIXTURES "/fhirpath/input", R_OK)) {
		print_message("skipped: %s is not there\n", FIXTURES);
		skip();
	}
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct str xml_text, json_text;
		struct node *x, *j;

		assert_true(read_file(cases[i].name, "xml", &xml_text));
		assert_true(read_file(cases[i].name, "json", &json_text));
		if (fhir_read_xml(&ctx, f, &life, xml_text, &x) != OK)
			fail_msg("%s: %s", cases[i].name, ctx.why);
		assert_int_equal(fhir_read_json(&ctx, f, &life, json_text, &j), OK);
		for (int k = 0; k < 2; k++) {
			drop(x, cases[i].other[k]);
			drop(j, cases[i].other[k]);
		}
		if (!node_equal(x, j)) {
			struct buf a, b;

			buf_init(&a, &life, 0);
			buf_init(&b, &life, 0);
			json_write(&a, x, 1);
			json_write(&b, j, 1);
			assert_string_equal(buf_get(&a).at, buf_get(&b).at);
			fail_msg("%s", cases[i].name);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small),     cmocka_unit_test(test_extras),
		cmocka_unit_test(test_narrative), cmocka_unit_test(test_refused),
		cmocka_unit_test(test_depth),     cmocka_unit_test(test_positions),
		cmocka_unit_test(test_pairs),     cmocka_unit_test(test_attributes),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
