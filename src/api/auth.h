/* auth.h - what auth.c and auth_app.c share; for them only. */
#ifndef API_AUTH_H
#define API_AUTH_H

#include "api/inside.h"

/* An answer of OAuth, never kept. */
NODISCARD enum err oauth_reply(struct ctx *c, int status, const struct node *n, struct reply *reply);
/* RFC 6749 section 5.2: what went wrong, by its name there. */
NODISCARD enum err oauth_refuse(struct ctx *c, enum err e, struct reply *reply);

/* Is it for apps that people let in? Then they are answered there. */
bool oauth_of_app(struct str grant_type);
NODISCARD enum err app_token_reply(struct ctx *c, const struct request *r, struct reply *reply);

#endif
