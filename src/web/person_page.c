/* person_page.c - the person's page, and their timeline alone. */
#include "web/looked.h"
#include "web/pages.h"
#include "web/person.h"

#define OVERVIEW_EVENTS 14
#define TIMELINE_EVENTS 100

static enum err begin(struct ctx *c, const struct request *r, const char *section, struct person *p,
		      struct node **data)
{
	enum err e = person_load(c, r, p);

	if (e)
		return looked_refused(c, e, r->part[0], section);
	TRY(looked_open(c, r->part[0], section));
	*data = page_new(c, r, "");
	person_put_head(p, *data);
	if (p->more)
		data_str(c, *data, "cut",
			 SAY(c->arena, "Only the first " STR_FMT " records are shown here.",
			     STR_ARG(say_count(c->arena, PERSON_MAX))));
	return OK;
}

enum err person_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	static void (*const sections[])(struct person *, struct node *) = {
		person_put_banner, person_put_now,    person_put_about,    person_put_team,
		person_put_plan,   person_put_health, person_put_services, person_put_papers,
	};
	struct person p;
	struct node *data;

	TRY(begin(c, r, "main", &p, &data));
	for (unsigned i = 0; i < sizeof sections / sizeof *sections; i++)
		sections[i](&p, data);
	TRY(person_put_timeline(&p, data, OVERVIEW_EVENTS));
	node_add_bool(c->arena, data, "on_overview", true);
	return page_show(c, "person", data, reply);
}

enum err timeline_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct person p;
	struct node *data;

	TRY(begin(c, r, "timeline", &p, &data));
	TRY(person_put_timeline(&p, data, TIMELINE_EVENTS));
	node_add_bool(c->arena, data, "on_timeline", true);
	return page_show(c, "timeline", data, reply);
}
