/* bulk.c - the export jobs of a server: taken in, run one after another on a thread of their own,
 * kept for a while, removed. */
#include "api/bulk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "record/guard.h"

#define LOOK_EVERY 1 /* seconds between two looks for what has expired */

/* --- the folder --- */

static enum err folder_failed(struct ctx *c, const struct bulk *b)
{
	int number = errno;
	char room[128];

	return fail(c, ERR_IO, "The folder for exports, %s, cannot be used: %s.", b->dir,
		    strerror_r(number, room, sizeof room));
}

static void job_append(struct bulk *b, struct bulk_job *job)
{
	struct bulk_job **at = &b->jobs;

	while (*at && (*at)->time <= job->time)
		at = &(*at)->next;
	job->next = *at;
	*at = job;
}

/* What an earlier server left, in the order it came. A job that cannot be read stays where it is, for people to see. */
static enum err folder_read(struct ctx *c, struct bulk *b)
{
	DIR *dir = opendir(b->dir);
	struct dirent *entry;

	if (!dir)
		return folder_failed(c, b);
	while ((entry = readdir(dir))) {
		struct bulk_job *job = NULL;

		if (!bulk_id_valid(entry->d_name) ||
		    bulk_job_load(c, b, entry->d_name, &job) != OK || !job)
			continue;
		bulk_job_tidy(b, job);
		job_append(b, job);
	}
	closedir(dir);
	return OK;
}

/* Made if need be, held against other servers of the same place, and read once. */
static enum err folder_open(struct ctx *c, struct bulk *b)
{
	if (b->lock_fd >= 0)
		return OK;
	if (mkdir(b->dir, 0700) != 0 && errno != EEXIST)
		return folder_failed(c, b);
	int fd = open(arena_printf(c->arena, "%s/lock", b->dir), O_RDWR | O_CREAT | O_CLOEXEC,
		      0600);
	if (fd < 0)
		return folder_failed(c, b);
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		close(fd);
		return fail(c, ERR_BUSY,
			    "Another server of this place holds the folder for exports.");
	}
	b->lock_fd = fd;
	TRY(bulk_moments_load(c, b));
	return folder_read(c, b);
}

/* --- taking in --- */

static unsigned jobs_count(const struct bulk *b, bool waiting)
{
	unsigned count = 0;

	for (const struct bulk_job *job = b->jobs; job; job = job->next)
		count += !waiting || job->state <= BULK_RUNNING;
	return count;
}

static enum err id_new(struct ctx *c, char id[BULK_ID])
{
	unsigned char bytes[(BULK_ID - 1) / 2];

	if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
		return fail(c, ERR_IO, "The system gives no random numbers.");
	for (size_t i = 0; i < sizeof bytes; i++)
		snprintf(id + 2 * i, 3, "%02x", bytes[i]);
	return OK;
}

static void ask_copy(struct arena *a, const struct bulk_ask *from, struct bulk_ask *to)
{
	to->level = from->level;
	to->owner = from->owner;
	to->since = from->since;
	to->since_seq = from->since_seq;
	to->until = from->until;
	to->group = (struct str){ str_dup(a, from->group), from->group.len };
	to->request = (struct str){ str_dup(a, from->request), from->request.len };
	for (size_t i = 0; i < from->types.len; i++)
		*vec_push(&to->types, a) = from->types.at[i];
	for (size_t i = 0; i < from->filters.len; i++)
		*vec_push(&to->filters, a) = (struct str){ str_dup(a, from->filters.at[i]),
							   from->filters.at[i].len };
}

/* The moment that a transactionTime stood for; 0 when it is none of ours. */
static int64_t moment_of(const struct bulk *b, int64_t time)
{
	for (size_t i = 0; i < b->moment_count; i++) {
		if (b->moments[i].time == time)
			return b->moments[i].seq;
	}
	return 0;
}

static void moment_add(struct bulk *b, struct bulk_moment moment)
{
	if (b->moment_count == BULK_MOMENTS)
		memmove(b->moments, b->moments + 1, --b->moment_count * sizeof moment);
	b->moments[b->moment_count++] = moment;
}

