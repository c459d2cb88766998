/* file.h - files in forms: what is taken of a browser, and how one is got again. Each is a Binary of the record. */
#ifndef WEB_FILE_H
#define WEB_FILE_H

#include "web/page.h"

enum { FILE_BYTES_MAX = 8 << 20 };

/* The file of a request (multipart/form-data): its name, its bytes within the body, its type by its first bytes. What is
 * wrong with it in words, or NULL. */
const char *file_sent(const struct request *r, struct str *name, struct str *bytes, const char **type);
/* A name without folders and what no name has, as much as a line takes; in c->arena. */
struct str file_name(struct ctx *c, struct str name);
/* Binary/`id` of Patient/`person` as it was sent; a page is never made of it. It is noted who got it. */
NODISCARD enum err file_serve(struct ctx *c, struct str person, struct str id, struct str name, struct reply *reply);

#endif
