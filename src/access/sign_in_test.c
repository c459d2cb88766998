/* sign_in_test.c - people who join, sign in, move and leave; on either engine. */
#include "record/test_world.h"
#include "store/test_place.h" /* on either engine */

#include "access/roster.h"
#include "access/sign_in.h"

#define SUCCEEDS_OR(expression)                         \
	do {                                            \
		enum err succeeded = (expression);      \
		if (succeeded)                          \
			fail_msg("%s", w->c.why);       \
	} while (0)
#define SECOND INT64_C(1000000)

static const char good[] = "three plain words";

static int64_t join(struct world *w, const char *login, const char *role, const char *org)
{
	struct joiner joiner = { .kind = ACTOR_STAFF, .login = str_of(login), .name = STR("Ada Clarke"),
				 .role = str_of(role), .org = str_of(org) };
	int64_t key;

	SUCCEEDS_OR(account_add(&w->c, &joiner, &key));
	SUCCEEDS_OR(password_set(&w->c, key, str_of(good), 0));
	return key;
}

static enum err sign_in(struct world *w, const char *login, const char *password, struct signed_in *out)
{
	return sign_in_password(&w->c, str_of(login), str_of(password), STR("192.0.2.7"), STR("Test"), out);
}

static const struct actor *who(struct world *w, const char *token)
{
	const struct actor *actor;
	struct session session;

	SUCCEEDS_OR(sign_in_cookie(&w->c, str_of(token), &actor, &session));
	return actor;
}

static void every_capability_has_a_role_and_every_persona_too(void **state)
{
	struct world *w = *state;
	const struct roles *roles;

	SUCCEEDS_OR(roles_of(&w->c, &roles));
	for (size_t i = 0; i < roles->capability_count; i++) {
		size_t holders = 0;
		for (size_t k = 0; k < roles->len; k++)
			holders += role_can(&roles->at[k], roles->capabilities[i].name);
		if (!holders)
			fail_msg("no role has %s", str_dup(w->c.arena, roles->capabilities[i].name));
	}
	for (size_t i = 0; i < roles->persona_count; i++) {
		size_t holders = 0;
		for (size_t k = 0; k < roles->len; k++)
			holders += str_eq(roles->at[k].persona, roles->personas[i]);
		if (!holders)
			fail_msg("no role for %s", str_dup(w->c.arena, roles->personas[i]));
	}
}

static void nobody_may_break_the_separation_of_duties(void **state)
{
	struct world *w = *state;
	const struct roles *roles;

	SUCCEEDS_OR(roles_of(&w->c, &roles));
	for (size_t k = 0; k < roles->len; k++) {
		const struct role *r = &roles->at[k];
		assert_false(role_can(r, STR("money.write")) && role_can(r, STR("money.approve")));
		assert_false(role_can(r, STR("fund.write")) && role_can(r, STR("fund.approve")));
		assert_false(role_can(r, STR("glass.break")) && role_can(r, STR("glass.review")));
		assert_false(role_can(r, STR("account.write")) && role_can(r, STR("record.read")));
	}
}

static void a_good_password_signs_in_as_the_role_held(void **state)
{
	struct world *w = *state;
	struct signed_in in;

	join(w, "Ada.Clarke", "social-worker", "WXL");
	SUCCEEDS_OR(sign_in(w, "ada.CLARKE", good, &in));
	const struct actor *actor = who(w, in.token);
	assert_int_equal(actor->kind, ACTOR_STAFF);
	assert_true(str_is(actor->name, "Ada Clarke"));
	assert_true(str_is(actor->org_id, "WXL"));
	assert_true(actor->org > 0);
	w->c.actor = actor;
	assert_true(actor_can(&w->c, "care.write"));
	assert_false(actor_can(&w->c, "audit.read"));
	assert_int_equal(actor_need(&w->c, "audit.read"), ERR_FORBIDDEN);
	assert_non_null(strstr(w->c.why, "audit.read"));
	w->c.actor = NULL;
}

