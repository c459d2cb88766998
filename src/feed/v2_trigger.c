/* v2_trigger.c - the messages that are taken, and what each does. */
#include "feed/v2.h"

#define P V2_PERSON
#define V V2_VISIT

/* Events of HL7 v2.3 to v2.8 (chapters 3, 7, 9) as UK patient administration systems send them. */
static const struct v2_trigger triggers[] = {
	{ "ADT", "A05", P | V, 1, NULL, "planned" },
	{ "ADT", "A14", P | V, 1, NULL, "planned" },
	{ "ADT", "A04", P | V, 2, NULL, "in-progress" },
	{ "ADT", "A10", P | V, 2, NULL, "in-progress" },
	{ "ADT", "A01", P | V, 3, NULL, "in-progress" },
	{ "ADT", "A02", P | V, 4, NULL, "in-progress" },
	{ "ADT", "A06", P | V, 4, NULL, "in-progress" },
	{ "ADT", "A07", P | V, 4, NULL, "in-progress" },
	{ "ADT", "A08", P | V | V2_SNAPSHOT, 5, NULL, NULL },
	{ "ADT", "A03", P | V, 6, NULL, "finished" },
	{ "ADT", "A12", P | V, 7, "A02", NULL },
	{ "ADT", "A13", P | V, 8, "A03", NULL },
	{ "ADT", "A11", P | V, 9, "A01|A04|A10", NULL },
	{ "ADT", "A27", P | V, 9, "A14", NULL },
	{ "ADT", "A38", P | V, 9, "A05", NULL },
	{ "ADT", "A28", P, 0, NULL, NULL },
	{ "ADT", "A31", P, 0, NULL, NULL },
	{ "ADT", "A34", P | V2_MERGE, 0, NULL, NULL },
	{ "ADT", "A40", P | V2_MERGE, 0, NULL, NULL },
	{ "ORU", "R01", P | V | V2_SNAPSHOT | V2_RESULT, 5, NULL, NULL },
	{ "MDM", "T01", P | V | V2_SNAPSHOT | V2_DOCUMENT, 5, NULL, NULL },
	{ "MDM", "T02", P | V | V2_SNAPSHOT | V2_DOCUMENT, 5, NULL, NULL },
	{ "MDM", "T03", P | V | V2_SNAPSHOT | V2_DOCUMENT, 5, NULL, NULL },
	{ "MDM", "T04", P | V | V2_SNAPSHOT | V2_DOCUMENT, 5, NULL, NULL },
	{ "MDM", "T05", P | V | V2_SNAPSHOT | V2_DOCUMENT, 5, NULL, NULL },
	{ "MDM", "T06", P | V | V2_SNAPSHOT | V2_DOCUMENT, 5, NULL, NULL },
	{ "MDM", "T07", P | V | V2_SNAPSHOT | V2_DOCUMENT, 5, NULL, NULL },
	{ "MDM", "T08", P | V | V2_SNAPSHOT | V2_DOCUMENT, 5, NULL, NULL },
	{ "MDM", "T09", P | V | V2_SNAPSHOT | V2_DOCUMENT, 5, NULL, NULL },
	{ "MDM", "T10", P | V | V2_SNAPSHOT | V2_DOCUMENT, 5, NULL, NULL },
	{ "MDM", "T11", P | V | V2_SNAPSHOT | V2_DOCUMENT, 5, NULL, NULL },
};

const struct v2_trigger *v2_trigger(struct str type, struct str event, bool *type_known)
{
	*type_known = false;
	for (unsigned i = 0; i < sizeof triggers / sizeof *triggers; i++) {
		if (!str_is(type, triggers[i].type))
			continue;
		*type_known = true;
		if (str_is(event, triggers[i].event))
			return &triggers[i];
	}
	return NULL;
}

const struct v2_trigger *v2_trigger_named(struct str event)
{
	for (unsigned i = 0; i < sizeof triggers / sizeof *triggers; i++)
		if (str_is(event, triggers[i].event))
			return &triggers[i];
	return NULL;
}
