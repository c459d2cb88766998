/* hl7_time.c - HL7's times. */
#include <stdio.h>
#include <stdlib.h>

#include "base/when.h"
#include "feed/hl7.h"

static bool digits(struct str s, size_t from, size_t len, int *out)
{
	int n = 0;

	if (from + len > s.len)
		return false;
	for (size_t i = from; i < from + len; i++) {
		if (s.at[i] < '0' || s.at[i] > '9')
			return false;
		n = n * 10 + s.at[i] - '0';
	}
	*out = n;
	return true;
}

/* +ZZZZ at the end, as minutes east; *said tells whether there is one. */
static bool take_zone(struct str *s, bool *said, int *minutes)
{
	int hours, rest;

	*said = false;
	for (size_t i = 4; i < s->len; i++) {
		if (s->at[i] != '+' && s->at[i] != '-')
			continue;
		if (s->len - i != 5 || !digits(*s, i + 1, 2, &hours) ||
		    !digits(*s, i + 3, 2, &rest) || hours > 14 || rest > 59)
			return false;
		*minutes = (s->at[i] == '-' ? -1 : 1) * (hours * 60 + rest);
		*said = true;
		s->len = i;
		return true;
	}
	return true;
}

static bool take_fraction(struct str *s, int *millis)
{
	for (size_t i = 0; i < s->len; i++) {
		if (s->at[i] != '.')
			continue;
		if (i != 14 || s->len - i < 2 || s->len - i > 7)
			return false;
		for (size_t k = i + 1; k < s->len; k++) {
			if (s->at[k] < '0' || s->at[k] > '9')
				return false;
			if (k <= i + 3)
				*millis += (s->at[k] - '0') * (k == i + 1   ? 100
							       : k == i + 2 ? 10
									    : 1);
		}
		s->len = i;
		return true;
	}
	return true;
}

/* What London's clocks are ahead by at a local time; in the hour that comes twice, the first. */
static int london(int64_t local_us)
{
	int64_t hour = INT64_C(3600000000);

	return when_london_offset(local_us - hour) ? 60 : 0;
}

/* Year, month, day, hour, minute, second: is there such a time? */
static bool is_time(const int part[6])
{
	return part[0] >= 1 && part[1] >= 1 && part[1] <= 12 && part[2] >= 1 &&
	       part[2] <= when_month_days(part[0], part[1]) && part[3] <= 23 && part[4] <= 59 &&
	       part[5] <= 59;
}

/* The date and the time as FHIR has them, as precise as what came with `len` digits. */
static void write_texts(struct hl7_time *t, const int part[6], size_t len, int millis, int zone)
{
	char fraction[12] = "";
	unsigned ahead = (unsigned)abs(zone);

	snprintf(t->date, sizeof t->date, "%04u-%02u-%02u", (unsigned)part[0] % 10000, (unsigned)part[1] % 100,
		 (unsigned)part[2] % 100);
	t->date[len == 4 ? 4 : len == 6 ? 7 : 10] = '\0';
	if (millis)
		snprintf(fraction, sizeof fraction, ".%03d", millis % 1000);
	if (len <= 8)
		snprintf(t->text, sizeof t->text, "%s", t->date);
	else
		snprintf(t->text, sizeof t->text, "%.10sT%02u:%02u:%02u%.4s%c%02u:%02u", t->date,
			 (unsigned)part[3] % 100, (unsigned)part[4] % 100, (unsigned)part[5] % 100, fraction,
			 zone < 0 ? '-' : '+', ahead / 60 % 100, ahead % 60);
}

bool hl7_time_read(struct str text, struct hl7_time *out)
{
	struct hl7_time t = { 0 };
	int part[6] = { 0, 1, 1, 0, 0, 0 }, zone = 0, millis = 0;
	struct str s = str_trim(text);
	bool zoned;

	if (!take_zone(&s, &zoned, &zone) || !take_fraction(&s, &millis))
		return false;
	if (s.len < 4 || s.len > 14 || s.len % 2 || !digits(s, 0, 4, &part[0]))
		return false;
	for (unsigned i = 1; i < 6 && 2 + 2 * i < s.len; i++)
		if (!digits(s, 2 + 2 * i, 2, &part[i]))
			return false;
	if (!is_time(part))
		return false;
	t.precision = (unsigned)s.len;
	t.at = (when_days(part[0], part[1], part[2]) * 86400 + part[3] * 3600 + part[4] * 60 +
		part[5]) * INT64_C(1000000) + millis * 1000;
	if (!zoned)
		zone = london(t.at);
	t.at -= zone * INT64_C(60000000);
	write_texts(&t, part, s.len, millis, zone);
	*out = t;
	return true;
}

const char *hl7_time_print(struct arena *a, int64_t us)
{
	struct when w = when_from_us(us);

	return arena_printf(a, "%04d%02d%02d%02d%02d%02d+0000", w.year, w.month, w.day, w.hour,
			    w.minute, w.second);
}
