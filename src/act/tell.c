/* tell.c - whom share/care/tell.tsv wants told, and what in the log of changes is to be told them. */
#include "act/tell_part.h"

#include "access/fetch.h"
#include "act/act.h"
#include "act/flow.h"
#include "base/tsv.h"
#include "record/event.h"

enum { PAGE = 500 };

/* --- the table --- */

static int rank_of(struct str priority)
{
	return str_is(priority, "stat") ? 3 : str_is(priority, "asap") ? 2 : str_is(priority, "urgent") ? 1 : 0;
}

static bool is_mail(struct str address)
{
	ptrdiff_t at = str_find(address, STR("@"));

	if (at < 1 || (size_t)at + 1 >= address.len || address.len > 200)
		return false;
	for (size_t i = 0; i < address.len; i++)
		if ((unsigned char)address.at[i] <= ' ' || (unsigned char)address.at[i] > '~' ||
		    strchr("<>,;:\"\\()[]", address.at[i]) || (address.at[i] == '@' && (ptrdiff_t)i != at))
			return false;
	return true;
}

static enum err refuse(struct ctx *c, const struct tsv_row *row, const char *why)
{
	return fail(c, ERR_INVALID, "%s:%lld: %s.", row->file, (long long)row->line, why);
}

static enum err each_rule(struct ctx *c, void *arg, const struct tsv_row *row)
{
	struct tell_rules *rules = arg;
	struct tell_rule one = { row->cell[0], row->cell[1], row->cell[2], row->cell[3], row->cell[4] };
	bool mail = str_is(one.way, "email");

	if (!mail && !str_is(one.way, "webhook"))
		return refuse(c, row, "way is email or webhook");
	if (one.priority.len && !rank_of(one.priority) && !str_is(one.priority, "routine"))
		return refuse(c, row, "priority is routine, urgent, asap, stat or empty");
	if (one.holder.len && str_find(one.holder, STR("/")) < 0)
		return refuse(c, row, "holder is Type/id or empty");
	if (mail && !str_is(one.to, "own") && !is_mail(one.to))
		return refuse(c, row, "an e-mail goes to an address, or to own: what the directory has");
	if (!mail && fetch_check(c, one.to) != OK)
		return refuse(c, row, "a webhook goes to https://…, or http on this machine");
	*vec_push(rules, c->arena) = one;
	return OK;
}

enum err tell_rules_read(struct ctx *c, struct tell_rules *out)
{
	return tsv_read(c, &c->place->share, c->arena, TELL_FILE, "way\tkind\tpriority\tholder\tto\tsource", each_rule,
			out);
}

bool tell_rules_have(const struct tell_rules *rules, const char *way)
{
	for (size_t i = 0; i < rules->len; i++)
		if (str_is(rules->at[i].way, way))
			return true;
	return false;
}

/* --- what has come to whom --- */

struct come { /* a Task as an event tells of it, and as it was before */
	struct node *task, *before; /* before NULL: it is new */
};

static enum err read_tree(struct ctx *c, const struct version *v, struct node **out)
{
	return fhir_read_json(c, c->place->fhir, c->arena, v->body, out);
}

static enum err read_come(struct ctx *c, const struct event *e, struct come *out)
{
	struct version v;

	*out = (struct come){ 0 };
	enum err found = record_vread(c, e->type, e->id, e->version, &v);
	if (found == ERR_NOT_FOUND || found == ERR_GONE)
		return OK; /* purged since */
	TRY(found);
	TRY(read_tree(c, &v, &out->task));
	if (e->version < 2)
		return OK;
	found = record_vread(c, e->type, e->id, e->version - 1, &v);
	return found == OK ? read_tree(c, &v, &out->before) : found == ERR_NOT_FOUND || found == ERR_GONE ? OK : found;
}

static struct str owner_of(const struct node *task)
{
	return task ? node_str(node_get(task, "owner"), "reference") : (struct str){ 0 };
}

