/* xml.c - FHIR XML into the tree its JSON form gives.
 *
 * libxml2 reads and calls back for each element; a stack of frames says what the tables know of
 * the open ones. A frame becomes a member of its parent when it ends: lists become arrays, the id
 * and extensions of primitives go to `_name`, narrative is written out again as text. There is no
 * DTD, so no entities but XML's own five, and nothing is fetched. Comments and processing
 * instructions are dropped.
 */
#include <libxml/parser.h>
#include <libxml/parserInternals.h>

#include "fhir/type.h"

#define FHIR_NS "http://hl7.org/fhir"
#define XHTML_NS "http://www.w3.org/1999/xhtml"

#define DEPTH_MAX 64 /* nesting of the tree, as for JSON */
#define FRAMES_MAX (DEPTH_MAX + 4)
#define NODES_MAX 4000000
#define BYTES_MAX ((size_t)256 << 20)
#define ATTRIBUTES_MAX 200 /* of one tag */
#define HTML_MAX ((size_t)16 << 20)

struct frame {
	const struct fhir_type *type;
	const struct fhir_elem *elem; /* in the parent; NULL at the root */
	const struct fhir_form *form;
	struct node *value; /* the object, or a primitive's value when it has one */
	struct node *extra; /* a primitive's id and extensions */
	unsigned depth;     /* of `value` in the tree */
	uint32_t pos;
	bool wrapper; /* contained, entry.resource: the one child is the resource */
};

struct reader {
	struct ctx *c;
	const struct fhir *f;
	struct arena *a;
	struct str text;
	xmlParserCtxtPtr parser;
	struct frame frames[FRAMES_MAX];
	unsigned len, nodes;
	struct node *root;
	struct buf html;     /* while in narrative */
	unsigned html_depth; /* elements open in it; 0: not in narrative */
	bool html_open;      /* the last start tag has not got its > */
	enum err err;
};

/* Where the parser is: the < of the tag it is in, as near as can be said. */
static uint32_t position(const struct reader *r)
{
	const xmlParserInput *in = r->parser->input;
	size_t pos = in ? (size_t)in->consumed + (size_t)(in->cur - in->base) : 0;

	if (pos > r->text.len)
		pos = r->text.len;
	while (pos > 0 && r->text.at[pos - 1] != '<')
		pos--;
	return pos ? (uint32_t)pos - 1 : 0;
}

static void give_up(struct reader *r, enum err e, uint32_t line, uint32_t column,
		    const char *what, struct str name)
{
	const char *reason;

	if (r->err)
		return;
	reason = arena_printf(r->c->arena, "%s%s%.*s", what, name.len ? ": " : "",
			      (int)(name.len > 100 ? 100 : name.len), name.len ? name.at : "");
	issue_add(r->c, ISSUE_FATAL, err_row(e)->issue, NULL, line, column, "%s", reason);
	r->err = fail(r->c, e, "Line %u, column %u: %s", line, column, reason);
	xmlStopParser(r->parser);
}

static void refuse(struct reader *r, enum err e, const char *what, const xmlChar *name)
{
	uint32_t line, column;

	json_position(r->text, position(r), &line, &column);
	give_up(r, e, line, column, what, str_of((const char *)name));
}

/* ---- building ---- */

static struct node *make(struct reader *r, enum node_kind kind, uint32_t pos)
{
	struct node *n = node_new(r->a, kind);

	if (++r->nodes > NODES_MAX)
		refuse(r, ERR_LIMIT, "more values than are allowed", NULL);
	n->pos = pos;
	return n;
}

static struct node *make_text(struct reader *r, enum node_kind kind, struct str text,
			      uint32_t pos)
{
	struct node *n = make(r, kind, pos);

	n->text = text.at;
	n->len = (uint32_t)text.len;
	return n;
}

/* Last child of an object, under a name of the tables; of an array with key 0. */
static void attach(const struct reader *r, struct node *parent, uint16_t key,
		   struct node *child)
{
	struct str name = key ? atoms_name(r->f->atoms, key) : (struct str){ 0 };

