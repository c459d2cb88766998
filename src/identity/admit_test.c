/* admit_test.c - whom messages are about, and what becomes of the Patient. */
#include "record/test_world.h"

#include "identity/resolve.h"

#define TRUST "https://fhir.nhs.uk/Id/ods-organization-code/RXX"
#define COUNCIL "https://fhir.nhs.uk/Id/ods-organization-code/503"
#define MRN "https://trust.example/mrn"
#define CARE_ID "https://council.example/id"

/* A Patient in few words; NULL leaves a part out. */
struct told {
	const char *system, *id, *nhs, *status, *given, *family, *dob, *sex, *line, *postcode,
		*phone, *use;
};

static void add_nhs(struct ctx *c, struct buf *b, const struct told *t)
{
	(void)c;
	buf_printf(b,
		   "{\"extension\":[{\"url\":\"https://fhir.hl7.org.uk/StructureDefinition/"
		   "Extension-UKCore-NHSNumberVerificationStatus\",\"valueCodeableConcept\":"
		   "{\"coding\":[{\"system\":\"https://fhir.hl7.org.uk/CodeSystem/"
		   "UKCore-NHSNumberVerificationStatusEngland\",\"code\":\"%s\"}]}}],"
		   "\"system\":\"https://fhir.nhs.uk/Id/nhs-number\",\"value\":\"%s\"}",
		   t->status ? t->status : "01", t->nhs);
}

static struct node *patient(struct world *w, struct told t)
{
	struct buf b;

	buf_init(&b, w->c.arena, 0);
	buf_cstr(&b, "{\"resourceType\":\"Patient\"");
	if (t.id || t.nhs)
		buf_cstr(&b, ",\"identifier\":[");
	if (t.id)
		buf_printf(&b, "{\"system\":\"%s\",\"value\":\"%s\"}%s",
			   t.system ? t.system : MRN, t.id, t.nhs ? "," : "");
	if (t.nhs)
		add_nhs(&w->c, &b, &t);
	if (t.id || t.nhs)
		buf_cstr(&b, "]");
	buf_printf(&b, ",\"name\":[{\"use\":\"%s\"", t.use ? t.use : "official");
	if (t.family)
		buf_printf(&b, ",\"family\":\"%s\"", t.family);
	if (t.given)
		buf_printf(&b, ",\"given\":[\"%s\"]", t.given);
	buf_cstr(&b, "}]");
	if (t.phone)
		buf_printf(&b, ",\"telecom\":[{\"system\":\"phone\",\"value\":\"%s\"}]", t.phone);
	if (t.sex)
		buf_printf(&b, ",\"gender\":\"%s\"", t.sex);
	if (t.dob)
		buf_printf(&b, ",\"birthDate\":\"%s\"", t.dob);
	if (t.postcode)
		buf_printf(&b,
			   ",\"address\":[{\"use\":\"home\",\"line\":[\"%s\"],"
			   "\"postalCode\":\"%s\"}]",
			   t.line ? t.line : "1 High Street", t.postcode);
	buf_cstr(&b, "}");
	return tree(&w->c, str_dup(w->c.arena, buf_get(&b)));
}

static struct resolution admit(struct world *w, const char *org, struct told t)
{
	struct resolution r;

	SUCCEEDS(identity_admit(&w->c, patient(w, t), str_of(org), &r));
	return r;
}

static struct node *as_it_is(struct world *w, struct str id)
{
	struct version v;
	struct node *n;

	SUCCEEDS(record_read(&w->c, STR("Patient"), id, &v));
	SUCCEEDS(fhir_read_json(&w->c, w->c.place->fhir, w->c.arena, v.body, &n));
	return n;
}

static const struct told edith = { .id = "A1",
				   .nhs = "9434765919",
				   .given = "Edith",
				   .family = "Tredwell",
				   .dob = "1938-03-14",
				   .sex = "female",
				   .line = "12 Mill Lane",
				   .postcode = "LN5 7AX" };

#define IS(path, text)                                                                         \
	assert_string_equal(str_dup(w->c.arena, node_text(node_path(now, path))), text)

static void a_sender_s_own_number_decides(void **state)
{
	struct world *w = *state;
	struct resolution first = admit(w, TRUST, edith), again;
	struct told other = { .id = "A1", .given = "Someone", .family = "Else" };

	assert_int_equal(first.how, RESOLVED_NEW);
	assert_true(first.id.len > 0);
	again = admit(w, TRUST, edith);
	assert_int_equal(again.how, RESOLVED_KNOWN);
	assert_true(again.unchanged);
	assert_true(str_eq(again.id, first.id));
	again = admit(w, TRUST, other);
	assert_int_equal(again.how, RESOLVED_KNOWN);
	assert_true(str_eq(again.id, first.id));
}

