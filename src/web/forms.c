/* forms.c - forms about a person: begun, their parts with what is left to do, checked, completed, printed. */
#include "web/forms.h"

#include "access/actor.h"
#include "web/act.h"
#include "web/looked.h"
#include "web/pages.h"
#include "web/person.h"

/* --- reading --- */

enum err fill_load(struct ctx *c, const struct request *r, struct fill *out)
{
	struct fill f = { .c = c, .r = r, .id = r->part[0] };
	struct str subject, status;
	struct version v;
	struct node *first;

	TRY(record_read(c, STR("QuestionnaireResponse"), f.id, &v));
	TRY(fhir_read_json(c, c->place->fhir, c->arena, v.body, &f.response));
	f.version = v.version;
	TRY(form_of(c, f.response, &f.form));
	subject = act_reference(f.response, "subject");
	if (!str_starts(subject, STR("Patient/")) || is_restricted(f.response))
		return fail(c, ERR_NOT_FOUND, "There is no such form.");
	f.person = (struct str){ subject.at + 8, subject.len - 8 };
	status = node_str(f.response, "status");
	f.open = str_is(status, "in-progress") && actor_can(c, "care.write");
	f.first = f.response;
	if (f.version > 1 && fill_version(&f, 1, &first) == OK)
		f.first = first;
	*out = f;
	return OK;
}

static struct str state_words(struct str status)
{
	return str_is(status, "in-progress")	    ? STR("Being filled in")
	       : str_is(status, "completed")	    ? STR("Completed")
	       : str_is(status, "amended")	    ? STR("Completed, and changed since")
	       : str_is(status, "entered-in-error") ? STR("Thrown away: it was begun by mistake")
						    : status;
}

enum err fill_page(struct fill *f, const char *title, struct node **out)
{
	struct ctx *c = f->c;
	struct person p;
	struct node *data;
	struct version v;
	struct moment m;

	TRY(person_meet(c, f->r, f->person, &p));
	TRY(looked_item(c, f->person, STR("QuestionnaireResponse"), f->id, f->version));
	data = page_new(c, f->r, title);
	person_put_head(&p, data);
	data_str(c, data, "response", f->id);
	data_str(c, data, "form_title", f->form->title);
	data_str(c, data, "version", SAY(c->arena, "%lld", (long long)f->version));
	data_str(c, data, "state", state_words(node_str(f->response, "status")));
	node_add_bool(c->arena, data, "open", f->open);
	TRY(record_read(c, STR("QuestionnaireResponse"), f->id, &v));
	m = moment_at(c->arena, v.updated);
	data_time(c, data, "saved_at", m, say_as_at(c->arena, m, clock_now(c->clock)));
	*out = data;
	return OK;
}

enum err fill_part(const struct fill *f, size_t *part)
{
	ptrdiff_t at = form_index(f->form, f->r->part[1]);

	if (at < 0 || f->form->items[at].parent >= 0)
		return fail(f->c, ERR_NOT_FOUND, "This form has no such part.");
	*part = (size_t)at;
	return OK;
}

bool fill_within(const struct form *form, size_t item, size_t part)
{
	ptrdiff_t at = (ptrdiff_t)item;

	while (at >= 0 && at != (ptrdiff_t)part)
		at = form->items[at].parent;
	return at >= 0;
}

ptrdiff_t fill_next(struct fill *f, ptrdiff_t part)
{
	for (size_t i = (size_t)(part + 1); i < f->form->count; i++) {
		bool asked;

		if (f->form->items[i].parent < 0 && !f->form->items[i].hidden && f->form->items[i].kind != FORM_DISPLAY &&
		    form_asked(f->c, f->form, f->response, i, 0, &asked) == OK && asked)
			return (ptrdiff_t)i;
	}
	return -1;
}

ptrdiff_t fill_repeater(const struct form *form, size_t item)
{
	ptrdiff_t at = (ptrdiff_t)item;

	while (at >= 0 && !(form->items[at].kind == FORM_GROUP && form->items[at].repeats))
		at = form->items[at].parent;
	return at;
}

