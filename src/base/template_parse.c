/* template_parse.c - from the text of a template to its parts.
 *
 * One pass: text up to the next tag, then the tag. `tags` says what each kind of tag does. Open
 * sections are a stack of levels; partials met for the first time wait in a list and are parsed
 * after, so nothing here recurses. Unless `raw`, the literal text also drives the machine of
 * template_place.c.
 */
#include "base/map.h"
#include "base/template.h"

#define NESTING_LIMIT 64
#define TEMPLATES_LIMIT 1000 /* a template and all its partials */
#define TEXT_LIMIT ((size_t)4 << 20)

struct tag;

struct level {
	struct part *part; /* NULL: the template itself */
	struct part **tail;
	struct str name;
	size_t pos;
	struct html_state before; /* where the HTML was when it began */
	struct str dedent;        /* white space not to be kept at the start of its lines */
};

struct parser {
	struct ctx *c;
	struct arena *life;
	struct template_options options;
	struct map known;      /* struct template by name */
	struct template *last; /* of the list of those to parse */
	struct template *template;
	struct str text;
	size_t pos;
	size_t seen, line_start; /* start of the line that `seen` is in */
	size_t line;            /* what stands before this on the current line does not count */
	struct str open, close; /* the delimiters now */
	struct html_state html;
	struct level levels[NESTING_LIMIT + 1];
	unsigned depth;
};

struct tag {
	const struct tag_row *row;
	size_t from, to; /* the whole tag */
	struct str content;
	bool alone;         /* on its line, which goes with it: */
	size_t line, after; /* where that begins and ends; else as from and to */
};

enum standing { STANDS_IN_LINE, STANDS_ALONE, STANDS_INDENTED };

static const struct tag_row {
	char sigil;
	enum part_kind kind;
	enum standing standing;
	enum err (*take)(struct parser *p, const struct tag *tag);
} tags[];

static enum err refuse(struct parser *p, size_t pos, const char *why)
{
	uint32_t line, column;

	json_position(p->text, pos, &line, &column);
	return fail(p->c, ERR_SYNTAX, "The template %.*s %s (line %u, column %u).",
		    STR_ARG(p->template->name), why, line, column);
}

static struct str slice(const struct parser *p, size_t from, size_t to)
{
	return (struct str){ p->text.at + from, to - from };
}

static struct level *level_of(struct parser *p)
{
	return &p->levels[p->depth];
}

static bool in_parent(const struct parser *p)
{
	const struct part *part = p->levels[p->depth].part;

	return part && part->kind == PART_PARENT;
}

static struct part *add_part(struct parser *p, enum part_kind kind, struct str text)
{
	struct part *part = NEW(p->life, struct part);

	part->kind = kind;
	part->text = text;
	*level_of(p)->tail = part;
	level_of(p)->tail = &part->next;
	return part;
}

/* ---- text ---- */

static bool blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Past the blanks from `pos`. */
static size_t skip_blanks(const struct parser *p, size_t pos)
{
	while (pos < p->text.len && blank(p->text.at[pos]))
		pos++;
	return pos;
}

/* Past the line end at `pos`; at the end of the text also that; else 0. */
static size_t line_end(const struct parser *p, size_t pos)
{
	struct str rest = slice(p, pos, p->text.len);

	if (!rest.len)
		return pos;
	if (str_starts(rest, STR("\n")))
		return pos + 1;
	return str_starts(rest, STR("\r\n")) ? pos + 2 : 0;
}

/* Where the line at `pos` starts; pos only ever grows. */
static size_t line_start(struct parser *p, size_t pos)
{
	for (; p->seen < pos; p->seen++)
		if (p->text.at[p->seen] == '\n')
			p->line_start = p->seen + 1;
	return p->line_start;
}

/* Where the white space that the enclosing block takes off the line at `pos` ends. */
static size_t dedented(struct parser *p, size_t pos, size_t to)
{
	struct str dedent = level_of(p)->dedent;

	if (pos && p->text.at[pos - 1] != '\n')
		return pos;
	for (size_t i = 0; i < dedent.len && pos < to && p->text.at[pos] == dedent.at[i]; i++)
		pos++;
	return pos;
}

