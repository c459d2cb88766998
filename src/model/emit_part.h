/* emit_part.h - what the tellers of messages share: a run, a person with all that is known of them,
 * and who an organisation's record says they are. For the files emit*.c only.
 *
 * Times are minutes since 1970 as a clock on a wall in the county shows them. Texts live in the
 * run's arena, which is reset after each person.
 */
#ifndef MODEL_EMIT_PART_H
#define MODEL_EMIT_PART_H

#include "base/vec.h"
#include "model/emit.h"
#include "model/people_make.h"

/* Each row of share/demo/dirt.tsv. */
#define DIRT_ROWS(X)                                                                            \
	X(NHS_MISSING_HOSPITAL, "nhs.missing.hospital")                                         \
	X(NHS_MISSING_PRACTICE, "nhs.missing.practice")                                         \
	X(NHS_MISSING_COUNCIL, "nhs.missing.council")                                           \
	X(NHS_UNTRACED_HOSPITAL, "nhs.untraced.hospital")                                       \
	X(NHS_UNTRACED_COUNCIL, "nhs.untraced.council")                                         \
	X(NHS_MISTYPED, "nhs.mistyped")                                                         \
	X(NAME_MARRIED, "name.married")                                                         \
	X(NAME_NICK, "name.nick")                                                               \
	X(NAME_TYPO, "name.typo")                                                               \
	X(NAME_SWAPPED, "name.swapped")                                                         \
	X(NAME_INITIAL, "name.initial")                                                         \
	X(BORN_SWAPPED, "born.swapped")                                                         \
	X(BORN_JANUARY, "born.january")                                                         \
	X(BORN_DIGIT, "born.digit")                                                             \
	X(SEX_MISSING, "sex.missing")                                                           \
	X(ADDRESS_OLD, "address.old")                                                           \
	X(ADDRESS_TYPO, "address.typo")                                                         \
	X(POSTCODE_MISSING, "postcode.missing")                                                 \
	X(PHONE_MISSING, "phone.missing")                                                       \
	X(PHONE_OTHER, "phone.other")                                                           \
	X(HOUSEHOLD, "household")                                                               \
	X(HOUSEHOLD_NAME, "household.name")                                                     \
	X(TWIN, "twin")                                                                         \
	X(DUPLICATE, "duplicate")                                                               \
	X(DUPLICATE_FOUND, "duplicate.found")                                                   \
	X(REGISTER_LATE, "register.late")                                                       \
	X(ATTEND, "attend")                                                                     \
	X(ATTEND_UNKNOWN, "attend.unknown")                                                     \
	X(CANCEL_ADMIT, "cancel.admit")                                                         \
	X(CANCEL_LEAVE, "cancel.leave")                                                         \
	X(TRANSFER, "transfer")                                                                 \
	X(MESSAGE_LATE, "message.late")                                                         \
	X(MESSAGE_REPEATED, "message.repeated")                                                 \
	X(MESSAGE_BROKEN, "message.broken")                                                     \
	X(FRESH_PRACTICE, "fresh.practice")                                                     \
	X(FRESH_COMMUNITY, "fresh.community")                                                   \
	X(FRESH_COUNCIL, "fresh.council")                                                       \
	X(FRESH_BROKEN, "fresh.broken")

enum dirt {
#define X(name, key) D_##name,
	DIRT_ROWS(X)
#undef X
	DIRTS
};

/* Who somebody is, as a record says. NULL: not said. */
struct self {
	const char *record;  /* the organisation's own number */
	const char *nhs, *nhs_status;
	const char *title, *given, *family;
	const char *born;    /* 1941-03-03 */
	bool female;
	bool sex_said;
	const char *line, *line2, *city, *postcode;
	const char *phone, *mobile;
	const char *ethnic, *marital; /* codes */
	const char *practice, *practice_name;
	int64_t died;        /* NEVER */
};