unsigned fill_times(const struct fill *f, const struct node *response, size_t item)
{
	ptrdiff_t group = fill_repeater(f->form, item);

	return group < 0 ? 1 : form_times(f->form, response, (size_t)group);
}

struct str fill_field(const struct fill *f, size_t item, unsigned n)
{
	struct str link = f->form->items[item].link;

	return n ? SAY(f->c->arena, STR_FMT ":%u", STR_ARG(link), n) : link;
}

struct str fill_field_id(const struct fill *f, size_t item, unsigned n)
{
	return SAY(f->c->arena, "q%zu-%u", item, n);
}

struct str fill_label(const struct fill *f, size_t item)
{
	const struct form_item *it = &f->form->items[item];

	return it->prefix.len ? SAY(f->c->arena, STR_FMT " " STR_FMT, STR_ARG(it->prefix), STR_ARG(it->text)) : it->text;
}

struct str fill_words(const struct fill *f, const struct node *response, size_t item, unsigned n)
{
	const struct form_item *it = &f->form->items[item];
	struct buf b;

	buf_init(&b, f->c->arena, 1 << 20);
	node_each(answer, form_answer(f->form, response, item, n)) {
		struct str words = form_words(f->c, it, answer);
		struct moment m;

		if ((it->kind == FORM_DATE || it->kind == FORM_DATETIME) && moment_read(words, &m))
			words = it->kind == FORM_DATE ? say_date(f->c->arena, m)
						      : say_full(f->c->arena, m, clock_now(f->c->clock));
		buf_printf(&b, "%s" STR_FMT, b.len ? ", " : "", STR_ARG(words));
	}
	return b.len ? buf_get(&b) : (struct str){ 0 };
}

const char *fill_wrong(const struct fill *f, struct str field)
{
	for (const struct issue *i = f->c->issues.first; i; i = i->next)
		if (i->where && str_is(field, i->where))
			return i->text;
	return NULL;
}

static struct str field_id_of(struct fill *f, const char *where, size_t *item)
{
	struct str n = str_of(where), link = str_cut(&n, ':');
	ptrdiff_t at = form_index(f->form, link);
	int64_t number = 0;

	if (at < 0)
		return (struct str){ 0 };
	(void)(n.at && str_int(n, &number));
	*item = (size_t)at;
	return fill_field_id(f, (size_t)at, (unsigned)number);
}

static size_t part_of(const struct form *form, size_t item)
{
	while (form->items[item].parent >= 0)
		item = (size_t)form->items[item].parent;
	return item;
}

void fill_put_errors(struct fill *f, struct node *data)
{
	struct node *list = data_list(f->c, data, "errors"), *row;
	size_t item = 0;

	for (const struct issue *i = f->c->issues.first; i; i = i->next) {
		struct str fid = i->where ? field_id_of(f, i->where, &item) : (struct str){ 0 };

		row = data_object(f->c, list, NULL);
		data_words(f->c, row, "error", i->text);
		data_str(f->c, row, "error_field", fid);
		if (fid.len)
			data_str(f->c, row, "error_part", f->form->items[part_of(f->form, item)].link);
	}
	if (!list->len)
		data_words(f->c, data_object(f->c, list, NULL), "error", f->c->why);
	node_add_bool(f->c->arena, data, "failed", true);
}

/* --- the list of parts --- */

struct part_progress {
	unsigned asked, answered, own, missing;
};

/* `own`: answered by somebody, not by the record. */
static enum err progress_of(struct fill *f, size_t part, struct part_progress *out)
{
	struct part_progress p = { 0 };

