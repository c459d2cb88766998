/* tsv.c - tables of share/, row by row. */
#include "base/tsv.h"

static unsigned count_columns(const char *header)
{
	unsigned n = 1;

	while ((header = strchr(header, '\t')))
		header++, n++;
	return n;
}

static enum err cut_cells(struct ctx *c, struct str line, unsigned columns, struct tsv_row *row)
{
	unsigned n = 0;

	for (; line.at && n < columns; n++)
		row->cell[n] = str_trim(str_cut(&line, '\t'));
	if (n < columns || line.at)
		return fail(c, ERR_INVALID, "%s:%lld has not the %u columns of its table.",
			    row->file, (long long)row->line, columns);
	return OK;
}

enum err tsv_read(struct ctx *c, const struct share *share, struct arena *a, const char *file,
		  const char *header,
		  enum err (*each)(struct ctx *c, void *arg, const struct tsv_row *row), void *arg)
{
	struct tsv_row row = { .file = file };
	unsigned columns = count_columns(header);
	bool named = false;
	struct str text;

	TRY(share_read(c, share, a, file, &text));
	while (text.at) {
		struct str line = str_cut(&text, '\n');
		row.line++;
		if (str_ends(line, STR("\r")))
			line.len--;
		if (!line.len || line.at[0] == '#')
			continue;
		if (!named && !str_is(line, header))
			return fail(c, ERR_INVALID, "%s:%lld does not name the columns expected.", file,
				    (long long)row.line);
		if (named) {
			TRY(cut_cells(c, line, columns, &row));
			TRY(each(c, arg, &row));
		}
		named = true;
	}
	return OK;
}
