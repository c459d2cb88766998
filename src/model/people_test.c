/* people_test.c - the synthetic place: the same bytes for the same seed, a prefix of a larger
 * place, the county's profile, numbers and references that hold, and whom tours rely on. */
#include "base/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/map.h"
#include "base/when.h"
#include "model/people_make.h"

static const int64_t TODAY = 1763548800000000; /* Wed 19 Nov 2025, 10:40 */
static const struct share embedded = { 0 };

/* What a telling is gathered into. */
struct told {
	struct arena life;
	uint64_t hash, hash_at[64]; /* after each of the first bundles */
	size_t bundles, resources;
	struct map ids, refs; /* "Type/id" → anything */
	size_t refs_seen;     /* of refs, known to lead somewhere */
	size_t patients, over65, over75, over85, inpatients75, waiting, untraced, numberless,
		dead;
	size_t with_dementia;
	struct node *bundle[8]; /* copies of the first */
	char born[11];          /* of the person being told; empty before */
	char wrong[200];        /* the first thing found wrong */
};

static void told_init(struct told *t)
{
	memset(t, 0, sizeof *t);
	arena_init(&t->life);
	map_init(&t->ids, &t->life);
	map_init(&t->refs, &t->life);
}

static void note_wrong(struct told *t, const char *what, const char *where)
{
	if (!t->wrong[0])
		snprintf(t->wrong, sizeof t->wrong, "%s: %s", what, where);
}

static void add_hash(struct told *t, const struct node *bundle)
{
	static const uint64_t key[2] = { 1, 2 };
	ARENA(a);
	struct buf text;
	buf_init(&text, &a, 0);
	json_write(&text, bundle, 0);
	t->hash = t->hash * 31 + hash_keyed(key, text.at, text.len);
	if (t->bundles < 64)
		t->hash_at[t->bundles] = t->hash;
}

static bool is_date(struct str s)
{
	return s.len >= 10 && s.len <= 25 && s.at[4] == '-' && s.at[7] == '-' &&
	       s.at[0] >= '1' && s.at[0] <= '2';
}

/* No beginning after its end; nothing before birth. */
static void check_times(struct told *t, const struct node *n, const char *where)
{
	struct str start = node_str(n, "start"), end = node_str(n, "end"), own = node_text(n);
	struct when a, b;
	int order = 0;
	if (n->kind == NODE_OBJECT && when_parse_datetime(start, &a) &&
	    when_parse_datetime(end, &b) && when_cmp(a, b, &order) && order > 0)
		note_wrong(t, "ends before it starts", where);
	if (n->kind == NODE_STRING && t->born[0] && is_date(own) &&
	    memcmp(own.at, t->born, 10) < 0)
		note_wrong(t, "before birth", where);
}

/* What FHIR refuses anywhere: nothing, empty texts, objects and arrays; and every reference. */
static void walk(struct told *t, const struct node *root, const char *where)
{
	ARENA(a);
	struct {
		const struct node *at[4096];
	} *stack = arena_alloc(&a, sizeof *stack);
	size_t depth = 0;
	stack->at[depth++] = root;
	while (depth) {
		const struct node *n = stack->at[--depth];
		check_times(t, n, where);
		if (n->kind == NODE_NULL || (n->kind >= NODE_STRING && n->len == 0))
			note_wrong(t, "empty", where);
		if (n->kind == NODE_STRING && n->name && n->name_len == 9 &&
		    memcmp(n->name, "reference", 9) == 0)
			map_set(&t->refs, str_of(str_dup(&t->life, node_text(n))), t);
		node_each(child, n)
			stack->at[depth++] = child;
	}
}

static bool has_code(const struct node *resource, const char *path, const char *code)
{
	return str_is(node_text(node_path(resource, path)), code);
}

static int years_old(const struct node *patient)
{
	struct when born;
	assert_true(when_parse_date(node_str(patient, "birthDate"), &born));
	return (int)((double)(TODAY / 86400000000 -
			      when_days(born.year, born.month, born.day)) /
		     365.2425);
}

