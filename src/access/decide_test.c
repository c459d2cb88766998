/* decide_test.c - who sees what, and that it changes with the very next request. */
#include "access/test_access.h"

#include "access/notice.h"
#include "record/search.h"

static void test_by_relationship(void **state)
{
	struct world *w = *state;

	put_place(w);
	struct actor gp = actor_in(w, 1, "gp", "WXP"), doctor = actor_in(w, 2, "hospital-doctor", "WXA"),
		     social = actor_in(w, 3, "social-worker", "WXL");

	SEES(&gp, "Observation", "by-hill");
	SEES(&gp, "Observation", "by-marl");
	HIDDEN(&gp, "Observation", "bens");
	SEES(&doctor, "Observation", "by-hill"); /* by the stay on its ward */
	HIDDEN(&doctor, "Observation", "bens");
	SEES(&social, "Observation", "bens");
	HIDDEN(&social, "Observation", "by-hill");
	SEES(&gp, "Patient", "ben"); /* to be found */
	SEES(&gp, "Organization", "council");
	HIDDEN(&actor_nobody, "Organization", "council");
}

static void test_at_the_next_request(void **state)
{
	struct world *w = *state;

	put_place(w);
	struct actor gp = actor_in(w, 1, "gp", "WXP");

	SEES(&gp, "Observation", "by-hill");
	HIDDEN(&gp, "Observation", "bens");
	put(w, "Patient", "ben",
	    "{\"resourceType\":\"Patient\",\"id\":\"ben\",\"generalPractitioner\":[{"
	    "\"reference\":\"Organization/hill\"}]}");
	SEES(&gp, "Observation", "bens");
	put(w, "Patient", "ben", "{\"resourceType\":\"Patient\",\"id\":\"ben\"}");
	HIDDEN(&gp, "Observation", "bens");
	SEES(&gp, "Observation", "by-hill");
}

/* 28 days after the end of a stay the hospital sees no more. */
static void test_a_stay_expires(void **state)
{
	struct world *w = *state;

	put_place(w);
	struct actor doctor = actor_in(w, 2, "hospital-doctor", "WXA");

	put(w, "Encounter", "stay",
	    "{\"resourceType\":\"Encounter\",\"id\":\"stay\"," SOURCE("WXA01") ",\"status\":"
	    "\"finished\",\"class\":{\"code\":\"IMP\"},\"subject\":{\"reference\":\"Patient/ada\"},"
	    "\"period\":{\"start\":\"2023-11-10\",\"end\":\"2023-11-14T12:00:00Z\"},\"serviceProvider\":"
	    "{\"reference\":\"Organization/ward\"}}");
	SEES(&doctor, "Observation", "by-hill");
	w->clock.at += INT64_C(27) * 86400 * 1000000;
	SEES(&doctor, "Observation", "by-hill");
	w->clock.at += INT64_C(86400) * 1000000;
	HIDDEN(&doctor, "Observation", "by-hill");
}

static void test_labels(void **state)
{
	struct world *w = *state;

	put_place(w);
	struct actor gp = actor_in(w, 1, "gp", "WXP"), desk = actor_in(w, 4, "practice-staff", "WXP"),
		     nurse = actor_in(w, 5, "ward-nurse", "WXA");

	SEES(&gp, "Observation", "by-ward-mental");
	SEES(&nurse, "Observation", "by-ward-mental");
	HIDDEN(&desk, "Observation", "by-ward-mental");
	HIDDEN(&desk, "Observation", "by-hill"); /* no health.read */
	SEES(&desk, "Encounter", "stay");
}

static void put_task(struct world *w, const char *id, const char *code)
{
	put(w, "Task", id,
	    arena_printf(w->c.arena,
			 "{\"resourceType\":\"Task\",\"id\":\"%s\"," SOURCE("WXL") ",\"status\":\"requested\",\"intent\":"
			 "\"order\",\"code\":{\"coding\":[{\"system\":\"https://causeway.example/fhir/CodeSystem/task\",\"code\":"
			 "\"%s\"}]},\"for\":{\"reference\":\"Patient/ben\"},\"owner\":{\"reference\":"
			 "\"Organization/council\"}}",
			 id, code));
}

