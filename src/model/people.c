/* people.c - the synthetic place: reads what share/demo says, then tells the county, each group of
 * practices and each person, a bundle at a time; and the choosing that all tellers share. */
#include "model/people.h"

#include <stdio.h>

#include "base/when.h"
#include "model/people_make.h"

enum { PEOPLE_MAX = 2000000 };

char *say(struct maker *m, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	char *text = arena_vprintf(m->a, format, args);
	va_end(args);
	return text;
}

const char *pick(struct maker *m, const char *list)
{
	const struct people_list *l = people_list(m->d, list);
	return l->at[rng_below(&m->r, (unsigned)l->len)];
}

const struct people_reason *pick_reason(struct maker *m, const char *group)
{
	const struct people_reasons *l = people_reasons(m->d, group);
	return l->at[rng_below(&m->r, (unsigned)l->len)];
}

int64_t office_time(struct maker *m, int64_t day)
{
	int weekday = when_weekday(day);
	if (weekday == 0)
		day -= 2;
	else if (weekday == 6)
		day -= 1;
	return day * DAY + 8 * 60 + 5 * rng_between(&m->r, 6, 112);
}

int64_t any_time(struct maker *m, int64_t day)
{
	return day * DAY + rng_between(&m->r, 0, DAY - 1);
}

const struct people_staff *staff_for(struct maker *m, const char *duty, unsigned nth)
{
	const struct people_staff *found[16];
	unsigned count = 0;
	for (size_t i = 0; i < m->d->staff.len && count < 16; i++)
		if (strcmp(m->d->staff.at[i].duty, duty) == 0)
			found[count++] = &m->d->staff.at[i];
	return count ? found[nth % count] : NULL;
}

const struct people_staff *staff_at(struct maker *m, const char *org, const char *duty)
{
	for (size_t i = 0; i < m->d->staff.len; i++)
		if (strcmp(m->d->staff.at[i].duty, duty) == 0 &&
		    strcmp(m->d->staff.at[i].org, org) == 0)
			return &m->d->staff.at[i];
	return NULL;
}

bool has(const struct maker *m, const char *condition)
{
	const struct people_condition *row = people_condition(m->d, condition);
	return row && (m->p.conditions >> (row - m->d->conditions.at) & 1);
}

const char *phone_land(struct maker *m)
{
	return say(m, "01632 960%03d", rng_between(&m->r, 200, 999));
}

const char *phone_mobile(struct maker *m)
{
	return say(m, "07700 900%03d", rng_between(&m->r, 0, 999));
}

const char *postcode(struct maker *m, const struct people_town *town)
{
	static const char letters[] =
		"ABDEFGHJLNPQRSTUWXYZ"; /* those an inward code may end in */
	unsigned n = sizeof letters - 1;
	int digit = rng_between(&m->r, 1, 9);
	char first = letters[rng_below(&m->r, n)], second = letters[rng_below(&m->r, n)];
	return say(m, "%s %d%c%c", town->outcode, digit, first, second);
}

const char *street(struct maker *m)
{
	const char *first = pick(m, "street.first");
	return say(m, "%s %s", first, pick(m, "street.last"));
}

const char *given_name(struct maker *m, const char *names, bool female, int year)
{
	static const int from[] = { 1995, 1970, 1945, 1900 };
	for (size_t i = 0; i < sizeof from / sizeof *from; i++) {
		char key[64];
		snprintf(key, sizeof key, "given.%s.%s.%d", names, female ? "female" : "male",
			 from[i]);
		if ((year >= from[i] || from[i] == 1900) && map_get(&m->d->lists, str_of(key)))
			return pick(m, key);
	}
	return pick(m, female ? "given.british.female.1900" : "given.british.male.1900");
}

const char *family_name(struct maker *m, const char *names)
{
	char key[64];
	snprintf(key, sizeof key, "family.%s", names);
	return pick(m, map_get(&m->d->lists, str_of(key)) ? key : "family.british");
}

static void start_bundle(struct maker *m, uint64_t kind, unsigned number)
{
	arena_reset(m->a);
	put_bundle(m);
	m->r = rng_start(m->options->seed, kind, number);
	m->serial = 0;
}

/* Everything about a person whose facts are drawn. */
static void tell_person(struct maker *m)
{
	person_make(m);
	hospital_make(m); /* before what happens only to those who are not in hospital */
	health_make(m);
	contacts_make(m);
	care_make(m);
	duty_make(m);
	plan_make(m);
}

static void draw_group(struct maker *m, unsigned number)
{
	m->r = rng_start(m->options->seed, 'G', number);
	group_draw(m, number);
}

/* The county with all its practices and homes in one bundle, so that who has it has everything
 * that any person refers to, and people can be loaded in any order. */
static enum err make_county(struct maker *m, people_each *each, void *arg)
{
	start_bundle(m, 'C', 0);
	place_make(m);
	unsigned last = (m->options->people - 1) / GROUP_PEOPLE;
	for (unsigned number = last + 1; number-- > 0;) { /* ends with the first people's */
		draw_group(m, number);
		group_make(m);
	}
	return each(m->c, arg, m->bundle);
}

/* The fixed people refer to each other: one bundle. */
static enum err make_household(struct maker *m, people_each *each, void *arg)
{
	start_bundle(m, 'P', 1);
	for (unsigned number = 1; number <= PEOPLE_FIXED && number <= m->options->people;
	     number++)
		TRY(fixed_make(m, number));
	return each(m->c, arg, m->bundle);
}

static enum err make_person(struct maker *m, unsigned number, people_each *each, void *arg)
{
	unsigned group = (number - 1) / GROUP_PEOPLE;
	if (group != m->group.number) {
		arena_reset(m->group_arena);
		draw_group(m, group);
	}
	start_bundle(m, 'P', number);
	person_draw(m, number);
	tell_person(m);
	return each(m->c, arg, m->bundle);
}

static enum err make_all(struct maker *m, people_each *each, void *arg)
{
	TRY(make_county(m, each, arg));
	TRY(make_household(m, each, arg));
	for (unsigned number = PEOPLE_FIXED + 1; number <= m->options->people; number++) {
		TRY(ctx_check(m->c));
		TRY(make_person(m, number, each, arg));
	}
	return OK;
}

enum err people_make(struct ctx *c, const struct share *share,
		     const struct people_options *options, people_each *each, void *arg)
{
	if (options->people < 1 || options->people > PEOPLE_MAX)
		return fail(c, ERR_BAD_REQUEST, "a place has 1 to 2,000,000 people, not %u",
			    options->people);
	ARENA(life);
	ARENA(group);
	ARENA(bundle);
	struct people_data data;
	TRY(people_data_read(c, share, &life, &data));
	struct maker m = {
		.c = c, .options = options, .d = &data, .a = &bundle, .group_arena = &group
	};
	m.now = (options->today / 1000000 + 60 * when_london_offset(options->today)) / 60;
	m.today = m.now / DAY;
	return make_all(&m, each, arg);
}
