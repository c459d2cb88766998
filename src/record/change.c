/* change.c - several resources changed together: read, edit, prepare; then all in one transaction. */
#include <assert.h>

#include "record/change.h"
#include "record/parts.h"

enum { ATTEMPTS = 20 };

struct job {
	struct change *changes;
	struct prepared prepared[CHANGE_MAX];
	size_t len;
	store_work *also;
	void *arg;
	bool again; /* somebody changed one of them since it was read */
};

static enum err prepare_one(struct ctx *c, struct change *change, struct prepared *out)
{
	const struct fhir_type *type;
	struct version v;
	struct write w = { 0 };
	READER(db);

	TRY(resource_type(c, change->type, &type));
	TRY(record_read(c, change->type, change->id, &v));
	TRY(fhir_read_json(c, c->place->fhir, c->arena, v.body, &w.resource));
	TRY(change->edit(c, w.resource, &v, change->arg));
	atoms_adopt(c->place->fhir->atoms, w.resource); /* what was put in has no keys yet */
	w.if_match = v.version;
	TRY(store_reader(c, c->place->store, &db));
	return prepare_put(c, db, type, change->id, METHOD_PATCH, &w, out);
}

static enum err check_current(struct ctx *c, struct db *db, struct job *job)
{
	for (size_t i = 0; i < job->len && !job->again; i++) {
		const struct prepared *p = &job->prepared[i];
		struct standing now;
		int64_t type;

		TRY(name_find(c, db, str_of(p->type->name), &type));
		TRY(standing_find(c, db, type, p->id, &now));
		job->again = now.seq != p->seen.seq;
	}
	return OK;
}

static enum err work(struct ctx *c, struct db *db, void *arg)
{
	struct job *job = arg;
	struct apply a;

	job->again = false;
	TRY(check_current(c, db, job));
	if (job->again)
		return OK;
	TRY(job->also(c, db, job->arg));
	apply_init(&a, c, db);
	for (size_t i = 0; i < job->len; i++) {
		apply_forget(&job->prepared[i]);
		TRY(apply_write(&a, &job->prepared[i], &job->changes[i].written));
	}
	return apply_done(&a);
}

enum err record_change(struct ctx *c, struct change *changes, size_t len, store_work *also,
		       void *arg)
{
	assert(len <= CHANGE_MAX);
	for (int i = 0; i < ATTEMPTS; i++) {
		struct job *job = NEW(c->arena, struct job);
		enum err e = OK;

		*job = (struct job){ .changes = changes, .len = len, .also = also, .arg = arg };
		TRY(ctx_check(c));
		for (size_t k = 0; k < len && !e; k++)
			e = prepare_one(c, &changes[k], &job->prepared[k]);
		if (!e)
			e = store_write(c, c->place->store, work, job);
		if (e && e != ERR_STALE)
			return e;
		if (!e && !job->again)
			return OK;
	}
	return fail(c, ERR_CONFLICT, "The resources keep changing; try again.");
}
