/* identity.h - what the pages of who is who share: identity.c and identity_*.c. */
#ifndef WEB_IDENTITY_H
#define WEB_IDENTITY_H

#include "identity/doubt.h"
#include "identity/merge.h"
#include "web/page.h"

/* What the forms ask: who decides (the account, where people sign in) and why. */
struct str form_by(struct ctx *c, const struct request *r);
struct str form_reason(struct ctx *c, const struct request *r);
/* ERR_FORBIDDEN for a form that another site's page has sent. */
NODISCARD enum err form_own(struct ctx *c, const struct request *r);
/* A Patient for a row: `prefix`_name, _id, _born; "no longer here" when it cannot be read. */
NODISCARD enum err put_patient(struct ctx *c, struct node *row, const char *prefix, struct str id);
/* Both sides beside each other with what differs marked, what each holds, what speaks against it. */
NODISCARD enum err put_pair(struct ctx *c, struct node *data, struct str a, struct str b);
/* The evidence of a doubt: in words, each with a bar for or against. */
NODISCARD enum err put_evidence(struct ctx *c, struct node *data, const struct doubt *d);
/* The notice after a decision, with what undoes it; nothing without ?done=KEY. */
NODISCARD enum err put_done(struct ctx *c, const struct request *r, struct node *data);

#endif
