/* about.c - the parts of About me. */
#include "web/about.h"

#include "base/tsv.h"

static enum err take(struct ctx *c, void *arg, const struct tsv_row *row)
{
	struct about_parts *parts = arg;

	*vec_push(&parts->at, c->arena) =
		(struct about_part){ row->cell[0], row->cell[1], row->cell[2], row->cell[3] };
	return OK;
}

enum err about_parts_read(struct ctx *c, const struct about_parts **out)
{
	struct about_parts *parts = NEW(c->arena, struct about_parts);

	TRY(tsv_read(c, &c->place->share, c->arena, "form/about-me.tsv", "link\theading\thint\tbanner", take, parts));
	*out = parts;
	return OK;
}

const struct about_part *about_part(const struct about_parts *parts, struct str link)
{
	for (size_t i = 0; i < parts->at.len; i++)
		if (link.len && str_eq(parts->at.at[i].link, link))
			return &parts->at.at[i];
	return NULL;
}

bool about_is(const struct node *response)
{
	struct str form = node_str(response, "questionnaire"), status = node_str(response, "status");

	return str_eq(str_cut(&form, '|'), STR(ABOUT_ME)) && (str_is(status, "completed") || str_is(status, "amended"));
}

/* Written on the person's own pages they stand side by side; filled in as a form, in the group of their part. */
const struct node *about_items(const struct node *response)
{
	const struct node *items = node_get(response, "item"), *first = node_at(items, 0);

	return node_get(first, "item") && !node_get(first, "answer") ? node_get(first, "item") : items;
}

struct str about_said(const struct node *response, struct str link)
{
	node_each(item, about_items(response))
		if (str_eq(node_str(item, "linkId"), link))
			return node_text(node_path(item, "answer.valueString"));
	return (struct str){ 0 };
}
