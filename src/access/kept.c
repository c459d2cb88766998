/* kept.c - guards and crowds remembered, and the numbers by which they are known to hold. */
#include "access/kept.h"

#include <stdlib.h>

#include "record/views.h"

enum { CROWDS_MOST = 128, GUARDS_MOST = 1024 };

/* --- shelves --- */

void shelf_drop(const struct shelf *shelf, struct kept *kept)
{
	if (atomic_fetch_sub(&kept->refs, 1) == 1)
		shelf->free(kept);
}

static struct kept **find(struct shelf *shelf, struct str key)
{
	struct kept **at = &shelf->first;

	while (*at && !str_eq((*at)->key, key))
		at = &(*at)->next;
	return at;
}

static void take_out(struct shelf *shelf, struct kept **at)
{
	struct kept *kept = *at;

	*at = kept->next;
	shelf->len--;
	shelf_drop(shelf, kept);
}

static struct kept **least_used(struct shelf *shelf)
{
	struct kept **least = &shelf->first;

	for (struct kept **at = &shelf->first; *at; at = &(*at)->next)
		if ((*at)->used < (*least)->used)
			least = at;
	return least;
}

/* Remembered under its key instead of what was; the caller keeps a count of its own. */
void shelf_put(struct decisions *d, struct shelf *shelf, struct kept *kept)
{
	pthread_mutex_lock(&d->lock);
	struct kept **old = find(shelf, kept->key);

	if (*old)
		take_out(shelf, old);
	else if (shelf->len == shelf->most)
		take_out(shelf, least_used(shelf));
	kept->used = ++d->turn;
	atomic_fetch_add(&kept->refs, 1);
	kept->next = shelf->first;
	shelf->first = kept;
	shelf->len++;
	pthread_mutex_unlock(&d->lock);
}

/* Counted for the caller; NULL when there is none. What it had seen goes to *seen. */
struct kept *shelf_take(struct decisions *d, struct shelf *shelf, struct str key, struct seen *seen)
{
	pthread_mutex_lock(&d->lock);
	struct kept *kept = *find(shelf, key);

	if (kept) {
		atomic_fetch_add(&kept->refs, 1);
		kept->used = ++d->turn;
		*seen = kept->seen;
	}
	pthread_mutex_unlock(&d->lock);
	return kept;
}

void kept_note(struct decisions *d, struct kept *kept, const struct seen *seen)
{
	pthread_mutex_lock(&d->lock);
	kept->seen = *seen;
	pthread_mutex_unlock(&d->lock);
}

static void decisions_free(struct decisions *d)
{
	while (d->guards.first)
		take_out(&d->guards, &d->guards.first);
	while (d->crowds.first)
		take_out(&d->crowds, &d->crowds.first);
	pthread_mutex_destroy(&d->lock);
	free(d);
}

static void note_types(struct ctx *c, struct decisions *d)
{
	static const char *const tables[] = { "view_relation", "view_choice", "view_organisation",
					      "view_practitioner_role" };
	unsigned len;
	const struct view_table *views = record_views(c, &len);

	for (unsigned i = 0; i < len; i++)
		for (size_t k = 0; k < sizeof tables / sizeof *tables; k++)
			if (!strcmp(views[i].name, tables[k]) && d->type_count < TYPES_MOST)
				d->types[d->type_count++] =
					str_of(view_resource(views[i].view)->name);
}

struct decisions *decisions_of(struct ctx *c)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	struct decisions *d = __atomic_load_n(&c->place->decisions, __ATOMIC_ACQUIRE);

	if (d)
		return d;
	pthread_mutex_lock(&lock);
	d = c->place->decisions;
	if (!d) {
		d = calloc(1, sizeof *d);
		if (!d)
			abort();
		pthread_mutex_init(&d->lock, NULL);
		d->crowds = (struct shelf){ .most = CROWDS_MOST, .free = crowd_free };
		d->guards = (struct shelf){ .most = GUARDS_MOST, .free = made_free };
		note_types(c, d);
		c->place->decisions_free = decisions_free;
		__atomic_store_n(&c->place->decisions, d, __ATOMIC_RELEASE);
	}
	pthread_mutex_unlock(&lock);
	return d;
}

/* --- has anything changed? --- */

enum err changes_read(struct ctx *c, struct db *db, struct facts *out)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT (SELECT coalesce(max(seq), 0) FROM version), "
			"(SELECT coalesce(max(seq), 0) FROM event), "
			"(SELECT coalesce(max(key), 0) FROM agreement) + "
			"(SELECT coalesce(max(key), 0) FROM agreement_end), "
			"(SELECT coalesce(max(key), 0) FROM opening) + "
			"(SELECT coalesce(max(key), 0) FROM opening_review), "
			"(SELECT coalesce(max(key), 0) FROM name)"),
		    &s));
	TRY(stmt_step(c, s, &row));
	*out = (struct facts){ stmt_int(s, 0), stmt_int(s, 1), stmt_int(s, 2), stmt_int(s, 3),
			       stmt_int(s, 4) };
	return OK;
}

