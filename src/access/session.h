/* session.h - who is signed in now.
 *
 * A session is a row that holds the hash of a token of 256 random bits; the token itself is only with
 * the browser or program. It dies of idleness, of age, when it is ended, and with its account. What
 * may be done is looked up at each request, so that a role given or taken counts at the next one.
 */
#ifndef ACCESS_SESSION_H
#define ACCESS_SESSION_H

#include "access/account.h"

#define TOKEN_SIZE 44 /* 43 letters of base64url and a NUL */

enum session_stage {
	SESSION_HALF = 1, /* the password was right, a code is missing */
	SESSION_FULL,
};

struct session {
	int64_t key, account, employment;
	enum session_stage stage;
	int64_t made, used, until, idle;
	int64_t scope; /* of smart.h, what the token is limited to; 0: nothing */
	struct str device;
};

/* 256 random bits as text. */
void token_make(char token[TOKEN_SIZE]);
/* What is stored of one: 32 bytes in c->arena. */
struct str token_hash(struct ctx *c, struct str token);
/* What a form carries to prove that a page of ours made it: bound to the session's token. */
struct str token_form(struct ctx *c, struct str token);

/* Begin one, with limits of the account's kind (share/access/session.tsv), or `seconds` when not 0. */
NODISCARD enum err session_begin(struct ctx *c, const struct user *user, int64_t employment,
				 enum session_stage stage, struct str device, int64_t seconds,
				 int64_t scope, char token[TOKEN_SIZE]);
/* ERR_NOT_FOUND when there is none, or it is too old or idle at the clock's time, in the same words. */
NODISCARD enum err session_find(struct ctx *c, struct db *db, struct str token, struct session *out);
/* The same of one that is known by its number. */
NODISCARD enum err session_at(struct ctx *c, struct db *db, int64_t key, struct session *out);
/* Note that it is used, at most once a minute. */
NODISCARD enum err session_touch(struct ctx *c, const struct session *session);
/* Work in another employment from now on; it must be the account's own. */
NODISCARD enum err session_work_in(struct ctx *c, const struct session *session, int64_t employment);
NODISCARD enum err session_end(struct ctx *c, int64_t account, int64_t key);
/* All of an account but `except` (0: none is spared), and what apps were let: they would come back by themselves. */
NODISCARD enum err session_end_all(struct ctx *c, int64_t account, int64_t except);
NODISCARD enum err session_list(struct ctx *c, struct db *db, int64_t account, struct session **out,
				size_t *len);

#endif
