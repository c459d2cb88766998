/* multipart.c - a file that a browser sends. */
#include "web/multipart.h"

#include "base/arena.h"

bool multipart_file(struct str type, struct str body, struct str *name, struct str *bytes)
{
	ptrdiff_t at = str_find(type, STR("boundary=")), end;
	char mark[96] = "\r\n--";
	struct str boundary;

	if (at < 0)
		return false;
	boundary = (struct str){ type.at + at + 9, type.len - (size_t)at - 9 };
	boundary = str_trim(str_cut(&boundary, ';'));
	if (boundary.len > 1 && *boundary.at == '"')
		boundary = (struct str){ boundary.at + 1, boundary.len - 2 };
	if (!boundary.len || boundary.len > 70)
		return false;
	memcpy(mark + 4, boundary.at, boundary.len);
	at = str_find(body, STR("filename=\""));
	if (at < 0)
		return false;
	*name = (struct str){ body.at + at + 10, body.len - (size_t)at - 10 };
	*bytes = *name;
	*name = str_cut(name, '"');
	at = str_find(*bytes, STR("\r\n\r\n"));
	if (at < 0)
		return false;
	*bytes = (struct str){ bytes->at + at + 4, bytes->len - (size_t)at - 4 };
	end = str_find(*bytes, str_of(mark));
	if (end < 0)
		return false;
	bytes->len = (size_t)end;
	return true;
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