/* Nothing at all was written since, and all that was written before has been looked at. */
bool seen_untouched(const struct seen *seen, const struct facts *now, int64_t moment)
{
	return memcmp(&seen->facts, now, sizeof *now) == 0 && seen->settled >= now->version &&
	       moment < seen->until;
}

/* Is there a version since of what relationships and choices are made of? */
static enum err any_relevant(struct ctx *c, struct db *db, const struct decisions *d, int64_t after,
			     bool *out)
{
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT 1 FROM name n JOIN version v ON v.type = n.key WHERE n.text IN (?2, ?3, ?4, "
			"?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15) AND v.seq > ?1 LIMIT 1"),
		    &s));
	stmt_bind_int(s, 1, after);
	for (int i = 0; i < TYPES_MOST; i++)
		stmt_bind_text(s, 2 + i, (size_t)i < d->type_count ? d->types[i] : STR(""));
	return stmt_step(c, s, out);
}

/* Does what was seen still hold, but for its numbers? `named`: it hangs on which organisations there
 * are; `opened`: on openings. */
enum err seen_holds(struct look *l, const struct seen *seen, bool named, bool opened, bool *out)
{
	bool relevant;

	*out = false;
	if (l->now >= seen->until || seen->facts.event != l->facts.event ||
	    seen->facts.agreement != l->facts.agreement ||
	    (named && seen->facts.name != l->facts.name) ||
	    (opened && seen->facts.opening != l->facts.opening))
		return OK;
	TRY(any_relevant(l->c, l->db, l->d, seen->settled, &relevant));
	*out = !relevant;
	return OK;
}

struct seen seen_now(const struct look *l, int64_t until)
{
	return (struct seen){ .facts = l->facts, .settled = l->settled, .until = until };
}

/* --- lists --- */

void keys_add(void *arg, int64_t person)
{
	struct keys *k = arg;

	if (!k->len || k->at[k->len - 1] != person)
		*vec_push(k, k->a) = person;
}

static int key_cmp(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

void keys_settle(struct keys *k)
{
	size_t kept = 0;

	if (k->len)
		qsort(k->at, k->len, sizeof *k->at, key_cmp);
	for (size_t i = 0; i < k->len; i++)
		if (kept == 0 || k->at[kept - 1] != k->at[i])
			k->at[kept++] = k->at[i];
	k->len = kept;
}

void keys_reserve(struct keys *k, size_t len)
{
	vec_reserve(k, k->a, len + 1);
}

bool keys_have(const int64_t *at, size_t len, int64_t what)
{
	return len && bsearch(&what, at, len, sizeof what, key_cmp) != NULL;
}

const int64_t *keys_copy(struct arena *a, const int64_t *at, size_t len)
{
	return len ? (const int64_t *)(void *)arena_dup(a, at, len * sizeof *at) : NULL;
}

int persons_cmp(const void *a, const void *b)
{
	const struct guard_person *x = a, *y = b;

	return (x->person > y->person) - (x->person < y->person);
}

/* By person, the last of each. */
void persons_settle(struct persons *p)
{
	if (p->len)
		qsort(p->at, p->len, sizeof *p->at, persons_cmp);
	size_t kept = 0;
	for (size_t i = 0; i < p->len; i++) {
		if (kept && p->at[kept - 1].person == p->at[i].person)
			kept--;
		p->at[kept++] = p->at[i];
	}
	p->len = kept;
}

/* What differs decides differently, in every process: cursors are tied to it. */
const uint64_t stamp_seed[2] = { 0x6361757365776179, 1 };

uint64_t people_stamp(const struct guard *g)
{
	uint64_t stamp = hash_keyed(stamp_seed, g->people, g->people_count * sizeof *g->people);

	for (size_t i = 0; i < g->person_count; i++) {
		const struct guard_person *p = &g->persons[i];
		uint64_t one[] = { stamp,
				   (uint64_t)p->person,
				   p->hidden,
				   (uint64_t)p->own_only << 1 | p->all_orgs,
				   p->labels,
				   hash_keyed(stamp_seed, p->orgs, p->org_count * sizeof *p->orgs) };

		stamp = hash_keyed(stamp_seed, one, sizeof one);
	}
	return stamp;
}

void people_copy(struct arena *a, const struct guard *from, struct guard *to)
{
	struct guard_person *persons = NEW_N(a, struct guard_person, from->person_count + 1);

	for (size_t i = 0; i < from->person_count; i++) {
		persons[i] = from->persons[i];
		persons[i].orgs = keys_copy(a, persons[i].orgs, persons[i].org_count);
	}
	to->people = keys_copy(a, from->people, from->people_count);
	to->people_count = from->people_count;
	to->persons = persons;
	to->person_count = from->person_count;
	to->everyone = from->everyone;
}
