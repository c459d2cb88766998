/* link_read.c - files of people into memory: which column is what, and its values. See link.h. */
#include <stdlib.h>
#include <sys/stat.h>

#include "base/sheet.h"
#include "identity/link.h"

enum { NOWHERE = -1, FULL_NAMES = 2 };

/* What one file's columns are for: by column of people, the place in the file. */
struct reading {
	const struct link_options *options;
	struct link_source *source;
	const char *file;
	int id, truth;
	int at[MAX_COLUMNS];
	int full[FULL_NAMES]; /* full names beside their parts, which they fill where those are empty */
	unsigned file_number;
	unsigned width; /* of the header */
	unsigned used[2]; /* by file: bits of the columns it has */
	bool header_only; /* the first look, which makes the columns */
};

static struct str header_text(struct arena *a, struct str raw)
{
	struct buf b;

	raw = str_fold(a, raw);
	buf_init(&b, a, 0);
	for (size_t i = 0; i < raw.len; i++)
		buf_char(&b, raw.at[i] == ' ' || raw.at[i] == '-' || raw.at[i] == '.'
				     ? '_'
				     : raw.at[i]);
	return buf_get(&b);
}

/* ---- columns ---- */

static struct column *find_column(struct people *p, const char *name)
{
	for (unsigned i = 0; i < p->width; i++)
		if (!strcmp(p->columns[i].name, name))
			return &p->columns[i];
	return NULL;
}

static enum err want_column(struct ctx *c, struct people *p, enum role role, const char *name,
			    unsigned *out)
{
	struct column *column = find_column(p, name);

	if (!column) {
		if (p->width == MAX_COLUMNS)
			return fail(c, ERR_LIMIT, "more than %d columns to compare",
				    MAX_COLUMNS);
		column = people_add_column(p, role, name);
	}
	*out = (unsigned)(column - p->columns);
	return OK;
}

static bool has_word(const char *words, struct str word)
{
	struct str rest = str_of(words);

	while (rest.at)
		if (str_eq(str_cut(&rest, ' '), word))
			return true;
	return false;
}

static enum role guess_role(struct str header)
{
	for (unsigned role = 0; role < ROLE_COUNT; role++)
		if (has_word(role_rows[role].headers, header))
			return (enum role)role;
	return ROLE_COUNT;
}

static enum err give_role(struct ctx *c, struct reading *r, enum role role, const char *name,
			  int at)
{
	unsigned column;

	if (role == ROLE_ID) {
		r->id = r->id == NOWHERE ? at : r->id;
		return OK;
	}
	TRY(want_column(c, r->source->people, role, name, &column));
	if (r->at[column] == NOWHERE)
		r->at[column] = at;
	return OK;
}

static enum err guess_columns(struct ctx *c, struct reading *r, const struct sheet_row *row)
{
	struct arena *a = r->source->people->arena;
	bool parts[2] = { false, false };

	for (unsigned i = 0; i < row->len; i++) {
		enum role role = guess_role(header_text(a, row->fields[i]));
		parts[0] |= role == ROLE_GIVEN;
		parts[1] |= role == ROLE_FAMILY;
	}
	for (unsigned i = 0; i < row->len; i++) {
		struct str header = header_text(a, row->fields[i]);
		enum role role = guess_role(header);

		if ((int)i == r->truth)
			continue;
		/* A full name says again what its parts say, where they say something. */
		bool again = role == ROLE_FULL_NAME && parts[0] && parts[1];
		if (again)
			r->full[r->full[0] != NOWHERE] = (int)i;
		if (role == ROLE_COUNT || again) {
			if (r->header_only)
				*vec_push(&r->source->ignored, a) = str_dup(a, row->fields[i]);
			continue;
		}
		const char *name = role == ROLE_OTHER
					   ? arena_printf(a, "other:" STR_FMT, STR_ARG(header))
					   : role_rows[role].word;
		TRY(give_role(c, r, role, name, (int)i));
	}
	return OK;
}

static int find_field(const struct sheet_row *row, struct str name)
{
	for (unsigned i = 0; i < row->len; i++)
		if (str_eq(row->fields[i], name))
			return (int)i;
	return NOWHERE;
}

static enum err named_columns(struct ctx *c, struct reading *r, const struct sheet_row *row)
{
	struct str rest = str_of(r->options->columns);
	struct arena *a = r->source->people->arena;

	while (rest.at) {
		struct str name = str_trim(str_cut(&rest, ',')), whole = name;
		struct str word = str_cut(&name, '=');
		const char *text = str_dup(a, word);
		unsigned role = 0;
		int at = name.at ? find_field(row, name) : NOWHERE;

		while (role < ROLE_COUNT && !str_is(word, role_rows[role].word))
			role++;
		if (str_starts(word, STR("other:")) && word.len > 6)
			role = ROLE_OTHER;
		else if (role == ROLE_OTHER)
			role = ROLE_COUNT;
		if (!name.at || role == ROLE_COUNT)
			return fail(c, ERR_USAGE,
				    "--columns: \"" STR_FMT
				    "\" is not ROLE=COLUMN with a role of id given family "
				    "full_name dob sex postcode street address town region "
				    "phone email "
				    "identifier other:NAME",
				    STR_ARG(whole));
		if (at == NOWHERE)
			return fail(c, ERR_USAGE, "%s has no column \"" STR_FMT "\"", r->file,
				    STR_ARG(name));
		TRY(give_role(c, r, (enum role)role, text, at));
	}
	return OK;
}

