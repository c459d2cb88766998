/* launch.c - apps opened from a person's page (SMART App Launch, EHR launch): which there are, and the way there. */
#include "access/app.h"
#include "access/fetch.h"
#include "web/app_ask.h"
#include "web/form.h"
#include "web/pages.h"
#include "web/person.h"

bool launch_any(struct ctx *c)
{
	struct app *apps;
	size_t len;

	return c->actor && c->actor->kind == ACTOR_STAFF && c->actor->session && app_launchable(c, &apps, &len) == OK && len;
}

enum err launch_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data = NULL, *list;
	struct person p;
	struct app *apps;
	size_t len;

	TRY(person_begin(c, r, "apps", &p, &data, reply));
	if (!data)
		return OK; /* a wall stands before the record */
	TRY(app_launchable(c, &apps, &len));
	data_str(c, data, "record", SAY(c->arena, "/people/" STR_FMT, STR_ARG(p.id)));
	put_stays(&p, data);
	list = data_list(c, data, "apps");
	for (size_t i = 0; i < len; i++) {
		struct node *one = data_object(c, list, NULL);

		data_str(c, one, "client", apps[i].client);
		data_str(c, one, "app", apps[i].name);
	}
	TRY(page_show(c, "launch", data, reply));
	for (size_t i = 0; i < len; i++)
		page_may_lead(c, reply, apps[i].launch);
	return OK;
}

static enum err find(struct ctx *c, struct str client, struct app *out)
{
	TRY(app_find(c, client, out));
	return out->launch.len ? OK : fail(c, ERR_NOT_FOUND, "That app is not opened from here.");
}

enum err launch_do(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data = NULL;
	struct app_about about;
	int64_t key;
	char word[TOKEN_SIZE];
	struct person p;
	struct app app;
	struct buf b;

	if (!c->actor || c->actor->kind != ACTOR_STAFF || !c->actor->session)
		return fail(c, ERR_FORBIDDEN, "Only staff who are signed in open an app about somebody.");
	TRY(find(c, request_param(c, r, "app", 0), &app));
	TRY(person_begin(c, r, "apps", &p, &data, reply));
	if (!data)
		return OK;
	TRY(record_whose(c, STR("Patient"), r->part[0], &key, &about.person));
	TRY(stay_key(&p, app_sent(c, r, "encounter"), &about.encounter));
	TRY(app_launch(c, &app, about, word));
	buf_init(&b, c->arena, 0);
	form_add(&b, "iss", SAY(c->arena, STR_FMT "/fhir", STR_ARG(r->base)));
	form_add(&b, "launch", str_of(word));
	return page_redirect(c,
			     SAY(c->arena, STR_FMT "%s" STR_FMT, STR_ARG(app.launch),
				 memchr(app.launch.at, '?', app.launch.len) ? "&" : "?", STR_ARG(buf_get(&b))),
			     reply);
}