	for (size_t i = part; i < f->form->count && fill_within(f->form, i, part); i++) {
		const struct form_item *it = &f->form->items[i];
		unsigned times = fill_times(f, f->response, i);

		if (it->kind == FORM_GROUP && it->repeats && it->required && !times)
			p.missing++;
		for (unsigned n = 0; form_is_question(it) && !it->hidden && !it->readonly && !it->calculated && n < times; n++) {
			const struct node *answer = form_answer(f->form, f->response, i, n);
			const struct node *first = form_answer(f->form, f->first, i, n);
			bool asked, given = answer && answer->len;

			TRY(form_asked(f->c, f->form, f->response, i, n, &asked));
			if (!asked)
				continue;
			p.asked++;
			p.answered += given;
			p.own += given && !(it->initial && first && form_same(first, answer));
			p.missing += it->required && !given;
		}
	}
	*out = p;
	return OK;
}

static void put_status(struct fill *f, struct node *row, const struct part_progress *p)
{
	const char *words = "Not started", *class = "is-quiet", *icon = "empty";

	if (!p->missing && (p->own || !p->asked)) {
		words = "Completed", class = "is-done", icon = "done";
	} else if (p->own) {
		words = "In progress", class = "is-now", icon = "mixed";
	}
	node_add_bool(f->c->arena, row, "clock", true);
	data_words(f->c, row, "clock_words", words);
	data_words(f->c, row, "clock_class", class);
	data_words(f->c, row, "icon", icon);
	if (p->own && p->missing)
		data_str(f->c, row, "hint", SAY(f->c->arena, "%u of %u questions answered, %u more needed", p->answered,
						p->asked, p->missing));
	else if (p->answered)
		data_str(f->c, row, "hint", SAY(f->c->arena, "%u of %u questions answered%s", p->answered, p->asked,
						p->own ? "" : ", from the record"));
}

/* What a form says before its parts. */
static enum err put_notes(struct fill *f, struct node *data)
{
	struct node *list = data_list(f->c, data, "notes");

	for (size_t i = 0; i < f->form->count; i++) {
		bool asked;

		if (f->form->items[i].parent >= 0 || f->form->items[i].kind != FORM_DISPLAY || f->form->items[i].hidden)
			continue;
		TRY(form_asked(f->c, f->form, f->response, i, 0, &asked));
		if (asked)
			data_str(f->c, data_object(f->c, list, NULL), "note", fill_label(f, i));
	}
	return OK;
}

static enum err put_parts(struct fill *f, struct node *data)
{
	struct node *own = data_list(f->c, data, "parts"), *others = data_list(f->c, data, "others");
	unsigned done = 0, all = 0;

	for (ptrdiff_t i = fill_next(f, -1); i >= 0; i = fill_next(f, i)) {
		const struct form_item *it = &f->form->items[i];
		struct node *row = data_object(f->c, it->owner.len ? others : own, NULL);
		struct part_progress p;

		TRY(progress_of(f, (size_t)i, &p));
		fill_put_asked(f, row, (size_t)i);
		data_str(f->c, row, "part", it->link);
		data_str(f->c, row, "part_title", fill_label(f, (size_t)i));
		data_str(f->c, row, "part_id", SAY(f->c->arena, "part-%td", i));
		put_status(f, row, &p);
		if (it->owner.len)
			data_str(f->c, row, "owner", say_code(f->c->arena, it->owner));
		bool finished = !p.missing && (p.own || !p.asked), out = form_is_left_out(f->form, f->response, (size_t)i);
		if (out && !form_part_asked(f->response, it->link))
			continue;
		if (!finished && !node_get(data, "carry_on") && f->open && form_may_answer(f->c, f->form, f->response, (size_t)i)) {
			data_str(f->c, data, "carry_on", it->link);
			data_str(f->c, data, "carry_on_title", it->text);
		}
		done += finished;
		all++;
	}
	node_add_bool(f->c->arena, data, "has_others", others->len > 0);
	data_str(f->c, data, "done_words",
		 done == all ? STR("All parts are done.")
			     : SAY(f->c->arena, "%u of %u parts are done.", done, all));
	return OK;
}

