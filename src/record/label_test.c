/* label_test.c - what labels an item has, kept right through changes, deletion and rebuild. */
#include "record/label.h"

#include "record/test_world.h"

#define ACT "http://terminology.hl7.org/CodeSystem/v3-ActCode"
#define CLOSED                                                                                 \
	"{\"resourceType\":\"Basic\",\"id\":\"%s\",\"code\":{\"text\":\"x\"},\"meta\":"        \
	"{\"security\":[{\"system\":\"" ACT "\",\"code\":\"SDV\"}]}}"

static int64_t ask(struct world *w, struct sql sql, const char *id)
{
	bool row;
	READER(db);
	STMT(s);

	expect(w, store_reader(&w->c, w->place->store, &db), OK);
	expect(w, db_stmt(&w->c, db, sql, &s), OK);
	stmt_bind_text(s, 1, str_of(id));
	expect(w, stmt_step(&w->c, s, &row), OK);
	return row ? stmt_int(s, 0) : -1;
}

static uint64_t its_labels(struct world *w, const char *id)
{
	return (uint64_t)ask(w, SQL("SELECT labels FROM resource WHERE id = ?1"), id);
}

static uint64_t bit(struct world *w, const char *name)
{
	const struct label *label = label_find(w->place, str_of(name));

	assert_non_null(label);
	return label->bit;
}

static void expect_sound(struct world *w)
{
	struct check_report report;

	expect(w, record_check(&w->c, NULL, &report), OK);
}

static void test_rules(void **state)
{
	struct world *w = *state;

	put(w, "Patient", "p", "{\"resourceType\":\"Patient\",\"id\":\"p\"}");
	put(w, "Observation", "o",
	    "{\"resourceType\":\"Observation\",\"id\":\"o\",\"status\":\"final\","
	    "\"meta\":{\"security\":[{\"system\":\"" ACT "\",\"code\":\"HIV\"},"
	    "{\"system\":\"http://terminology.hl7.org/CodeSystem/v3-Confidentiality\","
	    "\"code\":\"R\"}]},\"code\":{\"text\":\"x\"},"
	    "\"subject\":{\"reference\":\"Patient/p\"}}");
	put(w, "Condition", "c",
	    "{\"resourceType\":\"Condition\",\"id\":\"c\",\"subject\":{\"reference\":\"Patient/"
	    "p\"},"
	    "\"code\":{\"coding\":[{\"system\":\"http://hl7.org/fhir/sid/icd-10\","
	    "\"code\":\"F10.2\"}]}}");
	put(w, "Invoice", "i",
	    "{\"resourceType\":\"Invoice\",\"id\":\"i\",\"status\":\"draft\"}");
	assert_int_equal(its_labels(w, "p"), 0);
	assert_int_equal(its_labels(w, "o"), bit(w, "hiv") | bit(w, "restricted"));
	assert_int_equal(its_labels(w, "c"),
			 bit(w, "substance-misuse") | bit(w, "mental-health"));
	assert_int_equal(its_labels(w, "i"), bit(w, "finance"));
	expect_sound(w);
}

static uint64_t labels_of_version(struct world *w, const char *id, int version)
{
	static const struct sql by_version[] = {
		SQL("SELECT l.labels FROM version_label l JOIN version v ON v.seq = l.seq JOIN "
		    "resource r ON r.key = v.resource WHERE r.id = ?1 AND v.version = 1"),
		SQL("SELECT l.labels FROM version_label l JOIN version v ON v.seq = l.seq JOIN "
		    "resource r ON r.key = v.resource WHERE r.id = ?1 AND v.version = 2"),
	};
	int64_t labels = ask(w, by_version[version - 1], id);

	return labels < 0 ? 0 : (uint64_t)labels;
}

static void expect_history(struct world *w)
{
	assert_int_equal(labels_of_version(w, "b", 1), bit(w, "domestic-abuse"));
	assert_int_equal(labels_of_version(w, "b", 2), 0);
	assert_int_equal(its_labels(w, "b"), 0);
	assert_int_equal(its_labels(w, "gone"), bit(w, "domestic-abuse"));
	expect_sound(w);
}

static enum err spoil(struct ctx *c, struct db *db, void *arg)
{
	STMT(s);

	(void)arg;
	TRY(db_stmt(c, db, SQL("UPDATE resource SET labels = 0 WHERE id = 'gone'"), &s));
	return stmt_run(c, s);
}

/* A version keeps its own labels; what is deleted those of its last body. */
static void test_versions(void **state)
{
	struct world *w = *state;
	struct written written;
	struct check_report report;
	int64_t count;

	put(w, "Basic", "b", arena_printf(&w->arena, CLOSED, "b"));
	put(w, "Basic", "b",
	    "{\"resourceType\":\"Basic\",\"id\":\"b\",\"code\":{\"text\":\"x\"}}");
	put(w, "Basic", "gone", arena_printf(&w->arena, CLOSED, "gone"));
	expect(w, record_delete(&w->c, STR("Basic"), STR("gone"), 0, &written), OK);
	expect_history(w);
	expect(w, store_write(&w->c, w->place->store, spoil, NULL), OK);
	expect(w, record_check(&w->c, NULL, &report), ERR_INVALID);
	expect(w, record_rebuild(&w->c, NULL, &count), OK);
	expect_history(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_rules, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_versions, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("labels", tests, NULL, NULL);
}
