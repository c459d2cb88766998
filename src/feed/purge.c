/* purge.c - what feeds keep of a person: their messages' bytes and what is remembered of them.
 *
 * A state says the id of its Patient, and its name is what the sender calls the person; that name is
 * looked for in every message. A row of a file, and a message that cannot be read, is about them when it
 * holds that number, or one of the identifiers that the person ever had.
 */
#include "record/purge.h"
#include "base/gzip.h"
#include "feed/v2.h"

enum { NUMBER_MIN = 5 }; /* bytes; a shorter number is found in anything */

struct found_state {
	int64_t kind;
	struct str name;
};
struct found {
	VEC(struct str) words; /* quoted ids of the Patients, and what senders call them */
	size_t ids;            /* how many of the words are ids */
	VEC(struct str) numbers; /* what people call them by, in any kind of message */
	VEC(struct found_state) states;
	VEC(int64_t) messages;
};

static struct str keep(struct ctx *c, struct str s)
{
	return (struct str){ arena_dup(c->arena, s.at, s.len), s.len };
}

static struct str quoted(struct ctx *c, struct str s)
{
	return str_of(arena_printf(c->arena, "\"" STR_FMT "\"", STR_ARG(s)));
}

/* --- states --- */

static bool has_state(const struct found *f, int64_t kind, struct str name)
{
	for (size_t i = 0; i < f->states.len; i++)
		if (f->states.at[i].kind == kind && str_eq(f->states.at[i].name, name))
			return true;
	return false;
}

/* Its body says an id or a name, or its own name begins with that of the person. */
static bool is_about(const struct found *f, struct str name, struct str body)
{
	for (size_t i = 0; i < f->words.len; i++) {
		struct str word = f->words.at[i], bare = { word.at + 1, word.len - 2 };

		if (str_find(body, word) >= 0)
			return true;
		if (i >= f->ids && str_starts(name, bare) &&
		    (name.len == bare.len || name.at[bare.len] == '|'))
			return true;
	}
	return false;
}

static enum err find_states(struct ctx *c, struct db *db, struct found *f, bool *more)
{
	bool row;
	STMT(s);

	*more = false;
	TRY(db_stmt(c, db, SQL("SELECT kind, name, body FROM feed_state ORDER BY kind, name"), &s));
	for (;;) {
		TRY(ctx_check(c));
		TRY(stmt_step(c, s, &row));
		if (!row)
			return OK;
		int64_t kind = stmt_int(s, 0);
		struct str name = stmt_text(s, 1);
		if (!is_about(f, name, stmt_text(s, 2)) || has_state(f, kind, name))
			continue;
		name = keep(c, name);
		*vec_push(&f->states, c->arena) = (struct found_state){ kind, name };
		if (kind != STATE_PERSON)
			continue;
		*vec_push(&f->words, c->arena) = quoted(c, name);
		*more = true; /* what is called by this name was perhaps passed over */
	}
}

/* --- messages --- */

/* "RXA|system|123": the number alone. */
static struct str number_of(struct str word)
{
	size_t at = word.len - 1;

	while (at > 0 && word.at[at - 1] != '|')
		at--;
	return (struct str){ word.at + at, word.len - 1 - at };
}

static void add_number(struct ctx *c, struct found *f, struct str number)
{
	if (number.len < NUMBER_MIN)
		return;
	*vec_push(&f->numbers, c->arena) = number;
	if (number.len == 10) /* as NHS numbers are often written */
		*vec_push(&f->numbers, c->arena) =
			str_of(arena_printf(c->arena, "%.3s %.3s %.4s", number.at, number.at + 3,
					    number.at + 6));
}

static bool is_word(char ch)
{
	return (ch >= '0' && ch <= '9') || ((ch | 32) >= 'a' && (ch | 32) <= 'z');
}

/* As a word of its own, not inside a longer number. */
static bool holds(struct str body, struct str number)
{
	for (ptrdiff_t at; (at = str_find(body, number)) >= 0;) {
		struct str rest = { body.at + at + number.len, body.len - (size_t)at - number.len };

		if ((at == 0 || !is_word(body.at[at - 1])) && (!rest.len || !is_word(rest.at[0])))
			return true;
		body = rest;
	}
	return false;
}

static bool holds_number(const struct found *f, struct str body)
{
	for (size_t i = 0; i < f->numbers.len; i++)
		if (holds(body, f->numbers.at[i]))
			return true;
	return false;
}

static enum err add_identifiers(struct ctx *c, struct found *f, const struct version *v)
{
	struct node *patient;

	if (v->deleted)
		return OK;
	TRY(fhir_read_json(c, c->place->fhir, c->arena, v->body, &patient));
	node_each(identifier, node_get(patient, "identifier"))
		add_number(c, f, node_str(identifier, "value"));
	return OK;
}

/* Of all versions of the Patient, whoever asks. */
static enum err find_numbers(struct ctx *c, struct str id, struct found *f)
{
	struct history query = { .type = STR("Patient"), .id = id, .count = 1000 };
	struct history_page page;
	struct ctx all = *c;

	all.guard = NULL;
	do {
		enum err e = record_history(&all, &query, &page);
		if (e == ERR_GONE || e == ERR_NOT_FOUND) /* purged before, or never sent */
			return OK;
		if (e)
			return fail(c, e, "%s", all.why);
		for (size_t i = 0; i < page.len; i++)
			TRY(add_identifiers(c, f, &page.at[i]));
		query.before = page.next;
	} while (page.next);
	return OK;
}

