/* routes.c - every page's address and the function that serves it. */
#include "web/web.h"

const struct route web_routes[] = { { 0 } };

void web_refuse(struct ctx *c, enum err e, const struct request *request, struct reply *reply)
{
	(void)request;
	reply->status = err_row(e)->http;
	reply->type = "text/plain; charset=utf-8";
	reply->body = str_of(*c->why ? arena_str(c->arena, c->why) : err_row(e)->meaning);
}
