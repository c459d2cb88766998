/* read.c - one resource or version, and all of them in order. */
#include "record/guard_row.h"
#include "record/purge.h"
#include "record/search.h"

static struct str keep(struct ctx *c, struct str s)
{
	return (struct str){ arena_dup(c->arena, s.at, s.len), s.len };
}

enum err version_labels(struct ctx *c, struct db *db, int64_t seq, uint64_t *labels)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT labels FROM version_label WHERE seq = ?1"), &s));
	stmt_bind_int(s, 1, seq);
	TRY(stmt_step(c, s, &row));
	*labels = row ? (uint64_t)stmt_int(s, 0) : 0;
	return OK;
}

/* Whose the resource is now and whose this version was, from whom both came, and how it is labelled now: all that
 * the guard is asked for a row. How the version was labelled then is read where the answer may hang on it: an
 * agreement may share what has a label, and not what has none. */
static enum err wall(struct ctx *c, struct db *db, struct stmt *s)
{
	struct guard_item now = { stmt_int(s, 9), stmt_int(s, 10), stmt_int(s, 11), (uint64_t)stmt_int(s, 12), NULL };
	struct guard_item then = now;
	uint64_t labels;

	TRY(type_of_key(c, db, stmt_int(s, 1), &now.type));
	then.type = now.type;
	then.person = stmt_int(s, 6);
	then.org = stmt_int(s, 13);
	if (guard_may(c->guard, &now)) {
		if (guard_may(c->guard, &then))
			return OK;
		TRY(version_labels(c, db, stmt_int(s, 0), &labels));
		then.labels |= labels;
		if (guard_may(c->guard, &then))
			return OK;
	}
	return fail(c, ERR_INTERNAL, "Something was about to leave the record that whoever asks may not see.");
}

enum err version_take(struct ctx *c, struct db *db, struct stmt *s, struct version *out)
{
	struct version v = {
		.id = keep(c, stmt_text(s, 2)),
		.version = stmt_int(s, 3),
		.updated = stmt_int(s, 4),
		.seq = stmt_int(s, 0),
		.person = stmt_int(s, 6),
		.key = stmt_int(s, 9),
		.method = (enum method)stmt_int(s, 5),
		.deleted = stmt_null(s, 8),
	};

	if (!v.deleted && c->guard && !c->inside && !db_writes(db))
		TRY(wall(c, db, s));
	if (!v.deleted)
		TRY(body_unpack(c, stmt_text(s, 8), stmt_int(s, 7), &v.body));
	TRY(name_text(c, db, stmt_int(s, 1), &v.type));
	*out = v;
	return OK;
}

enum err standing_find(struct ctx *c, struct db *db, int64_t type, struct str id,
		       struct standing *out)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT key, person, org, seq, version, updated, deleted, labels "
			"FROM resource "
			"WHERE type = ?1 AND id = ?2"),
		    &s));
	stmt_bind_int(s, 1, type);
	stmt_bind_text(s, 2, id);
	TRY(stmt_step(c, s, &row));
	*out = (struct standing){ 0 };
	if (row)
		*out = (struct standing){ stmt_int(s, 0),     stmt_int(s, 1), stmt_int(s, 2),
					  stmt_int(s, 3),     stmt_int(s, 4), stmt_int(s, 5),
					  stmt_int(s, 6) != 0,
					  (uint64_t)stmt_int(s, 7) };
	else
		TRY(purge_key(c, db, type, id, &out->key));
	out->deleted = out->deleted || (!row && out->key);
	return OK;
}

bool standing_purged(const struct standing *standing)
{
	return standing->key && !standing->version && standing->deleted;
}

enum err version_load(struct ctx *c, struct db *db, int64_t seq, struct version *out)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT " VERSION_COLUMNS
			" FROM version v JOIN resource r ON r.key = v.resource "
			"WHERE v.seq = ?1"),
		    &s));
	stmt_bind_int(s, 1, seq);
	TRY(stmt_step(c, s, &row));
	if (!row)
		return fail(c, ERR_STORE, "The database is damaged: version %lld is missing.",
			    (long long)seq);
	return version_take(c, db, s, out);
}

