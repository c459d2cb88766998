/* err.h - how functions say no.
 *
 * A function that can fail returns `enum err`; OK is 0. The reason is written once, where it is
 * known, with fail(c, ERR_…, "one sentence"), and travels up unchanged through TRY. Outputs are
 * untouched on failure. Programming mistakes are assert()s, never errors. Library layers do not
 * log and do not exit.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

enum err {
#define X(name, http, exit, issue, meaning) ERR_##name,
#include "base/err.def"
#undef X
	ERR_COUNT
};
#define OK ERR_OK

struct ctx;

/* One row of err.def. */
struct err_row {
	const char *name;    /* "NOT_FOUND" */
	int http;            /* HTTP status */
	int exit;            /* process exit code */
	const char *issue;   /* FHIR IssueType code */
	const char *meaning; /* a few words for people */
};

/* The row of an error; never NULL. */
const struct err_row *err_row(enum err e);

/* Write the reason into c->why (cut at its size) and return e, for `return fail(…)`.
 * In a unit test, where cmocka.h comes first, the word is cmocka's: use err_fail there. */
#ifndef fail
/* The value is e itself, so that the compiler knows that `return fail(c, ERR_…)` is not OK. */
#define fail(c, e, ...)                                   \
	({                                                \
		const enum err fail_e_ = (e);             \
		err_fail((c), fail_e_, __VA_ARGS__);      \
		fail_e_;                                  \
	})
#endif
enum err err_fail(struct ctx *c, enum err e, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#define NODISCARD __attribute__((warn_unused_result))

/* Pass a failure up unchanged. */
#define TRY(expression)                                \
	do {                                           \
		enum err try_err_ = (expression);      \
		if (__builtin_expect(try_err_ != OK, 0)) \
			return try_err_;               \
	} while (0)

#endif
