/* audit_derived.c - is the index of who looked, and are the sums by day, what the rows of the audit say?
 *
 * Both can be made again from the rows, but people are shown who looked by them: a row taken out of the index hides a look
 * as well as one taken out of the audit. So the proof, which reads every row anyway, puts together what ought to stand there:
 * for each person how many rows there are and a sum over them in which order does not count, and for each of the last
 * days what each member of staff looked at.
 */
#include <stdarg.h>
#include <stdlib.h>

#include "access/audit_part.h"

#define DAY INT64_C(86400000000)
enum { DERIVED_FINDINGS = 50 };

struct sum {
	int64_t person; /* 0: free */
	int64_t rows;
	uint64_t sum;
	bool met; /* it was in the table */
};

struct derived {
	int64_t made, since;
	struct sum *sums; /* by person, open addressing */
	size_t len, room;
	struct look_day *days;
	size_t day_count, day_room;
	int64_t findings;
};

struct derived *derived_new(int64_t made, int64_t since_day)
{
	struct derived *d = calloc(1, sizeof *d);

	if (!d)
		abort();
	d->made = made;
	d->since = since_day;
	return d;
}

void derived_free(struct derived *d)
{
	if (!d)
		return;
	free(d->sums);
	free(d->days);
	free(d);
}

/* --- what ought to be there --- */

static uint64_t mix(int64_t key)
{
	uint64_t x = (uint64_t)key;

	x = (x ^ (x >> 31)) * 0x7FB5D329728EA185u;
	x = (x ^ (x >> 27)) * 0x81DADEF4BC2DD44Du;
	return x ^ (x >> 33);
}

static struct sum *place_of(struct sum *sums, size_t room, int64_t person)
{
	size_t at = mix(person) & (room - 1);

	while (sums[at].person && sums[at].person != person)
		at = (at + 1) & (room - 1);
	return &sums[at];
}

static void grow(struct derived *d)
{
	size_t room = d->room ? d->room * 2 : 4096;
	struct sum *sums = calloc(room, sizeof *sums);

	if (!sums)
		abort();
	for (size_t i = 0; i < d->room; i++)
		if (d->sums[i].person)
			*place_of(sums, room, d->sums[i].person) = d->sums[i];
	free(d->sums);
	d->sums = sums;
	d->room = room;
}

static void add_person(struct derived *d, int64_t person, int64_t key)
{
	if (d->len * 2 >= d->room)
		grow(d);
	struct sum *sum = place_of(d->sums, d->room, person);

	d->len += !sum->person;
	sum->person = person;
	sum->rows++;
	sum->sum += mix(key);
}

static bool same_day(const struct look_day *a, const struct look_day *b)
{
	return a->day == b->day && a->account == b->account && a->person == b->person;
}

static void merge_days(struct derived *d)
{
	size_t kept = 0;

	if (d->day_count)
		qsort(d->days, d->day_count, sizeof *d->days, look_day_order);
	for (size_t i = 0; i < d->day_count; i++)
		if (kept && same_day(&d->days[kept - 1], &d->days[i]))
			look_day_join(&d->days[kept - 1], &d->days[i]);
		else
			d->days[kept++] = d->days[i];
	d->day_count = kept;
}

static void add_look(struct derived *d, const struct looked *row)
{
	if (d->day_count == d->day_room) {
		merge_days(d);
		if (d->day_count * 2 >= d->day_room) {
			d->day_room = d->day_room ? d->day_room * 2 : 4096;
			d->days = realloc(d->days, d->day_room * sizeof *d->days);
			if (!d->days)
				abort();
		}
	}
	d->days[d->day_count++] = look_day_of(row);
}

void derived_add(struct derived *d, const struct looked *row)
{
	if (row->key > d->made)
		return;
	if (row->person)
		add_person(d, row->person, row->key);
	for (size_t i = 0; i < row->people_count; i++)
		if (row->people[i] != row->person)
			add_person(d, row->people[i], row->key);
	if (is_staffs_look(row) && row->at / DAY >= d->since)
		add_look(d, row);
}

/* --- what is there --- */

