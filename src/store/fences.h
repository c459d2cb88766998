/* fences.h - is all that keeps what is written for good still there, as the migrations made it?
 *
 * Tables that are only added to have triggers that refuse every change; on PostgreSQL also rights that are taken from their own
 * owner, and row-level security around all tables. Whoever has the database can take these away, replace them by some that
 * let pass, or add a trigger or a rule that loses rows on their way in. What should be there is not kept in a list of its
 * own: it is read from the migrations.
 */
#ifndef STORE_FENCES_H
#define STORE_FENCES_H

#include "store/db.h"

/* What is missing, altered, switched off or was never the program's becomes an issue each, naming the fence and its
 * table; ERR_INVALID when there are any. */
NODISCARD enum err fences_check(struct ctx *c, const struct share *share, struct db *db);

#endif
