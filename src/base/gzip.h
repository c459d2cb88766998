/* gzip.h - RFC 1952 in and out, within a limit (zlib). */
#ifndef BASE_GZIP_H
#define BASE_GZIP_H

#include "base/buf.h"
#include "base/ctx.h"

bool gzip_is(struct str bytes);
/* Append the unpacked bytes. ERR_TOO_LARGE past out's limit, ERR_SYNTAX when damaged. */
NODISCARD enum err gzip_unpack(struct ctx *c, struct str bytes, struct buf *out);
NODISCARD enum err gzip_pack(struct ctx *c, struct str bytes, struct buf *out);

/* What is read from a file, packed in pieces: constant memory, however large it is. */
struct gzip_reader;
/* Takes over the descriptor; NULL, and the descriptor closed, without memory. */
struct gzip_reader *gzip_reader_new(int fd);
/* The next bytes, at most `max`; 0 at the end, -1 when the file cannot be read. */
ptrdiff_t gzip_reader_next(struct gzip_reader *r, char *out, size_t max);
void gzip_reader_free(struct gzip_reader *r);

#endif
