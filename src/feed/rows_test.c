/* rows_test.c - files of rows and what becomes of them: the cases of test/feed/rows.txt, and what no row
 * or mapping may do. */
#include "record/test_world.h"

#include "base/file.h"
#include "feed/rows_work.h"

struct one {
	struct world *w;
	struct feed feed;
	struct rows_count count;
	struct ctx c; /* of what is read in a test; in `arena`, which outlives the place */
	struct arena arena;
};

static void begin(struct one *o)
{
	void *state;

	memset(o, 0, sizeof *o);
	assert_int_equal(set_up(&state), 0);
	o->w = state;
	clock_fixed_init(&o->w->clock, 1767225600000000); /* 2026 */
	arena_init(&o->arena);
	o->c = o->w->c;
	o->c.arena = &o->arena;
	o->feed = (struct feed){ .name = "care", .title = "The council", .kind = FEED_CSV, .org = "WXL",
				 .rows = "client-level-data" };
	expect(o->w, feeds_open(&o->w->c), OK);
	expect(o->w, feed_register(&o->w->c, &o->feed), OK);
}

static void end(struct one *o)
{
	void *state = o->w;

	feeds_shut(o->w->place);
	assert_int_equal(tear_down(&state), 0);
	arena_done(&o->arena);
}

static enum err send(struct one *o, struct str bytes)
{
	struct rows_run run = { .feed = &o->feed, .bytes = bytes, .name = "test", .jobs = 2 };

	return rows_apply(&o->w->c, &run, &o->count);
}

static int64_t versions(struct one *o)
{
	int64_t seq;
	READER(db);

	expect(o->w, store_reader(&o->w->c, o->w->place->store, &db), OK);
	expect(o->w, record_moment(&o->w->c, db, &seq), OK);
	return seq;
}

static struct message *refused(struct one *o, size_t *len)
{
	struct message_query q = { .states = 1u << MESSAGE_QUARANTINED, .limit = 100 };
	struct message *list;

	expect(o->w, message_list(&o->w->c, &q, &list, len), OK);
	return list;
}

/* --- the cases of a file --- */

struct looking {
	struct str path, wanted;
	struct arena *a;
	bool found;
	int64_t count;
	struct str last;
};

static enum err look(struct ctx *c, void *arg, const struct version *v)
{
	static const struct json_options options;
	struct looking *l = arg;
	struct node *tree;

	l->count++;
	TRY(json_read(c, c->arena, v->body, &options, &tree));
	const struct node *n = node_path(tree, str_dup(c->arena, l->path));
	if (n && n->kind == NODE_ARRAY)
		n = node_at(n, 0);
	l->found |= n && str_eq(node_text(n), l->wanted);
	l->last = str_of(str_dup(l->a, v->body));
	return OK;
}

/* "Task 2", or "Task.status = completed" of one of them, or "applied 1 unchanged 0 refused 0". */
static void expect_line(struct one *o, const char *title, struct str line)
{
	struct looking l = { .a = &o->arena };
	struct str wanted = line, left = str_trim(str_cut(&wanted, '=')), type = left, path;
	int64_t n = -1;

	if (str_starts(line, STR("applied "))) {
		const char *now = arena_printf(&o->arena, "applied %lld unchanged %lld refused %lld ended %lld",
					       (long long)o->count.applied, (long long)o->count.unchanged,
					       (long long)o->count.refused, (long long)o->count.ended);
		if (!str_is(line, now))
			fail_msg("%s: %s", title, now);
		return;
	}
	if (str_starts(line, STR("Row "))) {
		size_t len;
		struct message *list = refused(o, &len);
		for (size_t i = 0; i < len; i++)
			if (str_is(line, arena_printf(&o->arena, STR_FMT ": " STR_FMT, STR_ARG(list[i].place),
						      STR_ARG(list[i].reason))))
				return;
		fail_msg("%s: not refused: " STR_FMT " (but " STR_FMT ": " STR_FMT ")", title, STR_ARG(line),
			 STR_ARG(len ? list[0].place : STR("nothing")), STR_ARG(len ? list[0].reason : STR("")));
	}
	l.wanted = wanted.at ? str_trim(wanted) : (struct str){ 0 };
	path = type;
	type = str_cut(&path, wanted.at ? '.' : ' ');
	l.path = path;
	const char *types[] = { str_dup(&o->arena, type), NULL };
	expect(o->w, record_each(&o->w->c, types, look, &l), OK);
	if (wanted.at ? l.found : str_int(str_trim(path), &n) && n == l.count)
		return;
	fail_msg("%s: " STR_FMT "; %lld of them, the last " STR_FMT, title, STR_ARG(line), (long long)l.count,
		 STR_ARG(l.last));
}

