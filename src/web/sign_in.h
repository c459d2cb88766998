/* sign_in.h - what the pages about signing in and accounts share; for them only. */
#ifndef WEB_SIGN_IN_H
#define WEB_SIGN_IN_H

#include "web/form.h"
#include "web/pages.h"

/* An address of this place that a form brought along, or "/": never another site's. */
struct str way_back(struct ctx *c, const struct request *r);
/* The page is shown again with what was wrong: the reason as error summary and beside `field`, and the
 * status that goes with it. */
NODISCARD enum err show_again(struct ctx *c, const char *page, struct node *data, enum err e,
			      const char *field, struct reply *reply);
/* True for failures that whoever fills in a form can mend. */
bool form_mends(enum err e);
/* "Firefox on Windows" of this request. */
struct str device_of(struct ctx *c, const struct request *r);
/* The page as it is before anything went wrong; ->data. (sign_in.c) */
NODISCARD enum err sign_in_page(struct ctx *c, const struct request *r, struct reply *reply,
				struct node **out);
/* The buttons of organisations. (sign_in_provider.c) */
NODISCARD enum err put_providers(struct ctx *c, struct node *data);
/* The way in by a passkey, where the place has a name; `token`: what form_begin gave. (passkeys.c) */
void put_passkey_way(struct ctx *c, const struct request *r, struct str token, struct node *data);
/* One's own passkeys. (passkeys.c) */
NODISCARD enum err put_passkeys(struct ctx *c, const struct request *r, struct db *db, struct node *data);
/* Whoever asks; ERR_NOT_FOUND when nobody has signed in. (account.c) */
NODISCARD enum err account_own(struct ctx *c, struct user *user);
/* One's own password again ("current"), counted like any other try. (account.c) */
NODISCARD enum err account_prove(struct ctx *c, const struct request *r, const struct user *user);
/* Pages of one's account have the frame of a resident's own pages or of the place's: the page's name, and its data. (account.c) */
const char *account_page_of(struct ctx *c, const char *page);
void account_frame(struct ctx *c, struct node *data);
/* A moment in full words; 0: nothing. (account.c) */
void account_when(struct ctx *c, struct node *to, const char *name, int64_t at);
/* Back to the account's page, which says what was done. (account.c) */
NODISCARD enum err account_done(struct ctx *c, const char *what, struct reply *reply);
/* The apps one let in. (app.c) */
NODISCARD enum err put_apps(struct ctx *c, struct db *db, struct node *data);
/* Sign in: cookie set, on to `where`. */
enum err enter_with(struct ctx *c, const struct request *r, const char *token, struct str where,
		    struct reply *reply);

#endif
