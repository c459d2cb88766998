/* audit.c - what a request notes, kept with it until it is written. */
#include "access/audit_part.h"
#include "access/role.h"
#include "record/record.h"

static const struct audit_word words[] = {
#define X(name, number, code, action, subtype, text) { number, code, action, subtype, text },
#include "access/audit.def"
#undef X
};

const struct audit_word *audit_word(enum audit_what what)
{
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (words[i].what == what)
			return &words[i];
	return NULL;
}

const struct audit_word *audit_word_of(struct str code)
{
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (str_is(code, words[i].code))
			return &words[i];
	return NULL;
}

/* Texts are cut where a letter ends. */
static struct str cut(struct arena *a, struct str s, size_t max)
{
	if (s.len > max) {
		s.len = max;
		while (s.len && ((unsigned char)s.at[s.len] & 0xC0) == 0x80)
			s.len--;
	}
	return (struct str){ str_dup(a, s), s.len };
}

static void note_actor(struct ctx *c, const struct actor *actor, struct looked *l)
{
	if (!actor)
		return;
	l->kind = actor->kind;
	l->account = actor->account;
	l->org = actor->org;
	l->purpose = actor->purpose;
	l->session = actor->session;
	l->role = actor->role ? cut(c->arena, actor->role->name, SECTION_MAX) : STR("");
	l->device = cut(c->arena, actor->device, DEVICE_MAX);
}

void audit_note_as(struct ctx *c, const struct actor *actor, const struct audit *row)
{
	struct note *n = NEW(c->arena, struct note);

	n->row = (struct looked){
		.at = clock_now(c->clock),
		.what = row->what,
		.person = row->person,
		.resource = row->resource,
		.version = row->version,
		.section = cut(c->arena, row->section, SECTION_MAX),
		.relation = cut(c->arena, row->relation, SECTION_MAX),
		.outcome = row->outcome ? err_row(row->outcome)->http : 0,
		.detail = cut(c->arena, row->detail, DETAIL_MAX),
		.packed = people_pack(c->arena, row->people, row->people_count),
	};
	note_actor(c, actor, &n->row);
	if (!c->notes) {
		c->notes = NEW(c->arena, struct notes);
		c->notes->last = &c->notes->first;
	}
	*c->notes->last = n;
	c->notes->last = &n->next;
}

static bool discloses(enum audit_what what)
{
	return what == AUDIT_OPEN || what == AUDIT_SEARCH || what == AUDIT_PRINT || what == AUDIT_EXPORT;
}

void audit_note(struct ctx *c, const struct audit *row)
{
	if (c->actor || !discloses(row->what))
		audit_note_as(c, c->actor, row);
}

enum err audit_note_merge(struct ctx *c, struct str survivor, struct str other, const char *section)
{
	const struct str both[] = { survivor, other };

	for (size_t i = 0; i < 2; i++) {
		struct audit row = { .what = AUDIT_CHANGE, .section = str_of(section) };

		TRY(record_whose(c, STR("Patient"), both[i], &row.resource, &row.person));
		if (row.resource)
			audit_note(c, &row);
	}
	return OK;
}

static enum err write_notes(struct ctx *c, struct db *db, struct chain *chain)
{
	TRY(chain_end(c, db, chain));
	for (struct note *n = c->notes->first; n; n = n->next)
		TRY(chain_add(c, db, chain, &n->row));
	return OK;
}

enum err audit_write(struct ctx *c, struct db *db)
{
	struct chain chain;

	return c->notes ? write_notes(c, db, &chain) : OK;
}

/* --- of a command, beside which no server writes and signs --- */

struct alone {
	struct audit_key key;
	struct mark mark;
	struct head put;
};

static enum err write_alone(struct ctx *c, struct db *db, void *arg)
{
	struct alone *a = arg;
	struct chain chain;

	TRY(write_notes(c, db, &chain));
	if (!a->key.has)
		return OK;
	TRY(mark_check(c, db, &a->mark));
	return head_add(c, db, &a->key, &chain, &a->put);
}

/* An end that was closed is opened for it, unless somebody wrote after it. *closes: it is to be closed again. */
static enum err open_end(struct ctx *c, struct alone *a, bool *closes)
{
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	TRY(mark_check(c, db, &a->mark));
	*closes = a->mark.last.closed && !a->mark.lost;
	return mark_state(c->arena, &a->mark, false) ? OK :
	       fail(c, ERR_IO, "What stands beside the audit's key cannot be written.");
}

/* Signed where the key is beside the database and this user's to read; else the next server signs. */
enum err audit_flush_alone(struct ctx *c)
{
	struct alone a = { 0 };
	bool closes = false;

	if (key_read(c, NULL, false, &a.key) != OK)
		a.key.has = false;
	mark_open(c, NULL, false, &a.mark);
	enum err e = open_end(c, &a, &closes);
	if (!e)
		e = store_write(c, c->place->store, write_alone, &a);
	if (e == OK)
		(void)mark_advance(c->arena, &a.mark, &a.put); /* what it says stays true */
	if (closes && (e != OK || a.mark.last.number == a.put.number))
		(void)mark_state(c->arena, &a.mark, true);
	mark_close(&a.mark);
	sodium_memzero(&a.key, sizeof a.key);
	return e;
}
