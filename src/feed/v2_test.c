/* v2_test.c - messages and what becomes of them: the cases of test/feed. */
#include "record/test_world.h"

#include "base/file.h"
#include "feed/feeds.h"
#include "feed/mllp.h"

enum { MESSAGES = 8 };

struct text_case {
	struct str title, messages[MESSAGES], expect;
	unsigned count;
	bool any_order;
};

struct one {
	struct world *w;
	struct feed feed;
	char answers[256];
};

static void worked(struct world *w, enum err e)
{
	expect(w, e, OK);
}

static void begin(struct one *o)
{
	void *state;

	assert_int_equal(set_up(&state), 0);
	o->w = state;
	assert_int_equal(feed_of_port(&o->w->c, &o->w->arena, "0", &o->feed), OK);
	worked(o->w, feeds_open(&o->w->c));
	worked(o->w, feed_register(&o->w->c, &o->feed));
}

static void end(struct one *o)
{
	void *state = o->w;

	feeds_shut(o->w->place);
	assert_int_equal(tear_down(&state), 0);
}

static void tell(struct one *o, struct str message)
{
	struct str answer;

	worked(o->w, v2_take(&o->w->c, &o->feed, message, &answer));
	ptrdiff_t at = str_find(answer, STR("\rMSA|"));
	assert_true(at > 0);
	snprintf(o->answers + strlen(o->answers), 8, "%s%.2s", *o->answers ? " " : "", answer.at + at + 5);
}

static enum err take_one(struct ctx *c, void *arg, const struct version *v)
{
	(void)c;
	*(struct str *)arg = (struct str){ strndup(v->body.at, v->body.len), v->body.len };
	return OK;
}

static int64_t total(struct one *o, const char *type)
{
	struct type_count *counts;
	size_t len;

	worked(o->w, record_counts(&o->w->c, &counts, &len));
	for (size_t i = 0; i < len; i++)
		if (str_is(counts[i].type, type))
			return counts[i].count;
	return 0;
}

/* "location[1].period.end"; of a list without a number the first. */
static const struct node *find(struct one *o, const struct node *n, struct str path)
{
	while (path.at && n) {
		struct str step = str_cut(&path, '.'), number = step, name = str_cut(&number, '[');
		int64_t at = 0;

		if (number.at)
			assert_true(str_int(str_cut(&number, ']'), &at));
		n = node_get(n, str_dup(&o->w->arena, name));
		if (node_is(n, NODE_ARRAY))
			n = node_at(n, (size_t)at);
		else if (at)
			n = NULL;
	}
	return n;
}

static void expect_line(struct one *o, const struct text_case *t, struct str line)
{
	struct str rest = line, path = str_trim(str_cut(&rest, '=')), type = path;
	const char *where = str_dup(&o->w->arena, t->title);
	char *name;

	if (!rest.at) { /* a count */
		type = str_cut(&path, ' ');
		int64_t n = -1;
		assert_true(str_int(str_trim(path), &n));
		if (total(o, str_dup(&o->w->arena, type)) != n)
			fail_msg("%s: %lld of " STR_FMT, where, (long long)total(o, str_dup(&o->w->arena, type)), STR_ARG(type));
		return;
	}
	struct str body = { 0 };
	struct node *tree;
	static const struct json_options options;
	path = type;
	type = str_cut(&path, '.');
	name = str_dup(&o->w->arena, type);
	const char *types[] = { name, NULL };
	worked(o->w, record_each(&o->w->c, types, take_one, &body));
	if (!body.len)
		fail_msg("%s: no %s", where, name);
	worked(o->w, json_read(&o->w->c, &o->w->arena, body, &options, &tree));
	const struct node *found = find(o, tree, path);
	rest = str_trim(rest);
	if (!str_eq(node_text(found), rest) || (!rest.len && found))
		fail_msg("%s: " STR_FMT " is '" STR_FMT "' in " STR_FMT, where, STR_ARG(line),
			 STR_ARG(node_text(found)), STR_ARG(body));
	free((char *)body.at);
}

static int64_t versions(struct one *o)
{
	int64_t seq;
	READER(db);

	worked(o->w, store_reader(&o->w->c, o->w->place->store, &db));
	worked(o->w, record_moment(&o->w->c, db, &seq));
	return seq;
}

static void run_order(const struct text_case *t, const unsigned *order)
{
	struct one o = { 0 };
	struct str rest = t->expect;

	begin(&o);
	for (unsigned i = 0; i < t->count; i++)
		tell(&o, t->messages[order[i]]);
	while (rest.at) {
		struct str line = str_trim(str_cut(&rest, '\n'));
		if (line.len < 2 || str_is(line, "> any order"))
			continue;
		line = str_trim((struct str){ line.at + 1, line.len - 1 });
		if (line.len > 1 && line.at[0] == 'A' && strchr("AER", line.at[1])) {
			if (!t->any_order && !str_is(line, o.answers))
				fail_msg(STR_FMT ": answered %s", STR_ARG(t->title), o.answers);
		} else {
			expect_line(&o, t, line);
		}
	}
	int64_t before = versions(&o);
	for (unsigned i = 0; i < t->count; i++)
		tell(&o, t->messages[order[i]]);
	assert_int_equal(versions(&o), before);
	end(&o);
}

