/* words.h - dates, ages, money, numbers and names as the British public writes them.
 *
 * Days and hours are those of Europe/London. Everything returned is in `a` or borrowed from the
 * resource. What is missing gives an empty text; the caller says so in words.
 */
#ifndef WEB_WORDS_H
#define WEB_WORDS_H

#include "base/json.h"
#include "base/when.h"

/* A FHIR date, dateTime or instant with the span it covers, microseconds since 1970. */
struct moment {
	struct str iso; /* as in the resource, for <time datetime>; empty: no moment */
	struct when when;
	int64_t from, to;
	bool timed; /* down to the minute */
};

/* False, and *out zeroed, for what is no date. */
bool moment_read(struct str text, struct moment *out);
struct moment moment_at(struct arena *a, int64_t us);
/* The day in London the moment falls on, as days since 1970. */
int64_t moment_day(struct moment m);
int64_t london_day(int64_t us);

/* "6 Nov" within eleven months of now, else "6 Nov 2024"; "Nov 2016", "2016". */
struct str say_day(struct arena *a, struct moment m, int64_t now);
/* "06:12 today", else as say_day: for sources. */
struct str say_as_at(struct arena *a, struct moment m, int64_t now);
/* "Thu 6 Nov, 08:20"; "6 Nov 2024, 08:20" when it is not near. */
struct str say_full(struct arena *a, struct moment m, int64_t now);
/* "Thu 6 Nov", never the time. */
struct str say_weekday(struct arena *a, struct moment m, int64_t now);
/* "3 Mar 1941", "Mar 1941", "1941". */
struct str say_date(struct arena *a, struct moment m);
/* "84y"; below two years "14m", "30w", "12d". `at`: now, or the day of death. */
struct str say_age(struct arena *a, struct moment born, int64_t at);
/* "1 day 17 h", "5 h 20 min", "12 days". */
struct str say_span(struct arena *a, int64_t us);
/* "£1,172.20" of a Money or Quantity; empty when it has no value. */
struct str say_money(struct arena *a, const struct node *money);
/* "12,345" */
struct str say_count(struct arena *a, int64_t n);
/* "999 016 6137"; other lengths as they are. */
struct str say_nhs_number(struct arena *a, struct str digits);
/* "01632 960 112"; what is no British number of eleven digits as it is. */
struct str say_phone(struct arena *a, struct str number);
/* "one", … "twelve", else digits. */
struct str say_number(struct arena *a, int64_t n);
/* First letter upper case; codes such as "in-progress" as "In progress". */
struct str say_code(struct arena *a, struct str code);
/* For the middle of a sentence: "Rash" as "rash", "NHS" as it is. */
struct str lower_first(struct arena *a, struct str s);

/* The person's name at hand: official, else usual, else the first. NULL: none. */
const struct node *name_best(const struct node *names);
/* "TREDWELL, Edith (Mrs)" and "Edith Tredwell"; "Name not known". */
struct str name_formal(struct arena *a, const struct node *resource);
struct str name_plain(struct arena *a, const struct node *resource);
/* "7 Mill Lane, Netherfold, WX4 6QT" of the home (else first) address. */
struct str address_line(struct arena *a, const struct node *addresses);
/* The NHS number among identifiers; empty. */
struct str nhs_number_of(const struct node *identifiers);
/* Text of a CodeableConcept: its own, else a display, else a code. */
struct str concept_words(struct arena *a, const struct node *concept);
/* Has the concept (or any of a list of them) a coding with this code? */
bool concept_has(const struct node *concept, const char *code);
/* `part` within `s`, whatever the case of ASCII letters. */
bool words_in(struct str s, const char *part);

#define SAY(a, ...) str_of(arena_printf((a), __VA_ARGS__))

#endif
