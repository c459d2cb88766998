/* contact.c - the single point of access: somebody rings about somebody; it is written down once, and goes to who must
 * act, with a clock.
 *
 * The Communication holds the caller's words; the Task beside it (flow `contact`) holds the caller, the urgency and the
 * outcome, and goes to the owner that share/care/route.tsv names. Who accepts it begins the work it is about; who sends
 * it back says why, and the front door has it again.
 */
#include "care/inside.h"

#include "access/actor.h"
#include "access/account.h"
#include "base/tsv.h"
#include "identity/matches.h"
#include "record/search.h"

static const struct sm_row rows[] = {
	{ "open", "route", "sent" },
	{ "open", "close", "closed" },
	{ "open", "withdraw", "withdrawn" },
	{ "sent", "accept", "accepted" },
	{ "sent", "return", "returned" },
	{ "sent", "withdraw", "withdrawn" },
	{ "returned", "route", "sent" },
	{ "returned", "close", "closed" },
	{ "returned", "withdraw", "withdrawn" },
	{ "accepted", "close", "closed" },
	{ "accepted", "return", "returned" },
	{ 0 }
};

static const struct flow_state states[] = {
	{ "open", "in-progress", "Being dealt with at the front door" },
	{ "sent", "requested", "Sent on, nobody has answered" },
	{ "accepted", "accepted", "Accepted" },
	{ "returned", "on-hold", "Sent back with a reason" },
	{ "closed", "completed", "Closed" },
	{ "withdrawn", "cancelled", "Entered by mistake or no longer wanted" },
	{ 0 }
};

const struct flow contact_flow = { "contact", "Contact", { "contact", "open", rows }, states };

#define ROUTES CAUSEWAY_CODES "route"
#define HOUR INT64_C(3600000000)

/* --- the tables --- */

struct route_row {
	struct str wanted;
	bool found;
	struct str words, code, owner, hours;
	bool closed;
};

static enum err each_route(struct ctx *c, void *arg, const struct tsv_row *row)
{
	struct route_row *r = arg;
	int64_t hours;

	if (row->cell[5].len && (!str_int(row->cell[5], &hours) || hours < 1 || hours > 100000))
		return fail(c, ERR_INVALID, "%s:%lld: hours is a whole number.", row->file, (long long)row->line);
	if (!str_eq(row->cell[0], r->wanted))
		return OK;
	*r = (struct route_row){ r->wanted, true, row->cell[1], row->cell[3], row->cell[4], row->cell[5],
				 str_is(row->cell[6], "yes") };
	return OK;
}

static enum err route_find(struct ctx *c, struct str name, struct route_row *out)
{
	*out = (struct route_row){ .wanted = name };
	TRY(tsv_read(c, &c->place->share, c->arena, "care/route.tsv",
		     "route\twords\thelp\tcode\towner\thours\tclosed\tsource", each_route, out));
	if (out->found)
		return OK;
	issue_add(c, ISSUE_ERROR, "value", "outcome", 0, 0, "\"%.40s\" is no outcome of the front door here.", str_dup(c->arena, name));
	return fail(c, ERR_INVALID, "There is no outcome of that name: share/care/route.tsv has them.");
}

struct urgency_row {
	struct str wanted, hours, priority;
	bool found;
};

static enum err each_urgency(struct ctx *c, void *arg, const struct tsv_row *row)
{
	struct urgency_row *u = arg;

	(void)c;
	if (str_eq(row->cell[0], u->wanted))
		*u = (struct urgency_row){ u->wanted, row->cell[3], row->cell[4], true };
	return OK;
}

static enum err urgency_find(struct ctx *c, struct str name, struct urgency_row *out)
{
	*out = (struct urgency_row){ .wanted = name, .priority = STR("routine") };
	if (!name.len)
		return OK;
	TRY(tsv_read(c, &c->place->share, c->arena, "care/urgency.tsv",
		     "urgency\twords\thelp\thours\tpriority\tsigns", each_urgency, out));
	if (out->found)
		return OK;
	issue_add(c, ISSUE_ERROR, "value", "urgency", 0, 0, "\"%.40s\" is no urgency here.", str_dup(c->arena, name));
	return fail(c, ERR_INVALID, "There is no urgency of that name: share/care/urgency.tsv has them.");
}

/* "WXC" or "Organization/x" as a reference to what is here; else who took the contact. */
static enum err owner_of(struct ctx *c, struct str named, struct str *out)
{
	const struct search *search;
	struct search_page page;