static void add_number(struct told *t, const struct node *patient)
{
	bool found = false;
	node_each(identifier, node_get(patient, "identifier")) {
		if (!str_is(node_str(identifier, "system"),
			    "https://fhir.nhs.uk/Id/nhs-number"))
			continue;
		found = true;
		char *digits = str_dup(&t->life, node_str(identifier, "value"));
		if (!nhs_number_valid(digits) || strncmp(digits, "999", 3) != 0)
			note_wrong(t, "NHS number", digits);
		if (!map_set(&t->ids, str_of(digits), t))
			note_wrong(t, "NHS number twice", digits);
		t->untraced += has_code(identifier,
					"extension.valueCodeableConcept.coding.code", "02");
	}
	t->numberless += !found;
}

static void add_patient(struct told *t, const struct node *patient)
{
	int age = years_old(patient);
	t->patients++;
	t->over65 += age >= 65;
	t->over75 += age >= 75;
	t->over85 += age >= 85;
	t->dead += node_get(patient, "deceasedDateTime") != NULL;
	add_number(t, patient);
	struct str code = node_text(node_path(patient, "address.postalCode"));
	if (!str_starts(code, STR("WX")))
		note_wrong(t, "postcode", "not of the place");
}

/* Bundles are loaded side by side: each refers only to itself and the first. */
static void check_refs(struct told *t)
{
	for (; t->refs_seen < t->refs.len; t->refs_seen++) {
		struct str ref = t->refs.entries[t->refs_seen].key;
		if (!map_get(&t->ids, ref))
			note_wrong(t, "leads nowhere", str_dup(&t->life, ref));
	}
}

static enum err gather(struct ctx *c, void *arg, struct node *bundle)
{
	(void)c;
	struct told *t = arg;
	add_hash(t, bundle);
	if (t->bundles < 8)
		t->bundle[t->bundles] = node_copy(&t->life, bundle);
	t->bundles++;
	int age = 0;
	node_each(entry, node_get(bundle, "entry")) {
		const struct node *r = node_get(entry, "resource");
		struct str type = node_str(r, "resourceType"), id = node_str(r, "id");
		char where[128];
		snprintf(where, sizeof where, STR_FMT "/" STR_FMT, STR_ARG(type), STR_ARG(id));
		if (!str_is(node_text(node_path(entry, "request.url")), where) || id.len > 64)
			note_wrong(t, "address", where);
		if (!map_set(&t->ids, str_of(arena_str(&t->life, where)), t))
			note_wrong(t, "twice", where);
		if (!node_path(r, "meta.source"))
			note_wrong(t, "no source", where);
		t->resources++;
		if (str_is(type, "Patient")) {
			age = years_old(r);
			add_patient(t, r);
			memcpy(t->born, node_str(r, "birthDate").at, 10);
		}
		walk(t, r, where);
		t->inpatients75 += age >= 75 && str_is(type, "Encounter") &&
				   str_is(node_str(r, "status"), "in-progress");
		t->waiting += str_is(type, "Task") &&
			      has_code(r, "code.coding.code", "delay") &&
			      str_is(node_str(r, "status"), "in-progress");
		t->with_dementia += has_code(r, "code.coding.code", "52448006");
	}
	check_refs(t);
	return OK;
}

static void tell(struct told *t, unsigned people, uint64_t seed)
{
	told_init(t);
	struct ctx c;
	ctx_init(&c, &t->life);
	struct people_options options = { people, seed, TODAY };
	enum err e = people_make(&c, &embedded, &options, gather, t);
	if (e != OK)
		fail_msg("%s", c.why);
	if (t->wrong[0])
		fail_msg("%s", t->wrong);
}

static void same_seed_same_bytes(void **state)
{
	(void)state;
	struct told a, b, other;
	tell(&a, 60, 7);
	tell(&b, 60, 7);
	tell(&other, 60, 8);
	assert_true(a.hash == b.hash);
	assert_true(a.hash != other.hash);
	arena_done(&a.life);
	arena_done(&b.life);
	arena_done(&other.life);
}

static void smaller_place_is_a_prefix(void **state)
{
	(void)state;
	struct told small, large;
	tell(&small, 20, 1);
	tell(&large, 40, 1);
	assert_int_equal(small.bundles, 19); /* the county, the three who are always there, 17 people */
	assert_true(small.hash == large.hash_at[18]);
	arena_done(&small.life);
	arena_done(&large.life);
}

