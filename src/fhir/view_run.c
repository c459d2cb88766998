/* view_run.c - the rows of one resource.
 *
 * A select turns a focus into a table: its own columns are one row, each select within it and its
 * unions are tables too, and the rows are every combination of theirs, leftmost slowest. forEach
 * puts the tables of all its items one below the other.
 */
#include <assert.h>

#include "fhir/view_int.h"

#define STEPS_MAX (4u << 20) /* items looked at in one resource */

struct runner {
	struct ctx *c;
	const struct view *view;
	struct path_env env;
	struct path_var *vars; /* own copy, when rows are counted */
	struct fhir_value resource;
	unsigned steps;
	size_t cells; /* made so far, intermediate ones too */
};

struct table {
	struct view_cell *at;
	size_t len, room; /* rows */
	unsigned width;
};

static enum err run_select(struct runner *r, const struct view_select *select,
			   const struct item *focus, struct table *out);

/* The reason with what it is about before it. */
static enum err run_fail(struct runner *r, enum err e, const char *where, const char *reason)
{
	struct str id = node_str(r->resource.node, "id");

	return fail(r->c, e, "%s/" STR_FMT ": %s: %s", r->view->resource->name,
		    STR_ARG(id.len ? id : STR("(no id)")), where, reason);
}
#define RUN_FAIL(r, e, where, ...)                                                             \
	run_fail(r, e, where, arena_printf((r)->c->arena, __VA_ARGS__))

static enum err too_many_cells(struct runner *r)
{
	return RUN_FAIL(r, ERR_LIMIT, "ViewDefinition", "more than %u cells from one resource",
			VIEW_CELLS_MAX);
}

static enum err run_path(struct runner *r, const struct path *path, const char *where,
			 const struct item *focus, struct items *out)
{
	enum err e = path_eval_item(r->c, path, &r->env, focus, out);

	if (e == OK || e == ERR_STOPPED)
		return e;
	return run_fail(r, e, where, arena_str(r->c->arena, r->c->why));
}

/* ---- tables */

static enum err table_room(struct runner *r, struct table *t, size_t rows)
{
	struct view_cell *grown;
	size_t room;

	if (t->len + rows <= t->room)
		return OK;
	room = t->len + rows > t->room * 2 ? t->len + rows : t->room * 2;
	if (room > VIEW_CELLS_MAX || (r->cells += room * (t->width + 1)) > VIEW_CELLS_MAX)
		return too_many_cells(r);
	grown = NEW_N(r->c->arena, struct view_cell, room * t->width + 1);
	if (t->len)
		memcpy(grown, t->at, t->len * t->width * sizeof *grown);
	t->at = grown;
	t->room = room;
	return OK;
}

/* Every combination of the rows of `parts`, below what `out` has. */
static enum err table_combine(struct runner *r, const struct table *parts, unsigned count,
			      struct table *out)
{
	size_t rows = 1;
	struct view_cell *at;

	for (unsigned i = 0; i < count; i++)
		if (__builtin_mul_overflow(rows, parts[i].len, &rows) || rows > VIEW_CELLS_MAX)
			return too_many_cells(r);
	if (!rows)
		return OK;
	TRY(table_room(r, out, rows));
	assert(out->at && parts[0].len);
	at = out->at + out->len * out->width;
	for (size_t row = 0; row < rows; row++) {
		size_t block = rows, rest = row;
		for (unsigned i = 0; i < count; i++) {
			block /= parts[i].len;
			memcpy(at, parts[i].at + rest / block * parts[i].width,
			       parts[i].width * sizeof *at);
			rest %= block;
			at += parts[i].width;
		}
	}
	out->len += rows;
	return OK;
}

/* ---- columns */

static bool has_value(const struct item *item)
{
	return item->kind != ITEM_NODE ||
	       (item->value.node && item->value.node->kind != NODE_NULL);
}

static uint8_t kind_of(const struct item *item)
{
	return item->kind == ITEM_NODE && item->value.type
		       ? (uint8_t)type_kind(item->value.type)
		       : item->kind;
}

/* An element with extensions alone has no value: it is as if it were not there. */
static void drop_empty(struct ctx *c, struct items *items)
{
	struct items kept;
	size_t i = 0;

	while (i < items->len && has_value(&items->at[i]))
		i++;
	if (i == items->len)
		return;
	kept = (struct items){ NEW_N(c->arena, struct item, items->len), 0 };
	for (i = 0; i < items->len; i++)
		if (has_value(&items->at[i]))
			kept.at[kept.len++] = items->at[i];
	*items = kept;
}

static enum err run_field(struct runner *r, const struct view_field *field,
			  const struct item *focus, struct view_cell *out)
{
	const struct view_column *column = &field->column;
	struct items items;

	TRY(run_path(r, field->path, column->name, focus, &items));
	if (items.len > 1 && !column->collection)
		return RUN_FAIL(r, ERR_INVALID, column->name,
				"'%s' gives %zu values and the column is no collection",
				path_text(field->path), items.len);
	for (size_t i = 0; column->known && i < items.len; i++)
		if (!view_takes(column->kind, kind_of(&items.at[i])))
			return RUN_FAIL(r, ERR_INVALID, column->name,
					"%s is not what the column takes",
					item_type(r->c->arena, &items.at[i]));
	drop_empty(r->c, &items);
	out->items = items;
	return OK;
}

/* ---- selects */

