/* script.c - reading *.http files. */
#include "base/test.h"

#include "http/script.h"

#include "base/file.h"

static struct str after(struct str text, size_t count)
{
	return (struct str){ text.at + count, text.len - count };
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* \r \n \t \\ \xHH */
static struct str unescape(struct arena *a, struct str text)
{
	char *out = arena_alloc(a, text.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.at[i];
		if (c == '\\' && i + 1 < text.len) {
			c = text.at[++i];
			if (c == 'x' && i + 2 < text.len) {
				c = (char)(digit(text.at[i + 1]) * 16 + digit(text.at[i + 2]));
				i += 2;
			} else {
				c = c == 'r' ? '\r' : c == 'n' ? '\n' : c == 't' ? '\t' : c;
			}
		}
		out[len++] = c;
	}
	return (struct str){ out, len };
}

/* "*5000 text" or " text" after the bar; "wait 200"; "half". */
static struct send raw_line(struct arena *a, struct str text)
{
	struct send s = { SEND_BYTES, { "", 0 }, 1 };
	int64_t n = 0;

	if (str_is(text, "half"))
		return (struct send){ SEND_HALF };
	if (str_starts(text, STR("wait "))) {
		assert_true(str_int(after(text, 5), &n));
		return (struct send){ SEND_WAIT, { 0 }, (size_t)n };
	}
	if (str_starts(text, STR("*"))) {
		text = after(text, 1);
		assert_true(str_int(str_cut(&text, ' '), &n));
		s.times = (size_t)n;
	} else if (text.len) {
		text = after(text, 1);
	}
	s.bytes = unescape(a, text);
	return s;
}

static void expect_line(struct arena *a, struct exchange *x, struct str text)
{
	if (x->status.len == 0) {
		x->in_the_end = str_ends(text, STR(" in the end"));
		x->status = x->in_the_end ? str_cut(&text, ' ') : text;
	} else {
		*vec_push(&x->headers, a) = text;
	}
}

static bool starts_with(struct str text, const char *head)
{
	return str_starts(text, str_of(head));
}

static void exchange_line(struct arena *a, struct exchange *x, struct line line)
{
	struct str text = line.text;

	if (starts_with(text, "> "))
		*vec_push(&x->head, a) = after(text, 2);
	else if (starts_with(text, "|"))
		*vec_push(&x->raw, a) = raw_line(a, after(text, 1));
	else if (starts_with(text, "< "))
		expect_line(a, x, after(text, 2));
	else if (x->status.len && starts_with(text, "~ "))
		*vec_push(&x->has, a) = after(text, 2);
	else if (x->status.len && starts_with(text, "!~ "))
		*vec_push(&x->has_not, a) = after(text, 3);
	else if (!x->status.len && x->head.len)
		*vec_push(&x->body, a) = line;
	else if (x->status.len)
		x->json = x->json.len
				  ? (struct str){ x->json.at,
						  (size_t)(text.at + text.len - x->json.at) }
				  : text;
}

static void option_line(struct arena *a, struct script *script, struct str text,
			unsigned number)
{
	struct str word = str_cut(&text, ' ');

	if (str_is(word, "secret")) {
		*vec_push(&script->secrets, a) = text;
	} else if (str_is(word, "serve")) {
		while (text.at)
			*vec_push(&script->options, a) = str_dup(a, str_cut(&text, ' '));
	} else {
		fail_msg("%s:%u: neither == nor serve nor secret", script->file, number);
	}
}

void script_read(struct arena *a, const char *file, struct script *out)
{
	struct str text;
	struct ctx c;
	unsigned number = 0;

	ctx_init(&c, a);
	if (file_read(&c, a, file, (size_t)1 << 20, &text) != OK)
		fail_msg("%s: %s", file, c.why);
	*out = (struct script){ .file = file };
	while (text.at) {
		struct line line = { ++number, str_cut(&text, '\n') };
		if (str_starts(line.text, STR("== "))) {
			struct exchange *x = vec_push(&out->exchanges, a);
			x->name = after(line.text, 3);
			x->line = number;
		} else if (line.text.len == 0 || str_starts(line.text, STR("#"))) {
			continue;
		} else if (out->exchanges.len == 0) {
			option_line(a, out, line.text, number);
		} else {
			exchange_line(a, &out->exchanges.at[out->exchanges.len - 1], line);
		}
	}
	for (size_t i = 0; i < out->exchanges.len; i++) {
		const struct exchange *x = &out->exchanges.at[i];
		if (x->status.len == 0 || (x->head.len == 0) == (x->raw.len == 0))
			fail_msg("%s:%u: an exchange needs a question and an answer", file,
				 x->line);
	}
}

struct str script_fill(struct arena *a, const struct map *bound, struct str text)
{
	struct buf b;

	buf_init(&b, a, 0);
	while (text.len) {
		ptrdiff_t at = str_find(text, STR("$("));
		if (at < 0) {
			buf_str(&b, text);
			break;
		}
		buf_add(&b, text.at, (size_t)at);
		text = after(text, (size_t)at + 2);
		struct str name = str_cut(&text, ')');
		const struct str *value = map_get(bound, name);
		buf_str(&b, value ? *value : STR("(not bound)"));
	}
	return buf_get(&b);
}