__attribute__((format(printf, 4, 5))) static void find(struct ctx *c, struct derived *d, const char *where,
						       const char *format, ...)
{
	va_list args;

	if (d->findings++ >= DERIVED_FINDINGS)
		return;
	va_start(args, format);
	issue_add(c, ISSUE_ERROR, "exception", where, 0, 0, "%s", arena_vprintf(c->arena, format, args));
	va_end(args);
}

static const char *person_name(struct ctx *c, int64_t person)
{
	return arena_printf(c->arena, "audit_person %lld", (long long)person);
}

#define SAY_PERSON "What is shown to person %lld of who looked is not what the audit says (`causeway rebuild` makes it again)."

static void meet(struct ctx *c, struct derived *d, const struct sum *there)
{
	struct sum *ought = d->room ? place_of(d->sums, d->room, there->person) : NULL;

	if (ought && ought->person)
		ought->met = true;
	if (!ought || ought->rows != there->rows || ought->sum != there->sum)
		find(c, d, person_name(c, there->person), SAY_PERSON, (long long)there->person);
}

static void add_run(struct ctx *c, struct derived *d, struct arena *scratch, int64_t called, struct str packed, struct sum *one)
{
	int64_t *keys;
	size_t len;

	if (!keys_unpack(scratch, packed, &keys, &len) || !len || keys[0] != called) {
		find(c, d, person_name(c, one->person), SAY_PERSON, (long long)one->person);
		return;
	}
	one->rows += (int64_t)len;
	for (size_t i = 0; i < len; i++)
		one->sum += mix(keys[i]);
}

static enum err check_people(struct ctx *c, struct db *db, struct derived *d)
{
	struct sum one = { 0 };
	bool row;
	ARENA(scratch);
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT person, key, keys FROM audit_person WHERE person <> 0 ORDER BY person, key"), &s));
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (one.person && (!row || stmt_int(s, 0) != one.person)) {
			meet(c, d, &one);
			one = (struct sum){ 0 };
		}
		if (!row)
			break;
		one.person = stmt_int(s, 0);
		add_run(c, d, &scratch, stmt_int(s, 1), stmt_text(s, 2), &one);
		arena_reset(&scratch);
	}
	for (size_t i = 0; i < d->room; i++)
		if (d->sums[i].person && !d->sums[i].met)
			find(c, d, person_name(c, d->sums[i].person), SAY_PERSON, (long long)d->sums[i].person);
	return OK;
}

static void find_day(struct ctx *c, struct derived *d, const struct look_day *at)
{
	const char *where = arena_printf(c->arena, "audit_day %lld/%lld/%lld", (long long)at->day, (long long)at->account,
					 (long long)at->person);

	find(c, d, where, "How much account %lld looked at person %lld on day %lld is not what the audit says (`causeway rebuild` makes it again).",
	     (long long)at->account, (long long)at->person, (long long)at->day);
}

/* Two lists in one order, side by side. */
static enum err check_days(struct ctx *c, struct db *db, struct derived *d)
{
	size_t at = 0;
	bool row;
	STMT(s);

	merge_days(d);
	TRY(db_stmt(c, db,
		    SQL("SELECT day, account, person, looks, bare, began, ended, last FROM audit_day WHERE day >= ?1 "
			"ORDER BY day, account, person"),
		    &s));
	stmt_bind_int(s, 1, d->since);
	for (;;) {
		TRY(stmt_step(c, s, &row));
		struct look_day there = { 0 };

		if (row)
			there = (struct look_day){ stmt_int(s, 0), stmt_int(s, 1), stmt_int(s, 2), stmt_int(s, 3),
						   stmt_int(s, 4), stmt_int(s, 5), stmt_int(s, 6), INT64_MAX };
		while (at < d->day_count && (!row || (look_day_order(&d->days[at], &there) < 0 && !same_day(&d->days[at], &there))))
			find_day(c, d, &d->days[at++]);
		if (!row)
			return OK;
		there.row = stmt_int(s, 7);
		if (at < d->day_count && same_day(&d->days[at], &there)) {
			if (memcmp(&d->days[at], &there, sizeof there) != 0)
				find_day(c, d, &there);
			at++;
		} else {
			find_day(c, d, &there);
		}
	}
}

enum err derived_check(struct ctx *c, struct db *db, struct derived *d, int64_t *findings)
{
	TRY(check_people(c, db, d));
	TRY(check_days(c, db, d));
	*findings += d->findings;
	return OK;
}
