/* work_one.c - one piece of work with all that can be done with it; handing over several to somebody else. */
#include "record/search.h"
#include "web/act.h"
#include "web/pages.h"
#include "web/work_part.h"

enum { DIRECTORY = 300 };

/* ---- one piece of work ---- */

static void put_notes(struct ctx *c, struct node *data, const struct node *task, int64_t now)
{
	struct node *list = data_list(c, data, "notes");

	node_each(note, node_get(task, "note")) {
		struct node *row = data_object(c, list, NULL);
		struct str by = node_str(note, "authorString");
		struct moment at;

		data_str(c, row, "text", node_str(note, "text"));
		data_str(c, row, "by", by.len ? by : work_who(c, note, "authorReference"));
		if (moment_read(node_str(note, "time"), &at))
			data_time(c, row, "when", at, say_full(c->arena, at, now));
	}
	if (list->len)
		node_add_bool(c->arena, data, "has_notes", true);
}

static struct str time_words(struct ctx *c, struct str text, int64_t now)
{
	struct moment at;

	return moment_read(text, &at) ? say_full(c->arena, at, now) : (struct str){ 0 };
}

static void put_link(struct ctx *c, struct node *list, struct str href, const char *label)
{
	struct node *row = data_object(c, list, NULL);

	data_str(c, row, "href", href);
	data_words(c, row, "label", label);
}

/* Where what it is about is worked on: the answers, the plan, the way out of hospital, the letter. */
static void put_links(struct ctx *c, struct node *data, const struct node *task)
{
	struct str focus = node_text(node_path(task, "focus.reference")), id = focus, type = str_cut(&id, '/');
	struct str person = node_str(data, "person_id");
	struct node *list = data_list(c, data, "links");

	if (str_is(type, "QuestionnaireResponse"))
		put_link(c, list, SAY(c->arena, "/forms/" STR_FMT, STR_ARG(id)), "Open the answers");
	if (!person.len)
		return;
	if (str_is(type, "CarePlan"))
		put_link(c, list, SAY(c->arena, "/people/" STR_FMT "/plan", STR_ARG(person)), "Open the plan");
	if (node_get(task, "encounter"))
		put_link(c, list, SAY(c->arena, "/people/" STR_FMT "/discharge", STR_ARG(person)), "Leaving hospital");
	node_each(output, node_get(task, "output")) {
		id = node_text(node_path(output, "valueReference.reference"));
		type = str_cut(&id, '/');
		if (str_is(type, "QuestionnaireResponse"))
			put_link(c, list,
				 SAY(c->arena, "/people/" STR_FMT "/letter/" STR_FMT, STR_ARG(person), STR_ARG(id)),
				 "The letter about the decision");
	}
}

enum err work_one_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data = page_new(c, r, "Work"), *task, *facts = data_list(c, data, "facts");
	int64_t now = clock_now(c->clock);
	struct version v;

	TRY(work_task(c, r->part[0], &v, &task));
	work_clock(c, data, task, now);
	TRY(work_person(c, data, task, now));
	data_str(c, data, "what", work_what(c, task));
	data_words(c, data, "urgent", work_urgent(node_str(task, "priority")));
	data_fact(c, facts, "What it is", concept_words(c->arena, node_get(task, "code")));
	data_fact(c, facts, "Where it stands", work_state(c, task));
	data_fact(c, facts, "Outcome", concept_words(c->arena, node_get(task, "reasonCode")));
	data_fact(c, facts, "Who must act", work_who(c, task, "owner"));
	data_fact(c, facts, "Who asked", work_who(c, task, "requester"));
	data_fact(c, facts, "Asked", time_words(c, node_str(task, "authoredOn"), now));
	data_fact(c, facts, "Begun", time_words(c, node_text(node_path(task, "executionPeriod.start")), now));
	data_fact(c, facts, "Ended", time_words(c, node_text(node_path(task, "executionPeriod.end")), now));
	node_each(input, node_get(task, "input")) {
		struct str label = concept_words(c->arena, node_get(input, "type"));

		data_fact(c, facts, arena_str(c->arena, str_dup(c->arena, say_code(c->arena, label))),
			 node_str(input, "valueString"));
	}
	node_each(output, node_get(task, "output")) {
		data_fact(c, facts, "Decision", node_str(output, "valueString"));
		data_fact(c, facts, "Decision", node_text(node_path(output, "type.text")));
		data_fact(c, facts, "Answer", say_code(c->arena, node_str(output, "valueCode")));
	}
	put_links(c, data, task);
	put_notes(c, data, task, now);
	put_actions(c, data, "actions", task, SAY(c->arena, "/work/" STR_FMT, STR_ARG(r->part[0])));
	if (node_get(data, "person_id"))
		TRY(looked_item(c, node_str(data, "person_id"), STR("Task"), r->part[0], v.version));
	return page_show(c, "work_one", data, reply);
}

