/* names.c - words as numbers: types, code systems, organisations, index parameters.
 *
 * The dictionary only grows, so what a reader has seen once is true for ever and is kept here.
 * What the writer sees may be rolled back and is asked for each time, until a reader sees it.
 */
#include "record/inside.h"
#include "record/parts.h"

#include <stdlib.h>

#include "base/map.h"
#include "base/vec.h"

enum {
	KEPT = 200000, /* words remembered; a hostile client may invent more */
	TYPES = 4096,  /* types are among the first words of a place */
};

struct names {
	const struct fhir *fhir;
	pthread_rwlock_t lock; /* of what follows up to `params` */
	struct arena life;
	struct map keys;       /* text -> key */
	VEC(struct str) texts; /* by key; a NULL text is not known yet */
	unsigned param_count;
	_Atomic(_Atomic int32_t *)
		*params; /* by type: keys by parameter and variant; 0 not known */
	_Atomic(const struct fhir_type *) types[TYPES]; /* by key; NULL: not known yet, or no type */
};

struct names *names_new(const struct fhir *fhir)
{
	struct names *n = calloc(1, sizeof *n);

	if (!n)
		abort();
	n->fhir = fhir;
	pthread_rwlock_init(&n->lock, NULL);
	arena_init(&n->life);
	map_init(&n->keys, &n->life);
	while (param_number(fhir, n->param_count + 1))
		n->param_count++;
	n->params = calloc(fhir->type_count, sizeof *n->params);
	return n;
}

void names_free(struct names *n)
{
	if (!n)
		return;
	for (unsigned i = 0; i < n->fhir->type_count; i++)
		free((void *)n->params[i]);
	free(n->params);
	arena_done(&n->life);
	pthread_rwlock_destroy(&n->lock);
	free(n);
}

static int64_t recall(struct names *n, struct str text)
{
	pthread_rwlock_rdlock(&n->lock);
	void *found = map_get(&n->keys, text);
	pthread_rwlock_unlock(&n->lock);
	return (int64_t)(intptr_t)found;
}

static void remember(struct names *n, struct str text, int64_t key)
{
	pthread_rwlock_wrlock(&n->lock);
	if (n->keys.len < KEPT && key < 4 * KEPT && !map_get(&n->keys, text)) {
		struct str kept = { arena_dup(&n->life, text.at, text.len), text.len };

		map_set(&n->keys, kept, (void *)(intptr_t)key);
		while (n->texts.len <= (size_t)key)
			*vec_push(&n->texts, &n->life) = (struct str){ 0 };
		n->texts.at[key] = kept;
	}
	pthread_rwlock_unlock(&n->lock);
}

static enum err look_up(struct ctx *c, struct db *db, struct str text, int64_t *key)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT key FROM name WHERE text = ?1"), &s));
	stmt_bind_text(s, 1, text);
	TRY(stmt_step(c, s, &row));
	*key = row ? stmt_int(s, 0) : 0;
	return OK;
}

enum err name_find(struct ctx *c, struct db *db, struct str text, int64_t *key)
{
	struct names *n = c->place->record->names;
	int64_t found = recall(n, text);

	if (!found) {
		TRY(look_up(c, db, text, &found));
		if (found && !db_writes(db))
			remember(n, text, found);
	}
	*key = found;
	return OK;
}

enum err name_make(struct ctx *c, struct db *db, struct str text, int64_t *key)
{
	int64_t found;
	bool row;
	STMT(s);

	TRY(name_find(c, db, text, &found));
	if (!found) {
		TRY(db_stmt(c, db, SQL("INSERT INTO name (text) VALUES (?1) RETURNING key"), &s));
		stmt_bind_text(s, 1, text);
		TRY(stmt_step(c, s, &row));
		found = stmt_int(s, 0);
	}
	*key = found;
	return OK;
}

enum err name_text(struct ctx *c, struct db *db, int64_t key, struct str *text)
{
	struct names *n = c->place->record->names;
	struct str found = { 0 };
	bool row;
	STMT(s);

	pthread_rwlock_rdlock(&n->lock);
	if (key > 0 && (size_t)key < n->texts.len)
		found = n->texts.at[key];
	pthread_rwlock_unlock(&n->lock);
	if (!found.at) {
		TRY(db_stmt(c, db, SQL("SELECT text FROM name WHERE key = ?1"), &s));
		stmt_bind_int(s, 1, key);
		TRY(stmt_step(c, s, &row));
		if (!row)
			return fail(c, ERR_STORE,
				    "The database is damaged: name %lld is missing.",
				    (long long)key);
		struct str read = stmt_text(s, 0);
		found = (struct str){ arena_dup(c->arena, read.at, read.len), read.len };
		if (!db_writes(db))
			remember(n, found, key);
	}
	*text = found;
	return OK;
}

enum err type_of_key(struct ctx *c, struct db *db, int64_t key, const struct fhir_type **out)
{
	struct names *n = c->place->record->names;
	bool near = key > 0 && key < TYPES;
	const struct fhir_type *type = near ? atomic_load_explicit(&n->types[key], memory_order_relaxed) : NULL;
	struct str name;

	if (!type) {
		TRY(name_text(c, db, key, &name));
		TRY(resource_type(c, name, &type));
		if (near && !db_writes(db))
			atomic_store_explicit(&n->types[key], type, memory_order_relaxed);
	}
	*out = type;
	return OK;
}

struct str param_name(struct arena *a, const struct fhir_type *type,
		      const struct fhir_param *param, enum variant variant)
{
	static const char *const suffix[] = { "", ":text", ":identifier" };

	return str_of(arena_printf(a, "%s.%s%s", type->name, param->code, suffix[variant]));
}

/* The keys of one type's parameters, made on first use; whoever comes second drops its own. */
static _Atomic int32_t *param_keys(struct names *n, const struct fhir_type *type)
{
	_Atomic int32_t *keys = atomic_load(&n->params[type->number]), *none = NULL;

	if (keys)
		return keys;
	keys = calloc((size_t)(n->param_count + 1) * VARIANT_COUNT, sizeof *keys);
	if (!keys)
		abort();
	if (atomic_compare_exchange_strong(&n->params[type->number], &none, keys))
		return keys;
	free((void *)keys);
	return none;
}

enum err param_key(struct ctx *c, struct db *db, const struct fhir_type *type,
		   const struct fhir_param *param, enum variant variant, int64_t *key)
{
	_Atomic int32_t *keys = param_keys(c->place->record->names, type);
	_Atomic int32_t *kept = &keys[param->number * VARIANT_COUNT + variant];
	int64_t found = atomic_load_explicit(kept, memory_order_relaxed);

	if (!found) {
		ARENA(scratch);

		TRY(name_find(c, db, param_name(&scratch, type, param, variant), &found));
		if (found && found <= INT32_MAX && !db_writes(db))
			atomic_store_explicit(kept, (int32_t)found, memory_order_relaxed);
	}
	*key = found;
	return OK;
}
