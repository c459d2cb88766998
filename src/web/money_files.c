/* money_files.c - letters and statements sent with an application: a resident sends them, an officer opens each and says
 * what it proves, and the resident reads that. They stand in the application itself (money/evidence.c). */
#include "web/file.h"
#include "web/money.h"
#include "web/multipart.h"

#include "access/actor.h"
#include "act/act.h"
#include "act/flow.h"
#include "record/search.h"
#include "web/act.h"

/* --- one file, as it stands in supportingInfo --- */

static struct str told(const struct node *item, const char *name, const char *value)
{
	node_each(one, node_get(item, "extension"))
		if (str_ends(node_str(one, "url"), str_of(name)))
			return node_str(one, value);
	return (struct str){ 0 };
}

static struct str file_id(const struct node *item)
{
	struct str id = act_reference(item, "information");

	return str_starts(id, STR("Binary/")) ? (struct str){ id.at + 7, id.len - 7 } : (struct str){ 0 };
}

static bool is_file(const struct node *item)
{
	return told(item, "/evidence-state", "valueCode").len && file_id(item).len;
}

static const struct node *file_find(const struct node *request, struct str id)
{
	node_each(item, node_get(request, "supportingInfo"))
		if (is_file(item) && str_eq(file_id(item), id))
			return item;
	return NULL;
}

static const char *state_of(struct str state)
{
	static const char *const words[][2] = { { "sent", "Not opened yet" }, { "opened", "Opened" },
						{ "accepted", "Accepted" },   { "refused", "Refused" } };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (str_is(state, words[i][0]))
			return words[i][1];
	return "Sent";
}

/* Who did what to it, and when: "Opened by Joan Fenn" with its day. */
static void put_deed(struct ctx *c, struct node *list, const struct node *item, const char *name, const char *words)
{
	struct str by = told(item, arena_printf(c->arena, "/evidence-%s-by", name), "valueString"),
		   at = told(item, arena_printf(c->arena, "/evidence-%s-at", name), "valueDateTime");
	struct node *row;

	if (!at.len)
		return;
	row = data_object(c, list, NULL);
	data_str(c, row, "deed", SAY(c->arena, "%s by " STR_FMT, words, STR_ARG(by)));
	money_put_date(c, row, "deed_on", at);
}

bool money_is_file(const struct node *item)
{
	return is_file(item);
}

void money_put_files(struct ctx *c, struct node *data, const struct node *request, struct str base)
{
	struct node *list = data_list(c, data, "files"), *row, *deeds;

	node_each(item, node_get(request, "supportingInfo")) {
		struct str state = told(item, "/evidence-state", "valueCode");

		if (!is_file(item))
			continue;
		row = data_object(c, list, NULL);
		data_str(c, row, "file_id", file_id(item));
		data_str(c, row, "file_href", SAY(c->arena, STR_FMT "/files/" STR_FMT, STR_ARG(base), STR_ARG(file_id(item))));
		data_str(c, row, "file_name", node_str(node_get(item, "information"), "display"));
		data_str(c, row, "file_what", told(item, "/evidence-what", "valueString"));
		data_words(c, row, "file_state", state_of(state));
		data_str(c, row, "file_reason", told(item, "/evidence-reason", "valueString"));
		node_add_bool(c->arena, row, str_dup(c->arena, SAY(c->arena, "is_" STR_FMT, STR_ARG(state))), true);
		if (str_is(state, "accepted") || str_is(state, "refused"))
			node_add_bool(c->arena, row, "judged", true);
		deeds = data_list(c, row, "deeds");
		put_deed(c, deeds, item, "sent", "Sent");
		put_deed(c, deeds, item, "opened", "Opened");
		put_deed(c, deeds, item, "judged", state_of(state));
	}
}

/* --- the officer --- */

static enum err request_read(struct ctx *c, const struct request *r, struct node **task, struct node **request)
{
	TRY(money_read(c, SAY(c->arena, "Task/" STR_FMT, STR_ARG(r->part[0])), task));
	return money_read(c, act_reference(*task, "focus"), request);
}

