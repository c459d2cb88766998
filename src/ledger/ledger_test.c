/* ledger_test.c - double entry, on both engines. */
#include "base/test.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/when.h"
#include "ledger/ledger.h"
#include "record/test_definitions.h"
#include "store/test_place.h"

struct world {
	char dir[64], path[512];
	struct arena arena;
	struct ctx c;
	struct clock_fixed clock;
	struct place *place;
};

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	struct share share = { .dir = SOURCE_DIR "/share" };

	strcpy(w->dir, "/tmp/ledger_test.XXXXXX");
	if (!mkdtemp(w->dir))
		return -1;
	test_place(w->path, sizeof w->path, w->dir);
	arena_init(&w->arena);
	ctx_init(&w->c, &w->arena);
	clock_fixed_init(&w->clock, INT64_C(1700000000000000));
	w->c.clock = &w->clock.clock;
	if (place_open_with(&w->c, definitions(&w->c, &share), &share, w->path, STORE_CREATE, false,
			    &w->place))
		fail_msg("%s", w->c.why);
	test_place_made(w->path);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;
	char command[128];

	place_close(w->place);
	test_place_drop();
	arena_done(&w->arena);
	snprintf(command, sizeof command, "rm -r %s", w->dir);
	int code = system(command);
	free(w);
	return code;
}

/* ---- one thing inside a transaction ---- */

struct job {
	enum err (*run)(struct ctx *c, struct db *db, struct job *job);
	struct account account;
	struct entry entry;
	struct posted posted;
	int64_t key, day;
	struct str token;
};

static enum err run_job(struct ctx *c, struct db *db, void *arg)
{
	struct job *job = arg;

	return job->run(c, db, job);
}

static enum err open_it(struct ctx *c, struct db *db, struct job *job)
{
	return ledger_account(c, db, &job->account);
}

static enum err post_it(struct ctx *c, struct db *db, struct job *job)
{
	return ledger_post(c, db, &job->entry, &job->posted);
}

static enum err reverse_it(struct ctx *c, struct db *db, struct job *job)
{
	return ledger_reverse(c, db, job->key, job->token, job->day, STR("a mistake"), &job->posted);
}

static enum err close_it(struct ctx *c, struct db *db, struct job *job)
{
	return ledger_close(c, db, job->day, STR("finance"));
}

static enum err do_job(struct ctx *c, struct job *job)
{
	return store_write(c, c->place->store, run_job, job);
}

static int64_t account(struct ctx *c, const char *code, const char *unit, enum account_limit limit)
{
	struct job job = { .run = open_it,
			   .account = { .code = str_of(code), .unit = str_of(unit), .scale = 2,
					.kind = ACCOUNT_ASSET, .limit = limit } };

	if (do_job(c, &job))
		fail_msg("%s", c->why);
	return job.account.key;
}

static enum err move(struct ctx *c, const char *token, int64_t from, int64_t to, int64_t amount, int64_t day,
		     struct posted *out)
{
	struct posting postings[] = { { to, amount }, { from, -amount } };
	struct job job = { .run = post_it,
			   .entry = { .token = str_of(token), .effective = day, .words = STR("a payment"),
				      .postings = postings, .count = 2 } };
	enum err e = do_job(c, &job);

	if (e == OK && out)
		*out = job.posted;
	return e;
}

static int64_t balance(struct ctx *c, int64_t account, struct as_at at)
{
	int64_t out;
	READER(db);

	assert_int_equal(store_reader(c, c->place->store, &db), OK);
	assert_int_equal(ledger_balance(c, db, account, at, &out), OK);
	return out;
}

static enum err proof(struct ctx *c, struct ledger_proof *out)
{
	READER(db);

	assert_int_equal(store_reader(c, c->place->store, &db), OK);
	return ledger_check(c, db, NULL, out);
}

/* ---- tests ---- */

