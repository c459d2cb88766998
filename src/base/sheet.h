/* sheet.h - comma-separated values, row by row in constant memory (libcsv).
 *
 * RFC 4180 and what people make of it: quoted fields may hold commas, quotes and line ends, spaces
 * around a field are no part of it, lines end in LF, CRLF or CR, a byte order mark and empty lines are
 * passed over; semicolons, tabs or bars stand between the fields where the header has more of those than
 * commas. gzip is not undone.
 */
#ifndef BASE_SHEET_H
#define BASE_SHEET_H

#include "base/ctx.h"

struct sheet_row {
	int64_t number; /* 1 is the header */
	const struct str *fields;
	unsigned len;
	int64_t done, total; /* bytes read so far and of the file */
};

/* Calls `each` for every row; fields are valid until it returns. Stops at its first error.
 * ERR_NOT_FOUND, ERR_IO; ERR_SYNTAX when quotes do not pair, or it is UTF-16; ERR_TOO_LARGE for a row of more than
 * 1 MiB or 1,000 fields. */
NODISCARD enum err
sheet_read(struct ctx *c, const char *path,
	   enum err (*each)(struct ctx *c, void *arg, const struct sheet_row *row), void *arg);
/* Append one field with its quotes, where it needs them. */
struct buf;
void sheet_put(struct buf *b, struct str field);

#endif
