/* hl7.c - a message cut into segments and fields, and its parts. */
#include "feed/hl7.h"

#include "base/vec.h"
#include "feed/hl7_charset.h"

const char *hl7_where_print(struct arena *a, struct hl7_where where)
{
	struct buf b;

	buf_init(&b, a, 80);
	buf_cstr(&b, *where.segment ? where.segment : "message");
	if (where.occurrence > 1)
		buf_printf(&b, "[%u]", where.occurrence);
	if (where.field)
		buf_printf(&b, "-%u", where.field);
	if (where.repeat > 1)
		buf_printf(&b, "[%u]", where.repeat);
	if (where.component)
		buf_printf(&b, ".%u", where.component);
	buf_char(&b, '\0');
	return b.at;
}

static bool alnum(char ch)
{
	return (ch >= 'A' && ch <= 'Z') || (ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9');
}

/* --- separators --- */

/* MSH-1 and MSH-2. What MSH-2 leaves out is as usual; a separator used twice makes no sense. */
static enum err read_separators(struct ctx *c, struct str text, struct hl7 *m,
				struct hl7_where *where)
{
	char usual[] = "^~\\&", *set[] = { &m->component, &m->repeat, &m->escape,
					   &m->subcomponent };
	struct str rest;

	*where = (struct hl7_where){ .segment = "MSH" };
	if (text.len < 8 || memcmp(text.at, "MSH", 3) != 0)
		return fail(c, ERR_SYNTAX, "A message begins with MSH.");
	m->field = text.at[3];
	where->field = 1;
	if (alnum(m->field) || (unsigned char)m->field <= ' ' || (unsigned char)m->field > 126)
		return fail(c, ERR_SYNTAX, "MSH-1 is no separator.");
	rest = (struct str){ text.at + 4, text.len - 4 };
	struct str encoding = str_cut(&rest, m->field);
	where->field = 2;
	if (encoding.len > 5 || encoding.len < 1)
		return fail(c, ERR_SYNTAX, "MSH-2 must be the four encoding characters.");
	for (unsigned i = 0; i < 4; i++)
		*set[i] = i < encoding.len ? encoding.at[i] : usual[i];
	for (unsigned i = 0; i < 4; i++) {
		if (alnum(*set[i]) || (unsigned char)*set[i] <= ' ' ||
		    (unsigned char)*set[i] > 126 || *set[i] == m->field)
			return fail(c, ERR_SYNTAX, "MSH-2 holds what cannot separate.");
		for (unsigned k = 0; k < i; k++)
			if (i < encoding.len && *set[k] == *set[i])
				return fail(c, ERR_SYNTAX, "MSH-2 uses a character twice.");
	}
	return OK;
}

/* --- one way of writing --- */

static void put_plain(struct buf *b, char ch)
{
	static const char usual[] = "|^~\\&", codes[] = "FSRET";
	const char *was = memchr(usual, ch, 5);

	if (was)
		buf_printf(b, "\\%c\\", codes[was - usual]);
	else
		buf_char(b, ch);
}

/* Rewrite a message whose separators are not the usual ones as if they were, so that what is kept of
 * different messages can be put together. */
static void standardise(struct arena *a, struct hl7 *m)
{
	static const char usual[] = "|^~\\&", codes[] = "FSRET";
	const char own[] = { m->field, m->component, m->repeat, m->escape, m->subcomponent };
	struct buf b;

	if (!memcmp(own, usual, 5))
		return;
	buf_init(&b, a, 0);
	buf_cstr(&b, "MSH|^~\\&");
	struct str rest = { m->text.at + 4, m->text.len - 4 }, encoding = rest;
	for (encoding.len = 0; encoding.len < rest.len && rest.at[encoding.len] != m->field &&
			       rest.at[encoding.len] != '\r' && rest.at[encoding.len] != '\n';)
		encoding.len++;
	for (size_t i = encoding.len; i < rest.len; i++) {
		const char *is = memchr(own, rest.at[i], 5);
		bool escape = rest.at[i] == m->escape && i + 2 < rest.len && rest.at[i + 2] == m->escape;
		const char *code = escape && rest.at[i + 1] ? strchr(codes, rest.at[i + 1]) : NULL;
		if (code) {
			put_plain(&b, own[code - codes]); /* which stands for the sender's own separator */
			i += 2;
		} else if (is) {
			buf_char(&b, usual[is - own]);
		} else {
			put_plain(&b, rest.at[i]);
		}
	}
	m->text = buf_get(&b);
	m->field = '|';
	m->component = '^';
	m->repeat = '~';
	m->escape = '\\';
	m->subcomponent = '&';
}

/* --- segments --- */

static enum err cut_fields(struct ctx *c, struct arena *a, const struct hl7 *m,
			   struct hl7_segment *s, struct hl7_where *where)
{
	struct str rest = s->text;
	unsigned len = 1, msh = !strcmp(s->name, "MSH");

	for (size_t i = 0; i < rest.len; i++)
		len += rest.at[i] == m->field;
	if (len > HL7_FIELDS) {
		where->field = HL7_FIELDS;
		return fail(c, ERR_LIMIT, "%s has more than %d fields.", s->name, HL7_FIELDS);
	}
	s->fields = NEW_N(a, struct str, len + msh);
	s->fields[0] = str_cut(&rest, m->field);
	if (msh)
		s->fields[1] = (struct str){ s->text.at + 3, 1 };
	for (s->len = 1 + msh; rest.at; s->len++)
		s->fields[s->len] = str_cut(&rest, m->field);
	return OK;
}

static enum err add_segment(struct ctx *c, struct arena *a, struct hl7 *m, struct str line,
			    struct hl7_segment *s, struct hl7_where *where)
{
	unsigned occurrence = 1;

	for (unsigned i = 0; i < m->len; i++)
		occurrence += !memcmp(m->at[i].name, line.at, line.len < 3 ? line.len : 3);
	*where = (struct hl7_where){ .occurrence = occurrence };
	if (line.len < 3 || !alnum(line.at[0]) || !alnum(line.at[1]) || !alnum(line.at[2]) ||
	    (line.len > 3 && line.at[3] != m->field))
		return fail(c, ERR_SYNTAX, "Segment %u does not begin with a segment's name.",
			    m->len + 1);
	memcpy(s->name, line.at, 3);
	memcpy(where->segment, line.at, 3);
	s->number = m->len + 1;
	s->occurrence = occurrence;
	s->text = line;
	return cut_fields(c, a, m, s, where);
}

/* Lines end in CR; LF and CRLF are taken too. */
static struct str next_line(struct str *rest)
{
	size_t n = 0;

	while (n < rest->len && rest->at[n] != '\r' && rest->at[n] != '\n')
		n++;
	struct str line = { rest->at, n };
	if (n < rest->len)
		n += 1 + (rest->at[n] == '\r' && n + 1 < rest->len && rest->at[n + 1] == '\n');
	*rest = (struct str){ rest->at + n, rest->len - n };
	return line;
}

static enum err cut_segments(struct ctx *c, struct arena *a, struct hl7 *m,
			     struct hl7_where *where)
{
	VEC(struct hl7_segment) list = { 0 };
	struct str rest = m->text;

	while (rest.len) {
		struct str line = next_line(&rest);
		if (!str_trim(line).len)
			continue;
		if (list.len == HL7_SEGMENTS)
			return fail(c, ERR_LIMIT, "A message has at most %d segments.",
				    HL7_SEGMENTS);
		m->at = list.at;
		m->len = (unsigned)list.len;
		struct hl7_segment s = { 0 };
		TRY(add_segment(c, a, m, line, &s, where));
		*vec_push(&list, a) = s;
	}
	m->at = list.at;
	m->len = (unsigned)list.len;
	return OK;
}

enum err hl7_read(struct ctx *c, struct arena *a, struct str bytes, const char *fallback,
		  struct hl7 **out, struct hl7_where *where)
{
	struct hl7 *m = NEW(a, struct hl7);

	*where = (struct hl7_where){ 0 };
	if (bytes.len > HL7_BYTES)
		return fail(c, ERR_TOO_LARGE, "A message has at most %u bytes.", HL7_BYTES);
	while (bytes.len && (*bytes.at == '\r' || *bytes.at == '\n' || *bytes.at == ' '))
		bytes = (struct str){ bytes.at + 1, bytes.len - 1 };
	if (str_starts(bytes, STR("\xEF\xBB\xBF")))
		bytes = (struct str){ bytes.at + 3, bytes.len - 3 };
	TRY(read_separators(c, bytes, m, where));
	TRY(hl7_charset(c, a, bytes, fallback, m, where));
	standardise(a, m);
	TRY(cut_segments(c, a, m, where));
	*where = (struct hl7_where){ 0 };
	*out = m;
	return OK;
}

/* --- parts --- */

const struct hl7_segment *hl7_segment(const struct hl7 *m, const char *name, unsigned n)
{
	for (unsigned i = 0; i < m->len; i++)
		if (!strcmp(m->at[i].name, name) && m->at[i].occurrence == n)
			return &m->at[i];
	return NULL;
}

struct str hl7_field(const struct hl7_segment *s, unsigned field)
{
	return s && field < s->len ? s->fields[field] : (struct str){ 0 };
}

static struct str nth(struct str s, char sep, unsigned n)
{
	struct str part = { 0 };

	if (!sep || !s.at)
		return n == 1 ? s : part;
	for (unsigned i = 0; i < n; i++) {
		if (!s.at)
			return (struct str){ 0 };
		part = str_cut(&s, sep);
	}
	return part;
}

struct str hl7_repeat(const struct hl7 *m, struct str field, unsigned n)
{
	return nth(field, m->repeat, n);
}

struct str hl7_component(const struct hl7 *m, struct str repeat, unsigned n)
{
	return nth(repeat, m->component, n);
}

struct str hl7_subcomponent(const struct hl7 *m, struct str component, unsigned n)
{
	return nth(component, m->subcomponent, n);
}

unsigned hl7_repeats(const struct hl7 *m, struct str field)
{
	unsigned n = field.len > 0;

	for (size_t i = 0; i < field.len; i++)
		n += field.at[i] == m->repeat;
	return n;
}

struct str hl7_get(const struct hl7 *m, struct arena *a, const struct hl7_segment *s, unsigned field,
		   unsigned component)
{
	struct str part = hl7_component(m, hl7_repeat(m, hl7_field(s, field), 1), component);

	return hl7_text(m, a, hl7_subcomponent(m, part, 1));
}

/* --- escapes --- */

static int hex(char ch)
{
	if (ch >= '0' && ch <= '9')
		return ch - '0';
	ch = (char)(ch | 32);
	return ch >= 'a' && ch <= 'f' ? ch - 'a' + 10 : -1;
}

/* \X0D0A\: bytes in the message's own character set. */
static bool put_hex(const struct hl7 *m, struct arena *a, struct buf *b, struct str digits)
{
	struct buf bytes;
	struct str text;

	buf_init(&bytes, a, 0);
	if (!digits.len || digits.len % 2)
		return false;
	for (size_t i = 0; i < digits.len; i += 2) {
		int high = hex(digits.at[i]), low = hex(digits.at[i + 1]);
		if (high < 0 || low < 0)
			return false;
		buf_char(&bytes, (char)(high << 4 | low));
	}
	if (!hl7_convert(a, m->charset, buf_get(&bytes), &text))
		return false;
	buf_str(b, text);
	return true;
}

/* What stands between two escape characters; false when it is no escape. */
static bool put_escape(const struct hl7 *m, struct arena *a, struct buf *b, struct str code)
{
	const struct {
		const char *code;
		char stands;
	} rows[] = { { "F", m->field },  { "S", m->component }, { "T", m->subcomponent },
		     { "R", m->repeat }, { "E", m->escape },    { "P", '#' },
		     { ".br", '\n' },    { ".sp", '\n' },       { ".ce", '\n' } };

	for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++)
		if (str_is(code, rows[i].code)) {
			buf_char(b, rows[i].stands);
			return true;
		}
	if (str_is(code, "H") || str_is(code, "N"))
		return true; /* highlighting begins, ends */
	if (code.len > 2 && code.at[0] == '.') {
		/* .sp2 .in+4 .ti-1 .sk3 .fi .nf: layout, of which lines and blanks are kept */
		if (str_starts(code, STR(".sp")))
			buf_char(b, '\n');
		else if (str_starts(code, STR(".sk")))
			buf_char(b, ' ');
		return true;
	}
	if (code.len && code.at[0] == 'X')
		return put_hex(m, a, b, (struct str){ code.at + 1, code.len - 1 });
	return false;
}

