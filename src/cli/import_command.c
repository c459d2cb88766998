/* import_command.c - causeway import: bundles, resources and NDJSON into a database.
 *
 * One thread reads files, a few prepare and hand over what they read; the store's writer commits
 * what they hand over together. A transaction Bundle is written whole or not at all; so is a
 * collection. Lines of NDJSON go in groups; when a group is refused its lines are tried singly, so
 * that one bad line stops no other. What fails is written to a rejects file with reason and
 * position and can be mended and imported again.
 */
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>


#include "base/file.h"
#include "base/lines.h"
#include "base/vec.h"
#include "cli/commands.h"
#include "identity/resolve.h"

#define FILE_LIMIT ((size_t)512 << 20)
#define LINE_LIMIT ((size_t)64 << 20)
#define GROUP_LINES 200
#define GROUP_BYTES ((size_t)2 << 20)
#define WORKERS_MOST 32

static const struct option import_options[] = {
	{ "rejects", "FILE", "where what fails goes, with the reason (default: DB.rejects.ndjson; of a server: import.rejects.ndjson)", NULL },
	{ "jobs", "N", "threads that prepare and wait for the disk together", "8" },
	{ "index", "WHEN", "write search values with each resource (now), or sorted at the end (later): for many "
			   "into a database that nobody else has open", "auto" },
	{ "verbose", NULL, "a line for each file or group once it is durable", NULL },
	{ 0 },
};

/* A piece of work: one document, or a group of lines. Owned by the worker that takes it. */
struct unit {
	struct arena arena;
	const char *file;
	int64_t line; /* of the first line of a group; 0: a whole document */
	VEC(struct str) texts;
	size_t bytes;
	struct unit *next;
};

struct import {
	struct place *place, loose; /* loose: the same, but references may lead nowhere */
	const struct invocation *in;
	const volatile bool *stop;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct unit *first, *last;
	unsigned waiting, most;
	bool ended;
	int64_t resources, rejected, files, bytes, bytes_total;
	const char *rejects_path;
	FILE *rejects;
	struct progress progress;
	enum err failure; /* the store failed: nothing more is tried */
	char why[512];
};

/* ---- the queue ---- */

static void unit_free(struct unit *unit)
{
	if (!unit)
		return;
	arena_done(&unit->arena);
	free(unit);
}

static struct unit *unit_new(const char *file, int64_t line)
{
	struct unit *unit = calloc(1, sizeof *unit);
	if (!unit)
		abort();
	arena_init(&unit->arena);
	unit->file = file;
	unit->line = line;
	return unit;
}

static bool import_stopped(struct import *import)
{
	return import->failure != OK || (import->stop && *import->stop);
}

static void queue_push(struct import *import, struct unit *unit)
{
	pthread_mutex_lock(&import->lock);
	while (import->waiting >= import->most && !import_stopped(import))
		pthread_cond_wait(&import->changed, &import->lock);
	if (import->last)
		import->last->next = unit;
	else
		import->first = unit;
	import->last = unit;
	import->waiting++;
	pthread_cond_broadcast(&import->changed);
	pthread_mutex_unlock(&import->lock);
}

static struct unit *queue_take(struct import *import)
{
	struct unit *unit;

	pthread_mutex_lock(&import->lock);
	while (!import->first && !import->ended)
		pthread_cond_wait(&import->changed, &import->lock);
	unit = import->first;
	if (unit) {
		import->first = unit->next;
		if (!import->first)
			import->last = NULL;
		import->waiting--;
		pthread_cond_broadcast(&import->changed);
	}
	pthread_mutex_unlock(&import->lock);
	return unit;
}

static void queue_end(struct import *import)
{
	pthread_mutex_lock(&import->lock);
	import->ended = true;
	pthread_cond_broadcast(&import->changed);
	pthread_mutex_unlock(&import->lock);
}

/* ---- what became of a unit ---- */

