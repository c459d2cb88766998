/* admit_test.c - whom messages are about, and what becomes of the Patient. */
#include "record/test_world.h"

#include <pthread.h>

#include "identity/doubt.h"
#include "identity/merge.h"
#include "identity/online.h"
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

/* The council's Edith: no number but its own, and what it says of her. */
static struct told of_council(struct told t, const char *id)
{
	t.system = CARE_ID, t.id = id, t.nhs = NULL;
	return t;
}

#define HOW(expression, expected) assert_int_equal((expression).how, RESOLVED_##expected)

static void without_numbers_the_facts_decide(void **state)
{
	struct world *w = *state;
	struct resolution first = admit(w, TRUST, edith), r;
	struct told t = of_council(edith, "77");

	t.given = "Edie";
	r = admit(w, COUNCIL, t);
	HOW(r, MATCHED);
	assert_true(str_eq(r.id, first.id));
	assert_true(r.probability > 0.97 && r.weight > 5);
	assert_true(str_find(r.why, STR("nickname")) > 0);
	/* From now on its number is known. */
	HOW(admit(w, COUNCIL, t), KNOWN);
}

static void a_stranger_is_new(void **state)
{
	struct world *w = *state;
	struct told t = { .id = "B1",
			  .given = "Martin",
			  .family = "Okafor",
			  .dob = "1971-09-02",
			  .sex = "male",
			  .postcode = "LN5 7AX" };

	admit(w, TRUST, edith);
	HOW(admit(w, TRUST, t), NEW);
}

static void verified_numbers_that_differ_are_never_linked(void **state)
{
	struct world *w = *state;
	struct told t = edith;
	struct resolution first = admit(w, TRUST, edith), r;

	t.system = CARE_ID, t.id = "77", t.nhs = "4000000012";
	r = admit(w, COUNCIL, t);
	HOW(r, DOUBT);
	assert_false(str_eq(r.id, first.id));
	assert_true(str_eq(r.other, first.id));
}

static void twins_are_two(void **state)
{
	struct world *w = *state;
	struct told one = { .id = "T1",
			    .given = "Anna",
			    .family = "Holroyd",
			    .dob = "2015-06-01",
			    .sex = "female",
			    .line = "3 Chapel Road",
			    .postcode = "LN1 3AB" };
	struct told two = one;
	struct resolution first = admit(w, TRUST, one), second;

	two.id = "T2", two.given = "Grace";
	second = admit(w, TRUST, two);
	assert_false(str_eq(first.id, second.id));
	/* The council knows them without numbers and each finds her own. */
	first = admit(w, COUNCIL, of_council(one, "c1"));
	HOW(first, MATCHED);
	two = of_council(two, "c2");
	two.system = "https://other.example/id";
	HOW(admit(w, COUNCIL, two), MATCHED);
}

static void the_newborn_has_no_name_yet(void **state)
{
	struct world *w = *state;
	struct told baby = { .id = "N1",
			     .given = "Baby",
			     .family = "Holroyd",
			     .dob = "2023-11-10",
			     .sex = "male",
			     .line = "3 Chapel Road",
			     .postcode = "LN1 3AB" };
	struct told named = of_council(baby, "c9");
	struct resolution first = admit(w, TRUST, baby), second;

	named.given = "Thomas";
	second = admit(w, COUNCIL, named);
	HOW(second, DOUBT);
	assert_true(str_eq(second.other, first.id));
}

static void new_year_s_day_says_little(void **state)
{
	struct world *w = *state;
	struct told one = { .id = "J1",
			    .given = "Mohamed",
			    .family = "Ali",
			    .dob = "1975-01-01",
			    .sex = "male" };
	struct told two = of_council(one, "c5");
	struct resolution exact;

	admit(w, TRUST, one);
	two.given = "Mohamad";
	exact = admit(w, COUNCIL, two);
	assert_int_not_equal(exact.how, RESOLVED_MATCHED + 100);
	one.id = "J2", one.dob = "1975-05-17", one.given = "Mohamed";
	one.system = "https://third.example/id";
	/* A full date against the first of the same year is not proof of another. */
	assert_int_not_equal(admit(w, TRUST, one).how, RESOLVED_KNOWN);
}

