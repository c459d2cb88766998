/* xml_write_test.c - what goes out as XML comes back as it was. */
#include "fhir/test_fhir.h"

#include <glob.h>

#include "base/file.h"
#include "fhir/type.h"

static struct node *json(struct ctx *c, const char *text)
{
	struct node *n = NULL;

	if (fhir_read_json(c, f, c->arena, str_of(text), &n) != OK)
		fail_msg("%s", c->why);
	return n;
}

static struct str xml(struct ctx *c, const struct node *n, int indent)
{
	struct buf b;

	buf_init(&b, c->arena, 0);
	if (fhir_write_xml(c, f, &b, n, indent) != OK)
		fail_msg("%s", c->why);
	return buf_get(&b);
}

static struct str as_json(struct arena *a, const struct node *n)
{
	struct buf b;

	buf_init(&b, a, 0);
	json_write(&b, n, 1);
	return buf_get(&b);
}

#define HEAD "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
#define NS " xmlns=\"http://hl7.org/fhir\""
#define DIV "<div xmlns=\"http://www.w3.org/1999/xhtml\">"

/* JSON, and what must follow the XML declaration. */
static const struct {
	const char *json, *xml;
} cases[] = {
	{ "{'resourceType':'Patient'}", "<Patient" NS "/>" },
	/* the definition's order, not the sender's; inherited elements first */
	{ "{'birthDate':'1970','active':true,'id':'a','resourceType':'Patient'}",
	  "<Patient" NS "><id value=\"a\"/><active value=\"true\"/><birthDate value=\"1970\"/>"
	  "</Patient>" },
	{ "{'resourceType':'Observation','valueQuantity':{'unit':'<&\\u00e9\\\"','value':1.50}"
	  "}",
	  "<Observation" NS "><valueQuantity><value value=\"1.50\"/>"
	  "<unit value=\"&lt;&amp;\303\251&quot;\"/></valueQuantity></Observation>" },
	{ "{'resourceType':'Observation','valueQuantity':{'value':1.0e-3}}",
	  "<Observation" NS "><valueQuantity><value value=\"1.0e-3\"/></valueQuantity>"
	  "</Observation>" },
	/* lines and tabs survive as references; what XML cannot say does not */
	{ "{'resourceType':'Basic','id':'a\\n\\tb\\rc\\u0001d\\uffff'}",
	  "<Basic" NS "><id value=\"a&#10;&#9;b&#13;c\357\277\275d\357\277\275\"/></Basic>" },
	{ "{'resourceType':'Patient','contained':[{'resourceType':'Group'},{'id':'o',"
	  "'resourceType':'Organization'}]}",
	  "<Patient" NS "><contained><Group/></contained><contained><Organization>"
	  "<id value=\"o\"/></Organization></contained></Patient>" },
	{ "{'resourceType':'Patient','_birthDate':{'extension':[{'valueCode':'c','url':'u'}],"
	  "'id':'b'},'birthDate':'1970'}",
	  "<Patient" NS "><birthDate id=\"b\" value=\"1970\"><extension url=\"u\"><valueCode "
	  "value=\"c\"/></extension></birthDate></Patient>" },
	{ "{'resourceType':'Patient','_birthDate':{'id':'b'}}",
	  "<Patient" NS "><birthDate id=\"b\"/></Patient>" },
	{ "{'resourceType':'Patient','name':[{'_given':[null,{'id':'g'},null,{'id':'h'}],"
	  "'given':['A',null,'C'],'id':'n'}]}",
	  "<Patient" NS "><name id=\"n\"><given value=\"A\"/><given id=\"g\"/><given "
	  "value=\"C\"/><given id=\"h\"/></name></Patient>" },
	{ "{'resourceType':'Bundle','entry':[{'resource':{'resourceType':'Basic','id':'1'},"
	  "'fullUrl':'u'}]}",
	  "<Bundle" NS
	  "><entry><fullUrl value=\"u\"/><resource><Basic><id value=\"1\"/></Basic>"
	  "</resource></entry></Bundle>" },
	/* narrative */
	{ "{'resourceType':'Basic','text':{'status':'empty','div':'"
	  "<div xmlns="
	  "\\\"http://www.w3.org/1999/xhtml\\\">a &amp; <b>b</b><br/></div>'}}",
	  "<Basic" NS "><text><status value=\"empty\"/>" DIV
	  "a &amp; <b>b</b><br/></div></text>"
	  "</Basic>" },
	{ "{'resourceType':'Basic','text':{'div':'<div>a&nbsp;&eacute;&lt;&unknown</div>'}}",
	  "<Basic" NS "><text>" DIV "&lt;div&gt;a&amp;nbsp;&amp;eacute;&amp;lt;&amp;unknown"
	  "&lt;/div&gt;</div></text></Basic>" },
	{ "{'resourceType':'Basic','text':{'div':'<div>a&nbsp;&eacute;&lt;</div>'}}",
	  "<Basic" NS "><text>" DIV "a\302\240\303\251&lt;</div></text></Basic>" },
	{ "{'resourceType':'Basic','text':{'div':'<div>a</div><evil/>'}}",
	  "<Basic" NS "><text>" DIV
	  "&lt;div&gt;a&lt;/div&gt;&lt;evil/&gt;</div></text></Basic>" },
	{ "{'resourceType':'Basic','text':{'div':'<div xmlns=\\\"u\\\">a</div>'}}",
	  "<Basic" NS "><text>" DIV "&lt;div xmlns=&quot;u&quot;&gt;a&lt;/div&gt;</div></text>"
	  "</Basic>" },
	{ "{'resourceType':'Basic','text':{'div':''}}",
	  "<Basic" NS "><text>" DIV "</div></text></Basic>" },
};