static void report_done(struct import *import, const struct unit *unit, int64_t resources)
{
	pthread_mutex_lock(&import->lock);
	import->resources += resources;
	import->bytes += (int64_t)unit->bytes;
	if (command_option(import->in, "verbose")) {
		fprintf(import->in->out, "%s", unit->file);
		if (unit->line)
			fprintf(import->in->out, ":%lld", (long long)unit->line);
		fprintf(import->in->out, " %lld\n", (long long)resources);
		fflush(import->in->out);
	}
	if (!import->progress.tick(import->progress.arg, import->resources, 0, "resources"))
		pthread_cond_broadcast(&import->changed);
	pthread_mutex_unlock(&import->lock);
}

static void issues_json(struct arena *a, struct node *reject, const struct issues *issues)
{
	struct node *list = issues->first ? node_add(a, reject, "issue", NODE_ARRAY) : NULL;

	for (const struct issue *i = issues->first; i; i = i->next) {
		struct node *one = node_add(a, list, NULL, NODE_OBJECT);
		node_add_cstr(a, one, "severity", issue_severity_name(i->severity));
		node_add_cstr(a, one, "text", i->text);
		if (i->where)
			node_add_cstr(a, one, "where", i->where);
		if (i->line) {
			node_add_int(a, one, "line", i->line);
			node_add_int(a, one, "column", i->column);
		}
	}
}

/* A line of the rejects file begins with where what it is about comes from. */
static struct node *reject_begin(struct ctx *c, const struct unit *unit, size_t index, const char *reason)
{
	struct node *line = node_new(c->arena, NODE_OBJECT);

	node_add_cstr(c->arena, line, "file", unit->file);
	if (unit->line)
		node_add_int(c->arena, line, "line", unit->line + (int64_t)index);
	node_add_cstr(c->arena, line, "reason", reason);
	return line;
}

static void reject_write(struct import *import, struct ctx *c, const struct node *line)
{
	struct buf text;

	buf_init(&text, c->arena, 0);
	json_write(&text, line, 0);
	buf_char(&text, '\n');
	pthread_mutex_lock(&import->lock);
	import->rejected++;
	if (!import->rejects)
		import->rejects = fopen(import->rejects_path, "w");
	if (!import->rejects || fwrite(text.at, 1, text.len, import->rejects) != text.len) {
		import->failure = ERR_IO;
		snprintf(import->why, sizeof import->why, "%s cannot be written: %m", import->rejects_path);
	}
	pthread_mutex_unlock(&import->lock);
}

/* One line of the rejects file: where from, why, all issues, and the bytes themselves. */
static void reject(struct import *import, struct ctx *c, const struct unit *unit, size_t index, enum err e)
{
	struct node *line = reject_begin(c, unit, index, c->why[0] ? c->why : err_row(e)->meaning);

	issues_json(c->arena, line, &c->issues);
	if (str_utf8(unit->texts.at[index], &(size_t){ 0 }))
		node_add_str(c->arena, line, "input", unit->texts.at[index]);
	reject_write(import, c, line);
}

/* The issues of an OperationOutcome, as issues_json writes them. */
static void outcome_json(struct arena *a, struct node *reject, const struct node *outcome)
{
	struct node *list = node_add(a, reject, "issue", NODE_ARRAY);

	node_each(issue, node_get(outcome, "issue")) {
		const struct node *at = node_get(issue, "extension"), *where = node_get(issue, "expression");
		struct node *one = node_add(a, list, NULL, NODE_OBJECT);
		node_add_str(a, one, "severity", node_str(issue, "severity"));
		node_add_str(a, one, "text", node_str(issue, "diagnostics"));
		if (where)
			node_add_str(a, one, "where", node_text(node_at(where, 0)));
		if (at) {
			node_append(one, "line", node_copy(a, node_get(node_at(at, 0), "valueInteger")));
			node_append(one, "column", node_copy(a, node_get(node_at(at, 1), "valueInteger")));
		}
	}
}