	child->key = key;
	child->name = name.at;
	child->name_len = (uint32_t)name.len;
	if (parent->last)
		parent->last->next = child;
	else
		parent->first = child;
	parent->last = child;
	parent->len++;
}

static struct node *list_of(struct reader *r, struct node *object, uint16_t key, uint32_t pos)
{
	struct node *list = node_key(object, key);

	if (!list) {
		list = make(r, NODE_ARRAY, pos);
		attach(r, object, key, list);
	}
	return list;
}

static void pad(struct reader *r, struct node *list, uint32_t len)
{
	while (list->len < len)
		attach(r, list, 0, make(r, NODE_NULL, list->pos));
}

/* Where the children of a frame go: a primitive's to its `_name`. */
static struct node *holder(struct reader *r, struct frame *at)
{
	if (at->type->kind != FHIR_PRIMITIVE)
		return at->value;
	if (!at->extra)
		at->extra = make(r, NODE_OBJECT, at->pos);
	return at->extra;
}

/* Put what a frame holds into its parent's list, its `_name` in step with it. */
static void add_to_list(struct reader *r, struct node *object, const struct frame *ended)
{
	const struct node *values = node_key(object, ended->form->key);
	const struct node *extras =
		ended->form->extra_key ? node_key(object, ended->form->extra_key) : NULL;
	uint32_t len = values ? values->len : 0;
	struct node *list;

	if (extras && extras->len > len)
		len = extras->len;
	if (ended->value) {
		list = list_of(r, object, ended->form->key, ended->pos);
		pad(r, list, len);
		attach(r, list, 0, ended->value);
	}
	if (ended->extra) {
		list = list_of(r, object, ended->form->extra_key, ended->pos);
		pad(r, list, len);
		attach(r, list, 0, ended->extra);
	}
}

static void add_member(struct reader *r, struct node *object, const struct frame *ended)
{
	const struct fhir_form *form = ended->form;

	if (ended->extra && !form->extra_key) {
		refuse(r, ERR_SYNTAX, "this element can have no id or extensions",
		       (const xmlChar *)ended->elem->name);
		return;
	}
	if (ended->elem->list) {
		add_to_list(r, object, ended);
		return;
	}
	if (node_key(object, form->key) ||
	    (form->extra_key && node_key(object, form->extra_key))) {
		refuse(r, ERR_SYNTAX, "this element stands twice",
		       (const xmlChar *)ended->elem->name);
		return;
	}
	if (ended->value)
		attach(r, object, form->key, ended->value);
	if (ended->extra)
		attach(r, object, form->extra_key, ended->extra);
}

/* Bring each list and its `_name` to the same length. */
static void even_lists(struct reader *r, const struct frame *ended)
{
	node_each(child, ended->value) {
		const struct fhir_form *form;
		bool extra;
		struct node *other;

		if (child->kind != NODE_ARRAY ||
		    !fhir_member(ended->type, child->key, &form, &extra))
			continue;
		other = node_key(ended->value, extra ? form->key : form->extra_key);
		if (other && other->kind == NODE_ARRAY)
			pad(r, child, other->len);
	}
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* JSON's grammar of a number. */
static bool is_number(struct str s)
{
	const char *p = s.at, *end = s.at + s.len, *start;

	p += p < end && *p == '-';
	for (start = p; p < end && is_digit(*p);)
		p++;
	if (p == start || (*start == '0' && p - start > 1))
		return false;
	if (p < end && *p == '.') {
		for (start = ++p; p < end && is_digit(*p);)
			p++;
		if (p == start)
			return false;
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		p++;
		p += p < end && (*p == '+' || *p == '-');
		for (start = p; p < end && is_digit(*p);)
			p++;
		if (p == start)
			return false;
	}
	return p == end;
}

static bool comes_from(const struct fhir_type *type, const char *name)
{
	for (; type; type = type->base)
		if (!strcmp(type->name, name))
			return true;
	return false;
}

/* The value as JSON writes it; what is no number or boolean stays text, for validation to find. */
static struct node *primitive(struct reader *r, const struct fhir_type *type, struct str text,
			      uint32_t pos)
{
	struct node *n;

	if (!strcmp(type->name, "boolean") && (str_is(text, "true") || str_is(text, "false"))) {
		n = make(r, NODE_BOOL, pos);
		n->truth = text.at[0] == 't';
		return n;
	}
	if ((comes_from(type, "integer") || comes_from(type, "decimal")) && is_number(text))
		return make_text(r, NODE_NUMBER, text, pos);
	return make_text(r, NODE_STRING, text, pos);
}

/* ---- narrative ---- */

/* The published JSON writes quotes as &quot; everywhere. */
static void html_text(struct reader *r, struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.at[i];

		if (c == '<')
			buf_cstr(&r->html, "&lt;");
		else if (c == '>')
			buf_cstr(&r->html, "&gt;");
		else if (c == '&')
			buf_cstr(&r->html, "&amp;");
		else if (c == '"')
			buf_cstr(&r->html, "&quot;");
		else
			buf_char(&r->html, c);
	}
}

