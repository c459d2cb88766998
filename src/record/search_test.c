/* search_test.c - the files of test/search against a real store, and searches that must agree. */
#include "base/test.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "record/search_part.h"
#include "record/test_definitions.h"
#include "store/test_place.h"

static const struct share share = { NULL, SOURCE_DIR "/share" };

struct fixture {
	struct arena arena;
	struct ctx c;
	struct clock_fixed clock;
	struct place *place;
	char dir[64], path[512];
};

static void must(struct ctx *c, enum err e)
{
	if (e)
		fail_msg("%s: %s", err_row(e)->name, c->why);
}

static void open_place(struct fixture *f)
{
	memset(f, 0, sizeof *f);
	arena_init(&f->arena);
	ctx_init(&f->c, &f->arena);
	clock_fixed_init(&f->clock, 1767225600000000); /* 2026-01-01 */
	f->c.clock = &f->clock.clock;
	strcpy(f->dir, "/tmp/search_test.XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	test_place(f->path, sizeof f->path, f->dir);
	must(&f->c, place_open_with(&f->c, definitions(&f->c, &share), &share, f->path,
				    STORE_CREATE, false, &f->place));
	test_place_made(f->path);
	f->c.place = f->place;
	f->place->validate = false;
	f->place->references = REFERENCES_LOOSE;
}

static void close_place(struct fixture *f)
{
	char name[600];

	place_close(f->place);
	arena_done(&f->arena);
	for (const char *const *tail = (const char *const[]){ "", "-wal", "-shm", NULL }; *tail;
	     tail++) {
		snprintf(name, sizeof name, "%s%s", f->path, *tail);
		unlink(name);
	}
	rmdir(f->dir);
	test_place_drop();
}

/* A request of its own: fresh arena, same place. */
static void request(struct fixture *f, struct ctx *c, struct arena *a)
{
	ctx_init(c, a);
	c->clock = f->c.clock;
	c->place = f->place;
}

static void put(struct fixture *f, struct str text)
{
	struct write w = { .source = text };
	struct written done;
	struct ctx c;
	ARENA(a);

	request(f, &c, &a);
	must(&c, fhir_read_json(&c, f->place->fhir, &a, text, &w.resource));
	f->clock.at += 1000000;
	must(&c, record_update(&c, node_str(w.resource, "resourceType"),
			       node_str(w.resource, "id"), &w, &done));
}

/* ---- text suites ---- */

struct list {
	char text[4096];
	size_t len;
};

static void list_add(struct list *l, struct str id)
{
	l->len += (size_t)snprintf(l->text + l->len, sizeof l->text - l->len, "%s" STR_FMT,
				   l->len ? " " : "", STR_ARG(id));
	assert_true(l->len < sizeof l->text);
}

static int by_text(const void *a, const void *b)
{
	return str_cmp(((const struct version *)a)->id, ((const struct version *)b)->id);
}

struct question {
	struct str type, query, answer;
	char kind; /* '-' set, '=' order, '#' total, '!' error */
	bool pages;
};

/* As it is decided by itself; looking at each wherever that can be; and never. */
static const struct search_choice choices[] = {
	{ 2000, 5000, 64, 8192, 64 },
	{ 2000, 5000, 0, 8, 0 },
	{ 2000, 0, 64, 32, 0 },
};

/* "Observation", or in a compartment "Patient/ann/Observation" or "Patient/ann/" and a star. */
static enum err parse(struct ctx *c, struct str path, struct str query,
		      const struct search **out)
{
	struct str whose = str_cut(&path, '/'), id = str_cut(&path, '/');

	if (!id.at)
		return search_parse(c, whose, query, out);
	return search_parse_inside(c, whose, id, str_is(path, "*") ? STR("") : path, query,
				   out);
}

/* All pages of a query, each by the link of the one before. */
static enum err ask(struct ctx *c, const struct question *q, const struct search_choice *choice,
		    struct list *out, int64_t *total)
{
	VEC(struct version) all = { 0 }, included = { 0 };
	struct search_page page;
	const struct search *s;
	struct str query = q->query;

	if (q->pages)
		query = str_of(arena_printf(c->arena, STR_FMT "&_count=2", STR_ARG(query)));
	do {
		TRY(parse(c, q->type, query, &s));
		struct search chosen = *s;
		chosen.choice = *choice;
		TRY(search_run(c, &chosen, &page));
		for (size_t i = 0; i < page.len; i++)
			*vec_push(&all, c->arena) = page.at[i];
		for (size_t i = 0; i < page.included_len; i++)
			*vec_push(&included, c->arena) = page.included[i];
		if (page.next.len)
			assert_int_equal(page.len, s->count);
		query = page.next;
	} while (q->pages && query.len);
	if (q->kind == '-' && all.len)
		qsort(all.at, all.len, sizeof *all.at, by_text);
	for (size_t i = 0; i < all.len; i++)
		list_add(out, all.at[i].id);
	if (included.len) {
		qsort(included.at, included.len, sizeof *included.at, by_text);
		list_add(out, STR("+"));
	}
	for (size_t i = 0; i < included.len; i++)
		list_add(out, included.at[i].id);
	*total = page.total;
	return OK;
}

static bool answer(struct fixture *f, const struct question *q,
		   const struct search_choice *choice, const char *where)
{
	struct list got = { .len = 0 };
	int64_t total = 0, wanted;
	struct ctx c;
	ARENA(a);

	request(f, &c, &a);
	enum err e = ask(&c, q, choice, &got, &total);
	struct str rest = q->answer, name = str_cut(&rest, ' ');
	bool right = false;
	if (q->kind == '!')
		right = str_is(name, err_row(e)->name) &&
			str_find(str_of(c.why), rest.at ? rest : STR("")) >= 0;
	else if (e == OK && q->kind == '#')
		right = str_int(q->answer, &wanted) && wanted == total;
	else if (e == OK)
		right = str_is(q->answer, got.text);
	if (!right)
		print_error("%s: " STR_FMT "?" STR_FMT "\n  wanted %c " STR_FMT
			    "\n  got    %s %s %lld\n",
			    where, STR_ARG(q->type), STR_ARG(q->query), q->kind,
			    STR_ARG(q->answer), e ? err_row(e)->name : "", e ? c.why : got.text,
			    (long long)total);
	return right;
}

static bool split(struct str line, struct question *out)
{
	static const char *const marks[] = { " ->", " =>", " ##", " !!" };
	ptrdiff_t at = -1;

	for (int i = 0; i < 4 && at < 0; i++) {
		at = str_find(line, str_of(marks[i]));
		out->kind = marks[i][1];
	}
	if (at < 0)
		return false;
	out->answer = str_trim((struct str){ line.at + at + 3, line.len - (size_t)at - 3 });
	line.len = (size_t)at;
	out->pages = str_starts(line, STR("+"));
	if (out->pages)
		line = (struct str){ line.at + 1, line.len - 1 };
	out->type = str_cut(&line, '?');
	out->query = line;
	return line.at;
}

static void run_suite(const char *path, int *cases, int *wrong)
{
	struct fixture f;
	struct str text;
	int number = 0;

	open_place(&f);
	must(&f.c, file_read(&f.c, &f.arena, path, 1 << 20, &text));
	while (text.at) {
		struct str line = str_cut(&text, '\n');
		struct question q;
		char where[256];

		number++;
		if (line.len == 0 || line.at[0] == '#')
			continue;
		if (line.at[0] == '{') {
			put(&f, line);
			continue;
		}
		snprintf(where, sizeof where, "%s:%d", path, number);
		if (!split(line, &q))
			fail_msg("%s: neither resource nor question", where);
		*cases += 1;
		for (size_t i = 0; i < sizeof choices / sizeof *choices; i++)
			*wrong += !answer(&f, &q, &choices[i], where);
	}
	close_place(&f);
}

static void test_suites(void **state)
{
	int cases = 0, wrong = 0;
	glob_t found;

	(void)state;
	assert_int_equal(glob(SOURCE_DIR "/test/search/*.txt", 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++)
		run_suite(found.gl_pathv[i], &cases, &wrong);
	globfree(&found);
	print_message("%d searches\n", cases);
	assert_true(cases >= 450);
	assert_int_equal(wrong, 0);
}

/* ---- bodies cut down ---- */

static const char whole[] =
	"{\"resourceType\":\"Patient\",\"id\":\"ann\",\"text\":{\"status\":\"generated\","
	"\"div\":"
	"\"<div "
	"xmlns=\\\"http://www.w3.org/1999/xhtml\\\">Ann</div>\"},\"extension\":[{\"url\":\"u\","
	"\"valueDecimal\":1.50}],\"active\":true,\"name\":[{\"family\":\"M\\u00fcller\"}],"
	"\"maritalStatus\":{\"text\":\"m\"},\"contact\":[{\"name\":{\"family\":\"K\"}}],"
	"\"communication\":[{\"language\":{\"text\":\"en\"},\"preferred\":true}],"
	"\"link\":[{\"other\":{\"reference\":\"Patient/b\"},\"type\":\"refer\"}]}";

static const struct cut {
	const char *query;
	const char *kept, *gone; /* members, with spaces between */
} cuts[] = {
	{ "_elements=name", "name active",
	  "text extension maritalStatus contact communication" },
	{ "_elements=name,contact", "name contact", "text maritalStatus" },
	{ "_elements=name&_elements=text", "name text", "contact" },
	{ "_summary=true", "name active link", "text maritalStatus contact communication" },
	{ "_summary=text", "text active", "name contact maritalStatus" },
	{ "_summary=data", "name contact maritalStatus extension", "text" },
	{ "_summary=false", "name contact text", "nothing" },
};

static void check_members(const struct node *resource, const char *names, bool there)
{
	struct str rest = str_of(names);

	while (rest.at) {
		struct str name = str_cut(&rest, ' ');
		ARENA(a);

		if ((node_get(resource, str_dup(&a, name)) != NULL) != there)
			fail_msg(STR_FMT " should%s be there", STR_ARG(name),
				 there ? "" : " not");
	}
}

static void test_cuts(void **state)
{
	struct fixture f;

	(void)state;
	open_place(&f);
	put(&f, str_of(whole));
	for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
		const struct search *s;
		struct search_page page;
		struct node *resource;
		struct ctx c;
		ARENA(a);

		request(&f, &c, &a);
		must(&c, search_parse(&c, STR("Patient"), str_of(cuts[i].query), &s));
		must(&c, search_run(&c, s, &page));
		assert_int_equal(page.len, 1);
		must(&c, fhir_read_json(&c, f.place->fhir, &a, page.at[0].body, &resource));
		assert_true(str_is(node_str(resource, "id"), "ann"));
		check_members(resource, cuts[i].kept, true);
		check_members(resource, cuts[i].gone, false);
		assert_int_equal(
			str_is(node_text(node_path(resource, "meta.tag.code")), "SUBSETTED"),
			strcmp(cuts[i].query, "_summary=false") != 0);
		assert_true(str_is(node_text(node_path(resource, "meta.versionId")), "1"));
	}
	close_place(&f);
}

/* ---- long values ---- */

static void take_away(struct fixture *f, struct str id)
{
	struct written done;
	struct ctx c;
	ARENA(a);

	request(f, &c, &a);
	f->clock.at += 1000000;
	must(&c, record_delete(&c, STR("Patient"), id, 0, &done));
}

/* 2,000 letters, no two runs of which are alike, so that nothing can pack them. */
static const char *long_text(struct arena *a, uint32_t random)
{
	char *text = arena_alloc(a, 2001);

	for (int i = 0; i < 2000; i++) {
		random = random * 1664525 + 1013904223;
		text[i] = (char)((random >> 31 ? 'a' : 'A') + (random >> 20) % 26);
	}
	text[2000] = 0;
	return text;
}

static int64_t count(struct fixture *f, const char *type, const char *query)
{
	const struct search *s;
	struct search_page page;
	struct ctx c;
	ARENA(a);

	request(f, &c, &a);
	must(&c, search_parse(&c, str_of(type), str_of(query), &s));
	must(&c, search_run(&c, s, &page));
	return page.total;
}

/* What is longer than an index can hold is cut, kept and found, on either engine. */
static void test_long(void **state)
{
	/* one letter that is 18 when folded */
	static const char *const wide = "\xEF\xB7\xBA";
	struct fixture f;
	struct buf b;
	ARENA(a);

	(void)state;
	open_place(&f);
	const char *family = long_text(&a, 1), *code = long_text(&a, 2);
	buf_init(&b, &a, 0);
	for (int i = 0; i < 600; i++)
		buf_cstr(&b, wide);
	struct str text = buf_get(&b);
	const char *patient = arena_printf(
		&a,
		"{\"resourceType\":\"Patient\",\"id\":\"long\",\"name\":[{\"family\":\"%s%s\"},{\"family\":\"%s\"}],"
		"\"identifier\":[{\"system\":\"urn:%s\",\"value\":\"%s\"}],\"maritalStatus\":{\"text\":\"" STR_FMT "\"},"
		"\"link\":[{\"other\":{\"reference\":\"https://elsewhere.example/Patient/%s\"},\"type\":\"seealso\"}]}",
		family, code, code, code, code, STR_ARG(text), code);
	put(&f, str_of(patient));
	put(&f, str_of(patient)); /* again: nothing is there twice */
	assert_int_equal(count(&f, "Patient", arena_printf(&a, "family=%.60s", family)), 1);
	assert_int_equal(count(&f, "Patient", arena_printf(&a, "family:exact=%s", family)), 1);
	assert_int_equal(count(&f, "Patient", arena_printf(&a, "family:exact=%s", code)), 1);
	assert_int_equal(count(&f, "Patient", arena_printf(&a, "family:exact=%.1999s", code)), 0);
	assert_int_equal(count(&f, "Patient", arena_printf(&a, "identifier=%s", code)), 1);
	take_away(&f, STR("long"));
	assert_int_equal(count(&f, "Patient", arena_printf(&a, "family=%.60s", family)), 0);
	close_place(&f);
}

/* ---- cursors ---- */

static void test_cursor(void **state)
{
	const struct search *s;
	struct search_page page;
	struct fixture f;
	struct ctx c;
	ARENA(a);

	(void)state;
	open_place(&f);
	put(&f, STR("{\"resourceType\":\"Patient\",\"id\":\"one\"}"));
	put(&f, STR("{\"resourceType\":\"Patient\",\"id\":\"three\"}"));
	request(&f, &c, &a);
	must(&c, search_parse(&c, STR("Patient"), STR("_count=1&_sort=_id"), &s));
	must(&c, search_run(&c, s, &page));
	assert_true(page.next.len > 0 && str_is(page.at[0].id, "one"));
	struct str next = { str_dup(&a, page.next), page.next.len };

	/* What is written between two pages neither repeats nor hides what was there. */
	put(&f, STR("{\"resourceType\":\"Patient\",\"id\":\"a\"}"));
	must(&c, search_parse(&c, STR("Patient"), next, &s));
	must(&c, search_run(&c, s, &page));
	assert_int_equal(page.len, 1);
	assert_true(str_is(page.at[0].id, "three") && page.next.len == 0);

	/* Nor on the way back, where the page before has another one before it now. */
	struct str prev = { str_dup(&a, page.prev), page.prev.len };
	must(&c, search_parse(&c, STR("Patient"), prev, &s));
	must(&c, search_run(&c, s, &page));
	assert_true(page.len == 1 && str_is(page.at[0].id, "one") && page.next.len && page.prev.len);
	must(&c, search_parse(&c, STR("Patient"), page.prev, &s));
	must(&c, search_run(&c, s, &page));
	assert_true(page.len == 1 && str_is(page.at[0].id, "a") && page.next.len && !page.prev.len);
	take_away(&f, STR("one"));
	must(&c, search_parse(&c, STR("Patient"), prev, &s));
	must(&c, search_run(&c, s, &page));
	assert_true(page.len == 1 && str_is(page.at[0].id, "a") && !page.prev.len);

	/* A cursor holds for its own query only, and every byte of it counts. */
	assert_int_equal(search_parse(&c, STR("Observation"), next, &s), ERR_BAD_REQUEST);
	struct str other = str_of(arena_printf(&a, "active=true&" STR_FMT, STR_ARG(next)));
	assert_int_equal(search_parse(&c, STR("Patient"), other, &s), ERR_BAD_REQUEST);
	char *bytes = (char *)next.at;
	for (size_t i = next.len - 20; i < next.len - 2; i++) {
		char kept = bytes[i];

		bytes[i] = kept == 'x' ? 'y' : 'x';
		assert_int_equal(search_parse(&c, STR("Patient"), next, &s), ERR_BAD_REQUEST);
		bytes[i] = kept;
	}
	close_place(&f);
}

static void test_limits(void **state)
{
	const struct search *s;
	struct fixture f;
	struct ctx c;
	struct buf b;
	ARENA(a);

	(void)state;
	open_place(&f);
	request(&f, &c, &a);
	buf_init(&b, &a, 0);
	for (int i = 0; i <= SEARCH_CONDITIONS; i++)
		buf_cstr(&b, "active=true&");
	assert_int_equal(search_parse(&c, STR("Patient"), buf_get(&b), &s), ERR_LIMIT);
	buf_init(&b, &a, 0);
	buf_cstr(&b, "_id=a");
	for (int i = 0; i < SEARCH_VALUES; i++)
		buf_cstr(&b, ",a");
	assert_int_equal(search_parse(&c, STR("Patient"), buf_get(&b), &s), ERR_LIMIT);
	buf_init(&b, &a, 0);
	buf_cstr(&b, "family=");
	for (int i = 0; i <= SEARCH_VALUE_BYTES; i++)
		buf_char(&b, 'a');
	assert_int_equal(search_parse(&c, STR("Patient"), buf_get(&b), &s), ERR_LIMIT);
	for (int i = 0; i < SEARCH_QUERY_BYTES; i++)
		buf_char(&b, 'a');
	assert_int_equal(search_parse(&c, STR("Patient"), buf_get(&b), &s), ERR_LIMIT);
	close_place(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_suites),
		cmocka_unit_test(test_cuts),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_cursor),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
