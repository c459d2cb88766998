/* rows.c - lines and columns of the tables of share/fhir. */
#include "fhir/load.h"

enum err rows_open(struct ctx *c, struct fhir *f, const struct share *share, const char *name,
		   struct rows *out)
{
	static const uint64_t key[2] = { 0x63617573, 0x65776179 };
	uint64_t sums[2] = { f->digest };
	struct str text;

	TRY(share_read(c, share, f->life, name, &text));
	sums[1] = hash_keyed(key, text.at, text.len);
	f->digest = hash_keyed(key, sums, sizeof sums);
	out->at = arena_dup(f->life, text.at, text.len);
	out->end = out->at + text.len;
	out->file = arena_str(f->life, name);
	out->line = 0;
	return OK;
}

struct finder {
	struct fhir *f;
	const struct share *share;
	const char *name;
	struct tables *out;
};

static enum err add_table(struct ctx *c, void *arg, const char *name)
{
	struct finder *finder = arg;
	struct str leaf = str_of(strrchr(name, '/') + 1);
	struct table table;

	if (!str_is(leaf, finder->name))
		return OK;
	table.file = arena_str(finder->f->life, name);
	TRY(share_read(c, finder->share, finder->f->life, name, &table.text));
	*vec_push(&finder->out->list, finder->f->life) = table;
	return OK;
}

enum err rows_find(struct ctx *c, struct fhir *f, const struct share *share, const char *name,
		   struct tables *out)
{
	struct finder finder = { f, share, name, out };

	return share_list(c, share, "fhir", add_table, &finder);
}

struct rows rows_start(struct arena *a, const struct table *table)
{
	char *at = arena_dup(a, table->text.at, table->text.len);

	return (struct rows){ .at = at, .end = at + table->text.len, .file = table->file };
}

bool rows_next(struct rows *r, char **columns, unsigned count)
{
	char *end, *at = r->at;

	if (at >= r->end)
		return false;
	end = memchr(at, '\n', (size_t)(r->end - at));
	if (!end)
		end = r->end;
	*end = '\0';
	for (unsigned i = 0; i < count; i++) {
		char *tab = memchr(at, '\t', (size_t)(end - at));

		columns[i] = at;
		if (tab)
			*tab = '\0';
		at = tab ? tab + 1 : end;
	}
	r->at = end + 1;
	r->line++;
	return true;
}

enum err rows_fail(struct ctx *c, const struct rows *r, const char *what, const char *column)
{
	return fail(c, ERR_INVALID, "%s:%u: %s: %.80s", r->file, r->line, what, column);
}

char *piece_next(char **list, char sep)
{
	char *piece = *list, *end;

	if (!piece || !*piece)
		return NULL;
	end = strchr(piece, sep);
	*list = end ? end + 1 : NULL;
	if (end)
		*end = '\0';
	return piece;
}

const char *const *pieces(struct arena *life, char *list, char sep)
{
	size_t count = 1;
	const char **out;
	char *piece;

	if (!list || !*list)
		return NULL;
	for (const char *p = list; *p; p++)
		count += *p == sep;
	out = NEW_N(life, const char *, count + 1);
	for (size_t i = 0; (piece = piece_next(&list, sep)); i++)
		out[i] = piece;
	return out;
}
