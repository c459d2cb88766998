/* index_rows.c - from what fhir_index finds to rows of the index tables, and in and out of them.
 *
 * One value found may become two rows: a token with a display is also a string under
 * "Type.code:text", a reference with an identifier a token under "Type.code:identifier".
 */
#include <stdlib.h>

#include "record/reindex.h"

/* --- making --- */

typedef VEC(struct row) row_vec;

static bool is_column(const struct fhir_param *param)
{
	return strcmp(param->code, "_id") == 0 || strcmp(param->code, "_lastUpdated") == 0;
}

/* As written, empty when that is the same as folded. */
static struct str exact(struct str written, struct str folded)
{
	return str_eq(written, folded) ? (struct str){ 0 } : written;
}

static void add_text(struct ctx *c, row_vec *rows, const struct index_row *from)
{
	struct row *r;

	if (!from->text.len)
		return;
	r = vec_push(rows, c->arena);
	*r = (struct row){ .table = TABLE_STRING,
			   .variant = VARIANT_TEXT,
			   .param = from->param,
			   .code = fhir_value_cut(str_fold(c->arena, from->text)) };
	r->text = exact(from->text, r->code);
}

static void add_reference(struct ctx *c, row_vec *rows, const struct index_row *from)
{
	struct row r = { .param = from->param, .table = TABLE_URI, .code = from->code };

	add_text(c, rows, from);
	if (!from->code.len)
		return;
	if (from->target.len) {
		r.table = TABLE_REFERENCE;
		r.target = from->target;
	} else if (reference_local(c->place, from->code, &r.target, &r.code)) {
		r.table = TABLE_REFERENCE;
	}
	*vec_push(rows, c->arena) = r;
}

static void add_identifier(struct ctx *c, row_vec *rows, const struct index_row *from)
{
	*vec_push(rows, c->arena) = (struct row){ .table = TABLE_TOKEN,
						  .variant = VARIANT_IDENTIFIER,
						  .param = from->param,
						  .system = from->system,
						  .code = from->code };
}

static void add_token(struct ctx *c, row_vec *rows, const struct index_row *from)
{
	add_text(c, rows, from);
	if (from->code.len || from->system.len)
		*vec_push(rows, c->arena) = (struct row){ .table = TABLE_TOKEN,
							  .param = from->param,
							  .system = from->system,
							  .code = from->code };
}

static void add_row(struct ctx *c, row_vec *rows, const struct index_row *from)
{
	static const uint8_t tables[] = {
		[PARAM_STRING] = TABLE_STRING, [PARAM_DATE] = TABLE_DATE,
		[PARAM_NUMBER] = TABLE_NUMBER, [PARAM_QUANTITY] = TABLE_QUANTITY,
		[PARAM_URI] = TABLE_URI,       [PARAM_SPECIAL] = TABLE_NUMBER,
	};

	if (is_column(from->param))
		return;
	if (from->identifier) {
		add_identifier(c, rows, from);
		return;
	}
	switch (from->param->type) {
	case PARAM_TOKEN:
		add_token(c, rows, from);
		break;
	case PARAM_REFERENCE:
		add_reference(c, rows, from);
		break;
	case PARAM_STRING:
	case PARAM_DATE:
	case PARAM_NUMBER:
	case PARAM_QUANTITY:
	case PARAM_URI:
	case PARAM_SPECIAL:
		*vec_push(rows, c->arena) = (struct row){
			.table = tables[from->param->type],
			.param = from->param,
			.system = from->system,
			.code = from->code,
			.text = exact(from->text, from->code),
			.lo = from->lo,
			.hi = from->hi,
			.low = from->low,
			.high = from->high,
		};
		break;
	case PARAM_COMPOSITE:
		break; /* searched through its parts */
	}
}

#define ORDER(a, b)                                                                            \
	do {                                                                                   \
		if ((a) != (b))                                                                \
			return (a) < (b) ? -1 : 1;                                             \
	} while (0)

int row_cmp(const struct row *a, const struct row *b)
{
	const struct str *const as[] = { &a->code,   &a->system, &a->text,
					 &a->target, &a->low,    &a->high };
	const struct str *const bs[] = { &b->code,   &b->system, &b->text,
					 &b->target, &b->low,    &b->high };

	ORDER(a->table, b->table);
	ORDER(a->param->number, b->param->number);
	ORDER(a->variant, b->variant);
	ORDER(a->lo, b->lo);
	ORDER(a->hi, b->hi);
	for (size_t i = 0; i < sizeof as / sizeof *as; i++) {
		int order = str_cmp(*as[i], *bs[i]);
		if (order)
			return order;
	}
	return 0;
}

