/* leave_days.c - counting days: midnights lost, months they fall in, rates. */
#include "care/leave.h"

#define DAY_US INT64_C(86400000000)

struct wall wall_at(int64_t us)
{
	int64_t local = us + when_london_offset(us) * INT64_C(60000000);
	int64_t day = local / DAY_US - (local % DAY_US < 0);

	return (struct wall){ day, (int)((local - day * DAY_US) / 60000000) };
}

bool wall_read(struct str text, struct wall *out)
{
	struct when w;
	int64_t from, to;

	if (!when_parse_datetime(text, &w) || w.precision < WHEN_DAY)
		return false;
	if (w.precision == WHEN_DAY) {
		*out = (struct wall){ when_days(w.year, w.month, w.day), 0 };
		return true;
	}
	when_range(w, 0, &from, &to);
	*out = wall_at(from);
	return true;
}

struct str wall_day(struct arena *a, int64_t day)
{
	int year, month, date;

	when_civil(day, &year, &month, &date);
	return str_of(arena_printf(a, "%04d-%02d-%02d", year, month, date));
}

int64_t delay_days(int64_t ready, int64_t left)
{
	return left > ready ? left - ready : 0;
}

size_t delay_split(int64_t ready, int64_t left, struct delay_month *out, size_t cap)
{
	size_t len = 0;

	while (ready < left && len < cap) {
		struct delay_month *m = &out[len++];
		int date;

		when_civil(ready, &m->year, &m->month, &date);
		int64_t next = ready + when_month_days(m->year, m->month) - date + 1;
		if (next > left)
			next = left;
		m->days = next - ready;
		ready = next;
	}
	return len;
}

static int64_t rounded(int64_t over, int64_t under)
{
	return (2 * over + under) / (2 * under);
}

enum err delay_rate(struct ctx *c, int64_t days, int64_t period, int64_t adults, struct delay_rates *out)
{
	if (days < 0 || days > 100000000 || period < 1 || period > 3660 || adults < 1 || adults > 1000000000)
		return fail(c, ERR_INVALID, "Days lost, days of the period and people must be whole numbers above none.");
	*out = (struct delay_rates){ rounded(days * 1000000, adults), rounded(days * 10, period),
				     rounded(days * 1000000, period * adults) };
	return OK;
}