static void test_an_entry_sums_to_zero(void **state)
{
	struct ctx *c = &((struct world *)*state)->c;
	int64_t a = account(c, "bank", "GBP", LIMIT_NONE), b = account(c, "budget:p-1", "GBP", LIMIT_NONE);
	int64_t hours = account(c, "hours:p-1", "hour", LIMIT_NONE);
	struct posting uneven[] = { { a, 100 }, { b, -99 } }, mixed[] = { { a, 100 }, { hours, -100 } };
	struct job job = { .run = post_it, .entry = { .token = STR("1"), .postings = uneven, .count = 2 } };

	assert_int_equal(do_job(c, &job), ERR_INVALID);
	assert_non_null(strstr(c->why, "in GBP do not sum to zero"));
	job.entry.postings = mixed;
	assert_int_equal(do_job(c, &job), ERR_INVALID);
	job.entry.count = 1;
	assert_int_equal(do_job(c, &job), ERR_INVALID);
	job.entry = (struct entry){ .postings = uneven, .count = 2 };
	assert_int_equal(do_job(c, &job), ERR_INVALID);
	assert_int_equal(move(c, "2", a, b, 0, 0, NULL), ERR_INVALID);
	assert_int_equal(move(c, "3", a, b, 12345, 0, NULL), OK);
	assert_int_equal(balance(c, b, AS_AT_NOW), 12345);
	assert_int_equal(balance(c, a, AS_AT_NOW), -12345);
}

static void test_a_token_writes_once(void **state)
{
	struct ctx *c = &((struct world *)*state)->c;
	int64_t a = account(c, "a", "GBP", LIMIT_NONE), b = account(c, "b", "GBP", LIMIT_NONE);
	struct posted first, again;

	assert_int_equal(move(c, "pay-7", a, b, 100, 10, &first), OK);
	assert_false(first.existed);
	assert_int_equal(move(c, "pay-7", a, b, 100, 10, &again), OK);
	assert_true(again.existed && again.key == first.key);
	assert_int_equal(move(c, "pay-7", a, b, 101, 10, NULL), ERR_CONFLICT);
	assert_int_equal(move(c, "pay-7", a, b, 100, 11, NULL), ERR_CONFLICT);
	assert_int_equal(balance(c, b, AS_AT_NOW), 100);
}

static void test_a_balance_as_it_was_and_as_it_was_known(void **state)
{
	struct world *w = *state;
	struct ctx *c = &w->c;
	int64_t a = account(c, "a", "GBP", LIMIT_NONE), b = account(c, "b", "GBP", LIMIT_NONE);
	int64_t june = when_days(2023, 6, 1), july = when_days(2023, 7, 1), then = clock_now(c->clock);

	assert_int_equal(move(c, "1", a, b, 100, june, NULL), OK);
	w->clock.at += 1000000;
	assert_int_equal(move(c, "2", a, b, 50, july, NULL), OK);
	assert_int_equal(move(c, "3", a, b, 7, june, NULL), OK); /* told late */
	assert_int_equal(balance(c, b, AS_AT_NOW), 157);
	assert_int_equal(balance(c, b, (struct as_at){ june, INT64_MAX }), 107);
	assert_int_equal(balance(c, b, (struct as_at){ june, then }), 100);
	assert_int_equal(balance(c, b, (struct as_at){ june - 1, INT64_MAX }), 0);
}