/* A person and the resources about them. */
struct tale {
	unsigned number;
	const struct node *patient;
	VEC(const struct node *) all;
	struct self truth;
};

struct emit_run {
	struct ctx *c;
	const struct emit_options *o;
	struct people_data data;
	struct map nicks;     /* "william" → its forms, spaces between */
	int rates[DIRTS];
	struct maker m;       /* chance and arena, for the words of people_make.h */
	struct arena *a;      /* the same arena */
	struct map codes;     /* "org-practice-3" → ODS code */
	emit_each *each;
	void *arg;
	struct self last;     /* the person before, for households and twins */
	struct arena *life, *last_arena[2];
	unsigned serial;
	bool fresh; /* of what is being told: see struct emitted */
	bool county_told, clean; /* clean: nothing goes wrong with this person */
};

/* True as often as the table says. Draws as much chance whatever the table says. */
bool dirt_falls(struct emit_run *run, enum dirt which);
NODISCARD enum err dirt_read(struct emit_run *run, const struct share *share, struct arena *life);
/* Hand over one thing. */
NODISCARD enum err emit_put(struct emit_run *run, enum emit_kind kind, const char *org,
			    int64_t arrives, unsigned person, struct str text);
NODISCARD enum err emit_truth(struct emit_run *run, const char *org, const char *record,
			      unsigned person);
/* The time of a FHIR date or dateTime as a clock in the county showed it; NEVER when not there. */
int64_t emit_minute(const struct node *n);
/* The ODS code a resource came from. */
const char *emit_source(struct emit_run *run, const struct node *resource);
bool emit_is_hospital(const char *code);
struct str emit_code(const struct node *concept); /* of its first coding */
struct str emit_words(const struct node *concept);

/* emit_self.c */
NODISCARD enum err nicks_read(struct emit_run *run, const struct share *share, struct arena *life);
enum keeper { KEEPER_PRACTICE, KEEPER_HOSPITAL, KEEPER_COUNCIL, KEEPER_OTHER };
void self_true(struct emit_run *run, struct tale *t);
/* What a keeper of records makes of the truth. */
struct self self_dirty(struct emit_run *run, const struct self *truth, enum keeper keeper,
		       const char *record);
/* They moved, or have another telephone, since. */
void self_later(struct emit_run *run, struct self *s);

/* emit_v2.c, emit_row.c, emit_fhir.c: all of a person in one organisation. */
NODISCARD enum err emit_hospital(struct emit_run *run, const struct tale *t, const struct self *s);
NODISCARD enum err emit_council(struct emit_run *run, const struct tale *t, const struct self *s);
/* Resources of `org` that no other message carries. */
NODISCARD enum err emit_fhir(struct emit_run *run, const struct tale *t, const char *org,
			     const struct self *s, const char *system);
NODISCARD enum err emit_county(struct emit_run *run, const struct node *bundle);
/* A Bundle's first entry: the Patient as an organisation knows them. */
void emit_patient(struct emit_run *run, struct node *entries, const char *org, const struct self *s,
		  const char *system);
NODISCARD enum err emit_bundle(struct emit_run *run, const char *org, int64_t arrives, unsigned person,
			       const struct node *bundle);
/* A row: someone asked the council for help. */
NODISCARD enum err emit_call(struct emit_run *run, const struct tale *t, const struct self *s, int64_t at,
			     int64_t arrives, const char *about);
bool emit_known_to_council(struct emit_run *run, const struct tale *t);
/* emit_fresh.c: what surgeries, community nurses and the council tell of the last days. */
NODISCARD enum err emit_fresh(struct emit_run *run, const struct tale *t);
/* Does a message of another kind carry the resource? */
bool emit_by_v2(const char *org, const struct node *resource);
bool emit_by_row(const char *org, const struct node *resource);
/* The number a visit has where it was: "V000123-2". */
const char *emit_visit_number(struct emit_run *run, struct str encounter);

#endif
