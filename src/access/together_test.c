/* together_test.c - many threads ask, sign in and out, change roles and choices at once: each sees its own
 * changes with its next request. Under the thread sanitizer it proves what is remembered between requests.
 */
#include "access/test_access.h"

#include <pthread.h>
#include <stdatomic.h>

#include "access/audit.h"
#include "access/choice.h"
#include "access/sign_in.h"

enum { READERS = 3, ROUNDS = 12, LONGEST = 120000000 /* microseconds */ };

struct town {
	struct world *w;
	int64_t until;
	_Atomic int changing; /* threads that change something still */
	_Atomic int looks;
	pthread_mutex_t lock;
	char why[700]; /* the first that went wrong */
};

struct one { /* what a thread has for itself */
	struct town *town;
	struct arena arena;
	struct ctx c;
	char login[40];
	int64_t account;
	char token[TOKEN_SIZE];
};

static void wrong(struct one *o, const char *what)
{
	pthread_mutex_lock(&o->town->lock);
	if (!o->town->why[0])
		snprintf(o->town->why, sizeof o->town->why, "%s: %s: %s", o->login, what, o->c.why);
	pthread_mutex_unlock(&o->town->lock);
}
#define OUGHT(o, condition) ((condition) ? (void)0 : wrong((o), #condition))

/* Each step is a request of its own, with its own memory. */
static void begin(struct one *o)
{
	arena_reset(&o->arena);
	ctx_init(&o->c, &o->arena);
	o->c.clock = o->town->w->c.clock;
	o->c.place = o->town->w->place;
}

/* `employment` 0: the first. */
static void sign_in(struct one *o, int64_t employment)
{
	struct way_in way = { .employment = employment };
	struct signed_in in = { 0 };
	struct user user = { 0 };

	begin(o);
	{
		READER(db);

		OUGHT(o, store_reader(&o->c, o->c.place->store, &db) == OK);
		OUGHT(o, account_at(&o->c, db, o->account, &user) == OK);
	}
	OUGHT(o, sign_in_by(&o->c, &user, &way, STR("Test"), &in) == OK);
	OUGHT(o, audit_flush(&o->c) == OK);
	memcpy(o->token, in.token, sizeof in.token);
}

enum seen_as { NOBODY, WITHOUT, WITH };

/* As a request does: who is it, what may they, the item, the note. */
static enum seen_as look(struct one *o, const char *id)
{
	const struct actor *actor = NULL;
	struct session session;
	struct version v;
	enum err e;

	begin(o);
	OUGHT(o, sign_in_cookie(&o->c, str_of(o->token), &actor, &session) == OK);
	if (!actor || actor->kind == ACTOR_NOBODY)
		return NOBODY;
	OUGHT(o, sign_in_enter(&o->c, actor) == OK);
	e = record_read(&o->c, STR("Observation"), str_of(id), &v);
	OUGHT(o, e == OK || e == ERR_NOT_FOUND);
	audit_note(&o->c, &(struct audit){ .what = AUDIT_OPEN, .person = 1, .section = STR("Observation") });
	if (!audit_entrust(&o->c))
		OUGHT(o, audit_flush(&o->c) == OK);
	sign_in_leave(&o->c);
	atomic_fetch_add(&o->town->looks, 1);
	return e ? WITHOUT : WITH;
}

static bool late(const struct one *o)
{
	return clock_monotonic() > o->town->until;
}

static void *reads(void *arg)
{
	struct one *o = arg;

	for (unsigned i = 0; atomic_load(&o->town->changing) && !late(o); i++) {
		if (i % 50 == 0)
			sign_in(o, 0);
		OUGHT(o, look(o, "by-hill") == WITH);
		OUGHT(o, look(o, "bens") == WITHOUT);
	}
	return NULL;
}

