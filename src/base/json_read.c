/* json_read.c - RFC 8259 from bytes to nodes, in one pass without recursion.
 *
 * The reader alternates: read one value, then pass over what stands between it and the next one
 * (closing brackets, a comma, a member's name). Open containers stand on a stack of frames.
 */
#include <assert.h>

#include "base/json.h"
#include "base/json_scan.h"
#include "base/map.h"
#include "base/vec.h"

#define DEPTH 64u
#define NODES 4000000u
#define BYTES ((size_t)256 << 20)
/* Objects with more members than this find duplicates with a map. */
#define LINEAR_MEMBERS 32u
/* The deadline is looked at once in so many values. */
#define CHECK_EVERY 0xFFFFu

/* An open array or object. */
struct frame {
	struct node *node;
	uint64_t seen;     /* a bit per name met: one not set means a new name */
	struct map *names; /* of an object with many members, else NULL */
};

struct reader {
	struct ctx *c;
	struct arena *arena; /* of the tree */
	struct arena *scratch;
	const struct atoms *atoms;
	const char *start, *at, *end;
	VEC(struct frame) open;
	bool fresh; /* the innermost container has just been opened */
	unsigned depth, nodes, nodes_max;
	struct str name; /* of the value that comes next */
	uint16_t key;
	struct node *root;
};

/* --- saying no ---------------------------------------------------------------------------- */

__attribute__((cold, format(printf, 4, 5))) static enum err
refuse(struct reader *r, enum err e, const char *at, const char *format, ...)
{
	uint32_t line, column;
	va_list args;

	json_position((struct str){ r->start, (size_t)(r->end - r->start) },
		      (size_t)(at - r->start), &line, &column);
	va_start(args, format);
	const char *reason = arena_vprintf(r->scratch, format, args);
	va_end(args);
	issue_add(r->c, ISSUE_FATAL, err_row(e)->issue, NULL, line, column, "%s", reason);
	return fail(r->c, e, "Line %u, column %u: %s", line, column, reason);
}

/* "expected X but found Y" for what stands at r->at. */
__attribute__((cold)) static enum err expected(struct reader *r, const char *what)
{
	unsigned char found;

	if (r->at == r->end)
		return refuse(r, ERR_SYNTAX, r->at, "The input ends where %s should stand.",
			      what);
	found = (unsigned char)*r->at;
	if (found > 0x20 && found < 0x7F)
		return refuse(r, ERR_SYNTAX, r->at, "Expected %s but found %c.", what, found);
	return refuse(r, ERR_SYNTAX, r->at, "Expected %s but found byte 0x%02X.", what, found);
}

/* --- strings ------------------------------------------------------------------------------ */

/* To the closing quote. `r->at` is on it after; what was met on the way is in the flags. */
static enum err scan_string(struct reader *r, bool *escaped, bool *beyond_ascii)
{
	const char *at = r->at;

