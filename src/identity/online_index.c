/* online_index.c - the tables of online.h kept in step with the record. */
#include <pthread.h>
#include <stdlib.h>

#include "identity/known.h"
#include "identity/online.h"

enum { PIECE = 400 }; /* Patients taken in by one transaction */

/* ---- how far it is ---- */

struct progress_of {
	int64_t type; /* name.key of "Patient"; 0: there never was one */
	int64_t seq;  /* taken in so far */
};

static enum err clear_in(struct ctx *c, struct db *db, void *arg)
{
	const struct sql all[] = {
		SQL("DELETE FROM match_key"),
		SQL("DELETE FROM match_fact"),
		SQL("DELETE FROM match_state"),
	};

	(void)arg;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		STMT(s);

		TRY(db_stmt(c, db, all[i], &s));
		TRY(stmt_run(c, s));
	}
	return OK;
}

enum err online_clear(struct ctx *c)
{
	return store_write(c, c->place->store, clear_in, NULL);
}

static enum err where(struct ctx *c, struct db *db, struct progress_of *out, bool *other_made)
{
	bool row;
	STMT(s);

	*out = (struct progress_of){ 0 };
	*other_made = false;
	TRY(name_find(c, db, STR("Patient"), &out->type));
	TRY(db_stmt(c, db, SQL("SELECT seq, made FROM match_state WHERE one = 1"), &s));
	TRY(stmt_step(c, s, &row));
	if (row) {
		out->seq = stmt_int(s, 0);
		*other_made = stmt_int(s, 1) != ONLINE_MADE;
	}
	return OK;
}

static enum err set_where(struct ctx *c, struct db *db, int64_t seq)
{
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("INSERT INTO match_state (one, made, seq) VALUES (1, ?1, ?2) "
			"ON CONFLICT (one) DO UPDATE SET made = ?1, seq = ?2"),
		    &s));
	stmt_bind_int(s, 1, ONLINE_MADE);
	stmt_bind_int(s, 2, seq);
	return stmt_run(c, s);
}

/* Is there anything to take in? */
static enum err behind(struct ctx *c, struct db *db, bool *out)
{
	struct progress_of at;
	bool other, row;
	STMT(s);

	TRY(where(c, db, &at, &other));
	*out = other;
	if (other || !at.type)
		return OK;
	TRY(db_stmt(c, db, SQL("SELECT 1 FROM version WHERE type = ?1 AND seq > ?2 LIMIT 1"),
		    &s));
	stmt_bind_int(s, 1, at.type);
	stmt_bind_int(s, 2, at.seq);
	TRY(stmt_step(c, s, &row));
	*out = row;
	return OK;
}

/* ---- one Patient ---- */

static enum err put_key(struct ctx *c, struct db *db, struct sql sql, int64_t key,
			int64_t person)
{
	STMT(s);

	TRY(db_stmt(c, db, sql, &s));
	stmt_bind_int(s, 1, key);
	stmt_bind_int(s, 2, person);
	return stmt_run(c, s);
}

#define PUT_KEY SQL("INSERT INTO match_key (key, person) VALUES (?1, ?2)")
#define DROP_KEY SQL("DELETE FROM match_key WHERE key = ?1 AND person = ?2")

static enum err old_text(struct ctx *c, struct db *db, int64_t person, struct str *out)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT facts FROM match_fact WHERE person = ?1"), &s));
	stmt_bind_int(s, 1, person);
	TRY(stmt_step(c, s, &row));
	*out = row ? str_of(str_dup(c->arena, stmt_text(s, 0))) : (struct str){ 0 };
	return OK;
}

static enum err put_text(struct ctx *c, struct db *db, int64_t person, struct str text)
{
	STMT(s);

	if (text.len) {
		TRY(db_stmt(c, db,
			    SQL("INSERT INTO match_fact (person, facts) VALUES (?1, ?2) "
				"ON CONFLICT (person) DO UPDATE SET facts = ?2"),
			    &s));
		stmt_bind_text(s, 2, text);
	} else {
		TRY(db_stmt(c, db, SQL("DELETE FROM match_fact WHERE person = ?1"), &s));
	}
	stmt_bind_int(s, 1, person);
	return stmt_run(c, s);
}

/* Keys that only one of both has are dropped or put. */
static enum err change_keys(struct ctx *c, struct db *db, int64_t person,
			    const struct online_keys *old, const struct online_keys *now)
{
	unsigned i = 0, j = 0;

	while (i < old->len || j < now->len) {
		if (j == now->len || (i < old->len && old->at[i] < now->at[j]))
			TRY(put_key(c, db, DROP_KEY, old->at[i++], person));
		else if (i == old->len || now->at[j] < old->at[i])
			TRY(put_key(c, db, PUT_KEY, now->at[j++], person));
		else
			i++, j++;
	}
	return OK;
}

/* Those merged away are found by their survivor. */
static bool counts(const struct node *patient)
{
	node_each(link, node_get(patient, "link"))
	{
		if (str_is(node_str(link, "type"), "replaced-by"))
			return false;
	}
	return true;
}

