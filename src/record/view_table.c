/* view_table.c - definitions become tables: what they are called, how they are made, their SQL.
 *
 * The only statements of the program that are not literals. All that is not fixed in them is the
 * names of views and columns, which are letters, digits and _ (fhir/view.c refuses others).
 */
#include <ctype.h>
#include <stdio.h>
#include <strings.h>

#include "record/view_part.h"

#define VIEW_FOLDER "view/"
#define COLUMNS_MOST 56 /* a statement of PostgreSQL has 64 parameters here */

/* ---- SQL ---- */

/* How a column is kept: its type, and how a parameter is handed to it. Booleans and decimals are
 * bound as a number and as a text. */
static const struct {
	const char *type, *before, *after;
} kept[] = {
	[ITEM_NODE] = { "TEXT", "?", "" },
	[ITEM_BOOLEAN] = { "BOOLEAN", "(?", " = 1)" },
	[ITEM_INTEGER] = { "BIGINT", "?", "" },
	[ITEM_DECIMAL] = { "NUMERIC", "CAST(?", " AS NUMERIC)" },
	[ITEM_STRING] = { "TEXT", "?", "" },
	[ITEM_DATE] = { "TEXT", "?", "" },
	[ITEM_DATETIME] = { "TEXT", "?", "" },
	[ITEM_TIME] = { "TEXT", "?", "" },
	[ITEM_QUANTITY] = { "TEXT", "?", "" },
};

static unsigned kind_of(const struct view_column *column)
{
	return column->collection ? ITEM_STRING : column->kind;
}

static void add_value(struct buf *b, const struct view_column *column, unsigned number)
{
	unsigned kind = kind_of(column);

	buf_printf(b, "%s%u%s", kept[kind].before, number, kept[kind].after);
}

static struct sql sql_of(const struct buf *b)
{
	return (struct sql){ b->at };
}

/* One index over the columns that are tagged, in their order; it ends in the person, so that whose rows
 * they are is read from it alone. */
static void add_index(struct buf *b, const struct view_column *const *columns, unsigned len,
		      const char *table)
{
	const char *before = " (";
	bool any = false;

	for (unsigned i = 0; i < len; i++)
		any |= columns[i]->indexed;
	if (!any)
		return;
	buf_printf(b, "\nCREATE INDEX \"%s_index\" ON \"%s\"", table, table);
	for (unsigned i = 0; i < len; i++) {
		if (!columns[i]->indexed)
			continue;
		buf_printf(b, "%s\"%s\"", before, columns[i]->name);
		before = ", ";
	}
	buf_cstr(b, ", person_key);");
}

static void make_create(struct arena *life, const char *engine, struct view_table *t)
{
	const struct view_column *const *columns;
	struct buf b;
	unsigned len;

	columns = view_columns(t->view, &len);
	buf_init(&b, life, 0);
	buf_printf(&b,
		   "CREATE TABLE \"%s\" (person_key BIGINT NOT NULL, resource_key BIGINT NOT "
		   "NULL, "
		   "row_number INTEGER NOT NULL",
		   t->name);
	for (unsigned i = 0; i < len; i++)
		buf_printf(&b, ", \"%s\" %s", columns[i]->name, kept[kind_of(columns[i])].type);
	buf_printf(&b, ", PRIMARY KEY (person_key, resource_key, row_number))%s;",
		   strcmp(engine, "sqlite") == 0 ? " WITHOUT ROWID" : "");
	add_index(&b, columns, len, t->name);
	t->create = b.at;
}

static void make_put(struct arena *life, struct view_table *t)
{
	const struct view_column *const *columns;
	struct buf b;
	unsigned len;

	columns = view_columns(t->view, &len);
	buf_init(&b, life, 0);
	buf_printf(&b, "INSERT INTO \"%s\" (person_key, resource_key, row_number", t->name);
	for (unsigned i = 0; i < len; i++)
		buf_printf(&b, ", \"%s\"", columns[i]->name);
	buf_cstr(&b, ") VALUES (?1, ?2, ?3");
	for (unsigned i = 0; i < len; i++) {
		buf_cstr(&b, ", ");
		add_value(&b, columns[i], 4 + i);
	}
	buf_char(&b, ')');
	t->put = sql_of(&b);
}

static void make_has(struct arena *life, struct view_table *t)
{
	const struct view_column *const *columns;
	struct buf b;
	unsigned len;

	columns = view_columns(t->view, &len);
	buf_init(&b, life, 0);
	buf_printf(&b,
		   "SELECT 1 FROM \"%s\" WHERE person_key = ?1 AND resource_key = ?2 AND "
		   "row_number = ?3",
		   t->name);
	for (unsigned i = 0; i < len; i++) {
		buf_printf(&b, " AND \"%s\" IS NOT DISTINCT FROM ", columns[i]->name);
		add_value(&b, columns[i], 4 + i);
	}
	t->has = sql_of(&b);
}

