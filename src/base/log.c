/* log.c - one line of JSON for one event. */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LINE 2048
#define END_ROOM 16 /* for "cut":true, the brace and the newline */
#define TEXT_MAX 64 /* of a word or id */

struct line {
	char at[LINE];
	size_t len;
	bool cut;
};

/* All of it or nothing, so that the line stays JSON. */
__attribute__((format(printf, 2, 3))) static void put(struct line *line, const char *format,
						      ...)
{
	size_t room = LINE - END_ROOM - line->len;
	va_list args;

	va_start(args, format);
	int len = vsnprintf(line->at + line->len, room, format, args);
	va_end(args);
	if (len < 0 || (size_t)len >= room)
		line->cut = true;
	else
		line->len += (size_t)len;
}

static bool is_word(char c, bool id)
{
	if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
		return true;
	return c && strchr(id ? "._/-" : "._/-: +", c);
}

/* What may stand in a log, in `out`: an id's or word's characters, the others as '?'. */
static const char *clean(const char *text, bool id, char out[TEXT_MAX + 1])
{
	size_t len = 0;

	for (; text && text[len] && len < TEXT_MAX; len++)
		out[len] = is_word(text[len], id) ? text[len] : '?';
	out[len] = 0;
	return out;
}

static void put_field(struct line *line, const struct log_field *field)
{
	char name[TEXT_MAX + 1], text[TEXT_MAX + 1];

	clean(field->name, true, name);
	if (field->kind == LOG_INT)
		put(line, ",\"%s\":%lld", name, (long long)field->number);
	else
		put(line, ",\"%s\":\"%s\"", name,
		    clean(field->text, field->kind == LOG_ID, text));
}

static void put_head(struct line *line, int64_t now, enum log_level level, const char *event)
{
	static const char *const levels[] = { "debug", "info", "warn", "error" };
	time_t seconds = (time_t)(now / 1000000);
	char date[32], word[TEXT_MAX + 1];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm);
	put(line, "{\"time\":\"%s.%03dZ\",\"level\":\"%s\",\"event\":\"%s\"", date,
	    (int)(now / 1000 % 1000), levels[level & 3], clean(event, false, word));
}

void log_write(const struct log *log, enum log_level level, const char *event,
	       const struct log_field *fields, unsigned count)
{
	struct line line = { .len = 0 };

	if (log->fd < 0 || level < log->level)
		return;
	put_head(&line, clock_now(log->clock), level, event);
	for (unsigned i = 0; i < count && !line.cut; i++)
		put_field(&line, &fields[i]);
	line.len += (size_t)snprintf(line.at + line.len, END_ROOM, "%s}\n",
				     line.cut ? ",\"cut\":true" : "");
	/* One write keeps the lines of several threads whole; a log that cannot be written to has
	 * nobody to tell. */
	while (write(log->fd, line.at, line.len) < 0 && errno == EINTR)
		;
}
