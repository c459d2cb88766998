/* app.h - apps that people let in: SMART App Launch 2, standalone or opened from a person's page, authorization code with
 * PKCE (S256).
 *
 *	registered   client_id, name, where it may be sent back to, the most it may ask for; a secret, if it can keep one
 *	asked        in the browser, of whoever is signed in there: what it wants, in plain words; all, some or none is let
 *	code         two minutes, once; changed for a token of an hour, and where it was let to stay a refresh token
 *	refreshed    each refresh token once: one that comes again, like a code that does, ends all of what was let
 *	taken back   by the person or the app: nothing of it is worth anything from the next request on
 *
 * A token is somebody's own session with less (smart.h): what they may not see no app of theirs does. Contexts
 * are patient/ (their own record, or that of the person whom staff opened it about) and user/ (all that they may see);
 * launch/patient and launch name whose.
 */
#ifndef ACCESS_APP_H
#define ACCESS_APP_H

#include "access/sign_in.h"
#include "access/smart.h"

#define APP_TOKEN_SECONDS 3600
#define APP_BACKS_MOST 10

struct app {
	int64_t key;
	struct str client, name;
	struct str back;   /* addresses, parted by spaces */
	struct str scope;  /* the most */
	struct str secret; /* hash, as base64url; empty: none */
	struct str launch; /* where it is opened from a person's page; empty: it is not */
	int64_t made, ended;
};

/* Register it, or make it this from now on. ERR_INVALID. `secret`: it gets one, told once. */
NODISCARD enum err app_put(struct ctx *c, const struct app *app, bool secret, char out[TOKEN_SIZE]);
/* Nothing that it was let counts any more. ERR_NOT_FOUND. */
NODISCARD enum err app_end(struct ctx *c, struct str client);
NODISCARD enum err app_list(struct ctx *c, struct db *db, struct app **out, size_t *len);
/* One that has not ended. ERR_NOT_FOUND. */
NODISCARD enum err app_find(struct ctx *c, struct str client, struct app *out);
bool app_knows(const struct app *app, struct str back);
/* Is this where an app that has not ended is sent back to: "https://growth.example" of
 * "https://growth.example/back"? Then its scripts may call the API (CORS). */
NODISCARD enum err app_origin(struct ctx *c, struct str origin, bool *known);

/* --- asked --- */

/* What it asks for, as far as it was registered for it and c->actor could give it. */
struct app_wish {
	struct smart scopes;
	bool openid, user;   /* who somebody is */
	bool patient;        /* whose record is theirs */
	bool opened;         /* from somebody's page */
	bool stays, offline; /* a refresh token; and for long */
	int64_t context;     /* resource.key of the Patient it was opened about: patient/ is theirs then; 0 */
	int64_t encounter;   /* resource.key of the Encounter, of that Patient's; 0 */
};
/* What an app is opened about: keys of resource; 0: nobody, no Encounter. */
struct app_about {
	int64_t person, encounter;
};
/* `about`: of app_launched, or nothing. ERR_BAD_REQUEST: nothing of it can be given. */
NODISCARD enum err app_wish_read(struct ctx *c, const struct app *app, struct str scope, struct app_about about,
				 struct app_wish *out);
/* Is that word among the scopes asked for? */
bool scope_has(struct str scope, const char *word);
struct app_asked {
	struct str back, challenge, nonce;
	struct str launch; /* the word it was opened with: used up by letting it in; empty: none */
};
/* c->actor lets it: the code to send back. */
NODISCARD enum err app_let(struct ctx *c, const struct app *app, const struct app_wish *wish,
			   const struct app_asked *asked, char code[TOKEN_SIZE]);

/* --- opened about somebody, from their page (EHR launch) or chosen when it asks: app_launch.c --- */

#define APP_LAUNCH_SECONDS 300

/* Those that can be. */
NODISCARD enum err app_launchable(struct ctx *c, struct app **out, size_t *len);
/* c->actor opens it about a Patient, and an Encounter of theirs, which they must be known to see: the word to send along.
 * Good once, for this app and this account. */
NODISCARD enum err app_launch(struct ctx *c, const struct app *app, struct app_about about, char word[TOKEN_SIZE]);
/* About what. ERR_BAD_REQUEST in the same words for whatever is wrong with the word. */
NODISCARD enum err app_launched(struct ctx *c, const struct app *app, struct str word, struct app_about *about);

/* The id of a resource (resource.key); empty: it is gone. */
NODISCARD enum err app_person(struct ctx *c, struct db *db, int64_t person, struct str *out);

/* --- tokens --- */

struct app_tokens {
	char access[TOKEN_SIZE], refresh[TOKEN_SIZE]; /* refresh "": none */
	struct str scope, patient, id_token;          /* patient: id; both may be empty */
	struct str encounter;                         /* id; empty: none */
	bool launched;                                /* from a person's page: it shows by itself whom it is about */
};
/* Which app asks, by what it sends: its secret if it has one, nothing if not. ERR_UNSIGNED. */
NODISCARD enum err app_prove(struct ctx *c, struct str client, struct str secret, struct str address,
			     struct app *out);
/* `issuer`: this place's address. ERR_NOT_FOUND in the same words for whatever is wrong with the code or token. */
NODISCARD enum err app_change_code(struct ctx *c, const struct app *app, struct str code, struct str back,
				   struct str verifier, struct str issuer, struct app_tokens *out);
NODISCARD enum err app_refresh(struct ctx *c, const struct app *app, struct str token, struct str issuer,
			       struct app_tokens *out);
/* Whichever of its tokens: what it is of ends. One that is none is no error. */
NODISCARD enum err app_revoke(struct ctx *c, const struct app *app, struct str token);

/* What one of its tokens is worth now (RFC 7662). `of` NULL: asked by the program c->actor, of its own tokens or,
 * when it may read what concerns the system, of anybody's, be it an app's or a program's. */
struct app_told {
	bool active;
	bool refresh; /* a refresh token, else one for access */
	struct str client, scope, patient, fhir_user; /* client: of a program its login; scope empty: not limited;
							 patient: id; fhir_user: "Practitioner/x"; may be empty */
	struct str encounter;                         /* id; empty: none */
	int64_t account, made, until; /* made 0: not known */
};
NODISCARD enum err app_inspect(struct ctx *c, const struct app *of, struct str token, struct app_told *out);

/* --- what was let --- */

struct app_grant {
	int64_t key, app, account, employment;
	struct str name, scope; /* of the app; what it was let */
	int64_t made, until, context, encounter;
};
/* Of an account, in force now. */
NODISCARD enum err app_grants(struct ctx *c, struct db *db, int64_t account, struct app_grant **out, size_t *len);
/* All of an account's, inside store_write: who had a password that is changed now, or a session
 * that is ended from elsewhere, may have let one in. */
NODISCARD enum err app_end_all_of(struct ctx *c, struct db *db, int64_t account);
/* ERR_NOT_FOUND when it is not that account's. */
NODISCARD enum err app_take_back(struct ctx *c, int64_t account, int64_t grant);

#endif