static void two_numbers_of_one_organisation_speak_against(void **state)
{
	struct world *w = *state;
	struct told t = edith;
	struct resolution a, b;

	t.nhs = NULL, t.phone = NULL;
	admit(w, TRUST, t);
	SUCCEEDS(identity_resolve(&w->c, patient(w, of_council(t, "77")), STR(COUNCIL), &a));
	t.id = "A2";
	SUCCEEDS(identity_resolve(&w->c, patient(w, t), STR(TRUST), &b));
	assert_true(a.weight > b.weight + 3);
}

/* Everything else alike: the strongest case for one person there can be. */
static const struct told ann = { .id = "S1",
				 .given = "Ann",
				 .family = "Smith",
				 .dob = "1980-01-01",
				 .sex = "female",
				 .line = "12 Mill Lane",
				 .postcode = "LN5 7AX",
				 .phone = "01522 555 123" };

static void expect_two(struct world *w, struct told one, struct told two, const char *org)
{
	struct resolution first = admit(w, TRUST, one), second = admit(w, org, two);

	assert_true(second.how == RESOLVED_DOUBT || second.how == RESOLVED_NEW);
	assert_false(str_eq(first.id, second.id));
}

static void one_sender_s_two_born_apart_are_two(void **state)
{
	struct told other = ann;

	other.id = "S2", other.dob = "1951-01-01";
	expect_two(*state, ann, other, TRUST);
}

static void one_sender_s_two_surnames_are_two(void **state)
{
	struct told other = ann;

	other.id = "S2", other.family = "Okafor";
	expect_two(*state, ann, other, TRUST);
}

static void one_sender_s_two_first_names_are_two(void **state)
{
	struct told other = ann;

	other.id = "S2", other.given = "Grace";
	expect_two(*state, ann, other, TRUST);
}

/* Registered twice by one sender, all alike or with a slip: that is one. */
static void one_sender_s_slip_is_one(void **state)
{
	struct world *w = *state;
	struct told again = ann;
	struct resolution first;

	again.dob = "1980-03-14";
	first = admit(w, TRUST, again);
	again.id = "S2", again.family = "Smyth";
	assert_true(str_eq(admit(w, TRUST, again).id, first.id));
}

static void born_apart_is_never_linked(void **state)
{
	static const char *const dates[][2] = {
		{ "1980-01-01", "1951-01-01" }, { "1980-01-01", "1981-01-01" },
		{ "1980-06-12", "1951-06-12" }, { "1980-06-12", "1980-11-27" },
		{ "1980-06-12", "1981-06-13" },
	};
	char ids[2][8];

	for (size_t i = 0; i < sizeof dates / sizeof *dates; i++) {
		struct told one = ann, two = of_council(ann, ids[1]);
		static const char *const given[] = { "Ann", "Ngozi", "Bronwen", "Usha", "Zofia" };

		one.given = two.given = given[i];
		one.dob = dates[i][0], two.dob = dates[i][1];
		snprintf(ids[0], sizeof ids[0], "a%zu", i);
		snprintf(ids[1], sizeof ids[1], "b%zu", i);
		one.id = ids[0];
		expect_two(*state, one, two, COUNCIL);
	}
}

static void a_date_with_a_slip_is_linked(void **state)
{
	static const char *const slips[] = { "1980-12-06", "1980-06-13", "1908-06-12",
					     "1980-01-01" };
	struct world *w = *state;
	struct told t = ann;
	struct resolution first;
	char id[8];

	t.dob = "1980-06-12";
	first = admit(w, TRUST, t);
	for (size_t i = 0; i < sizeof slips / sizeof *slips; i++) {
		struct resolution r;

		snprintf(id, sizeof id, "c%zu", i);
		t = of_council(t, id);
		t.dob = slips[i];
		SUCCEEDS(identity_resolve(&w->c, patient(w, t), STR(COUNCIL), &r));
		HOW(r, MATCHED);
		assert_true(str_eq(r.id, first.id));
	}
}