/* Who handles money sees the Tasks about money, and no others: nor is told that there are any. */
static void test_only_what_is_about_money(void **state)
{
	static const char *const hidden[] = { "work", "safe", "sent" };
	struct explanation why;
	struct world *w = *state;

	put_place(w);
	put_task(w, "means", "financial-assessment");
	put_task(w, "budget", "budget");
	put_task(w, "safe", "safeguarding");
	put_task(w, "sent", "referral");
	put_task(w, "nhs", "continuing-healthcare");
	put_task(w, "plan", "plan-approval");
	put(w, "CarePlan", "bens-plan",
	    "{\"resourceType\":\"CarePlan\",\"id\":\"bens-plan\"," SOURCE("WXL") ",\"status\":\"active\",\"intent\":\"plan\","
	    "\"subject\":{\"reference\":\"Patient/ben\"}}");
	put(w, "Communication", "bens-note",
	    "{\"resourceType\":\"Communication\",\"id\":\"bens-note\"," SOURCE("WXL") ",\"status\":\"completed\","
	    "\"subject\":{\"reference\":\"Patient/ben\"}}");
	struct actor finance = actor_in(w, 6, "finance", "WXL"), approver = actor_in(w, 7, "finance-approver", "WXL"),
		     social = actor_in(w, 3, "social-worker", "WXL"), nurse = actor_in(w, 9, "community-nurse", "WXL");

	SEES(&finance, "Task", "means");
	SEES(&finance, "Task", "budget");
	SEES(&finance, "Task", "nhs");
	SEES(&finance, "Task", "plan");
	HIDDEN(&finance, "CarePlan", "bens-plan");
	SEES(&approver, "Task", "means");
	SEES(&approver, "Task", "nhs"); /* the council's charge ends with the NHS's decision */
	SEES(&approver, "Task", "plan");
	SEES(&approver, "CarePlan", "bens-plan"); /* to agree to its cost */
	HIDDEN(&approver, "Communication", "bens-note");
	SEES(&nurse, "Task", "nhs"); /* what is about payments is kept from nobody by that */
	HIDDEN(&nurse, "Task", "means");
	for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++) {
		HIDDEN(&finance, "Task", hidden[i]);
		HIDDEN(&approver, "Task", hidden[i]);
		SEES(&social, "Task", hidden[i]);
		SUCCEEDS(access_explain(&w->c, &finance, STR("Task"), str_of(hidden[i]), &why));
		assert_false(why.may);
	}
	SUCCEEDS(access_explain(&w->c, &finance, STR("Task"), STR("budget"), &why));
	assert_true(why.may);
	w->c.actor = &finance;
	SUCCEEDS(guard_make(&w->c, &w->c.guard));
	const struct search *search;
	struct search_page page;
	SUCCEEDS(search_parse(&w->c, STR("Task"), STR("_total=accurate"), &search));
	SUCCEEDS(search_run(&w->c, search, &page));
	assert_int_equal(page.total, 4);
	assert_int_equal(page.len, 4);
	guard_done(&w->c, w->c.guard);
	w->c.guard = NULL;
	w->c.actor = NULL;
}

static void put_errand(struct world *w, const char *id, const char *asks, const char *does, const char *status)
{
	put(w, "Task", id,
	    arena_printf(w->c.arena,
			 "{\"resourceType\":\"Task\",\"id\":\"%s\"," SOURCE("WXL") ",\"status\":\"%s\",\"intent\":"
			 "\"order\",\"requester\":{\"reference\":\"%s\"},\"owner\":{\"reference\":\"%s\"}}",
			 id, status, asks, does));
}

static int64_t tasks_found(struct world *w, const struct actor *actor)
{
	const struct search *search;
	struct search_page page;

	w->c.actor = actor;
	SUCCEEDS(guard_make(&w->c, &w->c.guard));
	SUCCEEDS(search_parse(&w->c, STR("Task"), STR("_total=accurate"), &search));
	SUCCEEDS(search_run(&w->c, search, &page));
	assert_int_equal(page.total, page.len);
	guard_done(&w->c, w->c.guard);
	w->c.guard = NULL;
	w->c.actor = NULL;
	return page.total;
}

