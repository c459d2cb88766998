/* suite.c - runs the *.http files against the built program: one cmocka test for each file. Under
 * test/pg the server's database is on PostgreSQL. */
#include "base/test.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "http/script.h"
#include "store/test_place.h"

static const char *program;

struct server {
	pid_t pid;
	uint16_t port;
	char dir[64];
};

static void server_exec(const struct script *script, const char *db, const char *dir, int out)
{
	const char *args[32] = { program, "serve" };
	char exports[128], log[128];
	size_t n = 2;

	snprintf(exports, sizeof exports, "%s/exports", dir);
	snprintf(log, sizeof log, "%s/log", dir);
	args[n++] = db;
	args[n++] = "--export-dir";
	args[n++] = exports;
	args[n++] = "--port";
	args[n++] = "0";
	args[n++] = "--open";
	args[n++] = "--quiet";
	args[n++] = "--log";
	for (size_t i = 0; i < script->options.len && n < 31; i++)
		args[n++] = script->options.at[i];
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* a failed test leaves no server behind */
	int fd = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	dup2(out, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	execv(program, (char **)(uintptr_t)args);
	_exit(127);
}

/* Start the program on an empty database; it prints its address when it is ready. */
static void server_start(const struct script *script, struct server *s)
{
	char line[200] = "", db[512];
	int fds[2];

	strcpy(s->dir, "/tmp/causeway-http-XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	test_place(db, sizeof db, s->dir);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	s->pid = fork();
	if (s->pid == 0)
		server_exec(script, db, s->dir, fds[1]);
	close(fds[1]);
	FILE *out = fdopen(fds[0], "r");
	if (!fgets(line, sizeof line, out))
		fail_msg("%s does not start", program);
	fclose(out);
	const char *port = strrchr(line, ':');
	s->port = (uint16_t)(port ? atoi(port + 1) : 0);
	assert_int_not_equal(s->port, 0);
}

/* It must end well, and its log must not hold what is nobody's business. */
static void server_stop(struct arena *a, const struct script *script, struct server *s)
{
	struct str log;
	struct ctx c;
	int status;

	kill(s->pid, SIGTERM);
	assert_int_equal(waitpid(s->pid, &status, 0), s->pid);
	ctx_init(&c, a);
	assert_int_equal(
		file_read(&c, a, arena_printf(a, "%s/log", s->dir), (size_t)64 << 20, &log),
		OK);
	if (!WIFEXITED(status) || (WEXITSTATUS(status) != 0 && WEXITSTATUS(status) != 130))
		fail_msg("%s: the server ended with %x: " STR_FMT, script->file,
			 (unsigned)status, STR_ARG(log));
	for (size_t i = 0; i < script->secrets.len; i++) {
		if (str_find(log, script->secrets.at[i]) >= 0)
			fail_msg("%s: the log holds " STR_FMT, script->file,
				 STR_ARG(script->secrets.at[i]));
	}
	test_place_drop();
	char *remove = arena_printf(a, "rm -r %s", s->dir);
	assert_int_equal(system(remove), 0);
}

/* Ask, and compare: NULL, or what is not as expected. */
static const char *ask(struct arena *a, const struct server *server, struct map *bound, const struct exchange *x,
		       struct str *answer)
{
	const char *why;

	for (int tries = 0;; tries++) {
		*answer = client_ask(a, server->port, bound, x);
		why = match_answer(a, bound, x, *answer);
		if (!why || !x->in_the_end || tries == 600)
			return why;
		usleep(100000);
	}
}

static void run_file(void **state)
{
	ARENA(a);
	struct script script;
	struct server server;
	struct map bound;
	size_t failed = 0;

	script_read(&a, *state, &script);
	map_init(&bound, &a);
	server_start(&script, &server);
	for (size_t i = 0; i < script.exchanges.len; i++) {
		const struct exchange *x = &script.exchanges.at[i];
		struct str answer;
		const char *why = ask(&a, &server, &bound, x, &answer);
		if (!why)
			continue;
		failed++;
		print_error("%s:%u: " STR_FMT ": %s\n%.*s\n\n", script.file, x->line,
			    STR_ARG(x->name), why, (int)(answer.len < 2000 ? answer.len : 2000),
			    answer.at);
	}
	server_stop(&a, &script, &server);
	print_message("%zu exchanges\n", script.exchanges.len);
	if (failed)
		fail_msg("%s: %zu of %zu exchanges went wrong", script.file, failed,
			 script.exchanges.len);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct CMUnitTest *)a)->name,
		      ((const struct CMUnitTest *)b)->name);
}

static size_t find_files(struct arena *a, struct CMUnitTest *tests, size_t cap)
{
	DIR *dir = opendir(SOURCE_DIR "/test/http");
	struct dirent *entry;
	size_t count = 0;

	while (dir && (entry = readdir(dir)) && count < cap) {
		if (!str_ends(str_of(entry->d_name), STR(".http")))
			continue;
		char *file = arena_printf(a, "%s/test/http/%s", SOURCE_DIR, entry->d_name);
		tests[count++] = (struct CMUnitTest){ strrchr(file, '/') + 1, run_file, NULL,
						      NULL, file };
	}
	closedir(dir);
	qsort(tests, count, sizeof *tests, by_name);
	return count;
}

int main(int argc, char **argv)
{
	ARENA(a);
	struct CMUnitTest tests[64];
	size_t count = 0;

	if (argc < 2) {
		fputs("usage: http_suite PROGRAM [FILE...]\n", stderr);
		return 64;
	}
	program = argv[1];
	signal(SIGPIPE, SIG_IGN);
	for (int i = 2; i < argc && count < 64; i++)
		tests[count++] = (struct CMUnitTest){ argv[i], run_file, NULL, NULL, argv[i] };
	if (count == 0)
		count = find_files(&a, tests, 64);
	return _cmocka_run_group_tests("http", tests, count, NULL, NULL);
}