enum err version_look(struct ctx *c, struct db *db, int64_t seq, struct version *out)
{
	bool inside = c->inside;

	c->inside = true;
	enum err e = version_load(c, db, seq, out);
	c->inside = inside;
	return e;
}

static enum err type_key(struct ctx *c, struct db *db, struct str name, int64_t *key)
{
	const struct fhir_type *type;

	TRY(resource_type(c, name, &type));
	return name_find(c, db, name, key);
}

/* Whose it was nobody knows any more: only who may see all of that type is told. */
enum err standing_none(struct ctx *c, struct db *db, struct str name, struct str id)
{
	const struct fhir_type *type;
	int64_t key, purged;

	TRY(resource_type(c, name, &type));
	TRY(name_find(c, db, name, &key));
	TRY(purge_key(c, db, key, id, &purged));
	if (purged && guard_open(c->guard, type))
		return fail(c, ERR_GONE, STR_FMT "/%.64s was purged.", STR_ARG(name),
			    str_dup(c->arena, id));
	return not_known(c, name, id);
}

enum err record_read(struct ctx *c, struct str type, struct str id, struct version *out)
{
	struct version v;
	int64_t key;
	bool row, may = false;
	READER(db);
	STMT(s);

	TRY(store_moment(c, c->place->store, &db));
	TRY(type_key(c, db, type, &key));
	TRY(db_stmt(c, db,
		    SQL("SELECT " VERSION_COLUMNS ", " ITEM_COLUMNS
			" FROM resource r JOIN version v ON v.seq = r.seq "
			"WHERE r.type = ?1 AND r.id = ?2"),
		    &s));
	stmt_bind_int(s, 1, key);
	stmt_bind_text(s, 2, id);
	TRY(stmt_step(c, s, &row));
	if (row)
		TRY(row_may(c, db, s, VERSION_WIDTH, &may));
	if (!may)
		return standing_none(c, db, type, id);
	TRY(version_take(c, db, s, &v));
	if (v.deleted)
		return fail(c, ERR_GONE, STR_FMT "/" STR_FMT " was deleted.", STR_ARG(type),
			    STR_ARG(id));
	*out = v;
	return OK;
}

static enum err no_version(struct ctx *c, struct db *db, struct str type, struct str id,
			   int64_t version)
{
	enum err e = standing_none(c, db, type, id);

	return e == ERR_NOT_FOUND ? fail(c, e, STR_FMT "/%.64s has no version %lld.", STR_ARG(type),
					 str_dup(c->arena, id), (long long)version)
				  : e;
}

enum err record_vread(struct ctx *c, struct str type, struct str id, int64_t version,
		      struct version *out)
{
	struct version v;
	int64_t key;
	bool row, may = false;
	READER(db);
	STMT(s);

	TRY(store_moment(c, c->place->store, &db));
	TRY(type_key(c, db, type, &key));
	TRY(db_stmt(c, db,
		    SQL("SELECT " VERSION_COLUMNS ", " VERSION_ITEM_COLUMNS
			" FROM resource r JOIN version v ON v.resource = r.key "
			"WHERE r.type = ?1 AND r.id = ?2 AND v.version = ?3"),
		    &s));
	stmt_bind_int(s, 1, key);
	stmt_bind_text(s, 2, id);
	stmt_bind_int(s, 3, version);
	TRY(stmt_step(c, s, &row));
	if (row)
		TRY(row_version_may(c, db, s, VERSION_WIDTH, &may));
	if (!may)
		return no_version(c, db, type, id, version);
	TRY(version_take(c, db, s, &v));
	if (v.deleted)
		return fail(c, ERR_GONE,
			    "Version %lld is the deletion of " STR_FMT "/" STR_FMT ".",
			    (long long)version, STR_ARG(type), STR_ARG(id));
	*out = v;
	return OK;
}

/* How many of a type the asker may see: counted, unless that is all of them. */
static enum err count_seen(struct ctx *c, struct str name, int64_t *count)
{
	const struct fhir_type *type;
	const struct search *search;
	struct search_page page;