static void whatever_is_wrong_is_told_in_the_same_words(void **state)
{
	struct world *w = *state;
	struct signed_in in;
	char why[sizeof w->c.why];
	int64_t gone;

	join(w, "ada", "gp", "WXL");
	gone = join(w, "left", "gp", "WXL");
	SUCCEEDS_OR(account_end(&w->c, gone));
	assert_int_equal(sign_in(w, "ada", "three other words", &in), ERR_UNSIGNED);
	strcpy(why, w->c.why);
	assert_int_equal(sign_in(w, "nobody", good, &in), ERR_UNSIGNED);
	assert_string_equal(why, w->c.why);
	assert_int_equal(sign_in(w, "left", good, &in), ERR_UNSIGNED);
	assert_string_equal(why, w->c.why);
	assert_int_equal(sign_in(w, "", "", &in), ERR_UNSIGNED);
	assert_string_equal(why, w->c.why);
}

/* Known or not, the pause is the same; it doubles, and the right password ends it. */
static void failures_cost_pauses(void **state)
{
	static const char *const logins[] = { "ada", "nobody" };
	struct world *w = *state;
	struct signed_in in;

	join(w, "ada", "gp", "WXL");
	for (unsigned i = 0; i < 2; i++) {
		for (unsigned n = 0; n < 5; n++)
			assert_int_equal(sign_in(w, logins[i], "wrong wrong wrong", &in), ERR_UNSIGNED);
		assert_int_equal(sign_in(w, logins[i], good, &in), ERR_THROTTLED);
		assert_non_null(strstr(w->c.why, "1 minute"));
	}
	w->clock.at += 31 * SECOND;
	assert_int_equal(sign_in(w, "ada", "wrong wrong wrong", &in), ERR_UNSIGNED);
	w->clock.at += 31 * SECOND;
	assert_int_equal(sign_in(w, "ada", good, &in), ERR_THROTTLED);
	w->clock.at += 60 * SECOND;
	SUCCEEDS_OR(sign_in(w, "ada", good, &in));
	assert_int_equal(sign_in(w, "ada", "wrong wrong wrong", &in), ERR_UNSIGNED);
}

static void many_logins_from_one_address_cost_pauses_too(void **state)
{
	struct world *w = *state;
	char login[16];

	for (unsigned n = 0; n < 50; n++) {
		snprintf(login, sizeof login, "guess%u", n);
		SUCCEEDS_OR(attempt_count(&w->c, str_of(login), STR("192.0.2.7")));
	}
	assert_int_equal(attempt_count(&w->c, STR("another"), STR("192.0.2.7")), ERR_THROTTLED);
	SUCCEEDS_OR(attempt_count(&w->c, STR("another"), STR("192.0.2.8")));
}

static int64_t rows_of_attempts(struct world *w)
{
	bool row;
	int64_t count = -1;
	READER(db);
	STMT(s);

	SUCCEEDS_OR(store_reader(&w->c, w->place->store, &db));
	SUCCEEDS_OR(db_stmt(&w->c, db, SQL("SELECT count(*) FROM attempt"), &s));
	SUCCEEDS_OR(stmt_step(&w->c, s, &row));
	count = stmt_int(s, 0);
	return count;
}

/* A row stays as long as it counts, to the second, and goes then; who is let in leaves none. */
static void failures_are_forgotten_when_they_count_no_more(void **state)
{
	struct world *w = *state;
	char login[16];

	for (unsigned n = 0; n < 49; n++) {
		snprintf(login, sizeof login, "guess%u", n);
		SUCCEEDS_OR(attempt_count(&w->c, str_of(login), STR("192.0.2.7")));
	}
	assert_int_equal(rows_of_attempts(w), 49 + 1);
	w->clock.at += 24 * 3600 * SECOND - 1;
	SUCCEEDS_OR(attempt_count(&w->c, STR("last"), STR("192.0.2.7"))); /* the fiftieth counts with them */
	assert_int_equal(attempt_count(&w->c, STR("more"), STR("192.0.2.7")), ERR_THROTTLED);
	assert_int_equal(rows_of_attempts(w), 50 + 1);
	w->clock.at += 10 * SECOND;
	SUCCEEDS_OR(attempt_count(&w->c, STR("ada"), STR("192.0.2.9")));
	assert_int_equal(rows_of_attempts(w), 4); /* last, the address, and these two */
	SUCCEEDS_OR(attempt_good(&w->c, STR("ada"), STR("192.0.2.9")));
	assert_int_equal(rows_of_attempts(w), 2);
}

