/* path_func_coding.c - encode, decode, escape, unescape. */
#include "fhir/path_int.h"

#define PUT(out, items) (*(out) = (items), OK)

static const char base64_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base64_url[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static bool encode_hex(struct str s, struct buf *b)
{
	for (size_t i = 0; i < s.len; i++)
		buf_printf(b, "%02x", (unsigned char)s.at[i]);
	return true;
}

static int digit_of(const char *digits, char ch)
{
	const char *at = ch ? strchr(digits, ch) : NULL;

	return at ? (int)(at - digits) : -1;
}

static bool decode_hex(struct str s, struct buf *b)
{
	if (s.len % 2)
		return false;
	for (size_t i = 0; i < s.len; i += 2) {
		int high = digit_of("0123456789abcdef",
				    (char)(s.at[i] >= 'A' ? s.at[i] | 0x20 : s.at[i]));
		int low =
			digit_of("0123456789abcdef",
				 (char)(s.at[i + 1] >= 'A' ? s.at[i + 1] | 0x20 : s.at[i + 1]));

		if (high < 0 || low < 0)
			return false;
		buf_char(b, (char)(high << 4 | low));
	}
	return true;
}

static bool encode_64(struct str s, const char *digits, struct buf *b)
{
	for (size_t i = 0; i < s.len; i += 3) {
		uint32_t word = 0;

		for (size_t j = 0; j < 3; j++)
			word = word << 8 | (i + j < s.len ? (unsigned char)s.at[i + j] : 0);
		for (size_t j = 0; j < 4; j++)
			buf_char(b, i + j <= s.len ? digits[word >> (18 - 6 * j) & 63] : '=');
	}
	return true;
}

static bool decode_64(struct str s, const char *digits, struct buf *b)
{
	uint32_t word = 0;
	unsigned bits = 0;

	while (s.len && s.at[s.len - 1] == '=')
		s.len--;
	if (s.len % 4 == 1)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		int digit = digit_of(digits, s.at[i]);

		if (digit < 0)
			return false;
		word = (word << 6 | (uint32_t)digit) & 0xffff;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			buf_char(b, (char)(word >> bits & 0xff));
		}
	}
	return true;
}

static bool encode_base64(struct str s, struct buf *b)
{
	return encode_64(s, base64_digits, b);
}

static bool decode_base64(struct str s, struct buf *b)
{
	return decode_64(s, base64_digits, b);
}

static bool encode_urlbase64(struct str s, struct buf *b)
{
	return encode_64(s, base64_url, b);
}

static bool decode_urlbase64(struct str s, struct buf *b)
{
	return decode_64(s, base64_url, b);
}

/* ---- html and json */

static const struct entity {
	char ch;
	const char *name;
} entities[] = {
	{ '&', "&amp;" },  { '<', "&lt;" },   { '>', "&gt;" },
	{ '"', "&quot;" }, { '\'', "&#39;" },
};

static bool escape_html(struct str s, struct buf *b)
{
	for (size_t i = 0; i < s.len; i++) {
		size_t n = 0;

		while (n < sizeof entities / sizeof *entities && entities[n].ch != s.at[i])
			n++;
		if (n < sizeof entities / sizeof *entities)
			buf_cstr(b, entities[n].name);
		else
			buf_char(b, s.at[i]);
	}
	return true;
}

/* &#8212; or &#x2014; at the start of s: its length, and the character; 0 if it is none. */
static size_t numeric_entity(struct str s, uint32_t *code)
{
	uint32_t value = 0, base = 10;
	size_t i = 2;

	if (s.len < 4 || s.at[0] != '&' || s.at[1] != '#')
		return 0;
	if (s.at[2] == 'x' || s.at[2] == 'X') {
		base = 16;
		i++;
	}
	for (; i < s.len && s.at[i] != ';' && i < 10; i++) {
		int digit = digit_of("0123456789abcdef",
				     (char)(s.at[i] >= 'A' ? s.at[i] | 0x20 : s.at[i]));

		if (digit < 0 || digit >= (int)base)
			return 0;
		value = value * base + (uint32_t)digit;
	}
	if (i >= s.len || s.at[i] != ';' || value == 0 || value > 0x10ffff ||
	    (value >= 0xd800 && value < 0xe000))
		return 0;
	*code = value;
	return i + 1;
}