/* An entry of a batch, refused while others were written: what is wrong, and a batch of it alone. */
static void reject_entry(struct import *import, struct ctx *c, const struct unit *unit, size_t index,
			 const struct node *outcome, const struct node *entry)
{
	struct str why = node_str(node_at(node_get(outcome, "issue"), 0), "diagnostics");
	struct node *line = reject_begin(c, unit, index, str_dup(c->arena, why)),
		    *batch = node_new(c->arena, NODE_OBJECT);
	struct buf text;

	outcome_json(c->arena, line, outcome);
	node_add_cstr(c->arena, batch, "resourceType", "Bundle");
	node_add_cstr(c->arena, batch, "type", "batch");
	node_append(node_add(c->arena, batch, "entry", NODE_ARRAY), NULL, node_copy(c->arena, entry));
	buf_init(&text, c->arena, 0);
	json_write(&text, batch, 0);
	node_add_str(c->arena, line, "input", (struct str){ text.at, text.len });
	reject_write(import, c, line);
}

/* The database itself failed: that is no fault of the input, and going on makes no sense. */
static bool is_fatal(enum err e)
{
	return e == ERR_STORE || e == ERR_IO || e == ERR_STOPPED || e == ERR_INTERNAL;
}

static void give_up(struct import *import, const struct ctx *c, enum err e)
{
	pthread_mutex_lock(&import->lock);
	if (import->failure == OK) {
		import->failure = e;
		snprintf(import->why, sizeof import->why, "%s", c->why);
	}
	pthread_cond_broadcast(&import->changed);
	pthread_mutex_unlock(&import->lock);
}

/* ---- writing ---- */

/* An entry that puts a resource at its own id, or creates it when it has none. */
static struct node *entry_put(struct arena *a, struct node *entries, struct node *resource)
{
	struct node *entry = node_add(a, entries, NULL, NODE_OBJECT);
	struct node *request;
	struct str type = node_str(resource, "resourceType"), id = node_str(resource, "id");

	node_append(entry, "resource", resource);
	request = node_add(a, entry, "request", NODE_OBJECT);
	node_add_cstr(a, request, "method", id.len ? "PUT" : "POST");
	node_add_cstr(a, request, "url",
		      id.len ? arena_printf(a, STR_FMT "/" STR_FMT, STR_ARG(type), STR_ARG(id))
			     : str_dup(a, type));
	return entry;
}

static struct node *bundle_new(struct ctx *c, struct node **entries)
{
	struct node *bundle = node_new(c->arena, NODE_OBJECT);
	node_add_cstr(c->arena, bundle, "resourceType", "Bundle");
	node_add_cstr(c->arena, bundle, "type", "transaction");
	*entries = node_add(c->arena, bundle, "entry", NODE_ARRAY);
	return bundle;
}

static enum err write_loose(struct ctx *c, struct import *import, struct str text, struct node *bundle)
{
	struct node *response;
	enum err e;

	atoms_adopt(import->place->fhir->atoms, bundle);
	c->place = &import->loose;
	e = record_bundle(c, text, bundle, &response);
	c->place = import->place;
	return e;
}

/* A collection, document, searchset …: its resources, together. */
static enum err write_collection(struct ctx *c, struct import *import, struct str text, struct node *bundle,
				 int64_t *count)
{
	struct node *entries, *transaction = bundle_new(c, &entries);

	node_each(entry, node_get(bundle, "entry")) {
		struct node *resource = node_get(entry, "resource"), *put;
		struct str full_url = node_str(entry, "fullUrl");
		if (!resource)
			continue;
		node_remove(entry, resource);
		put = entry_put(c->arena, entries, resource);
		if (full_url.len)
			node_add_str(c->arena, put, "fullUrl", full_url);
		(*count)++;
	}
	return write_loose(c, import, text, transaction);
}

/* Entries of a batch stand for themselves: those that failed are rejected, the others counted. */
static void count_entries(struct ctx *c, struct import *import, const struct unit *unit, size_t index,
			  const struct node *bundle, const struct node *response, int64_t *count)
{
	size_t i = 0;

	node_each(entry, node_get(response, "entry")) {
		const struct node *outcome = node_get(node_get(entry, "response"), "outcome"),
				  *sent = node_at(node_get(bundle, "entry"), i++);
		if (outcome)
			reject_entry(import, c, unit, index, outcome, sent);
		else
			++*count;
	}
}

static enum err write_bundle(struct ctx *c, struct import *import, const struct unit *unit, size_t index,
			     struct node *bundle, int64_t *count)
{
	struct str type = node_str(bundle, "type");
	struct node *response;

