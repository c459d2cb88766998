/* v2_ack.c - the answer to a message: MSH, MSA, and ERR where something was wrong.
 *
 * The application's answer (AA, AE, AR) is given at once, since a message is answered only when
 * what it says is on the disk; it stands for the accept acknowledgement of enhanced mode too. */
#include "feed/v2.h"

#include "base/when.h"

/* Rejected: not a message for us. In error: one that should have been understood. */
static const char *ack_code(enum err e, int code)
{
	if (e == OK)
		return "AA";
	return e == ERR_SYNTAX || e == ERR_UNSUPPORTED || e == ERR_TOO_LARGE ||
			       (code >= 200 && code <= 203)
		       ? "AR"
		       : "AE";
}

static int error_code(enum err e, int code)
{
	if (code)
		return code;
	switch (e) {
	case ERR_SYNTAX:
		return 100;
	case ERR_INVALID:
		return 102;
	case ERR_UNSUPPORTED:
		return 200;
	default:
		return 207;
	}
}

static const char *error_words(int code)
{
	static const struct {
		int code;
		const char *words;
	} rows[] = { { 100, "Segment sequence error" }, { 101, "Required field missing" },
		     { 102, "Data type error" },        { 103, "Table value not found" },
		     { 200, "Unsupported message type" }, { 201, "Unsupported event code" },
		     { 202, "Unsupported processing id" }, { 203, "Unsupported version id" },
		     { 204, "Unknown key identifier" }, { 205, "Duplicate key identifier" },
		     { 206, "Application record locked" }, { 207, "Application internal error" } };

	for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i].code == code)
			return rows[i].words;
	return "";
}

bool v2_ack_wanted(struct v2 *v, enum err e)
{
	const struct hl7_segment *msh = v->m ? hl7_segment(v->m, "MSH", 1) : NULL;
	struct str accept = v2_text(v, msh, 15, 1), application = v2_text(v, msh, 16, 1);

	if (str_is(accept, "NE") && str_is(application, "NE"))
		return false;
	if (str_is(application, "ER") && (!accept.len || str_is(accept, "NE")))
		return e != OK;
	if (str_is(application, "SU") && (!accept.len || str_is(accept, "NE")))
		return e == OK;
	return true;
}

/* A field of MSH as it came, even when the message could not be read. */
static struct str echo(const struct v2 *v, struct str raw, unsigned field)
{
	struct str rest = raw, part = { 0 };

	if (v->m)
		return hl7_field(hl7_segment(v->m, "MSH", 1), field);
	for (size_t i = 0; i < rest.len; i++)
		if (rest.at[i] == '\r' || rest.at[i] == '\n')
			rest.len = i;
	if (rest.len < 9 || memcmp(rest.at, "MSH|", 4) != 0)
		return (struct str){ 0 };
	for (unsigned i = 0; i < field && rest.at; i++)
		part = str_cut(&rest, '|');
	return part.len <= 200 && str_utf8(part, &(size_t){ 0 }) ? part : (struct str){ 0 };
}

/* Segments of that name in the parts of the message before this one. */
static unsigned count_earlier(struct str earlier, const char *segment)
{
	unsigned n = 0;

	for (size_t i = 0; *segment && i + 3 < earlier.len; i++)
		n += (!i || earlier.at[i - 1] == '\r' || earlier.at[i - 1] == '\n') &&
		     !memcmp(earlier.at + i, segment, 3);
	return n;
}

static void put_err(struct v2 *v, struct buf *b, struct str version, int code, enum err e,
		    struct hl7_where w, const struct hl7 *usual)
{
	bool old = str_starts(version, STR("2.1")) || str_starts(version, STR("2.2")) ||
		   str_starts(version, STR("2.3")) || str_starts(version, STR("2.4"));
	unsigned occurrence = w.occurrence ? w.occurrence : 1;
	const char *segment = *w.segment ? w.segment : "MSH";

	occurrence += count_earlier(v->message->earlier, w.segment);

	buf_cstr(b, "ERR|");
	if (old) {
		buf_printf(b, "%s^%u^%u^%d&", segment, occurrence, w.field, code);
		buf_cstr(b, error_words(code));
		buf_cstr(b, "&HL70357\r");
		return;
	}
	buf_printf(b, "|%s^%u", segment, occurrence);
	if (w.field)
		buf_printf(b, "^%u", w.field);
	if (w.field && (w.repeat || w.component))
		buf_printf(b, "^%u", w.repeat ? w.repeat : 1);
	if (w.field && w.component)
		buf_printf(b, "^%u", w.component);
	buf_printf(b, "|%d^%s^HL70357|E||||", code, error_words(code));
	hl7_put(usual, b, str_of(e == OK ? "" : v->c->why));
	buf_char(b, '\r');
}

struct str v2_ack(struct v2 *v, struct str raw, enum err e, struct hl7_where where)
{
	static const struct hl7 usual = { .field = '|', .component = '^', .repeat = '~', .escape = '\\',
					  .subcomponent = '&' };
	struct str version = echo(v, raw, 12), event, control = echo(v, raw, 10), type;
	int64_t now = clock_now(v->c->clock);
	struct when w = when_from_us(now + when_london_offset(now) * INT64_C(60000000));
	int code = error_code(e, v->code);
	struct buf b;

	if (v->m)
		version = hl7_component(v->m, version, 1);
	if (!version.len || version.len > 10)
		version = STR("2.4");
	type = echo(v, raw, 9);
	event = hl7_component(&usual, type, 2);
	buf_init(&b, v->c->arena, 0);
	buf_printf(&b, "MSH|^~\\&|" STR_FMT "|" STR_FMT "|" STR_FMT "|" STR_FMT, STR_ARG(echo(v, raw, 5)),
		   STR_ARG(echo(v, raw, 6)), STR_ARG(echo(v, raw, 3)), STR_ARG(echo(v, raw, 4)));
	buf_printf(&b, "|%04d%02d%02d%02d%02d%02d||ACK", w.year, w.month, w.day, w.hour, w.minute,
		   w.second);
	if (event.len)
		buf_printf(&b, "^" STR_FMT "^ACK", STR_ARG(event));
	struct str processing = echo(v, raw, 11);
	buf_printf(&b, "|%.16s|" STR_FMT "|" STR_FMT "||||||UNICODE UTF-8\r",
		   v->message->hash.len ? v->message->hash.at : "0",
		   STR_ARG(processing.len ? processing : STR("P")), STR_ARG(version));
	buf_printf(&b, "MSA|%s|" STR_FMT "|", ack_code(e, v->code), STR_ARG(control));
	if (e)
		hl7_put(&usual, &b, str_of(v->c->why));
	buf_char(&b, '\r');
	if (e)
		put_err(v, &b, version, code, e, where, &usual);
	return buf_get(&b);
}

struct str v2_ack_too_large(struct ctx *c, struct str begun)
{
	struct message m = { 0 };
	struct v2 v = { .c = c, .message = &m };

	enum err e = fail(c, ERR_TOO_LARGE, "The message is too large.");
	return v2_ack(&v, begun, e, (struct hl7_where){ 0 });
}
