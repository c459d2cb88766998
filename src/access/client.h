/* client.h - programs that sign in by signing: SMART Backend Services (private_key_jwt).
 *
 * A client is a program account whose public keys are known; its login is the client_id. It sends an
 * assertion signed for this place alone, good for five minutes at most and taken once, and gets a token for
 * five minutes, limited to the scopes it asked for of those it was given. What the account's role does not
 * let, no scope does.
 */
#ifndef ACCESS_CLIENT_H
#define ACCESS_CLIENT_H

#include "access/sign_in.h"

#define CLIENT_SECONDS 300    /* of an assertion at most, and of a token */
#define CLIENT_TOKENS_MOST 50 /* good at once, of one client */

struct client {
	int64_t account;
	struct str login, name;
	struct str jwks, url; /* keys, or where they are */
	struct str scope;     /* the most it is given */
	int64_t made, ended;
};

/* Make an account's keys and scopes these, from the next token on. ERR_INVALID, ERR_BAD_REQUEST for what does
 * not hold: keys that are none, scopes that make no sense, an account that is no program. */
NODISCARD enum err client_put(struct ctx *c, const struct client *client);
/* No more tokens, and those given are worth nothing. ERR_NOT_FOUND. */
NODISCARD enum err client_end(struct ctx *c, int64_t account);
NODISCARD enum err client_list(struct ctx *c, struct db *db, struct client **out, size_t *len);

struct client_token {
	char token[TOKEN_SIZE];
	struct str scope;
};
/* `audience`: the address asked. ERR_UNSIGNED in few words whatever was wrong with the assertion,
 * ERR_BAD_REQUEST for scopes, ERR_THROTTLED. */
NODISCARD enum err client_token(struct ctx *c, struct str assertion, struct str scope,
				struct str audience, struct str address, struct client_token *out);

#endif
