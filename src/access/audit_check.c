/* audit_check.c - the proof: every row follows from the one before, and the heads say the same.
 *
 * A row that was altered or exchanged, or put in, has another hash; one that was taken out leaves a
 * gap in the numbers of its month, or at a month's end a head without its row. Whoever makes all the
 * hashes anew after a change cannot sign the heads; whoever cuts off the end has to take heads away
 * too, which the last one shows that stands beside the key, and a published file of them.
 */
#include <stdlib.h>

#include "access/audit_part.h"
#include "base/file.h"

enum { FINDINGS_MAX = 100, HEADS_FILE_MAX = 1 << 30 };

struct proof {
	struct ctx *c; /* findings */
	struct ctx work;
	struct arena *scratch;
	struct db *db;
	struct audit_key key;
	struct head mark;   /* written down beside the key; key 0: none */
	struct chain chain; /* as it stands in the table */
	struct derived *derived;
	int64_t findings;
	int64_t head_number; /* of the last */
	struct audit_proof out;
};

#define FINDING(p, row, ...)                                                                    \
	((p)->findings++ < FINDINGS_MAX                                                         \
		 ? (void)issue_add((p)->c, ISSUE_ERROR, "exception",                            \
				   audit_name((p)->c, row), 0, 0, __VA_ARGS__)                  \
		 : (void)0)

static const char *audit_name(struct ctx *c, int64_t key)
{
	return arena_printf(c->arena, "audit %s", audit_key_text(c->arena, key));
}

/* --- rows --- */

/* The first row of all. When a head stands before it, whole months are gone: they are told of with that head. */
static enum err begin(struct proof *p, int64_t first)
{
	bool row;
	STMT(s);

	if (first == (AUDIT_MONTH(first) << 40 | 1)) {
		TRY(db_stmt(p->c, p->db,
			    SQL("SELECT key, hash FROM audit_head WHERE key < ?1 ORDER BY key DESC LIMIT 1"),
			    &s));
		stmt_bind_int(s, 1, first);
		TRY(stmt_step(p->c, s, &row));
		if (!row)
			return OK;
		struct str hash = stmt_text(s, 1);
		p->chain.key = stmt_int(s, 0);
		if (hash.len == HASH_SIZE)
			memcpy(p->chain.hash, hash.at, HASH_SIZE);
		return OK;
	}
	FINDING(p, first, "The rows of its month before it were removed.");
	return OK;
}

static void check_number(struct proof *p, const struct looked *l)
{
	int64_t month = AUDIT_MONTH(l->key), expected;

	if (!p->chain.key)
		return;
	expected = month == AUDIT_MONTH(p->chain.key) ? p->chain.key + 1 : (month << 40 | 1);
	if (l->key == expected + 1)
		FINDING(p, expected, "The row was removed.");
	else if (l->key != expected)
		FINDING(p, expected, "This row and those up to %s were removed.",
			audit_key_text(p->c->arena, l->key - 1));
}

static void check_row(struct proof *p, struct looked *l)
{
	unsigned char hash[HASH_SIZE];
	bool gap = p->chain.key && l->key != p->chain.key + 1 &&
		   AUDIT_MONTH(l->key) == AUDIT_MONTH(p->chain.key);

	check_number(p, l);
	row_hash(l, p->chain.hash, hash);
	if (l->hash.len != HASH_SIZE)
		FINDING(p, l->key, "The row's hash was altered.");
	else if (memcmp(l->hash.at, hash, HASH_SIZE) != 0 && !gap)
		FINDING(p, l->key,
			"The row does not follow from the one before: it was altered or put in, or what "
			"stood before it was removed.");
	p->chain.key = l->key;
	memset(p->chain.hash, 0, HASH_SIZE);
	if (l->hash.len == HASH_SIZE)
		memcpy(p->chain.hash, l->hash.at, HASH_SIZE);
	p->out.first = p->out.first ? p->out.first : l->key;
	p->out.last = l->key;
	p->out.rows++;
}

static enum err check_rows(struct proof *p)
{
	bool row;
	STMT(s);

	TRY(db_stmt(p->c, p->db, SQL("SELECT " LOOKED_COLUMNS " FROM audit ORDER BY key"), &s));
	for (;;) {
		struct looked l;

		TRY(stmt_step(p->c, s, &row));
		if (!row)
			return OK;
		row_take(&p->work, s, &l);
		if (!p->out.rows)
			TRY(begin(p, l.key));
		check_row(p, &l);
		if (row_unpack(&p->work, &l) != OK)
			l.people_count = 0; /* its hash tells */
		TRY(derived_add(p->c, p->db, p->derived, &l));
		arena_reset(p->scratch);
		TRY(ctx_check(p->c));
	}
}

