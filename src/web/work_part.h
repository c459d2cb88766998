/* work_part.h - what the pages of work are made of together: for work*.c only.
 *
 *	work_words.c   a task in words (web/work.h has what others show, too)
 *	work_list.c    the asker's lists, and a row of them
 *	work.c         the page of the lists
 *	work_one.c     one piece of work; handing over
 */
#ifndef WEB_WORK_PART_H
#define WEB_WORK_PART_H

#include "act/work.h"
#include "web/looked.h"
#include "web/work.h"

enum { WORK_SHOWN = 50 }; /* rows of one list at once */

struct worklist {
	struct ctx *c;
	const struct request *r;
	int64_t now;
	struct workers who;
	struct str chosen;        /* who=: "me", "all" or a team's reference */
	struct str kind, due;     /* kind=, due= */
	struct str show;          /* show=: one of the parts alone, "needs"; empty: all three */
	struct works mine;        /* open, of the chosen */
	int64_t *keys;            /* of all that is done by us, sorted */
	size_t key_count;
	struct looked_people people;
};

/* --- words --- */

NODISCARD enum err work_task(struct ctx *c, struct str id, struct version *v, struct node **out);
/* Whom a member ("owner", "requester") names. */
struct str work_who(struct ctx *c, const struct node *task, const char *member);
/* Why it stands: the reason given, else the last note. */
struct str work_reason(struct ctx *c, const struct node *task);
/* NULL: it is not. */
const char *work_urgent(struct str priority);
/* Since when somebody waits for it; false: nobody waits yet. */
bool work_waiting_since(const struct node *task, int64_t now, struct moment *out);

/* --- lists --- */

/* What the address says of the lists; `show` is the page's to fill. */
void worklist_begin(struct ctx *c, const struct request *r, struct worklist *l);
/* The asker's lists: what is open into l->mine, the queues into `data`. */
NODISCARD enum err worklist_read(struct worklist *l, struct node *data, struct works *waiting, struct works *done);
/* Each once, those that fit the filter, what is due first at the front. */
void worklist_narrow(const struct worklist *l, struct works *works);
/* For qsort: the latest first. */
int worklist_by_done(const void *a, const void *b);
struct str worklist_address(struct worklist *l, struct str who, struct str show, int64_t from);
/* `others`: to be done by others, so who must act is said, not who asked. */
NODISCARD enum err worklist_row(struct worklist *l, struct node *rows, const struct work *work, bool others);

#endif
