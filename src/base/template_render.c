/* template_render.c - a template and data make a page.
 *
 * The parts are walked with a stack of frames: one for each section, partial and block being
 * written. The frames are also Mustache's context stack, which names are looked up in from the
 * top, and Mustache's overrides, which blocks are looked up in from the bottom. Nothing recurses;
 * frames, partials and steps are limited, because recursive partials follow the data.
 */
#include "base/map.h"
#include "base/template.h"
#include "base/vec.h"

#define PARTIALS_LIMIT 64
#define FRAMES_LIMIT 2048
#define STEPS_LIMIT 20000000
#define INDENT_LIMIT 4096

struct frame {
	const struct part *at;        /* the next part to write */
	const struct part *again;     /* first part, for the other items of a list */
	const struct node *context;   /* pushed for lookups, or NULL */
	const struct node *item;      /* of a list, or NULL */
	const struct part *overrides; /* blocks of a parent, or NULL */
	size_t indent;                /* of r->indent, before */
	bool partial;
};

struct render {
	struct ctx *c;
	struct arena *arena;
	struct buf *out;
	const struct template *template;
	VEC(struct frame) frames;
	struct map dynamic; /* templates named by the data */
	struct buf indent;  /* before each line */
	bool line_begins;
	unsigned partials;
	uint64_t steps;
};

/* ---- looking up ---- */

static const struct node *member(struct render *r, const struct node *object, struct str name)
{
	if (!node_is(object, NODE_OBJECT))
		return NULL;
	node_each(child, object) {
		r->steps++;
		if (str_eq((struct str){ child->name, child->name_len }, name))
			return child;
	}
	return NULL;
}

/* The first part of a dotted name is looked up from the top of the stack, the rest within it. */
static const struct node *look_up(struct render *r, struct str name)
{
	bool implicit = str_is(name, ".");
	struct str first = str_cut(&name, '.');
	const struct node *found = NULL;

	for (size_t i = r->frames.len; i-- && !found; r->steps++) {
		const struct node *context = r->frames.at[i].context;

		found = implicit ? context : member(r, context, first);
	}
	while (!implicit && found && name.at)
		found = member(r, found, str_cut(&name, '.'));
	return found;
}

static bool is_true(const struct node *n)
{
	if (!n)
		return false;
	switch (n->kind) {
	case NODE_NULL:
		return false;
	case NODE_BOOL:
		return n->truth;
	case NODE_STRING:
	case NODE_ARRAY:
		return n->len != 0;
	default:
		return true;
	}
}

/* ---- values ---- */

/* A value as a whole URL: only schemes that show something, all else becomes "#"; bytes that URLs
 * cannot hold are percent-encoded, %XX is left. */
static void add_url(struct buf *out, struct str url)
{
	static const char *const schemes[] = { "http", "https", "mailto", "tel" };
	static const char as_they_are[] = "-._~:/?#[]@!$()*+,;=%&";
	struct str scheme = str_trim(url);
	size_t len = 0;
	bool fine = false;

	url = scheme;
	while (len < url.len && !strchr(":/?#", url.at[len]))
		len++;
	fine = len == url.len || url.at[len] != ':';
	for (size_t i = 0; i < sizeof schemes / sizeof *schemes && !fine; i++)
		fine = strlen(schemes[i]) == len && !strncasecmp(url.at, schemes[i], len);
	if (!fine)
		url = STR("#");
	for (size_t i = 0; i < url.len; i++) {
		struct str c = { url.at + i, 1 };

		if (*c.at && strchr(as_they_are, *c.at))
			html_escape(out, c);
		else
			url_escape(out, c);
	}
}

static void begin_line(struct render *r)
{
	if (r->line_begins)
		buf_str(r->out, buf_get(&r->indent));
	r->line_begins = false;
}

static enum err write_value(struct render *r, const struct part *part)
{
	const struct node *n = look_up(r, part->text);
	struct str text = node_text(n);

	begin_line(r);
	switch (part->escape) {
	case ESCAPE_NOT:
		buf_str(r->out, text);
		break;
	case ESCAPE_UNLESS_SAFE:
		if (n && n->kind == NODE_STRING && n->safe)
			buf_str(r->out, text);
		else
			html_escape(r->out, text);
		break;
	case ESCAPE_TEXT:
		html_escape(r->out, text);
		break;
	case ESCAPE_URL:
		add_url(r->out, text);
		break;
	case ESCAPE_URL_PART:
		url_escape(r->out, text);
		break;
	}
	return OK;
}

static enum err write_text(struct render *r, const struct part *part)
{
	struct str rest = part->text;

	if (!r->indent.len) {
		buf_str(r->out, rest);
		r->line_begins = rest.at[rest.len - 1] == '\n';
		return OK;
	}
	while (rest.len) {
		ptrdiff_t end = str_find(rest, STR("\n"));
		size_t len = end < 0 ? rest.len : (size_t)end + 1;

		if (rest.at[0] != '\n' && rest.at[0] != '\r')
			begin_line(r);
		buf_add(r->out, rest.at, len);
		r->line_begins = end >= 0;
		rest = (struct str){ rest.at + len, rest.len - len };
	}
	return OK;
}

