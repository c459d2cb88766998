/* bulk.h - FHIR Bulk Data export: jobs that write NDJSON files for a client to fetch later.
 *
 *	bulk_ask.c    request -> struct bulk_ask: what is exported
 *	bulk_serve.c  the routes: kick-off, status and manifest, files, cancelling
 *	bulk.c        the jobs of a server, the queue, the thread, what has expired
 *	bulk_job.c    a job's folder, and job.json in it: all that a restart needs
 *	bulk_file.c   NDJSON files, written beside their names and renamed when whole
 *	bulk_run.c    one job, from the record to its files
 *
 * Everything lies below one folder beside the database, DIR/<job>/. The id of a job is 128 random
 * bits: who does not know it finds nothing. job.json is replaced whenever a file is whole, so it
 * never names half a file, and what it does not name is thrown away at the next start.
 */
#ifndef API_BULK_H
#define API_BULK_H

#include <pthread.h>

#include "api/inside.h"
#include "base/vec.h"

#define BULK_TICK 1000 /* microseconds: times are told to the millisecond */
#define BULK_ID 33     /* 32 hex digits and a NUL */

enum bulk_level { BULK_SYSTEM, BULK_PATIENT, BULK_GROUP };

/* What is exported. Texts in the job's arena. */
struct bulk_ask {
	enum bulk_level level;
	int64_t owner;           /* guard_owner: it has what they may see, and is theirs alone */
	struct str group;        /* id of the Group */
	struct str request;      /* the address asked, for the manifest */
	VEC(const char *) types; /* of the FHIR tables; none: all */
	VEC(struct str) filters; /* "Observation?code=1": any one that fits will do */
	int64_t since_seq;       /* moment of the export whose time since is; 0: not known */
	int64_t since, until;    /* microseconds: updated in [since, until); 0: open */
};

struct bulk_file {
	const char *type; /* of the FHIR tables; "Bundle" for deletions */
	unsigned number;  /* of its type, from 1 */
	bool deletions;
	int64_t count, bytes;
};
/* "Patient.1.ndjson", "deleted.1.ndjson", in `a`. */
const char *bulk_file_name(struct arena *a, const struct bulk_file *file);

enum bulk_state { BULK_WAITING, BULK_RUNNING, BULK_DONE, BULK_FAILED, BULK_CANCELLED };

/* How far a job has come: after the last whole file. Deletions are few: they begin again. */
struct bulk_place {
	bool deletions;   /* all resources are written */
	const char *type; /* types before this one are finished; NULL: none has a file yet */
	int64_t after;    /* seq; of this type */
	unsigned files;   /* of this type so far */
};

struct bulk_job {
	struct arena life;
	char id[BULK_ID];
	struct bulk_ask ask;
	enum bulk_state state;
	int64_t time; /* transactionTime: the moment as people say it, microseconds; before it is
			 * known, when the job came */
	int64_t moment; /* as the record does: seq; -1 not known yet */
	int64_t ended;  /* when it was done or failed; 0: not yet */
	struct bulk_place at;
	VEC(struct bulk_file) files;
	int64_t bytes;          /* of the files */
	uint64_t stamp;         /* of the guard it was made with, since this server began; 0: not known */
	int64_t written, total; /* resources, for progress; total is about right */
	const char *why;        /* it failed */
	struct bulk_job *next;  /* in the order they came */
};

/* Which moment a transactionTime stood for: kept longer than the export, in DIR/moments.json, so
 * that the export since then has also what was stamped before that time and written after it. */
struct bulk_moment {
	int64_t time, seq;
};
#define BULK_MOMENTS 1000 /* the latest so many */

struct bulk {
	struct place *place;
	const struct clock *clock;
	struct bulk_limits limits;
	const char *dir;
	int lock_fd; /* holds DIR/lock: one server at a time; -1: the folder is not open */
	pthread_mutex_t lock; /* over all below, and over what changes in jobs */
	pthread_cond_t changed;
	struct bulk_job *jobs;
	struct bulk_moment moments[BULK_MOMENTS];
	size_t moment_count;
	bool stop;
	volatile bool halt; /* ctx->stop of the job that runs */
	pthread_t thread;
	bool running;
};

/* --- bulk_ask.c --- */
NODISCARD enum err bulk_ask_read(struct ctx *c, const struct request *r, enum bulk_level level,
				 struct bulk_ask *out);

