/* test_audit.h - a small place whose audit is written, read, altered and proved; audit*_test.c only. */
#ifndef ACCESS_TEST_AUDIT_H
#define ACCESS_TEST_AUDIT_H

#include "base/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "access/audit_part.h"
#include "access/role.h"
#include "base/when.h"
#include "record/test_definitions.h"
#include "store/test_place.h"

#define DAY INT64_C(86400000000)

struct world {
	char dir[64], path[480], key[512], heads[512];
	struct arena arena;
	struct ctx c;
	struct clock_fixed clock;
	struct place *place;
	struct share share;
	struct audit_setup setup;
	struct actor actor;
	struct role role;
};

static inline void open_place(struct world *w, unsigned flags)
{
	if (place_open_with(&w->c, definitions(&w->c, &w->share), &w->share, w->path, flags, false,
			    &w->place))
		fail_msg("%s", w->c.why);
}

static inline int set_up(void **state)
{
	struct world *w = calloc(1, sizeof *w);

	strcpy(w->dir, "/tmp/audit_test.XXXXXX");
	if (!mkdtemp(w->dir))
		return -1;
	test_place(w->path, sizeof w->path, w->dir);
	snprintf(w->key, sizeof w->key, "%s/key", w->dir);
	snprintf(w->heads, sizeof w->heads, "%s/heads", w->dir);
	w->setup = (struct audit_setup){ .key = w->key };
	arena_init(&w->arena);
	ctx_init(&w->c, &w->arena);
	clock_fixed_init(&w->clock, when_days(2026, 11, 3) * DAY);
	w->c.clock = &w->clock.clock;
	w->share = (struct share){ .dir = SOURCE_DIR "/share" };
	open_place(w, STORE_CREATE);
	test_place_made(w->path);
	w->role = (struct role){ .name = STR("gp"), .words = STR("General practitioner") };
	w->actor = (struct actor){ .kind = ACTOR_STAFF, .account = 7, .name = STR("Ada Clarke"),
				   .role = &w->role, .org = 3, .purpose = PURPOSE_CARE, .session = 11,
				   .device = STR("Firefox on Linux") };
	w->c.actor = &w->actor;
	*state = w;
	return 0;
}

static inline int tear_down(void **state)
{
	struct world *w = *state;
	char command[128];

	audit_stop(w->place);
	place_close(w->place);
	test_place_drop();
	arena_done(&w->arena);
	snprintf(command, sizeof command, "rm -r %s", w->dir);
	int code = system(command);
	free(w);
	return code;
}

#define MUST(w, call)                              \
	do {                                       \
		if (call)                          \
			fail_msg("%s", (w)->c.why); \
	} while (0)

static inline void note(struct world *w, int64_t person, const char *section)
{
	audit_note(&w->c, &(struct audit){ .what = AUDIT_OPEN, .person = person,
					   .section = str_of(section), .relation = STR("caseload") });
}

/* n openings of people 1, 2 … */
static inline void write_rows(struct world *w, int n)
{
	for (int i = 1; i <= n; i++)
		note(w, i, "plan");
	MUST(w, audit_flush(&w->c));
}

static inline void run_sql(struct world *w, const char *sql)
{
	char command[1400];

	if (test_on_pgsql()) {
		assert_int_equal(test_psql(sql), 0);
		return;
	}
	snprintf(command, sizeof command, "sqlite3 '%s' '%s'", w->path, sql);
	assert_int_equal(system(command), 0);
}

/* As one with all rights over the database would: the guards go first. */
static inline void tamper(struct world *w, const char *sql)
{
	audit_stop(w->place);
	place_close(w->place);
	if (test_on_pgsql())
		run_sql(w, "DO $$ DECLARE p text; BEGIN FOR p IN SELECT relname FROM pg_class WHERE relkind "
			   "IN (chr(114)::\"char\", chr(112)::\"char\") AND relnamespace = "
			   "current_schema()::regnamespace AND relname ~ $q$^audit$q$ AND relname !~ "
			   "$q$person$q$ LOOP EXECUTE format($q$ALTER TABLE %I DISABLE TRIGGER ALL$q$, p); "
			   "EXECUTE format($q$GRANT ALL ON %I TO CURRENT_USER$q$, p); END LOOP; END $$");
	else
		run_sql(w, "DROP TRIGGER audit_no_update; DROP TRIGGER audit_no_delete; DROP TRIGGER "
			   "audit_head_no_update; DROP TRIGGER audit_head_no_delete;");
	run_sql(w, sql);
	open_place(w, 0);
}

static inline enum err prove(struct world *w, struct audit_proof *proof)
{
	w->c.issues = (struct issues){ 0 };
	return audit_check(&w->c, &w->setup, proof);
}

static inline void proved(struct world *w, int64_t rows)
{
	struct audit_proof proof;

	MUST(w, prove(w, &proof));
	assert_int_equal(proof.rows, rows);
}

/* The proof fails, and some finding is about `row`. */
static inline void found(struct world *w, const char *row)
{
	struct audit_proof proof;
	char name[64];

	assert_int_equal(prove(w, &proof), ERR_INVALID);
	snprintf(name, sizeof name, "audit %s", row);
	for (const struct issue *i = w->c.issues.first; i; i = i->next)
		if (i->where && strcmp(i->where, name) == 0)
			return;
	fail_msg("no finding about %s: %s", name, w->c.why);
}

/* The one number that a statement gives. */
static inline int64_t number_of(struct world *w, struct sql sql)
{
	bool row;
	READER(db);
	STMT(s);

	MUST(w, store_reader(&w->c, w->place->store, &db));
	MUST(w, db_stmt(&w->c, db, sql, &s));
	MUST(w, stmt_step(&w->c, s, &row));
	return stmt_int(s, 0);
}

/* 2026-11 is month 682. */
#define KEY(n) "(682::bigint << 40) + " #n

static inline const char *sql_of(struct world *w, const char *sql)
{
	struct buf b;
	struct str rest = str_of(sql);

	if (test_on_pgsql())
		return sql;
	buf_init(&b, &w->arena, 0);
	for (ptrdiff_t at; (at = str_find(rest, STR("::bigint"))) >= 0;) {
		buf_add(&b, rest.at, (size_t)at);
		rest.at += at + 8;
		rest.len -= (size_t)at + 8;
	}
	buf_str(&b, rest);
	return str_dup(&w->arena, buf_get(&b));
}

#endif
