/* view_command.c - causeway view: SQL-on-FHIR ViewDefinitions over files or a whole database.
 *
 * Resources are read one at a time (a document, a Bundle's entries, a line of NDJSON, a resource of
 * the store), become rows and are forgotten, so any amount is done in constant memory.
 */
#include <ctype.h>

#include "base/file.h"
#include "base/lines.h"
#include "cli/commands.h"
#include "record/views.h"

#define DEFINITION_LIMIT ((size_t)16 << 20)
#define DOCUMENT_LIMIT ((size_t)512 << 20)
#define LINE_LIMIT ((size_t)64 << 20)

static const struct option view_options[] = {
	{ "input", "FILE...",
	  "resources, Bundles or NDJSON to run it over; may be repeated (-: standard input)",
	  NULL },
	{ "db", "DB", "a database to run it over", NULL },
	{ "format", "csv|json|ndjson", "how the rows are written", "csv" },
	{ 0 },
};

struct running {
	const struct fhir *fhir;
	const struct view *view;
	enum view_format format;
	FILE *out;
	int64_t resources, rows;
	struct progress progress;
};

/* ---- output ---- */

static enum err put(struct ctx *c, const struct running *run, const struct buf *text)
{
	if (fwrite(text->at, 1, text->len, run->out) != text->len)
		return fail(c, ERR_IO, "the output could not be written: %m");
	return OK;
}

static enum err put_rows(struct ctx *c, struct running *run, const struct view_rows *rows)
{
	struct buf text;

	buf_init(&text, c->arena, 0);
	for (size_t i = 0; i < rows->len; i++) {
		view_write_row(&text, run->view, run->format, rows->cells + i * rows->width,
			       run->rows++ == 0);
		if (text.len < 1 << 16)
			continue;
		TRY(put(c, run, &text));
		text.len = 0;
	}
	return put(c, run, &text);
}

static enum err put_head(struct ctx *c, struct running *run)
{
	struct buf text;

	buf_init(&text, c->arena, 0);
	view_write_head(&text, run->view, run->format);
	return put(c, run, &text);
}

static enum err put_tail(struct ctx *c, struct running *run)
{
	struct buf text;

	buf_init(&text, c->arena, 0);
	view_write_tail(&text, run->format, run->rows == 0);
	return put(c, run, &text);
}

/* ---- resources ---- */

/* Types of other versions of FHIR are passed over like all that the view is not of. */
static enum err run_one(struct ctx *c, struct running *run, const struct node *resource)
{
	struct fhir_value value = { .node = resource,
				    .type = fhir_type_of(run->fhir, resource) };
	struct view_rows rows;

	if (!node_str(resource, "resourceType").len)
		return fail(c, ERR_INVALID, "this is no resource: it has no resourceType");
	TRY(view_run(c, run->view, value, &rows));
	TRY(put_rows(c, run, &rows));
	run->resources++;
	return ctx_check(c);
}

/* With what it takes given back at once: a Bundle may hold any number of them. */
static enum err run_alone(struct ctx *c, struct running *run, const struct node *resource)
{
	ARENA(scratch);
	struct arena *outer = c->arena;
	enum err e;

	c->arena = &scratch;
	e = run_one(c, run, resource);
	c->arena = outer;
	return e;
}

/* A resource, a Bundle's entries (unless the view is of Bundles), or a list of resources. */
static enum err run_document(struct ctx *c, struct running *run, const struct node *document)
{
	bool bundle = str_is(node_str(document, "resourceType"), "Bundle") &&
		      strcmp(view_resource(run->view)->name, "Bundle") != 0;
	const struct node *list =
		document->kind == NODE_ARRAY ? document : node_get(document, "entry");

	if (!bundle && document->kind != NODE_ARRAY)
		return run_alone(c, run, document);
	node_each(one, list) {
		const struct node *resource = bundle ? node_get(one, "resource") : one;
		if (resource)
			TRY(run_alone(c, run, resource));
	}
	return OK;
}

/* ---- files ---- */

static enum err file_fail(struct ctx *c, enum err e, const char *file, int64_t line)
{
	char reason[sizeof c->why];

	snprintf(reason, sizeof reason, "%s", c->why);
	if (line)
		return fail(c, e, "%s:%lld: %s", file, (long long)line, reason);
	return fail(c, e, "%s: %s", file, reason);
}

