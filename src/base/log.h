/* log.h - what the running program says of itself: one JSON object a line on a file descriptor.
 *
 * For the programs (main, http, feed), not for libraries. There is no way to pass free text: an
 * event is a fixed literal and its fields are numbers, fixed literals, request ids or type names,
 * so that personal data cannot get in. A test reads the log of every other test and looks for
 * names and numbers.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdint.h>

#include "base/clock.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

struct log {
	int fd;               /* -1: silent */
	enum log_level level; /* and above */
	const struct clock *clock;
};

enum log_field_kind { LOG_INT, LOG_WORD, LOG_ID };
struct log_field {
	const char *name;
	enum log_field_kind kind;
	int64_t number;
	const char *text; /* WORD: a literal. ID: [A-Za-z0-9._/-] only, others become '?' */
};
#define log_int(name, n) ((struct log_field){ "" name "", LOG_INT, (n), 0 })
#define log_word(name, w) ((struct log_field){ "" name "", LOG_WORD, 0, (w) })
#define log_id(name, s) ((struct log_field){ "" name "", LOG_ID, 0, (s) })

#define log_event(log, level, event, ...)                                                      \
	log_write((log), (level), "" event "", (const struct log_field[]){ __VA_ARGS__ },       \
		  sizeof((const struct log_field[]){ __VA_ARGS__ }) / sizeof(struct log_field))
/* One line, one write(2), at most 2 KB. */
void log_write(const struct log *log, enum log_level level, const char *event,
	       const struct log_field *fields, unsigned count);

#endif