static void put_unescaped(const struct hl7 *m, struct arena *a, struct buf *b, struct str raw)
{
	for (size_t i = 0; i < raw.len; i++) {
		struct str rest = { raw.at + i + 1, raw.len - i - 1 };
		struct str code = str_cut(&rest, m->escape);

		if (raw.at[i] == m->escape && rest.at && code.len <= 64 &&
		    put_escape(m, a, b, code))
			i += code.len + 1;
		else
			buf_char(b, raw.at[i]);
	}
}

struct str hl7_text(const struct hl7 *m, struct arena *a, struct str raw)
{
	bool plain = true;
	struct buf b;
	size_t len = 0;

	if (!raw.len || hl7_null(raw))
		return (struct str){ 0 };
	for (size_t i = 0; plain && i < raw.len; i++)
		plain = raw.at[i] != m->escape && (unsigned char)raw.at[i] >= ' ' &&
			raw.at[i] != 0x7f;
	if (plain)
		return str_trim(raw);
	buf_init(&b, a, 0);
	put_unescaped(m, a, &b, raw);
	for (size_t i = 0; i < b.len; i++) {
		unsigned char ch = (unsigned char)b.at[i];
		if ((ch >= ' ' && ch != 0x7f) || ch == '\n' || ch == '\t')
			b.at[len++] = (char)ch;
	}
	return str_trim((struct str){ b.at, len });
}

void hl7_put(const struct hl7 *m, struct buf *b, struct str text)
{
	const char set[] = { m->field, m->component, m->subcomponent, m->repeat, m->escape };
	static const char codes[] = "FSTRE";

	for (size_t i = 0; i < text.len; i++) {
		unsigned k = 0;
		while (k < sizeof set && text.at[i] != set[k])
			k++;
		if (k < sizeof set)
			buf_printf(b, "%c%c%c", m->escape, codes[k], m->escape);
		else if (text.at[i] == '\r' || text.at[i] == '\n')
			buf_printf(b, "%c.br%c", m->escape, m->escape);
		else
			buf_char(b, text.at[i]);
	}
}
