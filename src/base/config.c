/* config.c - settings: a default, then the file, then the environment, then the command line.
 *
 * Each setting is checked when it is set, so reading one later cannot fail.
 */
#include "base/config.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"

#define FILE_LIMIT ((size_t)1 << 20)
#define VALUE_LIMIT 4096
#define KEY_LIMIT 100

struct setting {
	const struct config_row *row;
	const char *text;   /* the value as written */
	int64_t number;     /* of all but strings */
	const char *origin; /* "default", "causeway.conf:3", … */
	size_t line;        /* of the file that set it; 0: none */
};

struct config {
	struct arena *life;
	struct setting *settings;
	size_t count;
};

/* ---- values ---- */

struct suffix {
	const char *name;
	int64_t factor;
};

static const struct suffix sizes[] = {
	{ "K", 1 << 10 }, { "M", 1 << 20 }, { "G", 1 << 30 }, { 0 }
};
static const struct suffix seconds[] = {
	{ "s", 1 }, { "m", 60 }, { "h", 3600 }, { "d", 86400 }, { 0 }
};
static const struct suffix plain[] = { { 0 } };

static bool read_number(struct str text, const struct suffix *suffixes, int64_t *out)
{
	int64_t factor = 1;

	for (; suffixes->name; suffixes++) {
		if (text.len > 1 && str_ends(text, str_of(suffixes->name))) {
			factor = suffixes->factor;
			text.len--;
			break;
		}
	}
	return str_int(text, out) && !__builtin_mul_overflow(*out, factor, out);
}

static bool read_bool(struct str text, int64_t *out)
{
	static const char *const words[] = { "false", "true", "no", "yes", "off", "on" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (str_is(text, words[i])) {
			*out = i & 1;
			return true;
		}
	}
	return false;
}

static const struct type {
	const char *what;
	const struct suffix *suffixes; /* NULL: not a number */
} types[] = {
	[CONFIG_STRING] = { "text", NULL },
	[CONFIG_INT] = { "a whole number", plain },
	[CONFIG_BOOL] = { "true or false", NULL },
	[CONFIG_SIZE] = { "a number of bytes (64K, 16M, 2G)", sizes },
	[CONFIG_SECONDS] = { "a time (30s, 5m, 2h, 7d)", seconds },
};

/* Check and keep a value; `e` is how to fail, `origin` where it comes from. */
static enum err set(struct ctx *c, struct config *config, struct setting *setting,
		    struct str text, enum err e, const char *origin)
{
	const struct config_row *row = setting->row;
	const struct type *type = &types[row->type];
	int64_t number = 0;
	bool fine = text.len <= VALUE_LIMIT && !memchr(text.at ? text.at : "", 0, text.len) &&
		    str_utf8(text, &(size_t){ 0 });

	if (fine && row->type == CONFIG_BOOL)
		fine = read_bool(text, &number);
	if (fine && type->suffixes)
		fine = read_number(text, type->suffixes, &number);
	if (!fine)
		return fail(c, e, "%s: %s must be %s.", origin, row->key, type->what);
	if (type->suffixes && (row->min || row->max) &&
	    (number < row->min || number > row->max))
		return fail(c, e, "%s: %s must be from %lld to %lld.", origin, row->key,
			    (long long)row->min, (long long)row->max);
	setting->text = str_dup(config->life, text);
	setting->number = number;
	setting->origin = origin;
	return OK;
}

static struct setting *find(const struct config *config, struct str key)
{
	for (size_t i = 0; i < config->count; i++)
		if (str_is(key, config->settings[i].row->key))
			return &config->settings[i];
	return NULL;
}

/* ---- the file ---- */

struct reader {
	struct ctx *c;
	struct config *config;
	const char *file;
	size_t line;
	struct str section;
};

