/* matrix_test.c - personas x relationships x choices x labels x agreements x purposes x emergencies: the
 * guard, the explanation and a plain model of ours, written from the rules and not from the code, agree.
 *
 * A person stands for each relationship with each choice; every person has an item of each kind, label and
 * organisation. A quarter of all is asked in each
 * phase, all of it where the glass was broken; on PostgreSQL a twelfth.
 */
#include "access/test_access.h"

#include "base/buf.h"

enum org { HILL, MARL, COUNCIL, ORGS };
enum relation_case {
	R_NONE, R_GP, R_STAY, R_STAY_RECENT, R_STAY_OLD, R_TASK, R_TEAM, R_APPOINTMENT_FAR, R_GP_AND_TASK,
	RELATIONS
};
enum choice_case { C_NONE, C_ALL, C_ORG_HILL, C_SOURCE_MARL, C_MENTAL, C_SECONDARY, C_ASK, C_BACK, CHOICES };
enum label_case { L_NONE, L_MENTAL, L_SEXUAL, L_ABUSE, L_RESTRICTED, LABELS };
enum type_case { T_OBSERVATION, T_GOAL, TYPES };
enum phase { P_OPEN, P_AGREED, P_IN_PART, P_ENDED, PHASES };

static const char *const ods_of[] = { "WXP", "WXA", "WXL" };
static const char *const source_of[] = { "WXP", "WXA01", "WXL" }; /* the hospital's ward writes */
static const char *const security[] = {
	"",
	",\"security\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/v3-ActCode\",\"code\":\"MH\"}]",
	",\"security\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/v3-ActCode\",\"code\":\"SEX\"}]",
	",\"security\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/v3-ActCode\",\"code\":\"SDV\"}]",
	",\"security\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/v3-Confidentiality\",\"code\":\"R\"}]",
};

/* Whom we let ask, and what we expect their role to be able to do: bits of label_case. */
#define B(label) (1u << (label))
#define CLINICAL_OWN (B(L_MENTAL) | B(L_SEXUAL) | B(L_ABUSE) | B(L_RESTRICTED))
#define CLINICAL_OTHERS (B(L_MENTAL) | B(L_ABUSE) | B(L_RESTRICTED))
static const struct persona {
	const char *role;
	enum org org;
	const char *practitioner;
	bool observation, goal;
	unsigned own, others;
} personas[] = {
	{ "gp", HILL, "", true, true, CLINICAL_OWN, CLINICAL_OTHERS },
	{ "practice-staff", HILL, "", false, true, B(L_MENTAL), 0 },
	{ "community-nurse", HILL, "nurse", true, true, CLINICAL_OWN, CLINICAL_OTHERS },
	{ "hospital-doctor", MARL, "", true, true, CLINICAL_OWN, CLINICAL_OTHERS },
	{ "ward-nurse", MARL, "nurse", true, true, CLINICAL_OWN, CLINICAL_OTHERS },
	{ "therapist", MARL, "", true, true, CLINICAL_OWN, B(L_MENTAL) | B(L_ABUSE) },
	{ "discharge", MARL, "", true, true, B(L_MENTAL) | B(L_SEXUAL) | B(L_RESTRICTED), B(L_MENTAL) },
	{ "social-worker", COUNCIL, "", true, true, CLINICAL_OWN, CLINICAL_OTHERS },
	{ "safeguarding-lead", COUNCIL, "", true, true, CLINICAL_OWN, CLINICAL_OTHERS },
	{ "adviser", COUNCIL, "", false, true, B(L_MENTAL), 0 },
	{ "finance", COUNCIL, "", false, false, 0, 0 },
	{ "analyst", COUNCIL, "", true, true, 0, 0 },
	{ "privacy-officer", COUNCIL, "", false, false, 0, 0 },
	{ "administrator", COUNCIL, "", false, false, 0, 0 },
};
enum { PERSONAS = sizeof personas / sizeof *personas };

/* --- the world --- */

static const char *person_id(int relation, int choice)
{
	static char id[32];

	snprintf(id, sizeof id, "p-%d-%d", relation, choice);
	return id;
}

