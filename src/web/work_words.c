/* work_words.c - a task in words: what it is, who it is with, since when and until when; whom it is about. */
#include "act/flow.h"
#include "base/html.h"
#include "web/pages.h"
#include "web/work_part.h"

struct str work_name(struct ctx *c, struct str reference)
{
	char why[sizeof c->why];
	struct str id = reference, type = str_cut(&id, '/'), name = { 0 };
	struct version v;
	struct node *n;

	memcpy(why, c->why, sizeof why);
	if (id.len && record_read(c, type, id, &v) == OK &&
	    fhir_read_json(c, c->place->fhir, c->arena, v.body, &n) == OK) {
		name = node_text(node_get(n, "name"));
		if (!name.len && node_get(n, "name"))
			name = name_plain(c->arena, n);
	}
	memcpy(c->why, why, sizeof why);
	return name;
}

struct str work_who(struct ctx *c, const struct node *task, const char *member)
{
	const struct node *reference = node_get(task, member);
	struct str name = node_str(reference, "display");

	return name.len ? name : work_name(c, node_str(reference, "reference"));
}

struct str work_what(struct ctx *c, const struct node *task)
{
	struct str words = node_str(task, "description");

	return words.len ? words : concept_words(c->arena, node_get(task, "code"));
}

struct str work_state(struct ctx *c, const struct node *task)
{
	const struct flow *flow = flow_of(c->place, task);
	const struct flow_state *state = flow ? flow_state(flow, task) : NULL;

	return state ? str_of(state->words) : say_code(c->arena, node_str(task, "status"));
}

/* Why it stands: the reason given, else the last note. */
struct str work_reason(struct ctx *c, const struct node *task)
{
	struct str words = concept_words(c->arena, node_get(task, "statusReason"));

	if (words.len)
		return words;
	node_each(note, node_get(task, "note"))
		words = node_str(note, "text");
	return words.len ? words : concept_words(c->arena, node_get(task, "reasonCode"));
}

static struct str pie(struct ctx *c, int64_t from, int64_t due, int64_t now)
{
	int used = due > from ? (int)((now - from) * 100 / (due - from)) : 100;

	used = used < 0 ? 0 : used > 100 ? 100 : used;
	return SAY(c->arena,
		   "<svg class=\"cw-pie\" viewBox=\"0 0 16 16\" width=\"16\" height=\"16\" aria-hidden=\"true\" "
		   "focusable=\"false\"><circle class=\"cw-pie__face\" cx=\"8\" cy=\"8\" r=\"7\"/><circle "
		   "class=\"cw-pie__used\" cx=\"8\" cy=\"8\" r=\"3.5\" pathLength=\"100\" stroke-dasharray=\"%d 100\" "
		   "transform=\"rotate(-90 8 8)\"/></svg>",
		   used);
}

/* The first column: late since, or due when and in how long. */
/* Due on a day rather than at a time: its last minute. */
static bool is_whole_day(int64_t due)
{
	int64_t minute = due / INT64_C(60000000) + when_london_offset(due);

	return minute % 1440 == 1439;
}

/* "Today", "Tomorrow 09:00", "Thu 20 Nov, 16:00". */
static struct str due_words(struct ctx *c, struct moment at, int64_t now)
{
	static const char *const near[] = { "Today", "Tomorrow" };
	int64_t days = moment_day(at) - london_day(now);
	struct str full = say_full(c->arena, at, now);

	if (days < 0 || days > 1)
		return is_whole_day(at.from) ? say_weekday(c->arena, at, now) : full;
	if (is_whole_day(at.from))
		return str_of(near[days]);
	return SAY(c->arena, "%s %.*s", near[days], full.len < 5 ? 0 : 5, full.len < 5 ? "" : full.at + full.len - 5);
}

static struct str until_words(struct ctx *c, int64_t due, int64_t now)
{
	int64_t days = london_day(due) - london_day(now);

	if (!is_whole_day(due))
		return SAY(c->arena, "in " STR_FMT, STR_ARG(say_span(c->arena, due - now)));
	return days ? SAY(c->arena, "in %lld day%s", (long long)days, days == 1 ? "" : "s") : STR("by the end of the day");
}

void work_clock(struct ctx *c, struct node *row, const struct node *task, int64_t now)
{
	int64_t due = flow_due(task);
	struct moment at, asked;

	if (flow_ended(task)) {
		data_words(c, row, "no_due", "Nothing more to do");
		return;
	}
	if (!due) {
		data_words(c, row, "no_due", "No day set");
		return;
	}
	at = moment_at(c->arena, due);
	data_time(c, row, "due", at, due_words(c, at, now));
	if (due < now) {
		node_add_bool(c->arena, row, "late", true);
		data_str(c, row, "late_words", SAY(c->arena, "Late " STR_FMT, STR_ARG(say_span(c->arena, now - due))));
		return;
	}
	if (!moment_read(node_str(task, "authoredOn"), &asked))
		asked.from = now;
	node_add_bool(c->arena, row, "coming", true);
	html_safe(c->arena, row, "pie", pie(c, asked.from, due, now));
	if (london_day(due) == london_day(now))
		data_words(c, row, "soon", "is-soon");
	data_str(c, row, "in_words", until_words(c, due, now));
}

/* ---- one row ---- */

enum err work_task(struct ctx *c, struct str id, struct version *v, struct node **out)
{
	TRY(record_read(c, STR("Task"), id, v));
	return fhir_read_json(c, c->place->fhir, c->arena, v->body, out);
}

enum err work_person(struct ctx *c, struct node *row, const struct node *task, int64_t now)
{
	struct str id = node_str(node_get(task, "for"), "reference");
	struct version v;
	struct node *patient;
	struct moment born;

	if (!str_starts(id, STR("Patient/")))
		return OK;
	id = (struct str){ id.at + 8, id.len - 8 };
	data_str(c, row, "person_id", id);
	if (record_read(c, STR("Patient"), id, &v) != OK) {
		data_words(c, row, "person_name", "Not shared with you");
		return OK;
	}
	TRY(fhir_read_json(c, c->place->fhir, c->arena, v.body, &patient));
	data_str(c, row, "person_name", name_formal(c->arena, patient));
	struct str nhs = say_nhs_number(c->arena, nhs_number_of(node_get(patient, "identifier")));
	if (moment_read(node_str(patient, "birthDate"), &born))
		data_str(c, row, "person_more",
			 SAY(c->arena, STR_FMT "%s" STR_FMT, STR_ARG(say_age(c->arena, born, now)), nhs.len ? ", " : "",
			     STR_ARG(nhs)));
	return OK;
}

const char *work_urgent(struct str priority)
{
	return str_is(priority, "stat")	    ? "At once"
	       : str_is(priority, "asap")   ? "Very urgent"
	       : str_is(priority, "urgent") ? "Urgent"
					    : NULL;
}

#define AHEAD_US (60 * INT64_C(86400000000)) /* asked for so long before it is due: planned for later */

/* Since when somebody waits for it: from when it was asked for, but what was planned for later, as next year's review, from
 * when it was due. False: nobody waits yet. */
bool work_waiting_since(const struct node *task, int64_t now, struct moment *out)
{
	struct moment asked, due;

	if (!moment_read(node_str(task, "authoredOn"), &asked))
		return false;
	*out = asked;
	if (!moment_read(node_text(node_path(task, "restriction.period.end")), &due) || due.from - asked.from < AHEAD_US)
		return true;
	*out = due;
	return due.from < now;
}
