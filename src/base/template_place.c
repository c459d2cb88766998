/* template_place.c - where in the HTML a piece of a template stands.
 *
 * A small machine over the literal text of a template, close to the tokenizer of the HTML
 * standard (13.2.5) and stricter: what browsers repair, it refuses, so that the browser and we
 * cannot disagree about where a value stands. Sections may run or not, so they must end where
 * they began; states that differ harmlessly are made into the more careful one (html_merge).
 */
#include "base/template.h"

enum at {
	TEXT,
	LT,           /* < */
	LT_SLASH,     /* </ */
	DECL_START,   /* <! */
	DECL_DASH,    /* <!- */
	DECL,         /* <!doctype and other things up to > */
	COMMENT,
	TAG_NAME,
	BEFORE_ATTR,  /* in a tag, after a space */
	GAP,          /* in a tag, a space or the end must come */
	ATTR_NAME,
	AFTER_NAME,   /* spaces after an attribute's name */
	BEFORE_VALUE, /* after = */
	QUOTED,       /* in "…" */
	QUOTED_ONCE,  /* in '…' */
	UNQUOTED,
	RAW_TEXT,     /* of script, style, title, … */
	RAW_LT,
	RAW_SLASH,
	AT_COUNT
};

enum { ATTR_PLAIN, ATTR_URL, ATTR_NEVER };

/* The scheme of a URL: nothing yet, maybe within it, certainly past it. */
enum { URL_START, URL_HEAD, URL_REST };

/* Elements that change how what follows is read; the first is any other. */
enum { OTHER, SCRIPT };
static const struct element {
	const char *name;
	bool raw;      /* no tags within */
	bool values;   /* raw, but entities are decoded: values may stand here */
	bool resource; /* runs or embeds what its URL names */
} elements[] = {
	/*            name        raw    values  resource */
	[OTHER] =  { "",          false, false, false },
	[SCRIPT] = { "script",    true,  false, true  },
	           { "style",     true,  false, false },
	           { "title",     true,  true,  false },
	           { "textarea",  true,  true,  false },
	           { "xmp",       true,  false, false },
	           { "iframe",    true,  false, true  },
	           { "noembed",   true,  false, false },
	           { "noframes",  true,  false, false },
	           { "plaintext", true,  false, false },
	           { "object",    false, false, true  },
	           { "embed",     false, false, true  },
	           { "base",      false, false, true  },
	           { "link",      false, false, true  },
};

static const struct attribute {
	const char *name;
	uint8_t kind;
} attributes[] = {
	{ "href",       ATTR_URL },
	{ "src",        ATTR_URL },
	{ "action",     ATTR_URL },
	{ "formaction", ATTR_URL },
	{ "poster",     ATTR_URL },
	{ "cite",       ATTR_URL },
	{ "data",       ATTR_URL },
	{ "background", ATTR_URL },
	{ "xlink:href", ATTR_URL },
	{ "style",      ATTR_NEVER },
	{ "srcdoc",     ATTR_NEVER },
	{ "srcset",     ATTR_NEVER },
	{ "ping",       ATTR_NEVER },
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void name_start(struct html_state *s)
{
	s->name_len = 0;
}

static void name_add(struct html_state *s, char c)
{
	if (s->name_len < sizeof s->name)
		s->name[s->name_len++] = c >= 'A' && c <= 'Z' ? (char)(c | 32) : c;
}

static bool name_is(const struct html_state *s, const char *name)
{
	return str_is((struct str){ s->name, s->name_len }, name);
}

static uint8_t element_named(const struct html_state *s)
{
	for (size_t i = SCRIPT; i < sizeof elements / sizeof *elements; i++)
		if (name_is(s, elements[i].name))
			return (uint8_t)i;
	return OTHER;
}

static uint8_t attribute_named(const struct html_state *s)
{
	if (s->name_len >= 2 && s->name[0] == 'o' && s->name[1] == 'n')
		return ATTR_NEVER;
	for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++)
		if (name_is(s, attributes[i].name))
			return attributes[i].kind;
	return ATTR_PLAIN;
}

static const char *go(struct html_state *s, enum at at)
{
	s->at = (uint8_t)at;
	return NULL;
}

static const char *tag_end(struct html_state *s)
{
	if (!s->closing && elements[s->element].raw)
		return go(s, RAW_TEXT);
	s->element = 0;
	return go(s, TEXT);
}

static const char *feed_text(struct html_state *s, char c)
{
	return go(s, c == '<' ? LT : TEXT);
}

static const char *feed_lt(struct html_state *s, char c)
{
	if (is_letter(c)) {
		s->closing = false;
		name_start(s);
		name_add(s, c);
		return go(s, TAG_NAME);
	}
	switch (c) {
	case '/':
		return go(s, LT_SLASH);
	case '!':
		return go(s, DECL_START);
	case '?':
		return go(s, DECL);
	default:
		return feed_text(s, c);
	}
}

