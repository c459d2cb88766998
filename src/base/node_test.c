/* node_test.c - trees made, changed, looked at, copied and compared by code. */
#include "base/test.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"

#define DEEP 300000

static const char *written(struct arena *a, const struct node *n)
{
	struct buf b;

	buf_init(&b, a, 0);
	json_write(&b, n, 0);
	return buf_get(&b).at;
}

static struct node *read_text(struct arena *a, const char *text)
{
	struct ctx c;
	struct node *n;

	ctx_init(&c, a);
	assert_int_equal(json_read(&c, a, str_of(text), NULL, &n), OK);
	return n;
}

static void tree_is_built_and_changed(void **state)
{
	ARENA(a);
	struct node *root = node_new(&a, NODE_OBJECT), *list, *last;
	struct node *type = node_new(&a, NODE_STRING);

	(void)state;
	type->text = "T";
	type->len = 1;
	node_add_cstr(&a, root, "s", "a\"b");
	list = node_add(&a, root, "list", NODE_ARRAY);
	node_add_int(&a, list, NULL, INT64_MIN);
	node_add_dec(&a, list, NULL, (struct dec){ 150, 2 });
	last = node_add_bool(&a, list, NULL, true);
	node_add(&a, root, "none", NODE_NULL);
	node_prepend(root, "type", type);
	assert_string_equal(written(&a, root),
			    "{\"type\":\"T\",\"s\":\"a\\\"b\","
			    "\"list\":[-9223372036854775808,1.50,true],\"none\":null}");

	node_remove(list, last);
	node_append(root, "moved", last);
	node_remove(root, root->first);
	node_remove(list, list->first);
	assert_string_equal(written(&a, root),
			    "{\"s\":\"a\\\"b\",\"list\":[1.50],\"none\":null,\"moved\":true}");
	assert_int_equal(root->len, 4);
	node_remove(list, list->first);
	assert_null(list->last);
	node_add_int(&a, list, NULL, 1);
	assert_string_equal(written(&a, list), "[1]");
}

static void members_and_elements_are_found(void **state)
{
	ARENA(a);
	struct node *n =
		read_text(&a, "{\"name\":[{\"family\":\"Lee\",\"given\":[\"Ann\",\"Bo\"]}],"
			      "\"n\":1.50,\"t\":true,\"o\":{\"\":{\"x\":0}}}");

	(void)state;
	assert_true(str_is(node_text(node_path(n, "name.family")), "Lee"));
	assert_true(node_is(node_path(n, "name.given"), NODE_ARRAY));
	assert_true(node_is(node_path(n, "o..x"), NODE_NUMBER));
	assert_null(node_path(n, "name.family.x"));
	assert_null(node_path(n, "none.x"));
	assert_null(node_path(NULL, "x"));
	assert_true(str_is(node_str(n, "n"), "1.50"));
	assert_true(str_is(node_str(n, "t"), "true"));
	assert_int_equal(node_str(n, "name").len, 0);
	assert_true(str_is(node_text(node_at(node_path(n, "name.given"), 1)), "Bo"));
	assert_null(node_at(node_path(n, "name.given"), 2));
	assert_null(node_at(n, 0));
	assert_null(node_get(NULL, "x"));
	assert_null(node_key(NULL, 1));
	node_each(child, (struct node *)NULL)
		fail_msg("NULL has a child");
	node_each(child, node_get(n, "n"))
		fail_msg("a number has a child");
}

static void equality_ignores_order_of_members_only(void **state)
{
	static const struct {
		const char *a, *b;
		bool equal;
	} rows[] = {
		{ "{\"a\":1,\"b\":[1,2]}", "{\"b\":[1,2],\"a\":1}", true },
		{ "{\"a\":{\"x\":null,\"y\":0}}", "{\"a\":{\"y\":0,\"x\":null}}", true },
		{ "[1,2]", "[2,1]", false },
		{ "1.50", "1.5", false },
		{ "\"\\u0061\"", "\"a\"", true },
		{ "1", "\"1\"", false },
		{ "true", "false", false },
		{ "null", "false", false },
		{ "[]", "{}", false },
		{ "[1]", "[1,1]", false },
		{ "{\"a\":1}", "{\"b\":1}", false },
		{ "{\"a\":1,\"b\":1}", "{\"a\":1,\"c\":1}", false },
		{ "{\"a\":[{\"b\":\"c\"}]}", "{\"a\":[{\"b\":\"d\"}]}", false },
	};
	ARENA(a);

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct node *x = read_text(&a, rows[i].a), *y = read_text(&a, rows[i].b);
		assert_int_equal(node_equal(x, y), rows[i].equal);
		assert_int_equal(node_equal(y, x), rows[i].equal);
		assert_true(node_equal(x, x));
	}
	assert_true(node_equal(NULL, NULL));
	assert_false(node_equal(NULL, read_text(&a, "null")));
}

static void large_objects_compare_in_any_order(void **state)
{
	ARENA(a);
	struct node *up = node_new(&a, NODE_OBJECT), *down = node_new(&a, NODE_OBJECT);

	(void)state;
	for (int i = 0; i < 50000; i++) {
		node_add_int(&a, up, arena_printf(&a, "k%d", i), i);
		node_add_int(&a, down, arena_printf(&a, "k%d", 49999 - i), 49999 - i);
	}
	assert_true(node_equal(up, down));
	down->first->name = "other";
	down->first->name_len = 5;
	assert_false(node_equal(up, down));
}

