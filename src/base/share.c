/* share.c - finding shipped files: in the place's folder, in --share, in the program itself.
 *
 * A folder is the operator's, but its links are not trusted: a file is opened only if its real
 * path lies below the real path of the folder.
 */
#include "base/share.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/vec.h"

#define FILE_LIMIT ((off_t)64 << 20)
#define NAME_LIMIT 512    /* bytes of a name */
#define DEPTH_LIMIT 16    /* folders in folders */
#define COUNT_LIMIT 20000 /* files in a list */

struct name {
	const char *text;
};

struct names {
	VEC(struct name) list;
	struct arena *arena;
};

/* Parts between slashes that are neither empty nor "." nor ".."; `slash`: one may end it. */
static bool name_fine(const char *name, bool slash)
{
	struct str rest = str_of(name);

	if (rest.len > NAME_LIMIT)
		return false;
	while (rest.at) {
		struct str part = str_cut(&rest, '/');

		if (slash && !part.len && !rest.at)
			return true;
		if (!part.len || str_is(part, ".") || str_is(part, ".."))
			return false;
	}
	return true;
}

static enum err bad_name(struct ctx *c, const char *name)
{
	return fail(c, ERR_BAD_REQUEST, "'%.200s' is not a name of a shared file.", name);
}

static const struct share_file *embedded(const char *name)
{
	for (const struct share_file *f = share_files; f->name; f++) {
		int order = strcmp(f->name, name);

		if (order >= 0)
			return order ? NULL : f;
	}
	return NULL;
}

static bool absent(int error)
{
	return error == ENOENT || error == ENOTDIR;
}

/* The real path of folder/name into real[]; false when there is no such file. */
static enum err resolve(struct ctx *c, const char *folder, const char *name,
			char real[PATH_MAX], bool *found)
{
	char path[PATH_MAX], root[PATH_MAX];
	size_t len;

	if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path)
		return bad_name(c, name);
	*found = false;
	if (!realpath(folder, root))
		return fail(c, ERR_IO, "The folder %s cannot be read: %s.", folder,
			    strerror(errno));
	if (!realpath(path, real))
		return absent(errno) ? OK
				     : fail(c, ERR_IO, "%s cannot be read: %s.", path,
					    strerror(errno));
	len = strcmp(root, "/") ? strlen(root) : 0;
	if (strncmp(real, root, len) != 0 || real[len] != '/')
		return fail(c, ERR_BAD_REQUEST, "%s is a link that leaves its folder.", path);
	*found = true;
	return OK;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

/* All bytes of an open file of `size` bytes; a file that shrinks meanwhile is cut. */
static enum err read_all(struct ctx *c, int fd, size_t size, struct arena *a, const char *path,
			 struct str *out)
{
	char *bytes = arena_alloc(a, size + 1);
	size_t len = 0;

	while (len < size) {
		ssize_t got = read(fd, bytes + len, size - len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail(c, ERR_IO, "%s cannot be read: %s.", path, strerror(errno));
		if (!got)
			break;
		len += (size_t)got;
	}
	bytes[len] = 0;
	*out = (struct str){ bytes, len };
	return OK;
}

/* folder/name, if it is a file; *found says so. */
static enum err read_below(struct ctx *c, const char *folder, const char *name, struct arena *a,
			   bool *found, struct str *out)
{
	__attribute__((cleanup(close_fd))) int fd = -1;
	char path[PATH_MAX];
	struct stat st;

	*found = false;
	if (!folder)
		return OK;
	TRY(resolve(c, folder, name, path, found));
	if (!*found)
		return OK;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st))
		return fail(c, ERR_IO, "%s cannot be read: %s.", path, strerror(errno));
	*found = S_ISREG(st.st_mode);
	if (!*found)
		return OK;
	if (st.st_size > FILE_LIMIT)
		return fail(c, ERR_TOO_LARGE, "%s is larger than 64 MB.", path);
	return read_all(c, fd, (size_t)st.st_size, a, path, out);
}

enum err share_read(struct ctx *c, const struct share *share, struct arena *a, const char *name,
		    struct str *out)
{
	const struct share_file *file;
	bool found = false;

	if (!name_fine(name, false))
		return bad_name(c, name);
	if (share)
		TRY(read_below(c, share->place, name, a, &found, out));
	if (share && !found)
		TRY(read_below(c, share->dir, name, a, &found, out));
	if (found)
		return OK;
	file = embedded(name);
	if (!file)
		return fail(c, ERR_NOT_FOUND, "There is no shared file '%s'.", name);
	*out = (struct str){ (const char *)file->bytes, (size_t)(file->end - file->bytes) };
	return OK;
}

