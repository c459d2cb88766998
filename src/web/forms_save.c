/* forms_save.c - what was typed into one part is saved; where others answered the same meanwhile, both are shown.
 *
 * The page says which questions it asked ("on") and which version it was made of ("seen"). Only answers that are
 * not what that version said are sent on, so who changed nothing there takes nothing from anybody.
 */
#include "web/forms.h"

#include "web/pages.h"

enum { ON_MAX = 500, VALUES_MAX = 100 };

/* --- the page --- */

static enum err part_page(struct fill *f, size_t part, bool failed, struct reply *reply)
{
	const struct form_item *it = &f->form->items[part];
	struct node *data;
	ptrdiff_t next;

	TRY(fill_find_last(f));
	TRY(fill_find_work(f));
	if (!form_may_answer(f->c, f->form, f->response, part))
		f->open = false;
	TRY(fill_page(f, str_dup(f->c->arena, it->text), &data));
	fill_put_asked(f, data, part);
	data_str(f->c, data, "part", it->link);
	data_str(f->c, data, "part_title", it->kind == FORM_GROUP ? it->text : f->form->title);
	next = fill_next(f, (ptrdiff_t)part);
	node_add_bool(f->c->arena, data, "has_next", next >= 0);
	TRY(fill_put_rows(f, data, part));
	node_add_bool(f->c->arena, data, "more_asked", request_param(f->c, f->r, "more", 0).len > 0);
	if (failed)
		fill_put_errors(f, data);
	return page_show(f->c, "form_part", data, reply);
}

enum err form_part_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct fill f;
	size_t part;

	TRY(fill_load(c, r, &f));
	TRY(fill_part(&f, &part));
	return part_page(&f, part, false, reply);
}

/* --- what was typed --- */

/* Browsers send ends of lines as two characters. */
static struct str plain_lines(struct ctx *c, struct str s)
{
	struct buf b;

	buf_init(&b, c->arena, 1 << 20);
	for (size_t i = 0; i < s.len; i++)
		if (s.at[i] != '\r')
			buf_char(&b, s.at[i]);
	while (b.len && (b.at[b.len - 1] == '\n' || b.at[b.len - 1] == ' '))
		b.len--;
	return buf_get(&b);
}

static bool by_lines(const struct form_item *it)
{
	return it->repeats && it->kind != FORM_CHOICE && it->kind != FORM_OPEN_CHOICE && it->kind != FORM_ATTACHMENT;
}

static void add_value(struct str *values, size_t *len, struct str value)
{
	if (str_trim(value).len && *len < VALUES_MAX)
		values[(*len)++] = value;
}

static bool is_unit(const struct form_item *it, struct str text)
{
	for (size_t i = 0; i < it->unit_count; i++)
		if (str_eq(text, it->units[i].code.len ? it->units[i].code : it->units[i].words))
			return true;
	return false;
}

/* A number and the unit chosen beside it are one answer; a unit alone is none. */
static size_t with_unit(struct fill *f, const struct form_item *it, struct str *values, size_t len)
{
	if (len == 1 && is_unit(it, values[0]))
		return 0;
	if (len == 2)
		values[0] = SAY(f->c->arena, STR_FMT "|" STR_FMT, STR_ARG(str_trim(values[0])), STR_ARG(values[1]));
	return len ? 1 : 0;
}

/* All that was typed for one field. */
static size_t typed_values(struct fill *f, const struct form_item *it, struct str field, struct str *values)
{
	const char *name = str_dup(f->c->arena, field);
	size_t len = 0;

	for (unsigned i = 0; i < VALUES_MAX; i++) {
		struct str value = request_param(f->c, f->r, name, i);

		if (!value.at)
			break;
		value = plain_lines(f->c, value);
		while (by_lines(it) && value.at) {
			struct str line = str_cut(&value, '\n');

			add_value(values, &len, str_trim(line));
		}
		if (!by_lines(it))
			add_value(values, &len, value);
	}
	if (it->unit_count > 1 && !it->repeats)
		len = with_unit(f, it, values, len);
	return len;
}

static bool as_it_was(struct fill *f, const struct node *seen, size_t item, unsigned n, const struct str *values,
		      size_t len)
{
	const struct form_item *it = &f->form->items[item];
	const struct node *answers = form_answer(f->form, seen, item, n);
	size_t i = 0;

	if ((answers ? answers->len : 0) != len)
		return false;
	node_each(answer, answers) {
		struct str was = plain_lines(f->c, form_typed(f->c, it, answer));

		if (it->kind == FORM_DATETIME && was.len > 16)
			was.len = 16;
		if (!str_eq(it->kind == FORM_TEXT ? was : str_trim(was),
			    it->kind == FORM_TEXT ? values[i] : str_trim(values[i])))
			return false;
		i++;
	}
	return true;
}

static bool takes_theirs(struct fill *f, struct str field)
{
	for (unsigned i = 0; i < ON_MAX; i++) {
		struct str one = request_param(f->c, f->r, "theirs", i);

		if (!one.at)
			return false;
		if (str_eq(one, field))
			return true;
	}
	return false;
}