static void test_a_mistake_is_reversed_once(void **state)
{
	struct ctx *c = &((struct world *)*state)->c;
	int64_t a = account(c, "a", "GBP", LIMIT_NONE), b = account(c, "b", "GBP", LIMIT_NONE);
	struct ledger_proof p;
	struct posted posted;

	assert_int_equal(move(c, "1", a, b, 100, 10, &posted), OK);
	struct job job = { .run = reverse_it, .key = posted.key, .token = STR("undo-1"), .day = 12 };
	assert_int_equal(do_job(c, &job), OK);
	assert_int_equal(balance(c, b, AS_AT_NOW), 0);
	assert_int_equal(balance(c, b, (struct as_at){ 11, INT64_MAX }), 100);
	assert_int_equal(do_job(c, &job), OK); /* the same token: nothing new */
	assert_true(job.posted.existed);
	job.token = STR("undo-2");
	assert_int_equal(do_job(c, &job), ERR_CONFLICT);
	job.key = 99;
	assert_int_equal(do_job(c, &job), ERR_NOT_FOUND);
	assert_int_equal(proof(c, &p), OK);
	assert_true(p.accounts == 2 && p.entries == 2 && p.postings == 4);
}

static void test_a_closed_day_stays_closed(void **state)
{
	struct ctx *c = &((struct world *)*state)->c;
	int64_t a = account(c, "a", "GBP", LIMIT_NONE), b = account(c, "b", "GBP", LIMIT_NONE);
	struct job job = { .run = close_it, .day = when_days(2023, 4, 1) };

	assert_int_equal(move(c, "1", a, b, 100, job.day - 1, NULL), OK);
	assert_int_equal(do_job(c, &job), OK);
	assert_int_equal(move(c, "2", a, b, 100, job.day - 1, NULL), ERR_CONFLICT);
	assert_non_null(strstr(c->why, "2023-03-31 is closed; the first open day is 2023-04-01"));
	assert_int_equal(move(c, "2", a, b, 100, job.day, NULL), OK);
	job.day--;
	assert_int_equal(do_job(c, &job), ERR_CONFLICT);
}

static void test_an_account_keeps_its_limit(void **state)
{
	struct ctx *c = &((struct world *)*state)->c;
	int64_t budget = account(c, "budget", "GBP", LIMIT_NO_CREDIT), bank = account(c, "bank", "GBP", LIMIT_NONE);

	assert_int_equal(move(c, "1", bank, budget, 500, 1, NULL), OK);
	assert_int_equal(move(c, "2", budget, bank, 501, 2, NULL), ERR_CONFLICT);
	assert_non_null(strstr(c->why, "The account budget would stand at -0.01 GBP"));
	assert_int_equal(move(c, "2", budget, bank, 500, 2, NULL), OK);
	assert_int_equal(balance(c, budget, AS_AT_NOW), 0);
}

static void test_accounts_are_what_they_were_opened_as(void **state)
{
	struct ctx *c = &((struct world *)*state)->c;
	int64_t key = account(c, "a", "GBP", LIMIT_NONE);
	struct job job = { .run = open_it,
			   .account = { .code = STR("a"), .unit = STR("hour"), .kind = ACCOUNT_ASSET } };

	assert_int_equal(account(c, "a", "GBP", LIMIT_NONE), key);
	assert_int_equal(do_job(c, &job), ERR_CONFLICT);
	job.account.code = STR("two words");
	assert_int_equal(do_job(c, &job), ERR_INVALID);
}

/* ---- many at once ---- */

#define MANY 4

struct worker {
	struct world *w;
	int64_t *accounts;
	unsigned seed;
	int number, rounds;
};

static void *work(void *arg)
{
	struct worker *k = arg;

	for (int i = 0; i < k->rounds; i++) {
		struct ctx c;
		ARENA(arena);

		ctx_init(&c, &arena);
		c.clock = k->w->c.clock;
		c.place = k->w->place;
		int64_t from = k->accounts[rand_r(&k->seed) % 5], to = k->accounts[rand_r(&k->seed) % 5];
		int64_t day = 100 + rand_r(&k->seed) % 50;
		const char *token = arena_printf(&arena, "%d-%d", k->number, i);
		struct posted posted;

		if (from == to)
			continue;
		enum err e = move(&c, token, from, to, 1 + rand_r(&k->seed) % 1000, day, &posted);
		if (e != OK && e != ERR_CONFLICT)
			abort();
		if (e == OK && rand_r(&k->seed) % 4 == 0) {
			struct job job = { .run = reverse_it, .key = posted.key, .day = 200,
					   .token = str_of(arena_printf(&arena, "undo-%s", token)) };
			if (do_job(&c, &job) != OK)
				abort();
		}
		if (rand_r(&k->seed) % 100 == 0) {
			struct job job = { .run = close_it, .day = 100 + rand_r(&k->seed) % 20 };
			(void)!do_job(&c, &job);
		}
	}
	return NULL;
}

