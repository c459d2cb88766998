/* date.h - HTTP's dates (RFC 9110 5.6.7): "Sun, 06 Nov 1994 08:49:37 GMT". */
#ifndef HTTP_DATE_H
#define HTTP_DATE_H

#include "base/str.h"

#define HTTP_DATE_SIZE 30

/* Microseconds since 1970 as an HTTP date into `out`, NUL-terminated; fractions are dropped.
 * Years 1 … 9999. */
struct str http_date(int64_t us, char out[HTTP_DATE_SIZE]);
/* The reverse, whole seconds, only the form above (the one every client writes today); false
 * otherwise. */
bool http_date_parse(struct str text, int64_t *us);

#endif
