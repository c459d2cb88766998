/* sorter.c - runs of sorted strings in a file, and a heap that merges them.
 *
 * In a run each string is written as what it shares with the one before (neighbours share much),
 * the length of the rest, and the rest. Blocks are sorted by the thread that fills them while the
 * others fill the next one.
 */
#include "base/sorter.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	BLOCKS = 2,
	WINDOW = 16384,  /* bytes of a run that are looked at when many are merged */
	RUNS_MOST = 1024 /* merged at once */
};

struct entry {
	uint64_t head; /* the first eight bytes, for most comparisons */
	uint32_t at, len;
};

struct block {
	char *bytes;
	struct entry *entries;
	size_t used, len;
	bool busy; /* being written by the thread that filled it */
};

struct run {
	off_t at, end;
};

/* A run being read. */
struct reader {
	off_t at, end;
	char *window; /* WINDOW bytes, filled from `from` to `have` */
	size_t from, have;
	char *string; /* SORTER_STRING_MOST bytes: the current one */
	size_t len;
};

struct sorter {
	int fd;
	size_t bytes_most, entries_most; /* of a block */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct block blocks[BLOCKS];
	unsigned filling;
	struct run *runs;
	size_t run_len, run_cap;
	off_t end; /* of the file */
	int64_t count;
	struct reader *readers;
	struct reader **heap;
	size_t reader_len, heap_len;
	bool started; /* the first has been given out */
};

static void *must(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

struct sorter *sorter_new(int fd, size_t memory)
{
	struct sorter *s = must(calloc(1, sizeof *s));
	size_t block = (memory < ((size_t)4 << 20) ? (size_t)4 << 20 : memory) / (BLOCKS + 1);

	s->fd = fd;
	s->bytes_most = block / 4 * 3;
	s->entries_most = block / 4 / sizeof(struct entry);
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->changed, NULL);
	return s;
}

static void free_readers(struct sorter *s)
{
	for (size_t i = 0; i < s->reader_len; i++) {
		free(s->readers[i].window);
		free(s->readers[i].string);
	}
	free(s->readers);
	free(s->heap);
	s->readers = NULL;
	s->heap = NULL;
	s->reader_len = s->heap_len = 0;
}

void sorter_free(struct sorter *s)
{
	if (!s)
		return;
	free_readers(s);
	for (int i = 0; i < BLOCKS; i++) {
		free(s->blocks[i].bytes);
		free(s->blocks[i].entries);
	}
	free(s->runs);
	pthread_mutex_destroy(&s->lock);
	pthread_cond_destroy(&s->changed);
	free(s);
}

int64_t sorter_count(const struct sorter *s)
{
	return s->count;
}

/* ---- a block becomes a run ---- */

static uint64_t head_of(struct str string)
{
	unsigned char first[8] = { 0 };
	uint64_t head = 0;

	memcpy(first, string.at, string.len < 8 ? string.len : 8);
	for (int i = 0; i < 8; i++)
		head = head << 8 | first[i];
	return head;
}

static int bytes_cmp(const char *a, size_t a_len, const char *b, size_t b_len)
{
	int order = memcmp(a, b, a_len < b_len ? a_len : b_len);

	return order ? order : (a_len > b_len) - (a_len < b_len);
}

static int entry_cmp(const void *x, const void *y, void *arg)
{
	const struct entry *a = x, *b = y;
	const char *bytes = arg;

	if (a->head != b->head)
		return a->head < b->head ? -1 : 1;
	return bytes_cmp(bytes + a->at, a->len, bytes + b->at, b->len);
}

static size_t put_number(char *to, size_t n)
{
	size_t len = 0;

	for (; n >= 0x80; n >>= 7)
		to[len++] = (char)(n | 0x80);
	to[len++] = (char)n;
	return len;
}

static size_t shared(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t n = 0, most = a_len < b_len ? a_len : b_len;

	while (n < most && a[n] == b[n])
		n++;
	return n;
}

/* Bytes on their way to the file, which nobody else appends to meanwhile or which have their place. */
struct output {
	int fd;
	off_t at;
	char *bytes;
	size_t len, cap;
	char last[SORTER_STRING_MOST];
	size_t last_len;
};

static enum err output_flush(struct ctx *c, struct output *o)
{
	for (size_t done = 0; done < o->len;) {
		ssize_t n = pwrite(o->fd, o->bytes + done, o->len - done, o->at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fail(c, ERR_IO, "What is being sorted cannot be written: %s.",
				    strerror(errno));
		done += (size_t)n;
		o->at += n;
	}
	o->len = 0;
	return OK;
}

static enum err output_string(struct ctx *c, struct output *o, const char *string, size_t len)
{
	size_t same = shared(o->last, o->last_len, string, len), rest = len - same;

