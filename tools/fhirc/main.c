/* fhirc - FHIR definitions into the tables of share/fhir.
 *
 *	fhirc DIR_OF_PACKAGE OUT_DIR
 *
 * Reads the StructureDefinition, SearchParameter, ValueSet, CodeSystem and CompartmentDefinition
 * resources of an unpacked FHIR package and writes types.tsv, rules.tsv, search.tsv,
 * compartments.tsv, codes.tsv and sets.tsv: text, one row a line, in an order that depends on the
 * package alone. share/fhir/README.md describes them.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
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

static int is_json(const struct dirent *entry)
{
	return str_ends(str_of(entry->d_name), STR(".json"));
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

static enum err read_definitions(struct ctx *c, const char *dir, struct definitions *d)
{
	static const char *const wanted[] = {
		"StructureDefinition-", "SearchParameter-",       "ValueSet-",
		"CodeSystem-",          "CompartmentDefinition-", NULL
	};
	struct dirent **entries;
	int count = scandir(dir, &entries, is_json, by_name);

	if (count < 0)
		return fail(c, ERR_IO, "%s cannot be read", dir);
	for (int i = 0; i < count; i++) {
		const char *const *w = wanted;
		const char *path = arena_printf(c->arena, "%s/%s", dir, entries[i]->d_name);
		struct node *n;
		struct str text;

		while (*w && !str_starts(str_of(entries[i]->d_name), str_of(*w)))
			w++;
		free(entries[i]);
		if (!*w)
			continue;
		TRY(file_read(c, c->arena, path, FILE_MAX, &text));
		TRY(json_read(c, c->arena, text, NULL, &n));
		sort_in(d, c->arena, n);
	}
	free(entries);
	return d->types.len ? OK
			    : fail(c, ERR_NOT_FOUND, "%s holds no StructureDefinition", dir);
}

static enum err write_tables(struct ctx *c, const struct definitions *d, const char *dir)
{
	enum { TYPES, RULES, SEARCH, COMPARTMENTS, CODES, SETS, COUNT };
	static const char *const names[COUNT] = { "types",        "rules", "search",
						  "compartments", "codes", "sets" };
	struct buf tables[COUNT];
	struct str old = { 0 };

	for (int i = 0; i < COUNT; i++)
		buf_init(&tables[i], c->arena, 0);
	if (file_read(c, c->arena, arena_printf(c->arena, "%s/search.tsv", dir), FILE_MAX,
		      &old) != OK)
		old = STR("");
	TRY(types_write(c, d, &tables[TYPES], &tables[RULES]));
	TRY(search_write(c, d, old, &tables[SEARCH], &tables[COMPARTMENTS]));
	codes_write(c, d, &tables[CODES], &tables[SETS]);
	for (int i = 0; i < COUNT; i++) {
		const char *path = arena_printf(c->arena, "%s/%s.tsv", dir, names[i]);

		TRY(file_write(c, path, buf_get(&tables[i])));
		printf("%-32s %8zu bytes\n", path, tables[i].len);
	}
	return OK;
}

int main(int argc, char **argv)
{
	ARENA(arena);
	struct definitions d = { 0 };
	struct ctx c;
	enum err e;

	ctx_init(&c, &arena);
	if (argc != 3) {
		fprintf(stderr, "usage: fhirc DIR_OF_PACKAGE OUT_DIR\n");
		return err_row(ERR_USAGE)->exit;
	}
	e = read_definitions(&c, argv[1], &d);
	if (e == OK)
		e = write_tables(&c, &d, argv[2]);
	if (e != OK)
		fprintf(stderr, "fhirc: %s\n", c.why);
	return err_row(e)->exit;
}
