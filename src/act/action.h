/* action.h - what a domain offers: one row, three faces.
 *
 * A row is served as an operation of the API (POST /fhir/Task/1/$accept), as a command
 * (causeway task-accept DB 1) and as a form. Permission, transaction, audit line, help text, man page and
 * form all come from the row; the function behind it knows of none of them.
 *
 *	action.h   the rows, and what the faces ask of them
 *	act.h      what the function behind a row works with
 *	flow.h     state machines over Tasks: many rows are nothing but a step of one
 */
#ifndef ACT_ACTION_H
#define ACT_ACTION_H

#include "record/record.h"

struct act;
struct flow;

enum action_arg_flags {
	ARG_NEEDED = 1, /* must be given */
	ARG_MANY = 2,   /* may be given several times */
};

/* Kinds of arguments, by name: "string" (one line), "markdown" (several), "code", "date", "dateTime",
 * "boolean", "integer", "decimal", "Reference", "Resource" (a whole one: API and command line only). */
struct action_arg {
	const char *name;  /* "reason"; ends the list when NULL */
	const char *type;
	unsigned flags;    /* enum action_arg_flags */
	const char *label; /* on the form: "Why is it returned?" */
	const char *help;  /* one sentence, or NULL */
	/* code: canonical of the value set, or "$care-choices/pathway": an action that lists what may be chosen, which
	 * the function behind the row checks itself; Reference: "Organization|CareTeam"; else NULL */
	const char *of;
};

enum action_flags {
	ACTION_NEW = 1,     /* called on the type: it makes something, /fhir/Task/$raise */
	ACTION_TRUSTED = 2, /* what it writes beside its subject may be of types the asker may not write */
	ACTION_QUIET = 4,   /* no form: for programs alone */
	ACTION_OPEN = 8,    /* on a Task that has not ended, whatever machine it follows */
	ACTION_SEEN = 16,   /* it puts something in place of what stands there: on a form, not before what others changed was seen */
};

struct action {
	const char *name;       /* "task-accept": the command; ends the list when NULL */
	const char *op;         /* "accept": $accept on the type; machines may share it */
	const char *type;       /* resource type it is called on */
	const char *label;      /* "Accept": on the button */
	const char *help;       /* one line, ends with a full stop */
	const char *capability; /* "care.write" */
	const struct action_arg *args; /* NULL: none */
	const struct flow *flow; /* it is for Tasks of this machine; NULL: for whatever is of the type */
	const char *event;       /* the step it is; NULL: none, the state stays */
	/* After the step was made in act->subject, before anything is written; NULL: nothing else to do. */
	enum err (*run)(struct ctx *c, struct act *act);
	unsigned flags;
};

/* What one domain adds to the program: main/modules.c lists them, place->modules holds the list. */
struct module {
	const char *name;
	const struct action *const *actions; /* tables, NULL-ended */
	const struct flow *const *flows;  /* NULL-ended; NULL: none */
	/* What falls due by the clock alone: called about once a minute by a server and by `causeway tick`,
	 * with the system asking; *done counts what it did. NULL: nothing does. */
	enum err (*tick)(struct ctx *c, int64_t *done);
	/* What follows from what others wrote since it was last called, about once a second by a server, and always
	 * before tick; cheap when they wrote nothing. NULL: nothing does. */
	enum err (*follow)(struct ctx *c, int64_t *done);
};

/* By name; NULL. */
const struct action *action_find(const struct place *place, struct str name);
/* By type and op. Several machines may have a step of that name: then it is that of the machine this Task
 * follows (id empty: the row with ACTION_NEW). ERR_NOT_FOUND, also for a resource the asker may not see. */
NODISCARD enum err action_of(struct ctx *c, struct str type, struct str id, struct str op,
			     const struct action **out);
/* Could it be done with this resource, as it is now, by this asker? For buttons: doing it may still be
 * refused for what is given. */
bool action_fits(const struct ctx *c, const struct action *action, const struct node *resource);

/* What is given: an object of texts (lists of texts for ARG_MANY, whole resources), by names of the row;
 * besides
 *	version   only if that is the subject's current version (ERR_STALE)
 *	once      a word of the caller's: done a second time with the same word it does nothing and
 *	          answers what was made the first time (rows with ACTION_NEW)
 */
struct acted {
	const struct node *output;        /* a resource, or Parameters; with id and meta as written */
	const struct written *written;    /* all that was written */
	size_t count;
};
/* Permission, arguments, the subject as the asker may see it, the step, the function, one transaction, the
 * audit. Begun anew a few times when somebody else changes what it read. ERR_FORBIDDEN,
 * ERR_INVALID naming the argument, ERR_NOT_FOUND, ERR_CONFLICT for a step that leads nowhere. In c->arena. */
NODISCARD enum err action_run(struct ctx *c, const struct action *action, struct str id,
			      const struct node *input, struct acted *out);

/* Everything that follows from what was written, of all modules; and everything that falls due besides. */
NODISCARD enum err action_follow(struct ctx *c, int64_t *done);
NODISCARD enum err action_tick(struct ctx *c, int64_t *done);

#endif
