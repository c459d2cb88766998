/* tables.c - the list of tables.def. */
#include "record/tables.h"

#include "record/place.h"

#define FROM(name, columns) "SELECT " columns " FROM \"" name "\""
#define PERMANENT(name_, how_, key, columns, types)                                            \
	{ .kind = KIND_PERMANENT,                                                              \
	  .table = { name_, columns, types, key },                                             \
	  .how = how_,                                                                         \
	  .all = { FROM(name_, columns) " ORDER BY " key },                                    \
	  .count = { FROM(name_, "count(*)") },                                                \
	  .clear = { "DELETE FROM \"" name_ "\"" },                                            \
	  .after = { FROM(name_, columns) " WHERE " key " > ?1 ORDER BY " key },               \
	  .last = { FROM(name_, columns) " ORDER BY " key " DESC LIMIT 1" },                   \
	  .same = { FROM(name_, columns) " WHERE " key " = ?1" } },
#define DERIVED(name_) { .kind = KIND_DERIVED, .table = { .name = name_ } },
#define OWN(name_)     { .kind = KIND_OWN, .table = { .name = name_ } },

const struct table_row place_tables[] = {
#include "record/tables.def"
	{ 0 }
};

static bool fits(const char *pattern, struct str name)
{
	struct str p = str_of(pattern);

	if (!str_ends(p, STR("*")))
		return str_eq(p, name);
	p.len--;
	return str_starts(name, p);
}

const struct table_row *place_table(struct str name)
{
	for (const struct table_row *t = place_tables; t->table.name; t++)
		if (fits(t->table.name, name))
			return t;
	return NULL;
}

enum err tables_analyze(struct ctx *c, struct db *db, void *unused)
{
	bool sqlite = strcmp(store_engine(c->place->store), "sqlite") == 0;

	(void)unused;
	return db_script(c, db, "analyze",
			 sqlite ? STR("PRAGMA analysis_limit = 400; ANALYZE") : STR("ANALYZE"));
}
