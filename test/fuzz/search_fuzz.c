/* search_fuzz.c - a query is parsed or refused with a reason; what is understood means the same
 * when it is asked for again. The first byte of the input chooses the type. */
#include <stdlib.h>

#include "record/search.h"
#include "record/search_part.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct place *tables(void)
{
	static struct arena life;
	static struct place *place;
	static const struct share share;
	struct ctx c;

	ctx_init(&c, &life);
	if (!place && place_open(&c, &share, NULL, 0, false, &place) != OK)
		abort();
	return place;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const types[] = { "", "Patient", "Observation", "RiskAssessment",
					     "ValueSet" };
	const struct search *one, *two;
	struct str query = { (const char *)data, size };
	struct str type = { "", 0 };
	struct ctx c;
	ARENA(a);

	ctx_init(&c, &a);
	c.place = tables();
	if (size) {
		type = str_of(types[data[0] % 5]);
		query = (struct str){ query.at + 1, size - 1 };
	}
	if (search_parse(&c, type, query, &one) != OK) {
		if (!c.why[0])
			abort();
		return 0;
	}
	if (search_parse(&c, type, one->self, &two) != OK || !str_eq(one->self, two->self) ||
	    one->condition_count != two->condition_count)
		abort();
	return 0;
}
