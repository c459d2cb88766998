/* share_test.c - shipped files: three layers, refused names, links, limits. */
#include "base/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/share.h"

struct folders {
	char root[64];
	struct share share;
	char dir[96], place[96];
};

static void put(const char *folder, const char *name, const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void make_dir(const char *folder, const char *name)
{
	char path[256];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	assert_int_equal(mkdir(path, 0700), 0);
}

static void link_to(const char *target, const char *folder, const char *name)
{
	char path[256];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	assert_int_equal(symlink(target, path), 0);
}

static int set_up(void **state)
{
	struct folders *f = calloc(1, sizeof *f);

	strcpy(f->root, "/tmp/share_test.XXXXXX");
	if (!mkdtemp(f->root))
		return -1;
	snprintf(f->dir, sizeof f->dir, "%s/dir", f->root);
	snprintf(f->place, sizeof f->place, "%s/place", f->root);
	make_dir(f->root, "dir");
	make_dir(f->root, "place");
	make_dir(f->dir, "zz-test");
	make_dir(f->dir, "zz-test/deep");
	make_dir(f->place, "zz-test");
	put(f->dir, "zz-test/a.txt", "a of dir");
	put(f->dir, "zz-test/b.txt", "b of dir");
	put(f->dir, "zz-test/deep/c.txt", "c of dir");
	put(f->dir, "zz-test/README.md", "not listed");
	put(f->dir, "zz-test/.hidden", "not listed");
	put(f->place, "zz-test/b.txt", "b of place");
	put(f->place, "zz-test/B.txt", "");
	put(f->root, "secret", "outside");
	f->share = (struct share){ f->place, f->dir };
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct folders *f = *state;
	char command[128];
	int status;

	snprintf(command, sizeof command, "rm -r '%s'", f->root);
	status = system(command);
	free(f);
	return status;
}

static const char *text_of(const struct share *share, struct arena *a, const char *name)
{
	struct ctx c;
	struct str text;

	ctx_init(&c, a);
	if (share_read(&c, share, a, name, &text) != OK)
		return NULL;
	assert_int_equal(text.at[text.len], 0);
	return text.at;
}

static enum err error_of(const struct share *share, const char *name)
{
	ARENA(a);
	struct ctx c;
	struct str text = STR("as before");
	enum err e;

	ctx_init(&c, &a);
	e = share_read(&c, share, &a, name, &text);
	assert_string_equal(text.at, "as before");
	assert_true(e != OK && c.why[0]);
	return e;
}

static void reads_place_then_dir(void **state)
{
	struct folders *f = *state;
	ARENA(a);

	assert_string_equal(text_of(&f->share, &a, "zz-test/a.txt"), "a of dir");
	assert_string_equal(text_of(&f->share, &a, "zz-test/b.txt"), "b of place");
	assert_string_equal(text_of(&f->share, &a, "zz-test/B.txt"), "");
	assert_string_equal(text_of(&f->share, &a, "zz-test/deep/c.txt"), "c of dir");
	assert_int_equal(error_of(&f->share, "zz-test/none"), ERR_NOT_FOUND);
	assert_int_equal(error_of(&f->share, "zz-test"), ERR_NOT_FOUND);
	assert_int_equal(error_of(&f->share, "zz-test/a.txt/x"), ERR_NOT_FOUND);
	assert_int_equal(error_of(NULL, "zz-test/a.txt"), ERR_NOT_FOUND);
}

static void refuses_names(void **state)
{
	static const char *const names[] = { "",          "/etc/passwd", "..",  "../secret",
					     "a/../../x", "a//b",        "./a", "a/./b",
					     "a/",        "a/.." };
	struct folders *f = *state;
	char longest[2000];

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		assert_int_equal(error_of(&f->share, names[i]), ERR_BAD_REQUEST);
	memset(longest, 'a', sizeof longest - 1);
	longest[sizeof longest - 1] = 0;
	assert_int_equal(error_of(&f->share, longest), ERR_BAD_REQUEST);
	/* dots within a name are a name */
	assert_int_equal(error_of(&f->share, "a..b"), ERR_NOT_FOUND);
}

static void refuses_links_that_leave(void **state)
{
	struct folders *f = *state;
	ARENA(a);

	link_to("../../secret", f->dir, "zz-test/out");
	link_to("/etc", f->dir, "etc");
	link_to("a.txt", f->dir, "zz-test/in");
	link_to("nowhere", f->dir, "zz-test/dangling");
	assert_int_equal(error_of(&f->share, "zz-test/out"), ERR_BAD_REQUEST);
	assert_int_equal(error_of(&f->share, "etc/hostname"), ERR_BAD_REQUEST);
	assert_int_equal(error_of(&f->share, "zz-test/dangling"), ERR_NOT_FOUND);
	assert_string_equal(text_of(&f->share, &a, "zz-test/in"), "a of dir");
	unlink(arena_printf(&a, "%s/zz-test/out", f->dir));
}

static void refuses_what_is_no_file(void **state)
{
	struct folders *f = *state;
	char path[256];

	snprintf(path, sizeof path, "%s/zz-test/pipe", f->dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(error_of(&f->share, "zz-test/pipe"), ERR_NOT_FOUND);
	unlink(path);
	put(f->dir, "zz-test/large", "");
	snprintf(path, sizeof path, "%s/zz-test/large", f->dir);
	assert_int_equal(truncate(path, (64 << 20) + 1), 0);
	assert_int_equal(error_of(&f->share, "zz-test/large"), ERR_TOO_LARGE);
	unlink(path);
}

static enum err join(struct ctx *c, void *arg, const char *name)
{
	char *all = arg;

	(void)c;
	strcat(all, name);
	strcat(all, " ");
	return OK;
}

static enum err stop_at_b(struct ctx *c, void *arg, const char *name)
{
	TRY(join(c, arg, name));
	return strstr(name, "b.txt") ? fail(c, ERR_STOPPED, "enough") : OK;
}

static void lists_each_once_in_order(void **state)
{
	struct folders *f = *state;
	struct share gone = { NULL, "/nowhere/at/all" }, only = { f->place, NULL };
	ARENA(a);
	struct ctx c;
	char all[4096] = "";

	ctx_init(&c, &a);
	assert_int_equal(share_list(&c, &f->share, "zz-test/", join, all), OK);
	assert_string_equal(all, "zz-test/B.txt zz-test/a.txt zz-test/b.txt zz-test/deep/c.txt "
				 "zz-test/in ");
	all[0] = 0;
	assert_int_equal(share_list(&c, &f->share, "zz-test/deep", join, all), OK);
	assert_string_equal(all, "zz-test/deep/c.txt ");
	all[0] = 0;
	assert_int_equal(share_list(&c, &f->share, "zz-test", stop_at_b, all), ERR_STOPPED);
	assert_string_equal(all, "zz-test/B.txt zz-test/a.txt zz-test/b.txt ");
	all[0] = 0;
	assert_int_equal(share_list(&c, &f->share, "zz-none/", join, all), OK);
	assert_string_equal(all, "");
	assert_int_equal(share_list(&c, &only, "zz-test", join, all), OK);
	assert_string_equal(all, "zz-test/B.txt zz-test/b.txt ");
	all[0] = 0;
	assert_int_equal(share_list(&c, &f->share, "../", join, all), ERR_BAD_REQUEST);
	assert_int_equal(share_list(&c, &f->share, "/", join, all), ERR_BAD_REQUEST);
	assert_int_equal(error_of(&gone, "a"), ERR_IO);
}

static void refuses_a_bottomless_folder(void **state)
{
	struct folders *f = *state;
	ARENA(a);
	struct ctx c;
	char all[4096] = "", name[256] = "zz-deep";

	ctx_init(&c, &a);
	make_dir(f->dir, name);
	for (int i = 0; i < 20; i++) {
		strcat(name, "/d");
		make_dir(f->dir, name);
	}
	assert_int_equal(share_list(&c, &f->share, "zz-deep/", join, all), ERR_LIMIT);
}

static enum err count(struct ctx *c, void *arg, const char *name)
{
	(void)c;
	(void)name;
	++*(size_t *)arg;
	return OK;
}

/* The table linked in: sorted, complete, read without copying. */
static void reads_the_embedded(void **state)
{
	ARENA(a);
	struct ctx c;
	size_t listed = 0, there = 0;

	(void)state;
	ctx_init(&c, &a);
	for (const struct share_file *file = share_files; file->name; file++, there++) {
		struct str text;

		if (file > share_files)
			assert_true(strcmp(file[-1].name, file->name) < 0);
		assert_int_equal(share_read(&c, NULL, &a, file->name, &text), OK);
		assert_ptr_equal(text.at, file->bytes);
		assert_int_equal(text.len, file->end - file->bytes);
	}
	assert_int_equal(share_list(&c, NULL, "", count, &listed), OK);
	assert_int_equal(listed, there);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_place_then_dir),
		cmocka_unit_test(refuses_names),
		cmocka_unit_test(refuses_links_that_leave),
		cmocka_unit_test(refuses_what_is_no_file),
		cmocka_unit_test(lists_each_once_in_order),
		cmocka_unit_test(refuses_a_bottomless_folder),
		cmocka_unit_test(reads_the_embedded),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