static enum err run_line(struct ctx *c, struct running *run, struct str line)
{
	struct node *document;

	if (!str_trim(line).len)
		return OK;
	TRY(fhir_read_json(c, run->fhir, c->arena, line, &document));
	return run_document(c, run, document);
}

static enum err run_lines(struct ctx *c, struct running *run, const char *file)
{
	struct arena *outer = c->arena;
	struct str line;
	bool more = true;
	ARENA(scratch);
	LINES(lines);

	TRY(lines_open(c, file, LINE_LIMIT, &lines));
	while (more) {
		enum err e;
		TRY(lines_next(c, lines, &scratch, &line, &more));
		c->arena = &scratch;
		e = more ? run_line(c, run, line) : OK;
		c->arena = outer;
		arena_reset(&scratch);
		if (e != OK)
			return file_fail(c, e, file, lines_number(lines));
	}
	return OK;
}

/* One value after the other: a document, or NDJSON that is not called so. */
static enum err run_values(struct ctx *c, struct running *run, struct str text)
{
	size_t used = 0;
	struct json_options options = { .atoms = run->fhir->atoms,
					.bytes = DOCUMENT_LIMIT,
					.prefix = true,
					.used = &used };

	while (str_trim(text).len) {
		ARENA(scratch);
		struct node *document;
		TRY(json_read(c, &scratch, text, &options, &document));
		TRY(run_document(c, run, document));
		text.at += used, text.len -= used;
	}
	return OK;
}

static enum err run_text(struct ctx *c, struct running *run, struct str text)
{
	struct node *document;

	if (str_starts(text, STR("\xEF\xBB\xBF")))
		text.at += 3, text.len -= 3;
	if (!str_starts(str_trim(text), STR("<")))
		return run_values(c, run, text);
	TRY(fhir_read_xml(c, run->fhir, c->arena, text, &document));
	return run_document(c, run, document);
}

static bool is_lines_name(struct str name)
{
	if (str_ends(name, STR(".gz")))
		name.len -= 3;
	return str_ends(name, STR(".ndjson")) || str_ends(name, STR(".jsonl"));
}

static enum err run_file(struct ctx *c, struct running *run, const char *file)
{
	struct arena *outer = c->arena;
	struct str text;
	enum err e;
	ARENA(scratch);

	if (is_lines_name(str_of(file)))
		return run_lines(c, run, file);
	TRY(file_read(c, &scratch, file, DOCUMENT_LIMIT, &text));
	c->arena = &scratch;
	e = run_text(c, run, text);
	c->arena = outer;
	return e == OK ? OK : file_fail(c, e, file, 0);
}

/* ---- a database ---- */

static enum err run_version(struct ctx *c, void *arg, const struct version *v)
{
	struct running *run = arg;
	struct node *resource;

	TRY(fhir_read_json(c, run->fhir, c->arena, v->body, &resource));
	TRY(run_one(c, run, resource));
	if (!run->progress.tick(run->progress.arg, run->resources, 0, "resources"))
		return fail(c, ERR_STOPPED, "stopped after %lld resources",
			    (long long)run->resources);
	return OK;
}

static enum err run_store(struct ctx *c, const struct invocation *in, struct running *run,
			  const char *db)
{
	const char *const types[] = { view_resource(run->view)->name, NULL };
	struct place *place;
	struct bar *bar;
	enum err e;

	TRY(place_open(c, in->share, db, STORE_READ_ONLY, false, &place));
	run->progress = bar_progress(c, in, "view", &bar);
	e = record_each(c, types, run_version, run);
	bar_done(bar);
	place_close(place);
	return e;
}

/* An address of PostgreSQL, or a file that is an SQLite database by its first bytes. */
static bool is_database(const char *path)
{
	char head[16] = { 0 };
	struct str address = str_of(path);

	if (str_starts(address, STR("postgresql://")) || str_starts(address, STR("postgres://")))
		return true;
	FILE *file = strcmp(path, "-") ? fopen(path, "rb") : NULL;
	size_t got = file ? fread(head, 1, sizeof head, file) : 0;

	if (file)
		fclose(file);
	return got == sizeof head && memcmp(head, "SQLite format 3", sizeof head) == 0;
}

/* ---- view run ---- */