static void sessions_die_of_idleness_and_age(void **state)
{
	struct world *w = *state;
	struct signed_in in;
	struct session session;
	const struct actor *actor;

	join(w, "ada", "gp", "WXL");
	SUCCEEDS_OR(sign_in(w, "ada", good, &in));
	w->clock.at += 29 * 60 * SECOND;
	SUCCEEDS_OR(sign_in_cookie(&w->c, str_of(in.token), &actor, &session));
	assert_int_equal(actor->kind, ACTOR_STAFF);
	SUCCEEDS_OR(session_touch(&w->c, &session));
	w->clock.at += 29 * 60 * SECOND;
	assert_int_equal(who(w, in.token)->kind, ACTOR_STAFF);
	w->clock.at += 2 * 60 * SECOND;
	assert_int_equal(who(w, in.token)->kind, ACTOR_NOBODY);
	SUCCEEDS_OR(sign_in(w, "ada", good, &in));
	for (unsigned i = 0; i < 48; i++) { /* twelve hours of quarters, always busy */
		assert_int_equal(who(w, in.token)->kind, ACTOR_STAFF);
		SUCCEEDS_OR(sign_in_cookie(&w->c, str_of(in.token), &actor, &session));
		SUCCEEDS_OR(session_touch(&w->c, &session));
		w->clock.at += 15 * 60 * SECOND;
	}
	assert_int_equal(who(w, in.token)->kind, ACTOR_NOBODY);
}

static void count_statement(void *arg, const char *sql)
{
	(void)sql;
	++*(int *)arg;
}

static void who_asks_is_remembered_until_another_program_ends_it(void **state)
{
	struct world *w = *state;
	struct store *own = w->place->store, *other;
	struct signed_in in;
	int asked = 0;
	int64_t ada = join(w, "ada", "gp", "WXL");

	if (strcmp(store_engine(own), "sqlite") != 0)
		skip(); /* it has no stamp: asked each time */
	SUCCEEDS_OR(sign_in(w, "ada", good, &in));
	assert_int_equal(who(w, in.token)->kind, ACTOR_STAFF);
	store_trace(own, count_statement, &asked);
	assert_int_equal(who(w, in.token)->kind, ACTOR_STAFF);
	store_trace(own, NULL, NULL);
	assert_int_equal(asked, 0);
	SUCCEEDS_OR(store_open(&w->c, &w->place->share, store_name(own), 0, &other));
	w->place->store = other;
	SUCCEEDS_OR(session_end_all(&w->c, ada, 0));
	w->place->store = own;
	assert_int_equal(who(w, in.token)->kind, ACTOR_NOBODY);
	store_close(other);
}

static void a_change_of_role_counts_at_the_next_request(void **state)
{
	struct world *w = *state;
	struct signed_in in;
	struct session session;
	const struct actor *actor;
	int64_t ada = join(w, "ada", "gp", "WXL"), other, stranger;

	SUCCEEDS_OR(sign_in(w, "ada", good, &in));
	SUCCEEDS_OR(employment_give(&w->c, ada, STR("privacy-officer"), STR("WXQ"), w->clock.at, 0, &other));
	SUCCEEDS_OR(sign_in_cookie(&w->c, str_of(in.token), &actor, &session));
	assert_true(str_is(actor->role->name, "gp"));
	SUCCEEDS_OR(session_work_in(&w->c, &session, other));
	actor = who(w, in.token);
	assert_true(str_is(actor->role->name, "privacy-officer"));
	assert_true(str_is(actor->org_id, "WXQ"));
	SUCCEEDS_OR(employment_end(&w->c, ada, other));
	assert_int_equal(who(w, in.token)->kind, ACTOR_NOBODY);
	join(w, "eve", "gp", "WXL");
	SUCCEEDS_OR(employment_give(&w->c, ada, STR("gp"), STR("WXL"), w->clock.at, 0, &stranger));
	SUCCEEDS_OR(sign_in(w, "eve", good, &in));
	SUCCEEDS_OR(sign_in_cookie(&w->c, str_of(in.token), &actor, &session));
	assert_int_equal(session_work_in(&w->c, &session, stranger), ERR_NOT_FOUND);
}