/* --- bulk.c; each takes the lock --- */
/* Take in a job. ERR_BUSY when there are too many; ERR_UNSUPPORTED without a folder. */
NODISCARD enum err bulk_add(struct ctx *c, struct bulk *b, const struct bulk_ask *ask,
			    char id[BULK_ID]);
/* Call `tell` with the job while it cannot change. ERR_NOT_FOUND. */
NODISCARD enum err bulk_find(struct ctx *c, struct bulk *b, struct str id,
			     enum err (*tell)(struct ctx *c, const struct bulk *b,
					      const struct bulk_job *job, void *arg),
			     void *arg);
NODISCARD enum err bulk_cancel(struct ctx *c, struct bulk *b, struct str id);
/* May the running job write so many bytes more? ERR_LIMIT, ERR_STOPPED. */
NODISCARD enum err bulk_room(struct ctx *c, struct bulk *b, int64_t bytes);
/* The running job's time is now: to the next millisecond, which is how it is told and how it comes
 * back as _since. */
void bulk_time(struct bulk *b, struct bulk_job *job);
/* The running job's moment is known. */
NODISCARD enum err bulk_begin(struct ctx *c, struct bulk *b, struct bulk_job *job,
			      int64_t moment);
/* The earliest change that it does not have was stamped at `first`: its time lies before that. */
void bulk_settle(struct bulk *b, struct bulk_job *job, int64_t first);
/* A file of the running job is whole: remember it and where to go on, durably. */
NODISCARD enum err bulk_note(struct ctx *c, struct bulk *b, struct bulk_job *job,
			     const struct bulk_file *file, const struct bulk_place *at);

/* --- bulk_job.c; under the lock --- */
struct bulk_job *bulk_job_new(void);
void bulk_job_free(struct bulk_job *job);
/* DIR/<id>/<name>, in `a`; name NULL: the folder. */
const char *bulk_path(struct arena *a, const struct bulk *b, const char *id, const char *name);
NODISCARD enum err bulk_job_save(struct ctx *c, const struct bulk *b,
				 const struct bulk_job *job);
/* The job of a folder; *out NULL and the folder removed when it holds none. */
NODISCARD enum err bulk_job_load(struct ctx *c, const struct bulk *b, const char *id,
				 struct bulk_job **out);
/* The folder and all that is in it; job.json first, so that no start takes it up again. */
void bulk_job_remove(const struct bulk *b, const char *id);
/* Throw away what job.json does not name: half files. */
void bulk_job_tidy(const struct bulk *b, const struct bulk_job *job);
NODISCARD enum err bulk_moments_save(struct ctx *c, const struct bulk *b);
NODISCARD enum err bulk_moments_load(struct ctx *c, struct bulk *b);
bool bulk_id_valid(const char *id);

/* --- bulk_file.c --- */
struct bulk_out;
/* Writes a job's files one after another, and notes each as it becomes whole. In c->arena. */
struct bulk_out *bulk_out_new(struct ctx *c, struct bulk *b, struct bulk_job *job);
/* What follows is of this type, of which there are so many files already. */
void bulk_out_type(struct bulk_out *out, const char *type, bool deletions, unsigned files);
/* One line, of the version `seq`. */
NODISCARD enum err bulk_out_line(struct ctx *c, struct bulk_out *out, struct str line,
				 int64_t seq);
/* The type has ended. */
NODISCARD enum err bulk_out_end(struct ctx *c, struct bulk_out *out);
/* Half a file goes. */
void bulk_out_drop(struct bulk_out *out);

/* --- bulk_sift.c --- */
/* The file at `path` without resources that the asker may not see now, open for reading in *fd and gone with it. */
NODISCARD enum err bulk_sift(struct ctx *c, const char *path, const char *type, int *fd);

/* --- bulk_run.c --- */
/* Write all files of a job, from job->at on. Runs on the background thread, without the lock. */
NODISCARD enum err bulk_run(struct ctx *c, struct bulk *b, struct bulk_job *job);
/* Can it be taken up after a restart, or must it begin again? */
bool bulk_resumes(const struct bulk_job *job);

/* --- bulk_serve.c: rows of routes.c --- */
http_serve api_bulk_system, api_bulk_patient, api_bulk_group;
http_serve api_bulk_status, api_bulk_cancel, api_bulk_file;

#endif
