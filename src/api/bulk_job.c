/* bulk_job.c - a job on the disk: its folder, and job.json, which is replaced whole. */
#include "api/bulk.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

#define JOB_JSON ((size_t)16 << 20) /* bytes of job.json that are read back */

static const char *const state_names[] = { "waiting", "running", "done", "failed",
					   "cancelled" };
static const char *const level_names[] = { "system", "patient", "group" };

static unsigned name_index(const char *const *names, unsigned count, struct str name)
{
	unsigned i = 0;

	while (i < count && !str_is(name, names[i]))
		i++;
	return i;
}

struct bulk_job *bulk_job_new(void)
{
	struct bulk_job *job = calloc(1, sizeof *job);

	if (!job)
		abort();
	arena_init(&job->life);
	job->moment = -1;
	return job;
}

void bulk_job_free(struct bulk_job *job)
{
	arena_done(&job->life);
	free(job);
}

bool bulk_id_valid(const char *id)
{
	return strlen(id) == BULK_ID - 1 && strspn(id, "0123456789abcdef") == BULK_ID - 1;
}

const char *bulk_path(struct arena *a, const struct bulk *b, const char *id, const char *name)
{
	return name ? arena_printf(a, "%s/%s/%s", b->dir, id, name)
		    : arena_printf(a, "%s/%s", b->dir, id);
}

/* --- written --- */

static void write_ask(struct arena *a, struct node *o, const struct bulk_ask *ask)
{
	struct node *list;

	node_add_cstr(a, o, "level", level_names[ask->level]);
	node_add_int(a, o, "owner", ask->owner);
	node_add_str(a, o, "group", ask->group);
	node_add_str(a, o, "request", ask->request);
	list = node_add(a, o, "types", NODE_ARRAY);
	for (size_t i = 0; i < ask->types.len; i++)
		node_add_cstr(a, list, NULL, ask->types.at[i]);
	list = node_add(a, o, "filters", NODE_ARRAY);
	for (size_t i = 0; i < ask->filters.len; i++)
		node_add_str(a, list, NULL, ask->filters.at[i]);
	node_add_int(a, o, "since", ask->since);
	node_add_int(a, o, "sinceSeq", ask->since_seq);
	node_add_int(a, o, "until", ask->until);
}

static void write_place(struct arena *a, struct node *o, const struct bulk_place *at)
{
	node_add_bool(a, o, "atDeletions", at->deletions);
	node_add_cstr(a, o, "atType", at->type ? at->type : "");
	node_add_int(a, o, "atSeq", at->after);
	node_add_int(a, o, "atFiles", at->files);
}

static void write_files(struct arena *a, struct node *o, const struct bulk_job *job)
{
	struct node *list = node_add(a, o, "files", NODE_ARRAY);

	for (size_t i = 0; i < job->files.len; i++) {
		const struct bulk_file *file = &job->files.at[i];
		struct node *one = node_add(a, list, NULL, NODE_OBJECT);

		node_add_cstr(a, one, "type", file->type);
		node_add_int(a, one, "number", file->number);
		node_add_bool(a, one, "deletions", file->deletions);
		node_add_int(a, one, "count", file->count);
		node_add_int(a, one, "bytes", file->bytes);
	}
}

enum err bulk_job_save(struct ctx *c, const struct bulk *b, const struct bulk_job *job)
{
	struct arena_mark mark = arena_mark(c->arena);
	struct node *o = node_new(c->arena, NODE_OBJECT);
	struct buf text;

	node_add_cstr(c->arena, o, "state", state_names[job->state]);
	write_ask(c->arena, o, &job->ask);
	node_add_int(c->arena, o, "time", job->time);
	node_add_int(c->arena, o, "moment", job->moment);
	node_add_int(c->arena, o, "ended", job->ended);
	node_add_int(c->arena, o, "written", job->written);
	if (job->why)
		node_add_cstr(c->arena, o, "why", job->why);
	write_place(c->arena, o, &job->at);
	write_files(c->arena, o, job);
	buf_init(&text, c->arena, 0);
	json_write(&text, o, 0);
	TRY(file_write(c, bulk_path(c->arena, b, job->id, "job.json"), buf_get(&text)));
	arena_release(c->arena, mark);
	return OK;
}

/* --- read back --- */

static int64_t number(const struct node *o, const char *name)
{
	int64_t n = 0;

	return str_int(node_text(node_get(o, name)), &n) ? n : 0;
}

static bool flag(const struct node *o, const char *name)
{
	return str_is(node_text(node_get(o, name)), "true");
}

static struct str text(struct arena *a, const struct node *n)
{
	struct str s = node_text(n);

	return (struct str){ arena_dup(a, s.at, s.len), s.len };
}

/* The name as the FHIR tables have it; NULL for none. */
static const char *type_name(const struct ctx *c, struct str name)
{
	const struct fhir_type *type = fhir_resource_type(c->place->fhir, name);

	return type ? type->name : NULL;
}

static bool read_ask(const struct ctx *c, const struct node *o, struct bulk_job *job)
{
	struct bulk_ask *ask = &job->ask;
	unsigned level = name_index(level_names, 3, node_str(o, "level"));

	if (level == 3)
		return false;
	ask->level = (enum bulk_level)level;
	ask->owner = number(o, "owner");
	ask->group = text(&job->life, node_get(o, "group"));
	ask->request = text(&job->life, node_get(o, "request"));
	ask->since = number(o, "since");
	ask->since_seq = number(o, "sinceSeq");
	ask->until = number(o, "until");
	node_each(name, node_get(o, "types")) {
		const char *type = type_name(c, node_text(name));
		if (!type)
			return false;
		*vec_push(&ask->types, &job->life) = type;
	}
	node_each(filter, node_get(o, "filters"))
		*vec_push(&ask->filters, &job->life) = text(&job->life, filter);
	return true;
}

