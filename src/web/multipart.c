/* multipart.c - a file that a browser sends. */
#include "web/multipart.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"

/* What parts the parts: a line end, two dashes and the boundary. False when the type names none. */
static bool mark_of(struct str type, char mark[96])
{
	ptrdiff_t at = str_find(type, STR("boundary="));
	struct str boundary;

	if (at < 0)
		return false;
	boundary = (struct str){ type.at + at + 9, type.len - (size_t)at - 9 };
	boundary = str_trim(str_cut(&boundary, ';'));
	if (boundary.len > 1 && *boundary.at == '"')
		boundary = (struct str){ boundary.at + 1, boundary.len - 2 };
	if (!boundary.len || boundary.len > 70)
		return false;
	memset(mark, 0, 96);
	memcpy(mark, "\r\n--", 4);
	memcpy(mark + 4, boundary.at, boundary.len);
	return true;
}

/* What follows the head of a part, up to the next mark. */
static bool content(struct str from, const char *mark, struct str *out)
{
	ptrdiff_t at = str_find(from, STR("\r\n\r\n")), end;

	if (at < 0)
		return false;
	*out = (struct str){ from.at + at + 4, from.len - (size_t)at - 4 };
	end = str_find(*out, str_of(mark));
	if (end < 0)
		return false;
	out->len = (size_t)end;
	return true;
}

bool multipart_file(struct str type, struct str body, struct str *name, struct str *bytes)
{
	char mark[96];
	ptrdiff_t at;

	if (!mark_of(type, mark))
		return false;
	at = str_find(body, STR("filename=\""));
	if (at < 0)
		return false;
	*name = (struct str){ body.at + at + 10, body.len - (size_t)at - 10 };
	*bytes = *name;
	*name = str_cut(name, '"');
	return content(*bytes, mark, bytes);
}

struct str multipart_text(struct str type, struct str body, const char *name)
{
	char mark[96], field[64];
	struct str out = { 0 };
	ptrdiff_t at, file = str_find(body, STR("filename=\""));

	snprintf(field, sizeof field, "; name=\"%s\"", name);
	at = str_find(body, str_of(field));
	if (!mark_of(type, mark) || at < 0 || (file >= 0 && at > file) ||
	    !content((struct str){ body.at + at, body.len - (size_t)at }, mark, &out))
		return (struct str){ 0 };
	return out;
}

struct str multipart_base64(struct arena *a, struct str bytes)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *in = (const unsigned char *)bytes.at;
	char *out = arena_alloc(a, (bytes.len + 2) / 3 * 4 + 1), *to = out;

	for (size_t i = 0; i < bytes.len; i += 3) {
		size_t left = bytes.len - i;
		uint32_t three = (uint32_t)in[i] << 16 | (left > 1 ? (uint32_t)in[i + 1] << 8 : 0) |
				 (left > 2 ? in[i + 2] : 0u);

		*to++ = digits[three >> 18];
		*to++ = digits[three >> 12 & 63];
		*to++ = digits[three >> 6 & 63];
		*to++ = digits[three & 63];
		if (left < 3)
			to[-1] = '=';
		if (left < 2)
			to[-2] = '=';
	}
	return (struct str){ out, (size_t)(to - out) };
}
