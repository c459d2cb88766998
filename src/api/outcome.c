/* outcome.c - OperationOutcome: what went wrong, all of it, with where and line and column. */
#include "api/inside.h"

#define EXTENSION "http://hl7.org/fhir/StructureDefinition/operationoutcome-issue-"

static void add_extension(struct arena *a, struct node *list, const char *url, uint32_t value)
{
	struct node *e = node_add(a, list, NULL, NODE_OBJECT);

	node_add_cstr(a, e, "url", url);
	node_add_int(a, e, "valueInteger", value);
}

static void add_issue(struct arena *a, struct node *list, const struct issue *issue)
{
	struct node *o = node_add(a, list, NULL, NODE_OBJECT), *at;

	if (issue->line) {
		at = node_add(a, o, "extension", NODE_ARRAY);
		add_extension(a, at, EXTENSION "line", issue->line);
		add_extension(a, at, EXTENSION "col", issue->column);
	}
	node_add_cstr(a, o, "severity", issue_severity_name(issue->severity));
	node_add_cstr(a, o, "code", issue->code);
	node_add_cstr(a, o, "diagnostics", issue->text);
	if (issue->line) {
		at = node_add(a, o, "location", NODE_ARRAY);
		node_add_cstr(
			a, at, NULL,
			arena_printf(a, "line %u, column %u", issue->line, issue->column));
	}
	if (issue->where) {
		at = node_add(a, o, "expression", NODE_ARRAY);
		node_add_cstr(a, at, NULL, issue->where);
	}
}

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
		add_issue(a, list, &own);
	}
	for (const struct issue *i = c->issues.first; i; i = i->next)
		add_issue(a, list, i);
	if (c->issues.count > ISSUES_KEPT) {
		own = (struct issue){ ISSUE_INFORMATION, "informational", NULL,
				      arena_printf(a, "%u more are not shown.",
						   c->issues.count - ISSUES_KEPT) };
		add_issue(a, list, &own);
	}
	if (e == OK && c->issues.count == 0) {
		own = (struct issue){ ISSUE_INFORMATION, "informational", NULL, fine };
		add_issue(a, list, &own);
	}
	return o;
}

void api_refuse(struct ctx *c, enum err e, const struct request *r, struct reply *reply)
{
	struct format format;
	struct node *outcome = outcome_new(c, e, NULL);

	reply->status = err_row(e)->http;
	if (format_choose(c, r, &format) != OK) /* then what everyone reads */
		format = (struct format){ .type = "application/fhir+json; charset=utf-8" };
	if (reply_node(c, &format, outcome, reply) != OK)
		reply->body = STR("");
}
