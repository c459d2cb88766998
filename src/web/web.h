/* web.h - the pages: find a person, see everything every organisation holds about them.
 *
 * Every page is made on the server from the record and a template of share/web/page, is complete
 * without JavaScript, and loads nothing from another host. main hands these to http.
 */
#ifndef WEB_WEB_H
#define WEB_WEB_H

#include "http/http.h"

/* Ends with a NULL pattern. Prefix "": whatever no other table claims. */
extern const struct route web_routes[];

/* The page for a request that failed: what happened, what to do, and what was typed. */
void web_refuse(struct ctx *c, enum err e, const struct request *request, struct reply *reply);

#endif
