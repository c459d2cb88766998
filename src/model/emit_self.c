/* emit_self.c - who people are, and who records say they are: what goes wrong between the two. */
#include <ctype.h>
#include <stdlib.h>

#include "base/when.h"
#include "model/emit_part.h"

/* ---- the truth ---- */

enum err nicks_read(struct emit_run *run, const struct share *share, struct arena *life)
{
	struct str text;

	map_init(&run->nicks, life);
	TRY(share_read(run->c, share, life, "code/nicknames.tsv", &text));
	while (text.at) {
		struct str line = str_cut(&text, '\n'), name;
		if (!line.len || line.at[0] == '#')
			continue;
		name = str_cut(&line, '\t');
		if (line.at)
			map_set(&run->nicks, name, str_dup(life, line));
	}
	return OK;
}

static const char *text_or_null(struct emit_run *run, struct str s)
{
	return s.len ? str_dup(run->a, s) : NULL;
}

static void take_phones(struct emit_run *run, const struct node *patient, struct self *s)
{
	node_each(t, node_get(patient, "telecom")) {
		if (!str_is(node_str(t, "system"), "phone"))
			continue;
		const char *value = str_dup(run->a, node_str(t, "value"));
		if (str_is(node_str(t, "use"), "mobile"))
			s->mobile = value;
		else
			s->phone = value;
	}
}

static void take_practice(struct emit_run *run, const struct node *patient, struct self *s)
{
	node_each(gp, node_get(patient, "generalPractitioner")) {
		struct str ref = node_str(gp, "reference");
		if (!str_starts(ref, STR("Organization/")))
			continue;
		ref = (struct str){ ref.at + 13, ref.len - 13 };
		const char *code = map_get(&run->codes, ref);
		s->practice = code ? code : "WXG";
		s->practice_name = text_or_null(run, node_str(gp, "display"));
	}
}

/* The digits of a birth date from `at`. */
static int born_part(const struct self *s, size_t at, size_t len)
{
	int64_t n = 0;

	str_int((struct str){ s->born + at, len }, &n);
	return (int)n;
}

/* Lives with the person before, may be family, may be born on one day. */
static void join_household(struct emit_run *run, struct self *s)
{
	const struct self *last = &run->last;
	bool together = dirt_falls(run, D_HOUSEHOLD), kin = dirt_falls(run, D_HOUSEHOLD_NAME);
	bool twin = dirt_falls(run, D_TWIN);

	if (!last->family || !together || s->line2)
		return;
	s->line = last->line;
	s->line2 = last->line2;
	s->city = last->city;
	s->postcode = last->postcode;
	s->phone = last->phone ? last->phone : s->phone;
	if (!kin || last->line2)
		return;
	s->family = last->family;
	if (twin && abs(born_part(s, 0, 4) - born_part(last, 0, 4)) <= 12)
		s->born = last->born;
}

void self_true(struct emit_run *run, struct tale *t)
{
	const struct node *p = t->patient, *name = node_at(node_get(p, "name"), 0);
	const struct node *address = node_at(node_get(p, "address"), 0);
	const struct node *lines = node_get(address, "line");
	struct self *s = &t->truth;

	*s = (struct self){ .died = NEVER, .sex_said = true, .practice = "WXG" };
	s->title = text_or_null(run, node_text(node_at(node_get(name, "prefix"), 0)));
	s->given = str_dup(run->a, node_text(node_at(node_get(name, "given"), 0)));
	s->family = str_dup(run->a, node_str(name, "family"));
	s->born = str_dup(run->a, node_str(p, "birthDate"));
	s->female = str_is(node_str(p, "gender"), "female");
	s->line = text_or_null(run, node_text(node_at(lines, 0)));
	s->line2 = text_or_null(run, node_text(node_at(lines, 1)));
	s->city = text_or_null(run, node_str(address, "city"));
	s->postcode = text_or_null(run, node_str(address, "postalCode"));
	s->ethnic = text_or_null(run, emit_code(node_get(node_at(node_get(p, "extension"), 0),
							 "valueCodeableConcept")));
	s->marital = text_or_null(run, emit_code(node_get(p, "maritalStatus")));
	s->died = emit_minute(node_get(p, "deceasedDateTime"));
	take_phones(run, p, s);
	take_practice(run, p, s);
	if (t->number <= NHS_NUMBERS) {
		char *digits = arena_alloc(run->a, 11);
		nhs_number(run->o->place.seed, t->number, digits);
		s->nhs = digits;
		s->nhs_status = "01";
	}
	if (t->number > PEOPLE_FIXED)
		join_household(run, s);
}

