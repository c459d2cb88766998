/* pgsql.h - what the files of the PostgreSQL engine share; for them only.
 *
 *	pgsql.c        the table of the engine: statements, values, scripts, checks
 *	pgsql_wire.c   commands sent in a pipeline, and their answers
 *	pgsql_fill.c   many rows at once, by COPY
 *	pgsql_open.c   connections: made, pooled, told to stop, closed
 *	pgsql_write.c  one job in one transaction
 *
 * A connection is always in libpq's pipeline mode. A statement without rows is only queued, and
 * an error of it told by the next one that waits for an answer, or by the commit: a job that
 * writes fifty index rows waits for the server once. Nothing is ever left unread on the wire:
 * whoever waits reads everything, so any number of statements may be out at once.
 *
 * Values go and come in binary: whole numbers as int8, text and bytes as they are.
 */
#ifndef STORE_PGSQL_H
#define STORE_PGSQL_H

#include <libpq-fe.h>
#include <pthread.h>

#include "base/map.h"
#include "store/engine.h"

enum {
	PG_PARAMS = 64,  /* of one statement */
	PG_QUEUE = 200,  /* commands sent before their answers are read */
	PG_STATE = 5 + 1 /* SQLSTATE */
};

/* One literal on one connection. */
struct pgsql_text {
	const char *text; /* as PostgreSQL writes it */
	unsigned params;  /* the highest number */
	uint64_t used;    /* which of them it names */
	bool rows;        /* gives rows, so somebody waits for it */
	bool writes;
	/* Whether its rows are fetched a few at a time: unknown ones are, until they have proved
	 * short; then not, until they prove long. */
	uint8_t short_runs;
	bool is_long;
	struct pgsql_stmt *idle;
};

struct pgsql_value {
	Oid type; /* 0: NULL, of any type */
	const char *at;
	size_t len;
	char number[8]; /* big end first */
};

struct pgsql_stmt {
	struct stmt head;
	struct pgsql_text *text;
	char name[16];        /* on the server */
	unsigned prepared;    /* on which of the connections; 0: on none */
	Oid types[PG_PARAMS]; /* as prepared */
	struct pgsql_value values[PG_PARAMS];
	PGresult *rows; /* those that have come */
	int row;        /* the current one; -1 before the first */
	bool more;      /* the cursor has more */
	bool running;
	uint64_t transaction;    /* in which its cursor was opened; 0: it has none */
	struct pgsql_stmt *next; /* idle ones of the same text */
};

/* What was sent and not answered yet. */
struct pgsql_sent {
	enum { SENT_QUIET, SENT_PREPARE, SENT_ASKED, SENT_SYNC } kind;
	struct pgsql_stmt *stmt;
};

struct pgsql_db {
	struct db head;
	PGconn *handle;
	struct arena life; /* of texts and statements */
	struct map texts;  /* address of a literal -> struct pgsql_text */
	unsigned out;      /* statements handed out now */
	unsigned made;     /* statements ever, for their names */
	unsigned number;   /* of the connection, when it has been replaced */
	bool untouched;    /* nothing has been answered since it was taken */
	struct pgsql_sent sent[PG_QUEUE + 8];
	unsigned sent_len;
	int64_t changes; /* of the last statement answered */
	bool in_transaction;
	uint64_t transaction; /* counts them */
	bool wrote;           /* in this transaction */
	enum err broken;      /* why this transaction can only be rolled back */
	char why[512];
	bool again;            /* it would do to run the whole transaction once more */
	bool lost;             /* the connection is gone */
	int64_t timeout;       /* statement_timeout on the server, milliseconds; 0 none */
	struct pgsql_db *next; /* idle ones */
};

struct pgsql_pool {
	pthread_mutex_t lock;
	pthread_cond_t freed;
	struct pgsql_db *idle; /* the one used last first */
	unsigned open, max, waiting;
	const char *purpose; /* "reading" */
};

struct pgsql_store {
	struct store head;
	char *address;
	char *shown; /* without password */
	unsigned flags;
	struct pgsql_pool readers, writers;
	atomic_llong writes, commits, failures;
};

/* pgsql_wire.c. All fail with the server's reason. */
/* Queue a statement of the engine's own, without values; nobody looks at its rows. */
NODISCARD enum err pgsql_queue(struct ctx *c, struct pgsql_db *db, const char *sql);
/* End the batch here and send it; what comes after is another transaction or part of one. */
NODISCARD enum err pgsql_sync(struct ctx *c, struct pgsql_db *db);
/* Ask a question of the engine's own and wait. */
NODISCARD enum err pgsql_ask(struct ctx *c, struct pgsql_db *db, const char *sql,
			     PGresult **out);
/* Queue a statement with its values; `asked` if its rows will be asked for by pgsql_answer. */
NODISCARD enum err pgsql_queue_stmt(struct ctx *c, struct pgsql_stmt *s, bool asked);
/* The same through a cursor: opens it and asks for the first rows. */
NODISCARD enum err pgsql_queue_cursor(struct ctx *c, struct pgsql_stmt *s);
NODISCARD enum err pgsql_queue_fetch(struct ctx *c, struct pgsql_stmt *s);
/* True if the cursor may have more than these. */
bool pgsql_more(const PGresult *rows);
/* Wait for all that was queued. *asked is the answer to the one that was asked; NULL if none. */
NODISCARD enum err pgsql_answer(struct ctx *c, struct pgsql_db *db, PGresult **asked);
/* An answer of the server as our error. */
enum err pgsql_fail(struct ctx *c, struct pgsql_db *db, const PGresult *result);
/* The whole number in a field of an answer; 0 for NULL. */
int64_t pgsql_int(const PGresult *rows, int row, int column);

/* pgsql.c */
extern const struct engine engine_pgsql;
/* Queue the begin of a transaction: what is sent from now on is part of it. */
NODISCARD enum err pgsql_begin(struct ctx *c, struct pgsql_db *db, const char *sql);
/* It is over on the server, or about to be. */
void pgsql_ended(struct pgsql_db *db);

/* pgsql_fill.c */
NODISCARD enum err pgsql_fill(struct ctx *c, struct db *db, const struct db_table *table,
			      const struct db_value *values, size_t len);
NODISCARD enum err pgsql_settle(struct ctx *c, struct db *db, const struct db_table *table);

/* pgsql_open.c */
NODISCARD enum err pgsql_open(struct ctx *c, const char *address, unsigned flags,
			      struct store **out);
void pgsql_close(struct store *store);
NODISCARD enum err pgsql_take(struct ctx *c, struct pgsql_store *store, struct pgsql_pool *pool,
			      struct pgsql_db **out);
void pgsql_give(struct pgsql_pool *pool, struct pgsql_db *db);
NODISCARD enum err pgsql_reader(struct ctx *c, struct store *store, struct db **out);
void pgsql_reader_done(struct db *db);
void pgsql_stats(struct store *store, struct store_stats *out);

/* A reader's connection that was lost before it was of any use is made anew, transaction and all. */
NODISCARD enum err pgsql_replace(struct ctx *c, struct pgsql_db *db);

/* pgsql_write.c */
NODISCARD enum err pgsql_write(struct ctx *c, struct store *store, store_work *work, void *arg, unsigned manner);

#endif
