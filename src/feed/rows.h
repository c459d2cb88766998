/* rows.h - how the rows of a file become FHIR: a mapping for each source, and a row being mapped.
 *
 * share/feed/rows/NAME.rows says what columns a file has and how they are read, what codes become,
 * and which resources a row makes (docs/feeds.md describes the format). Values are FHIRPath over
 * the columns: %start is the column that the mapping calls so.
 *
 *	[columns]
 *	start    must  date           Event Start Date
 *	outcome  may   code:outcome   Event Outcome
 *	[Task assessment]
 *	when %event = 'assessment'
 *	status = iif(%end.exists(), 'completed', 'in-progress')
 *	executionPeriod.start = %start
 *
 * Read once; immutable after that, so threads share it.
 */
#ifndef FEED_ROWS_H
#define FEED_ROWS_H

#include "base/vec.h"
#include "feed/feed.h"
#include "fhir/path.h"

enum { ROWS_COLUMNS = 200, ROWS_SECTIONS = 40, ROWS_PLACES = 160, ROWS_DATES = 6 };

enum rows_need { ROWS_MUST, ROWS_MAY, ROWS_NOTE }; /* NOTE: what cannot be read is noted, left out */
enum rows_reading {
	ROWS_TEXT, ROWS_DATE, ROWS_DATETIME, ROWS_DECIMAL, ROWS_CODE, ROWS_NHS_NUMBER, ROWS_POSTCODE,
};

struct rows_code {
	const char *code, *display;
};
struct rows_codes {
	const char *name, *system; /* system "": none */
	struct map codes;          /* folded text in the file -> struct rows_code */
	const struct rows_code *any; /* of `*`; NULL */
};

struct rows_column {
	const char *name;        /* "start" */
	const char *text_name;   /* "start_text": as it was written */
	const char *heads;       /* "Event Start Date|Start Date" as files call it */
	enum rows_need need;
	enum rows_reading reading;
	const char *table;       /* of ROWS_CODE, until all is read */
	const struct rows_codes *codes;
	unsigned line;
};

struct rows_step {
	const char *name, *url; /* url: of extension{URL} */
	bool list;
	unsigned place;         /* what leads here, for the whole section: the same text, the same place */
};

enum rows_maker { ROWS_PATH, ROWS_PERSON, ROWS_SENDER, ROWS_SECTION };

struct rows_line {
	unsigned line;
	const struct rows_step *steps;
	unsigned step_count;
	const char *to;              /* the steps as written */
	const struct fhir_type *type; /* of the element */
	enum rows_maker maker;
	bool constant;               /* goes where other values are, unless it is `:=` */
	const char *literal;         /* 'text' without its quotes; NULL: not one */
	int column;                  /* just %column; -1: more than that */
	const struct path *path;     /* NULL with literal or a maker */
	unsigned section;            /* of ROWS_SECTION */
	const char *section_name;
};

struct rows_section {
	const char *type, *name;    /* "Task" "assessment" */
	unsigned line, places;
	bool person;                /* once for a person, not for each row */
	const struct path *when, *id;
	VEC(struct rows_line) lines, gone; /* gone: what is set when a row is no longer sent */
};

struct rows_check {
	unsigned line;
	int column;
	const struct path *path;
	const char *reason;
};

struct rows_map {
	const char *name, *title, *file;
	const char *version;        /* its date and a hash of it */
	char delimiter;             /* 0: found from the header */
	const char *dates[ROWS_DATES];
	unsigned date_count;
	struct rows_column columns[ROWS_COLUMNS];
	unsigned column_count;
	struct rows_section sections[ROWS_SECTIONS]; /* the first is the Patient */
	unsigned section_count;
	VEC(struct rows_check) checks;
	struct map codes;           /* name -> struct rows_codes */
	const struct path *key, *person, *kind, *said, *full; /* full NULL: nothing ends by absence */
};

/* Read and check one mapping. ERR_INVALID with file and line; ERR_NOT_FOUND. In `life`. */
NODISCARD enum err rows_load(struct ctx *c, struct arena *life, const char *name,
			     struct rows_map **out);
/* The same from its text, for tests. */
NODISCARD enum err rows_parse(struct ctx *c, struct arena *life, const char *name, struct str text,
			      struct rows_map **out);

/* --- a file's header, and rows read by it --- */

