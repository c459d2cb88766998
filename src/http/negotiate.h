/* negotiate.h - what a client would like best (RFC 9110 12.4, 12.5). */
#ifndef HTTP_NEGOTIATE_H
#define HTTP_NEGOTIATE_H

#include "base/str.h"

/* How much a list such as "application/json;q=0.9, text/x, x/y;q=0" wants `item` ("gzip" or
 * "application/json"), in thousandths: 0 refused, -1 not mentioned. Wildcards ("*", "type/x",
 * with a star for x) count when nothing more exact is said. Parameters other than q are ignored. */
int negotiate_weight(struct str list, const char *item);
/* "application/fhir+json; charset=utf-8" without its parameters. */
struct str media_type(struct str content_type);
/* Equal but for the case of ASCII letters. */
bool token_eq(struct str a, const char *b);

#endif
