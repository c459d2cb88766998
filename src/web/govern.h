/* govern.h - what the pages of those who guard privacy share; for them only. */
#ifndef WEB_GOVERN_H
#define WEB_GOVERN_H

#include "access/petition.h"
#include "web/sign_in.h"

/* page_new with the place in the menu marked: "on_requests". */
struct node *govern_page(struct ctx *c, const struct request *r, const char *title, const char *on);
/* A moment for the partial "time": "Thu 6 Nov, 08:20"; nothing for 0. The same as a day alone. */
void put_moment(struct ctx *c, struct node *to, const char *name, int64_t at);
void put_day(struct ctx *c, struct node *to, const char *name, int64_t at);
/* { clock, icon, clock_words } for the partial "clock": due, late by, done. */
void put_due(struct ctx *c, struct node *to, int64_t due, int64_t done);
/* What an organisation calls itself, else its code. */
struct str org_words(struct ctx *c, struct str ods);
/* Of an agreement: its organisations by name, and what for. */
struct str parties_words(struct ctx *c, struct str orgs);
struct str purposes_words(struct ctx *c, struct str purposes);
/* "Ada Clarke" of an account in text, else "Somebody". */
struct str account_words(struct ctx *c, struct str account);

/* Who a petition is about: "person_name", "person_born", "person_nhs", "person_id"; read as the system. */
NODISCARD enum err put_who(struct ctx *c, struct node *to, struct str patient);
/* Noted: the record of Patient/`id` was opened for what the person asked. */
NODISCARD enum err note_right(struct ctx *c, int what, struct str id, const char *section, struct str task);
/* What an item is, in a few words: "Osteoporosis"; and the day it is about. */
struct str brief_words(struct ctx *c, const struct node *resource);
struct moment brief_moment(const struct node *resource);

/* A choice for a page: { code, words, chosen }. */
struct node *put_choice(struct ctx *c, struct node *list, struct str code, struct str words, struct str chosen);

/* --- between requests.c, which finds the petition, and what shows its kind --- */

typedef enum err petition_page(struct ctx *c, const struct request *r, struct petition *p, struct node *data);
petition_page copy_put, correction_put, query_put;
/* What a button of the page does. */
typedef enum err petition_act(struct ctx *c, const struct request *r, struct petition *p);
petition_act copy_act, correction_act, query_act;
/* The copy itself, for whoever may have it: a page to read and print, or a Bundle. */
NODISCARD enum err copy_show(struct ctx *c, const struct request *r, const struct petition *p, struct reply *reply);
NODISCARD enum err copy_bundle(struct ctx *c, const struct petition *p, struct reply *reply);

#endif