static enum err add_name(struct ctx *c, struct names *names, const char *name)
{
	if (names->list.len >= COUNT_LIMIT)
		return fail(c, ERR_LIMIT, "More than %d shared files in one folder.",
			    COUNT_LIMIT);
	vec_push(&names->list, names->arena)->text = name;
	return OK;
}

static enum err add_embedded(struct ctx *c, struct names *names, const char *prefix)
{
	for (const struct share_file *f = share_files; f->name; f++)
		if (!strncmp(f->name, prefix, strlen(prefix)))
			TRY(add_name(c, names, f->name));
	return OK;
}

/* What an entry of a folder is: DT_REG, DT_DIR, or 0 for what is not listed. Links to files
 * within the folder count as files, links to folders are not followed. */
static enum err kind_of(struct ctx *c, const char *root, const char *name, unsigned char type,
			unsigned char *kind)
{
	char path[PATH_MAX];
	struct stat st;
	bool found;

	*kind = type;
	if (type == DT_REG || type == DT_DIR)
		return OK;
	TRY(resolve(c, root, name, path, &found));
	*kind = 0;
	if (!found || stat(path, &st))
		return OK;
	if (S_ISREG(st.st_mode))
		*kind = DT_REG;
	if (S_ISDIR(st.st_mode) && type == DT_UNKNOWN)
		*kind = DT_DIR;
	return OK;
}

static void close_dir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

struct walk {
	VEC(struct name) todo; /* folders below root, each with its slash; "" is root */
	const char *root;
	struct names *names;
};

static enum err walk_one(struct ctx *c, struct walk *w, const char *folder)
{
	struct arena *a = w->names->arena;
	__attribute__((cleanup(close_dir))) DIR *dir =
		opendir(arena_printf(a, "%s/%s", w->root, folder));
	struct dirent *entry;
	unsigned char kind;

	if (!dir)
		return absent(errno) ? OK
				     : fail(c, ERR_IO, "The folder %s/%s cannot be read: %s.",
					    w->root, folder, strerror(errno));
	while ((entry = readdir(dir))) {
		const char *name;

		if (entry->d_name[0] == '.' || !strcmp(entry->d_name, "README.md"))
			continue;
		name = arena_printf(a, "%s%s", folder, entry->d_name);
		if (!name_fine(name, false))
			return bad_name(c, name);
		TRY(kind_of(c, w->root, name, entry->d_type, &kind));
		if (kind == DT_REG)
			TRY(add_name(c, w->names, name));
		if (kind == DT_DIR)
			vec_push(&w->todo, a)->text = arena_printf(a, "%s/", name);
	}
	return OK;
}

static unsigned depth_of(const char *folder)
{
	unsigned depth = 0;

	for (; *folder; folder++)
		depth += *folder == '/';
	return depth;
}

/* Every file below root/prefix. */
static enum err add_below(struct ctx *c, struct names *names, const char *root,
			  const char *prefix)
{
	struct walk w = { .root = root, .names = names };

	if (!root)
		return OK;
	vec_push(&w.todo, names->arena)->text = prefix;
	while (w.todo.len) {
		const char *folder = w.todo.at[--w.todo.len].text;

		if (depth_of(folder) > DEPTH_LIMIT)
			return fail(c, ERR_LIMIT, "%s/%s is nested too deeply.", root, folder);
		TRY(walk_one(c, &w, folder));
	}
	return OK;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct name *)a)->text, ((const struct name *)b)->text);
}

enum err share_list(struct ctx *c, const struct share *share, const char *folder,
		    enum err (*fn)(struct ctx *c, void *arg, const char *name), void *arg)
{
	ARENA(scratch);
	struct names names = { .arena = &scratch };
	size_t len = strlen(folder);
	const char *prefix =
		len && folder[len - 1] != '/' ? arena_printf(&scratch, "%s/", folder) : folder;

	if (*folder && !name_fine(folder, true))
		return bad_name(c, folder);
	TRY(add_embedded(c, &names, prefix));
	if (share) {
		TRY(add_below(c, &names, share->dir, prefix));
		TRY(add_below(c, &names, share->place, prefix));
	}
	if (!names.list.len)
		return OK;
	qsort(names.list.at, names.list.len, sizeof *names.list.at, by_name);
	for (size_t i = 0; i < names.list.len; i++) {
		const char *name = names.list.at[i].text;

		if (!i || strcmp(name, names.list.at[i - 1].text) != 0)
			TRY(fn(c, arg, name));
	}
	return OK;
}
