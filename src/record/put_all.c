/* put_all.c - several resources and something of the caller's as one transaction. */
#include "record/parts.h"

struct job {
	struct put *at;
	struct prepared *prepared;
	bool *skip; /* companions with nobody */
	size_t len;
	store_work *also;
	void *arg;
};

static enum err prepare(struct ctx *c, struct job *job)
{
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	TRY(db_begin(c, db));
	for (size_t i = 0; i < job->len; i++) {
		const struct fhir_type *type;

		TRY(resource_type(c, job->at[i].type, &type));
		TRY(prepare_done(c, db, type, job->at[i].id, &job->at[i].write, &job->prepared[i]));
	}
	return OK;
}

/* What says nothing new is told before it is written, and companions have nobody then. */
static void look(struct job *job)
{
	bool news = false;

	for (size_t i = 0; i < job->len; i++) {
		job->at[i].written.unchanged = job->prepared[i].unchanged;
		news |= !job->at[i].companion && !job->prepared[i].unchanged;
	}
	for (size_t i = 0; i < job->len; i++)
		if (job->at[i].companion && !news)
			job->skip[i] = job->at[i].written.unchanged = true;
}

static bool is_written(const struct job *job, size_t i)
{
	return !job->skip[i] && !job->at[i].left;
}

static enum err work(struct ctx *c, struct db *db, void *arg)
{
	struct job *job = arg;
	struct apply a;

	if (job->also)
		TRY(job->also(c, db, job->arg));
	apply_init(&a, c, db);
	for (size_t i = 0; i < job->len; i++) {
		apply_forget(&job->prepared[i]);
		if (is_written(job, i))
			TRY(apply_reserve(&a, &job->prepared[i]));
	}
	for (size_t i = 0; i < job->len; i++)
		if (is_written(job, i))
			TRY(apply_write(&a, &job->prepared[i], &job->at[i].written));
	return apply_done(&a);
}

typedef enum err put_write(struct ctx *c, struct store *store, store_work *work, void *arg);

static enum err put(struct ctx *c, struct put *at, size_t len, store_work *also, void *arg, put_write *write)
{
	struct job job = { .at = at, .len = len, .also = also, .arg = arg };

	job.prepared = NEW_N(c->arena, struct prepared, len + 1);
	job.skip = NEW_N(c->arena, bool, len + 1);
	TRY(prepare(c, &job));
	look(&job);
	return write(c, c->place->store, work, &job);
}

enum err record_put_all(struct ctx *c, struct put *at, size_t len, store_work *also, void *arg)
{
	return put(c, at, len, also, arg, store_write);
}

enum err record_put_often(struct ctx *c, struct put *at, size_t len, store_work *also, void *arg)
{
	return put(c, at, len, also, arg, store_write_often);
}