/* A case is files, each begun by "< COLUMNS" with rows below, and expectations after each. */
static void run_case(struct str block)
{
	struct one o;
	struct str title = str_trim(str_cut(&block, '\n'));
	struct buf file;

	begin(&o);
	const char *name = str_dup(&o.arena, title);
	buf_init(&file, &o.arena, 0);
	while (block.at) {
		struct str line = str_cut(&block, '\n');
		if (str_starts(line, STR("< "))) {
			file.len = 0;
			buf_str(&file, (struct str){ line.at + 2, line.len - 2 });
			buf_char(&file, '\n');
		} else if (str_starts(line, STR("> "))) {
			if (file.len)
				expect(o.w, send(&o, buf_get(&file)), OK);
			if (file.len) { /* the same again changes nothing */
				int64_t before = versions(&o);
				struct rows_count count = o.count;
				expect(o.w, send(&o, buf_get(&file)), OK);
				assert_int_equal(versions(&o), before);
				o.count = count;
			}
			file.len = 0;
			expect_line(&o, name, str_trim((struct str){ line.at + 2, line.len - 2 }));
		} else if (file.len && str_trim(line).len) {
			buf_str(&file, line);
			buf_char(&file, '\n');
		}
	}
	end(&o);
}

static void rows_become_what_the_cases_say(void **state)
{
	struct ctx c;
	ARENA(arena);
	struct str text;

	(void)state;
	ctx_init(&c, &arena);
	assert_int_equal(file_read(&c, &arena, SOURCE_DIR "/test/feed/rows.txt", 1 << 20, &text), OK);
	while (text.len) {
		ptrdiff_t next = str_find((struct str){ text.at + 1, text.len - 1 }, STR("\n== "));
		size_t len = next < 0 ? text.len : (size_t)next + 2;
		if (str_starts(text, STR("== ")))
			run_case((struct str){ text.at + 3, len - 3 });
		text = (struct str){ text.at + len, text.len - len };
	}
}

/* --- encodings, broken files --- */

#define HEAD "LA Code;Reporting Period Start Date;Reporting Period End Date;LA Person Unique Identifier;" \
	     "Family Name;Event Type;Event Reference;Event Start Date"
#define ROW(id, name, ref) "503;01/07/2025;30/09/2025;" id ";" name ";Request;" ref ";02/07/2025\n"

static void windows_bytes_semicolons_and_a_mark_are_read(void **state)
{
	struct one o;

	(void)state;
	begin(&o);
	expect(o.w, send(&o, STR(HEAD "\r\n" ROW("L1", "Zo\xEB \x96 \x80", "E1"))), OK);
	expect_line(&o, "windows", STR("Patient.name.family = Zo\xC3\xAB \xE2\x80\x93 \xE2\x82\xAC"));
	expect(o.w, send(&o, STR("\xEF\xBB\xBF" HEAD "\n" ROW("L2", "Zo\xC3\xAB", "E2"))), OK);
	expect_line(&o, "mark", STR("Patient.name.family = Zo\xC3\xAB"));
	end(&o);
}

static void a_quote_that_never_closes_spoils_its_own_row(void **state)
{
	struct one o;
	size_t len;

	(void)state;
	begin(&o);
	expect(o.w, send(&o, STR(HEAD "\n" ROW("L1", "\"Stone", "E1") ROW("L2", "Hill", "E2") ROW("L3", "\"x\"y", "E3")
				      "503;;\n" ROW("L4", "\"Mill; \"\"Lane\"\"\"", "E4"))), OK);
	assert_int_equal(o.count.applied, 2);
	assert_int_equal(o.count.refused, 3);
	refused(&o, &len);
	assert_int_equal(len, 3);
	expect_line(&o, "quotes", STR("Patient.name.family = Mill; \"Lane\""));
	end(&o);
}