static enum err feed(struct parser *p, size_t from, size_t to)
{
	for (size_t i = from; i < to && !p->options.raw; i++) {
		const char *why = html_feed(&p->html, p->text.at[i]);

		if (why)
			return refuse(p, i, why);
	}
	return OK;
}

/* Text as it is; within a parent, outside its blocks, it does not count. */
static enum err add_text(struct parser *p, size_t from, size_t to)
{
	if (in_parent(p))
		return OK;
	TRY(feed(p, from, to));
	while (from < to) {
		size_t end = to, start = dedented(p, from, to);

		if (level_of(p)->dedent.len) {
			ptrdiff_t n = str_find(slice(p, from, to), STR("\n"));

			end = n < 0 ? to : from + (size_t)n + 1;
		}
		if (start < end)
			add_part(p, PART_TEXT, slice(p, start, end));
		from = end;
	}
	return OK;
}

/* ---- levels ---- */

static enum err push(struct parser *p, const struct tag *tag, struct part *part)
{
	struct level *outer = level_of(p);

	if (p->depth == NESTING_LIMIT)
		return refuse(p, tag->from, "is nested more than 64 deep here");
	p->levels[++p->depth] = (struct level){
		.part = part,
		.tail = &part->first,
		.name = tag->content,
		.pos = tag->from,
		.before = p->html,
		.dedent = outer->dedent,
	};
	return OK;
}

static enum err take_value(struct parser *p, const struct tag *tag)
{
	bool markup = tag->row->sigil == '{' || tag->row->sigil == '&';
	enum escape safe = p->options.raw ? ESCAPE_NOT : ESCAPE_UNLESS_SAFE;
	enum escape escape = markup ? safe : ESCAPE_TEXT;
	const char *why = p->options.raw ? NULL : html_value(&p->html, &escape);

	if (why)
		return refuse(p, tag->from, why);
	add_part(p, PART_VALUE, tag->content)->escape = escape;
	return OK;
}

static enum err take_section(struct parser *p, const struct tag *tag)
{
	const char *why = p->options.raw ? NULL : html_boundary(&p->html);

	if (why)
		return refuse(p, tag->from, why);
	return push(p, tag, add_part(p, tag->row->kind, tag->content));
}

static enum err take_comment(struct parser *p, const struct tag *tag)
{
	(void)p;
	(void)tag;
	return OK;
}

static bool is_delimiter(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (strchr("= \t\r\n", s.at[i]))
			return false;
	return s.len;
}

/* {{=<% %>=}} */
static enum err take_delimiters(struct parser *p, const struct tag *tag)
{
	struct str rest = tag->content, open, close;

	open = str_cut(&rest, ' ');
	close = rest.at ? str_trim(rest) : STR("");
	if (!is_delimiter(open) || !is_delimiter(close))
		return refuse(p, tag->from, "has delimiters that are not two words without =");
	p->open = open;
	p->close = close;
	return OK;
}

/* The template of that name, put in the list if it is new. */
static enum err named(struct parser *p, size_t pos, struct str name,
		      const struct template **out)
{
	struct template *t = map_get(&p->known, name);
	struct str text;

	if (!t) {
		if (!p->options.partial || !p->options.partial(p->options.arg, name, &text)) {
			if (!p->options.raw)
				return refuse(p, pos, "names a partial that does not exist");
			text = STR("");
		}
		if (p->known.len >= TEMPLATES_LIMIT)
			return fail(p->c, ERR_LIMIT, "More than %d partials.", TEMPLATES_LIMIT);
		t = NEW(p->life, struct template);
		t->name = name;
		t->text = text;
		t->options = p->options;
		map_set(&p->known, name, t);
		p->last->next = t;
		p->last = t;
	}
	*out = t;
	return OK;
}

/* The white space before a tag alone on its line, without what the enclosing block takes off. */
static struct str indent_of(struct parser *p, const struct tag *tag)
{
	return slice(p, dedented(p, tag->line, tag->from), tag->from);
}

static enum err set_partial(struct parser *p, const struct tag *tag, struct part *part)
{
	const char *why = p->options.raw ? NULL : html_plain(&p->html);

