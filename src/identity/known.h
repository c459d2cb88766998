/* known.h - Patients of the place by what is certain of them. Within identity/ only. */
#ifndef IDENTITY_KNOWN_H
#define IDENTITY_KNOWN_H

#include "record/parts.h"

/* A Patient of the place as it stands; its texts and tree are in c->arena. */
struct known {
	struct str id;
	int64_t key, version; /* resource.key; 0: there is none */
	struct node *tree;
	struct node *first; /* of the Patient that was found, who may be merged into this one */
};

/* The Patient with that id, or the one it has been merged into; *out untouched and *found false when
 * there is none, or it was deleted. On any connection. */
NODISCARD enum err known_read(struct ctx *c, struct db *db, struct str id, struct known *out,
			      bool *found);
/* Patients that have an identifier, at most `cap`, oldest first; those merged stand for their
 * survivor, so one may come twice. */
NODISCARD enum err known_find(struct ctx *c, struct db *db, struct str system, struct str value,
			      size_t cap, struct known *out, size_t *found);

#endif
