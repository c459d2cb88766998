/* forms_part.c - one part of a form as rows of a page: headings, questions with their fields.
 *
 * Only what is asked now is shown. A question whose conditions all look at this same page is sent along
 * hidden and disabled, with the conditions beside it (data-when): causeway.js shows it at once, and without
 * it the page is saved, and shown again with what is asked then.
 */
#include "base/json.h"
#include "web/forms.h"

enum { RADIOS_MAX = 10 };

/* --- conditions the page can look at itself --- */

static bool put_level(struct fill *f, struct node *levels, size_t item, unsigned n, size_t part)
{
	const struct form_item *it = &f->form->items[item];
	struct node *level, *tests;

	if (it->enabled)
		return false;
	if (!it->when_count)
		return true;
	level = node_add(f->c->arena, levels, NULL, NODE_OBJECT);
	node_add_bool(f->c->arena, level, "any", it->any);
	tests = node_add(f->c->arena, level, "tests", NODE_ARRAY);
	for (size_t i = 0; i < it->when_count; i++) {
		const struct form_when *when = &it->when[i];
		struct node *test = node_add(f->c->arena, tests, NULL, NODE_ARRAY);
		const struct node *answer = when->answer;

		if (!fill_within(f->form, when->item, part) || f->form->items[when->item].readonly)
			return false;
		node_add_str(f->c->arena, test, NULL,
			     fill_field(f, when->item, fill_repeater(f->form, when->item) < 0 ? 0 : n));
		node_add_str(f->c->arena, test, NULL, when->op);
		node_add_str(f->c->arena, test, NULL,
			     node_get(answer, "value")     ? node_text(node_get(answer, "value"))
			     : node_is(answer, NODE_OBJECT) ? node_str(answer, "code")
			     : node_is(answer, NODE_BOOL) ? (answer->truth ? STR("true") : STR("false"))
							  : node_text(answer));
	}
	return true;
}

/* What stands below a question is asked once that is answered. */
static void put_above(struct fill *f, struct node *levels, size_t item, unsigned n)
{
	ptrdiff_t up = f->form->items[item].parent;
	struct node *level, *test;

	if (up < 0 || !form_is_question(&f->form->items[up]))
		return;
	level = node_add(f->c->arena, levels, NULL, NODE_OBJECT);
	node_add_bool(f->c->arena, level, "any", false);
	test = node_add(f->c->arena, node_add(f->c->arena, level, "tests", NODE_ARRAY), NULL, NODE_ARRAY);
	node_add_str(f->c->arena, test, NULL, fill_field(f, (size_t)up, fill_repeater(f->form, (size_t)up) < 0 ? 0 : n));
	node_add_cstr(f->c->arena, test, NULL, "exists");
	node_add_cstr(f->c->arena, test, NULL, "true");
}

struct str fill_when(struct fill *f, size_t item, unsigned n, size_t part)
{
	struct node *levels = node_new(f->c->arena, NODE_ARRAY);
	struct buf b;

	for (ptrdiff_t at = (ptrdiff_t)item; at >= 0 && at != (ptrdiff_t)part; at = f->form->items[at].parent) {
		put_above(f, levels, (size_t)at, n);
		if (!put_level(f, levels, (size_t)at, n, part))
			return (struct str){ 0 };
	}
	if (!levels->len)
		return (struct str){ 0 };
	buf_init(&b, f->c->arena, 64 << 10);
	json_write(&b, levels, 0);
	return buf_get(&b);
}

/* --- what stands in a field --- */

struct typed {
	struct str *at;
	size_t len;
};

static bool has(const struct typed *typed, struct str value)
{
	for (size_t i = 0; i < typed->len; i++)
		if (str_eq(typed->at[i], value))
			return true;
	return false;
}

/* Did the asker give another answer than the one they saw? It is what they see again then. */
static struct typed typed_of(struct fill *f, size_t item, unsigned n, struct str field)
{
	const struct form_item *it = &f->form->items[item];
	const struct node *answers = form_answer(f->form, f->response, item, n);
	struct typed typed = { NEW_N(f->c->arena, struct str, (answers ? answers->len : 0) + 101), 0 };
	const char *name = str_dup(f->c->arena, field);
	bool sent = false;

