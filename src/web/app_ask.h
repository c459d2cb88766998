/* app_ask.h - what the pages share by which an app asks to be let in; for app.c and app_about.c only. */
#ifndef WEB_APP_ASK_H
#define WEB_APP_ASK_H

#include "access/app.h"
#include "web/govern.h"
#include "web/person.h"

/* What the app sent along; empty when it did not. */
struct str app_sent(struct ctx *c, const struct request *r, const char *name);
/* All of it, for the forms of a page: { hidden_name, hidden_value }. And as a query, with the launch word instead of its own. */
void put_app_sent(struct ctx *c, const struct request *r, struct node *data);
struct str app_sent_query(struct ctx *c, const struct request *r, const char *word);

/* Does the app have to be told of whom, by who has more than one record to choose from? (launch/patient, launch/encounter,
 * and not opened about anybody.) */
NODISCARD enum err about_wanted(struct ctx *c, const struct request *r, bool *wanted);
/* The page that asks, or where to go on once the answer was given. */
NODISCARD enum err about_page(struct ctx *c, const struct request *r, const struct app *app, struct reply *reply);

/* Stays and visits of the person that are not over, as choices { code, words }. */
void put_stays(struct person *p, struct node *data);
/* One of them by its id: its key; ERR_NOT_FOUND. Empty is none: 0. */
NODISCARD enum err stay_key(struct person *p, struct str id, int64_t *key);

#endif