/* LEDGER_ROUNDS draws as many as you like. */
static void test_many_at_once_stay_balanced(void **state)
{
	struct world *w = *state;
	const char *wanted = getenv("LEDGER_ROUNDS");
	int rounds = wanted ? atoi(wanted) : 200;
	pthread_t threads[MANY];
	struct worker workers[MANY];
	int64_t accounts[5], sum = 0;
	struct ledger_proof p;

	for (int i = 0; i < 5; i++)
		accounts[i] = account(&w->c, arena_printf(&w->arena, "a:%d", i), "GBP", LIMIT_NONE);
	for (int i = 0; i < MANY; i++) {
		workers[i] = (struct worker){ w, accounts, (unsigned)i + 1, i, rounds };
		assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
	}
	for (int i = 0; i < MANY; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < 5; i++)
		sum += balance(&w->c, accounts[i], AS_AT_NOW);
	assert_int_equal(sum, 0);
	if (proof(&w->c, &p) != OK)
		fail_msg("%s %s", w->c.why, w->c.issues.first ? w->c.issues.first->text : "");
	assert_true(p.entries > rounds);
}

/* ---- out ---- */

struct printing {
	struct buf b;
	enum ledger_format format;
};

static enum err print(struct ctx *c, void *arg, const struct entry_read *e)
{
	struct printing *p = arg;

	(void)c;
	ledger_print(&p->b, p->format, e, p->b.len == 0);
	return OK;
}

static void test_exports(void **state)
{
	struct ctx *c = &((struct world *)*state)->c;
	static const char *const expected[] = {
		"entry,effective,account,kind,amount,unit,words,token,reverses\n"
		"1,2023-06-01,budget:p-1,Assets,123.45,GBP,a payment,t,\n1,2023-06-01,bank,Assets,-123.45,GBP,a payment,t,\n",
		"2023-06-01 (1) a payment\n    Assets:budget:p-1  123.45 \"GBP\"\n    Assets:bank  -123.45 \"GBP\"\n\n",
		"plugin \"beancount.plugins.auto_accounts\"\n\n2023-06-01 * \"a payment\"\n  entry: 1\n"
		"  Assets:Budget:P-1  123.45 GBP\n  Assets:Bank  -123.45 GBP\n\n",
	};
	int64_t bank = account(c, "bank", "GBP", LIMIT_NONE), budget = account(c, "budget:p-1", "GBP", LIMIT_NONE);
	ARENA(texts);
	READER(db);

	assert_int_equal(move(c, "t", bank, budget, 12345, when_days(2023, 6, 1), NULL), OK);
	assert_int_equal(store_reader(c, c->place->store, &db), OK);
	for (unsigned i = 0; i < 3; i++) {
		struct printing p = { .format = (enum ledger_format)i };

		buf_init(&p.b, &texts, 0);
		assert_int_equal(ledger_each(c, db, 0, print, &p), OK);
		assert_string_equal(p.b.at, expected[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(test_an_entry_sums_to_zero),
		TEST(test_a_token_writes_once),
		TEST(test_a_balance_as_it_was_and_as_it_was_known),
		TEST(test_a_mistake_is_reversed_once),
		TEST(test_a_closed_day_stays_closed),
		TEST(test_an_account_keeps_its_limit),
		TEST(test_accounts_are_what_they_were_opened_as),
		TEST(test_many_at_once_stay_balanced),
		TEST(test_exports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
