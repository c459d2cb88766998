/* leaving.h - everybody who is on the way out of hospital, as the list, its print, its file and one person's page need it.
 *
 * A row is a Task of leaving; with it the stay, the delay and the step that comes first of those that are part of it.
 */
#ifndef WEB_LEAVING_H
#define WEB_LEAVING_H

#include "base/vec.h"
#include "web/page.h"
#include "web/words.h"

#define NO_PATHWAY (-1)

struct leaving {
	const struct node *task, *stay, *delay, *step; /* NULL: none */
	struct str stay_ref, ward, bed;
	struct str act_by; /* who must act next, by name; empty: nobody is named */
	struct moment ready, expected;
	int64_t pathway; /* NO_PATHWAY: not decided */
	int64_t nights;  /* waiting; -1: not ready */
	int64_t due;     /* of the step; INT64_MAX: none */
	bool again;      /* they had left hospital within 30 days before */
};

struct board {
	struct ctx *c;
	int64_t now;
	VEC(struct leaving) all;
	const struct node *pathways; /* what each is called: pathways_read */
};

/* Everybody the asker may see, those who wait longest first, then those expected soonest. */
NODISCARD enum err board_read(struct ctx *c, struct board *out);
/* Longest wait first, for qsort. */
int leaving_by_wait(const void *a, const void *b);

/* The pathways as the place's files list them; NULL where no domain lists any. */
NODISCARD enum err pathways_read(struct ctx *c, const struct node **out);
/* "Home with support"; empty when it is not decided or not known. */
struct str pathway_words(const struct node *pathways, int64_t pathway);
/* "Home with support (pathway 1)", from the same file by itself; empty when it lists no such. */
struct str pathway_name(struct ctx *c, int64_t pathway);
/* The one of a Task of leaving; NO_PATHWAY. */
int64_t leaving_pathway(const struct node *task);

/* What a search finds, one by one; what is restricted is left out. */
typedef enum err take_resource(struct ctx *c, void *arg, struct node *resource, bool included);
NODISCARD enum err each_found(struct ctx *c, const char *type, struct str query, take_resource *take, void *arg);

/* "Elm Ward" of "Elm Ward, bed 4"; `bed` the rest, or NULL. */
struct str stay_ward(const struct node *stay, struct str *bed);
/* The input of a Task of that kind; NULL. */
const struct node *leaving_input(const struct node *task, const char *kind);
/* Who a Task is for to do; and why a delay is, with its code. */
struct str leaving_owner(struct ctx *c, const struct node *task);
struct str delay_reason(struct ctx *c, const struct node *delay);

#endif