static enum err job_make(struct ctx *c, struct bulk *b, const struct bulk_ask *ask,
			 struct bulk_job *job)
{
	TRY(id_new(c, job->id));
	ask_copy(&job->life, ask, &job->ask);
	if (ask->since)
		job->ask.since_seq = moment_of(b, ask->since - BULK_TICK);
	job->time = clock_now(b->clock);
	if (mkdir(bulk_path(c->arena, b, job->id, NULL), 0700) != 0)
		return folder_failed(c, b);
	enum err e = bulk_job_save(c, b, job);
	if (e)
		bulk_job_remove(b, job->id);
	return e;
}

static enum err job_add(struct ctx *c, struct bulk *b, const struct bulk_ask *ask,
			char id[BULK_ID])
{
	if (jobs_count(b, false) >= b->limits.jobs || jobs_count(b, true) >= b->limits.waiting)
		return fail(c, ERR_BUSY,
			    "There are too many exports; delete those that are no longer "
			    "needed, or wait.");
	TRY(folder_open(c, b));
	struct bulk_job *job = bulk_job_new();
	enum err e = job_make(c, b, ask, job);
	if (e) {
		bulk_job_free(job);
		return e;
	}
	job_append(b, job);
	memcpy(id, job->id, BULK_ID);
	pthread_cond_signal(&b->changed);
	return OK;
}

enum err bulk_add(struct ctx *c, struct bulk *b, const struct bulk_ask *ask, char id[BULK_ID])
{
	if (!b)
		return fail(c, ERR_UNSUPPORTED,
			    "This server was started without a folder for exports.");
	pthread_mutex_lock(&b->lock);
	enum err e = job_add(c, b, ask, id);
	pthread_mutex_unlock(&b->lock);
	return e;
}

/* --- looking and cancelling --- */

static bool expired(const struct bulk *b, const struct bulk_job *job)
{
	return job->ended && clock_now(b->clock) >= job->ended + b->limits.keep;
}

/* An export is its owner's alone, and the system's. */
static bool is_theirs(const struct ctx *c, const struct bulk_job *job)
{
	int64_t owner = guard_owner(c);

	return owner == GUARD_SYSTEM || (owner != GUARD_NOBODY && owner == job->ask.owner);
}

static struct bulk_job **job_find(struct bulk *b, struct str id)
{
	struct bulk_job **at = &b->jobs;

	while (*at && !((*at)->state != BULK_CANCELLED && str_eq_secret(str_of((*at)->id), id)))
		at = &(*at)->next;
	return at;
}

static enum err no_job(struct ctx *c)
{
	return fail(c, ERR_NOT_FOUND, "There is no such export; it may have expired.");
}

enum err bulk_find(struct ctx *c, struct bulk *b, struct str id,
		   enum err (*tell)(struct ctx *c, const struct bulk *b,
				    const struct bulk_job *job, void *arg),
		   void *arg)
{
	if (!b)
		return no_job(c);
	pthread_mutex_lock(&b->lock);
	const struct bulk_job *job = *job_find(b, id);
	enum err e = job && is_theirs(c, job) && !expired(b, job) ? tell(c, b, job, arg) : no_job(c);
	pthread_mutex_unlock(&b->lock);
	return e;
}

static void job_take_out(struct bulk_job **at)
{
	struct bulk_job *job = *at;

	*at = job->next;
	bulk_job_free(job);
}

enum err bulk_cancel(struct ctx *c, struct bulk *b, struct str id)
{
	if (!b)
		return no_job(c);
	pthread_mutex_lock(&b->lock);
	struct bulk_job **at = job_find(b, id), *job = *at;
	if (job && !is_theirs(c, job))
		job = NULL;
	if (job)
		bulk_job_remove(b, job->id);
	if (job && job->state == BULK_RUNNING) { /* its thread takes it out */
		job->state = BULK_CANCELLED;
		b->halt = true;
	} else if (job) {
		job_take_out(at);
	}
	pthread_mutex_unlock(&b->lock);
	return job ? OK : no_job(c);
}

/* --- what the running job asks --- */

