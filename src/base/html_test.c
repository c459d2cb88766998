/* html_test.c - the Mustache specification, escaping by context, what is refused, limits. */
#include "base/test.h"

#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "base/html.h"

/* ---- templates and partials of a test ---- */

struct partials {
	const struct node *object; /* name: text */
};

static bool from_object(void *arg, struct str name, struct str *out)
{
	struct partials *partials = arg;

	node_each(child, partials->object) {
		if (str_eq((struct str){ child->name, child->name_len }, name)) {
			*out = node_text(child);
			return true;
		}
	}
	return false;
}

static struct node *json(struct ctx *c, const char *text)
{
	struct json_options options = { 0 };
	struct node *n;

	if (json_read(c, c->arena, str_of(text), &options, &n) != OK)
		fail_msg("%s: %s", text, c->why);
	return n;
}

static enum err render(struct ctx *c, struct str text, const struct node *partials, bool raw,
		       const struct node *data, struct buf *out)
{
	struct partials source = { partials };
	struct template_options options = { from_object, &source, raw };
	struct template *t;

	TRY(template_parse(c, c->arena, "test", text, &options, &t));
	return template_render(c, t, data, out);
}

/* The page, or the reason there is none. */
static const char *page(struct ctx *c, const char *text, const char *partials, const char *data)
{
	struct buf out;

	buf_init(&out, c->arena, 1 << 20);
	if (render(c, str_of(text), partials ? json(c, partials) : NULL, false, json(c, data),
		   &out))
		return c->why;
	return out.at;
}

/* ---- the specification ---- */

static void run_case(struct ctx *c, const char *file, const struct node *test)
{
	struct str expected = node_str(test, "expected");
	struct buf out;

	buf_init(&out, c->arena, 1 << 20);
	if (render(c, node_str(test, "template"), node_get(test, "partials"), true,
		   node_get(test, "data"), &out))
		fail_msg("%s, %.*s: %s", file, STR_ARG(node_str(test, "name")), c->why);
	if (!str_eq(buf_get(&out), expected))
		fail_msg("%s, %.*s:\n'%s' instead of\n'%.*s'", file,
			 STR_ARG(node_str(test, "name")), out.at, STR_ARG(expected));
}

static void run_file(const char *file, size_t count)
{
	char path[512];
	size_t ran = 0;
	struct str text;
	struct node *root;
	struct ctx c;
	ARENA(a);

	snprintf(path, sizeof path, "%s/mustache/%s.json", FIXTURES, file);
	if (access(path, R_OK)) {
		print_message("%s is not there\n", path);
		skip();
	}
	ctx_init(&c, &a);
	assert_int_equal(file_read(&c, &a, path, 1 << 20, &text), OK);
	assert_int_equal(json_read(&c, &a, text, &(struct json_options){ 0 }, &root), OK);
	node_each(test, node_get(root, "tests")) {
		run_case(&c, file, test);
		ran++;
	}
	assert_int_equal(ran, count);
}

#define SPEC(name, file, count)                                                                \
	static void name(void **state)                                                         \
	{                                                                                      \
		(void)state;                                                                   \
		run_file(file, (count));                                                       \
	}
SPEC(spec_comments, "comments", 12)
SPEC(spec_delimiters, "delimiters", 14)
SPEC(spec_interpolation, "interpolation", 42)
SPEC(spec_inverted, "inverted", 22)
SPEC(spec_partials, "partials", 12)
SPEC(spec_sections, "sections", 34)
SPEC(spec_dynamic_names, "~dynamic-names", 21)
SPEC(spec_inheritance, "~inheritance", 27)

/* ---- escaping by context ---- */

