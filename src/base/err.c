/* err.c - the table of errors and the writing of reasons. */
#include "base/err.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/ctx.h"

static const struct err_row rows[] = {
#define X(name, http, exit, issue, meaning) { #name, http, exit, issue, meaning },
#include "base/err.def"
#undef X
};

const struct err_row *err_row(enum err e)
{
	return &rows[(unsigned)e < ERR_COUNT ? e : ERR_INTERNAL];
}

/* The longest length <= len that does not end inside a UTF-8 sequence. */
static size_t whole_characters(const char *s, size_t len)
{
	size_t back = 0;

	while (back < 4 && back < len && ((unsigned char)s[len - 1 - back] & 0xC0) == 0x80)
		back++;
	if (back == len)
		return len;
	unsigned char lead = (unsigned char)s[len - 1 - back];
	size_t want = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
	return back + 1 < want ? len - 1 - back : len;
}

enum err err_fail(struct ctx *c, enum err e, const char *format, ...)
{
	char why[sizeof c->why]; /* apart, because the arguments may quote c->why */
	va_list args;

	assert(e != OK);
	va_start(args, format);
	int len = vsnprintf(why, sizeof why, format, args);
	va_end(args);
	if (len >= (int)sizeof why)
		why[whole_characters(why, sizeof why - 1)] = 0;
	memcpy(c->why, len < 0 ? "" : why, len < 0 ? 1 : strlen(why) + 1);
	return e;
}