static enum err read_header(struct ctx *c, struct reading *r, const struct sheet_row *row)
{
	const char *truth = r->options->truth;

	r->id = r->truth = NOWHERE;
	for (unsigned i = 0; i < MAX_COLUMNS; i++)
		r->at[i] = NOWHERE;
	r->full[0] = r->full[1] = NOWHERE;
	r->width = row->len;
	if (truth) {
		r->truth = find_field(row, str_of(truth));
		if (r->truth == NOWHERE)
			return fail(c, ERR_USAGE, "--truth: %s has no column \"%s\"", r->file,
				    truth);
	}
	return r->options->columns ? named_columns(c, r, row) : guess_columns(c, r, row);
}

/* ---- records ---- */

/* Millions of texts told apart by 64 bits: two of five million are the same once in a million runs. */
static uint64_t truth_hash(struct str text)
{
	static const uint64_t key[2] = { 0x7472757468, 1 };

	return text.len ? hash_keyed(key, text.at, text.len) | 1 : 0;
}

static struct str record_id(struct reading *r, const struct sheet_row *row)
{
	struct arena *a = r->source->people->arena;

	if (r->id == NOWHERE)
		return str_of(arena_printf(a, "%s%lld",
					   r->file_number         ? "b"
					   : r->options->files[1] ? "a"
								  : "",
					   (long long)row->number - 1));
	struct str id = row->fields[r->id];
	return (struct str){ arena_dup(a, id.at, id.len), id.len };
}

/* The full name with the fewest words, of two and more: titles and the like make it longer. */
static struct str shortest_name(const struct reading *r, const struct sheet_row *row)
{
	struct str best = { 0 };
	size_t least = SIZE_MAX;

	for (unsigned i = 0; i < FULL_NAMES && r->full[i] != NOWHERE; i++) {
		struct str name = str_trim(row->fields[r->full[i]]);
		size_t spaces = 0;

		for (size_t k = 0; k < name.len; k++)
			spaces += name.at[k] == ' ';
		if (spaces && spaces < least) {
			least = spaces;
			best = name;
		}
	}
	return best;
}

/* A given or family name that is not told is the first or last word of the full name. */
static void fill_names(const struct reading *r, const struct sheet_row *row,
		       struct str texts[MAX_COLUMNS])
{
	const struct people *p = r->source->people;
	struct str name = shortest_name(r, row);
	size_t first = 0, last = name.len;

	while (first < name.len && name.at[first] != ' ')
		first++;
	while (last && name.at[last - 1] != ' ')
		last--;
	for (unsigned i = 0; name.len && i < p->width; i++) {
		if (str_trim(texts[i]).len)
			continue;
		if (p->columns[i].role == ROLE_GIVEN)
			texts[i] = (struct str){ name.at, first };
		else if (p->columns[i].role == ROLE_FAMILY)
			texts[i] = (struct str){ name.at + last, name.len - last };
	}
}

/* Cells beyond the header's may be empty, as some programs write them; else the row is out of place. */
static enum err check_width(struct ctx *c, const struct reading *r, const struct sheet_row *row)
{
	for (unsigned i = r->width; i < row->len; i++)
		if (row->fields[i].len)
			return fail(c, ERR_SYNTAX, "%s: row %lld has %u fields where the header has %u", r->file,
				    (long long)row->number, row->len, r->width);
	return OK;
}

static enum err read_record(struct ctx *c, struct reading *r, const struct sheet_row *row)
{
	struct link_source *s = r->source;
	struct str texts[MAX_COLUMNS] = { 0 };
	int last = r->id > r->truth ? r->id : r->truth;

	for (unsigned i = 0; i < s->people->width; i++)
		last = r->at[i] > last ? r->at[i] : last;
	for (unsigned i = 0; i < FULL_NAMES; i++)
		last = r->full[i] > last ? r->full[i] : last;
	if (last >= (int)row->len)
		return fail(c, ERR_SYNTAX,
			    "%s: row %lld has %u fields where the header has %u", r->file,
			    (long long)row->number, row->len, r->width);
	TRY(check_width(c, r, row));
	for (unsigned i = 0; i < s->people->width; i++)
		texts[i] = r->at[i] == NOWHERE ? (struct str){ "", 0 } : row->fields[r->at[i]];
	fill_names(r, row, texts);
	*vec_push(&s->ids, s->people->arena) = record_id(r, row);
	if (r->options->truth)
		*vec_push(&s->truth, s->people->arena) = truth_hash(row->fields[r->truth]);
	return people_add(c, s->people, texts);
}

