/* gzip.h - RFC 1952 in and out, within a limit (zlib). */
#ifndef BASE_GZIP_H
#define BASE_GZIP_H

#include "base/buf.h"
#include "base/ctx.h"

bool gzip_is(struct str bytes);
/* Append the unpacked bytes. ERR_TOO_LARGE past out's limit, ERR_SYNTAX when damaged. */
NODISCARD enum err gzip_unpack(struct ctx *c, struct str bytes, struct buf *out);
NODISCARD enum err gzip_pack(struct ctx *c, struct str bytes, struct buf *out);

#endif