/* ---- handing over ---- */

enum err work_directory(struct ctx *c, struct node *data, struct str typed)
{
	static const char *const types[] = { "Practitioner", "CareTeam", "Organization" };
	struct node *list = data_list(c, data, "workers");

	for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
		const struct search *search;
		struct search_page page;

		TRY(search_parse(c, str_of(types[t]), SAY(c->arena, "_count=%d", DIRECTORY), &search));
		TRY(search_run(c, search, &page));
		for (size_t i = 0; i < page.len; i++) {
			struct str reference = SAY(c->arena, "%s/" STR_FMT, types[t], STR_ARG(page.at[i].id));
			struct node *row, *n;
			struct str name;

			TRY(fhir_read_json(c, c->place->fhir, c->arena, page.at[i].body, &n));
			name = node_text(node_get(n, "name"));
			row = data_object(c, list, NULL);
			data_str(c, row, "worker", reference);
			data_str(c, row, "worker_name", name.len ? name : name_plain(c->arena, n));
			if (str_eq(reference, typed))
				node_add_bool(c->arena, row, "chosen", true);
		}
	}
	return OK;
}

static enum err hand_page(struct ctx *c, const struct request *r, struct node **out)
{
	struct node *data = *out = page_new(c, r, "Hand over"), *rows;
	struct works waiting = { 0 }, done = { 0 };
	struct worklist l;

	worklist_begin(c, r, &l);
	TRY(worklist_read(&l, data, &waiting, &done));
	worklist_narrow(&l, &l.mine);
	rows = data_list(c, data, "needs");
	for (size_t i = 0; i < l.mine.len && i < 4 * WORK_SHOWN; i++)
		TRY(worklist_row(&l, rows, &l.mine.at[i], false));
	if (l.mine.len > 4 * WORK_SHOWN)
		data_str(c, data, "cut", SAY(c->arena, "The first %d are listed; hand over the others after these.", 4 * WORK_SHOWN));
	data_str(c, data, "who", l.chosen);
	data_str(c, data, "note", request_param(c, r, "note", 0));
	looked_page(c, &l.people);
	return work_directory(c, data, request_param(c, r, "to", 0));
}

enum err work_hand_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data;

	TRY(hand_page(c, r, &data));
	return page_show(c, "work_hand", data, reply);
}

enum err work_hand_do(struct ctx *c, const struct request *r, struct reply *reply)
{
	const struct action *action = action_find(c->place, STR("task-hand-over"));
	struct node *input = node_new(c->arena, NODE_OBJECT), *list = NULL, *data, *errors;
	struct acted done;
	struct str one;

	if (!action)
		return fail(c, ERR_NOT_FOUND, "Nothing is handed over here.");
	for (unsigned i = 0; (one = request_param(c, r, "task", i)).at && one.len; i++) {
		if (!list)
			list = node_add(c->arena, input, "task", NODE_ARRAY);
		node_add_str(c->arena, list, NULL, SAY(c->arena, "Task/" STR_FMT, STR_ARG(one)));
	}
	if (request_param(c, r, "to", 0).len)
		node_add_str(c->arena, input, "to", request_param(c, r, "to", 0));
	if (str_trim(request_param(c, r, "note", 0)).len)
		node_add_str(c->arena, input, "note", request_param(c, r, "note", 0));
	enum err e = action_run(c, action, (struct str){ 0 }, input, &done);
	if (e == OK)
		return page_redirect(c, STR("/work"), reply);
	if (e != ERR_INVALID && e != ERR_CONFLICT && e != ERR_STALE && e != ERR_LIMIT)
		return e;
	const char *why = arena_str(c->arena, c->why);
	TRY(hand_page(c, r, &data));
	errors = data_list(c, data, "errors");
	for (const struct issue *i = c->issues.first; i; i = i->next) {
		struct node *error = data_object(c, errors, NULL);

		data_words(c, error, "error",
			   strcmp(i->where ? i->where : "", "task") == 0   ? "Choose what you hand over"
			   : strcmp(i->where ? i->where : "", "to") == 0   ? "Choose who takes it"
			   : strcmp(i->where ? i->where : "", "note") == 0 ? "Say what they need to know"
									   : i->text);
		data_words(c, error, "error_field", i->where && *i->where ? i->where : "task");
	}
	if (!errors->len)
		data_words(c, data_object(c, errors, NULL), "error", why);
	node_add_bool(c->arena, data, "failed", true);
	TRY(page_show(c, "work_hand", data, reply));
	reply->status = err_row(e)->http;
	return OK;
}