#define refuse(r, e, format, ...)                                                              \
	fail((r)->c, (e), "%s:%zu: " format, (r)->file, (r)->line, ##__VA_ARGS__)

static bool is_key(struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		char ch = s.at[i];

		if (!((ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9') || ch == '_' ||
		      ch == '-' || ch == '.'))
			return false;
	}
	return s.len && s.len <= KEY_LIMIT;
}

static enum err read_section(struct reader *r, struct str line)
{
	struct str name;

	if (line.len < 2 || line.at[line.len - 1] != ']') /* "[" alone, too */
		return refuse(r, ERR_SYNTAX, "a section looks like [name].");
	name = str_trim((struct str){ line.at + 1, line.len - 2 });
	if (!is_key(name))
		return refuse(r, ERR_SYNTAX, "a section looks like [name].");
	r->section = name;
	return OK;
}

static enum err read_assignment(struct reader *r, struct str line)
{
	char key[2 * KEY_LIMIT + 2];
	struct str name = str_trim(str_cut(&line, '='));
	struct setting *setting;

	if (!line.at || !is_key(name))
		return refuse(r, ERR_SYNTAX, "a setting looks like key = value.");
	snprintf(key, sizeof key, "%.*s%s%.*s", STR_ARG(r->section), r->section.len ? "." : "",
		 STR_ARG(name));
	setting = find(r->config, str_of(key));
	if (!setting)
		return refuse(r, ERR_INVALID, "there is no setting %s.", key);
	if (setting->line)
		return refuse(r, ERR_INVALID, "%s is already set in line %zu.", key,
			      setting->line);
	TRY(set(r->c, r->config, setting, str_trim(line), ERR_INVALID,
		arena_printf(r->config->life, "%s:%zu", r->file, r->line)));
	setting->line = r->line;
	return OK;
}

static enum err read_file(struct ctx *c, struct config *config, const char *file)
{
	struct reader r = { c, config, file, 0, STR("") };
	struct str rest, line;

	TRY(file_read(c, c->arena, file, FILE_LIMIT, &rest));
	while (rest.at) {
		line = str_trim(str_cut(&rest, '\n'));
		r.line++;
		if (!line.len || line.at[0] == '#')
			continue;
		TRY(line.at[0] == '[' ? read_section(&r, line) : read_assignment(&r, line));
	}
	return OK;
}

/* ---- the environment and the command line ---- */

static char environment_byte(char c)
{
	if (c >= 'a' && c <= 'z')
		return (char)(c - 'a' + 'A');
	return c == '.' || c == '-' ? '_' : c;
}

/* "http.port" is CAUSEWAY_HTTP_PORT. */
static enum err read_environment(struct ctx *c, struct config *config)
{
	for (size_t i = 0; i < config->count; i++) {
		struct setting *setting = &config->settings[i];
		char *name = arena_printf(config->life, "CAUSEWAY_%s", setting->row->key);
		const char *value;

		for (char *at = name; *at; at++)
			*at = environment_byte(*at);
		value = getenv(name);
		if (value)
			TRY(set(c, config, setting, str_trim(str_of(value)), ERR_INVALID,
				name));
	}
	return OK;
}

enum err config_set(struct ctx *c, struct config *config, struct str assignment)
{
	struct str key = str_trim(str_cut(&assignment, '='));
	struct setting *setting = find(config, key);

	if (!assignment.at)
		return fail(c, ERR_USAGE, "A setting looks like key=value, not '%.*s'.",
			    key.len > KEY_LIMIT ? KEY_LIMIT : (int)key.len, key.at);
	if (!setting)
		return fail(c, ERR_USAGE, "There is no setting '%.*s'.",
			    key.len > KEY_LIMIT ? KEY_LIMIT : (int)key.len, key.at);
	return set(c, config, setting, str_trim(assignment), ERR_USAGE, "command line");
}

enum err config_load(struct ctx *c, struct arena *life, const struct config_row *rows,
		     const char *file, struct config **out)
{
	struct config *config = NEW(life, struct config);

	config->life = life;
	while (rows[config->count].key)
		config->count++;
	config->settings = NEW_N(life, struct setting, config->count);
	for (size_t i = 0; i < config->count; i++) {
		enum err e;

		assert(is_key(str_of(rows[i].key)) && "a key of the table is none");
		config->settings[i].row = &rows[i];
		e = set(c, config, &config->settings[i], str_of(rows[i].fallback), ERR_INTERNAL,
			"default");
		assert(e == OK && "the default breaks the setting's own rule");
		TRY(e);
	}
	if (file)
		TRY(read_file(c, config, file));
	TRY(read_environment(c, config));
	*out = config;
	return OK;
}

/* ---- reading ---- */

static const struct setting *known(const struct config *config, const char *key)
{
	const struct setting *setting = find(config, str_of(key));

	assert(setting && "not in the table of settings");
	return setting;
}

const char *config_str(const struct config *config, const char *key)
{
	return known(config, key)->text;
}

int64_t config_int(const struct config *config, const char *key)
{
	assert(types[known(config, key)->row->type].suffixes);
	return known(config, key)->number;
}

bool config_bool(const struct config *config, const char *key)
{
	assert(known(config, key)->row->type == CONFIG_BOOL);
	return known(config, key)->number;
}

void config_print(const struct config *config, struct buf *out)
{
	for (size_t i = 0; i < config->count; i++) {
		const struct setting *setting = &config->settings[i];

		buf_printf(out, "%s# %s (%s)\n%s = %s\n", i ? "\n" : "", setting->row->help,
			   setting->origin, setting->row->key, setting->text);
	}
}
