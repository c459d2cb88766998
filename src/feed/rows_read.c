/* rows_read.c - a file of rows, in constant memory: any delimiter, UTF-8 or Windows-1252, and a row that
 * cannot be read stops no other. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "feed/rows.h"

enum { ROW_LIMIT = 1 << 18, WINDOW = 1 << 20, FIELDS_MOST = 1000 };

struct rows_file {
	FILE *file;               /* NULL: all is in the window from the start */
	char *window;             /* of WINDOW bytes, or the bytes given */
	bool own;
	size_t from, to;          /* what is left in the window */
	bool end;                 /* nothing comes after it */
	int64_t done, total, number;
	char delimiter;
	struct str fields[FIELDS_MOST];
};

/* Of Windows-1252: 0x80 to 0x9F; 0 is no character. The others are as in Unicode. */
static const uint16_t windows[32] = {
	0x20AC, 0, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160, 0x2039, 0x0152,
	0, 0x017D, 0, 0, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x02DC, 0x2122, 0x0161,
	0x203A, 0x0153, 0, 0x017E, 0x0178,
};

static struct str from_windows(struct arena *a, struct str raw)
{
	struct buf b;

	buf_init(&b, a, 0);
	for (size_t i = 0; i < raw.len; i++) {
		unsigned char ch = (unsigned char)raw.at[i];
		uint32_t code = ch >= 0x80 && ch < 0xA0 ? windows[ch - 0x80] : ch;
		buf_utf8(&b, code ? code : 0xFFFD);
	}
	return buf_get(&b);
}

/* Have as much in the window as fits. */
static enum err fill(struct ctx *c, struct rows_file *f)
{
	if (f->end || !f->file)
		return OK;
	memmove(f->window, f->window + f->from, f->to - f->from);
	f->to -= f->from;
	f->from = 0;
	size_t got = fread(f->window + f->to, 1, WINDOW - f->to, f->file);
	if (ferror(f->file))
		return fail(c, ERR_IO, "The file cannot be read: %m");
	f->to += got;
	f->end = feof(f->file) != 0;
	return OK;
}

/* Comma, semicolon, tab or bar: what the first line has most of. */
static char find_delimiter(struct str text)
{
	static const char all[] = ",;\t|";
	unsigned counts[4] = { 0 }, best = 0;
	bool quoted = false;

	for (size_t i = 0; i < text.len && (quoted || text.at[i] != '\n'); i++) {
		const char *at = text.at[i] ? strchr(all, text.at[i]) : NULL;
		quoted ^= text.at[i] == '"';
		if (at && !quoted)
			counts[at - all]++;
	}
	for (unsigned i = 1; i < 4; i++)
		if (counts[i] > counts[best])
			best = i;
	return all[best];
}

enum err rows_file_open(struct ctx *c, const char *path, struct str bytes, char delimiter,
			struct rows_file **out)
{
	struct rows_file *f = calloc(1, sizeof *f);
	struct stat status;

	if (!f)
		abort();
	if (path) {
		f->file = fopen(path, "rb");
		if (!f->file) {
			int error = errno;
			free(f);
			errno = error;
			return fail(c, error == ENOENT ? ERR_NOT_FOUND : ERR_IO, "%s cannot be opened: %m", path);
		}
		f->total = fstat(fileno(f->file), &status) ? 0 : (int64_t)status.st_size;
		f->window = malloc(WINDOW);
		if (!f->window)
			abort();
		f->own = true;
	} else {
		f->window = (char *)bytes.at;
		f->to = bytes.len;
		f->total = (int64_t)bytes.len;
		f->end = true;
	}
	enum err e = fill(c, f);
	if (e) {
		rows_file_close(f);
		return e;
	}
	if (f->to >= 3 && !memcmp(f->window, "\xEF\xBB\xBF", 3))
		f->from = 3;
	f->delimiter = delimiter ? delimiter
				 : find_delimiter((struct str){ f->window + f->from, f->to - f->from });
	*out = f;
	return OK;
}