	if (!str_is(type, "transaction") && !str_is(type, "batch"))
		return write_collection(c, import, unit->texts.at[index], bundle, count);
	TRY(record_bundle(c, unit->texts.at[index], bundle, &response));
	count_entries(c, import, unit, index, bundle, response, count);
	return OK;
}

static enum err write_resource(struct ctx *c, struct import *import, struct str text, struct node *resource)
{
	struct str type = node_str(resource, "resourceType"), id = node_str(resource, "id");
	struct write write = { .source = text, .resource = resource };
	struct written written;
	enum err e;

	c->place = &import->loose;
	e = id.len ? record_update(c, type, id, &write, &written) : record_create(c, type, &write, &written);
	c->place = import->place;
	return e;
}

static enum err write_document(struct ctx *c, struct import *import, const struct unit *unit, size_t index,
			       int64_t *count)
{
	struct str text = unit->texts.at[index];
	struct node *resource;

	TRY(fhir_read_json(c, import->place->fhir, c->arena, text, &resource));
	if (str_is(node_str(resource, "resourceType"), "Bundle"))
		return write_bundle(c, import, unit, index, resource, count);
	*count = 1;
	return write_resource(c, import, text, resource);
}

/* All lines of a group in one transaction; Bundles among them, or a refusal, send it line by line. */
static enum err write_group(struct ctx *c, struct import *import, const struct unit *unit, int64_t *count)
{
	struct node *entries, *transaction = bundle_new(c, &entries);

	for (size_t i = 0; i < unit->texts.len; i++) {
		struct node *resource;
		TRY(fhir_read_json(c, import->place->fhir, c->arena, unit->texts.at[i], &resource));
		if (str_is(node_str(resource, "resourceType"), "Bundle"))
			return fail(c, ERR_INVALID, "a Bundle stands alone");
		entry_put(c->arena, entries, resource);
	}
	TRY(write_loose(c, import, STR(""), transaction));
	*count = (int64_t)unit->texts.len;
	return OK;
}

static void ctx_again(struct ctx *c)
{
	memset(&c->issues, 0, sizeof c->issues);
	c->why[0] = '\0';
}

static int64_t write_singly(struct ctx *c, struct import *import, const struct unit *unit)
{
	int64_t done = 0;

	for (size_t i = 0; i < unit->texts.len && !import_stopped(import); i++) {
		int64_t count = 0;
		enum err e;
		ctx_again(c);
		e = write_document(c, import, unit, i, &count);
		if (e == OK)
			done += count;
		else if (is_fatal(e))
			give_up(import, c, e);
		else
			reject(import, c, unit, i, e);
	}
	return done;
}

static void unit_write(struct ctx *c, struct import *import, const struct unit *unit)
{
	int64_t count = 0;
	enum err e = ERR_INVALID;

	if (unit->texts.len > 1)
		e = write_group(c, import, unit, &count);
	if (e != OK && is_fatal(e)) {
		give_up(import, c, e);
		return;
	}
	if (e != OK)
		count = write_singly(c, import, unit);
	if (import->failure == OK)
		report_done(import, unit, count);
}

static void *worker_run(void *arg)
{
	struct import *import = arg;
	struct unit *unit;
	ARENA(arena);

	while ((unit = queue_take(import)) != NULL) {
		struct ctx c;
		ctx_init(&c, &arena);
		c.place = import->place;
		c.stop = import->stop;
		if (!import_stopped(import))
			unit_write(&c, import, unit);
		unit_free(unit);
		arena_reset(&arena);
	}
	return NULL;
}

/* ---- reading ---- */

static bool is_lines_name(const char *file)
{
	struct str name = str_of(file);
	return str_ends(name, STR(".ndjson")) || str_ends(name, STR(".ndjson.gz")) ||
	       str_ends(name, STR(".jsonl")) || str_ends(name, STR(".jsonl.gz"));
}

static void group_add(struct import *import, struct unit **unit, const char *file, int64_t line, struct str text)
{
	if (!*unit)
		*unit = unit_new(file, line);
	*vec_push(&(*unit)->texts, &(*unit)->arena) =
		(struct str){ arena_dup(&(*unit)->arena, text.at, text.len), text.len };
	(*unit)->bytes += text.len;
	if ((*unit)->texts.len < GROUP_LINES && (*unit)->bytes < GROUP_BYTES)
		return;
	queue_push(import, *unit);
	*unit = NULL;
}

