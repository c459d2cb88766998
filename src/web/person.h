/* person.h - one person's page: everything current of them, read once, and the words all its
 * sections share. Each person_*.c makes one section; person.c puts the page together.
 */
#ifndef WEB_PERSON_H
#define WEB_PERSON_H

#include "web/page.h"

#define PERSON_MAX 20000u /* resources read for one page */
#define DAY_US INT64_C(86400000000)

struct org {
	struct str id, name;
	struct str kind; /* "council", "acute", "practice" … as the place says; may be empty */
	struct str lane; /* "GP", "Hospital", "Council": its row in the timeline */
	struct str short_name;
};

/* "council", "acute" … of an Organization, as the place's own coding says; empty. */
struct str org_kind(const struct node *organization);

struct entry {
	struct str type, id;
	const struct node *node;
	const struct org *org; /* where it came from; NULL: not said */
	struct moment as_at;
};

struct person {
	struct ctx *c;
	struct arena *a;
	const struct request *request;
	int64_t now;
	struct str id;
	const struct node *patient;
	struct entry *items; /* by type */
	size_t count;
	bool more;         /* there are others than `items` */
	struct map by_ref; /* "Encounter/7" -> struct entry * */
	struct map orgs;   /* by source or reference -> struct org * */
	bool dead;
	struct moment died; /* may be none although dead */
	struct str called;  /* "Edie", "Edith", else "this person" */
};

/* Read all of it. Items that are restricted to those who must know (security label R or V) are
 * left out, and nothing says so. ERR_NOT_FOUND, ERR_GONE. */
NODISCARD enum err person_load(struct ctx *c, const struct request *r, struct person *out);
/* The Patient alone, without their items: enough for person_put_head. Errors as above. */
NODISCARD enum err person_meet(struct ctx *c, const struct request *r, struct str id, struct person *out);
/* Is there an app that the asker may open from a person's page? (launch.c) */
bool launch_any(struct ctx *c);
/* A page about Patient/{id} of the address begins: what stands before the record, the audit, the data with its head.
 * *data stays NULL when a wall is the reply. (person_page.c) */
NODISCARD enum err person_begin(struct ctx *c, const struct request *r, const char *section, struct person *p,
				struct node **data, struct reply *reply);
/* What every page about the person shows: name line, tabs, links. */
void person_put_head(struct person *p, struct node *data);

/* The next item of a type after `item` (NULL: the first), or NULL. */
const struct entry *person_next(const struct person *p, const char *type,
				const struct entry *item);
#define person_each(it_, p, type)                                                              \
	for (const struct entry *it_ = person_next((p), (type), NULL); it_;                    \
	     it_ = person_next((p), (type), it_))
/* By reference ("Encounter/7"); NULL when it is not one of the person's. */
const struct entry *person_item(const struct person *p, struct str reference);
/* The organisation behind a Reference to one, or NULL. */
const struct org *person_org(struct person *p, const struct node *reference);
/* The organisation a resource came from: by meta.source, else by who it names; NULL. */
const struct org *person_source(struct person *p, const struct node *resource);
/* Is the resource labelled R or V, for those who must know alone? */
bool is_restricted(const struct node *resource);
/* Words of a Reference: its display, else the name of what it points at; may be empty. */
struct str person_ref(struct person *p, const struct node *reference);
/* Resolved resource of a reference, read from the record when not the person's; NULL. */
const struct node *person_resolve(struct person *p, struct str reference);

/* { org, src_at } for the partial "source". */
void data_source(struct person *p, struct node *to, const struct entry *item);
/* The address of the item behind a line: "link". */
void data_link(struct person *p, struct node *to, const struct entry *item);
/* A moment of the resource; none when absent. */
struct moment moment_of(const struct node *node, const char *path);
/* The extension with an address that ends so; NULL. */
const struct node *extension_of(const struct node *node, const char *tail);
/* "in the last n days", to tell old from new. */
bool is_recent(const struct person *p, struct moment m, int days);

/* The limit a Consent sets on sharing, in words; empty when it sets none, or was taken back. */
struct str person_limit(const struct person *p, const struct node *consent);
/* The newest About me; NULL. And what it says under a linkId of share/form/about-me.tsv; empty. */
const struct entry *person_about(const struct person *p);
struct str person_about_said(const struct person *p, const char *link);

/* The sections, in the order of the page. Each adds its object to `data` unless it has nothing. */
void person_put_banner(struct person *p, struct node *data);
void person_put_now(struct person *p, struct node *data);
void person_put_about(struct person *p, struct node *data);
void person_put_if(struct person *p, struct node *data);
void person_put_team(struct person *p, struct node *data);
void person_put_plan(struct person *p, struct node *data);
void person_put_health(struct person *p, struct node *data);
void person_put_notices(struct person *p, struct node *data);
void person_put_services(struct person *p, struct node *data);
NODISCARD enum err person_put_timeline(struct person *p, struct node *data, size_t most);
void person_put_papers(struct person *p, struct node *data);

/* A due date as a clock: { clock, icon, clock_words, clock_more }. */
enum clock_state { CLOCK_LATE, CLOCK_SOON, CLOCK_OK, CLOCK_DONE, CLOCK_PAUSED, CLOCK_QUIET };
void data_clock(struct person *p, struct node *to, enum clock_state state, struct str words,
		struct str more);
/* The same for something due, or done at. `done` may be no moment. */
void data_due(struct person *p, struct node *to, struct moment due, bool finished,
	      struct moment done);

/* The stay someone is in now, and the Task of leaving it. NULL. */
const struct entry *person_stay(const struct person *p);
/* "Alder ward, bed 12": the last place of a stay; may be empty. */
struct str person_bed(struct person *p, const struct entry *stay);
const struct entry *person_leaving(const struct person *p, const struct entry *stay);
bool task_is(const struct entry *task, const char *code);
/* requested, accepted, in-progress …: not yet over. */
bool task_is_open(const struct entry *task);

#endif