static void within(size_t part, size_t whole, int per_mille, int tolerance)
{
	int is = (int)(part * 1000 / whole);
	if (is < per_mille - tolerance || is > per_mille + tolerance)
		fail_msg("%zu of %zu is %d per 1,000, not about %d", part, whole, is,
			 per_mille);
}

static void county_has_its_profile(void **state)
{
	(void)state;
	struct told t;
	tell(&t, 5000, 1);
	assert_int_equal(t.patients, 5000);
	within(t.over65, t.patients, 200, 15);
	within(t.over75, t.patients, 90, 11);
	within(t.over85, t.patients, 27, 7);
	assert_true(t.inpatients75 * 40 >= t.over75);
	assert_in_range(t.waiting, 5, 60);
	within(t.untraced, t.patients, 15, 12);
	within(t.numberless, t.patients, 8, 7);
	within(t.with_dementia, t.over65, 70, 35);
	assert_in_range(t.dead, 10, 80);
	within(t.resources / 100, t.patients / 100, 22000, 9000);
	arena_done(&t.life);
}

static const struct node *find(const struct node *bundle, const char *id)
{
	node_each(entry, node_get(bundle, "entry"))
		if (str_is(node_path(entry, "resource.id")
				   ? node_text(node_path(entry, "resource.id"))
				   : STR(""),
			   id))
			return node_get(entry, "resource");
	return NULL;
}

static void edith_is_always_first(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed < 4; seed++) {
		struct told t;
		tell(&t, 2, seed);
		const struct node *edith = t.bundle[1], *p = find(edith, "p-000001");
		assert_true(str_is(node_text(node_path(p, "name.family")), "Tredwell"));
		assert_true(str_is(node_str(p, "birthDate"), "1941-03-03"));
		const struct node *stay = find(edith, "p-000001-stay-1");
		assert_true(str_is(node_text(node_path(stay, "period.start")),
				   "2025-11-06T12:50:00+00:00"));
		assert_true(str_is(node_text(node_path(stay, "location.location.display")),
				   "Alder ward, bed 12"));
		assert_non_null(find(edith, "p-000001-carer"));
		assert_true(str_is(node_text(node_path(find(edith, "p-000002"), "name.family")),
				   "Tull"));
		arena_done(&t.life);
	}
}

static void nhs_numbers_hold(void **state)
{
	(void)state;
	assert_true(nhs_number_valid("9434765919"));
	assert_false(nhs_number_valid("9434765918"));
	assert_false(nhs_number_valid("1234567890"));
	assert_false(nhs_number_valid("943476591"));
	char number[11];
	nhs_number(99, 1, number);
	assert_string_equal(number, "9990166137");
	for (unsigned n = 1; n <= NHS_NUMBERS; n += 7919) {
		nhs_number(5, n, number);
		assert_true(nhs_number_valid(number));
		assert_true(number[0] == '9' && number[1] == '9' && number[2] >= '7');
	}
}

static enum err refuse(struct ctx *c, void *arg, struct node *bundle)
{
	(void)bundle;
	++*(int *)arg;
	return fail(c, ERR_STOPPED, "enough");
}

static void errors_are_passed_on(void **state)
{
	(void)state;
	ARENA(a);
	struct ctx c;
	ctx_init(&c, &a);
	int calls = 0;
	struct people_options options = { 5, 1, TODAY };
	assert_int_equal(people_make(&c, &embedded, &options, refuse, &calls), ERR_STOPPED);
	assert_int_equal(calls, 1);
	options.people = 0;
	assert_int_equal(people_make(&c, &embedded, &options, refuse, &calls), ERR_BAD_REQUEST);
	options.people = 2000001;
	assert_int_equal(people_make(&c, &embedded, &options, refuse, &calls), ERR_BAD_REQUEST);
	assert_int_equal(calls, 1);
}

static enum err first_only(struct ctx *c, void *arg, struct node *bundle)
{
	struct told *t = arg;
	return t->bundles ? fail(c, ERR_STOPPED, "enough") : gather(c, arg, bundle);
}

