/* str.c - looking at, cutting and folding runs of bytes. */
#include "base/str.h"

#include <sodium.h>
#include <utf8proc.h>

int str_cmp(struct str a, struct str b)
{
	size_t common = a.len < b.len ? a.len : b.len;
	int order = common ? memcmp(a.at, b.at, common) : 0;

	return order ? order : (a.len > b.len) - (a.len < b.len);
}

bool str_unbase64(struct arena *a, struct str s, struct str *out)
{
	size_t cap = s.len / 4 * 3 + 3, len;
	unsigned char *bytes = arena_alloc(a, cap);

	if (sodium_base642bin(bytes, cap, s.at, s.len, " \t\r\n", &len, NULL,
			      sodium_base64_VARIANT_ORIGINAL))
		return false;
	*out = (struct str){ (const char *)bytes, len };
	return true;
}

bool str_starts(struct str s, struct str head)
{
	return s.len >= head.len && str_eq((struct str){ s.at, head.len }, head);
}

bool str_ends(struct str s, struct str tail)
{
	return s.len >= tail.len &&
	       str_eq((struct str){ s.at + (s.len - tail.len), tail.len }, tail);
}

ptrdiff_t str_find(struct str s, struct str part)
{
	if (part.len == 0)
		return 0;
	if (s.len < part.len)
		return -1;
	const char *found = memmem(s.at, s.len, part.at, part.len);
	return found ? found - s.at : -1;
}

struct str str_cut(struct str *s, char sep)
{
	const char *found = s->len ? memchr(s->at, sep, s->len) : NULL;
	struct str part = *s;