static bool unescape_html(struct str s, struct buf *b)
{
	while (s.len) {
		uint32_t code;
		size_t n = numeric_entity(s, &code);

		if (n) {
			buf_utf8(b, code);
		} else {
			size_t i = 0;

			while (i < sizeof entities / sizeof *entities &&
			       !str_starts(s, str_of(entities[i].name)))
				i++;
			n = i < sizeof entities / sizeof *entities ? strlen(entities[i].name)
								   : 1;
			buf_char(b, n > 1 ? entities[i].ch : *s.at);
		}
		s.at += n;
		s.len -= n;
	}
	return true;
}

static const char json_letters[] = "\"\\/bfnrt", json_values[] = "\"\\/\b\f\n\r\t";

static bool escape_json(struct str s, struct buf *b)
{
	for (size_t i = 0; i < s.len; i++) {
		int n = s.at[i] == '/' ? -1 : digit_of(json_values, s.at[i]);

		if (n >= 0)
			buf_printf(b, "\\%c", json_letters[n]);
		else if ((unsigned char)s.at[i] < 0x20)
			buf_printf(b, "\\u%04x", (unsigned char)s.at[i]);
		else
			buf_char(b, s.at[i]);
	}
	return true;
}

/* A JSON string is what the JSON reader says it is. */
static bool unescape_json(struct str s, struct buf *b)
{
	struct buf quoted;
	struct node *node;
	struct ctx c;

	ctx_init(&c, b->arena);
	buf_init(&quoted, b->arena, 0);
	buf_char(&quoted, '"');
	for (size_t i = 0; i < s.len; i++) { /* a bare quote is meant as one */
		if (s.at[i] == '\\' && i + 1 < s.len) {
			buf_char(&quoted, s.at[i++]);
			buf_char(&quoted, s.at[i]);
		} else if (s.at[i] == '"') {
			buf_cstr(&quoted, "\\\"");
		} else if ((unsigned char)s.at[i] < 0x20) {
			buf_printf(&quoted, "\\u%04x", (unsigned char)s.at[i]);
		} else {
			buf_char(&quoted, s.at[i]);
		}
	}
	buf_char(&quoted, '"');
	if (json_read(&c, b->arena, buf_get(&quoted), NULL, &node) != OK ||
	    node->kind != NODE_STRING)
		return false;
	buf_add(b, node->text, node->len);
	return true;
}

static const struct coding {
	const char *name;
	bool (*to)(struct str s, struct buf *b), (*from)(struct str s, struct buf *b);
} encodings[] = {
	{ "hex", encode_hex, decode_hex },
	{ "base64", encode_base64, decode_base64 },
	{ "urlbase64", encode_urlbase64, decode_urlbase64 },
	{ NULL, NULL, NULL },
}, escapes[] = {
	{ "html", escape_html, unescape_html },
	{ "json", escape_json, unescape_json },
	{ NULL, NULL, NULL },
};

/* Text that cannot be decoded gives the empty collection. */
static enum err code(struct vm *vm, const struct call *call, const struct coding *rows,
		     bool from, struct items *out)
{
	struct str s, name;
	bool all, some;
	struct buf b;
	size_t bad;

	TRY(items_string(vm, call->in, &s, &all));
	TRY(items_string(vm, call->arg[0], &name, &some));
	if (!all || !some)
		return OK;
	while (rows->name && !str_is(name, rows->name))
		rows++;
	if (!rows->name)
		return vm_fail(vm, ERR_INVALID, "%s does not know '" STR_FMT "'", vm_doing(vm),
			       STR_ARG(name));
	TRY(vm_step(vm, s.len));
	buf_init(&b, vm->a, 0);
	if (!(from ? rows->from : rows->to)(s, &b) || !str_utf8(buf_get(&b), &bad))
		return PUT(out, ITEMS_NONE);
	return PUT(out, items_text(vm, buf_get(&b)));
}

enum err fn_encode(struct vm *vm, const struct call *call, struct items *out)
{
	return code(vm, call, encodings, false, out);
}

enum err fn_decode(struct vm *vm, const struct call *call, struct items *out)
{
	return code(vm, call, encodings, true, out);
}

enum err fn_escape(struct vm *vm, const struct call *call, struct items *out)
{
	return code(vm, call, escapes, false, out);
}

enum err fn_unescape(struct vm *vm, const struct call *call, struct items *out)
{
	return code(vm, call, escapes, true, out);
}
