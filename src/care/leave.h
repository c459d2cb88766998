/* leave.h - the arithmetic of leaving hospital: days, notices, delays and what they cost.
 *
 * Pure but for reading the tables; days are days since 1970-01-01 as London's calendar shows them. The files of
 * the way out of hospital share it: discharge.c, notice.c, delay.c, reablement.c.
 */
#ifndef CARE_LEAVE_H
#define CARE_LEAVE_H

#include "base/when.h"
#include "rules/policy.h"

/* A moment as London's clocks show it. */
struct wall {
	int64_t day;
	int minute; /* since midnight */
};
struct wall wall_at(int64_t us);
/* "2016-05-09", or with a time and a zone; a day alone is its first minute. False: it is no such text. */
bool wall_read(struct str text, struct wall *out);
/* "2016-05-09", in `a`. */
struct str wall_day(struct arena *a, int64_t day);

/* --- delays: days are midnights --- */

struct delay_month {
	int year, month;
	int64_t days;
};
/* Midnights from the day ready to the day left; 0 when they left the same day. */
int64_t delay_days(int64_t ready, int64_t left);
/* The same, month by month: a midnight belongs to the month of the day it ends. How many months; at most `cap`. */
size_t delay_split(int64_t ready, int64_t left, struct delay_month *out, size_t cap);

struct delay_rates { /* in tenths, rounded half up */
	int64_t days_per_100k, beds, beds_per_100k;
};
/* `days` lost in a period of `period` days among `adults` people. ERR_INVALID for a period or people of none. */
NODISCARD enum err delay_rate(struct ctx *c, int64_t days, int64_t period, int64_t adults, struct delay_rates *out);

/* --- notices: Care Act 2014, schedule 3, and SI 2014/2823 --- */

struct notice_rules {
	int64_t assess_days, discharge_days; /* least days after the notice counts */
	int cutoff;                          /* minute of the day after which it counts as the next */
	bool rest;                           /* Sundays and bank holidays do not count as the day of a notice */
	bool inclusive;                      /* of the day of leaving, in what is owed */
	int64_t rate, rate_london;           /* pence a day */
	struct str source;
	const int64_t *holidays;             /* ascending */
	size_t holiday_count;
};
/* The rules of a day: share/policy/england, and the bank holidays of a nation ("england", "scotland", "wales"; empty: the
 * place's own, share/care/holiday.tsv). ERR_NOT_FOUND before October 2003, ERR_INVALID of another nation. */
NODISCARD enum err notice_rules_on(struct ctx *c, int64_t day, struct str nation, struct notice_rules *out);

/* The day a notice given then counts as given. */
int64_t notice_counts(const struct notice_rules *rules, struct wall given);
/* The relevant day: the proposed one, but no earlier than either notice allows. */
struct notice_days {
	int64_t assess_counts, discharge_counts, earliest, relevant;
};
/* `assess`, `discharge`: when each was given; NULL: it was not. `proposed`: DAY_NEVER: not said. */
struct notice_days notice_relevant(const struct notice_rules *rules, const struct wall *assess,
				   const struct wall *discharge, int64_t proposed);
/* Pence owed for a delay from the first day counted to the day they left. */
int64_t notice_owed(const struct notice_rules *rules, int64_t from, int64_t left, bool london);

#endif
