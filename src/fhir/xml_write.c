/* xml_write.c - a tree as FHIR XML: the way back from xml.c.
 *
 * A level is an element that is open: the members of its object, in the order the definitions
 * give them, whatever order the JSON had. A level's value and its `_name` come as one element.
 * Levels stand in a vector, so no depth can exhaust the stack. Narrative is markup in both forms;
 * markup that is no XHTML is written as the text it is, so that what a tree holds can always be
 * shown. What the definitions do not know cannot be written and is refused.
 */
#include <libxml/HTMLparser.h>
#include <libxml/parser.h>
#include <libxml/parserInternals.h>

#include "base/vec.h"
#include "fhir/type.h"

#define FHIR_NS "http://hl7.org/fhir"
#define XHTML_NS "http://www.w3.org/1999/xhtml"

struct member {
	unsigned order; /* index of the element in its type */
	const struct fhir_form *form;
	const struct node *node, *extra; /* what is left of a list, else the one value */
	bool list, extra_list;
};

struct level {
	struct str tag, outer; /* to close; outer: what holds a resource, or empty */
	struct member *members;
	size_t len, at;
};

struct writer {
	struct ctx *c;
	const struct fhir *f;
	struct buf *out;
	struct arena *scratch;
	int indent;
	unsigned depth; /* tags that are open */
	VEC(struct level) levels;
};

/* ---- text ---- */

/* XML 1.0 has no way to say these, and FHIR forbids them: they become U+FFFD. */
static size_t unspeakable(const char *s, size_t len)
{
	unsigned char c = (unsigned char)*s;

	if (c < 0x20 && c != '\t' && c != '\n' && c != '\r')
		return 1;
	if (c == 0xef && len >= 3 && (unsigned char)s[1] == 0xbf && (unsigned char)s[2] >= 0xbe)
		return 3;
	return 0;
}

/* As the value of an attribute; line ends and tabs survive only as references. */
static void write_text(struct buf *out, struct str s)
{
	static const char *const names[128] = {
		['&'] = "&amp;", ['<'] = "&lt;",   ['>'] = "&gt;",   ['"'] = "&quot;",
		['\t'] = "&#9;", ['\n'] = "&#10;", ['\r'] = "&#13;",
	};
	size_t start = 0, skip;

	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.at[i];
		const char *name = c < 128 ? names[c] : NULL;

		skip = name ? 1 : unspeakable(s.at + i, s.len - i);
		if (!skip)
			continue;
		buf_add(out, s.at + start, i - start);
		buf_cstr(out, name ? name : "\357\277\275");
		i += skip - 1;
		start = i + 1;
	}
	buf_add(out, s.at + start, s.len - start);
}

static void line_end(struct writer *w, unsigned depth)
{
	if (w->indent <= 0)
		return;
	buf_char(w->out, '\n');
	for (unsigned i = depth * (unsigned)w->indent; i > 0; i--)
		buf_char(w->out, ' ');
}

static void start_tag(struct writer *w, struct str name)
{
	line_end(w, w->depth++);
	buf_char(w->out, '<');
	buf_str(w->out, name);
}

static void end_tag(struct writer *w, struct str name)
{
	line_end(w, --w->depth);
	buf_cstr(w->out, "</");
	buf_str(w->out, name);
	buf_char(w->out, '>');
}

static void write_attribute(struct writer *w, const char *name, struct str value)
{
	buf_printf(w->out, " %s=\"", name);
	write_text(w->out, value);
	buf_char(w->out, '"');
}

/* ---- narrative ---- */

struct html {
	bool started, bad, bare; /* bare: the root says no namespace */
};

static void html_start(void *arg, const xmlChar *name, const xmlChar *prefix,
		       const xmlChar *uri, int namespace_count, const xmlChar **namespaces,
		       int count, int defaulted, const xmlChar **attributes)
{
	struct html *h = arg;

	(void)prefix, (void)namespace_count, (void)namespaces;
	(void)count, (void)defaulted, (void)attributes;
	if (h->started)
		return;
	h->started = true;
	h->bare = !uri;
	h->bad |= strcmp((const char *)name, "div") ||
		  (uri && strcmp((const char *)uri, XHTML_NS));
}

static void html_doctype(void *arg, const xmlChar *name, const xmlChar *id, const xmlChar *uri)
{
	(void)name, (void)id, (void)uri;
	((struct html *)arg)->bad = true;
}

static void html_error(void *arg, xmlErrorPtr error)
{
	if (error->level >= XML_ERR_ERROR)
		((struct html *)arg)->bad = true;
}

static void parser_done(xmlParserCtxtPtr *parser)
{
	if (*parser)
		xmlFreeParserCtxt(*parser);
}