static void put_relation(struct world *w, const char *id, int relation)
{
	const char *form = NULL, *type = NULL;

	switch (relation) {
	case R_STAY:
		type = "Encounter";
		form = "\"status\":\"in-progress\",\"class\":{\"code\":\"IMP\"},\"subject\":{\"reference\":"
		       "\"Patient/%s\"},\"serviceProvider\":{\"reference\":\"Organization/ward\"}";
		break;
	case R_STAY_RECENT: /* ten days ago */
		type = "Encounter";
		form = "\"status\":\"finished\",\"class\":{\"code\":\"IMP\"},\"subject\":{\"reference\":"
		       "\"Patient/%s\"},\"period\":{\"end\":\"2023-11-04\"},\"serviceProvider\":{"
		       "\"identifier\":{\"system\":\"" ODS_SYSTEM "\",\"value\":\"WXA\"}}";
		break;
	case R_STAY_OLD: /* forty */
		type = "Encounter";
		form = "\"status\":\"finished\",\"class\":{\"code\":\"IMP\"},\"subject\":{\"reference\":"
		       "\"Patient/%s\"},\"period\":{\"end\":\"2023-10-05\"},\"serviceProvider\":{"
		       "\"reference\":\"Organization/marl\"}";
		break;
	case R_TASK:
	case R_GP_AND_TASK:
		type = "Task";
		form = "\"status\":\"in-progress\",\"intent\":\"order\",\"for\":{\"reference\":\"Patient/%s\""
		       "},\"owner\":{\"reference\":\"Organization/council\"}";
		break;
	case R_TEAM:
		type = "CareTeam";
		form = "\"status\":\"active\",\"subject\":{\"reference\":\"Patient/%s\"},\"participant\":[{"
		       "\"member\":{\"reference\":\"Practitioner/nurse\"}}]";
		break;
	case R_APPOINTMENT_FAR: /* in twenty days */
		type = "Appointment";
		form = "\"status\":\"booked\",\"start\":\"2023-12-04T09:00:00Z\",\"end\":"
		       "\"2023-12-04T10:00:00Z\",\"participant\":[{\"status\":\"accepted\",\"actor\":{"
		       "\"reference\":\"Patient/%s\"}},{\"status\":\"accepted\",\"actor\":{\"reference\":"
		       "\"Practitioner/nurse\"}}]";
		break;
	default:
		return;
	}
	ptrdiff_t at = str_find(str_of(form), STR("%s"));
	put(w, type, id,
	    arena_printf(w->c.arena, "{\"resourceType\":\"%s\",\"id\":\"%s\",%.*s%s%s}", type, id, (int)at,
			 form, id, form + at + 2));
}

static void put_choice(struct world *w, const char *id, int choice)
{
	static const struct choice of[] = {
		[C_ALL] = { .kind = CHOICE_SHARING },
		[C_ORG_HILL] = { .kind = CHOICE_ORGANISATION, .org = { "WXP", 3 } },
		[C_SOURCE_MARL] = { .kind = CHOICE_SOURCE, .org = { "WXA01", 5 } },
		[C_MENTAL] = { .kind = CHOICE_CATEGORY, .label = { "mental-health", 13 } },
		[C_SECONDARY] = { .kind = CHOICE_SECONDARY },
		[C_ASK] = { .kind = CHOICE_ASK },
		[C_BACK] = { .kind = CHOICE_SHARING },
	};
	struct str consent;

	if (choice == C_NONE)
		return;
	SUCCEEDS(choice_set(&w->c, str_of(id), &of[choice], true, &consent));
	if (choice == C_BACK)
		SUCCEEDS(choice_set(&w->c, str_of(id), &of[choice], false, &consent));
}

static const char *const type_names[] = { "Observation", "Goal" };

static const char *item_id(const char *person, int org, int label)
{
	static char id[64];

	snprintf(id, sizeof id, "%s-%d-%d", person, org, label);
	return id;
}

/* One transaction for a person's items. */
static void put_items(struct world *w, const char *person)
{
	static const char *const forms[] = {
		"\"status\":\"final\",\"code\":{\"text\":\"x\"}",
		"\"lifecycleStatus\":\"active\",\"description\":{\"text\":\"x\"}",
	};
	struct node *response;
	struct buf b;
	int n = 0;

	buf_init(&b, w->c.arena, 0);
	buf_cstr(&b, "{\"resourceType\":\"Bundle\",\"type\":\"transaction\",\"entry\":[");
	for (; n < TYPES * ORGS * LABELS; n++) {
		int type = n / (ORGS * LABELS), org = n / LABELS % ORGS, label = n % LABELS;
		const char *id = item_id(person, org, label);

		buf_printf(&b,
			   "%s{\"request\":{\"method\":\"PUT\",\"url\":\"%s/%s\"},\"resource\":{"
			   "\"resourceType\":\"%s\",\"id\":\"%s\",\"meta\":{\"source\":\"" ODS_SYSTEM
			   "/%s\"%s},%s,\"subject\":{\"reference\":\"Patient/%s\"}}}",
			   n ? "," : "", type_names[type], id, type_names[type], id, source_of[org],
			   security[label], forms[type], person);
	}
	buf_cstr(&b, "]}");
	SUCCEEDS(record_bundle(&w->c, buf_get(&b), tree(&w->c, b.at), &response));
}

