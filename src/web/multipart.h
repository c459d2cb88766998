/* multipart.h - a file that a browser sends (multipart/form-data, RFC 7578). */
#ifndef WEB_MULTIPART_H
#define WEB_MULTIPART_H

#include "base/str.h"

/* The first part of a body that is a file: its name and bytes, within `body`. `type`: the request's Content-Type.
 * False when there is none. */
bool multipart_file(struct str type, struct str body, struct str *name, struct str *bytes);
/* The text of the field `name` that stands before the file, within `body`; empty: there is none. */
struct str multipart_text(struct str type, struct str body, const char *name);
/* Base64 with padding (RFC 4648), as FHIR's base64Binary; in `a`. */
struct str multipart_base64(struct arena *a, struct str bytes);

#endif
