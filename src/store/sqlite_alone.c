/* sqlite_alone.c - one program that has a database to itself, and a file for what it must put down.
 *
 * DB-load lies beside the database while a load runs, locked by it; the lock goes with the process,
 * however that ends. Whoever opens a database looks for the lock after taking SQLite's own, and
 * whoever wants to be alone looks for SQLite's after taking this one, so that one of the two sees
 * the other. The database's own file is opened for that look and stays open as long as the
 * store does: closing it would give up SQLite's locks.
 */
#include "store/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

/* Every connection in WAL mode keeps a shared lock in these bytes of the file. */
enum { LOCK_BYTES = 0x40000000, LOCK_COUNT = 512 };

static const char *load_path(struct arena *a, const struct sqlite_store *store)
{
	return arena_printf(a, "%s-load", store->path);
}

enum err sqlite_check_alone(struct ctx *c, const struct sqlite_store *store)
{
	ARENA(scratch);
	const char *path = load_path(&scratch, store);
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return OK;
	if (flock(fd, LOCK_SH | LOCK_NB)) {
		close(fd);
		return fail(c, ERR_BUSY, "%s is being loaded by another program; wait until it has ended.",
			    store->path);
	}
	if (flock(fd, LOCK_EX | LOCK_NB) == 0) /* left by one that was killed */
		unlink(path);
	close(fd);
	return OK;
}

static bool others_there(struct sqlite_store *store)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = LOCK_BYTES,
			      .l_len = LOCK_COUNT };

	if (store->look < 0)
		store->look = open(store->path, O_RDWR | O_CLOEXEC);
	return store->look < 0 || fcntl(store->look, F_GETLK, &lock) || lock.l_type != F_UNLCK;
}

enum err sqlite_alone(struct ctx *c, struct store *head, int *fd)
{
	struct sqlite_store *store = (struct sqlite_store *)head;
	ARENA(scratch);

	(void)c;
	*fd = -1;
	store->alone = open(load_path(&scratch, store), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (store->alone < 0)
		return OK;
	if (flock(store->alone, LOCK_EX | LOCK_NB) || others_there(store) ||
	    ftruncate(store->alone, 0)) {
		sqlite_together(head);
		return OK;
	}
	*fd = store->alone;
	return OK;
}

void sqlite_together(struct store *head)
{
	struct sqlite_store *store = (struct sqlite_store *)head;
	ARENA(scratch);

	if (store->alone < 0)
		return;
	if (flock(store->alone, LOCK_EX | LOCK_NB) == 0)
		unlink(load_path(&scratch, store));
	close(store->alone);
	store->alone = -1;
}
