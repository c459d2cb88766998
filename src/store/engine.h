/* engine.h - the table of functions an engine fills in; for store/ only.
 *
 * Each engine's structures begin with the heads below. store.c checks arguments, counts faults
 * and dispatches; an engine never sees a statement that a fault has taken. What each function
 * must do is said in db.h beside the public name.
 */
#ifndef STORE_ENGINE_H
#define STORE_ENGINE_H

#include <pthread.h>
#include <stdatomic.h>

#include "store/db.h"
#include "store/fault.h"

struct engine {
	const char *name; /* its migrations are share/sql/NAME/ */
	enum err (*open)(struct ctx *c, const char *address, unsigned flags,
	                 struct store **out);
	void (*close)(struct store *store);
	void (*stats)(struct store *store, struct store_stats *out);
	enum err (*reader)(struct ctx *c, struct store *store, struct db **out);
	enum err (*moment)(struct ctx *c, struct store *store, struct db **out); /* NULL: as reader */
	void (*reader_done)(struct db *db);
	enum err (*begin)(struct ctx *c, struct db *db);
	void (*end)(struct db *db);
	enum err (*write)(struct ctx *c, struct store *store, store_work *work, void *arg, unsigned manner);
	/* NULL: this engine has no such thing */
	enum err (*alone)(struct ctx *c, struct store *store, int *fd);
	void (*together)(struct store *store);
	enum err (*wipe)(struct ctx *c, struct store *store, bool *wiped);
	bool (*stamp)(const struct store *store, uint64_t *stamp);
	enum err (*stmt)(struct ctx *c, struct db *db, const char *sql, struct stmt **out);
	void (*stmt_done)(struct stmt *s);
	void (*bind_int)(struct stmt *s, int index, int64_t value);
	void (*bind_text)(struct stmt *s, int index, struct str value);
	void (*bind_blob)(struct stmt *s, int index, struct str value);
	void (*bind_null)(struct stmt *s, int index);
	enum err (*step)(struct ctx *c, struct stmt *s, bool *row);
	void (*reset)(struct stmt *s);
	int64_t (*get_int)(struct stmt *s, int column);
	struct str (*get_text)(struct stmt *s, int column);
	bool (*get_null)(struct stmt *s, int column);
	enum err (*script)(struct ctx *c, struct db *db, const char *name, struct str script);
	enum err (*fill)(struct ctx *c, struct db *db, const struct db_table *table,
			 const struct db_value *values, size_t len);
	enum err (*settle)(struct ctx *c, struct db *db, const struct db_table *table);
	enum err (*check)(struct ctx *c, struct db *db);
	int64_t (*changes)(struct db *db);
};

extern const struct engine engine_sqlite, engine_pgsql;

/* Who waits for the next write (store_await). Nobody as a rule: then a write only counts. */
struct store_news {
	_Atomic uint64_t count;
	atomic_uint waiting;
	pthread_mutex_t lock;
	pthread_cond_t came;
};

struct store {
	const struct engine *engine;
	const char *shown; /* its address as people may see it; the engine's */
	struct fault fault;
	store_trace_fn *trace; /* of tests, else NULL */
	void *trace_arg;
	struct store_news news; /* store.c's */
};

struct db {
	struct store *store;
	bool writes;
	unsigned uses; /* of a connection that a thread holds (store_hold): by how many, itself among them; else 0 */
};

struct stmt {
	struct db *db;
};

/* migrate.c: bring the tables up to what the program knows, or refuse. */
NODISCARD enum err migrate(struct ctx *c, const struct share *share, struct store *store,
                           unsigned flags);

#endif
