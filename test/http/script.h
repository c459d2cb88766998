/* script.h - a file of questions and expected answers, as README.md describes it. */
#ifndef TEST_HTTP_SCRIPT_H
#define TEST_HTTP_SCRIPT_H

#include "base/json.h"
#include "base/map.h"
#include "base/vec.h"

enum send_kind { SEND_BYTES, SEND_WAIT, SEND_HALF };
struct send {
	enum send_kind kind;
	struct str bytes;
	size_t times; /* BYTES: how often; WAIT: milliseconds */
};

struct line {
	unsigned number;
	struct str text;
};

struct exchange {
	struct str name;
	unsigned line;
	VEC(struct str) head; /* "PUT /fhir/Patient/1", then headers */
	VEC(struct line) body;
	VEC(struct send) raw;    /* instead of head and body */
	struct str status;       /* "201", "-" */
	bool in_the_end;         /* asked again until it is this */
	VEC(struct str) headers; /* "ETag: W/\"1\"", "!Retry-After" */
	VEC(struct str) has, has_not;
	struct str json; /* expected, empty: none */
};

struct script {
	const char *file;
	VEC(struct exchange) exchanges;
	VEC(const char *) options;
	VEC(struct str) secrets;
};

/* Read a file; what does not fit the form fails the test with file:line. */
void script_read(struct arena *a, const char *file, struct script *out);
/* $(name) replaced by what it was bound to. */
struct str script_fill(struct arena *a, const struct map *bound, struct str text);

/* client.c: one exchange over a socket of its own. All that came back, NUL-terminated. */
struct str client_ask(struct arena *a, uint16_t port, const struct map *bound,
		      const struct exchange *x);

/* match.c: NULL when the answer is as expected, else what is not. Binds names. */
const char *match_answer(struct arena *a, struct map *bound, const struct exchange *x,
			 struct str answer);

#endif
