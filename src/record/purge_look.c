/* purge_look.c - what there is of a person, found before the transaction that removes it. */
#include "record/purge_part.h"
#include "record/same.h"

/* --- who --- */

static bool is_of(const struct purge_look *look, int64_t person)
{
	for (size_t i = 0; i < look->people_len; i++)
		if (look->people[i] == person)
			return true;
	return false;
}

/* Every Patient of the person must be named, and no other's: nobody shall lose a record by an
 * oversight. */
static enum err need_all_named(struct ctx *c, struct db *db, const struct purge_ask *ask,
			       const struct purge_look *look)
{
	struct same same;
	struct buf missing;

	TRY(same_find(c, db, look->people[0], &same));
	for (size_t i = 1; i < look->people_len; i++)
		if (!same_has(&same, look->people[i]))
			return fail(c, ERR_CONFLICT,
				    "Patient/%.64s is another person; purge one at a time.",
				    str_dup(c->arena, ask->ids[i]));
	buf_init(&missing, c->arena, 0);
	for (size_t i = 0; i < same.len; i++) {
		struct str id;

		TRY(same_id(c, db, same.keys[i], &id));
		if (!is_of(look, same.keys[i]))
			buf_printf(&missing, " Patient/" STR_FMT, STR_ARG(id));
	}
	if (!missing.len)
		return OK;
	return fail(c, ERR_CONFLICT,
		    "The person has other Patients; name them too, or take the merge back:%.300s",
		    str_dup(c->arena, buf_get(&missing)));
}

static enum err find_people(struct ctx *c, struct db *db, const struct purge_ask *ask,
			    struct purge_look *out)
{
	out->people = NEW_N(c->arena, int64_t, ask->len);
	for (size_t i = 0; i < ask->len; i++) {
		int64_t key;

		TRY(same_key(c, db, ask->ids[i], &key));
		if (!key)
			return fail(c, ERR_NOT_FOUND, "Patient/%.64s is not known here.",
				    str_dup(c->arena, ask->ids[i]));
		if (is_of(out, key))
			return fail(c, ERR_INVALID, "Patient/%.64s is named twice.",
				    str_dup(c->arena, ask->ids[i]));
		out->people[out->people_len++] = key;
	}
	return need_all_named(c, db, ask, out);
}

/* --- lists --- */

/* Rows of a statement with ?1 a person, into a list. */
typedef void take_row(struct ctx *c, struct stmt *s, struct purge_look *out);

static enum err each_row(struct ctx *c, struct db *db, struct sql sql, int64_t person,
			 take_row *take, struct purge_look *out)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, sql, &s));
	stmt_bind_int(s, 1, person);
	for (;;) {
		TRY(ctx_check(c));
		TRY(stmt_step(c, s, &row));
		if (!row)
			return OK;
		take(c, s, out);
	}
}

static void take_gone(struct ctx *c, struct stmt *s, struct purge_look *out)
{
	struct str id = stmt_text(s, 2);

	*vec_push(&out->gone, c->arena) = (struct gone){
		.key = stmt_int(s, 0),
		.type = stmt_int(s, 1),
		.id = { arena_dup(c->arena, id.at, id.len), id.len },
		.seq = stmt_int(s, 3),
		.version = stmt_int(s, 4),
		.deleted = stmt_int(s, 5) != 0,
	};
}

static void take_astray(struct ctx *c, struct stmt *s, struct purge_look *out)
{
	*vec_push(&out->astray, c->arena) =
		(struct astray){ stmt_int(s, 0), stmt_int(s, 1), stmt_int(s, 2),
				 stmt_int(s, 3), stmt_int(s, 4), stmt_int(s, 5) };
}

static void take_named(struct ctx *c, struct stmt *s, struct purge_look *out)
{
	struct named named = { stmt_int(s, 0), stmt_int(s, 1) };

	for (size_t i = 0; i < out->named.len; i++) /* two Patients of one person share a merge */
		if (out->named.at[i].kind == named.kind && out->named.at[i].key == named.key)
			return;
	*vec_push(&out->named, c->arena) = named;
}

static void take_match(struct ctx *c, struct stmt *s, struct purge_look *out)
{
	*vec_push(&out->matches, c->arena) =
		(struct match_row){ stmt_int(s, 0), stmt_int(s, 1) };
}

#define GONE                                                                                   \
	SQL("SELECT key, type, id, seq, version, deleted FROM resource "                       \
	    "WHERE person = ?1 AND person <> 0 AND (version > 0 OR deleted = 0) ORDER BY key")
#define NAMED                                                                                  \
	SQL("SELECT 4, key FROM merge WHERE survivor = ?1 OR other = ?1 "                      \
	    "UNION SELECT 5, key FROM doubt WHERE a = ?1 OR b = ?1 "                           \
	    "UNION SELECT 6, x.key FROM doubt_decision x JOIN doubt d ON d.key = x.doubt "     \
	    "WHERE d.a = ?1 OR d.b = ?1 ORDER BY 1, 2")

/* Whom a version was about is in no index: this reads all of them, once for a purge. */
#define ASTRAY                                                                                 \
	SQL("SELECT v.seq, v.resource, v.type, v.version, v.updated, v.org FROM version v "    \
	    "JOIN resource r ON r.key = v.resource WHERE v.person = ?1 AND r.person <> ?1")