static void put_person(struct world *w, int relation, int choice)
{
	const char *id = arena_str(w->c.arena, person_id(relation, choice));
	bool gp = relation == R_GP || relation == R_GP_AND_TASK;

	put(w, "Patient", id,
	    arena_printf(w->c.arena, "{\"resourceType\":\"Patient\",\"id\":\"%s\"%s}", id,
			 gp ? ",\"generalPractitioner\":[{\"reference\":\"Organization/hill\"}]" : ""));
	put_relation(w, id, relation);
	put_choice(w, id, choice);
	put_items(w, id);
}

/* --- the model --- */

struct question {
	const struct persona *persona;
	int relation, choice, label, org, type, phase;
	bool broken;
};

static bool model_related(const struct question *q)
{
	bool nurse = !strcmp(q->persona->practitioner, "nurse");

	switch (q->relation) {
	case R_GP:
		return q->persona->org == HILL;
	case R_STAY:
	case R_STAY_RECENT:
		return q->persona->org == MARL;
	case R_TASK:
		return q->persona->org == COUNCIL;
	case R_TEAM:
		return nurse;
	case R_GP_AND_TASK:
		return q->persona->org == HILL || q->persona->org == COUNCIL;
	default:
		return false;
	}
}

/* Hill and Marl agree on care in the second phase, on ordinary items and sexual health alone in the third, on
 * nothing any more in the last. */
static bool model_shared(const struct question *q)
{
	bool care = strcmp(q->persona->role, "safeguarding-lead") != 0 &&
		    strcmp(q->persona->role, "analyst") != 0;
	bool both_agreed = q->persona->org != COUNCIL && q->org != COUNCIL;

	if (q->phase == P_OPEN)
		return true;
	if (q->phase == P_AGREED && both_agreed)
		return care;
	if (q->phase == P_IN_PART && both_agreed)
		return care && (q->label == L_NONE || q->label == L_SEXUAL);
	return q->persona->org == COUNCIL && q->org == COUNCIL; /* named in none; the analyst's case */
}

static bool model_chosen(const struct question *q, bool own, bool secondary)
{
	switch (q->choice) {
	case C_ALL:
	case C_ASK:
		return own;
	case C_ORG_HILL:
		return own || q->persona->org != HILL;
	case C_SOURCE_MARL:
		return own || q->org != MARL;
	case C_MENTAL:
		return own || q->label != L_MENTAL;
	case C_SECONDARY:
		return !secondary;
	default:
		return true;
	}
}

static bool model(const struct question *q)
{
	const struct persona *p = q->persona;
	bool secondary = !strcmp(p->role, "analyst");
	bool own = !secondary && (int)p->org == q->org;
	unsigned labels = own ? p->own : p->others;

	if (q->type == T_OBSERVATION ? !p->observation : !p->goal)
		return false;
	if (q->broken) /* what an emergency opens: mental and sexual health, not abuse, nor what is restricted */
		labels |= B(L_MENTAL) | B(L_SEXUAL);
	if (q->label != L_NONE && !(labels & B(q->label)))
		return false;
	if (q->broken)
		return true;
	return (secondary || model_related(q)) && (own || model_shared(q)) &&
	       model_chosen(q, own, secondary);
}

/* --- asking --- */

struct tally {
	int64_t asked, seen;
};

static void ask(struct world *w, const struct actor *actor, const struct guard *guard,
		const struct question *q, const char *person, struct tally *tally)
{
	const char *type = type_names[q->type];
	struct guard_item item = item_of(w, type, item_id(person, q->org, q->label));
	struct explanation why;
	bool expected = model(q);

	SUCCEEDS(access_explain(&w->c, actor, str_of(type), str_of(item_id(person, q->org, q->label)),
				&why));
	tally->asked++;
	tally->seen += expected;
	if (guard_may(guard, &item) == expected && why.may == expected)
		return;
	for (size_t i = 0; i < why.len; i++)
		print_message("%s %d %.*s\n", why.at[i].rule, why.at[i].verdict,
			      STR_ARG(why.at[i].words));
	fail_msg("%s at %s, %s/%s in phase %d%s: the model says %d, the guard %d, the explanation %d",
		 q->persona->role, ods_of[q->persona->org], type, item_id(person, q->org, q->label),
		 q->phase, q->broken ? " (glass)" : "", expected, guard_may(guard, &item), why.may);
}

