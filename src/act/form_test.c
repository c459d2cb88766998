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
	put(w, "Patient", "ada",
	    "{\"resourceType\":\"Patient\",\"id\":\"ada\",\"birthDate\":\"1941-03-03\",\"name\":[{\"family\":\"Oak\",\"given\":[\"Ada\"]}],"
	    "\"telecom\":[{\"system\":\"phone\",\"value\":\"01632 960100\"}],\"address\":[{\"line\":[\"1 Mill Lane\"],\"city\":\"Wendle\","
	    "\"postalCode\":\"WX1 1AA\"}],\"communication\":[{\"language\":{\"text\":\"Welsh\"}}]}");
	put(w, "Observation", "kg",
	    "{\"resourceType\":\"Observation\",\"id\":\"kg\",\"status\":\"final\",\"code\":{\"coding\":[{\"system\":"
	    "\"http://loinc.org\",\"code\":\"29463-7\"}]},\"subject\":{\"reference\":\"Patient/ada\"},"
	    "\"effectiveDateTime\":\"2023-10-01\",\"valueQuantity\":{\"value\":61.50,\"unit\":\"kg\"}}");
	return 0;
}

static struct str begin_form(struct world *w, const char *form)
{
	struct node *input = node_new(w->c.arena, NODE_OBJECT);
	struct acted done;

	node_add_cstr(w->c.arena, input, "form", form);
	node_add_cstr(w->c.arena, input, "person", "Patient/ada");
	SUCCEEDS(action_run(&w->c, action_find(w->place, STR("form-begin")), (struct str){ 0 }, input, &done));
	return node_str(done.output, "id");
}

