/* action_commands.c - the actions of the domains as commands, made from their rows. */
#include "access/audit.h"
#include "access/sign_in.h"
#include "act/action.h"
#include "base/file.h"
#include "cli/commands.h"

#include <string.h>

struct served { /* behind one command */
	const struct action *action;
	const struct module *const *modules;
};

static enum err take_resource(struct ctx *c, struct node *input, const char *name, const char *path)
{
	struct str text;
	struct node *tree;

	TRY(file_read(c, c->arena, path, (size_t)16 << 20, &text));
	TRY(fhir_read_json(c, c->place->fhir, c->arena, text, &tree));
	node_append(input, name, tree);
	return OK;
}

static enum err take(struct ctx *c, const struct invocation *in, const struct action_arg *arg,
		     struct node *input)
{
	const char *const *many;
	const char *value;

	if (arg->flags & ARG_MANY) {
		many = command_option_list(in, arg->name);
		if (!*many)
			return OK;
		for (struct node *list = node_add(c->arena, input, arg->name, NODE_ARRAY); *many; many++)
			node_add_cstr(c->arena, list, NULL, *many);
		return OK;
	}
	value = command_option(in, arg->name);
	if (!value)
		return OK;
	if (strcmp(arg->type, "Resource") == 0)
		return take_resource(c, input, arg->name, value);
	node_add_cstr(c->arena, input, arg->name, strcmp(arg->type, "boolean") == 0 ? "true" : value);
	return OK;
}

static enum err act(struct ctx *c, struct invocation *in, const struct action *action)
{
	struct node *input = node_new(c->arena, NODE_OBJECT);
	struct str id = in->argc > 1 ? str_of(in->argv[1]) : (struct str){ 0 };
	struct acted done;
	struct buf b;

	for (const struct action_arg *arg = action->args; arg && arg->name; arg++)
		TRY(take(c, in, arg, input));
	if (command_option(in, "version-is"))
		node_add_cstr(c->arena, input, "version", command_option(in, "version-is"));
	if (command_option(in, "once"))
		node_add_cstr(c->arena, input, "once", command_option(in, "once"));
	TRY(action_run(c, action, id, input, &done));
	TRY(audit_flush(c));
	if (!done.output)
		return OK;
	buf_init(&b, c->arena, 0);
	json_write(&b, done.output, 2);
	fprintf(in->out, STR_FMT "\n", STR_ARG(buf_get(&b)));
	return OK;
}

/* As somebody who could sign in, with what they may do and see; else as the system itself. */
static enum err act_as(struct ctx *c, struct invocation *in, const struct action *action)
{
	const char *login = command_option(in, "as");
	const struct actor *actor;

	if (!login)
		return act(c, in, action);
	TRY(sign_in_actor(c, str_of(login), &actor));
	TRY(sign_in_enter(c, actor));
	enum err e = act(c, in, action);
	sign_in_leave(c);
	return e;
}

static enum err run(struct ctx *c, struct invocation *in)
{
	const struct served *served = in->row->made_of;
	struct place *place;

	TRY(place_open(c, in->share, in->argv[0], STORE_MIGRATE, false, &place));
	place->modules = served->modules;
	enum err e = act_as(c, in, served->action);
	place_close(place);
	return e;
}

static struct option *options_of(struct arena *a, const struct action *action)
{
	static const struct option common[] = {
		{ "as", "LOGIN", "as this account, in its first role (else as the system)", NULL },
		{ "version-is", "N", "only if that is still its version", NULL },
		{ "once", "WORD", "not again if it was done with this word", NULL },
	};
	struct option *list, *at;
	size_t n = 0;

	while (action->args && action->args[n].name)
		n++;
	list = at = NEW_N(a, struct option, n + sizeof common / sizeof *common + 1);
	for (size_t i = 0; i < n; i++, at++) {
		const struct action_arg *arg = &action->args[i];
		const char *value = strcmp(arg->type, "Resource") == 0	  ? "FILE"
				    : strcmp(arg->type, "boolean") == 0	  ? NULL
				    : arg->flags & ARG_MANY		  ? "VALUE..."
				    : strcmp(arg->type, "Reference") == 0 ? "TYPE/ID"
									  : "VALUE";
		*at = (struct option){ arg->name, value,
				       arena_printf(a, "%s%s%s%s", arg->label,
						    arg->flags & ARG_NEEDED ? " (needed)" : "",
						    arg->help ? ". " : "", arg->help ? arg->help : ""),
				       NULL };
	}
	memcpy(at, common, sizeof common);
	return list;
}

static struct command row_of(struct arena *a, const struct action *action,
			     const struct module *const *modules)
{
	struct served *served = arena_alloc(a, sizeof *served);

	*served = (struct served){ action, modules };
	return (struct command){
		.name = action->name,
		.args = action->flags & ACTION_NEW ? "DB" : "DB ID",
		.help = action->help,
		.detail = arena_printf(a, "%s\nThe same as POST /fhir/%s%s/$%s; needs the capability %s.\n",
				       action->help, action->type,
				       action->flags & ACTION_NEW ? "" : "/ID", action->op,
				       action->capability),
		.options = options_of(a, action),
		.run = run,
		.made_of = served,
	};
}

/* --- the list of them --- */

static enum err list(struct ctx *c, struct invocation *in)
{
	const struct served *served = in->row->made_of;

	(void)c;
	fputs("name\ton\toperation\tcapability\tform\thelp\n", in->out);
	for (const struct module *const *m = served->modules; *m; m++)
		for (const struct action *const *table = (*m)->actions; table && *table; table++)
			for (const struct action *action = *table; action->name; action++)
				fprintf(in->out, "%s\t%s%s\t$%s\t%s\t%s\t%s\n", action->name, action->type,
					action->flags & ACTION_NEW ? "" : "/ID", action->op,
					action->capability, action->flags & ACTION_QUIET ? "no" : "yes",
					action->help);
	return OK;
}

static struct command list_row(struct arena *a, const struct module *const *modules)
{
	static const struct option none[] = { { 0 } };
	struct served *served = arena_alloc(a, sizeof *served);

	*served = (struct served){ NULL, modules };
	return (struct command){
		.name = "actions",
		.args = "",
		.help = "List what can be done beyond reading and writing.",
		.detail = "A row for each action: the command of that name, the operation of the API\n"
			  "(POST /fhir/Task/ID/$accept), who may, and whether it has a form (/do/NAME).",
		.options = none,
		.run = list,
		.made_of = served,
	};
}

const struct command *action_commands(struct arena *a, const struct module *const *modules)
{
	struct command *rows, *at;
	size_t n = 0;

	for (const struct module *const *m = modules; *m; m++)
		for (const struct action *const *table = (*m)->actions; table && *table; table++)
			for (const struct action *action = *table; action->name; action++)
				n++;
	rows = at = NEW_N(a, struct command, n + 2);
	*at++ = list_row(a, modules);
	for (const struct module *const *m = modules; *m; m++)
		for (const struct action *const *table = (*m)->actions; table && *table; table++)
			for (const struct action *action = *table; action->name; action++)
				*at++ = row_of(a, action, modules);
	return rows;
}
