/* test_fhir.h - the tables, loaded once for a group of tests; for *_test.c files only.
 *
 *	cmocka_run_group_tests(tests, load, unload);
 */
#ifndef FHIR_TEST_FHIR_H
#define FHIR_TEST_FHIR_H

#include "base/test.h"
#include "fhir/type.h"

static struct arena life;
static struct ctx ctx;
static const struct fhir *f;

static int load(void **state)
{
	(void)state;
	arena_init(&life);
	ctx_init(&ctx, &life);
	if (fhir_load(&ctx, &life, NULL, &f) != OK)
		fail_msg("%s", ctx.why);
	return 0;
}

static int unload(void **state)
{
	(void)state;
	arena_done(&life);
	return 0;
}

#endif
