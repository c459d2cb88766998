/* table.c - tables of share/policy, row by row. */
#include "rules/table.h"

#include <stdio.h>

#include "base/when.h"

enum err table_fail(struct ctx *c, const struct table_row *row, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	const char *why = arena_vprintf(c->arena, format, args);
	va_end(args);
	return fail(c, ERR_INVALID, "share/%s:%u: %s", row->file, row->line, why);
}

static unsigned columns_of(const char *header)
{
	unsigned n = 1;

	for (; *header; header++)
		n += *header == '\t';
	return n;
}

/* Cells that are missing at the end are empty; `columns`: how many there may be. */
static enum err split(struct ctx *c, struct str line, unsigned columns, struct table_row *row)
{
	unsigned n = 0;

	memset(row->cell, 0, sizeof row->cell);
	while (line.at) {
		struct str cell = str_trim(str_cut(&line, '\t'));

		if (n == columns)
			return table_fail(c, row, "has more than %u columns.", columns);
		row->cell[n++] = cell;
	}
	return OK;
}

enum err table_read(struct ctx *c, const struct share *share, struct arena *a, const char *file,
		    const char *header,
		    enum err (*each)(struct ctx *c, void *arg, const struct table_row *row), void *arg)
{
	struct table_row row = { .file = arena_str(a, file) };
	bool begun = false;
	struct str text;

	TRY(share_read(c, share, a, file, &text));
	while (text.at) {
		struct str line = str_cut(&text, '\n');

		row.line++;
		if (str_trim(line).len == 0 || line.at[0] == '#')
			continue;
		if (!begun && !str_is(str_trim(line), header))
			return table_fail(c, &row, "the first row must name the columns: %s", header);
		if (begun) {
			TRY(split(c, line, columns_of(header), &row));
			TRY(each(c, arg, &row));
		}
		begun = true;
	}
	return OK;
}

enum err table_day(struct ctx *c, const struct table_row *row, unsigned column, int64_t empty,
		   int64_t *out)
{
	struct str cell = row->cell[column];
	struct when w;

	if (!cell.len) {
		*out = empty;
		return OK;
	}
	if (!when_parse_date(cell, &w) || w.precision != WHEN_DAY)
		return table_fail(c, row, "'" STR_FMT "' is no day; write it as 2015-04-06.",
				  STR_ARG(cell));
	*out = when_days(w.year, w.month, w.day);
	return OK;
}
