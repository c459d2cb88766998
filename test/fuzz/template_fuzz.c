/* template_fuzz.c - no template and no data crash, hang or break out of their limits; and a value
 * never becomes markup.
 *
 * The input is a template, then lines of only "%" followed by partials named a, b, c, …. Whatever
 * was accepted is rendered twice, with a harmless value and with one full of markup: the pages
 * must have the same < and > and quotes, or a value has got out of its place.
 */
#include <stdlib.h>

#include "base/html.h"

#define PARTIALS 4
#define PAGE_LIMIT ((size_t)64 << 10)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	struct str texts[PARTIALS + 1]; /* the template, then its partials */
	size_t count;
};

static bool partial(void *arg, struct str name, struct str *out)
{
	const struct input *input = arg;
	size_t index = name.len == 1 ? (size_t)(name.at[0] - 'a') + 1 : 0;

	if (!index || index >= input->count)
		return false;
	*out = input->texts[index];
	return true;
}

static struct input split(struct str all)
{
	struct input input = { .count = 0 };
	ptrdiff_t at;

	while (input.count < PARTIALS && (at = str_find(all, STR("\n%\n"))) >= 0) {
		input.texts[input.count++] = (struct str){ all.at, (size_t)at + 1 };
		all = (struct str){ all.at + at + 3, all.len - (size_t)at - 3 };
	}
	input.texts[input.count++] = all;
	return input;
}

/* Names the fuzzer can find; each value of the given text. */
static struct node *data_with(struct arena *a, struct str value)
{
	struct node *root = node_new(a, NODE_OBJECT), *list, *object;

	node_add_str(a, root, "x", value);
	node_add_cstr(a, root, "p", "a");
	list = node_add(a, root, "l", NODE_ARRAY);
	node_add_str(a, list, NULL, value);
	object = node_add(a, list, NULL, NODE_OBJECT);
	node_add_str(a, object, "x", value);
	node_append(object, "l", node_copy(a, list));
	node_add_bool(a, root, "f", false);
	node_add(a, root, "n", NODE_NULL);
	return root;
}

static struct str render(struct ctx *c, const struct template *t, struct str value, enum err *e)
{
	struct buf out;

	buf_init(&out, c->arena, PAGE_LIMIT);
	*e = template_render(c, t, data_with(c->arena, value), &out);
	if (out.len > PAGE_LIMIT || (*e && !c->why[0]))
		abort();
	return buf_get(&out);
}

/* The bytes that make markup, in their order. */
static struct str skeleton(struct arena *a, struct str page)
{
	struct buf b;

	buf_init(&b, a, 0);
	for (size_t i = 0; i < page.len; i++)
		if (strchr("<>\"'", page.at[i]) && page.at[i])
			buf_char(&b, page.at[i]);
	return buf_get(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ARENA(a);
	struct input input = split((struct str){ (const char *)data, size });
	struct template_options options = { partial, &input, false };
	struct template *t;
	struct ctx c;
	enum err plain, wild;
	struct str one, other;

	ctx_init(&c, &a);
	if (template_parse(&c, &a, "main", input.texts[0], &options, &t) == OK) {
		one = render(&c, t, STR("k"), &plain);
		other = render(&c, t, STR("<b>\"'&javascript:x</script>-->{{x}}"), &wild);
		if (!plain && !wild && !str_eq(skeleton(&a, one), skeleton(&a, other)))
			abort();
	} else if (!c.why[0]) {
		abort();
	}
	options.raw = true;
	if (template_parse(&c, &a, "main", input.texts[0], &options, &t) == OK)
		render(&c, t, STR("<k>"), &plain);
	return 0;
}
