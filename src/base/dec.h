/* dec.h - exact decimals: a whole number and where its point stands.
 *
 * value = coefficient / 10^scale. 38 digits at most, scale -38 … 38. 1.50 and 1.5 are equal
 * but not the same: the scale is kept, because in FHIR 1.50 says more than 1.5. No function
 * goes through double, and each one that rounds takes the rounding as an argument.
 */
#ifndef BASE_DEC_H
#define BASE_DEC_H

#include "base/ctx.h"

struct dec {
	__int128 coef;
	int scale; /* digits after the point; below 0: zeros before it */
};

enum dec_round { ROUND_HALF_UP, ROUND_HALF_EVEN, ROUND_DOWN, ROUND_UP, ROUND_FLOOR, ROUND_CEILING };

#define DEC_DIGITS 38

struct dec dec_int(int64_t n);
/* From text as JSON and FHIR write it: -12.50, 1.5e3; a leading + or 0 is let pass. False when it
 * is not a number or needs more than 38 digits. */
bool dec_parse(struct str text, struct dec *out);
/* Plain digits, no exponent, trailing zeros of the scale kept: "12.50". In `a`. */
struct str dec_print(struct arena *a, struct dec d);

/* <0, 0, >0 by value: 1.50 equals 1.5. */
int dec_cmp(struct dec a, struct dec b);
bool dec_is_zero(struct dec d);
struct dec dec_neg(struct dec d);
struct dec dec_abs(struct dec d);
/* False on overflow; out untouched. The scale of a sum is the larger one, of a product both added,
 * as far as 38 digits go. */
bool dec_add(struct dec a, struct dec b, struct dec *out);
bool dec_sub(struct dec a, struct dec b, struct dec *out);
bool dec_mul(struct dec a, struct dec b, struct dec *out);
/* Rounded to `scale` digits; false if b is zero or the result does not fit. */
bool dec_div(struct dec a, struct dec b, int scale, enum dec_round round, struct dec *out);
/* Whole part of a / b towards zero, and what is left with the sign of a. */
bool dec_div_whole(struct dec a, struct dec b, struct dec *out);
bool dec_mod(struct dec a, struct dec b, struct dec *out);
/* To `scale` digits after the point; false when it does not fit. */
bool dec_to_scale(struct dec d, int scale, enum dec_round round, struct dec *out);
/* Without trailing zeros after the point. */
struct dec dec_trim(struct dec d);
/* Whole and within int64, else false. */
bool dec_to_int(struct dec d, int64_t *out);
/* Significant digits of the coefficient. */
int dec_digits(struct dec d);
/* Half a unit of the last digit written: 5.40 -> 0.005, for FHIR's implicit ranges. */
struct dec dec_half_ulp(struct dec d);

/* Bytes that memcmp in the order of the values, the same for 1.5 and 1.50; for index columns. */
#define DEC_SORT_MAX 24
size_t dec_sort_key(struct dec d, unsigned char out[DEC_SORT_MAX]);

/* For statistics and drawing only, never for money or records. */
double dec_to_double(struct dec d);
/* Rounded to so many significant digits (1 … 17); 0 for what is not finite or beyond the range. */
struct dec dec_from_double(double d, int significant);

#endif
