/* search_fits_test.c - a version fits a search exactly when searching finds it. */
#include "record/event.h"
#include "record/search.h"
#include "record/test_world.h"
#include "store/test_place.h" /* on either engine */

#define OBSERVATION(id, status, person, value)                                                 \
	"{\"resourceType\":\"Observation\",\"id\":\"" id "\",\"status\":\"" status             \
	"\",\"code\":{\"coding\":[{\"system\":\"http://loinc.org\",\"code\":\"29463-7\"}],"     \
	"\"text\":\"weight\"},\"subject\":{\"reference\":\"Patient/" person                    \
	"\"},\"effectiveDateTime\":\"2024-05-01\",\"valueQuantity\":{\"value\":" value         \
	",\"system\":\"http://unitsofmeasure.org\",\"code\":\"kg\",\"unit\":\"kg\"}}"

static const char *const criteria[] = {
	"Observation",
	"Observation?status=final",
	"Observation?status=final,amended&code=29463-7",
	"Observation?status:not=final",
	"Observation?code=http://loinc.org|29463-7",
	"Observation?code=http://loinc.org|1-1",
	"Observation?code:text=wei",
	"Observation?subject=Patient/a",
	"Observation?patient=b",
	"Observation?date=ge2024&date=lt2025",
	"Observation?date=2023",
	"Observation?value-quantity=gt71||kg",
	"Observation?code-value-quantity=29463-7$gt71||kg",
	"Observation?_id=1,3",
	"Observation?_lastUpdated=gt2020",
	"Observation?_lastUpdated=lt2020",
	"Observation?encounter:missing=true",
	"Observation?subject:missing=true",
	"Observation?patient.name=smith",
	"Observation?patient.name=nobody",
	"Patient?_has:Observation:patient:status=final",
	"Patient?name=smith",
	"Patient?name:exact=smith",
};

static void put_all(struct world *w)
{
	put(w, "Patient", "a", "{\"resourceType\":\"Patient\",\"id\":\"a\",\"name\":[{\"family\":\"Smith\"}]}");
	put(w, "Patient", "b", "{\"resourceType\":\"Patient\",\"id\":\"b\",\"name\":[{\"family\":\"Jones\"}]}");
	put(w, "Observation", "1", OBSERVATION("1", "final", "a", "70.5"));
	put(w, "Observation", "2", OBSERVATION("2", "preliminary", "a", "71.5"));
	put(w, "Observation", "3", OBSERVATION("3", "amended", "b", "72"));
}

static struct event_page events(struct world *w, struct db *db)
{
	struct event_page page;
	int64_t last;

	SUCCEEDS(event_last(&w->c, db, &last));
	SUCCEEDS(event_next(&w->c, db, 0, last, 100, &page));
	return page;
}

static bool found(struct world *w, struct db *db, const struct search *s, const struct event *e)
{
	struct str ids[10];
	size_t len;

	SUCCEEDS(search_ids(&w->c, db, s, 10, ids, &len));
	for (size_t i = 0; i < len; i++)
		if (str_eq(ids[i], e->id) && str_is(e->type, search_type_name(s)))
			return true;
	return false;
}

static void it_fits_when_it_is_found(void **state)
{
	struct world *w = *state;
	unsigned yes = 0, no = 0;

	put_all(w);
	READER(db);
	SUCCEEDS(store_reader(&w->c, w->place->store, &db));
	struct event_page page = events(w, db);
	assert_int_equal(page.len, 5);
	for (size_t i = 0; i < sizeof criteria / sizeof *criteria; i++) {
		const struct search *s;

		SUCCEEDS(search_criteria(&w->c, str_of(criteria[i]), &s));
		for (size_t k = 0; k < page.len; k++) {
			struct version v;
			bool fits;

			SUCCEEDS(event_version(&w->c, db, &page.at[k], &v));
			SUCCEEDS(search_fits(&w->c, db, s, &v, &fits));
			if (fits != found(w, db, s, &page.at[k]))
				fail_msg("%s: %.*s", criteria[i], STR_ARG(v.id));
			yes += fits;
			no += !fits;
		}
	}
	assert_true(yes > 20 && no > 20);
}

/* What has passed by the time somebody looks is found too. */
static void a_state_that_has_passed_fits(void **state)
{
	struct world *w = *state;
	const struct search *s;
	struct version v;
	bool fits;

	put(w, "Observation", "1", OBSERVATION("1", "final", "a", "70.5"));
	put(w, "Observation", "1", OBSERVATION("1", "cancelled", "a", "70.5"));
	READER(db);
	SUCCEEDS(store_reader(&w->c, w->place->store, &db));
	struct event_page page = events(w, db);
	SUCCEEDS(search_criteria(&w->c, STR("Observation?status=final"), &s));
	SUCCEEDS(event_version(&w->c, db, &page.at[0], &v));
	SUCCEEDS(search_fits(&w->c, db, s, &v, &fits));
	assert_true(fits);
	SUCCEEDS(event_version(&w->c, db, &page.at[1], &v));
	SUCCEEDS(search_fits(&w->c, db, s, &v, &fits));
	assert_false(fits);
}

static void what_is_no_criteria_is_refused(void **state)
{
	static const char *const bad[] = { "", "?x=1", "Pigeon", "Observation?shape=round", "patient",
					   "Observation?date=yesterday" };
	struct world *w = *state;
	const struct search *s;

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		FAILS(ERR_BAD_REQUEST, search_criteria(&w->c, str_of(bad[i]), &s));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
		T(it_fits_when_it_is_found),
		T(a_state_that_has_passed_fits),
		T(what_is_no_criteria_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
