/* form.h - forms as data: FHIR Questionnaires of share/form, and the answers people give to them.
 *
 * A form is a file share/form/NAME.json (a place's pack may add or replace some); it is read and checked when
 * the first is asked for. What FHIR's extensions and Structured Data Capture add is understood so far:
 * initialExpression, calculatedExpression, variable (FHIRPath, or application/x-fhir-query), enableWhenExpression,
 * minValue, maxValue, minLength, maxDecimalPlaces, regex, minOccurs, maxOccurs, hidden, unit, unitOption, entryFormat,
 * itemControl of a display that helps, mimeType, maxSize. Our own `form-owner` on a group says which role answers it.
 *
 * Answers are a QuestionnaireResponse. An item inside a group that repeats is told apart by the number of its
 * group; groups that repeat do not stand inside each other. What stands below a question is asked when that is
 * answered, and kept with its answer.
 *
 *	form_load.c   reading and checking the files
 *	form_item.c   what one question allows
 *	form_walk.c   finding answers, what is asked now
 *	form_calc.c   what the record knows already, and what follows from other answers
 *	form_text.c   answers from what was typed, and back
 *	form_merge.c  two people at the same answers
 *	form_share.c  parts asked of others
 *	forms.c       the rows: begin, save, complete, amend
 */
#ifndef ACT_FORM_H
#define ACT_FORM_H

#include "act/act.h"

#define FORM_BASE CAUSEWAY_BASE "Questionnaire/"

enum form_kind {
	FORM_GROUP,
	FORM_DISPLAY,
	FORM_BOOLEAN,
	FORM_DECIMAL,
	FORM_INTEGER,
	FORM_DATE,
	FORM_DATETIME,
	FORM_TIME,
	FORM_STRING,
	FORM_TEXT,
	FORM_URL,
	FORM_CHOICE,
	FORM_OPEN_CHOICE,
	FORM_REFERENCE,
	FORM_QUANTITY,
	FORM_ATTACHMENT,
	FORM_KINDS
};

struct form_option {
	struct str system, code, words; /* code empty: `words` alone is the answer */
	const struct node *value;       /* then: valueString, valueInteger, valueDate, valueTime; NULL: a Coding of words */
	bool selected;                  /* chosen from the start */
};

struct form_when { /* Questionnaire.item.enableWhen */
	size_t item;          /* the question */
	struct str op;        /* "exists", "=", "!=", ">", "<", ">=", "<=" */
	const struct node *answer;
};

struct form_item {
	struct str link;      /* linkId: letters, digits, . - _ */
	struct str text, prefix, hint;
	enum form_kind kind;
	ptrdiff_t parent;     /* index of a group or of a question; -1: the form itself */
	unsigned depth;
	bool required, repeats, readonly, hidden, any; /* any: enableBehavior */
	size_t max_length, min_length; /* letters */
	size_t least, most;   /* answers, or times a group is there; least 0: none is needed */
	size_t places;        /* most after the point, with has_places */
	bool has_places;
	struct str owner;     /* role that answers this group; empty: whoever fills the form */
	struct str unit;      /* of a quantity that has one */
	const struct form_option *units;
	size_t unit_count;
	const struct dec *min, *max;
	struct str earliest, latest; /* of a date, dateTime, time */
	const struct path *pattern;  /* the whole answer; NULL: any */
	const struct form_option *options;
	size_t option_count;
	const struct form_when *when;
	size_t when_count;
	const struct path *initial, *calculated, *enabled; /* NULL: none */
	const struct node *fixed; /* Questionnaire.item.initial */
	struct str target;    /* reference: a resource type */
	const struct node *tree; /* the item of the Questionnaire */
};

struct form_var { /* in the order they are worked out */
	const char *name;
	struct str query;        /* x-fhir-query; empty: */
	const struct path *path; /* FHIRPath */
};

struct form {
	struct str name, url, version, title, description;
	const struct node *tree; /* the Questionnaire */
	const struct form_item *items;
	size_t count;
	const struct form_var *vars;
	size_t var_count;
};

struct forms;
/* All of the place, checked. ERR_INVALID naming the file and what is wrong with it. Any thread. */
NODISCARD enum err forms_of(struct ctx *c, const struct forms **out);
size_t forms_count(const struct forms *forms);
const struct form *forms_at(const struct forms *forms, size_t i);
/* By name ("contact") or canonical ("https://…/Questionnaire/contact|2"; the version is looked at: an answered
 * form whose version has gone by is read with the newest); NULL. */
