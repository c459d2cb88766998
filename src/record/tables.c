/* tables.c - the list of tables.def. */
#include "record/tables.h"

const struct table_row place_tables[] = {
#define PERMANENT(its_name, its_how, its_columns, its_types)                                                   \
	{ KIND_PERMANENT, its_how, { its_name, its_columns, its_types } },
#define DERIVED(its_name) { .kind = KIND_DERIVED, .table = { .name = its_name } },
#define OWN(its_name)     { .kind = KIND_OWN, .table = { .name = its_name } },
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
