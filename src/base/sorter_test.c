/* sorter_test.c - what goes in comes out in order, whatever the number of runs and threads. */
#include "base/test.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/sorter.h"

static int file(void)
{
	FILE *f = tmpfile();
	int fd = f ? dup(fileno(f)) : -1;

	assert_true(fd >= 0);
	fclose(f);
	return fd;
}

/* The n-th of a fixed sequence that looks like chance; some are long, some empty. */
static struct str sample(unsigned n, char *room)
{
	unsigned r = n * 2654435761u;
	int len = r % 97 == 0 ? 0 : snprintf(room, 64, "%c|%u|%u", 'a' + (int)(r % 3), r % 5003, n % 100);

	if (r % 1009 == 1) {
		memset(room, 'x', 9000);
		len = 9000;
	}
	return (struct str){ room, (size_t)len };
}

static int compare(struct str a, struct str b)
{
	int order = memcmp(a.at, b.at, a.len < b.len ? a.len : b.len);

	return order ? order : (a.len > b.len) - (a.len < b.len);
}

struct adding {
	struct sorter *sorter;
	unsigned from, to;
};

static void *add(void *arg)
{
	struct adding *adding = arg;
	struct ctx c;
	char room[9000];

	ctx_init(&c, NULL);
	for (unsigned n = adding->from; n < adding->to; n++)
		assert_int_equal(sorter_add(&c, adding->sorter, sample(n, room)), OK);
	return NULL;
}

static void in_order(unsigned count, unsigned threads)
{
	pthread_t ids[4];
	struct adding adding[4];
	struct ctx c;
	struct str next, last = { 0 };
	char *before = malloc(SORTER_STRING_MOST);
	uint64_t sum = 0, expected = 0;
	unsigned seen = 0;
	bool more = true;
	int fd = file();
	struct sorter *s = sorter_new(fd, 0);
	char room[9000];

	ctx_init(&c, NULL);
	for (unsigned i = 0; i < threads; i++) {
		adding[i] = (struct adding){ s, count / threads * i, count / threads * (i + 1) };
		pthread_create(&ids[i], NULL, add, &adding[i]);
	}
	for (unsigned i = 0; i < threads; i++)
		pthread_join(ids[i], NULL);
	for (unsigned n = 0; n < count / threads * threads; n++)
		for (struct str each = sample(n, room); each.len; each.at++, each.len--)
			expected += (unsigned char)*each.at;
	assert_int_equal(sorter_finish(&c, s), OK);
	for (;;) {
		assert_int_equal(sorter_next(&c, s, &next, &more), OK);
		if (!more)
			break;
		assert_true(!last.at || compare(last, next) <= 0);
		memcpy(before, next.at, next.len);
		last = (struct str){ before, next.len };
		for (size_t i = 0; i < next.len; i++)
			sum += (unsigned char)next.at[i];
		seen++;
	}
	assert_int_equal(seen, count / threads * threads);
	assert_int_equal(sorter_count(s), seen);
	assert_true(sum == expected);
	sorter_free(s);
	free(before);
	close(fd);
}

static void test_nothing(void **state)
{
	(void)state;
	in_order(0, 1);
}

static void test_in_memory(void **state)
{
	(void)state;
	in_order(1000, 1);
}

static void test_many_runs_from_many_threads(void **state)
{
	(void)state;
	in_order(400000, 4);
}

static void test_a_full_disk_is_an_error(void **state)
{
	FILE *full = fopen("/dev/full", "r+");
	struct ctx c;
	enum err e = OK;
	struct sorter *s;

	(void)state;
	if (!full)
		skip();
	ctx_init(&c, NULL);
	s = sorter_new(fileno(full), 0);
	e = sorter_add(&c, s, STR("x"));
	assert_int_equal(e, OK);
	assert_int_equal(sorter_finish(&c, s), ERR_IO);
	sorter_free(s);
	fclose(full);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_in_memory),
		cmocka_unit_test(test_many_runs_from_many_threads),
		cmocka_unit_test(test_a_full_disk_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
