/* file.c - reading a whole file and replacing one. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/gzip.h"

#define STEP ((size_t)64 << 10)

static void close_fd(const int *fd)
{
	if (*fd > STDERR_FILENO)
		close(*fd);
}

/* fail() for a system call on `path`. */
static enum err system_failed(struct ctx *c, const char *what, const char *path)
{
	int number = errno;
	char room[128];

	return fail(c, number == ENOENT ? ERR_NOT_FOUND : ERR_IO, "%s cannot be %s: %s.", path,
		    what, strerror_r(number, room, sizeof room));
}

/* Everything from fd; `expect` is what the file system says will come. */
static enum err read_all(struct ctx *c, int fd, const char *path, size_t expect,
			 struct buf *out)
{
	for (;;) {
		char spare; /* at the limit: is there one byte more? */
		size_t left = out->limit - out->len;
		size_t room = out->len < expect ? expect - out->len : STEP;
		if (room > left)
			room = left;

		char *at = room ? buf_room(out, room) : &spare;
		ssize_t got = read(fd, at, room ? room : 1);
		if (got == 0)
			return OK;
		if (got > 0 && !room)
			return fail(c, ERR_TOO_LARGE, "%s is larger than %zu bytes.", path,
				    out->limit);
		if (got > 0)
			buf_took(out, (size_t)got);
		else if (errno != EINTR)
			return system_failed(c, "read", path);
		TRY(ctx_check(c));
	}
}

enum err file_read(struct ctx *c, struct arena *a, const char *path, size_t limit,
		   struct str *out)
{
	bool standard = strcmp(path, "-") == 0;
	struct stat st;
	struct buf raw, plain;

	__attribute__((cleanup(close_fd))) int fd =
		standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st))
		return system_failed(c, "opened", path);
	if (S_ISDIR(st.st_mode))
		return fail(c, ERR_IO, "%s is a folder.", path);
	size_t expect = S_ISREG(st.st_mode) && st.st_size > 0 ? (size_t)st.st_size : 0;

	buf_init(&raw, a, limit);
	TRY(read_all(c, fd, path, expect, &raw));
	if (!gzip_is(buf_get(&raw))) {
		*out = buf_get(&raw);
		return OK;
	}
	buf_init(&plain, a, limit);
	TRY(gzip_unpack(c, buf_get(&raw), &plain));
	*out = buf_get(&plain);
	return OK;
}

static enum err write_all(struct ctx *c, int fd, const char *path, struct str bytes)
{
	while (bytes.len) {
		ssize_t put = write(fd, bytes.at, bytes.len);
		if (put < 0 && errno != EINTR)
			return system_failed(c, "written", path);
		if (put > 0)
			bytes = (struct str){ bytes.at + put, bytes.len - (size_t)put };
	}
	if (fsync(fd))
		return system_failed(c, "synced", path);
	return OK;
}

/* The rename itself is only safe once the folder is synced. */
static enum err sync_folder(struct ctx *c, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *folder = ".";

	if (slash) /* "/file" is in "/" */
		folder = arena_dup(c->arena, path, slash == path ? 1 : (size_t)(slash - path));
	__attribute__((cleanup(close_fd))) int fd =
		open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || (fsync(fd) && errno != EINVAL))
		return system_failed(c, "synced", folder);
	return OK;
}

static enum err write_beside(struct ctx *c, const char *path, const char *beside,
			     struct str bytes)
{
	struct stat old;

	__attribute__((cleanup(close_fd))) int fd =
		open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0)
		return system_failed(c, "written", beside);
	if (stat(path, &old) == 0 && fchmod(fd, old.st_mode & 07777))
		return system_failed(c, "given the rights of the old file", beside);
	return write_all(c, fd, beside, bytes);
}

enum err file_write(struct ctx *c, const char *path, struct str bytes)
{
	uint64_t number;

	if (getrandom(&number, sizeof number, 0) != (ssize_t)sizeof number)
		return system_failed(c, "written", path);
	const char *beside =
		arena_printf(c->arena, "%s.%016llx", path, (unsigned long long)number);

	enum err e = write_beside(c, path, beside, bytes);
	if (e == OK && rename(beside, path))
		e = system_failed(c, "replaced", path);
	if (e) {
		unlink(beside);
		return e;
	}
	return sync_folder(c, path);
}
