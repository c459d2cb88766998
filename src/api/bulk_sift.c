/* bulk_sift.c - a file of an export as its owner may see it now. An export has what its owner might see while it was
 * made; whoever opted out since is left out when it is fetched. */
#include "api/bulk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/lines.h"

#define LINE_MOST ((size_t)64 << 20)

static enum err cannot(struct ctx *c)
{
	int number = errno;
	char room[128];

	return fail(c, ERR_IO, "A file of this export cannot be looked through: %s.", strerror_r(number, room, sizeof room));
}

/* A resource that is hidden now is not there; one that is deleted now was told of as it was. */
static enum err may_still(struct ctx *c, const char *type, struct str line, struct arena *scratch, bool *out)
{
	struct ctx each = *c;
	struct node *resource;
	struct version v;

	each.arena = scratch;
	TRY(json_read(c, scratch, line, NULL, &resource));
	enum err e = record_read(&each, str_of(type), node_str(resource, "id"), &v);
	*out = e == OK || e == ERR_GONE;
	return e == OK || e == ERR_GONE || e == ERR_NOT_FOUND ? OK : fail(c, e, "%s", arena_str(c->arena, each.why));
}

static enum err sift(struct ctx *c, const char *path, const char *type, FILE *to)
{
	LINES(lines);
	ARENA(scratch);

	TRY(lines_open(c, path, LINE_MOST, &lines));
	for (;;) {
		struct str line;
		bool more, may;

		arena_reset(&scratch);
		TRY(ctx_check(c));
		TRY(lines_next(c, lines, &scratch, &line, &more));
		if (!more)
			return OK;
		TRY(may_still(c, type, line, &scratch, &may));
		if (may && (fwrite(line.at, 1, line.len, to) != line.len || fputc('\n', to) == EOF))
			return cannot(c);
	}
}

enum err bulk_sift(struct ctx *c, const char *path, const char *type, int *fd)
{
	char *name = arena_printf(c->arena, "%s.XXXXXX", path);
	int made = mkostemp(name, O_CLOEXEC);
	FILE *to = made < 0 ? NULL : fdopen(made, "w+");

	if (made >= 0)
		unlink(name);
	if (!to) {
		if (made >= 0)
			close(made);
		return cannot(c);
	}
	enum err e = sift(c, path, type, to);
	if (!e && fflush(to) != 0)
		e = cannot(c);
	rewind(to);
	if (!e && (*fd = fcntl(made, F_DUPFD_CLOEXEC, 0)) < 0)
		e = cannot(c);
	fclose(to);
	return e;
}
