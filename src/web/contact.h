/* contact.h - what the front door and other pages that begin with a person share. */
#ifndef WEB_CONTACT_H
#define WEB_CONTACT_H

#include "web/looked.h"
#include "web/page.h"

/* People like what was typed, by sound too when few are, a dozen at most: { id, name, plain, born, address, nhs, sounds } added
 * to `list`; who was shown goes into *people (looked_page). */
NODISCARD enum err contact_find(struct ctx *c, struct str q, struct node *list, struct looked_people *people);

#endif
