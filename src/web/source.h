/* source.h - a resource in plain words, for pages that show one. */
#ifndef WEB_SOURCE_H
#define WEB_SOURCE_H

#include "web/page.h"

/* "rows" of { path, value, row_link }: every value a reader can use, in the order of the resource. `person`:
 * id of the Patient whose pages links lead to. */
void source_put_rows(struct ctx *c, struct node *data, struct str person, const struct node *resource);
/* What a resource is about, in few words: its name, code, title, or its type. */
struct str source_heading(struct ctx *c, const struct node *resource);

#endif
