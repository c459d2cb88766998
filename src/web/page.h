/* page.h - from a tree of data to a reply: the templates, and what every page has.
 *
 * A page is share/web/page/NAME.html, which fills the blocks of share/web/part/layout.html. The
 * templates are parsed once, at the first page; with `--share DIR` for each page anew, so that
 * who designs them only reloads.
 */
#ifndef WEB_PAGE_H
#define WEB_PAGE_H

#include "base/vec.h"
#include "http/http.h"
#include "record/record.h"
#include "web/words.h"

/* The data of a page, with what the layout needs: {{title}} of the window, the place's name, the
 * style sheets' addresses, what was searched for. In c->arena. */
struct node *page_new(struct ctx *c, const struct request *r, const char *title);
/* Fill the reply with page NAME made of `data`. */
NODISCARD enum err page_show(struct ctx *c, const char *name, const struct node *data,
			     struct reply *reply);
/* The forms of this page may lead on to that site, too: of an app that has been looked up, nobody else's. */
void page_may_lead(struct ctx *c, struct reply *reply, struct str where);
/* Another address, 303. */
enum err page_redirect(struct ctx *c, struct str where, struct reply *reply);

/* The hash of share/web/static/NAME, which stands in its address: /static/HASH/NAME. */
struct str static_hash(struct ctx *c, const char *name);

/* "measurements and tests": a kind of record in plain words (home.c). */
struct str kind_in_words(struct ctx *c, struct str type);

/* Short words for building data. A text that is empty is not added, so that {{#name}} is false. */
void data_str(struct ctx *c, struct node *to, const char *name, struct str text);
void data_words(struct ctx *c, struct node *to, const char *name, const char *text);
/* A row { label, value } of a list of facts; none where there is no value. */
void data_fact(struct ctx *c, struct node *list, const char *label, struct str value);
struct node *data_object(struct ctx *c, struct node *to, const char *name);
struct node *data_list(struct ctx *c, struct node *to, const char *name);
/* { iso, words } for the partial "time"; nothing for no moment. */
void data_time(struct ctx *c, struct node *to, const char *name, struct moment m,
	       struct str words);

#endif