static enum err read_row(struct ctx *c, void *arg, const struct sheet_row *row)
{
	struct reading *r = arg;

	if (row->number == 1)
		TRY(read_header(c, r, row));
	else if (!r->header_only)
		TRY(read_record(c, r, row));
	if (r->header_only)
		return fail(c, ERR_STOPPED, "only the header was wanted");
	if (row->number % 1024 == 0 &&
	    !r->options->progress.tick(r->options->progress.arg, r->source->people->len, 0,
				       "records"))
		return fail(c, ERR_STOPPED, "stopped after %u records", r->source->people->len);
	return OK;
}

/* Ids that stand in both files get the file's letter before them. */
static void part_ids(struct link_source *s)
{
	ARENA(scratch);
	struct map first;
	uint32_t border = s->people->first_of_second;
	bool shared = false;

	map_init(&first, &scratch);
	for (uint32_t r = 0; r < border; r++)
		map_set(&first, s->ids.at[r], s);
	for (uint32_t r = border; r < s->people->len && !shared; r++)
		shared = map_get(&first, s->ids.at[r]) != NULL;
	for (uint32_t r = 0; r < s->people->len && shared; r++)
		s->ids.at[r] =
			str_of(arena_printf(s->people->arena, "%c:" STR_FMT,
					    r < border ? 'a' : 'b', STR_ARG(s->ids.at[r])));
}

/* Records whose id another of the file has, too. */
static uint32_t count_repeated(const struct link_source *s)
{
	size_t room = 1024, n = s->ids.len;
	uint32_t repeated = 0;

	while (room < 2 * n)
		room *= 2;
	uint64_t *seen = calloc(room, sizeof *seen);
	if (!seen)
		abort();
	for (size_t i = 0; i < n; i++) {
		uint64_t hash = hash_bytes(s->ids.at[i].at, s->ids.at[i].len) | 1;
		size_t at = (size_t)(hash >> 20) & (room - 1);
		while (seen[at] && seen[at] != hash)
			at = (at + 1) & (room - 1);
		repeated += seen[at] == hash;
		seen[at] = hash;
	}
	free(seen);
	return repeated;
}

/* Room for as many records as the file may have, so that the lists are not copied as they grow; what is
 * not used is never touched. */
static void make_room(struct reading *r)
{
	enum { LEAST_ROW = 24 };
	struct link_source *s = r->source;
	struct stat file;

	if (stat(r->file, &file) || file.st_size <= 0)
		return;
	vec_reserve(&s->ids, s->people->arena, s->ids.len + (size_t)file.st_size / LEAST_ROW);
	if (r->options->truth)
		vec_reserve(&s->truth, s->people->arena,
			    s->truth.len + (size_t)file.st_size / LEAST_ROW);
}

static enum err read_file(struct ctx *c, struct reading *r, bool header_only)
{
	enum err e;

	r->header_only = header_only;
	r->file = r->options->files[r->file_number];
	if (!header_only)
		make_room(r);
	e = sheet_read(c, r->file, read_row, r);
	return header_only && e == ERR_STOPPED && !(c->stop && *c->stop) ? OK : e;
}

/* Each file must say something that can be compared, and two something that both say. */
static enum err read_headers(struct ctx *c, struct reading *r, unsigned files)
{
	for (r->file_number = 0; r->file_number < files; r->file_number++) {
		r->width = 0;
		TRY(read_file(c, r, true));
		if (!r->width)
			return fail(c, ERR_USAGE, "%s is empty: it has no header", r->file);
		for (unsigned i = 0; i < r->source->people->width; i++)
			r->used[r->file_number] |= (unsigned)(r->at[i] != NOWHERE) << i;
		if (!r->used[r->file_number])
			return fail(c, ERR_USAGE,
				    "%s: no column's role can be told from its header; name them with --columns "
				    "ROLE=COLUMN,...",
				    r->file);
	}
	if (files == 2 && !(r->used[0] & r->used[1]))
		return fail(c, ERR_USAGE, "%s and %s have no columns of the same role to compare", r->options->files[0],
			    r->options->files[1]);
	return OK;
}

enum err link_read(struct ctx *c, const struct share *share, const struct link_options *o,
		   struct link_source *out)
{
	struct reading r = { .options = o, .source = out };
	unsigned files = o->files[1] ? 2 : 1;

	*out = (struct link_source){ 0 };
	TRY(people_new(c, share, c->arena, &out->people));
	/* The columns of both files come before the first record of either. */
	TRY(read_headers(c, &r, files));
	for (r.file_number = 0; r.file_number < files; r.file_number++) {
		out->people->first_of_second = out->people->len;
		TRY(read_file(c, &r, false));
	}
	if (files == 1)
		out->people->first_of_second = out->people->len;
	else
		part_ids(out);
	if (out->people->len < 2)
		return fail(c, ERR_INVALID, "%s: there are no two records to compare",
			    o->files[0]);
	out->repeated = r.id == NOWHERE ? 0 : count_repeated(out);
	people_count(out->people);
	return OK;
}