enum err bulk_room(struct ctx *c, struct bulk *b, int64_t bytes)
{
	struct statvfs disk;
	int64_t used = 0;

	pthread_mutex_lock(&b->lock);
	for (const struct bulk_job *job = b->jobs; job; job = job->next)
		used += job->bytes;
	pthread_mutex_unlock(&b->lock);
	if (used + bytes > b->limits.bytes)
		return fail(c, ERR_LIMIT,
			    "All exports together would need more than the %lld MB allowed.",
			    (long long)(b->limits.bytes >> 20));
	if (statvfs(b->dir, &disk) == 0 &&
	    (int64_t)disk.f_bavail * (int64_t)disk.f_frsize < b->limits.spare)
		return fail(c, ERR_LIMIT, "The disk is almost full.");
	return OK;
}

/* Save it, unless it was cancelled meanwhile. Under the lock. */
static enum err job_save(struct ctx *c, struct bulk *b, const struct bulk_job *job)
{
	if (job->state == BULK_CANCELLED)
		return fail(c, ERR_STOPPED, "The export was cancelled.");
	return bulk_job_save(c, b, job);
}

void bulk_time(struct bulk *b, struct bulk_job *job)
{
	pthread_mutex_lock(&b->lock);
	job->time = (clock_now(b->clock) + BULK_TICK - 1) / BULK_TICK * BULK_TICK;
	pthread_mutex_unlock(&b->lock);
}

enum err bulk_begin(struct ctx *c, struct bulk *b, struct bulk_job *job, int64_t moment)
{
	pthread_mutex_lock(&b->lock);
	job->moment = moment;
	enum err e = job_save(c, b, job);
	pthread_mutex_unlock(&b->lock);
	return e;
}

void bulk_settle(struct bulk *b, struct bulk_job *job, int64_t first)
{
	pthread_mutex_lock(&b->lock);
	if (first < job->time + BULK_TICK)
		job->time = first / BULK_TICK * BULK_TICK - BULK_TICK;
	pthread_mutex_unlock(&b->lock);
}

enum err bulk_note(struct ctx *c, struct bulk *b, struct bulk_job *job,
		   const struct bulk_file *file, const struct bulk_place *at)
{
	pthread_mutex_lock(&b->lock);
	*vec_push(&job->files, &job->life) = *file;
	job->bytes += file->bytes;
	job->at = *at;
	enum err e = job_save(c, b, job);
	pthread_mutex_unlock(&b->lock);
	return e;
}

/* --- the thread; all under the lock but the work itself --- */

static void remove_expired(struct bulk *b)
{
	for (struct bulk_job **at = &b->jobs; *at;) {
		if (expired(b, *at)) {
			bulk_job_remove(b, (*at)->id);
			job_take_out(at);
		} else {
			at = &(*at)->next;
		}
	}
}

static struct bulk_job *job_next(struct bulk *b)
{
	struct bulk_job *job = b->jobs;

	while (job && job->state != BULK_WAITING)
		job = job->next;
	return job;
}

/* A job that ended badly keeps nothing but the reason. */
static void job_failed(struct bulk *b, struct bulk_job *job, const char *why)
{
	job->state = BULK_FAILED;
	job->why = arena_str(&job->life, why);
	job->files.len = 0;
	job->bytes = 0;
	bulk_job_tidy(b, job);
}

/* The job counts as done once its moment is kept and job.json says so. */
static enum err job_done(struct ctx *c, struct bulk *b, struct bulk_job *job)
{
	job->state = BULK_DONE;
	moment_add(b, (struct bulk_moment){ job->time, job->moment });
	TRY(bulk_moments_save(c, b));
	return bulk_job_save(c, b, job);
}

static void job_end(struct ctx *c, struct bulk *b, struct bulk_job *job, enum err e)
{
	if (job->state == BULK_CANCELLED) {
		struct bulk_job **at = &b->jobs;

		while (*at != job)
			at = &(*at)->next;
		bulk_job_remove(b, job->id);
		job_take_out(at);
		return;
	}
	if (e == ERR_STOPPED && b->stop)
		return; /* as job.json has it: the next server goes on */
	job->ended = clock_now(b->clock);
	if (e == OK)
		e = job_done(c, b, job);
	if (e == OK)
		return;
	job_failed(b, job, *c->why ? c->why : err_row(e)->meaning);
	if (bulk_job_save(c, b, job) != OK)
		return; /* it is told until the server stops, and then begun again */
}

