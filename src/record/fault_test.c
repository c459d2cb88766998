/* fault_test.c - each verb with its first statement failing, its second, … until it succeeds; and
 * a writer killed in the middle. What was refused left nothing, what was acknowledged is there.
 */
#include "record/test_world.h"

#include <signal.h>
#include <sys/wait.h>

#define NUMBER(n)                                                                              \
	"{\"resourceType\":\"Patient\",\"identifier\":[{\"system\":\"urn:x\",\"value\":\"" n   \
	"\"}]}"
#define NAMED(id, family)                                                                      \
	"{\"resourceType\":\"Patient\",\"id\":\"" id "\",\"name\":[{\"family\":\"" family      \
	"\"}]}"
#define PULSE(subject)                                                                         \
	"{\"resourceType\":\"Observation\",\"status\":\"final\",\"code\":{\"coding\":[{"       \
	"\"system\":"                                                                          \
	"\"http://loinc.org\",\"code\":\"8867-4\"}]},\"subject\":{\"reference\":\"" subject    \
	"\"},\"valueQuantity\":{\"value\":60,\"unit\":\"/min\"}}"
#define TWO_OF_THEM(type)                                                                      \
	"{\"resourceType\":\"Bundle\",\"type\":\"" type                                        \
	"\",\"entry\":[{\"fullUrl\":\"urn:uuid:1\","                                           \
	"\"resource\":" NUMBER(                                                                \
		"7") ",\"request\":{\"method\":\"POST\",\"url\":\"Patient\","                  \
		     "\"ifNoneExist\":\"identifier=urn:x|7\"}},{\"resource\":" PULSE(          \
			     "Patient/a") ",\"request\":{\"method\":\"POST\",\"url\":"         \
					  "\"Observation\"}},{\"request\":{\"method\":"        \
					  "\"DELETE\",\"url\":\"Patient/a\"}}]}"

static enum err create(struct world *w)
{
	struct write write = { .resource = tree(&w->c, PULSE("Patient/later")) };
	struct written out;

	return record_create(&w->c, STR("Observation"), &write, &out);
}

static enum err create_unless(struct world *w)
{
	struct write write = { .resource = tree(&w->c, NUMBER("2")),
			       .if_none_exist = STR("identifier=urn:x|2") };
	struct written out;

	return record_create(&w->c, STR("Patient"), &write, &out);
}

static enum err update(struct world *w)
{
	struct write write = { .resource = tree(&w->c, NAMED("a", "Jones")) };
	struct written out;

	return record_update(&w->c, STR("Patient"), STR("a"), &write, &out);
}

static enum err update_where(struct world *w)
{
	struct write write = { .resource = tree(&w->c, NAMED("a", "Evans")) };
	struct written out;

	return record_update_where(&w->c, STR("Patient"), STR("family=jones"), &write,
				   &out);
}

static enum err delete (struct world *w) {
	struct written out;

	return record_delete(&w->c, STR("Patient"), STR("a"), 0, &out);
}

static enum err delete_where(struct world *w)
{
	struct written out;

	return record_delete_where(&w->c, STR("Patient"), STR("family=smith"), &out);
}

static enum err transaction(struct world *w)
{
	struct node *response;

	return record_bundle(&w->c, STR(""), tree(&w->c, TWO_OF_THEM("transaction")),
			     &response);
}

static enum err batch(struct world *w)
{
	struct node *response;

	return record_bundle(&w->c, STR(""), tree(&w->c, TWO_OF_THEM("batch")), &response);
}

static enum err read_it(struct world *w)
{
	struct version v;

	TRY(record_read(&w->c, STR("Patient"), STR("a"), &v));
	return record_vread(&w->c, STR("Patient"), STR("a"), 1, &v);
}

static enum err history(struct world *w)
{
	struct history_page page;

	return record_history(&w->c, &(struct history){ .count = 10, .since = 1 }, &page);
}

static enum err look_on(struct ctx *c, void *arg, const struct version *v)
{
	(void)c;
	(void)v;
	++*(int *)arg;
	return OK;
}

static enum err each(struct world *w)
{
	int seen = 0;

	return record_each(&w->c, NULL, look_on, &seen);
}

static enum err rebuild(struct world *w)
{
	int64_t resources;

	return record_rebuild(&w->c, NULL, &resources);
}

static enum err check(struct world *w)
{
	struct check_report report;

	return record_check(&w->c, NULL, &report);
}

