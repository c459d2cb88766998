/* jwt_sign_test.c - what is signed here is believed by those who have the public half, and by nobody else. */
#include "access/jwt_sign.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access/jwt.h"
#include "base/test.h"

struct world {
	struct arena arena;
	struct ctx c;
	char dir[64];
	char *file;
};

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof *w);

	strcpy(w->dir, "/tmp/jwt_sign_test.XXXXXX");
	if (!mkdtemp(w->dir))
		return -1;
	arena_init(&w->arena);
	ctx_init(&w->c, &w->arena);
	w->file = arena_printf(&w->arena, "%s/key.pem", w->dir);
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	unlink(w->file);
	rmdir(w->dir);
	arena_done(&w->arena);
	free(w);
	return 0;
}

static void is(struct world *w, enum err e, enum err expected)
{
	if (e != expected)
		fail_msg("%s instead of %s: %s", err_row(e)->name, err_row(expected)->name, w->c.why);
}

static void what_is_signed_is_believed(void **state)
{
	static const char *const algs[] = { "ES384", NULL };
	struct world *w = *state;
	struct node *claims = node_new(&w->arena, NODE_OBJECT);
	struct str keys, text;
	struct jwk_set set;
	struct jwt jwt;

	is(w, jwt_key_make(&w->c, w->file), OK);
	is(w, jwt_key_make(&w->c, w->file), ERR_CONFLICT);
	is(w, jwt_key_public(&w->c, w->file, &keys), OK);
	is(w, jwk_set_read(&w->c, keys, &set), OK);
	assert_int_equal(set.len, 1);
	assert_int_equal(set.at[0].kid.len, 43);
	node_add_cstr(&w->arena, claims, "iss", "county");
	for (int i = 0; i < 40; i++) { /* halves with zeros in front come up once in 128 */
		is(w, jwt_sign(&w->c, w->file, claims, &text), OK);
		is(w, jwt_read(&w->c, text, algs, &jwt), OK);
		is(w, jwt_verify(&w->c, &jwt, &set), OK);
		assert_true(str_is(jwt_text(&jwt, "iss"), "county"));
	}
	char *bent = str_dup(&w->arena, text);
	bent[text.len - 20] = bent[text.len - 20] == 'A' ? 'B' : 'A';
	is(w, jwt_read(&w->c, str_of(bent), algs, &jwt), OK);
	is(w, jwt_verify(&w->c, &jwt, &set), ERR_UNSIGNED);
}

static void a_key_that_others_can_read_is_none(void **state)
{
	struct world *w = *state;
	struct str out;
	FILE *f;

	is(w, jwt_key_public(&w->c, w->file, &out), ERR_IO);
	is(w, jwt_key_make(&w->c, w->file), OK);
	assert_int_equal(chmod(w->file, 0640), 0);
	is(w, jwt_key_public(&w->c, w->file, &out), ERR_FORBIDDEN);
	assert_int_equal(chmod(w->file, 0600), 0);
	f = fopen(w->file, "w");
	assert_non_null(f);
	fputs("-----BEGIN PRIVATE KEY-----\nnonsense\n", f);
	fclose(f);
	is(w, jwt_key_public(&w->c, w->file, &out), ERR_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_is_signed_is_believed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_key_that_others_can_read_is_none, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
