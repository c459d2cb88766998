/* merge_random_test.c - merges, edits and unmerges at random, against a model that is nothing but sets.
 *
 * The model knows of each Patient who replaced it and which items are its own. After every step what
 * the place shows of two Patients (search, compartment, whole record, person page's items) is what
 * the model says, and the Patient's own content is what was last written to it. At the end every
 * merge is taken back in random order, and the place proves itself sound.
 */
#include "record/test_world.h"

#include "identity/doubt.h"
#include "identity/merge.h"
#include "record/same.h"
#include "record/search.h"

/* CAUSEWAY_STEPS sets how many; an optimised build takes 10,000 of itself, a guarded one fewer. */
enum { PEOPLE = 14, ITEMS = 80 };
#if defined(__OPTIMIZE__) && !defined(ARENA_POISON)
enum { STEPS = 10000 };
#else
enum { STEPS = 400 };
#endif

struct model {
	uint64_t dice;
	int parent[PEOPLE];    /* who replaced it; -1 nobody */
	int city[PEOPLE];      /* what was last written */
	int active[PEOPLE];    /* as last said by an edit: 0, 1, -1 unsaid */
	int item[ITEMS];       /* whose; -1: not there */
	int items;
	long merges, undone, refused, edits;
};

static unsigned dice(struct model *m, unsigned sides)
{
	m->dice = m->dice * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(m->dice >> 33) % sides;
}

static const char *text(struct world *w, const char *format, int n)
{
	char *out = arena_alloc(w->c.arena, 64);

	snprintf(out, 64, strcmp(format, "p") ? "i%d" : "p%d", n);
	return out;
}

/* --- the model --- */

static int root(const struct model *m, int p)
{
	while (m->parent[p] >= 0)
		p = m->parent[p];
	return p;
}

static size_t same_items(const struct model *m, int p)
{
	size_t n = 0;

	for (int i = 0; i < m->items; i++)
		n += m->item[i] >= 0 && root(m, m->item[i]) == root(m, p);
	return n;
}

static size_t same_people(const struct model *m, int p)
{
	size_t n = 0;

	for (int i = 0; i < PEOPLE; i++)
		n += root(m, i) == root(m, p);
	return n;
}

/* --- steps --- */

static void write_person(struct world *w, struct model *m, int p)
{
	static const char *const said[] = { ",\"active\":false", ",\"active\":true", "" };
	char json[2048], links[PEOPLE * 80] = "";
	struct version v;
	struct node *n;

	/* an editor sends back the links it was shown */
	if (m->city[p] > 1) {
		SUCCEEDS(record_read(&w->c, STR("Patient"), str_of(text(w, "p", p)), &v));
		SUCCEEDS(fhir_read_json(&w->c, w->place->fhir, w->c.arena, v.body, &n));
		if (node_get(n, "link")) {
			struct buf b;

			buf_init(&b, w->c.arena, 0);
			json_write(&b, node_get(n, "link"), 0);
			snprintf(links, sizeof links, ",\"link\":" STR_FMT,
				 STR_ARG(buf_get(&b)));
		}
	}
	snprintf(json, sizeof json,
		 "{\"resourceType\":\"Patient\",\"id\":\"p%d\",\"address\":[{\"city\":\"c%d\"}]%s"
		 "%s}",
		 p, m->city[p], said[m->active[p] < 0 ? 2 : m->active[p]], links);
	put(w, "Patient", text(w, "p", p), json);
}

static void edit_person(struct world *w, struct model *m, int p)
{
	m->city[p]++;
	if (m->parent[p] < 0)
		m->active[p] = (int)dice(m, 3) - 1;
	else
		return; /* below: the replaced are edited by patch alone */
	write_person(w, m, p);
	m->edits++;
}

static enum err move(struct ctx *c, struct node *patient, const struct node *tree)
{
	struct node *city = node_path(patient, "address.city");

	(void)c;
	city->text = tree->text;
	city->len = tree->len;
	return OK;
}

