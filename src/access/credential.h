/* credential.h - how somebody proves who they are: a password, a code from their phone, a link.
 *
 * Passwords are kept by argon2id (libsodium), keys of codes as RFC 6238 needs them, recovery codes and
 * links by their hashes. Right or wrong, known or not, a password takes the same way and time.
 */
#ifndef ACCESS_CREDENTIAL_H
#define ACCESS_CREDENTIAL_H

#include "access/session.h"

#define PASSWORD_MIN 12
#define PASSWORD_MAX 1024
#define CODE_KEY_SIZE 33 /* 20 bytes as base32, and a NUL */
#define RECOVERY_CODES 10
#define RECOVERY_SIZE 16 /* "ABCDE-FGHIJ-KLM" */

/* ERR_INVALID, saying what to do, when a password is too short or says the login. */
NODISCARD enum err password_check(struct ctx *c, struct str login, struct str password);
/* Set it and end all sessions but `except`, and what apps were let; links to set one are worth nothing from now on. */
NODISCARD enum err password_set(struct ctx *c, int64_t account, struct str password, int64_t except);
/* Is it that account's? `account` NULL, ended or without a password: false, after the same work. */
NODISCARD enum err password_right(struct ctx *c, const struct user *account, struct str password,
				  bool *right);

/* Has it one? Who comes by a provider alone has none. */
NODISCARD enum err password_known(struct ctx *c, struct db *db, int64_t account, bool *known);

/* --- codes from a phone (RFC 6238: SHA-1, six digits, thirty seconds) --- */

void code_key_make(char key[CODE_KEY_SIZE]);
/* The code of a step of thirty seconds since 1970. False when the key is no base32. */
bool code_at(struct str key, int64_t step, unsigned *code);
/* "otpauth://totp/…" for an app on the same phone. */
struct str code_link(struct ctx *c, struct str key, struct str login, struct str place);
/* From now on codes are asked for; `code` proves that the app has the key. The recovery codes are
 * told once. ERR_INVALID when the code is wrong. */
NODISCARD enum err code_begin(struct ctx *c, int64_t account, struct str key, struct str code,
			      char recovery[RECOVERY_CODES][RECOVERY_SIZE]);
NODISCARD enum err code_end(struct ctx *c, int64_t account);
/* Are codes asked for? How many recovery codes are left? */
NODISCARD enum err code_wanted(struct ctx *c, struct db *db, int64_t account, bool *wanted,
			       int64_t *recovery_left);
/* Take a code of this moment, of the thirty seconds before or after, or a recovery code: each once. */
NODISCARD enum err code_take(struct ctx *c, int64_t account, struct str code, bool *right);

/* --- links that are good once --- */

/* For an account to set its password, or with account 0 to make the first administrator. */
NODISCARD enum err invitation_make(struct ctx *c, int64_t account, int64_t seconds,
				   char token[TOKEN_SIZE]);
/* The same inside store_write. */
NODISCARD enum err invitation_make_in(struct ctx *c, struct db *db, int64_t account, int64_t seconds,
				      char token[TOKEN_SIZE]);
/* Whose it is; ERR_NOT_FOUND when it was used, is too old or never was. It stays good. */
NODISCARD enum err invitation_find(struct ctx *c, struct db *db, struct str token, int64_t *account);
/* Use it up; ERR_NOT_FOUND as above. For account 0: there must be no administrator. */
NODISCARD enum err invitation_use(struct ctx *c, struct str token, int64_t *account);

#endif
