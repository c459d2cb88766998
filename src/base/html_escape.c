/* html_escape.c - text made harmless for HTML and URLs, and markup marked as finished. */
#include "base/html.h"

static const char *const entities[256] = {
	['&'] = "&amp;", ['<'] = "&lt;", ['>'] = "&gt;", ['"'] = "&quot;", ['\''] = "&#39;",
};

void html_escape(struct buf *b, struct str text)
{
	size_t from = 0;

	for (size_t i = 0; i < text.len; i++) {
		const char *entity = entities[(unsigned char)text.at[i]];

		if (!entity)
			continue;
		buf_add(b, text.at + from, i - from);
		buf_cstr(b, entity);
		from = i + 1;
	}
	if (from < text.len)
		buf_add(b, text.at + from, text.len - from);
}

/* RFC 3986, 2.3: what never needs encoding. */
static bool unreserved(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '.' || c == '_' || c == '~';
}

void url_escape(struct buf *b, struct str text)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.at[i];

		if (unreserved(c))
			buf_char(b, (char)c);
		else
			buf_add(b, (char[]){ '%', hex[c >> 4], hex[c & 15] }, 3);
	}
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 32;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool url_unescape(struct arena *a, struct str text, bool form, struct str *out)
{
	char *bytes = arena_alloc(a, text.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.at[i];

		if (c == '%') {
			int high = text.len - i > 2 ? hex_value(text.at[i + 1]) : -1;
			int low = text.len - i > 2 ? hex_value(text.at[i + 2]) : -1;

			if (high < 0 || low < 0)
				return false;
			c = (char)(high << 4 | low);
			i += 2;
		} else if (c == '+' && form) {
			c = ' ';
		}
		bytes[len++] = c;
	}
	bytes[len] = 0;
	*out = (struct str){ bytes, len };
	return true;
}

struct node *html_safe(struct arena *a, struct node *parent, const char *name,
		       struct str markup)
{
	struct node *n = node_add_str(a, parent, name, markup);

	n->safe = true;
	return n;
}
