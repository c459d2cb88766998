/* code.c - code systems and value sets from every codes.tsv and sets.tsv, and from displays.tsv what
 * value sets call the codes of systems that are not here.
 *
 * Most runs ask about a few of the thousand systems. So the tables are indexed when first asked,
 * and each system's codes are read when first asked, under one lock; what has been read never
 * changes. A value set is kept as its rules and asked, not expanded.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/vec.h"
#include "fhir/code.h"
#include "fhir/load.h"

#define SET_DEPTH 8 /* value sets that include value sets */

struct concept {
	struct str code, display;
	uint32_t parent; /* index + 1; 0 at the top */
};

struct edge { /* a second parent */
	struct str parent, child;
};

struct system {
	struct rows rows; /* its lines, not yet read */
	bool complete;    /* else other codes may exist */
	atomic_bool ready;
	VEC(struct concept) concepts;
	VEC(struct edge) edges;
	struct map by_code; /* code -> index + 1 */
};

enum part_kind {
	PART_SET,
	PART_ALL,
	PART_CODES,
	PART_IS_A,
	PART_IS_NOT_A,
	PART_BELOW,
	PART_CHILD,
	PART_UNKNOWN
};

static const char *const part_names[] = { "set",      "all",           "codes",    "is-a",
					  "is-not-a", "descendent-of", "child-of", "unknown" };

struct part {
	bool exclude;
	enum part_kind kind;
	struct str url;  /* of the system, or of the set */
	struct str what; /* the code, or codes with | between */
};

struct set {
	VEC(struct part) parts;
};

struct fhir_codes {
	pthread_mutex_t lock;
	atomic_bool ready;
	struct rows codes, sets;                    /* of the standard */
	struct tables more_codes, more_sets, names; /* of others, and displays */
	struct arena arena; /* not the tables': filled later, by any thread, under the lock */
	struct map by_system, by_set, by_named; /* the last: systems of displays */
};

static void codes_done(void *arg)
{
	struct fhir_codes *codes = arg;

	pthread_mutex_destroy(&codes->lock);
	arena_done(&codes->arena);
}

enum err codes_load(struct ctx *c, struct fhir *f, const struct share *share)
{
	struct fhir_codes *codes = NEW(f->life, struct fhir_codes);

	TRY(rows_open(c, f, share, "fhir/codes.tsv", &codes->codes));
	TRY(rows_open(c, f, share, "fhir/sets.tsv", &codes->sets));
	TRY(rows_find(c, f, share, "codes.tsv", &codes->more_codes));
	TRY(rows_find(c, f, share, "sets.tsv", &codes->more_sets));
	TRY(rows_find(c, f, share, "displays.tsv", &codes->names));
	pthread_mutex_init(&codes->lock, NULL);
	arena_init(&codes->arena);
	arena_defer(f->life, codes_done, codes);
	f->codes = codes;
	return OK;
}

/* Where each system's lines begin and end. A line that begins with S and a tab is a system. */
static void index_systems(struct fhir_codes *codes, const struct rows *rows, struct map *by_url)
{
	char *at = rows->at, *end = rows->end;
	struct system *system = NULL;

	while (at < end) {
		char *line = at, *stop = memchr(at, '\n', (size_t)(end - at));
		struct rows head = { .at = line, .end = stop ? stop : end };
		char *column[3];

		at = stop ? stop + 1 : end;
		if (line[0] != 'S' || line[1] != '\t')
			continue;
		if (system)
			system->rows.end = line;
		rows_next(&head, column, 3);
		system = NEW(&codes->arena, struct system);
		system->complete = !strcmp(column[2], "complete");
		system->rows = (struct rows){ .at = at, .end = end };
		map_set(by_url, str_of(column[1]), system);
	}
}

static void read_sets(struct fhir_codes *codes, struct rows *rows)
{
	struct set *set = NULL;
	char *column[4];

	while (rows_next(rows, column, 4)) {
		struct part *part;
		size_t kind = 0;

		if (*column[0] == 'V') {
			set = NEW(&codes->arena, struct set);
			map_set(&codes->by_set, str_of(column[1]), set);
			continue;
		}
		if (!set)
			continue;
		while (kind < PART_UNKNOWN && strcmp(part_names[kind], column[2]) != 0)
			kind++;
		part = vec_push(&set->parts, &codes->arena);
		*part = (struct part){ *column[0] == '-', (enum part_kind)kind,
				       str_of(column[1]), str_of(column[3]) };
	}
}

