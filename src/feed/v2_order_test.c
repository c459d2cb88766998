/* v2_order_test.c - whatever order messages come in, and however often: the record ends the same. Stories
 * are made by chance (visits, their cancels, changes of details, a merge) and told in the order in
 * which they happened, then shuffled, with some told twice. */
#include "record/test_world.h"

#include "base/vec.h"
#include "feed/feeds.h"
#include "identity/merge.h"

/* CAUSEWAY_STORIES sets how many; a guarded build takes fewer of itself. */
#if defined(__OPTIMIZE__) && !defined(ARENA_POISON)
enum { STORIES = 40, SHUFFLES = 3, EVENTS = 48 };
#else
enum { STORIES = 4, SHUFFLES = 2, EVENTS = 48 };
#endif

struct story {
	char messages[EVENTS][700];
	unsigned len;
	int64_t minute; /* of January 2025 */
	uint64_t chance;
};

static unsigned below(struct story *s, unsigned n)
{
	s->chance = s->chance * 6364136223846793005U + 1442695040888963407U;
	return (unsigned)((s->chance >> 33) % n);
}

/* --- making a story --- */

struct said {
	unsigned number;
	const char *family, *given;
};
static const struct said ann = { 100, "Walker", "Ann" }, annie = { 200, "Walkar", "Annie" };

static char *begin_message(struct story *s, const char *event, const struct said *who)
{
	assert_true(s->len < EVENTS);
	char *text = s->messages[s->len++];
	char at[40];

	s->minute += 1 + below(s, 90);
	snprintf(at, sizeof at, "202501%02d%02d%02d00", 1 + (int)(s->minute / 1440), (int)(s->minute / 60 % 24),
		 (int)(s->minute % 60));
	int n = snprintf(text, 700,
			 "MSH|^~\\&|PAS|RX1|CW|CW|%s||ADT^%s|%u|P|2.4\rEVN|%s|%s\r"
			 "PID|1||%u^^^RX1^MR||%s^%s||19410303|F|||%u Mill Lane^^Netherfold^^WX4 6QT\r",
			 at, event, s->len, event, at, who->number, who->family, who->given, 1 + below(s, 9));
	return text + n;
}

static void tell_visit(struct story *s, const char *event, const struct said *who, unsigned visit)
{
	char *at = begin_message(s, event, who);

	snprintf(at, 200, "PV1|1|%c|W%u^R%u^B1||||||||||||||||V%u\r", strcmp(event, "A04") ? 'I' : 'E',
		 1 + below(s, 3), 1 + below(s, 4), visit);
}

static void tell_person(struct story *s, const char *event, const struct said *who, const struct said *other)
{
	char *at = begin_message(s, event, who);

	if (other)
		snprintf(at, 60, "MRG|%u^^^RX1^MR\r", other->number);
}

static void make_visit(struct story *s, const struct said *who, unsigned visit)
{
	static const char *const ways[][8] = {
		{ "A05", "A01", "A02", "A12", "A03" }, { "A01", "A03", "A13", "A02", "A03" },
		{ "A05", "A01", "A11" },	       { "A04", "A08", "A03" },
		{ "A04", "A11" },		       { "A05", "A38" },
		{ "A01", "A02", "A02", "A12", "A08" }, { "A01", "A11", "A01", "A03", "A13" },
	};
	const char *const *way = ways[below(s, 8)];

	for (unsigned i = 0; i < 8 && way[i]; i++)
		tell_visit(s, way[i], who, visit);
}

static void make_story(struct story *s, unsigned seed)
{
	*s = (struct story){ .chance = seed * 7919U + 17 };
	tell_person(s, "A28", &ann, NULL);
	if (below(s, 2))
		tell_person(s, "A28", &annie, NULL);
	for (unsigned visit = 1; visit <= 4; visit++) {
		make_visit(s, below(s, 3) ? &ann : &annie, visit);
		if (!below(s, 3))
			tell_person(s, "A31", &ann, NULL);
	}
	if (below(s, 4))
		tell_person(s, below(s, 2) ? "A40" : "A34", &ann, &annie);
	tell_person(s, "A31", &ann, NULL);
}

/* --- what it comes to --- */

struct body {
	char *type, *id, *text; /* malloc, as the place's arena is emptied after each */
	struct node *tree;
};

enum { BODIES = 64 };
struct told {
	struct world *w;
	struct body all[BODIES];
	size_t len;
};

static enum err gather(struct ctx *c, void *arg, const struct version *v)
{
	struct told *t = arg;

	(void)c;
	assert_true(t->len < BODIES);
	t->all[t->len++] = (struct body){ .type = strndup(v->type.at, v->type.len),
					  .id = strndup(v->id.at, v->id.len),
					  .text = strndup(v->body.at, v->body.len) };
	return OK;
}

static void read_all(struct told *t)
{
	static const char *const types[] = { "Encounter", "Patient", NULL };
	static const struct json_options options;

	expect(t->w, record_each(&t->w->c, types, gather, t), OK);
	for (size_t i = 0; i < t->len; i++)
		expect(t->w, json_read(&t->w->c, &t->w->arena, str_of(t->all[i].text), &options, &t->all[i].tree), OK);
}

