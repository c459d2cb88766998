/* looked.h - what pages note for the audit: which record was opened, at which page, why. */
#ifndef WEB_LOOKED_H
#define WEB_LOOKED_H

#include "access/audit.h"

/* Page `section` of Patient/`id` is shown; nothing when nobody signs in here. */
NODISCARD enum err looked_open(struct ctx *c, struct str id, const char *section);
/* One item of Patient/`id` is shown as it was sent. */
NODISCARD enum err looked_item(struct ctx *c, struct str id, struct str type, struct str item, int64_t version);
/* A page of Patient/`id` goes to a printer. */
NODISCARD enum err looked_print(struct ctx *c, struct str id, struct str section);
/* It is not there for the asker: noted for whose it would have been. Returns `e`. */
enum err looked_refused(struct ctx *c, enum err e, struct str id, const char *section);
/* A page of search results: one row with all people on it. */
struct looked_people {
	int64_t at[100];
	size_t len;
};
NODISCARD enum err looked_add(struct ctx *c, struct looked_people *people, struct str id);
void looked_page(struct ctx *c, const struct looked_people *people);

#endif
