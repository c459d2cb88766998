/* work.h - a task in words: what the worklist, the front door and the meeting's list show alike. */
#ifndef WEB_WORK_H
#define WEB_WORK_H

#include "web/page.h"

/* What a reference is called, if the asker may see it; empty. */
struct str work_name(struct ctx *c, struct str reference);
/* What is to be done; and where it stands. */
struct str work_what(struct ctx *c, const struct node *task);
struct str work_state(struct ctx *c, const struct node *task);
/* due, late, late_words, in_words, pie or no_due into a row: parts/work_due.html shows them. */
void work_clock(struct ctx *c, struct node *row, const struct node *task, int64_t now);
/* person_id, person_name, person_more. */
NODISCARD enum err work_person(struct ctx *c, struct node *row, const struct node *task, int64_t now);
/* workers: { worker, worker_name, chosen } of everybody who can be asked, as far as a page can show them. */
NODISCARD enum err work_directory(struct ctx *c, struct node *data, struct str typed);

#endif