static const struct {
	const char *text, *data, *page;
} pages[] = {
	/* text and attributes */
	{ "<p>{{x}}</p>", "{\"x\":\"<b> & 'c' \\\"d\\\"\"}",
	  "<p>&lt;b&gt; &amp; &#39;c&#39; &quot;d&quot;</p>" },
	{ "<p>{{{x}}}{{&x}}</p>", "{\"x\":\"<b>\"}", "<p>&lt;b&gt;&lt;b&gt;</p>" },
	{ "<p title=\"{{x}}\" class='{{x}}'>", "{\"x\":\"a\\\"'>\"}",
	  "<p title=\"a&quot;&#39;&gt;\" class='a&quot;&#39;&gt;'>" },
	{ "<title>{{x}}</title><textarea>{{x}}</textarea>", "{\"x\":\"</title>\"}",
	  "<title>&lt;/title&gt;</title><textarea>&lt;/title&gt;</textarea>" },
	{ "1 < 2 {{x}} <- 3", "{\"x\":\"<\"}", "1 < 2 &lt; <- 3" },
	{ "<!DOCTYPE html><!-- a --><!--><b>{{x}}</b>", "{\"x\":\"<\"}",
	  "<!DOCTYPE html><!-- a --><!--><b>&lt;</b>" },
	{ "<script>if (a < b) x = '</div>';</script >{{x}}", "{\"x\":\"<\"}",
	  "<script>if (a < b) x = '</div>';</script >&lt;" },
	{ "<STYLE>a > b { }</StYlE><br/>{{x}}", "{\"x\":1.50}",
	  "<STYLE>a > b { }</StYlE><br/>1.50" },
	{ "<?xml version='1'?><a b = 'c' d=e f g/>{{x}}<p q r>", "{\"x\":\"<\"}",
	  "<?xml version='1'?><a b = 'c' d=e f g/>&lt;<p q r>" },
	{ "<a href=x>{{x}}</a ><img alt= \"{{x}}\">", "{\"x\":\"<\"}",
	  "<a href=x>&lt;</a ><img alt= \"&lt;\">" },
	/* URLs */
	{ "<a href=\"{{x}}\">", "{\"x\":\"javascript:alert(1)\"}", "<a href=\"#\">" },
	{ "<a href='{{x}}'>", "{\"x\":\" JAVASCRIPT:alert(1)\"}", "<a href='#'>" },
	{ "<a href='{{x}}'>", "{\"x\":\"java\\tscript:alert(1)\"}", "<a href='#'>" },
	{ "<a HREF='{{x}}'>", "{\"x\":\"\\u0001javascript:alert(1)\"}", "<a HREF='#'>" },
	{ "<img src='{{x}}'>", "{\"x\":\"data:text/html,x\"}", "<img src='#'>" },
	{ "<form action=\"{{x}}\"><button formaction=\"{{x}}\">", "{\"x\":\"vbscript:x\"}",
	  "<form action=\"#\"><button formaction=\"#\">" },
	{ "<a href='{{x}}'>", "{\"x\":\"javascript&colon;alert(1)\"}",
	  "<a href='javascript&amp;colon;alert(1)'>" },
	{ "<a href=\"{{x}}\">", "{\"x\":\"https://a.example/b?c=d&e=%20#f\"}",
	  "<a href=\"https://a.example/b?c=d&amp;e=%20#f\">" },
	{ "<a href=\"{{x}}\">", "{\"x\":\"MailTo:a@b.example\"}",
	  "<a href=\"MailTo:a@b.example\">" },
	{ "<a href=\"{{x}}\">", "{\"x\":\"tel:+441234\"}", "<a href=\"tel:+441234\">" },
	{ "<a href=\"{{x}}\">", "{\"x\":\"/a b/\\\"\\u00e9\\\\\"}",
	  "<a href=\"/a%20b/%22%C3%A9%5C\">" },
	{ "<a href=\"{{x}}\">", "{\"x\":\"?a:b\"}", "<a href=\"?a:b\">" },
	{ "<a href=\"{{x}}\">", "{}", "<a href=\"\">" },
	{ "<a href=\"/p/{{x}}?q={{x}}\">", "{\"x\":\"a/b&c d:\"}",
	  "<a href=\"/p/a%2Fb%26c%20d%3A?q=a%2Fb%26c%20d%3A\">" },
	{ "<a href=\"{{x}}{{y}}\">", "{\"x\":\"\",\"y\":\"javascript:a\"}",
	  "<a href=\"javascript%3Aa\">" },
	{ "<a href=\"{{#z}}/q/{{/z}}{{x}}\">", "{\"x\":\"javascript:a\"}", "<a href=\"#\">" },
	{ "<a href=\"http://{{x}}:80/\">", "{\"x\":\"a\"}", "<a href=\"http://a:80/\">" },
	{ "<script src=\"/web/{{x}}.js\"></script>", "{\"x\":\"../a\"}",
	  "<script src=\"/web/..%2Fa.js\"></script>" },
	/* sections in tags */
	{ "<a b {{#x}}c{{/x}}>", "{\"x\":true}", "<a b c>" },
	{ "<input{{#x}} checked{{/x}}>", "{\"x\":true}", "<input checked>" },
	{ "<input {{#x}}checked{{/x}}>", "{\"x\":true}", "<input checked>" },
	{ "<li{{#x}} class=\"a {{y}}\"{{/x}} id=\"b\">", "{\"x\":{\"y\":\"\\\"\"}}",
	  "<li class=\"a &quot;\" id=\"b\">" },
	{ "<li class=\"a{{#x}} b{{/x}}{{^x}} c{{/x}}\">", "{}", "<li class=\"a c\">" },
	{ "{{#x}}<li>{{.}}</li>{{/x}}", "{\"x\":[\"<\",2,null]}",
	  "<li>&lt;</li><li>2</li><li></li>" },
	/* what is true */
	{ "{{#a}}1{{/a}}{{#b}}2{{/b}}{{#c}}3{{/c}}{{#d}}4{{/d}}{{#e}}5{{/e}}{{#f}}6{{/f}}",
	  "{\"a\":0,\"b\":\"\",\"c\":[],\"d\":{},\"e\":null,\"f\":\"0\"}", "146" },
};

