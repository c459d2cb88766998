/* table.h - a table of share/policy: named columns between tabs, # and empty lines passed over.
 *
 * For what a policy person may change: every complaint names the file and the line.
 */
#ifndef RULES_TABLE_H
#define RULES_TABLE_H

#include "base/ctx.h"
#include "base/share.h"

#define TABLE_COLUMNS 12

struct table_row {
	const char *file;
	unsigned line;
	struct str cell[TABLE_COLUMNS]; /* trimmed; empty where a line is short */
};

/* Calls `each` for every row below the header, which must be `header` ("key\tunit\t…"). Cells live in
 * `a`. ERR_NOT_FOUND; ERR_INVALID with file:line for another header or too many columns. */
NODISCARD enum err table_read(struct ctx *c, const struct share *share, struct arena *a,
			      const char *file, const char *header,
			      enum err (*each)(struct ctx *c, void *arg, const struct table_row *row),
			      void *arg);
/* ERR_INVALID: "share/policy/england/cap.tsv:12: reason". */
#define table_refuse(c, row, ...) table_fail((c), (row), __VA_ARGS__)
enum err table_fail(struct ctx *c, const struct table_row *row, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* "2015-04-06" as days since 1970-01-01; `empty` for an empty cell. ERR_INVALID with file:line. */
NODISCARD enum err table_day(struct ctx *c, const struct table_row *row, unsigned column,
			     int64_t empty, int64_t *out);

#endif
