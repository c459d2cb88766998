/* people.c - see people.h. */
#include "identity/people.h"

#include <stdlib.h>

#include "fhir/sound.h"

const struct role_row role_rows[ROLE_COUNT] = {
#define X(role, word, kind, headers) [ROLE_##role] = { word, KIND_##kind, headers },
#include "identity/role.def"
#undef X
};

static uint32_t number_of(void *pointer)
{
	return (uint32_t)(uintptr_t)pointer;
}

/* ---- nicknames ---- */

static void add_nickname(struct people *p, struct str name, uint16_t row)
{
	struct nicks *nicks = map_get(&p->nicknames, name);

	if (!nicks) {
		nicks = NEW(p->arena, struct nicks);
		map_set(&p->nicknames, name, nicks);
	}
	for (unsigned i = 0; i < MAX_NICKS; i++)
		if (!nicks->row[i]) {
			nicks->row[i] = row;
			return;
		}
}

static enum err read_nicknames(struct ctx *c, const struct share *share, struct people *p)
{
	struct str text, line, word;
	uint16_t row = 0;

	TRY(share_read(c, share, p->arena, "code/nicknames.tsv", &text));
	while (text.at) {
		line = str_trim(str_cut(&text, '\n'));
		if (!line.len || line.at[0] == '#')
			continue;
		if (++row == UINT16_MAX)
			return fail(c, ERR_LIMIT, "code/nicknames.tsv has too many rows");
		add_nickname(p, str_cut(&line, '\t'), row);
		while (line.at)
			if ((word = str_cut(&line, ' ')).len)
				add_nickname(p, word, row);
	}
	return OK;
}

/* ---- values ---- */

static uint32_t sound_number(struct people *p, struct str text)
{
	ARENA(scratch);
	struct str key = sound_key(&scratch, text);
	void *known = key.len ? map_get(&p->sounds, key) : NULL;

	if (!key.len || known)
		return number_of(known);
	uint32_t number = (uint32_t)p->sounds.len + 1;
	map_set(&p->sounds, (struct str){ arena_dup(p->arena, key.at, key.len), key.len },
		(void *)(uintptr_t)number);
	return number;
}

uint32_t text_letters(struct str s)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < s.len; i++)
		if (s.at[i] != ' ')
			bits |= UINT32_C(1) << ((unsigned char)s.at[i] & 31);
	return bits;
}

/* Lists of millions are grown by realloc, which moves pages and not bytes: an arena would keep each
 * older copy. */
static void *grown(void *at, size_t *cap, size_t size)
{
	*cap = *cap ? *cap * 2 : 32;
	at = reallocarray(at, *cap, size);
	if (!at)
		abort();
	return at;
}
#define PUSH(v)                                                                                \
	*((v)->len == (v)->cap ?                                                               \
		  (void)((v)->at = grown((v)->at, &(v)->cap, sizeof *(v)->at)) :               \
		  (void)0,                                                                     \
	  &(v)->at[(v)->len++])

static void add_value(struct people *p, struct values *values, struct str text)
{
	const struct nicks *nicks;

	PUSH(&values->text) = text;
	PUSH(&values->letters) = text_letters(text);
	if (values != &p->values[KIND_NAME])
		return;
	PUSH(&values->sound) = text.len ? sound_number(p, text) : 0;
	nicks = text.len ? map_get(&p->nicknames, text) : NULL;
	PUSH(&values->nicks) = nicks ? *nicks : (struct nicks){ 0 };
}

/* Where a text stands in the table, or the free place where it would. A table of numbers alone costs a
 * value eight bytes; a map's entries would cost fifty. */
static size_t find_slot(const struct values *values, struct str text)
{
	size_t mask = values->slot_count - 1, at = (size_t)hash_bytes(text.at, text.len) & mask;

	while (values->slots[at] && !str_eq(values->text.at[values->slots[at]], text))
		at = (at + 1) & mask;
	return at;
}

