/* people_data.h - what share/demo says about the synthetic place, read into tables.
 *
 * Each file is one table: comment lines begin with #, then a line of column names, then rows, all
 * parted by tabs. A wrong column, a missing cell or a number that is none is refused with file and
 * line. Everything lives in the arena given to people_data_read and is never changed after. For
 * the files people_*.c only.
 */
#ifndef MODEL_PEOPLE_DATA_H
#define MODEL_PEOPLE_DATA_H

#include "base/map.h"
#include "base/share.h"

enum { PEOPLE_BANDS = 9 }; /* of age, in condition.tsv: p0 … p90 */

struct people_ages {
	int from, to, male, female;
};

struct people_community {
	const char *key, *code, *display;
	int share, share_old;
	const char *language, *language_display;
	int interpreter;
	const char *names;
};

struct people_town {
	const char *name, *district, *outcode, *practices;
	int weight;
};

struct people_kind {
	const char *kind, *type, *type_display, *role, *role_display;
};

struct people_org {
	const char *id, *code, *kind, *name, *phone, *town, *part_of;
	const char *source, *ref; /* meta.source, "Organization/…"; filled in after reading */
};

struct people_ward {
	const char *id, *org, *name, *specialty, *use;
	int beds;
	const struct people_org *at;
};

struct people_practice {
	const char *name, *town, *doctors;
};

struct people_staff {
	const char *id, *org, *prefix, *given, *family, *gender, *duty, *role, *role_display, *phone;
	const struct people_org *at;
	const char *ref, *name; /* "Practitioner/…", "Dr Anwen Hughes" */
};

struct people_service {
	const char *id, *org, *name, *audience;
};

struct people_package {
	const char *key, *name, *cld, *provider, *unit;
	int units, unit_cost;
	const char *per, *term;
};

struct people_delay {
	const char *code, *reason, *body;
	int pathway, weight;
	const char *next;
};

struct people_medicine {
	const char *key, *code, *name, *strength, *dose;
	int lasting;
};

struct people_measure {
	const char *key, *system, *code, *name, *unit, *ucum;
	int low, high, decimals;
	const char *category;
};

struct people_condition {
	const char *key, *code, *name, *sex;
	int per_mille[PEOPLE_BANDS];
	const char *medicines, *tests;
	int lasting;
};

struct people_vaccine {
	const char *key, *code, *name;
	int from, to;
	const char *when;
	int taken;
};

struct people_allergy {
	const char *code, *name, *category, *reaction, *reaction_code, *severity, *criticality;
	int per_mille;
};

struct people_reason {
	const char *group, *code, *words;
	int days;
};

struct people_list {
	const char **at;
	size_t len;
};

struct people_reasons {
	const struct people_reason **at;
	size_t len;
};

/* The first people are always the same, whatever the seed: tours and tests rely on them. */
enum { PEOPLE_FIXED = 2 };

#define PEOPLE_TABLES(X)                              \
	X(ages, struct people_ages, "population")      \
	X(communities, struct people_community, "community") \
	X(towns, struct people_town, "place")          \
	X(kinds, struct people_kind, "kind")           \
	X(orgs, struct people_org, "organisation")     \
	X(wards, struct people_ward, "ward")           \
	X(practices, struct people_practice, "practice") \
	X(staff, struct people_staff, "staff")         \
	X(services, struct people_service, "service")  \
	X(packages, struct people_package, "package")  \
	X(delays, struct people_delay, "delay")        \
	X(medicines, struct people_medicine, "medicine") \
	X(measures, struct people_measure, "observation") \
	X(conditions, struct people_condition, "condition") \
	X(vaccines, struct people_vaccine, "vaccine")  \
	X(allergies, struct people_allergy, "allergy") \
	X(reasons, struct people_reason, "reason")

struct people_data {
#define X(name, type, file) \
	struct {            \
		type *at;   \
		size_t len; \
	} name;
	PEOPLE_TABLES(X)
#undef X
	struct map lists;            /* key → struct people_list: names.tsv, words.tsv */
	struct map reason_groups;    /* group → struct people_reasons */
	int ages_total[2];           /* sum of people, men and women */
	int towns_total;             /* sum of weights */
	struct str fixed[PEOPLE_FIXED]; /* person/ *.ndjson: a resource a line */
};

/* Read all of it. ERR_INVALID with file and line for what is wrong, ERR_NOT_FOUND for a file that
 * is not there. */
NODISCARD enum err people_data_read(struct ctx *c, const struct share *share, struct arena *a,
				    struct people_data *out);

/* Rows and lists by key ("street.first"). Keys named in the code are checked while reading, so
 * that asking for another is the caller's mistake. */
const struct people_list *people_list(const struct people_data *d, const char *key);
const struct people_reasons *people_reasons(const struct people_data *d, const char *group);
const struct people_org *people_org(const struct people_data *d, const char *id);
const struct people_package *people_package(const struct people_data *d, const char *key);
const struct people_measure *people_measure(const struct people_data *d, const char *key);
const struct people_medicine *people_medicine(const struct people_data *d, const char *key);
const struct people_condition *people_condition(const struct people_data *d, const char *key);


#endif