static enum err read_lines(struct ctx *c, struct import *import, const char *file)
{
	struct unit *unit = NULL;
	struct str line;
	bool more = true;
	enum err e;
	LINES(lines);

	TRY(lines_open(c, file, LINE_LIMIT, &lines));
	do {
		ARENA(scratch);
		e = lines_next(c, lines, &scratch, &line, &more);
		/* a group's lines are numbered from its first, so an empty line ends the group */
		if (e == OK && more && str_trim(line).len)
			group_add(import, &unit, file, lines_number(lines), line);
		else if (unit) {
			queue_push(import, unit);
			unit = NULL;
		}
	} while (e == OK && more && !import_stopped(import));
	return e;
}

/* A document may turn out to hold one value a line after all. */
static bool holds_lines(struct ctx *c, const struct fhir *f, struct str text)
{
	ARENA(scratch);
	size_t used = 0;
	struct node *value;
	struct json_options options = { .atoms = f->atoms, .prefix = true, .used = &used };
	bool read = json_read(c, &scratch, text, &options, &value) == OK;

	ctx_again(c);
	return read && str_trim((struct str){ text.at + used, text.len - used }).len > 0;
}

static enum err read_document(struct ctx *c, struct import *import, const char *file)
{
	struct unit *unit = unit_new(file, 0);
	struct str text;
	enum err e = file_read(c, &unit->arena, file, FILE_LIMIT, &text);

	if (e != OK || (strcmp(file, "-") != 0 && holds_lines(c, import->place->fhir, text))) {
		unit_free(unit);
		return e != OK ? e : read_lines(c, import, file);
	}
	*vec_push(&unit->texts, &unit->arena) = text;
	unit->bytes = text.len;
	queue_push(import, unit);
	return OK;
}

static void read_files(struct ctx *c, struct import *import)
{
	for (int i = 1; i < import->in->argc && !import_stopped(import); i++) {
		const char *file = import->in->argv[i];
		struct unit none = { .file = file };
		enum err e = is_lines_name(file) ? read_lines(c, import, file) : read_document(c, import, file);
		if (e == OK)
			continue;
		arena_init(&none.arena);
		*vec_push(&none.texts, &none.arena) = STR("");
		reject(import, c, &none, 0, e);
		arena_done(&none.arena);
		ctx_again(c);
	}
}

/* ---- the command ---- */

static enum err import_run(struct ctx *c, struct import *import, unsigned jobs)
{
	pthread_t threads[WORKERS_MOST];
	unsigned started = 0;

	while (started < jobs && pthread_create(&threads[started], NULL, worker_run, import) == 0)
		started++;
	if (started == 0)
		return fail(c, ERR_IO, "no thread can be started: %m");
	read_files(c, import);
	queue_end(import);
	for (unsigned i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	if (import->failure != OK)
		return fail(c, import->failure, "%s", import->why);
	if (import->stop && *import->stop)
		return fail(c, ERR_STOPPED, "stopped; what was written is whole, and importing again is safe");
	return OK;
}

static enum err import_summary(struct ctx *c, struct import *import, int64_t started)
{
	double seconds = (double)(clock_monotonic() - started) / 1e6;

	if (!command_option(import->in, "quiet"))
		fprintf(import->in->out, "%lld resources in %.1f s (%.0f/s)\n", (long long)import->resources,
			seconds, (double)import->resources / (seconds > 0 ? seconds : 1));
	if (import->rejects && fclose(import->rejects) != 0)
		return fail(c, ERR_IO, "%s cannot be written: %m", import->rejects_path);
	if (import->rejected)
		return fail(c, ERR_INVALID, "%lld rejected, with the reasons in %s", (long long)import->rejected,
			    import->rejects_path);
	return OK;
}

/* Beside the file, or here when the database is on a server. */
static const char *rejects_beside(struct arena *a, const char *db)
{
	return strstr(db, "://") ? "import.rejects.ndjson"
				 : arena_printf(a, "%s.rejects.ndjson", db);
}

/* Bytes from which sorting pays, of JSON. */
#define LARGE ((int64_t)64 << 20)

/* Is so much to be read that search values are better put in order first? */
static enum err is_large(struct ctx *c, const struct invocation *in, bool *out)
{
	const char *when = command_option(in, "index");
	int64_t bytes = 0;

