/* tables.h - the tables of a place, told apart: the record itself, and what can be made from it.
 *
 * The list is tables.def. copy.c carries the permanent ones; tables_test proves that no table of
 * either engine is missing and that columns are those of the migrations.
 */
#ifndef RECORD_TABLES_H
#define RECORD_TABLES_H

#include "store/db.h"

enum table_kind { KIND_PERMANENT, KIND_DERIVED, KIND_OWN };
enum table_how { GROWS = 1, GIVEN, CHANGES };

struct table_row {
	enum table_kind kind;
	struct db_table table; /* its name may end in * when it is not permanent */
	/* Of permanent ones: */
	enum table_how how;
	struct sql all, count, clear;
	struct sql after, last, same; /* by a key of one column: ?1; `last` has no ?1 */
};

extern const struct table_row place_tables[]; /* ended by a row without a name */

/* The row for a table of that name; NULL: nobody has told what it is. */
const struct table_row *place_table(struct str name);

/* Inside store_write, after a load: the engine looks at a bounded part of each table, to choose indexes by what
 * there is. No values are kept of it on SQLite, only how many are alike. */
NODISCARD enum err tables_analyze(struct ctx *c, struct db *db, void *unused);

#endif