/* The tables of others; that of the standard has been read by codes_load. */
static void index_more(struct fhir_codes *codes)
{
	for (size_t i = 0; i < codes->more_codes.list.len; i++) {
		struct rows rows = rows_start(&codes->arena, &codes->more_codes.list.at[i]);

		if (strcmp(rows.file, codes->codes.file) != 0)
			index_systems(codes, &rows, &codes->by_system);
	}
	for (size_t i = 0; i < codes->more_sets.list.len; i++) {
		struct rows rows = rows_start(&codes->arena, &codes->more_sets.list.at[i]);

		if (strcmp(rows.file, codes->sets.file) != 0)
			read_sets(codes, &rows);
	}
	for (size_t i = 0; i < codes->names.list.len; i++) {
		struct rows rows = rows_start(&codes->arena, &codes->names.list.at[i]);

		index_systems(codes, &rows, &codes->by_named);
	}
}

/* The index, made by whoever asks first. */
static struct fhir_codes *ready_codes(const struct fhir *f)
{
	struct fhir_codes *codes = f->codes;

	if (atomic_load_explicit(&codes->ready, memory_order_acquire))
		return codes;
	pthread_mutex_lock(&codes->lock);
	if (!atomic_load_explicit(&codes->ready, memory_order_relaxed)) {
		map_init(&codes->by_system, &codes->arena);
		map_init(&codes->by_set, &codes->arena);
		map_init(&codes->by_named, &codes->arena);
		index_systems(codes, &codes->codes, &codes->by_system);
		read_sets(codes, &codes->sets);
		index_more(codes);
		atomic_store_explicit(&codes->ready, true, memory_order_release);
	}
	pthread_mutex_unlock(&codes->lock);
	return codes;
}

static void read_concepts(struct fhir_codes *codes, struct system *s)
{
	struct arena *a = &codes->arena;
	VEC(uint32_t) above = { 0 };
	char *column[4], *child;

	while (rows_next(&s->rows, column, 4)) {
		size_t depth = (size_t)strtoul(column[0], NULL, 10);
		struct concept *concept = vec_push(&s->concepts, a);

		if (depth > above.len)
			depth = above.len;
		concept->code = str_of(column[1]);
		concept->display = str_of(column[2]);
		concept->parent = depth ? above.at[depth - 1] : 0;
		above.len = depth;
		*vec_push(&above, a) = (uint32_t)s->concepts.len;
		while ((child = piece_next(&column[3], '|')))
			*vec_push(&s->edges, a) = (struct edge){ concept->code, str_of(child) };
	}
	for (size_t i = 0; i < s->concepts.len; i++)
		map_set(&s->by_code, s->concepts.at[i].code, (void *)(uintptr_t)(i + 1));
}

/* A system with its codes; NULL when it is not among those known here. */
static const struct system *find_among(struct fhir_codes *codes, const struct map *by_url,
				       struct str url)
{
	struct system *s = map_get(by_url, url);

	if (!s || atomic_load_explicit(&s->ready, memory_order_acquire))
		return s;
	pthread_mutex_lock(&codes->lock);
	if (!atomic_load_explicit(&s->ready, memory_order_relaxed)) {
		map_init(&s->by_code, &codes->arena);
		read_concepts(codes, s);
		atomic_store_explicit(&s->ready, true, memory_order_release);
	}
	pthread_mutex_unlock(&codes->lock);
	return s;
}

static const struct system *find_system(struct fhir_codes *codes, struct str url)
{
	return find_among(codes, &codes->by_system, url);
}

static const struct concept *find_concept(const struct system *s, struct str code)
{
	size_t index = (size_t)(uintptr_t)map_get(&s->by_code, code);

	return index ? &s->concepts.at[index - 1] : NULL;
}

/* At `ancestor` or below it, by nesting or by a second parent. */
static bool is_below(const struct system *s, const struct concept *concept, struct str ancestor,
		     unsigned depth)
{
	for (; concept;
	     concept = concept->parent ? &s->concepts.at[concept->parent - 1] : NULL) {
		if (str_eq(concept->code, ancestor))
			return true;
		for (size_t i = 0; depth && i < s->edges.len; i++)
			if (str_eq(s->edges.at[i].child, concept->code) &&
			    is_below(s, find_concept(s, s->edges.at[i].parent), ancestor,
				     depth - 1))
				return true;
	}
	return false;
}

static bool is_child(const struct system *s, const struct concept *concept, struct str parent)
{
	return concept->parent && str_eq(s->concepts.at[concept->parent - 1].code, parent);
}

static bool in_list(struct str list, struct str code)
{
	while (list.at)
		if (str_eq(str_cut(&list, '|'), code))
			return true;
	return false;
}

static enum code_answer truth(bool in)
{
	return in ? CODE_IN : CODE_OUT;
}

