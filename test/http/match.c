/* match.c - is the answer what was expected? */
#include "base/test.h"

#include <strings.h>

#include "base/gzip.h"
#include "http/script.h"

struct match {
	struct arena *a;
	struct map *bound;
	const char *why; /* the first thing that does not fit */
};

static bool no(struct match *m, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool no(struct match *m, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (!m->why)
		m->why = arena_vprintf(m->a, format, args);
	va_end(args);
	return false;
}

static void bind(struct match *m, struct str name, struct str value)
{
	struct str *kept = NEW(m->a, struct str);

	*kept = (struct str){ str_dup(m->a, value), value.len };
	map_set(m->bound, (struct str){ str_dup(m->a, name), name.len }, kept);
}

/* Does `text` fit the pattern? * is anything; $(name) takes or repeats what stands there. */
static bool fits(struct match *m, struct str pattern, struct str text)
{
	while (pattern.len) {
		if (str_starts(pattern, STR("$("))) {
			struct str rest = { pattern.at + 2, pattern.len - 2 },
				   name = str_cut(&rest, ')');
			const struct str *known = map_get(m->bound, name);
			pattern = rest.at ? rest : STR("");
			for (size_t len = 0; len <= text.len; len++) {
				struct str value = { text.at, len },
					   tail = { text.at + len, text.len - len };
				if (known ? !str_eq(*known, value)
					  : memchr(value.at, '/', len) || len == 0)
					continue;
				if (fits(m, pattern, tail)) {
					if (!known)
						bind(m, name, value);
					return true;
				}
			}
			return false;
		}
		if (pattern.at[0] == '*') {
			struct str rest = { pattern.at + 1, pattern.len - 1 };
			for (size_t len = 0; len <= text.len; len++) {
				if (fits(m, rest,
					 (struct str){ text.at + len, text.len - len }))
					return true;
			}
			return false;
		}
		if (text.len == 0 || text.at[0] != pattern.at[0])
			return false;
		pattern = (struct str){ pattern.at + 1, pattern.len - 1 };
		text = (struct str){ text.at + 1, text.len - 1 };
	}
	return text.len == 0;
}

static bool json_fits(struct match *m, const struct node *want, const struct node *got,
		      const char *where);

static bool array_fits(struct match *m, const struct node *want, const struct node *got,
		       const char *where)
{
	const struct node *at = got->first;
	unsigned index = 0;

	node_each(w, want) {
		const char *here = arena_printf(m->a, "%s[%u]", where, index++);
		struct match tried = { m->a, m->bound, NULL };
		bool found = false;
		for (; at && !found; at = at->next)
			found = json_fits(&tried, w, at, here);
		if (!found)
			return no(m, "%s was not found (%s)", here,
				  tried.why ? tried.why : "no more elements");
	}
	return true;
}

static bool member_fits(struct match *m, const struct node *want, const struct node *got,
			const char *where)
{
	char *name = str_dup(m->a, (struct str){ want->name, want->name_len });
	const char *here = arena_printf(m->a, "%s.%s", where, name);
	int64_t count;

	if (want->name_len && name[want->name_len - 1] == '#') {
		name[want->name_len - 1] = 0;
		const struct node *list = node_get(got, name);
		if (!str_int(node_text(want), &count) ||
		    (list ? list->len : 0) != (uint64_t)count)
			return no(m, "%s is %u", here, list ? list->len : 0);
		return true;
	}
	const struct node *at = node_get(got, name);
	if (want->kind == NODE_NULL)
		return at ? no(m, "%s should not be there", here) : true;
	return at ? json_fits(m, want, at, here) : no(m, "%s is missing", here);
}

static bool json_fits(struct match *m, const struct node *want, const struct node *got,
		      const char *where)
{
	if (want->kind != got->kind)
		return no(m, "%s is of another kind", where);
	if (want->kind == NODE_ARRAY)
		return array_fits(m, want, got, where);
	if (want->kind == NODE_OBJECT) {
		node_each(w, want) {
			if (!member_fits(m, w, got, where))
				return false;
		}
		return true;
	}
	if (want->kind == NODE_STRING ? fits(m, node_text(want), node_text(got))
				      : str_eq(node_text(want), node_text(got)))
		return true;
	return no(m, "%s is " STR_FMT, where, STR_ARG(node_text(got)));
}

static bool header_get(struct str head, struct str name, struct str *value)
{
	while (head.at) {
		struct str line = str_trim(str_cut(&head, '\n')), rest = line,
			   n = str_cut(&rest, ':');
		if (rest.at && n.len == name.len && strncasecmp(n.at, name.at, n.len) == 0) {
			*value = str_trim(rest);
			return true;
		}
	}
	return false;
}

static bool header_fits(struct match *m, struct str head, struct str expected)
{
	struct str name = str_cut(&expected, ':'), value;

	if (name.len && name.at[0] == '!') {
		name = (struct str){ name.at + 1, name.len - 1 };
		return header_get(head, name, &value)
			       ? no(m, "there is a header " STR_FMT, STR_ARG(name))
			       : true;
	}
	if (!header_get(head, name, &value))
		return no(m, "there is no header " STR_FMT, STR_ARG(name));
	if (!fits(m, str_trim(expected), value))
		return no(m, "the header " STR_FMT " is " STR_FMT, STR_ARG(name),
			  STR_ARG(value));
	return true;
}

static bool body_fits(struct match *m, const struct exchange *x, struct str body)
{
	struct node *want, *got;
	struct ctx c;

	if (x->json.len == 0)
		return true;
	ctx_init(&c, m->a);
	if (json_read(&c, m->a, x->json, &(struct json_options){ 0 }, &want) != OK)
		return no(m, "the expected JSON is none: %s", c.why);
	if (json_read(&c, m->a, body, &(struct json_options){ 0 }, &got) != OK)
		return no(m, "the body is no JSON: %s", c.why);
	return json_fits(m, want, got, "body");
}

static struct str unpacked(struct match *m, struct str head, struct str body)
{
	struct str coding;
	struct buf plain;
	struct ctx c;

	if (!header_get(head, STR("Content-Encoding"), &coding) || !str_is(coding, "gzip"))
		return body;
	ctx_init(&c, m->a);
	buf_init(&plain, m->a, 0);
	if (gzip_unpack(&c, body, &plain) != OK)
		no(m, "the body cannot be unpacked: %s", c.why);
	return buf_get(&plain);
}

const char *match_answer(struct arena *a, struct map *bound, const struct exchange *x,
			 struct str answer)
{
	struct match m = { .a = a, .bound = bound };
	ptrdiff_t end = str_find(answer, STR("\r\n\r\n"));

	if (str_is(x->status, "-"))
		return answer.len ? "the connection was not closed without a word" : NULL;
	if (end < 0 || !str_starts(answer, STR("HTTP/1.1 ")))
		return "no answer came";
	struct str head = { answer.at, (size_t)end },
		   body = { answer.at + end + 4, answer.len - (size_t)end - 4 };
	if (!fits(&m, x->status, (struct str){ head.at + 9, 3 }))
		return arena_printf(a, "the status is %.3s", head.at + 9);
	for (size_t i = 0; i < x->headers.len; i++)
		header_fits(&m, head, x->headers.at[i]);
	body = unpacked(&m, head, body);
	body_fits(&m, x, body);
	for (size_t i = 0; i < x->has.len; i++) {
		struct str part = script_fill(a, bound, x->has.at[i]);
		if (str_find(answer, part) < 0 && str_find(body, part) < 0)
			no(&m, "there is no " STR_FMT, STR_ARG(part));
	}
	for (size_t i = 0; i < x->has_not.len; i++) {
		if (str_find(answer, x->has_not.at[i]) >= 0 ||
		    str_find(body, x->has_not.at[i]) >= 0)
			no(&m, "there is " STR_FMT, STR_ARG(x->has_not.at[i]));
	}
	return m.why;
}