static int cmp_void(const void *a, const void *b)
{
	return row_cmp(a, b);
}

static void sort_rows(row_vec *rows)
{
	size_t kept = 0;

	if (rows->len)
		qsort(rows->at, rows->len, sizeof *rows->at, cmp_void);
	for (size_t i = 0; i < rows->len; i++)
		if (kept == 0 || row_cmp(&rows->at[kept - 1], &rows->at[i]) != 0)
			rows->at[kept++] = rows->at[i];
	rows->len = kept;
}

static enum err resolve(struct ctx *c, struct db *db, const struct fhir_type *type,
			struct row *r)
{
	int64_t target_type;

	TRY(param_key(c, db, type, r->param, r->variant, &r->param_key));
	if (r->system.len)
		TRY(name_find(c, db, r->system, &r->system_key));
	if (r->table != TABLE_REFERENCE)
		return OK;
	TRY(name_find(c, db, r->target, &target_type));
	if (target_type)
		TRY(resource_key(c, db, target_type, r->code, &r->target_key));
	return OK;
}

enum err rows_make(struct ctx *c, struct db *db, const struct fhir_type *type,
		   const struct node *resource, struct rows *out)
{
	struct index_rows found;
	row_vec rows = { 0 };

	TRY(fhir_index(c, c->place->fhir, resource, &found));
	vec_reserve(&rows, c->arena, found.len + found.len / 2 + 4);
	for (size_t i = 0; i < found.len; i++)
		add_row(c, &rows, &found.at[i]);
	sort_rows(&rows);
	for (size_t i = 0; i < rows.len; i++)
		TRY(resolve(c, db, type, &rows.at[i]));
	*out = (struct rows){ rows.at, rows.len, { 0 } };
	return words_list(c, resource, &out->words);
}

bool reference_local(const struct place *place, struct str text, struct str *type,
		     struct str *id)
{
	struct str base = str_of(place->base_url ? place->base_url : "");

	if (base.len && text.len > base.len && str_starts(text, base) &&
	    text.at[base.len] == '/')
		text = (struct str){ text.at + base.len + 1, text.len - base.len - 1 };
	struct str head = str_cut(&text, '/');
	if (!text.at || !fhir_resource_type(place->fhir, head))
		return false;
	struct str tail = str_cut(&text, '/');
	if (!id_valid(tail) || (text.at && !str_starts(text, STR("_history/"))))
		return false;
	*type = head;
	*id = tail;
	return true;
}

/* --- in and out of the tables --- */

/* ?1 param, ?2 person, ?3 resource, then the values in the order of `fields`: c code, s system,
 * e exact text, l h dates, L H sort keys, t target. */
struct index_table {
	const char *fields;
	struct sql put, drop, has, count, clear, next, some, rest;
};

#define TABLE(name, fields, columns, values, where, order)                                            \
	{                                                                                      \
		fields,                                                                        \
			SQL("INSERT INTO " name                                      \
			    " (param, person, resource, " columns                              \
			    ") VALUES (?1, ?2, ?3, " values ") ON CONFLICT DO NOTHING"),                              \
			SQL("DELETE FROM " name                                                \
			    " WHERE param = ?1 AND person = ?2 AND resource = ?3 AND " where), \
			SQL("SELECT 1 FROM " name                                              \
			    " WHERE param = ?1 AND person = ?2 AND resource = ?3 AND " where), \
			SQL("SELECT count(*) FROM " name), SQL("DELETE FROM " name),           \
			SQL("SELECT min(param) FROM " name " WHERE param > ?1"),               \
			SQL("DELETE FROM " name " WHERE param = ?1 AND (" order                \
			    ") <= (SELECT " order " FROM " name " WHERE param = ?1 ORDER BY "  \
			    order " LIMIT 1 OFFSET 10000)"),                                   \
			SQL("DELETE FROM " name " WHERE param = ?1")                           \
	}

