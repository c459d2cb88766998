/* merge.c - one person after all, and not any more: a row and two versions in one transaction. */
#include "identity/doubt.h"
#include "identity/merge_part.h"
#include "record/change.h"
#include "record/event.h"

enum { REASON_BYTES = 1000, BY_BYTES = 200 };
enum kind { KIND_MERGE = 1, KIND_UNDO = 2 };

static const struct str PATIENT = { "Patient", 7 };

/* --- the row --- */

struct deed {
	enum kind kind;
	int64_t survivor, other, undoes;
	struct str by, reason, forced;
	enum active before;
};

static enum err put_deed(struct ctx *c, struct db *db, const struct deed *e, int64_t *key)
{
	bool row;
	{
		STMT(s);

		TRY(db_stmt(c, db, SQL("SELECT coalesce(max(key), 0) FROM merge"), &s));
		TRY(stmt_step(c, s, &row));
		*key = stmt_int(s, 0) + 1;
	}
	STMT(s);
	TRY(db_stmt(c, db,
		    SQL("INSERT INTO merge (key, kind, survivor, other, at, actor, reason, forced, "
			"active, undoes) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"),
		    &s));
	stmt_bind_int(s, 1, *key);
	stmt_bind_int(s, 2, e->kind);
	stmt_bind_int(s, 3, e->survivor);
	stmt_bind_int(s, 4, e->other);
	stmt_bind_int(s, 5, clock_now(c->clock));
	stmt_bind_text(s, 6, e->by);
	stmt_bind_text(s, 7, e->reason);
	stmt_bind_text(s, 8, e->forced.len ? e->forced : STR(""));
	if (e->before == ACTIVE_UNSAID)
		stmt_bind_null(s, 9);
	else
		stmt_bind_int(s, 9, e->before == ACTIVE_TRUE);
	if (e->undoes)
		stmt_bind_int(s, 10, e->undoes);
	else
		stmt_bind_null(s, 10);
	return stmt_run(c, s);
}

static enum err check_words(struct ctx *c, struct str *reason, struct str *by)
{
	*reason = str_trim(*reason);
	*by = str_trim(*by);
	if (!reason->len || reason->len > REASON_BYTES)
		return fail(c, ERR_INVALID, "Give a reason, of at most %d bytes.", REASON_BYTES);
	if (!by->len || by->len > BY_BYTES)
		return fail(c, ERR_INVALID, "Say who decides, in at most %d bytes.", BY_BYTES);
	return OK;
}

/* For those who follow: about the one replaced, naming the other. */
static enum err tell(struct ctx *c, struct db *db, const char *kind, int64_t other,
		     struct str other_id, struct str survivor_id, int64_t merge)
{
	struct node *said = node_new(c->arena, NODE_OBJECT);
	struct buf text;

	node_add_str(c->arena, said, "patient", other_id);
	node_add_str(c->arena, said, kind, survivor_id);
	node_add_int(c->arena, said, "merge", merge);
	buf_init(&text, c->arena, 0);
	json_write(&text, said, 0);
	return event_add(c, db, str_of(kind), other, buf_get(&text));
}

/* --- merging --- */

struct job {
	const struct merge_wish *wish;
	struct version survivor, other;
	struct deed deed;
	struct merge_done done;
};

/* Where the two stand now: one person already; or in the way. */
static enum err check_trees(struct ctx *c, struct db *db, struct job *job, struct same *one,
			    struct same *two)
{
	struct str at;

	TRY(same_find(c, db, job->survivor.person, one));
	TRY(same_find(c, db, job->other.person, two));
	job->done.existed = same_has(one, job->other.person);
	if (job->done.existed)
		return OK;
	if (two->head != job->other.person) {
		TRY(same_id(c, db, two->head, &at));
		return fail(c, ERR_CONFLICT,
			    "Patient/" STR_FMT " was merged already, into Patient/" STR_FMT ".",
			    STR_ARG(job->other.id), STR_ARG(at));
	}
	if (one->len + two->len > SAME_MAX)
		return fail(c, ERR_LIMIT, "One person would have more than %d Patients.", SAME_MAX);
	return OK;
}

static enum err existing(struct ctx *c, struct db *db, struct job *job)
{
	int64_t survivor;
	enum active before;

	TRY(merge_of(c, db, job->other.person, &job->done.key, &survivor, &before));
	if (!job->done.key)
		TRY(merge_of(c, db, job->survivor.person, &job->done.key, &survivor, &before));
	return OK;
}

static enum err put_merge(struct ctx *c, struct db *db, void *arg)
{
	struct job *job = arg;
	struct same one, two;

	TRY(check_trees(c, db, job, &one, &two));
	if (job->done.existed)
		return fail(c, ERR_CONFLICT, "The two were merged by somebody else just now.");
	TRY(put_deed(c, db, &job->deed, &job->done.key));
	TRY(tell(c, db, "merged_into", job->other.person, job->other.id, job->survivor.id,
		 job->done.key));
	return doubt_close(c, db, job->done.key, one.keys, one.len, two.keys, two.len,
			   job->deed.by, job->deed.reason);
}

static enum err edit_survivor(struct ctx *c, struct node *patient, const struct version *v,
			      void *arg)
{
	const struct job *job = arg;

	(void)v;
	link_put(c, patient, job->other.id, "replaces");
	return OK;
}