/* Every order, from this place on. What comes of an order is our own logic: a database server, where a
 * place costs ten times as much, is asked for one in seven. */
static void permute(const struct text_case *t, unsigned *order, unsigned from)
{
	static unsigned turn;

	if (from == t->count || !t->any_order) {
		if (!t->any_order || test_full() || !test_on_pgsql() || turn++ % 7 == 0)
			run_order(t, order);
		return;
	}
	for (unsigned i = from; i < t->count; i++) {
		unsigned was = order[from];
		order[from] = order[i];
		order[i] = was;
		permute(t, order, from + 1);
		order[i] = order[from];
		order[from] = was;
	}
}

static enum err add_message(struct ctx *c, void *arg, struct str message)
{
	struct text_case *t = arg;
	char *copy = strndup(message.at, message.len);

	(void)c;
	for (char *p = copy; *p; p++)
		if (*p == '\n')
			*p = '\r';
	assert_true(t->count < MESSAGES);
	t->messages[t->count++] = str_of(copy);
	return OK;
}

static void run_file(const char *name)
{
	struct ctx c;
	ARENA(arena);
	struct str text;
	char path[512];

	snprintf(path, sizeof path, SOURCE_DIR "/test/feed/%s", name);
	ctx_init(&c, &arena);
	assert_int_equal(file_read(&c, &arena, path, 1 << 20, &text), OK);
	while (text.len) {
		ptrdiff_t next = str_find((struct str){ text.at + 1, text.len - 1 }, STR("\n== "));
		size_t len = next < 0 ? text.len : (size_t)next + 2;
		struct str block = { text.at, len }, title;
		struct text_case t = { 0 };
		unsigned order[MESSAGES] = { 0, 1, 2, 3, 4, 5, 6, 7 };
		ptrdiff_t wish;

		title = str_cut(&block, '\n');
		t.title = str_trim((struct str){ title.at + 2, title.len - 2 });
		wish = str_find(block, STR("\n> "));
		assert_true(wish > 0);
		t.expect = (struct str){ block.at + wish + 1, block.len - (size_t)wish - 1 };
		t.any_order = str_find(t.expect, STR("> any order")) >= 0;
		assert_int_equal(mllp_split(&c, (struct str){ block.at, (size_t)wish }, add_message, &t), OK);
		permute(&t, order, 0);
		for (unsigned i = 0; i < t.count; i++)
			free((char *)t.messages[i].at);
		text = (struct str){ text.at + len, text.len - len };
	}
}

static void a_visit_is_what_all_its_events_say(void **state)
{
	(void)state;
	run_file("visit.txt");
}

static void a_person_is_the_newest_that_was_said(void **state)
{
	(void)state;
	run_file("person.txt");
}

static void results_and_documents_are_kept(void **state)
{
	(void)state;
	run_file("result.txt");
}

static void what_is_wrong_is_answered_and_changes_nothing(void **state)
{
	(void)state;
	run_file("refused.txt");
}

static void how_senders_of_these_islands_write(void **state)
{
	(void)state;
	run_file("uk.txt");
}

/* A batch in one frame: each message for itself, the answers a batch in the same order. */
static void a_batch_is_its_messages(void **state)
{
	static const char batch[] = "FHS|^~\\&|PAS|RX1\rBHS|^~\\&|PAS|RX1\r"
				    "MSH|^~\\&|PAS|RX1|CW|CW|20250101||ADT^A28|1|P|2.4\rPID|1||1^^^RX1||A^B\r"
				    "MSH|^~\\&|PAS|RX1|CW|CW|20250101||ADT^A28|2|P|2.4\rPID|1||2^^^RX1||A^B||x\r"
				    "MSH|^~\\&|PAS|RX1|CW|CW|20250101||ADT^A77|3|P|2.4\rPID|1||3^^^RX1||A^B\r"
				    "BTS|3\rFTS|1\r";
	struct one o = { 0 };
	struct str answer;

	(void)state;
	begin(&o);
	for (unsigned i = 0; i < 2; i++) {
		worked(o.w, v2_take(&o.w->c, &o.feed, str_of(batch), &answer));
		assert_true(str_starts(answer, STR("BHS|^~\\&\rMSH|")));
		ptrdiff_t good = str_find(answer, STR("MSA|AA|1|")), bad = str_find(answer, STR("MSA|AE|2|"));
		assert_true(good > 0 && bad > good && str_find(answer, STR("MSA|AR|3|")) > bad);
		assert_true(str_ends(answer, STR("BTS|3\r")));
		assert_int_equal(total(&o, "Patient"), 1);
	}
	answer = v2_ack_too_large(&o.w->c, STR("MSH|^~\\&|PAS|RX1|CW|CW|20250101||ADT^A28|77|P|2.4\rPID|1||1^^"));
	assert_true(str_find(answer, STR("MSA|AR|77|The message is too large.")) > 0);
	o.w->c.why[0] = 0;
	tell(&o, STR("FHS|^~\\&|PAS\rBTS|0\rFTS|0\r"));
	assert_string_equal(o.answers, "AR");
	end(&o);
}

