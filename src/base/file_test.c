/* file_test.c - whole files in and out, with limits and without halves. */
#include "base/test.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/gzip.h"

struct fixture {
	struct arena arena;
	struct ctx c;
	char folder[32];
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	arena_init(&f->arena);
	ctx_init(&f->c, &f->arena);
	strcpy(f->folder, "/tmp/file_test.XXXXXX");
	*state = f;
	return mkdtemp(f->folder) ? 0 : -1;
}

static unsigned files_in(const char *folder, bool delete)
{
	DIR *dir = opendir(folder);
	unsigned count = 0;

	for (struct dirent *entry; (entry = readdir(dir));) {
		if (entry->d_name[0] == '.')
			continue;
		count++;
		if (delete)
			unlinkat(dirfd(dir), entry->d_name, 0);
	}
	closedir(dir);
	return count;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	files_in(f->folder, true);
	rmdir(f->folder);
	arena_done(&f->arena);
	free(f);
	return 0;
}

static void written_bytes_are_read(void **state)
{
	struct fixture *f = *state;
	const char *path = arena_printf(&f->arena, "%s/a", f->folder);
	struct str got;

	assert_int_equal(file_write(&f->c, path, STR("first\0half")), OK);
	assert_int_equal(file_read(&f->c, &f->arena, path, 100, &got), OK);
	assert_true(str_eq(got, STR("first\0half")));
	assert_int_equal(got.at[got.len], 0);
	chmod(path, 0640);
	assert_int_equal(file_write(&f->c, path, STR("")), OK);
	assert_int_equal(file_read(&f->c, &f->arena, path, 100, &got), OK);
	assert_int_equal(got.len, 0);

	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_int_equal(files_in(f->folder, false), 1);
}

static void limit_counts_bytes_unpacked(void **state)
{
	struct fixture *f = *state;
	const char *path = arena_printf(&f->arena, "%s/b.gz", f->folder);
	struct buf b;
	struct str got, text;

	text = str_of(arena_printf(&f->arena, "%05000d", 7));
	buf_init(&b, &f->arena, 0);
	assert_int_equal(gzip_pack(&f->c, text, &b), OK);
	assert_int_equal(file_write(&f->c, path, buf_get(&b)), OK);
	assert_int_equal(file_read(&f->c, &f->arena, path, 5000, &got), OK);
	assert_true(str_eq(got, text));
	assert_int_equal(file_read(&f->c, &f->arena, path, 4999, &got), ERR_TOO_LARGE);
	assert_int_equal(file_write(&f->c, path, text), OK);
	assert_int_equal(file_read(&f->c, &f->arena, path, 5000, &got), OK);
	assert_int_equal(file_read(&f->c, &f->arena, path, 4999, &got), ERR_TOO_LARGE);
	assert_non_null(strstr(f->c.why, "b.gz is larger than 4999 bytes"));
}

static void pipe_is_read_to_its_end(void **state)
{
	struct fixture *f = *state;
	int ends[2];
	struct str got;

	assert_int_equal(pipe(ends), 0);
	int before = dup(STDIN_FILENO);
	assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
	assert_int_equal(write(ends[1], "through a pipe", 14), 14);
	close(ends[1]);
	assert_int_equal(file_read(&f->c, &f->arena, "-", 100, &got), OK);
	assert_true(str_is(got, "through a pipe"));
	dup2(before, STDIN_FILENO);
	close(before);
	close(ends[0]);
}

static void failures_say_which_file(void **state)
{
	struct fixture *f = *state;
	struct str got = STR("untouched");

	assert_int_equal(file_read(&f->c, &f->arena, "/no/such", 9, &got), ERR_NOT_FOUND);
	assert_non_null(strstr(f->c.why, "/no/such"));
	assert_int_equal(file_read(&f->c, &f->arena, f->folder, 9, &got), ERR_IO);
	assert_non_null(strstr(f->c.why, "folder"));
	assert_true(str_is(got, "untouched"));
	assert_int_equal(file_write(&f->c, "/no/such/file", STR("x")), ERR_NOT_FOUND);
	assert_int_equal(file_write(&f->c, f->folder, STR("x")), ERR_IO);
	assert_int_equal(files_in(f->folder, false), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(written_bytes_are_read),
		TEST(limit_counts_bytes_unpacked),
		TEST(pipe_is_read_to_its_end),
		TEST(failures_say_which_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
