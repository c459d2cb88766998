/* form_test.c - a form filled in: what is known, what follows, what is missing, two people at once. */
#include "access/test_access.h"

#include "act/form_part.h"

static const struct action *const tables[] = { form_actions, NULL };
static const struct module module = { .name = "forms", .actions = tables };
static const struct module *const modules[] = { &module, NULL };

/* --- a place with a form --- */

static int set_up_form(void **state)
{
	static const struct share share = { .place = SOURCE_DIR "/test/pack" };

	if (set_up(state))
		return -1;
	struct world *w = *state;
	place_close(w->place);
	if (place_open(&w->c, &share, w->path, 0, false, &w->place))
		return -1;
	w->place->modules = modules;
	put(w, "Patient", "ada", "{\"resourceType\":\"Patient\",\"id\":\"ada\",\"birthDate\":\"1941-03-03\"}");
	put(w, "Observation", "kg",
	    "{\"resourceType\":\"Observation\",\"id\":\"kg\",\"status\":\"final\",\"code\":{\"coding\":[{\"system\":"
	    "\"http://loinc.org\",\"code\":\"29463-7\"}]},\"subject\":{\"reference\":\"Patient/ada\"},"
	    "\"effectiveDateTime\":\"2023-10-01\",\"valueQuantity\":{\"value\":61.50,\"unit\":\"kg\"}}");
	return 0;
}

static struct str begin(struct world *w)
{
	struct node *input = node_new(w->c.arena, NODE_OBJECT);
	struct acted done;

	node_add_cstr(w->c.arena, input, "form", "walk");
	node_add_cstr(w->c.arena, input, "person", "Patient/ada");
	SUCCEEDS(action_run(&w->c, action_find(w->place, STR("form-begin")), (struct str){ 0 }, input, &done));
	return node_str(done.output, "id");
}

/* Save answers, "a=b" each, NULL at the end; from version `seen`, 0: the newest. */
static enum err save(struct world *w, struct str id, int64_t seen, const char *const *answers)
{
	struct node *input = node_new(w->c.arena, NODE_OBJECT), *list;
	struct acted done;

	list = node_add(w->c.arena, input, "set", NODE_ARRAY);
	for (; *answers; answers++)
		node_add_cstr(w->c.arena, list, NULL, *answers);
	if (seen)
		node_add_cstr(w->c.arena, input, "seen", arena_printf(w->c.arena, "%lld", (long long)seen));
	memset(&w->c.issues, 0, sizeof w->c.issues);
	return action_run(&w->c, action_find(w->place, STR("form-save")), id, input, &done);
}
#define SAVE(id, seen, ...) save(w, (id), (seen), (const char *const[]){ __VA_ARGS__, NULL })

static enum err add_group(struct world *w, struct str id, const char *group)
{
	struct node *input = node_new(w->c.arena, NODE_OBJECT);
	struct acted done;

	node_add_cstr(w->c.arena, input, "more", group);
	return action_run(&w->c, action_find(w->place, STR("form-save")), id, input, &done);
}

static enum err complete(struct world *w, struct str id)
{
	struct acted done;

	memset(&w->c.issues, 0, sizeof w->c.issues);
	return action_run(&w->c, action_find(w->place, STR("form-complete")), id, NULL, &done);
}

struct read {
	const struct form *form;
	struct node *response;
	int64_t version;
};

static struct read read_back(struct world *w, struct str id)
{
	struct read r;
	struct version v;

	SUCCEEDS(record_read(&w->c, STR("QuestionnaireResponse"), id, &v));
	r.response = tree(&w->c, str_dup(w->c.arena, v.body));
	r.version = v.version;
	SUCCEEDS(form_of(&w->c, r.response, &r.form));
	return r;
}

/* All answers of a question as typed, with / between; n: which of its group. */
static const char *answer(struct world *w, const struct read *r, const char *link, unsigned n)
{
	ptrdiff_t item = form_index(r->form, str_of(link));
	struct buf b;

	assert_true(item >= 0);
	buf_init(&b, w->c.arena, 0);
	node_each(one, form_answer(r->form, r->response, (size_t)item, n))
		buf_printf(&b, "%s" STR_FMT, b.len ? "/" : "",
			   STR_ARG(form_typed(&w->c, &r->form->items[item], one)));
	return b.len ? str_dup(w->c.arena, buf_get(&b)) : "";
}

static bool asked(struct world *w, const struct read *r, const char *link, unsigned n)
{
	bool yes;

	SUCCEEDS(form_asked(&w->c, r->form, r->response, (size_t)form_index(r->form, str_of(link)), n, &yes));
	return yes;
}

/* --- tests --- */

static void what_the_record_knows_is_filled_in(void **state)
{
	struct world *w = *state;
	struct read r = read_back(w, begin(w));

	assert_string_equal(answer(w, &r, "born", 0), "1941-03-03");
	assert_string_equal(answer(w, &r, "weight", 0), "61.50");
	assert_string_equal(answer(w, &r, "score", 0), "0");
	assert_string_equal(answer(w, &r, "falls", 0), "");
}