/* ---- mistakes ---- */

static const char *typo(struct emit_run *run, const char *text)
{
	size_t len = strlen(text);
	char *out = arena_alloc(run->a, len + 2);
	struct rng *r = &run->m.r;

	memcpy(out, text, len + 1);
	if (len < 3)
		return out;
	size_t at = 1 + rng_below(r, (unsigned)len - 2);
	char letter = (char)('a' + rng_below(r, 26));
	unsigned kind = rng_below(r, 4);
	if (!isascii(out[at]) || !isascii(out[at + 1]) || !isalpha(out[at]))
		return out;
	switch (kind) {
	case 0:
		out[at] = letter;
		break;
	case 1: /* lost */
		memmove(out + at, out + at + 1, len - at);
		break;
	case 2: /* doubled */
		memmove(out + at + 1, out + at, len - at + 1);
		break;
	default:
		out[at] = text[at + 1] ? text[at + 1] : letter;
		if (text[at + 1])
			out[at + 1] = text[at];
	}
	return out;
}

static const char *nick_of(struct emit_run *run, const char *given)
{
	struct str low = str_fold(run->a, str_of(given));
	struct str forms = str_of(map_get(&run->nicks, low)), form = { 0 };
	unsigned seen = 0;

	while (forms.len) {
		struct str one = str_cut(&forms, ' ');
		if (one.len && rng_below(&run->m.r, ++seen) == 0)
			form = one;
		if (!forms.at)
			break;
	}
	if (!form.len)
		return given;
	char *out = str_dup(run->a, form);
	out[0] = (char)toupper((unsigned char)out[0]);
	return out;
}

static void mistake_name(struct emit_run *run, struct self *s)
{
	int age = (int)(run->m.today / 365) + 1970 - born_part(s, 0, 4);
	bool married = dirt_falls(run, D_NAME_MARRIED) && s->female && age >= 20 && age <= 70;

	if (married)
		s->family = family_name(&run->m, "british");
	if (dirt_falls(run, D_NAME_NICK))
		s->given = nick_of(run, s->given);
	if (dirt_falls(run, D_NAME_TYPO)) {
		if (rng_chance(&run->m.r, 500))
			s->given = typo(run, s->given);
		else
			s->family = typo(run, s->family);
	}
	if (dirt_falls(run, D_NAME_INITIAL))
		s->given = say(&run->m, "%.1s", s->given);
	if (dirt_falls(run, D_NAME_SWAPPED)) {
		const char *given = s->given;
		s->given = s->family;
		s->family = given;
	}
}

static void mistake_born(struct emit_run *run, struct self *s)
{
	int year = born_part(s, 0, 4), month = born_part(s, 5, 2), day = born_part(s, 8, 2);
	bool digit = dirt_falls(run, D_BORN_DIGIT);

	if (dirt_falls(run, D_BORN_SWAPPED) && day <= 12) {
		int was = month;
		month = day;
		day = was;
	}
	if (dirt_falls(run, D_BORN_JANUARY))
		month = day = 1;
	if (digit) {
		unsigned which = rng_below(&run->m.r, 3);
		int step = rng_chance(&run->m.r, 500) ? 1 : -1;
		year += which == 0 ? step * (rng_chance(&run->m.r, 500) ? 10 : 1) : 0;
		month += which == 1 ? (month == 1 ? 1 : month == 12 ? -1 : step) : 0;
		day += which == 2 ? (day == 1 ? 1 : day >= 28 ? -1 : step) : 0;
	}
	if (day > when_month_days(year, month))
		day = when_month_days(year, month);
	int64_t days = when_days(year, month, day);
	if (days > run->m.today - 1)
		return;
	s->born = say(&run->m, "%04d-%02d-%02d", year, month, day);
}