static enum err look_at(struct ctx *c, struct db *db, int64_t person, struct purge_look *out)
{
	TRY(each_row(c, db, GONE, person, take_gone, out));
	TRY(each_row(c, db, ASTRAY, person, take_astray, out));
	TRY(each_row(c, db, NAMED, person, take_named, out));
	return each_row(c, db, SQL("SELECT key, person FROM match_key WHERE person = ?1"), person,
			take_match, out);
}

/* Between two Patients of the person a resource may have moved: it goes as a whole. */
static void drop_own_astray(struct purge_look *out)
{
	size_t kept = 0;

	for (size_t i = 0; i < out->astray.len; i++) {
		bool own = false;

		for (size_t k = 0; k < out->gone.len && !own; k++)
			own = out->gone.at[k].key == out->astray.at[i].resource;
		if (!own)
			out->astray.at[kept++] = out->astray.at[i];
	}
	out->astray.len = kept;
}

/* --- events: those about the person, and those of others that say their id --- */

static bool says_id(const struct purge_ask *ask, struct ctx *c, struct str text)
{
	for (size_t i = 0; i < ask->len; i++)
		if (str_find(text, str_of(arena_printf(c->arena, "\"" STR_FMT "\"",
						       STR_ARG(ask->ids[i])))) >= 0)
			return true;
	return false;
}

static enum err find_events(struct ctx *c, struct db *db, const struct purge_ask *ask,
			    struct purge_look *out)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT seq, person, text FROM event WHERE kind <> 'purged' ORDER BY seq"),
		    &s));
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			return OK;
		out->event_seq = stmt_int(s, 0);
		struct arena_mark mark = arena_mark(c->arena);
		bool own = is_of(out, stmt_int(s, 1)) || says_id(ask, c, stmt_text(s, 2));
		arena_release(c->arena, mark);
		if (own)
			*vec_push(&out->named, c->arena) =
				(struct named){ PURGE_EVENT, out->event_seq };
	}
}

/* --- numbers --- */

static enum err number(struct ctx *c, struct db *db, struct sql sql, int64_t about, int64_t *out)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, sql, &s));
	if (about)
		stmt_bind_int(s, 1, about);
	TRY(stmt_step(c, s, &row));
	*out = row ? stmt_int(s, 0) : 0;
	return OK;
}

#define MATCH_SEQ SQL("SELECT coalesce(max(seq), 0) FROM match_state")
#define EVENT_SEQ SQL("SELECT coalesce(max(seq), 0) FROM event WHERE kind <> 'purged'")

/* Which parameters there are is in `name`; so each is asked by the index, not the table read. */
static enum err count_mentions(struct ctx *c, struct db *db, struct purge_look *out)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT r.person FROM name n CROSS JOIN reference r "
			"ON r.param = n.key AND r.target = ?1"),
		    &s));
	for (size_t i = 0; i < out->people_len; i++) {
		stmt_bind_int(s, 1, out->people[i]);
		for (;;) {
			TRY(stmt_step(c, s, &row));
			if (!row)
				break;
			out->mentions += !is_of(out, stmt_int(s, 0));
		}
		stmt_reset(s);
	}
	return OK;
}

static enum err count_all(struct ctx *c, struct db *db, struct purge_look *out)
{
	for (size_t i = 0; i < out->gone.len; i++) {
		int64_t n;

		TRY(number(c, db, SQL("SELECT count(*) FROM version WHERE resource = ?1"),
			   out->gone.at[i].key, &n));
		out->versions += n;
	}
	out->versions += (int64_t)out->astray.len;
	TRY(number(c, db, MATCH_SEQ, 0, &out->match_seq));
	return count_mentions(c, db, out);
}

enum err purge_look(struct ctx *c, struct db *db, const struct purge_ask *ask,
		    struct purge_look *out)
{
	struct purge_look look = { 0 };

	TRY(find_people(c, db, ask, &look));
	for (size_t i = 0; i < look.people_len; i++)
		TRY(look_at(c, db, look.people[i], &look));
	drop_own_astray(&look);
	if (!look.gone.len && !look.astray.len)
		return fail(c, ERR_GONE, "Patient/%.64s was purged.", str_dup(c->arena, ask->ids[0]));
	TRY(find_events(c, db, ask, &look));
	TRY(count_all(c, db, &look));
	*out = look;
	return OK;
}

enum err purge_changed(struct ctx *c, struct db *db, const struct purge_look *look, bool *changed)
{
	struct purge_look now = { 0 };
	int64_t match_seq, event_seq;

	for (size_t i = 0; i < look->people_len; i++) {
		TRY(each_row(c, db, GONE, look->people[i], take_gone, &now));
		TRY(each_row(c, db, NAMED, look->people[i], take_named, &now));
	}
	TRY(number(c, db, MATCH_SEQ, 0, &match_seq));
	TRY(number(c, db, EVENT_SEQ, 0, &event_seq));
	*changed = now.gone.len != look->gone.len || match_seq != look->match_seq ||
		   event_seq > look->event_seq;
	for (size_t i = 0; i < now.gone.len && !*changed; i++)
		*changed = now.gone.at[i].key != look->gone.at[i].key ||
			   now.gone.at[i].seq != look->gone.at[i].seq;
	for (size_t i = 0; i < now.named.len && !*changed; i++)
		*changed = i >= look->named.len ||
			   now.named.at[i].kind != look->named.at[i].kind ||
			   now.named.at[i].key != look->named.at[i].key;
	return OK;
}
