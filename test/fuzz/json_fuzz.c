/* json_fuzz.c - what is read can be written, and is read again as the same. */
#include <stdlib.h>

#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct str written(struct arena *a, const struct node *n, int indent)
{
	struct buf b;

	buf_init(&b, a, 0);
	json_write(&b, n, indent);
	return buf_get(&b);
}

/* Reading the text again gives an equal tree, which is written the same. */
static void check_round(struct ctx *c, const struct json_options *options, const struct node *n,
			int indent)
{
	struct str text = written(c->arena, n, indent);
	struct node *again;

	if (json_read(c, c->arena, text, options, &again) != OK)
		abort();
	if (!node_equal(n, again) || !str_eq(text, written(c->arena, again, indent)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ARENA(a);
	struct json_options options = { .depth = 40, .nodes = 3000 };
	struct str text = { arena_dup(&a, data, size), size };
	struct node *n;
	struct ctx c;
	size_t used = 0;

	ctx_init(&c, &a);
	if (json_read(&c, &a, text, &options, &n) == OK) {
		check_round(&c, &options, n, 0);
		check_round(&c, &options, n, 2);
		if (!node_equal(n, node_copy(&a, n)))
			abort();
	} else if (!c.why[0]) {
		abort();
	}
	options.prefix = true;
	options.used = &used;
	if (json_read(&c, &a, text, &options, &n) == OK && used > size)
		abort();
	return 0;
}