/* SQLite keeps 2.5, or '2x', in a column of whole numbers, and both are read as 2: the hash would not tell. */
static enum err check_kinds(struct proof *p)
{
	bool row;
	STMT(s);

	if (strcmp(store_engine(p->c->place->store), "sqlite") != 0)
		return OK;
	TRY(db_stmt(p->c, p->db,
		    SQL("SELECT key FROM audit WHERE typeof(at) || typeof(what) || typeof(kind) || typeof(account) || typeof(org) || "
			"typeof(purpose) || typeof(session) || typeof(person) || typeof(resource) || typeof(version) || "
			"typeof(outcome) || typeof(times) <> "
			"'integerintegerintegerintegerintegerintegerintegerintegerintegerintegerintegerinteger' "
			"OR typeof(role) || typeof(device) || typeof(section) || typeof(relation) || typeof(detail) <> "
			"'texttexttexttexttext' OR typeof(hash) <> 'blob' OR typeof(people) NOT IN ('null', 'blob') "
			"OR typeof(items) NOT IN ('null', 'blob') "
			"UNION SELECT key FROM audit_head WHERE typeof(at) || typeof(number) <> 'integerinteger' ORDER BY key"),
		    &s));
	for (;;) {
		TRY(stmt_step(p->c, s, &row));
		if (!row)
			return OK;
		FINDING(p, stmt_int(s, 0), "A column holds what it never does (a fraction, or text for a number): it was altered.");
	}
}

/* --- heads --- */

struct signed_head {
	int64_t key, number;
	struct str hash, signature; /* signature empty: none */
	struct str row;             /* the hash of its row; empty: that is not there */
	bool same_time;             /* as its row */
};

/* They are numbered without gaps; those from before have no number, and stand before all that have one. */
static void check_head_number(struct proof *p, const struct signed_head *h)
{
	int64_t expected = p->head_number + 1;

	if (!h->number && !p->head_number)
		return;
	if (h->number == expected + 1)
		FINDING(p, h->key, "The head of the chain before this one, number %lld, was removed.", (long long)expected);
	else if (h->number > expected)
		FINDING(p, h->key, "The heads of the chain before this one, from number %lld to %lld, were removed.",
			(long long)expected, (long long)h->number - 1);
	else if (h->number < expected)
		FINDING(p, h->key, "The head's number was altered, or it was put in.");
	p->head_number = h->number;
}

static void check_signature(struct proof *p, const struct signed_head *h)
{
	if (!p->key.has) {
		p->out.unproved += h->signature.len > 0;
		return;
	}
	if (head_proved(&p->key, h->key, h->number, h->hash, h->signature))
		p->out.signatures++;
	else
		FINDING(p, h->key, "The head of the chain is not signed with the key of this place.");
}

static void check_head(struct proof *p, const struct signed_head *h)
{
	p->out.heads++;
	p->out.last_head = h->key;
	if (!h->row.len)
		FINDING(p, h->key, "The chain had come to this row, which is not there: rows up to it, or from it on, "
				   "were removed.");
	else if (!str_eq(h->hash, h->row))
		FINDING(p, h->key, "The row's hash is not the one of the head: rows up to it were altered and "
				   "the chain made anew.");
	else if (!h->same_time)
		FINDING(p, h->key, "The time of the head is not the one of its row.");
	check_head_number(p, h);
	check_signature(p, h);
}

static struct str stmt_text_or_none(struct stmt *s, int column)
{
	return stmt_null(s, column) ? STR("") : stmt_text(s, column);
}

static enum err check_heads(struct proof *p)
{
	bool row;
	STMT(s);

	TRY(db_stmt(p->c, p->db,
		    SQL("SELECT h.key, h.hash, h.signature, a.hash, CASE WHEN a.at = h.at THEN 1 ELSE 0 END, h.number "
			"FROM audit_head h LEFT JOIN audit a ON a.key = h.key ORDER BY h.key"),
		    &s));
	for (;;) {
		TRY(stmt_step(p->c, s, &row));
		if (!row)
			return OK;
		check_head(p, &(struct signed_head){ .key = stmt_int(s, 0), .number = stmt_int(s, 5), .hash = stmt_text(s, 1),
					      .signature = stmt_text_or_none(s, 2), .row = stmt_text_or_none(s, 3),
					      .same_time = stmt_int(s, 4) == 1 });
	}
}

