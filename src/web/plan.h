/* plan.h - what others changed in a plan, for the plan's page and for the forms that change it. */
#ifndef WEB_PLAN_H
#define WEB_PLAN_H

#include "web/page.h"

/* What was changed between two versions: list "changes" of { question, was, is, who }, has_changes; none when `to` is not
 * after `from`. */
NODISCARD enum err plan_put_changes(struct ctx *c, struct node *data, struct str id, int64_t from, int64_t to);

#endif
