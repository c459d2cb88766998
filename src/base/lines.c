#include "base/lines.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

struct lines {
	gzFile file;
	const char *path;
	int64_t number;
	size_t limit, at, have;
	bool ended;
	char chunk[1 << 16];
};

enum err lines_open(struct ctx *c, const char *path, size_t limit, struct lines **out)
{
	gzFile file = strcmp(path, "-") == 0 ? gzdopen(dup(STDIN_FILENO), "rb") : gzopen(path, "rb");
	struct lines *lines;

	if (!file)
		return fail(c, ERR_IO, "%s cannot be opened: %m", path);
	lines = calloc(1, sizeof *lines);
	if (!lines)
		abort();
	lines->file = file;
	lines->path = path;
	lines->limit = limit;
	*out = lines;
	return OK;
}

static enum err lines_fill(struct ctx *c, struct lines *lines)
{
	int got = gzread(lines->file, lines->chunk, sizeof lines->chunk), number;

	if (got < 0)
		return fail(c, ERR_SYNTAX, "%s is damaged after line %lld: %s", lines->path,
			    (long long)lines->number, gzerror(lines->file, &number));
	lines->at = 0;
	lines->have = (size_t)got;
	lines->ended = got == 0;
	return OK;
}

enum err lines_next(struct ctx *c, struct lines *lines, struct arena *a, struct str *line, bool *more)
{
	struct buf text;
	bool whole = false, any = false;

	buf_init(&text, a, lines->limit);
	while (!whole) {
		if (lines->at == lines->have)
			TRY(lines_fill(c, lines));
		if (lines->ended)
			break;
		any = true;
		const char *from = lines->chunk + lines->at, *end;
		size_t left = lines->have - lines->at;
		end = memchr(from, '\n', left);
		whole = end != NULL;
		buf_add(&text, from, whole ? (size_t)(end - from) : left);
		lines->at += whole ? (size_t)(end - from) + 1 : left;
	}
	lines->number += any;
	if (text.full)
		return fail(c, ERR_TOO_LARGE, "%s: line %lld is longer than %zu bytes", lines->path,
			    (long long)lines->number, lines->limit);
	*line = buf_get(&text);
	*more = any;
	return OK;
}

int64_t lines_number(const struct lines *lines)
{
	return lines->number;
}

void lines_close(struct lines *lines)
{
	if (!lines)
		return;
	gzclose(lines->file);
	free(lines);
}

void lines_cleanup(struct lines **lines)
{
	lines_close(*lines);
}