static void born_first_is_not_born_second(void **state)
{
	struct world *w = *state;
	struct node *one = patient(w, edith), *two = patient(w, of_council(edith, "77"));
	struct resolution r;

	node_add_int(w->c.arena, one, "multipleBirthInteger", 1);
	node_add_int(w->c.arena, two, "multipleBirthInteger", 2);
	SUCCEEDS(identity_admit(&w->c, one, STR(TRUST), &r));
	SUCCEEDS(identity_admit(&w->c, two, STR(COUNCIL), &r));
	HOW(r, NEW);
}

static void the_index_follows_what_others_write(void **state)
{
	struct world *w = *state;
	struct node *n = patient(w, edith);
	struct write write = { .resource = n };
	struct written out;
	struct resolution r;
	int64_t people;

	SUCCEEDS(record_create(&w->c, STR("Patient"), &write, &out));
	SUCCEEDS(identity_resolve(&w->c, patient(w, of_council(edith, "77")), STR(COUNCIL), &r));
	HOW(r, MATCHED);
	SUCCEEDS(online_check(&w->c, &people));
	assert_int_equal(people, 1);
	SUCCEEDS(record_delete(&w->c, STR("Patient"), out.version.id, 0, &out));
	SUCCEEDS(identity_resolve(&w->c, patient(w, of_council(edith, "77")), STR(COUNCIL), &r));
	HOW(r, NEW);
	SUCCEEDS(online_check(&w->c, &people));
	assert_int_equal(people, 0);
	SUCCEEDS(online_clear(&w->c));
	SUCCEEDS(online_catch_up(&w->c, NULL));
	SUCCEEDS(online_check(&w->c, &people));
}

/* ---- at once ---- */

struct sender {
	struct world *w;
	pthread_t thread;
	char id[16];
	enum err error;
	char got[80];
};

static void *send(void *arg)
{
	struct sender *s = arg;
	ARENA(own);
	struct world mine = *s->w;
	struct told t = edith;
	struct resolution r;
	char system[64];

	ctx_init(&mine.c, &own);
	mine.c.place = s->w->place;
	mine.c.clock = s->w->c.clock;
	snprintf(system, sizeof system, "https://%s.example/id", s->id);
	t.system = system, t.id = s->id, t.nhs = NULL;
	s->error = identity_admit(&mine.c, patient(&mine, t), STR(COUNCIL), &r);
	if (!s->error)
		snprintf(s->got, sizeof s->got, STR_FMT, STR_ARG(r.id));
	return NULL;
}

