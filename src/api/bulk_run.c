/* bulk_run.c - one export, from the record to its files.
 *
 * Two ways lead through the record. An export of everything, or of everybody, sweeps over the
 * versions by seq: in pieces, with no transaction open between them, and a restart goes on after
 * the last whole file. One with filters, or of a group, depends on the search index as it is now:
 * it runs inside one read transaction and begins again after a restart.
 */
#include "api/bulk.h"

#include <stdlib.h>
#include <time.h>

#include "base/sorted.h"
#include "base/vec.h"
#include "record/guard.h"
#include "record/same.h"

#define PIECE 500        /* versions looked at in one read transaction */
#define GRACE 250000000L /* nanoseconds between the time an export tells and its moment */
#define PEOPLE_MAX 2000000

struct run {
	struct bulk *bulk;
	struct bulk_job *job;
	struct bulk_out *out;
	struct db *db;   /* the transaction of an export that needs one; else NULL */
	int64_t *people; /* of a group, sorted */
	size_t people_count;
};

bool bulk_resumes(const struct bulk_job *job)
{
	return job->ask.level != BULK_GROUP && job->ask.filters.len == 0;
}

/* --- what becomes a line --- */

static void count_one(struct run *run)
{
	__atomic_add_fetch(&run->job->written, 1, __ATOMIC_RELAXED);
}

static enum err write_resource(struct ctx *c, void *arg, const struct version *v)
{
	struct run *run = arg;

	count_one(run);
	return bulk_out_line(c, run->out, v->body, v->seq);
}

/* A found resource, if it changed in the time asked for. */
static enum err write_found(struct ctx *c, void *arg, const struct version *v)
{
	const struct bulk_ask *ask = &((struct run *)arg)->job->ask;

	bool late = ask->since_seq && v->seq > ask->since_seq;

	if ((v->updated < ask->since && !late) || (ask->until && v->updated >= ask->until))
		return OK;
	return write_resource(c, arg, v);
}

/* A deletion is a transaction that would repeat it. */
static enum err write_deletion(struct ctx *c, void *arg, const struct version *v)
{
	struct run *run = arg;

	if (run->job->ask.level == BULK_GROUP && !sorted_has(run->people, run->people_count, v->person))
		return OK;
	/* type and id hold nothing that JSON would have to escape */
	return bulk_out_line(
		c, run->out,
		str_of(arena_printf(c->arena,
				    "{\"resourceType\":\"Bundle\",\"type\":\"transaction\","
				    "\"entry\":[{\"request\":{\"method\":\"DELETE\",\"url\":"
				    "\"" STR_FMT "/" STR_FMT "\"}}]}",
				    STR_ARG(v->type), STR_ARG(v->id))),
		v->seq);
}

/* --- the two ways --- */

static enum err sweep_piece(struct ctx *c, struct run *run, struct sweep *sweep,
			    record_visit *each, bool *end)
{
	READER(own);

	if (run->db)
		return record_sweep(c, run->db, sweep, PIECE, each, run, end);
	TRY(store_reader(c, c->place->store, &own));
	return record_sweep(c, own, sweep, PIECE, each, run, end);
}

static enum err sweep_begin(struct ctx *c, struct run *run, struct sweep *sweep)
{
	READER(own);

	if (run->db)
		return record_sweep_since(c, run->db, sweep);
	TRY(store_reader(c, c->place->store, &own));
	return record_sweep_since(c, own, sweep);
}

static enum err sweep_type(struct ctx *c, struct run *run, const char *type, bool deletions,
			   int64_t after)
{
	const struct bulk_job *job = run->job;
	struct sweep sweep = { .type = str_of(type),
			       .moment = job->moment,
			       .since = job->ask.since,
			       .until = job->ask.until,
			       .persons = job->ask.level != BULK_SYSTEM,
			       .deletions = deletions };
	bool end = false;

	TRY(sweep_begin(c, run, &sweep));
	if (after > sweep.after)
		sweep.after = after;
	while (!end)
		TRY(sweep_piece(c, run, &sweep, deletions ? write_deletion : write_resource,
				&end));
	return OK;
}

/* The searches that say what of a type is wanted: its filters, or all of it. */
static enum err searches_of(struct ctx *c, const struct run *run, const char *type,
			    const struct search ***out, size_t *count)
{
	const struct bulk_ask *ask = &run->job->ask;

	*out = NEW_N(c->arena, const struct search *, ask->filters.len + 1);
	*count = 0;
	for (size_t i = 0; i < ask->filters.len; i++) {
		struct str query = ask->filters.at[i], of = str_cut(&query, '?');

		if (str_is(of, type))
			TRY(search_parse(c, of, query, &(*out)[(*count)++]));
	}
	if (*count)
		return OK;
	*count = 1;
	return search_parse(c, str_of(type), STR(""), &(*out)[0]);
}

static enum err find_type(struct ctx *c, struct run *run, const char *type)
{
	struct search_whose whose = { .anyone = run->job->ask.level == BULK_PATIENT,
				      .people = run->people,
				      .count = run->people_count };
	struct arena_mark mark = arena_mark(c->arena);
	const struct search **searches;
	size_t count;

	TRY(searches_of(c, run, type, &searches, &count));
	TRY(search_each(c, run->db, searches, count, &whose, write_found, run));
	arena_release(c->arena, mark);
	return OK;
}

/* --- types in turn --- */

static bool type_wanted(const struct guard *guard, const struct bulk_ask *ask,
			const struct fhir_type *type)
{
	if (type->kind != FHIR_RESOURCE || type->abstract || !guard_lets(guard, type, LET_LIST))
		return false;
	for (size_t i = 0; i < ask->types.len; i++) {
		if (ask->types.at[i] == type->name)
			return true;
	}
	return ask->types.len == 0;
}

