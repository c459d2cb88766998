/* ledger_exercise.c - causeway ledger exercise: many writers, reversals and closing of days, to measure and to kill.
 *
 * What writer w does as its n-th entry follows from seed, w and n alone, days included. So a run that was killed is
 * begun again with the same words and ends with the very ledger of a run that was not: whatever had been written is
 * found by its token, and `ledger trial` of both is the same to the penny.
 */
#include <pthread.h>
#include <time.h>

#include "base/map.h"
#include "ledger/ledger.h"
#include "main/ledger.h"

enum { BATCH = 100, ACCOUNTS = 64, WRITERS_MOST = 64, PER_DAY = 500, REVERSED_EVERY = 10 };
#define FIRST_DAY 16000

struct exercise {
	struct place *place;
	const struct clock *clock;
	FILE *out;
	int64_t per_writer, writers, seed;
	int64_t done[WRITERS_MOST]; /* entries acknowledged; atomic */
	pthread_mutex_t print;
	int64_t accounts[ACCOUNTS];
	char why[512];
	bool failed, said;
};
struct writer {
	struct exercise *x;
	int64_t n, from, to; /* which; entries [from, to) of the batch */
	pthread_t thread;
};

static uint64_t draw(const struct exercise *x, int64_t writer, int64_t n, uint64_t what)
{
	const uint64_t key[2] = { (uint64_t)x->seed, what };
	int64_t of[2] = { writer, n };

	return hash_keyed(key, of, sizeof of);
}

static struct str token_of(struct ctx *c, int64_t writer, int64_t n)
{
	return str_of(arena_printf(c->arena, "exercise:%lld:%lld", (long long)writer, (long long)n));
}

static enum err open_accounts(struct ctx *c, struct db *db, void *arg)
{
	struct exercise *x = arg;
	struct account *all;
	size_t len, own;

	TRY(ledger_accounts(c, db, STR(""), &all, &len));
	TRY(ledger_accounts(c, db, STR("exercise:"), &all, &own));
	if (len != own)
		return fail(c, ERR_CONFLICT, "This ledger is in use; exercise one of its own (causeway init).");
	for (int i = 0; i < ACCOUNTS; i++) {
		struct account a = { .code = str_of(arena_printf(c->arena, "exercise:%02d", i)), .unit = STR("GBP"),
				     .scale = 2, .kind = ACCOUNT_ASSET };

		TRY(ledger_account(c, db, &a));
		x->accounts[i] = a.key;
	}
	return OK;
}

static enum err key_of(struct ctx *c, struct db *db, struct str token, int64_t *key)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT key FROM ledger_entry WHERE token = ?1"), &s));
	stmt_bind_text(s, 1, token);
	TRY(stmt_step(c, s, &row));
	if (!row)
		return fail(c, ERR_NOT_FOUND, "entry " STR_FMT " was lost", STR_ARG(token));
	*key = stmt_int(s, 0);
	return OK;
}

static enum err write_one(struct ctx *c, struct db *db, const struct writer *w, int64_t n)
{
	const struct exercise *x = w->x;
	uint64_t from = draw(x, w->n, n, 1) % ACCOUNTS, to = (from + 1 + draw(x, w->n, n, 2) % (ACCOUNTS - 1)) % ACCOUNTS;
	int64_t amount = 1 + (int64_t)(draw(x, w->n, n, 3) % 100000), key;
	struct posting postings[] = { { x->accounts[to], amount }, { x->accounts[from], -amount } };
	struct entry entry = { .token = token_of(c, w->n, n), .effective = FIRST_DAY + n / PER_DAY, .words = STR("exercise"),
			       .postings = postings, .count = 2 };
	struct posted posted;

	if (n % REVERSED_EVERY != REVERSED_EVERY - 1)
		return ledger_post(c, db, &entry, &posted);
	TRY(key_of(c, db, token_of(c, w->n, n - 1 - (int64_t)(draw(x, w->n, n, 4) % (REVERSED_EVERY - 1))), &key));
	return ledger_reverse(c, db, key, entry.token, entry.effective, STR("exercise, reversed"), &posted);
}