/* NULL: it was deleted. */
void online_entry(struct arena *a, const struct node *patient, struct online_entry *out)
{
	struct facts facts;

	out->text = (struct str){ 0 };
	out->keys.len = 0;
	if (!patient || !counts(patient))
		return;
	facts_take(a, patient, &facts);
	out->text = facts_write(a, &facts);
	/* As they will be read again, so that the same are dropped one day. */
	facts_read(out->text, &facts);
	online_keys(&facts, &out->keys);
}

static enum err take(struct ctx *c, struct db *db, int64_t person, const struct online_entry *now)
{
	struct online_keys old = { 0 };
	struct facts facts;
	struct str before;

	TRY(old_text(c, db, person, &before));
	if (str_eq(before, now->text))
		return OK;
	if (before.len) {
		facts_read(before, &facts);
		online_keys(&facts, &old);
	}
	TRY(change_keys(c, db, person, &old, &now->keys));
	return put_text(c, db, person, now->text);
}

enum err online_take(struct ctx *c, struct db *db, int64_t person, int64_t seq,
		     const struct online_entry *now)
{
	TRY(take(c, db, person, now));
	return set_where(c, db, seq);
}

/* ---- all that changed ---- */

struct change {
	int64_t seq, person;
	bool current, deleted;
};

static enum err read_changes(struct ctx *c, struct db *db, const struct progress_of *at,
			     struct change out[PIECE], size_t *len)
{
	bool row;
	STMT(s);

	*len = 0;
	TRY(db_stmt(c, db,
		    SQL("SELECT v.seq, v.resource, r.seq, r.deleted FROM version v "
			"JOIN resource r ON r.key = v.resource "
			"WHERE v.type = ?1 AND v.seq > ?2 ORDER BY v.seq LIMIT ?3"),
		    &s));
	stmt_bind_int(s, 1, at->type);
	stmt_bind_int(s, 2, at->seq);
	stmt_bind_int(s, 3, PIECE);
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			return OK;
		int64_t seq = stmt_int(s, 0);
		out[(*len)++] = (struct change){ seq, stmt_int(s, 1), stmt_int(s, 2) == seq,
						 stmt_int(s, 3) != 0 };
	}
}

static enum err take_change(struct ctx *c, struct db *db, const struct change *change)
{
	struct node *tree = NULL;
	struct online_entry entry;
	struct version v;

	if (!change->current)
		return OK; /* a later one will come */
	if (!change->deleted) {
		TRY(version_look(c, db, change->seq, &v));
		TRY(fhir_read_json(c, c->place->fhir, c->arena, v.body, &tree));
	}
	online_entry(c->arena, tree, &entry);
	return take(c, db, change->person, &entry);
}

struct piece {
	int64_t taken;
	bool end;
};

static enum err take_piece(struct ctx *c, struct db *db, struct piece *p)
{
	struct progress_of at;
	struct change changes[PIECE];
	size_t len;
	bool other;

	TRY(where(c, db, &at, &other));
	if (other) {
		TRY(clear_in(c, db, NULL));
		at.seq = 0;
	}
	p->end = true;
	if (!at.type)
		return OK;
	TRY(read_changes(c, db, &at, changes, &len));
	for (size_t i = 0; i < len; i++) {
		ARENA(scratch);
		struct arena *whole = c->arena;
		enum err e;

		c->arena = &scratch;
		e = take_change(c, db, &changes[i]);
		c->arena = whole;
		TRY(e);
	}
	p->taken += (int64_t)len;
	p->end = len < PIECE;
	return len ? set_where(c, db, changes[len - 1].seq) : OK;
}

static enum err piece_work(struct ctx *c, struct db *db, void *arg)
{
	struct piece *p = arg;

	*p = (struct piece){ 0 };
	return take_piece(c, db, p);
}

enum err online_catch_up(struct ctx *c, const struct progress *progress)
{
	struct piece p = { 0 };
	int64_t done = 0;
	bool more;

	{
		READER(db);

		TRY(store_reader(c, c->place->store, &db));
		TRY(behind(c, db, &more));
	}
	while (more && !p.end) {
		TRY(ctx_check(c));
		TRY(store_write(c, c->place->store, piece_work, &p));
		done += p.taken;
		if (progress && !progress->tick(progress->arg, done, 0, "people"))
			return fail(c, ERR_STOPPED, "stopped after %lld people",
				    (long long)done);
	}
	return OK;
}

enum err online_seen(struct ctx *c, struct db *db, int64_t *seq)
{
	struct progress_of at;
	bool other;

	TRY(where(c, db, &at, &other));
	*seq = at.seq;
	return OK;
}

static pthread_key_t room_key;

static void make_room_key(void)
{
	pthread_key_create(&room_key, free);
}

/* Zeroed, and given back with the thread. */
static void *made_room(size_t size)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	void *room = calloc(1, size);

	if (!room)
		abort();
	pthread_once(&once, make_room_key);
	pthread_setspecific(room_key, room);
	return room;
}