static void a_file_of_something_else_is_refused_whole(void **state)
{
	struct one o;
	struct feed_file *files;
	size_t len;

	(void)state;
	begin(&o);
	expect(o.w, send(&o, STR("a,b\n1,2\n")), ERR_INVALID);
	assert_non_null(strstr(o.w->c.why, "no column \"LA Code\""));
	expect(o.w, send(&o, STR("")), ERR_INVALID);
	expect(o.w, file_list(&o.w->c, o.feed.key, 10, &files, &len), OK);
	assert_int_equal(files[0].state, FILE_REFUSED);
	assert_int_equal(versions(&o), 0);
	end(&o);
}

/* --- replay --- */

static void a_row_that_was_mended_elsewhere_is_settled(void **state)
{
	struct one o;
	enum message_state now;
	size_t len;
	int64_t key;

	(void)state;
	begin(&o);
	expect(o.w, send(&o, STR(HEAD "\n503;01/07/2025;30/09/2025;L1;Hill;Request;E1;31/02/2025\n")), OK);
	key = refused(&o, &len)->key;
	assert_int_equal(len, 1);
	expect(o.w, message_replay(&o.w->c, key, &now), OK);
	assert_int_equal(now, MESSAGE_QUARANTINED);
	expect(o.w, send(&o, STR(HEAD "\n" ROW("L1", "Hill", "E1"))), OK);
	assert_int_equal(o.count.applied, 1);
	end(&o);
}

/* A place's own mapping takes a code more: what was refused is replayed. */
static void after_a_fix_of_the_mapping_a_replay_applies(void **state)
{
	struct one o;
	struct rows_map *map;
	struct str text;
	enum message_state now;
	size_t len;

	(void)state;
	begin(&o);
	expect(o.w, send(&o, STR(HEAD "\n503;01/07/2025;30/09/2025;L1;Hill;Contact;E1;02/07/2025\n")), OK);
	struct message *m = refused(&o, &len);
	assert_int_equal(len, 1);
	assert_true(str_is(m->place, "Row 2, Event Type"));
	expect(o.w, share_read(&o.w->c, &o.w->place->share, o.w->c.arena, "feed/rows/client-level-data.rows", &text), OK);
	ptrdiff_t at = str_find(text, STR("Request = request\n"));
	assert_true(at > 0);
	text = str_of(arena_printf(&o.w->place->feeds->life, STR_FMT "Contact = request\n" STR_FMT, (int)at, text.at,
				   STR_ARG(((struct str){ text.at + at, text.len - (size_t)at }))));
	expect(o.w, rows_parse(&o.w->c, &o.w->place->feeds->life, "client-level-data", text, &map), OK);
	o.w->place->feeds->rows.at[0] = map;
	expect(o.w, message_replay(&o.w->c, m->key, &now), OK);
	assert_int_equal(now, MESSAGE_APPLIED);
	expect_line(&o, "replay", STR("Task 1"));
	end(&o);
}

/* --- mappings --- */

static void a_mapping_that_makes_no_sense_is_refused_with_its_line(void **state)
{
#define TOP "[columns]\na must text A\nb may code:t B\n[rows]\nkey %a\nperson %a\n[codes t http://t]\nx = y\n"
	static const struct {
		const char *text, *why;
	} cases[] = {
		{ "", ":1: a mapping has" },
		{ TOP "[Patient p]\nname[0].famly = %a\n", ":10: FHIR has no such element: famly" },
		{ TOP "[Patient p]\nname.family = %a\n", ":10: this repeats: write [0]: name" },
		{ TOP "[Patient p]\ngender = %c\n", ":10: no column of that name: c" },
		{ TOP "[Patient p]\ngender = %a +\n", ":10: " },
		{ TOP "[Patient p]\nmaritalStatus = %a\n", ":10: here goes one column read as code:TABLE" },
		{ TOP "[Patient p]\nname[0] = %a\n", ":10: this element has elements of its own" },
		{ TOP "[Task p]\n", ":9: the first section is the Patient" },
		{ TOP "[Patient p]\n[Task t]\nfor = @nobody\n", ":11: no section of that name above: nobody" },
		{ "[columns]\na must number A\n", ":2: a reading is" },
		{ "[columns]\na must code:zz A\n[rows]\nkey %a\nperson %a\n[Patient p]\n", ":2: no table of codes" },
		{ "[codes t http://t]\nx = y\nX = z\n", ":3: this text is there before" },
		{ "titel x\n", ":1: no such setting: titel" },
	};
	struct one o;
	struct rows_map *map;

	(void)state;
	begin(&o);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		expect(o.w, rows_parse(&o.w->c, &o.arena, "m", str_of(cases[i].text), &map), ERR_INVALID);
		if (!strstr(o.w->c.why, cases[i].why))
			fail_msg("%zu: %s", i, o.w->c.why);
	}
	end(&o);
}

