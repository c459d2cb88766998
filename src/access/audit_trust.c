/* audit_trust.c - looks that nobody waits for: copied into the queue of the thread that writes (audit_write.c).
 *
 * The copies of many requests lie one after another in blocks, because what one thread allocates and another
 * frees, one by one, costs more than the copying. A block is gone when all in it is written and it is not
 * filled any more.
 *
 * Where many wait, a session is often shown more of the same record before the row of what it was shown first is
 * written: then that row says what, and how often in all, and there is no other.
 */
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

#include "access/audit_part.h"

enum {
	TRUSTED_MAX = 1 << 13, /* requests in the queue from which on everybody waits */
	BLOCK = 1 << 16,       /* bytes */
	BUSY = 64,             /* looks in the queue from which on more of the same opening joins its row */
};

struct audit_block {
	_Atomic int held; /* by those in it, and by the auditor that fills it */
	size_t used, size;
	_Alignas(max_align_t) char bytes[];
};

static void block_drop(struct audit_block *b)
{
	if (b && atomic_fetch_sub(&b->held, 1) == 1)
		free(b);
}

static size_t rounded(size_t size)
{
	return (size + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);
}

/* Under the lock: room in the block that is filled, or in a new one, which is a->block then and held once more. */
static void *carve(struct auditor *a, size_t size)
{
	struct audit_block *b = a->block;

	if (!b || b->size - b->used < size) {
		block_drop(b);
		size_t room = size > BLOCK ? size : BLOCK;
		a->block = b = malloc(sizeof *b + room);
		if (!b)
			abort();
		*b = (struct audit_block){ .held = 1, .size = room };
	}
	void *at = b->bytes + b->used;
	b->used += size;
	atomic_fetch_add(&b->held, 1);
	return at;
}

void entrusted_free(struct notes *notes)
{
	for (struct note *n = notes->first; n; n = n->next)
		block_drop(n->more);
	block_drop(notes->block);
}

void entrusted_end(struct auditor *a)
{
	block_drop(a->block);
	a->block = NULL;
}

static bool is_look(const struct looked *l)
{
	return l->what == AUDIT_OPEN || l->what == AUDIT_SEARCH || l->what == AUDIT_REFUSED;
}

enum { TEXTS = 6 };

static void texts_of(struct looked *l, struct str *out[TEXTS])
{
	struct str *all[TEXTS] = { &l->role, &l->device, &l->section,
				   &l->relation, &l->detail, &l->packed };

	memcpy(out, all, sizeof all);
}

/* Of a note with its texts. */
static size_t size_of(struct note *n)
{
	size_t size = sizeof *n;
	struct str *texts[TEXTS];

	texts_of(&n->row, texts);
	for (size_t i = 0; i < TEXTS; i++)
		size += texts[i]->len;
	return rounded(size);
}

static struct note *note_copy(const struct note *from, char *at)
{
	struct note *copy = (struct note *)(void *)at;
	struct str *texts[TEXTS];

	at += sizeof *copy;
	*copy = *from;
	copy->next = NULL;
	copy->row.people = NULL; /* packed */
	texts_of(&copy->row, texts);
	for (size_t i = 0; i < TEXTS; i++) {
		if (texts[i]->len)
			memcpy(at, texts[i]->at, texts[i]->len);
		texts[i]->at = at;
		at += texts[i]->len;
	}
	return copy;
}

/* Under the lock. */
static struct notes *notes_copy(struct auditor *a, const struct notes *from, size_t size)
{
	struct notes *to = carve(a, size);
	char *at = (char *)to + rounded(sizeof *to);

	*to = (struct notes){ .last = &to->first, .block = a->block };
	for (struct note *n = from->first; n; n = n->next) {
		*to->last = note_copy(n, at);
		to->last = &(*to->last)->next;
		at += size_of(n);
	}
	return to;
}

/* --- more of the same opening --- */

static struct note **lately(struct auditor *a, const struct looked *l)
{
	uint64_t kind = l->section.len ? l->section.len * 31 + (unsigned char)l->section.at[0] : 0;
	uint64_t mixed = (((uint64_t)l->session * 31 + (uint64_t)l->person) * 31 + kind) * 0x9E3779B97F4A7C15u;

	return &a->lately[mixed >> 32 & (LATELY - 1)];
}

/* In all that a row says but the moment and the item. */
static bool same_opening(const struct looked *a, const struct looked *b)
{
	return a->session == b->session && a->person == b->person && a->what == b->what &&
	       a->account == b->account && a->kind == b->kind && a->org == b->org && a->purpose == b->purpose &&
	       a->outcome == b->outcome && str_eq(a->section, b->section) && str_eq(a->relation, b->relation) &&
	       str_eq(a->detail, b->detail) && str_eq(a->role, b->role) && str_eq(a->device, b->device) &&
	       str_eq(a->packed, b->packed);
}

static bool is_there(const struct looked *l, struct shown one)
{
	if (l->resource == one.resource && l->version == one.version)
		return true;
	for (size_t i = 0; i < l->item_count; i++)
		if (l->items[i].resource == one.resource && l->items[i].version == one.version)
			return true;
	return false;
}

/* Under the lock: twice the room. The block it is in is held by the note, as the one it was in until now. */
static void more_room(struct auditor *a, struct note *n)
{
	size_t room = n->room ? n->room * 2 : 4;
	struct shown *items = carve(a, room * sizeof *items);

	if (n->row.item_count)
		memcpy(items, n->items, n->row.item_count * sizeof *items);
	n->row.items = n->items = items;
	n->room = room;
	block_drop(n->more);
	n->more = a->block;
}

/* Under the lock: one look of a session at something of a record of which the same kind was shown already since the last
 * batch was taken. */
static bool joins(struct auditor *a, const struct notes *notes)
{
	const struct looked *l = &notes->first->row;

	if (a->waiting < BUSY || notes->first->next || l->what != AUDIT_OPEN || !l->session || !l->resource)
		return false;
	struct note *n = *lately(a, l);
	if (!n || !same_opening(&n->row, l))
		return false;
	struct shown one = { l->resource, l->version };
	if (!is_there(&n->row, one)) {
		if (n->row.item_count == ITEMS_MOST)
			return false;
		if (n->row.item_count == n->room)
			more_room(a, n);
		n->items[n->row.item_count++] = one;
	}
	n->row.times++;
	return true;
}

void audit_lately_forget(struct auditor *a)
{
	memset(a->lately, 0, sizeof a->lately);
}

bool audit_entrust(struct ctx *c)
{
	struct auditor *a = c->place ? c->place->auditor : NULL;
	size_t size = rounded(sizeof(struct notes));
	bool trusted;

	if (!c->notes)
		return true;
	for (struct note *n = c->notes->first; n; n = n->next) {
		if (!is_look(&n->row))
			return false;
		size += size_of(n);
	}
	if (!a)
		return false;
	pthread_mutex_lock(&a->lock);
	trusted = !a->failing && !a->stopping && a->waiting < TRUSTED_MAX;
	if (trusted && !joins(a, c->notes)) {
		struct notes *copy = notes_copy(a, c->notes, size);

		copy->first->row.times = 1;
		*lately(a, &copy->first->row) = copy->first;
		auditor_queue(a, copy);
	}
	pthread_mutex_unlock(&a->lock);
	if (trusted)
		c->notes = NULL;
	return trusted;
}
