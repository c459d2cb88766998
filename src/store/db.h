/* db.h - SQL behind one table of functions.
 *
 * A `struct store` is a database; a `struct db` one connection to it, used by one thread at a
 * time. Engines: sqlite.c (WAL, synchronous=FULL, one writer thread that commits many waiting
 * requests in one fsync), pgsql.c (PostgreSQL by libpq's pipeline). fault.c fails the n-th
 * statement of either, for tests. Only literals are accepted as SQL, so nothing a user types can
 * become part of it.
 *
 *	STMT(s);
 *	TRY(db_stmt(c, db, SQL("SELECT seq FROM resource WHERE type = ?1 AND id = ?2"), &s));
 *	stmt_bind_int(s, 1, type);
 *	stmt_bind_text(s, 2, id);
 *	TRY(stmt_step(c, s, &row));
 */
#ifndef STORE_DB_H
#define STORE_DB_H

#include "base/ctx.h"
#include "base/share.h"

struct store;
struct db;
struct stmt;

struct sql {
	const char *text;
};
#define SQL(literal) ((struct sql){ "" literal "" })

/* A table to be read or filled as a whole. Texts of the program, never of a user. */
struct db_table {
	const char *name;
	const char *columns; /* "key, text" */
	const char *types;   /* a letter for each: i whole number, t text, b bytes */
	const char *key;     /* the primary key's columns */
};
struct db_value {
	bool null;
	int64_t number;   /* i */
	struct str bytes; /* t, b */
};

enum store_flags {
	STORE_CREATE = 1, /* make it when it is not there, and migrate; else it must exist */
	STORE_READ_ONLY = 2,
	STORE_MIGRATE = 4, /* bring an older one up to date */
	STORE_STALE = 16,  /* open it also when its index is to be made again (record_reindex) */
	STORE_BULK = 8,    /* larger caches for import and rebuild; as durable as without */
};

/* Open a database: a path, or a postgresql:// address. Refuses one made by a newer Causeway
 * (ERR_NEWER), one that is none (ERR_STORE), and an older one without STORE_MIGRATE. `store` is
 * closed with store_close. */
NODISCARD enum err store_open(struct ctx *c, const struct share *share, const char *address,
			      unsigned flags, struct store **out);
/* Its address as people may see it, without a password. Lives as long as the store. */
const char *store_name(const struct store *store);
/* Waits for the writer to finish what was accepted. NULL is fine. */
void store_close(struct store *store);
/* "sqlite" or "postgresql": for what the two must be told differently. */
const char *store_engine(const struct store *store);
/* Make the n-th statement from now on fail, in this store (tests); 0 stops that. */
NODISCARD enum err store_fault(struct store *store, long n);
/* For tests: be told every statement asked for by db_stmt; NULL stops that. */
typedef void store_trace_fn(void *arg, const char *sql);
void store_trace(struct store *store, store_trace_fn *seen, void *arg);
/* What /metrics shows. */
struct store_stats {
	int64_t writes, commits, failures; /* jobs, fsyncs, jobs that failed */
	int64_t waiting;                   /* jobs in the queue now */
	int64_t bytes;                     /* of the database on disk */
};
void store_stats(struct store *store, struct store_stats *out);

/* A connection for reading, from a pool; at most one per thread and never across store_write.
 * What it reads between db_begin and db_end is one consistent moment. */
NODISCARD enum err store_reader(struct ctx *c, struct store *store, struct db **out);
void store_reader_done(struct db *db);
/* The same for short reads that come often: one moment from the beginning, of all that was committed but, perhaps, of what
 * was written aside (store_write_aside). On SQLite the connection keeps that moment for who asks next, as long
 * as it is the last that counts. */
NODISCARD enum err store_moment(struct ctx *c, struct store *store, struct db **out);
#define READER(name) __attribute__((cleanup(store_reader_cleanup))) struct db *name = NULL
void store_reader_cleanup(struct db **db);
NODISCARD enum err db_begin(struct ctx *c, struct db *db);
void db_end(struct db *db);
/* Work of many small reads: until HOLD's block ends or this thread writes, all it reads is of one moment, on one connection:
 * pages are looked for once. A connection begins a transaction for each statement else, and forgets all pages when
 * anything was committed since. Nothing happens where the thread holds one already. */
NODISCARD enum err store_hold(struct ctx *c, struct store *store);
void store_let_go(void);
#define HOLD(name) __attribute__((cleanup(store_hold_cleanup), unused)) char name
void store_hold_cleanup(char *unused);

