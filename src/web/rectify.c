/* rectify.c - a correction somebody asked for: the item beside their words; made, or refused with a reason. */
#include "access/rectify.h"

#include "web/govern.h"
#include "web/source.h"

/* "/code/coding/0/display" as "code, coding 1, display". */
static struct str path_words(struct ctx *c, struct str path)
{
	struct buf b;

	buf_init(&b, c->arena, 400);
	(void)str_cut(&path, '/');
	while (path.at) {
		struct str part = str_cut(&path, '/');
		int64_t n;

		if (str_int(part, &n))
			buf_printf(&b, " %lld", (long long)n + 1);
		else
			buf_printf(&b, "%s" STR_FMT, buf_get(&b).len ? ", " : "", STR_ARG(part));
	}
	return say_code(c->arena, buf_get(&b));
}

static enum err put_fields(struct ctx *c, const struct request *r, const struct petition *p, struct node *data)
{
	struct node *list = data_list(c, data, "fields"), *item;
	struct str chosen = request_param(c, r, "path", 0);
	struct correction_field *fields;
	struct version v;
	size_t len;
	enum err e = correction_item(c, p, &v, &fields, &len);

	if (e == ERR_NOT_FOUND || e == ERR_GONE) {
		node_add_bool(c->arena, data, "item_gone", true);
		return OK;
	}
	TRY(e);
	for (size_t i = 0; i < len; i++) {
		struct str path = path_words(c, fields[i].path);

		put_choice(c, list, fields[i].path,
			   SAY(c->arena, STR_FMT ": %.*s%s", STR_ARG(path),
			       (int)(fields[i].value.len > 80 ? 80 : fields[i].value.len), fields[i].value.at,
			       fields[i].value.len > 80 ? " …" : ""),
			   chosen);
	}
	TRY(fhir_read_json(c, c->place->fhir, c->arena, v.body, &item));
	data_str(c, data, "item_words", brief_words(c, item));
	source_put_rows(c, data, p->person, item);
	return OK;
}

enum err correction_put(struct ctx *c, const struct request *r, struct petition *p, struct node *data)
{
	data_str(c, data, "focus", p->focus);
	data_str(c, data, "statement", petition_said(p, "statement"));
	return put_fields(c, r, p, data);
}

enum err correction_act(struct ctx *c, const struct request *r, struct petition *p)
{
	struct str what = request_param(c, r, "do", 0), words = str_trim(request_param(c, r, "words", 0));

	if (str_is(what, "accept"))
		return correction_accept(c, p, request_param(c, r, "path", 0), str_trim(request_param(c, r, "value", 0)),
					 words);
	if (str_is(what, "refuse"))
		return correction_refuse(c, p, words, str_trim(request_param(c, r, "statement", 0)));
	return fail(c, ERR_BAD_REQUEST, "That is no button of this page.");
}