static void make_rest(struct arena *life, struct view_table *t)
{
	struct buf drop, count;

	buf_init(&drop, life, 0);
	buf_init(&count, life, 0);
	buf_printf(&drop, "DELETE FROM \"%s\" WHERE person_key = ?1 AND resource_key = ?2",
		   t->name);
	buf_printf(&count, "SELECT count(*) FROM \"%s\"", t->name);
	t->drop = sql_of(&drop);
	t->count = sql_of(&count);
}

/* ---- reading the definitions ---- */

struct reading {
	struct place *place;
	struct arena *life;
	const char *engine;
	VEC(struct view_table) tables;
	struct buf digest; /* all that the tables depend on */
};

/* What SQL would not tell apart, or is ours. */
static bool is_taken(const struct view_column *const *columns, unsigned i)
{
	static const char *const ours[] = { "person_key", "resource_key", "row_number" };

	for (size_t j = 0; j < sizeof ours / sizeof *ours; j++)
		if (!strcasecmp(columns[i]->name, ours[j]))
			return true;
	for (unsigned j = 0; j < i; j++)
		if (!strcasecmp(columns[i]->name, columns[j]->name))
			return true;
	return false;
}

static bool are_alike(const struct view *a, const struct view *b)
{
	unsigned len, other;
	const struct view_column *const *x = view_columns(a, &len);
	const struct view_column *const *y = view_columns(b, &other);

	if (len != other || view_resource(a) == view_resource(b))
		return false;
	for (unsigned i = 0; i < len; i++)
		if (strcmp(x[i]->name, y[i]->name) != 0 || kind_of(x[i]) != kind_of(y[i]) ||
		    x[i]->indexed != y[i]->indexed)
			return false;
	return true;
}

/* Two definitions of one name: of other types of resource, with the same columns. */
static enum err check_shared(struct ctx *c, const struct reading *r, const char *file,
			     const struct view_table *t)
{
	for (size_t i = 0; i < r->tables.len; i++)
		if (!strcasecmp(r->tables.at[i].name, t->name) &&
		    (strcmp(r->tables.at[i].name, t->name) != 0 ||
		     !are_alike(r->tables.at[i].view, t->view)))
			return fail(c, ERR_INVALID,
				    "share/%s: there is a view of that name already, of the same "
				    "type or with other columns.",
				    file);
	return OK;
}

static enum err check_table(struct ctx *c, const struct reading *r, const char *file,
			    const struct view_table *t)
{
	unsigned len;
	const struct view_column *const *columns = view_columns(t->view, &len);

	if (view_uses_clock(t->view))
		return fail(c, ERR_INVALID,
			    "share/%s: rows that are kept cannot hang on what time it is (now, today).",
			    file);
	if (len > COLUMNS_MOST)
		return fail(c, ERR_INVALID, "share/%s: %u columns; a table may have %u.", file,
			    len, COLUMNS_MOST);
	for (unsigned i = 0; i < len; i++)
		if (is_taken(columns, i))
			return fail(c, ERR_INVALID,
				    "share/%s: the table has a column '%s' already.", file,
				    columns[i]->name);
	TRY(check_shared(c, r, file, t));
	if (!strcasecmp(t->name, "view_error"))
		return fail(c, ERR_INVALID,
			    "share/%s: view_error is the table of what went wrong.", file);
	return OK;
}

static unsigned first_of(const struct reading *r, const char *name)
{
	unsigned i = 0;

	while (i < r->tables.len && strcmp(r->tables.at[i].name, name) != 0)
		i++;
	return i;
}

static enum err read_view(struct ctx *c, void *arg, const char *file)
{
	struct reading *r = arg;
	struct view_table t = { 0 };
	struct str text;
	char reason[sizeof c->why];

	if (!str_ends(str_of(file), STR(".json")))
		return OK;
	TRY(share_read(c, &r->place->share, r->life, file, &text));
	if (view_compile(c, r->life, r->place->fhir, text, &t.view)) {
		snprintf(reason, sizeof reason, "%s", c->why);
		return fail(c, ERR_INVALID, "share/%s: %s", file, reason);
	}
	if (!view_name(t.view))
		return fail(c, ERR_INVALID,
			    "share/%s: a view that becomes a table needs a name.", file);
	t.name = arena_printf(r->life, "view_%s", view_name(t.view));
	TRY(check_table(c, r, file, &t));
	t.first = first_of(r, t.name);
	t.create = "";
	if (t.first == r->tables.len)
		make_create(r->life, r->engine, &t);
	make_put(r->life, &t);
	make_has(r->life, &t);
	make_rest(r->life, &t);
	buf_cstr(&r->digest, t.create);
	buf_str(&r->digest, text);
	*vec_push(&r->tables, r->life) = t;
	return OK;
}

static enum err read_all(struct ctx *c, struct place *place, struct views *out)
{
	static const uint64_t seed[2] = { 1, 1 }; /* the same on every run */
	struct reading r = { .place = place,
			     .life = &place->life,
			     .engine = store_engine(place->store) };

