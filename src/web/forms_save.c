/* forms_save.c - what was typed into one part is saved; where others answered the same meanwhile, both are shown.
 *
 * The page says which questions it asked ("on") and which version it was made of ("seen"). Only answers that are
 * not what that version said are sent on, so who changed nothing there takes nothing from anybody.
 */
#include "web/forms.h"

#include "web/multipart.h"
#include "web/pages.h"

enum { ON_MAX = 500, VALUES_MAX = 100, FILE_BYTES_MAX = 8 << 20 };

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

/* --- files --- */

static enum err file_question(struct fill *f, struct str *field, size_t *item)
{
	struct str number = *field = f->r->part[1], link = str_cut(&number, ':');
	ptrdiff_t at = form_index(f->form, link);

	if (at < 0 || f->form->items[at].kind != FORM_ATTACHMENT || !f->open)
		return fail(f->c, ERR_NOT_FOUND, "This form takes no file there.");
	*item = (size_t)at;
	return OK;
}

static struct str part_address(struct fill *f, size_t item)
{
	while (f->form->items[item].parent >= 0)
		item = (size_t)f->form->items[item].parent;
	return SAY(f->c->arena, "/forms/" STR_FMT "/" STR_FMT, STR_ARG(f->id), STR_ARG(f->form->items[item].link));
}

static enum err file_page(struct fill *f, struct str field, size_t item, const char *wrong, struct reply *reply)
{
	struct node *data;

	TRY(fill_page(f, "Add a file", &data));
	data_str(f->c, data, "field", field);
	data_str(f->c, data, "label", f->form->items[item].text);
	data_str(f->c, data, "back", part_address(f, item));
	if (wrong) {
		data_words(f->c, data, "error", wrong);
		data_words(f->c, data, "error_field", "file");
		node_add_bool(f->c->arena, data, "failed", true);
	}
	TRY(page_show(f->c, "form_file", data, reply));
	if (wrong)
		reply->status = err_row(ERR_INVALID)->http;
	return OK;
}

enum err form_file_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct str field;
	struct fill f;
	size_t item;

	TRY(fill_load(c, r, &f));
	TRY(file_question(&f, &field, &item));
	return file_page(&f, field, item, NULL, reply);
}

/* Told by its first bytes, not by what the browser calls it: nothing that could run in a page. */
static const char *kind_of(struct str bytes)
{
	static const struct { const char *begins, *type; } kinds[] = {
		{ "%PDF-", "application/pdf" }, { "\x89PNG", "image/png" }, { "\xff\xd8\xff", "image/jpeg" },
	};

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (str_starts(bytes, str_of(kinds[i].begins)))
			return kinds[i].type;
	return NULL;
}

static enum err keep_file(struct fill *f, const char *type, struct str bytes, struct str *id)
{
	struct ctx *c = f->c;
	struct node *n = node_new(c->arena, NODE_OBJECT);
	struct write w = { .resource = n };
	struct written written;

	node_add_cstr(c->arena, n, "resourceType", "Binary");
	node_add_cstr(c->arena, n, "contentType", type);
	node_add_str(c->arena, node_add(c->arena, n, "securityContext", NODE_OBJECT), "reference",
		     SAY(c->arena, "QuestionnaireResponse/" STR_FMT, STR_ARG(f->id)));
	node_add_str(c->arena, n, "data", multipart_base64(c->arena, bytes));
	atoms_adopt(c->place->fhir->atoms, n);
	TRY(record_create(c, STR("Binary"), &w, &written));
	*id = written.version.id;
	return OK;
}

static enum err attach(struct fill *f, struct str field, size_t item, struct str binary, struct str name)
{
	struct ctx *c = f->c;
	struct node *input = node_new(c->arena, NODE_OBJECT), *set = node_add(c->arena, input, "set", NODE_ARRAY);
	struct str number = field;
	struct acted done;
	int64_t n = 0;

	(void)str_cut(&number, ':');
	(void)(number.at && str_int(number, &n));
	if (f->form->items[item].repeats)
		node_each(answer, form_answer(f->form, f->response, item, (unsigned)n))
			node_add_str(c->arena, set, NULL,
				     SAY(c->arena, STR_FMT "=" STR_FMT, STR_ARG(field),
					 STR_ARG(form_typed(c, &f->form->items[item], answer))));
	node_add_str(c->arena, set, NULL,
		     SAY(c->arena, STR_FMT "=Binary/" STR_FMT "|" STR_FMT, STR_ARG(field), STR_ARG(binary), STR_ARG(name)));
	node_add_str(c->arena, input, "seen", SAY(c->arena, "%lld", (long long)f->version));
	return action_run(c, action_find(c->place, STR("form-save")), f->id, input, &done);
}

enum err form_file_do(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct str field, name, bytes, id;
	const char *type;
	struct fill f;
	size_t item;

	TRY(fill_load(c, r, &f));
	TRY(file_question(&f, &field, &item));
	if (!multipart_file(request_header(r, "Content-Type"), r->body, &name, &bytes) || !bytes.len)
		return file_page(&f, field, item, "Choose a file first.", reply);
	if (bytes.len > FILE_BYTES_MAX)
		return file_page(&f, field, item, "The file is larger than 8 MB.", reply);
	type = kind_of(bytes);
	if (!type)
		return file_page(&f, field, item, "Only PDF files and JPEG or PNG pictures are taken.", reply);
	TRY(keep_file(&f, type, bytes, &id));
	TRY(attach(&f, field, item, id, name));
	return page_redirect(c, part_address(&f, item), reply);
}
