/* export_command.c - causeway export: every current resource, DIR/<Type>.ndjson. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/commands.h"

static const struct option export_options[] = {
	{ "out", "DIR", "folder to write into; made when it is not there", NULL },
	{ "type", "TYPE,TYPE", "only these types", NULL },
	{ 0 },
};

struct export {
	const char *dir;
	FILE *file;
	char type[64]; /* of the file that is open */
	char temp[4096], path[4096];
	int64_t resources, total;
	struct progress progress;
};

/* Each file is written beside its name and renamed when it is whole. */
static enum err file_finish(struct ctx *c, struct export *export)
{
	FILE *file = export->file;

	if (!file)
		return OK;
	export->file = NULL;
	bool written = fflush(file) == 0 && fsync(fileno(file)) == 0;
	if (fclose(file) != 0 || !written || rename(export->temp, export->path) != 0)
		return fail(c, ERR_IO, "%s cannot be written: %m", export->path);
	return OK;
}

static enum err file_start(struct ctx *c, struct export *export, struct str type)
{
	snprintf(export->type, sizeof export->type, STR_FMT, STR_ARG(type));
	snprintf(export->path, sizeof export->path, "%s/" STR_FMT ".ndjson", export->dir, STR_ARG(type));
	snprintf(export->temp, sizeof export->temp, "%s/." STR_FMT ".ndjson.part", export->dir, STR_ARG(type));
	export->file = fopen(export->temp, "w");
	if (!export->file)
		return fail(c, ERR_IO, "%s cannot be made: %m", export->temp);
	return OK;
}

static enum err export_one(struct ctx *c, void *arg, const struct version *v)
{
	struct export *export = arg;

	if (!export->file || !str_is(v->type, export->type)) {
		TRY(file_finish(c, export));
		TRY(file_start(c, export, v->type));
	}
	if (fwrite(v->body.at, 1, v->body.len, export->file) != v->body.len || putc('\n', export->file) == EOF)
		return fail(c, ERR_IO, "%s cannot be written: %m", export->path);
	export->resources++;
	if (!export->progress.tick(export->progress.arg, export->resources, export->total, "resources"))
		return fail(c, ERR_STOPPED, "stopped after %lld resources", (long long)export->resources);
	return OK;
}

static const char **type_list(struct ctx *c, const struct invocation *in)
{
	struct str rest = str_of(command_option(in, "type"));
	const char **types = rest.at ? NEW_N(c->arena, const char *, rest.len + 2) : NULL;

	for (size_t n = 0; rest.at;)
		types[n++] = str_dup(c->arena, str_trim(str_cut(&rest, ',')));
	return types;
}

static enum err types_check(struct ctx *c, const char **types)
{
	for (; types && *types; types++)
		if (!fhir_resource_type(c->place->fhir, str_of(*types)))
			return fail(c, ERR_USAGE, "%s is not a FHIR resource type", *types);
	return OK;
}

static enum err export_all(struct ctx *c, struct invocation *in, struct export *export)
{
	const char **types = type_list(c, in);
	struct type_count *counts;
	size_t len;
	enum err e;

	TRY(types_check(c, types));
	if (mkdir(export->dir, 0700) != 0 && errno != EEXIST)
		return fail(c, ERR_IO, "%s cannot be made: %m", export->dir);
	TRY(record_counts(c, &counts, &len));
	for (size_t i = 0; i < len; i++)
		export->total += counts[i].count;
	e = record_each(c, types, export_one, export);
	if (e == OK)
		return file_finish(c, export);
	if (export->file) {
		fclose(export->file);
		unlink(export->temp);
	}
	return e;
}

static enum err run_export(struct ctx *c, struct invocation *in)
{
	struct export export = { .dir = command_option(in, "out") };
	struct place *place;
	struct bar *bar;
	enum err e;

	if (!export.dir)
		return fail(c, ERR_USAGE, "say where to: --out DIR");
	export.progress = bar_progress(c, in, "export", &bar);
	TRY(place_open(c, in->share, in->argv[0], STORE_READ_ONLY, false, &place));
	e = export_all(c, in, &export);
	bar_done(bar);
	place_close(place);
	TRY(e);
	if (!command_option(in, "quiet"))
		fprintf(in->out, "%lld resources written to %s\n", (long long)export.resources, export.dir);
	return OK;
}

const struct command export_commands[] = {
	{ "export", "DB", "Write every current resource to NDJSON files, one for each type.",
	  "The files show one moment, whatever is written meanwhile. Each appears when it is whole.",
	  export_options, run_export, "  causeway export county.db --out county.ndjson" },
	{ 0 },
};