/* --- bytes nobody would send --- */

static uint64_t dice(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return *seed >> 33;
}

static void spoil(char *bytes, size_t len, uint64_t *seed)
{
	static const char set[] = "\",;\n\r\t\0%=[]{}@'\xFF\xC3 a1";

	for (unsigned n = 1 + (unsigned)(dice(seed) % 6); n > 0; n--)
		bytes[dice(seed) % len] = set[dice(seed) % (sizeof set - 1)];
}

static void a_preview_counts_what_the_mapping_does_not_know(void **state)
{
	struct one o;
	struct rows_view view;

	(void)state;
	begin(&o);
	expect(o.w, rows_preview(&o.w->c, &o.feed, STR(HEAD ";Service Component;Shoe Size\n503;01/07/2025;30/09/2025;L1;Hill;Request;E1;02/07/2025;;7\n"
							  "503;01/07/2025;30/09/2025;;Hill;Request;E2;02/07/2025;;7\n"), &view), OK);
	assert_int_equal(view.unknown, 1);
	assert_int_equal(view.total, 2);
	assert_int_equal(view.wrong, 1);
	assert_true(str_is(view.at[1].column, "LA Person Unique Identifier"));
	assert_int_equal(versions(&o), 0);
	end(&o);
}

static void any_bytes_are_read_within_their_limits(void **state)
{
	struct one o;
	struct str mapping;
	uint64_t seed = 42;
	const struct str file = STR(HEAD "\n" ROW("L1", "\"Hi\"\"ll\"", "E1") ROW("L2", "Stone", "E2"));

	(void)state;
	begin(&o);
	expect(o.w, share_read(&o.w->c, &o.w->place->share, &o.arena, "feed/rows/client-level-data.rows", &mapping), OK);
	for (unsigned i = 0; i < 1500; i++) {
		ARENA(arena);
		struct ctx c = o.w->c;
		struct rows_view view;
		char *copy = arena_dup(&arena, file.at, file.len);
		c.arena = &arena;
		spoil(copy, file.len, &seed);
		enum err e = rows_preview(&c, &o.feed, (struct str){ copy, file.len }, &view);
		assert_true(e == OK || e == ERR_INVALID);
	}
	for (unsigned i = 0; i < 60; i++) {
		ARENA(arena);
		struct ctx c = o.w->c;
		struct rows_map *map;
		char *copy = arena_dup(&arena, mapping.at, mapping.len);
		c.arena = &arena;
		spoil(copy, mapping.len, &seed);
		enum err e = rows_parse(&c, &arena, "m", (struct str){ copy, mapping.len }, &map);
		assert_true(e == OK || e == ERR_INVALID);
	}
	end(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_become_what_the_cases_say),
		cmocka_unit_test(windows_bytes_semicolons_and_a_mark_are_read),
		cmocka_unit_test(a_quote_that_never_closes_spoils_its_own_row),
		cmocka_unit_test(a_file_of_something_else_is_refused_whole),
		cmocka_unit_test(a_row_that_was_mended_elsewhere_is_settled),
		cmocka_unit_test(after_a_fix_of_the_mapping_a_replay_applies),
		cmocka_unit_test(a_mapping_that_makes_no_sense_is_refused_with_its_line),
		cmocka_unit_test(a_preview_counts_what_the_mapping_does_not_know),
		cmocka_unit_test(any_bytes_are_read_within_their_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