static void job_run(struct bulk *b, struct bulk_job *job)
{
	struct ctx c;
	ARENA(arena);

	ctx_init(&c, &arena);
	c.clock = b->clock;
	c.place = b->place;
	c.stop = &b->halt;
	job->state = BULK_RUNNING;
	pthread_mutex_unlock(&b->lock);
	enum err e = guard_enter(&c, job->ask.owner);
	job->stamp = c.guard ? c.guard->stamp : 0;
	if (!e)
		e = bulk_run(&c, b, job);
	guard_leave(&c, job->ask.owner);
	pthread_mutex_lock(&b->lock);
	job_end(&c, b, job, e);
	b->halt = b->stop;
}

static void wait_a_while(struct bulk *b)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += LOOK_EVERY;
	pthread_cond_timedwait(&b->changed, &b->lock, &until);
}

static void *bulk_thread(void *arg)
{
	struct bulk *b = arg;

	pthread_mutex_lock(&b->lock);
	while (!b->stop) {
		struct bulk_job *job;

		remove_expired(b);
		job = job_next(b);
		if (job)
			job_run(b, job);
		else
			wait_a_while(b);
	}
	pthread_mutex_unlock(&b->lock);
	return NULL;
}

/* --- start and stop --- */

static int64_t or_else(int64_t value, int64_t fallback)
{
	return value ? value : fallback;
}

static struct bulk_limits limits_fill(struct bulk_limits l)
{
	l.jobs = (unsigned)or_else(l.jobs, 64);
	l.waiting = (unsigned)or_else(l.waiting, 16);
	l.bytes = or_else(l.bytes, (int64_t)64 << 30);
	l.spare = or_else(l.spare, (int64_t)256 << 20);
	l.file_bytes = or_else(l.file_bytes, (int64_t)64 << 20);
	l.keep = or_else(l.keep, INT64_C(86400000000));
	return l;
}

static void bulk_free(struct bulk *b)
{
	while (b->jobs)
		job_take_out(&b->jobs);
	if (b->lock_fd >= 0)
		close(b->lock_fd);
	pthread_cond_destroy(&b->changed);
	pthread_mutex_destroy(&b->lock);
	free((void *)(uintptr_t)b->dir);
	free(b);
}

static enum err bulk_open(struct ctx *c, struct bulk *b)
{
	if (access(b->dir, F_OK) == 0) {
		enum err e = folder_open(c, b);
		if (e && e != ERR_BUSY)
			return e;
	}
	if (pthread_create(&b->thread, NULL, bulk_thread, b) != 0)
		return fail(c, ERR_IO, "Cannot start a thread.");
	b->running = true;
	return OK;
}

enum err bulk_start(struct ctx *c, const char *dir, const struct bulk_limits *limits,
		    struct bulk **out)
{
	if (!dir) {
		*out = NULL;
		return OK;
	}
	struct bulk *b = calloc(1, sizeof *b);
	if (!b || !(b->dir = strdup(dir)))
		abort();
	b->place = c->place;
	b->clock = c->clock;
	b->limits = limits_fill(*limits);
	b->lock_fd = -1;
	pthread_mutex_init(&b->lock, NULL);
	pthread_cond_init(&b->changed, NULL);
	enum err e = bulk_open(c, b);
	if (e) {
		bulk_free(b);
		return e;
	}
	c->place->bulk = *out = b;
	return OK;
}

void bulk_stop(struct bulk *b)
{
	if (!b)
		return;
	pthread_mutex_lock(&b->lock);
	b->stop = b->halt = true;
	pthread_cond_signal(&b->changed);
	pthread_mutex_unlock(&b->lock);
	if (b->running)
		pthread_join(b->thread, NULL);
	b->place->bulk = NULL;
	bulk_free(b);
}