static enum err edit_other(struct ctx *c, struct node *patient, const struct version *v,
			   void *arg)
{
	struct job *job = arg;

	(void)v;
	job->deed.before = patient_active(patient);
	link_put(c, patient, job->survivor.id, "replaced-by");
	active_put(c, patient);
	return OK;
}

/* All that can be told before anything is prepared. */
static enum err check_wish(struct ctx *c, struct job *job)
{
	struct merge_conflict *conflicts;
	struct same one, two;
	size_t len;
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	TRY(check_trees(c, db, job, &one, &two));
	if (job->done.existed)
		return existing(c, db, job);
	TRY(merge_conflicts(c, &job->survivor, &job->other, &conflicts, &len));
	for (size_t i = 0; i < len; i++)
		if (conflicts[i].speaks == MERGE_FORBIDS && !job->deed.forced.len)
			return fail(c, ERR_CONFLICT, "%s", conflicts[i].text);
	return OK;
}

enum err merge_persons(struct ctx *c, const struct merge_wish *wish, struct merge_done *out)
{
	struct job *job = NEW(c->arena, struct job);
	struct change changes[2] = {
		{ .type = PATIENT, .id = wish->survivor, .edit = edit_survivor, .arg = job },
		{ .type = PATIENT, .id = wish->other, .edit = edit_other, .arg = job },
	};

	*job = (struct job){ .wish = wish,
			     .deed = { .kind = KIND_MERGE,
					.by = wish->by,
					.reason = wish->reason,
					.forced = str_trim(wish->forced) } };
	TRY(check_words(c, &job->deed.reason, &job->deed.by));
	if (str_eq(wish->survivor, wish->other))
		return fail(c, ERR_BAD_REQUEST, "A Patient cannot be merged with itself.");
	TRY(record_read(c, PATIENT, wish->survivor, &job->survivor));
	TRY(record_read(c, PATIENT, wish->other, &job->other));
	job->deed.survivor = job->survivor.person;
	job->deed.other = job->other.person;
	TRY(check_wish(c, job));
	if (!job->done.existed)
		TRY(record_change(c, changes, 2, put_merge, job));
	*out = job->done;
	return OK;
}

/* --- taking it back --- */

struct undo {
	struct deed deed;
	struct str survivor, other;
	int64_t merge;
	enum active before;
};

static enum err find_merge(struct ctx *c, struct db *db, struct undo *u)
{
	int64_t merge;

	TRY(merge_of(c, db, u->deed.other, &merge, &u->deed.survivor, &u->before));
	if (!merge || (u->merge && merge != u->merge))
		return fail(c, ERR_NOT_FOUND, "Patient/" STR_FMT " is not merged into another.",
			    STR_ARG(u->other));
	u->merge = merge;
	return OK;
}

static enum err put_undo(struct ctx *c, struct db *db, void *arg)
{
	struct undo *u = arg;
	int64_t key;

	TRY(find_merge(c, db, u)); /* it may have been taken back meanwhile */
	TRY(put_deed(c, db, &u->deed, &key));
	TRY(tell(c, db, "unmerged_from", u->deed.other, u->other, u->survivor, u->merge));
	return doubt_reopen(c, db, u->merge, key, u->deed.by, u->deed.reason);
}

static enum err unlink_survivor(struct ctx *c, struct node *patient, const struct version *v,
				void *arg)
{
	const struct undo *u = arg;

	(void)c;
	(void)v;
	link_drop(patient, u->other, "replaces");
	return OK;
}

static enum err unlink_other(struct ctx *c, struct node *patient, const struct version *v,
			     void *arg)
{
	const struct undo *u = arg;

	(void)c;
	(void)v;
	link_drop(patient, u->survivor, "replaced-by");
	active_restore(patient, u->before);
	return OK;
}

/* A Patient may have been deleted since; then there is nothing left in it to take out. */
static enum err add_change(struct ctx *c, struct change *changes, size_t *len, struct change add)
{
	struct version v;
	enum err e = record_read(c, PATIENT, add.id, &v);

	if (e == ERR_GONE)
		return OK;
	if (!e)
		changes[(*len)++] = add;
	return e;
}

enum err merge_undo(struct ctx *c, struct str other, struct str reason, struct str by,
		    int64_t *merge)
{
	struct undo *u = NEW(c->arena, struct undo);
	struct change changes[2];
	size_t len = 0;

	*u = (struct undo){ .other = other,
			    .deed = { .kind = KIND_UNDO,
				       .by = by,
				       .reason = reason,
				       .before = ACTIVE_UNSAID } };
	TRY(check_words(c, &u->deed.reason, &u->deed.by));
	{
		READER(db);

		TRY(store_reader(c, c->place->store, &db));
		TRY(same_key(c, db, other, &u->deed.other));
		TRY(find_merge(c, db, u));
		TRY(same_id(c, db, u->deed.survivor, &u->survivor));
		u->deed.undoes = u->merge;
	}
	TRY(add_change(c, changes, &len,
		       (struct change){ .type = PATIENT,
					.id = u->survivor,
					.edit = unlink_survivor,
					.arg = u }));
	TRY(add_change(c, changes, &len,
		       (struct change){ .type = PATIENT,
					.id = other,
					.edit = unlink_other,
					.arg = u }));
	TRY(record_change(c, changes, len, put_undo, u));
	*merge = u->merge;
	return OK;
}
