/* person_services.c - care packages and services: how much, at what cost, who pays, how it runs. */
#include "web/person.h"

struct service {
	const struct entry *episode, *request; /* one of them may be NULL */
	bool ended;
};

/* ---- cost and payers ---- */

static const struct node *part_of(const struct node *extension, const char *url)
{
	node_each(part, node_get(extension, "extension"))
		if (str_is(node_str(part, "url"), url))
			return part;
	return NULL;
}

/* "Council", "NHS", "Edith": who a payer is in a word. */
static struct str payer_words(struct person *p, const struct node *reference)
{
	const struct org *org = person_org(p, reference);

	if (str_starts(node_str(reference, "reference"), STR("Patient/")))
		return p->called;
	if (org && str_is(org->lane, "Council"))
		return STR("Council");
	if (org && str_is(org->lane, "NHS board"))
		return STR("NHS");
	return person_ref(p, reference);
}

static void put_costs(struct person *p, struct node *row, const struct node *request)
{
	struct node *payers = data_list(p->c, row, "payers");
	struct dec sum = dec_int(0);
	size_t count = 0;

	node_each(extension, node_get(request, "extension"))
		count += str_ends(node_str(extension, "url"), STR("/weekly-cost"));
	node_each(extension, node_get(request, "extension")) {
		const struct node *money = node_get(part_of(extension, "amount"), "valueMoney");
		struct str who;
		struct dec amount;
		if (!str_ends(node_str(extension, "url"), STR("/weekly-cost")) ||
		    !dec_parse(node_str(money, "value"), &amount))
			continue;
		who = payer_words(p, node_get(part_of(extension, "payer"), "valueReference"));
		if (!dec_add(sum, amount, &sum))
			return;
		if (count > 1)
			who = SAY(p->a, STR_FMT " " STR_FMT, STR_ARG(who),
				  STR_ARG(say_money(p->a, money)));
		data_str(p->c, data_object(p->c, payers, NULL), "payer", who);
	}
	if (count) {
		struct node *total = node_new(p->a, NODE_OBJECT);
		node_add_dec(p->a, total, "value", sum);
		data_str(p->c, row, "cost", say_money(p->a, total));
	}
}

/* "2 visits a day, 30 minutes each" in two lines; else from the quantity. */
static void put_amount(struct person *p, struct node *row, const struct node *request)
{
	struct str words = node_str(request, "patientInstruction"), rest = { 0 };
	const struct node *quantity = node_get(request, "quantityQuantity");
	ptrdiff_t comma = str_find(words, STR(", "));

	if (comma > 0) {
		rest = (struct str){ words.at + comma + 2, words.len - (size_t)comma - 2 };
		words.len = (size_t)comma;
	}
	if (!words.len && node_str(quantity, "value").len) {
		struct str unit = node_str(quantity, "unit"), n = node_str(quantity, "value");
		words = str_is(unit, "week")
				? STR("All week")
				: SAY(p->a, STR_FMT " " STR_FMT "%s a week", STR_ARG(n),
				      STR_ARG(unit), str_is(n, "1") ? "" : "s");
	}
	data_str(p->c, row, "amount", words.len ? words : STR("Not said"));
	data_str(p->c, row, "amount_more", rest);
}

/* ---- how it runs ---- */

static struct moment status_since(const struct entry *episode)
{
	struct moment since = { 0 };

	node_each(one, node_get(episode->node, "statusHistory"))
		if (str_eq(node_str(one, "status"), node_str(episode->node, "status")))
			since = moment_of(one, "period.start");
	return since.iso.len ? since : moment_of(episode->node, "period.start");
}

static struct str since_words(struct person *p, const char *before, struct moment m)
{
	return m.iso.len ? SAY(p->a, "%s " STR_FMT, before, STR_ARG(say_day(p->a, m, p->now)))
			 : (struct str){ 0 };
}

static void put_episode_state(struct person *p, struct node *row, const struct entry *episode,
			      struct str note)
{
	struct str status = node_str(episode->node, "status");

	if (str_is(status, "active"))
		data_clock(p, row, CLOCK_DONE, STR("Running"),
			   since_words(p, "since", status_since(episode)));
	else if (str_is(status, "onhold"))
		data_clock(p, row, CLOCK_PAUSED, STR("Paused"),
			   since_words(p, "since", status_since(episode)));
	else if (str_is(status, "planned") || str_is(status, "waitlist"))
		data_clock(p, row, CLOCK_OK, note.len ? note : STR("Not started yet"),
			   (struct str){ 0 });
	else
		data_clock(p, row, CLOCK_QUIET, STR("Ended"),
			   say_day(p->a, moment_of(episode->node, "period.end"), p->now));
}