/* Of work about nobody those know who do it and who asked for it, in whatever organisation: nobody else. */
static void test_work_about_nobody(void **state)
{
	struct explanation why;
	struct world *w = *state;

	put_place(w);
	put(w, "CareTeam", "falls", "{\"resourceType\":\"CareTeam\",\"id\":\"falls\",\"status\":\"active\"}");
	put_errand(w, "house", "Practitioner/gp", "Organization/marl", "requested");
	put_errand(w, "own", "Practitioner/gp", "Practitioner/nurse", "requested");
	struct guard_item falls = item_of(w, "CareTeam", "falls");
	struct actor doctor = actor_in(w, 2, "hospital-doctor", "WXA"), nurse = actor_in(w, 5, "community-nurse", "WXP"),
		     social = actor_in(w, 3, "social-worker", "WXL"), gp = actor_in(w, 1, "gp", "WXP"),
		     desk = actor_in(w, 4, "finance", "WXA"), analyst = actor_in(w, 8, "analyst", "WXA");

	nurse.practitioner = STR("nurse");
	gp.practitioner = STR("gp");
	SEES(&doctor, "Task", "house");
	HIDDEN(&doctor, "Task", "own");
	SEES(&nurse, "Task", "own");
	HIDDEN(&nurse, "Task", "house");
	SEES(&gp, "Task", "own");
	SEES(&gp, "Task", "house");
	HIDDEN(&social, "Task", "own"); /* whose organisation wrote it down */
	HIDDEN(&social, "Task", "house");
	HIDDEN(&desk, "Task", "house"); /* at the hospital, in a role without Tasks */
	SEES(&analyst, "Task", "house"); /* as all that has no label */
	assert_int_equal(tasks_found(w, &doctor), 1);
	assert_int_equal(tasks_found(w, &nurse), 1);
	assert_int_equal(tasks_found(w, &gp), 2);
	assert_int_equal(tasks_found(w, &social), 1); /* Ben's */

	/* with the next request: another has it; a team; it is about somebody */
	put_errand(w, "own", "Practitioner/gp", "CareTeam/falls", "requested");
	HIDDEN(&nurse, "Task", "own");
	nurse.teams = &falls.key;
	nurse.team_count = 1;
	SEES(&nurse, "Task", "own");
	put(w, "Task", "house",
	    "{\"resourceType\":\"Task\",\"id\":\"house\"," SOURCE("WXL") ",\"status\":\"requested\",\"intent\":\"order\","
	    "\"for\":{\"reference\":\"Patient/ben\"},\"owner\":{\"reference\":\"Practitioner/gp\"}}");
	HIDDEN(&doctor, "Task", "house");

	/* over, and 28 days later */
	put_errand(w, "own", "Practitioner/gp", "CareTeam/falls", "completed");
	SEES(&nurse, "Task", "own");
	w->clock.at += INT64_C(30) * 86400 * 1000000;
	HIDDEN(&nurse, "Task", "own");

	put_errand(w, "sealed", "Practitioner/gp", "Organization/marl", "requested");
	struct agreement apart = { .title = STR("Hospital alone"), .orgs = STR("WXA WXP"), .purposes = STR("care"),
				   .since = w->clock.at - 1 };
	int64_t key;
	SUCCEEDS(agreement_add(&w->c, &apart, &key)); /* no agreement with the council, who wrote it */
	SEES(&doctor, "Task", "sealed");
	SUCCEEDS(access_explain(&w->c, &doctor, STR("Task"), STR("sealed"), &why));
	assert_true(why.may);
	SUCCEEDS(access_explain(&w->c, &social, STR("Task"), STR("sealed"), &why));
	assert_false(why.may);
}

/* Days and minutes of an agreement are London's, in summer and in winter. */
static void test_agreement_times(void **state)
{
	static const struct {
		const char *text, *utc;
	} good[] = {
		{ "2027-01-31", "2027-01-31T00:00:00" },       { "2027-06-30", "2027-06-29T23:00:00" },
		{ "2027-06-30 17:30", "2027-06-30T16:30:00" }, { "2027-01-31T09:05", "2027-01-31T09:05:00" },
	};
	static const char *const bad[] = { "", "2027", "2027-02-30", "2027-01-31 24:00", "2027-01-31 1:00", "2027-01-31 10:00 " };
	struct world *w = *state;
	int64_t at = 7;

	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		assert_true(agreement_time_read(str_of(good[i].text), &at));
		assert_memory_equal(when_print_us(&w->arena, at).at, good[i].utc, 19);
		char *text = str_dup(&w->arena, agreement_time_text(&w->arena, at));
		if (strchr(text, ' ') && strchr(good[i].text, 'T'))
			*strchr(text, ' ') = 'T';
		assert_string_equal(text, good[i].text);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(agreement_time_read(str_of(bad[i]), &at));
}

static void choose(struct world *w, const char *person, struct choice choice, bool on)
{
	struct str consent;

	w->clock.at += 1000000;
	SUCCEEDS(choice_set(&w->c, str_of(person), &choice, on, &consent));
}

