/* account_part.h - what the files about accounts share; for them only. */
#ifndef ACCESS_ACCOUNT_PART_H
#define ACCESS_ACCOUNT_PART_H

#include "access/account.h"

struct str account_keep(struct ctx *c, struct str s);
/* One more than the highest key, inside store_write. */
NODISCARD enum err account_next(struct ctx *c, struct db *db, struct sql max, int64_t *key);
/* A statement about an account (?1) and, unless 0, a moment (?2). */
NODISCARD enum err account_run(struct ctx *c, struct db *db, struct sql sql, int64_t account,
			       int64_t now);
NODISCARD enum err account_check_name(struct ctx *c, struct str name);
NODISCARD enum err account_role(struct ctx *c, enum actor_kind kind, struct str name,
				const struct role **out);
/* Key of a resource that is there; ERR_INVALID when it is not. */
NODISCARD enum err account_resource(struct ctx *c, struct db *db, const char *type, struct str id,
				    int64_t *key);
/* An ODS code in form; empty is the place itself. */
NODISCARD enum err org_check(struct ctx *c, struct str org);
/* What account.h has by the same names, inside store_write; roles from now on, without an end. */
NODISCARD enum err account_add_in(struct ctx *c, struct db *db, const struct joiner *joiner, int64_t *key);
NODISCARD enum err account_rename_in(struct ctx *c, struct db *db, int64_t account, struct str name);
NODISCARD enum err account_end_in(struct ctx *c, struct db *db, int64_t account);
NODISCARD enum err employment_give_in(struct ctx *c, struct db *db, int64_t account, struct str role, struct str org);
NODISCARD enum err employment_end_in(struct ctx *c, struct db *db, int64_t account, int64_t employment);
/* The first employment or one more, inside store_write. */
NODISCARD enum err employment_put(struct ctx *c, struct db *db, int64_t account,
				  const struct role *role, struct str org, int64_t since,
				  int64_t until, int64_t *key);

#endif