static void html_close_tag(struct reader *r)
{
	if (r->html_open)
		buf_char(&r->html, '>');
	r->html_open = false;
}

static void html_start(struct reader *r, const xmlChar *name, int count,
		       const xmlChar **attributes)
{
	html_close_tag(r);
	if (++r->html_depth > DEPTH_MAX) {
		refuse(r, ERR_LIMIT, "narrative nested too deeply", NULL);
		return;
	}
	buf_char(&r->html, '<');
	buf_cstr(&r->html, (const char *)name);
	if (r->html_depth == 1)
		buf_cstr(&r->html, " xmlns=\"" XHTML_NS "\"");
	for (int i = 0; i < count; i++, attributes += 5) {
		struct str value = { (const char *)attributes[3],
				     (size_t)(attributes[4] - attributes[3]) };

		buf_char(&r->html, ' ');
		if (attributes[1])
			buf_printf(&r->html, "%s:", (const char *)attributes[1]);
		buf_printf(&r->html, "%s=\"", (const char *)attributes[0]);
		html_text(r, value);
		buf_char(&r->html, '"');
	}
	r->html_open = true;
}

static void html_end(struct reader *r, const xmlChar *name)
{
	if (r->html_open)
		buf_cstr(&r->html, "/>");
	else
		buf_printf(&r->html, "</%s>", (const char *)name);
	r->html_open = false;
	if (--r->html_depth == 0) {
		struct frame *at = &r->frames[r->len - 1];

		if (r->html.full)
			refuse(r, ERR_LIMIT, "narrative is too long", NULL);
		at->value = make_text(r, NODE_STRING, buf_get(&r->html), at->pos);
	}
}

/* ---- elements ---- */

static void read_attributes(struct reader *r, struct frame *at, int count,
			    const xmlChar **attributes)
{
	for (int i = 0; i < count && !r->err; i++, attributes += 5) {
		struct str name = str_of((const char *)attributes[0]), text;
		const struct fhir_form *form;
		bool extra;

		if (attributes[1])
			continue; /* xsi:schemaLocation and the like */
		text.len = (size_t)(attributes[4] - attributes[3]);
		text.at = arena_dup(r->a, attributes[3], text.len);
		if (at->type->kind == FHIR_PRIMITIVE && str_is(name, "value"))
			at->value = primitive(r, at->type, text, at->pos);
		else if (fhir_member(at->type, atoms_find(r->f->atoms, name), &form, &extra) &&
			 !extra && form->type->kind == FHIR_PRIMITIVE)
			attach(r, holder(r, at), form->key,
			       make_text(r, NODE_STRING, text, at->pos));
		else
			refuse(r, ERR_SYNTAX, "no such attribute", attributes[0]);
	}
}

