/* same.c - which Patients are one person. */
#include <stdlib.h>

#include "record/same.h"
#include "record/inside.h"

bool same_has(const struct same *same, int64_t person)
{
	for (size_t i = 0; i < same->len; i++)
		if (same->keys[i] == person)
			return true;
	return false;
}

static enum err add(struct ctx *c, struct same *same, int64_t person)
{
	if (same_has(same, person))
		return OK;
	if (same->len == SAME_MAX)
		return fail(c, ERR_LIMIT, "One person has more than %d Patients.", SAME_MAX);
	same->keys[same->len++] = person;
	return OK;
}

/* The merges that one Patient is part of; *head: what it was replaced by, or itself. */
static enum err add_next(struct ctx *c, struct db *db, struct same *same, int64_t person,
			 bool *replaced)
{
	bool row;
	STMT(s);

	*replaced = false;
	TRY(db_stmt(c, db,
		    SQL("SELECT survivor, other FROM merged WHERE survivor = ?1 OR other = ?1"),
		    &s));
	stmt_bind_int(s, 1, person);
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			return OK;
		TRY(add(c, same, stmt_int(s, 0)));
		TRY(add(c, same, stmt_int(s, 1)));
		*replaced = *replaced || stmt_int(s, 1) == person;
	}
}

static int key_cmp(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

enum err same_find(struct ctx *c, struct db *db, int64_t person, struct same *out)
{
	struct same same = { .keys = { person }, .len = 1, .head = person };

	for (size_t i = 0; i < same.len; i++) {
		bool replaced;

		TRY(add_next(c, db, &same, same.keys[i], &replaced));
		if (!replaced)
			same.head = same.keys[i];
	}
	qsort(same.keys, same.len, sizeof *same.keys, key_cmp);
	*out = same;
	return OK;
}

enum err same_key(struct ctx *c, struct db *db, struct str id, int64_t *key)
{
	int64_t type;

	*key = 0;
	TRY(name_find(c, db, STR("Patient"), &type));
	return type ? resource_key(c, db, type, id, key) : OK;
}

enum err same_id(struct ctx *c, struct db *db, int64_t person, struct str *id)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT id FROM resource WHERE key = ?1"), &s));
	stmt_bind_int(s, 1, person);
	TRY(stmt_step(c, s, &row));
	*id = row ? (struct str){ str_dup(c->arena, stmt_text(s, 0)), stmt_text(s, 0).len }
		  : (struct str){ 0 };
	return OK;
}