/* Bytes of the row at the start of `text`, its line end without; 0xFFF…: it has no end there. */
static size_t row_end(struct str text, char delimiter, bool *stray)
{
	bool quoted = false, fresh = true, closed = false;

	*stray = false;
	for (size_t i = 0; i < text.len && i <= ROW_LIMIT; i++) {
		char ch = text.at[i];
		if (quoted) {
			if (ch != '"')
				continue;
			if (i + 1 < text.len && text.at[i + 1] == '"') {
				i++;
				continue;
			}
			quoted = fresh = false;
			closed = true;
		} else if (ch == '"') {
			quoted = fresh;
			*stray |= !fresh;
		} else if (ch == '\n') {
			return i;
		} else if (ch == delimiter) {
			fresh = true;
			closed = false;
		} else if (ch != ' ' && ch != '\r') {
			*stray |= closed;
			fresh = false;
		}
	}
	return quoted || text.len > ROW_LIMIT ? SIZE_MAX : text.len;
}

/* A field without its quotes; spaces around it gone. False: something follows the closing quote. */
static bool unquote(struct arena *a, struct str raw, struct str *out)
{
	raw = str_trim(raw);
	*out = raw;
	if (!raw.len || *raw.at != '"')
		return true;
	char *to = arena_alloc(a, raw.len);
	size_t len = 0, i = 1;
	for (; i < raw.len; i++) {
		if (raw.at[i] == '"') {
			if (i + 1 == raw.len || raw.at[i + 1] != '"')
				break;
			i++;
		}
		to[len++] = raw.at[i];
	}
	*out = str_trim((struct str){ to, len });
	return i + 1 == raw.len;
}

static const char *split(struct rows_file *f, struct arena *a, struct str row, unsigned *count)
{
	size_t from = 0;
	bool quoted = false, good = true;

	*count = 0;
	for (size_t i = 0; i <= row.len; i++) {
		if (i < row.len && row.at[i] == '"')
			quoted = !quoted;
		if (i < row.len && (quoted || row.at[i] != f->delimiter))
			continue;
		if (*count == FIELDS_MOST)
			return "it has more than 1,000 fields";
		good &= unquote(a, (struct str){ row.at + from, i - from }, &f->fields[(*count)++]);
		from = i + 1;
	}
	return good ? NULL : "something follows a closing quote";
}

static const char *read_row(struct rows_file *f, struct arena *a, struct rows_line_read *out)
{
	struct str text = out->raw;
	const char *fault;

	if (memchr(text.at, 0, text.len))
		return "it holds a byte 0";
	if (!str_utf8(text, &(size_t){ 0 }))
		text = from_windows(a, text);
	fault = split(f, a, text, &out->len);
	out->fields = f->fields;
	return fault;
}

/* The next row's bytes; a quote that never closes spoils only its own line. */
static enum err take(struct ctx *c, struct rows_file *f, struct str *row, const char **fault)
{
	struct str text;
	bool stray;

	if (f->to - f->from <= ROW_LIMIT)
		TRY(fill(c, f));
	text = (struct str){ f->window + f->from, f->to - f->from };
	size_t len = row_end(text, f->delimiter, &stray), used;
	*fault = stray ? "a quote stands where none can be" : NULL;
	if (len == SIZE_MAX)
		*fault = "a quote is not closed, or it is longer than 256 KiB";
	if (*fault) {
		const char *line = memchr(text.at, '\n', text.len);
		len = line ? (size_t)(line - text.at) : text.len;
	}
	used = len < text.len ? len + 1 : len;
	f->from += used;
	f->done += (int64_t)used;
	*row = (struct str){ text.at, len };
	if (row->len && row->at[row->len - 1] == '\r')
		row->len--;
	return OK;
}

enum err rows_file_next(struct ctx *c, struct rows_file *f, struct arena *a,
			struct rows_line_read *out, bool *more)
{
	struct rows_line_read r = { 0 };

	*more = true;
	for (;;) {
		if (f->from == f->to) {
			TRY(fill(c, f));
			if (f->from == f->to) {
				*more = false;
				return OK;
			}
		}
		const char *fault;
		TRY(take(c, f, &r.raw, &fault));
		if (!str_trim(r.raw).len)
			continue;
		if (r.raw.len > ROW_LIMIT)
			r.raw.len = ROW_LIMIT;
		r.number = ++f->number;
		r.fault = read_row(f, a, &r);
		if (fault)
			r.fault = fault;
		*out = r;
		return OK;
	}
}

void rows_file_at(const struct rows_file *f, int64_t *done, int64_t *total)
{
	*done = f->done;
	*total = f->total;
}

char rows_file_delimiter(const struct rows_file *f)
{
	return f->delimiter;
}

void rows_file_close(struct rows_file *f)
{
	if (!f)
		return;
	if (f->file)
		fclose(f->file);
	if (f->own)
		free(f->window);
	free(f);
}
