/* passkey.h - signing in with a key that a device keeps (WebAuthn level 2, https://www.w3.org/TR/webauthn-2/).
 *
 * The device signs what the browser tells it of this place's name and of a challenge, after it has seen its owner (a finger,
 * a face, its code). So nothing is typed, and nothing works at an address that only looks like this place's.
 * The browser hands over the public key and what was signed; GnuTLS verifies. How a device was made (attestation) is not
 * asked for. A place that is reached by a number instead of a name has no passkeys, as browsers have it.
 *
 * A challenge holds for ten minutes, once, and only together with the secret it was made with: no row is written for it.
 */
#ifndef ACCESS_PASSKEY_H
#define ACCESS_PASSKEY_H

#include "access/sign_in.h"

#define PASSKEY_MOST 10 /* of one account */

struct passkey {
	int64_t key, account;
	struct str id, public; /* bytes */
	int64_t counter, made, used;
	struct str name;
};

/* What a browser sends, as base64url, and where it must have been asked. */
struct passkey_sent {
	struct str origin;      /* "https://care.example.org" */
	struct str secret;      /* the challenge's */
	struct str id, client_data, auth_data;
	struct str public;      /* making one: the key, SubjectPublicKeyInfo */
	struct str signature;   /* signing in */
	struct str user;        /* signing in: userHandle, may be empty */
};

/* The name for which passkeys of an origin are made (RP ID), in place; empty: none can be. */
struct str passkey_place(struct str origin);
/* A challenge, base64url, in c->arena. `secret`: what only this browser can bring again. */
struct str passkey_challenge(struct ctx *c, struct str secret);
/* What a device keeps instead of an account's name, base64url. */
struct str passkey_user(struct ctx *c, int64_t account);
/* To make a challenge for a new passkey with, after the password was proved: whoever only sits at somebody's desk
 * cannot make it, for it has what is stored of the password in it. */
NODISCARD enum err passkey_secret(struct ctx *c, struct db *db, int64_t account, struct str session, struct str *out);

/* Keep a new one. ERR_INVALID, saying why: too old a challenge, another origin, nobody was seen, a kind of key that is not
 * taken (ES256, RS256 are), too many. ERR_CONFLICT: that key is known. */
NODISCARD enum err passkey_add(struct ctx *c, int64_t account, const struct passkey_sent *sent, struct str name);
/* The newest last. */
NODISCARD enum err passkey_list(struct ctx *c, struct db *db, int64_t account, struct passkey **out, size_t *len);
/* ERR_NOT_FOUND when it is not that account's. */
NODISCARD enum err passkey_remove(struct ctx *c, int64_t account, int64_t key);
NODISCARD enum err passkey_remove_all(struct ctx *c, int64_t account);

/* Whoever has the device is who has the account; no code is asked for besides, for the device has seen its owner. ERR_UNSIGNED
 * in the same words whatever was wrong; the audit says whose it was. ERR_THROTTLED as sign_in_password. */
NODISCARD enum err sign_in_passkey(struct ctx *c, const struct passkey_sent *sent, struct str address, struct str device,
				   struct signed_in *out);

#endif
