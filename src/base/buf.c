/* buf.c - growing bytes. Room doubles; the arena's newest allocation grows where it stands. */
#include "base/buf.h"

#include "base/plain.h"

#include <stdio.h>

void buf_init(struct buf *b, struct arena *a, size_t limit)
{
	static char empty[1]; /* the NUL of a buffer without room; never written */

	*b = (struct buf){ .arena = a, .at = empty, .limit = limit ? limit : SIZE_MAX / 4 };
}

/* Make room for len more and a NUL; false, and full, past the limit. */
__attribute__((noinline)) static bool grow(struct buf *b, size_t len)
{
	if (b->full || len > b->limit - b->len) {
		b->full = true;
		return false;
	}
	size_t need = b->len + len;
	size_t cap = b->cap < 32 ? 63 : b->cap * 2 + 1;
	if (cap < need)
		cap = need;
	if (cap > b->limit)
		cap = b->limit;
	char *at = b->cap ? arena_extend(b->arena, b->at, b->cap + 1, cap + 1) : NULL;
	if (!at) {
		at = arena_alloc(b->arena, cap + 1);
		memcpy(at, b->at, b->len + 1);
	}
	b->at = at;
	b->cap = cap;
	return true;
}

/* A full buffer takes nothing more, or its text would have holes. */
static inline bool has_room(struct buf *b, size_t len)
{
	return (__builtin_expect(len <= b->cap - b->len, 1) && !b->full) || grow(b, len);
}

void buf_add(struct buf *b, const void *bytes, size_t len)
{
	if (len == 0 || !has_room(b, len))
		return;
	memcpy(b->at + b->len, bytes, len);
	b->len += len;
	b->at[b->len] = 0;
}

void buf_str(struct buf *b, struct str s)
{
	buf_add(b, s.at, s.len);
}

void buf_cstr(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_char(struct buf *b, char c)
{
	if (!has_room(b, 1))
		return;
	b->at[b->len++] = c;
	b->at[b->len] = 0;
}

void buf_utf8(struct buf *b, uint32_t code_point)
{
	static const unsigned char leads[] = { 0, 0, 0xC0, 0xE0, 0xF0 };
	size_t len =
		1u + (code_point >= 0x80) + (code_point >= 0x800) + (code_point >= 0x10000);
	char bytes[4];

	for (size_t i = len; i-- > 1; code_point >>= 6)
		bytes[i] = (char)(0x80 | (code_point & 0x3F));
	bytes[0] = (char)(leads[len] | code_point);
	buf_add(b, bytes, len);
}

void buf_int(struct buf *b, int64_t n)
{
	char digits[20];
	size_t i = sizeof digits;
	uint64_t left = n < 0 ? -(uint64_t)n : (uint64_t)n;

	do
		digits[--i] = (char)('0' + left % 10);
	while (left /= 10);
	if (n < 0)
		digits[--i] = '-';
	buf_add(b, digits + i, sizeof digits - i);
}

void buf_vprintf(struct buf *b, const char *format, va_list args)
{
	char small[256];
	va_list again;

	int len = plain_print(small, sizeof small - 1, format, args);
	if (len >= 0) {
		buf_add(b, small, (size_t)len);
		return;
	}
	va_copy(again, args);
	len = vsnprintf(small, sizeof small, format, args);
	if (len >= 0 && len < (int)sizeof small) {
		buf_add(b, small, (size_t)len);
	} else if (len > 0 && has_room(b, (size_t)len)) {
		vsnprintf(b->at + b->len, (size_t)len + 1, format, again);
		b->len += (size_t)len;
	}
	va_end(again);
}

void buf_printf(struct buf *b, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	buf_vprintf(b, format, args);
	va_end(args);
}

char *buf_room(struct buf *b, size_t len)
{
	return has_room(b, len) ? b->at + b->len : NULL;
}

void buf_took(struct buf *b, size_t len)
{
	if (len == 0)
		return;
	b->len += len;
	b->at[b->len] = 0;
}

struct str buf_get(const struct buf *b)
{
	return (struct str){ b->at, b->len };
}