	if (found) {
		part.len = (size_t)(found - s->at);
		s->at = found + 1;
		s->len -= part.len + 1;
	} else {
		*s = (struct str){ NULL, 0 };
	}
	return part;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str str_trim(struct str s)
{
	while (s.len && is_space(s.at[0])) {
		s.at++;
		s.len--;
	}
	while (s.len && is_space(s.at[s.len - 1]))
		s.len--;
	return s;
}

char *str_dup(struct arena *a, struct str s)
{
	return arena_dup(a, s.at, s.len);
}

bool str_int(struct str s, int64_t *out)
{
	bool negative = s.len && s.at[0] == '-';
	size_t i = s.len && (s.at[0] == '-' || s.at[0] == '+');
	int64_t n = 0;

	if (i == s.len)
		return false;
	for (; i < s.len; i++) {
		int digit = s.at[i] - '0';
		/* Built up below zero, where int64 reaches one further. */
		if (digit < 0 || digit > 9 || __builtin_mul_overflow(n, 10, &n) ||
		    __builtin_sub_overflow(n, digit, &n))
			return false;
	}
	if (!negative && __builtin_sub_overflow(0, n, &n))
		return false;
	*out = n;
	return true;
}

/* Length of the well-formed sequence at s[0], a byte >= 0x80; 0 if there is none. Unicode 15
 * table 3-7: the second byte's range shuts out overlong forms, surrogates and what is above
 * U+10FFFF. */
static size_t utf8_sequence(const unsigned char *s, size_t left)
{
	unsigned char lead = s[0];
	size_t len = 2u + (lead >= 0xE0) + (lead >= 0xF0);

	if (lead < 0xC2 || lead > 0xF4 || left < len)
		return 0;
	unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
	unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
	if (s[1] < low || s[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
		if ((s[i] & 0xC0) != 0x80)
			return 0;
	return len;
}

/* Offset of the first byte >= 0x80 at or after i, or len. */
static size_t skip_ascii(const char *at, size_t i, size_t len)
{
	uint64_t eight;

	for (; i + 8 <= len; i += 8) {
		memcpy(&eight, at + i, 8);
		if (eight & 0x8080808080808080u)
			break;
	}
	while (i < len && (unsigned char)at[i] < 0x80)
		i++;
	return i;
}

bool str_utf8(struct str s, size_t *bad)
{
	for (size_t i = 0; (i = skip_ascii(s.at, i, s.len)) < s.len;) {
		size_t len = utf8_sequence((const unsigned char *)s.at + i, s.len - i);
		if (len == 0) {
			if (bad)
				*bad = i;
			return false;
		}
		i += len;
	}
	return true;
}

size_t str_letters(struct str s)
{
	utf8proc_int32_t before = 0, point, state = 0;
	size_t count = 0;

	for (size_t i = 0; i < s.len;) {
		utf8proc_ssize_t used = utf8proc_iterate((const unsigned char *)s.at + i, (utf8proc_ssize_t)(s.len - i), &point);

		if (used <= 0) {
			used = 1;
			point = 0;
		}
		count += !i || utf8proc_grapheme_break_stateful(before, point, &state);
		before = point;
		i += (size_t)used;
	}
	return count;
}

bool str_is_words(struct str s, size_t least, size_t most)
{
	size_t letters = str_letters(s);

	return letters >= least && letters <= most && str_utf8(s, NULL);
}

static struct str lower_ascii(struct arena *a, struct str s)
{
	char *copy = arena_dup(a, s.at, s.len);

	for (size_t i = 0; i < s.len; i++)
		if (copy[i] >= 'A' && copy[i] <= 'Z')
			copy[i] = (char)(copy[i] + ('a' - 'A'));
	return (struct str){ copy, s.len };
}

struct str str_fold(struct arena *a, struct str s)
{
	const utf8proc_option_t how = UTF8PROC_STABLE | UTF8PROC_COMPAT | UTF8PROC_COMPOSE |
				      UTF8PROC_STRIPMARK | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE;
	const unsigned char *bytes = (const unsigned char *)s.at;

	if (skip_ascii(s.at, 0, s.len) == s.len)
		return lower_ascii(a, s);

	utf8proc_ssize_t len = (utf8proc_ssize_t)s.len;
	utf8proc_ssize_t count = utf8proc_decompose(bytes, len, NULL, 0, how);
	if (count < 0) /* not UTF-8: fold what can be folded */
		return lower_ascii(a, s);
	/* One more, because reencode ends the text with a NUL. */
	utf8proc_int32_t *points = NEW_N(a, utf8proc_int32_t, (size_t)count + 1);
	utf8proc_decompose(bytes, len, points, count, how);
	len = utf8proc_reencode(points, count, how);
	return (struct str){ (char *)points, len < 0 ? 0 : (size_t)len };
}

/* How many bytes the character at s.at takes; *word: whether it is part of one. */
static size_t word_char(struct str s, bool *word)
{
	unsigned char first = (unsigned char)*s.at;
	utf8proc_int32_t point;

	if (first < 0x80) {
		*word = (first >= '0' && first <= '9') || (first >= 'a' && first <= 'z') ||
			(first >= 'A' && first <= 'Z');
		return 1;
	}
	utf8proc_ssize_t used = utf8proc_iterate((const unsigned char *)s.at,
						 (utf8proc_ssize_t)s.len, &point);
	*word = false;
	if (used <= 0)
		return 1;
	utf8proc_category_t category = utf8proc_category(point);
	*word = category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_NO;
	return (size_t)used;
}

struct str str_word(struct str *s)
{
	struct str word = { s->at, 0 };
	bool is = false;

	while (s->len) {
		size_t used = word_char(*s, &is);

		if (is)
			word.len += used;
		else if (word.len)
			return word;
		s->at += used;
		s->len -= used;
		if (!is)
			word.at = s->at;
	}
	return word;
}

struct str str_upper(struct arena *a, struct str s)
{
	/* A letter and its capital may differ in length; no form of UTF-8 is longer than four. */
	unsigned char *out = arena_alloc(a, s.len * 4 + 1);
	size_t len = 0;

	for (size_t at = 0; at < s.len;) {
		utf8proc_int32_t point;
		utf8proc_ssize_t used = utf8proc_iterate((const unsigned char *)s.at + at,
							 (utf8proc_ssize_t)(s.len - at), &point);
		if (used <= 0)
			break;
		len += (size_t)utf8proc_encode_char(utf8proc_toupper(point), out + len);
		at += (size_t)used;
	}
	return (struct str){ (char *)out, len };
}

bool str_eq_secret(struct str a, struct str b)
{
	volatile unsigned char different = 0;

	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++)
		different = (unsigned char)(different | (a.at[i] ^ b.at[i]));
	return different == 0;
}