	*out = (struct str){ 0 };
	if (str_find(named, STR("/")) >= 0) {
		*out = named;
		return OK;
	}
	if (named.len) {
		TRY(search_parse(c, STR("Organization"),
				 str_of(arena_printf(c->arena, "_count=1&_elements=id&identifier=" ODS_SYSTEM "%%7C" STR_FMT,
						     STR_ARG(named))),
				 &search));
		TRY(search_run(c, search, &page));
		if (page.len)
			*out = str_of(arena_printf(c->arena, "Organization/" STR_FMT, STR_ARG(page.at[0].id)));
	}
	return out->len ? OK : act_org(c, out);
}

/* --- what was said --- */

static void say(struct ctx *c, struct node *task, const char *what, struct str said)
{
	struct node *input;

	if (!said.len)
		return;
	input = node_add(c->arena, act_member(c, task, "input", NODE_ARRAY), NULL, NODE_OBJECT);
	act_concept(c, input, "type", CAUSEWAY_CODES "contact-input", str_of(what));
	node_add_str(c->arena, input, "valueString", said);
}

static struct node *call_of(struct ctx *c, const struct act *act)
{
	struct node *call = act_new(c, "Communication"), *list;

	node_add_cstr(c->arena, call, "status", "completed");
	list = node_add(c->arena, call, "category", NODE_ARRAY);
	act_concept(c, list, NULL, CAUSEWAY_CODES "contact", STR("access-point"));
	act_refer(c, call, "subject", act_text(act, "person"));
	node_add_str(c->arena, call, "sent", act_now(c));
	list = node_add(c->arena, call, "payload", NODE_ARRAY);
	node_add_str(c->arena, node_add(c->arena, list, NULL, NODE_OBJECT), "contentString",
		     act_text(act, "what"));
	return call;
}

/* The outcome, whose it is now, and by when. */
static enum err go(struct ctx *c, struct node *task, struct str outcome, struct str to, struct str urgency)
{
	struct route_row route;
	struct urgency_row urgent;
	struct str owner = to;
	int64_t hours;

	TRY(route_find(c, outcome, &route));
	TRY(urgency_find(c, urgency, &urgent));
	act_set(c, node_at(node_get(act_concept(c, task, "reasonCode", ROUTES, outcome), "coding"), 0), "display",
		route.words);
	act_set(c, node_get(task, "reasonCode"), "text", route.words);
	if (route.closed) {
		flow_set(c, &contact_flow, task, "closed");
		return OK;
	}
	if (!owner.len)
		TRY(owner_of(c, route.owner, &owner));
	act_refer(c, task, "owner", owner);
	flow_set(c, &contact_flow, task, "sent");
	if (str_int(urgent.hours, &hours) || str_int(route.hours, &hours))
		flow_set_due(c, task, clock_now(c->clock) + hours * HOUR);
	return OK;
}

static struct str first_words(struct ctx *c, struct str text)
{
	enum { MOST = 120 };
	size_t len = text.len < MOST ? text.len : MOST;

	while (len && len < text.len && ((unsigned char)text.at[len] & 0xC0) == 0x80)
		len--; /* not within a letter */
	for (size_t i = 0; i < len; i++)
		if (text.at[i] == '\n')
			len = i;
	return len == text.len ? text
			       : str_of(arena_printf(c->arena, "%.*s…", (int)len, text.at));
}

static enum err make(struct ctx *c, struct act *act)
{
	static const char *const said[] = { "caller", "relation", "phone", "knows", "wants", "risk" };
	struct str urgency = act_text(act, "urgency"), outcome = act_text(act, "outcome");
	struct urgency_row urgent;
	struct node *task, *call;

	TRY(urgency_find(c, urgency, &urgent));
	call = call_of(c, act);
	task = flow_begin(c, &contact_flow, act_text(act, "person"), act_keep(c, act, call));
	act_set(c, task, "priority", urgent.priority);
	act_set(c, task, "description", first_words(c, act_text(act, "what")));
	act_refer(c, task, "owner", act_who(c));
	for (size_t i = 0; i < sizeof said / sizeof *said; i++)
		say(c, task, said[i], act_text(act, said[i]));
	node_each(sign, act_list(act, "sign"))
		say(c, task, "sign", node_text(sign));
	say(c, task, "urgency", urgency);
	act_remark(c, task, act_text(act, "note"));
	if (outcome.len)
		TRY(go(c, task, outcome, act_text(act, "to"), urgency));
	act_keep(c, act, task);
	act->output = task;
	return OK;
}

static struct str said_of(const struct node *task, const char *what)
{
	node_each(input, node_get(task, "input"))
		if (str_is(act_code(input, "type", CAUSEWAY_CODES "contact-input"), what))
			return node_str(input, "valueString");
	return (struct str){ 0 };
}

