/* sqlite.h - what the files of the SQLite engine share; for them only.
 *
 * One connection writes, on a thread of its own (sqlite_writer.c). Readers come from a pool that
 * hands out the one used last, so few are open and their caches are warm.
 */
#ifndef STORE_SQLITE_H
#define STORE_SQLITE_H

#include <pthread.h>
#include <semaphore.h>
#include <sqlite3.h>
#include <stdatomic.h>

#include "store/engine.h"

/* Milliseconds for another program to finish writing. */
#define SQLITE_WAIT_FOR_OTHERS 30000

/* The head of the log's index, of words of four bytes, stands there twice. */
enum { LOG_HEAD_WORDS = 12, LOG_HEAD_CHANGE = 2 /* where the count of commits stands */ };

struct sqlite_stmt {
	struct stmt head;
	sqlite3_stmt *handle;
	const char *sql;
	struct sqlite_stmt *next; /* idle ones of the same text */
};

struct sqlite_slot {
	const char *sql; /* the literal's address is its identity; NULL: free */
	struct sqlite_stmt *idle;
};

struct sqlite_rows { /* that a table is filled with */
	const struct db_value *values;
	const char *types;
	size_t width, len;
};

struct sqlite_db {
	struct db head;
	sqlite3 *handle;
	sqlite3_stmt *filler;    /* sqlite_fill.c: the last; NULL */
	struct sqlite_rows rows; /* and what it reads */
	struct sqlite_slot *slots; /* open addressing, a power of two */
	unsigned slot_cap, slot_len;
	unsigned out;           /* statements handed out now */
	bool scripting;         /* more passes the guard */
	const char *sql;        /* of the statement that is prepared or stepped */
	struct ctx *reader;     /* whom it serves; may be told to stop */
	struct sqlite_db *next; /* idle readers */
	bool moment;            /* sqlite_moment.c: in a transaction that it may keep */
	uint32_t change;        /* the last commit seen there */
	int64_t since;
};

struct job {
	struct ctx *c;
	store_work *work;
	void *arg;
	unsigned manner; /* WRITE_ */
	enum err result;
	sem_t done;
	struct job *next;
};

struct sqlite_writer {
	pthread_t thread;
	pthread_mutex_t lock; /* of all below but db */
	pthread_cond_t work;  /* a job came, or it is time to stop */
	struct job *first, **last;
	unsigned waiting;
	bool started, stopping;
	struct store_stats stats;
	struct sqlite_db *db; /* of the thread alone */
	int frames;           /* in the write-ahead log after the last commit */
	int checkpoint_at;    /* frames from which to copy them into the database */
	int checkpoint_next;  /* and from which to try again */
};

struct sqlite_store {
	struct store head;
	char *path;
	unsigned flags;
	pthread_mutex_t lock; /* of the five below */
	struct sqlite_db *idle;
	struct sqlite_db *kept; /* sqlite_moment.c: idle in their transactions */
	bool copying;           /* the log is: no moment is kept */
	struct {
		_Atomic uint32_t turn; /* odd while it is changed: for who looks without the lock */
		_Atomic bool any;
		_Atomic uint32_t first, last;
		_Atomic uint64_t stamp; /* before the first */
	} aside; /* commits of which no moment shows anything, by their numbers */
	int alone, look;    /* sqlite_alone.c: files, -1 */
	const uint32_t *log_head; /* sqlite_stamp.c: of the log's index, shared by all programs; NULL */
	char **append_only; /* tables never updated or deleted from, NULL-ended */
	struct sqlite_writer writer;
};

/* sqlite.c */
/* The engine's last error as ours, with its reason. */
enum err sqlite_fail(struct ctx *c, sqlite3 *handle, int code);
/* Run one statement without parameters or rows. */
NODISCARD enum err sqlite_exec(struct ctx *c, struct sqlite_db *db, const char *sql);
void sqlite_db_close(struct sqlite_db *db);
/* Which tables have a TABLE_no_delete trigger: the guard keeps those from change as well. */
NODISCARD enum err sqlite_read_append_only(struct ctx *c, struct sqlite_store *store);
extern const struct engine engine_sqlite;

/* sqlite_fill.c */
NODISCARD enum err sqlite_fill(struct ctx *c, struct db *db, const struct db_table *table,
			       const struct db_value *values, size_t len);
/* Before the first: the connection knows what it fills from. An SQLite code. */
int sqlite_fill_ready(struct sqlite_db *db);
NODISCARD enum err sqlite_settle(struct ctx *c, struct db *db, const struct db_table *table);

/* sqlite_open.c */
NODISCARD enum err sqlite_open(struct ctx *c, const char *address, unsigned flags,
			       struct store **out);
void sqlite_close(struct store *store);
NODISCARD enum err sqlite_reader(struct ctx *c, struct store *store, struct db **out);
void sqlite_reader_done(struct db *db);
/* Copy the whole log into the database and cut it to nothing. */
NODISCARD enum err sqlite_wipe(struct ctx *c, struct store *store, bool *wiped);

/* sqlite_alone.c */
/* ERR_BUSY when another program has the database to itself. */
NODISCARD enum err sqlite_check_alone(struct ctx *c, const struct sqlite_store *store);
NODISCARD enum err sqlite_alone(struct ctx *c, struct store *store, int *fd);
void sqlite_together(struct store *store);

/* sqlite_stamp.c */
/* Find the head of the log's index; store->writer.db has read. */
void sqlite_stamp_find(struct sqlite_store *store);
bool sqlite_stamp(const struct store *store, uint64_t *stamp);
/* Of all that is committed, what was aside too; 0: it is being changed at this moment. */
uint64_t sqlite_stamp_now(const struct sqlite_store *store);

/* sqlite_moment.c */
NODISCARD enum err sqlite_moment(struct ctx *c, struct store *store, struct db **out);
/* Under the store's lock, by a reader that is done: true when it keeps its moment and is kept with it. */
bool sqlite_keep(struct sqlite_db *db);
/* Nobody keeps a moment any more; `copying`: nor will until this is called again. */
void sqlite_release(struct sqlite_store *store, bool copying);
/* The writer, with the lock for writing: its next commit changes something and is aside. Or, false, it failed. */
void sqlite_aside(struct sqlite_store *store, bool aside);

/* sqlite_writer.c */
/* store->writer.db is its connection. */
NODISCARD enum err sqlite_writer_start(struct ctx *c, struct sqlite_store *store);
/* Finish what was accepted, then end the thread. */
void sqlite_writer_stop(struct sqlite_store *store);
NODISCARD enum err sqlite_write(struct ctx *c, struct store *store, store_work *work, void *arg, unsigned manner);
void sqlite_stats(struct store *store, struct store_stats *out);

#endif
