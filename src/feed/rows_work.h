/* rows_work.h - a few rows on their way into the record together; for rows_*.c only. */
#ifndef FEED_ROWS_WORK_H
#define FEED_ROWS_WORK_H

#include "feed/feeds.h"

enum { ROWS_GROUP = 32 };

enum row_fate { ROW_WAITS, ROW_APPLIED, ROW_UNCHANGED, ROW_REFUSED };

/* One row as it was read. */
struct row_in {
	int64_t number;
	struct str raw;
	const struct str *fields;
	unsigned len;
	const char *fault;   /* cannot be read; NULL */
	bool overtaken;      /* a later row of the same file says what it says */
	struct message *again; /* it is replayed; NULL: it comes */
	enum row_fate fate;  /* filled in */
};

struct rows_to {
	const struct feed *feed;
	const struct rows_map *map;
	const struct rows_head *head;
	struct str header;   /* as it came, for the message */
	int64_t file;        /* feed_file.key; 0 */
	struct str org, source;
};

/* All of them, or those that can be: each is kept with what became of it. Fails only with what is not
 * a row's fault (ERR_STORE, ERR_BUSY, ERR_STOPPED, ERR_IO). */
NODISCARD enum err rows_group(struct ctx *c, const struct rows_to *to, struct row_in *at, size_t len);
/* What stands of rows that are no longer sent is ended, if the mapping says so; many as one transaction. `names`:
 * of their states. *ended: of how many of them anything was. */
NODISCARD enum err rows_end(struct ctx *c, const struct rows_to *to, const struct str *names, size_t len,
			    int64_t *ended);
/* The name of a row's state: "feed|row|KEY". */
struct str rows_state_name(struct arena *a, const struct feed *feed, struct str key);

#endif
