/* Only so many threads work at a time, and who rests lets another. */
#include "base/turn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

enum { THREADS = 8, AT_ONCE = 2, ROUNDS = 200 };

struct works {
	struct gate gate;
	atomic_int working, most, rounds;
};

static void note_most(struct works *w, int working)
{
	int most = atomic_load(&w->most);

	while (working > most && !atomic_compare_exchange_weak(&w->most, &most, working))
		continue;
}

static void *work(void *arg)
{
	struct works *w = arg;

	for (int i = 0; i < ROUNDS; i++) {
		gate_enter(&w->gate);
		note_most(w, atomic_fetch_add(&w->working, 1) + 1);
		atomic_fetch_sub(&w->working, 1);
		turn_rest();
		turn_go_on();
		gate_leave(&w->gate);
		atomic_fetch_add(&w->rounds, 1);
	}
	return NULL;
}

static void few_work_at_a_time(void **state)
{
	struct works w = { 0 };
	pthread_t threads[THREADS];

	(void)state;
	gate_init(&w.gate, AT_ONCE);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, work, &w);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(w.rounds, THREADS * ROUNDS);
	assert_in_range(w.most, 1, AT_ONCE);
	assert_int_equal(w.gate.working, 0);
	gate_done(&w.gate);
}

static void who_rests_lets_another_work(void **state)
{
	struct works w = { 0 };
	pthread_t thread;

	(void)state;
	gate_init(&w.gate, 1);
	gate_enter(&w.gate);
	turn_rest();
	pthread_create(&thread, NULL, work, &w);
	pthread_join(thread, NULL);
	turn_go_on();
	assert_int_equal(w.gate.working, 1);
	gate_leave(&w.gate);
	turn_rest(); /* without a turn it is nothing */
	assert_int_equal(w.gate.working, 0);
	gate_done(&w.gate);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(few_work_at_a_time),
		cmocka_unit_test(who_rests_lets_another_work),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
