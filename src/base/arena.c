/* arena.c - chunks from malloc, handed out from the front.
 *
 * A chunk is a header and its space. Chunks double from 4 KB to 1 MB; what does not fit gets a
 * chunk of its own size with the usual room behind it, so that a large piece does not strand the
 * small ones that follow. Chunks stand in the order they were made, which is what lets a mark be
 * a chunk and a place in it.
 *
 * A few of the largest chunks are kept for whoever needs one next: the system takes longer to give and clear a megabyte
 * than most work takes to fill it.
 */
#include "base/arena.h"

#include "base/plain.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ALIGN 16u
#define CHUNK_MIN ((size_t)4 << 10)
#define CHUNK_MAX ((size_t)1 << 20)

#ifdef ARENA_POISON
#include <sanitizer/asan_interface.h>
#define REDZONE 16u
#define poison(at, len) ASAN_POISON_MEMORY_REGION((at), (len))
#define unpoison(at, len) ASAN_UNPOISON_MEMORY_REGION((at), (len))
#else
#define REDZONE 0u
#define poison(at, len) ((void)(at), (void)(len))
#define unpoison(at, len) ((void)(at), (void)(len))
#endif

struct defer {
	struct defer *older;
	void (*fn)(void *);
	void *arg;
};

struct arena_chunk {
	struct arena_chunk *older;
	struct defer *defers; /* made while this chunk was the newest; they lie in it */
	size_t size;          /* header included */
} __attribute__((aligned(ALIGN)));

static char *chunk_space(struct arena_chunk *chunk)
{
	return (char *)(chunk + 1);
}

static char *chunk_end(struct arena_chunk *chunk)
{
	return (char *)chunk + chunk->size;
}

__attribute__((noreturn, cold)) static void out_of_memory(void)
{
	static const char words[] = "out of memory\n";
	ssize_t ignored = write(STDERR_FILENO, words, sizeof words - 1);

	(void)ignored;
	abort();
}

/* Bytes an allocation takes: whole units of 16 and the redzone. */
static inline size_t padded(size_t size)
{
	return ((size + ALIGN - 1) & ~(size_t)(ALIGN - 1)) + REDZONE;
}

/* --- largest chunks that nobody has --- */

enum { SPARES = 16 };
static struct {
	pthread_mutex_t lock;
	struct arena_chunk *first;
	unsigned len;
} spare = { .lock = PTHREAD_MUTEX_INITIALIZER };

static struct arena_chunk *spare_take(size_t size)
{
	struct arena_chunk *chunk = NULL;

	if (size != CHUNK_MAX)
		return NULL;
	pthread_mutex_lock(&spare.lock);
	if (spare.first) {
		chunk = spare.first;
		spare.first = chunk->older;
		spare.len--;
	}
	pthread_mutex_unlock(&spare.lock);
	return chunk;
}

/* Under sanitizers each goes back, so that what is used too late is seen. */
static bool spare_keep(struct arena_chunk *chunk)
{
	bool kept;

	if (REDZONE || chunk->size != CHUNK_MAX)
		return false;
	pthread_mutex_lock(&spare.lock);
	kept = spare.len < SPARES;
	if (kept) {
		chunk->older = spare.first;
		spare.first = chunk;
		spare.len++;
	}
	pthread_mutex_unlock(&spare.lock);
	return kept;
}

static void chunk_add(struct arena *a, size_t need)
{
	size_t size = a->chunk ? a->chunk->size * 2 : CHUNK_MIN;

	if (size > CHUNK_MAX)
		size = CHUNK_MAX;
	if (need > size - sizeof(struct arena_chunk))
		size += need;

	struct arena_chunk *chunk = spare_take(size);
	if (!chunk)
		chunk = malloc(size);
	if (!chunk)
		out_of_memory();
	*chunk = (struct arena_chunk){ .older = a->chunk, .size = size };
	a->chunk = chunk;
	a->at = chunk_space(chunk);
	a->end = chunk_end(chunk);
	a->total += size;
	poison(a->at, (size_t)(a->end - a->at));
}

static void chunk_free(struct arena *a, struct arena_chunk *chunk)
{
	a->total -= chunk->size;
	unpoison(chunk, chunk->size);
	if (!spare_keep(chunk))
		free(chunk);
}

/* Run what was deferred in this chunk at or after `from`, newest first. */
static void run_defers(struct arena_chunk *chunk, const char *from)
{
	while (chunk->defers && (const char *)chunk->defers >= from) {
		struct defer *defer = chunk->defers;
		chunk->defers = defer->older;
		defer->fn(defer->arg);
	}
}

