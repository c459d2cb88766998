/* merge_link.c - Patient.link and Patient.active: how FHIR says that one Patient replaces another.
 *
 * What is put in is taken out again to the letter: members keep their places.
 */
#include "identity/merge_part.h"

enum active patient_active(const struct node *patient)
{
	const struct node *active = node_get(patient, "active");

	if (!node_is(active, NODE_BOOL))
		return ACTIVE_UNSAID;
	return active->truth ? ACTIVE_TRUE : ACTIVE_FALSE;
}

static bool is_link(const struct node *link, struct str id, const char *type)
{
	struct str to = node_text(node_path(link, "other.reference"));

	return str_is(node_str(link, "type"), type) && str_starts(to, STR("Patient/")) &&
	       str_eq((struct str){ to.at + 8, to.len - 8 }, id);
}

static struct node *link_find(struct node *patient, struct str id, const char *type)
{
	struct node *links = node_get(patient, "link");

	node_each(link, links)
		if (is_link(link, id, type))
			return link;
	return NULL;
}

void link_put(struct ctx *c, struct node *patient, struct str id, const char *type)
{
	struct node *links = node_get(patient, "link"), *link;

	if (link_find(patient, id, type))
		return;
	if (!links)
		links = node_add(c->arena, patient, "link", NODE_ARRAY);
	link = node_add(c->arena, links, NULL, NODE_OBJECT);
	node_add_str(c->arena, node_add(c->arena, link, "other", NODE_OBJECT), "reference",
		     str_of(arena_printf(c->arena, "Patient/" STR_FMT, STR_ARG(id))));
	node_add_cstr(c->arena, link, "type", type);
}

void link_drop(struct node *patient, struct str id, const char *type)
{
	struct node *links = node_get(patient, "link");
	struct node *link = link_find(patient, id, type);

	if (!link)
		return;
	node_remove(links, link);
	if (!links->len)
		node_remove(patient, links);
}

void active_put(struct ctx *c, struct node *patient)
{
	struct node *active = node_get(patient, "active");

	if (node_is(active, NODE_BOOL))
		active->truth = false;
	else if (!active)
		node_add_bool(c->arena, patient, "active", false);
}

void active_restore(struct node *patient, enum active before)
{
	struct node *active = node_get(patient, "active");

	if (patient_active(patient) != ACTIVE_FALSE)
		return;
	if (before == ACTIVE_UNSAID)
		node_remove(patient, active);
	else
		active->truth = before == ACTIVE_TRUE;
}
