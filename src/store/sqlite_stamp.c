/* sqlite_stamp.c - has anything been committed, by whatever program? Without asking the database.
 *
 * All programs that have a database open share the index of its write-ahead log, in memory. That begins
 * with two copies of a head of 48 bytes, which every commit changes: a count of commits, how long the
 * log is, and checksums of all in it (https://sqlite.org/walformat.html#walidxfmt). Both are written, the
 * second first, when the commit is durable and before anybody can see it; so who finds them as they
 * were has missed nothing. Two that differ are in the middle of being written.
 */
#include "store/sqlite.h"

#include <stdatomic.h>

enum { REGION = 32768 }; /* what SQLite maps at once */

void sqlite_stamp_find(struct sqlite_store *store)
{
	sqlite3_file *file = NULL;
	void volatile *head = NULL;

	if (sqlite3_file_control(store->writer.db->handle, "main", SQLITE_FCNTL_FILE_POINTER, &file) ||
	    !file || !file->pMethods || file->pMethods->iVersion < 2 || !file->pMethods->xShmMap)
		return;
	/* Mapped since the first statement, until the last connection of this program is closed. */
	if (file->pMethods->xShmMap(file, 0, REGION, 0, &head) == SQLITE_OK)
		store->log_head = (const uint32_t *)(uintptr_t)head;
}

/* Of words that were not chosen to be alike: mixed so that each counts in every bit. */
static uint64_t mixed(const uint32_t words[LOG_HEAD_WORDS])
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < LOG_HEAD_WORDS; i += 2) {
		sum = (sum ^ ((uint64_t)words[i] << 32 | words[i + 1])) * 0x9E3779B97F4A7C15u;
		sum ^= sum >> 29;
	}
	return sum;
}

static bool head_read(const struct sqlite_store *store, uint32_t first[LOG_HEAD_WORDS])
{
	const uint32_t *at = store->log_head;
	uint32_t second[LOG_HEAD_WORDS];

	for (unsigned i = 0; i < LOG_HEAD_WORDS; i++)
		first[i] = __atomic_load_n(&at[i], __ATOMIC_RELAXED);
	atomic_thread_fence(memory_order_acquire);
	for (unsigned i = 0; i < LOG_HEAD_WORDS; i++)
		second[i] = __atomic_load_n(&at[LOG_HEAD_WORDS + i], __ATOMIC_RELAXED);
	atomic_thread_fence(memory_order_acquire);
	return memcmp(first, second, sizeof second) == 0;
}

uint64_t sqlite_stamp_now(const struct sqlite_store *store)
{
	uint32_t head[LOG_HEAD_WORDS];

	return head_read(store, head) ? mixed(head) : 0;
}

/* Was all since a stamp aside (sqlite_moment.c)? Then that is still the stamp. */
static bool stamp_before(const struct sqlite_store *store, uint32_t change, uint64_t *stamp)
{
	uint32_t turn = atomic_load_explicit(&store->aside.turn, memory_order_acquire);
	bool any = atomic_load_explicit(&store->aside.any, memory_order_relaxed);
	uint32_t first = atomic_load_explicit(&store->aside.first, memory_order_relaxed);
	uint32_t last = atomic_load_explicit(&store->aside.last, memory_order_relaxed);
	uint64_t before = atomic_load_explicit(&store->aside.stamp, memory_order_relaxed);

	atomic_thread_fence(memory_order_acquire);
	if (turn % 2 || turn != atomic_load_explicit(&store->aside.turn, memory_order_relaxed) || !any || !before ||
	    (int32_t)(change - first) < 0 || (int32_t)(last - change) < 0)
		return false;
	*stamp = before;
	return true;
}

bool sqlite_stamp(const struct store *head, uint64_t *stamp)
{
	const struct sqlite_store *store = (const struct sqlite_store *)head;
	uint32_t words[LOG_HEAD_WORDS];

	if (!store->log_head || !head_read(store, words))
		return false;
	if (!stamp_before(store, words[LOG_HEAD_CHANGE], stamp))
		*stamp = mixed(words);
	return true;
}
