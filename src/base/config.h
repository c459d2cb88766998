/* config.h - settings from one file, the environment and the command line.
 *
 * A file of `key = value` lines, # comments, [section] heads (the key becomes section.key). Each
 * setting is a row of a const table with its default and limits; CAUSEWAY_SECTION_KEY in the
 * environment overrides the file, and the command line overrides both. Unknown keys are refused
 * with file and line. `config_print` shows each effective value and where it came from, in a form
 * that can be read again.
 *
 * Sizes may end in K, M or G (1024 and its powers), times in s, m, h or d. A # begins a comment
 * only at the start of a line; values are trimmed and have no quotes.
 */
#ifndef BASE_CONFIG_H
#define BASE_CONFIG_H

#include "base/buf.h"
#include "base/ctx.h"

enum config_type { CONFIG_STRING, CONFIG_INT, CONFIG_BOOL, CONFIG_SIZE, CONFIG_SECONDS };

struct config_row {
	const char *key;      /* "http.port" */
	enum config_type type;
	const char *fallback; /* the default, as text */
	int64_t min, max;     /* of a number; both 0: no limit */
	const char *help;     /* one line */
};

struct config;

/* Rows end with a NULL key; they and `file` must outlive the config. `file` may be NULL. Values live
 * in `life`. ERR_NOT_FOUND for the file, ERR_SYNTAX, ERR_INVALID for a key or value. */
NODISCARD enum err config_load(struct ctx *c, struct arena *life, const struct config_row *rows,
			       const char *file, struct config **out);
/* Set from the command line: "http.port=8080". ERR_USAGE. */
NODISCARD enum err config_set(struct ctx *c, struct config *config, struct str assignment);
/* The effective value; the key must be in the table, and be of that type: any for config_str,
 * a number, size (bytes) or time (seconds) for config_int. */
const char *config_str(const struct config *config, const char *key);
int64_t config_int(const struct config *config, const char *key);
bool config_bool(const struct config *config, const char *key);
void config_print(const struct config *config, struct buf *out);

#endif
