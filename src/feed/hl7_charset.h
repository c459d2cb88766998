/* hl7_charset.h - MSH-18: which characters the bytes are. For hl7*.c only. */
#ifndef FEED_HL7_CHARSET_H
#define FEED_HL7_CHARSET_H

#include "feed/hl7.h"

/* Fill in m->text, m->charset, m->guessed from the bytes of a message whose separators are known. */
NODISCARD enum err hl7_charset(struct ctx *c, struct arena *a, struct str bytes,
			       const char *fallback, struct hl7 *m, struct hl7_where *where);
/* Bytes in a character set of iconv as UTF-8; false when they are not that. */
bool hl7_convert(struct arena *a, const char *charset, struct str bytes, struct str *out);
/* iconv's name for what MSH-18 says; NULL when it is not known. */
const char *hl7_charset_name(struct str said);

#endif
