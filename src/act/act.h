/* act.h - what the function behind an action works with: it reads, decides, and says what to keep.
 *
 * Nothing is written while it runs. Everything kept is written together at its end, and only if each
 * is still the version that was read; else the whole is begun anew. So a function behind an action must
 * do nothing but through here.
 */
#ifndef ACT_ACT_H
#define ACT_ACT_H

#include "act/action.h"
#include "base/vec.h"
#include "base/when.h"

#define CAUSEWAY_BASE "https://causeway.example/fhir/"
#define CAUSEWAY_CODES CAUSEWAY_BASE "CodeSystem/"

struct act_put { /* internal */
	struct str type, id;
	struct node *resource;
	int64_t version; /* that was read; 0: it is new */
	bool keep;
};

struct act {
	const struct action *action;
	struct str id;            /* what it is called on; empty with ACTION_NEW */
	const struct node *input; /* checked */
	struct node *subject;     /* what it is called on, as it is now: change it and act_keep it. A step keeps it */
	struct node *output;      /* the answer; unless set, the subject, or else the first thing kept */
	struct str once;          /* empty: none */
	VEC(struct act_put) puts; /* internal, like all below */
	store_work *also;
	void *also_arg;
	unsigned made;
};

/* What was given; empty, false or NULL when it was not. Boolean: only "true" is. */
struct str act_text(const struct act *act, const char *name);
bool act_true(const struct act *act, const char *name);
bool act_when(const struct act *act, const char *name, struct when *out);
const struct node *act_list(const struct act *act, const char *name);

/* A resource as the asker may see it, to be looked at; and to be changed: it is then written only if it is
 * still the version read (the same tree each time it is asked for). "Patient/1". ERR_NOT_FOUND, ERR_GONE,
 * ERR_BAD_REQUEST for what is no reference to one of the types ("Patient|Group"; NULL: any). */
NODISCARD enum err act_look(struct ctx *c, struct str reference, const char *types, struct node **out);
NODISCARD enum err act_edit(struct ctx *c, struct act *act, struct str reference, const char *types,
			    struct node **out);
/* Write it: one that was read (subject, act_edit), or a new one, which is given an id. "Type/id", in
 * c->arena. */
struct str act_keep(struct ctx *c, struct act *act, struct node *resource);
/* On the writer's connection, in the transaction, before what is kept: money. At most one. */
void act_also(struct act *act, store_work *work, void *arg);

/* What was given as argument `field` is refused, for `return act_wrong(c, ERR_…, "amount", …)`: the reason, told beside the
 * field of a form as well (NULL: of none). */
#define act_wrong(c, e, ...)                              \
	({                                                \
		const enum err wrong_e_ = (e);            \
		act_refuse((c), wrong_e_, __VA_ARGS__);   \
		wrong_e_;                                 \
	})
void act_refuse(struct ctx *c, enum err e, const char *field, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* --- building resources: each returns what was added --- */

/* A new resource of a type, source and all. */
struct node *act_new(struct ctx *c, const char *type);
/* The one member of that name, made if it is not there; and set anew. */
struct node *act_member(struct ctx *c, struct node *of, const char *name, enum node_kind kind);
void act_set(struct ctx *c, struct node *of, const char *name, struct str text); /* empty: taken out */
void act_refer(struct ctx *c, struct node *of, const char *name, struct str reference);
/* A CodeableConcept { coding: [{ system, code, display }] }; display from the tables when they have it. */
struct node *act_concept(struct ctx *c, struct node *of, const char *name, const char *system,
			 struct str code);
/* Annotation: { authorReference, time, text }, at the end of `note`. */
void act_remark(struct ctx *c, struct node *of, struct str text);
/* Now, as a dateTime; and the actor's Practitioner or Patient as a reference, empty for the system. */
struct str act_now(struct ctx *c);
struct str act_who(struct ctx *c);
/* Organization/id of the organisation the actor works for; empty. */
NODISCARD enum err act_org(struct ctx *c, struct str *out);
/* The reference in member `name`; the code in CodeableConcept `name` of that system. Empty: none. */
struct str act_reference(const struct node *of, const char *name);
struct str act_code(const struct node *of, const char *name, const char *system);

#endif
