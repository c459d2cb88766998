/* json_scan.h - eight bytes at a time through the inside of JSON text.
 *
 * Private to json_read.c and json_write.c. Each test leaves a high bit in the bytes looked for.
 * A borrow can only spoil bytes above a hit, so the lowest hit is exact (little-endian).
 */
#ifndef BASE_JSON_SCAN_H
#define BASE_JSON_SCAN_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define SCAN_EACH(byte) (0x0101010101010101u * (uint64_t)(byte))

static inline uint64_t scan_load(const char *at)
{
	uint64_t eight;

	memcpy(&eight, at, 8);
	return eight;
}

/* Number of bytes below the lowest high bit. */
static inline size_t scan_first(uint64_t hits)
{
	return (size_t)__builtin_ctzll(hits) >> 3;
}

/* Quotes, backslashes, controls and bytes above ASCII. */
static inline uint64_t scan_special(uint64_t x)
{
	uint64_t quote = (x ^ SCAN_EACH('"')) - SCAN_EACH(1);
	uint64_t backslash = (x ^ SCAN_EACH('\\')) - SCAN_EACH(1);

	return (quote | backslash | (x - SCAN_EACH(0x20)) | x) & SCAN_EACH(0x80);
}

/* Quotes, backslashes and controls. */
static inline uint64_t scan_escaped(uint64_t x)
{
	uint64_t quote = x ^ SCAN_EACH('"');
	uint64_t backslash = x ^ SCAN_EACH('\\');
	uint64_t hits = ((quote - SCAN_EACH(1)) & ~quote) |
			((backslash - SCAN_EACH(1)) & ~backslash) |
			((x - SCAN_EACH(0x20)) & ~x);

	return hits & SCAN_EACH(0x80);
}

#endif
