/* write.c - the verbs on one resource: prepare outside the writer, apply inside.
 *
 * Conditional verbs search twice: before, to know what to prepare, and again in the writer, where
 * nobody can come between. When the answers differ the verb begins anew.
 */
#include "record/later.h"
#include "record/refs.h"
#include "record/search.h"

enum { ATTEMPTS = 10 };

/* A search whose answer a write depends on. */
struct condition_of {
	const struct search *search; /* NULL: none */
	struct str id;               /* what it found before; empty: nothing */
	enum method method;          /* POST: create what is not found; PUT; DELETE */
};

struct job {
	struct prepared *p;
	const struct condition_of *condition;
	bool again; /* the condition's answer has changed */
	struct str found;
	struct written *out;
	struct later_rows later;
};

/* What a search finds, if it is at most one. */
enum err find_one(struct ctx *c, struct db *db, const struct search *search, struct str *id)
{
	size_t found;

	TRY(search_ids(c, db, search, 1, id, &found));
	if (found > 1)
		return fail(c, ERR_AMBIGUOUS, "More than one resource fits the condition.");
	if (found == 0)
		*id = (struct str){ 0 };
	return OK;
}

enum err find_one_to_write(struct ctx *c, struct db *db, const struct search *search, bool create,
			   struct str *id)
{
	const struct guard *guard = c->guard;
	struct str any;
	size_t all;
	enum err e;

	TRY(find_one(c, db, search, id));
	if (!guard || (create && id->len))
		return OK;
	c->guard = NULL;
	e = search_ids(c, db, search, 1, &any, &all);
	c->guard = guard;
	TRY(e);
	return all == (id->len > 0) ? OK : fail(c, ERR_FORBIDDEN, NOT_YOURS);
}

/* What a deletion does not see is not there for it. */
static enum err find_for(struct ctx *c, struct db *db, const struct search *search,
			 enum method method, struct str *id)
{
	return method == METHOD_DELETE
		       ? find_one(c, db, search, id)
		       : find_one_to_write(c, db, search, method == METHOD_POST, id);
}

static enum err work(struct ctx *c, struct db *db, void *arg)
{
	struct job *job = arg;
	struct apply a;

	if (job->condition->search) {
		TRY(find_for(c, db, job->condition->search, job->condition->method,
			     &job->found));
		job->again = !str_eq(job->found, job->condition->id);
		if (job->again)
			return OK;
	}
	apply_init(&a, c, db);
	later_begin(c, &job->later);
	a.later = &job->later;
	apply_forget(job->p);
	TRY(apply_write(&a, job->p, job->out));
	return apply_done(&a);
}

/* *again: the condition's answer is now *found; nothing was written. */
static enum err run(struct ctx *c, struct prepared *p, const struct condition_of *condition,
		    struct str *found, bool *again, struct written *out)
{
	struct written written = { 0 };
	struct job job = { .p = p, .condition = condition, .out = &written };

	TRY(claim_refused(c, store_write(c, c->place->store, work, &job), p));
	TRY(later_keep(c, &job.later));
	*again = job.again;
	*found = job.found;
	if (!job.again)
		*out = written;
	return OK;
}

static void tell_unchanged(const struct prepared *p, struct written *out)
{
	*out = (struct written){
		.version = { .type = str_of(p->type->name),
			     .id = p->id,
			     .version = p->seen.version,
			     .updated = p->seen.updated,
			     .seq = p->seen.seq,
			     .person = p->seen.person,
			     .method = p->method,
			     .body = p->body },
		.unchanged = true,
	};
}

/* Where the place is strict, a resource may refer only to what is there, or to itself. */
static enum err check_links(struct ctx *c, struct db *db, const struct fhir_type *type,
			    struct str id, const struct write *w)
{
	struct refs refs;

	if (c->place->references != REFERENCES_STRICT)
		return OK;
	refs_init(&refs, c, db, w->source);
	refs.must_exist = true;
	if (id.len)
		refs_add(&refs, (struct str){ 0 }, type, id);
	return refs_resolve(&refs, type->name, (struct str){ 0 }, type, w->resource);
}

static enum err put_now(struct ctx *c, const struct fhir_type *type, struct str id,
		    enum method method, const struct write *w,
		    const struct condition_of *condition, struct str *found, bool *again,
		    struct written *out)
{
	struct prepared p;
	{
		READER(db);

		TRY(store_reader(c, c->place->store, &db));
		TRY(check_links(c, db, type, id, w));
		TRY(prepare_put(c, db, type, id, method, w, &p));
	}
	if (p.unchanged && !p.if_none_match) {
		tell_unchanged(&p, out);
		*again = false;
		return OK;
	}
	return run(c, &p, condition, found, again, out);
}