/* Keys of texts made lately, on this thread: each of a file's people is held against all who came since it was
 * decided about them, one after the other. The same text has the same keys, whoever wrote it. */
static const struct online_keys *keys_of_text(struct str text)
{
	enum { MADE = 256, LONGEST = 1000 };
	static _Thread_local struct made {
		size_t len;
		char text[LONGEST];
		struct online_keys keys;
	} *made;
	struct made *m;
	struct facts facts;

	if (!made)
		made = made_room(MADE * sizeof *made);
	m = &made[text.len < LONGEST ? 1 + hash_bytes(text.at, text.len) % (MADE - 1) : 0];
	if (m != made && m->len == text.len && !memcmp(m->text, text.at, text.len))
		return &m->keys;
	facts_read(text, &facts);
	online_keys(&facts, &m->keys);
	m->len = m == made ? 0 : text.len;
	memcpy(m->text, text.at, m->len);
	return &m->keys;
}

/* Does somebody whose Patient was written share a key with `mine`? */
static enum err shares(struct ctx *c, struct db *db, int64_t person,
		       const struct online_keys *mine, bool *out)
{
	struct str text;

	TRY(old_text(c, db, person, &text));
	*out |= text.len && online_keys_share(mine, keys_of_text(text));
	return OK;
}

enum err online_catch_up_in(struct ctx *c, struct db *db, int64_t since,
			    const struct online_keys *mine, bool *touched)
{
	struct piece p = { 0 };
	struct progress_of at = { 0 };
	bool other, row;
	STMT(s);

	do
		TRY(take_piece(c, db, &p));
	while (!p.end);
	*touched = false;
	TRY(where(c, db, &at, &other));
	if (!at.type)
		return OK;
	TRY(db_stmt(c, db,
		    SQL("SELECT resource FROM version WHERE type = ?1 AND seq > ?2 ORDER BY seq"),
		    &s));
	stmt_bind_int(s, 1, at.type);
	stmt_bind_int(s, 2, since);
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row || *touched)
			return OK;
		TRY(shares(c, db, stmt_int(s, 0), mine, touched));
	}
}

/* ---- proof ---- */

static enum err count_rows(struct ctx *c, struct db *db, struct sql sql, int64_t *out)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, sql, &s));
	TRY(stmt_step(c, s, &row));
	*out = stmt_int(s, 0);
	return OK;
}

struct proof {
	int64_t people, keys, wrong;
};

static enum err check_one(struct ctx *c, struct db *db, int64_t person, int64_t seq,
			  struct proof *p)
{
	struct online_entry entry;
	struct str stored;
	struct node *tree;
	struct version v;

	TRY(version_look(c, db, seq, &v));
	TRY(fhir_read_json(c, c->place->fhir, c->arena, v.body, &tree));
	online_entry(c->arena, tree, &entry);
	TRY(old_text(c, db, person, &stored));
	p->people += entry.text.len > 0;
	p->keys += entry.keys.len;
	p->wrong += !str_eq(entry.text, stored);
	return OK;
}

static enum err check_all(struct ctx *c, struct db *db, int64_t type, struct proof *p)
{
	struct arena *whole = c->arena;
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT key, seq FROM resource WHERE type = ?1 AND deleted = 0 AND "
			"version > 0 ORDER BY person, key"),
		    &s));
	stmt_bind_int(s, 1, type);
	for (;;) {
		ARENA(scratch);
		enum err e;

		TRY(stmt_step(c, s, &row));
		if (!row)
			return OK;
		c->arena = &scratch;
		e = check_one(c, db, stmt_int(s, 0), stmt_int(s, 1), p);
		c->arena = whole;
		TRY(e);
	}
}

enum err online_check(struct ctx *c, int64_t *people)
{
	struct progress_of at;
	struct proof p = { 0 };
	int64_t facts, keys;
	bool late, other;
	READER(db);

	*people = 0;
	TRY(store_reader(c, c->place->store, &db));
	TRY(db_begin(c, db));
	TRY(behind(c, db, &late));
	TRY(where(c, db, &at, &other));
	if (late || !at.type)
		return OK;
	TRY(check_all(c, db, at.type, &p));
	TRY(count_rows(c, db, SQL("SELECT count(*) FROM match_fact"), &facts));
	TRY(count_rows(c, db, SQL("SELECT count(*) FROM match_key"), &keys));
	*people = p.people;
	if (!p.wrong && facts == p.people && keys == p.keys)
		return OK;
	issue_add(c, ISSUE_ERROR, "exception", "the match index", 0, 0,
		  "%lld of %lld people are not in the match index as they are, it has %lld and "
		  "%lld keys where %lld should be; run `causeway rebuild`.",
		  (long long)p.wrong, (long long)p.people, (long long)facts, (long long)keys,
		  (long long)p.keys);
	return fail(c, ERR_INVALID, "The match index is not that of the people.");
}
