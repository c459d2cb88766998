/* view_write.c - rows as CSV (RFC 4180), JSON and NDJSON. */
#include "fhir/view_int.h"

/* ---- single values */

static bool is_complex(const struct item *item)
{
	return item->kind == ITEM_NODE && item->value.node &&
	       item->value.node->kind >= NODE_ARRAY;
}

/* A primitive's text: of an element to the letter, of a computed value as FHIRPath prints it. */
static struct str plain_text(struct arena *a, const struct item *item)
{
	return item->kind == ITEM_NODE ? node_text(item->value.node) : item_text(a, NULL, item);
}

/* Does JSON write it without quotes? */
static bool is_bare(const struct view_column *column, const struct item *item)
{
	enum node_kind kind = item->kind == ITEM_NODE ? item->value.node->kind : NODE_STRING;

	if (column->known && column->kind == ITEM_STRING)
		return false;
	return kind == NODE_NUMBER || kind == NODE_BOOL || item->kind == ITEM_BOOLEAN ||
	       item->kind == ITEM_INTEGER || item->kind == ITEM_DECIMAL;
}

static void write_item(struct buf *b, const struct view_column *column, const struct item *item)
{
	struct str text;

	if (is_complex(item)) {
		json_write(b, item_json(b->arena, NULL, item), 0);
		return;
	}
	text = plain_text(b->arena, item);
	if (is_bare(column, item))
		buf_str(b, text);
	else
		json_write_string(b, text);
}

static void write_cell(struct buf *b, const struct view_column *column,
		       const struct view_cell *cell)
{
	if (cell->null || (!cell->items.len && !column->collection)) {
		buf_cstr(b, "null");
		return;
	}
	if (column->collection)
		buf_char(b, '[');
	for (size_t i = 0; i < cell->items.len; i++) {
		if (i)
			buf_char(b, ',');
		write_item(b, column, &cell->items.at[i]);
	}
	if (column->collection)
		buf_char(b, ']');
}

bool view_cell_text(struct arena *a, const struct view_column *column,
		    const struct view_cell *cell, struct str *out)
{
	struct buf b;

	if (cell->null || (!cell->items.len && !column->collection))
		return false;
	if (!column->collection && !is_complex(cell->items.at)) {
		*out = plain_text(a, cell->items.at);
		return true;
	}
	buf_init(&b, a, 0);
	write_cell(&b, column, cell);
	*out = buf_get(&b);
	return true;
}

/* ---- rows */

static void write_csv_text(struct buf *b, struct str text)
{
	bool quoted = text.len == 0; /* so that it is not null */

	for (size_t i = 0; i < text.len && !quoted; i++)
		quoted = text.at[i] == '"' || text.at[i] == ',' || text.at[i] == '\r' ||
			 text.at[i] == '\n';
	if (!quoted) {
		buf_str(b, text);
		return;
	}
	buf_char(b, '"');
	for (size_t i = 0; i < text.len; i++) {
		if (text.at[i] == '"')
			buf_char(b, '"');
		buf_char(b, text.at[i]);
	}
	buf_char(b, '"');
}

void view_write_head(struct buf *b, const struct view *v, enum view_format format)
{
	if (format == VIEW_JSON)
		buf_char(b, '[');
	if (format != VIEW_CSV)
		return;
	for (unsigned i = 0; i < v->top.width; i++) {
		if (i)
			buf_char(b, ',');
		buf_cstr(b, v->top.columns[i]->name);
	}
	buf_cstr(b, "\r\n");
}

static void write_csv(struct buf *b, const struct view *v, const struct view_cell *row)
{
	struct str text;

	for (unsigned i = 0; i < v->top.width; i++) {
		if (i)
			buf_char(b, ',');
		if (view_cell_text(b->arena, v->top.columns[i], &row[i], &text))
			write_csv_text(b, text);
		else if (v->top.width == 1)
			buf_cstr(b, "\"\""); /* many readers pass over an empty line */
	}
	buf_cstr(b, "\r\n");
}

static void write_object(struct buf *b, const struct view *v, const struct view_cell *row)
{
	buf_char(b, '{');
	for (unsigned i = 0; i < v->top.width; i++) {
		if (i)
			buf_char(b, ',');
		json_write_string(b, str_of(v->top.columns[i]->name));
		buf_char(b, ':');
		write_cell(b, v->top.columns[i], &row[i]);
	}
	buf_char(b, '}');
}

void view_write_row(struct buf *b, const struct view *v, enum view_format format,
		    const struct view_cell *row, bool first)
{
	if (format == VIEW_CSV) {
		write_csv(b, v, row);
		return;
	}
	if (format == VIEW_JSON)
		buf_cstr(b, first ? "\n" : ",\n");
	write_object(b, v, row);
	if (format == VIEW_NDJSON)
		buf_char(b, '\n');
}

void view_write_tail(struct buf *b, enum view_format format, bool empty)
{
	if (format == VIEW_JSON)
		buf_cstr(b, empty ? "]\n" : "\n]\n");
}
