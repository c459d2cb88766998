/* buf.h - bytes that grow, up to a limit.
 *
 * Memory comes from the arena given at init. Past the limit the buffer keeps what it has, drops
 * the rest and says so: `b.full`. Callers that can be driven by users check it once at the end.
 * The bytes are always followed by a NUL that is not counted.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdarg.h>

#include "base/str.h"

struct buf {
	struct arena *arena;
	char *at;
	size_t len, cap, limit;
	bool full; /* something did not fit below the limit */
};

/* An empty buffer of at most `limit` bytes (0: no limit but memory). */
void buf_init(struct buf *b, struct arena *a, size_t limit);
void buf_add(struct buf *b, const void *bytes, size_t len);
void buf_str(struct buf *b, struct str s);
void buf_cstr(struct buf *b, const char *s);
void buf_char(struct buf *b, char c);
void buf_utf8(struct buf *b, uint32_t code_point);
void buf_int(struct buf *b, int64_t n);
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));
/* Room for len bytes at the end, not yet counted; NULL when over the limit. Then buf_took. */
char *buf_room(struct buf *b, size_t len);
void buf_took(struct buf *b, size_t len);
/* What has been written so far; valid until the next write. */
struct str buf_get(const struct buf *b);

#endif