/* Can this stand as an element in an XML document? */
static struct html html_look(struct str text)
{
	static const xmlSAXHandler handlers = {
		.initialized = XML_SAX2_MAGIC,
		.internalSubset = html_doctype,
		.startElementNs = html_start,
		.serror = html_error,
	};
	__attribute__((cleanup(parser_done))) xmlParserCtxtPtr parser = NULL;
	struct html h = { .bad = text.len < 5 || memcmp(text.at, "<div", 4) };

	if (!h.bad)
		parser = xmlCreateMemoryParserCtxt(text.at, (int)text.len);
	if (!parser) {
		h.bad = true;
		return h;
	}
	*parser->sax = handlers;
	parser->userData = &h;
	xmlCtxtUseOptions(parser, XML_PARSE_NONET);
	xmlParseDocument(parser);
	h.bad |= !parser->wellFormed;
	return h;
}

/* JSON's narrative may use HTML's names of characters; XML knows five of them. */
static struct str without_entities(struct arena *a, struct str text)
{
	struct buf out;
	size_t start = 0;

	if (!memchr(text.at, '&', text.len))
		return text;
	buf_init(&out, a, 0);
	for (size_t i = 0; i < text.len; i++) {
		char name[12];
		size_t len = 0;
		const htmlEntityDesc *entity;

		if (text.at[i] != '&')
			continue;
		while (i + 1 + len < text.len && len < sizeof name - 1 &&
		       text.at[i + 1 + len] != ';') {
			name[len] = text.at[i + 1 + len];
			len++;
		}
		name[len] = 0;
		entity = htmlEntityLookup((const xmlChar *)name);
		if (!entity || entity->value < 128 || i + 1 + len == text.len ||
		    text.at[i + 1 + len] != ';')
			continue;
		buf_add(&out, text.at + start, i - start);
		buf_utf8(&out, entity->value);
		i += len + 1;
		start = i + 1;
	}
	buf_add(&out, text.at + start, text.len - start);
	return buf_get(&out);
}

static void write_html(struct writer *w, const struct node *n)
{
	struct str text = str_trim(without_entities(w->scratch, node_text(n)));
	struct html h = html_look(text);

	line_end(w, w->depth);
	if (h.bad) {
		buf_cstr(w->out, "<div xmlns=\"" XHTML_NS "\">");
		write_text(w->out, node_text(n));
		buf_cstr(w->out, "</div>");
	} else if (h.bare) {
		buf_cstr(w->out, "<div xmlns=\"" XHTML_NS "\"");
		buf_add(w->out, text.at + 4, text.len - 4);
	} else {
		buf_str(w->out, text);
	}
}

/* ---- elements ---- */

static struct str name_of(const struct node *n)
{
	return (struct str){ n->name, n->name_len };
}

static enum err unknown(struct writer *w, const struct fhir_type *type, const struct node *n)
{
	struct str name = name_of(n);

	if (name.len > 100)
		name.len = 100;
	return fail(w->c, ERR_INVALID,
		    "This cannot be written as XML: %s has no element " STR_FMT ".", type->name,
		    STR_ARG(name));
}

static enum err misshapen(struct writer *w, struct str tag)
{
	return fail(w->c, ERR_INVALID,
		    "This cannot be written as XML: " STR_FMT " is not of the kind FHIR says.",
		    STR_ARG(tag));
}

/* The members FHIR writes as attributes: the id of an element, the url of an extension. */
static const char *attribute(const struct writer *w, const struct fhir_type *type,
			     const struct node *n)
{
	if (type->kind == FHIR_RESOURCE || n->kind != NODE_STRING)
		return NULL;
	if (str_is(name_of(n), "id"))
		return "id";
	return type == w->f->extension && str_is(name_of(n), "url") ? "url" : NULL;
}

static uint16_t key_of(const struct writer *w, const struct node *n)
{
	return n->key ? n->key : atoms_find(w->f->atoms, name_of(n));
}

/* A node into the member of its element: with its other half if that was here before. */
static void add_member(struct level *level, unsigned order, const struct fhir_form *form,
		       const struct node *n, bool extra)
{
	struct member *m = NULL;
	size_t at = level->len;
	bool list = n->kind == NODE_ARRAY;

	for (size_t i = level->len; i-- > 0 && !m;)
		if (level->members[i].form == form)
			m = &level->members[i];
	if (!m) {
		for (; at > 0 && level->members[at - 1].order > order; at--)
			level->members[at] = level->members[at - 1];
		m = &level->members[at];
		*m = (struct member){ .order = order, .form = form };
		level->len++;
	}
	*(extra ? &m->extra : &m->node) = list ? n->first : n;
	*(extra ? &m->extra_list : &m->list) = list;
}