#define LIST "login,name,role,org,practitioner,state\n"

static bool has_account(struct world *w, const char *login)
{
	struct user user;
	READER(db);

	SUCCEEDS_OR(store_reader(&w->c, w->place->store, &db));
	return account_find(&w->c, db, str_of(login), &user) == OK;
}

/* Somebody takes a login between looking and changing: the line is named, and no other is done. */
static void a_list_is_applied_whole_or_not_at_all(void **state)
{
	struct world *w = *state;
	struct roster_link *links;
	struct roster roster;
	struct user user;
	int64_t account;
	size_t len;

	SUCCEEDS_OR(roster_read_text(&w->c, STR(LIST "ivy,Ivy Moor,gp,WXP,,\nzed,Zed Moor,gp,WXP,nobody-here,\n"), &roster));
	assert_int_equal(roster.count[ROSTER_WRONG], 1);
	assert_int_equal(roster.at[1].number, 3);
	assert_int_equal(roster_apply(&w->c, &roster), ERR_INVALID);
	SUCCEEDS_OR(roster_read_text(&w->c, STR(LIST "ivy,Ivy Moor,gp,WXP,,\nivy,Ivy Moor,gp,WXL,,\ntaken,Tia Moor,gp,WXP,,\n"), &roster));
	join(w, "taken", "gp", "WXP");
	assert_int_equal(roster_apply(&w->c, &roster), ERR_CONFLICT);
	assert_non_null(strstr(w->c.why, "Line 4"));
	assert_false(has_account(w, "ivy"));
	SUCCEEDS_OR(roster_read_text(&w->c, STR(LIST "ivy,Ivy Moor,gp,WXP,,\nivy,Ivy Moor,gp,WXL,,\ntaken,Ada Clarke,gp,WXP,,\n"), &roster));
	SUCCEEDS_OR(roster_apply(&w->c, &roster));
	SUCCEEDS_OR(roster_invite(&w->c, &roster, 3600, &links, &len));
	assert_int_equal(len, 1); /* who has a password needs none */
	assert_true(str_is(links[0].login, "ivy"));
	SUCCEEDS_OR(invitation_use(&w->c, str_of(links[0].token), &account));
	READER(db);
	SUCCEEDS_OR(store_reader(&w->c, w->place->store, &db));
	SUCCEEDS_OR(account_at(&w->c, db, account, &user));
	assert_true(str_is(user.name, "Ivy Moor"));
}

static size_t teams_of(struct world *w, int64_t account)
{
	int64_t *teams, next = INT64_MAX;
	size_t len;
	READER(db);

	SUCCEEDS_OR(store_reader(&w->c, w->place->store, &db));
	SUCCEEDS_OR(team_list(&w->c, db, account, w->clock.at, &teams, &len, &next));
	return len;
}

/* With the last role at an organisation its teams end, and those of others where nothing is held. */
static void a_movers_old_teams_end(void **state)
{
	static const char *const teams[][2] = { { "hill", "WXP" }, { "ward", "WXA" }, { "third", "WXZ" } };
	struct world *w = *state;
	struct roster roster;
	int64_t ada = join(w, "ada", "gp", "WXP");

	for (size_t i = 0; i < 3; i++) {
		put(w, "CareTeam", teams[i][0],
		    arena_printf(&w->arena, "{\"resourceType\":\"CareTeam\",\"id\":\"%s\",\"meta\":{\"source\":\"" ODS_SYSTEM
					    "/%s\"}}", teams[i][0], teams[i][1]));
		SUCCEEDS_OR(team_join(&w->c, ada, STR("CareTeam"), str_of(teams[i][0])));
	}
	assert_int_equal(teams_of(w, ada), 3);
	SUCCEEDS_OR(roster_read_text(&w->c, STR(LIST "ada,Ada Clarke,gp,WXP,,\nada,Ada Clarke,ward-nurse,WXA,,\n"), &roster));
	SUCCEEDS_OR(roster_apply(&w->c, &roster));
	assert_int_equal(teams_of(w, ada), 3);
	SUCCEEDS_OR(roster_read_text(&w->c, STR(LIST "ada,Ada Clarke,ward-nurse,WXA,,\n"), &roster));
	SUCCEEDS_OR(roster_apply(&w->c, &roster));
	assert_int_equal(teams_of(w, ada), 1); /* the ward's */
}

