/* audit_trust.c - looks that nobody waits for: copied into the queue of the thread that writes (audit_write.c).
 *
 * The copies of many requests lie one after another in blocks, because what one thread allocates and another
 * frees, one by one, costs more than the copying. A block is gone when all in it is written and it is not
 * filled any more.
 *
 * Where many wait, the same item is often shown again to the same session before its row is written: then that row
 * counts how often, and there is no other.
 */
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

#include "access/audit_part.h"

enum {
	TRUSTED_MAX = 1 << 13, /* requests in the queue from which on everybody waits */
	BLOCK = 1 << 16,       /* bytes */
	BUSY = 64,             /* looks in the queue from which on the same again is counted */
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

/* Under the lock: room in the block that is filled, or in a new one. */
static struct notes *reserve(struct auditor *a, size_t size)
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
	struct notes *notes = (struct notes *)(void *)(b->bytes + b->used);
	b->used += size;
	atomic_fetch_add(&b->held, 1);
	*notes = (struct notes){ .last = &notes->first, .block = b };
	return notes;
}

void entrusted_free(struct notes *notes)
{
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

static size_t rounded(size_t size)
{
	return (size + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);
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
	struct notes *to = reserve(a, size);
	char *at = (char *)to + rounded(sizeof *to);

	for (struct note *n = from->first; n; n = n->next) {
		*to->last = note_copy(n, at);
		to->last = &(*to->last)->next;
		at += size_of(n);
	}
	return to;
}

/* --- the same again --- */

static struct note **lately(struct auditor *a, const struct looked *l)
{
	uint64_t mixed = ((uint64_t)l->session * 31 + (uint64_t)l->resource) * 0x9E3779B97F4A7C15u;

	return &a->lately[mixed >> 32 & (LATELY - 1)];
}

/* In all that a row says but the moment. */
static bool same(const struct looked *a, const struct looked *b)
{
	return a->session == b->session && a->resource == b->resource && a->version == b->version &&
	       a->what == b->what && a->person == b->person && a->account == b->account && a->kind == b->kind &&
	       a->org == b->org && a->purpose == b->purpose && a->outcome == b->outcome &&
	       str_eq(a->section, b->section) && str_eq(a->relation, b->relation) &&
	       str_eq(a->detail, b->detail) && str_eq(a->role, b->role) && str_eq(a->device, b->device) &&
	       str_eq(a->packed, b->packed);
}

/* Under the lock: one look of a session at one item, shown already since the last batch was taken. */
static bool shown_again(struct auditor *a, const struct notes *notes)
{
	const struct note *n = notes->first;

	if (a->waiting < BUSY || n->next || n->row.what != AUDIT_OPEN || !n->row.session || !n->row.resource)
		return false;
	struct note *before = *lately(a, &n->row);

	if (!before || !same(&before->row, &n->row))
		return false;
	before->row.times++;
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
	if (trusted && !shown_again(a, c->notes)) {
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
