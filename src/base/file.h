/* file.h - whole files, read within a limit and written without halves. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/ctx.h"

/* The whole file ("-": standard input) into `a`, gzip undone; ERR_TOO_LARGE past `limit`. */
NODISCARD enum err file_read(struct ctx *c, struct arena *a, const char *path, size_t limit,
			     struct str *out);
/* Written beside, synced, renamed: the old file or the new one, never half. */
NODISCARD enum err file_write(struct ctx *c, const char *path, struct str bytes);

#endif