static const char *feed_lt_slash(struct html_state *s, char c)
{
	if (!is_letter(c))
		return "has </ without a name";
	s->closing = true;
	name_start(s);
	name_add(s, c);
	return go(s, TAG_NAME);
}

static const char *feed_decl_start(struct html_state *s, char c)
{
	return go(s, c == '-' ? DECL_DASH : c == '>' ? TEXT : DECL);
}

static const char *feed_decl_dash(struct html_state *s, char c)
{
	s->phase = 2; /* <!--> is a whole comment */
	return go(s, c == '-' ? COMMENT : c == '>' ? TEXT : DECL);
}

static const char *feed_decl(struct html_state *s, char c)
{
	return go(s, c == '>' ? TEXT : DECL);
}

/* phase: dashes just seen, 3 after --! */
static const char *feed_comment(struct html_state *s, char c)
{
	if (c == '>' && s->phase >= 2)
		return go(s, TEXT);
	if (c == '-')
		s->phase = s->phase == 0 || s->phase == 3 ? 1 : 2;
	else
		s->phase = c == '!' && s->phase == 2 ? 3 : 0;
	return NULL;
}

static const char *feed_tag_name(struct html_state *s, char c)
{
	if (!is_space(c) && c != '/' && c != '>') {
		if (c == '<' || c == '"' || c == '\'')
			return "has a stray < or quote in a tag";
		name_add(s, c);
		return NULL;
	}
	s->element = element_named(s);
	return c == '>' ? tag_end(s) : go(s, BEFORE_ATTR);
}

static const char *feed_before_attr(struct html_state *s, char c)
{
	if (is_space(c) || c == '/')
		return NULL;
	if (c == '>')
		return tag_end(s);
	if (c == '=' || c == '"' || c == '\'' || c == '<')
		return "has a stray =, < or quote in a tag";
	name_start(s);
	name_add(s, c);
	return go(s, ATTR_NAME);
}

static const char *feed_gap(struct html_state *s, char c)
{
	if (!is_space(c) && c != '/' && c != '>')
		return "needs a space before the next attribute";
	return c == '>' ? tag_end(s) : go(s, BEFORE_ATTR);
}

static const char *attr_value(struct html_state *s)
{
	s->attr = attribute_named(s);
	s->phase = URL_START;
	s->tainted = false;
	return go(s, BEFORE_VALUE);
}

static const char *feed_attr_name(struct html_state *s, char c)
{
	if (c == '=')
		return attr_value(s);
	if (is_space(c))
		return go(s, AFTER_NAME);
	if (c == '/' || c == '>')
		return feed_gap(s, c);
	if (c == '"' || c == '\'' || c == '<')
		return "has a stray < or quote in a tag";
	name_add(s, c);
	return NULL;
}

static const char *feed_after_name(struct html_state *s, char c)
{
	return c == '=' ? attr_value(s) : feed_before_attr(s, c);
}

static const char *feed_before_value(struct html_state *s, char c)
{
	if (c == '>')
		return "has an attribute without its value";
	if (is_space(c))
		return NULL;
	if (c == '"')
		return go(s, QUOTED);
	return go(s, c == '\'' ? QUOTED_ONCE : UNQUOTED);
}

static const char *url_byte(struct html_state *s, char c)
{
	if (s->phase == URL_REST)
		return NULL;
	if (c == ':' && (s->tainted || s->phase == URL_START))
		return "lets a value be part of a URL's scheme";
	s->phase = c == ':' || c == '/' || c == '?' || c == '#' ? URL_REST : URL_HEAD;
	return NULL;
}

static const char *feed_quoted(struct html_state *s, char c)
{
	if (c == (s->at == QUOTED ? '"' : '\''))
		return go(s, GAP);
	return s->attr == ATTR_URL ? url_byte(s, c) : NULL;
}

static const char *feed_unquoted(struct html_state *s, char c)
{
	return c == '>' ? tag_end(s) : is_space(c) ? go(s, BEFORE_ATTR) : NULL;
}

static const char *feed_raw(struct html_state *s, char c)
{
	return go(s, c == '<' ? RAW_LT : RAW_TEXT);
}

static const char *feed_raw_lt(struct html_state *s, char c)
{
	name_start(s);
	if (c != '/' && elements[s->element].values)
		return "has a < within a title or textarea; write &lt;";
	if (c == '!' && s->element == SCRIPT)
		return "has <! within a script"; /* changes where browsers let the script end */
	return go(s, c == '/' ? RAW_SLASH : c == '<' ? RAW_LT : RAW_TEXT);
}