static char *quoted(struct arena *a, const char *text)
{
	char *copy = arena_str(a, text);

	for (char *p = copy; *p; p++)
		if (*p == '\'')
			*p = '"';
	return copy;
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct node *n = json(&ctx, quoted(&life, cases[i].json)), *back;
		struct str text = xml(&ctx, n, 0);

		assert_true(str_starts(text, STR(HEAD)));
		assert_string_equal(text.at + strlen(HEAD), cases[i].xml);
		if (fhir_read_xml(&ctx, f, &life, text, &back) != OK)
			fail_msg("%s: %s", text.at, ctx.why);
	}
}

static void test_indent(void **state)
{
	struct node *n =
		json(&ctx, "{\"resourceType\":\"Patient\",\"active\":true,\"contained\":"
			   "[{\"resourceType\":\"Group\"},{\"resourceType\":\"Basic\","
			   "\"id\":\"1\"}]}");

	(void)state;
	assert_string_equal(xml(&ctx, n, 2).at, HEAD
			    "\n<Patient" NS ">\n  <contained>\n    <Group/>\n  </contained>\n"
			    "  <contained>\n    <Basic>\n      <id value=\"1\"/>\n    </Basic>"
			    "\n  </contained>\n  <active value=\"true\"/>\n</Patient>\n");
}

