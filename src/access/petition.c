/* petition.c - Tasks that people's rights make: written, found, read. */
#include "access/petition.h"

#include "base/buf.h"
#include "base/json.h"
#include "base/vec.h"
#include "base/when.h"
#include "record/label.h"
#include "record/search.h"

enum { WORDS_MOST = 4000 };
#define DAY INT64_C(86400000000)
#define ODS "https://fhir.nhs.uk/Id/ods-organization-code"

static const struct {
	enum petition_kind kind;
	const char *code, *system, *words;
} kinds[] = {
	{ PETITION_QUERY, "query", PETITION_AUDIT_SYSTEM, "Question about who looked" },
	{ PETITION_CORRECTION, "correction", PETITION_SYSTEM, "Correction of the record" },
	{ PETITION_COPY, "subject-access", PETITION_SYSTEM, "Copy of the record" },
};
#define KINDS (sizeof kinds / sizeof *kinds)

const char *petition_code(enum petition_kind kind)
{
	return kind >= 1 && (unsigned)kind <= KINDS ? kinds[kind - 1].code : NULL;
}

enum petition_kind petition_kind(struct str code)
{
	for (unsigned i = 0; i < KINDS; i++)
		if (str_is(code, kinds[i].code))
			return kinds[i].kind;
	return 0;
}

bool petition_open(const struct petition *p)
{
	return str_is(p->status, "requested") || str_is(p->status, "in-progress");
}

struct str petition_said(const struct petition *p, const char *kind)
{
	for (size_t i = 0; i < p->mark_count; i++)
		if (str_is(p->marks[i].kind, kind))
			return p->marks[i].words;
	return STR("");
}

const struct petition_mark *petition_marked(const struct petition *p, struct str reference)
{
	for (size_t i = 0; i < p->mark_count; i++)
		if (reference.len && str_eq(p->marks[i].reference, reference))
			return &p->marks[i];
	return NULL;
}

int64_t petition_month_after(int64_t at)
{
	int64_t days = at / DAY, rest = at % DAY;
	int year, month, day, last;

	when_civil(days, &year, &month, &day);
	if (++month > 12) {
		month = 1;
		year++;
	}
	last = when_month_days(year, month);
	return when_days(year, month, day < last ? day : last) * DAY + rest;
}

struct ctx system_ctx(const struct ctx *c)
{
	struct ctx own = *c;

	own.actor = NULL;
	own.guard = NULL;
	own.notes = NULL;
	return own;
}

enum err system_failed(struct ctx *c, const struct ctx *own, enum err e)
{
	return e ? fail(c, e, "%s", arena_str(c->arena, own->why)) : OK;
}

/* --- reading --- */

static struct str after_slash(struct str reference)
{
	struct str rest = reference;

	(void)str_cut(&rest, '/');
	return rest.at ? rest : STR("");
}

static int64_t time_of(const struct node *n, const char *path)
{
	struct when when;
	int64_t from = 0, to;

	if (when_parse_datetime(node_text(node_path(n, path)), &when))
		when_range(when, 0, &from, &to);
	return from;
}

static bool read_kind(const struct node *task, enum petition_kind *out)
{
	node_each(coding, node_path(task, "code.coding"))
		for (unsigned i = 0; i < KINDS; i++)
			if (str_is(node_str(coding, "system"), kinds[i].system) &&
			    str_is(node_str(coding, "code"), kinds[i].code)) {
				*out = kinds[i].kind;
				return true;
			}
	return false;
}

static void read_marks(struct ctx *c, const struct node *task, struct petition *p)
{
	VEC(struct petition_mark) marks = { 0 };

	node_each(input, node_get(task, "input")) {
		const struct node *reference = node_get(input, "valueReference");

		*vec_push(&marks, c->arena) = (struct petition_mark){
			.kind = node_text(node_path(input, "type.text")),
			.reference = node_str(reference, "reference"),
			.words = reference ? node_str(reference, "display") : node_str(input, "valueString"),
		};
	}
	p->marks = marks.at;
	p->mark_count = marks.len;
}

static enum err take(struct ctx *c, const struct version *v, struct petition *p)
{
	struct node *task;

	TRY(json_read(c, c->arena, v->body, &(struct json_options){ 0 }, &task));
	*p = (struct petition){ .id = v->id, .version = v->version };
	if (!read_kind(task, &p->kind))
		return fail(c, ERR_NOT_FOUND, "There is no such request.");
	p->person = after_slash(node_text(node_path(task, "for.reference")));
	p->words = node_str(task, "description");
	p->focus = node_text(node_path(task, "focus.reference"));
	p->owner = node_text(node_path(task, "owner.identifier.value"));
	p->status = node_str(task, "status");
	p->reason = node_text(node_path(task, "statusReason.text"));
	p->answer = node_str(node_at(node_get(task, "output"), 0), "valueString");
	p->asked = time_of(task, "authoredOn");
	p->due = time_of(task, "restriction.period.end");
	p->done = time_of(task, "executionPeriod.end");
	if (!p->due && p->asked)
		p->due = p->kind == PETITION_QUERY ? p->asked + 2 * DAY : petition_month_after(p->asked);
	read_marks(c, task, p);
	return OK;
}