	if (why)
		return refuse(p, tag->from, why);
	part->indent = indent_of(p, tag);
	if (!str_starts(part->text, STR("*")))
		return named(p, tag->from, part->text, &part->partial);
	part->dynamic = true;
	part->text = str_trim((struct str){ part->text.at + 1, part->text.len - 1 });
	return OK;
}

static enum err take_partial(struct parser *p, const struct tag *tag)
{
	return set_partial(p, tag, add_part(p, PART_PARTIAL, tag->content));
}

static enum err take_parent(struct parser *p, const struct tag *tag)
{
	struct part *part = add_part(p, PART_PARENT, tag->content);

	TRY(set_partial(p, tag, part));
	return push(p, tag, part);
}

/* The white space that begins the content at `from`; false if there is no content. */
static bool content_indent(const struct parser *p, size_t from, struct str *out)
{
	size_t to = skip_blanks(p, from);
	struct str rest = slice(p, to, p->text.len);

	if (line_end(p, to))
		return false;
	if (str_starts(rest, p->open) && rest.len > p->open.len && rest.at[p->open.len] == '/')
		return false;
	*out = slice(p, from, to);
	return true;
}

/* White space written for the reader of the template is taken off the block's content, and that
 * of the place where it ends up is put on. */
static void set_indent(struct parser *p, const struct tag *tag, struct part *block)
{
	struct str outer = level_of(p)->dedent, own;

	block->indent = indent_of(p, tag);
	if (!tag->alone)
		return;
	if (tag->after > tag->to && content_indent(p, tag->after, &own)) {
		size_t cut = str_starts(own, outer) ? outer.len : 0;

		block->indent = (struct str){ own.at + cut, own.len - cut };
		level_of(p)->dedent = own;
	} else if (tag->line == line_start(p, tag->from)) {
		level_of(p)->dedent = slice(p, tag->line, tag->from);
	}
}

static enum err take_block(struct parser *p, const struct tag *tag)
{
	const char *why = in_parent(p) || p->options.raw ? NULL : html_block(&p->html);
	struct part *part;

	if (why)
		return refuse(p, tag->from, why);
	part = add_part(p, PART_BLOCK, tag->content);
	TRY(push(p, tag, part));
	set_indent(p, tag, part);
	p->html = (struct html_state){ 0 };
	return OK;
}

/* What the HTML must look like where a level ends, and where that leaves us. */
static enum err close_html(struct parser *p, const struct tag *tag, const struct level *level)
{
	enum part_kind kind = level->part->kind;
	const char *why;

	if (p->options.raw)
		return OK;
	if (kind == PART_SECTION || kind == PART_INVERTED) {
		why = html_boundary(&p->html);
		if (!why)
			why = html_merge(&p->html, &level->before);
	} else {
		why = kind == PART_BLOCK ? html_plain(&p->html) : NULL;
		p->html = level->before;
	}
	return why ? refuse(p, tag->from, why) : OK;
}

static enum err take_close(struct parser *p, const struct tag *tag)
{
	const struct level *level = level_of(p);

	if (!p->depth)
		return refuse(p, tag->from, "closes what was not opened");
	if (!str_eq(level->name, tag->content))
		return refuse(p, tag->from, "closes another section than the one that is open");
	TRY(close_html(p, tag, level));
	p->depth--;
	return OK;
}

static const struct tag_row tags[] = {
	{ '#', PART_SECTION, STANDS_ALONE, take_section },
	{ '^', PART_INVERTED, STANDS_ALONE, take_section },
	{ '/', PART_KINDS, STANDS_ALONE, take_close },
	{ '!', PART_KINDS, STANDS_ALONE, take_comment },
	{ '=', PART_KINDS, STANDS_ALONE, take_delimiters },
	{ '>', PART_PARTIAL, STANDS_ALONE, take_partial },
	{ '<', PART_PARENT, STANDS_INDENTED, take_parent },
	{ '$', PART_BLOCK, STANDS_INDENTED, take_block },
	{ '&', PART_VALUE, STANDS_IN_LINE, take_value },
	{ '{', PART_VALUE, STANDS_IN_LINE, take_value },
	{ 0, PART_VALUE, STANDS_IN_LINE, take_value },
};

/* ---- tags ---- */