/* ---- frames ---- */

static enum err enter(struct render *r, struct frame frame, struct str indent)
{
	frame.indent = r->indent.len;
	if (r->frames.len == FRAMES_LIMIT || r->partials + frame.partial > PARTIALS_LIMIT)
		return fail(r->c, ERR_LIMIT, "The template %.*s nests too deeply.",
			    STR_ARG(r->template->name));
	r->partials += frame.partial;
	buf_str(&r->indent, indent);
	*vec_push(&r->frames, r->arena) = frame;
	return OK;
}

/* The frame on top has no more parts: its next item, or out of it. */
static void leave(struct render *r)
{
	struct frame *top = &r->frames.at[r->frames.len - 1];

	if (top->item && top->item->next) {
		top->item = top->context = top->item->next;
		top->at = top->again;
		return;
	}
	r->partials -= top->partial;
	r->indent.len = top->indent;
	r->frames.len--;
}

static enum err write_section(struct render *r, const struct part *part)
{
	const struct node *value = look_up(r, part->text);
	const struct node *item = node_is(value, NODE_ARRAY) ? value->first : NULL;

	struct frame frame = { .at = part->first, .again = part->first, .item = item };

	if (!is_true(value))
		return OK;
	frame.context = item ? item : value;
	return enter(r, frame, STR(""));
}

static enum err write_inverted(struct render *r, const struct part *part)
{
	if (is_true(look_up(r, part->text)))
		return OK;
	return enter(r, (struct frame){ .at = part->first }, STR(""));
}

/* The template the data names, parsed the first time; NULL when there is none. */
static enum err dynamic_partial(struct render *r, const struct part *part,
				const struct template **out)
{
	const struct template_options *options = &r->template->options;
	struct str name = node_text(look_up(r, part->text)), text;
	struct template *t = map_get(&r->dynamic, name);

	if (!t && name.len && options->partial && options->partial(options->arg, name, &text)) {
		TRY(template_parse(r->c, r->arena, str_dup(r->arena, name), text, options, &t));
		map_set(&r->dynamic, t->name, t);
	}
	*out = t;
	return OK;
}

static enum err write_partial(struct render *r, const struct part *part)
{
	const struct template *t = part->partial;

	if (part->dynamic)
		TRY(dynamic_partial(r, part, &t));
	if (!t)
		return OK;
	return enter(r, (struct frame){ .at = t->first, .overrides = part->first, .partial = 1 },
		     part->indent);
}

/* The outermost parent that replaces a block has the last word. */
static enum err write_block(struct render *r, const struct part *part)
{
	const struct part *found = NULL;

	for (size_t i = 0; i < r->frames.len && !found; i++) {
		found = r->frames.at[i].overrides;
		for (; found && !str_eq(found->text, part->text); found = found->next)
			r->steps++;
	}
	if (!found)
		found = part;
	return enter(r, (struct frame){ .at = found->first }, part->indent);
}

static enum err (*const writers[PART_KINDS])(struct render *r, const struct part *part) = {
	[PART_TEXT] = write_text,
	[PART_VALUE] = write_value,
	[PART_SECTION] = write_section,
	[PART_INVERTED] = write_inverted,
	[PART_PARTIAL] = write_partial,
	[PART_PARENT] = write_partial,
	[PART_BLOCK] = write_block,
};

static enum err check_limits(struct render *r, uint64_t *checked)
{
	if (r->out->full || r->indent.full)
		return fail(r->c, ERR_LIMIT, "The page made of %.*s is larger than it may be.",
			    STR_ARG(r->template->name));
	if (r->steps > STEPS_LIMIT)
		return fail(r->c, ERR_LIMIT, "The page made of %.*s takes too much work.",
			    STR_ARG(r->template->name));
	if (r->steps - *checked < 4096)
		return OK;
	*checked = r->steps;
	return ctx_check(r->c);
}

enum err template_render(struct ctx *c, const struct template *t, const struct node *data,
			 struct buf *out)
{
	ARENA(scratch);
	struct render r = { c, &scratch, out, t, .line_begins = true };
	uint64_t checked = 0;

	map_init(&r.dynamic, &scratch);
	buf_init(&r.indent, &scratch, INDENT_LIMIT);
	TRY(enter(&r, (struct frame){ .at = t->first, .context = data }, STR("")));
	while (r.frames.len) {
		struct frame *top = &r.frames.at[r.frames.len - 1];
		const struct part *part = top->at;

		r.steps++;
		if (part) {
			top->at = part->next;
			TRY(writers[part->kind](&r, part));
		} else {
			leave(&r);
		}
		TRY(check_limits(&r, &checked));
	}
	return OK;
}
