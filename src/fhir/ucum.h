/* ucum.h - units of measure: what a UCUM code means, exactly.
 *
 * A unit is a factor (a fraction of two exact decimals) times powers of base units. Two units
 * with the same powers are comparable. Special units on a shifted scale (Cel, [degF]) keep their
 * offset while they stand alone. Enough of UCUM for clinical use: ucum.def.
 */
#ifndef FHIR_UCUM_H
#define FHIR_UCUM_H

#include "base/dec.h"

#define UCUM_DIMENSIONS 24

struct ucum {
	struct dec num, den; /* value in base units = (value + offset) * num / den */
	struct dec offset;   /* 0 but for temperatures */
	int8_t power[UCUM_DIMENSIONS];
};

/* What a code means; false if it is none, or its numbers do not fit 38 digits. */
bool ucum_parse(struct str code, struct ucum *out);
/* Do both measure the same thing? */
bool ucum_comparable(const struct ucum *x, const struct ucum *y);

#endif
