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
	return str_starts(node_str(response, "questionnaire"), STR(ABOUT_ME));
}