	buf_init(&r.digest, c->arena, 0);
	buf_printf(&r.digest, "%016llx", (unsigned long long)place->fhir->shape);
	TRY(share_list(c, &place->share, VIEW_FOLDER, read_view, &r));
	out->at = r.tables.at;
	out->len = (unsigned)r.tables.len;
	out->digest = str_of(
		arena_printf(&place->life, "%016llx",
			     (unsigned long long)hash_keyed(seed, r.digest.at, r.digest.len)));
	return OK;
}

/* ---- the tables in the store ---- */

/* meta 'views': the digest, or "rebuilding", then the names of the tables there are. */
static enum err note(struct ctx *c, struct db *db, struct str state)
{
	const struct views *views = c->place->record->views;
	struct buf b;

	buf_init(&b, c->arena, 0);
	buf_str(&b, state);
	for (unsigned i = 0; i < views->len; i++)
		if (views->at[i].first == i)
			buf_printf(&b, " %s", views->at[i].name);
	return meta_set(c, db, STR("views"), buf_get(&b));
}

static bool is_table_name(struct str name)
{
	for (size_t i = 0; i < name.len; i++)
		if (!isalnum((unsigned char)name.at[i]) && name.at[i] != '_')
			return false;
	return str_starts(name, STR("view_"));
}

enum err views_clear(struct ctx *c, struct db *db)
{
	const struct views *views = c->place->record->views;
	struct str names;
	struct buf b;

	TRY(meta_get(c, db, STR("views"), &names));
	buf_init(&b, c->arena, 0);
	for (str_cut(&names, ' '); names.at;) {
		struct str name = str_cut(&names, ' ');
		if (is_table_name(name))
			buf_printf(&b, "DROP TABLE IF EXISTS \"" STR_FMT "\";\n",
				   STR_ARG(name));
	}
	buf_cstr(&b, "DROP TABLE IF EXISTS view_error;\n"
		     "CREATE TABLE view_error (person_key BIGINT NOT NULL, resource_key BIGINT "
		     "NOT NULL, "
		     "view TEXT NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (person_key, "
		     "resource_key, view));\n");
	for (unsigned i = 0; i < views->len; i++)
		buf_printf(&b, "%s\n", views->at[i].create);
	TRY(db_script(c, db, "making the tables of views", buf_get(&b)));
	TRY(views_give(c, db));
	return note(c, db, STR("rebuilding"));
}

enum err views_finish(struct ctx *c, struct db *db)
{
	return note(c, db, c->place->record->views->digest);
}

static enum err make_first(struct ctx *c, struct db *db, void *arg)
{
	struct str noted;

	(void)arg;
	TRY(meta_get(c, db, STR("views"), &noted));
	if (noted.len) /* somebody was faster */
		return OK;
	TRY(views_clear(c, db));
	return views_finish(c, db);
}

/* What the store's tables were made with; *fresh: there is nothing they could be made of. */
static enum err look(struct ctx *c, struct place *place, struct str *made, bool *fresh)
{
	bool row;
	READER(db);
	STMT(s);

	TRY(store_reader(c, place->store, &db));
	TRY(meta_get(c, db, STR("views"), made));
	TRY(db_stmt(c, db, SQL("SELECT 1 FROM version LIMIT 1"), &s));
	TRY(stmt_step(c, s, &row));
	*fresh = !row && !made->len;
	*made = str_cut(made, ' ');
	return OK;
}

enum err views_open(struct ctx *c, struct place *place, unsigned flags, bool rebuilding,
		    struct views **out)
{
	struct views *views = NEW(&place->life, struct views);
	struct str made;
	bool fresh;

	TRY(read_all(c, place, views));
	*out = views;
	TRY(look(c, place, &made, &fresh));
	views->current = str_eq(made, views->digest);
	if (views->current || rebuilding || (flags & STORE_READ_ONLY))
		return OK;
	if (!fresh)
		return fail(c, ERR_CONFLICT,
			    "The tables of views were %s; run `causeway view rebuild`.",
			    made.len == 0 ? "never made"
			    : str_is(made, "rebuilding")
				    ? "not finished"
				    : "made with other definitions than this program has");
	TRY(store_write(c, place->store, make_first, NULL));
	views->current = true;
	return OK;
}

/* ---- looking ---- */

const struct view_table *record_views(struct ctx *c, unsigned *len)
{
	*len = c->place->record->views->len;
	return c->place->record->views->at;
}

bool record_views_current(struct ctx *c)
{
	return c->place->record->views->current;
}

enum err record_view_count(struct ctx *c, const struct view_table *table, int64_t *rows)
{
	bool row;
	READER(db);
	STMT(s);

	*rows = 0;
	if (!record_views_current(c))
		return OK;
	TRY(store_reader(c, c->place->store, &db));
	TRY(db_stmt(c, db, table ? table->count : SQL("SELECT count(*) FROM view_error"), &s));
	TRY(stmt_step(c, s, &row));
	*rows = stmt_int(s, 0);
	return OK;
}