static void a_leavers_session_dies_at_once(void **state)
{
	struct world *w = *state;
	struct signed_in in;
	struct employment *at;
	size_t len;
	int64_t ada = join(w, "ada", "gp", "WXL"), key;

	SUCCEEDS_OR(sign_in(w, "ada", good, &in));
	SUCCEEDS_OR(account_end(&w->c, ada));
	assert_int_equal(who(w, in.token)->kind, ACTOR_NOBODY);
	assert_int_equal(employment_give(&w->c, ada, STR("gp"), STR("WXL"), w->clock.at, 0, &key),
			 ERR_CONFLICT);
	READER(db);
	SUCCEEDS_OR(store_reader(&w->c, w->place->store, &db));
	SUCCEEDS_OR(employment_list(&w->c, db, ada, w->clock.at, &at, &len));
	assert_int_equal(len, 0);
}

static void a_new_password_ends_the_other_sessions(void **state)
{
	struct world *w = *state;
	struct signed_in here, there;
	int64_t ada = join(w, "ada", "gp", "WXL");

	SUCCEEDS_OR(sign_in(w, "ada", good, &here));
	SUCCEEDS_OR(sign_in(w, "ada", good, &there));
	assert_string_not_equal(here.token, there.token);
	SUCCEEDS_OR(password_set(&w->c, ada, STR("four other plain words"), who(w, here.token)->session));
	assert_int_equal(who(w, here.token)->kind, ACTOR_STAFF);
	assert_int_equal(who(w, there.token)->kind, ACTOR_NOBODY);
	assert_int_equal(sign_in(w, "ada", good, &there), ERR_UNSIGNED);
	SUCCEEDS_OR(sign_in(w, "ada", "four other plain words", &there));
}

static void weak_passwords_are_refused(void **state)
{
	static const char *const weak[] = { "", "short", "aaaaaaaaaaaaaaaa", "my ADA.CLARKE 1234" };
	struct world *w = *state;

	for (unsigned i = 0; i < sizeof weak / sizeof *weak; i++)
		assert_int_equal(password_check(&w->c, STR("ada.clarke"), str_of(weak[i])), ERR_INVALID);
	assert_int_equal(password_check(&w->c, STR("ada.clarke"), str_of(good)), OK);
}

/* RFC 6238 appendix B (SHA-1), the last six digits of eight; the key is "12345678901234567890". */
static void codes_are_those_of_rfc_6238(void **state)
{
	static const struct {
		int64_t at;
		unsigned code;
	} rows[] = { { 59, 287082 },	     { 1111111109, 81804 },   { 1111111111, 50471 },
		     { 1234567890, 5924 },  { 2000000000, 279037 }, { INT64_C(20000000000), 353130 } };
	unsigned code;

	(void)state;
	for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_true(code_at(STR("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"), rows[i].at / 30, &code));
		assert_int_equal(code, rows[i].code);
	}
	assert_false(code_at(STR("gezd"), 1, &code));
}

static struct str code_now(struct world *w, const char *key, int64_t steps)
{
	unsigned code;

	assert_true(code_at(str_of(key), w->clock.at / (30 * SECOND) + steps, &code));
	return str_of(arena_printf(w->c.arena, "%06u", code));
}