static void a_verified_nhs_number_joins_two_organisations(void **state)
{
	struct world *w = *state;
	struct told council = edith;
	struct resolution first = admit(w, TRUST, edith), second;
	struct node *now;

	council.system = CARE_ID, council.id = "77";
	second = admit(w, COUNCIL, council);
	assert_int_equal(second.how, RESOLVED_KNOWN);
	assert_true(str_eq(second.id, first.id));
	now = as_it_is(w, first.id);
	assert_int_equal(node_get(now, "identifier")->len, 3);
	IS("meta.source", COUNCIL);
}

static void a_child_with_its_mother_s_number_is_another(void **state)
{
	struct world *w = *state;
	struct told child = edith;
	struct resolution first = admit(w, TRUST, edith), second;
	struct node *now;

	child.id = "A2", child.given = "Robin", child.dob = "2023-10-01";
	second = admit(w, TRUST, child);
	assert_int_equal(second.how, RESOLVED_DOUBT);
	assert_false(str_eq(second.id, first.id));
	assert_true(str_eq(second.other, first.id));
	now = as_it_is(w, second.id);
	node_each(identifier, node_get(now, "identifier"))
	{
		if (!str_is(node_str(identifier, "system"), MRN))
			assert_true(str_is(
				node_text(node_path(
					identifier,
					"extension.valueCodeableConcept.coding.code")),
				"05"));
	}
}

static void a_married_name_comes_first_and_the_old_one_stays(void **state)
{
	struct world *w = *state;
	struct told married = edith;
	struct resolution r = admit(w, TRUST, edith);
	struct node *now;

	married.family = "Holroyd", married.line = "3 Chapel Road", married.postcode = "LN1 3AB";
	assert_false(admit(w, TRUST, married).unchanged);
	now = as_it_is(w, r.id);
	assert_int_equal(node_get(now, "name")->len, 2);
	assert_int_equal(node_get(now, "address")->len, 2);
	IS("name.family", "Holroyd");
	IS("address.postalCode", "LN1 3AB");
	assert_true(str_is(node_str(node_at(node_get(now, "name"), 1), "use"), "old"));
	assert_true(str_is(node_text(node_path(node_at(node_get(now, "name"), 1), "period.end")),
			   "2023-11-14"));
	assert_true(admit(w, TRUST, married).unchanged);
}

static void an_organisation_that_repeats_itself_says_nothing_new(void **state)
{
	struct world *w = *state;
	struct told council = edith;
	struct resolution r;
	struct node *now;

	council.system = CARE_ID, council.id = "77";
	r = admit(w, TRUST, edith);
	admit(w, COUNCIL, council);
	council.family = "Holroyd";
	admit(w, COUNCIL, council);
	assert_true(admit(w, TRUST, edith).unchanged);
	now = as_it_is(w, r.id);
	IS("name.family", "Holroyd");
	council.family = "Tredwell";
	admit(w, COUNCIL, council);
	now = as_it_is(w, r.id);
	IS("name.family", "Tredwell");
	assert_int_equal(node_get(now, "name")->len, 2);
}

static void a_date_is_not_replaced_by_less(void **state)
{
	struct world *w = *state;
	struct told vague = edith;
	struct resolution r = admit(w, TRUST, edith);
	struct node *now;

	vague.dob = "1938";
	admit(w, TRUST, vague);
	vague.dob = "1938-01-01";
	admit(w, TRUST, vague);
	now = as_it_is(w, r.id);
	IS("birthDate", "1938-03-14");
	vague.dob = "1938-04-13";
	admit(w, TRUST, vague);
	now = as_it_is(w, r.id);
	IS("birthDate", "1938-04-13");
}

static void a_merged_patient_stands_for_its_survivor(void **state)
{
	struct world *w = *state;

	put(w, "Patient", "one",
	    "{\"resourceType\":\"Patient\",\"id\":\"one\",\"active\":false,\"identifier\":[{"
	    "\"system\":\"" MRN "\",\"value\":\"A1\"}],\"link\":[{\"other\":{\"reference\":"
	    "\"Patient/two\"},\"type\":\"replaced-by\"}]}");
	put(w, "Patient", "two", "{\"resourceType\":\"Patient\",\"id\":\"two\"}");
	assert_true(str_is(admit(w, TRUST, edith).id, "two"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_sender_s_own_number_decides),
		TEST(a_verified_nhs_number_joins_two_organisations),
		TEST(a_child_with_its_mother_s_number_is_another),
		TEST(a_married_name_comes_first_and_the_old_one_stays),
		TEST(an_organisation_that_repeats_itself_says_nothing_new),
		TEST(a_date_is_not_replaced_by_less),
		TEST(a_merged_patient_stands_for_its_survivor),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
