/* issue.h - all that is wrong with an input, collected and not stopped at the first.
 *
 * Becomes a FHIR OperationOutcome at the API, a list on a page, lines on the terminal. `fail` is
 * for the one reason that ended a request; issues are for a reader who wants to mend everything
 * at once. A text never holds personal data beyond the offending value cut to a few characters.
 */
#ifndef BASE_ISSUE_H
#define BASE_ISSUE_H

#include <stddef.h>
#include <stdint.h>

struct ctx;

enum issue_severity { ISSUE_FATAL, ISSUE_ERROR, ISSUE_WARNING, ISSUE_INFORMATION };

struct issue {
	enum issue_severity severity;
	const char *code;     /* FHIR IssueType: "structure", "required", "value", "invariant", … */
	const char *where;    /* FHIRPath of the element ("Patient.name[0].given"), or NULL */
	const char *text;     /* one sentence */
	uint32_t line, column; /* 1-based position in the input; 0 when there is none */
	struct issue *next;
};

struct issues {
	struct issue *first, *last;
	unsigned count;  /* all that were added, kept or not */
	unsigned errors; /* fatal and error among them */
};

/* At most this many are kept; the rest is counted. */
#define ISSUES_KEPT 200

/* Add one to c->issues; `code` and `where` are borrowed for the life of the request. */
void issue_add(struct ctx *c, enum issue_severity severity, const char *code, const char *where,
	       uint32_t line, uint32_t column, const char *format, ...)
	__attribute__((format(printf, 7, 8)));

/* "error", "warning", … as FHIR's IssueSeverity writes it. */
const char *issue_severity_name(enum issue_severity severity);

#endif
