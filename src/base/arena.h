/* arena.h - memory that lives and dies together.
 *
 * Who knows the lifetime owns the arena: the process (tables, compiled expressions), the request
 * (ctx->arena), or a block (`ARENA(scratch);`, gone at the closing brace). The callee never makes
 * the arena of its result; it is handed one. Nothing is freed singly. Out of memory aborts: the
 * transaction protects the data, and what users control is bounded before it is allocated.
 *
 * Under AddressSanitizer unused space and a redzone after each allocation are poisoned, so an
 * overflow inside an arena is caught like one on the heap.
 *
 * Not thread-safe: one arena, one thread. Never longjmp over an ARENA block.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* Under AddressSanitizer, whichever compiler's: what is not handed out is poisoned. */
#if defined(__SANITIZE_ADDRESS__)
#define ARENA_POISON 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_POISON 1
#endif
#endif

struct arena_chunk;

struct arena {
	struct arena_chunk *chunk; /* newest first; NULL while empty */
	char *at, *end;            /* free space of the newest chunk */
	size_t total;              /* bytes held from the system */
};

struct arena_mark {
	struct arena_chunk *chunk;
	char *at;
};

void arena_init(struct arena *a);
/* Give everything back. The arena can be used again. */
void arena_done(struct arena *a);
/* Forget everything but keep one chunk for the next round. */
void arena_reset(struct arena *a);
/* Give back what was allocated since the mark; calls deferred since then run now. */
struct arena_mark arena_mark(const struct arena *a);
void arena_release(struct arena *a, struct arena_mark mark);

/* Aligned to 16, not zeroed; never NULL. */
void *arena_alloc(struct arena *a, size_t size) __attribute__((malloc, alloc_size(2)));
/* Zeroed; aborts if count * size overflows. */
void *arena_zalloc(struct arena *a, size_t count, size_t size) __attribute__((malloc));
/* Make the newest allocation longer where it stands, and return it; NULL if it is not the newest
 * or there is no room behind it (nothing changed, a copy is needed). `old` is the size it has. */
void *arena_extend(struct arena *a, void *at, size_t old, size_t size);
/* Copies, with a NUL added after. */
char *arena_dup(struct arena *a, const void *bytes, size_t len);
char *arena_str(struct arena *a, const char *s);
char *arena_printf(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *a, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));
/* Run fn(arg) when the arena is done or reset, newest first (files, statements). */
void arena_defer(struct arena *a, void (*fn)(void *), void *arg);

#define NEW(a, type) ((type *)arena_zalloc((a), 1, sizeof(type)))
#define NEW_N(a, type, n) ((type *)arena_zalloc((a), (n), sizeof(type)))

/* A scratch arena for the enclosing block. */
#define ARENA(name) \
	__attribute__((cleanup(arena_done))) struct arena name; \
	arena_init(&name)

#endif