const struct form *form_find(const struct forms *forms, struct str name);
/* The form some answers are to. ERR_NOT_FOUND. */
NODISCARD enum err form_of(struct ctx *c, const struct node *response, const struct form **out);
/* Index of a linkId; -1. */
ptrdiff_t form_index(const struct form *form, struct str link);
bool form_is_question(const struct form_item *item);

/* --- answers --- */

/* Answers not yet given: a QuestionnaireResponse in-progress, with what the record knows filled in.
 * `person`: "Patient/1". In c->arena. */
NODISCARD enum err form_blank(struct ctx *c, const struct form *form, struct str person, struct node **out);

/* The `answer` list of an item (in the n-th of its repeating group, from 0); NULL. */
const struct node *form_answer(const struct form *form, const struct node *response, size_t item, unsigned n);
/* How many of a repeating group there are. */
unsigned form_times(const struct form *form, const struct node *response, size_t group);
/* An answer's value as people typed it: "12.5", "2026-03-01", a code or, of an open choice, its words. */
struct str form_typed(struct ctx *c, const struct form_item *item, const struct node *answer);
/* Are two lists of answers the same, whatever stands below them? NULL: none. */
bool form_same(const struct node *a, const struct node *b);
/* The same as people read it: "12 March 2026", the words of a code. */
struct str form_words(struct ctx *c, const struct form_item *item, const struct node *answer);
/* Set an item's answers from what was typed, `count` of them (0: take it away). False with *why, the end of a sentence
 * "it …", when it is no such answer; then nothing is changed. */
bool form_put(struct ctx *c, const struct form *form, struct node *response, size_t item, unsigned n,
	      const struct str *typed, size_t count, const char **why);
/* One more of a repeating group; and an item gone with all it holds, of a repeating group its n-th. */
void form_more(struct ctx *c, const struct form *form, struct node *response, size_t group);
void form_less(struct ctx *c, const struct form *form, struct node *response, size_t item, unsigned n);

/* Is it asked, as things stand (its own conditions and those of all groups it is in)? */
NODISCARD enum err form_asked(struct ctx *c, const struct form *form, const struct node *response,
			      size_t item, unsigned n, bool *asked);
/* Take away what was answered and is not asked any more. */
NODISCARD enum err form_drop_unasked(struct ctx *c, const struct form *form, struct node *response);
/* Work out what follows from other answers. */
NODISCARD enum err form_settle(struct ctx *c, const struct form *form, struct node *response);
/* All that stands in the way of completing it becomes issues, `where` the linkId; ERR_INVALID then. `group`: only within
 * that; -1: all but the parts for others that are left out. */
NODISCARD enum err form_missing(struct ctx *c, const struct form *form, const struct node *response,
			      ptrdiff_t group);

/* Bring what somebody made of `base` into `now`, which others changed meanwhile: question by question. Where
 * both changed the same one differently, theirs stays in `now`, an issue names the question, and ERR_CONFLICT. */
NODISCARD enum err form_merge(struct ctx *c, const struct form *form, const struct node *base,
			      const struct node *mine, struct node *now);

/* --- parts that are asked of others --- */

/* In the answers: extension { part: code, task: Reference, filled: dateTime, by: Reference }. */
#define PART_ASKED CAUSEWAY_BASE "StructureDefinition/part-asked"

/* The mark of a part that somebody was asked for; any of a part that is not filled in yet; NULL. */
const struct node *form_part_asked(const struct node *response, struct str part);
const struct node *form_part_open(const struct node *response);
/* What a mark says under "part", "filled"; and a reference, "task", "by". Empty. */
struct str form_mark_text(const struct node *mark, const char *name);
struct str form_mark_reference(const struct node *mark, const char *name);
/* Is it in a part for others that is no part of this: nobody was asked for it and nobody touched it, or who was asked has
 * not filled it in? And issues for the latter. */
bool form_is_left_out(const struct form *form, const struct node *response, size_t item);
void form_say_open(struct ctx *c, const struct form *form, const struct node *response);
/* May the asker answer this item? Not where its part was asked of another role. */
bool form_may_answer(const struct ctx *c, const struct form *form, const struct node *response, size_t item);

/* The rows; a module lists them among its own. */
extern const struct action form_actions[];

#endif