static const struct tag_row *row_of(char sigil)
{
	const struct tag_row *row = tags;

	while (row->sigil && row->sigil != sigil)
		row++;
	return row;
}

/* Does the tag stand alone, and what of its line goes with it? Tags of inheritance may share a
 * line: for them it begins after the last of them. */
static void measure_line(struct parser *p, struct tag *tag)
{
	bool indented = tag->row->standing == STANDS_INDENTED, closes = tag->row->sigil == '/';
	size_t start = line_start(p, tag->from), end;

	tag->line = tag->from;
	tag->after = tag->to;
	if (tag->row->standing == STANDS_IN_LINE)
		return;
	if (p->line > start && (indented || (closes && in_parent(p))))
		start = p->line;
	if (skip_blanks(p, start) < tag->from)
		return;
	if (indented || closes)
		p->line = tag->to;
	end = line_end(p, skip_blanks(p, tag->to));
	if (!end && !indented)
		return;
	tag->alone = true;
	tag->line = start;
	tag->after = end ? end : tag->to;
}

/* The tag at `from`: its row, content and ends. */
static enum err read_tag(struct parser *p, size_t from, struct tag *tag)
{
	size_t at = from + p->open.len, end;
	char sigil = at < p->text.len ? p->text.at[at] : 0;
	struct str close = p->close;
	ptrdiff_t length;

	*tag = (struct tag){ .row = row_of(sigil), .from = from };
	at += tag->row->sigil != 0;
	if (sigil == '{' || sigil == '=')
		close = (struct str){ arena_printf(p->life, "%c%.*s", sigil == '{' ? '}' : '=',
						   STR_ARG(p->close)),
				      p->close.len + 1 };
	length = str_find(slice(p, at, p->text.len), close);
	if (length < 0)
		return refuse(p, from, "has a tag that does not end");
	end = at + (size_t)length;
	tag->content = str_trim(slice(p, at, end));
	tag->to = end + close.len;
	if (!tag->content.len && sigil != '!')
		return refuse(p, from, "has a tag without a name");
	if (in_parent(p) && str_find(STR("/!=$"), (struct str){ &sigil, 1 }) < 0)
		return refuse(p, from, "has something else than blocks within a parent");
	return OK;
}

static enum err parse_one(struct parser *p, struct template *t)
{
	struct tag tag;

	if (t->text.len > TEXT_LIMIT)
		return fail(p->c, ERR_LIMIT, "The template %.*s is larger than 4 MB.",
			    STR_ARG(t->name));
	p->template = t;
	p->text = (struct str){ arena_dup(p->life, t->text.at, t->text.len), t->text.len };
	p->pos = p->seen = p->line_start = p->line = p->depth = 0;
	p->open = STR("{{");
	p->close = STR("}}");
	p->html = (struct html_state){ 0 };
	p->levels[0] = (struct level){ .tail = &t->first };
	for (;;) {
		ptrdiff_t found = str_find(slice(p, p->pos, p->text.len), p->open);

		if (found < 0)
			break;
		TRY(read_tag(p, p->pos + (size_t)found, &tag));
		measure_line(p, &tag);
		if (tag.line > p->pos)
			TRY(add_text(p, p->pos, tag.line));
		TRY(tag.row->take(p, &tag));
		p->pos = tag.after;
	}
	if (p->depth)
		return refuse(p, level_of(p)->pos, "has a section that is not closed");
	TRY(add_text(p, p->pos, p->text.len));
	if (!p->options.raw && html_plain(&p->html))
		return refuse(p, p->text.len, "ends within a tag, comment or raw text");
	return OK;
}

enum err template_parse(struct ctx *c, struct arena *life, const char *name, struct str text,
			const struct template_options *options, struct template **out)
{
	struct template *root = NEW(life, struct template);
	struct parser *p = NEW(life, struct parser);

	p->c = c;
	p->life = life;
	if (options)
		p->options = *options;
	map_init(&p->known, life);
	*root = (struct template){ .name = str_of(arena_str(life, name)),
				   .text = text,
				   .options = p->options };
	map_set(&p->known, root->name, root);
	p->last = root;
	for (struct template *t = root; t; t = t->next)
		TRY(parse_one(p, t));
	*out = root;
	return OK;
}
