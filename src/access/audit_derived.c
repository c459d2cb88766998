/* audit_derived.c - is the index of who looked, and are the sums by day, what the rows of the audit say?
 *
 * Both can be made again from the rows, but people are shown who looked by them: a row taken out of the index hides a look
 * as well as one taken out of the audit. So the proof, which reads every row anyway, puts together what ought to stand there:
 * for each person how many rows there are and a sum over them in which order does not count, and for each day what each
 * member of staff looked at.
 *
 * Rows come nearly in the order of their times, so days that are over are compared and forgotten as the reading goes on.
 * Where a clock was set back a look may come for a day already compared: what differs then is judged at the end.
 */
#include <stdarg.h>
#include <stdlib.h>

#include "access/audit_part.h"

#define DAY INT64_C(86400000000)
enum {
	DERIVED_FINDINGS = 50,
	DAYS_OPEN = 2,     /* days before the newest that are not taken for over */
	ODD_MOST = 1 << 20 /* that differ and may yet be explained */
};

struct sum {
	int64_t person; /* 0: free */
	int64_t rows;
	uint64_t sum;
	bool met; /* it was in the table */
};

struct days {
	struct look_day *at;
	size_t len, room;
};

struct derived {
	int64_t made;
	size_t most;
	struct sum *sums; /* by person, open addressing */
	size_t len, room;
	struct days open;    /* from the day `compared` on */
	struct days odd;     /* before it: what differed, and what came for it later */
	int64_t compared, newest;
	int64_t findings;
};

struct derived *derived_new(int64_t made, size_t most)
{
	struct derived *d = calloc(1, sizeof *d);

	if (!d)
		abort();
	d->made = made;
	d->most = most;
	d->compared = d->newest = INT64_MIN;
	return d;
}

void derived_free(struct derived *d)
{
	if (!d)
		return;
	free(d->sums);
	free(d->open.at);
	free(d->odd.at);
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

/* In their order, each once. */
static void merge_days(struct days *days)
{
	size_t kept = 0;

	if (days->len)
		qsort(days->at, days->len, sizeof *days->at, look_day_order);
	for (size_t i = 0; i < days->len; i++)
		if (kept && same_day(&days->at[kept - 1], &days->at[i]))
			look_day_join(&days->at[kept - 1], &days->at[i]);
		else
			days->at[kept++] = days->at[i];
	days->len = kept;
}

static void add_look(struct days *days, const struct look_day *look)
{
	if (days->len == days->room) {
		merge_days(days);
		if (days->len * 2 >= days->room) {
			days->room = days->room ? days->room * 2 : 4096;
			days->at = realloc(days->at, days->room * sizeof *days->at);
			if (!days->at)
				abort();
		}
	}
	days->at[days->len++] = *look;
}

/* What ought not to be there at all, as a sum of no looks. */
static struct look_day no_looks(const struct look_day *of)
{
	return (struct look_day){ .day = of->day, .account = of->account, .person = of->person,
				  .first = INT64_MAX, .last = INT64_MIN };
}

static void add_odd(struct derived *d, const struct look_day *ought)
{
	if (d->odd.len < ODD_MOST)
		add_look(&d->odd, ought);
	else
		d->findings++; /* named are others enough */
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

static struct look_day take_day(struct stmt *s)
{
	return (struct look_day){ stmt_int(s, 0), stmt_int(s, 1), stmt_int(s, 2), stmt_int(s, 3),
				  stmt_int(s, 4), stmt_int(s, 5), stmt_int(s, 6), stmt_int(s, 7) };
}

#define DAY_COLUMNS "day, account, person, looks, bare, began, ended, last"

static int day_order(const struct look_day *a, const struct look_day *b)
{
	struct look_day x = *a, y = *b;

	x.row = y.row = 0;
	return look_day_order(&x, &y);
}

/* Those of the next days, up to `last`: two lists in one order, side by side. */
static enum err compare_days(struct ctx *c, struct db *db, struct derived *d, int64_t last)
{
	size_t at = 0;
	bool row;
	STMT(s);

	merge_days(&d->open);
	TRY(db_stmt(c, db,
		    SQL("SELECT " DAY_COLUMNS " FROM audit_day WHERE day >= ?1 AND day <= ?2 ORDER BY day, account, person"), &s));
	stmt_bind_int(s, 1, d->compared);
	stmt_bind_int(s, 2, last);
	for (;;) {
		struct look_day there = { 0 };

		TRY(stmt_step(c, s, &row));
		if (row)
			there = take_day(s);
		for (; at < d->open.len && d->open.at[at].day <= last &&
		       (!row || day_order(&d->open.at[at], &there) < 0); at++)
			add_odd(d, &d->open.at[at]);
		if (!row)
			break;
		if (at < d->open.len && same_day(&d->open.at[at], &there)) {
			if (memcmp(&d->open.at[at], &there, sizeof there) != 0)
				add_odd(d, &d->open.at[at]);
			at++;
		} else {
			there = no_looks(&there);
			add_odd(d, &there);
		}
	}
	if (at)
		memmove(d->open.at, d->open.at + at, (d->open.len - at) * sizeof *d->open.at);
	d->open.len -= at;
	d->compared = last < INT64_MAX ? last + 1 : last;
	return OK;
}

static enum err add_day(struct ctx *c, struct db *db, struct derived *d, const struct looked *row)
{
	struct look_day look = look_day_of(row);

	if (look.day < d->compared) {
		add_odd(d, &look);
		return OK;
	}
	d->newest = look.day > d->newest ? look.day : d->newest;
	add_look(&d->open, &look);
	if (d->open.len < d->most || d->newest - DAYS_OPEN <= d->open.at[0].day)
		return OK;
	return compare_days(c, db, d, d->newest - DAYS_OPEN - 1);
}

enum err derived_add(struct ctx *c, struct db *db, struct derived *d, const struct looked *row)
{
	if (row->key > d->made)
		return OK;
	if (row->person)
		add_person(d, row->person, row->key);
	for (size_t i = 0; i < row->people_count; i++)
		if (row->people[i] != row->person)
			add_person(d, row->people[i], row->key);
	return is_staffs_look(row) ? add_day(c, db, d, row) : OK;
}

/* What differed when its day was compared, with all that came for it later. */
static enum err judge_odd(struct ctx *c, struct db *db, struct derived *d)
{
	merge_days(&d->odd);
	for (size_t i = 0; i < d->odd.len; i++) {
		const struct look_day *ought = &d->odd.at[i];
		struct look_day there = { 0 };
		bool row;
		STMT(s);

		TRY(db_stmt(c, db,
			    SQL("SELECT " DAY_COLUMNS " FROM audit_day WHERE day = ?1 AND account = ?2 AND person = ?3"), &s));
		stmt_bind_int(s, 1, ought->day);
		stmt_bind_int(s, 2, ought->account);
		stmt_bind_int(s, 3, ought->person);
		TRY(stmt_step(c, s, &row));
		if (row)
			there = take_day(s);
		if (memcmp(ought, &there, sizeof there) != 0)
			find_day(c, d, ought);
	}
	return OK;
}

enum err derived_check(struct ctx *c, struct db *db, struct derived *d, int64_t *findings)
{
	TRY(check_people(c, db, d));
	TRY(compare_days(c, db, d, INT64_MAX));
	TRY(judge_odd(c, db, d));
	*findings += d->findings;
	return OK;
}
