/* tables_test.c - no table is forgotten: each is told to be permanent, derived or the database's
 * own, and the columns that a copy carries are those the migrations made, on either engine. */
#include "record/tables.h"

#include <sqlite3.h>

#include "record/test_world.h"

static const char of_sqlite[] =
	"SELECT s.name, c.name, lower(c.type) FROM sqlite_schema s, pragma_table_info(s.name) c "
	"WHERE s.type = 'table' ORDER BY s.name, c.cid";
#define OF_PGSQL                                                                               \
	SQL("SELECT table_name::text, column_name::text, data_type::text "                     \
	    "FROM information_schema.columns WHERE table_schema = current_schema() "           \
	    "ORDER BY table_name::text COLLATE \"C\", ordinal_position")

/* One table as the engine tells it. */
struct told {
	struct str name;
	struct buf columns, types;
};

struct list {
	struct told at[256];
	size_t len;
};

static char letter(struct str type)
{
	return str_is(type, "text")                              ? 't'
	       : str_is(type, "bytea") || str_is(type, "blob")   ? 'b'
	       : str_is(type, "bigint") || str_is(type, "integer") ? 'i'
								   : '?';
}

static void add(struct world *w, struct list *list, struct str table, struct str column,
		struct str type)
{
	struct told *t = list->len ? &list->at[list->len - 1] : NULL;

	if (!t || !str_eq(t->name, table)) {
		assert_true(list->len < sizeof list->at / sizeof *list->at);
		t = &list->at[list->len++];
		t->name = str_of(str_dup(w->c.arena, table));
		buf_init(&t->columns, w->c.arena, 0);
		buf_init(&t->types, w->c.arena, 0);
	}
	buf_printf(&t->columns, "%s" STR_FMT, t->columns.len ? ", " : "", STR_ARG(column));
	buf_printf(&t->types, "%c", letter(type));
}

static void list_pgsql(struct world *w, struct list *list)
{
	bool row;
	READER(db);
	STMT(s);

	SUCCEEDS(store_reader(&w->c, w->place->store, &db));
	SUCCEEDS(db_stmt(&w->c, db, OF_PGSQL, &s));
	for (;;) {
		SUCCEEDS(stmt_step(&w->c, s, &row));
		if (!row)
			return;
		add(w, list, stmt_text(s, 0), stmt_text(s, 1), stmt_text(s, 2));
	}
}

static struct str column(sqlite3_stmt *s, int i)
{
	return str_of((const char *)sqlite3_column_text(s, i));
}

static void list_sqlite(struct world *w, struct list *list)
{
	sqlite3 *db;
	sqlite3_stmt *s;

	assert_int_equal(sqlite3_open_v2(w->path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, of_sqlite, -1, &s, NULL), SQLITE_OK);
	while (sqlite3_step(s) == SQLITE_ROW)
		add(w, list, column(s, 0), column(s, 1), column(s, 2));
	assert_int_equal(sqlite3_finalize(s), SQLITE_OK);
	sqlite3_close(db);
}

static void list_tables(struct world *w, struct list *list)
{
	if (test_on_pgsql())
		list_pgsql(w, list);
	else
		list_sqlite(w, list);
	assert_true(list->len > 10);
}

static void every_table_is_in_the_list(void **state)
{
	struct world *w = *state;
	struct list list = { 0 };

	list_tables(w, &list);
	for (size_t i = 0; i < list.len; i++)
		if (!place_table(list.at[i].name))
			fail_msg("the table '" STR_FMT "' is not in record/tables.def",
				 STR_ARG(list.at[i].name));
}

static const struct told *find(const struct list *list, const char *name)
{
	for (size_t i = 0; i < list->len; i++)
		if (str_is(list->at[i].name, name))
			return &list->at[i];
	return NULL;
}

static void what_is_permanent_is_carried_whole(void **state)
{
	struct world *w = *state;
	struct list list = { 0 };

	list_tables(w, &list);
	for (const struct table_row *t = place_tables; t->table.name; t++) {
		const struct told *told = find(&list, t->table.name);

		if (t->kind != KIND_PERMANENT)
			continue;
		if (!told)
			fail_msg("there is no table '%s'", t->table.name);
		if (!str_is(buf_get(&told->columns), t->table.columns) ||
		    !str_is(buf_get(&told->types), t->table.types))
			fail_msg("%s has (" STR_FMT ") of types " STR_FMT, t->table.name,
				 STR_ARG(buf_get(&told->columns)), STR_ARG(buf_get(&told->types)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_table_is_in_the_list, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_is_permanent_is_carried_whole, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
