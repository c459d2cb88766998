/* path_func_string.c - functions of strings. Positions count characters (code points) from 0. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <utf8proc.h>

#include "fhir/path_int.h"

#define PUT(out, items) (*(out) = (items), OK)
#define MATCH_LIMIT 200000u /* steps of the regular expression machine */
#define MATCH_HEAP_KB 4096u
#define REGEX_WHY 200 /* bytes of a reason */

/* ---- characters */

static bool continues(char ch)
{
	return ((unsigned char)ch & 0xc0) == 0x80;
}

static int64_t characters(struct str s)
{
	int64_t n = 0;

	for (size_t i = 0; i < s.len; i++)
		n += !continues(s.at[i]);
	return n;
}

/* Byte where character n begins; the length when there are fewer. */
static size_t offset_of(struct str s, int64_t n)
{
	size_t i = 0;

	for (; i < s.len; i++)
		if (!continues(s.at[i]) && n-- == 0)
			break;
	return i;
}

/* ---- taking input and arguments: *all false when any is empty, and then so is the result */

static enum err take_input(struct vm *vm, const struct call *call, struct str *s, bool *all)
{
	return items_string(vm, call->in, s, all);
}

static enum err take_two(struct vm *vm, const struct call *call, struct str *s, struct str *arg,
			 bool *all)
{
	bool some;

	TRY(items_string(vm, call->in, s, all));
	TRY(items_string(vm, call->arg[0], arg, &some));
	*all = *all && some;
	return OK;
}

/* ---- looking */

enum err fn_index_of(struct vm *vm, const struct call *call, struct items *out)
{
	struct str s, part;
	ptrdiff_t at;
	bool all;

	TRY(take_two(vm, call, &s, &part, &all));
	if (!all)
		return OK;
	at = part.len ? str_find(s, part) : 0;
	return PUT(out,
		   items_int(vm, at < 0 ? -1 : characters((struct str){ s.at, (size_t)at })));
}

enum err fn_last_index(struct vm *vm, const struct call *call, struct items *out)
{
	struct str s, part;
	bool all;

	TRY(take_two(vm, call, &s, &part, &all));
	if (!all)
		return OK;
	for (size_t i = s.len + 1; i-- > 0;)
		if (str_starts((struct str){ s.at + i, s.len - i }, part))
			return PUT(out, items_int(vm, characters((struct str){ s.at, i })));
	return PUT(out, items_int(vm, -1));
}

enum err fn_starts(struct vm *vm, const struct call *call, struct items *out)
{
	struct str s, part;
	bool all;

	TRY(take_two(vm, call, &s, &part, &all));
	return PUT(out, all ? items_bool(str_starts(s, part)) : ITEMS_NONE);
}

enum err fn_ends(struct vm *vm, const struct call *call, struct items *out)
{
	struct str s, part;
	bool all;

	TRY(take_two(vm, call, &s, &part, &all));
	return PUT(out, all ? items_bool(str_ends(s, part)) : ITEMS_NONE);
}

enum err fn_contains(struct vm *vm, const struct call *call, struct items *out)
{
	struct str s, part;
	bool all;

	TRY(take_two(vm, call, &s, &part, &all));
	return PUT(out, all ? items_bool(!part.len || str_find(s, part) >= 0) : ITEMS_NONE);
}

enum err fn_length(struct vm *vm, const struct call *call, struct items *out)
{
	struct str s;
	bool all;

	TRY(take_input(vm, call, &s, &all));
	return PUT(out, all ? items_int(vm, characters(s)) : ITEMS_NONE);
}

/* ---- parts */

enum err fn_substring(struct vm *vm, const struct call *call, struct items *out)
{
	int64_t start, length = INT32_MAX;
	struct str s;
	bool all, some;

	TRY(take_input(vm, call, &s, &all));
	TRY(items_integer(vm, call->arg[0], &start, &some));
	all = all && some;
	if (call->argc == 2) {
		TRY(items_integer(vm, call->arg[1], &length, &some));
		if (!some)
			length = INT32_MAX;
	}
	if (!all || start < 0 || start >= characters(s))
		return PUT(out, ITEMS_NONE);
	size_t from = offset_of(s, start);

