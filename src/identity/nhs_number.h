/* nhs_number.h - the numbers the NHS knows people by: NHS number and Scotland's CHI number.
 *
 * Pure functions of text. Rules: NHS Data Dictionary, "NHS NUMBER" (modulus 11, ranges in use);
 * Public Health Scotland, "CHI number" (date of birth, sex digit, the same check digit).
 */
#ifndef IDENTITY_NHS_NUMBER_H
#define IDENTITY_NHS_NUMBER_H

#include "base/str.h"

#define NHS_NUMBER_SYSTEM "https://fhir.nhs.uk/Id/nhs-number"
#define NHS_NUMBER_OID "2.16.840.1.113883.2.1.4.1"
#define CHI_OID "2.16.840.1.113883.2.1.3.2.4.16.53"

/* Where a number comes from; each with a right check digit. */
enum nhs_range {
	NHS_RANGE_NONE,             /* right arithmetic, but in no range in use */
	NHS_RANGE_ENGLAND,          /* England, Wales and the Isle of Man: 400-499, 600-799 */
	NHS_RANGE_NORTHERN_IRELAND, /* stems 320000001 to 399999999 */
	NHS_RANGE_SCOTLAND,         /* a CHI number: 010101... to 311299... with a real date */
	NHS_RANGE_TEST,             /* 999: never a person's */
};

/* Why a number is refused. */
enum nhs_fault {
	NHS_OK,
	NHS_LENGTH, /* not ten digits */
	NHS_SAME,   /* all digits the same, though the arithmetic may hold */
	NHS_CHECK,  /* wrong check digit, or a stem that has none */
};

/* The check digit of nine digits, or -1 where the stem has none (it would be 10) or is not nine
 * digits. Weights 10 ... 2, eleven less the sum modulo eleven, eleven counts as 0. */
int nhs_check_digit(struct str stem);
/* Take spaces and hyphens out of what people write and check it. `out` receives the ten digits and
 * a NUL; untouched unless NHS_OK. */
enum nhs_fault nhs_number_read(struct str text, char out[11]);
/* A sentence for people about a fault. */
const char *nhs_fault_words(enum nhs_fault fault);
/* The range of ten digits that nhs_number_read gave. */
enum nhs_range nhs_number_range(const char digits[11]);
/* May a living person have it? Right, and in a range in use: tests' numbers and others are not. */
bool nhs_number_live(const char digits[11]);
/* "943 476 5919" from ten digits. */
void nhs_number_format(const char digits[11], char out[13]);
/* Ten digits as a CHI number: a date that exists (the century is not told, so 29 February is right in
 * either), then the check digit. *male from the ninth digit: odd is male. A date of birth is never
 * to be taken from it. */
bool chi_read(const char digits[11], bool *male);

#endif