static void a_code_is_wanted_and_taken_once(void **state)
{
	struct world *w = *state;
	char key[CODE_KEY_SIZE], recovery[RECOVERY_CODES][RECOVERY_SIZE];
	struct signed_in half, whole;
	struct str code;
	int64_t ada = join(w, "ada", "gp", "WXL");

	code_key_make(key);
	assert_int_equal(code_begin(&w->c, ada, str_of(key), STR("000000x"), recovery), ERR_INVALID);
	SUCCEEDS_OR(code_begin(&w->c, ada, str_of(key), code_now(w, key, 0), recovery));
	w->clock.at += 60 * SECOND;
	SUCCEEDS_OR(sign_in(w, "ada", good, &half));
	assert_true(half.code);
	assert_int_equal(who(w, half.token)->kind, ACTOR_NOBODY); /* half is nothing */
	code = code_now(w, key, 0);
	SUCCEEDS_OR(sign_in_code(&w->c, str_of(half.token), code, STR("a"), STR("Test"), &whole));
	assert_string_not_equal(half.token, whole.token);
	assert_int_equal(who(w, whole.token)->kind, ACTOR_STAFF);
	/* replayed, and one of before */
	SUCCEEDS_OR(sign_in(w, "ada", good, &half));
	assert_int_equal(sign_in_code(&w->c, str_of(half.token), code, STR("a"), STR("Test"), &whole),
			 ERR_INVALID);
	assert_int_equal(sign_in_code(&w->c, str_of(half.token), code_now(w, key, -1), STR("a"),
				      STR("Test"), &whole),
			 ERR_INVALID);
	SUCCEEDS_OR(sign_in_code(&w->c, str_of(half.token), str_of(recovery[3]), STR("a"), STR("Test"),
				 &whole));
	w->clock.at += 24 * 3600 * SECOND;
	SUCCEEDS_OR(sign_in(w, "ada", good, &half));
	assert_int_equal(sign_in_code(&w->c, str_of(half.token), str_of(recovery[3]), STR("a"),
				      STR("Test"), &whole),
			 ERR_INVALID);
	w->clock.at += 6 * 60 * SECOND; /* the half session has died */
	assert_int_equal(sign_in_code(&w->c, str_of(half.token), code_now(w, key, 0), STR("a"),
				      STR("Test"), &whole),
			 ERR_UNSIGNED);
}

static void codes_cannot_be_guessed_with_a_known_password(void **state)
{
	struct world *w = *state;
	char key[CODE_KEY_SIZE], recovery[RECOVERY_CODES][RECOVERY_SIZE];
	struct signed_in half, whole;
	unsigned tries = 0;
	int64_t ada = join(w, "ada", "gp", "WXL");

	code_key_make(key);
	SUCCEEDS_OR(code_begin(&w->c, ada, str_of(key), code_now(w, key, 0), recovery));
	while (tries < 20 && sign_in(w, "ada", good, &half) == OK) {
		enum err e = sign_in_code(&w->c, str_of(half.token), STR("x00000"), STR("a"), STR("T"),
					  &whole);
		assert_int_not_equal(e, OK);
		tries++;
	}
	assert_true(tries <= 3);
}

static void a_link_is_good_once(void **state)
{
	struct world *w = *state;
	char token[TOKEN_SIZE], late[TOKEN_SIZE];
	int64_t ada = join(w, "ada", "gp", "WXL"), account;

	SUCCEEDS_OR(invitation_make(&w->c, ada, 3600, token));
	SUCCEEDS_OR(invitation_use(&w->c, str_of(token), &account));
	assert_int_equal(account, ada);
	assert_int_equal(invitation_use(&w->c, str_of(token), &account), ERR_NOT_FOUND);
	SUCCEEDS_OR(invitation_make(&w->c, ada, 3600, late));
	w->clock.at += 3601 * SECOND;
	assert_int_equal(invitation_use(&w->c, str_of(late), &account), ERR_NOT_FOUND);
	SUCCEEDS_OR(invitation_make(&w->c, 0, 3600, token));
	SUCCEEDS_OR(invitation_use(&w->c, str_of(token), &account));
	assert_int_equal(account, 0);
	join(w, "root", "administrator", "");
	SUCCEEDS_OR(invitation_make(&w->c, 0, 3600, token));
	assert_int_equal(invitation_use(&w->c, str_of(token), &account), ERR_NOT_FOUND);
}