static void two_at_once_make_one_patient(void **state)
{
	struct world *w = *state;
	struct sender senders[8] = { 0 };

	for (int i = 0; i < 8; i++) {
		senders[i].w = w;
		snprintf(senders[i].id, sizeof senders[i].id, "s%d", i);
		assert_int_equal(pthread_create(&senders[i].thread, NULL, send, &senders[i]), 0);
	}
	for (int i = 0; i < 8; i++)
		pthread_join(senders[i].thread, NULL);
	for (int i = 0; i < 8; i++) {
		assert_int_equal(senders[i].error, OK);
		assert_string_equal(senders[i].got, senders[0].got);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

static const struct told baby = { .id = "B1",
				  .family = "Okonkwo",
				  .given = "Baby",
				  .dob = "2026-02-15",
				  .sex = "male",
				  .line = "28 Oak Rise",
				  .postcode = "LN5 2EH" };

static struct doubt_counts doubts(struct world *w)
{
	struct doubt_counts n;

	SUCCEEDS(doubt_count(&w->c, &n));
	return n;
}

/* The practice has the child with its name, the ward only as its mother's; then the ward hears it. */
static struct resolution named_at_last(struct world *w, struct str *practice)
{
	struct told known = baby, named = baby;
	struct resolution ward;

	known.system = CARE_ID, known.id = "P1", known.given = "Arthur";
	*practice = admit(w, COUNCIL, known).id;
	ward = admit(w, TRUST, baby);
	assert_int_equal(ward.how, RESOLVED_DOUBT);
	named.given = "Arthur";
	return admit(w, TRUST, named);
}

static void what_is_told_later_settles_a_doubt(void **state)
{
	struct world *w = *state;
	struct str practice, head;
	struct resolution last = named_at_last(w, &practice);
	struct merge_event *events;
	size_t len;

	assert_int_equal(last.how, RESOLVED_KNOWN);
	SUCCEEDS(merge_head(&w->c, last.id, &head));
	assert_true(str_eq(head, practice));
	assert_int_equal(doubts(w).open, 0);
	SUCCEEDS(merge_history(&w->c, last.id, 10, &events, &len));
	assert_int_equal(len, 1);
	assert_string_equal(str_dup(w->c.arena, events[0].by), "matching");
	/* Taken back by a person, it is left to people. */
	int64_t merge;
	SUCCEEDS(merge_undo(&w->c, last.id, STR("They are cousins."), STR("a clerk"), &merge));
	assert_int_equal(doubts(w).open, 1);
	struct told moved = baby;
	moved.given = "Arthur", moved.phone = "01522 555 010";
	admit(w, TRUST, moved);
	assert_int_equal(doubts(w).open, 1);
}

static void a_doubt_stays_while_it_is_one(void **state)
{
	struct world *w = *state;
	struct told known = baby, moved = baby;

	known.system = CARE_ID, known.id = "P1", known.given = "Arthur";
	admit(w, COUNCIL, known);
	admit(w, TRUST, baby);
	moved.phone = "01522 555 010";
	admit(w, TRUST, moved);
	assert_int_equal(doubts(w).open, 1);
}

/* A woman's other family name is likelier than a man's, and who moved has not differed twice. */
static void who_married_and_moved_is_found(void **state)
{
	struct world *w = *state;
	struct told she = { .id = "M1",
			    .given = "Yvonne",
			    .family = "Dunmore",
			    .dob = "1958-09-15",
			    .sex = "female",
			    .line = "78 Park Street",
			    .postcode = "LN2 3NU" },
		    then = she, he = she, other = he;

	admit(w, TRUST, she);
	then.system = CARE_ID, then.id = "C1", then.family = "Hewitt";
	then.line = "31 Vicarage Row", then.postcode = "LN1 3TR";
	struct resolution hers = admit(w, COUNCIL, then);
	he.id = "M2", he.given = "Gerald", he.sex = "male", he.dob = "1951-04-27";
	admit(w, TRUST, he);
	other = he;
	other.system = CARE_ID, other.id = "C2", other.family = "Hewitt";
	other.line = "31 Vicarage Row", other.postcode = "LN1 3TR";
	struct resolution his = admit(w, COUNCIL, other);
	assert_true(hers.weight > his.weight + 1);
}

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
		TEST(without_numbers_the_facts_decide),
		TEST(a_stranger_is_new),
		TEST(verified_numbers_that_differ_are_never_linked),
		TEST(twins_are_two),
		TEST(the_newborn_has_no_name_yet),
		TEST(new_year_s_day_says_little),
		TEST(two_numbers_of_one_organisation_speak_against),
		TEST(one_sender_s_two_born_apart_are_two),
		TEST(one_sender_s_two_surnames_are_two),
		TEST(one_sender_s_two_first_names_are_two),
		TEST(one_sender_s_slip_is_one),
		TEST(born_apart_is_never_linked),
		TEST(a_date_with_a_slip_is_linked),
		TEST(born_first_is_not_born_second),
		TEST(the_index_follows_what_others_write),
		TEST(two_at_once_make_one_patient),
		TEST(what_is_told_later_settles_a_doubt),
		TEST(a_doubt_stays_while_it_is_one),
		TEST(who_married_and_moved_is_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
