/* xml_fuzz.c - FHIR XML that is read is JSON that can be read, can be written as XML again, and
 * can be indexed. */
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ARENA(a);
	const struct fhir *f = tables();
	struct str text = { arena_dup(&a, data, size), size };
	struct node *n, *again;
	struct index_rows rows;
	struct ctx c;
	struct buf b;

	ctx_init(&c, &a);
	if (fhir_read_xml(&c, f, &a, text, &n) != OK) {
		if (!c.why[0])
			abort();
		return 0;
	}
	buf_init(&b, &a, 0);
	json_write(&b, n, 0);
	if (fhir_read_json(&c, f, &a, buf_get(&b), &again) != OK || !node_equal(n, again))
		abort();
	buf_init(&b, &a, 0);
	if (fhir_write_xml(&c, f, &b, n, 0) != OK || fhir_read_xml(&c, f, &a, buf_get(&b), &again) != OK)
		abort();
	if (fhir_index(&c, f, n, &rows) != OK)
		abort();
	return 0;
}
