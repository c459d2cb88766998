/* choice.c - the lists of share/care that forms choose from, and the codes of delays: data, which a place's own
 * files may change or add to. */
#include "care/stay.h"

#define DELAY_FOLDER "care/delay/"
#define DELAY_FIRST "delay-reason" /* the set of codes that are given without one */

static const struct list {
	const char *name, *file, *header;
} lists[] = {
	{ "pathway", "care/pathway.tsv", "code\twords\tstarts" },
	{ "criteria", "care/criteria.tsv", "code\twords" },
	{ "answerable", "care/answerable.tsv", "code\twords" },
	{ "followup-place", "care/followup_place.tsv", "code\twords\thome" },
};

struct choices {
	VEC(struct choice) of;
};

static enum err take_choice(struct ctx *c, void *arg, const struct table_row *row)
{
	struct choices *all = arg;

	*vec_push(&all->of, c->arena) = (struct choice){ row->cell[0], row->cell[1], row->cell[2] };
	return OK;
}

static enum err choices_read(struct ctx *c, struct str name, struct choices *out)
{
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		if (str_is(name, lists[i].name))
			return table_read(c, &c->place->share, c->arena, lists[i].file, lists[i].header,
					  take_choice, out);
	return fail(c, ERR_NOT_FOUND, "There is no list of that name.");
}

enum err choice_find(struct ctx *c, const char *list, struct str code, const char *field, struct choice *out)
{
	struct choices all = { 0 };

	TRY(choices_read(c, str_of(list), &all));
	for (size_t i = 0; i < all.of.len; i++)
		if (str_eq(all.of.at[i].code, code)) {
			*out = all.of.at[i];
			return OK;
		}
	issue_add(c, ISSUE_ERROR, "code-invalid", field, 0, 0, "It is none of the choices.");
	return fail(c, ERR_INVALID, "%s: there is no such code in the list %s.", field, list);
}

/* --- delays --- */

struct reading {
	struct delay_codes *out;
	struct str set;
};

static bool yes(struct str cell)
{
	return str_is(cell, "y");
}

static enum err take_code(struct ctx *c, void *arg, const struct table_row *row)
{
	struct reading *r = arg;
	struct delay_code d = { .set = r->set, .code = row->cell[0], .words = row->cell[1], .source = row->cell[7],
				.nhs = yes(row->cell[2]), .social = yes(row->cell[3]), .both = yes(row->cell[4]) };

	if (!d.code.len || !d.words.len || !(d.nhs || d.social || d.both))
		return table_refuse(c, row, "a code needs words and somebody who may be answerable");
	TRY(table_day(c, row, 5, INT64_MIN, &d.from));
	TRY(table_day(c, row, 6, DAY_NEVER, &d.to));
	*vec_push(&r->out->of, c->arena) = d;
	return OK;
}

static enum err take_set(struct ctx *c, void *arg, const char *file)
{
	struct str name = str_of(arena_str(c->arena, file + strlen(DELAY_FOLDER)));
	struct reading r = { .out = arg };

	if (!str_ends(name, STR(".tsv")))
		return OK;
	r.set = (struct str){ name.at, name.len - 4 };
	return table_read(c, &c->place->share, c->arena, file, "code\twords\tnhs\tsocial\tboth\tfrom\tto\tsource",
			  take_code, &r);
}

enum err delay_codes_read(struct ctx *c, struct delay_codes *out)
{
	return share_list(c, &c->place->share, DELAY_FOLDER, take_set, out);
}

const struct delay_code *delay_code_on(const struct delay_codes *codes, struct str code, int64_t day)
{
	struct str rest = code, set = str_cut(&rest, '|');

	if (!rest.at) {
		rest = code;
		set = STR(DELAY_FIRST);
	}
	for (size_t i = 0; i < codes->of.len; i++) {
		const struct delay_code *d = &codes->of.at[i];
		if (str_eq(d->code, rest) && str_eq(d->set, set) && d->from <= day && day < d->to)
			return d;
	}
	return NULL;
}

/* --- the row --- */

static void answer_choice(struct ctx *c, struct node *answer, struct str code, struct str words, struct str more)
{
	struct node *part = answer_list(c, answer, "choice");

	answer_text(c, part, "code", code);
	answer_text(c, part, "words", words);
	answer_text(c, part, "more", more);
}

static void answer_delay(struct ctx *c, struct node *answer, const struct delay_code *d)
{
	const char *who = arena_printf(c->arena, "%s%s%s", d->nhs ? "nhs " : "", d->social ? "social " : "",
				       d->both ? "both" : "");
	bool first = str_is(d->set, DELAY_FIRST);

	answer_choice(c, answer,
		      first ? d->code
			    : str_of(arena_printf(c->arena, STR_FMT "|" STR_FMT, STR_ARG(d->set), STR_ARG(d->code))),
		      first ? str_of(arena_printf(c->arena, STR_FMT ": " STR_FMT, STR_ARG(d->code), STR_ARG(d->words)))
			    : d->words,
		      str_trim(str_of(who)));
}

static enum err list_delays(struct ctx *c, struct node *answer, int64_t day)
{
	struct delay_codes codes = { 0 };

	TRY(delay_codes_read(c, &codes));
	for (int turn = 0; turn < 2; turn++) /* the set that needs no name first */
		for (size_t i = 0; i < codes.of.len; i++) {
			const struct delay_code *d = &codes.of.at[i];
			if (str_is(d->set, DELAY_FIRST) == !turn && d->from <= day && day < d->to)
				answer_delay(c, answer, d);
		}
	return OK;
}

static enum err list(struct ctx *c, struct act *act)
{
	struct node *answer = answer_begin(c, act);
	struct choices all = { 0 };

	if (str_is(act_text(act, "of"), "delay-reason"))
		return list_delays(c, answer, day_given(c, act, "on"));
	TRY(choices_read(c, act_text(act, "of"), &all));
	for (size_t i = 0; i < all.of.len; i++)
		answer_choice(c, answer, all.of.at[i].code, all.of.at[i].words, all.of.at[i].third);
	return OK;
}

static const struct action_arg list_args[] = {
	{ "of", "string", ARG_NEEDED, "Which list", "delay-reason, pathway, criteria, answerable, followup-place.",
	  NULL },
	{ "on", "date", 0, "As it stood on", "Today unless you say so.", NULL },
	{ 0 }
};

const struct action choice_actions[] = {
	{ "care-choices", "care-choices", "Task", "Choices", "List the codes that may be chosen, as of a day.",
	  "care.read", list_args, NULL, NULL, list, ACTION_NEW | ACTION_QUIET },
	{ 0 }
};
