/* emit_test.c - the place as its systems would send it: the same bytes for the same seed, truth for every
 * record, and no mistakes where none are wanted. */
#include "base/test.h"

#include <stdio.h>
#include <string.h>

#include "base/map.h"
#include "model/emit_part.h"

static const int64_t TODAY = 1763548800000000; /* Wed 19 Nov 2025, 10:40 */
static const struct share embedded = { 0 };

struct heard {
	uint64_t hash;
	int64_t counts[EMIT_TRUTH + 1], nhs_of_council, late;
	bool merged, cancelled;
};

static enum err hear(struct ctx *c, void *arg, const struct emitted *one)
{
	struct heard *h = arg;
	static const uint64_t key[2] = { 3, 4 };

	(void)c;
	h->hash = h->hash * 31 + hash_keyed(key, one->text.at, one->text.len);
	h->counts[one->kind]++;
	if (strcmp(one->org, "WXL") == 0 && str_find(one->text, STR(",999")) >= 0)
		h->nhs_of_council++;
	if (one->kind == EMIT_HL7) {
		h->merged |= str_find(one->text, STR("\rMRG|")) >= 0;
		h->cancelled |= str_find(one->text, STR("ADT^A11|")) >= 0;
		h->late += one->arrives > TODAY / 60000000;
	}
	return OK;
}

static struct heard listen(unsigned people, uint64_t seed, enum emit_dirt dirt, bool withheld)
{
	struct emit_options o = { .place = { .people = people, .seed = seed, .today = TODAY },
				  .dirt = dirt,
				  .withhold_council = withheld,
				  .since = INT64_MIN };
	struct heard heard = { 0 };
	struct ctx c;
	ARENA(a);

	ctx_init(&c, &a);
	assert_int_equal(emit_make(&c, &embedded, &o, hear, &heard), OK);
	return heard;
}

static void the_same_seed_gives_the_same_bytes(void **state)
{
	struct heard one = listen(400, 7, DIRT_USUAL, false), other = listen(400, 7, DIRT_USUAL, false);

	(void)state;
	assert_true(one.hash == other.hash);
	assert_true(one.hash != listen(400, 8, DIRT_USUAL, false).hash);
	assert_true(one.hash != listen(400, 7, DIRT_HEAVY, false).hash);
}

static void every_kind_of_message_is_told(void **state)
{
	struct heard h = listen(1500, 1, DIRT_HEAVY, false);

	(void)state;
	for (unsigned kind = 0; kind <= EMIT_TRUTH; kind++)
		assert_true(h.counts[kind] > 0);
	assert_true(h.merged);
	assert_true(h.cancelled);
	assert_int_equal(h.late, 0);
	assert_true(h.counts[EMIT_TRUTH] > 1500);
}

static void numbers_are_withheld_from_the_council(void **state)
{
	(void)state;
	assert_true(listen(400, 1, DIRT_USUAL, false).nhs_of_council > 0);
	assert_int_equal(listen(400, 1, DIRT_USUAL, true).nhs_of_council, 0);
}

static void without_dirt_nothing_is_wrong(void **state)
{
	struct heard h = listen(400, 1, DIRT_NONE, false);

	(void)state;
	assert_false(h.merged);
	assert_false(h.cancelled);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_seed_gives_the_same_bytes),
		cmocka_unit_test(every_kind_of_message_is_told),
		cmocka_unit_test(numbers_are_withheld_from_the_council),
		cmocka_unit_test(without_dirt_nothing_is_wrong),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
