/* lines.h - a file line by line in constant memory, gzip undone on the way. */
#ifndef BASE_LINES_H
#define BASE_LINES_H

#include "base/buf.h"
#include "base/ctx.h"

struct lines;

/* "-" is standard input. `limit`: bytes of one line. Closed with lines_close. */
NODISCARD enum err lines_open(struct ctx *c, const char *path, size_t limit, struct lines **out);
/* The next line without its end, in `a`; *more false after the last. ERR_TOO_LARGE past the limit,
 * ERR_SYNTAX when the gzip data is damaged. */
NODISCARD enum err lines_next(struct ctx *c, struct lines *lines, struct arena *a, struct str *line,
			      bool *more);
/* 1-based number of the line last returned. */
int64_t lines_number(const struct lines *lines);
void lines_close(struct lines *lines);
#define LINES(name) __attribute__((cleanup(lines_cleanup))) struct lines *name = NULL
void lines_cleanup(struct lines **lines);

#endif