static enum err put(struct ctx *c, const struct fhir_type *type, struct str id,
		    enum method method, const struct write *w,
		    const struct condition_of *condition, struct str *found, bool *again,
		    struct written *out)
{
	TRY(later_enter(c, w->resource, w->if_none_exist));
	enum err e = put_now(c, type, id, method, w, condition, found, again, out);
	later_leave(c);
	return e;
}

enum err record_create(struct ctx *c, struct str type_name, struct write *w,
		       struct written *out)
{
	const struct fhir_type *type;
	struct condition_of condition = { .method = METHOD_POST };
	struct written written = { .existed = true };
	struct str found;
	bool existed;

	TRY(resource_type(c, type_name, &type));
	if (w->if_none_exist.len)
		TRY(search_parse(c, type_name, w->if_none_exist, &condition.search));
	TRY(put(c, type, (struct str){ 0 }, METHOD_POST, w, &condition, &found, &existed,
		&written));
	if (existed)
		TRY(record_read(c, type_name, found, &written.version));
	*out = written;
	return OK;
}

enum err record_update(struct ctx *c, struct str type_name, struct str id, struct write *w,
		       struct written *out)
{
	static const struct condition_of none;
	const struct fhir_type *type;
	struct str found;
	bool again;

	TRY(resource_type(c, type_name, &type));
	return put(c, type, id, w->patch ? METHOD_PATCH : METHOD_PUT, w, &none, &found, &again,
		   out);
}

static enum err delete (struct ctx *c, const struct fhir_type *type, struct str id,
			int64_t if_match, const struct condition_of *condition, bool *again,
			struct written *out) {
	struct prepared p; struct str found;
	{ READER(db);

	  TRY(store_reader(c, c->place->store, &db));
	  TRY(prepare_delete(c, db, type, id, if_match, &p)); }
return run(c, &p, condition, &found, again, out);
}

enum err record_delete(struct ctx *c, struct str type_name, struct str id, int64_t if_match,
		       struct written *out)
{
	static const struct condition_of none;
	const struct fhir_type *type;
	bool again;

	TRY(resource_type(c, type_name, &type));
	return delete (c, type, id, if_match, &none, &again, out);
}

/* --- what a search finds --- */

static enum err open_condition(struct ctx *c, struct str type, struct str query,
			       enum method method, struct condition_of *out)
{
	READER(db);

	if (!query.len)
		return fail(c, ERR_BAD_REQUEST, "A conditional request needs a condition.");
	TRY(search_parse(c, type, query, &out->search));
	TRY(store_reader(c, c->place->store, &db));
	out->method = method;
	return find_for(c, db, out->search, method, &out->id);
}

/* One found: the resource gets its id, or must have had it (own) from the start. */
static enum err take_id(struct ctx *c, struct write *w, struct str own, struct str id)
{
	if (own.len && !str_eq(own, id))
		return fail(c, ERR_BAD_REQUEST,
			    "The condition finds " STR_FMT ", the resource says %.64s.",
			    STR_ARG(id), str_dup(c->arena, own));
	if (!own.len)
		add_id(c, w->resource, id);
	return OK;
}

enum err record_update_where(struct ctx *c, struct str type_name, struct str query,
			     struct write *w, struct written *out)
{
	const struct fhir_type *type;
	struct str own = node_str(w->resource, "id"); /* an attempt may give it another */

	TRY(resource_type(c, type_name, &type));
	for (int i = 0; i < ATTEMPTS; i++) {
		struct condition_of condition;
		struct str found, id = own;
		bool again;

		TRY(open_condition(c, type_name, query, METHOD_PUT, &condition));
		if (condition.id.len) {
			id = condition.id;
			TRY(take_id(c, w, own, id));
		}
		TRY(put(c, type, id, id.len ? METHOD_PUT : METHOD_POST, w, &condition, &found,
			&again, out));
		if (!again)
			return OK;
	}
	return fail(c, ERR_CONFLICT, "What the condition finds keeps changing; try again.");
}

enum err record_delete_where(struct ctx *c, struct str type_name, struct str query,
			     struct written *out)
{
	const struct fhir_type *type;

	TRY(resource_type(c, type_name, &type));
	for (int i = 0; i < ATTEMPTS; i++) {
		struct condition_of condition;
		bool again;

		TRY(open_condition(c, type_name, query, METHOD_DELETE, &condition));
		if (!condition.id.len) {
			*out = (struct written){ .version = { .type = str_of(type->name),
							      .method = METHOD_DELETE } };
			return OK;
		}
		TRY(delete (c, type, condition.id, 0, &condition, &again, out));
		if (!again)
			return OK;
	}
	return fail(c, ERR_CONFLICT, "What the condition finds keeps changing; try again.");
}
