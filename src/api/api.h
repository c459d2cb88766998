/* api.h - FHIR R4's RESTful API over the record: a table of routes for http.
 *
 *	const struct route_table all_routes[] = { { api_routes, api_refuse, "/fhir" }, …
 *
 * The table also has /healthz and /metrics. What each row serves is in routes.c.
 */
#ifndef API_API_H
#define API_API_H

#include "http/http.h"

extern const struct route api_routes[]; /* ends with a NULL pattern */
/* Any failure as an OperationOutcome. */
http_refuse api_refuse;

#endif
