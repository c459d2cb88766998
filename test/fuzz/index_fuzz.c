/* index_fuzz.c - whatever JSON claims to be a resource, indexing it ends, says why when it cannot,
 * and finds the same rows twice. */
#include <stdlib.h>

#include "fhir/param.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct fhir *tables(void)
{
	static struct arena life;
	static const struct fhir *f;
	struct ctx c;

	ctx_init(&c, &life);
	if (!f && fhir_load(&c, &life, NULL, &f) != OK)
		abort();
	return f;
}

static void check_rows(const struct fhir *f, struct index_rows rows)
{
	for (size_t i = 0; i < rows.len; i++) {
		const struct index_row *r = &rows.at[i];

		if (param_number(f, r->param->number) == NULL || r->lo > r->hi)
			abort();
		if (!str_utf8(r->code, &(size_t){ 0 }) || !str_utf8(r->text, &(size_t){ 0 }))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ARENA(a);
	const struct fhir *f = tables();
	struct str text = { arena_dup(&a, data, size), size };
	struct index_rows rows, again;
	struct node *n;
	struct str *people;
	struct ctx c;
	size_t count;

	ctx_init(&c, &a);
	if (fhir_read_json(&c, f, &a, text, &n) != OK)
		return 0;
	c.why[0] = '\0';
	if (fhir_index(&c, f, n, &rows) != OK) {
		if (!c.why[0])
			abort();
		return 0;
	}
	check_rows(f, rows);
	if (fhir_index(&c, f, n, &again) != OK || again.len != rows.len)
		abort();
	if (fhir_people(&c, f, n, &people, &count) != OK)
		abort();
	return 0;
}