static void what_follows_is_worked_out_and_asked(void **state)
{
	struct world *w = *state;
	struct str id = begin(w);
	struct read r = read_back(w, id);

	assert_false(asked(w, &r, "refer", 0));
	SUCCEEDS(SAVE(id, 0, "falls=once", "steps=2", "aids=A stick", "aids=My daughter's arm"));
	r = read_back(w, id);
	assert_string_equal(answer(w, &r, "score", 0), "2");
	assert_string_equal(answer(w, &r, "aids", 0), "A stick/My daughter's arm");
	assert_true(asked(w, &r, "refer", 0));
	SUCCEEDS(SAVE(id, 0, "steps=", "aids=A frame"));
	r = read_back(w, id);
	assert_string_equal(answer(w, &r, "steps", 0), "");
	assert_string_equal(answer(w, &r, "score", 0), "1");
	assert_string_equal(answer(w, &r, "aids", 0), "A frame");
}

static void a_group_repeats(void **state)
{
	struct world *w = *state;
	struct str id = begin(w);
	struct read r;

	SUCCEEDS(SAVE(id, 0, "falls=often", "fall.where=Kitchen", "fall.hurt=false"));
	SUCCEEDS(add_group(w, id, "fall"));
	SUCCEEDS(SAVE(id, 0, "fall.where:1=Garden", "fall.hurt:1=true"));
	r = read_back(w, id);
	assert_int_equal(form_times(r.form, r.response, (size_t)form_index(r.form, STR("fall"))), 2);
	assert_string_equal(answer(w, &r, "fall.where", 0), "Kitchen");
	assert_string_equal(answer(w, &r, "fall.where", 1), "Garden");
	assert_false(asked(w, &r, "fall.injury", 0));
	assert_true(asked(w, &r, "fall.injury", 1));
	FAILS(ERR_INVALID, complete(w, id));
	assert_int_equal(w->c.issues.errors, 1);
	assert_string_equal(w->c.issues.first->where, "fall.injury:1");
	SUCCEEDS(SAVE(id, 0, "fall.injury:1=Broke a wrist\nand was kept in"));
	SUCCEEDS(complete(w, id));
	FAILS(ERR_CONFLICT, SAVE(id, 0, "steps=4"));
}

static void wrong_answers_are_named_and_nothing_is_saved(void **state)
{
	struct world *w = *state;
	struct str id = begin(w);
	struct read r;

	FAILS(ERR_INVALID, SAVE(id, 0, "weight=heavy", "steps=-1", "falls=maybe", "born=1950-01-01",
				"fall.where=far too long a name for a place to have fallen in", "aids=A stick"));
	assert_int_equal(w->c.issues.errors, 5);
	r = read_back(w, id);
	assert_int_equal(r.version, 1);
	FAILS(ERR_INVALID, SAVE(id, 0, "colour=red"));
	FAILS(ERR_INVALID, complete(w, id));
	assert_string_equal(w->c.issues.first->where, "falls");
}

static void two_people_lose_nothing(void **state)
{
	struct world *w = *state;
	struct str id = begin(w);
	struct read r;

	SUCCEEDS(SAVE(id, 1, "falls=once", "fall.where=Stairs"));
	SUCCEEDS(SAVE(id, 1, "steps=3", "weight=62"));
	r = read_back(w, id);
	assert_string_equal(answer(w, &r, "fall.where", 0), "Stairs");
	assert_string_equal(answer(w, &r, "weight", 0), "62");
	FAILS(ERR_CONFLICT, SAVE(id, 1, "falls=often", "aids=A frame"));
	assert_int_equal(w->c.issues.errors, 1);
	assert_string_equal(w->c.issues.first->where, "falls");
	r = read_back(w, id);
	assert_string_equal(answer(w, &r, "falls", 0), "once");
	assert_string_equal(answer(w, &r, "aids", 0), "");
	SUCCEEDS(SAVE(id, 1, "falls=once", "aids=A frame"));
	SUCCEEDS(SAVE(id, r.version, "falls=often"));
	r = read_back(w, id);
	assert_string_equal(answer(w, &r, "falls", 0), "often");
	assert_string_equal(answer(w, &r, "aids", 0), "A frame");
}

static void completed_it_is_changed_with_a_reason(void **state)
{
	struct world *w = *state;
	struct str id = begin(w);
	struct node *input = node_new(w->c.arena, NODE_OBJECT);
	struct acted done;
	const struct action *amend = action_find(w->place, STR("form-amend"));

	SUCCEEDS(SAVE(id, 0, "falls=no"));
	SUCCEEDS(complete(w, id));
	FAILS(ERR_INVALID, action_run(&w->c, amend, id, input, &done));
	node_add_cstr(w->c.arena, input, "reason", "She had fallen");
	SUCCEEDS(action_run(&w->c, amend, id, input, &done));
	SUCCEEDS(SAVE(id, 0, "falls=once"));
	FAILS(ERR_INVALID, complete(w, id)); /* where it was is asked now: the group has none yet */
	SUCCEEDS(SAVE(id, 0, "fall.where=Bath"));
	SUCCEEDS(complete(w, id));
	assert_true(str_is(node_str(read_back(w, id).response, "status"), "amended"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up_form, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_the_record_knows_is_filled_in),
		TEST(what_follows_is_worked_out_and_asked),
		TEST(a_group_repeats),
		TEST(wrong_answers_are_named_and_nothing_is_saved),
		TEST(two_people_lose_nothing),
		TEST(completed_it_is_changed_with_a_reason),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