static void escapes_by_context(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
		ARENA(a);
		struct ctx c;

		ctx_init(&c, &a);
		assert_string_equal(page(&c, pages[i].text, NULL, pages[i].data),
				    pages[i].page);
	}
}

/* The reason begins with what is wrong and ends with where. */
static const struct {
	const char *text, *why;
} refused[] = {
	{ "<script>{{x}}</script>", "value within a script" },
	{ "<script>\nlet a = \"{{x}}\";</script>", "(line 2, column 10)" },
	{ "<style>{{x}}</style>", "value within a script, a style" },
	{ "<xmp>{{x}}</xmp>", "raw text" },
	{ "<a onclick=\"f({{x}})\">", "runs or loads" },
	{ "<a ONCLICK='{{x}}'>", "runs or loads" },
	{ "<a style=\"{{x}}\">", "runs or loads" },
	{ "<iframe srcdoc=\"{{x}}\">", "runs or loads" },
	{ "<a href={{x}}>", "without quotes" },
	{ "<a href=a{{x}}>", "without quotes" },
	{ "<{{x}}>", "tag's name" },
	{ "</{{x}}>", "tag's name" },
	{ "<a{{x}}>", "tag's name" },
	{ "<a {{x}}>", "attribute's name" },
	{ "<a {{{x}}}>", "attribute's name" },
	{ "<a b{{x}}>", "attribute's name" },
	{ "<a b {{x}}>", "attribute's name" },
	{ "<a b='c'{{x}}>", "attribute's name" },
	{ "<!-- {{x}} -->", "within a comment" },
	{ "<!doctype {{x}}>", "within <!" },
	{ "<a href=\"{{x}}:{{y}}\">", "scheme" },
	{ "<a href=\"java{{x}}:b\">", "scheme" },
	{ "<a href=\"{{#x}}java{{y}}{{/x}}script:b\">", "scheme" },
	{ "<script src=\"{{x}}\"></script>", "choose what is loaded" },
	{ "<base href=\"{{x}}\">", "choose what is loaded" },
	{ "<link href=\"{{x}}\">", "choose what is loaded" },
	/* sections */
	{ "{{#x}}<a {{/x}}>", "another place" },
	{ "<a {{#x}}b=\"{{/x}}\">", "another place" },
	{ "<a b=\"{{#x}}\" c='{{/x}}'>", "another place" },
	{ "{{#x}}<script>{{/x}}</script>", "another place" },
	{ "{{^x}}<!-- {{/x}} -->", "another place" },
	{ "<a href=\"{{#x}}\" alt=\"{{/x}}\">", "another place" },
	{ "<scr{{#x}}ipt{{/x}}>", "needs a space" },
	{ "<a b{{#x}}c{{/x}}>", "needs a space" },
	{ "<a {{#x}}b=\"c\"{{/x}}d=\"e\">", "needs a space" },
	{ "<{{#x}}a{{/x}}>", "middle of markup" },
	{ "<a b={{#x}}\"c\"{{/x}}>", "middle of markup" },
	{ "<!--{{#x}}a{{/x}}-->", "beside the dashes" },
	/* HTML to be repaired */
	{ "<a b='c'd>", "needs a space" },
	{ "<a \"b\">", "stray" },
	{ "<a b\">", "stray" },
	{ "<a <b>", "stray" },
	{ "<a\"b>", "stray" },
	{ "<title></b></title>", "write &lt;" },
	{ "<a =b>", "stray" },
	{ "<a b=>", "without its value" },
	{ "</ a>", "without a name" },
	{ "<title><b></title>", "write &lt;" },
	{ "<script><!-- </script>", "within a script" },
	/* where templates end and partials stand */
	{ "<a href=\"", "ends within" },
	{ "<!-- ", "ends within" },
	{ "<script>", "ends within" },
	{ "<a {{>text}}>", "partial" },
	{ "<a b='{{>text}}'>", "partial" },
	{ "<script>{{>text}}</script>", "partial" },
	{ "{{>open}}", "The template open ends within" },
	{ "{{>none}}", "does not exist" },
	{ "<a b='{{$c}}{{/c}}'>", "partial" },
	{ "{{<text}}{{$a}}<b {{/a}}{{/text}}", "partial, or its end" },
	{ "{{<text}}{{x}}{{/text}}", "else than blocks" },
	{ "{{<text}}{{#x}}{{/x}}{{/text}}", "else than blocks" },
	/* tags */
	{ "a\n{{#x}}\n", "not closed (line 2, column 1)" },
	{ "{{/x}}", "not opened" },
	{ "{{#x}}{{#y}}{{/x}}{{/y}}", "another section" },
	{ "a\n  {{x", "does not end (line 2, column 3)" },
	{ "{{}}", "without a name" },
	{ "{{#}}{{/}}", "without a name" },
	{ "{{{x}}", "does not end" },
	{ "{{=a=}}", "delimiters" },
	{ "{{==}}", "without a name" },
	{ "{{=a= b=}}", "delimiters" },
	{ "{{=a b c=}}", "delimiters" },
};

