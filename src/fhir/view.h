/* view.h - SQL-on-FHIR v2 ViewDefinitions: resources in, flat rows out.
 *
 * A definition is read, checked and compiled once (its FHIRPath expressions with it) and is
 * immutable afterwards, shared by threads. Running it on one resource gives that resource's rows in
 * the arena of the request; nothing is kept between resources, so any number of them is done in
 * constant memory. No SQL here: who wants tables makes them from the columns.
 *
 *	view_compile -> view_columns
 *	for each resource: view_run -> rows -> view_write_row, or the cells themselves
 *
 * Beyond version 2.0 of the specification: `repeat` and %rowIndex of 2.1.
 */
#ifndef FHIR_VIEW_H
#define FHIR_VIEW_H

#include "fhir/path.h"

struct view;

struct view_column {
	const char *name;
	const char *description; /* or NULL */
	const struct fhir_type *type; /* declared, or what the path gives; NULL: not known, or a System type */
	uint8_t kind;     /* enum item_kind all its values have; ITEM_NODE: complex, as JSON */
	bool known;       /* `kind` is declared or follows from the path; else ITEM_STRING is a guess */
	bool collection;  /* a list in each cell */
	const char *ansi; /* tag ansi/type, or NULL */
	bool indexed;     /* tag causeway/index: a table of it is looked up by this column and the others so tagged */
};

/* A cell: none, one, or (in a collection) any number of items. */
struct view_cell {
	struct items items;
	bool null; /* a row of forEachOrNull that found nothing: even a collection is null */
};

struct view_rows {
	const struct view_cell *cells; /* row by row */
	size_t len;                    /* rows */
	unsigned width;                /* cells in each */
};

/* Limits of what one resource may become. */
#define VIEW_CELLS_MAX (4u << 20)
#define VIEW_REPEAT_MAX 100 /* steps of `repeat` within each other */
#define VIEW_COLUMNS_MAX 1000

/* Read and compile a ViewDefinition (JSON) into `life`. ERR_SYNTAX, ERR_INVALID: the reason names
 * line, column and the element ("select[0].column[1].path"). */
NODISCARD enum err view_compile(struct ctx *c, struct arena *life, const struct fhir *f,
				struct str text, const struct view **out);

const char *view_name(const struct view *v);        /* ViewDefinition.name, or NULL */
const char *view_title(const struct view *v);       /* or NULL */
const char *view_description(const struct view *v); /* or NULL */
const struct fhir_type *view_resource(const struct view *v);
/* Does it give other rows at another time? */
bool view_uses_clock(const struct view *v);
/* In the order of the definition. */
const struct view_column *const *view_columns(const struct view *v, unsigned *len);

/* "code", "Boolean", "HumanName"; "any" when it is not known before values are seen. */
const char *view_type_name(const struct view_column *column);

/* The rows of one resource, in c->arena; none when it is of another type or `where` leaves it out.
 * ERR_INVALID names the resource, the column and why; ERR_LIMIT. */
NODISCARD enum err view_run(struct ctx *c, const struct view *v, struct fhir_value resource,
			    struct view_rows *out);

/* Writing. CSV is RFC 4180 (CRLF; null is empty, an empty text is quoted; lists and complex values
 * are JSON). Numbers to the letter. */
enum view_format { VIEW_CSV, VIEW_JSON, VIEW_NDJSON };
void view_write_head(struct buf *b, const struct view *v, enum view_format format);
/* `first`: no row was written before it. */
void view_write_row(struct buf *b, const struct view *v, enum view_format format,
		    const struct view_cell *row, bool first);
void view_write_tail(struct buf *b, enum view_format format, bool empty);
/* A cell as text, in `a`: what CSV holds, unquoted. False when it is null. */
bool view_cell_text(struct arena *a, const struct view_column *column, const struct view_cell *cell,
		    struct str *out);

#endif
