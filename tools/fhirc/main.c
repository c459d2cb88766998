/* fhirc - FHIR definitions into the tables of share/fhir.
 *
 *	fhirc package DIR_OF_PACKAGE OUT_DIR
 *	fhirc profiles DIR OUT_DIR
 *
 * The first reads the standard: the StructureDefinition, SearchParameter, ValueSet, CodeSystem and
 * CompartmentDefinition resources of an unpacked FHIR package. The second reads what others built
 * on it, JSON or XML: profiles, extensions, and value sets and code systems. Both write text, one row
 * a line, in an order that depends on the input alone. share/fhir/README.md describes it.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "fhir/type.h"
#include "fhirc/fhirc.h"

#define FILE_MAX ((size_t)64 << 20)

struct str row_text(struct arena *a, struct str s)
{
	struct buf b;

	buf_init(&b, a, 0);
	s = str_trim(s);
	for (size_t i = 0; i < s.len; i++) {
		bool blank = strchr(" \t\r\n", s.at[i]) && s.at[i];

		if (!blank)
			buf_char(&b, s.at[i]);
		else if (s.at[i - 1] != ' ' && s.at[i - 1] != '\n' && s.at[i - 1] != '\r')
			buf_char(&b, ' ');
	}
	return buf_get(&b);
}

struct str url_bare(struct str url)
{
	return str_cut(&url, '|');
}

struct str url_tail(struct str url)
{
	struct str bare = url_bare(url), tail = bare;

	for (size_t i = 0; i < bare.len; i++)
		if (bare.at[i] == '/')
			tail = (struct str){ bare.at + i + 1, bare.len - i - 1 };
	return tail;
}

static int is_definition(const struct dirent *entry)
{
	struct str name = str_of(entry->d_name);

	return str_ends(name, STR(".json")) || str_ends(name, STR(".xml"));
}

/* Byte order, whatever the locale. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void sort_in(struct definitions *d, struct arena *a, struct node *n)
{
	struct str type = node_str(n, "resourceType");

	if (str_is(type, "StructureDefinition"))
		*vec_push(&d->types, a) = n;
	else if (str_is(type, "SearchParameter"))
		*vec_push(&d->params, a) = n;
	else if (str_is(type, "ValueSet"))
		*vec_push(&d->sets, a) = n;
	else if (str_is(type, "CodeSystem"))
		*vec_push(&d->systems, a) = n;
	else if (str_is(type, "CompartmentDefinition"))
		*vec_push(&d->compartments, a) = n;
}

/* Of a whole package only these are read; a folder of profiles (`f` given) is read whole. */
static bool is_wanted(const char *name, const struct fhir *f)
{
	static const char *const wanted[] = {
		"StructureDefinition-", "SearchParameter-",       "ValueSet-",
		"CodeSystem-",          "CompartmentDefinition-", NULL
	};
	const char *const *w = wanted;

	while (*w && !str_starts(str_of(name), str_of(*w)))
		w++;
	return f || *w;
}

/* Publishers let a damaged file through now and then; the others are still of use. */
static enum err left_out(const struct ctx *c, const char *name)
{
	fprintf(stderr, "fhirc: left out %s: %s\n", name, c->why);
	return OK;
}

static enum err read_definition(struct ctx *c, const char *dir, const char *name,
				const struct fhir *f, struct definitions *d)
{
	struct node *n;
	struct str text;

	if (!is_wanted(name, f))
		return OK;
	TRY(file_read(c, c->arena, arena_printf(c->arena, "%s/%s", dir, name), FILE_MAX,
		      &text));
	if (!str_ends(str_of(name), STR(".xml")))
		TRY(json_read(c, c->arena, text, NULL, &n));
	else if (!f)
		return fail(c, ERR_INVALID, "%s: the standard itself is read as JSON", name);
	else if (fhir_read_xml(c, f, c->arena, text, &n) != OK)
		return left_out(c, name);
	sort_in(d, c->arena, n);
	return OK;
}