static void free_all(struct told *t)
{
	for (size_t i = 0; i < t->len; i++) {
		free(t->all[i].type);
		free(t->all[i].id);
		free(t->all[i].text);
	}
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* All of them, sorted, a line each. */
static const char *in_order(struct world *w, const char **lines, size_t len)
{
	struct buf b;

	buf_init(&b, &w->arena, 0);
	if (len)
		qsort(lines, len, sizeof *lines, by_text);
	for (size_t i = 0; i < len; i++)
		buf_printf(&b, "%s\n", lines[i]);
	return str_dup(&w->arena, buf_get(&b));
}

/* Everything the person is called by, by the Patients that are one: Patients have other ids each time. */
static const char *person_of(struct told *t, const char *id)
{
	struct world *w = t->w;
	struct str head, other;
	VEC(const char *) numbers = { 0 };

	expect(w, merge_head(&w->c, str_of(id), &head), OK);
	for (size_t i = 0; i < t->len; i++) {
		if (strcmp(t->all[i].type, "Patient"))
			continue;
		expect(w, merge_head(&w->c, str_of(t->all[i].id), &other), OK);
		if (!str_eq(other, head))
			continue;
		node_each(identifier, node_get(t->all[i].tree, "identifier")) {
			const char *value = str_dup(&w->arena, node_str(identifier, "value"));
			bool known = false;
			for (size_t k = 0; k < numbers.len; k++)
				known |= strcmp(numbers.at[k], value) == 0;
			if (!known)
				*vec_push(&numbers, &w->arena) = value;
		}
	}
	return in_order(w, numbers.at, numbers.len);
}

static const char *printed(struct world *w, struct node *tree)
{
	struct buf b;
	struct node *meta = node_get(tree, "meta");

	if (meta)
		node_remove(tree, meta);
	buf_init(&b, &w->arena, 0);
	json_write(&b, tree, 0);
	return str_dup(&w->arena, buf_get(&b));
}

/* A visit, and whose it is. */
static const char *visit_line(struct told *t, struct body *b)
{
	struct node *subject = node_get(b->tree, "subject");
	const char *whose = person_of(t, str_dup(&t->w->arena, node_str(subject, "reference")) + strlen("Patient/"));

	node_remove(b->tree, subject);
	return arena_printf(&t->w->arena, "%s of %s", printed(t->w, b->tree), whose);
}

/* Who goes on: what they are called and where they live now. */
static const char *person_line(struct told *t, const struct body *b)
{
	struct arena *a = &t->w->arena;
	struct str head;

	expect(t->w, merge_head(&t->w->c, str_of(b->id), &head), OK);
	if (!str_is(head, b->id))
		return NULL;
	return arena_printf(a, "person %s %s %s %s", str_dup(a, node_text(node_path(b->tree, "name.0.family"))),
			    str_dup(a, node_str(b->tree, "birthDate")),
			    str_dup(a, node_text(node_path(b->tree, "address.0.line.0"))), person_of(t, b->id));
}

static const char *record_of(struct world *w)
{
	struct told t = { .w = w };
	VEC(const char *) lines = { 0 };

	read_all(&t);
	for (size_t i = 0; i < t.len; i++) {
		struct body *b = &t.all[i];
		const char *line = strcmp(b->type, "Patient") ? visit_line(&t, b) : person_line(&t, b);
		if (line)
			*vec_push(&lines, &w->arena) = line;
	}
	const char *all = in_order(w, lines.at, lines.len);
	free_all(&t);
	return all;
}

/* --- telling it --- */

static void tell(struct world *w, const struct feed *feed, const char *text)
{
	struct message m = { .feed = feed->key, .received = clock_now(w->c.clock), .body = str_of(text) };
	struct str answer;

	expect(w, message_take(&w->c, feed, &m, &answer), OK);
	if (m.state != MESSAGE_APPLIED && m.state != MESSAGE_SUPERSEDED)
		fail_msg("%s\nwas answered " STR_FMT, text, STR_ARG(answer));
}

/* What the record says in the end; malloc. */
static char *tell_all(const struct story *s, const unsigned *order, unsigned len)
{
	struct feed feed;
	void *state;

	assert_int_equal(set_up(&state), 0);
	struct world *w = state;
	expect(w, feed_of_port(&w->c, &w->arena, "0", &feed), OK);
	expect(w, feeds_open(&w->c), OK);
	expect(w, feed_register(&w->c, &feed), OK);
	for (unsigned i = 0; i < len; i++)
		tell(w, &feed, s->messages[order[i]]);
	char *all = strdup(record_of(w));
	feeds_shut(w->place);
	assert_int_equal(tear_down(&state), 0);
	return all;
}

/* Every message once, some again; *len as long as that. */
static void shuffle(struct story *s, unsigned *order, unsigned *len)
{
	*len = s->len;
	for (unsigned i = 0; i < s->len; i++)
		order[i] = i;
	for (unsigned i = 0; i < s->len / 3; i++)
		order[(*len)++] = below(s, s->len);
	for (unsigned i = *len - 1; i > 0; i--) {
		unsigned k = below(s, i + 1), was = order[i];
		order[i] = order[k];
		order[k] = was;
	}
}

static void any_order_ends_in_the_same_record(void **state)
{
	static struct story s;
	unsigned order[EVENTS * 2], len;

	const char *asked = getenv("CAUSEWAY_STORIES");
	unsigned stories = asked ? (unsigned)atol(asked) : STORIES;

	(void)state;
	for (unsigned seed = 0; seed < stories; seed++) {
		make_story(&s, seed);
		for (len = 0; len < s.len; len++)
			order[len] = len;
		char *whole = tell_all(&s, order, len);
		assert_non_null(strstr(whole, "Encounter"));
		for (unsigned i = 0; i < SHUFFLES; i++) {
			shuffle(&s, order, &len);
			char *other = tell_all(&s, order, len);
			if (strcmp(whole, other)) {
				print_error("story %u, told in the order", seed);
				for (unsigned k = 0; k < len; k++)
					print_error(" %u", order[k] + 1);
				fail_msg("\nends in\n%s\nin place of\n%s", other, whole);
			}
			free(other);
		}
		free(whole);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(any_order_ends_in_the_same_record) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
