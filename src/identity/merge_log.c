/* merge_log.c - what was merged, by whom and why: read. */
#include "base/vec.h"
#include "identity/merge_part.h"

enum { HISTORY_MAX = 1000 };

enum err merge_of(struct ctx *c, struct db *db, int64_t other, int64_t *key, int64_t *survivor,
		  enum active *before)
{
	bool row;
	STMT(s);

	*key = 0;
	TRY(db_stmt(c, db, SQL("SELECT key, survivor, active FROM merged WHERE other = ?1"), &s));
	stmt_bind_int(s, 1, other);
	TRY(stmt_step(c, s, &row));
	if (!row)
		return OK;
	*key = stmt_int(s, 0);
	*survivor = stmt_int(s, 1);
	*before = stmt_null(s, 2) ? ACTIVE_UNSAID : stmt_int(s, 2) ? ACTIVE_TRUE : ACTIVE_FALSE;
	return OK;
}

#define EVENT_COLUMNS                                                                         \
	"m.key, m.at, m.kind, coalesce(m.undoes, 0), "                                        \
	"coalesce((SELECT u.key FROM merge u WHERE u.undoes = m.key), 0), "                   \
	"rs.id, ro.id, m.actor, m.reason, m.forced "                                          \
	"FROM merge m JOIN resource rs ON rs.key = m.survivor "                               \
	"JOIN resource ro ON ro.key = m.other "

static struct str keep(struct ctx *c, struct stmt *s, int column)
{
	struct str text = stmt_text(s, column);

	return (struct str){ str_dup(c->arena, text), text.len };
}

static void take(struct ctx *c, struct stmt *s, struct merge_event *out)
{
	*out = (struct merge_event){ .key = stmt_int(s, 0),
				     .at = stmt_int(s, 1),
				     .undo = stmt_int(s, 2) == 2,
				     .undoes = stmt_int(s, 3),
				     .undone = stmt_int(s, 4),
				     .survivor = keep(c, s, 5),
				     .other = keep(c, s, 6),
				     .by = keep(c, s, 7),
				     .reason = keep(c, s, 8),
				     .forced = keep(c, s, 9) };
}

enum err merge_history(struct ctx *c, struct str person, size_t limit, struct merge_event **out,
		       size_t *len)
{
	VEC(struct merge_event) found = { 0 };
	bool row;
	READER(db);
	STMT(s);

	TRY(store_reader(c, c->place->store, &db));
	TRY(db_stmt(c, db,
		    SQL("SELECT " EVENT_COLUMNS
			"WHERE ?1 = '' OR rs.id = ?1 OR ro.id = ?1 ORDER BY m.key DESC LIMIT ?2"),
		    &s));
	stmt_bind_text(s, 1, person.len ? person : STR(""));
	stmt_bind_int(s, 2, limit < HISTORY_MAX ? (int64_t)limit : HISTORY_MAX);
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			break;
		take(c, s, vec_push(&found, c->arena));
	}
	*out = found.at;
	*len = found.len;
	return OK;
}

enum err merge_find(struct ctx *c, int64_t key, struct merge_event *out)
{
	bool row;
	READER(db);
	STMT(s);

	TRY(store_reader(c, c->place->store, &db));
	TRY(db_stmt(c, db, SQL("SELECT " EVENT_COLUMNS "WHERE m.key = ?1"), &s));
	stmt_bind_int(s, 1, key);
	TRY(stmt_step(c, s, &row));
	if (!row)
		return fail(c, ERR_NOT_FOUND, "There is no merge %lld.", (long long)key);
	take(c, s, out);
	return OK;
}

enum err merge_head(struct ctx *c, struct str id, struct str *head)
{
	struct same same;
	int64_t key;
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	TRY(same_key(c, db, id, &key));
	*head = (struct str){ 0 };
	if (!key)
		return OK;
	TRY(same_find(c, db, key, &same));
	return same_id(c, db, same.head, head);
}

/* Does one version say of the person what the other says? */
static enum err says_same(struct ctx *c, const struct version *x, const struct version *y, bool *same)
{
	static const char *const aside[] = { "meta", "link", "active" };
	const struct version *of[2] = { x, y };
	struct json_options options = { 0 };
	struct node *tree[2];

	*same = false;
	if (x->deleted || y->deleted)
		return OK;
	for (unsigned i = 0; i < 2; i++) {
		TRY(json_read(c, c->arena, of[i]->body, &options, &tree[i]));
		for (unsigned k = 0; k < sizeof aside / sizeof *aside; k++) {
			struct node *n = node_get(tree[i], aside[k]);
			if (n)
				node_remove(tree[i], n);
		}
	}
	*same = node_equal(tree[0], tree[1]);
	return OK;
}

enum err merge_said_at(struct ctx *c, struct str id, int64_t *at)
{
	struct history query = { .type = STR("Patient"), .id = id, .count = 100 };
	struct history_page page;
	struct merge_event *events;
	struct ctx all = *c;
	size_t len, i = 0;
	bool same = true;

	*at = 0;
	TRY(merge_history(c, id, 1, &events, &len));
	if (!len)
		return OK;
	all.guard = NULL; /* it is a time alone that is told */
	enum err e = record_history(&all, &query, &page);
	while (!e && same && i + 1 < page.len) {
		e = says_same(&all, &page.at[i], &page.at[i + 1], &same);
		i += !e && same;
	}
	if (e)
		return fail(c, e, "%s", all.why);
	*at = page.len ? page.at[i].updated : 0;
	return OK;
}
