/* petition.h - what people ask for by right: a copy of all that is held of them, a correction, an answer
 * about who looked.
 *
 * Each is a FHIR Task, so that it has versions, travels with the record and goes with it: for = the
 * Patient, description = their words, focus = the item (a correction), owner = the organisation the item
 * came from, restriction.period.end = when it is due by law, statusReason = why it was refused. What is
 * marked on the way stands in `input`, the answer in `output`.
 *
 *	requested -> in-progress -> completed | rejected
 *
 * Who may ask for whom, and who may answer, is asked by the caller (subject.write, own.write); here all
 * is read and written as the system, because whoever answers need have no relationship to the person.
 */
#ifndef ACCESS_PETITION_H
#define ACCESS_PETITION_H

#include "record/record.h"

#define PETITION_SYSTEM "https://causeway.example/fhir/CodeSystem/task"
#define PETITION_AUDIT_SYSTEM "https://causeway.example/fhir/CodeSystem/audit" /* of a query */
#define PETITIONS_MOST 200

enum petition_kind {
	PETITION_QUERY = 1,  /* "why did they look?": answered in 2 working days */
	PETITION_CORRECTION, /* UK GDPR article 16: one month */
	PETITION_COPY,       /* article 15: one month */
};

/* Said on the way: withheld items, who prepared it, which row of the audit. */
struct petition_mark {
	struct str kind;      /* "withhold", "show", "prepared by", "released by", "audit row" */
	struct str reference; /* "Observation/7"; empty: `words` says it all */
	struct str words;     /* of a reference: why, a row of share/access/withhold.tsv */
};

struct petition {
	struct str id; /* of the Task */
	int64_t version;
	enum petition_kind kind;
	struct str person; /* id of the Patient */
	struct str words;  /* theirs */
	struct str focus;  /* "Condition/7" */
	struct str owner;  /* ODS code; empty: the place */
	struct str status; /* of the Task */
	struct str reason; /* statusReason: why it was refused */
	struct str answer;
	int64_t asked, due, done; /* microseconds; 0: not said, not yet */
	const struct petition_mark *marks;
	size_t mark_count;
};

/* "subject-access", "correction", "query"; and the reverse, 0 for a word that is none. */
const char *petition_code(enum petition_kind kind);
enum petition_kind petition_kind(struct str code);
bool petition_open(const struct petition *p);
/* The words of the first mark of a kind; empty. */
struct str petition_said(const struct petition *p, const char *kind);
/* What was marked about an item; NULL. */
const struct petition_mark *petition_marked(const struct petition *p, struct str reference);

/* When a request made `at` has to be answered: the same day of the next month, or its last. */
int64_t petition_month_after(int64_t at);

/* Ask: `kind`, `person`, `words`, and what belongs to it, are the caller's; `id`, `asked`, `due`,
 * `status` are filled in. ERR_INVALID without words, ERR_NOT_FOUND without person or focus. Once at a
 * time: a copy that is being made is not asked for again (ERR_CONFLICT). */
NODISCARD enum err petition_make(struct ctx *c, struct petition *p);
/* The newest first; kind 0: any; person empty: anybody's. In c->arena. */
NODISCARD enum err petition_list(struct ctx *c, enum petition_kind kind, struct str person,
				 struct petition **out, size_t *len);
/* ERR_NOT_FOUND also for a Task that is no petition. */
NODISCARD enum err petition_read(struct ctx *c, struct str id, struct petition *out);
/* Write what was changed: status, reason, answer, done, marks, with other resources in the same
 * transaction (their write.resource filled in). ERR_STALE when somebody else was first. */
NODISCARD enum err petition_save(struct ctx *c, const struct petition *p, struct put *more, size_t len);
/* What is said of the item that is asked about (the request itself, too) is kept as closely as that: gives `said` its labels. */
NODISCARD enum err petition_close(struct ctx *c, const struct petition *p, struct node *said);
/* One mark more, in c->arena; of an item, in place of what was marked before. */
void petition_mark(struct ctx *c, struct petition *p, struct petition_mark mark);
/* Take back what was marked about an item. */
void petition_unmark(struct ctx *c, struct petition *p, struct str reference);

/* c as the system itself: what is done for a person's right. Say with system_failed what went wrong. */
struct ctx system_ctx(const struct ctx *c);
enum err system_failed(struct ctx *c, const struct ctx *own, enum err e);

#endif
