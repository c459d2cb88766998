/* person_team.c - about me, in their own words; and who is involved. */
#include "web/about.h"
#include "web/person.h"

const struct entry *person_about(const struct person *p)
{
	const struct entry *newest = NULL;

	person_each(response, p, "QuestionnaireResponse")
		if (about_is(response->node) && (!newest || response->as_at.from > newest->as_at.from))
			newest = response;
	return newest;
}

struct str person_about_said(const struct person *p, const char *link)
{
	const struct entry *about = person_about(p);

	return about ? about_said(about->node, str_of(link)) : (struct str){ 0 };
}

void person_put_about(struct person *p, struct node *data)
{
	const struct entry *newest = person_about(p);
	struct node *about, *parts;

	if (!newest)
		return;
	about = data_object(p->c, data, "about");
	parts = data_list(p->c, about, "parts");
	node_each(item, about_items(newest->node)) {
		struct node *part = data_object(p->c, parts, NULL);
		data_str(p->c, part, "heading", node_str(item, "text"));
		data_str(p->c, part, "said", node_text(node_path(item, "answer.valueString")));
	}
	data_str(p->c, about, "by", person_ref(p, node_get(newest->node, "author")));
	data_time(p->c, about, "about_at", newest->as_at, say_date(p->a, newest->as_at));
	data_link(p, about, newest);
}

static void put_reach(struct person *p, struct node *row, const struct node *member)
{
	node_each(telecom, node_get(member, "telecom")) {
		struct str number = node_str(telecom, "value");
		if (!str_is(node_str(telecom, "system"), "phone"))
			continue;
		struct buf dial;
		buf_init(&dial, p->a, 100);
		buf_cstr(&dial, "tel:");
		for (size_t i = 0; i < number.len; i++)
			if (number.at[i] > ' ' && number.at[i] < 127)
				buf_char(&dial, number.at[i]);
		data_str(p->c, row, "tel", buf_get(&dial));
		data_str(p->c, row, "phone", say_phone(p->a, number));
		return;
	}
}

static struct str until_words(struct person *p, const struct entry *carer)
{
	struct moment end;

	if (!carer || !concept_has(node_get(carer->node, "relationship"), "delegate"))
		return (struct str){ 0 };
	end = moment_of(carer->node, "period.end");
	return end.iso.len ? SAY(p->a, ". Can see visits and plan until " STR_FMT,
				 STR_ARG(say_date(p->a, end)))
			   : STR(". Can see visits and plan");
}

/* A row: who, as what, how to reach them, which organisation says so. */
static void put_member(struct person *p, struct node *list, const struct entry *team,
		       const struct node *one)
{
	const struct node *member = node_get(one, "member"), *role = node_get(one, "role");
	struct str reference = node_str(member, "reference"), words = concept_words(p->a, role),
		   name;
	const struct entry *carer = person_item(p, reference);
	const struct org *org = person_org(p, node_get(one, "onBehalfOf"));
	struct node *row;

	name = person_ref(p, member);
	if (!name.len || str_starts(reference, STR("Patient/")))
		return;
	row = data_object(p->c, list, NULL);
	data_str(p->c, row, "name", name);
	if (concept_has(role, "lead") && str_starts(words, STR("Lead professional"))) {
		data_words(p->c, row, "lead", "Lead professional");
		words = (struct str){ words.at + 17, words.len - 17 };
	}
	words = SAY(p->a, STR_FMT STR_FMT, STR_ARG(words), STR_ARG(until_words(p, carer)));
	data_str(p->c, row, "role",
		 words.len || concept_has(role, "lead") ? words : STR("Role not said"));
	put_reach(p, row, person_resolve(p, reference));
	struct entry said = *team;
	said.org = org ? org : team->org;
	data_source(p, row, &said);
}

/* Without a team: the GP, and who took part in the last contacts. */
static void put_gp(struct person *p, struct node *list)
{
	const struct entry *patient =
		person_item(p, SAY(p->a, "Patient/" STR_FMT, STR_ARG(p->id)));

	node_each(gp, node_get(p->patient, "generalPractitioner")) {
		struct str name = person_ref(p, gp);
		struct node *row;
		if (!name.len)
			continue;
		row = data_object(p->c, list, NULL);
		data_str(p->c, row, "name", name);
		data_words(p->c, row, "role",
			   str_starts(node_str(gp, "reference"), STR("Organization/"))
				   ? "GP practice"
				   : "GP");
		put_reach(p, row, person_resolve(p, node_str(gp, "reference")));
		data_source(p, row, patient);
	}
}

static void put_carers(struct person *p, struct node *list)
{
	person_each(carer, p, "RelatedPerson")
	{
		struct node *row = data_object(p->c, list, NULL);
		struct str relation =
			concept_words(p->a, node_get(carer->node, "relationship"));
		data_str(p->c, row, "name", name_plain(p->a, carer->node));
		data_str(p->c, row, "role",
			 relation.len ? say_code(p->a, relation)
				      : STR("Related; how is not said"));
		put_reach(p, row, carer->node);
		data_source(p, row, carer);
	}
}

/* How many organisations hold something. */
static size_t count_orgs(const struct person *p)
{
	struct map seen;

	map_init(&seen, p->a);
	for (size_t i = 0; i < p->count; i++)
		if (p->items[i].org)
			map_set(&seen, p->items[i].org->name, p->items);
	return seen.len;
}

void person_put_team(struct person *p, struct node *data)
{
	struct node *team = data_object(p->c, data, "team"),
		    *list = data_list(p->c, team, "members");

	person_each(item, p,
		    "CareTeam") if (!str_is(node_str(item->node, "status"), "inactive") ||
				    p->dead) node_each(one, node_get(item->node, "participant"))
		put_member(p, list, item, one);
	if (!list->len) {
		put_gp(p, list);
		put_carers(p, list);
	}
	if (list->len)
		node_add_bool(p->a, team, "has_members", true);
	data_str(p->c, team, "org_count",
		 SAY(p->a, STR_FMT " organisation%s",
		     STR_ARG(say_number(p->a, (int64_t)count_orgs(p))),
		     count_orgs(p) == 1 ? "" : "s"));
}
