/* people_make.h - what the makers of the synthetic place share: the run, the person being told,
 * and short words for building resources.
 *
 * Times are minutes since 1970 as a clock on a wall in the county shows them; days are days since
 * 1970. Texts are borrowed by the tree and live in the maker's arena, which is reset when a bundle
 * has been handed over. For the files people_*.c only.
 */
#ifndef MODEL_PEOPLE_MAKE_H
#define MODEL_PEOPLE_MAKE_H

#include "base/json.h"
#include "model/people.h"
#include "model/people_data.h"
#include "model/people_rand.h"

#define NEVER INT64_MIN
#define DAY 1440 /* minutes */

/* Everything of our own hangs below this address. */
#define PEOPLE_BASE "https://causeway.example/fhir/"
#define SNOMED "http://snomed.info/sct"
#define LOINC "http://loinc.org"
#define TERMINOLOGY "http://terminology.hl7.org/CodeSystem/"
#define UKCORE "https://fhir.hl7.org.uk/"
#define OWN_CODES PEOPLE_BASE "CodeSystem/"
#define OWN_EXTENSION PEOPLE_BASE "StructureDefinition/"

enum { GROUP_PRACTICES = 8, GROUP_HOMES = 6, GROUP_PEOPLE = GROUP_PRACTICES * 9000 };

struct people_doctor {
	const char *name, *given, *family, *ref;
};

/* Eight practices and six care homes, for 72,000 people. */
struct people_group {
	unsigned number;
	struct people_org practice[GROUP_PRACTICES], home[GROUP_HOMES];
	struct people_doctor doctor[GROUP_PRACTICES][2];
	struct people_doctor manager[GROUP_HOMES];
};

/* How much help someone has. */
enum care {
	CARE_NONE,
	CARE_LOW,
	CARE_VISITS,
	CARE_DIRECT,
	CARE_SUPPORTED,
	CARE_RESIDENTIAL,
	CARE_NURSING
};

/* A stay in hospital. */
struct stay {
	const struct people_ward *ward;
	const struct people_reason *reason;
	const struct people_delay *delay; /* NULL: did not wait */
	int64_t start, ready, end;        /* ready, end: NEVER while not so */
	unsigned bed;
	const char *encounter; /* reference */
};

struct person {
	unsigned number;
	const char *id, *ref, *name; /* "p-000123", "Patient/p-000123", "Edith Tredwell" */
	bool female, dead, lives_alone, self_funder, needs_interpreter, known_to_council;
	bool numberless; /* no NHS number is known */
	const char *given, *family;
	int64_t born;  /* day */
	int age, band; /* years; column of condition.tsv */
	int64_t end;   /* now, or the minute of death */
	const struct people_community *community;
	const struct people_town *town;
	const struct people_org *practice, *home, *agency;
	const struct people_doctor *doctor;
	const struct people_staff *lead; /* lead professional; NULL: none */
	uint64_t conditions;             /* bit i: row i of condition.tsv */
	int frailty;                     /* 0 fit … 3 severe */
	enum care care;
	int64_t care_start;
	bool has_carer;
	const char *carer_ref, *carer_name;
	struct stay stay; /* the latest; start NEVER: none */
};

struct maker {
	struct ctx *c;
	const struct people_options *options;
	const struct people_data *d;
	struct arena *a; /* of the bundle being made */
	struct node *bundle, *entries;
	struct rng r;
	int64_t today, now;      /* day, minute */
	unsigned serial;         /* of the resources of one person */
	unsigned beds_taken[64]; /* of each ward, by those in hospital today */
	struct people_group group;
	struct arena *group_arena;
	struct person p;
};

struct code {
	const char *system, *code, *display;
};

/* people_put.c: building. Each returns the new child where there may be more to add. */
void put_bundle(struct maker *m);
/* A new resource with its id and, unless NULL, where it came from. `id` must be the maker's. */
struct node *put_resource(struct maker *m, const char *type, const char *id,
			  const char *source);
