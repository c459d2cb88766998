/* path_command.c - causeway path: a FHIRPath expression over a file, one JSON value a line. */
#include "base/file.h"
#include "cli/commands.h"

static const struct option path_options[] = {
	{ "input", "FILE", "a FHIR resource, JSON or XML, gzip or not (-: standard input)", NULL },
	{ "explain", NULL, "print the code the expression becomes instead of running it", NULL },
	{ "type", NULL, "print each value's type before it", NULL },
	{ 0 },
};

#define PATH_INPUT_LIMIT ((size_t)256 << 20)

static bool looks_like_xml(struct str text)
{
	text = str_trim(text);
	if (str_starts(text, STR("\xEF\xBB\xBF")))
		text.at += 3, text.len -= 3;
	return text.len && text.at[0] == '<';
}

static enum err input_read(struct ctx *c, const struct fhir *f, const char *file, struct fhir_value *focus)
{
	struct str text;
	struct node *resource;

	TRY(file_read(c, c->arena, file, PATH_INPUT_LIMIT, &text));
	if (looks_like_xml(text))
		TRY(fhir_read_xml(c, f, c->arena, text, &resource));
	else
		TRY(fhir_read_json(c, f, c->arena, text, &resource));
	focus->node = resource;
	focus->type = fhir_type_of(f, resource);
	if (!focus->type)
		return fail(c, ERR_INVALID, "%s holds no FHIR resource of a known type", file);
	return OK;
}

static void print_items(struct ctx *c, const struct invocation *in, const struct fhir *f, struct items items)
{
	for (size_t i = 0; i < items.len; i++) {
		ARENA(scratch);
		struct buf line;
		buf_init(&line, &scratch, 0);
		if (command_option(in, "type"))
			buf_printf(&line, "%s ", item_type(&scratch, &items.at[i]));
		json_write(&line, item_json(&scratch, f, &items.at[i]), 0);
		buf_char(&line, '\n');
		fwrite(line.at, 1, line.len, in->out);
	}
	(void)c;
}

static enum err run_path(struct ctx *c, struct invocation *in)
{
	const struct fhir *f;
	const struct path *path;
	const char *file = command_option(in, "input");
	struct fhir_value focus = { 0 };
	struct path_env env = { 0 };
	struct items items;

	TRY(fhir_load(c, c->arena, in->share, &f));
	if (file)
		TRY(input_read(c, f, file, &focus));
	TRY(path_compile(c, c->arena, f, focus.type, str_of(in->argv[0]), &path));
	if (command_option(in, "explain")) {
		struct buf code;
		buf_init(&code, c->arena, 0);
		path_explain(path, &code);
		fwrite(code.at, 1, code.len, in->out);
		return OK;
	}
	env.fhir = f;
	TRY(path_eval(c, path, &env, focus, &items));
	print_items(c, in, f, items);
	return OK;
}

const struct command path_commands[] = {
	{ "path", "EXPR", "Evaluate a FHIRPath expression.",
	  "Prints one JSON value a line; dates and times as strings. An error is reported with its\n"
	  "position and reason, and the exit code is not 0. Without --input the focus is empty.",
	  path_options, run_path,
	  "  causeway path --input patient.json \"name.where(use = 'official').given.first()\"\n"
	  "  causeway path \"@2024-02-29 + 1 year\"" },
	{ 0 },
};