static bool is_named(const struct found *f, struct str name)
{
	for (size_t i = f->ids; i < f->words.len; i++)
		if (name.len && str_eq(name, (struct str){ f->words.at[i].at + 1, f->words.at[i].len - 2 }))
			return true;
	return false;
}

/* `c` is of this message alone. */
static enum err look_at(struct ctx *c, const struct feed *feed, struct str packed, int64_t size,
			const struct found *f, bool *about)
{
	struct str names[2];
	struct str body;

	TRY(message_unpack(c, packed, size, &body));
	if (feed->kind == FEED_HL7V2 && v2_people(c, feed, body, names) == OK)
		*about = is_named(f, names[0]) || is_named(f, names[1]);
	else
		*about = holds_number(f, body);
	return OK;
}

static enum err find_messages(struct ctx *c, struct db *db, const struct feed *feed, struct found *f)
{
	ARENA(scratch);
	struct ctx one = *c;
	bool row, about;
	STMT(s);

	one.arena = &scratch;
	TRY(db_stmt(c, db,
		    SQL("SELECT key, size, body FROM message WHERE feed = ?1 AND size > 0"), &s));
	stmt_bind_int(s, 1, feed->key);
	for (;;) {
		TRY(ctx_check(c));
		TRY(stmt_step(c, s, &row));
		if (!row)
			return OK;
		arena_reset(&scratch);
		one.issues = (struct issues){ 0 };
		enum err e = look_at(&one, feed, stmt_text(s, 2), stmt_int(s, 1), f, &about);
		if (e)
			return fail(c, e, "Message %lld: %s", (long long)stmt_int(s, 0), one.why);
		if (about)
			*vec_push(&f->messages, c->arena) = stmt_int(s, 0);
	}
}

static enum err list_feeds(struct ctx *c, struct feed **out, size_t *len)
{
	VEC(int64_t) keys = { 0 };
	bool row = true;

	{
		READER(db);
		STMT(s);

		TRY(store_reader(c, c->place->store, &db));
		TRY(db_stmt(c, db, SQL("SELECT key FROM feed ORDER BY key"), &s));
		while (row) {
			TRY(stmt_step(c, s, &row));
			if (row)
				*vec_push(&keys, c->arena) = stmt_int(s, 0);
		}
	}
	*out = NEW_N(c->arena, struct feed, keys.len + 1);
	*len = keys.len;
	for (size_t i = 0; i < keys.len; i++)
		TRY(feed_find(c, keys.at[i], &(*out)[i]));
	return OK;
}

static enum err look(struct ctx *c, const struct str *ids, size_t len, void **found)
{
	struct found *f = NEW(c->arena, struct found);
	struct feed *feeds;
	size_t count;
	bool more = true;
	READER(db);

	*f = (struct found){ 0 };
	*found = f;
	TRY(list_feeds(c, &feeds, &count));
	if (!count)
		return OK;
	TRY(feeds_open(c));
	for (size_t i = 0; i < len; i++)
		*vec_push(&f->words, c->arena) = quoted(c, ids[i]);
	f->ids = len;
	for (size_t i = 0; i < len; i++)
		TRY(find_numbers(c, ids[i], f));
	TRY(store_reader(c, c->place->store, &db));
	while (more)
		TRY(find_states(c, db, f, &more));
	for (size_t i = f->ids; i < f->words.len; i++)
		add_number(c, f, number_of(f->words.at[i]));
	for (size_t i = 0; i < count; i++)
		TRY(find_messages(c, db, &feeds[i], f));
	return OK;
}

/* --- inside the transaction --- */

static enum err remove_messages(struct ctx *c, struct db *db, const struct found *f)
{
	struct buf nothing;
	STMT(s);

	buf_init(&nothing, c->arena, 0);
	TRY(gzip_pack(c, STR(""), &nothing));
	TRY(db_stmt(c, db,
		    SQL("UPDATE message SET body = ?2, size = 0, place = '', "
			"reason = 'The person was purged.', state_at = ?3, "
			"state = CASE WHEN state = 2 THEN 2 ELSE 3 END WHERE key = ?1"),
		    &s));
	for (size_t i = 0; i < f->messages.len; i++) {
		stmt_bind_int(s, 1, f->messages.at[i]);
		stmt_bind_blob(s, 2, buf_get(&nothing));
		stmt_bind_int(s, 3, clock_now(c->clock));
		TRY(stmt_run(c, s));
	}
	return OK;
}

static enum err remove_all(struct ctx *c, struct db *db, void *found, int64_t *removed)
{
	const struct found *f = found;
	STMT(s);

	TRY(remove_messages(c, db, f));
	TRY(db_stmt(c, db, SQL("DELETE FROM feed_state WHERE kind = ?1 AND name = ?2"), &s));
	for (size_t i = 0; i < f->states.len; i++) {
		stmt_bind_int(s, 1, f->states.at[i].kind);
		stmt_bind_text(s, 2, f->states.at[i].name);
		TRY(stmt_run(c, s));
	}
	*removed += (int64_t)f->messages.len;
	return OK;
}

const struct purge_part feed_purge = { look, remove_all };