static void ask_person(struct world *w, const struct actor *actor, const struct guard *guard,
		       struct question q, struct tally *tally)
{
	const char *person = arena_str(w->c.arena, person_id(q.relation, q.choice));

	for (q.type = 0; q.type < TYPES; q.type++)
		for (q.org = 0; q.org < ORGS; q.org++)
			for (q.label = 0; q.label < LABELS; q.label++)
				ask(w, actor, guard, &q, person, tally);
}

static void ask_persona(struct world *w, int number, int phase, bool glass, struct tally *tally)
{
	struct question q = { .persona = &personas[number], .phase = phase };
	struct actor actor = actor_in(w, 100 + number, q.persona->role, ods_of[q.persona->org]);
	const struct guard *guard;

	actor.practitioner = str_of(q.persona->practitioner);
	w->c.actor = &actor;
	SUCCEEDS(guard_make(&w->c, &guard));
	w->c.actor = NULL;
	for (q.relation = 0; q.relation < RELATIONS; q.relation++)
		for (q.choice = 0; q.choice < CHOICES; q.choice++) {
			struct arena_mark mark = arena_mark(w->c.arena);
			int turn = number + q.relation * CHOICES + q.choice;

			q.broken = glass && q.relation == R_NONE && q.choice % 2 == 1;
			if ((glass && !test_on_pgsql()) || turn % (test_on_pgsql() ? 12 : PHASES) == phase)
				ask_person(w, &actor, guard, q, tally);
			arena_release(w->c.arena, mark);
		}
	guard_done(&w->c, guard);
}

static void break_glass(struct world *w, int number)
{
	struct actor actor =
		actor_in(w, 100 + number, personas[number].role, ods_of[personas[number].org]);
	struct opening o;

	w->c.actor = &actor;
	for (int choice = 1; choice < CHOICES; choice += 2)
		SUCCEEDS(glass_break(&w->c, str_of(person_id(R_NONE, choice)), STR("life"),
				     STR("Found on the floor"), &o));
	w->c.actor = NULL;
}

static void test_matrix(void **state)
{
	struct world *w = *state;
	struct agreement a = { .title = STR("Surgery and hospital"),
			       .orgs = STR("WXP WXA"),
			       .purposes = STR("care"),
			       .since = w->clock.at };
	struct agreement part = { .title = STR("Surgery and hospital, in part"),
				  .orgs = STR("WXA WXP"),
				  .purposes = STR("care"),
				  .covers = STR("ordinary sexual-health"),
				  .since = w->clock.at };
	struct tally tally = { 0 };
	int64_t key = 0, part_key = 0;

	put_place(w);
	for (int relation = 0; relation < RELATIONS; relation++)
		for (int choice = 0; choice < CHOICES; choice++)
			put_person(w, relation, choice);
	for (int phase = 0; phase < PHASES; phase++) {
		if (phase == P_AGREED)
			SUCCEEDS(agreement_add(&w->c, &a, &key));
		if (phase == P_IN_PART) {
			SUCCEEDS(agreement_finish(&w->c, key, 0, STR("Replaced")));
			SUCCEEDS(agreement_add(&w->c, &part, &part_key));
		}
		if (phase == P_ENDED)
			SUCCEEDS(agreement_finish(&w->c, part_key, 0, STR("Not wanted")));
		for (int i = 0; i < PERSONAS; i++)
			ask_persona(w, i, phase, false, &tally);
	}
	for (int i = 0; i < PERSONAS; i++) {
		bool can = personas[i].own & B(L_ABUSE) || !strcmp(personas[i].role, "discharge");

		if (!can)
			continue;
		break_glass(w, i);
		ask_persona(w, i, P_ENDED, true, &tally);
	}
	print_message("%lld combinations, %lld of them seen\n", (long long)tally.asked,
		      (long long)tally.seen);
	assert_true(test_on_pgsql() ? tally.asked >= 8000 : tally.asked >= 20000);
	assert_true(tally.seen > tally.asked / 50 && tally.seen < tally.asked);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_matrix, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