enum err petition_read(struct ctx *c, struct str id, struct petition *out)
{
	struct ctx own = system_ctx(c);
	struct version v;
	enum err e = record_read(&own, STR("Task"), id, &v);

	if (e)
		return e == ERR_NOT_FOUND || e == ERR_GONE ? fail(c, ERR_NOT_FOUND, "There is no such request.")
							   : system_failed(c, &own, e);
	return system_failed(c, &own, take(&own, &v, out));
}

static enum err list_kind(struct ctx *c, unsigned kind, struct str person, struct petition *out, size_t *len)
{
	const struct search *search;
	struct search_page page;
	struct buf query;

	buf_init(&query, c->arena, 500);
	buf_printf(&query, "code=%s%%7C%s&_sort=-authored-on&_count=%d", kinds[kind].system, kinds[kind].code,
		   PETITIONS_MOST);
	if (person.len)
		buf_printf(&query, "&patient=Patient/" STR_FMT, STR_ARG(person));
	TRY(search_parse(c, STR("Task"), buf_get(&query), &search));
	TRY(search_run(c, search, &page));
	for (size_t i = 0; i < page.len; i++)
		TRY(take(c, &page.at[i], &out[(*len)++]));
	return OK;
}

enum err petition_list(struct ctx *c, enum petition_kind kind, struct str person, struct petition **out,
		       size_t *len)
{
	struct ctx own = system_ctx(c);

	*out = NEW_N(c->arena, struct petition, KINDS * PETITIONS_MOST);
	*len = 0;
	for (unsigned i = 0; i < KINDS; i++)
		if (!kind || kinds[i].kind == kind)
			TRY(system_failed(c, &own, list_kind(&own, i, person, *out, len)));
	return OK;
}

/* --- writing --- */

static void add_reference(struct arena *a, struct node *to, const char *name, struct str reference)
{
	node_add_str(a, node_add(a, to, name, NODE_OBJECT), "reference", reference);
}

static void add_marks(struct arena *a, struct node *task, const struct petition *p)
{
	struct node *list = p->mark_count ? node_add(a, task, "input", NODE_ARRAY) : NULL;

	for (size_t i = 0; i < p->mark_count; i++) {
		struct node *input = node_add(a, list, NULL, NODE_OBJECT), *to;
		const struct petition_mark *mark = &p->marks[i];

		node_add_str(a, node_add(a, input, "type", NODE_OBJECT), "text", mark->kind);
		if (mark->reference.len) {
			to = node_add(a, input, "valueReference", NODE_OBJECT);
			node_add_str(a, to, "reference", mark->reference);
			if (mark->words.len)
				node_add_str(a, to, "display", mark->words);
		} else {
			node_add_str(a, input, "valueString", mark->words);
		}
	}
}

static void add_times(struct arena *a, struct node *task, const struct petition *p)
{
	struct node *n;

	node_add_str(a, task, "authoredOn", when_print_us(a, p->asked));
	if (p->due) {
		n = node_add(a, node_add(a, task, "restriction", NODE_OBJECT), "period", NODE_OBJECT);
		node_add_str(a, n, "end", when_print_us(a, p->due));
	}
	if (p->done) {
		n = node_add(a, task, "executionPeriod", NODE_OBJECT);
		node_add_str(a, n, "start", when_print_us(a, p->asked));
		node_add_str(a, n, "end", when_print_us(a, p->done));
	}
}

static struct node *task_of(struct ctx *c, const struct petition *p)
{
	struct arena *a = c->arena;
	struct node *task = node_new(a, NODE_OBJECT), *n;
	struct str person = str_of(arena_printf(a, "Patient/" STR_FMT, STR_ARG(p->person)));

	node_add_cstr(a, task, "resourceType", "Task");
	if (p->id.len)
		node_add_str(a, task, "id", p->id);
	node_add_str(a, task, "status", p->status);
	if (p->reason.len)
		node_add_str(a, node_add(a, task, "statusReason", NODE_OBJECT), "text", p->reason);
	node_add_cstr(a, task, "intent", "order");
	n = node_add(a, task, "code", NODE_OBJECT);
	node_add_cstr(a, n, "text", kinds[p->kind - 1].words);
	n = node_add(a, node_add(a, n, "coding", NODE_ARRAY), NULL, NODE_OBJECT);
	node_add_cstr(a, n, "system", kinds[p->kind - 1].system);
	node_add_cstr(a, n, "code", kinds[p->kind - 1].code);
	node_add_str(a, task, "description", p->words);
	if (p->focus.len)
		add_reference(a, task, "focus", p->focus);
	add_reference(a, task, "for", person);
	add_times(a, task, p);
	add_reference(a, task, "requester", person);
	if (p->owner.len) {
		n = node_add(a, node_add(a, task, "owner", NODE_OBJECT), "identifier", NODE_OBJECT);
		node_add_cstr(a, n, "system", ODS);
		node_add_str(a, n, "value", p->owner);
	}
	add_marks(a, task, p);
	if (p->answer.len) {
		n = node_add(a, node_add(a, task, "output", NODE_ARRAY), NULL, NODE_OBJECT);
		node_add_cstr(a, node_add(a, n, "type", NODE_OBJECT), "text", "answer");
		node_add_str(a, n, "valueString", p->answer);
	}
	atoms_adopt(c->place->fhir->atoms, task);
	return task;
}

