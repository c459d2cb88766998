/* hl7_charset.c - what MSH-18 names (table 0211), through iconv into UTF-8.
 *
 * Many senders say nothing, or ASCII and mean something else. Then: UTF-8 if the bytes are that,
 * which other text next to never is by chance; else what the feed is told to expect, else
 * Windows-1252, which has all of ISO 8859-1's letters. */
#include "feed/hl7_charset.h"

#include <errno.h>
#include <iconv.h>

static const struct {
	const char *said, *name;
} charsets[] = {
	{ "ASCII", NULL }, /* seven bits: guess when there are more */
	{ "ISO IR6", NULL },
	{ "UNICODE UTF-8", "UTF-8" },
	{ "UNICODE", "UTF-8" },
	{ "UTF-8", "UTF-8" },
	{ "UTF8", "UTF-8" },
	{ "8859/1", "ISO-8859-1" },
	{ "8859/2", "ISO-8859-2" },
	{ "8859/3", "ISO-8859-3" },
	{ "8859/4", "ISO-8859-4" },
	{ "8859/5", "ISO-8859-5" },
	{ "8859/6", "ISO-8859-6" },
	{ "8859/7", "ISO-8859-7" },
	{ "8859/8", "ISO-8859-8" },
	{ "8859/9", "ISO-8859-9" },
	{ "8859/15", "ISO-8859-15" },
	{ "ISO-8859-1", "ISO-8859-1" },
	{ "ISO-8859-15", "ISO-8859-15" },
	{ "ISO8859-1", "ISO-8859-1" },
	{ "ISO IR100", "ISO-8859-1" },
	{ "WINDOWS-1252", "CP1252" },
	{ "CP1252", "CP1252" },
};

static bool same_word(struct str said, const char *word)
{
	size_t len = strlen(word);

	if (said.len != len)
		return false;
	for (size_t i = 0; i < len; i++) {
		char ch = said.at[i];
		if (ch >= 'a' && ch <= 'z')
			ch = (char)(ch - 32);
		if (ch == '_')
			ch = ' ';
		if (ch != word[i])
			return false;
	}
	return true;
}

static int find(struct str said)
{
	for (unsigned i = 0; i < sizeof charsets / sizeof *charsets; i++)
		if (same_word(said, charsets[i].said))
			return (int)i;
	return -1;
}

const char *hl7_charset_name(struct str said)
{
	int i = find(str_trim(said));

	return i < 0 ? NULL : charsets[i].name ? charsets[i].name : "UTF-8";
}

bool hl7_convert(struct arena *a, const char *charset, struct str bytes, struct str *out)
{
	size_t bad, left = bytes.len, room = bytes.len * 3 + 1;
	char *from = (char *)bytes.at, *to, *start;

	if (!strcmp(charset, "UTF-8")) {
		*out = bytes;
		return str_utf8(bytes, &bad);
	}
	iconv_t cd = iconv_open("UTF-8", charset);
	if (cd == (iconv_t)-1)
		return false;
	start = to = arena_alloc(a, room);
	size_t n = iconv(cd, &from, &left, &to, &room);
	iconv_close(cd);
	*out = (struct str){ start, (size_t)(to - start) };
	return n != (size_t)-1 && !left;
}

/* MSH-18's first repetition; it is ASCII whatever the rest is. MSH-1 is the first separator, so
 * the 18th field stands behind the 17th of them. */
static struct str said_charset(const struct hl7 *m, struct str bytes)
{
	struct str rest = { bytes.at, 0 }, field;

	while (rest.len < bytes.len && bytes.at[rest.len] != '\r' && bytes.at[rest.len] != '\n')
		rest.len++;
	for (unsigned i = 0; i < 17 && rest.at; i++)
		str_cut(&rest, m->field);
	if (!rest.at)
		return (struct str){ 0 };
	field = str_cut(&rest, m->field);
	return str_trim(str_cut(&field, m->repeat));
}

static enum err guess(struct ctx *c, struct arena *a, struct str bytes, const char *fallback,
		      struct hl7 *m)
{
	const char *other = fallback ? hl7_charset_name(str_of(fallback)) : "CP1252";
	size_t bad;

	m->guessed = true;
	m->charset = "UTF-8";
	m->text = bytes;
	if (str_utf8(bytes, &bad))
		return OK;
	m->charset = other;
	if (other && hl7_convert(a, other, bytes, &m->text))
		return OK;
	m->charset = "ISO-8859-1"; /* takes every byte */
	if (!hl7_convert(a, m->charset, bytes, &m->text))
		return fail(c, ERR_SYNTAX, "The text is in no character set read here.");
	return OK;
}

enum err hl7_charset(struct ctx *c, struct arena *a, struct str bytes, const char *fallback,
		     struct hl7 *m, struct hl7_where *where)
{
	struct str said = said_charset(m, bytes);
	int i = find(said);

	*where = (struct hl7_where){ .segment = "MSH", .field = 18 };
	if (memchr(bytes.at, 0, bytes.len))
		return fail(c, ERR_SYNTAX, "The message holds a NUL byte.");
	if (!said.len || (i >= 0 && !charsets[i].name))
		return guess(c, a, bytes, fallback, m);
	if (i < 0)
		return fail(c, ERR_UNSUPPORTED, "MSH-18 names a character set not read here.");
	m->charset = charsets[i].name;
	if (!hl7_convert(a, m->charset, bytes, &m->text))
		return fail(c, ERR_SYNTAX, "The bytes are not the %s that MSH-18 says they are.",
			    m->charset);
	return OK;
}
