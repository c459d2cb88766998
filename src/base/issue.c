/* issue.c - the list of what is wrong with an input. */
#include "base/issue.h"

#include <assert.h>
#include <stdarg.h>

#include "base/ctx.h"

void issue_add(struct ctx *c, enum issue_severity severity, const char *code, const char *where,
	       uint32_t line, uint32_t column, const char *format, ...)
{
	struct issues *all = &c->issues;
	va_list args;

	all->count++;
	if (severity <= ISSUE_ERROR)
		all->errors++;
	if (all->count > ISSUES_KEPT)
		return;

	struct issue *issue = NEW(c->arena, struct issue);
	issue->severity = severity;
	issue->code = code;
	issue->where = where;
	issue->line = line;
	issue->column = column;
	va_start(args, format);
	issue->text = arena_vprintf(c->arena, format, args);
	va_end(args);
	if (all->last)
		all->last->next = issue;
	else
		all->first = issue;
	all->last = issue;
}

const char *issue_severity_name(enum issue_severity severity)
{
	static const char *const names[] = { "fatal", "error", "warning", "information" };

	assert((unsigned)severity < sizeof names / sizeof *names);
	return names[severity];
}