/* The rows of one focus. */
static enum err run_one(struct runner *r, const struct view_select *select,
			const struct item *focus, struct table *out)
{
	unsigned count = 1 + select->select_count + (select->union_count ? 1 : 0);
	struct table *parts = NEW_N(r->c->arena, struct table, count),
		     *unions = &parts[count - 1];

	if (++r->steps > STEPS_MAX)
		return RUN_FAIL(r, ERR_LIMIT, select->where,
				"more than %u items from one resource", STEPS_MAX);
	if (r->steps % 1024 == 0)
		TRY(ctx_check(r->c));
	parts[0] =
		(struct table){ NEW_N(r->c->arena, struct view_cell, select->field_count + 1),
				1, 1, select->field_count };
	for (unsigned i = 0; i < select->field_count; i++)
		TRY(run_field(r, &select->fields[i], focus, &parts[0].at[i]));
	for (unsigned i = 0; i < select->select_count; i++) {
		parts[1 + i].width = select->selects[i].width;
		TRY(run_select(r, &select->selects[i], focus, &parts[1 + i]));
	}
	if (select->union_count)
		unions->width = select->unions[0].width;
	for (unsigned i = 0; i < select->union_count; i++)
		TRY(run_select(r, &select->unions[i], focus, unions));
	return table_combine(r, parts, count, out);
}

/* %rowIndex within one item of a forEach; paths keep views of it, so each has its own. */
static void set_index(struct runner *r, size_t index)
{
	struct item *item;

	if (!r->vars)
		return;
	item = NEW(r->c->arena, struct item);
	*item = (struct item){ .kind = ITEM_INTEGER, .integer = (int64_t)index };
	r->vars[0].items = (struct items){ item, 1 };
}

/* Each item found, then what is found from there, at once below it. */
static enum err run_repeat(struct runner *r, const struct view_select *select,
			   const struct item *focus, unsigned depth, size_t *index,
			   struct table *out)
{
	if (depth > VIEW_REPEAT_MAX)
		return RUN_FAIL(r, ERR_LIMIT, select->where,
				"repeat goes on for more than %u steps", VIEW_REPEAT_MAX);
	for (unsigned i = 0; i < select->path_count; i++) {
		struct items items;
		TRY(run_path(r, select->paths[i], select->where, focus, &items));
		for (size_t j = 0; j < items.len; j++) {
			set_index(r, (*index)++);
			TRY(run_one(r, select, &items.at[j], out));
			TRY(run_repeat(r, select, &items.at[j], depth + 1, index, out));
		}
	}
	return OK;
}

static enum err run_each(struct runner *r, const struct view_select *select,
			 const struct item *focus, struct table *out)
{
	struct items items;

	TRY(run_path(r, select->paths[0], select->where, focus, &items));
	for (size_t i = 0; i < items.len; i++) {
		set_index(r, i);
		TRY(run_one(r, select, &items.at[i], out));
	}
	if (items.len || select->each != EACH_OR_NULL)
		return OK;
	TRY(table_room(r, out, 1));
	assert(out->at);
	for (unsigned i = 0; i < out->width; i++)
		out->at[out->len * out->width + i] = (struct view_cell){ .null = true };
	out->len++;
	return OK;
}

static enum err run_select(struct runner *r, const struct view_select *select,
			   const struct item *focus, struct table *out)
{
	struct items index = r->vars ? r->vars[0].items : (struct items){ 0 };
	size_t counted = 0;

	if (select->each == EACH_SELF)
		return run_one(r, select, focus, out);
	if (select->each == EACH_REPEAT)
		TRY(run_repeat(r, select, focus, 1, &counted, out));
	else
		TRY(run_each(r, select, focus, out));
	if (r->vars)
		r->vars[0].items = index;
	return OK;
}

/* ---- a resource */

static enum err run_where(struct runner *r, const struct view_where *where,
			  const struct item *focus, bool *met)
{
	struct items items;

	TRY(run_path(r, where->path, where->where, focus, &items));
	if (items.len == 0) {
		*met = false;
		return OK;
	}
	if (items.len > 1 || kind_of(items.at) != ITEM_BOOLEAN)
		return RUN_FAIL(r, ERR_INVALID, where->where, "'%s' is neither true nor false",
				path_text(where->path));
	*met = items.at->kind == ITEM_BOOLEAN
		       ? items.at->boolean
		       : items.at->value.node && items.at->value.node->truth;
	return OK;
}

static void runner_init(struct runner *r)
{
	const struct view *v = r->view;

	r->env = (struct path_env){ .fhir = v->fhir,
				    .resource = r->resource,
				    .vars = v->constants };
	if (!v->counts)
		return;
	r->vars = NEW_N(r->c->arena, struct path_var, v->constant_count + 2);
	memcpy(r->vars, v->constants, (v->constant_count + 1) * sizeof *r->vars);
	r->env.vars = r->vars;
	set_index(r, 0);
}

enum err view_run(struct ctx *c, const struct view *v, struct fhir_value resource,
		  struct view_rows *out)
{
	struct runner r = { .c = c, .view = v, .resource = resource };
	struct item focus = { .kind = ITEM_NODE, .value = resource };
	struct table table = { .width = v->top.width };
	bool met = resource.type == v->resource;

	if (met)
		runner_init(&r);
	for (unsigned i = 0; i < v->where_count && met; i++)
		TRY(run_where(&r, &v->wheres[i], &focus, &met));
	if (met)
		TRY(run_select(&r, &v->top, &focus, &table));
	*out = (struct view_rows){ table.at, table.len, table.width };
	return OK;
}