/* What is said of an item tells of it: its labels go along. */
enum err petition_close(struct ctx *c, const struct petition *p, struct node *said)
{
	struct str rest = p->focus, type = str_cut(&rest, '/');
	uint64_t labels;

	if (!p->focus.len || !rest.at)
		return OK;
	TRY(labels_now(c, type, str_cut(&rest, '/'), &labels));
	labels_say(c, labels, said);
	return OK;
}

/* The item must be there and the person's; its organisation answers for it. */
static enum err check_focus(struct ctx *c, struct petition *p)
{
	struct str type = p->focus, id = after_slash(p->focus);
	int64_t key, of, person_key, person;
	struct version v;
	struct node *item;

	type.len -= id.len + (id.len > 0);
	TRY(record_whose(c, type, id, &key, &of));
	TRY(record_whose(c, STR("Patient"), p->person, &person_key, &person));
	if (!key || of != person || record_read(c, type, id, &v) != OK)
		return fail(c, ERR_NOT_FOUND, "There is no such item in this record.");
	TRY(json_read(c, c->arena, v.body, &(struct json_options){ 0 }, &item));
	struct str source = node_text(node_path(item, "meta.source"));
	if (str_starts(source, STR(ODS "/")))
		p->owner = (struct str){ source.at + sizeof ODS, source.len - sizeof ODS };
	return OK;
}

static enum err check(struct ctx *c, struct petition *p)
{
	struct petition *others;
	struct version v;
	size_t len;

	if (!petition_code(p->kind))
		return fail(c, ERR_INVALID, "Say what is asked for.");
	if (!str_is_words(p->words, 1, WORDS_MOST))
		return fail(c, ERR_INVALID, "Say in words what is asked for, in at most %d letters.", WORDS_MOST);
	if (record_read(c, STR("Patient"), p->person, &v) != OK)
		return fail(c, ERR_NOT_FOUND, "There is no such person.");
	if (p->kind == PETITION_CORRECTION)
		return check_focus(c, p);
	if (p->kind != PETITION_COPY)
		return OK;
	TRY(petition_list(c, PETITION_COPY, p->person, &others, &len));
	for (size_t i = 0; i < len; i++)
		if (petition_open(&others[i]))
			return fail(c, ERR_CONFLICT, "A copy of this record is being made already.");
	return OK;
}

enum err petition_make(struct ctx *c, struct petition *p)
{
	struct ctx own = system_ctx(c);
	struct write write = { 0 };
	struct written written;

	TRY(system_failed(c, &own, check(&own, p)));
	p->status = STR("requested");
	p->asked = clock_now(c->clock);
	p->due = p->kind == PETITION_QUERY ? p->asked + 2 * DAY : petition_month_after(p->asked);
	write.resource = task_of(c, p);
	TRY(petition_close(c, p, write.resource));
	TRY(system_failed(c, &own, record_create(&own, STR("Task"), &write, &written)));
	p->id = written.version.id;
	p->version = written.version.version;
	return OK;
}

enum err petition_save(struct ctx *c, const struct petition *p, struct put *more, size_t len)
{
	struct ctx own = system_ctx(c);
	struct put *all = NEW_N(c->arena, struct put, len + 1);
	struct node *task = task_of(c, p);

	TRY(petition_close(c, p, task));
	all[0] = (struct put){ .type = STR("Task"), .id = p->id, .write = { .resource = task, .if_match = p->version } };
	for (size_t i = 0; i < len; i++)
		all[i + 1] = more[i];
	enum err e = record_put_all(&own, all, len + 1, NULL, NULL);
	if (e == ERR_STALE)
		return fail(c, ERR_STALE, "Somebody else has changed this meanwhile: look at it again.");
	TRY(system_failed(c, &own, e));
	for (size_t i = 0; i < len; i++)
		more[i] = all[i + 1];
	return OK;
}

void petition_unmark(struct ctx *c, struct petition *p, struct str reference)
{
	VEC(struct petition_mark) kept = { 0 };

	for (size_t i = 0; i < p->mark_count; i++)
		if (!reference.len || !str_eq(p->marks[i].reference, reference))
			*vec_push(&kept, c->arena) = p->marks[i];
	p->marks = kept.at;
	p->mark_count = kept.len;
}

void petition_mark(struct ctx *c, struct petition *p, struct petition_mark mark)
{
	struct petition_mark *all;

	petition_unmark(c, p, mark.reference);
	all = NEW_N(c->arena, struct petition_mark, p->mark_count + 1);
	for (size_t i = 0; i < p->mark_count; i++)
		all[i] = p->marks[i];
	all[p->mark_count++] = mark;
	p->marks = all;
}
