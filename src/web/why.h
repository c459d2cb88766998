/* why.h - an explanation of the decision (access/decide.h) as lines of a page. */
#ifndef WEB_WHY_H
#define WEB_WHY_H

#include "access/decide.h"
#include "web/page.h"

/* Adds "lines" and "may" to `data`. */
void why_put(struct ctx *c, struct node *data, const struct explanation *explanation);

#endif