/* A frame for a resource: the root, or what stands in contained and the like. */
static void start_resource(struct reader *r, struct frame *at, const xmlChar *name)
{
	struct node *type_name;

	at->type = fhir_resource_type(r->f, str_of((const char *)name));
	if (!at->type) {
		refuse(r, ERR_SYNTAX, "not a FHIR resource", name);
		return;
	}
	at->value = make(r, NODE_OBJECT, at->pos);
	type_name = make_text(r, NODE_STRING, str_of(at->type->name), at->pos);
	attach(r, at->value, r->f->key_resource_type, type_name);
}

static void start_member(struct reader *r, struct frame *at, const struct frame *parent,
			 const xmlChar *name)
{
	uint16_t key = atoms_find(r->f->atoms, str_of((const char *)name));
	bool extra = false;

	at->elem = fhir_member(parent->type, key, &at->form, &extra);
	if (!at->elem || extra) {
		refuse(r, ERR_SYNTAX,
		       arena_printf(r->c->arena, "%s has no such element", parent->type->name),
		       name);
		return;
	}
	at->type = at->form->type;
	at->depth = parent->depth + (at->elem->list ? 2 : 1);
	if (at->depth > DEPTH_MAX) {
		refuse(r, ERR_LIMIT, "elements nested too deeply", name);
		return;
	}
	at->wrapper = at->type == r->f->resource;
	if (at->type->kind != FHIR_PRIMITIVE && !at->wrapper)
		at->value = make(r, NODE_OBJECT, at->pos);
}

static void on_start(void *arg, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri,
		     int namespace_count, const xmlChar **namespaces, int count, int defaulted,
		     const xmlChar **attributes)
{
	struct reader *r = arg;
	struct frame *at, *parent = r->len ? &r->frames[r->len - 1] : NULL;
	bool html;

	(void)prefix, (void)namespace_count, (void)namespaces, (void)defaulted;
	if (r->err)
		return;
	if (r->html_depth) {
		html_start(r, name, count, attributes);
		return;
	}
	if (r->len == FRAMES_MAX) {
		refuse(r, ERR_LIMIT, "elements nested too deeply", name);
		return;
	}
	at = &r->frames[r->len++];
	*at = (struct frame){ .pos = position(r), .depth = parent ? parent->depth : 1 };
	if (!parent || parent->wrapper)
		start_resource(r, at, name);
	else
		start_member(r, at, parent, name);
	if (r->err)
		return;
	html = !strcmp(at->type->name, "xhtml");
	if (!str_is(str_of((const char *)uri), html ? XHTML_NS : FHIR_NS)) {
		refuse(r, ERR_SYNTAX, "this element is not in FHIR's namespace", name);
		return;
	}
	if (html) {
		buf_init(&r->html, r->a, HTML_MAX);
		html_start(r, name, count, attributes);
		return;
	}
	read_attributes(r, at, count, attributes);
}

static void on_end(void *arg, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri)
{
	struct reader *r = arg;
	struct frame *ended, *parent;

	(void)prefix, (void)uri;
	if (r->err)
		return;
	if (r->html_depth) {
		html_end(r, name);
		if (r->html_depth || r->err)
			return;
	}
	ended = &r->frames[--r->len];
	parent = r->len ? ended - 1 : NULL;
	if (ended->wrapper && !ended->value) {
		refuse(r, ERR_SYNTAX, "a resource is missing here", name);
		return;
	}
	if (ended->type->kind != FHIR_PRIMITIVE && !ended->wrapper)
		even_lists(r, ended);
	if (!parent)
		r->root = ended->value;
	else if (parent->wrapper && parent->value)
		refuse(r, ERR_SYNTAX, "more than one resource in one place", name);
	else if (parent->wrapper)
		parent->value = ended->value;
	else
		add_member(r, holder(r, parent), ended);
}

static void on_text(void *arg, const xmlChar *text, int len)
{
	struct reader *r = arg;
	struct str s = { (const char *)text, (size_t)len };

	if (r->err)
		return;
	if (r->html_depth) {
		html_close_tag(r);
		html_text(r, s);
	} else if (str_trim(s).len) {
		refuse(r, ERR_SYNTAX, "text between elements", NULL);
	}
}