static void move_person(struct world *w, struct model *m, int p)
{
	char city[16];
	struct node *n = node_new(w->c.arena, NODE_STRING);
	struct patch patch = { .tree = n, .edit = move };
	struct written out;

	snprintf(city, sizeof city, "c%d", ++m->city[p]);
	n->text = city;
	n->len = (uint32_t)strlen(city);
	SUCCEEDS(record_patch(&w->c, STR("Patient"), str_of(text(w, "p", p)), &patch, 0, &out));
	m->edits++;
}

static void write_item(struct world *w, struct model *m, int i, int p)
{
	char json[256];

	snprintf(json, sizeof json,
		 "{\"resourceType\":\"Observation\",\"id\":\"i%d\",\"status\":\"final\","
		 "\"code\":{\"text\":\"x\"},\"subject\":{\"reference\":\"Patient/p%d\"}}",
		 i, p);
	put(w, "Observation", text(w, "i", i), json);
	m->item[i] = p;
	m->edits++;
}

static void drop_item(struct world *w, struct model *m, int i)
{
	struct written out;

	SUCCEEDS(record_delete(&w->c, STR("Observation"), str_of(text(w, "i", i)), 0, &out));
	m->item[i] = -1;
	m->edits++;
}

static void merge(struct world *w, struct model *m, int a, int b)
{
	struct merge_wish wish = { .survivor = str_of(text(w, "p", a)),
				   .other = str_of(text(w, "p", b)),
				   .reason = STR("the same person"),
				   .by = STR("test") };
	struct merge_done done;

	if (a == b) {
		FAILS(ERR_BAD_REQUEST, merge_persons(&w->c, &wish, &done));
	} else if (root(m, a) == root(m, b)) {
		SUCCEEDS(merge_persons(&w->c, &wish, &done));
		assert_true(done.existed);
	} else if (m->parent[b] >= 0) {
		FAILS(ERR_CONFLICT, merge_persons(&w->c, &wish, &done));
		m->refused++;
	} else {
		SUCCEEDS(merge_persons(&w->c, &wish, &done));
		assert_false(done.existed);
		m->parent[b] = a;
		m->merges++;
	}
}

static void unmerge(struct world *w, struct model *m, int p)
{
	struct str id = str_of(text(w, "p", p));
	int64_t key;

	if (m->parent[p] < 0) {
		FAILS(ERR_NOT_FOUND,
		      merge_undo(&w->c, id, STR("two persons"), STR("test"), &key));
		return;
	}
	SUCCEEDS(merge_undo(&w->c, id, STR("two persons"), STR("test"), &key));
	m->parent[p] = -1;
	m->undone++;
}

/* --- what the place shows --- */

static void finds(struct world *w, enum err parsed, const struct search *const *s, size_t n)
{
	struct search_page page;

	SUCCEEDS(parsed);
	SUCCEEDS(search_run(&w->c, *s, &page));
	assert_int_equal(page.total, n);
}

static void check_search(struct world *w, const struct model *m, int p)
{
	static const char *const queries[] = { "patient=", "subject=Patient/", "patient._id=" };
	const struct search *s;
	char query[64];

	snprintf(query, sizeof query, "%sp%d&_summary=count", queries[(m->dice >> 40) % 3], p);
	finds(w, search_parse(&w->c, STR("Observation"), str_of(query), &s), &s,
	      same_items(m, p));
	finds(w,
	      search_parse_inside(&w->c, STR("Patient"), str_of(text(w, "p", p)),
				  STR("Observation"), STR("_summary=count"), &s),
	      &s, same_items(m, p));
}

static enum err count_own(struct ctx *c, void *arg, const struct version *v, bool own)
{
	(void)c;
	(void)v;
	*(size_t *)arg += own;
	return OK;
}

static void check_whole(struct world *w, const struct model *m, int p)
{
	struct everything ask = { .id = str_of(text(w, "p", p)), .count = 7 };
	struct everything_page page;
	struct version *items;
	size_t len, own = 0;
	bool more;

	SUCCEEDS(record_person(&w->c, ask.id, 10000, &items, &len, &more));
	assert_int_equal(len, same_items(m, p) + same_people(m, p));
	do {
		SUCCEEDS(record_everything(&w->c, &ask, count_own, &own, &page));
		ask.after = page.next;
	} while (page.next.type || page.next.key);
	assert_int_equal(own, len);
}