static enum err read_format(struct ctx *c, const struct invocation *in, enum view_format *out)
{
	static const char *const names[] = {
		[VIEW_CSV] = "csv", [VIEW_JSON] = "json", [VIEW_NDJSON] = "ndjson"
	};
	const char *given = command_option(in, "format");

	for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
		if (!strcmp(names[i], given)) {
			*out = (enum view_format)i;
			return OK;
		}
	return fail(c, ERR_USAGE, "--format is csv, json or ndjson, not %s", given);
}

/* A file, or a view of share/view by its bare name. */
static enum err read_definition(struct ctx *c, const struct invocation *in, const char *name,
				struct str *out)
{
	if (strpbrk(name, "./") || strcmp(name, "-") == 0)
		return file_read(c, c->arena, name, DEFINITION_LIMIT, out);
	return share_read(c, in->share, c->arena, arena_printf(c->arena, "view/%s.json", name),
			  out);
}

static enum err read_view(struct ctx *c, const struct invocation *in, const struct fhir *f,
			  const struct view **out)
{
	const char *name = in->argv[1];
	struct str text;
	enum err e;

	TRY(read_definition(c, in, name, &text));
	e = view_compile(c, c->arena, f, text, out);
	return e == OK ? OK : file_fail(c, e, name, 0);
}

static enum err run_input(struct ctx *c, const struct invocation *in, struct running *run,
			  const char *file)
{
	return is_database(file) ? run_store(c, in, run, file) : run_file(c, run, file);
}

static enum err run_inputs(struct ctx *c, const struct invocation *in, struct running *run)
{
	const char *db = command_option(in, "db");

	if (db)
		TRY(run_store(c, in, run, db));
	for (const char *const *file = command_option_list(in, "input"); *file; file++)
		TRY(run_input(c, in, run, *file));
	for (int i = 2; i < in->argc; i++)
		TRY(run_input(c, in, run, in->argv[i]));
	return OK;
}

static enum err view_run_command(struct ctx *c, struct invocation *in)
{
	struct running run = { .out = in->out };

	if (in->argc < 2)
		return fail(c, ERR_USAGE,
			    "which definition? causeway view run DEF.json --input FILE");
	if (in->argc == 2 && !command_option(in, "db") && !*command_option_list(in, "input"))
		return fail(c, ERR_USAGE, "over what? --input FILE or --db DB");
	TRY(read_format(c, in, &run.format));
	TRY(fhir_load(c, c->arena, in->share, &run.fhir));
	TRY(read_view(c, in, run.fhir, &run.view));
	TRY(put_head(c, &run));
	TRY(run_inputs(c, in, &run));
	return put_tail(c, &run);
}

/* ---- view columns ---- */

static enum err view_columns_command(struct ctx *c, struct invocation *in)
{
	const struct fhir *f;
	const struct view *view;
	const struct view_column *const *columns;
	unsigned len;

	if (in->argc != 2)
		return fail(c, ERR_USAGE, "which definition? causeway view columns DEF.json");
	TRY(fhir_load(c, c->arena, in->share, &f));
	TRY(read_view(c, in, f, &view));
	columns = view_columns(view, &len);
	for (unsigned i = 0; i < len; i++)
		fprintf(in->out, "%s\t%s%s\t%s\n", columns[i]->name, view_type_name(columns[i]),
			columns[i]->collection ? "[]" : "",
			columns[i]->description ? columns[i]->description : "");
	return OK;
}

/* ---- view list, view rebuild ---- */

static enum err list_tables(struct ctx *c, const struct invocation *in)
{
	unsigned len, width;
	const struct view_table *tables = record_views(c, &len);
	int64_t rows;

	for (unsigned i = 0; i < len; i++) {
		const char *title = view_title(tables[i].view);

		if (tables[i].first != i)
			continue;
		TRY(record_view_count(c, &tables[i], &rows));
		view_columns(tables[i].view, &width);
		fprintf(in->out, "%s\t%s\t%u columns\t%lld rows\t%s\n", tables[i].name,
			view_resource(tables[i].view)->name, width, (long long)rows,
			title ? title : "");
	}
	TRY(record_view_count(c, NULL, &rows));
	fprintf(in->out, "view_error\t\t2 columns\t%lld rows\tWhat views could not tell\n", (long long)rows);
	if (!record_views_current(c))
		return fail(c, ERR_CONFLICT,
			    "The tables were not made with these definitions; run `causeway view "
			    "rebuild`.");
	return OK;
}