/* "?since=3&mine=5": what others did between what the asker saw and what they saved. */
static enum err put_meanwhile(struct fill *f, struct node *data)
{
	int64_t since = 0, mine = 0;

	if (!str_int(request_param(f->c, f->r, "since", 0), &since) ||
	    !str_int(request_param(f->c, f->r, "mine", 0), &mine))
		return OK;
	return fill_put_changes(f, data, since, mine - 1);
}

/* Completing is a button of the page that shows all answers; changing is for what is complete, throwing away for
 * what is not. */
/* What follows a completed Checklist of NHS continuing healthcare. */
static void put_continuing(struct fill *f, struct node *data)
{
	if (f->open || !str_is(f->form->name, "continuing-healthcare"))
		return;
	data_str(f->c, data, "continue_href",
		 action_href(f->c, "continuing-healthcare-refer", (struct str){ 0 },
			     arena_printf(f->c->arena, "checklist=QuestionnaireResponse/" STR_FMT, STR_ARG(f->id)),
			     SAY(f->c->arena, "/forms/" STR_FMT, STR_ARG(f->id))));
}

static void put_buttons(struct fill *f, struct node *data)
{
	const char *const never[] = { "/do/form-complete?", f->open ? "/do/form-amend?" : "/do/form-discard?" };
	struct node *list, *next;

	put_continuing(f, data);
	put_actions(f->c, data, "actions", f->response, SAY(f->c->arena, "/forms/" STR_FMT, STR_ARG(f->id)));
	list = node_get(data, "actions");
	for (struct node *one = list ? list->first : NULL; one; one = next) {
		next = one->next;
		for (unsigned i = 0; i < 2; i++)
			if (str_starts(node_str(one, "href"), str_of(never[i]))) {
				node_remove(list, one);
				break;
			}
	}
}

enum err form_list_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data;
	struct fill f;

	TRY(fill_load(c, r, &f));
	TRY(fill_find_last(&f));
	TRY(fill_find_work(&f));
	TRY(fill_page(&f, str_dup(c->arena, f.form->title), &data));
	TRY(put_notes(&f, data));
	TRY(put_parts(&f, data));
	fill_put_work(&f, data);
	TRY(put_meanwhile(&f, data));
	fill_put_then(&f, data);
	put_buttons(&f, data);
	return page_show(c, "form_list", data, reply);
}

/* --- all answers: to check, to print --- */

static void put_answer(struct fill *f, struct node *list, size_t item, unsigned n)
{
	const struct form_item *it = &f->form->items[item];
	struct node *row = data_object(f->c, list, NULL);
	struct str words = fill_words(f, f->response, item, n);

	data_str(f->c, row, "question", fill_label(f, item));
	data_str(f->c, row, "answer", words);
	if (it->kind == FORM_ATTACHMENT && words.len) {
		struct node *files = data_list(f->c, row, "files");

		node_each(answer, form_answer(f->form, f->response, item, n)) {
			struct node *file = data_object(f->c, files, NULL);

			data_str(f->c, file, "file", fill_file_href(f, node_text(node_path(answer, "valueAttachment.url"))));
			data_str(f->c, file, "file_name", form_words(f->c, it, answer));
		}
	}
	data_str(f->c, row, "part", f->form->items[part_of(f->form, item)].link);
	data_str(f->c, row, "fid", fill_field_id(f, item, n));
	node_add_bool(f->c->arena, row, "changeable", f->open && !it->readonly && !it->calculated);
	if (it->parent >= 0 && f->form->items[it->parent].parent >= 0)
		data_str(f->c, row, "group",
			 f->form->items[it->parent].repeats
				 ? SAY(f->c->arena, STR_FMT " %u", STR_ARG(f->form->items[it->parent].text), n + 1)
				 : f->form->items[it->parent].text);
}

static enum err put_answers(struct fill *f, struct node *data)
{
	struct node *parts = data_list(f->c, data, "parts");