static void larger_county_has_more_practices(void **state)
{
	(void)state;
	struct told t;
	told_init(&t);
	struct ctx c;
	ctx_init(&c, &t.life);
	struct people_options options = { 300000, 1, TODAY };
	assert_int_equal(people_make(&c, &embedded, &options, first_only, &t), ERR_STOPPED);
	assert_string_equal(t.wrong, "");
	assert_non_null(map_get(&t.ids, STR("Organization/org-practice-40")));
	assert_null(map_get(&t.ids, STR("Organization/org-practice-41")));
	arena_done(&t.life);
}

/* A place's own pack with one file spoilt: refused, saying where. */
static void refused(const char *file, const char *text, const char *why)
{
	ARENA(a);
	struct ctx c;
	ctx_init(&c, &a);
	char *dir = arena_str(&a, "/tmp/people_test.XXXXXX");
	assert_non_null(mkdtemp(dir));
	const char *demo = arena_printf(&a, "%s/demo", dir);
	assert_int_equal(mkdir(demo, 0700), 0);
	assert_int_equal(mkdir(arena_printf(&a, "%s/person", demo), 0700), 0);
	const char *path = arena_printf(&a, "%s/%s", demo, file);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	struct share share = { .place = dir };
	struct people_options options = { 3, 1, TODAY };
	struct told t;
	told_init(&t);
	enum err e = people_make(&c, &share, &options, gather, &t);
	arena_done(&t.life);
	unlink(path);
	rmdir(arena_printf(&a, "%s/person", demo));
	rmdir(demo);
	rmdir(dir);
	assert_int_equal(e, ERR_INVALID);
	assert_string_equal(c.why, why);
}

static void bad_data_is_refused_with_its_line(void **state)
{
	(void)state;
	refused("population.tsv", "# ages\nfrom\tto\tmen\n",
		"demo/population.tsv:2: column \"male\" expected, not \"men\"");
	refused("population.tsv", "from\tto\tmale\tfemale\n0\t4\t2x\t1\n",
		"demo/population.tsv:2: male must be a number from 0 to 10,000,000");
	refused("population.tsv", "from\tto\tmale\tfemale\n0\t4\t2\n",
		"demo/population.tsv:2: no cell for column female");
	refused("population.tsv", "from\tto\tmale\tfemale\n0\t4\t2\t3\t4\n",
		"demo/population.tsv:2: more cells than columns");
	refused("population.tsv", "from\tto\tmale\tfemale\n",
		"demo/population.tsv has no rows");
	refused("condition.tsv",
		"key\tcode\tname\tsex\tper_mille\tmedicines\ttests\tlasting\n"
		"gout\t1\tGout\tany\t1 2 3\t\t\t1\n",
		"demo/condition.tsv:2: per_mille must be a number from 0 to 10,000,000");
	refused("place.tsv", "name\tdistrict\toutcode\tpractices\tweight\nHere\t\tWX1\t1\t1\n",
		"demo/place.tsv:2: district may not be empty");
	refused("place.tsv", "name\tdistrict\toutcode\tpractices\tweight\nHere\tD\tWX1\t1\t0\n",
		"demo/place.tsv: no town has any weight");
	refused("words.tsv", "key\titems\ngoal\tTo sing||To dance\n",
		"demo/words.tsv: goal has an empty item");
	refused("person/karen.ndjson", "{\"resourceType\":\"Patient\",\"id\":\"p-000009\"}\n",
		"demo/person/karen.ndjson:1: a resource of p-000002 is expected");
	refused("person/karen.ndjson",
		"\n{\"resourceType\":\"Patient\",\"id\":\"p-000002\",\"birthDate\":\"@-1x\"}\n",
		"demo/person/karen.ndjson:2: \"-1x\" cannot be filled in");
	refused("words.tsv", "key\titems\ngoal\tTo sing\n",
		"share/demo has no list about.matters");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_seed_same_bytes),
		cmocka_unit_test(smaller_place_is_a_prefix),
		cmocka_unit_test(county_has_its_profile),
		cmocka_unit_test(edith_is_always_first),
		cmocka_unit_test(nhs_numbers_hold),
		cmocka_unit_test(errors_are_passed_on),
		cmocka_unit_test(larger_county_has_more_practices),
		cmocka_unit_test(bad_data_is_refused_with_its_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