static void *signs_out(void *arg)
{
	struct one *o = arg;

	for (unsigned i = 0; i < ROUNDS && !late(o); i++) {
		sign_in(o, 0);
		OUGHT(o, look(o, "by-hill") == WITH);
		OUGHT(o, session_end_all(&o->c, o->account, 0) == OK);
		OUGHT(o, look(o, "by-hill") == NOBODY);
	}
	atomic_fetch_sub(&o->town->changing, 1);
	return NULL;
}

static void *moves(void *arg)
{
	struct one *o = arg;
	int64_t key = 0;

	for (unsigned i = 0; i < ROUNDS && !late(o); i++) {
		begin(o);
		OUGHT(o, employment_give(&o->c, o->account, STR("gp"), STR("WXP"), 0, 0, &key) == OK);
		sign_in(o, key);
		OUGHT(o, look(o, "by-hill") == WITH);
		OUGHT(o, employment_end(&o->c, o->account, key) == OK);
		OUGHT(o, look(o, "by-hill") == NOBODY);
	}
	atomic_fetch_sub(&o->town->changing, 1);
	return NULL;
}

/* As the person would: the doctor's next look has it, or has it not. */
static void *chooses(void *arg)
{
	static const struct choice all = { .kind = CHOICE_SHARING };
	struct one *o = arg;
	struct str consent;

	sign_in(o, 0);
	for (unsigned i = 0; i < ROUNDS && !late(o); i++) {
		begin(o);
		OUGHT(o, choice_set(&o->c, STR("ada"), &all, i % 2 == 0, &consent) == OK);
		OUGHT(o, look(o, "by-hill") == (i % 2 ? WITH : WITHOUT));
	}
	atomic_fetch_sub(&o->town->changing, 1);
	return NULL;
}

static void joins(struct town *town, struct one *o, unsigned n, const char *role, const char *org)
{
	struct world *w = town->w;
	struct joiner joiner = { .kind = ACTOR_STAFF, .name = STR("Somebody"), .role = str_of(role),
				 .org = str_of(org) };

	*o = (struct one){ .town = town };
	arena_init(&o->arena);
	snprintf(o->login, sizeof o->login, "%s.%u", role, n);
	joiner.login = str_of(o->login);
	SUCCEEDS(account_add(&w->c, &joiner, &o->account));
}

static void test_all_together(void **state)
{
	static void *(*const changing[])(void *) = { signs_out, moves, chooses };
	static const char *const roles[] = { "gp", "care-provider", "hospital-doctor" }, *const orgs[] = { "WXP", "WXC", "WXA" };
	enum { CHANGING = 3 };
	struct world *w = *state;
	struct town town = { .w = w, .until = clock_monotonic() + LONGEST, .changing = CHANGING,
			     .lock = PTHREAD_MUTEX_INITIALIZER };
	struct one all[CHANGING + READERS];
	pthread_t threads[CHANGING + READERS];
	struct audit_setup setup = { .key = arena_printf(w->c.arena, "%s/key", w->dir) };
	struct audit_proof proof;

	put_place(w);
	put_org(w, "chemist", "WXC", "");
	for (unsigned i = 0; i < CHANGING + READERS; i++)
		joins(&town, &all[i], i, i < CHANGING ? roles[i] : "gp", i < CHANGING ? orgs[i] : "WXP");
	SUCCEEDS(audit_start(&w->c, &setup));
	for (unsigned i = 0; i < CHANGING + READERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, i < CHANGING ? changing[i] : reads, &all[i]), 0);
	for (unsigned i = 0; i < CHANGING + READERS; i++) {
		pthread_join(threads[i], NULL);
		arena_done(&all[i].arena);
	}
	audit_stop(w->place);
	if (town.why[0])
		fail_msg("%s", town.why);
	SUCCEEDS(audit_check(&w->c, &setup, &proof));
	assert_true(proof.rows >= town.looks); /* and the signing in */
	assert_true(town.looks > 4 * ROUNDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_all_together, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