static void refuses_what_is_not_safe(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		ARENA(a);
		struct ctx c;
		const char *why;

		ctx_init(&c, &a);
		why = page(&c, refused[i].text, "{\"text\":\"a\",\"open\":\"<a \"}", "{}");
		if (!strstr(why, refused[i].why) || !strstr(why, "(line "))
			fail_msg("%s gives: %s", refused[i].text, why);
	}
}

static void writes_safe_markup_in_text_only(void **state)
{
	ARENA(a);
	struct ctx c;
	struct node *data;
	struct template *t;
	struct buf out;

	(void)state;
	ctx_init(&c, &a);
	data = node_new(&a, NODE_OBJECT);
	html_safe(&a, data, "x", STR("<b>&amp;</b>"));
	buf_init(&out, &a, 1000);
	assert_int_equal(
		template_parse(&c, &a, "t",
			       STR("{{{x}}}{{&x}}{{x}}<a b='{{{x}}}'><title>{{{x}}}</title>"
				   "<a href='{{{x}}}'>"),
			       NULL, &t),
		OK);
	assert_int_equal(template_render(&c, t, data, &out), OK);
	assert_string_equal(out.at, "<b>&amp;</b><b>&amp;</b>&lt;b&gt;&amp;amp;&lt;/b&gt;"
				    "<a b='&lt;b&gt;&amp;amp;&lt;/b&gt;'>"
				    "<title>&lt;b&gt;&amp;amp;&lt;/b&gt;</title>"
				    "<a href='%3Cb%3E&amp;amp;%3C/b%3E'>");
}