static void test_opt_out_and_in(void **state)
{
	struct world *w = *state;
	struct choice all = { .kind = CHOICE_SHARING };

	put_place(w);
	struct actor gp = actor_in(w, 1, "gp", "WXP"), doctor = actor_in(w, 2, "hospital-doctor", "WXA");

	for (int i = 0; i < 2; i++) {
		SEES(&gp, "Observation", "by-marl");
		SEES(&doctor, "Observation", "by-hill");
		choose(w, "ada", all, true);
		HIDDEN(&gp, "Observation", "by-marl");
		SEES(&gp, "Observation", "by-hill"); /* its own */
		HIDDEN(&doctor, "Observation", "by-hill");
		SEES(&doctor, "Observation", "by-ward-mental");
		choose(w, "ada", all, false);
	}
}

static void test_choices(void **state)
{
	struct world *w = *state;
	struct choice_effect effect;
	struct choice hill = { .kind = CHOICE_ORGANISATION, .org = STR("WXP") },
		      from_marl = { .kind = CHOICE_SOURCE, .org = STR("WXA") },
		      mental = { .kind = CHOICE_CATEGORY, .label = STR("mental-health") },
		      wrong = { .kind = CHOICE_CATEGORY, .label = STR("money-or-so") };

	put_place(w);
	struct actor gp = actor_in(w, 1, "gp", "WXP"), doctor = actor_in(w, 2, "hospital-doctor", "WXA"),
		     social = actor_in(w, 3, "social-worker", "WXL");

	SUCCEEDS(choice_preview(&w->c, STR("ada"), &hill, true, &effect));
	assert_true(str_is(effect.words, "3 items from 2 organisations would be hidden from hill"));
	SUCCEEDS(choice_preview(&w->c, STR("ada"), &mental, true, &effect));
	assert_int_equal(effect.items, 1);
	SUCCEEDS(choice_preview(&w->c, STR("ada"), &hill, false, &effect));
	assert_int_equal(effect.items, 0); /* nothing is hidden by what was not chosen */
	choose(w, "ada", hill, true);
	SUCCEEDS(choice_preview(&w->c, STR("ada"), &hill, false, &effect));
	assert_true(str_is(effect.words, "3 items from 2 organisations would be seen again by hill"));
	assert_true(str_is(effect.holds, "3 items from 2 organisations are hidden from hill"));
	HIDDEN(&gp, "Observation", "by-marl");
	SEES(&doctor, "Observation", "by-hill");
	choose(w, "ada", hill, false);
	choose(w, "ada", mental, true);
	HIDDEN(&gp, "Observation", "by-ward-mental");
	SEES(&doctor, "Observation", "by-ward-mental");
	SEES(&gp, "Observation", "by-marl");
	choose(w, "ada", mental, false);
	choose(w, "ada", from_marl, true);
	HIDDEN(&gp, "Observation", "by-marl");
	SEES(&doctor, "Observation", "by-marl");
	FAILS(ERR_INVALID, choice_preview(&w->c, STR("ada"), &wrong, true, &effect));
	FAILS(ERR_NOT_FOUND, choice_preview(&w->c, STR("nobody"), &hill, true, &effect));
	w->c.actor = &social;
	SUCCEEDS(choice_preview(&w->c, STR("ada"), &hill, true, &effect));
	w->c.guard = &guard_nothing; /* a number tells nobody of what they may not see */
	SUCCEEDS(choice_preview(&w->c, STR("ada"), &hill, true, &effect));
	assert_int_equal(effect.items, 0);
	w->c.guard = NULL;
	struct actor nurse = actor_in(w, 5, "ward-nurse", "WXA");
	w->c.actor = &nurse;
	FAILS(ERR_FORBIDDEN, choice_preview(&w->c, STR("ada"), &hill, true, &effect));
	w->c.actor = NULL;
}

