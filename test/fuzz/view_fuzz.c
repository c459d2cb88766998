/* view_fuzz.c - whatever JSON claims to be a ViewDefinition, reading it and running it end, say why
 * when they cannot, and give rows that are JSON again. */
#include <stdlib.h>

#include "fhir/view.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const resources[] = {
	"{\"resourceType\":\"Patient\",\"id\":\"p\",\"active\":true,\"birthDate\":\"1970-06\",\"name\":[{\"use\":\"official\","
	"\"family\":\"E\",\"given\":[\"A\",\"B\"]},{\"family\":\"F\"}],\"contact\":[{\"telecom\":[{\"value\":\"1\"}]}],"
	"\"link\":[{\"other\":{\"reference\":\"Patient/p\"},\"type\":\"seealso\"}]}",
	"{\"resourceType\":\"Observation\",\"id\":\"o\",\"status\":\"final\",\"code\":{\"text\":\"x\"},\"valueQuantity\":{"
	"\"value\":1.50,\"unit\":\"g\"}}",
	"{\"resourceType\":\"QuestionnaireResponse\",\"id\":\"q\",\"status\":\"completed\",\"item\":[{\"linkId\":\"1\",\"item\":[{"
	"\"linkId\":\"1.1\",\"answer\":[{\"valueInteger\":3,\"item\":[{\"linkId\":\"1.1.1\"}]}]}]}]}",
};

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

/* Rows as CSV and as JSON, and the JSON read back. */
static void write_rows(struct ctx *c, const struct view *view, struct view_rows rows)
{
	struct buf csv, json;
	struct node *list;
	size_t many = rows.len < 1000 ? rows.len : 1000;

	buf_init(&csv, c->arena, 0);
	buf_init(&json, c->arena, 0);
	view_write_head(&json, view, VIEW_JSON);
	for (size_t i = 0; i < many; i++) {
		view_write_row(&csv, view, VIEW_CSV, rows.cells + i * rows.width, i == 0);
		view_write_row(&json, view, VIEW_JSON, rows.cells + i * rows.width, i == 0);
	}
	view_write_tail(&json, VIEW_JSON, many == 0);
	if (json_read(c, c->arena, buf_get(&json), NULL, &list) != OK || list->len != many)
		abort();
	node_each(row, list)
		if (row->len != rows.width)
			abort();
}

static void run(const struct fhir *f, const struct view *view, const char *text)
{
	ARENA(a);
	struct ctx c;
	struct node *resource;
	struct view_rows rows;

	ctx_init(&c, &a);
	c.deadline = clock_monotonic() + 2000000;
	if (fhir_read_json(&c, f, &a, str_of(text), &resource) != OK)
		abort();
	if (view_run(&c, view, (struct fhir_value){ .type = fhir_type_of(f, resource), .node = resource }, &rows) == OK)
		write_rows(&c, view, rows);
	else if (!c.why[0])
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ARENA(a);
	const struct fhir *f = tables();
	const struct view *view;
	struct ctx c;

	ctx_init(&c, &a);
	if (view_compile(&c, &a, f, (struct str){ (const char *)data, size }, &view) != OK) {
		if (!c.why[0])
			abort();
		return 0;
	}
	for (size_t i = 0; i < sizeof resources / sizeof *resources; i++)
		run(f, view, resources[i]);
	return 0;
}
