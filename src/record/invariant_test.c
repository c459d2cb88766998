/* invariant_test.c - what every write must leave true: a plan's team has exactly one lead, whatever way it is written. */
#include "record/test_world.h"

#define LEAD(name, period)                                                                        \
	"{\"role\":[{\"coding\":[{\"system\":\"https://causeway.example/fhir/CodeSystem/team-role\"," \
	"\"code\":\"lead\"}]}],\"member\":{\"display\":\"" name "\"}" period "}"
#define MEMBER "{\"role\":[{\"text\":\"GP\"}],\"member\":{\"display\":\"C\"}}"
#define OF_PLAN                                                                                  \
	"\"category\":[{\"coding\":[{\"system\":\"https://causeway.example/fhir/CodeSystem/care-team\"," \
	"\"code\":\"plan\"}]}],"
#define TEAM(category, participants)                                                     \
	"{\"resourceType\":\"CareTeam\",\"id\":\"t\",\"status\":\"active\"," category        \
	"\"subject\":{\"reference\":\"Patient/ada\"},\"participant\":[" participants "]}"
#define PLAN(teams)                                                                               \
	"{\"resourceType\":\"CarePlan\",\"id\":\"p\",\"status\":\"active\",\"intent\":\"plan\","           \
	"\"category\":[{\"coding\":[{\"system\":\"https://causeway.example/fhir/CodeSystem/care-plan\"," \
	"\"code\":\"care-and-support\"}]}],\"subject\":{\"reference\":\"Patient/ada\"}" teams "}"
#define ENDED ",\"period\":{\"end\":\"2023-11-01\"}"
#define LATER ",\"period\":{\"start\":\"2024-01-01\"}"

static enum err written_as(struct world *w, const char *type, const char *id, const char *text)
{
	struct write write = { .resource = tree(&w->c, text) };
	struct written out;

	return record_update(&w->c, str_of(type), str_of(id), &write, &out);
}

static void a_team_of_a_plan_has_one_lead_at_a_time(void **state)
{
	struct world *w = *state;

	FAILS(ERR_INVALID, written_as(w, "CareTeam", "t", TEAM(OF_PLAN, MEMBER)));
	assert_non_null(strstr(w->c.issues.first->text, "exactly one lead"));
	FAILS(ERR_INVALID, written_as(w, "CareTeam", "t", TEAM(OF_PLAN, LEAD("A", "") "," LEAD("B", ""))));
	FAILS(ERR_INVALID, written_as(w, "CareTeam", "t", TEAM(OF_PLAN, LEAD("A", ENDED))));
	SUCCEEDS(written_as(w, "CareTeam", "t", TEAM(OF_PLAN, LEAD("A", ENDED) "," LEAD("B", "") "," MEMBER)));
	SUCCEEDS(written_as(w, "CareTeam", "t", TEAM(OF_PLAN, LEAD("A", "") "," LEAD("B", LATER))));
}

static void what_is_not_of_a_plan_is_left_alone(void **state)
{
	struct world *w = *state;

	SUCCEEDS(written_as(w, "CareTeam", "t", TEAM("", MEMBER)));
	SUCCEEDS(written_as(w, "CareTeam", "t", TEAM("", LEAD("A", "") "," LEAD("B", ""))));
}

static void the_rule_is_not_to_be_slipped(void **state)
{
	struct world *w = *state;

	SUCCEEDS(written_as(w, "CareTeam", "t", TEAM(OF_PLAN, LEAD("A", ""))));
	FAILS(ERR_INVALID, written_as(w, "CareTeam", "t", TEAM("", LEAD("A", "") "," LEAD("B", ""))));
	FAILS(ERR_INVALID, written_as(w, "CarePlan", "p", PLAN("")));
	FAILS(ERR_INVALID, written_as(w, "CarePlan", "p",
				 PLAN(",\"careTeam\":[{\"reference\":\"CareTeam/t\"},{\"reference\":\"CareTeam/u\"}]")));
	SUCCEEDS(written_as(w, "CarePlan", "p", PLAN(",\"careTeam\":[{\"reference\":\"CareTeam/t\"}]")));
}

static void a_plan_takes_no_other_kind_of_team(void **state)
{
	struct world *w = *state;

	SUCCEEDS(written_as(w, "CareTeam", "t", TEAM("", MEMBER)));
	FAILS(ERR_INVALID, written_as(w, "CarePlan", "p", PLAN(",\"careTeam\":[{\"reference\":\"CareTeam/t\"}]")));
}

static void bundles_and_patches_keep_it_too(void **state)
{
	struct world *w = *state;
	struct written out;
	struct node *response;

	SUCCEEDS(written_as(w, "CareTeam", "t", TEAM(OF_PLAN, LEAD("A", ""))));
	struct patch patch = { .tree = tree(&w->c, "[{\"op\":\"remove\",\"path\":\"/participant/0\"}]") };
	FAILS(ERR_INVALID, record_patch(&w->c, STR("CareTeam"), STR("t"), &patch, 0, &out));
	FAILS(ERR_INVALID,
	      record_bundle(&w->c, (struct str){ 0 },
			    tree(&w->c, "{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":[{\"resource\":" TEAM(
						OF_PLAN, MEMBER) ",\"request\":{\"method\":\"PUT\",\"url\":\"CareTeam/t\"}}]}"),
			    &response));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_team_of_a_plan_has_one_lead_at_a_time), TEST(what_is_not_of_a_plan_is_left_alone),
		TEST(the_rule_is_not_to_be_slipped),	       TEST(a_plan_takes_no_other_kind_of_team),
		TEST(bundles_and_patches_keep_it_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