/* Who took it themselves, or asks it of themselves, knows. */
static bool is_news(const struct come *come)
{
	struct str owner = owner_of(come->task);

	if (!owner.len || flow_ended(come->task) || str_eq(owner, flow_taken_by(come->task)) ||
	    str_eq(owner, node_str(node_get(come->task, "requester"), "reference")))
		return false;
	return !come->before || !str_eq(owner, owner_of(come->before)) || flow_ended(come->before) ||
	       rank_of(node_str(come->task, "priority")) > rank_of(node_str(come->before, "priority"));
}

static bool fits(const struct tell_rule *rule, const struct node *task)
{
	return (!rule->kind.len || str_eq(rule->kind, act_code(task, "code", TASK_CODES))) &&
	       (!rule->holder.len || str_eq(rule->holder, owner_of(task))) &&
	       rank_of(node_str(task, "priority")) >= rank_of(rule->priority);
}

/* The address the directory has of a person, a post's person, a team or an organisation; empty. */
static enum err own_address(struct ctx *c, struct str holder, struct str *out)
{
	struct node *who;

	*out = (struct str){ 0 };
	enum err e = act_look(c, holder, NULL, &who);
	if (e == ERR_NOT_FOUND || e == ERR_GONE || e == ERR_BAD_REQUEST)
		return OK;
	TRY(e);
	node_each(telecom, node_get(who, "telecom"))
		if (str_is(node_str(telecom, "system"), "email") && is_mail(node_str(telecom, "value"))) {
			*out = node_str(telecom, "value");
			return OK;
		}
	if (str_is(node_str(who, "resourceType"), "PractitionerRole") && node_get(who, "practitioner"))
		return own_address(c, node_str(node_get(who, "practitioner"), "reference"), out);
	return OK;
}

static enum err owe_one(struct ctx *c, const struct tell_rule *rule, const struct event *e, const struct node *task,
			struct tells *owed)
{
	struct tell one = { .seq = e->seq, .way = rule->way, .address = rule->to, .holder = owner_of(task), .task = e->id,
			    .kind = act_code(task, "code", TASK_CODES),
			    .step = node_str(node_at(node_get(node_get(task, "businessStatus"), "coding"), 0), "code"),
			    .priority = node_str(task, "priority"), .count = 1 };

	one.urgent = rank_of(one.priority) > 0;
	if (str_is(rule->to, "own"))
		TRY(own_address(c, one.holder, &one.address));
	for (size_t i = 0; i < owed->len; i++) /* two rules, one address */
		if (owed->at[i].seq == one.seq && str_eq(owed->at[i].way, one.way) && str_eq(owed->at[i].address, one.address))
			return OK;
	if (one.address.len)
		*vec_push(owed, c->arena) = one;
	return OK;
}

static enum err owe_event(struct ctx *c, const struct tell_rules *rules, const struct event *e, struct tells *owed)
{
	struct come come;

	if (!e->version || e->deleted || !str_is(e->type, "Task"))
		return OK;
	TRY(read_come(c, e, &come));
	if (!come.task || !is_news(&come))
		return OK;
	for (size_t i = 0; i < rules->len; i++)
		if (fits(&rules->at[i], come.task))
			TRY(owe_one(c, &rules->at[i], e, come.task, owed));
	return OK;
}

enum err tell_owe(struct ctx *c, const struct tell_rules *rules, bool *more)
{
	struct event_page page = { 0 };
	struct tells owed = { 0 };
	int64_t from, settled;

	*more = false;
	TRY(tell_place(c, &from));
	{
		READER(db);

		TRY(store_reader(c, c->place->store, &db));
		TRY(event_settled(c, db, from, 200, &settled));
		if (settled > from)
			TRY(event_next(c, db, from, settled, PAGE, &page));
	}
	if (settled <= from)
		return OK;
	for (size_t i = 0; i < page.len; i++) {
		TRY(ctx_check(c));
		TRY(owe_event(c, rules, &page.at[i], &owed));
	}
	TRY(tell_put(c, &owed, from, page.next));
	*more = page.more;
	return OK;
}