/* --- the published file --- */

static bool hex(struct str text, unsigned char *out, size_t size)
{
	size_t len;

	return sodium_hex2bin(out, size, text.at, text.len, NULL, &len, NULL) == 0 && len == size;
}

static enum err check_published_line(struct proof *p, struct str line, size_t number)
{
	int64_t key = audit_key_read(str_cut(&line, ' '));
	struct str hash_hex = line.at ? str_cut(&line, ' ') : STR("");
	unsigned char hash[HASH_SIZE];
	bool row;
	STMT(s);

	if (!key || !hex(hash_hex, hash, sizeof hash)) {
		p->findings++;
		issue_add(p->c, ISSUE_ERROR, "exception", NULL, (unsigned)number, 1,
			  "The published heads cannot be read here.");
		return OK;
	}
	TRY(db_stmt(p->c, p->db, SQL("SELECT hash FROM audit WHERE key = ?1"), &s));
	stmt_bind_int(s, 1, key);
	TRY(stmt_step(p->c, s, &row));
	if (!row)
		FINDING(p, key, "This row was published as head of the chain and is not there.");
	else if (!str_eq(stmt_text(s, 0), (struct str){ (const char *)hash, HASH_SIZE }))
		FINDING(p, key, "The row's hash is not the one that was published.");
	return OK;
}

static enum err check_published(struct proof *p, const char *path)
{
	struct str all;
	size_t number = 0;

	TRY(file_read(p->c, p->c->arena, path, HEADS_FILE_MAX, &all));
	while (all.at && all.len)
		TRY(check_published_line(p, str_cut(&all, '\n'), ++number));
	return OK;
}

/* --- the one beside the key --- */

/* Read before the database is, which may go on: it is never ahead. */
static enum err read_mark(struct proof *p, const struct audit_setup *setup)
{
	enum err e = mark_read(p->c, setup, &p->mark);

	if (e != ERR_INVALID)
		return e;
	p->findings++;
	issue_add(p->c, ISSUE_ERROR, "exception", NULL, 0, 0, "%s", p->c->why);
	return OK;
}

static enum err check_mark(struct proof *p)
{
	const struct head *m = &p->mark;
	struct str hash = { (const char *)m->hash, HASH_SIZE };
	struct str signature = { (const char *)m->signature, sizeof m->signature };
	int64_t first;
	bool holds;

	if (!m->key)
		return OK;
	p->out.marked = true;
	if (p->key.has && !head_proved(&p->key, m->key, m->number, hash, signature))
		FINDING(p, m->key, "The head that is written down beside the key is not signed with it.");
	TRY(mark_holds(p->c, p->db, m, &holds));
	if (!holds)
		FINDING(p, m->key, "The chain had come to here, head number %lld, as is written down beside the key, and that head is not there: "
				   "the end was cut off, or this is an older copy of the database.", (long long)m->number);
	TRY(mark_followed(p->c, p->db, m, &first));
	if (first)
		FINDING(p, first, "The end was closed before this row, as is written down beside the key: from here on rows were written by somebody "
				  "without the key.");
	return OK;
}

static enum err check_all(struct proof *p, const struct audit_setup *setup)
{
	int64_t made;

	TRY(index_made(p->c, p->db, &made));
	p->derived = derived_new(made, DAYS_MOST);
	enum err e = check_rows(p);
	if (!e)
		e = check_kinds(p);
	if (!e)
		e = check_heads(p);
	if (!e)
		e = check_mark(p);
	if (!e && setup && setup->heads)
		e = check_published(p, setup->heads);
	if (!e)
		e = derived_check(p->c, p->db, p->derived, &p->findings);
	derived_free(p->derived);
	return e;
}

enum err audit_check(struct ctx *c, const struct audit_setup *setup, struct audit_proof *out)
{
	ARENA(scratch);
	struct proof p = { .c = c, .scratch = &scratch };
	READER(db);

	ctx_init(&p.work, &scratch);
	p.work.place = c->place;
	TRY(key_read(c, setup, false, &p.key));
	TRY(read_mark(&p, setup));
	TRY(store_reader(c, c->place->store, &db));
	p.db = db;
	TRY(db_begin(c, db));
	enum err e = check_all(&p, setup);
	db_end(db);
	TRY(e);
	*out = p.out;
	if (p.findings)
		return fail(c, ERR_INVALID, "The audit has been tampered with in %lld places.",
			    (long long)p.findings);
	return OK;
}
