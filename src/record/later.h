/* later.h - index rows that are put in order first and into their tables afterwards.
 *
 * One by one, the rows of millions of resources come at places all over their tables, and each costs a page of
 * disk. While a place is being loaded (record_load_begin in record.h) rows are therefore written to a file as
 * "put" or "drop", each with the change of the place it belongs to; at the end they are sorted, and
 * of all that is said of a row the last counts. So the tables end as if each write had
 * changed them.
 *
 *	in the writer     later_begin, and apply_write adds rows instead of putting them
 *	when it is durable    later_keep
 *
 * Only rows of resources that belong to people wait: those that links by condition commonly look for
 * (practitioners, organisations, places) are few and put at once. A write whose condition asks for people's resources
 * ends the waiting (later_enter). A load that was cut short is known by meta 'digest', "loading N": rows
 * of the changes after N may be missing, and are found again from the versions.
 */
#ifndef RECORD_LATER_H
#define RECORD_LATER_H

#include "record/parts.h"

struct later;

/* Around each write by those who may load: a lock shared by all that write, and the end of waiting if `tree` (a
 * resource or Bundle) or `condition` asks for what waits. Nothing to do and cheap when no load runs. */
NODISCARD enum err later_enter(struct ctx *c, const struct node *tree, struct str condition);
void later_leave(struct ctx *c);

/* Rows of one transaction. */
struct later_rows {
	struct buf ops;
	bool on;
};
/* In the writer, at the start of a transaction: rows come to `rows` if a load runs. */
void later_begin(struct ctx *c, struct later_rows *rows);
/* After the transaction is durable. */
NODISCARD enum err later_keep(struct ctx *c, const struct later_rows *rows);
/* Does this type's rows wait? `rows` may be NULL. */
bool later_waits(const struct ctx *c, const struct later_rows *rows, const struct fhir_type *type);
void later_add(struct later_rows *rows, const struct row *row, int64_t person, int64_t resource,
	       int64_t seq, bool drop);

void later_free(struct later *later);

/* --- row_bytes.c: a row as bytes whose order is that of its table --- */
void row_encode(struct buf *out, const struct row *r, int64_t person, int64_t resource);
/* Its texts in `a`; the bytes that follow are left in *bytes. False: no such bytes. */
bool row_decode(struct arena *a, struct str *bytes, struct row *r, int64_t *person,
		int64_t *resource);

#endif