static struct str begin(struct world *w)
{
	return begin_form(w, "walk");
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

/* --- a form with all there is: test/pack/form/nasty.json --- */

/* Is one answer refused, for that reason? */
static void refused(struct world *w, struct str id, const char *typed, const char *why)
{
	FAILS(ERR_INVALID, SAVE(id, 0, typed));
	assert_int_equal(w->c.issues.errors, 1);
	if (!strstr(w->c.issues.first->text, why))
		fail_msg("%s: \"%s\", not \"%s\"", typed, w->c.issues.first->text, why);
}

static void a_form_begins_with_what_it_says(void **state)
{
	struct world *w = *state;
	struct read r = read_back(w, begin_form(w, "nasty"));

	assert_string_equal(answer(w, &r, "a.family", 0), "Oak");
	assert_string_equal(answer(w, &r, "number", 0), "5");
	assert_string_equal(answer(w, &r, "words", 0), "one/two");
	assert_string_equal(answer(w, &r, "secret.word", 0), "kept");
	assert_string_equal(answer(w, &r, "weight", 0), "61.50|kg");
	assert_string_equal(str_dup(w->c.arena, r.form->items[form_index(r.form, STR("deep"))].hint), "Deeper than a well.");
	assert_int_equal(form_index(r.form, STR("deep.help")), -1);
}

static void limits_are_kept(void **state)
{
	struct world *w = *state;
	struct str id = begin_form(w, "nasty");
	struct read r;

	refused(w, id, "postcode=wx1 1aa", "not written as it should be");
	refused(w, id, "postcode=XWX1 1AAX", "too long");
	refused(w, id, "postcode=W1 1", "too short");
	refused(w, id, "day=2025-12-31", "earlier");
	refused(w, id, "day=2027-01-01", "later");
	refused(w, id, "at=12:01", "later");
	refused(w, id, "price=1.234", "places after the point");
	refused(w, id, "weight=12", "in which unit");
	refused(w, id, "weight=12|lb", "in which unit");
	refused(w, id, "number=4", "none of the choices");
	FAILS(ERR_INVALID, SAVE(id, 0, "colour=a", "colour=b", "colour=c", "colour=d"));
	SUCCEEDS(SAVE(id, 0, "postcode=WX1 1AA", "day=2026-12-31", "at=12:00", "price=1.23", "weight=9.5|[st_av]", "number=3",
		      "colour=red", "colour=blue", "colour=sea green", "gender=other"));
	r = read_back(w, id);
	assert_string_equal(answer(w, &r, "weight", 0), "9.5|[st_av]");
	assert_string_equal(answer(w, &r, "colour", 0), "red/blue/sea green");
	const struct node *number = node_at(form_answer(r.form, r.response, (size_t)form_index(r.form, STR("number")), 0), 0);
	assert_string_equal(str_dup(w->c.arena, node_text(node_get(number, "valueInteger"))), "3");
	const struct node *weight = node_at(form_answer(r.form, r.response, (size_t)form_index(r.form, STR("weight")), 0), 0);
	assert_string_equal(str_dup(w->c.arena, node_text(node_path(weight, "valueQuantity.code"))), "[st_av]");
	assert_string_equal(str_dup(w->c.arena, node_text(node_path(weight, "valueQuantity.unit"))), "stone");
}

static void what_stands_below_a_question_goes_with_its_answer(void **state)
{
	struct world *w = *state;
	struct str id = begin_form(w, "nasty");
	struct read r = read_back(w, id);

	assert_false(asked(w, &r, "deep.how", 0));
	refused(w, id, "deep.how=3", "once the question above it is answered");
	SUCCEEDS(SAVE(id, 0, "deep.how=3", "deep=true"));
	r = read_back(w, id);
	assert_true(asked(w, &r, "deep.how", 0));
	assert_string_equal(answer(w, &r, "deep.how", 0), "3");
	SUCCEEDS(SAVE(id, 0, "deep=false"));
	r = read_back(w, id);
	assert_string_equal(answer(w, &r, "deep.how", 0), "3"); /* until it is completed: it may have been a slip */
	assert_false(asked(w, &r, "deep.how", 0));
	SUCCEEDS(SAVE(id, r.version, "deep="));
	r = read_back(w, id);
	assert_string_equal(answer(w, &r, "deep.how", 0), "");
}

static void a_group_counts_for_itself_and_for_all(void **state)
{
	struct world *w = *state;
	struct str id = begin_form(w, "nasty");
	struct read r;

	SUCCEEDS(add_group(w, id, "cost"));
	SUCCEEDS(SAVE(id, 0, "cost.each=20", "cost.many=3", "deep=false"));
	FAILS(ERR_INVALID, complete(w, id)); /* two are needed */
	SUCCEEDS(add_group(w, id, "cost"));
	SUCCEEDS(add_group(w, id, "cost"));
	FAILS(ERR_INVALID, add_group(w, id, "cost"));
	SUCCEEDS(SAVE(id, 0, "cost.each:1=50"));
	r = read_back(w, id);
	assert_string_equal(answer(w, &r, "cost.all", 0), "60");
	assert_string_equal(answer(w, &r, "cost.many", 1), "1");
	assert_string_equal(answer(w, &r, "cost.all", 1), "50");
	assert_string_equal(answer(w, &r, "total", 0), "110");
	assert_true(asked(w, &r, "why", 0));
	assert_true(asked(w, &r, "both", 0));
	SUCCEEDS(SAVE(id, 0, "why=Gold", "both=So"));
	SUCCEEDS(complete(w, id));
}

static void what_is_not_asked_any_more_is_left_out(void **state)
{
	struct world *w = *state;
	struct str id = begin_form(w, "nasty");
	struct read r;

	SUCCEEDS(add_group(w, id, "cost"));
	SUCCEEDS(add_group(w, id, "cost"));
	SUCCEEDS(SAVE(id, 0, "cost.each=20", "deep=false", "why=Because", "both=Yes"));
	SUCCEEDS(SAVE(id, 0, "deep=true", "deep.how=2"));
	SUCCEEDS(complete(w, id));
	r = read_back(w, id);
	assert_string_equal(answer(w, &r, "why", 0), "");
	assert_string_equal(answer(w, &r, "both", 0), "Yes");
	assert_string_equal(answer(w, &r, "deep.how", 0), "2");
	assert_string_equal(answer(w, &r, "secret.word", 0), "kept");
}

static void two_people_below_one_question(void **state)
{
	struct world *w = *state;
	struct str id = begin_form(w, "nasty");
	struct read r;

	SUCCEEDS(SAVE(id, 0, "deep=true", "deep.how=2"));
	r = read_back(w, id);
	SUCCEEDS(SAVE(id, r.version, "deep.how=5"));
	FAILS(ERR_CONFLICT, SAVE(id, r.version, "deep=")); /* it would take what they wrote below */
	SUCCEEDS(SAVE(id, r.version, "deep=false"));
	r = read_back(w, id);
	assert_string_equal(answer(w, &r, "deep", 0), "false");
	assert_string_equal(answer(w, &r, "deep.how", 0), "5");
}

/* --- every form there is --- */

static const struct {
	const char *link, *answer;
} known[] = {
	{ "known.born", "1941-03-03" },
	{ "known.address", "1 Mill Lane, Wendle, WX1 1AA" },
	{ "known.phone", "01632 960100" },
	{ "known.language", "Welsh" },
	{ "known.carers", "Ben Oak, son" },
	{ "known.conditions", "Type 2 diabetes" },
	{ "known.medicines", "Metformin 500 mg" },
	{ "known.allergies", "Penicillin" },
	{ "before.package", "Home care, mornings" },
	{ "home.carer", "true" },
	{ "carer.there", "true" },
	{ "nursing.weight", "61.50" },
	{ "caller.phone", "01632 960100" },
	{ "talk.date", "2023-11-14" },
	{ "about.matters", "My garden" },
	{ "matters", "My garden" },
	{ "people", "" }, /* About me did not say */
	{ "communicate", "" },
	{ "well", "" },
	{ "do", "" },
	{ "avoid", "" },
	{ "support", "" },
	{ "worth", "" },
	{ "ring", "" },
	{ "wishes", "At home" },
	{ "born", "1941-03-03" }, /* of the forms of this test */
	{ "weight", NULL },
	{ "a.family", "Oak" },
};

static const char *known_of(const char *link)
{
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (!strcmp(known[i].link, link))
			return known[i].answer ? known[i].answer : "61.50";
	fail_msg("no answer is known here to %s: say one", link);
	return NULL;
}

#define ABOUT_ADA "\"subject\":{\"reference\":\"Patient/ada\"}"

static void put_what_is_known(struct world *w)
{
	put(w, "RelatedPerson", "ben",
	    "{\"resourceType\":\"RelatedPerson\",\"id\":\"ben\",\"patient\":{\"reference\":\"Patient/ada\"},\"name\":[{\"family\":\"Oak\","
	    "\"given\":[\"Ben\"]}],\"relationship\":[{\"text\":\"Son\"}]}");
	put(w, "Condition", "sugar",
	    "{\"resourceType\":\"Condition\",\"id\":\"sugar\"," ABOUT_ADA ",\"code\":{\"text\":\"Type 2 diabetes\"},\"clinicalStatus\":{"
	    "\"coding\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/condition-clinical\",\"code\":\"active\"}]}}");
	put(w, "MedicationStatement", "met",
	    "{\"resourceType\":\"MedicationStatement\",\"id\":\"met\"," ABOUT_ADA ",\"status\":\"active\",\"medicationCodeableConcept\":{"
	    "\"text\":\"Metformin 500 mg\"}}");
	/* What is kept more closely is not copied into answers that others see. */
	put(w, "Condition", "mood",
	    "{\"resourceType\":\"Condition\",\"id\":\"mood\",\"meta\":{\"security\":[{\"system\":\"https://causeway.example/fhir/CodeSystem/label\","
	    "\"code\":\"mental-health\"}]}," ABOUT_ADA ",\"code\":{\"text\":\"A low mood\"},\"clinicalStatus\":{"
	    "\"coding\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/condition-clinical\",\"code\":\"active\"}]}}");
	put(w, "AllergyIntolerance", "pen",
	    "{\"resourceType\":\"AllergyIntolerance\",\"id\":\"pen\",\"patient\":{\"reference\":\"Patient/ada\"},\"clinicalStatus\":{"
	    "\"coding\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical\",\"code\":\"active\"}]},"
	    "\"code\":{\"coding\":[{\"display\":\"Penicillin\"}]}}");
	put(w, "ServiceRequest", "care",
	    "{\"resourceType\":\"ServiceRequest\",\"id\":\"care\"," ABOUT_ADA ",\"status\":\"active\",\"intent\":\"order\",\"code\":{"
	    "\"text\":\"Home care, mornings\"}}");
	put(w, "QuestionnaireResponse", "about",
	    "{\"resourceType\":\"QuestionnaireResponse\",\"id\":\"about\"," ABOUT_ADA ",\"status\":\"completed\",\"authored\":"
	    "\"2023-10-02T10:00:00Z\",\"questionnaire\":\"" FORM_BASE "about-me|1\",\"item\":[{\"linkId\":\"about\",\"item\":["
	    "{\"linkId\":\"matters\",\"answer\":[{\"valueString\":\"My garden\"}]},"
	    "{\"linkId\":\"wishes\",\"answer\":[{\"valueString\":\"At home\"}]}]}]}");
}

static void no_form_asks_what_the_record_knows(void **state)
{
	struct world *w = *state;
	const struct forms *forms;
	size_t tried = 0;

	put_what_is_known(w);
	SUCCEEDS(forms_of(&w->c, &forms));
	for (size_t i = 0; i < forms_count(forms); i++) {
		const struct form *form = forms_at(forms, i);
		struct read r = read_back(w, begin_form(w, str_dup(w->c.arena, form->name)));

		for (size_t j = 0; j < form->count; j++) {
			const char *link = str_dup(w->c.arena, form->items[j].link), *found, *is;

			if (!form->items[j].initial)
				continue;
			found = answer(w, &r, link, 0);
			is = known_of(link);
			if (strncmp(found, is, strlen(is)) != 0)
				fail_msg("%s of %s is \"%s\", not \"%s\"", link, str_dup(w->c.arena, form->name), found, is);
			if (strstr(found, "low mood"))
				fail_msg("%s copies what is kept more closely: %s", link, found);
			tried++;
		}
	}
	assert_true(forms_count(forms) > 13 && tried > 60);
}

/* The address of a refuge is not copied into what others read. */
static void of_a_person_kept_closely_no_address_is_copied(void **state)
{
	struct world *w = *state;
	const struct forms *forms;
	size_t tried = 0;

	put(w, "Patient", "ada",
	    "{\"resourceType\":\"Patient\",\"id\":\"ada\",\"meta\":{\"security\":[{\"system\":\"https://causeway.example/fhir/CodeSystem/label\","
	    "\"code\":\"domestic-abuse\"}]},\"birthDate\":\"1941-03-03\",\"telecom\":[{\"system\":\"phone\",\"value\":\"01632 960100\"}],"
	    "\"address\":[{\"line\":[\"1 Mill Lane\"],\"city\":\"Wendle\"}],\"communication\":[{\"language\":{\"text\":\"Welsh\"}}]}");
	SUCCEEDS(forms_of(&w->c, &forms));
	for (size_t i = 0; i < forms_count(forms); i++) {
		const struct form *form = forms_at(forms, i);
		struct read r = read_back(w, begin_form(w, str_dup(w->c.arena, form->name)));

		for (size_t j = 0; j < form->count; j++) {
			const char *link = str_dup(w->c.arena, form->items[j].link), *found;

			if (!form->items[j].initial)
				continue;
			found = answer(w, &r, link, 0);
			if (strstr(found, "01632") || strstr(found, "Mill") || strstr(found, "Wendle") || strstr(found, "Welsh"))
				fail_msg("%s of %s copies what is kept more closely: %s", link, str_dup(w->c.arena, form->name), found);
			tried++;
		}
	}
	assert_true(tried > 60);
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
		TEST(a_form_begins_with_what_it_says),
		TEST(limits_are_kept),
		TEST(what_stands_below_a_question_goes_with_its_answer),
		TEST(a_group_counts_for_itself_and_for_all),
		TEST(what_is_not_asked_any_more_is_left_out),
		TEST(two_people_below_one_question),
		TEST(no_form_asks_what_the_record_knows),
		TEST(of_a_person_kept_closely_no_address_is_copied),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