static enum err route(struct ctx *c, struct act *act)
{
	act_remark(c, act->subject, act_text(act, "note"));
	TRY(go(c, act->subject, act_text(act, "outcome"), act_text(act, "to"), said_of(act->subject, "urgency")));
	return str_is(node_str(act->subject, "status"), "completed")
		       ? fail(c, ERR_INVALID, "That outcome is no routing: close the contact instead.")
		       : OK;
}

static const struct flow *machine_of(struct ctx *c, struct str code)
{
	for (const struct module *const *m = c->place->modules; m && *m; m++)
		for (const struct flow *const *f = (*m)->flows; f && *f; f++)
			if (str_is(code, (*f)->code))
				return *f;
	return &errand_flow;
}

/* The other side takes it on: what it is about begins, and is theirs. */
static enum err accept(struct ctx *c, struct act *act)
{
	struct route_row route;
	struct str outcome = act_code(act->subject, "reasonCode", ROUTES), who = act_text(act, "practitioner");
	struct node *work;

	act_remark(c, act->subject, act_text(act, "note"));
	if (who.len)
		act_refer(c, act->subject, "owner", who);
	if (!outcome.len)
		return OK; /* put there by another system */
	TRY(route_find(c, outcome, &route));
	work = flow_begin(c, machine_of(c, route.code), act_reference(act->subject, "for"),
			  act_reference(act->subject, "focus"));
	act_set(c, work, "priority", node_str(act->subject, "priority"));
	act_set(c, work, "description",
		str_of(arena_printf(c->arena, STR_FMT ": " STR_FMT, STR_ARG(route.words),
				    STR_ARG(node_str(act->subject, "description")))));
	act_refer(c, work, "owner", act_reference(act->subject, "owner"));
	act_refer(c, work, "requester", act_reference(act->subject, "requester"));
	if (flow_due(act->subject))
		flow_set_due(c, work, flow_due(act->subject));
	act_keep(c, act, work);
	act->output = act->subject;
	return OK;
}

/* Whoever took the call has it again. */
static enum err send_back(struct ctx *c, struct act *act)
{
	struct str front = act_reference(act->subject, "requester");

	TRY(task_explain(c, act));
	if (front.len)
		act_refer(c, act->subject, "owner", front);
	return OK;
}

/* --- somebody nobody knew --- */

static void put_telecom(struct ctx *c, struct node *patient, struct str phone)
{
	struct node *one;

	if (!phone.len)
		return;
	one = node_add(c->arena, node_add(c->arena, patient, "telecom", NODE_ARRAY), NULL, NODE_OBJECT);
	node_add_cstr(c->arena, one, "system", "phone");
	node_add_str(c->arena, one, "value", phone);
}

static struct node *patient_of(struct ctx *c, const struct act *act)
{
	struct node *patient = act_new(c, "Patient"), *one;
	struct str nhs = act_text(act, "nhs"), line = act_text(act, "address"), postcode = act_text(act, "postcode");

	if (nhs.len) {
		one = node_add(c->arena, node_add(c->arena, patient, "identifier", NODE_ARRAY), NULL, NODE_OBJECT);
		node_add_cstr(c->arena, one, "system", "https://fhir.nhs.uk/Id/nhs-number");
		node_add_str(c->arena, one, "value", nhs);
	}
	one = node_add(c->arena, node_add(c->arena, patient, "name", NODE_ARRAY), NULL, NODE_OBJECT);
	node_add_cstr(c->arena, one, "use", "official");
	node_add_str(c->arena, one, "family", act_text(act, "family"));
	node_add_str(c->arena, node_add(c->arena, one, "given", NODE_ARRAY), NULL, act_text(act, "given"));
	put_telecom(c, patient, act_text(act, "phone"));
	act_set(c, patient, "gender", act_text(act, "gender"));
	act_set(c, patient, "birthDate", act_text(act, "born"));
	if (!line.len && !postcode.len)
		return patient;
	one = node_add(c->arena, node_add(c->arena, patient, "address", NODE_ARRAY), NULL, NODE_OBJECT);
	node_add_cstr(c->arena, one, "use", "home");
	if (line.len)
		node_add_str(c->arena, node_add(c->arena, one, "line", NODE_ARRAY), NULL, line);
	act_set(c, one, "postalCode", postcode);
	return patient;
}

/* Who is likely to be here already is not added again, unless somebody says that they looked. */
static enum err add_person(struct ctx *c, struct act *act)
{
	struct node *patient = patient_of(c, act);
	struct match *found;
	size_t len = 0;

	atoms_adopt(c->place->fhir->atoms, patient);
	if (!act_true(act, "sure")) {
		enum err e = identity_matches(c, patient, false, 5, &found, &len);
		if (e != OK && e != ERR_INVALID) /* that: nothing to match by */
			return e;
	}
	if (len)
		return fail(c, ERR_CONFLICT,
			    "Somebody like this is here already: Patient/%.64s. Say that you looked, and that it is somebody else.",
			    str_dup(c->arena, found[0].version.id));
	act_keep(c, act, patient);
	return OK;
}