static bool read_file(const struct ctx *c, const struct node *o, struct bulk_file *out)
{
	*out = (struct bulk_file){ .type = type_name(c, node_str(o, "type")),
				   .number = (unsigned)number(o, "number"),
				   .deletions = flag(o, "deletions"),
				   .count = number(o, "count"),
				   .bytes = number(o, "bytes") };
	return out->type != NULL;
}

/* The deletions of a job that was on its way begin again, and what cannot be resumed does so
 * wholly. */
static bool read_progress(const struct ctx *c, const struct node *o, struct bulk_job *job)
{
	bool whole = job->state == BULK_DONE;
	bool resumes = whole || bulk_resumes(job);

	if (!resumes)
		return true;
	job->moment = number(o, "moment");
	job->written = number(o, "written");
	job->at = (struct bulk_place){ flag(o, "atDeletions"),
				       type_name(c, node_str(o, "atType")), number(o, "atSeq"),
				       (unsigned)number(o, "atFiles") };
	node_each(one, node_get(o, "files")) {
		struct bulk_file file;

		if (!read_file(c, one, &file))
			return false;
		if (file.deletions && !whole)
			continue;
		*vec_push(&job->files, &job->life) = file;
		job->bytes += file.bytes;
	}
	return true;
}

static bool read_job(const struct ctx *c, const struct node *o, struct bulk_job *job)
{
	unsigned state = name_index(state_names, BULK_CANCELLED, node_str(o, "state"));

	if (state == BULK_CANCELLED || !read_ask(c, o, job))
		return false;
	job->state = state == BULK_RUNNING ? BULK_WAITING : (enum bulk_state)state;
	job->time = number(o, "time");
	job->ended = number(o, "ended");
	if (node_get(o, "why"))
		job->why = text(&job->life, node_get(o, "why")).at;
	return read_progress(c, o, job);
}

enum err bulk_job_load(struct ctx *c, const struct bulk *b, const char *id,
		       struct bulk_job **out)
{
	const char *path = bulk_path(c->arena, b, id, "job.json");
	struct bulk_job *job;
	struct str bytes;
	struct node *o;

	*out = NULL;
	if (access(path, F_OK) != 0) {
		bulk_job_remove(b, id);
		return OK;
	}
	TRY(file_read(c, c->arena, path, JOB_JSON, &bytes));
	TRY(json_read(c, c->arena, bytes, &(struct json_options){ 0 }, &o));
	job = bulk_job_new();
	memcpy(job->id, id, BULK_ID);
	if (!read_job(c, o, job)) {
		bulk_job_free(job);
		return fail(c, ERR_INVALID, "%s is not one that this Causeway wrote.", path);
	}
	*out = job;
	return OK;
}

/* --- moments --- */

static const char *moments_path(struct ctx *c, const struct bulk *b)
{
	return arena_printf(c->arena, "%s/moments.json", b->dir);
}

enum err bulk_moments_save(struct ctx *c, const struct bulk *b)
{
	struct node *list = node_new(c->arena, NODE_ARRAY);
	struct buf text;

	for (size_t i = 0; i < b->moment_count; i++) {
		struct node *one = node_add(c->arena, list, NULL, NODE_OBJECT);

		node_add_int(c->arena, one, "time", b->moments[i].time);
		node_add_int(c->arena, one, "seq", b->moments[i].seq);
	}
	buf_init(&text, c->arena, 0);
	json_write(&text, list, 0);
	return file_write(c, moments_path(c, b), buf_get(&text));
}

enum err bulk_moments_load(struct ctx *c, struct bulk *b)
{
	const char *path = moments_path(c, b);
	struct str bytes;
	struct node *list;

	if (access(path, F_OK) != 0)
		return OK;
	TRY(file_read(c, c->arena, path, JOB_JSON, &bytes));
	TRY(json_read(c, c->arena, bytes, &(struct json_options){ 0 }, &list));
	b->moment_count = 0;
	node_each(one, list) {
		if (b->moment_count < BULK_MOMENTS)
			b->moments[b->moment_count++] =
				(struct bulk_moment){ number(one, "time"), number(one, "seq") };
	}
	return OK;
}

/* --- folders --- */

/* Remove what `keep` does not want to stay. */
static void sweep_folder(const char *path, bool (*keep)(const char *name, const void *arg),
			 const void *arg)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		const char *name = entry->d_name;

		if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && !keep(name, arg))
			unlinkat(dirfd(dir), name, 0);
	}
	if (dir)
		closedir(dir);
}

static bool keep_none(const char *name, const void *arg)
{
	(void)name, (void)arg;
	return false;
}

void bulk_job_remove(const struct bulk *b, const char *id)
{
	ARENA(a);
	const char *path = bulk_path(&a, b, id, NULL);

	unlink(bulk_path(&a, b, id, "job.json"));
	sweep_folder(path, keep_none, NULL);
	rmdir(path);
}

static bool keep_named(const char *name, const void *arg)
{
	const struct bulk_job *job = arg;
	bool named = strcmp(name, "job.json") == 0;
	ARENA(a);

	for (size_t i = 0; i < job->files.len && !named; i++)
		named = strcmp(name, bulk_file_name(&a, &job->files.at[i])) == 0;
	return named;
}

void bulk_job_tidy(const struct bulk *b, const struct bulk_job *job)
{
	ARENA(a);

	sweep_folder(bulk_path(&a, b, job->id, NULL), keep_named, job);
}