	TRY(resource_type(c, name, &type));
	if (guard_open(c->guard, type))
		return OK;
	TRY(search_parse(c, name, STR("_summary=count"), &search));
	TRY(search_run(c, search, &page));
	*count = page.total;
	return OK;
}

static enum err count_all(struct ctx *c, struct type_count **out, size_t *len)
{
	VEC(struct type_count) found = { 0 };
	bool row;
	READER(db);
	STMT(s);

	TRY(store_reader(c, c->place->store, &db));
	TRY(db_stmt(c, db,
		    SQL("SELECT n.text, t.current FROM total t JOIN name n ON n.key = t.type "
			"WHERE t.current > 0 ORDER BY n.text"),
		    &s));
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			break;
		*vec_push(&found, c->arena) =
			(struct type_count){ keep(c, stmt_text(s, 0)), stmt_int(s, 1) };
	}
	*out = found.at;
	*len = found.len;
	return OK;
}

enum err record_counts(struct ctx *c, struct type_count **out, size_t *len)
{
	struct type_count *all;
	size_t count, kept = 0;

	TRY(count_all(c, &all, &count));
	for (size_t i = 0; i < count; i++) {
		TRY(count_seen(c, all[i].type, &all[i].count));
		if (all[i].count)
			all[kept++] = all[i];
	}
	*out = all;
	*len = kept;
	return OK;
}

/* --- all of them --- */

struct visit {
	enum err (*each)(struct ctx *c, void *arg, const struct version *v);
	void *arg;
};

/* What `each` allocates goes with the resource, so any number of them fits. */
static enum err visit_type(struct ctx *c, struct db *db, int64_t type,
			   const struct visit *visit)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT " VERSION_COLUMNS ", " ITEM_COLUMNS " FROM resource r INDEXED BY "
			"resource_type "
			"CROSS JOIN version v ON v.seq = r.seq "
			"WHERE r.type = ?1 AND r.deleted = 0 AND r.version > 0 ORDER BY "
			"r.person, r.key"),
		    &s));
	stmt_bind_int(s, 1, type);
	for (;;) {
		struct version v;
		bool may;

		TRY(ctx_check(c));
		TRY(stmt_step(c, s, &row));
		if (!row)
			return OK;
		TRY(row_may(c, db, s, VERSION_WIDTH, &may));
		if (!may)
			continue;
		struct arena_mark mark = arena_mark(c->arena);
		enum err e = version_take(c, db, s, &v);
		if (!e)
			e = visit->each(c, visit->arg, &v);
		TRY(e); /* with its issues, which are in the arena */
		arena_release(c->arena, mark);
	}
}

static bool wanted(const char *const *types, const char *name)
{
	for (; types && *types; types++)
		if (strcmp(*types, name) == 0)
			return true;
	return types == NULL;
}

enum err record_each(struct ctx *c, const char *const *types,
		     enum err (*each)(struct ctx *c, void *arg, const struct version *v),
		     void *arg)
{
	const struct fhir *f = c->place->fhir;
	const struct visit visit = { each, arg };
	READER(db);

	for (const char *const *type = types; type && *type; type++) {
		const struct fhir_type *known;

		TRY(resource_type(c, str_of(*type), &known));
	}
	TRY(store_reader(c, c->place->store, &db));
	TRY(db_begin(c, db));
	for (unsigned i = 0; i < f->type_count; i++) {
		const struct fhir_type *type = f->types[i];
		int64_t key;

		if (type->kind != FHIR_RESOURCE || type->abstract || !wanted(types, type->name))
			continue;
		TRY(name_find(c, db, str_of(type->name), &key));
		if (key)
			TRY(visit_type(c, db, key, &visit));
	}
	return OK;
}

enum err record_whose(struct ctx *c, struct str type, struct str id, int64_t *key, int64_t *person)
{
	struct standing now;
	int64_t type_name;
	READER(db);

	*key = *person = 0;
	TRY(store_reader(c, c->place->store, &db));
	TRY(type_key(c, db, type, &type_name));
	TRY(standing_find(c, db, type_name, id, &now));
	*key = now.key;
	*person = now.person;
	return OK;
}