/* A Consent from elsewhere that names one nurse, and one that permits a single organisation. */
static void test_choices_made_elsewhere(void **state)
{
#define CONSENT(id, provision)                                                                      \
	"{\"resourceType\":\"Consent\",\"id\":\"" id                                                 \
	"\",\"status\":\"active\",\"scope\":{\"coding\":[{\"code\":\"patient-privacy\"}]},"           \
	"\"category\":[{\"text\":\"x\"}],\"patient\":{\"reference\":\"Patient/ada\"},"                \
	"\"dateTime\":\"2023-11-01\",\"policyRule\":{\"text\":\"x\"},\"provision\":" provision "}"
#define ACTOR(who)                                                                                  \
	"\"actor\":[{\"role\":{\"coding\":[{\"code\":\"IRCP\"}]},\"reference\":{\"reference\":\"" who "\"}}]"
	struct world *w = *state;

	put_place(w);
	struct actor nurse = actor_in(w, 5, "ward-nurse", "WXA"), other = actor_in(w, 7, "ward-nurse", "WXA"),
		     gp = actor_in(w, 1, "gp", "WXP");
	nurse.practitioner = STR("nurse");

	SEES(&nurse, "Observation", "by-hill");
	put(w, "Consent", "c", CONSENT("c", "{\"type\":\"deny\"," ACTOR("Practitioner/nurse") "}"));
	HIDDEN(&nurse, "Observation", "by-hill");
	SEES(&nurse, "Observation", "by-marl");
	SEES(&other, "Observation", "by-hill");
	put(w, "Consent", "c",
	    CONSENT("c", "{\"type\":\"deny\"," ACTOR("Organization/hill") ",\"securityLabel\":[{\"code\":\"MH\"}]}"));
	SEES(&gp, "Observation", "by-marl");
	HIDDEN(&gp, "Observation", "by-ward-mental");
	SEES(&other, "Observation", "by-ward-mental");
	put(w, "Consent", "c",
	    CONSENT("c", "{\"type\":\"deny\",\"provision\":[{\"type\":\"permit\"," ACTOR("Organization/marl") "}]}"));
	SEES(&nurse, "Observation", "by-hill");
	HIDDEN(&gp, "Observation", "by-marl");
	put(w, "Consent", "c",
	    CONSENT("c", "{\"type\":\"deny\",\"period\":{\"end\":\"2023-11-20\"},\"securityLabel\":[{"
			 "\"code\":\"whatever-that-is\"}]}"));
	HIDDEN(&gp, "Observation", "by-marl");
	w->clock.at += INT64_C(7) * 86400 * 1000000;
	SEES(&gp, "Observation", "by-marl");
}

static struct str letters_of(struct world *w, const char *letter, size_t count)
{
	struct buf b;

	buf_init(&b, w->c.arena, 0);
	for (size_t i = 0; i < count; i++)
		buf_cstr(&b, letter);
	return buf_get(&b);
}

static void test_glass(void **state)
{
	struct world *w = *state;
	struct choice all = { .kind = CHOICE_SHARING };
	struct opening o, *list;
	size_t len;

	put_place(w);
	struct actor gp = actor_in(w, 1, "gp", "WXP"), desk = actor_in(w, 4, "practice-staff", "WXP"),
		     officer = actor_in(w, 6, "privacy-officer", "WXL");

	choose(w, "ben", all, true);
	HIDDEN(&gp, "Observation", "bens");
	w->c.actor = &desk;
	FAILS(ERR_FORBIDDEN, glass_break(&w->c, STR("ben"), STR("life"), STR("He fell here"), &o));
	w->c.actor = &gp;
	FAILS(ERR_INVALID, glass_break(&w->c, STR("ben"), STR("curious"), STR("He fell here"), &o));
	FAILS(ERR_INVALID, glass_break(&w->c, STR("ben"), STR("life"), STR(" "), &o));
	FAILS(ERR_NOT_FOUND, glass_break(&w->c, STR("no"), STR("life"), STR("He fell here"), &o));
	FAILS(ERR_INVALID, glass_break(&w->c, STR("ben"), STR("life"), letters_of(w, "\xC5\xB5", 1001), &o));
	SUCCEEDS(glass_break(&w->c, STR("ben"), STR("life"), letters_of(w, "\xC5\xB5", 1000), &o)); /* not bytes */
	w->c.actor = NULL;
	SEES(&gp, "Observation", "bens");
	{
		READER(db);

		SUCCEEDS(store_reader(&w->c, w->place->store, &db));
		SUCCEEDS(glass_list(&w->c, db, &(struct glass_query){ .waiting = true, .cap = 9 }, &list,
				    &len));
	}
	assert_int_equal(len, 1);
	assert_true(str_is(list[0].person_id, "ben") && str_is(list[0].org_id, "WXP"));
	w->c.actor = &gp;
	FAILS(ERR_FORBIDDEN, glass_review(&w->c, o.key, OUTCOME_IN_ORDER, STR("All is well")));
	w->c.actor = &officer;
	SUCCEEDS(glass_review(&w->c, o.key, OUTCOME_IN_ORDER, STR("Ambulance came")));
	w->c.actor = NULL;
	SEES(&gp, "Observation", "bens");
	w->clock.at += INT64_C(60) * 60 * 1000000;
	HIDDEN(&gp, "Observation", "bens");
}

