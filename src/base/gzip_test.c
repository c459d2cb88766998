/* gzip_test.c - what is packed comes back, and what is damaged or too large is refused. */
#include "base/test.h"

#include "base/gzip.h"

/* 300 KB that neither repeat nor are random. */
static struct str sample(struct arena *a)
{
	struct buf b;

	buf_init(&b, a, 0);
	for (unsigned i = 0; b.len < 300000; i++)
		buf_printf(&b, "%u,", i * i * 2654435761u >> 7);
	return buf_get(&b);
}

static struct str pack(struct ctx *c, struct str bytes)
{
	struct buf b;

	buf_init(&b, c->arena, 0);
	assert_int_equal(gzip_pack(c, bytes, &b), OK);
	return buf_get(&b);
}

static enum err unpack(struct ctx *c, struct str bytes, size_t limit, struct str *out)
{
	struct buf b;

	buf_init(&b, c->arena, limit);
	enum err e = gzip_unpack(c, bytes, &b);
	*out = buf_get(&b);
	return e;
}

static void packed_bytes_come_back(void **state)
{
	ARENA(a);
	struct ctx c;
	struct str bytes = sample(&a), got;

	(void)state;
	ctx_init(&c, &a);
	struct str packed = pack(&c, bytes);
	assert_true(gzip_is(packed) && !gzip_is(bytes) && !gzip_is(STR("\x1F\x8B")));
	assert_true(packed.len < bytes.len * 2 / 3);
	assert_int_equal(unpack(&c, packed, 0, &got), OK);
	assert_true(str_eq(got, bytes));
	assert_int_equal(unpack(&c, pack(&c, STR("")), 0, &got), OK);
	assert_int_equal(got.len, 0);
}

static void several_members_are_one_text(void **state)
{
	ARENA(a);
	struct ctx c;
	struct buf both;
	struct str got;

	(void)state;
	ctx_init(&c, &a);
	buf_init(&both, &a, 0);
	buf_str(&both, pack(&c, STR("one ")));
	buf_str(&both, pack(&c, STR("two")));
	assert_int_equal(unpack(&c, buf_get(&both), 0, &got), OK);
	assert_true(str_is(got, "one two"));
}

static void limit_is_exact(void **state)
{
	ARENA(a);
	struct ctx c;
	struct str bytes = sample(&a), packed, got;

	(void)state;
	ctx_init(&c, &a);
	packed = pack(&c, bytes);
	assert_int_equal(unpack(&c, packed, bytes.len, &got), OK);
	assert_int_equal(got.len, bytes.len);
	assert_int_equal(unpack(&c, packed, bytes.len - 1, &got), ERR_TOO_LARGE);
	assert_int_equal(unpack(&c, packed, 1, &got), ERR_TOO_LARGE);
	assert_non_null(strstr(c.why, "larger than the 1 bytes"));
}

static void bomb_does_not_fill_memory(void **state)
{
	ARENA(a);
	ARENA(small);
	struct ctx c;
	struct buf zeros;
	struct str got;

	(void)state;
	ctx_init(&c, &a);
	buf_init(&zeros, &a, 0);
	memset(buf_room(&zeros, 64 << 20), 0, 64 << 20);
	buf_took(&zeros, 64 << 20);
	struct str bomb = pack(&c, buf_get(&zeros));
	c.arena = &small;
	assert_int_equal(unpack(&c, bomb, 1 << 20, &got), ERR_TOO_LARGE);
	assert_true(small.total < 8 << 20);
}

static void every_cut_and_damage_is_refused(void **state)
{
	ARENA(a);
	struct ctx c;
	struct str packed, got;

	(void)state;
	ctx_init(&c, &a);
	packed = pack(&c, STR("The quick brown fox jumps over the lazy dog."));
	for (size_t len = 0; len < packed.len; len++)
		assert_int_equal(unpack(&c, (struct str){ packed.at, len }, 0, &got),
				 ERR_SYNTAX);
	char *broken = str_dup(&a, packed);
	broken[packed.len - 6] ^= 1; /* the checksum */
	assert_int_equal(unpack(&c, (struct str){ broken, packed.len }, 0, &got), ERR_SYNTAX);
	assert_non_null(strstr(c.why, "damaged"));
	assert_int_equal(unpack(&c, STR("plain text that is no gzip"), 0, &got), ERR_SYNTAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packed_bytes_come_back),
		cmocka_unit_test(several_members_are_one_text),
		cmocka_unit_test(limit_is_exact),
		cmocka_unit_test(bomb_does_not_fill_memory),
		cmocka_unit_test(every_cut_and_damage_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