static struct str subject_id(const struct node *request)
{
	struct str id = act_reference(request, "patient");

	(void)str_cut(&id, '/');
	return id.at ? id : (struct str){ 0 };
}

static enum err file_step(struct ctx *c, const char *name, struct str task, struct str binary, struct node *input)
{
	const struct action *action = action_find(c->place, str_of(name));
	struct acted done;

	if (!action)
		return fail(c, ERR_UNSUPPORTED, "This place keeps no assessments.");
	node_add_str(c->arena, input, "file", SAY(c->arena, "Binary/" STR_FMT, STR_ARG(binary)));
	return action_run(c, action, task, input, &done);
}

/* The officer gets the file; that it was opened, and by whom, is told to the person. Who only reads leaves no such mark. */
enum err money_file_get(struct ctx *c, const struct request *r, struct reply *reply)
{
	const struct action *open = action_find(c->place, STR("financial-assessment-open"));
	struct node *task, *request;
	const struct node *item;

	TRY(request_read(c, r, &task, &request));
	item = file_find(request, r->part[1]);
	if (!item)
		return fail(c, ERR_NOT_FOUND, "This assessment has no such file.");
	TRY(file_serve(c, subject_id(request), r->part[1], node_str(node_get(item, "information"), "display"), reply));
	if (str_is(told(item, "/evidence-state", "valueCode"), "sent") && open && action_fits(c, open, task))
		TRY(file_step(c, "financial-assessment-open", r->part[0], r->part[1], node_new(c->arena, NODE_OBJECT)));
	return OK;
}

enum err money_file_do(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct str verdict = str_trim(request_param(c, r, "verdict", 0)), reason = str_trim(request_param(c, r, "reason", 0));
	struct node *input = node_new(c->arena, NODE_OBJECT);
	const char *wrong = NULL, *field = NULL;

	if (!verdict.len) {
		wrong = "Choose whether it is accepted";
		field = "accepted";
	} else if (!reason.len) {
		wrong = "Say why: the person reads it";
		field = "reason";
	}
	data_str(c, input, "verdict", verdict);
	data_str(c, input, "reason", reason);
	if (!wrong) {
		enum err e = file_step(c, "financial-assessment-judge", r->part[0], r->part[1], input);

		if (e != ERR_INVALID && e != ERR_CONFLICT) {
			TRY(e);
			return page_redirect(c, SAY(c->arena, "/money/cases/" STR_FMT "#evidence", STR_ARG(r->part[0])), reply);
		}
		wrong = arena_str(c->arena, c->why);
		field = "reason";
	}
	return money_case_again(c, r, wrong, SAY(c->arena, "%s-" STR_FMT, field, STR_ARG(r->part[1])), reply);
}

/* What was typed for one file, and what is wrong with it. */
void money_put_file_again(struct ctx *c, const struct request *r, struct node *data, const char *wrong)
{
	node_each(row, node_get(data, "files"))
		if (str_eq(node_str(row, "file_id"), r->part[1])) {
			data_words(c, row, "file_wrong", wrong);
			data_str(c, row, "reason_typed", str_trim(request_param(c, r, "reason", 0)));
			if (str_is(request_param(c, r, "verdict", 0), "accepted"))
				node_add_bool(c->arena, row, "chose_accepted", true);
			if (str_is(request_param(c, r, "verdict", 0), "refused"))
				node_add_bool(c->arena, row, "chose_refused", true);
		}
}

/* --- the resident --- */

/* The newest application of a person and its Task; NULL: there is none. */
static enum err newest(struct ctx *c, struct str person, struct node **task, struct node **request)
{
	const struct search *search;
	struct search_page page;

	*task = *request = NULL;
	TRY(search_parse(c, STR("Task"),
			 SAY(c->arena, "_count=1&_sort=-authored-on&patient=Patient/" STR_FMT "&code=" TASK_CODES
				       "%%7Cfinancial-assessment", STR_ARG(person)), &search));
	TRY(search_run(c, search, &page));
	if (!page.len)
		return OK;
	TRY(fhir_read_json(c, c->place->fhir, c->arena, page.at[0].body, task));
	return money_read(c, act_reference(*task, "focus"), request);
}

