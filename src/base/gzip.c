/* gzip.c - RFC 1952 through zlib. */
#include "base/gzip.h"

#include <limits.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#define GZIP_WINDOW (15 + 16) /* the largest window, with gzip's head and tail */
#define LEVEL 4               /* twice as fast as 6 for a few per cent more bytes */
#define STEP ((size_t)64 << 10)
#define RATIO_MAX 1032u /* the most that deflate can pack into a byte */

bool gzip_is(struct str bytes)
{
	return bytes.len >= 18 && memcmp(bytes.at, "\x1F\x8B\x08", 3) == 0;
}

static void inflate_done(z_stream *z)
{
	inflateEnd(z);
}

static void deflate_done(z_stream *z)
{
	deflateEnd(z);
}

/* What the last four bytes say of the size, if it can be true; saves growing step by step. */
static size_t size_hint(struct str bytes, size_t limit)
{
	const unsigned char *tail = (const unsigned char *)bytes.at + bytes.len - 4;
	size_t size =
		tail[0] | (size_t)tail[1] << 8 | (size_t)tail[2] << 16 | (size_t)tail[3] << 24;

	return size <= limit && size / RATIO_MAX <= bytes.len ? size : 0;
}

static enum err too_large(struct ctx *c, struct buf *out)
{
	out->full = true;
	return fail(c, ERR_TOO_LARGE, "Unpacked, this is larger than the %zu bytes allowed.",
		    out->limit);
}

/* One gzip member from z's input to the end of `out`. */
static enum err unpack_member(struct ctx *c, z_stream *z, struct buf *out)
{
	for (int state = Z_OK; state != Z_STREAM_END;) {
		char spare; /* at the limit: does one byte more come? */
		size_t left = out->limit - out->len;
		size_t room = left < STEP ? left : STEP;
		char *at = room ? buf_room(out, room) : &spare;
		if (!at)
			return too_large(c, out);

		z->next_out = (Bytef *)at;
		z->avail_out = room ? (uInt)room : 1;
		state = inflate(z, Z_NO_FLUSH);
		size_t got = (size_t)((char *)z->next_out - at);
		if (got && !room)
			return too_large(c, out);
		buf_took(out, got);
		if (state == Z_BUF_ERROR)
			return fail(c, ERR_SYNTAX, "The gzip data end too early.");
		if (state != Z_OK && state != Z_STREAM_END)
			return fail(c, ERR_SYNTAX, "The gzip data are damaged (%s).",
				    z->msg ? z->msg : "no detail");
		TRY(ctx_check(c));
	}
	return OK;
}

enum err gzip_unpack(struct ctx *c, struct str bytes, struct buf *out)
{
	if (!gzip_is(bytes))
		return fail(c, ERR_SYNTAX, "This is not gzip data.");
	if (bytes.len > UINT_MAX)
		return fail(c, ERR_TOO_LARGE, "More than 4 GB of gzip data.");

	__attribute__((cleanup(inflate_done))) z_stream z = { 0 };
	if (inflateInit2(&z, GZIP_WINDOW) != Z_OK)
		return fail(c, ERR_INTERNAL, "zlib cannot start.");
	buf_room(out, size_hint(bytes, out->limit - out->len));
	z.next_in = (Bytef *)bytes.at;
	z.avail_in = (uInt)bytes.len;
	TRY(unpack_member(c, &z, out));
	while (z.avail_in) { /* members may follow one another */
		inflateReset(&z);
		TRY(unpack_member(c, &z, out));
	}
	return OK;
}

/* No larger than the bytes need: of a few of them, most of the work was to clear 256 KB of tables. */
static int window_for(size_t len)
{
	int bits = 9; /* the least zlib takes */

	while (bits < 15 && (size_t)1 << bits < len)
		bits++;
	return bits;
}

enum err gzip_pack(struct ctx *c, struct str bytes, struct buf *out)
{
	int bits = window_for(bytes.len);

	if (bytes.len > UINT_MAX / 2)
		return fail(c, ERR_TOO_LARGE, "More than 2 GB to pack.");

	__attribute__((cleanup(deflate_done))) z_stream z = { 0 };
	if (deflateInit2(&z, LEVEL, Z_DEFLATED, bits + 16, bits - 7, Z_DEFAULT_STRATEGY) != Z_OK)
		return fail(c, ERR_INTERNAL, "zlib cannot start.");
	size_t bound = deflateBound(&z, bytes.len);
	char *at = buf_room(out, bound);
	if (!at)
		return fail(c, ERR_TOO_LARGE, "Packed, this may be larger than %zu bytes.",
			    out->limit);
	z.next_in = (Bytef *)bytes.at;
	z.avail_in = (uInt)bytes.len;
	z.next_out = (Bytef *)at;
	z.avail_out = (uInt)bound;
	if (deflate(&z, Z_FINISH) != Z_STREAM_END)
		return fail(c, ERR_INTERNAL, "zlib cannot pack.");
	buf_took(out, (size_t)((char *)z.next_out - at));
	return OK;
}

struct gzip_reader {
	int fd;
	z_stream z;
	bool ended, over; /* all read; all packed */
	char in[STEP];
};

struct gzip_reader *gzip_reader_new(int fd)
{
	struct gzip_reader *r = calloc(1, sizeof *r);

	if (r && deflateInit2(&r->z, LEVEL, Z_DEFLATED, GZIP_WINDOW, 8, Z_DEFAULT_STRATEGY) ==
			 Z_OK) {
		r->fd = fd;
		return r;
	}
	free(r);
	close(fd);
	return NULL;
}

ptrdiff_t gzip_reader_next(struct gzip_reader *r, char *out, size_t max)
{
	r->z.next_out = (Bytef *)out;
	r->z.avail_out = max < UINT_MAX ? (uInt)max : UINT_MAX;
	while (!r->over && r->z.next_out == (Bytef *)out) {
		if (r->z.avail_in == 0 && !r->ended) {
			ssize_t got = read(r->fd, r->in, sizeof r->in);
			if (got < 0)
				return -1;
			r->ended = got == 0;
			r->z.next_in = (Bytef *)r->in;
			r->z.avail_in = (uInt)got;
		}
		r->over = deflate(&r->z, r->ended ? Z_FINISH : Z_NO_FLUSH) == Z_STREAM_END;
	}
	return (char *)r->z.next_out - out;
}

void gzip_reader_free(struct gzip_reader *r)
{
	if (!r)
		return;
	deflateEnd(&r->z);
	close(r->fd);
	free(r);
}
