/* attempt.c - failures to sign in, counted by login and by address, and the pauses they cost. */
#include <sodium.h>

#include "access/account_part.h"
#include "access/sign_in.h"

#define SECOND INT64_C(1000000)
#define FORGET (24 * 3600 * SECOND) /* without a failure */
#define PAUSE_MOST (15 * 60 * SECOND)
#define SWEEP_MOST 100 /* rows that one who comes takes along: it leaves two at most */

static const struct counting {
	const char *what;
	int64_t free;  /* failures without a pause */
	int64_t first; /* the first pause; doubled after each failure */
} countings[] = {
	{ "login", 5, 30 * SECOND },
	{ "address", 50, 10 * SECOND },
};

struct attempt {
	struct str words[2];
	int64_t pause; /* found: what is left of one */
};

static struct str hash(struct ctx *c, unsigned kind, struct str words)
{
	struct buf b;

	buf_init(&b, c->arena, 0);
	buf_cstr(&b, countings[kind].what);
	buf_char(&b, ' ');
	buf_str(&b, words);
	return token_hash(c, buf_get(&b));
}

static enum err look(struct ctx *c, struct db *db, struct str hash, int64_t *failures, int64_t *last)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT failures, last FROM attempt WHERE hash = ?1"), &s));
	stmt_bind_blob(s, 1, hash);
	TRY(stmt_step(c, s, &row));
	*failures = row ? stmt_int(s, 0) : 0;
	*last = row ? stmt_int(s, 1) : 0;
	if (*last + FORGET <= clock_now(c->clock))
		*failures = 0;
	return OK;
}

static enum err forget(struct ctx *c, struct db *db, struct str hash)
{
	STMT(s);

	TRY(db_stmt(c, db, SQL("DELETE FROM attempt WHERE hash = ?1"), &s));
	stmt_bind_blob(s, 1, hash);
	return stmt_run(c, s);
}

/* No failures are what no row says. */
static enum err set(struct ctx *c, struct db *db, struct str hash, int64_t failures, int64_t last)
{
	STMT(s);

	if (failures <= 0)
		return forget(c, db, hash);
	TRY(db_stmt(c, db,
		    SQL("INSERT INTO attempt (hash, failures, last) VALUES (?1, ?2, ?3) "
			"ON CONFLICT (hash) DO UPDATE SET failures = excluded.failures, last = excluded.last"),
		    &s));
	stmt_bind_blob(s, 1, hash);
	stmt_bind_int(s, 2, failures);
	stmt_bind_int(s, 3, last);
	return stmt_run(c, s);
}

/* What is so old that it counts for nothing is swept out by those who come. */
static enum err sweep(struct ctx *c, struct db *db)
{
	return account_run(c, db,
			   SQL("DELETE FROM attempt WHERE hash IN (SELECT hash FROM attempt WHERE last <= ?1 "
			       "ORDER BY last LIMIT ?2)"),
			   clock_now(c->clock) - FORGET, SWEEP_MOST);
}

static int64_t pause_after(const struct counting *counting, int64_t failures)
{
	int64_t pause = counting->first, over = failures - counting->free;

	if (over < 0)
		return 0;
	while (over-- > 0 && pause < PAUSE_MOST)
		pause *= 2;
	return pause < PAUSE_MOST ? pause : PAUSE_MOST;
}

static enum err count(struct ctx *c, struct db *db, void *arg)
{
	struct attempt *a = arg;
	int64_t now = clock_now(c->clock), failures[2], last[2];
	struct str hashes[2];

	a->pause = 0;
	for (unsigned i = 0; i < 2; i++) {
		hashes[i] = hash(c, i, a->words[i]);
		TRY(look(c, db, hashes[i], &failures[i], &last[i]));
		int64_t left = last[i] + pause_after(&countings[i], failures[i]) - now;
		if (failures[i] && left > a->pause)
			a->pause = left;
	}
	TRY(sweep(c, db));
	if (a->pause)
		return OK; /* what comes during a pause is not looked at, and not counted */
	for (unsigned i = 0; i < 2; i++)
		TRY(set(c, db, hashes[i], failures[i] + 1, now));
	return OK;
}

enum err attempt_count(struct ctx *c, struct str login, struct str address)
{
	struct attempt a = { .words = { login, address } };

	TRY(store_write(c, c->place->store, count, &a));
	if (!a.pause)
		return OK;
	int64_t minutes = (a.pause + 60 * SECOND - 1) / (60 * SECOND);
	return fail(c, ERR_THROTTLED, "There were too many attempts. Try again in %lld minute%s.",
		    (long long)minutes, minutes == 1 ? "" : "s");
}

static enum err good(struct ctx *c, struct db *db, void *arg)
{
	const struct attempt *a = arg;
	int64_t failures, last;
	struct str address = hash(c, 1, a->words[1]);

	TRY(set(c, db, hash(c, 0, a->words[0]), 0, clock_now(c->clock)));
	TRY(look(c, db, address, &failures, &last));
	return set(c, db, address, failures - 1, last);
}

enum err attempt_good(struct ctx *c, struct str login, struct str address)
{
	struct attempt a = { .words = { login, address } };

	return store_write(c, c->place->store, good, &a);
}