static void grow_slots(struct values *values)
{
	free(values->slots);
	values->slot_count = values->slot_count ? values->slot_count * 2 : 64;
	values->slots = calloc(values->slot_count, sizeof *values->slots);
	if (!values->slots)
		abort();
	for (uint32_t number = 1; number < values->text.len; number++)
		values->slots[find_slot(values, values->text.at[number])] = number;
}

uint32_t people_value(struct people *p, enum kind kind, struct str text)
{
	struct values *values = &p->values[kind];

	if (!text.len)
		return 0;
	if (values->text.len * 4 > values->slot_count * 3)
		grow_slots(values);
	size_t slot = find_slot(values, text);
	if (!values->slots[slot]) {
		values->slots[slot] = (uint32_t)values->text.len;
		text.at = arena_dup(p->arena, text.at, text.len);
		add_value(p, values, text);
	}
	return values->slots[slot];
}

static uint32_t value_number(struct people *p, struct column *column, struct str raw)
{
	ARENA(scratch);

	return raw.len ? people_value(p, column->kind, normal_text(&scratch, column->kind, raw))
		       : 0;
}

/* ---- records ---- */

static void free_lists(void *arg)
{
	struct people *p = arg;

	free(p->cells);
	for (unsigned kind = 0; kind < KIND_COUNT; kind++) {
		free(p->values[kind].slots);
		free(p->values[kind].text.at);
		free(p->values[kind].letters.at);
		free(p->values[kind].sound.at);
		free(p->values[kind].nicks.at);
	}
}

enum err people_new(struct ctx *c, const struct share *share, struct arena *a,
		    struct people **out)
{
	struct people *p = NEW(a, struct people);

	p->arena = a;
	map_init(&p->sounds, a);
	map_init(&p->nicknames, a);
	arena_defer(a, free_lists, p);
	TRY(read_nicknames(c, share, p));
	for (unsigned kind = 0; kind < KIND_COUNT; kind++)
		add_value(p, &p->values[kind], STR(""));
	*out = p;
	return OK;
}

struct people *people_beside(struct arena *a, const struct people *root)
{
	struct people *p = NEW(a, struct people);

	p->arena = a;
	p->nicknames = root->nicknames;
	map_init(&p->sounds, a);
	arena_defer(a, free_lists, p);
	for (unsigned kind = 0; kind < KIND_COUNT; kind++)
		add_value(p, &p->values[kind], STR(""));
	return p;
}

struct column *people_add_column(struct people *p, enum role role, const char *name)
{
	struct column *column = &p->columns[p->width++];
	enum kind kind = role_rows[role].kind;

	*column = (struct column){
		.role = role, .kind = kind, .name = name, .values = &p->values[kind]
	};
	return column;
}

enum err people_add(struct ctx *c, struct people *p, const struct str *texts)
{
	if (p->len >= (UINT32_C(1) << 31))
		return fail(c, ERR_LIMIT, "more than 2^31 records");
	/* realloc moves pages, not bytes, at this size; an arena would keep each older copy. */
	if (p->len == p->room) {
		p->room = p->room ? p->room * 2 : 1024;
		p->cells = reallocarray(p->cells, (size_t)p->room * (p->width ? p->width : 1),
					sizeof *p->cells);
		if (!p->cells)
			abort();
	}
	for (unsigned i = 0; i < p->width; i++)
		p->cells[(size_t)p->len * p->width + i] =
			value_number(p, &p->columns[i], texts[i]);
	p->len++;
	return OK;
}

void people_count(struct people *p)
{
	for (unsigned i = 0; i < p->width; i++) {
		struct column *column = &p->columns[i];

		column->counts = NEW_N(p->arena, uint32_t, column->values->text.len);
		for (uint32_t r = 0; r < p->len; r++)
			column->counts[people_row(p, r)[i]]++;
		column->filled = p->len - column->counts[0];
		column->counts[0] = 0;
	}
}
