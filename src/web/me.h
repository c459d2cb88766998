/* me.h - the resident's own pages: what their files share. */
#ifndef WEB_ME_H
#define WEB_ME_H

#include "access/audit.h"
#include "web/page.h"

/* The page's data, and the id of the person's own Patient. ERR_FORBIDDEN for who has no record here. */
NODISCARD enum err me_new(struct ctx *c, const struct request *r, const char *title, struct node **data,
			  struct str *id);

/* share/access/look.tsv: words for the person. */
struct look_word {
	struct str kind, code, words;
};
struct look_words {
	VEC(struct look_word) at;
};
NODISCARD enum err look_words_read(struct ctx *c, struct look_words *out);
/* Of kind "section", "relation" …; empty when there are none. */
struct str look_word(const struct look_words *words, const char *kind, struct str code);

#endif
