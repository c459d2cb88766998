/* outcome.c - one issue as OperationOutcome.issue. */
#include "fhir/outcome.h"

#define EXTENSION "http://hl7.org/fhir/StructureDefinition/operationoutcome-issue-"

static void add_extension(struct arena *a, struct node *list, const char *url, uint32_t value)
{
	struct node *e = node_add(a, list, NULL, NODE_OBJECT);

	node_add_cstr(a, e, "url", url);
	node_add_int(a, e, "valueInteger", value);
}

void outcome_add(struct arena *a, struct node *list, const struct issue *issue)
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
