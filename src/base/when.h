/* when.h - FHIR's dates, times and instants with the precision they were written in.
 *
 * 1945, 1945-07 and 1945-07-14 are three different statements. A `struct when` keeps how much was
 * said, and can be widened to the half-open range of microseconds it covers.
 */
#ifndef BASE_WHEN_H
#define BASE_WHEN_H

#include "base/ctx.h"

enum when_precision { WHEN_YEAR, WHEN_MONTH, WHEN_DAY, WHEN_HOUR, WHEN_MINUTE, WHEN_SECOND, WHEN_FRACTION };
enum when_kind { WHEN_DATE, WHEN_DATETIME, WHEN_TIME };

struct when {
	uint8_t kind;        /* enum when_kind */
	uint8_t precision;   /* enum when_precision */
	bool zoned;          /* an offset was written */
	uint8_t digits;      /* of the fraction, 0 … 9 */
	char sign;           /* '+' or '-' of the offset as written; 0: Z, or made by code */
	int16_t year;        /* 1 … 9999; 0 for a time */
	uint8_t month, day, hour, minute, second;
	int16_t offset;      /* minutes east of UTC */
	int32_t nanos;
};

/* FHIR's lexical forms; false when the text is none or names a day that does not exist. `date`:
 * YYYY[-MM[-DD]]. `dateTime`: that, or with Thh:mm:ss[.f]zone. `instant`: all of it. `time`:
 * hh:mm:ss[.f]. A second of 60 is read (leap second) and counts as the next minute's first.
 * Digits after the ninth of a fraction are read and dropped. */
bool when_parse_date(struct str text, struct when *out);
bool when_parse_datetime(struct str text, struct when *out);
bool when_parse_instant(struct str text, struct when *out);
bool when_parse_time(struct str text, struct when *out);
/* FHIRPath's looser forms, any precision down to the hour, zone optional: 2015-02-04T14, T14:30,
 * and a bare date with a trailing T (2015-02T) as a dateTime. `text` is without the @. A time
 * has no zone. */
bool when_parse_path(struct str text, struct when *out);
/* As it was written, zone included; in `a`. A time is written without its T. */
struct str when_print(struct arena *a, struct when w);

/* The span covered, [from, to), in microseconds since 1970 UTC; a value without zone is taken in
 * `offset` minutes east of UTC. Not for times. */
void when_range(struct when w, int offset, int64_t *from, int64_t *to);
/* Microseconds since 1970 as a dateTime in UTC with millisecond precision, rounded down; kept
 * within years 1 … 9999. */
struct when when_from_us(int64_t us);
/* "2015-02-07T13:28:17.239Z", in `a`. */
struct str when_print_us(struct arena *a, int64_t us);

/* <0, 0, >0 into *order; false when precision or a missing zone leaves it open (FHIRPath's
 * empty). Seconds and their fraction are one precision; values with zones are compared as
 * instants; where only one has a zone, the order is known when every offset up to 14 hours gives
 * the same. Different kinds are the caller's mistake: a date is compared with a dateTime by
 * setting its kind. */
bool when_cmp(struct when a, struct when b, int *order);

enum when_unit { UNIT_YEAR, UNIT_MONTH, UNIT_WEEK, UNIT_DAY, UNIT_HOUR, UNIT_MINUTE, UNIT_SECOND, UNIT_MILLI };
/* w moved by n units at its own precision (FHIRPath 6.7: n is cut to whole units of the
 * precision; a 31st becomes the month's last day). `nanos` adds a fraction of a second, which to
 * a value in seconds adds the digits needed. A time goes round at midnight. False outside years
 * 1 … 9999, and for a time moved by days or more. */
bool when_add(struct when w, int64_t n, enum when_unit unit, int32_t nanos, struct when *out);

/* Days since 1970-01-01 in the proleptic Gregorian calendar, and back. */
int64_t when_days(int year, int month, int day);
void when_civil(int64_t days, int *year, int *month, int *day);
int when_month_days(int year, int month);
/* 0 Sunday … 6 Saturday. */
int when_weekday(int64_t days);
/* Offset of Europe/London at an instant, minutes: 0 or 60 (last Sundays of March and October,
 * 01:00 UTC, the rule since 1996). */
int when_london_offset(int64_t us);

#endif
