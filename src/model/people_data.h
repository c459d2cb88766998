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

enum { PEOPLE_BANDS = 9 }; /* of age in condition.tsv: 0, 18, 45, 65, 70, 75, 80, 85, 90 on */

/* The rows: struct people_ages, people_community, … */
#define BEGIN(name, file) struct ROW {
#define TEXT(member) const char *member;
#define MAYBE(member) const char *member;
#define INT(member) int member;
#define BANDS(member) int member[PEOPLE_BANDS];
#define JOIN(declaration) declaration;
#define END(name, file)                                                                        \
	}                                                                                      \
	;
#include "model/people_table.def"

struct people_list {
	const char **at;
	size_t len;
};

struct people_reasons {
	const struct people_reason **at;
	size_t len;
};

/* The first people are always the same, whatever the seed: tours and tests rely on them. */
enum { PEOPLE_FIXED = 3 };

/* Each table by its name: d->orgs.at[i], d->orgs.len. */
struct people_data {
#define BEGIN(name, file)
#define TEXT(member)
#define MAYBE(member)
#define INT(member)
#define BANDS(member)
#define JOIN(declaration)
#define END(name, file)                                                                        \
	struct {                                                                               \
		struct ROW *at;                                                                \
		size_t len;                                                                    \
	} name;
#include "model/people_table.def"
	struct map lists;               /* key → struct people_list: names.tsv, words.tsv */
	struct map reason_groups;       /* group → struct people_reasons */
	int ages_total[2];              /* sum of people, men and women */
	int towns_total, delays_total;  /* sums of weights */
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
