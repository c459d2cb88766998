/* about.h - About me: its parts (share/form/about-me.tsv), for the person's own pages and for staff. */
#ifndef WEB_ABOUT_H
#define WEB_ABOUT_H

#include "base/json.h"
#include "base/vec.h"
#include "record/search.h"

#define ABOUT_ME "https://causeway.example/fhir/Questionnaire/about-me"

struct about_part {
	struct str link, heading, hint, banner;
};
struct about_parts {
	VEC(struct about_part) at;
};
/* In c->arena. */
NODISCARD enum err about_parts_read(struct ctx *c, const struct about_parts **out);
/* NULL: there is none. */
const struct about_part *about_part(const struct about_parts *parts, struct str link);
/* Is a QuestionnaireResponse one of these, and finished? */
bool about_is(const struct node *response);
/* Its answers as items; what one says; empty. */
const struct node *about_items(const struct node *response);
struct str about_said(const struct node *response, struct str link);

#endif
