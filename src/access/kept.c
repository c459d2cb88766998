/* kept.c - guards and crowds remembered, and the numbers by which they are known to hold. */
#include "access/kept.h"

#include <sodium.h>
#include <stdlib.h>

#include "base/map.h"
#include "base/mutex.h"
#include "base/sorted.h"
#include "record/views.h"

enum { CROWDS_MOST = 128, GUARDS_MOST = 1024, ASKERS_MOST = 4096 };

/* --- shelves --- */

void shelf_drop(const struct shelf *shelf, struct kept *kept)
{
	if (atomic_fetch_sub(&kept->refs, 1) == 1)
		shelf->free(kept);
}

static uint64_t key_hash(struct str key)
{
	return hash_bytes(key.at, key.len);
}

/* Where it stands, or would: the end of its row. */
static struct kept **find(struct shelf *shelf, struct str key, uint64_t hash)
{
	struct kept **at = &shelf->rows[hash % SHELF_ROWS];

	while (*at && ((*at)->hash != hash || !str_eq((*at)->key, key)))
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

/* Only on a shelf that is full, when something has just been made that cost more. */
static void take_out_least_used(struct shelf *shelf)
{
	struct kept **least = NULL;

	for (size_t i = 0; i < SHELF_ROWS; i++)
		for (struct kept **at = &shelf->rows[i]; *at; at = &(*at)->next)
			if (!least || (*at)->used < (*least)->used)
				least = at;
	take_out(shelf, least);
}

/* Remembered under its key instead of what was; the caller keeps a count of its own. */
void shelf_put(struct decisions *d, struct shelf *shelf, struct kept *kept)
{
	kept->hash = key_hash(kept->key);
	pthread_mutex_lock(&d->lock);
	struct kept **at = find(shelf, kept->key, kept->hash);

	if (*at) {
		take_out(shelf, at);
	} else if (shelf->len == shelf->most) {
		take_out_least_used(shelf);
		at = &shelf->rows[kept->hash % SHELF_ROWS];
	}
	kept->used = ++d->turn;
	atomic_fetch_add(&kept->refs, 1);
	kept->next = *at;
	*at = kept;
	shelf->len++;
	pthread_mutex_unlock(&d->lock);
}

/* Counted for the caller; NULL when there is none. What it had seen goes to *seen. */
struct kept *shelf_take(struct decisions *d, struct shelf *shelf, struct str key, struct seen *seen)
{
	uint64_t hash = key_hash(key);

	pthread_mutex_lock(&d->lock);
	struct kept *kept = *find(shelf, key, hash);

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

static void shelf_clear(struct shelf *shelf)
{
	for (size_t i = 0; i < SHELF_ROWS; i++)
		while (shelf->rows[i])
			take_out(shelf, &shelf->rows[i]);
}

static void decisions_free(struct decisions *d)
{
	lanes_free(d);
	shelf_clear(&d->askers);
	shelf_clear(&d->guards);
	shelf_clear(&d->crowds);
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
	static uint64_t so_far; /* under it */
	struct decisions *d = __atomic_load_n(&c->place->decisions, __ATOMIC_ACQUIRE);

	if (d)
		return d;
	pthread_mutex_lock(&lock);
	d = c->place->decisions;
	if (!d) {
		d = calloc(1, sizeof *d);
		if (!d)
			abort();
		mutex_init_short(&d->lock);
		randombytes_buf(d->secret, sizeof d->secret);
		d->number = ++so_far;
		d->crowds = (struct shelf){ .most = CROWDS_MOST, .free = crowd_free };
		d->guards = (struct shelf){ .most = GUARDS_MOST, .free = made_free };
		d->askers = (struct shelf){ .most = ASKERS_MOST, .free = asker_free };
		note_types(c, d);
		c->place->decisions_free = decisions_free;
		__atomic_store_n(&c->place->decisions, d, __ATOMIC_RELEASE);
	}
	pthread_mutex_unlock(&lock);
	return d;
}

/* --- has anything changed? --- */

static enum err read_numbers(struct ctx *c, struct db *db, struct facts *out)
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
			"(SELECT coalesce(max(key), 0) FROM name), "
			"(SELECT coalesce(max(key), 0) FROM account_event)"),
		    &s));
	TRY(stmt_step(c, s, &row));
	*out = (struct facts){ stmt_int(s, 0), stmt_int(s, 1), stmt_int(s, 2),
			       stmt_int(s, 3), stmt_int(s, 4), stmt_int(s, 5) };
	return OK;
}