/* The next id of something about the person: "p-000123-visit-7". */
const char *put_id(struct maker *m, const char *word);
/* A resource about the person, with the next id. */
struct node *put_about(struct maker *m, const char *type, const char *word, const char *source);
/* "Type/id" of a resource. */
const char *put_ref_of(struct maker *m, const struct node *resource);
struct node *put_object(struct maker *m, struct node *parent, const char *name);
struct node *put_array(struct maker *m, struct node *parent, const char *name);
/* parent.name = [ {} ]: the object inside. */
struct node *put_first(struct maker *m, struct node *parent, const char *name);
void put(struct maker *m, struct node *parent, const char *name, const char *text);
void put_words(struct maker *m, struct node *parent, const char *name, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
void put_int(struct maker *m, struct node *parent, const char *name, int64_t n);
/* n × 10^-decimals, written with all its decimals. */
void put_decimal(struct maker *m, struct node *parent, const char *name, int64_t n,
		 int decimals);
void put_time(struct maker *m, struct node *parent, const char *name, int64_t minute);
void put_date(struct maker *m, struct node *parent, const char *name, int64_t day);
/* NEVER leaves an end out. */
void put_period(struct maker *m, struct node *parent, const char *name, int64_t start,
		int64_t end);
/* A day's period: dates, not times. */
void put_days(struct maker *m, struct node *parent, const char *name, int64_t start,
	      int64_t end);
void put_coding(struct maker *m, struct node *parent, const char *name, struct code code);
/* A CodeableConcept; a code without code is words alone; text NULL: the display says it. */
struct node *put_concept(struct maker *m, struct node *parent, const char *name,
			 struct code code, const char *text);
void put_concepts(struct maker *m, struct node *parent, const char *name, struct code code,
		  const char *text);
void put_reference(struct maker *m, struct node *parent, const char *name, const char *ref,
		   const char *display);
void put_references(struct maker *m, struct node *parent, const char *name, const char *ref,
		    const char *display);
void put_org(struct maker *m, struct node *parent, const char *name,
	     const struct people_org *org);
void put_quantity(struct maker *m, struct node *parent, const char *name, int64_t n,
		  int decimals, const char *unit, const char *ucum);
void put_money(struct maker *m, struct node *parent, const char *name, int64_t pence);
struct node *put_extension(struct maker *m, struct node *parent, const char *url);
void put_phone(struct maker *m, struct node *parent, const char *number, const char *use);
void put_name(struct maker *m, struct node *parent, const char *prefix, const char *given,
	      const char *family);
void put_identifier(struct maker *m, struct node *parent, const char *system,
		    const char *value);
void put_annotation(struct maker *m, struct node *parent, const char *text, int64_t minute);
/* subject: the person. */
void put_subject(struct maker *m, struct node *parent, const char *name);
/* A small document of plain words. */
void put_document(struct maker *m, struct node *parent, const char *title, const char *text,
		  int64_t made);

static inline struct code sct(const char *code, const char *display)
{
	return (struct code){ SNOMED, code, display };
}

/* people.c: choosing. */
const char *pick(struct maker *m, const char *list);
const struct people_reason *pick_reason(struct maker *m, const char *group);
/* A minute in working hours of a day, and one at any time. */
int64_t office_time(struct maker *m, int64_t day);
int64_t any_time(struct maker *m, int64_t day);
/* The nth of those with the duty, so that a person keeps theirs; NULL: none. */
const struct people_staff *staff_for(struct maker *m, const char *duty, unsigned nth);
const struct people_staff *staff_at(struct maker *m, const char *org, const char *duty);
bool has(const struct maker *m, const char *condition);
char *say(struct maker *m, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* 01632 960000 … 960999 and 07700 900000 … 900999: numbers kept for drama. */
const char *phone_land(struct maker *m);
const char *phone_mobile(struct maker *m);
const char *postcode(struct maker *m, const struct people_town *town);
const char *street(struct maker *m);
const char *given_name(struct maker *m, const char *names, bool female, int year);
const char *family_name(struct maker *m, const char *names);

/* people_nhs.c */
enum { NHS_NUMBERS = 2700000 };
/* The n-th (from 1) NHS number of the ranges no living person's is in, into ten digits and NUL. */
void nhs_number(uint64_t seed, unsigned n, char out[11]);
/* Ten digits whose modulus-11 check holds. */
bool nhs_number_valid(const char *digits);

/* people_place.c */
void place_make(struct maker *m);                  /* the county, into the bundle */
void group_draw(struct maker *m, unsigned number); /* m->group */
void group_make(struct maker *m); /* its practices and homes, into the bundle */

/* people_person.c */
void person_draw(struct maker *m, unsigned number); /* m->p: facts, nothing written */
void person_make(struct maker *m);                  /* Patient, RelatedPerson */

/* people_health.c, _contact.c, _hospital.c, _care.c, _duty.c, _plan.c: each tells a part of the
 * story of m->p into the bundle. */
void health_make(struct maker *m);
const char *condition_make(struct maker *m, struct code code, const char *words, int64_t onset,
			   bool over, const struct people_org *source, const char *encounter);
void medicine_make(struct maker *m, const struct people_medicine *medicine, int64_t from,
		   bool over, const struct people_org *source, const char *reason);
/* Returns its reference. */
const char *measure_make(struct maker *m, const char *key, int64_t when,
			 const struct people_org *source, const char *encounter);
void contacts_make(struct maker *m);
/* Someone is on the books of a service; end NEVER: still. Returns the reference. */
const char *episode_make(struct maker *m, const char *word, const char *what,
			 const struct people_org *at, const struct people_staff *manager,
			 int64_t start, int64_t end);
/* A day of the last `span`, after birth and not in hospital. */
int64_t recent_day(struct maker *m, int span);
/* The day, or one before their latest stay in hospital if it lies within. */
int64_t outside_stay(struct maker *m, int64_t day);
struct contact {
	const char *word;  /* for the id */
	struct code class; /* v3-ActCode */
	struct code type;
	const char *words;
	int64_t start, minutes;
	const struct people_org *at;
	const char *who, *who_name; /* NULL: nobody named */
};
const char *contact_make(struct maker *m, const struct contact *contact);
void hospital_make(struct maker *m);
void care_make(struct maker *m);
void duty_make(struct maker *m);
void plan_make(struct maker *m);
/* A task; returns it for more. */
struct node *task_make(struct maker *m, const char *code, const char *words, const char *status,
		       const struct people_org *source, int64_t authored, int64_t due);

/* people_fixed.c: a person told by a file of resources with relative dates. */
NODISCARD enum err fixed_make(struct maker *m, unsigned number);

#endif