static void test_agreements(void **state)
{
	struct world *w = *state;
	int64_t key, now = w->clock.at, day = INT64_C(86400) * 1000000;
	struct agreement a = { .title = STR("Hospital and surgery"),
			       .orgs = STR("WXA WXP"),
			       .purposes = STR("care"),
			       .since = now,
			       .until = now + 10 * day };

	put_place(w);
	struct actor gp = actor_in(w, 1, "gp", "WXP");

	put_thing(w, "by-council", "ada", SOURCE("WXL"));
	SEES(&gp, "Observation", "by-council");
	SUCCEEDS(agreement_add(&w->c, &a, &key));
	SEES(&gp, "Observation", "by-marl");
	SEES(&gp, "Encounter", "stay"); /* its ward's, which the agreement does not name */
	HIDDEN(&gp, "Observation", "by-council"); /* who agreed to something shares that alone */
	w->clock.at = now + 11 * day;
	HIDDEN(&gp, "Observation", "by-marl");
	SEES(&gp, "Observation", "by-hill");
	a.since = w->clock.at;
	a.until = 0;
	SUCCEEDS(agreement_add(&w->c, &a, &key));
	SEES(&gp, "Observation", "by-marl");
	SUCCEEDS(agreement_finish(&w->c, key, 0, STR("Ended by the board")));
	HIDDEN(&gp, "Observation", "by-marl");
	a.orgs = STR("WXA");
	FAILS(ERR_INVALID, agreement_add(&w->c, &a, &key));
}

/* What an agreement names is what goes along, all of an item's labels counted; how it is handled does not count. */
static void test_agreement_in_part(void **state)
{
	struct world *w = *state;
	struct agreement a = { .title = STR("Mental health"), .orgs = STR("WXA WXP"), .purposes = STR("care"),
			       .covers = STR("mental-health"), .since = w->clock.at };
	struct explanation why;
	int64_t key;

	put_place(w);
	struct actor gp = actor_in(w, 1, "gp", "WXP");

	SUCCEEDS(agreement_add(&w->c, &a, &key));
	SEES(&gp, "Observation", "by-ward-mental");
	HIDDEN(&gp, "Observation", "by-marl"); /* ordinary, which it does not name */
	SUCCEEDS(access_explain(&w->c, &gp, STR("Observation"), STR("by-marl"), &why));
	bool told = false;
	for (size_t i = 0; i < why.len; i++)
		told |= !strcmp(why.at[i].rule, "agreement") && why.at[i].verdict == VERDICT_REFUSES &&
			str_find(why.at[i].words, STR("shares Mental health alone")) >= 0;
	assert_true(told);
	a.covers = STR("ordinary restricted");
	SUCCEEDS(agreement_add(&w->c, &a, &key)); /* one more: each counts by itself */
	SEES(&gp, "Observation", "by-marl");
	SEES(&gp, "Observation", "by-ward-mental");
	a.covers = STR("ordinary nonsense");
	FAILS(ERR_INVALID, agreement_add(&w->c, &a, &key));
	a.covers = STR("third-party"); /* handling */
	FAILS(ERR_INVALID, agreement_add(&w->c, &a, &key));
}

/* Being named ends sharing by the policy alone, and that is told before it happens. */
static void test_effect_of_an_agreement(void **state)
{
	struct world *w = *state;
	struct agreement a = { .title = STR("Two alone"), .orgs = STR("WXA WXP"), .purposes = STR("care"), .since = 1 };
	struct agreement_effect *e;
	size_t len, loses = 0, gains = 0;
	int64_t key;

	put_place(w);
	for (int i = 0; i < 2; i++) {
		READER(db);

		SUCCEEDS(store_reader(&w->c, w->place->store, &db));
		SUCCEEDS(agreement_effects(&w->c, db, i ? NULL : &a, i ? key : 0, &e, &len));
		for (size_t k = 0; k < len; k++) {
			loses += e[k].purpose == PURPOSE_CARE ? e[k].lose_count : 0;
			gains += e[k].gain_count;
		}
		if (i)
			break;
		assert_int_equal(loses, 4); /* the hospital and the surgery of the council, and it of both */
		assert_int_equal(gains, 0);
		store_reader_done(db);
		db = NULL;
		SUCCEEDS(agreement_add(&w->c, &a, &key));
	}
	assert_int_equal(loses, 6); /* when it ends, neither sees the other */
}