static size_t links(const struct node *patient, const char *type)
{
	size_t n = 0;

	node_each(link, node_get(patient, "link"))
		n += str_is(node_str(link, "type"), type);
	return n;
}

static void check_content(struct world *w, const struct model *m, int p)
{
	const struct node *active;
	struct version v;
	struct node *n;
	size_t children = 0;
	char city[16];

	SUCCEEDS(record_read(&w->c, STR("Patient"), str_of(text(w, "p", p)), &v));
	SUCCEEDS(fhir_read_json(&w->c, w->place->fhir, w->c.arena, v.body, &n));
	snprintf(city, sizeof city, "c%d", m->city[p]);
	assert_true(str_is(node_text(node_path(n, "address.city")), city));
	active = node_get(n, "active");
	assert_int_equal(m->parent[p] >= 0 ? 0 : m->active[p], active ? active->truth : -1);
	for (int i = 0; i < PEOPLE; i++)
		children += m->parent[i] == p;
	assert_int_equal(links(n, "replaced-by"), m->parent[p] >= 0);
	assert_int_equal(links(n, "replaces"), children);
	if (!children && m->parent[p] < 0)
		assert_null(node_get(n, "link"));
}

static void check_person(struct world *w, const struct model *m, int p)
{
	struct str head;

	check_content(w, m, p);
	check_search(w, m, p);
	check_whole(w, m, p);
	SUCCEEDS(merge_head(&w->c, str_of(text(w, "p", p)), &head));
	assert_true(str_is(head, text(w, "p", root(m, p))));
}

/* --- the whole --- */

static int step(struct world *w, struct model *m)
{
	unsigned what = dice(m, 100);
	int p = (int)dice(m, PEOPLE), q = (int)dice(m, PEOPLE), i;

	if (what < 30) {
		merge(w, m, p, q);
	} else if (what < 55) {
		unmerge(w, m, p);
	} else if (what < 70) {
		m->parent[p] < 0 ? edit_person(w, m, p) : move_person(w, m, p);
	} else if (what < 85 && m->items < ITEMS) {
		write_item(w, m, m->items++, p);
	} else if (m->items) {
		i = (int)dice(m, (unsigned)m->items);
		what % 2 ? write_item(w, m, i, p) : drop_item(w, m, i);
	}
	return p;
}

static void check_sound(struct world *w)
{
	struct check_report report;

	SUCCEEDS(record_check(&w->c, NULL, &report));
}

static void merges_edits_and_unmerges_leave_what_was_written(void **state)
{
	struct world *w = *state;
	struct model m = { .dice = 42 };
	ARENA(scratch);
	struct arena *kept = w->c.arena;
	long steps = STEPS;

	for (int p = 0; p < PEOPLE; p++) {
		m.parent[p] = -1;
		m.city[p] = 1;
		m.active[p] = p % 3 - 1;
		write_person(w, &m, p);
	}
	w->c.arena = &scratch;
	if (getenv("CAUSEWAY_STEPS"))
		steps = atol(getenv("CAUSEWAY_STEPS"));
	for (long n = 0; n < steps; n++) {
		int p = step(w, &m);

		w->clock.at += 1000000;
		check_person(w, &m, p);
		if (n % 100 == 99)
			for (int i = 0; i < PEOPLE; i++)
				check_person(w, &m, i);
		arena_reset(&scratch);
	}
	for (int left = PEOPLE * 40; left; left--)
		unmerge(w, &m, (int)dice(&m, PEOPLE));
	for (int p = 0; p < PEOPLE; p++) {
		if (m.parent[p] >= 0)
			unmerge(w, &m, p);
		check_person(w, &m, p);
	}
	check_sound(w);
	w->c.arena = kept;
	assert_true(m.merges > steps / 20 && m.undone > steps / 20 && m.refused);
	print_message("%ld merges, %ld taken back, %ld refused, %ld edits\n", m.merges, m.undone,
		      m.refused, m.edits);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			merges_edits_and_unmerges_leave_what_was_written, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
