/* bulk_file.c - the files of an export. A file grows as NAME.part and gets its name when it is
 * whole and on the disk; after so many bytes the next one begins. */
#include "api/bulk.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define BUFFER ((size_t)256 << 10)
#define ROOM_EVERY ((int64_t)1 << 20) /* bytes between two looks at the limits */

struct bulk_out {
	struct bulk *bulk;
	struct bulk_job *job;
	struct bulk_file file; /* count and bytes so far */
	int64_t seq;           /* of the last line */
	int64_t asked;         /* bytes the limits were asked for */
	FILE *stream;          /* NULL: no file is open */
	char path[4096], part[4096];
	char buffer[BUFFER];
};

const char *bulk_file_name(struct arena *a, const struct bulk_file *file)
{
	return arena_printf(a, "%s.%u.ndjson", file->deletions ? "deleted" : file->type,
			    file->number);
}

struct bulk_out *bulk_out_new(struct ctx *c, struct bulk *b, struct bulk_job *job)
{
	struct bulk_out *out = NEW(c->arena, struct bulk_out);

	out->bulk = b;
	out->job = job;
	return out;
}

void bulk_out_type(struct bulk_out *out, const char *type, bool deletions, unsigned files)
{
	out->file = (struct bulk_file){ .type = type, .number = files, .deletions = deletions };
}

static enum err cannot_write(struct ctx *c)
{
	int number = errno;
	char room[128];

	return fail(c, ERR_IO, "An export file cannot be written: %s.",
		    strerror_r(number, room, sizeof room));
}

static enum err out_open(struct ctx *c, struct bulk_out *out)
{
	struct arena_mark mark = arena_mark(c->arena);

	out->file.number++;
	out->file.count = out->file.bytes = out->asked = 0;
	const char *name = bulk_file_name(c->arena, &out->file);
	snprintf(out->path, sizeof out->path, "%s",
		 bulk_path(c->arena, out->bulk, out->job->id, name));
	snprintf(out->part, sizeof out->part, "%.4000s.part", out->path);
	arena_release(c->arena, mark);
	out->stream = fopen(out->part, "wx");
	if (!out->stream)
		return cannot_write(c);
	setvbuf(out->stream, out->buffer, _IOFBF, sizeof out->buffer);
	return OK;
}

/* `after`: the last version of the type that the files hold. */
static enum err out_finish(struct ctx *c, struct bulk_out *out, int64_t after)
{
	struct bulk_place at = { .deletions = true };
	FILE *stream = out->stream;

	out->stream = NULL;
	bool written = fflush(stream) == 0 && fsync(fileno(stream)) == 0;
	if (fclose(stream) != 0 || !written || rename(out->part, out->path) != 0)
		return cannot_write(c);
	if (!out->file.deletions)
		at = (struct bulk_place){ false, out->file.type, after, out->file.number };
	return bulk_note(c, out->bulk, out->job, &out->file, &at);
}

/* Look at the limits now and then. */
static enum err out_room(struct ctx *c, struct bulk_out *out, int64_t bytes)
{
	if (bytes < out->asked)
		return OK;
	out->asked = bytes + ROOM_EVERY;
	return bulk_room(c, out->bulk, bytes);
}

enum err bulk_out_line(struct ctx *c, struct bulk_out *out, struct str line, int64_t seq)
{
	int64_t size = (int64_t)line.len + 1;

	if (out->stream && out->file.bytes + size > out->bulk->limits.file_bytes)
		TRY(out_finish(c, out, out->seq));
	if (!out->stream)
		TRY(out_open(c, out));
	TRY(out_room(c, out, out->file.bytes + size));
	if (fwrite(line.at, 1, line.len, out->stream) != line.len ||
	    putc('\n', out->stream) == EOF)
		return cannot_write(c);
	out->file.bytes += size;
	out->file.count++;
	out->seq = seq;
	return OK;
}

enum err bulk_out_end(struct ctx *c, struct bulk_out *out)
{
	return out->stream ? out_finish(c, out, INT64_MAX) : OK;
}

void bulk_out_drop(struct bulk_out *out)
{
	if (!out->stream)
		return;
	fclose(out->stream);
	out->stream = NULL;
	unlink(out->part);
}
