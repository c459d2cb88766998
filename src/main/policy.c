/* policy.c - causeway policy: the dated figures of share/policy, to look at and to check. */
#include "main/policy.h"

#include <dirent.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/sheet.h"
#include "base/when.h"
#include "money/charge.h"
#include "rules/pension_age.h"
#include "rules/policy.h"

#define TABLE_LIMIT ((size_t)4 << 20)

static const struct option policy_options[] = {
	{ "pack", "NAME", "the folder of share/policy", "england" },
	{ "on", "DAY", "list the figures of this day (default: today)", NULL },
	{ "csv", NULL, "write a table for other programs instead of aligned text", NULL },
	{ 0 },
};

struct asking {
	struct ctx *c;
	const struct invocation *in;
	const struct policy *policy;
	const struct policy_row *const *rows;
	size_t len;
	bool csv;
};

static enum err day_of(struct ctx *c, const char *text, int64_t *out)
{
	struct when w;

	if (!when_parse_date(str_of(text), &w) || w.precision != WHEN_DAY)
		return fail(c, ERR_USAGE, "'%s' is no day; write it as 2015-04-06", text);
	*out = when_days(w.year, w.month, w.day);
	return OK;
}

static const char *day_text(struct ctx *c, int64_t day, const char *open)
{
	int y, m, d;

	if (day == DAY_NEVER || day == INT64_MIN || day < when_days(1901, 1, 1))
		return open;
	when_civil(day, &y, &m, &d);
	return arena_printf(c->arena, "%04d-%02d-%02d", y, m, d);
}

static void put_csv(const struct asking *a, const struct str *cells, size_t count)
{
	struct buf line;

	buf_init(&line, a->c->arena, 0);
	for (size_t i = 0; i < count; i++) {
		if (i)
			buf_char(&line, ',');
		sheet_put(&line, cells[i]);
	}
	fprintf(a->in->out, STR_FMT "\n", STR_ARG(buf_get(&line)));
}

static void put_row(const struct asking *a, const struct policy_row *row)
{
	struct ctx *c = a->c;
	const char *open = a->csv ? "" : "-";
	const struct str cells[] = {
		row->scheme,
		row->key->name,
		policy_print(c->arena, row->key, row->value),
		row->key->unit,
		str_of(day_text(c, row->from, open)),
		str_of(day_text(c, row->to, open)),
		str_of(day_text(c, row->known_from, open)),
		row->source,
		row->evidence,
	};

	if (a->csv) {
		put_csv(a, cells, sizeof cells / sizeof *cells);
		return;
	}
	fprintf(a->in->out, "%-15.*s %-34.*s %14.*s %-9.*s %-10.*s %-10.*s %-10.*s " STR_FMT " (" STR_FMT ")\n",
		STR_ARG(cells[0]), STR_ARG(cells[1]), STR_ARG(cells[2]), STR_ARG(cells[3]), STR_ARG(cells[4]),
		STR_ARG(cells[5]), STR_ARG(cells[6]), STR_ARG(cells[7]), STR_ARG(cells[8]));
}

static void put_head(const struct asking *a)
{
	if (a->csv)
		fputs("scheme,key,value,unit,from,to,known_from,source,evidence\n", a->in->out);
	else
		fprintf(a->in->out, "%-15s %-34s %14s %-9s %-10s %-10s %-10s %s\n", "scheme", "key", "value", "unit",
			"from", "to", "known from", "source (evidence)");
}

/* The series a row belongs to begins at row i; where the next one does. */
static size_t series_end(const struct asking *a, size_t i)
{
	size_t end = i + 1;

	while (end < a->len && a->rows[end]->key == a->rows[i]->key &&
	       str_eq(a->rows[end]->scheme, a->rows[i]->scheme))
		end++;
	return end;
}

static enum err run_list(struct asking *a)
{
	const char *on = command_option(a->in, "on");
	int64_t day = clock_now(a->c->clock) / INT64_C(86400000000);

	if (on)
		TRY(day_of(a->c, on, &day));
	put_head(a);
	for (size_t i = 0, end; i < a->len; i = end) {
		end = series_end(a, i);
		const struct policy_row *row =
			policy_on((struct policy_series){ a->rows + i, end - i }, day, DAY_NEVER);
		if (row)
			put_row(a, row);
	}
	return OK;
}

