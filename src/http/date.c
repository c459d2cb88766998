/* date.c - HTTP's dates by hand: strftime asks the locale and the time zone each time. */
#include "http/date.h"

#include "base/when.h"

static const char day_names[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
static const char month_names[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

static char *word(char *at, const char *text)
{
	while (*text)
		*at++ = *text++;
	return at;
}

static char *digits(char *at, int value, int count)
{
	for (int i = count - 1; i >= 0; i--) {
		at[i] = (char)('0' + value % 10);
		value /= 10;
	}
	return at + count;
}

struct str http_date(int64_t us, char out[HTTP_DATE_SIZE])
{
	int64_t seconds = us / 1000000 - (us % 1000000 < 0);
	int64_t days = seconds / 86400 - (seconds % 86400 < 0);
	int rest = (int)(seconds - days * 86400);
	int year, month, day;
	char *at = out;

	when_civil(days, &year, &month, &day);
	at = word(at, day_names[when_weekday(days)]);
	at = word(at, ", ");
	at = digits(at, day, 2);
	*at++ = ' ';
	at = word(at, month_names[month - 1]);
	*at++ = ' ';
	at = digits(at, year, 4);
	*at++ = ' ';
	at = digits(at, rest / 3600, 2);
	*at++ = ':';
	at = digits(at, rest / 60 % 60, 2);
	*at++ = ':';
	at = digits(at, rest % 60, 2);
	at = word(at, " GMT");
	*at = 0;
	return (struct str){ out, HTTP_DATE_SIZE - 1 };
}

static bool number(struct str text, size_t from, size_t count, int *out)
{
	int value = 0;

	for (size_t i = from; i < from + count; i++) {
		if (text.at[i] < '0' || text.at[i] > '9')
			return false;
		value = value * 10 + (text.at[i] - '0');
	}
	*out = value;
	return true;
}

static int month_of(const char *name)
{
	for (int month = 1; month <= 12; month++) {
		if (memcmp(month_names[month - 1], name, 3) == 0)
			return month;
	}
	return 0;
}

bool http_date_parse(struct str text, int64_t *us)
{
	static const char shape[] = "???, ?? ??? ???? ??:??:?? GMT";
	int day, year, hour, minute, second;

	if (text.len != sizeof shape - 1)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (shape[i] != '?' && shape[i] != text.at[i])
			return false;
	}
	int month = month_of(text.at + 8);
	if (!month || !number(text, 5, 2, &day) || !number(text, 12, 4, &year) ||
	    !number(text, 17, 2, &hour) || !number(text, 20, 2, &minute) ||
	    !number(text, 23, 2, &second))
		return false;
	if (year < 1 || day < 1 || day > when_month_days(year, month) || hour > 23 ||
	    minute > 59 || second > 60)
		return false;
	int64_t minutes = (int64_t)hour * 60 + minute;
	*us = (when_days(year, month, day) * 86400 + minutes * 60 + second) * 1000000;
	return true;
}