static enum err read_definitions(struct ctx *c, const char *dir, const struct fhir *f,
				 struct definitions *d)
{
	struct dirent **entries;
	int count = scandir(dir, &entries, is_definition, by_name);
	enum err e = OK;

	if (count < 0)
		return fail(c, ERR_IO, "%s cannot be read", dir);
	for (int i = 0; i < count; i++) {
		if (e == OK)
			e = read_definition(c, dir, entries[i]->d_name, f, d);
		free(entries[i]);
	}
	free(entries);
	TRY(e);
	return d->types.len ? OK
			    : fail(c, ERR_NOT_FOUND, "%s holds no StructureDefinition", dir);
}

static enum err write_table(struct ctx *c, const char *dir, const char *name,
			    const struct buf *table)
{
	const char *path = arena_printf(c->arena, "%s/%s.tsv", dir, name);

	TRY(file_write(c, path, buf_get(table)));
	printf("%-32s %8zu bytes\n", path, table->len);
	return OK;
}

enum { CODES, SETS, DISPLAYS, PROFILES, TYPES, RULES, SEARCH, COMPARTMENTS, COUNT };
static const char *const names[COUNT] = { "codes", "sets",  "displays", "profiles",
					  "types", "rules", "search",   "compartments" };

/* The standard: all tables. */
static enum err package(struct ctx *c, const char *dir, const char *to, struct buf *tables)
{
	struct definitions d = { 0 };
	struct str old = { 0 };

	TRY(read_definitions(c, dir, NULL, &d));
	map_init(&d.names, c->arena);
	for (size_t i = 0; i < d.types.len; i++)
		if (!str_is(node_str(d.types.at[i], "derivation"), "constraint"))
			map_set(&d.names, node_str(d.types.at[i], "name"), d.types.at[i]);
	if (file_read(c, c->arena, arena_printf(c->arena, "%s/search.tsv", to), FILE_MAX,
		      &old) != OK)
		old = STR("");
	TRY(types_write(c, &d, &tables[TYPES], &tables[RULES]));
	TRY(search_write(c, &d, old, &tables[SEARCH], &tables[COMPARTMENTS]));
	codes_write(c, &d, &tables[CODES], &tables[SETS], &tables[DISPLAYS]);
	profiles_write(c, &d, &tables[PROFILES]);
	for (int i = 0; i < COUNT; i++)
		TRY(write_table(c, to, names[i], &tables[i]));
	return OK;
}

/* What others built on the standard: profiles, and codes of their own. */
static enum err profiles(struct ctx *c, const char *dir, const char *to, struct buf *tables)
{
	struct definitions d = { 0 };
	const struct fhir *f;

	TRY(fhir_load(c, c->arena, &(struct share){ 0 }, &f));
	TRY(read_definitions(c, dir, f, &d));
	map_init(&d.names, c->arena);
	for (unsigned i = 0; i < f->type_count; i++)
		map_set(&d.names, str_of(f->types[i]->name), (void *)(uintptr_t)f->types[i]);
	codes_write(c, &d, &tables[CODES], &tables[SETS], &tables[DISPLAYS]);
	profiles_write(c, &d, &tables[PROFILES]);
	for (int i = CODES; i <= PROFILES; i++)
		if (tables[i].len)
			TRY(write_table(c, to, names[i], &tables[i]));
	return OK;
}

int main(int argc, char **argv)
{
	ARENA(arena);
	struct buf tables[COUNT];
	bool extra = argc == 4 && !strcmp(argv[1], "profiles");
	struct ctx c;
	enum err e;

	ctx_init(&c, &arena);
	if (argc != 4 || (!extra && strcmp(argv[1], "package") != 0)) {
		fprintf(stderr, "usage: fhirc package|profiles DIR OUT_DIR\n");
		return err_row(ERR_USAGE)->exit;
	}
	for (int i = 0; i < COUNT; i++)
		buf_init(&tables[i], &arena, 0);
	e = (extra ? profiles : package)(&c, argv[2], argv[3], tables);
	if (e != OK)
		fprintf(stderr, "fhirc: %s\n", c.why);
	return err_row(e)->exit;
}
