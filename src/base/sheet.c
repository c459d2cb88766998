/* sheet.c - see sheet.h. */
#include "base/sheet.h"

#include <csv.h>
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/buf.h"

enum { MAX_FIELDS = 1000, MAX_ROW = 1 << 20 };

struct reading {
	struct ctx *c;
	const char *path;
	enum err (*each)(struct ctx *c, void *arg, const struct sheet_row *row);
	void *arg;
	struct buf text; /* the row's fields, one after the other */
	size_t ends[MAX_FIELDS];
	struct sheet_row row;
	enum err e;
};

static void add_field(void *bytes, size_t len, void *arg)
{
	struct reading *r = arg;

	if (r->e != OK)
		return;
	buf_add(&r->text, bytes, len);
	if (r->text.full || r->row.len == MAX_FIELDS)
		r->e = fail(r->c, ERR_TOO_LARGE,
			    "%s: row %lld is longer than 1 MiB or has more than %d fields",
			    r->path, (long long)r->row.number + 1, MAX_FIELDS);
	else
		r->ends[r->row.len++] = r->text.len;
}

static void end_row(int last, void *arg)
{
	struct reading *r = arg;
	struct str fields[MAX_FIELDS];

	(void)last;
	if (r->e != OK)
		return;
	for (unsigned i = 0; i < r->row.len; i++) {
		size_t from = i ? r->ends[i - 1] : 0;
		fields[i] = str_trim((struct str){ r->text.at + from, r->ends[i] - from });
	}
	r->row.number++;
	r->row.fields = fields;
	r->e = r->each(r->c, r->arg, &r->row);
	r->text.len = 0;
	r->row.len = 0;
}

/* What stands between fields, by what the header has most of outside quotes. */
static unsigned char guess_separator(const char *text, size_t len)
{
	static const char all[] = ",;\t|";
	unsigned counts[4] = { 0 }, best = 0;
	bool quoted = false;

	for (size_t i = 0; i < len && (quoted || (text[i] != '\n' && text[i] != '\r')); i++) {
		const char *at = text[i] ? strchr(all, text[i]) : NULL;
		quoted ^= text[i] == '"';
		if (at && !quoted)
			counts[at - all]++;
	}
	for (unsigned i = 1; i < 4; i++)
		if (counts[i] > counts[best])
			best = i;
	return (unsigned char)all[best];
}

/* What the first bytes say of the whole: *skip, those that are no text. */
static enum err begin_file(struct reading *r, struct csv_parser *parser, const char *text, size_t len, size_t *skip)
{
	if (len >= 2 && (!memcmp(text, "\xFF\xFE", 2) || !memcmp(text, "\xFE\xFF", 2)))
		return fail(r->c, ERR_SYNTAX, "%s is UTF-16; it has to be saved as UTF-8", r->path);
	*skip = len >= 3 && !memcmp(text, "\xEF\xBB\xBF", 3) ? 3 : 0;
	while (*skip < len && (text[*skip] == '\n' || text[*skip] == '\r'))
		++*skip;
	csv_set_delim(parser, guess_separator(text + *skip, len - *skip));
	return OK;
}

static enum err parse_file(struct reading *r, struct csv_parser *parser, FILE *file)
{
	char chunk[1 << 16];
	size_t len, skip;
	bool first = true;

	while ((len = fread(chunk, 1, sizeof chunk, file)) > 0) {
		r->row.done += (int64_t)len;
		skip = 0;
		if (first)
			TRY(begin_file(r, parser, chunk, len, &skip));
		first = false;
		if (csv_parse(parser, chunk + skip, len - skip, add_field, end_row, r) !=
		    len - skip)
			return fail(r->c, ERR_SYNTAX,
				    "%s: row %lld: a quote stands inside a field that does not "
				    "begin "
				    "with one, or is not doubled",
				    r->path, (long long)r->row.number + 1);
		TRY(r->e);
		TRY(ctx_check(r->c));
	}
	if (ferror(file))
		return fail(r->c, ERR_IO, "%s cannot be read: %m", r->path);
	if (csv_fini(parser, add_field, end_row, r))
		return fail(r->c, ERR_SYNTAX, "%s: row %lld: a quote is not closed", r->path,
			    (long long)r->row.number + 1);
	return r->e;
}

enum err sheet_read(struct ctx *c, const char *path,
		    enum err (*each)(struct ctx *c, void *arg, const struct sheet_row *row),
		    void *arg)
{
	struct csv_parser parser;
	struct stat status;
	ARENA(scratch);
	FILE *file = fopen(path, "rb");
	struct reading *r = NEW(&scratch, struct reading);
	enum err e;

	if (!file)
		return fail(c, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO,
			    "%s cannot be opened: %m", path);
	*r = (struct reading){ .c = c, .path = path, .each = each, .arg = arg };
	buf_init(&r->text, &scratch, MAX_ROW);
	r->row.total = fstat(fileno(file), &status) ? 0 : (int64_t)status.st_size;
	csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI);
	e = parse_file(r, &parser, file);
	csv_free(&parser);
	fclose(file);
	return e;
}

void sheet_put(struct buf *b, struct str field)
{
	bool quoted = field.len && (field.at[0] == ' ' || field.at[field.len - 1] == ' ');

	for (size_t i = 0; i < field.len && !quoted; i++)
		quoted = memchr(",\"\r\n", field.at[i], 4) != NULL;
	if (!quoted) {
		buf_str(b, field);
		return;
	}
	buf_char(b, '"');
	for (size_t i = 0; i < field.len; i++) {
		if (field.at[i] == '"')
			buf_char(b, '"');
		buf_char(b, field.at[i]);
	}
	buf_char(b, '"');
}
