/* app_part.h - what the files of apps share; for them only. */
#ifndef ACCESS_APP_PART_H
#define ACCESS_APP_PART_H

#include "access/app.h"

enum app_kind { APP_CODE = 1, APP_REFRESH };
struct app_token {
	struct str hash;
	int64_t grant;
	enum app_kind kind;
	struct str back, challenge, nonce;
	int64_t until, used;
};
/* All here inside store_write. */
/* A launch is used up; ERR_BAD_REQUEST when it is not good. */
NODISCARD enum err launch_use(struct ctx *c, struct db *db, const struct app *app, struct str word);
NODISCARD enum err app_token_put(struct ctx *c, struct db *db, const struct app_token *token);
/* Its tokens are worth nothing any more. */
NODISCARD enum err grant_end(struct ctx *c, struct db *db, int64_t account, int64_t grant);
/* With what the texts of its rows in grant_scope begin, so that each is its own: "app:12 ". */
struct str grant_mark(struct ctx *c, int64_t grant);
/* As it is stored. */
struct str secret_hash(struct ctx *c, struct str secret);

#endif
