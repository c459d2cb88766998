/* forms_file.c - files sent with a form: what is taken, where it is kept, how it is got again.
 *
 * A file is a Binary in the person's record (securityContext), so whoever may see their care may see it; the answer names it.
 * Taken off the answers it is in the history alone. */
#include "web/forms.h"

#include "base/dec.h"
#include "web/file.h"
#include "web/multipart.h"
#include "web/pages.h"

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

static const struct { const char *type, *words; } kinds[] = {
	{ "application/pdf", "PDF files" }, { "image/png", "PNG pictures" }, { "image/jpeg", "JPEG pictures" },
};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* The form may take fewer kinds (mimeType) and smaller files (maxSize, in megabytes). */
static bool is_taken(const struct fill *f, size_t item, const char *type)
{
	bool limited = false;

	node_each(one, node_get(f->form->items[item].tree, "extension")) {
		if (!str_is(node_str(one, "url"), "http://hl7.org/fhir/StructureDefinition/mimeType"))
			continue;
		limited = true;
		if (str_is(node_str(one, "valueCode"), type))
			return true;
	}
	return !limited;
}

static size_t file_most(const struct fill *f, size_t item)
{
	struct dec said, bytes;
	int64_t n;

	node_each(one, node_get(f->form->items[item].tree, "extension"))
		if (str_is(node_str(one, "url"), "http://hl7.org/fhir/StructureDefinition/maxSize") &&
		    dec_parse(node_text(node_get(one, "valueDecimal")), &said) && dec_mul(said, dec_int(1 << 20), &bytes) &&
		    dec_to_scale(bytes, 0, ROUND_DOWN, &bytes) && dec_to_int(bytes, &n) && n > 0 && n < FILE_BYTES_MAX)
			return (size_t)n;
	return FILE_BYTES_MAX;
}

static struct str say_kinds(const struct fill *f, size_t item)
{
	struct str words = { 0 };

	for (size_t i = 0; i < KINDS; i++)
		if (is_taken(f, item, kinds[i].type))
			words = SAY(f->c->arena, STR_FMT "%s%s", STR_ARG(words), words.len ? ", " : "", kinds[i].words);
	return words;
}

static struct str say_size(struct ctx *c, size_t bytes)
{
	return bytes >= 1 << 20 ? SAY(c->arena, "%zu MB", bytes >> 20) : SAY(c->arena, "%zu KB", bytes >> 10);
}

static enum err file_page(struct fill *f, struct str field, size_t item, const char *wrong, struct reply *reply)
{
	struct node *data;

	TRY(fill_page(f, "Add a file", &data));
	data_str(f->c, data, "field", field);
	data_str(f->c, data, "label", f->form->items[item].text);
	data_str(f->c, data, "back", part_address(f, item));
	data_str(f->c, data, "kinds", say_kinds(f, item));
	data_str(f->c, data, "most", say_size(f->c, file_most(f, item)));
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

static enum err keep_file(struct fill *f, const char *type, struct str bytes, struct str *id)
{
	struct ctx *c = f->c;
	struct node *n = act_new(c, "Binary");
	struct write w = { .resource = n };
	struct written written;

	node_add_cstr(c->arena, n, "contentType", type);
	node_add_str(c->arena, node_add(c->arena, n, "securityContext", NODE_OBJECT), "reference",
		     SAY(c->arena, "Patient/" STR_FMT, STR_ARG(f->person)));
	node_add_str(c->arena, n, "data", multipart_base64(c->arena, bytes));
	atoms_adopt(c->place->fhir->atoms, n);
	TRY(record_create(c, STR("Binary"), &w, &written));
	*id = written.version.id;
	return OK;
}

static enum err attach(struct fill *f, struct str field, size_t item, struct str binary, struct str name,
		       const char *type)
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
		     SAY(c->arena, STR_FMT "=Binary/" STR_FMT "|" STR_FMT "|%s", STR_ARG(field), STR_ARG(binary),
			 STR_ARG(file_name(c, name)), type));
	node_add_str(c->arena, input, "seen", SAY(c->arena, "%lld", (long long)f->version));
	return action_run(c, action_find(c->place, STR("form-save")), f->id, input, &done);
}

enum err form_file_do(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct str field, name, bytes, id;
	const char *type, *wrong;
	struct fill f;
	size_t item;

	TRY(fill_load(c, r, &f));
	TRY(file_question(&f, &field, &item));
	wrong = file_sent(r, &name, &bytes, &type);
	if (!wrong && bytes.len > file_most(&f, item))
		wrong = SAY(c->arena, "The file is larger than " STR_FMT ".", STR_ARG(say_size(c, file_most(&f, item)))).at;
	if (!wrong && !is_taken(&f, item, type))
		wrong = SAY(c->arena, "What is taken is: " STR_FMT ".", STR_ARG(say_kinds(&f, item))).at;
	if (wrong)
		return file_page(&f, field, item, wrong, reply);
	TRY(keep_file(&f, type, bytes, &id));
	TRY(attach(&f, field, item, id, name, type));
	return page_redirect(c, part_address(&f, item), reply);
}

/* --- looked at again --- */

struct str fill_file_href(const struct fill *f, struct str url)
{
	struct str id = url;

	(void)str_cut(&id, '/');
	return SAY(f->c->arena, "/forms/" STR_FMT "/files/" STR_FMT, STR_ARG(f->id), STR_ARG(id.at ? id : STR("")));
}

/* The file's name, if these answers hold it: other files are not got at from here. */
static bool is_held(const struct node *items, struct str url, struct str *name)
{
	node_each(item, items) {
		node_each(answer, node_get(item, "answer")) {
			const struct node *file = node_get(answer, "valueAttachment");

			if (file && str_eq(node_str(file, "url"), url)) {
				*name = node_str(file, "title");
				return true;
			}
			if (is_held(node_get(answer, "item"), url, name))
				return true;
		}
		if (is_held(node_get(item, "item"), url, name))
			return true;
	}
	return false;
}

enum err form_file_get(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct str name;
	struct fill f;

	TRY(fill_load(c, r, &f));
	if (!is_held(node_get(f.response, "item"), SAY(c->arena, "Binary/" STR_FMT, STR_ARG(r->part[1])), &name))
		return fail(c, ERR_NOT_FOUND, "This form has no such file.");
	return file_serve(c, f.person, r->part[1], name, reply);
}
