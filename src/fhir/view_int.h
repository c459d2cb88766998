/* view_int.h - what the parts of views share; nobody outside view*.c reads it. */
#ifndef FHIR_VIEW_INT_H
#define FHIR_VIEW_INT_H

#include "base/vec.h"
#include "fhir/view.h"

enum view_each {
	EACH_SELF,    /* the focus itself */
	EACH_ITEM,    /* forEach */
	EACH_OR_NULL, /* forEachOrNull */
	EACH_REPEAT   /* repeat */
};

struct view_field {                /* a column with what fills it */
	struct view_column column; /* first: view_columns hands out its address */
	const struct path *path;
	const char *where; /* "select[0].column[1]", for messages */
};

struct view_select {
	uint8_t each; /* enum view_each */
	const char *where;
	const struct path **paths; /* one, or those of `repeat` */
	unsigned path_count;
	struct view_field *fields;
	unsigned field_count;
	struct view_select *selects; /* each multiplies the rows */
	unsigned select_count;
	struct view_select *unions; /* their rows follow each other; same columns in each */
	unsigned union_count;
	const struct view_column **columns; /* all of it: own, of selects, of the first union */
	unsigned width;
};

struct view_where {
	const struct path *path;
	const char *where;
};

struct view {
	const struct fhir *fhir;
	const char *name, *title, *description;
	const struct fhir_type *resource;
	struct path_var
		*constants; /* NULL-named at the end; [0] is %rowIndex, filled when run */
	unsigned constant_count;
	bool counts; /* some path uses %rowIndex */
	bool clock;  /* some path asks what time it is */
	struct view_where *wheres;
	unsigned where_count;
	struct view_select top; /* EACH_SELF without fields */
};

/* ---- compiling */

struct view_maker {
	struct ctx *c;
	struct arena *life;
	const struct fhir *f;
	struct str text;
	struct view *view;
};

/* "line 3, column 7: select[0].column[1]: …" */
enum err view_fail(struct view_maker *m, const struct node *at, const char *where,
		   const char *format, ...) __attribute__((format(printf, 4, 5)));
/* The members an element of the definition may have; a misspelt one would silently do nothing. */
NODISCARD enum err view_check_members(struct view_maker *m, const struct node *element,
				      const char *where, const char *const *allowed);
/* Letters, digits and _ after a first letter: SQL takes it unquoted. */
bool view_is_name(struct str name);
/* Does a column of the kind take values of the kind? */
bool view_takes(uint8_t column, uint8_t value);
/* A text of a member, NUL-terminated in m->life: NULL when absent, an error when no text. */
NODISCARD enum err view_text(struct view_maker *m, const struct node *object, const char *name,
			     const char *where, const char **out);
/* A list of a member: NULL when absent, an error when it is no list or empty. */
NODISCARD enum err view_list(struct view_maker *m, const struct node *object, const char *name,
			     const char *where, const struct node **out);
NODISCARD enum err view_path(struct view_maker *m, const struct node *text,
			     const struct fhir_type *type, const char *where,
			     const struct path **out);
NODISCARD enum err view_constants(struct view_maker *m, const struct node *definition);
NODISCARD enum err view_select_make(struct view_maker *m, const struct node *node,
				    const struct fhir_type *type, const char *where,
				    struct view_select *out);
/* Columns of a select whose parts are made: gathered in order. */
NODISCARD enum err view_gather(struct view_maker *m, const struct node *node,
			       struct view_select *select);

#endif