static void bind_types(struct stmt *s, const struct decisions *d)
{
	for (int i = 0; i < TYPES_MOST; i++)
		stmt_bind_text(s, 2 + i, (size_t)i < d->type_count ? d->types[i] : STR(""));
}

/* The last version of what relationships and choices are made of, above `after`; 0: there is none. */
static enum err last_relevant(struct ctx *c, struct db *db, const struct decisions *d, int64_t after,
			      int64_t *out)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT coalesce(max(seq), 0) FROM (SELECT (SELECT max(v.seq) FROM version v "
			"WHERE v.type = n.key AND v.seq > ?1) AS seq FROM name n WHERE n.text IN (?2, ?3, ?4, "
			"?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)) AS last"),
		    &s));
	stmt_bind_int(s, 1, after);
	bind_types(s, d);
	TRY(stmt_step(c, s, &row));
	*out = stmt_int(s, 0);
	return OK;
}

/* Where there is a stamp numbers are committed in their order, so only what came since is looked at. */
static enum err read_stamped(struct ctx *c, struct db *db, struct decisions *d, uint64_t stamp,
			     struct facts *out)
{
	int64_t version, relevant;
	struct facts facts;

	TRY(read_numbers(c, db, &facts));
	version = facts.version;
	pthread_mutex_lock(&d->lock);
	int64_t known = d->latest.any && d->latest.version <= version ? d->latest.version : 0;
	facts.version = known ? d->latest.facts.version : 0;
	pthread_mutex_unlock(&d->lock);
	if (version > known) {
		TRY(last_relevant(c, db, d, known, &relevant));
		facts.version = relevant ? relevant : facts.version;
	}
	pthread_mutex_lock(&d->lock);
	d->latest.any = true;
	d->latest.stamp = stamp;
	d->latest.version = version;
	d->latest.facts = facts;
	pthread_mutex_unlock(&d->lock);
	*out = facts;
	return OK;
}

static bool latest(struct decisions *d, uint64_t stamp, struct facts *out)
{
	pthread_mutex_lock(&d->lock);
	bool same = d->latest.any && d->latest.stamp == stamp;

	if (same)
		*out = d->latest.facts;
	pthread_mutex_unlock(&d->lock);
	return same;
}

enum err changes_read(struct ctx *c, struct db *db, struct facts *out)
{
	struct decisions *d = decisions_of(c);
	uint64_t stamp = 0; /* read first: what is committed meanwhile gives another */
	bool stamped = store_stamp(c->place->store, &stamp);
	READER(own);

	if (stamped && latest(d, stamp, out))
		return OK;
	if (!db) {
		TRY(store_reader(c, c->place->store, &own));
		db = own;
	}
	return stamped ? read_stamped(c, db, d, stamp, out) : read_numbers(c, db, out);
}

bool seen_untouched(const struct seen *seen, const struct facts *now, int64_t moment)
{
	const struct facts *then = &seen->facts;

	return then->version == now->version && then->event == now->event &&
	       then->agreement == now->agreement && then->opening == now->opening &&
	       then->name == now->name && seen->settled >= now->version && moment < seen->until;
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
	bind_types(s, d);
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
	return sorted_has(at, len, what);
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

	if (g->given_count) {
		uint64_t both[] = { stamp, hash_keyed(stamp_seed, g->given, g->given_count * sizeof *g->given) };

		stamp = hash_keyed(stamp_seed, both, sizeof both);
	}
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
	to->given = keys_copy(a, from->given, from->given_count);
	to->given_count = from->given_count;
	to->persons = persons;
	to->person_count = from->person_count;
	to->everyone = from->everyone;
}