	if (o->len + rest + 16 > o->cap)
		TRY(output_flush(c, o));
	o->len += put_number(o->bytes + o->len, same);
	o->len += put_number(o->bytes + o->len, rest);
	memcpy(o->bytes + o->len, string + same, rest);
	o->len += rest;
	memcpy(o->last + same, string + same, rest);
	o->last_len = len;
	return OK;
}

static void add_run(struct sorter *s, off_t at, off_t end)
{
	if (s->run_len == s->run_cap) {
		s->run_cap = s->run_cap ? s->run_cap * 2 : 64;
		s->runs = must(realloc(s->runs, s->run_cap * sizeof *s->runs));
	}
	s->runs[s->run_len++] = (struct run){ at, end };
}

/* The room a block may take in the file is taken before it is known how much it needs. */
static enum err write_block(struct ctx *c, struct sorter *s, struct block *b)
{
	struct output *o = must(malloc(sizeof *o));
	off_t at;
	enum err e = OK;

	qsort_r(b->entries, b->len, sizeof *b->entries, entry_cmp, b->bytes);
	pthread_mutex_lock(&s->lock);
	at = s->end;
	s->end += (off_t)(b->used + 6 * b->len);
	pthread_mutex_unlock(&s->lock);
	*o = (struct output){ .fd = s->fd, .at = at, .cap = (size_t)1 << 18 };
	o->bytes = must(malloc(o->cap));
	for (size_t i = 0; e == OK && i < b->len; i++)
		e = output_string(c, o, b->bytes + b->entries[i].at, b->entries[i].len);
	if (e == OK)
		e = output_flush(c, o);
	pthread_mutex_lock(&s->lock);
	if (e == OK)
		add_run(s, at, o->at);
	b->used = b->len = 0;
	b->busy = false;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	free(o->bytes);
	free(o);
	return e;
}

static bool is_full(const struct sorter *s, const struct block *b, size_t more)
{
	return b->len == s->entries_most || b->used + more > s->bytes_most;
}

/* The block to add to, with the lock held. Whoever finds it full writes it before waiting for
 * another: two who each held a full one and waited for the other's would wait for good. */
static enum err block_for(struct ctx *c, struct sorter *s, size_t more, struct block **out)
{
	for (;;) {
		struct block *b = &s->blocks[s->filling];

		if (b->busy) { /* every block is being written */
			pthread_cond_wait(&s->changed, &s->lock);
			continue;
		}
		if (!b->entries) {
			b->bytes = must(malloc(s->bytes_most));
			b->entries = must(malloc(s->entries_most * sizeof *b->entries));
		}
		*out = b;
		if (!is_full(s, b, more))
			return OK;
		b->busy = true;
		s->filling = (s->filling + 1) % BLOCKS;
		pthread_mutex_unlock(&s->lock);
		enum err e = write_block(c, s, b);
		pthread_mutex_lock(&s->lock);
		TRY(e);
	}
}

enum err sorter_add(struct ctx *c, struct sorter *s, struct str string)
{
	struct block *b;

	assert(string.len <= SORTER_STRING_MOST);
	pthread_mutex_lock(&s->lock);
	enum err e = block_for(c, s, string.len, &b);
	if (e == OK) {
		memcpy(b->bytes + b->used, string.at, string.len);
		b->entries[b->len++] = (struct entry){ head_of(string), (uint32_t)b->used,
						       (uint32_t)string.len };
		b->used += string.len;
		s->count++;
	}
	pthread_mutex_unlock(&s->lock);
	return e;
}

/* ---- runs become one ---- */

static enum err refill(struct ctx *c, struct sorter *s, struct reader *r)
{
	size_t left = r->have - r->from, room;
	ssize_t n;