static enum err run_show(struct asking *a)
{
	bool any = false;

	if (a->in->argc != 2)
		return fail(a->c, ERR_USAGE, "policy show needs the name of a figure; policy list has them");
	for (size_t i = 0; i < a->len; i++) {
		if (!str_is(a->rows[i]->key->name, a->in->argv[1]))
			continue;
		if (!any && !a->csv)
			fprintf(a->in->out, STR_FMT "\n\n", STR_ARG(a->rows[i]->key->help));
		if (!any)
			put_head(a);
		any = true;
		put_row(a, a->rows[i]);
	}
	return any ? OK : fail(a->c, ERR_NOT_FOUND, "there is no figure '%s'; policy list has them", a->in->argv[1]);
}

/* What changed between two days, each figure before and after. */
static enum err run_diff(struct asking *a)
{
	int64_t from, to, changed = 0;

	if (a->in->argc != 3)
		return fail(a->c, ERR_USAGE, "policy diff needs two days");
	TRY(day_of(a->c, a->in->argv[1], &from));
	TRY(day_of(a->c, a->in->argv[2], &to));
	put_head(a);
	for (size_t i = 0, end; i < a->len; i = end) {
		end = series_end(a, i);
		struct policy_series series = { a->rows + i, end - i };
		const struct policy_row *before = policy_on(series, from, DAY_NEVER);
		const struct policy_row *after = policy_on(series, to, DAY_NEVER);
		if (before == after || (before && after && before->value == after->value))
			continue;
		changed++;
		if (before)
			put_row(a, before);
		if (after)
			put_row(a, after);
	}
	if (!a->csv)
		fprintf(a->in->out, "%lld figures changed\n", (long long)changed);
	return OK;
}

static enum err run_check(struct asking *a)
{
	const struct charge_rules *rules;
	size_t counts[3] = { 0 };

	if (strcmp(command_option(a->in, "pack"), "england") == 0) /* the one that charging is worked out by */
		TRY(charge_rules_load(a->c, a->c->arena, a->in->share, "england", &rules));
	for (size_t i = 0; i < a->len; i++)
		counts[str_is(a->rows[i]->evidence, "source") ? 0 : str_is(a->rows[i]->evidence, "local") ? 1 : 2]++;
	fprintf(a->in->out, "%zu figures: %zu from a source read, %zu from recollection (verify before live use), %zu local\n",
		a->len, counts[0], counts[2], counts[1]);
	return OK;
}

/* --- a folder that is no pack of this place yet --- */

/* Its tables, laid out as a place's folder has them, in a folder of their own that tables_away takes away. */
struct tables {
	char root[64];     /* empty: the folder is laid out like that itself */
	const char *place;
	const char *from;  /* what "share/policy" or "share/policy/PACK" in a complaint stands for */
	const char *called;
};

static bool is_there(struct ctx *c, const char *dir, const char *name)
{
	return access(arena_printf(c->arena, "%s/%s", dir, name), F_OK) == 0;
}

static enum err copy_table(struct ctx *c, const char *from, const char *to, const char *name)
{
	struct str text;
	FILE *f;

	TRY(file_read(c, c->arena, arena_printf(c->arena, "%s/%s", from, name), TABLE_LIMIT, &text));
	f = fopen(arena_printf(c->arena, "%s/%s", to, name), "w");
	if (!f)
		return fail(c, ERR_IO, "%s/%s cannot be written: %m", to, name);
	bool whole = fwrite(text.at, 1, text.len, f) == text.len;
	return fclose(f) == 0 && whole ? OK : fail(c, ERR_IO, "%s/%s cannot be written: %m", to, name);
}

static enum err copy_tables(struct ctx *c, const char *from, const char *to)
{
	DIR *dir = opendir(from);
	struct dirent *entry;
	enum err e = OK;

	if (!dir)
		return fail(c, ERR_NOT_FOUND, "%s cannot be read: %m", from);
	if (mkdir(to, 0700) != 0)
		e = fail(c, ERR_IO, "%s cannot be made: %m", to);
	while (e == OK && (entry = readdir(dir)))
		if (str_ends(str_of(entry->d_name), STR(".tsv")))
			e = copy_table(c, from, to, entry->d_name);
	closedir(dir);
	return e;
}