static enum err view_list_command(struct ctx *c, struct invocation *in)
{
	struct place *place;
	enum err e;

	if (in->argc != 2)
		return fail(c, ERR_USAGE, "of which database? causeway view list DB");
	TRY(place_open(c, in->share, in->argv[1], STORE_READ_ONLY, false, &place));
	e = list_tables(c, in);
	place_close(place);
	return e;
}

static enum err view_rebuild_command(struct ctx *c, struct invocation *in)
{
	struct place *place;
	struct bar *bar;
	int64_t resources = 0;
	enum err e;

	if (in->argc != 2)
		return fail(c, ERR_USAGE, "of which database? causeway view rebuild DB");
	struct progress progress = bar_progress(c, in, "view rebuild", &bar);
	TRY(place_open(c, in->share, in->argv[1], STORE_MIGRATE | STORE_BULK, true, &place));
	e = record_views_rebuild(c, &progress, &resources);
	bar_done(bar);
	place_close(place);
	TRY(e);
	if (!command_option(in, "quiet"))
		fprintf(in->out, "views of %lld resources made again\n", (long long)resources);
	return OK;
}

/* ---- view grant, view revoke ---- */

static enum err change_readers(struct ctx *c, const struct invocation *in, bool give)
{
	struct place *place;
	enum err e;

	if (in->argc != 3)
		return fail(c, ERR_USAGE, "which role, of which database? causeway view %s DB ROLE",
			    give ? "grant" : "revoke");
	TRY(place_open(c, in->share, in->argv[1], STORE_MIGRATE, false, &place));
	e = record_views_grant(c, str_of(in->argv[2]), give);
	place_close(place);
	TRY(e);
	if (!command_option(in, "quiet"))
		fprintf(in->out, "%s may %s read the views\n", in->argv[2], give ? "now" : "no longer");
	return OK;
}

static enum err view_grant_command(struct ctx *c, struct invocation *in)
{
	return change_readers(c, in, true);
}

static enum err view_revoke_command(struct ctx *c, struct invocation *in)
{
	return change_readers(c, in, false);
}

/* ---- the command ---- */

static const struct {
	const char *name;
	enum err (*run)(struct ctx *c, struct invocation *in);
} verbs[] = {
	{ "run", view_run_command },
	{ "columns", view_columns_command },
	{ "list", view_list_command },
	{ "rebuild", view_rebuild_command },
	{ "grant", view_grant_command },
	{ "revoke", view_revoke_command },
};

static enum err run_view(struct ctx *c, struct invocation *in)
{
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
		if (!strcmp(verbs[i].name, in->argv[0]))
			return verbs[i].run(c, in);
	return fail(c, ERR_USAGE, "causeway view does run, columns, list, rebuild, grant or revoke, not %s", in->argv[0]);
}

const struct command view_commands[] = {
	{ "view", "run|columns|list|rebuild|grant|revoke DEF|DB [FILE...|ROLE]",
	  "Flatten resources into rows with ViewDefinitions.",
	  "run DEF writes the rows a SQL-on-FHIR ViewDefinition makes of the resources in files (JSON,\n"
	  "XML, Bundles, NDJSON, gzip or not) or in a database, which is read in constant memory. DEF is a\n"
	  "file, or the bare name of a view in share/view. CSV is as RFC 4180 has it: null is empty, an\n"
	  "empty text is quoted, lists and complex values are JSON.\n"
	  "A mistake in the definition, or a value that does not fit its column, ends the run with the\n"
	  "reason and its place, and the exit code is not 0.\n"
	  "columns DEF lists what it gives: name, type and description, one column a line.\n"
	  "list DB names the tables every database keeps of the views in share/view; their rows change\n"
	  "with the resources. rebuild DB makes them again after a definition changed.\n"
	  "grant DB ROLE lets a role of PostgreSQL read those tables and nothing else, now and after a\n"
	  "rebuild; revoke DB ROLE ends that.",
	  view_options, run_view,
	  "  causeway view run conditions.json --db county.db > conditions.csv\n"
	  "  causeway view run names.json --input a.json --input b.ndjson.gz --format json\n"
	  "  causeway view run care_package --db county.db\n"
	  "  causeway view list county.db\n"
	  "  causeway view grant postgresql:///county analyst" },
	{ 0 },
};