/* While it is asked for or looked at, more can be sent. */
static bool takes_files(const struct ctx *c, const struct node *task)
{
	const struct action *send = action_find(c->place, STR("financial-assessment-send"));

	return task && send && action_fits(c, send, task);
}

enum err me_put_files(struct ctx *c, struct node *data, const struct own *own)
{
	struct node *task, *request;

	TRY(newest(c, own->id, &task, &request));
	if (request)
		money_put_files(c, data, request, SAY(c->arena, STR_FMT "/money", STR_ARG(own->base)));
	if (takes_files(c, task))
		node_add_bool(c->arena, data, "takes_files", true);
	return OK;
}

static enum err file_page(struct ctx *c, const struct request *r, const char *wrong, const char *field, struct str what,
			  struct reply *reply)
{
	struct node *data, *task, *request;
	struct own own;

	TRY(me_begin(c, r, "Send a letter or statement", ME_SPEAKS, &data, &own));
	TRY(newest(c, own.id, &task, &request));
	if (!takes_files(c, task))
		return fail(c, ERR_CONFLICT, "There is no application to which something could be added.");
	data_str(c, data, "typed", what);
	if (wrong) {
		data_words(c, data, "error", wrong);
		data_words(c, data, "error_field", field);
		data_words(c, data, arena_printf(c->arena, "wrong_%s", field), wrong);
		node_add_bool(c->arena, data, "failed", true);
	}
	TRY(page_show(c, "me_money_file", data, reply));
	if (wrong)
		reply->status = err_row(ERR_INVALID)->http;
	return OK;
}

enum err me_file_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	return file_page(c, r, NULL, NULL, (struct str){ 0 }, reply);
}

static enum err send(struct ctx *c, const struct node *task, const char *type, struct str bytes, struct str what, struct str name)
{
	struct node *input = node_new(c->arena, NODE_OBJECT), *file = node_add(c->arena, input, "document", NODE_OBJECT);
	struct acted done;

	node_add_cstr(c->arena, file, "resourceType", "Binary");
	node_add_cstr(c->arena, file, "contentType", type);
	node_add_str(c->arena, file, "data", multipart_base64(c->arena, bytes));
	node_add_str(c->arena, input, "what", what);
	node_add_str(c->arena, input, "name", file_name(c, name));
	return action_run(c, action_find(c->place, STR("financial-assessment-send")), node_str(task, "id"), input, &done);
}

enum err me_file_do(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct str name, bytes, what = str_trim(multipart_text(request_header(r, "Content-Type"), r->body, "what"));
	struct node *data, *task, *request;
	const char *type, *wrong;
	struct own own;

	TRY(me_begin(c, r, "Send a letter or statement", ME_SPEAKS, &data, &own));
	TRY(newest(c, own.id, &task, &request));
	if (!takes_files(c, task))
		return fail(c, ERR_CONFLICT, "There is no application to which something could be added.");
	if (!str_is_words(what, 1, 200))
		return file_page(c, r, "Say in a few words what it is", "what", what, reply);
	wrong = file_sent(r, &name, &bytes, &type);
	if (wrong)
		return file_page(c, r, wrong, "file", what, reply);
	enum err e = send(c, task, type, bytes, what, name);
	if (e == ERR_INVALID)
		return file_page(c, r, arena_str(c->arena, c->why), "file", what, reply);
	TRY(e);
	return me_redirect(c, &own, "/money#files", reply);
}

enum err me_file_get(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data, *task, *request;
	const struct node *item = NULL;
	struct own own;

	TRY(me_begin(c, r, "What I sent", ME_SEES, &data, &own));
	TRY(newest(c, own.id, &task, &request));
	if (request)
		item = file_find(request, own.rest);
	if (!item)
		return fail(c, ERR_NOT_FOUND, "There is no such file.");
	return file_serve(c, own.id, own.rest, node_str(node_get(item, "information"), "display"), reply);
}