/* --- the rows --- */

static const struct action_arg person_args[] = {
	{ "family", "string", ARG_NEEDED, "Family name", NULL, NULL },
	{ "given", "string", ARG_NEEDED, "Given name", NULL, NULL },
	{ "born", "date", 0, "Date of birth", NULL, NULL },
	{ "gender", "code", 0, "Gender", NULL, "http://hl7.org/fhir/ValueSet/administrative-gender" },
	{ "nhs", "string", 0, "NHS number", NULL, NULL },
	{ "address", "string", 0, "Address", NULL, NULL },
	{ "postcode", "string", 0, "Postcode", NULL, NULL },
	{ "phone", "string", 0, "Phone", NULL, NULL },
	{ "sure", "boolean", 0, "I looked: it is nobody who is here", NULL, NULL },
	{ 0 }
};

static const struct action_arg make_args[] = {
	{ "person", "Reference", ARG_NEEDED, "Whom it is about", NULL, "Patient" },
	{ "caller", "string", 0, "Caller’s name", NULL, NULL },
	{ "relation", "string", 0, "Who they are to the person", NULL, NULL },
	{ "phone", "string", 0, "Phone to ring back on", NULL, NULL },
	{ "knows", "string", 0, "Does the person know about this call?", "yes, no or cannot.", NULL },
	{ "what", "markdown", ARG_NEEDED, "What is happening, in the caller’s words", NULL, NULL },
	{ "wants", "markdown", 0, "What the person wants", NULL, NULL },
	{ "sign", "string", ARG_MANY, "What applies", "Words of share/care/sign.tsv.", NULL },
	{ "risk", "markdown", 0, "What could go wrong", NULL, NULL },
	{ "urgency", "string", 0, "How soon must someone act", "A word of share/care/urgency.tsv.", NULL },
	{ "outcome", "string", 0, "What happens now", "A word of share/care/route.tsv; without it the contact stays open.",
	  NULL },
	{ "to", "Reference", 0, "Who is asked", "Unless said, who the outcome names.",
	  "Organization|CareTeam|HealthcareService|Practitioner|PractitionerRole" },
	{ "note", "markdown", 0, "Note", NULL, NULL },
	{ 0 }
};
static const struct action_arg route_args[] = {
	{ "outcome", "string", ARG_NEEDED, "What happens now", "A word of share/care/route.tsv.", NULL },
	{ "to", "Reference", 0, "Who is asked", "Unless said, who the outcome names.",
	  "Organization|CareTeam|HealthcareService|Practitioner|PractitionerRole" },
	{ "note", "markdown", 0, "Note for them", NULL, NULL },
	{ 0 }
};
static const struct action_arg accept_args[] = {
	{ "practitioner", "Reference", 0, "Who takes it on", NULL, "Practitioner|PractitionerRole" },
	{ "note", "markdown", 0, "Note for who sent it", NULL, NULL },
	{ 0 }
};
static const struct action_arg return_args[] = {
	{ "reason", "markdown", ARG_NEEDED, "Why is it sent back?", NULL, NULL }, { 0 }
};
static const struct action_arg close_args[] = {
	{ "reason", "markdown", ARG_NEEDED, "What came of it?", NULL, NULL }, { 0 }
};
static const struct action_arg withdraw_args[] = {
	{ "reason", "markdown", ARG_NEEDED, "Why is it taken back?", NULL, NULL }, { 0 }
};

#define ROW(op, label, help, args, run, flags) \
	{ "contact-" op, op, "Task", label, help, "care.write", args, &contact_flow, op, run, flags }

const struct action contact_actions[] = {
	{ "contact-log", "contact", "Task", "New contact", "Write down who rang about whom, and send it to who must act.",
	  "care.write", make_args, &contact_flow, NULL, make, ACTION_NEW | ACTION_TRUSTED },
	{ "person-add", "add", "Patient", "Add a person", "Add somebody nobody knew, after looking for them.", "care.write",
	  person_args, NULL, NULL, add_person, ACTION_NEW | ACTION_TRUSTED },
	ROW("route", "Send on", "Send an open contact to who must act.", route_args, route, 0),
	ROW("accept", "Accept", "Take a contact on; the work it asks for begins.", accept_args, accept, ACTION_TRUSTED),
	ROW("return", "Send back", "Send a contact back to the front door, with the reason.", return_args, send_back, 0),
	ROW("close", "Close", "Close a contact with what came of it.", close_args, task_explain, 0),
	ROW("withdraw", "Withdraw", "Take a contact back that should not be there.", withdraw_args, task_explain, 0),
	{ 0 }
};
