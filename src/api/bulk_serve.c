/* bulk_serve.c - the routes of bulk export: kick-off, status, manifest, files, cancelling. */
#include "api/bulk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/when.h"
#include "http/date.h"
#include "record/guard.h"

/* --- kick-off --- */

static enum err kick_off(struct ctx *c, const struct request *r, enum bulk_level level,
			 struct reply *reply)
{
	struct format format = { .type = "application/fhir+json; charset=utf-8" };
	struct bulk_ask ask;
	struct version group;
	struct str base = api_base(c, r);
	char id[BULK_ID];

	TRY(bulk_ask_read(c, r, level, &ask));
	if (level == BULK_GROUP)
		TRY(record_read(c, STR("Group"), ask.group, &group));
	TRY(bulk_add(c, c->place->bulk, &ask, id));
	audited_page(c, AUDIT_EXPORT, STR("bulk"), r->query, &(struct disclosed){ 0 });
	reply->status = 202;
	reply_header(reply, "Content-Location",
		     str_of(arena_printf(c->arena, STR_FMT "/bulk/%s", STR_ARG(base), id)));
	return reply_node(c, &format,
			  outcome_new(c, OK,
				      "The export has begun; Content-Location is where "
				      "to ask how far it is."),
			  reply);
}

enum err api_bulk_system(struct ctx *c, const struct request *r, struct reply *reply)
{
	return kick_off(c, r, BULK_SYSTEM, reply);
}

enum err api_bulk_patient(struct ctx *c, const struct request *r, struct reply *reply)
{
	return kick_off(c, r, BULK_PATIENT, reply);
}

enum err api_bulk_group(struct ctx *c, const struct request *r, struct reply *reply)
{
	return kick_off(c, r, BULK_GROUP, reply);
}

/* --- status and manifest --- */

struct status {
	const struct request *request;
	struct reply *reply;
};

static void tell_progress(struct ctx *c, const struct bulk_job *job, struct reply *reply)
{
	long long written = __atomic_load_n(&job->written, __ATOMIC_RELAXED);
	long long total = __atomic_load_n(&job->total, __ATOMIC_RELAXED);
	char *text = job->state == BULK_WAITING
			     ? arena_str(c->arena, "waiting for its turn")
			     : arena_printf(c->arena, "%lld of about %lld resources written",
					    written, total);

	reply->status = 202;
	reply_header(reply, "X-Progress", str_of(text));
	reply_header(reply, "Retry-After", total > 100000 ? STR("5") : STR("1"));
	reply_header(reply, "Cache-Control", STR("no-store"));
}

static void add_files(struct ctx *c, const struct bulk_job *job, bool deletions,
		      struct str below, struct node *list)
{
	for (size_t i = 0; i < job->files.len; i++) {
		const struct bulk_file *file = &job->files.at[i];
		struct node *o;

		if (file->deletions != deletions)
			continue;
		o = node_add(c->arena, list, NULL, NODE_OBJECT);
		node_add_cstr(c->arena, o, "type", file->type);
		node_add_cstr(c->arena, o, "url",
			      arena_printf(c->arena, STR_FMT "/%s", STR_ARG(below),
					   bulk_file_name(c->arena, file)));
		node_add_int(c->arena, o, "count", file->count);
	}
}

static enum err tell_manifest(struct ctx *c, const struct bulk *b, const struct bulk_job *job,
			      const struct status *status)
{
	struct format format = { .type = "application/json" };
	struct node *o = node_new(c->arena, NODE_OBJECT);
	struct str base = api_base(c, status->request);
	struct str below =
		str_of(arena_printf(c->arena, STR_FMT "/bulk/%s", STR_ARG(base), job->id));
	char *expires = arena_alloc(c->arena, HTTP_DATE_SIZE);

	node_add_str(c->arena, o, "transactionTime", when_print_us(c->arena, job->time));
	node_add_cstr(c->arena, o, "request", str_dup(c->arena, job->ask.request));
	node_add_bool(c->arena, o, "requiresAccessToken", false);
	add_files(c, job, false, below, node_add(c->arena, o, "output", NODE_ARRAY));
	if (job->ask.since)
		add_files(c, job, true, below, node_add(c->arena, o, "deleted", NODE_ARRAY));
	node_add(c->arena, o, "error", NODE_ARRAY);
	http_date(job->ended + b->limits.keep, expires);
	reply_header(status->reply, "Expires", str_of(expires));
	return reply_node(c, &format, o, status->reply);
}

static enum err tell_status(struct ctx *c, const struct bulk *b, const struct bulk_job *job,
			    void *arg)
{
	struct status *status = arg;

	if (job->state == BULK_FAILED)
		return fail(c, ERR_INTERNAL, "The export failed: %s", job->why);
	if (job->state == BULK_DONE)
		return tell_manifest(c, b, job, status);
	tell_progress(c, job, status->reply);
	return OK;
}

enum err api_bulk_status(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct status status = { r, reply };

	return bulk_find(c, c->place->bulk, r->part[0], tell_status, &status);
}

enum err api_bulk_cancel(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct format format = { .type = "application/fhir+json; charset=utf-8" };

	TRY(bulk_cancel(c, c->place->bulk, r->part[0]));
	reply->status = 202;
	return reply_node(c, &format,
			  outcome_new(c, OK, "The export and its files are removed."), reply);
}

/* --- files --- */

struct wanted {
	struct str name;
	int fd;
	const char *path, *type;
	bool sift; /* the asker may see less now, or the server is another */
};

static enum err open_file(struct ctx *c, const struct bulk *b, const struct bulk_job *job,
			  void *arg)
{
	struct wanted *wanted = arg;

	for (size_t i = 0; i < job->files.len && job->state == BULK_DONE; i++) {
		const char *name = bulk_file_name(c->arena, &job->files.at[i]);

		if (!str_is(wanted->name, name))
			continue;
		wanted->path = bulk_path(c->arena, b, job->id, name);
		wanted->type = job->files.at[i].type;
		wanted->sift = c->guard && c->guard->stamp != job->stamp && !job->files.at[i].deletions;
		wanted->fd = open(wanted->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		if (wanted->fd < 0)
			return fail(c, ERR_IO, "A file of this export cannot be read: %m.");
		return OK;
	}
	return fail(c, ERR_NOT_FOUND, "The export has no such file.");
}

enum err api_bulk_file(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct wanted wanted = { .name = r->part[1], .fd = -1 };
	struct stat st;

	TRY(bulk_find(c, c->place->bulk, r->part[0], open_file, &wanted));
	if (wanted.sift) {
		close(wanted.fd);
		TRY(bulk_sift(c, wanted.path, wanted.type, &wanted.fd));
	}
	reply->file = NEW(c->arena, struct reply_file);
	reply->file->fd = wanted.fd;
	if (fstat(wanted.fd, &st) != 0)
		return fail(c, ERR_IO, "A file of this export cannot be read: %m.");
	reply->file->size = st.st_size;
	reply->type = "application/fhir+ndjson";
	return OK;
}
