/* money.h - what the pages about money share; for them only.
 *
 * Pages know no rule of charging: they make a case out of what was typed, ask the action charge-work-out,
 * and show the lines it answers.
 */
#ifndef WEB_MONEY_H
#define WEB_MONEY_H

#include "web/me.h"
#include "web/pages.h"

/* One case worked out. */
struct worked {
	struct str on;       /* the day whose figures were used */
	struct str error;    /* why it could not be read; empty */
	struct node *result; /* the figures; NULL with `error` */
	const struct node *answer; /* the part of Parameters, with its lines */
};
/* Work `given` out as of today, or as of its own day. The rules are public and nothing is read or kept, so
 * whoever looks may ask. */
NODISCARD enum err money_work(struct ctx *c, const char *kind, const struct node *given, bool today,
			      struct worked *out);
/* The explanation for the part money_lines: income, keep, left, apart, each line with its rule and source. */
void money_put_lines(struct ctx *c, struct node *data, const struct worked *w);
/* Who pays what of it: sum, split, words. `most`: the cost is not known. */
void money_put_pay(struct ctx *c, struct node *data, const struct worked *w, bool most);
/* "£1,234.50" of "1234.50". */
struct str money_words(struct ctx *c, struct str amount);

/* A resource by reference; ERR_NOT_FOUND. And a day of FHIR for the part `time`; nothing for what is none. */
NODISCARD enum err money_read(struct ctx *c, struct str reference, struct node **out);
void money_put_date(struct ctx *c, struct node *to, const char *name, struct str text);

/* --- files sent with an application (money_files.c) --- */

/* Is this entry of supportingInfo a file that was sent? */
bool money_is_file(const struct node *item);
/* The list `files`; `base`: how the addresses of the files begin. */
void money_put_files(struct ctx *c, struct node *data, const struct node *request, struct str base);
/* What an officer typed for one of them. */
void money_put_file_again(struct ctx *c, const struct request *r, struct node *data, const char *wrong);
/* The page of a case with an error at a field (money_cases.c). */
NODISCARD enum err money_case_again(struct ctx *c, const struct request *r, const char *error, struct str field,
				    struct reply *reply);
/* A resident's: what was sent with the newest application, and whether more can be. */
NODISCARD enum err me_put_files(struct ctx *c, struct node *data, const struct own *own);

/* The answers of the what-if pages as a case (money_what_if.c); false while something is missing. */
struct what_if {
	const char *kind; /* "community", "residential" */
	struct node *given;
	bool most;        /* what the care costs is not known */
};
bool what_if_case(struct ctx *c, const struct request *r, struct what_if *out);
/* What somebody worked out before signing in, in their own browser's cookie, as a request that carries it. */
bool what_if_kept(struct ctx *c, const struct request *r, struct request *out);
const char *what_if_cookie(struct ctx *c, const struct request *r);

#endif
