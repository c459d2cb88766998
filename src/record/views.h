/* views.h - ViewDefinitions as tables: view_patient, view_task …, for any tool that reads SQL.
 *
 * The definitions in share/view (a place's own laid over them) are compiled when a place is opened.
 * Each has a table of its columns, led by person_key, resource_key and row_number, whose rows of a
 * resource are changed in the transaction that changes the resource. What a definition cannot
 * tell of a resource (two values where one may be) stops no write: the table then has no rows of it,
 * and view_error says why. `meta` remembers with which definitions the tables were made.
 *
 * Definitions of one name and the same columns, each of another type of resource, fill one table: the
 * relationships of all kinds are rows of view_relation.
 */
#ifndef RECORD_VIEWS_H
#define RECORD_VIEWS_H

#include "fhir/view.h"
#include "record/record.h"

/* One view as a table of the store. Immutable, lives as long as the place. */
struct view_table {
	const char *name; /* "view_patient" */
	const struct view *view;
	const char *create; /* DDL; empty: another definition before it makes the table */
	unsigned first;     /* which of the views is the first with this table */
	struct sql put, drop, has, count;
};

/* The views of c->place, in the order of their files. */
const struct view_table *record_views(struct ctx *c, unsigned *len);
/* Were the tables made with these definitions? Else `causeway view rebuild` is wanted. */
bool record_views_current(struct ctx *c);
/* How many rows a table has, or view_error (NULL); 0 when the tables are not current. */
NODISCARD enum err record_view_count(struct ctx *c, const struct view_table *table,
				     int64_t *rows);
/* Throw the tables away and fill them again. */
NODISCARD enum err record_views_rebuild(struct ctx *c, const struct progress *progress,
					int64_t *resources);
/* Let a role of the server read the tables of views, those that a rebuild makes included, and nothing
 * else of the place; or take that away. ERR_NOT_FOUND: there is no such role. ERR_USAGE on SQLite. */
NODISCARD enum err record_views_grant(struct ctx *c, struct str role, bool give);

#endif
