/* person_page.c - the person's page, and their timeline alone. */
#include "web/glass.h"
#include "web/looked.h"
#include "web/pages.h"
#include "web/person.h"

#define OVERVIEW_EVENTS 14
#define TIMELINE_EVENTS 100

enum err person_begin(struct ctx *c, const struct request *r, const char *section, struct person *p,
		      struct node **data, struct reply *reply)
{
	enum wall wall;
	enum err e;

	*data = NULL;
	TRY(wall_of(c, r->part[0], request_param(c, r, "own", 0).len > 0, &wall));
	if (wall == WALL_UNRELATED)
		(void)looked_refused(c, ERR_FORBIDDEN, r->part[0], section);
	if (wall)
		return wall_show(c, r, wall, reply);
	e = person_load(c, r, p);
	if (e)
		return looked_refused(c, e, r->part[0], section);
	TRY(looked_open(c, r->part[0], section));
	*data = page_new(c, r, "");
	TRY(glass_put_bar(p, *data));
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
		person_put_banner, person_put_now,    person_put_about,    person_put_if,	    person_put_team,
		person_put_plan,   person_put_health, person_put_services, person_put_papers,
	};
	struct person p;
	struct node *data;

	TRY(person_begin(c, r, "main", &p, &data, reply));
	if (!data)
		return OK;
	for (unsigned i = 0; i < sizeof sections / sizeof *sections; i++)
		sections[i](&p, data);
	TRY(person_put_timeline(&p, data, OVERVIEW_EVENTS));
	if (str_ends(r->path, STR("/print")))
		node_add_bool(c->arena, data, "printing", true);
	node_add_bool(c->arena, data, "on_overview", true);
	return page_show(c, "person", data, reply);
}

/* The overview as it is printed: the audit says so before there is anything to print. */
enum err person_print_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	enum wall wall;

	TRY(wall_of(c, r->part[0], false, &wall));
	if (!wall)
		TRY(looked_print(c, r->part[0], STR("main")));
	return person_show(c, r, reply);
}

/* Printed by the browser's own menu: its script says so. */
enum err person_printed_do(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct version v;
	enum wall wall;

	TRY(record_read(c, STR("Patient"), r->part[0], &v));
	TRY(wall_of(c, r->part[0], false, &wall));
	if (!wall)
		TRY(looked_print(c, r->part[0], STR("main")));
	reply->status = 204;
	return OK;
}

enum err timeline_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct person p;
	struct node *data;

	TRY(person_begin(c, r, "timeline", &p, &data, reply));
	if (!data)
		return OK;
	TRY(person_put_timeline(&p, data, TIMELINE_EVENTS));
	node_add_bool(c->arena, data, "on_timeline", true);
	return page_show(c, "timeline", data, reply);
}