	s.at += from;
	s.len -= from;
	s.len = length > 0 ? offset_of(s, length) : 0;
	return PUT(out, items_text(vm, s));
}

enum err fn_to_chars(struct vm *vm, const struct call *call, struct items *out)
{
	struct items chars;
	struct str s;
	bool all;

	TRY(take_input(vm, call, &s, &all));
	if (!all)
		return OK;
	TRY(vm_room(vm, s.len));
	TRY(vm_step(vm, s.len));
	chars = items_new(vm, s.len);
	for (size_t i = 0, end; i < s.len; i = end) {
		for (end = i + 1; end < s.len && continues(s.at[end]); end++)
			;
		chars.at[chars.len++] =
			(struct item){ .kind = ITEM_STRING, .text = { s.at + i, end - i } };
	}
	return PUT(out, chars);
}

enum err fn_trim(struct vm *vm, const struct call *call, struct items *out)
{
	struct str s;
	bool all;

	TRY(take_input(vm, call, &s, &all));
	return PUT(out, all ? items_text(vm, str_trim(s)) : ITEMS_NONE);
}

enum err fn_split(struct vm *vm, const struct call *call, struct items *out)
{
	struct items parts;
	struct str s, separator;
	bool all;

	TRY(take_two(vm, call, &s, &separator, &all));
	if (!all)
		return OK;
	if (!separator.len)
		return fn_to_chars(vm, call, out);
	TRY(vm_step(vm, s.len));
	TRY(vm_room(vm, s.len / separator.len + 1));
	parts = items_new(vm, s.len / separator.len + 1);
	for (;;) {
		ptrdiff_t at = str_find(s, separator);
		size_t len = at < 0 ? s.len : (size_t)at;

		parts.at[parts.len++] =
			(struct item){ .kind = ITEM_STRING, .text = { s.at, len } };
		if (at < 0)
			return PUT(out, parts);
		s.at += len + separator.len;
		s.len -= len + separator.len;
	}
}

enum err fn_join(struct vm *vm, const struct call *call, struct items *out)
{
	struct str separator = { "", 0 };
	struct buf b;
	bool some;

	if (call->argc)
		TRY(items_string(vm, call->arg[0], &separator, &some));
	if (!call->in.len)
		return OK;
	TRY(vm_step(vm, call->in.len));
	buf_init(&b, vm->a, 0);
	for (size_t i = 0; i < call->in.len; i++) {
		struct str s = { "", 0 };

		TRY(items_string(vm, items_one(&call->in.at[i]), &s, &some));
		if (i)
			buf_str(&b, separator);
		buf_str(&b, s);
	}
	return PUT(out, items_text(vm, buf_get(&b)));
}

/* ---- change */

static enum err change_case(struct vm *vm, const struct call *call, int32_t (*change)(int32_t),
			    struct items *out)
{
	struct str s;
	struct buf b;
	bool all;

	TRY(take_input(vm, call, &s, &all));
	if (!all)
		return OK;
	buf_init(&b, vm->a, 0);
	for (size_t i = 0; i < s.len;) {
		utf8proc_int32_t code;
		utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)s.at + i,
						      (utf8proc_ssize_t)(s.len - i), &code);

		if (n <= 0)
			break;
		buf_utf8(&b, (uint32_t)change(code));
		i += (size_t)n;
	}
	return PUT(out, items_text(vm, buf_get(&b)));
}

enum err fn_upper(struct vm *vm, const struct call *call, struct items *out)
{
	return change_case(vm, call, utf8proc_toupper, out);
}

enum err fn_lower(struct vm *vm, const struct call *call, struct items *out)
{
	return change_case(vm, call, utf8proc_tolower, out);
}

static enum err take_three(struct vm *vm, const struct call *call, struct str *s, struct str *x,
			   struct str *y, bool *all)
{
	bool some;