static int64_t slowest(struct exercise *x)
{
	int64_t least = INT64_MAX;

	for (int64_t i = 0; i < x->writers; i++) {
		int64_t done = __atomic_load_n(&x->done[i], __ATOMIC_ACQUIRE);

		least = done < least ? done : least;
	}
	return least;
}

/* A batch, and from the first writer now and then the days all have passed are closed. */
static enum err write_batch(struct ctx *c, struct db *db, void *arg)
{
	struct writer *w = arg;
	int64_t day = FIRST_DAY + slowest(w->x) / PER_DAY, open;

	for (int64_t n = w->from; n < w->to; n++)
		TRY(write_one(c, db, w, n));
	if (w->n != 0 || w->from / BATCH % 10)
		return OK;
	TRY(ledger_closed(c, db, &open));
	return day > open && day > FIRST_DAY ? ledger_close(c, db, day, STR("exercise")) : OK;
}

static void acknowledge(struct writer *w)
{
	struct exercise *x = w->x;

	__atomic_store_n(&x->done[w->n], w->to, __ATOMIC_RELEASE);
	if (!x->said)
		return;
	pthread_mutex_lock(&x->print);
	fprintf(x->out, "%lld %lld\n", (long long)w->n, (long long)w->to);
	fflush(x->out);
	pthread_mutex_unlock(&x->print);
}

static void *write_all(void *arg)
{
	struct writer *w = arg;
	struct exercise *x = w->x;
	ARENA(arena);
	struct ctx c;

	for (int64_t n = 0; n < x->per_writer && !__atomic_load_n(&x->failed, __ATOMIC_ACQUIRE); n += BATCH) {
		arena_reset(&arena);
		ctx_init(&c, &arena);
		c.clock = x->clock;
		c.place = x->place;
		w->from = n;
		w->to = n + BATCH < x->per_writer ? n + BATCH : x->per_writer;
		if (store_write(&c, x->place->store, write_batch, w) != OK) {
			pthread_mutex_lock(&x->print);
			snprintf(x->why, sizeof x->why, "%s", c.why);
			pthread_mutex_unlock(&x->print);
			__atomic_store_n(&x->failed, true, __ATOMIC_RELEASE);
			break;
		}
		acknowledge(w);
	}
	return NULL;
}

static double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

enum err ledger_exercise(struct ctx *c, const struct invocation *in)
{
	static struct exercise x;
	struct writer writers[WRITERS_MOST] = { 0 };
	int64_t entries = 0, started = clock_monotonic();
	double cpu = cpu_seconds(), wall;

	x = (struct exercise){ .place = c->place, .clock = c->clock, .out = in->out, .said = command_option(in, "verbose") };
	TRY(command_option_int(c, in, "entries", 1, 100000000, &entries));
	TRY(command_option_int(c, in, "writers", 1, WRITERS_MOST, &x.writers));
	TRY(command_option_int(c, in, "seed", 0, INT64_MAX, &x.seed));
	x.per_writer = (entries + x.writers - 1) / x.writers;
	pthread_mutex_init(&x.print, NULL);
	TRY(store_write(c, c->place->store, open_accounts, &x));
	for (int64_t i = 0; i < x.writers; i++) {
		writers[i] = (struct writer){ .x = &x, .n = i };
		if (pthread_create(&writers[i].thread, NULL, write_all, &writers[i]))
			return fail(c, ERR_IO, "No thread could be made.");
	}
	for (int64_t i = 0; i < x.writers; i++)
		pthread_join(writers[i].thread, NULL);
	if (x.failed)
		return fail(c, ERR_CONFLICT, "%s", x.why);
	entries = x.per_writer * x.writers;
	wall = (double)(clock_monotonic() - started) / 1e6;
	fprintf(in->out, "%lld entries, %lld postings, %.2f s, %.2f s of processor: %.0f postings/s\n", (long long)entries,
		(long long)entries * 2, wall, cpu_seconds() - cpu, (double)entries * 2 / wall);
	return OK;
}