static enum code_answer ask_set(struct fhir_codes *codes, struct str url, struct str system,
				struct str code, unsigned depth);

static enum code_answer ask_part(struct fhir_codes *codes, const struct part *part,
				 struct str system, struct str code, unsigned depth)
{
	const struct system *s;
	const struct concept *concept;

	if (part->kind == PART_SET)
		return depth ? ask_set(codes, part->url, system, code, depth - 1)
			     : CODE_UNKNOWN;
	if (system.len && !str_eq(system, part->url))
		return CODE_OUT;
	if (part->kind == PART_CODES)
		return truth(in_list(part->what, code));
	s = find_system(codes, part->url);
	concept = s ? find_concept(s, code) : NULL;
	if (!s || part->kind == PART_UNKNOWN)
	return s && s->complete && !concept ? CODE_OUT : CODE_UNKNOWN;
	if (!concept)
		return s->complete ? CODE_OUT : CODE_UNKNOWN;
	switch (part->kind) {
	case PART_IS_A:
		return truth(is_below(s, concept, part->what, SET_DEPTH));
	case PART_IS_NOT_A:
		return truth(!is_below(s, concept, part->what, SET_DEPTH));
	case PART_BELOW:
		return truth(!str_eq(code, part->what) &&
			     is_below(s, concept, part->what, SET_DEPTH));
	case PART_CHILD:
		return truth(is_child(s, concept, part->what));
	default:
		return CODE_IN;
	}
}

static enum code_answer ask_set(struct fhir_codes *codes, struct str url, struct str system,
				struct str code, unsigned depth)
{
	const struct set *set = map_get(&codes->by_set, str_cut(&url, '|'));
	enum code_answer answer = set && set->parts.len ? CODE_OUT : CODE_UNKNOWN;

	for (size_t i = 0; set && i < set->parts.len; i++) {
		const struct part *part = &set->parts.at[i];
		enum code_answer one;

		/* Includes come first: an exclusion matters only for what is in, or may be. */
		if (part->exclude ? answer == CODE_OUT : answer == CODE_IN)
			continue;
		one = ask_part(codes, part, system, code, depth);
		if (one == CODE_UNKNOWN || (one == CODE_IN && !part->exclude))
			answer = one;
		else if (one == CODE_IN)
			answer = CODE_OUT;
	}
	return answer;
}

enum code_answer code_in_set(const struct fhir *f, const char *value_set, struct str system,
			     struct str code)
{
	return ask_set(ready_codes(f), str_of(value_set), system, code, SET_DEPTH);
}

struct str code_set_system(const struct fhir *f, const char *value_set)
{
	struct str url = str_of(value_set), system = { 0 };
	const struct set *set = map_get(&ready_codes(f)->by_set, str_cut(&url, '|'));

	for (size_t i = 0; set && i < set->parts.len; i++) {
		const struct part *part = &set->parts.at[i];

		if (part->kind == PART_SET || (system.len && !str_eq(system, part->url)))
			return (struct str){ 0 };
		system = part->url;
	}
	return system;
}

static struct str display_of(struct fhir_codes *codes, struct str system, struct str code)
{
	const struct system *s = find_system(codes, system);
	const struct concept *concept;

	if (!s)
		s = find_among(codes, &codes->by_named, system);
	concept = s ? find_concept(s, code) : NULL;
	return concept ? concept->display : (struct str){ 0 };
}

struct str code_display(const struct fhir *f, struct str system, struct str code)
{
	return display_of(ready_codes(f), system, code);
}

bool code_is_below(const struct fhir *f, struct str system, struct str code,
		   struct str ancestor)
{
	const struct system *s = find_system(ready_codes(f), system);

	return s && is_below(s, find_concept(s, code), ancestor, SET_DEPTH);
}

/* ---- systems, for those who ask about one */

enum code_system code_system(const struct fhir *f, struct str system)
{
	const struct system *s = find_system(ready_codes(f), system);

	return !s ? SYSTEM_UNKNOWN : s->complete ? SYSTEM_COMPLETE : SYSTEM_PARTIAL;
}

bool code_find(const struct fhir *f, struct str system, struct str code, struct code_item *out)
{
	const struct system *s = find_system(ready_codes(f), system);
	const struct concept *concept = s ? find_concept(s, code) : NULL;

	if (!concept)
		return false;
	*out = (struct code_item){ system, concept->code, concept->display,
				   concept->parent ? s->concepts.at[concept->parent - 1].code
						   : (struct str){ 0 } };
	return true;
}

void code_system_list(struct arena *a, const struct fhir *f, struct str system,
		      struct code_list *out)
{
	const struct system *s = find_system(ready_codes(f), system);

