/* path_lex.c - FHIRPath's text into tokens, one at a time.
 *
 * Grammar: FHIRPath N1, appendix B. A token keeps the byte where it began, for messages.
 */
#include "fhir/path_int.h"

enum err path_fail(struct ctx *c, enum err e, struct str text, uint32_t pos, const char *format,
		   ...)
{
	char reason[sizeof c->why];
	uint32_t line, column;
	va_list args;

	va_start(args, format);
	vsnprintf(reason, sizeof reason, format, args);
	va_end(args);
	json_position(text, pos, &line, &column);
	issue_add(c, ISSUE_ERROR, err_row(e)->issue, NULL, line, column, "%s", reason);
	return fail(c, e, "line %u, column %u: %s", line, column, reason);
}

#define WRONG(lex, pos, ...)                                                                   \
	path_fail((lex)->c, ERR_SYNTAX, (lex)->text, (uint32_t)(pos), __VA_ARGS__)

static int peek(const struct lexer *lex, size_t ahead)
{
	return lex->at + ahead < lex->text.len ? (unsigned char)lex->text.at[lex->at + ahead]
					       : -1;
}

static bool is_digit(int ch)
{
	return ch >= '0' && ch <= '9';
}

static bool is_letter(int ch)
{
	return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || ch == '_';
}

/* Past spaces and both kinds of comments. */
static enum err skip_blank(struct lexer *lex)
{
	for (;;) {
		int ch = peek(lex, 0);

		if (ch == ' ' || ch == '\t' || ch == '\r' || ch == '\n') {
			lex->at++;
		} else if (ch == '/' && peek(lex, 1) == '/') {
			while (peek(lex, 0) >= 0 && peek(lex, 0) != '\n')
				lex->at++;
		} else if (ch == '/' && peek(lex, 1) == '*') {
			size_t start = lex->at;
			struct str rest = { lex->text.at + start + 2,
					    lex->text.len - start - 2 };
			ptrdiff_t end = str_find(rest, STR("*/"));

			if (end < 0)
				return WRONG(lex, start, "this comment has no end");
			lex->at = start + 2 + (size_t)end + 2;
		} else {
			return OK;
		}
	}
}

static int hex_value(int ch)
{
	if (is_digit(ch))
		return ch - '0';
	ch |= 0x20;
	return ch >= 'a' && ch <= 'f' ? ch - 'a' + 10 : -1;
}

static bool read_hex4(const struct lexer *lex, size_t ahead, uint32_t *out)
{
	uint32_t code = 0;

	for (size_t i = 0; i < 4; i++) {
		int value = hex_value(peek(lex, ahead + i));

		if (value < 0)
			return false;
		code = code << 4 | (uint32_t)value;
	}
	*out = code;
	return true;
}

/* \uXXXX, two of them for a surrogate pair; lex->at is on the u. */
static enum err read_unicode(struct lexer *lex, struct buf *b)
{
	size_t start = lex->at - 1;
	uint32_t code, low;

	if (!read_hex4(lex, 1, &code))
		return WRONG(lex, start, "\\u needs four hexadecimal digits");
	lex->at += 5;
	if (code >= 0xd800 && code < 0xdc00 && peek(lex, 0) == '\\' && peek(lex, 1) == 'u' &&
	    read_hex4(lex, 2, &low) && low >= 0xdc00 && low < 0xe000) {
		code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
		lex->at += 6;
	}
	if (code == 0 || (code >= 0xd800 && code < 0xe000))
		return WRONG(lex, start, "\\u%04x is no character", code);
	buf_utf8(b, code);
	return OK;
}

/* Text up to the closing quote, escapes decoded; lex->at is on the opening one. */
static enum err read_quoted(struct lexer *lex, struct str *out)
{
	static const char letters[] = "'\"`\\/rntf", values[] = "'\"`\\/\r\n\t\f";
	size_t start = lex->at;
	int quote = peek(lex, 0), ch;
	struct buf b;

	buf_init(&b, lex->a, 0);
	for (lex->at++; (ch = peek(lex, 0)) != quote;) {
		const char *found;

		if (ch < 0)
			return WRONG(lex, start, "this text has no closing %c", quote);
		if (ch != '\\') {
			buf_char(&b, (char)ch);
			lex->at++;
			continue;
		}
		lex->at++;
		ch = peek(lex, 0);
		if (ch == 'u') {
			TRY(read_unicode(lex, &b));
			continue;
		}
		found = ch > 0 ? strchr(letters, ch) : NULL;
		if (!found)
			return WRONG(lex, lex->at - 1, "there is no such escape in a text");
		buf_char(&b, values[found - letters]);
		lex->at++;
	}
	lex->at++;
	*out = buf_get(&b);
	return OK;
}

/* Past exactly n digits; false, and nowhere, when they are not there. */
static bool digits(struct lexer *lex, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!is_digit(peek(lex, i)))
			return false;
	lex->at += n;
	return true;
}

