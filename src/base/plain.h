/* plain.h - the few things most formats say, without the machine of the C library.
 *
 * Names, addresses and keys are made by the hundred for each message and request; nearly all formats are words with
 * "%s", "%.*s" or whole numbers between, for which vsnprintf does six times the work. For buf.c and arena.c.
 */
#ifndef BASE_PLAIN_H
#define BASE_PLAIN_H

#include <stdarg.h>
#include <stddef.h>

/* The text's length, in `out` without a NUL; -1 when the format says more than %s %.*s %d %u %ld %lu %lld %llu %zu %c %%,
 * or there is not room enough: then nothing is known of `out`, and vsnprintf does it. */
int plain_print(char *out, size_t room, const char *format, va_list args);

#endif