	for (unsigned i = 0; f->again && request_param(f->c, f->r, "on", i).at; i++)
		sent |= str_eq(request_param(f->c, f->r, "on", i), field);
	for (unsigned i = 0; sent && i < 100; i++) {
		struct str value = request_param(f->c, f->r, name, i);

		if (!value.at)
			break;
		typed.at[typed.len++] = value;
	}
	if (!sent)
		node_each(answer, answers)
			typed.at[typed.len++] = form_typed(f->c, it, answer);
	if (sent && it->unit_count > 1 && typed.len == 2) { /* a number, and the unit chosen beside it */
		typed.at[0] = SAY(f->c->arena, STR_FMT "|" STR_FMT, STR_ARG(typed.at[0]), STR_ARG(typed.at[1]));
		typed.len = 1;
	}
	return typed;
}

static void put_choice(struct fill *f, struct node *list, const struct form_option *option, struct str id,
		       const struct typed *typed)
{
	struct node *choice = data_object(f->c, list, NULL);
	struct str value = option->code.len ? option->code : option->words;

	data_str(f->c, choice, "choice", value);
	data_str(f->c, choice, "choice_words", option->words.len ? option->words : option->code);
	data_str(f->c, choice, "choice_id", id);
	if (has(typed, value))
		node_add_bool(f->c->arena, choice, "chosen", true);
}

static struct str other_than_options(const struct form_item *it, const struct typed *typed)
{
	for (size_t i = 0; i < typed->len; i++) {
		bool known = false;

		for (size_t j = 0; j < it->option_count; j++)
			known |= str_eq(typed->at[i],
					it->options[j].code.len ? it->options[j].code : it->options[j].words);
		if (!known && typed->at[i].len)
			return typed->at[i];
	}
	return (struct str){ 0 };
}

/* A radio that was chosen cannot be taken back by itself: where no answer is one as well, that is offered too. */
static void put_unset(struct fill *f, struct node *row, const struct form_item *it, const struct typed *typed)
{
	if (!it->required && typed->len && it->kind != FORM_OPEN_CHOICE)
		node_add_bool(f->c->arena, row, "can_unset", true);
}

static void put_choices(struct fill *f, struct node *row, const struct form_item *it, struct str fid,
			const struct typed *typed)
{
	bool few = it->option_count <= RADIOS_MAX || it->repeats || it->kind == FORM_OPEN_CHOICE;
	struct node *list = data_list(f->c, row, "options");

	for (size_t i = 0; i < it->option_count; i++) /* an error's link leads to the first */
		put_choice(f, list, &it->options[i], i ? SAY(f->c->arena, STR_FMT "-%zu", STR_ARG(fid), i) : fid, typed);
	node_add_bool(f->c->arena, row, !few ? "is_select" : it->repeats ? "is_boxes" : "is_radios", true);
	put_unset(f, row, it, typed);
	if (it->kind == FORM_OPEN_CHOICE) {
		node_add_bool(f->c->arena, row, "is_open", true);
		data_str(f->c, row, "other", other_than_options(it, typed));
	}
}

static void put_boolean(struct fill *f, struct node *row, const struct form_item *it, struct str fid,
			const struct typed *typed)
{
	static const struct form_option options[] = { { .code = { "true", 4 }, .words = { "Yes", 3 } },
						      { .code = { "false", 5 }, .words = { "No", 2 } } };
	struct node *list = data_list(f->c, row, "options");

	put_choice(f, list, &options[0], fid, typed);
	put_choice(f, list, &options[1], SAY(f->c->arena, STR_FMT "-1", STR_ARG(fid)), typed);
	node_add_bool(f->c->arena, row, "is_radios", true);
	node_add_bool(f->c->arena, row, "inline", true);
	put_unset(f, row, it, typed);
}

static void put_files(struct fill *f, struct node *row, struct str fid, const struct typed *typed)
{
	struct node *list = data_list(f->c, row, "options");

	for (size_t i = 0; i < typed->len; i++) {
		struct str name = typed->at[i], url = str_cut(&name, '|');
		const struct form_option option = { .code = typed->at[i], .words = name.len ? name : url };

		put_choice(f, list, &option, SAY(f->c->arena, STR_FMT "-%zu", STR_ARG(fid), i), typed);
		data_str(f->c, list->last, "file", fill_file_href(f, url));
	}
	node_add_bool(f->c->arena, row, "is_files", true);
}

static struct str lines_of(struct fill *f, const struct typed *typed)
{
	struct buf b;

	buf_init(&b, f->c->arena, 1 << 20);
	for (size_t i = 0; i < typed->len; i++)
		buf_printf(&b, "%s" STR_FMT, i ? "\n" : "", STR_ARG(typed->at[i]));
	return buf_get(&b);
}