	for (int i = 1; i < in->argc; i++) {
		struct stat st;
		bool packed = str_ends(str_of(in->argv[i]), STR(".gz"));
		if (stat(in->argv[i], &st) == 0 && S_ISREG(st.st_mode))
			bytes += st.st_size * (packed ? 10 : 1);
	}
	*out = strcmp(when, "later") == 0 || (strcmp(when, "auto") == 0 && bytes >= LARGE);
	if (!*out && strcmp(when, "auto") != 0 && strcmp(when, "now") != 0)
		return fail(c, ERR_USAGE, "--index is now, later or auto, not %s", when);
	return OK;
}

/* The end of a load is not stopped by what stopped the reading: it would have to be done again. */
static enum err end_load(struct ctx *c, struct import *import, enum err e)
{
	char why[sizeof c->why];
	const volatile bool *stop = c->stop;
	struct progress progress = { .tick = import->progress.tick, .arg = import->progress.arg };
	enum err ended;

	memcpy(why, c->why, sizeof why);
	if (e != OK) {
		c->stop = NULL;
		progress.tick = NULL;
	}
	ended = record_load_end(c, &progress);
	c->stop = stop;
	return ended != OK || e == OK ? ended : fail(c, e, "%s", why);
}

/* Matching knows whom the import brought. Stopped, it goes on when somebody is matched or the place is served. */
static enum err take_people(struct ctx *c, const struct progress *progress)
{
	enum err e = identity_catch_up(c, progress);

	return e == ERR_STOPPED ? OK : e;
}

static enum err run_import(struct ctx *c, struct invocation *in)
{
	struct import import = { .in = in, .stop = c->stop };
	int64_t jobs = 0, started = clock_monotonic();
	struct bar *bar;
	bool large;
	enum err e, summary;

	TRY(command_option_int(c, in, "jobs", 1, WORKERS_MOST, &jobs));
	TRY(is_large(c, in, &large));
	import.rejects_path = command_option(in, "rejects");
	if (!import.rejects_path)
		import.rejects_path = rejects_beside(c->arena, in->argv[0]);
	TRY(place_open(c, in->share, in->argv[0], STORE_CREATE | STORE_MIGRATE | STORE_BULK, false,
		       &import.place));
	import.loose = *import.place;
	import.loose.references = REFERENCES_LOOSE;
	import.most = (unsigned)jobs + 1;
	pthread_mutex_init(&import.lock, NULL);
	pthread_cond_init(&import.changed, NULL);
	import.progress = bar_progress(c, in, "import", &bar);
	e = record_load_begin(c, large, &import.progress);
	if (e == OK)
		e = import_run(c, &import, (unsigned)jobs);
	/* what was written is found, also when it was stopped */
	if (e == OK || e == ERR_STOPPED)
		e = end_load(c, &import, e);
	if (e == OK)
		e = take_people(c, &import.progress);
	bar_done(bar);
	place_close(import.place);
	summary = e == OK ? import_summary(c, &import, started) : e;
	if (e != OK && import.rejects)
		fclose(import.rejects);
	pthread_cond_destroy(&import.changed);
	pthread_mutex_destroy(&import.lock);
	return summary;
}

const struct command import_commands[] = {
	{ "import", "DB FILE...", "Read FHIR Bundles, resources and NDJSON into a database.",
	  "FILE is JSON or NDJSON, gzip or not. A transaction Bundle is written whole or not at all, and\n"
	  "so is a collection; a single resource is put at its id, or created when it has none. What fails\n"
	  "goes to the rejects file with reason and position, and the exit code is then 65. The database\n"
	  "is made when it is not there. Importing the same again changes nothing that has an id.",
	  import_options, run_import,
	  "  causeway import county.db bundles/*.json\n"
	  "  causeway import county.db export/*.ndjson.gz --rejects bad.ndjson" },
	{ 0 },
};
