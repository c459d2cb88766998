/* pension_age.c - ages, and the timetable of pension-credit age. */
#include "rules/pension_age.h"

#include <stdio.h>

#include "base/vec.h"
#include "base/when.h"
#include "rules/policy.h"

struct step {
	int64_t from, to; /* of birth */
	int64_t day;      /* or, with years, counted from birth */
	int years, months;
	struct str source;
};

struct pension_ages {
	struct arena *life;
	VEC(struct step) steps;
};

int64_t age_day(int64_t born, int years, int months)
{
	int y, m, d, last;

	when_civil(born, &y, &m, &d);
	m += months;
	y += years + (m - 1) / 12;
	m = (m - 1) % 12 + 1;
	last = when_month_days(y, m);
	if (d <= last)
		return when_days(y, m, d);
	/* 29 February becomes 1 March; a 31st of a month reckoned in months, its last day. */
	return months ? when_days(y, m, last) : when_days(y, m, last) + 1;
}

int age_on(int64_t born, int64_t day)
{
	int y, m, d, on_y, on_m, on_d, years;

	when_civil(born, &y, &m, &d);
	when_civil(day, &on_y, &on_m, &on_d);
	years = on_y - y;
	return age_day(born, years, 0) > day ? years - 1 : years;
}

static enum err add_step(struct ctx *c, void *arg, const struct table_row *row)
{
	struct pension_ages *ages = arg;
	struct step *s = vec_push(&ages->steps, ages->life), *before = s - 1;

	s->source = row->cell[4];
	TRY(table_day(c, row, 0, INT64_MIN, &s->from));
	TRY(table_day(c, row, 1, DAY_NEVER, &s->to));
	if (ages->steps.len > 1 && before->to != s->from)
		return table_fail(c, row, "does not begin where the row before it ends.");
	if (str_is(row->cell[2], "day"))
		return table_day(c, row, 3, DAY_NEVER, &s->day);
	if (!str_is(row->cell[2], "age") ||
	    sscanf(str_dup(c->arena, row->cell[3]), "%d years %d months", &s->years, &s->months) != 2)
		return table_fail(c, row, "says neither a day nor an age such as '66 years 2 months'.");
	return OK;
}

enum err pension_ages_load(struct ctx *c, struct arena *a, const struct share *share,
			   const char *pack, const struct pension_ages **out)
{
	struct pension_ages *ages = NEW(a, struct pension_ages);

	ages->life = a;
	TRY(table_read(c, share, a, arena_printf(a, "policy/%s/pension_age.tsv", pack),
		       "born_from\tborn_to\tkind\twhen\tsource", add_step, ages));
	*out = ages;
	return OK;
}

int64_t pension_day(const struct pension_ages *ages, int64_t born, struct str *source)
{
	for (size_t i = 0; i < ages->steps.len; i++) {
		const struct step *s = &ages->steps.at[i];

		if (born < s->from || born >= s->to)
			continue;
		*source = s->source;
		return s->years ? age_day(born, s->years, s->months) : s->day;
	}
	return DAY_NEVER;
}