	TRY(take_two(vm, call, s, x, all));
	TRY(items_string(vm, call->arg[1], y, &some));
	*all = *all && some;
	return OK;
}

/* An empty pattern stands before, between and after all characters. */
enum err fn_replace(struct vm *vm, const struct call *call, struct items *out)
{
	struct str s, part, by;
	struct buf b;
	bool all;

	TRY(take_three(vm, call, &s, &part, &by, &all));
	if (!all)
		return OK;
	TRY(vm_step(vm, s.len + 1));
	buf_init(&b, vm->a, TEXT_MAX);
	for (size_t i = 0; i < s.len;) {
		struct str rest = { s.at + i, s.len - i };

		if (part.len ? str_starts(rest, part) : !continues(*rest.at))
			buf_str(&b, by);
		if (part.len && str_starts(rest, part))
			i += part.len;
		else
			buf_char(&b, s.at[i++]);
	}
	if (!part.len)
		buf_str(&b, by);
	if (b.full)
		return vm_fail(vm, ERR_LIMIT, "the text grew beyond %u bytes", TEXT_MAX);
	return PUT(out, items_text(vm, buf_get(&b)));
}

/* ---- regular expressions */

static void free_code(pcre2_code **code)
{
	pcre2_code_free(*code);
}

static void free_match(pcre2_match_data **match)
{
	pcre2_match_data_free(*match);
}

static void free_context(pcre2_match_context **context)
{
	pcre2_match_context_free(*context);
}

#define REGEX_LOCAL(type, name, free_it) __attribute__((cleanup(free_it))) type *name = NULL

static uint32_t regex_flags(struct str flags)
{
	uint32_t options =
		PCRE2_UTF | PCRE2_DOTALL | PCRE2_NEVER_BACKSLASH_C | PCRE2_NO_UTF_CHECK;

	if (memchr(flags.at, 'i', flags.len))
		options |= PCRE2_CASELESS;
	if (memchr(flags.at, 'm', flags.len))
		options |= PCRE2_MULTILINE;
	return options;
}

/* Compile; NULL with the reason in `why`. The whole input is one line ('.' fits line ends too). */
static pcre2_code *regex_new(struct str text, uint32_t options, char why[REGEX_WHY])
{
	PCRE2_SIZE at;
	int error;
	pcre2_code *code =
		pcre2_compile((PCRE2_SPTR)text.at, text.len, options, &error, &at, NULL);
	char reason[120];

	if (!code) {
		pcre2_get_error_message(error, (PCRE2_UCHAR *)reason, sizeof reason);
		snprintf(why, REGEX_WHY, "the regular expression is wrong at byte %zu: %s", at,
			 reason);
	}
	return code;
}

static void regex_drop(void *code)
{
	pcre2_code_free(code);
}

const char *regex_prepare(struct arena *life, struct str text, const struct regex **out)
{
	static const struct str none = { "", 0 };
	pcre2_code *code;
	char why[REGEX_WHY];

	if (text.len > REGEX_MAX)
		return "a regular expression this long is not compiled";
	code = regex_new(text, regex_flags(none), why);
	if (!code)
		return arena_str(life, why);
	arena_defer(life, regex_drop, code);
	*out = (const struct regex *)code; /* the same thing under a name others may know */
	return NULL;
}

/* The regular expression of a call: prepared with the path, or compiled now. */
static enum err regex_compile(struct vm *vm, const struct call *call, struct str text,
			      struct str flags, pcre2_code **made, const pcre2_code **out)
{
	char why[REGEX_WHY];

	if (text.len > vm->limits.regex)
		return vm_fail(vm, ERR_LIMIT, "a regular expression has %u bytes at most",
			       vm->limits.regex);
	if (call->ins->b) {
		*out = (const pcre2_code *)vm->path->regexes[call->ins->b - 1];
		return OK;
	}
	*made = regex_new(text, regex_flags(flags), why);
	if (!*made)
		return vm_fail(vm, ERR_INVALID, "%s", why);
	*out = *made;
	return OK;
}