static int64_t versions(struct world *w)
{
	struct history_page page;

	SUCCEEDS(record_history(&w->c, &(struct history){ .count = 1 }, &page));
	return page.total;
}

static void each_verb_survives_each_fault(void **state)
{
	static const struct {
		const char *name;
		enum err (*run)(struct world *w);
		int writes; /* versions */
		bool steps; /* in several transactions: what came before the fault stays */
	} verbs[] = {
		{ "create", create, 1, false },
		{ "conditional create", create_unless, 1, false },
		{ "read", read_it, 0, false },
		{ "history", history, 0, false },
		{ "each", each, 0, false },
		{ "update", update, 1, false },
		{ "conditional update", update_where, 1, false },
		{ "transaction", transaction, 3, false },
		{ "rebuild", rebuild, 0, true },
		{ "check", check, 0, false },
		{ "delete what is deleted", delete, 0, false },
		{ "conditional delete", delete_where, 1, false },
		{ "batch", batch, 1, false },
	};
	struct world *w = *state;

	put(w, "Patient", "a", NAMED("a", "Smith"));
	put(w, "Patient", "b", NAMED("b", "Smith"));
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
		int64_t before = versions(w);
		long n = 1;

		for (;; n++) {
			SUCCEEDS(store_fault(w->place->store, n));
			enum err e = verbs[i].run(w);
			SUCCEEDS(store_fault(w->place->store, 0));
			if (!e)
				break;
			if (e != ERR_STORE)
				fail_msg("%s, fault %ld: %s: %s", verbs[i].name, n,
					 err_row(e)->name, w->c.why);
			assert_int_equal(versions(w), before);
		}
		print_message("%s: %ld statements\n", verbs[i].name, n - 1);
		assert_true(n > 2);
		assert_int_equal(versions(w), before + verbs[i].writes);
		assert_int_equal(check(w), OK);
	}
}

/* --- killed --- */

struct told {
	char ids[2][24];
};

static void child_writes(struct world *w, int tell)
{
	static const char text[] =
		"{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":[{\"fullUrl\":"
		"\"urn:uuid:1\","
		"\"resource\":" NUMBER(
			"1") ",\"request\":{\"method\":\"POST\",\"url\":\"Patient\"}},"
			     "{\"fullUrl\":\"urn:uuid:2\",\"resource\":" PULSE(
				     "urn:uuid:1") ",\"request\":{\"method\":\"POST\",\"url\":"
						   "\"Observation\"}}]}";

	open_place(w, 0);
	for (;;) {
		struct node *response;
		struct told told = { 0 };

		if (record_bundle(&w->c, str_of(text), tree(&w->c, text), &response))
			_exit(1);
		for (size_t i = 0; i < 2; i++) {
			struct node *entry = node_at(node_get(response, "entry"), i);
			struct str location = node_text(node_path(entry, "response.location"));

			str_cut(&location, '/');
			memcpy(told.ids[i], location.at, 20);
		}
		if (write(tell, &told, sizeof told) != sizeof told)
			_exit(1);
	}
}

static void kill_a_writer(struct world *w, int after)
{
	struct told told;
	struct version v;
	int ends[2], count = 0, status;

	place_close(w->place);
	w->place = NULL;
	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();
	if (child == 0)
		child_writes(w, ends[1]);
	close(ends[1]);
	struct told *kept = calloc((size_t)after + 10000, sizeof *kept);
	while (read(ends[0], &told, sizeof told) == sizeof told) {
		kept[count++] = told;
		if (count == after)
			kill(child, SIGKILL);
	}
	close(ends[0]);
	waitpid(child, &status, 0);
	assert_true(WIFSIGNALED(status));
	open_place(w, 0);
	assert_int_equal(check(w), OK);
	for (int i = 0; i < count; i++) {
		SUCCEEDS(record_read(&w->c, STR("Patient"), str_of(kept[i].ids[0]), &v));
		SUCCEEDS(record_read(&w->c, STR("Observation"), str_of(kept[i].ids[1]), &v));
	}
	free(kept);
}

static void a_kill_loses_nothing_acknowledged(void **state)
{
	struct world *w = *state;
	struct type_count *counts;
	size_t len;

	for (int after = 1; after <= 60; after *= 3)
		kill_a_writer(w, after);
	SUCCEEDS(record_counts(&w->c, &counts, &len));
	assert_int_equal(len, 2);
	assert_int_equal(counts[0].count, counts[1].count); /* no half Bundle */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		T(each_verb_survives_each_fault),
		T(a_kill_loses_nothing_acknowledged),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