	memmove(r->window, r->window + r->from, left);
	r->from = 0;
	r->have = left;
	room = WINDOW - left;
	if ((off_t)room > r->end - r->at)
		room = (size_t)(r->end - r->at);
	if (room == 0)
		return OK;
	do
		n = pread(s->fd, r->window + left, room, r->at);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return fail(c, ERR_IO, "What was sorted cannot be read again: %s.",
			    n ? strerror(errno) : "the file is short");
	r->at += n;
	r->have += (size_t)n;
	return OK;
}

static size_t take_number(struct reader *r)
{
	size_t n = 0;

	for (unsigned shift = 0; r->from < r->have && shift < 28; shift += 7) {
		unsigned char byte = (unsigned char)r->window[r->from++];
		n |= (size_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			break;
	}
	return n;
}

/* The rest of a string may be longer than the window. */
static enum err take_bytes(struct ctx *c, struct sorter *s, struct reader *r, size_t at, size_t len)
{
	while (len) {
		size_t n = r->have - r->from < len ? r->have - r->from : len;

		memcpy(r->string + at, r->window + r->from, n);
		r->from += n;
		at += n;
		len -= n;
		if (len && r->at == r->end)
			return fail(c, ERR_IO, "What was sorted is damaged.");
		if (len)
			TRY(refill(c, s, r));
	}
	return OK;
}

static enum err advance(struct ctx *c, struct sorter *s, struct reader *r, bool *more)
{
	size_t same, rest;

	if (r->have - r->from < 16)
		TRY(refill(c, s, r));
	*more = r->from < r->have;
	if (!*more)
		return OK;
	same = take_number(r);
	rest = take_number(r);
	if (same > r->len || same + rest > SORTER_STRING_MOST)
		return fail(c, ERR_IO, "What was sorted is damaged.");
	TRY(take_bytes(c, s, r, same, rest));
	r->len = same + rest;
	return OK;
}

static void sift(struct sorter *s, size_t i)
{
	for (;;) {
		size_t least = i;

		for (size_t j = 2 * i + 1; j <= 2 * i + 2 && j < s->heap_len; j++)
			if (bytes_cmp(s->heap[j]->string, s->heap[j]->len,
				      s->heap[least]->string, s->heap[least]->len) < 0)
				least = j;
		if (least == i)
			return;
		struct reader *r = s->heap[i];
		s->heap[i] = s->heap[least];
		s->heap[least] = r;
		i = least;
	}
}

/* The readers of runs `from` to `to`, in a heap. */
static enum err open_runs(struct ctx *c, struct sorter *s, size_t from, size_t to)
{
	free_readers(s);
	s->started = false;
	s->readers = must(calloc(to - from + 1, sizeof *s->readers));
	s->heap = must(calloc(to - from + 1, sizeof(struct reader *)));
	for (size_t i = from; i < to; i++) {
		struct reader *r = &s->readers[s->reader_len++];
		bool more;

		r->at = s->runs[i].at;
		r->end = s->runs[i].end;
		r->window = must(malloc(WINDOW));
		r->string = must(malloc(SORTER_STRING_MOST));
		TRY(advance(c, s, r, &more));
		if (more)
			s->heap[s->heap_len++] = r;
	}
	for (size_t i = s->heap_len; i-- > 0;)
		sift(s, i);
	return OK;
}

enum err sorter_next(struct ctx *c, struct sorter *s, struct str *out, bool *more)
{
	if (s->started && s->heap_len) {
		bool left;

		TRY(advance(c, s, s->heap[0], &left));
		if (!left)
			s->heap[0] = s->heap[--s->heap_len];
		sift(s, 0);
	}
	s->started = true;
	*more = s->heap_len > 0;
	if (*more)
		*out = (struct str){ s->heap[0]->string, s->heap[0]->len };
	return OK;
}

/* The first RUNS_MOST runs become one at the end of the file. */
static enum err merge_some(struct ctx *c, struct sorter *s)
{
	struct output *o = must(malloc(sizeof *o));
	struct str string;
	bool more = true;
	enum err e = open_runs(c, s, 0, RUNS_MOST);

	*o = (struct output){ .fd = s->fd, .at = s->end, .cap = (size_t)1 << 18 };
	o->bytes = must(malloc(o->cap));
	while (e == OK && more) {
		e = sorter_next(c, s, &string, &more);
		if (e == OK && more)
			e = output_string(c, o, string.at, string.len);
	}
	if (e == OK)
		e = output_flush(c, o);
	memmove(s->runs, s->runs + RUNS_MOST, (s->run_len - RUNS_MOST) * sizeof *s->runs);
	s->run_len -= RUNS_MOST;
	add_run(s, s->end, o->at);
	s->end = o->at;
	free(o->bytes);
	free(o);
	return e;
}

enum err sorter_finish(struct ctx *c, struct sorter *s)
{
	for (int i = 0; i < BLOCKS; i++)
		if (s->blocks[i].len)
			TRY(write_block(c, s, &s->blocks[i]));
	for (int i = 0; i < BLOCKS; i++) {
		free(s->blocks[i].bytes);
		free(s->blocks[i].entries);
		s->blocks[i] = (struct block){ 0 };
	}
	while (s->run_len > RUNS_MOST)
		TRY(merge_some(c, s));
	return open_runs(c, s, 0, s->run_len);
}