	for (;;) {
		while (r->end - at >= 8) {
			uint64_t hits = scan_special(scan_load(at));
			if (hits) {
				at += scan_first(hits);
				break;
			}
			at += 8;
		}
		if (at == r->end)
			return refuse(r, ERR_SYNTAX, r->at - 1, "This string has no end.");
		unsigned char c = (unsigned char)*at;
		if (c == '"')
			break;
		if (c == '\\') {
			*escaped = true;
			at += r->end - at > 1; /* what it escapes may be a quote */
		} else if (c >= 0x80) {
			*beyond_ascii = true;
			while (at + 1 < r->end && (unsigned char)at[1] >= 0x80)
				at++;
		} else if (c < 0x20) {
			return refuse(r, ERR_SYNTAX, at,
				      "A string holds the control character 0x%02X; "
				      "it must be written as an escape.",
				      c);
		}
		at++;
	}
	r->at = at;
	return OK;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20; /* small letters */
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Value of four hexadecimal digits, or -1. */
static int hex4(const char *at, const char *end)
{
	int value = 0;

	if (end - at < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int digit = hex_digit(at[i]);
		if (digit < 0)
			return -1;
		value = value << 4 | digit;
	}
	return value;
}

/* The code point of the \u escape at `at` (on the backslash); *len is what it takes. */
static enum err read_unicode(struct reader *r, const char *at, const char *end, uint32_t *point,
			     size_t *len)
{
	int unit = hex4(at + 2, end);

	if (unit < 0)
		return refuse(r, ERR_SYNTAX, at, "\\u needs four hexadecimal digits.");
	if (unit == 0)
		return refuse(r, ERR_SYNTAX, at, "\\u0000 is not allowed in text.");
	*point = (uint32_t)unit;
	*len = 6;
	if (unit < 0xD800 || unit > 0xDFFF)
		return OK;

	bool pair = unit < 0xDC00 && end - at >= 12 && at[6] == '\\' && at[7] == 'u';
	int low = pair ? hex4(at + 8, end) : -1;
	if (low < 0xDC00 || low > 0xDFFF)
		return refuse(r, ERR_SYNTAX, at, "\\u%04X is half of a surrogate pair.", unit);
	*point = 0x10000u + (((uint32_t)unit - 0xD800) << 10) + ((uint32_t)low - 0xDC00);
	*len = 12;
	return OK;
}

/* What a one-letter escape stands for; 0 if it is none. */
static const char escapes[256] = {
	['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
	['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t',
};

/* `raw` without its escapes, in the arena. Never longer than raw. */
static enum err unescape(struct reader *r, struct str raw, struct str *out)
{
	const char *at = raw.at, *end = raw.at + raw.len;
	struct buf b;

	buf_init(&b, r->arena, 0);
	buf_room(&b, raw.len);
	while (at < end) {
		const char *backslash = memchr(at, '\\', (size_t)(end - at));
		buf_add(&b, at, (size_t)((backslash ? backslash : end) - at));
		if (!backslash)
			break;
		at = backslash;
		char c = escapes[(unsigned char)at[1]];
		if (c) {
			buf_char(&b, c);
			at += 2;
		} else if (at[1] == 'u') {
			uint32_t point = 0;
			size_t len = 0;
			TRY(read_unicode(r, at, end, &point, &len));
			buf_utf8(&b, point);
			at += len;
		} else {
			return refuse(r, ERR_SYNTAX, at, "This escape is none of JSON's.");
		}
	}
	*out = buf_get(&b);
	return OK;
}

/* The string whose opening quote is at r->at. */
static enum err read_string(struct reader *r, struct str *out)
{
	bool escaped = false, beyond_ascii = false;
	const char *from = ++r->at;
	size_t bad;

	TRY(scan_string(r, &escaped, &beyond_ascii));
	struct str raw = { from, (size_t)(r->at - from) };
	if (beyond_ascii && !str_utf8(raw, &bad))
		return refuse(r, ERR_SYNTAX, from + bad, "Byte 0x%02X here is not UTF-8.",
			      (unsigned char)from[bad]);
	if (escaped)
		TRY(unescape(r, raw, &raw));
	r->at++;
	*out = raw;
	return OK;
}

/* --- other scalars ------------------------------------------------------------------------ */

static bool is_digit(const struct reader *r)
{
	return r->at < r->end && *r->at >= '0' && *r->at <= '9';
}

static enum err read_digits(struct reader *r)
{
	if (!is_digit(r))
		return expected(r, "a digit");
	while (is_digit(r))
		r->at++;
	return OK;
}

/* -? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)? */
static enum err read_number(struct reader *r, struct str *out)
{
	const char *from = r->at;

	if (*r->at == '-')
		r->at++;
	bool zero = r->at < r->end && *r->at == '0';
	const char *whole = r->at;
	TRY(read_digits(r));
	if (zero && r->at - whole > 1)
		return refuse(r, ERR_SYNTAX, whole,
			      "A number may not begin with a needless 0.");
	if (r->at < r->end && *r->at == '.') {
		r->at++;
		TRY(read_digits(r));
	}
	if (r->at < r->end && (*r->at == 'e' || *r->at == 'E')) {
		r->at++;
		if (r->at < r->end && (*r->at == '+' || *r->at == '-'))
			r->at++;
		TRY(read_digits(r));
	}
	*out = (struct str){ from, (size_t)(r->at - from) };
	return OK;
}

static enum err read_word(struct reader *r, struct str word)
{
	if ((size_t)(r->end - r->at) < word.len || memcmp(r->at, word.at, word.len) != 0)
		return expected(r, "a value (true, false and null in small letters)");
	r->at += word.len;
	return OK;
}

/* --- nodes -------------------------------------------------------------------------------- */

static inline void skip_space(struct reader *r)
{
	const char *at = r->at, *end = r->end;

	while (at < end && (unsigned char)*at <= ' ') {
		if (*at != ' ' && *at != '\n' && *at != '\r' && *at != '\t')
			break;
		at++;
		while (end - at >= 8) { /* indentation */
			uint64_t other = scan_load(at) ^ SCAN_EACH(' ');
			if (other) {
				at += scan_first(other);
				break;
			}
			at += 8;
		}
	}
	r->at = at;
}

static struct frame *top(struct reader *r)
{
	return r->open.len ? &r->open.at[r->open.len - 1] : NULL;
}

/* A node at r->at, linked to the innermost open container. */
static enum err add_node(struct reader *r, enum node_kind kind, struct node **out)
{
	if (r->nodes >= r->nodes_max)
		return refuse(r, ERR_LIMIT, r->at, "More than %u values.", r->nodes_max);
	if ((++r->nodes & CHECK_EVERY) == 0)
		TRY(ctx_check(r->c));

	struct node *n = arena_alloc(r->arena, sizeof *n);
	*n = (struct node){
		.kind = (uint8_t)kind,
		.key = r->key,
		.pos = (uint32_t)(r->at - r->start),
		.name_len = (uint32_t)r->name.len,
		.name = r->name.at,
	};
	if (r->open.len) {
		struct node *parent = r->open.at[r->open.len - 1].node;
		if (parent->last)
			parent->last->next = n;
		else
			parent->first = n;
		parent->last = n;
		parent->len++;
	} else {
		r->root = n;
	}
	*out = n;
	return OK;
}

static enum err open_container(struct reader *r, struct node *n)
{
	if (r->open.len >= r->depth)
		return refuse(r, ERR_LIMIT, r->at, "Nested deeper than %u levels.", r->depth);
	vec_push(&r->open, r->scratch)->node = n;
	r->fresh = true;
	r->at++;
	r->name = (struct str){ 0 };
	r->key = 0;
	return OK;
}

static enum err read_value(struct reader *r)
{
	static const uint8_t kinds[256] = {
		['{'] = NODE_OBJECT,         ['['] = NODE_ARRAY, ['"'] = NODE_STRING,
		['t'] = NODE_BOOL,           ['f'] = NODE_BOOL,  ['-'] = NODE_NUMBER,
		['0' ... '9'] = NODE_NUMBER,
	};
	struct node *n = NULL;
	struct str text = { 0 };

	if (r->at == r->end)
		return expected(r, "a value");
	char c = *r->at;
	enum node_kind kind = kinds[(unsigned char)c];
	if (kind == NODE_NULL && c != 'n')
		return expected(r, "a value");
	TRY(add_node(r, kind, &n));
	switch (kind) {
	case NODE_OBJECT:
	case NODE_ARRAY:
		return open_container(r, n);
	case NODE_STRING:
		TRY(read_string(r, &text));
		break;
	case NODE_NUMBER:
		TRY(read_number(r, &text));
		break;
	case NODE_BOOL:
		n->truth = c == 't';
		return read_word(r, c == 't' ? STR("true") : STR("false"));
	case NODE_NULL:
		return read_word(r, STR("null"));
	}
	n->text = text.at;
	n->len = (uint32_t)text.len;
	return OK;
}

/* --- members ------------------------------------------------------------------------------ */

static uint64_t name_bit(struct str name)
{
	unsigned first = name.len ? (unsigned char)name.at[0] : 0;
	unsigned last = name.len ? (unsigned char)name.at[name.len - 1] : 0;

	return (uint64_t)1 << ((first * 7 + last * 3 + name.len) & 63);
}

static bool has_member(const struct node *object, struct str name, uint16_t key)
{
	node_each(n, object)
		if (n->key == key &&
		    (key || str_eq((struct str){ n->name, n->name_len }, name)))
			return true;
	return false;
}

/* Length of what is shown of a name: at most 40 bytes of whole characters. */
static int shown(struct str name)
{
	size_t len = name.len > 40 ? 40 : name.len;

	while (len < name.len && len && ((unsigned char)name.at[len] & 0xC0) == 0x80)
		len--;
	return (int)len;
}

static void map_names(struct reader *r, struct frame *frame)
{
	frame->names = NEW(r->scratch, struct map);
	map_init(frame->names, r->scratch);
	node_each(n, frame->node)
		map_set(frame->names, (struct str){ n->name, n->name_len }, n);
}

static bool is_duplicate(struct reader *r, struct frame *frame)
{
	uint64_t bit = name_bit(r->name);
	bool maybe = frame->seen & bit;

	frame->seen |= bit;
	if (!frame->names && frame->node->len >= LINEAR_MEMBERS)
		map_names(r, frame);
	if (frame->names)
		return !map_set(frame->names, r->name, frame);
	return maybe && has_member(frame->node, r->name, r->key);
}

/* A member's name and the colon after it. */
static enum err read_name(struct reader *r, struct frame *frame)
{
	const char *from = r->at;

	if (r->at == r->end || *r->at != '"')
		return expected(r, "a name in quotes");
	TRY(read_string(r, &r->name));
	r->key = r->atoms ? atoms_find(r->atoms, r->name) : 0;
	if (is_duplicate(r, frame))
		return refuse(r, ERR_SYNTAX, from, "The member \"%.*s\" stands here twice.",
			      shown(r->name), r->name.at);
	skip_space(r);
	if (r->at == r->end || *r->at != ':')
		return expected(r, "a colon");
	r->at++;
	skip_space(r);
	return OK;
}

/* From the end of a value to the start of the next; the stack is empty when there is none. */
static enum err pass_between(struct reader *r)
{
	for (struct frame *frame; (frame = top(r)); r->open.len--, r->fresh = false) {
		bool object = frame->node->kind == NODE_OBJECT;

		skip_space(r);
		if (r->at < r->end && *r->at == (object ? '}' : ']')) {
			r->at++;
			continue;
		}
		if (!r->fresh) {
			if (r->at == r->end || *r->at != ',')
				return expected(r, object ? "a comma or }" : "a comma or ]");
			r->at++;
			skip_space(r);
		}
		r->fresh = false;
		if (object)
			return read_name(r, frame);
		r->name = (struct str){ 0 };
		r->key = 0;
		return OK;
	}
	return OK;
}

static enum err read_tree(struct reader *r, const struct json_options *options)
{
	if (r->end - r->start >= 3 && memcmp(r->start, "\xEF\xBB\xBF", 3) == 0)
		return refuse(r, ERR_SYNTAX, r->at,
			      "The input begins with a byte order mark; JSON allows none.");
	skip_space(r);
	if (r->at == r->end)
		return refuse(r, ERR_SYNTAX, r->at, "The input is empty.");
	do {
		TRY(read_value(r));
		TRY(pass_between(r));
	} while (r->open.len);
	if (options->prefix)
		return OK;
	skip_space(r);
	if (r->at < r->end)
		return expected(r, "nothing more after the value");
	return OK;
}

__attribute__((cold)) static enum err refuse_size(struct ctx *c, size_t len, size_t limit)
{
	enum err e =
		fail(c, ERR_LIMIT, "The input has %zu bytes; %zu are allowed.", len, limit);

	issue_add(c, ISSUE_FATAL, err_row(e)->issue, NULL, 0, 0, "%s", c->why);
	return e;
}

enum err json_read(struct ctx *c, struct arena *a, struct str text,
		   const struct json_options *options, struct node **out)
{
	static const struct json_options defaults;
	const struct json_options *o = options ? options : &defaults;
	size_t bytes = o->bytes ? o->bytes : BYTES;
	ARENA(scratch);
	struct reader r = {
		.c = c,
		.arena = a,
		.scratch = &scratch,
		.atoms = o->atoms,
		.start = text.at,
		.at = text.at,
		.end = text.at + text.len,
		.depth = o->depth ? o->depth : DEPTH,
		.nodes_max = o->nodes ? o->nodes : NODES,
	};

	if (bytes > UINT32_MAX) /* positions are 32 bits */
		bytes = UINT32_MAX;
	if (text.len > bytes)
		return refuse_size(c, text.len, bytes);
	TRY(read_tree(&r, o));
	if (o->used)
		*o->used = (size_t)(r.at - r.start);
	*out = r.root;
	return OK;
}

void json_position(struct str text, size_t pos, uint32_t *line, uint32_t *column)
{
	const char *at = text.at, *stop = text.at + pos, *newline;

	assert(pos <= text.len);
	*line = 1;
	while (at < stop && (newline = memchr(at, '\n', (size_t)(stop - at)))) {
		at = newline + 1;
		++*line;
	}
	*column = (uint32_t)(stop - at) + 1;
}