/* An open task about the order, such as its approval. */
static const struct entry *task_about(const struct person *p, const struct entry *request)
{
	person_each(task, p, "Task")
	{
		struct str focus = node_text(node_path(task->node, "focus.reference"));
		if (str_starts(focus, STR("ServiceRequest/")) && task_is_open(task) &&
		    str_eq((struct str){ focus.at + 15, focus.len - 15 }, request->id))
			return task;
	}
	return NULL;
}

static void put_request_state(struct person *p, struct node *row, const struct entry *request)
{
	struct str status = node_str(request->node, "status");
	const struct entry *task = task_about(p, request);
	struct moment due =
		task ? moment_of(task->node, "restriction.period.end") : (struct moment){ 0 };

	if (str_is(status, "draft") && due.iso.len && due.from < p->now)
		data_clock(p, row, CLOCK_LATE, STR("Not approved"),
			   since_words(p, "was due", due));
	else if (str_is(status, "draft"))
		data_clock(p, row, CLOCK_OK, STR("Proposed"),
			   since_words(p, "to be approved by", due));
	else if (str_is(status, "on-hold"))
		data_clock(p, row, CLOCK_PAUSED, STR("Paused"), (struct str){ 0 });
	else if (str_is(status, "active"))
		data_clock(p, row, CLOCK_OK, STR("Ordered"),
			   since_words(p, "on", request->as_at));
	else
		data_clock(p, row, CLOCK_QUIET, say_code(p->a, status), (struct str){ 0 });
}

/* ---- rows ---- */

static struct str first_part(struct str words)
{
	ptrdiff_t comma = str_find(words, STR(", "));

	return comma > 0 ? (struct str){ words.at, (size_t)comma } : words;
}

static void put_row(struct person *p, struct node *list, const struct service *service)
{
	const struct entry *item = service->episode ? service->episode : service->request;
	const struct node *request = service->request ? service->request->node : NULL;
	struct node *row = data_object(p->c, list, NULL);
	struct str what =
		concept_words(p->a, service->episode ? node_get(service->episode->node, "type")
						     : node_get(request, "code"));
	struct str provider = person_ref(
		p, service->episode ? node_get(service->episode->node, "managingOrganization")
				    : node_get(request, "performer"));

	if (node_str(request, "patientInstruction").len)
		what = first_part(what); /* the amount is said beside it */
	if (!service->episode && str_is(node_str(request, "intent"), "proposal"))
		what = SAY(p->a, STR_FMT ", proposed", STR_ARG(what));
	data_str(p->c, row, "what", what.len ? what : STR("A service"));
	data_str(p->c, row, "provider", provider.len ? provider : STR("Provider not said"));
	put_amount(p, row, request);
	put_costs(p, row, request);
	if (service->episode)
		put_episode_state(p, row, service->episode,
				  node_text(node_path(request, "note.text")));
	else
		put_request_state(p, row, service->request);
	data_link(p, row, item);
	data_source(p, row, service->request ? service->request : item);
}

static bool is_over(struct str status)
{
	static const char *const over[] = { "finished", "cancelled", "completed", "revoked",
					    "entered-in-error" };

	for (unsigned i = 0; i < sizeof over / sizeof *over; i++)
		if (str_is(status, over[i]))
			return true;
	return false;
}

/* Orders of care have a cost or stand for a service; referrals are told in the timeline. */
static bool is_package(const struct entry *request)
{
	return extension_of(request->node, "/weekly-cost") ||
	       concept_has(node_get(request->node, "category"), "cld-service-component");
}

static bool has_episode(const struct person *p, const struct entry *request)
{
	struct str ref = SAY(p->a, "ServiceRequest/" STR_FMT, STR_ARG(request->id));

	person_each(episode, p, "EpisodeOfCare") node_each(
		one, node_get(episode->node,
			      "referralRequest")) if (str_eq(node_str(one, "reference"),
							     ref)) return true;
	return false;
}

void person_put_services(struct person *p, struct node *data)
{
	struct node *services = data_object(p->c, data, "services");
	struct node *now = data_list(p->c, services, "running"),
		    *past = data_list(p->c, services, "ended");

	person_each(episode, p, "EpisodeOfCare")
	{
		struct service service = { .episode = episode };
		service.request = person_item(
			p, node_text(node_path(episode->node, "referralRequest.reference")));
		put_row(p, is_over(node_str(episode->node, "status")) ? past : now, &service);
	}
	person_each(request, p, "ServiceRequest")
	{
		struct service service = { .request = request };
		if (is_package(request) && !has_episode(p, request))
			put_row(p, is_over(node_str(request->node, "status")) ? past : now,
				&service);
	}
	if (now->len)
		node_add_bool(p->a, services, "has_running", true);
	if (past->len)
		data_str(p->c, services, "ended_count", say_count(p->a, past->len));
}
