/* forms.h - pages on which forms are filled in: what their files share.
 *
 *	forms.c          beginning one, its parts, checking, completing, print
 *	forms_part.c     one part: its questions as rows of a page
 *	forms_save.c     what was typed there, saved beside what others typed meanwhile
 *	forms_file.c     files sent with it
 *	forms_share.c    parts asked of others; the work the form belongs to
 *	forms_beside.c   other versions beside this one: last time's answers, what others changed
 *
 * A part is a group (or question) at the top of the form. A field is named as answers are: "link", or "link:2"
 * in the third of a group that repeats.
 */
#ifndef WEB_FORMS_H
#define WEB_FORMS_H

#include "act/form.h"
#include "web/page.h"

struct fill {
	struct ctx *c;
	const struct request *r;
	const struct form *form;
	struct node *response;    /* the newest version */
	struct str id, person;    /* of the response; of the Patient */
	int64_t version;
	bool open;                /* may it be written to, by this asker? */
	const struct node *first; /* as it was begun: what the record knew */
	const struct node *last;  /* what was completed the time before; NULL */
	const struct node *base;  /* the version the asker saw, where others changed it since; NULL */
	bool again;               /* what was typed is shown again */
	struct node *works;       /* Tasks about it: an array; NULL: none looked for */
};

/* The form of r->part[0], as the asker may see it. ERR_NOT_FOUND. */
NODISCARD enum err fill_load(struct ctx *c, const struct request *r, struct fill *out);
/* A page about it: title, banner, what is said on each. */
NODISCARD enum err fill_page(struct fill *f, const char *title, struct node **out);
/* Index of the part of r->part[1]. ERR_NOT_FOUND. */
NODISCARD enum err fill_part(const struct fill *f, size_t *part);
/* The part after it; -1: none. */
ptrdiff_t fill_next(struct fill *f, ptrdiff_t part);
/* Is an item the part, or in it? */
bool fill_within(const struct form *form, size_t item, size_t part);
/* "link", "link:2"; and its id on a page. */
struct str fill_field(const struct fill *f, size_t item, unsigned n);
struct str fill_field_id(const struct fill *f, size_t item, unsigned n);
/* "2a What helps?": the number a form gives a question, if any, and its words. */
struct str fill_label(const struct fill *f, size_t item);
/* The group that repeats an item is in, or is; -1. How often the item is there. */
ptrdiff_t fill_repeater(const struct form *form, size_t item);
unsigned fill_times(const struct fill *f, const struct node *response, size_t item);
/* All answers as people read them, with a comma between; empty. */
struct str fill_words(const struct fill *f, const struct node *response, size_t item, unsigned n);
/* What is wrong with a field, of c->issues; NULL. */
const char *fill_wrong(const struct fill *f, struct str field);
/* The error summary: c->issues, or c->why. */
void fill_put_errors(struct fill *f, struct node *data);

/* The rows of a part. (forms_part.c) */
NODISCARD enum err fill_put_rows(struct fill *f, struct node *data, size_t part);
/* Does the page say when it is asked by itself? (forms_part.c) */
struct str fill_when(struct fill *f, size_t item, unsigned n, size_t part);

/* Where a file of these answers is got: of "Binary/1". (forms_file.c) */
struct str fill_file_href(const struct fill *f, struct str url);
/* Who was asked for a part, where it stands, what can be done about it; and may the asker not answer it, why.
 * (forms_share.c) */
void fill_put_asked(struct fill *f, struct node *row, size_t part);
/* The work the answers belong to: list "works" of { what, state, steps, letter }. */
NODISCARD enum err fill_find_work(struct fill *f);
void fill_put_work(struct fill *f, struct node *data);

/* Last time's answers, of the same form and person. (forms_beside.c) */
NODISCARD enum err fill_find_last(struct fill *f);
NODISCARD enum err fill_version(struct fill *f, int64_t version, struct node **out);
/* Who gave the answer that stands now, since a version: " Priya Raman, 10:21 today"; empty. */
struct str fill_who(struct fill *f, size_t item, unsigned n, int64_t since);
/* What others changed between two versions: list "changes" of { question, was, is, who }. */
NODISCARD enum err fill_put_changes(struct fill *f, struct node *data, int64_t from, int64_t to);
/* What is not as it was last time: list "then" of { question, was, is }. */
void fill_put_then(struct fill *f, struct node *data);

#endif