/* "61|kg": the number stays in `value`, the unit is chosen beside it. */
static void put_units(struct fill *f, struct node *row, const struct form_item *it, struct str *value)
{
	struct str unit = *value;
	struct typed typed = { &unit, 1 };
	struct node *list = data_list(f->c, row, "units");

	node_add_bool(f->c->arena, row, "has_units", true);
	*value = str_cut(&unit, '|');
	for (size_t i = 0; i < it->unit_count; i++)
		put_choice(f, list, &it->units[i], (struct str){ 0 }, &typed);
}

static void put_line(struct fill *f, struct node *row, const struct form_item *it, const struct typed *typed)
{
	static const char *const inputs[FORM_KINDS] = {
		[FORM_DATE] = "date", [FORM_DATETIME] = "datetime-local", [FORM_TIME] = "time", [FORM_URL] = "url",
	};
	struct str value = typed->len ? typed->at[0] : (struct str){ 0 };
	bool number = it->kind == FORM_INTEGER || it->kind == FORM_DECIMAL || it->kind == FORM_QUANTITY;

	if (it->kind == FORM_DATETIME && value.len > 16)
		value.len = 16;
	data_words(f->c, row, "input", inputs[it->kind] ? inputs[it->kind] : "text");
	if (number)
		data_words(f->c, row, "mode", it->kind == FORM_INTEGER ? "numeric" : "decimal");
	if (number || inputs[it->kind])
		node_add_bool(f->c->arena, row, "short", true);
	if (it->unit_count > 1)
		put_units(f, row, it, &value);
	data_str(f->c, row, "unit", it->unit);
	data_str(f->c, row, "typed", value);
	node_add_bool(f->c->arena, row, "is_line", true);
}

static void put_field(struct fill *f, struct node *row, size_t item, unsigned n)
{
	const struct form_item *it = &f->form->items[item];
	struct str field = fill_field(f, item, n), fid = fill_field_id(f, item, n);
	struct typed typed = typed_of(f, item, n, field);

	if (it->kind == FORM_BOOLEAN)
		put_boolean(f, row, it, fid, &typed);
	else if (it->kind == FORM_CHOICE || it->kind == FORM_OPEN_CHOICE)
		put_choices(f, row, it, fid, &typed);
	else if (it->kind == FORM_ATTACHMENT)
		put_files(f, row, fid, &typed);
	else if (it->kind == FORM_TEXT || it->repeats) {
		data_str(f->c, row, "typed", lines_of(f, &typed));
		node_add_bool(f->c->arena, row, "is_area", true);
		if (it->repeats)
			node_add_bool(f->c->arena, row, "is_lines", true);
	} else
		put_line(f, row, it, &typed);
}

/* --- a question --- */

static bool from_record(const struct fill *f, size_t item, unsigned n)
{
	const struct node *now = form_answer(f->form, f->response, item, n);
	const struct node *then = form_answer(f->form, f->first, item, n);

	return f->form->items[item].initial && now && now->len && then && form_same(now, then);
}

/* Others answered it since the asker's page was made: what, who; and whether that is against what was typed. */
static void put_theirs(struct fill *f, struct node *row, size_t item, unsigned n)
{
	const struct node *now = form_answer(f->form, f->response, item, n), *was;
	struct str words;

	if (!f->base)
		return;
	was = form_answer(f->form, f->base, item, n);
	if (form_same(now, was))
		return;
	words = fill_words(f, f->response, item, n);
	data_str(f->c, row, "theirs", words.len ? words : STR("(the answer was taken away)"));
	data_str(f->c, row, "theirs_who", fill_who(f, item, n, 0));
	if (fill_wrong(f, fill_field(f, item, n)))
		node_add_bool(f->c->arena, row, "in_conflict", true);
}

static void put_last(struct fill *f, struct node *row, size_t item, unsigned n)
{
	struct str last = { 0 };
	struct moment at;

	if (f->last)
		last = fill_words(f, f->last, item, n);
	data_str(f->c, row, "last", last);
	if (last.len && moment_read(node_str(f->last, "authored"), &at))
		data_time(f->c, row, "last_at", at, say_date(f->c->arena, at));
}

