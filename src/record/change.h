/* change.h - several resources changed together, with rows of other tables in the same transaction.
 *
 * For the layers above whose decisions are told both in a table of theirs and in resources.
 */
#ifndef RECORD_CHANGE_H
#define RECORD_CHANGE_H

#include "record/record.h"

struct change {
	struct str type, id;
	/* Changes the tree in place (NULL arg is fine). May be called again on a later version. */
	enum err (*edit)(struct ctx *c, struct node *resource, const struct version *v, void *arg);
	void *arg;
	struct written written; /* out; `unchanged` when the edit changed nothing */
};
enum { CHANGE_MAX = 8 };

/* `also` runs first inside the transaction, on the writer's connection, after it is sure that the
 * resources still are what the edits saw; when it fails nothing is written. At most CHANGE_MAX.
 * ERR_NOT_FOUND, ERR_GONE; ERR_CONFLICT when they keep changing. */
NODISCARD enum err record_change(struct ctx *c, struct change *changes, size_t len,
				 store_work *also, void *arg);

#endif