static enum err tables_laid_out(struct ctx *c, const char *dir, const char *pack, struct tables *t)
{
	const char *policy;

	if (is_there(c, dir, "policy")) {
		t->place = dir;
		t->from = "share/policy";
		t->called = arena_printf(c->arena, "%s/policy", dir);
		return OK;
	}
	snprintf(t->root, sizeof t->root, "/tmp/causeway-policy-XXXXXX");
	if (!mkdtemp(t->root))
		return fail(c, ERR_IO, "%s cannot be made: %m", t->root);
	t->place = t->root;
	t->called = dir;
	policy = arena_printf(c->arena, "%s/policy", t->root);
	t->from = arena_printf(c->arena, "share/policy/%s", pack);
	if (!is_there(c, dir, pack) && !is_there(c, dir, "key.tsv")) {
		if (mkdir(policy, 0700) != 0)
			return fail(c, ERR_IO, "%s cannot be made: %m", policy);
		return copy_tables(c, dir, arena_printf(c->arena, "%s/%s", policy, pack));
	}
	t->from = "share/policy";
	TRY(copy_tables(c, dir, policy));
	return is_there(c, dir, pack) ? copy_tables(c, arena_printf(c->arena, "%s/%s", dir, pack),
						    arena_printf(c->arena, "%s/%s", policy, pack)) :
					OK;
}

static int take_away(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

/* The complaint names the file where it really is. */
static enum err called_right(struct ctx *c, enum err e, const struct tables *t)
{
	const char *why = arena_str(c->arena, c->why), *at = t->from ? strstr(why, t->from) : NULL;

	if (e == OK || !at)
		return e;
	return fail(c, e, "%.*s%s%s", (int)(at - why), why, t->called, at + strlen(t->from));
}

/* The pack as a place would have it with these tables over what is shipped. */
static enum err check_folder(struct ctx *c, struct invocation *in, const char *dir)
{
	const char *pack = command_option(in, "pack");
	struct share share = { .dir = in->share->dir };
	struct invocation over = *in;
	struct asking a = { .c = c, .in = &over };
	struct tables t = { 0 };
	enum err e = tables_laid_out(c, dir, pack, &t);

	share.place = t.place;
	over.share = &share;
	if (e == OK)
		e = policy_load(c, c->arena, &share, pack, &a.policy);
	if (e == OK) {
		a.rows = policy_rows(a.policy, &a.len);
		e = run_check(&a);
	}
	if (t.root[0])
		nftw(t.root, take_away, 8, FTW_DEPTH | FTW_PHYS);
	return called_right(c, e, &t);
}

static enum err run_policy(struct ctx *c, struct invocation *in)
{
	static const struct {
		const char *name;
		enum err (*run)(struct asking *a);
	} words[] = { { "list", run_list }, { "show", run_show }, { "diff", run_diff }, { "check", run_check } };
	struct asking a = { .c = c, .in = in, .csv = command_option(in, "csv") };

	if (strcmp(in->argv[0], "check") == 0 && in->argc == 2)
		return check_folder(c, in, in->argv[1]);
	TRY(policy_load(c, c->arena, in->share, command_option(in, "pack"), &a.policy));
	a.rows = policy_rows(a.policy, &a.len);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(in->argv[0], words[i].name) == 0)
			return words[i].run(&a);
	return fail(c, ERR_USAGE, "policy takes list, show KEY, diff DAY DAY or check, not %s", in->argv[0]);
}

const struct command policy_commands[] = {
	{ "policy", "WORD [ARG...]", "Look at the dated figures rules use, and check them.",
	  "list: the figures of a day. show KEY: all values of one, with their days and sources. diff DAY DAY: what\n"
	  "changed between two days. check [DIR]: load everything, refusing with file and line what is wrong; DIR is a\n"
	  "place's folder, or tables of a pack, laid over what is shipped.",
	  policy_options, run_policy,
	  "  causeway policy list --on 2015-06-01\n"
	  "  causeway policy show personal_expenses_allowance\n"
	  "  causeway policy diff 2024-04-01 2025-06-01\n"
	  "  causeway policy check ./our-figures" },
	{ 0 },
};
