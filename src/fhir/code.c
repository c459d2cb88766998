/* code.c - code systems and value sets from codes.tsv and sets.tsv.
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
	struct rows codes, sets;
	struct arena
		arena; /* not the tables' arena: filled later, by any thread, under the lock */
	struct map by_system, by_set;
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
	pthread_mutex_init(&codes->lock, NULL);
	arena_init(&codes->arena);
	arena_defer(f->life, codes_done, codes);
	f->codes = codes;
	return OK;
}

/* Where each system's lines begin and end. A line that begins with S and a tab is a system. */
static void index_systems(struct fhir_codes *codes)
{
	char *at = codes->codes.at, *end = codes->codes.end;
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
		map_set(&codes->by_system, str_of(column[1]), system);
	}
}

static void read_sets(struct fhir_codes *codes)
{
	struct set *set = NULL;
	char *column[4];

	while (rows_next(&codes->sets, column, 4)) {
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
		index_systems(codes);
		read_sets(codes);
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
static const struct system *find_system(struct fhir_codes *codes, struct str url)
{
	struct system *s = map_get(&codes->by_system, url);

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

struct str code_display(const struct fhir *f, struct str system, struct str code)
{
	const struct system *s = find_system(ready_codes(f), system);
	const struct concept *concept = s ? find_concept(s, code) : NULL;

	return concept ? concept->display : (struct str){ 0 };
}

bool code_is_below(const struct fhir *f, struct str system, struct str code,
		   struct str ancestor)
{
	const struct system *s = find_system(ready_codes(f), system);

	return s && is_below(s, find_concept(s, code), ancestor, SET_DEPTH);
}