static void put_set(struct fill *f, struct node *set, const struct node *seen, struct str field)
{
	struct str number = field, link = str_cut(&number, ':'), values[VALUES_MAX];
	ptrdiff_t item = form_index(f->form, link);
	int64_t n = 0;
	size_t len;

	if (item < 0 || (number.at && !str_int(number, &n)) || n < 0 || takes_theirs(f, field))
		return;
	len = typed_values(f, &f->form->items[item], field, values);
	if (as_it_was(f, seen, (size_t)item, (unsigned)n, values, len))
		return;
	for (size_t i = 0; i < len; i++)
		node_add_str(f->c->arena, set, NULL,
			     SAY(f->c->arena, STR_FMT "=" STR_FMT, STR_ARG(field), STR_ARG(values[i])));
	if (!len)
		node_add_str(f->c->arena, set, NULL, SAY(f->c->arena, STR_FMT "=", STR_ARG(field)));
}

/* The answers that were changed on the page; how many questions it asked. */
static unsigned read_page(struct fill *f, struct node *input, const struct node *seen)
{
	struct node *set = node_add(f->c->arena, input, "set", NODE_ARRAY);
	unsigned count = 0;

	for (; count < ON_MAX; count++) {
		struct str field = request_param(f->c, f->r, "on", count);

		if (!field.at)
			break;
		put_set(f, set, seen, field);
	}
	if (!set->len)
		node_remove(input, set);
	return count;
}

/* --- where to after --- */

static unsigned asked_in(struct fill *f, size_t part)
{
	unsigned count = 0;

	for (size_t i = part; i < f->form->count && fill_within(f->form, i, part); i++) {
		const struct form_item *it = &f->form->items[i];

		for (unsigned n = 0; form_is_question(it) && !it->readonly && !it->calculated && !it->hidden &&
				     n < fill_times(f, f->response, i);
		     n++) {
			bool asked;

			count += form_asked(f->c, f->form, f->response, i, n, &asked) == OK && asked;
		}
	}
	return count;
}

static struct str where_next(struct fill *f, size_t part, struct str act, unsigned shown)
{
	struct str here = SAY(f->c->arena, "/forms/" STR_FMT "/" STR_FMT, STR_ARG(f->id),
			      STR_ARG(f->form->items[part].link));
	ptrdiff_t next = fill_next(f, (ptrdiff_t)part);
	struct str rest = act, verb = str_cut(&rest, ':');

	if (str_is(verb, "file"))
		return SAY(f->c->arena, "/forms/" STR_FMT "/file/" STR_FMT, STR_ARG(f->id), STR_ARG(rest));
	if (str_is(verb, "more") || str_is(verb, "less"))
		return here;
	if (asked_in(f, part) > shown)
		return SAY(f->c->arena, STR_FMT "?more=1", STR_ARG(here));
	if (str_is(verb, "leave"))
		return SAY(f->c->arena, "/forms/" STR_FMT, STR_ARG(f->id));
	if (next < 0)
		return SAY(f->c->arena, "/forms/" STR_FMT "/check-answers", STR_ARG(f->id));
	return SAY(f->c->arena, "/forms/" STR_FMT "/" STR_FMT, STR_ARG(f->id), STR_ARG(f->form->items[next].link));
}

/* --- saving --- */

static enum err not_saved(struct fill *f, size_t part, const struct node *seen, enum err e, struct reply *reply)
{
	if (e != ERR_INVALID && e != ERR_CONFLICT && e != ERR_FORBIDDEN)
		return e;
	f->again = true;
	f->base = seen;
	TRY(part_page(f, part, true, reply));
	reply->status = err_row(e)->http;
	return OK;
}

static enum err save(struct fill *f, size_t part, int64_t seen, struct reply *reply)
{
	struct ctx *c = f->c;
	struct node *input = node_new(c->arena, NODE_OBJECT), *base;
	struct str act = request_param(c, f->r, "act", 0), rest = act, verb = str_cut(&rest, ':');
	int64_t before = f->version;
	struct acted done;
	unsigned shown;

	TRY(fill_version(f, seen, &base));
	shown = read_page(f, input, base);
	if (str_is(verb, "more") || str_is(verb, "less"))
		node_add_str(c->arena, input, str_is(verb, "more") ? "more" : "less", rest);
	if (!input->len)
		return page_redirect(c, where_next(f, part, act, shown), reply);
	node_add_str(c->arena, input, "seen", SAY(c->arena, "%lld", (long long)seen));
	enum err e = action_run(c, action_find(c->place, STR("form-save")), f->id, input, &done);
	if (e != OK)
		return not_saved(f, part, base, e, reply);
	TRY(fill_load(c, f->r, f));
	if (before > seen)
		return page_redirect(c,
				     SAY(c->arena, "/forms/" STR_FMT "?since=%lld&mine=%lld", STR_ARG(f->id),
					 (long long)seen, (long long)f->version),
				     reply);
	return page_redirect(c, where_next(f, part, act, shown), reply);
}

enum err form_part_do(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct fill f;
	int64_t seen;
	size_t part;

	TRY(fill_load(c, r, &f));
	TRY(fill_part(&f, &part));
	if (!str_int(request_param(c, r, "seen", 0), &seen) || seen < 1 || seen > f.version)
		return fail(c, ERR_BAD_REQUEST, "This page does not say which version it was made of.");
	return save(&f, part, seen, reply);
}
