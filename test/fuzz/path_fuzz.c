/* path_fuzz.c - whatever bytes claim to be FHIRPath: compiling and running on a small patient ends
 * within the limits, says why when it cannot and where, and gives the same answer twice; the type
 * it is compiled for may take answers away, but never changes one. */
#include <stdlib.h>

#include "fhir/path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char patient[] = "{\"resourceType\":\"Patient\",\"id\":\"p\",\"contained\":[{"
			      "\"resourceType\":\"Organization\",\"id\":\"o\"}],"
			      "\"active\":true,\"name\":[{\"use\":\"official\",\"family\":"
			      "\"Carter\",\"given\":[\"Ann\",null],"
			      "\"_given\":[null,{\"id\":\"g\"}]},{\"given\":[\"Bea\"],"
			      "\"period\":{\"start\":\"2014-01\"}}],"
			      "\"birthDate\":\"1942-12-25\",\"multipleBirthInteger\":2,"
			      "\"extension\":[{\"url\":\"http://x\","
			      "\"valueQuantity\":{\"value\":1.50,\"system\":\"http://"
			      "unitsofmeasure.org\",\"code\":\"m\"}}],"
			      "\"managingOrganization\":{\"reference\":\"#o\"}}";

static struct arena life;
static const struct fhir *tables;
static struct fhir_value focus;
static struct clock_fixed standing;

static void load(void)
{
	struct node *node;
	struct ctx c;

	ctx_init(&c, &life);
	clock_fixed_init(&standing, INT64_C(1423315697239000));
	if (fhir_load(&c, &life, NULL, &tables) != OK ||
	    fhir_read_json(&c, tables, &life, str_of(patient), &node) != OK)
		abort();
	focus = (struct fhir_value){ .type = fhir_type_of(tables, node), .node = node };
}

/* What it gives as text; an error must have a reason. False on an error. */
static bool answer(struct arena *a, const struct fhir_type *type, struct str text,
		   struct str *out)
{
	static const struct path_limits limits = { .steps = 20000, .items = 5000, .depth = 60 };
	struct path_env env = { .fhir = tables, .limits = &limits };
	const struct path *path;
	struct items items;
	struct ctx c;
	struct buf b, explained;

	ctx_init(&c, a);
	c.clock = &standing.clock;
	buf_init(&b, a, 1 << 16);
	if (path_compile(&c, a, tables, type, text, &path) != OK ||
	    path_eval(&c, path, &env, focus, &items) != OK) {
		if (!c.why[0] || c.issues.errors == 0)
			abort();
		return false;
	}
	for (size_t i = 0; i < items.len; i++) {
		buf_printf(&b, "%s ", item_type(a, &items.at[i]));
		buf_str(&b, item_text(a, tables, &items.at[i]));
		json_write(&b, item_json(a, tables, &items.at[i]), 0);
	}
	*out = buf_get(&b);
	buf_init(&explained, a, 1 << 16);
	path_explain(path, &explained);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ARENA(a);
	struct str text, first, second;
	bool typed;

	if (!tables)
		load();
	text = (struct str){ arena_dup(&a, data, size), size };
	typed = answer(&a, focus.type, text, &first);
	if (typed && (!answer(&a, focus.type, text, &second) || !str_eq(first, second)))
		abort();
	if (answer(&a, NULL, text, &second) && typed && !str_eq(first, second))
		abort();
	return 0;
}