static void a_programs_token_is_no_cookie_and_a_cookie_no_bearer(void **state)
{
	struct world *w = *state;
	struct joiner joiner = { .kind = ACTOR_PROGRAM, .login = STR("feed"), .name = STR("A feed"),
				 .role = STR("program-feed"), .org = STR("WXA") };
	const struct actor *actor;
	struct session session;
	struct signed_in in;
	struct user user;
	char token[TOKEN_SIZE];
	int64_t key;
	struct employment *at;
	size_t len;

	SUCCEEDS_OR(account_add(&w->c, &joiner, &key));
	{
		READER(db);
		SUCCEEDS_OR(store_reader(&w->c, w->place->store, &db));
		SUCCEEDS_OR(account_at(&w->c, db, key, &user));
		SUCCEEDS_OR(employment_list(&w->c, db, key, w->clock.at, &at, &len));
	}
	SUCCEEDS_OR(session_begin(&w->c, &user, at[0].key, SESSION_FULL, STR("a key"), 3600, 0, token));
	SUCCEEDS_OR(sign_in_bearer(&w->c, str_of(token), &actor, &session));
	assert_int_equal(actor->kind, ACTOR_PROGRAM);
	assert_int_equal(who(w, token)->kind, ACTOR_NOBODY);
	join(w, "ada", "gp", "WXL");
	SUCCEEDS_OR(sign_in(w, "ada", good, &in));
	assert_int_equal(sign_in_bearer(&w->c, str_of(in.token), &actor, &session), ERR_UNSIGNED);
}

static void what_makes_no_account_is_refused(void **state)
{
	static const struct joiner rows[] = {
		{ ACTOR_STAFF, { "a b", 3 }, { "A", 1 }, { 0 }, { 0 }, { "gp", 2 }, { 0 } },
		{ ACTOR_STAFF, { "", 0 }, { "A", 1 }, { 0 }, { 0 }, { "gp", 2 }, { 0 } },
		{ ACTOR_STAFF, { "a", 1 }, { "", 0 }, { 0 }, { 0 }, { "gp", 2 }, { 0 } },
		{ ACTOR_STAFF, { "a", 1 }, { "A", 1 }, { 0 }, { 0 }, { "king", 4 }, { 0 } },
		{ ACTOR_STAFF, { "a", 1 }, { "A", 1 }, { 0 }, { 0 }, { "resident", 8 }, { 0 } },
		{ ACTOR_STAFF, { "a", 1 }, { "A", 1 }, { 0 }, { 0 }, { "gp", 2 }, { "wx'l", 4 } },
		{ ACTOR_RESIDENT, { "a", 1 }, { "A", 1 }, { 0 }, { "nobody", 6 }, { "resident", 8 }, { 0 } },
	};
	struct world *w = *state;
	int64_t key;

	for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(account_add(&w->c, &rows[i], &key), ERR_INVALID);
	join(w, "ada", "gp", "");
	struct joiner twice = { ACTOR_STAFF, STR("ADA"), STR("A"), { 0 }, { 0 }, STR("gp"), { 0 } };
	assert_int_equal(account_add(&w->c, &twice, &key), ERR_CONFLICT);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(every_capability_has_a_role_and_every_persona_too),
		T(nobody_may_break_the_separation_of_duties),
		T(a_good_password_signs_in_as_the_role_held),
		T(whatever_is_wrong_is_told_in_the_same_words),
		T(failures_cost_pauses),
		T(many_logins_from_one_address_cost_pauses_too),
		T(failures_are_forgotten_when_they_count_no_more),
		T(sessions_die_of_idleness_and_age),
		T(who_asks_is_remembered_until_another_program_ends_it),
		T(a_change_of_role_counts_at_the_next_request),
		T(a_list_is_applied_whole_or_not_at_all),
		T(a_movers_old_teams_end),
		T(a_leavers_session_dies_at_once),
		T(a_new_password_ends_the_other_sessions),
		T(weak_passwords_are_refused),
		T(codes_are_those_of_rfc_6238),
		T(a_code_is_wanted_and_taken_once),
		T(codes_cannot_be_guessed_with_a_known_password),
		T(a_link_is_good_once),
		T(a_programs_token_is_no_cookie_and_a_cookie_no_bearer),
		T(what_makes_no_account_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