static const struct people_town *any_town(struct emit_run *run)
{
	return &run->data.towns.at[rng_below(&run->m.r, (unsigned)run->data.towns.len)];
}

static void move_house(struct emit_run *run, struct self *s)
{
	const struct people_town *town = any_town(run);
	int house = rng_between(&run->m.r, 1, 90);

	s->line = say(&run->m, "%d %s", house, street(&run->m));
	s->line2 = NULL;
	s->city = town->name;
	s->postcode = postcode(&run->m, town);
}

static void mistake_address(struct emit_run *run, struct self *s)
{
	if (dirt_falls(run, D_ADDRESS_OLD))
		move_house(run, s);
	if (dirt_falls(run, D_ADDRESS_TYPO) && s->line)
		s->line = typo(run, s->line);
	if (dirt_falls(run, D_POSTCODE_MISSING))
		s->postcode = NULL;
	if (dirt_falls(run, D_PHONE_OTHER) && s->mobile)
		s->mobile = phone_mobile(&run->m);
	if (dirt_falls(run, D_PHONE_MISSING)) {
		s->mobile = NULL;
		s->phone = NULL;
	}
}

static void mistake_nhs(struct emit_run *run, struct self *s, enum keeper keeper)
{
	static const struct {
		enum dirt missing, untraced;
	} rows[] = {
		[KEEPER_PRACTICE] = { D_NHS_MISSING_PRACTICE, D_NHS_MISSING_PRACTICE },
		[KEEPER_HOSPITAL] = { D_NHS_MISSING_HOSPITAL, D_NHS_UNTRACED_HOSPITAL },
		[KEEPER_COUNCIL] = { D_NHS_MISSING_COUNCIL, D_NHS_UNTRACED_COUNCIL },
		[KEEPER_OTHER] = { D_NHS_MISSING_HOSPITAL, D_NHS_UNTRACED_HOSPITAL },
	};
	bool untraced = dirt_falls(run, rows[keeper].untraced);

	if (dirt_falls(run, rows[keeper].missing))
		s->nhs = NULL;
	if (untraced)
		s->nhs_status = "02";
	if (keeper != KEEPER_PRACTICE && dirt_falls(run, D_NHS_MISTYPED) && s->nhs) {
		char *wrong = arena_str(run->a, s->nhs);
		unsigned at = 3 + rng_below(&run->m.r, 6);
		wrong[at] = (char)('0' + (wrong[at] - '0' + 1 + (int)rng_below(&run->m.r, 8)) % 10);
		s->nhs = wrong;
		s->nhs_status = "02";
	}
	if (keeper == KEEPER_COUNCIL && run->o->withhold_council)
		s->nhs = NULL;
}

struct self self_dirty(struct emit_run *run, const struct self *truth, enum keeper keeper,
		       const char *record)
{
	struct self s = *truth;

	s.record = record;
	mistake_nhs(run, &s, keeper);
	if (keeper == KEEPER_PRACTICE) /* lists of practices are kept best */
		return s;
	mistake_name(run, &s);
	mistake_born(run, &s);
	mistake_address(run, &s);
	if (dirt_falls(run, D_SEX_MISSING))
		s.sex_said = false;
	return s;
}

void self_later(struct emit_run *run, struct self *s)
{
	if (rng_chance(&run->m.r, 400))
		move_house(run, s);
	else
		s->mobile = phone_mobile(&run->m);
}
