/* action.h - what a domain offers: one row, three faces.
 *
 * A row is served as an operation of the API (POST /fhir/Task/1/$close), as a command
 * (causeway task-close 1) and as a form. Permission, transaction, audit line, help text, man page
 * and form all come from the row.
 */
#ifndef ACCESS_ACTION_H
#define ACCESS_ACTION_H

#include "record/record.h"

struct action_arg {
	const char *name; /* ends the list when NULL */
	const char *type; /* FHIR primitive or resource type */
	bool required;
	const char *help;
};

struct action {
	const char *name;       /* "task-close": the command; the operation is what follows the type */
	const char *help;       /* one line, ends with a full stop */
	const char *capability; /* "care.write" */
	const char *type;       /* resource type it is called on, or NULL */
	const struct action_arg *args;
	enum err (*run)(struct ctx *c, struct str id, const struct node *input, struct node **output);
};

struct module {
	const char *name;
	const struct action *actions; /* ends with a NULL name */
};

#endif
