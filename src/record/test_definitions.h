/* test_definitions.h - HL7's definitions for the places of one test program; *_test.c files only. */
#ifndef RECORD_TEST_DEFINITIONS_H
#define RECORD_TEST_DEFINITIONS_H

#include "base/test.h"
#include "fhir/type.h"

/* Loaded and compiled once, for place_open_with: `share` is the same at every call. */
static inline const struct fhir *definitions(struct ctx *c, const struct share *share)
{
	static struct arena life;
	static const struct fhir *fhir;

	if (!fhir) {
		arena_init(&life);
		if (fhir_load(c, &life, share, &fhir))
			fail_msg("%s", c->why);
	}
	return fhir;
}

#endif
