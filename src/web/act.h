/* act.h - actions on pages: their buttons, and the form each has. */
#ifndef WEB_ACT_H
#define WEB_ACT_H

#include "act/action.h"
#include "web/page.h"

/* What this asker could do with a resource now: a list `name` of { href, label, help }, of those with a
 * form, steps of its own machine first. `back`: the page to come back to ("/people/p-1"). */
void put_actions(struct ctx *c, struct node *to, const char *name, const struct node *resource,
		 struct str back);
/* The steps of its own machine alone. */
void put_own_actions(struct ctx *c, struct node *to, const char *name, const struct node *resource, struct str back);
/* The address of the form of an action of that name, with what is known filled in: "person=Patient%2Fp-1".
 * Empty when the asker may not do it. */
struct str action_href(struct ctx *c, const char *action, struct str id, const char *filled, struct str back);

#endif
