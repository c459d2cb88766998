/* outcome.c - OperationOutcome: what went wrong, all of it, with where and line and column. */
#include "api/inside.h"
#include "fhir/outcome.h"

/* True if an error among the issues already says it. */
static bool said(const struct issues *issues, const char *why)
{
	for (const struct issue *i = issues->first; i; i = i->next) {
		if (i->severity <= ISSUE_ERROR &&
		    (strcmp(i->text, why) == 0 || strstr(why, i->text)))
			return true;
	}
	return false;
}

struct node *outcome_new(struct ctx *c, enum err e, const char *fine)
{
	struct arena *a = c->arena;
	struct node *o = node_new(a, NODE_OBJECT), *list;
	struct issue own = { ISSUE_ERROR, err_row(e)->issue, NULL,
			     *c->why ? c->why : err_row(e)->meaning };

	node_add_cstr(a, o, "resourceType", "OperationOutcome");
	list = node_add(a, o, "issue", NODE_ARRAY);
	if (e != OK && !said(&c->issues, own.text)) {
		own.text = arena_str(a, own.text);
		outcome_add(a, list, &own);
	}
	for (const struct issue *i = c->issues.first; i; i = i->next)
		outcome_add(a, list, i);
	if (c->issues.count > ISSUES_KEPT) {
		own = (struct issue){ ISSUE_INFORMATION, "informational", NULL,
				      arena_printf(a, "%u more are not shown.",
						   c->issues.count - ISSUES_KEPT) };
		outcome_add(a, list, &own);
	}
	if (e == OK && c->issues.count == 0) {
		own = (struct issue){ ISSUE_INFORMATION, "informational", NULL, fine };
		outcome_add(a, list, &own);
	}
	return o;
}

void api_refuse(struct ctx *c, enum err e, const struct request *r, struct reply *reply)
{
	struct format format;
	struct node *outcome = outcome_new(c, e, NULL);

	reply->status = err_row(e)->http;
	if (e == ERR_UNSIGNED)
		reply_header(reply, "WWW-Authenticate", STR("Bearer realm=\"causeway\""));
	if (format_choose(c, r, &format) != OK) /* then what everyone reads */
		format = (struct format){ .type = "application/fhir+json; charset=utf-8" };
	if (reply_node(c, &format, outcome, reply) != OK)
		reply->body = STR("");
}