static pcre2_match_context *regex_limits(void)
{
	pcre2_match_context *context = pcre2_match_context_create(NULL);

	if (context) {
		pcre2_set_match_limit(context, MATCH_LIMIT);
		pcre2_set_depth_limit(context, MATCH_LIMIT);
		pcre2_set_heap_limit(context, MATCH_HEAP_KB);
	}
	return context;
}

static enum err regex_failed(struct vm *vm, int error)
{
	char reason[120];

	pcre2_get_error_message(error, (PCRE2_UCHAR *)reason, sizeof reason);
	return vm_fail(vm, ERR_LIMIT, "the regular expression gave up: %s", reason);
}

static enum err take_flags(struct vm *vm, const struct call *call, unsigned n,
			   struct str *flags)
{
	bool some;

	*flags = (struct str){ "", 0 };
	return call->argc > n ? items_string(vm, call->arg[n], flags, &some) : OK;
}

static enum err match(struct vm *vm, const struct call *call, uint32_t options,
		      struct items *out)
{
	REGEX_LOCAL(pcre2_code, made, free_code);
	const pcre2_code *code;
	REGEX_LOCAL(pcre2_match_data, data, free_match);
	REGEX_LOCAL(pcre2_match_context, limits, free_context);
	struct str s, regex, flags;
	bool all;
	int found;

	TRY(take_two(vm, call, &s, &regex, &all));
	TRY(take_flags(vm, call, 1, &flags));
	if (!all)
		return OK;
	TRY(regex_compile(vm, call, regex, flags, &made, &code));
	data = pcre2_match_data_create_from_pattern(code, NULL);
	limits = regex_limits();
	found = pcre2_match(code, (PCRE2_SPTR)s.at, s.len, 0, options | PCRE2_NO_UTF_CHECK,
			    data, limits);
	if (found < 0 && found != PCRE2_ERROR_NOMATCH)
		return regex_failed(vm, found);
	return PUT(out, items_bool(found >= 0));
}

enum err fn_matches(struct vm *vm, const struct call *call, struct items *out)
{
	return match(vm, call, 0, out);
}

enum err fn_matches_full(struct vm *vm, const struct call *call, struct items *out)
{
	return match(vm, call, PCRE2_ANCHORED | PCRE2_ENDANCHORED, out);
}

enum err fn_replace_matches(struct vm *vm, const struct call *call, struct items *out)
{
	REGEX_LOCAL(pcre2_code, made, free_code);
	const pcre2_code *code;
	REGEX_LOCAL(pcre2_match_context, limits, free_context);
	struct str s, regex, by, flags;
	PCRE2_SIZE room, len;
	char *text;
	bool all;
	int done;

	TRY(take_three(vm, call, &s, &regex, &by, &all));
	TRY(take_flags(vm, call, 2, &flags));
	if (!all)
		return OK;
	if (!regex.len)
		return PUT(out, call->in);
	TRY(regex_compile(vm, call, regex, flags, &made, &code));
	limits = regex_limits();
	for (room = s.len * 2 + by.len + 64;; room = len + 1) {
		if (room > TEXT_MAX)
			return vm_fail(vm, ERR_LIMIT, "the text grew beyond %u bytes",
				       TEXT_MAX);
		text = arena_alloc(vm->a, room);
		len = room;
		done = pcre2_substitute(
			code, (PCRE2_SPTR)s.at, s.len, 0,
			PCRE2_SUBSTITUTE_GLOBAL | PCRE2_SUBSTITUTE_OVERFLOW_LENGTH |
				PCRE2_NO_UTF_CHECK | PCRE2_SUBSTITUTE_UNSET_EMPTY,
			NULL, limits, (PCRE2_SPTR)by.at, by.len, (PCRE2_UCHAR *)text, &len);
		if (done != PCRE2_ERROR_NOMEMORY)
			break;
	}
	if (done < 0)
		return regex_failed(vm, done);
	return PUT(out, items_text(vm, (struct str){ text, len }));
}