static int64_t kept(struct one *o, unsigned states, struct message *out)
{
	struct message_query q = { .states = states, .limit = 10 };
	struct message *list;
	size_t len;

	worked(o->w, message_list(&o->w->c, &q, &list, &len));
	if (len)
		*out = list[len - 1];
	return (int64_t)len;
}

/* Each group is a message of its own: none is said to have used another's number, what is wrong in one is told by its
 * place in the whole, and tried again by itself. */
static void a_merge_of_several_is_each_of_them(void **state)
{
	static const char merges[] = "MSH|^~\\&|PAS|RX1|CW|CW|20250103||ADT^A40|9|P|2.5\rEVN|A40|20250103\r"
				     "PID|1||1^^^RX1||A^B\rMRG|2^^^RX1\r"
				     "PID|2||3^^^RX1||C^D\rPV1|1\r"
				     "PID|3||4^^^RX1||E^F||19413399\rMRG|5^^^RX1\r"
				     "PID|4||6^^^RX1||G^H\rMRG|7^^^RX1\r";
	struct one o = { 0 };
	struct message m;
	struct str answer;
	enum message_state now;

	(void)state;
	begin(&o);
	for (unsigned i = 0; i < 3; i++) {
		worked(o.w, v2_take(&o.w->c, &o.feed, str_of(merges), &answer));
		assert_true(str_find(answer, STR("MSA|AE|9|MRG is missing")) > 0);
		assert_int_equal(kept(&o, 0, &m), 4);
		assert_false(m.flags & MESSAGE_REUSED);
		assert_int_equal(kept(&o, 1u << MESSAGE_APPLIED, &m), 2);
		assert_int_equal(kept(&o, 1u << MESSAGE_QUARANTINED, &m), 2);
		assert_true(str_is(m.place, "MRG") && m.tries == 1 + 2 * i && !(m.flags & MESSAGE_REUSED));
		assert_int_equal(total(&o, "Patient"), 4);
		int64_t before = versions(&o);
		worked(o.w, message_replay(&o.w->c, m.key, &now));
		assert_int_equal(now, MESSAGE_QUARANTINED);
		assert_int_equal(versions(&o), before);
		worked(o.w, message_read(&o.w->c, m.key, &m));
		assert_true(str_find(m.body, STR("PID|2|")) > 0 && str_find(m.body, STR("PID|3|")) < 0);
	}
	worked(o.w, v2_take(&o.w->c, &o.feed,
			    STR("MSH|^~\\&|PAS|RX1|CW|CW|20250103||ADT^A40|10|P|2.5\r"
				"PID|1||1^^^RX1||A^B\rMRG|2^^^RX1\rPID|2||4^^^RX1||E^F||19413399\rMRG|5^^^RX1\r"),
			    &answer));
	assert_true(str_find(answer, STR("ERR||PID^2^7|102^")) > 0);
	end(&o);
}

/* Kept with its place and reason; after a fix it is applied as if it had just come. */
static void what_was_not_understood_can_be_replayed(void **state)
{
	struct one o = { 0 };
	struct message m, *list;
	enum message_state now;
	size_t len;

	(void)state;
	begin(&o);
	tell(&o, STR("MSH|^~\\&|PAS|RX1|CW|CW|20250101||ADT^A28|1|P|2.4\rPID|1||1^^^RX1||A^B||1941133\r"));
	struct message_query q = { .states = 1u << MESSAGE_QUARANTINED, .limit = 10 };
	worked(o.w, message_list(&o.w->c, &q, &list, &len));
	assert_int_equal(len, 1);
	assert_true(str_is(list[0].place, "PID-7"));
	worked(o.w, message_replay(&o.w->c, list[0].key, &now));
	assert_int_equal(now, MESSAGE_QUARANTINED);
	worked(o.w, message_read(&o.w->c, list[0].key, &m));
	assert_int_equal(m.tries, 2);
	assert_true(str_starts(m.body, STR("MSH|")));
	assert_int_equal(total(&o, "Patient"), 0);
	end(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_visit_is_what_all_its_events_say),
		cmocka_unit_test(a_person_is_the_newest_that_was_said),
		cmocka_unit_test(results_and_documents_are_kept),
		cmocka_unit_test(what_is_wrong_is_answered_and_changes_nothing),
		cmocka_unit_test(how_senders_of_these_islands_write),
		cmocka_unit_test(a_batch_is_its_messages),
		cmocka_unit_test(a_merge_of_several_is_each_of_them),
		cmocka_unit_test(what_was_not_understood_can_be_replayed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
