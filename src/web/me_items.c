/* me_items.c - everything in a record as lines a person can read. */
#include "web/me_items.h"

/* In the order of the page. What stands in no row comes last, as other. */
static const struct {
	const char *group, *type;
} groups[] = {
	{ "Health problems", "Condition" },
	{ "What is not safe for you", "AllergyIntolerance" },
	{ "Medicines", "MedicationRequest" },
	{ "Medicines", "MedicationStatement" },
	{ "Medicines", "MedicationDispense" },
	{ "Medicines", "MedicationAdministration" },
	{ "Vaccinations", "Immunization" },
	{ "Tests and measurements", "Observation" },
	{ "Tests and measurements", "DiagnosticReport" },
	{ "Operations and treatment", "Procedure" },
	{ "Visits and stays", "Encounter" },
	{ "Visits and stays", "EpisodeOfCare" },
	{ "Appointments", "Appointment" },
	{ "Plans and goals", "CarePlan" },
	{ "Plans and goals", "Goal" },
	{ "People around you", "CareTeam" },
	{ "People around you", "RelatedPerson" },
	{ "Help you get, or asked for", "ServiceRequest" },
	{ "Help you get, or asked for", "Task" },
	{ "Help you get, or asked for", "DeviceRequest" },
	{ "What you and others answered", "QuestionnaireResponse" },
	{ "Letters and papers", "DocumentReference" },
	{ "Letters and papers", "Composition" },
	{ "Messages", "Communication" },
	{ "Things to know", "Flag" },
	{ "Your choices", "Consent" },
	{ "Money", "Account" },
	{ "Money", "ChargeItem" },
	{ "Money", "Invoice" },
	{ "Money", "Contract" },
	{ "Your name and address", "Patient" },
};
enum { GROUPS = sizeof groups / sizeof *groups, ITEMS_MOST = 5000 };

static struct str member_words(struct person *p, const struct node *member)
{
	if (node_is(member, NODE_ARRAY))
		member = node_at(member, 0);
	if (node_is(member, NODE_STRING))
		return node_text(member);
	return concept_words(p->a, member);
}

/* "142, 78 mmHg": what a measurement of several parts says. */
static struct str parts_words(struct person *p, const struct node *resource)
{
	struct str unit = { 0 };
	struct buf b;

	buf_init(&b, p->a, 400);
	node_each(part, node_get(resource, "component")) {
		const struct node *quantity = node_get(part, "valueQuantity");

		if (!node_str(quantity, "value").len)
			continue;
		buf_cstr(&b, b.len ? ", " : "");
		buf_str(&b, node_str(quantity, "value"));
		unit = node_str(quantity, "unit");
	}
	if (b.len && unit.len)
		buf_printf(&b, " " STR_FMT, STR_ARG(unit));
	return buf_get(&b);
}

static struct str amount(struct person *p, const struct node *resource)
{
	const struct node *quantity = node_get(resource, "valueQuantity");
	struct str value = node_str(quantity, "value"), unit = node_str(quantity, "unit");

	if (value.len)
		return SAY(p->a, STR_FMT "%s" STR_FMT, STR_ARG(value), unit.len ? " " : "", STR_ARG(unit));
	if (node_get(resource, "component"))
		return parts_words(p, resource);
	if (node_str(resource, "valueString").len)
		return node_str(resource, "valueString");
	return concept_words(p->a, node_get(resource, "valueCodeableConcept"));
}

struct str item_words(struct person *p, const struct node *resource)
{
	static const char *const members[] = { "code",	      "medicationCodeableConcept", "vaccineCode", "title",
					       "description", "reasonCode",	   "serviceType", "type",
					       "category",    "scope",		   "class" };
	struct str words = { 0 }, value = amount(p, resource);

	if (node_get(resource, "name") && !node_is(node_get(resource, "name"), NODE_STRING))
		words = name_plain(p->a, resource);
	for (unsigned i = 0; !words.len && i < sizeof members / sizeof *members; i++)
		words = member_words(p, node_get(resource, members[i]));
	if (!words.len && node_get(resource, "questionnaire"))
		words = words_in(node_str(resource, "questionnaire"), "about-me") ? STR("About me") : STR("A form");
	if (!words.len)
		words = lower_first(p->a, kind_in_words(p->c, node_str(resource, "resourceType")));
	return value.len ? SAY(p->a, STR_FMT ": " STR_FMT, STR_ARG(words), STR_ARG(value)) : words;
}

static void put_item(struct person *p, struct node *list, const struct entry *item)
{
	struct node *row = data_object(p->c, list, NULL);
	struct str status = node_str(item->node, "status");

	data_str(p->c, row, "words", item_words(p, item->node));
	data_str(p->c, row, "detail", status.len ? lower_first(p->a, say_code(p->a, status)) : status);
	data_str(p->c, row, "item", SAY(p->a, STR_FMT "/" STR_FMT, STR_ARG(item->type), STR_ARG(item->id)));
	data_time(p->c, row, "when", item->as_at, say_date(p->a, item->as_at));
	data_str(p->c, row, "org", item->org ? item->org->name : (struct str){ 0 });
}

static bool is_known(struct str type)
{
	for (unsigned i = 0; i < GROUPS; i++)
		if (str_is(type, groups[i].type))
			return true;
	return false;
}

static void begin_group(struct person *p, struct node *data_groups, const char *title, struct node **list)
{
	struct node *group = data_object(p->c, data_groups, NULL);

	data_words(p->c, group, "group", title);
	data_str(p->c, group, "group_id", SAY(p->a, "g%u", data_groups->len));
	*list = data_list(p->c, group, "items");
}

static void end_group(struct person *p, struct node *data_groups, const struct node *list)
{
	if (!list)
		return;
	if (list->len)
		data_str(p->c, data_groups->last, "count", say_count(p->a, list->len));
	else
		node_remove(data_groups, data_groups->last);
}

void me_put_groups(struct person *p, struct node *data)
{
	struct node *all = data_list(p->c, data, "groups"), *list = NULL;

	for (unsigned i = 0; i < GROUPS; i++) {
		if (i == 0 || strcmp(groups[i].group, groups[i - 1].group) != 0) {
			end_group(p, all, list);
			begin_group(p, all, groups[i].group, &list);
		}
		person_each(item, p, groups[i].type) if (list->len < ITEMS_MOST) put_item(p, list, item);
	}
	end_group(p, all, list);
	begin_group(p, all, "Other things", &list);
	for (size_t i = 0; i < p->count; i++)
		if (!is_known(p->items[i].type) && list->len < ITEMS_MOST)
			put_item(p, list, &p->items[i]);
	end_group(p, all, list);
}