/* Run `work` in a transaction on a connection that may write, and return when what it wrote is
 * durable. `work` runs alone (on the writer's thread in SQLite), must be short, and may be run
 * again from the start if the engine had to roll back; when it fails nothing of it remains and
 * its error is returned. A statement without rows may only be queued, and its error be told by
 * the next one with rows or by the commit. ERR_BUSY when too many wait. */
typedef enum err store_work(struct ctx *c, struct db *db, void *arg);
NODISCARD enum err store_write(struct ctx *c, struct store *store, store_work *work, void *arg);
/* The same for work that comes often and is known to bear being run again: where many share a transaction, SQLite
 * is not asked to be able to take this one back alone. So when another fails, it is run again although it went well. */
NODISCARD enum err store_write_often(struct ctx *c, struct store *store, store_work *work, void *arg);
/* Like that for work that writes nothing but what is never read through store_moment. */
NODISCARD enum err store_write_aside(struct ctx *c, struct store *store, store_work *work, void *arg);
enum { WRITE_OFTEN = 1, WRITE_ASIDE = 2 }; /* the manner of a write, for the engines */

/* Wait until something was written since *seen by this program, at most so many milliseconds; what
 * other programs write has to be looked for. Sets *seen, 0 at first; false when nothing was. Any
 * thread, several at once. */
bool store_await(struct store *store, uint64_t *seen, int milliseconds);
/* Another number after anything was committed, by whatever program, but what this one wrote aside
 * (store_write_aside): the same number twice means that nothing else read between is older than what was read
 * before. Costs no statement. False: this engine cannot tell. Any thread. */
bool store_stamp(const struct store *store, uint64_t *stamp);
/* Let all who wait look up now: something else has changed that they should know. */
void store_nudge(struct store *store);

/* Have the database to oneself until store_together or store_close: who opens it meanwhile gets
 * ERR_BUSY. *fd is an empty file beside the database for what does not fit into memory, gone
 * afterwards; -1 when others have the database open, or the engine knows no such thing. */
NODISCARD enum err store_alone(struct ctx *c, struct store *store, int *fd);
void store_together(struct store *store);

/* After deleting what nobody may find again: let nothing of it stay in the files. *wiped false: a
 * reader of an older moment was in the way for too long, or the engine reuses space in its own time
 * (PostgreSQL: VACUUM). */
NODISCARD enum err store_wipe(struct ctx *c, struct store *store, bool *wiped);

/* A statement, prepared once per connection and literal; finished by stmt_done (or STMT). */
NODISCARD enum err db_stmt(struct ctx *c, struct db *db, struct sql sql, struct stmt **out);
void stmt_done(struct stmt *s);
#define STMT(name) __attribute__((cleanup(stmt_cleanup))) struct stmt *name = NULL
void stmt_cleanup(struct stmt **s);

/* Parameters are numbered from 1; bytes are borrowed until the statement is done or reset. */
void stmt_bind_int(struct stmt *s, int index, int64_t value);
void stmt_bind_text(struct stmt *s, int index, struct str value);
void stmt_bind_blob(struct stmt *s, int index, struct str value);
void stmt_bind_null(struct stmt *s, int index);
/* Next row; *row false at the end. */
NODISCARD enum err stmt_step(struct ctx *c, struct stmt *s, bool *row);
/* Run to the end and be ready for other values. */
NODISCARD enum err stmt_run(struct ctx *c, struct stmt *s);
/* Ready to be run again; bindings stay. */
void stmt_reset(struct stmt *s);
/* Columns are numbered from 0; bytes are valid until the next step. */
int64_t stmt_int(struct stmt *s, int column);
struct str stmt_text(struct stmt *s, int column); /* text or blob */
bool stmt_null(struct stmt *s, int column);

/* Inside store_write: put `len` rows into a table in the way the engine does it fastest; values row
 * by row, in the order of its columns. Checked as any insert is: a row that is there already fails. */
NODISCARD enum err db_fill(struct ctx *c, struct db *db, const struct db_table *table,
			   const struct db_value *values, size_t len);
/* Inside store_write, after a table has been filled with keys of its own: the engine gives none of
 * those again, and knows what the table is like. */
NODISCARD enum err db_settle(struct ctx *c, struct db *db, const struct db_table *table);

/* Let the engine prove its own structure: pages, order of the indexes. Findings become issues;
 * ERR_INVALID if there are any. */
NODISCARD enum err db_check(struct ctx *c, struct db *db);
/* Statements without results, several in one text: migrations, pragmas. */
NODISCARD enum err db_script(struct ctx *c, struct db *db, const char *name, struct str script);
/* True for the connection store_write hands out: what it reads may yet be rolled back. */
bool db_writes(const struct db *db);
/* Rows changed by the last statement. */
int64_t db_changes(struct db *db);

#endif