static bool separator_digits(struct lexer *lex, int separator)
{
	if (peek(lex, 0) != separator || !is_digit(peek(lex, 1)) || !is_digit(peek(lex, 2)))
		return false;
	lex->at += 3;
	return true;
}

/* hh[:mm[:ss[.f]]] */
static bool read_clock(struct lexer *lex)
{
	if (!digits(lex, 2))
		return false;
	if (separator_digits(lex, ':') && separator_digits(lex, ':') && peek(lex, 0) == '.' &&
	    is_digit(peek(lex, 1))) {
		lex->at++;
		while (is_digit(peek(lex, 0)))
			lex->at++;
	}
	return true;
}

static void read_zone(struct lexer *lex)
{
	size_t start = lex->at;

	if (peek(lex, 0) == 'Z')
		lex->at++;
	else if ((peek(lex, 0) == '+' || peek(lex, 0) == '-') &&
		 (!separator_digits(lex, peek(lex, 0)) || !separator_digits(lex, ':')))
		lex->at = start;
}

/* @2014, @2014-01-25T14:30, @T14:30; lex->at is on the @. */
static enum err read_when(struct lexer *lex)
{
	size_t start = lex->at++;

	if (peek(lex, 0) == 'T') {
		lex->at++;
		if (!read_clock(lex))
			return WRONG(lex, start, "@T needs a time like @T14:30");
	} else {
		if (!digits(lex, 4))
			return WRONG(lex, start,
				     "@ needs a date like @2014-01-25 or a time like @T14:30");
		if (separator_digits(lex, '-'))
			separator_digits(lex, '-');
		if (peek(lex, 0) == 'T') {
			lex->at++;
			if (read_clock(lex))
				read_zone(lex);
		}
	}
	lex->tok.kind = TOK_WHEN;
	lex->tok.text = (struct str){ lex->text.at + start + 1, lex->at - start - 1 };
	return OK;
}

static void read_number(struct lexer *lex)
{
	size_t start = lex->at;

	lex->tok.kind = TOK_INTEGER;
	while (is_digit(peek(lex, 0)))
		lex->at++;
	if (peek(lex, 0) == '.' && is_digit(peek(lex, 1))) {
		lex->tok.kind = TOK_DECIMAL;
		for (lex->at++; is_digit(peek(lex, 0));)
			lex->at++;
	}
	lex->tok.text = (struct str){ lex->text.at + start, lex->at - start };
}

static void read_word(struct lexer *lex)
{
	size_t start = lex->at++;

	while (is_letter(peek(lex, 0)) || is_digit(peek(lex, 0)))
		lex->at++;
	lex->tok.text = (struct str){ lex->text.at + start, lex->at - start };
}

/* %name, %`name`, %'name' */
static enum err read_variable(struct lexer *lex)
{
	int ch = peek(lex, 1);

	lex->tok.kind = TOK_VARIABLE;
	lex->at++;
	if (ch == '`' || ch == '\'' || ch == '"')
		return read_quoted(lex, &lex->tok.text);
	if (!is_letter(ch))
		return WRONG(lex, lex->at - 1, "%% needs the name of a variable");
	read_word(lex);
	return OK;
}

static enum err read_symbol(struct lexer *lex)
{
	static const char *const symbols[] = { "<=", ">=", "!=", "!~", "<", ">", "=", "~",
					       "+",  "-",  "*",  "/",  "&", "|", ".", ",",
					       "(",  ")",  "[",  "]",  "{", "}" };
	struct str rest = { lex->text.at + lex->at, lex->text.len - lex->at };

	for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++)
		if (str_starts(rest, str_of(symbols[i]))) {
			lex->tok.kind = TOK_SYMBOL;
			lex->tok.text = str_of(symbols[i]);
			lex->at += lex->tok.text.len;
			return OK;
		}
	return WRONG(lex, lex->at, "'%c' has no place in FHIRPath",
		     *rest.at >= ' ' && *rest.at < 127 ? *rest.at : '?');
}

enum err lex_next(struct lexer *lex)
{
	int ch;

	TRY(skip_blank(lex));
	ch = peek(lex, 0);
	lex->tok = (struct tok){ .kind = TOK_END, .pos = (uint32_t)lex->at };
	if (ch < 0)
		return OK;
	if (is_digit(ch)) {
		read_number(lex);
		return OK;
	}
	if (is_letter(ch) || (ch == '$' && is_letter(peek(lex, 1)))) {
		lex->tok.kind = ch == '$' ? TOK_DOLLAR : TOK_NAME;
		read_word(lex);
		return OK;
	}
	if (ch == '\'' || ch == '`' || ch == '"') {
		lex->tok.kind = ch == '`' ? TOK_QUOTED : TOK_STRING;
		return read_quoted(lex, &lex->tok.text);
	}
	if (ch == '@')
		return read_when(lex);
	if (ch == '%')
		return read_variable(lex);
	return read_symbol(lex);
}