static const struct index_table tables[TABLE_COUNT] = {
	[TABLE_TOKEN] =
		TABLE("token", "cs", "code, system", "?4, ?5", "code = ?4 AND system = ?5",
		      "code, system, person"),
	[TABLE_STRING] =
		TABLE("string", "ce", "value, exact", "?4, ?5", "value = ?4 AND exact = ?5",
		      "value, person"),
	[TABLE_DATE] = TABLE("date", "lh", "low, high", "?4, ?5", "low = ?4 AND high = ?5",
		      "low, high, person"),
	[TABLE_NUMBER] = TABLE("number", "LH", "low, high", "?4, ?5", "low = ?4 AND high = ?5",
		      "low, high, person"),
	[TABLE_QUANTITY] =
		TABLE("quantity", "LHcs", "low, high, code, system", "?4, ?5, ?6, ?7",
		      "low = ?4 AND high = ?5 AND code = ?6 AND system = ?7",
		      "low, high, code, system, person"),
	[TABLE_REFERENCE] = TABLE("reference", "t", "target", "?4", "target = ?4",
				   "target, person"),
	[TABLE_URI] = TABLE("uri", "c", "value", "?4", "value = ?4", "value, person"),
};

static void bind_field(struct stmt *s, int index, char field, const struct row *r)
{
	switch (field) {
	case 'c':
		stmt_bind_text(s, index, r->code);
		break;
	case 's':
		stmt_bind_int(s, index, r->system_key);
		break;
	case 'e':
		stmt_bind_text(s, index, r->text);
		break;
	case 'l':
		stmt_bind_int(s, index, r->lo);
		break;
	case 'h':
		stmt_bind_int(s, index, r->hi);
		break;
	case 'L':
		stmt_bind_blob(s, index, r->low);
		break;
	case 'H':
		stmt_bind_blob(s, index, r->high);
		break;
	default:
		stmt_bind_int(s, index, r->target_key);
	}
}

static enum err open_row(struct ctx *c, struct db *db, struct sql sql, const struct row *r,
			 int64_t person, int64_t resource, struct stmt **out)
{
	const char *fields = tables[r->table].fields;

	TRY(db_stmt(c, db, sql, out));
	stmt_bind_int(*out, 1, r->param_key);
	stmt_bind_int(*out, 2, person);
	stmt_bind_int(*out, 3, resource);
	for (int i = 0; fields[i]; i++)
		bind_field(*out, 4 + i, fields[i], r);
	return OK;
}

enum err row_put(struct ctx *c, struct db *db, const struct row *r, int64_t person,
		 int64_t resource)
{
	STMT(s);

	TRY(open_row(c, db, tables[r->table].put, r, person, resource, &s));
	return stmt_run(c, s);
}

enum err row_drop(struct ctx *c, struct db *db, const struct row *r, int64_t person,
		  int64_t resource)
{
	STMT(s);

	TRY(open_row(c, db, tables[r->table].drop, r, person, resource, &s));
	return stmt_run(c, s);
}

enum err row_has(struct ctx *c, struct db *db, const struct row *r, int64_t person,
		 int64_t resource, bool *out)
{
	STMT(s);

	TRY(open_row(c, db, tables[r->table].has, r, person, resource, &s));
	return stmt_step(c, s, out);
}

enum err rows_count(struct ctx *c, struct db *db, int64_t *out)
{
	int64_t sum = 0;
	bool row;

	for (int i = 0; i < TABLE_COUNT; i++) {
		STMT(s);

		TRY(db_stmt(c, db, tables[i].count, &s));
		TRY(stmt_step(c, s, &row));
		sum += stmt_int(s, 0);
	}
	*out = sum;
	return OK;
}

enum err rows_clear_values(struct ctx *c, struct db *db)
{
	for (int i = 0; i < TABLE_COUNT; i++) {
		STMT(s);

		TRY(db_stmt(c, db, tables[i].clear, &s));
		TRY(stmt_run(c, s));
	}
	return OK;
}

enum err rows_clear(struct ctx *c, struct db *db)
{
	TRY(rows_clear_values(c, db));
	return words_clear(c, db);
}

enum err rows_next_param(struct ctx *c, struct db *db, enum table table, int64_t after,
			 int64_t *param)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, tables[table].next, &s));
	stmt_bind_int(s, 1, after);
	TRY(stmt_step(c, s, &row));
	*param = row && !stmt_null(s, 0) ? stmt_int(s, 0) : 0;
	return OK;
}

enum err rows_clear_some(struct ctx *c, struct db *db, enum table table, int64_t param, bool *more)
{
	STMT(some);
	STMT(rest);

	TRY(db_stmt(c, db, tables[table].some, &some));
	stmt_bind_int(some, 1, param);
	TRY(stmt_run(c, some));
	*more = db_changes(db) > 0;
	if (*more)
		return OK;
	TRY(db_stmt(c, db, tables[table].rest, &rest));
	stmt_bind_int(rest, 1, param);
	return stmt_run(c, rest);
}