static void run_all_defers(struct arena *a)
{
	for (struct arena_chunk *chunk = a->chunk; chunk; chunk = chunk->older)
		run_defers(chunk, chunk_space(chunk));
}

void arena_init(struct arena *a)
{
	*a = (struct arena){ 0 };
}

void arena_done(struct arena *a)
{
	run_all_defers(a);
	while (a->chunk) {
		struct arena_chunk *older = a->chunk->older;
		chunk_free(a, a->chunk);
		a->chunk = older;
	}
	arena_init(a);
}

void arena_reset(struct arena *a)
{
	struct arena_chunk *kept = NULL;

	run_all_defers(a);
	for (struct arena_chunk *chunk = a->chunk, *older; chunk; chunk = older) {
		older = chunk->older;
		/* The newest is the largest, but one swollen by a single request goes back. */
		if (!kept && chunk->size <= CHUNK_MAX)
			kept = chunk;
		else
			chunk_free(a, chunk);
	}
	a->chunk = kept;
	a->at = kept ? chunk_space(kept) : NULL;
	a->end = kept ? chunk_end(kept) : NULL;
	if (kept) {
		kept->older = NULL;
		poison(a->at, (size_t)(a->end - a->at));
	}
}

struct arena_mark arena_mark(const struct arena *a)
{
	return (struct arena_mark){ a->chunk, a->at };
}

void arena_release(struct arena *a, struct arena_mark mark)
{
	if (!mark.chunk) {
		arena_reset(a);
		return;
	}
	for (struct arena_chunk *chunk = a->chunk; chunk != mark.chunk; chunk = chunk->older)
		run_defers(chunk, chunk_space(chunk));
	run_defers(mark.chunk, mark.at);
	while (a->chunk != mark.chunk) {
		struct arena_chunk *older = a->chunk->older;
		chunk_free(a, a->chunk);
		a->chunk = older;
	}
	a->at = mark.at;
	a->end = chunk_end(mark.chunk);
	poison(a->at, (size_t)(a->end - a->at));
}

__attribute__((noinline, cold)) static void *alloc_from_new_chunk(struct arena *a, size_t size)
{
	if (size > SIZE_MAX / 4)
		out_of_memory();
	chunk_add(a, padded(size));

	char *at = a->at;
	a->at += padded(size);
	unpoison(at, size);
	return at;
}

void *arena_alloc(struct arena *a, size_t size)
{
	size_t space = (size_t)(a->end - a->at);

	size += !size; /* never the same address twice */
	if (__builtin_expect(size > space || padded(size) > space, 0))
		return alloc_from_new_chunk(a, size);

	char *at = a->at;
	a->at += padded(size);
	unpoison(at, size);
	return at;
}

void *arena_extend(struct arena *a, void *at, size_t old, size_t size)
{
	char *start = at;

	if (!at || size < old || start + padded(old + !old) != a->at)
		return NULL;
	if (size > (size_t)(a->end - start) || padded(size) > (size_t)(a->end - start))
		return NULL;
	a->at = start + padded(size + !size);
	unpoison(start, size);
	return at;
}

void *arena_zalloc(struct arena *a, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		out_of_memory();
	return memset(arena_alloc(a, bytes), 0, bytes);
}

char *arena_dup(struct arena *a, const void *bytes, size_t len)
{
	if (len == SIZE_MAX)
		out_of_memory();

	char *copy = arena_alloc(a, len + 1);
	if (len)
		memcpy(copy, bytes, len);
	copy[len] = 0;
	return copy;
}

char *arena_str(struct arena *a, const char *s)
{
	return arena_dup(a, s, strlen(s));
}

char *arena_vprintf(struct arena *a, const char *format, va_list args)
{
	char small[256];
	va_list again;

	int len = plain_print(small, sizeof small - 1, format, args);
	if (len >= 0)
		return arena_dup(a, small, (size_t)len);
	va_copy(again, args);
	len = vsnprintf(small, sizeof small, format, args);
	char *text;
	if (len < (int)sizeof small) {
		text = arena_dup(a, small, len < 0 ? 0 : (size_t)len);
	} else {
		text = arena_alloc(a, (size_t)len + 1);
		vsnprintf(text, (size_t)len + 1, format, again);
	}
	va_end(again);
	return text;
}

char *arena_printf(struct arena *a, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	char *text = arena_vprintf(a, format, args);
	va_end(args);
	return text;
}

void arena_defer(struct arena *a, void (*fn)(void *), void *arg)
{
	struct defer *defer = arena_alloc(a, sizeof *defer);

	*defer = (struct defer){ a->chunk->defers, fn, arg };
	a->chunk->defers = defer;
}