static void put_question(struct fill *f, struct node *row, size_t item, unsigned n)
{
	const struct form_item *it = &f->form->items[item];
	const char *wrong = fill_wrong(f, fill_field(f, item, n));
	bool known = from_record(f, item, n);

	node_add_bool(f->c->arena, row, "is_question", true);
	data_str(f->c, row, "field", fill_field(f, item, n));
	data_str(f->c, row, "fid", fill_field_id(f, item, n));
	data_str(f->c, row, "label", fill_label(f, item));
	data_str(f->c, row, "hint", it->hint);
	if (wrong)
		data_words(f->c, row, "wrong", wrong);
	if (!it->required)
		node_add_bool(f->c->arena, row, "optional", true);
	if (known)
		node_add_bool(f->c->arena, row, "known", true);
	put_theirs(f, row, item, n);
	put_last(f, row, item, n);
	if (it->readonly || it->calculated || !f->open) {
		struct str words = fill_words(f, f->response, item, n);

		node_add_bool(f->c->arena, row, "is_fixed", true);
		data_str(f->c, row, "fixed", words.len ? words : STR("Not known"));
		return;
	}
	put_field(f, row, item, n);
}

/* --- rows --- */

static struct node *put_row(struct fill *f, struct node *rows, size_t item, unsigned n, size_t part, bool asked)
{
	struct node *row = data_object(f->c, rows, NULL);
	struct str when = fill_when(f, item, n, part);

	data_str(f->c, row, "when", when);
	if (!asked)
		node_add_bool(f->c->arena, row, "off", true);
	return row;
}

static void put_heading(struct fill *f, struct node *row, size_t item, unsigned n)
{
	const struct form_item *it = &f->form->items[item];

	struct str words = fill_label(f, item);

	data_str(f->c, row, "heading", it->repeats ? SAY(f->c->arena, STR_FMT " %u", STR_ARG(words), n + 1) : words);
	node_add_bool(f->c->arena, row, it->depth < 2 ? "is_h2" : it->depth == 2 ? "is_h3" : "is_h4", true);
	data_str(f->c, row, "hint", it->hint);
	data_str(f->c, row, "fid", fill_field_id(f, item, n));
	if (it->repeats && f->open)
		data_str(f->c, row, "less", SAY(f->c->arena, STR_FMT ":%u", STR_ARG(it->link), n));
}

/* One item, in the n-th of its group. */
static enum err put_item(struct fill *f, struct node *rows, size_t item, unsigned n, size_t part)
{
	const struct form_item *it = &f->form->items[item];
	struct node *row;
	bool asked;

	if (it->hidden || (item == part && it->kind == FORM_GROUP && !it->repeats))
		return OK;
	TRY(form_asked(f->c, f->form, f->response, item, n, &asked));
	if (!asked && (!fill_when(f, item, n, part).len || !f->open))
		return OK;
	row = put_row(f, rows, item, n, part, asked);
	if (it->kind == FORM_GROUP)
		put_heading(f, row, item, n);
	else if (it->kind == FORM_DISPLAY)
		data_str(f->c, row, "note", fill_label(f, item));
	else
		put_question(f, row, item, n);
	return OK;
}

/* A group that repeats with all it holds, as often as it is there, and the button for one more. */
static enum err put_repeats(struct fill *f, struct node *rows, size_t group, size_t end, size_t part)
{
	unsigned times = form_times(f->form, f->response, group);
	struct node *row;
	bool asked;

	TRY(form_asked(f->c, f->form, f->response, group, 0, &asked));
	if (!asked)
		return OK;
	for (unsigned n = 0; n < times; n++)
		for (size_t i = group; i < end; i++)
			TRY(put_item(f, rows, i, n, part));
	if (!f->open || f->form->items[group].hidden || times >= f->form->items[group].most)
		return OK;
	row = data_object(f->c, rows, NULL);
	data_str(f->c, row, "more", f->form->items[group].link);
	data_str(f->c, row, "more_words", f->form->items[group].text);
	data_str(f->c, row, "fid", fill_field_id(f, group, 0));
	if (times)
		node_add_bool(f->c->arena, row, "another", true);
	return OK;
}

enum err fill_put_rows(struct fill *f, struct node *data, size_t part)
{
	struct node *rows = data_list(f->c, data, "rows");
	size_t i = part;

	while (i < f->form->count && fill_within(f->form, i, part)) {
		size_t end = i + 1;

		if (f->form->items[i].kind == FORM_GROUP && f->form->items[i].repeats) {
			while (end < f->form->count && fill_within(f->form, end, i))
				end++;
			TRY(put_repeats(f, rows, i, end, part));
		} else {
			TRY(put_item(f, rows, i, 0, part));
		}
		i = end;
	}
	return OK;
}
