/* view_rows.c - what views make of a resource, into their tables and out of them. */
#include "record/view_part.h"

/* ---- outside the writer ---- */

/* A definition that cannot tell of this resource: its reason is kept, and the write goes on. */
static enum err run_view(struct ctx *c, const struct view_table *t, struct fhir_value resource,
			 struct view_part *part)
{
	struct issues issues = c->issues;
	enum err e = view_run(c, t->view, resource, &part->rows);

	part->table = t;
	if (e == OK || e == ERR_STOPPED)
		return e;
	part->wrong = arena_str(c->arena, c->why);
	c->issues = issues;
	if (issues.last)
		issues.last->next = NULL;
	c->why[0] = '\0';
	return OK;
}

enum err views_prepare(struct ctx *c, struct prepared *p)
{
	const struct views *views = c->place->record->views;
	struct fhir_value resource = { .type = p->type, .node = p->resource };
	struct view_part *parts = NULL;
	unsigned len = 0;

	for (unsigned i = 0; i < views->len; i++) {
		if (view_resource(views->at[i].view) != p->type)
			continue;
		if (!parts)
			parts = NEW_N(c->arena, struct view_part, views->len);
		TRY(run_view(c, &views->at[i], resource, &parts[len++]));
	}
	p->views = parts;
	p->view_count = len;
	return OK;
}

/* ---- values ---- */

static void bind_number(struct ctx *c, struct stmt *s, int index, struct str text)
{
	struct dec number;

	/* Some decimals JSON can write (1e999) no database can hold. */
	if (dec_parse(text, &number))
		stmt_bind_text(s, index, dec_print(c->arena, number));
	else
		stmt_bind_null(s, index);
}

static void bind_integer(struct stmt *s, int index, struct str text)
{
	int64_t n;

	if (str_int(text, &n))
		stmt_bind_int(s, index, n);
	else
		stmt_bind_null(s, index);
}

static void bind_cell(struct ctx *c, struct stmt *s, int index,
		      const struct view_column *column, const struct view_cell *cell)
{
	uint8_t kind = column->collection ? ITEM_STRING : column->kind;
	struct str text;

	if (!view_cell_text(c->arena, column, cell, &text))
		stmt_bind_null(s, index);
	else if (kind == ITEM_BOOLEAN)
		stmt_bind_int(s, index, str_is(text, "true"));
	else if (kind == ITEM_DECIMAL)
		bind_number(c, s, index, text);
	else if (kind == ITEM_INTEGER)
		bind_integer(s, index, text);
	else
		stmt_bind_text(s, index, text);
}

static enum err open_row(struct ctx *c, struct db *db, struct sql sql,
			 const struct view_part *part, size_t row, int64_t person,
			 int64_t resource, struct stmt **out)
{
	unsigned len;
	const struct view_column *const *columns = view_columns(part->table->view, &len);

	TRY(db_stmt(c, db, sql, out));
	stmt_bind_int(*out, 1, person);
	stmt_bind_int(*out, 2, resource);
	stmt_bind_int(*out, 3, (int64_t)row);
	for (unsigned i = 0; i < len; i++)
		bind_cell(c, *out, 4 + (int)i, columns[i], &part->rows.cells[row * len + i]);
	return OK;
}

/* ---- inside the writer ---- */

static enum err put_wrong(struct ctx *c, struct db *db, const struct view_part *part,
			  int64_t person, int64_t resource)
{
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("INSERT INTO view_error (person_key, resource_key, view, reason) "
			"VALUES (?1, ?2, ?3, ?4)"),
		    &s));
	stmt_bind_int(s, 1, person);
	stmt_bind_int(s, 2, resource);
	stmt_bind_text(s, 3, str_of(part->table->name));
	stmt_bind_text(s, 4, str_of(part->wrong));
	return stmt_run(c, s);
}

static enum err drop_rows(struct ctx *c, struct db *db, struct sql sql, int64_t person,
			  int64_t resource)
{
	STMT(s);

	TRY(db_stmt(c, db, sql, &s));
	stmt_bind_int(s, 1, person);
	stmt_bind_int(s, 2, resource);
	return stmt_run(c, s);
}

static enum err views_put(struct ctx *c, struct db *db, const struct prepared *p,
			  int64_t person)
{
	for (unsigned i = 0; i < p->view_count; i++) {
		const struct view_part *part = &p->views[i];

		if (part->wrong)
			TRY(put_wrong(c, db, part, person, p->key));
		for (size_t row = 0; row < part->rows.len; row++) {
			STMT(s);

			TRY(open_row(c, db, part->table->put, part, row, person, p->key, &s));
			TRY(stmt_run(c, s));
		}
	}
	return OK;
}

static enum err views_drop(struct ctx *c, struct db *db, const struct prepared *p)
{
	const struct views *views = c->place->record->views;
	bool any = false;

	for (unsigned i = 0; i < views->len; i++) {
		if (view_resource(views->at[i].view) != p->type)
			continue;
		TRY(drop_rows(c, db, views->at[i].drop, p->seen.person, p->key));
		any = true;
	}
	if (!any)
		return OK;
	return drop_rows(
		c, db,
		SQL("DELETE FROM view_error WHERE person_key = ?1 AND resource_key = ?2"),
		p->seen.person, p->key);
}

enum err views_change(struct ctx *c, struct db *db, const struct prepared *p, int64_t person)
{
	if (p->seen.version > 0 && !p->seen.deleted)
		TRY(views_drop(c, db, p));
	return p->resource ? views_put(c, db, p, person) : OK;
}

enum err views_again(struct ctx *c, struct db *db, const struct prepared *p, int64_t person)
{
	TRY(views_drop(c, db, p));
	return views_put(c, db, p, person);
}

/* ---- proving ---- */

enum err views_missing(struct ctx *c, struct db *db, const struct prepared *p, int64_t person,
		       int64_t *counts, unsigned *missing)
{
	const struct views *views = c->place->record->views;

	for (unsigned i = 0; i < p->view_count; i++) {
		const struct view_part *part = &p->views[i];

		counts[part->table->first] += (int64_t)part->rows.len;
		counts[views->len] += part->wrong != NULL;
		for (size_t row = 0; row < part->rows.len; row++) {
			bool there;
			STMT(s);

			TRY(open_row(c, db, part->table->has, part, row, person, p->key, &s));
			TRY(stmt_step(c, s, &there));
			*missing += !there;
		}
	}
	return OK;
}