struct rows_head {
	const struct rows_map *map;
	const struct str *names;        /* as the file has them */
	unsigned len;
	int at[ROWS_COLUMNS];           /* of each of the map's columns: which field; -1: not there */
	unsigned unknown;               /* columns the mapping does not know */
};
/* ERR_INVALID when a column that must be there is not, or is there twice. In c->arena. */
NODISCARD enum err rows_head_read(struct ctx *c, const struct rows_map *map, const struct str *names,
				  unsigned len, struct rows_head *out);

struct rows_made {
	const struct rows_section *section;
	struct str id;
	struct node *resource;
};

/* One row, mapped. In c->arena. */
struct row {
	struct ctx *c;
	const struct rows_map *map;
	const struct rows_head *head;
	const struct str *fields;
	unsigned len;
	struct str org, org_name, source; /* ODS code; words for it; meta.source */
	struct str key, person, kind, scope;
	int64_t said;                /* when what it says was so; 0: it does not say */
	struct node *patient;
	VEC(struct rows_made) made;  /* without those of the person */
	VEC(struct rows_made) of_person;
	VEC(struct node *) subjects; /* texts of references to the person, to be filled in */
	const char *column;          /* of the failure, as the file calls it; NULL: the whole row */
	struct str notes;            /* what was left out */
	const char *note_column;
	struct path_var *vars;
	const struct rows_code **coded; /* by column */
};

/* Key, person, kind and scope alone; cheap. ERR_INVALID with r->column. */
NODISCARD enum err row_name(struct row *r);
/* What it makes. After row_name. ERR_INVALID with r->column. */
NODISCARD enum err row_map(struct row *r);
/* The stable id of what a section makes. */
struct str row_id(struct row *r, const char *section, struct str key);
/* What is set on a resource when its row is no longer sent; false: nothing. */
NODISCARD enum err row_gone(struct ctx *c, const struct rows_section *section, struct node *resource,
			    bool *changed);

/* --- reading files (rows_read.c) --- */

struct rows_file;
struct rows_line_read {
	int64_t number;           /* 1 is the header */
	struct str raw;           /* as it came, without its line end */
	const struct str *fields; /* UTF-8, spaces around them gone; until the next */
	unsigned len;
	const char *fault;        /* why it cannot be read as a row; NULL */
};
/* path, or bytes in memory when path is NULL. delimiter 0: found from the first line. */
NODISCARD enum err rows_file_open(struct ctx *c, const char *path, struct str bytes, char delimiter,
				  struct rows_file **out);
/* `a` gets the fields. *more false after the last. ERR_IO. */
NODISCARD enum err rows_file_next(struct ctx *c, struct rows_file *f, struct arena *a,
				  struct rows_line_read *out, bool *more);
void rows_file_at(const struct rows_file *f, int64_t *done, int64_t *total);
char rows_file_delimiter(const struct rows_file *f);
void rows_file_close(struct rows_file *f);

/* --- applying (rows_work.c, rows_apply.c) --- */

struct rows_count {
	int64_t rows, applied, unchanged, refused, ended;
};
struct rows_run {
	const struct feed *feed;
	const char *path;        /* NULL: `bytes` */
	struct str bytes;
	const char *name;        /* the file's, for people */
	unsigned jobs;           /* threads; 0: what suits the store */
	const struct progress *progress;
};
enum { ROWS_SHOWN = 20 };
struct rows_seen {       /* a row of a preview */
	int64_t number;
	struct str kind, makes, note;
	struct str wrong, column; /* why it would be refused; empty: it would not */
};
struct rows_view {
	struct rows_seen at[ROWS_SHOWN];
	size_t len;
	int64_t total, wrong;
	unsigned unknown;     /* columns the mapping does not know */
};
/* What a file would become; nothing is written. ERR_INVALID when it is no file of the mapping. */
NODISCARD enum err rows_preview(struct ctx *c, const struct feed *feed, struct str bytes,
				struct rows_view *out);
/* Keep a file until someone has looked at its preview: in memory, a few, for half an hour. */
NODISCARD enum err upload_keep(struct ctx *c, int64_t feed, struct str name, struct str bytes,
			       struct str *key);
NODISCARD enum err upload_find(struct ctx *c, int64_t feed, struct str key, struct str *name,
			       struct str *bytes);

/* Take a whole file: what is new in it is applied, what is wrong is kept with its reason. A file that
 * was begun before goes on: what is in the record is only looked at. Errors: ERR_INVALID when it is
 * no file of that mapping (nothing is applied), ERR_IO, ERR_STORE, ERR_STOPPED. */
NODISCARD enum err rows_apply(struct ctx *c, const struct rows_run *run, struct rows_count *out);

#endif