/* Writes the attributes of an open tag and leaves the rest in `level`. */
static enum err take_members(struct writer *w, const struct fhir_type *type,
			     const struct node *holder, struct level *level)
{
	const char *name;

	if (!holder)
		return OK;
	node_each(n, holder)
		if ((name = attribute(w, type, n)))
			write_attribute(w, name, node_text(n));
	level->members = NEW_N(w->scratch, struct member, holder->len);
	node_each(n, holder) {
		const struct fhir_form *form;
		const struct fhir_elem *elem;
		bool extra;

		if (attribute(w, type, n) || n->kind == NODE_NULL)
			continue;
		if (type->kind == FHIR_RESOURCE && str_is(name_of(n), "resourceType"))
			continue;
		elem = fhir_member(type, key_of(w, n), &form, &extra);
		if (!elem)
			return unknown(w, type, n);
		add_member(level, (unsigned)(elem - type->elems), form, n, extra);
	}
	return OK;
}

/* Ends the start tag; what stands between start and end becomes a level. */
static void open_level(struct writer *w, struct level level)
{
	if (level.len == 0) {
		buf_cstr(w->out, "/>");
		w->depth--;
		if (level.outer.len)
			end_tag(w, level.outer);
		return;
	}
	buf_char(w->out, '>');
	*vec_push(&w->levels, w->scratch) = level;
}

static enum err write_resource(struct writer *w, struct str outer, const struct node *n)
{
	struct str name = node_text(node_get(n, "resourceType"));
	const struct fhir_type *type = fhir_resource_type(w->f, name);
	struct level level = { .outer = outer };

	if (!type)
		return fail(w->c, ERR_INVALID,
			    "This cannot be written as XML: it is not a FHIR resource.");
	level.tag = str_of(type->name);
	if (outer.len) {
		start_tag(w, outer);
		buf_char(w->out, '>');
	}
	start_tag(w, level.tag);
	if (!w->levels.len)
		buf_cstr(w->out, " xmlns=\"" FHIR_NS "\"");
	TRY(take_members(w, type, n, &level));
	open_level(w, level);
	return OK;
}

static enum err write_element(struct writer *w, const struct fhir_form *form,
			      const struct node *n, const struct node *extra)
{
	const struct fhir_type *type = form->type;
	struct level level = { .tag = atoms_name(w->f->atoms, form->key) };
	bool primitive = type->kind == FHIR_PRIMITIVE;

	if (n && (n->kind >= NODE_ARRAY) != !primitive)
		return misshapen(w, level.tag);
	if (node_is(n, NODE_ARRAY) || (extra && extra->kind != NODE_OBJECT))
		return misshapen(w, level.tag);
	if (type == w->f->resource)
		return write_resource(w, level.tag, n);
	if (n && !strcmp(type->name, "xhtml")) {
		write_html(w, n);
		return OK;
	}
	start_tag(w, level.tag);
	TRY(take_members(w, type, primitive ? extra : n, &level));
	if (primitive && n)
		write_attribute(w, "value", node_text(n));
	open_level(w, level);
	return OK;
}

static const struct node *not_null(const struct node *n)
{
	return n && n->kind != NODE_NULL ? n : NULL;
}

/* The next value of the innermost level; closes it when there is none. */
static enum err step(struct writer *w)
{
	struct level *level = &w->levels.at[w->levels.len - 1];
	struct member *m = &level->members[level->at];
	const struct node *n, *extra;

	if (level->at == level->len) {
		struct level ended = w->levels.at[--w->levels.len];

		end_tag(w, ended.tag);
		if (ended.outer.len)
			end_tag(w, ended.outer);
		return OK;
	}
	n = not_null(m->node);
	extra = not_null(m->extra);
	m->node = m->node && m->list ? m->node->next : NULL;
	m->extra = m->extra && m->extra_list ? m->extra->next : NULL;
	if (!m->node && !m->extra)
		level->at++;
	/* From here on `level` may move. */
	return n || extra ? write_element(w, m->form, n, extra) : OK;
}

enum err fhir_write_xml(struct ctx *c, const struct fhir *f, struct buf *out,
			const struct node *resource, int indent)
{
	ARENA(scratch);
	struct writer w = { .c = c, .f = f, .out = out, .scratch = &scratch, .indent = indent };

	buf_cstr(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
	TRY(write_resource(&w, (struct str){ 0 }, resource));
	while (w.levels.len)
		TRY(step(&w));
	if (indent > 0)
		buf_char(out, '\n');
	return OK;
}