static void on_doctype(void *arg, const xmlChar *name, const xmlChar *id, const xmlChar *uri)
{
	(void)id, (void)uri;
	refuse(arg, ERR_SYNTAX, "a document type is not allowed", name);
}

static void on_error(void *arg, xmlErrorPtr error)
{
	struct reader *r = arg;

	if (error->level >= XML_ERR_ERROR)
		give_up(r, ERR_SYNTAX, (uint32_t)(error->line > 0 ? error->line : 0),
			(uint32_t)(error->int2 > 0 ? error->int2 : 0), "not XML",
			str_trim(str_of(error->message)));
}

/* libxml2 compares each attribute of a tag with those before it, so that many take quadratic time: counted
 * before it reads. What is no tag is passed over; what is badly formed is left to it. */
static const char *skip(const char *at, const char *end, const char *to)
{
	ptrdiff_t found = str_find((struct str){ at, (size_t)(end - at) }, str_of(to));

	return found < 0 ? end : at + found + strlen(to);
}

static bool too_many_attributes(struct str text)
{
	static const struct { struct str from; const char *to; } passed[] = {
		{ STR("<!--"), "-->" }, { STR("<![CDATA["), "]]>" }, { STR("<?"), "?>" },
	};
	const char *at = text.at, *end = text.at + text.len;

	while (at < end && (at = memchr(at, '<', (size_t)(end - at)))) {
		const char *tag = at++;
		unsigned count = 0;

		for (size_t i = 0; i < sizeof passed / sizeof *passed; i++)
			if (str_starts((struct str){ tag, (size_t)(end - tag) }, passed[i].from))
				at = skip(tag, end, passed[i].to);
		if (at != tag + 1)
			continue;
		for (; at < end && *at != '>' && *at != '<'; at++) {
			if (*at == '=' && ++count > ATTRIBUTES_MAX)
				return true;
			if (*at == '"' || *at == '\'')
				at = skip(at + 1, end, *at == '"' ? "\"" : "'") - 1;
		}
	}
	return false;
}

static void parser_done(xmlParserCtxtPtr *parser)
{
	if (*parser)
		xmlFreeParserCtxt(*parser);
}

enum err fhir_read_xml(struct ctx *c, const struct fhir *f, struct arena *a, struct str text,
		       struct node **out)
{
	static const xmlSAXHandler handlers = {
		.initialized = XML_SAX2_MAGIC,
		.internalSubset = on_doctype,
		.startElementNs = on_start,
		.endElementNs = on_end,
		.characters = on_text,
		.cdataBlock = on_text,
		.serror = on_error,
	};
	__attribute__((cleanup(parser_done))) xmlParserCtxtPtr parser = NULL;
	struct reader *r;

	if (text.len == 0)
		return fail(c, ERR_SYNTAX, "The input is empty.");
	if (text.len > BYTES_MAX)
		return fail(c, ERR_LIMIT, "The input has %zu bytes; %zu are allowed.", text.len,
			    BYTES_MAX);
	if (too_many_attributes(text))
		return fail(c, ERR_LIMIT, "A tag has more than %d attributes.", ATTRIBUTES_MAX);
	parser = xmlCreateMemoryParserCtxt(text.at, (int)text.len);
	if (!parser)
		return fail(c, ERR_SYNTAX, "The input cannot be read as XML.");
	r = NEW(c->arena, struct reader);
	*r = (struct reader){ .c = c, .f = f, .a = a, .text = text, .parser = parser };
	*parser->sax = handlers;
	parser->userData = r;
	/* Without a document type NOENT can replace only XML's own entities. */
	xmlCtxtUseOptions(parser, XML_PARSE_NONET | XML_PARSE_NOENT);
	xmlParseDocument(parser);
	if (!r->err && (!parser->wellFormed || !r->root))
		give_up(r, ERR_SYNTAX, 0, 0, "not XML", (struct str){ 0 });
	TRY(r->err);
	*out = r->root;
	return OK;
}