static void lays_out_pages(void **state)
{
	static const char partials[] =
		"{\"layout\":\"<!doctype html>\\n<title>{{$title}}Causeway{{/title}}</title>\\n"
		"<main>\\n  "
		"{{$main}}{{/main}}\\n</main>\\n\",\"row\":\"<li>{{name}}</li>\\n\"}";
	ARENA(a);
	struct ctx c;

	(void)state;
	ctx_init(&c, &a);
	assert_string_equal(
		page(&c,
		     "{{<layout}}\n{{$title}}{{who}}{{/title}}\n{{$main}}\n<ul>\n{{#rows}}\n"
		     "  {{>row}}\n{{/rows}}\n</ul>\n{{/main}}\n{{/layout}}\n",
		     partials,
		     "{\"who\":\"<A>\",\"rows\":[{\"name\":\"b\"},{\"name\":\"&\"}]}"),
		"<!doctype html>\n<title>&lt;A&gt;</title>\n<main>\n  <ul>\n    <li>b</li>\n"
		"    <li>&amp;</li>\n  </ul>\n\n</main>\n");
	assert_string_equal(page(&c, "{{<layout}}{{/layout}}", partials, "{}"),
			    "<!doctype html>\n<title>Causeway</title>\n<main>\n\n</main>\n");
	assert_string_equal(page(&c, "{{#a}}{{>*kind}}{{/a}}", partials,
				 "{\"a\":[{\"kind\":\"row\",\"name\":1},{\"kind\":\"x\"},{}]}"),
			    "<li>1</li>\n");
}

/* ---- limits ---- */

static const char *repeated(struct arena *a, const char *text, size_t n)
{
	struct buf b;

	buf_init(&b, a, 0);
	for (size_t i = 0; i < n; i++)
		buf_cstr(&b, text);
	return b.at;
}

static void limits_nesting(void **state)
{
	ARENA(a);
	struct ctx c;
	const char *deep;

	(void)state;
	ctx_init(&c, &a);
	deep = arena_printf(&a, "%s1%s", repeated(&a, "{{#x}}", 64),
			    repeated(&a, "{{/x}}", 64));
	assert_string_equal(page(&c, deep, NULL, "{\"x\":true}"), "1");
	assert_non_null(strstr(page(&c, repeated(&a, "{{#x}}", 65), NULL, "{}"), "64 deep"));
	/* partials without end */
	assert_non_null(strstr(page(&c, "{{>a}}", "{\"a\":\"b{{>a}}\"}", "{}"), "too deeply"));
	assert_non_null(strstr(page(&c, "{{<a}}{{$b}}{{$b}}{{/b}}{{/b}}{{/a}}",
				    "{\"a\":\"{{$b}}{{/b}}\"}", "{}"),
			       "too deeply"));
	assert_non_null(strstr(page(&c, "{{>*a}}", "{\"c\":\"{{>*a}}\"}", "{\"a\":\"c\"}"),
			       "too deeply"));
	/* indentation without end */
	assert_non_null(strstr(
		page(&c, "{{>a}}",
		     arena_printf(&a, "{\"a\":\"b\\n%s{{>a}}\"}", repeated(&a, " ", 200)),
		     "{}"),
		"larger"));
}

static void ended_while_rendering(struct ctx *c, const char *text, const struct node *data)
{
	struct template *t;
	struct buf out;

	buf_init(&out, c->arena, 1000);
	assert_int_equal(template_parse(c, c->arena, "t", str_of(text), NULL, &t), OK);
	c->deadline = 1;
	assert_int_equal(template_render(c, t, data, &out), ERR_LIMIT);
	assert_non_null(strstr(c->why, "longer than it may"));
	c->deadline = 0;
}

static void limits_size_and_work(void **state)
{
	ARENA(a);
	struct ctx c;
	const char *data = arena_printf(&a, "{\"x\":[%s0]}", repeated(&a, "0,", 999));
	const char *loops = "{{#x}}{{#x}}{{#x}}{{/x}}{{/x}}{{/x}}";

	(void)state;
	ctx_init(&c, &a);
	assert_non_null(strstr(page(&c, "{{#x}}{{#x}}ab{{/x}}{{/x}}", NULL, data), "larger"));
	assert_non_null(strstr(page(&c, loops, NULL, data), "too much work"));
	ended_while_rendering(&c, loops, json(&c, data));
}