	for (size_t i = 0; s && i < s->concepts.len; i++) {
		const struct concept *concept = &s->concepts.at[i];

		*vec_push(&out->list, a) = (struct code_item){
			system, concept->code, concept->display,
			concept->parent ? s->concepts.at[concept->parent - 1].code
					: (struct str){ 0 }
		};
	}
}

bool code_set_known(const struct fhir *f, struct str value_set)
{
	return map_get(&ready_codes(f)->by_set, str_cut(&value_set, '|')) != NULL;
}

/* ---- all codes of a set */

struct expansion {
	struct ctx *c;
	struct fhir_codes *codes;
	struct code_list *out;
	struct map seen; /* "system|code" */
};

static enum err expand_set(struct expansion *x, struct str url, unsigned depth);

static bool is_excluded(struct expansion *x, const struct set *set, struct str system,
			struct str code)
{
	for (size_t i = 0; i < set->parts.len; i++)
		if (set->parts.at[i].exclude &&
		    ask_part(x->codes, &set->parts.at[i], system, code, SET_DEPTH) == CODE_IN)
			return true;
	return false;
}

static enum err add_code(struct expansion *x, const struct set *set, struct str system,
			 struct str code)
{
	struct arena *a = x->c->arena;
	struct str key =
		str_of(arena_printf(a, STR_FMT "|" STR_FMT, STR_ARG(system), STR_ARG(code)));

	if (is_excluded(x, set, system, code) || !map_set(&x->seen, key, x))
		return OK;
	if (x->out->list.len >= CODES_MAX)
		return fail(x->c, ERR_LIMIT, "The value set holds more than %d codes.",
			    CODES_MAX);
	*vec_push(&x->out->list, a) =
		(struct code_item){ system, code, display_of(x->codes, system, code), { 0 } };
	return OK;
}

/* Every code of the system that the part says is in. */
static enum err expand_rule(struct expansion *x, const struct set *set, const struct part *part)
{
	const struct system *s = find_system(x->codes, part->url);

	if (!s || !s->complete || part->kind == PART_UNKNOWN)
		return fail(x->c, ERR_UNSUPPORTED,
			    "The value set takes codes of " STR_FMT
			    " by a rule that cannot be followed without all of its codes, "
			    "which are not here.",
			    STR_ARG(part->url));
	for (size_t i = 0; i < s->concepts.len; i++)
		if (ask_part(x->codes, part, part->url, s->concepts.at[i].code, 0) == CODE_IN)
			TRY(add_code(x, set, part->url, s->concepts.at[i].code));
	return OK;
}

/* Those of a set in a set, without those this one leaves out. */
static enum err expand_inner(struct expansion *x, const struct set *set, struct str url,
			     unsigned depth)
{
	struct code_list inner = { 0 };
	struct expansion y = { .c = x->c, .codes = x->codes, .out = &inner };

	map_init(&y.seen, x->c->arena);
	if (!depth)
		return fail(x->c, ERR_LIMIT, "The value set holds others more than %d deep.",
			    SET_DEPTH);
	TRY(expand_set(&y, url, depth - 1));
	for (size_t i = 0; i < inner.list.len; i++)
		TRY(add_code(x, set, inner.list.at[i].system, inner.list.at[i].code));
	return OK;
}

static enum err expand_part(struct expansion *x, const struct set *set, const struct part *part,
			    unsigned depth)
{
	struct str list = part->what;

	if (part->kind == PART_SET)
		return expand_inner(x, set, part->url, depth);
	if (part->kind != PART_CODES)
		return expand_rule(x, set, part);
	while (list.at)
		TRY(add_code(x, set, part->url, str_cut(&list, '|')));
	return OK;
}

static enum err expand_set(struct expansion *x, struct str url, unsigned depth)
{
	struct str bare = str_cut(&url, '|');
	const struct set *set = map_get(&x->codes->by_set, bare);

	if (!set)
		return fail(x->c, ERR_NOT_FOUND, "The value set " STR_FMT " is not known here.",
			    STR_ARG(bare));
	for (size_t i = 0; i < set->parts.len; i++)
		if (!set->parts.at[i].exclude)
			TRY(expand_part(x, set, &set->parts.at[i], depth));
	return OK;
}

enum err code_expand(struct ctx *c, const struct fhir *f, struct str value_set,
		     struct code_list *out)
{
	struct code_list list = { 0 };
	struct expansion x = { .c = c, .codes = ready_codes(f), .out = &list };

	map_init(&x.seen, c->arena);
	TRY(expand_set(&x, value_set, SET_DEPTH));
	*out = list;
	return OK;
}
