/* resolve.h - whom is this about?
 *
 * One Patient in the place for one human being. A Patient as a source tells it (an HL7 v2 message, a
 * row of a file, a FHIR resource) is held against the place in this order:
 *
 *	1. an identifier the sender gave before: that Patient, whatever the message says else;
 *	2. a verified NHS number (status 01), unless name and date of birth both contradict it;
 *	3. its demographics against everybody's: above the upper threshold that Patient, unless both
 *	   have different verified NHS numbers, their dates of birth are no mistake for each other, or
 *	   one sender has numbered both and has them named or born differently: those go to 4;
 *	4. between the thresholds a new Patient, and a pair for someone to decide;
 *	5. else a new Patient.
 *
 * A Patient that has been merged into another (link.type replaced-by) stands for that other.
 * Called by the feeds and by Patient/$match; the thresholds are data (share/identity/match.json).
 */
#ifndef IDENTITY_RESOLVE_H
#define IDENTITY_RESOLVE_H

#include "record/record.h"

enum resolved {
	RESOLVED_KNOWN,   /* by an identifier of the sender or a verified NHS number */
	RESOLVED_MATCHED, /* above the upper threshold */
	RESOLVED_DOUBT,   /* new person, and a pair for someone to decide */
	RESOLVED_NEW,
};

struct resolution {
	enum resolved how;
	struct str id;    /* of the Patient to write to; empty when it is yet to be made */
	double weight;    /* evidence in bits, of the pair that decided; 0 with KNOWN */
	double probability;
	struct str other; /* the likely other Patient of a doubt; also a KNOWN one may have one */
	struct str why;   /* JSON, as doubt.h has it; empty: nothing was compared */
	struct version version; /* admit: the Patient as it is now */
	bool unchanged;         /* admit: it said so already, nothing was written */
};

/* Changes no Patient. `org`: who sends it, as in meta.source. Results in c->arena, here and below. */
NODISCARD enum err identity_resolve(struct ctx *c, const struct node *patient, struct str org,
				    struct resolution *out);
/* Resolve and write: what the message says goes into the known Patient (blend.h), or a new one is
 * made; a doubt goes to the worklist. Two messages about the same unknown human arriving at once
 * make one Patient: the writer looks again at whoever changed since. `patient` is not changed. The
 * same message again changes nothing. Errors: ERR_INVALID where `patient` is no valid Patient, and
 * those of the store. */
NODISCARD enum err identity_admit(struct ctx *c, struct node *patient, struct str org,
				  struct resolution *out);
/* The same in steps, for who writes more in one transaction with the Patient:
 *
 *	identity_prepare    decides, on the caller's thread; the id is known from then on, also a new one's
 *	identity_apply      inside store_write, before what refers to the Patient is written
 *	identity_applied    after it: what is known now may settle a doubt
 *
 * An admission lives in c->arena; `patient` must stay as it is until it is applied. */
struct admission;
NODISCARD enum err identity_prepare(struct ctx *c, struct node *patient, struct str org,
				    struct admission **out);
/* version is empty, the rest as after identity_admit. */
const struct resolution *identity_prepared(const struct admission *a);
/* ERR_STALE when what was decided no longer holds: prepare again, and all that names the id. */
NODISCARD enum err identity_apply(struct ctx *c, struct db *db, struct admission *a);
NODISCARD enum err identity_applied(struct ctx *c, const struct admission *a);
/* One admission as a transaction of its own, and what comes after. ERR_STALE. */
NODISCARD enum err identity_write(struct ctx *c, struct admission *a);
/* Could `later`, prepared while `earlier` was not applied, be decided otherwise after it? Then they
 * do not go into one transaction. */
bool identity_meets(const struct admission *later, const struct admission *earlier);

/* Take in whoever was written since somebody was last matched, in short transactions, so that the next who
 * asks need not wait for it. `progress` may be NULL. ERR_STOPPED. */
NODISCARD enum err identity_catch_up(struct ctx *c, const struct progress *progress);

/* What is known of a Patient may have become enough to settle a doubt that was raised when less was: a
 * baby has a name by now, a number was traced. Where both would now be linked without asking they are merged, the
 * older one survives; a doubt that anybody has decided, put off or opened again is left to people.
 * For after an admission, outside any transaction; a reader's query where there is no doubt. */
NODISCARD enum err identity_settle(struct ctx *c, struct str id, bool *merged);

#endif