/* Long lines of many tags take no longer than short ones. */
static void parses_in_one_pass(void **state)
{
	ARENA(a);
	struct ctx c;
	struct template *t;
	const char *line = repeated(&a, "{{!}}{{#a}}{{/a}}", 20000);

	(void)state;
	ctx_init(&c, &a);
	assert_int_equal(template_parse(&c, &a, "t", str_of(line), NULL, &t), OK);
	line = repeated(&a, "0123456789abcdef", 4 << 16);
	assert_int_equal(template_parse(&c, &a, "t", (struct str){ line, 4 << 20 }, NULL, &t),
			 OK);
	line = repeated(&a, "0123456789abcdef", (4 << 16) + 1);
	assert_int_equal(template_parse(&c, &a, "t", str_of(line), NULL, &t), ERR_LIMIT);
}

static void limits_partials(void **state)
{
	ARENA(a);
	struct ctx c;
	struct buf text, partials;

	(void)state;
	ctx_init(&c, &a);
	buf_init(&text, &a, 0);
	buf_init(&partials, &a, 0);
	for (int i = 0; i < 1001; i++) {
		buf_printf(&text, "{{>p%d}}", i);
		buf_printf(&partials, "%s\"p%d\":\"\"", i ? "," : "{", i);
	}
	buf_char(&partials, '}');
	assert_non_null(strstr(page(&c, text.at, partials.at, "{}"), "More than 1000"));
}

/* ---- escaping functions ---- */

static void escapes_and_unescapes(void **state)
{
	ARENA(a);
	struct buf b;
	struct str back;

	(void)state;
	buf_init(&b, &a, 0);
	html_escape(&b, STR(""));
	html_escape(&b, STR("a<b>&\"'\xC3\xA9"));
	assert_string_equal(b.at, "a&lt;b&gt;&amp;&quot;&#39;\xC3\xA9");
	buf_init(&b, &a, 0);
	url_escape(&b, STR("aZ09-._~ /?&=+%\xC3\xA9\n"));
	assert_string_equal(b.at, "aZ09-._~%20%2F%3F%26%3D%2B%25%C3%A9%0A");
	assert_true(url_unescape(&a, buf_get(&b), false, &back));
	assert_string_equal(back.at, "aZ09-._~ /?&=+%\xC3\xA9\n");
	assert_true(url_unescape(&a, STR("a+b%2bc"), true, &back));
	assert_string_equal(back.at, "a b+c");
	assert_true(url_unescape(&a, STR("a+b"), false, &back));
	assert_string_equal(back.at, "a+b");
	assert_true(url_unescape(&a, STR("a%00b"), false, &back));
	assert_int_equal(back.len, 3);
	assert_false(url_unescape(&a, STR("%"), false, &back));
	assert_false(url_unescape(&a, STR("a%4"), false, &back));
	assert_false(url_unescape(&a, STR("%4g"), false, &back));
	assert_false(url_unescape(&a, STR("%+1"), true, &back));
	assert_int_equal(back.len, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spec_comments),
		cmocka_unit_test(spec_delimiters),
		cmocka_unit_test(spec_interpolation),
		cmocka_unit_test(spec_inverted),
		cmocka_unit_test(spec_partials),
		cmocka_unit_test(spec_sections),
		cmocka_unit_test(spec_dynamic_names),
		cmocka_unit_test(spec_inheritance),
		cmocka_unit_test(escapes_by_context),
		cmocka_unit_test(refuses_what_is_not_safe),
		cmocka_unit_test(writes_safe_markup_in_text_only),
		cmocka_unit_test(lays_out_pages),
		cmocka_unit_test(limits_nesting),
		cmocka_unit_test(limits_size_and_work),
		cmocka_unit_test(parses_in_one_pass),
		cmocka_unit_test(limits_partials),
		cmocka_unit_test(escapes_and_unescapes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