/* `from`: where a restart goes on, if in this type. */
static enum err write_type(struct ctx *c, struct run *run, const char *type,
			   const struct bulk_place *from)
{
	bool here = from->type == type;

	bulk_out_type(run->out, type, false, here ? from->files : 0);
	TRY(bulk_resumes(run->job) ? sweep_type(c, run, type, false, here ? from->after : 0)
				   : find_type(c, run, type));
	return bulk_out_end(c, run->out);
}

/* All types, or those from the one a restart goes on in. */
static enum err write_types(struct ctx *c, struct run *run)
{
	const struct fhir *f = c->place->fhir;
	const struct bulk_place from = run->job->at;
	bool skip = from.type != NULL;

	for (unsigned i = 0; i < f->type_count; i++) {
		skip = skip && f->types[i]->name != from.type;
		if (!skip && type_wanted(c->guard, &run->job->ask, f->types[i]))
			TRY(write_type(c, run, f->types[i]->name, &from));
	}
	return OK;
}

static enum err write_deletions(struct ctx *c, struct run *run)
{
	const struct fhir *f = c->place->fhir;

	bulk_out_type(run->out, "Bundle", true, 0);
	for (unsigned i = 0; i < f->type_count; i++) {
		if (type_wanted(c->guard, &run->job->ask, f->types[i]))
			TRY(sweep_type(c, run, f->types[i]->name, true, 0));
	}
	return bulk_out_end(c, run->out);
}

static enum err write_all(struct ctx *c, struct run *run)
{
	if (!run->job->at.deletions)
		TRY(write_types(c, run));
	return run->job->ask.since ? write_deletions(c, run) : OK;
}

/* --- beginning and end --- */

struct people {
	int64_t *at;
	size_t len, cap;
};

static int key_cmp(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* A member's whole record: of all Patients that are the same person. */
static enum err add_person(struct ctx *c, struct run *run, struct people *people, int64_t key)
{
	struct same same;

	TRY(same_find(c, run->db, key, &same));
	for (size_t i = 0; i < same.len; i++)
		*vec_push(people, c->arena) = same.keys[i];
	return OK;
}

static enum err group_read(struct ctx *c, struct run *run)
{
	struct people people = { 0 };
	struct version v;
	struct node *group, *members;

	TRY(record_read(c, STR("Group"), run->job->ask.group, &v));
	TRY(fhir_read_json(c, c->place->fhir, c->arena, v.body, &group));
	members = node_get(group, "member");
	if (members && members->len > PEOPLE_MAX)
		return fail(c, ERR_LIMIT, "The group has more than %d members.", PEOPLE_MAX);
	node_each(member, members) {
		int64_t key = 0;

		if (!str_is(node_text(node_get(member, "inactive")), "true"))
			TRY(record_person_key(c, run->db,
					      node_text(node_path(member, "entity.reference")),
					      &key));
		if (key)
			TRY(add_person(c, run, &people, key));
	}
	run->people = people.at;
	run->people_count = people.len;
	if (people.len)
		qsort(run->people, run->people_count, sizeof *run->people, key_cmp);
	return OK;
}

/* What X-Progress compares with: what there is of the types now. */
static enum err count_total(struct ctx *c, struct bulk_job *job)
{
	struct type_count *counts;
	int64_t total = 0;
	size_t len;

	TRY(record_counts(c, &counts, &len));
	for (size_t i = 0; i < len; i++) {
		const struct fhir_type *type = fhir_type(c->place->fhir, counts[i].type);
		if (type && type_wanted(c->guard, &job->ask, type))
			total += counts[i].count;
	}
	__atomic_store_n(&job->total, total, __ATOMIC_RELAXED);
	return OK;
}

/* The moment is a little later than the time told: a change stamped before that time may still
 * have been on its way into the record. */
static enum err moment_find(struct ctx *c, struct run *run)
{
	struct bulk_job *job = run->job;
	int64_t seq;
	READER(own);

	if (!run->db)
		TRY(store_reader(c, c->place->store, &own));
	TRY(record_moment(c, run->db ? run->db : own, &seq));
	return bulk_begin(c, run->bulk, job, seq);
}

/* If a change came late all the same, the time told goes back before it, so that the next export
 * since then has it. */
static enum err time_settle(struct ctx *c, struct run *run)
{
	int64_t first;
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	TRY(record_moment_after(c, db, run->job->moment, &first));
	bulk_settle(run->bulk, run->job, first);
	return OK;
}

static void run_close(struct run *run)
{
	bulk_out_drop(run->out);
	if (run->db)
		store_reader_done(run->db);
}

static enum err run_job(struct ctx *c, struct run *run)
{
	TRY(count_total(c, run->job));
	if (!bulk_resumes(run->job)) {
		TRY(store_reader(c, c->place->store, &run->db));
		TRY(db_begin(c, run->db));
	}
	if (run->job->moment < 0)
		TRY(moment_find(c, run));
	if (run->job->ask.level == BULK_GROUP)
		TRY(group_read(c, run));
	return write_all(c, run);
}

enum err bulk_run(struct ctx *c, struct bulk *b, struct bulk_job *job)
{
	struct run run = { .bulk = b, .job = job, .out = bulk_out_new(c, b, job) };
	enum err e;

	if (job->moment < 0) {
		bulk_time(b, job);
		nanosleep(&(struct timespec){ .tv_nsec = GRACE }, NULL);
	}
	e = run_job(c, &run);
	run_close(&run);
	return e ? e : time_settle(c, &run);
}
