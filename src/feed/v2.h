/* v2.h - an HL7 v2 message on its way into the record; for v2*.c only.
 *
 *	v2.c           reads the message, builds what it says, writes all of it as one transaction
 *	v2_batch.c     a frame as messages
 *	v2_trigger.c   which messages are taken, and what each does
 *	v2_ack.c       the answer
 *	v2_person.c    PID, PD1, MRG: who it is about
 *	v2_refer.c     identifiers, practitioners, organisations, places
 *	v2_visit.c     PV1 and the events of a visit -> Encounter
 *	v2_clinical.c  NK1, AL1, DG1, PR1
 *	v2_result.c    ORC, OBR, OBX, NTE, SPM -> reports and observations
 *	v2_value.c     OBX-5 by its type
 *	v2_document.c  TXA, OBX -> DocumentReference, Binary
 *
 * Order never matters. A person is the newest that was said field by field, a visit what all its
 * events so far say in the order of their own times: so a message that comes late changes what it
 * would have changed, had it come in time, and no more.
 */
#ifndef FEED_V2_H
#define FEED_V2_H

#include "feed/feeds.h"
#include "identity/resolve.h"

enum v2_effect {
	V2_PERSON = 1,    /* PID tells about the person */
	V2_VISIT = 2,     /* PV1 is an event of a visit */
	V2_SNAPSHOT = 4,  /* … but tells only of how it stands */
	V2_MERGE = 8,     /* MRG */
	V2_RESULT = 16,   /* ORC, OBR … */
	V2_DOCUMENT = 32, /* TXA */
};

struct v2_trigger {
	const char *type, *event;
	unsigned effects;
	unsigned rank;       /* order of events of the same second */
	const char *cancels; /* the events it takes back: "A01|A04"; NULL */
	const char *status;  /* of the Encounter from then on; NULL: as it was */
};
/* NULL when it is not taken; *type_known tells whether its type is. */
const struct v2_trigger *v2_trigger(struct str type, struct str event, bool *type_known);
const struct v2_trigger *v2_trigger_named(struct str event);

struct v2 {
	struct ctx *c;
	const struct feed *feed;
	struct feeds *feeds;
	struct message *message;
	const struct hl7 *m;
	struct map_run run;
	const struct v2_trigger *trigger;
	struct str org, source; /* ODS code; meta.source */
	int64_t at;             /* when what it tells was so: EVN-2, else MSH-7 */

	const struct hl7_segment *pid, *pv1;
	struct str person;      /* name of its state */
	VEC(unsigned) emptied;    /* fields of PID whose value this message takes back by a null */
	VEC(unsigned) overtaken;  /* fields of PID that say a former name or address: newer ones came before */
	bool renamed;             /* the message has a number that was merged into that */
	struct state *known;    /* that state */
	struct node *patient;   /* what the sender says of the person so far; NULL: as before */
	struct str patient_id;  /* known after the person was admitted */
	struct admission *admission; /* to be written with the rest; NULL: none */
	struct str prior;       /* MRG: id of the Patient that is merged; empty */
	struct str encounter;   /* id; empty: none */

	VEC(struct state *) states;
	VEC(struct put) puts;
	VEC(struct named) named;      /* what was named, to remember what it became */
	VEC(uint64_t) once;           /* hashes of resources to remember as standing */
	VEC(struct node *) subjects;  /* references to the person, to be filled in */
	VEC(struct node *) targets;   /* of the Provenance */
	int code;                     /* table 0357, of the failure; 0: by its error */
};

/* A stable id from what a thing is called where it comes from. In c->arena. */
struct str v2_id(struct v2 *v, const char *what, struct str a, struct str b);
/* Fail, with the place of the offence and HL7's code for it (table 0357). */
enum err v2_fail(struct v2 *v, struct hl7_where where, int code, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* A new resource, put under `id` with the rest; its source is filled in. */
struct node *v2_put(struct v2 *v, const char *type, struct str id);
/* The same when nothing stands there yet: an older message may add, but not change. */
NODISCARD enum err v2_put_older(struct v2 *v, const char *type, struct str id, bool older,
				struct node **out);
/* The last one put is the same whoever tells it: not written again while it stands. */
void v2_put_once(struct v2 *v);
/* Add { reference: Patient } under a name. */
void v2_subject(struct v2 *v, struct node *resource, const char *name);
struct node *v2_reference(struct v2 *v, struct node *into, const char *name, const char *type,
			  struct str id);
/* The state of that kind and name, once for a message. */
NODISCARD enum err v2_state(struct v2 *v, enum state_kind kind, struct str name,
			    struct state **out);
/* A time kept in a state; 0 when there is none. And setting it. */
int64_t v2_time(const struct node *object, const char *name);
void v2_set_time(struct v2 *v, struct node *object, const char *name, int64_t at);
void v2_set(struct v2 *v, struct node *object, const char *name, struct str text);
/* First component of a field as text. */
struct str v2_text(struct v2 *v, const struct hl7_segment *s, unsigned field, unsigned component);
/* The time in a field; 0 when there is none, ERR_INVALID when it is none that exists. */
NODISCARD enum err v2_when(struct v2 *v, const struct hl7_segment *s, unsigned field,
			   struct hl7_time *out);

/* v2_refer.c */
enum err v2_refer(struct map_run *run, const char *what, struct str raw, struct node *into);
void v2_identifier(struct v2 *v, struct str raw, struct node *into);
NODISCARD enum err v2_location(struct v2 *v, struct str raw, struct node *into);
/* Who answers for a visit there, as a reference: it sees the person while they are there. */
NODISCARD enum err v2_provider(struct v2 *v, struct str place, struct node *into);
NODISCARD enum err v2_organisation(struct v2 *v, struct str code, struct str name,
				   struct node *into);

/* v2_person.c */
/* Whose state it is: of PID, or of MRG-1. ERR_INVALID without an identifier. */
NODISCARD enum err v2_person_name(struct v2 *v, const struct hl7_segment *s, unsigned field,
				  struct str *out);
NODISCARD enum err v2_person(struct v2 *v);
/* Whom a message names, by the names of their states: PID and MRG; empty: nobody. Fails when it cannot
 * be read that far. */
NODISCARD enum err v2_people(struct ctx *c, const struct feed *feed, struct str body,
			     struct str names[2]);
/* Find out who it is about, to be written with the rest; a merge is made so at once. Outside any
 * transaction. *changed: they say something new. */
NODISCARD enum err v2_admit(struct v2 *v, bool *changed);

NODISCARD enum err v2_visit(struct v2 *v);
NODISCARD enum err v2_clinical(struct v2 *v);
NODISCARD enum err v2_result(struct v2 *v);
NODISCARD enum err v2_document(struct v2 *v);
/* OBX-5 into an Observation. */
/* What kind of file an OBX of type ED carries. */
const char *v2_media_type(struct v2 *v, const struct hl7_segment *obx);
NODISCARD enum err v2_value(struct v2 *v, const struct hl7_segment *obx, struct node *observation);

/* The answer to a message; m may be NULL when it could not be read. */
struct str v2_ack(struct v2 *v, struct str raw, enum err e, struct hl7_where where);
/* Does the sender want one? MSH-15, MSH-16. */
bool v2_ack_wanted(struct v2 *v, enum err e);

#endif