static void test_residents(void **state)
{
	struct world *w = *state;
	struct delegation given = { .account = 9, .capacity = STR("carer"), .scope = STR("mental-health") };
	int64_t key;

	put_place(w);
	put_thing(w, "by-ward-sexual", "ada", SOURCE_LABEL("WXA01", "SEX"));
	put_thing(w, "by-hill-abuse", "ada", SOURCE_LABEL("WXP", "SDV"));
	struct actor ada = actor_in(w, 8, "resident", ""), carer = actor_in(w, 9, "carer", "");
	ada.person = item_of(w, "Patient", "ada").key;

	SEES(&ada, "Observation", "by-ward-mental");
	SEES(&ada, "Observation", "by-ward-sexual");
	HIDDEN(&ada, "Observation", "by-hill-abuse");
	HIDDEN(&ada, "Observation", "bens");
	HIDDEN(&ada, "Patient", "ben");
	HIDDEN(&carer, "Observation", "by-hill");
	given.person = ada.person;
	given.since = w->clock.at;
	SUCCEEDS(delegation_give(&w->c, &given, &key));
	SEES(&carer, "Observation", "by-hill");
	SEES(&carer, "Observation", "by-ward-mental");
	HIDDEN(&carer, "Observation", "by-ward-sexual");
	SUCCEEDS(delegation_revoke(&w->c, ada.person, key));
	HIDDEN(&carer, "Observation", "by-hill");
}

/* Another program on the same database writes; ours sees it at once. */
static void test_two_programs(void **state)
{
	static const struct share share;
	struct choice all = { .kind = CHOICE_SHARING };
	struct world *w = *state;
	struct place *other;
	struct str consent;
	struct arena arena;
	struct ctx c;

	put_place(w);
	struct actor gp = actor_in(w, 1, "gp", "WXP");
	SEES(&gp, "Observation", "by-marl");
	arena_init(&arena);
	ctx_init(&c, &arena);
	SUCCEEDS(place_open_with(&c, w->place->fhir, &share, w->path, 0, false, &other));
	SUCCEEDS(choice_set(&c, STR("ada"), &all, true, &consent));
	HIDDEN(&gp, "Observation", "by-marl");
	place_close(other);
	arena_done(&arena);
}

static void test_explained(void **state)
{
	struct world *w = *state;
	struct explanation why;

	put_place(w);
	struct actor gp = actor_in(w, 1, "gp", "WXP"), officer = actor_in(w, 6, "privacy-officer", "WXL"),
		     ada = actor_in(w, 8, "resident", "");
	ada.person = item_of(w, "Patient", "ada").key;

	w->c.actor = &gp;
	FAILS(ERR_FORBIDDEN, access_explain(&w->c, &gp, STR("Observation"), STR("bens"), &why));
	FAILS(ERR_FORBIDDEN, access_explain(&w->c, &gp, STR("Observation"), STR("nothing"), &why));
	w->c.actor = &ada;
	FAILS(ERR_FORBIDDEN, access_explain(&w->c, &gp, STR("Observation"), STR("bens"), &why));
	SUCCEEDS(access_explain(&w->c, &gp, STR("Observation"), STR("by-marl"), &why));
	assert_true(why.may);
	w->c.actor = &officer;
	SUCCEEDS(access_explain(&w->c, &gp, STR("Observation"), STR("bens"), &why));
	assert_false(why.may);
	FAILS(ERR_NOT_FOUND, access_explain(&w->c, &gp, STR("Observation"), STR("nothing"), &why));
	w->c.actor = NULL;
	SUCCEEDS(access_explain(&w->c, &gp, STR("Observation"), STR("by-hill"), &why));
	assert_int_equal(why.len, 3);
	assert_string_equal(why.at[1].rule, "relationship");
	assert_true(str_is(why.at[1].words, "Registered with the practice (Organization/hill)"));
	assert_true(str_is(why.at[1].resource, "Patient/ada"));
}

static void notices_are(struct world *w, const struct actor *actor, const char *person, size_t count,
			const char *words)
{
	const struct guard *guard;
	struct notice *list;
	size_t len;

	w->c.actor = actor;
	SUCCEEDS(guard_make(&w->c, &guard));
	w->c.guard = guard;
	SUCCEEDS(notice_list(&w->c, str_of(person), &list, &len));
	w->c.guard = NULL;
	w->c.actor = NULL;
	guard_done(&w->c, guard);
	assert_int_equal(len, count);
	if (count)
		assert_true(str_is(list[0].words, words));
}

