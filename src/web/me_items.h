/* me_items.h - everything in a record as lines a person can read, in groups: for their page and their copy. */
#ifndef WEB_ME_ITEMS_H
#define WEB_ME_ITEMS_H

#include "web/person.h"

/* What an item is about in one line: "Osteoporosis", "Weight 52 kg". Never empty. */
struct str item_words(struct person *p, const struct node *resource);
/* Adds "groups" to `data`: each { group, group_id, count, items: [{ words, detail, item, when, org }] }. */
void me_put_groups(struct person *p, struct node *data);

#endif
