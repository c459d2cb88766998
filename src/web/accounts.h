/* accounts.h - what the pages about accounts share; for them only. */
#ifndef WEB_ACCOUNTS_H
#define WEB_ACCOUNTS_H

#include "access/account.h"
#include "web/page.h"

/* What the end of a role (the number of the employment) or of all ("account") takes away: "sure" with its lines. */
NODISCARD enum err accounts_put_end(struct ctx *c, struct str asked, const struct user *user, struct node *data);

#define LINK_DAYS 7 /* how long a link to set a password is good */

#endif
