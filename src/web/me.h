/* me.h - the residents' own pages: what their files share.
 *
 * Each page stands twice among the routes: /me/… for one's own record, /for/{who}/… for the record of
 * somebody who lets the asker in. Both are the same function; who it is about is asked in one place.
 */
#ifndef WEB_ME_H
#define WEB_ME_H

#include "access/audit.h"
#include "web/page.h"
#include "web/person.h"

/* Whose pages these are. */
struct own {
	struct str id;       /* of the Patient */
	int64_t person;      /* its key */
	struct str base;     /* "/me", "/for/p-000001": how the addresses of its pages begin */
	struct str name;     /* of the person, as the page calls them */
	bool self;
	bool speaks;         /* may choose, let others in, ask who looked: oneself, an attorney, a parent */
	struct str capacity; /* "carer" …; empty: oneself */
	struct str rest;     /* the first {…} of the address after the person's; empty */
};
enum me_need { ME_SEES, ME_SPEAKS };
/* The page's data and whose it is. ERR_FORBIDDEN for who has no record here or may not do this for them,
 * ERR_NOT_FOUND for a person who does not let them in, in the words for one who never was. */
NODISCARD enum err me_begin(struct ctx *c, const struct request *r, const char *title, enum me_need need,
			    struct node **data, struct own *own);
/* Pages that staff have too, of a person they have to do with (/people/{id}/…, choice.write): the person's own page
 * with its title, or that of staff with theirs. *staff tells which. */
NODISCARD enum err me_or_staff_begin(struct ctx *c, const struct request *r, const char *title, const char *staff_title,
				     struct node **data, struct own *own, bool *staff);
/* Where they are now, and the next few dates of theirs: "stay_at", "next". (me_next.c) */
void me_put_next(struct person *p, struct node *data);
/* Back to a page of theirs: "/record?done=1" after own->base. */
enum err me_redirect(struct ctx *c, const struct own *own, const char *where, struct reply *reply);

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