static const char *feed_raw_slash(struct html_state *s, char c)
{
	if (is_letter(c)) {
		name_add(s, c);
		return NULL;
	}
	if ((is_space(c) || c == '/' || c == '>') && name_is(s, elements[s->element].name)) {
		s->closing = true;
		return c == '>' ? tag_end(s) : go(s, BEFORE_ATTR);
	}
	if (elements[s->element].values)
		return "has a < within a title or textarea; write &lt;";
	return feed_raw(s, c);
}

/* What to do with a byte, and what to say of a value there. */
static const struct {
	const char *(*feed)(struct html_state *s, char c);
	const char *value;
} states[AT_COUNT] = {
	[TEXT] = { feed_text, NULL },
	[LT] = { feed_lt, "has a value where a tag's name begins" },
	[LT_SLASH] = { feed_lt_slash, "has a value where a tag's name begins" },
	[DECL_START] = { feed_decl_start, "has a value within <!" },
	[DECL_DASH] = { feed_decl_dash, "has a value within <!" },
	[DECL] = { feed_decl, "has a value within <!" },
	[COMMENT] = { feed_comment, "has a value within a comment" },
	[TAG_NAME] = { feed_tag_name, "has a value within a tag's name" },
	[BEFORE_ATTR] = { feed_before_attr, "has a value where an attribute's name begins" },
	[GAP] = { feed_gap, "has a value where an attribute's name begins" },
	[ATTR_NAME] = { feed_attr_name, "has a value within an attribute's name" },
	[AFTER_NAME] = { feed_after_name, "has a value where an attribute's name begins" },
	[BEFORE_VALUE] = { feed_before_value, "has a value in an attribute without quotes" },
	[QUOTED] = { feed_quoted, NULL },
	[QUOTED_ONCE] = { feed_quoted, NULL },
	[UNQUOTED] = { feed_unquoted, "has a value in an attribute without quotes" },
	[RAW_TEXT] = { feed_raw, NULL },
	[RAW_LT] = { feed_raw_lt, "has a value after <" },
	[RAW_SLASH] = { feed_raw_slash, "has a value after </" },
};

const char *html_feed(struct html_state *s, char c)
{
	return states[s->at].feed(s, c);
}

static const char *url_value(struct html_state *s, enum escape *escape)
{
	if (s->phase == URL_START && elements[s->element].resource)
		return "lets a value choose what is loaded into the page";
	*escape = s->phase == URL_START ? ESCAPE_URL : ESCAPE_URL_PART;
	s->tainted |= s->phase != URL_REST;
	s->phase = s->phase == URL_START ? URL_HEAD : s->phase;
	return NULL;
}

const char *html_value(struct html_state *s, enum escape *escape)
{
	bool quoted = s->at == QUOTED || s->at == QUOTED_ONCE;

	if (states[s->at].value)
		return states[s->at].value;
	if (s->at == RAW_TEXT && !elements[s->element].values)
		return "has a value within a script, a style or other raw text";
	if (quoted && s->attr == ATTR_NEVER)
		return "has a value in an attribute that runs or loads things (on…, style, "
		       "srcdoc, srcset)";
	if (quoted && s->attr == ATTR_URL)
		return url_value(s, escape);
	if (s->at != TEXT)
		*escape = ESCAPE_TEXT;
	return NULL;
}

const char *html_boundary(struct html_state *s)
{
	switch (s->at) {
	case TAG_NAME:
		s->element = element_named(s);
		return go(s, GAP);
	case ATTR_NAME:
		return go(s, GAP);
	case AFTER_NAME:
		return go(s, BEFORE_ATTR);
	case LT:
	case LT_SLASH:
	case DECL_START:
	case DECL_DASH:
	case BEFORE_VALUE:
	case RAW_LT:
	case RAW_SLASH:
		return "has a section that begins or ends in the middle of markup";
	case COMMENT:
		return s->phase ? "has a section beside the dashes of a comment" : NULL;
	default:
		return NULL;
	}
}

const char *html_merge(struct html_state *s, const struct html_state *skipped)
{
	bool between = (s->at == GAP || s->at == BEFORE_ATTR) &&
		       (skipped->at == GAP || skipped->at == BEFORE_ATTR);

	if ((s->at != skipped->at && !between) || s->element != skipped->element)
		return "has a section that ends in another place of the HTML than it began";
	if (s->at == TEXT || s->at == RAW_TEXT)
		return NULL;
	if (s->closing != skipped->closing || (!between && s->attr != skipped->attr))
		return "has a section that ends in another place of the HTML than it began";
	if (s->at != skipped->at)
		s->at = GAP;
	if (skipped->phase < s->phase)
		s->phase = skipped->phase;
	s->tainted |= skipped->tainted;
	return NULL;
}

const char *html_plain(const struct html_state *s)
{
	return s->at == TEXT ? NULL
			     : "has a partial, or its end, within a tag, comment or raw text";
}

const char *html_block(const struct html_state *s)
{
	return s->at == RAW_TEXT && elements[s->element].values ? NULL : html_plain(s);
}