static struct node *deep_tree(struct arena *a)
{
	struct node *root = node_new(a, NODE_ARRAY), *n = root;

	for (int i = 0; i < DEEP; i++) {
		n = node_add(a, n, NULL, NODE_OBJECT);
		n = node_add(a, n, "a", NODE_ARRAY);
	}
	return root;
}

static void depth_costs_no_stack(void **state)
{
	ARENA(a);
	struct node *deep = deep_tree(&a), *copy = node_copy(&a, deep);
	struct atoms *atoms = atoms_new(&a);
	uint16_t key = atoms_add(atoms, STR("a"));

	(void)state;
	assert_true(node_equal(deep, copy));
	atoms_adopt(atoms, copy);
	assert_int_equal(copy->first->first->first->first->key, key);
	assert_int_equal(strlen(written(&a, copy)), 9 * DEEP - DEEP + 2);
}

static void copy_stands_alone(void **state)
{
	ARENA(a);
	ARENA(other);
	struct node *n = read_text(&a, "{\"a\":[1,{\"b\":\"text\"},true,null,[]],\"c\":\"d\"}");
	struct node *copy = node_copy(&other, n), *member = node_copy(&other, n->first);
	const char *expect = arena_str(&other, written(&a, n));

	(void)state;
	assert_true(node_equal(n, copy));
	assert_null(member->name);
	arena_reset(&a); /* poisons the original */
	assert_string_equal(written(&other, copy), expect);
	assert_string_equal(written(&other, member), "[1,{\"b\":\"text\"},true,null,[]]");
	assert_int_equal(copy->len, 2);
	assert_true(str_is(node_text(copy->last), "d"));
}

static void atoms_number_names(void **state)
{
	ARENA(a);
	struct atoms *atoms = atoms_new(&a);

	(void)state;
	assert_int_equal(atoms_find(atoms, STR("x")), 0);
	for (int i = 1; i <= 65535; i++)
		assert_int_equal(atoms_add(atoms, str_of(arena_printf(&a, "name%d", i))), i);
	assert_int_equal(atoms_add(atoms, STR("one more")), 0);
	assert_int_equal(atoms_add(atoms, STR("name7")), 7);
	for (int i = 1; i <= 65535; i++) {
		struct str name = str_of(arena_printf(&a, "name%d", i));
		assert_int_equal(atoms_find(atoms, name), i);
		assert_true(str_eq(atoms_name(atoms, (uint16_t)i), name));
	}
	assert_int_equal(atoms_find(atoms, STR("name65536")), 0);
	assert_int_equal(atoms_find(atoms, STR("")), 0);
}

static void names_of_all_lengths_are_told_apart(void **state)
{
	ARENA(a);
	struct atoms *atoms = atoms_new(&a);
	char name[65];

	(void)state;
	memset(name, 'x', sizeof name);
	for (uint16_t len = 0; len <= 64; len++)
		assert_int_equal(
			atoms_add(atoms, (struct str){ arena_dup(&a, name, len), len }),
			len + 1);
	for (uint16_t len = 0; len <= 64; len++)
		assert_int_equal(atoms_find(atoms, (struct str){ name, len }), len + 1);
}

static void keys_follow_the_name(void **state)
{
	ARENA(a);
	struct atoms *atoms = atoms_new(&a);
	uint16_t key = atoms_add(atoms, STR("id"));
	struct node *n = read_text(&a, "{\"id\":1,\"x\":2}"), *id = n->first;

	(void)state;
	atoms_adopt(atoms, n);
	assert_int_equal(id->key, key);
	node_remove(n, id);
	node_append(n, "id", id);
	assert_int_equal(id->key, key);
	node_remove(n, id);
	node_append(n, "other", id);
	assert_int_equal(id->key, 0);
}

static void strings_are_escaped(void **state)
{
	ARENA(a);
	struct buf b;
	struct ctx c;
	char text[256];
	struct node *n;

	(void)state;
	ctx_init(&c, &a);
	/* Each ASCII byte, at all places of a word of eight. */
	for (int first = 1; first < 256; first++) {
		buf_init(&b, &a, 0);
		memset(text, 'x', 20);
		text[first % 20] = (char)(first < 128 ? first : 'y');
		json_write_string(&b, (struct str){ text, 20 });
		assert_int_equal(json_read(&c, &a, buf_get(&b), NULL, &n), OK);
		assert_true(str_eq(node_text(n), (struct str){ text, 20 }));
	}
	buf_init(&b, &a, 0);
	json_write_string(&b, STR("\"\\/\b\f\n\r\t\x1F\x7F\xC3\xA9"));
	assert_string_equal(buf_get(&b).at, "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u001f\x7F\xC3\xA9\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tree_is_built_and_changed),
		cmocka_unit_test(members_and_elements_are_found),
		cmocka_unit_test(equality_ignores_order_of_members_only),
		cmocka_unit_test(large_objects_compare_in_any_order),
		cmocka_unit_test(depth_costs_no_stack),
		cmocka_unit_test(copy_stands_alone),
		cmocka_unit_test(atoms_number_names),
		cmocka_unit_test(names_of_all_lengths_are_told_apart),
		cmocka_unit_test(keys_follow_the_name),
		cmocka_unit_test(strings_are_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