static void test_refused(void **state)
{
	static const struct {
		const char *json, *why;
	} wrong[] = {
		{ "{}", "not a FHIR resource" },
		{ "[]", "not a FHIR resource" },
		{ "{'resourceType':'Pat'}", "not a FHIR resource" },
		{ "{'resourceType':'Patient','nothing':1}", "no element nothing" },
		{ "{'resourceType':'Patient','name':'A'}", "name is not of the kind" },
		{ "{'resourceType':'Patient','gender':{}}", "gender is not of the kind" },
		{ "{'resourceType':'Patient','_gender':'x'}", "gender is not of the kind" },
		{ "{'resourceType':'Patient','name':[[{}]]}", "name is not of the kind" },
		{ "{'resourceType':'Patient','contained':['x']}",
		  "contained is not of the kind" },
		{ "{'resourceType':'Patient','_active':{'value':'x'}}", "no element value" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct node *n = json(&ctx, quoted(&life, wrong[i].json));
		struct buf b;

		buf_init(&b, &life, 0);
		assert_int_equal(fhir_write_xml(&ctx, f, &b, n, 0), ERR_INVALID);
		if (!strstr(ctx.why, wrong[i].why))
			fail_msg("%s: %s", wrong[i].json, ctx.why);
	}
}

/* A tree made by code has no keys and may be deeper than any that is read. */
static void test_made(void **state)
{
	struct node *root = node_new(&life, NODE_OBJECT), *at = root;

	(void)state;
	node_add_cstr(&life, root, "resourceType", "Questionnaire");
	for (int i = 0; i < 20000; i++)
		at = node_add(&life, node_add(&life, at, "item", NODE_ARRAY), NULL,
			      NODE_OBJECT);
	node_add_cstr(&life, at, "linkId", "1");
	assert_true(str_ends(xml(&ctx, root, 0), STR("</item></Questionnaire>")));
}

/* Narrative as reading XML leaves it, so that two spellings of the same markup are equal. */
static void settle_narrative(struct ctx *c, struct node *resource)
{
	struct node *div = node_path(resource, "text.div"), *basic, *back;

	node_each(child, node_get(resource, "contained"))
		settle_narrative(c, child);
	node_each(entry, node_get(resource, "entry"))
		if (node_get(entry, "resource"))
			settle_narrative(c, node_get(entry, "resource"));
	node_each(parameter, node_get(resource, "parameter"))
		if (node_get(parameter, "resource"))
			settle_narrative(c, node_get(parameter, "resource"));
	if (!div)
		return;
	basic = node_new(c->arena, NODE_OBJECT);
	node_add_cstr(c->arena, basic, "resourceType", "Basic");
	node_add_str(c->arena, node_add(c->arena, basic, "text", NODE_OBJECT), "div",
		     node_text(div));
	if (fhir_read_xml(c, f, c->arena, xml(c, basic, 0), &back) != OK)
		fail_msg("%s", c->why);
	div->text = node_path(back, "text.div")->text;
	div->len = node_path(back, "text.div")->len;
}

/* Written and read again, laid out or not, a resource is what it was, and is written the same. */
static void check_round(struct ctx *c, const char *name, struct node *n)
{
	struct str plain = xml(c, n, 0);
	struct node *back = NULL, *laid = NULL;

	if (fhir_read_xml(c, f, c->arena, plain, &back) != OK ||
	    fhir_read_xml(c, f, c->arena, xml(c, n, 3), &laid) != OK)
		fail_msg("%s: %s", name, c->why);
	assert_true(node_equal(back, laid));
	settle_narrative(c, n);
	if (!node_equal(n, back)) {
		print_error("%s\n", name);
		assert_string_equal(as_json(c->arena, n).at, as_json(c->arena, back).at);
	}
	assert_true(node_equal(n, back));
}

/* Calls fn for each file of a pattern (one in `of`), each with memory of its own; how many there were. */
static size_t each_file(const char *pattern, unsigned of,
			bool (*fn)(struct ctx *c, const char *name, struct str text))
{
	glob_t files;
	size_t count = 0;

	if (glob(pattern, 0, NULL, &files))
		return 0;
	for (size_t i = 0; i < files.gl_pathc; i++) {
		ARENA(a);
		struct ctx c;
		struct str text;

		if (test_left_out(strrchr(files.gl_pathv[i], '/') + 1, of))
			continue;
		ctx_init(&c, &a);
		if (file_read(&c, &a, files.gl_pathv[i], (size_t)1 << 27, &text) != OK)
			fail_msg("%s", c.why);
		count += fn(&c, files.gl_pathv[i], text);
	}
	globfree(&files);
	return count;
}

static bool round_json(struct ctx *c, const char *name, struct str text)
{
	struct node *n;

	if (text.len > (size_t)1 << 20 || fhir_read_json(c, f, c->arena, text, &n) != OK ||
	    !fhir_type_of(f, n))
		return false;
	check_round(c, name, n);
	return true;
}

static bool round_xml(struct ctx *c, const char *name, struct str text)
{
	struct node *n;

	if (fhir_read_xml(c, f, c->arena, text, &n) != OK)
		fail_msg("%s: %s", name, c->why);
	/* through JSON, as the record keeps it */
	check_round(c, name, json(c, as_json(c->arena, n).at));
	return true;
}

static void test_examples(void **state)
{
	size_t count = each_file(EXAMPLES "/*.json", 6, round_json);

	(void)state;
	if (!count) {
		print_message("skipped: HL7's examples are not at " EXAMPLES "\n");
		skip();
	}
	assert_true(count > (test_full() ? 4000 : 600));
}

static void test_uk_core(void **state)
{
	size_t count = each_file(FIXTURES "/uk-core/examples/*.xml", 1, round_xml);

	(void)state;
	if (!count) {
		print_message("skipped: there is no " FIXTURES "\n");
		skip();
	}
	assert_true(count > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),    cmocka_unit_test(test_indent),
		cmocka_unit_test(test_refused),  cmocka_unit_test(test_made),
		cmocka_unit_test(test_examples), cmocka_unit_test(test_uk_core),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
