/* str.h - a run of bytes with its length, borrowed from whoever owns it.
 *
 * A `struct str` owns nothing, may hold NULs and need not end in one. Text is UTF-8.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"

struct str {
	const char *at;
	size_t len;
};

#define STR(literal) ((struct str){ "" literal "", sizeof(literal) - 1 })
#define STR_FMT "%.*s"
#define STR_ARG(s) (int)(s).len, (s).at

static inline struct str str_of(const char *s)
{
	return (struct str){ s, s ? strlen(s) : 0 };
}

static inline bool str_eq(struct str a, struct str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

static inline bool str_is(struct str a, const char *b)
{
	return str_eq(a, str_of(b));
}

/* Byte order, shorter first where one begins the other: <0, 0, >0. */
int str_cmp(struct str a, struct str b);
bool str_starts(struct str s, struct str head);
bool str_ends(struct str s, struct str tail);
/* Index of the first occurrence, or -1. */
ptrdiff_t str_find(struct str s, struct str part);
/* Cut s at the first `sep`: the part before is returned and s moves past the separator; at the
 * end s->at becomes NULL. `while (s.at) { part = str_cut(&s, ','); … }` */
struct str str_cut(struct str *s, char sep);
/* Without spaces, tabs and line ends on both sides. */
struct str str_trim(struct str s);
/* A NUL-terminated copy. */
char *str_dup(struct arena *a, struct str s);
/* Base64 undone, white space ignored; in `a`. False when it is not base64. */
bool str_unbase64(struct arena *a, struct str s, struct str *out);
/* A whole decimal integer within int64, sign allowed; false if anything else. */
bool str_int(struct str s, int64_t *out);
/* True if the bytes are well-formed UTF-8 without surrogates; else *bad is the offset. */
bool str_utf8(struct str s, size_t *bad);
/* How many letters a reader counts: what is written with accents, or joined, is one (utf8proc). A byte that is no UTF-8 is one. */
size_t str_letters(struct str s);
/* Is it UTF-8, and does it have that many letters? */
bool str_is_words(struct str s, size_t least, size_t most);
/* Lower case without accents, compatibility forms folded (utf8proc), for search; in `a`. */
struct str str_fold(struct arena *a, struct str s);
/* Cut the next word, letters and digits of any script, from folded text; empty at the end. */
struct str str_word(struct str *s);
/* Upper case, letter by letter (utf8proc), for show; what is not UTF-8 is cut off; in `a`. */
struct str str_upper(struct arena *a, struct str s);
/* Equal in a time that depends only on the lengths. For secrets. */
bool str_eq_secret(struct str a, struct str b);

#endif
