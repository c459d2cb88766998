/* glass.h - a record that does not open by being looked at: what person pages ask before they show it. */
#ifndef WEB_GLASS_H
#define WEB_GLASS_H

#include "access/glass.h"
#include "web/person.h"

/* What stands between the asker and a record. */
enum wall {
	WALL_NONE,
	WALL_UNRELATED, /* nothing in the record says that they have to do with the person */
	WALL_ASK,	/* the person (or the place) wants to be asked at the opening */
};
/* Of Patient/`id` for c->actor. Whoever may not even find the person has WALL_NONE, and is told what is
 * told of a person who never was. `own`: the asker is content with what their own organisation wrote. */
NODISCARD enum err wall_of(struct ctx *c, struct str id, bool own, enum wall *out);
/* The calm page in place of the record: nothing but what the search showed, and what can be done. */
NODISCARD enum err wall_show(struct ctx *c, const struct request *r, enum wall wall, struct reply *reply);
/* The opening in force for the asker and the person, for the bar over their pages: kind, until, why. */
NODISCARD enum err glass_put_bar(struct person *p, struct node *data);

#endif
