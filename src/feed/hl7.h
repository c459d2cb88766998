/* hl7.h - HL7 v2 messages: their syntax, v2.1 to v2.8, and nothing of what they mean.
 *
 * A message is segments, each a line of fields; a field is repetitions of components of
 * subcomponents. Which bytes set them apart is said by the message itself (MSH-1, MSH-2). Nothing
 * is thrown away: unknown segments, surplus fields and the order stay as they were sent.
 *
 * Reading cuts a message into segments and fields; smaller parts are cut when asked for, by
 * numbers from 1 as the standard counts them. A "raw" text still has its escapes; hl7_text undoes
 * them. `""` is HL7's null, "this has been deleted", which is not the same as empty, "not said".
 *
 * Text is UTF-8 in memory: what MSH-18 names is converted when the message is read. So are unusual
 * separators: in memory every message has |^~\&.
 */
#ifndef FEED_HL7_H
#define FEED_HL7_H

#include "base/buf.h"
#include "base/ctx.h"

#define HL7_BYTES (8u << 20) /* of one message, as sent */

enum { HL7_SEGMENTS = 20000, HL7_FIELDS = 500 };

struct hl7_segment {
	char name[4];        /* "PID", "ZXY" */
	unsigned number;     /* in the message, from 1 */
	unsigned occurrence; /* of this name, from 1 */
	struct str text;     /* the whole line */
	struct str *fields;  /* raw; [0] is the name. MSH: [1] is the separator itself */
	unsigned len;        /* of fields */
};

struct hl7 {
	char field, component, repeat, escape, subcomponent; /* escape 0: there is none */
	struct hl7_segment *at;
	unsigned len;
	struct str text;    /* the whole message in UTF-8 */
	const char *charset; /* it was read from, as iconv names it */
	bool guessed;        /* MSH-18 did not say, or not rightly */
};

/* A place in a message, for an error: 0 is "the whole". */
struct hl7_where {
	char segment[4];
	unsigned occurrence, field, repeat, component;
};
/* "PID-3", "OBX[2]-5.1", "MSH"; in `a`. */
const char *hl7_where_print(struct arena *a, struct hl7_where where);

/* Read a message. Everything returned points into `bytes` or `a`. `fallback` is the character set
 * (as MSH-18 names it) of bytes that are no UTF-8 when MSH-18 is empty; NULL: 8859/1. ERR_SYNTAX
 * with *where set when the bytes are no message, ERR_UNSUPPORTED for a character set not known,
 * ERR_TOO_LARGE, ERR_LIMIT. */
NODISCARD enum err hl7_read(struct ctx *c, struct arena *a, struct str bytes, const char *fallback,
			    struct hl7 **out, struct hl7_where *where);

/* The n-th segment of that name, from 1; NULL when there is none. */
const struct hl7_segment *hl7_segment(const struct hl7 *m, const char *name, unsigned n);
/* A field, raw, with its repetitions; empty for what is not there, also for a NULL segment. */
struct str hl7_field(const struct hl7_segment *s, unsigned field);
/* Parts of a raw text, from 1; empty beyond the last. */
struct str hl7_repeat(const struct hl7 *m, struct str field, unsigned n);
struct str hl7_component(const struct hl7 *m, struct str repeat, unsigned n);
struct str hl7_subcomponent(const struct hl7 *m, struct str component, unsigned n);
/* How many repetitions a field has; 0 when it is empty. */
unsigned hl7_repeats(const struct hl7 *m, struct str field);
static inline bool hl7_null(struct str raw)
{
	return raw.len == 2 && raw.at[0] == '"' && raw.at[1] == '"';
}
/* Escapes undone, spaces at the ends and control characters but line ends taken out; null gives an
 * empty text. In `a`, or the text itself where nothing needs undoing. */
struct str hl7_text(const struct hl7 *m, struct arena *a, struct str raw);
/* The first subcomponent of a component of the first repetition, as text: what is mostly wanted. */
struct str hl7_get(const struct hl7 *m, struct arena *a, const struct hl7_segment *s, unsigned field,
		   unsigned component);

/* Append a text with its separators escaped. */
void hl7_put(const struct hl7 *m, struct buf *b, struct str text);

/* --- times --- */

/* YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+/-ZZZZ]. A time without zone is London's. */
struct hl7_time {
	unsigned precision; /* digits read: 4, 6, 8, 10, 12 or 14 */
	int64_t at;         /* microseconds since 1970 of its beginning */
	char text[40];      /* as a FHIR date or dateTime */
	char date[11];      /* the day alone (or month, year): as written, in no zone */
};
/* False when it is none: a day that does not exist, letters, a wrong length. */
bool hl7_time_read(struct str text, struct hl7_time *out);
/* YYYYMMDDHHMMSS+0000 of an instant. */
const char *hl7_time_print(struct arena *a, int64_t us);

#endif