	for (ptrdiff_t part = fill_next(f, -1); part >= 0; part = fill_next(f, part)) {
		struct node *row = data_object(f->c, parts, NULL), *list = data_list(f->c, row, "answers");

		data_str(f->c, row, "part_title", fill_label(f, (size_t)part));
		data_str(f->c, row, "part_id", SAY(f->c->arena, "part-%td", part));
		for (size_t i = (size_t)part; i < f->form->count && fill_within(f->form, i, (size_t)part); i++) {
			const struct form_item *it = &f->form->items[i];
			unsigned times = fill_times(f, f->response, i);

			for (unsigned n = 0; form_is_question(it) && !it->hidden && n < times; n++) {
				bool asked;

				TRY(form_asked(f->c, f->form, f->response, i, n, &asked));
				if (asked)
					put_answer(f, list, i, n);
			}
		}
	}
	return OK;
}

static enum err check_page(struct fill *f, bool failed, struct reply *reply)
{
	struct node *data;

	TRY(fill_page(f, "Check the answers", &data));
	TRY(put_answers(f, data));
	if (failed)
		fill_put_errors(f, data);
	if (str_ends(f->r->path, STR("/print")))
		node_add_bool(f->c->arena, data, "printing", true);
	return page_show(f->c, "form_check", data, reply);
}

enum err form_check_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct fill f;

	TRY(fill_load(c, r, &f));
	return check_page(&f, false, reply);
}

enum err form_print_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct fill f;

	TRY(fill_load(c, r, &f));
	TRY(looked_print(c, f.person, STR("form")));
	return check_page(&f, false, reply);
}

enum err form_check_do(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct acted done;
	struct fill f;
	enum err e;

	TRY(fill_load(c, r, &f));
	e = action_run(c, action_find(c->place, STR("form-complete")), f.id, NULL, &done);
	if (e == ERR_INVALID || e == ERR_CONFLICT) {
		TRY(check_page(&f, true, reply));
		reply->status = err_row(e)->http;
		return OK;
	}
	TRY(e);
	return page_redirect(c, SAY(c->arena, "/forms/" STR_FMT, STR_ARG(f.id)), reply);
}

/* --- which form --- */

static enum err put_forms(struct ctx *c, struct node *data)
{
	struct node *list = data_list(c, data, "forms");
	const struct forms *forms;

	TRY(forms_of(c, &forms));
	for (size_t i = 0; i < forms_count(forms); i++) {
		const struct form *form = forms_at(forms, i);
		struct node *row = data_object(c, list, NULL);

		data_str(c, row, "form", form->name);
		data_str(c, row, "form_title", form->title);
		data_str(c, row, "form_id", SAY(c->arena, "form-%zu", i));
	}
	return OK;
}

enum err form_new_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct person p;
	struct node *data;

	TRY(person_meet(c, r, r->part[0], &p));
	data = page_new(c, r, "Begin a form");
	person_put_head(&p, data);
	TRY(put_forms(c, data));
	data_str(c, data, "once", record_new_id(c));
	data_str(c, data, "about", request_param(c, r, "about", 0));
	return page_show(c, "form_new", data, reply);
}

enum err form_new_do(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *input = node_new(c->arena, NODE_OBJECT);
	struct str about = request_param(c, r, "about", 0);
	struct acted done;

	node_add_str(c->arena, input, "form", request_param(c, r, "form", 0));
	node_add_str(c->arena, input, "person", SAY(c->arena, "Patient/" STR_FMT, STR_ARG(r->part[0])));
	node_add_str(c->arena, input, "once", request_param(c, r, "once", 0));
	if (about.len)
		node_add_str(c->arena, input, "about", about);
	TRY(action_run(c, action_find(c->place, STR("form-begin")), (struct str){ 0 }, input, &done));
	return page_redirect(c, SAY(c->arena, "/forms/" STR_FMT, STR_ARG(node_str(done.output, "id"))), reply);
}