static void test_notices(void **state)
{
	struct world *w = *state;
	struct choice all = { .kind = CHOICE_SHARING };

	put_place(w);
	struct actor gp = actor_in(w, 1, "gp", "WXP"), lead = actor_in(w, 3, "discharge", "WXA");

	notices_are(w, &gp, "ada", 0, NULL);
	put_thing(w, "by-ward-sexual", "ada", SOURCE_LABEL("WXA01", "SEX"));
	notices_are(w, &gp, "ada", 1, "Sexual health is not shown to your role");
	choose(w, "ada", all, true);
	put_thing(w, "by-hill-abuse", "ada", SOURCE_LABEL("WXP", "SDV"));
	notices_are(w, &gp, "ada", 2, "The person chose not to share this with your organisation");
	notices_are(w, &gp, "ben", 0, NULL); /* no relationship, no word */
	notices_are(w, &lead, "ada", 1, "The person chose not to share this with your organisation");
}

/* A hospital with so many people: rows put in as they would be by as many stays. */
static enum err put_crowd(struct ctx *c, struct db *db, void *arg)
{
	STMT(s);

	for (int64_t i = 0; i < *(int64_t *)arg; i++) {
		TRY(db_stmt(c, db,
			    SQL("INSERT INTO view_relation (person_key, resource_key, row_number, holder, kind) "
				"VALUES (?1, ?1, 0, 'Organization/marl', 'stay')"),
			    &s));
		stmt_bind_int(s, 1, 1000000 + i);
		TRY(stmt_run(c, s));
		stmt_done(s);
		s = NULL;
	}
	return OK;
}

struct asked {
	int statements;
	bool people; /* whom the hospital has to do with was read anew */
};

static void note_statement(void *arg, const char *sql)
{
	struct asked *asked = arg;

	asked->statements++;
	asked->people |= strstr(sql, "view_relation") != NULL;
}

/* What the database is asked for the guard of one request. */
static struct asked asked_for(struct world *w, const struct actor *actor, size_t *people)
{
	struct asked asked = { 0 };
	const struct guard *guard;

	store_trace(w->place->store, note_statement, &asked);
	w->c.actor = actor;
	SUCCEEDS(guard_make(&w->c, &guard));
	w->c.actor = NULL;
	store_trace(w->place->store, NULL, NULL);
	*people = guard->people_count;
	guard_done(&w->c, guard);
	return asked;
}

/* Read once for all of the hospital, and again when somebody's relationship may have changed; nothing hangs on how many
 * people it has to do with. */
static void test_a_large_hospital(void **state)
{
	struct world *w = *state;
	int64_t many = 20000;
	struct asked first, again;
	size_t people;

	put_place(w);
	SUCCEEDS(store_write(&w->c, w->place->store, put_crowd, &many));
	struct actor doctor = actor_in(w, 2, "hospital-doctor", "WXA"), nurse = actor_in(w, 5, "ward-nurse", "WXA");

	first = asked_for(w, &doctor, &people);
	assert_true(first.people);
	assert_true(first.statements < 100);
	assert_int_equal(people, many + 1);
	assert_false(asked_for(w, &nurse, &people).people); /* a colleague's is the same */
	again = asked_for(w, &doctor, &people);
	assert_false(again.people);
	assert_true(again.statements == 0 || strcmp(store_engine(w->place->store), "sqlite") != 0); /* which has no stamp */
	put_thing(w, "more", "ada", SOURCE("WXA"));
	assert_false(asked_for(w, &doctor, &people).people); /* it begins no relationship */
	assert_int_equal(people, many + 1);
	put(w, "Patient", "ben", "{\"resourceType\":\"Patient\",\"id\":\"ben\",\"generalPractitioner\":[{"
				 "\"reference\":\"Organization/marl\"}]}");
	assert_true(asked_for(w, &doctor, &people).people);
	assert_int_equal(people, many + 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_by_relationship, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_at_the_next_request, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_stay_expires, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_labels, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_only_what_is_about_money, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_work_about_nobody, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_agreement_times, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_opt_out_and_in, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_choices, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_choices_made_elsewhere, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_glass, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_agreements, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_agreement_in_part, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_effect_of_an_agreement, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_residents, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_two_programs, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_explained, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_notices, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_large_hospital, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
