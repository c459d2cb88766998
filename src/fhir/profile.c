/* profile.c - profiles.tsv into trees of demands, each profile when it is first asked for.
 *
 * A profile's own tree is that of its base with its rows laid over it; what is checked is a copy of
 * that in which every slice also holds what is asked of all values.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "fhir/load.h"
#include "fhir/profile.h"

#define BASES_MAX 16 /* profiles of profiles of profiles … */

enum { UNREAD, GOOD, DAMAGED };

struct entry {                  /* a profile by its P row */
	struct profile profile; /* first: profile_find gives out its address */
	struct str type, base;
	struct rows rows;   /* of its elements, uncut until read */
	struct demand *own; /* before slices were filled; what derived ones begin with */
	atomic_int state;
};

struct fhir_profiles {
	pthread_mutex_t lock;
	atomic_bool ready;
	struct arena arena; /* filled later, by any thread, under the lock */
	struct tables tables;
	struct map by_url;
};

struct reader {
	struct ctx *c;
	const struct fhir *f;
	struct arena *a;
	struct entry *entry;
	struct demand *at; /* of the E row last read */
};

/* ---- which profiles there are */

static void profiles_done(void *arg)
{
	struct fhir_profiles *all = arg;

	pthread_mutex_destroy(&all->lock);
	arena_done(&all->arena);
}

enum err profiles_load(struct ctx *c, struct fhir *f, const struct share *share)
{
	struct fhir_profiles *all = NEW(f->life, struct fhir_profiles);

	TRY(rows_find(c, f, share, "profiles.tsv", &all->tables));
	pthread_mutex_init(&all->lock, NULL);
	arena_init(&all->arena);
	arena_defer(f->life, profiles_done, all);
	f->profiles = all;
	return OK;
}

static const char *tail_of(const char *url)
{
	const char *slash = strrchr(url, '/');

	return slash ? slash + 1 : url;
}

static struct entry *entry_new(struct fhir_profiles *all, struct rows *head)
{
	struct entry *entry = NEW(&all->arena, struct entry);
	char *column[5];

	rows_next(head, column, 5);
	entry->profile.url = column[1];
	entry->profile.name = tail_of(column[1]);
	entry->profile.version = column[4];
	entry->type = str_of(column[2]);
	entry->base = str_of(column[3]);
	map_set(&all->by_url, str_of(column[1]), entry);
	return entry;
}

/* Where each profile's lines begin and end. */
static void index_table(struct fhir_profiles *all, const struct table *table)
{
	struct rows rows = rows_start(&all->arena, table);
	char *at = rows.at, *end = rows.end;
	struct entry *entry = NULL;

	while (at < end) {
		char *line = at, *stop = memchr(at, '\n', (size_t)(end - at));
		struct rows head = { .at = line, .end = stop ? stop : end };

		at = stop ? stop + 1 : end;
		if (line[0] == 'P' && line[1] == '\t') {
			if (entry)
				entry->rows.end = line;
			entry = entry_new(all, &head);
			entry->rows = (struct rows){ .at = at, .end = end, .file = rows.file };
		}
	}
}

static struct fhir_profiles *ready_profiles(const struct fhir *f)
{
	struct fhir_profiles *all = f->profiles;

	if (atomic_load_explicit(&all->ready, memory_order_acquire))
		return all;
	pthread_mutex_lock(&all->lock);
	if (!atomic_load_explicit(&all->ready, memory_order_relaxed)) {
		map_init(&all->by_url, &all->arena);
		for (size_t i = 0; i < all->tables.list.len; i++)
			index_table(all, &all->tables.list.at[i]);
		atomic_store_explicit(&all->ready, true, memory_order_release);
	}
	pthread_mutex_unlock(&all->lock);
	return all;
}

size_t profile_count(const struct fhir *f)
{
	return ready_profiles(f)->by_url.len;
}

struct str profile_url(const struct fhir *f, size_t index)
{
	return ready_profiles(f)->by_url.entries[index].key;
}

struct str profile_of_type(const struct fhir *f, size_t index)
{
	const struct entry *entry = ready_profiles(f)->by_url.entries[index].value;

	return entry->type;
}

/* ---- one profile's rows */

/* Compile without leaving issues behind; on failure NULL and, if `why` is given, the reason. */
static const struct path *compile(struct reader *r, struct str text, const char **why)
{
	struct issues before = r->c->issues;
	const struct path *path = NULL;
	char reason[sizeof r->c->why];

	memcpy(reason, r->c->why, sizeof reason);
	if (path_compile(r->c, r->a, r->f, NULL, text, &path) != OK) {
		path = NULL;
		if (why)
			*why = arena_str(r->a, r->c->why);
		r->c->issues = before;
		if (before.last)
			before.last->next = NULL;
	}
	memcpy(r->c->why, reason, sizeof reason);
	return path;
}

/* "identifier:nhsNumber.value[x]" from the root on; "." is the root. */
static struct demand *demand_at(struct reader *r, struct demand *root, struct str id)
{
	if (str_is(id, "."))
		return root;
	while (id.at) {
		struct str slice = str_cut(&id, '.'), name = str_cut(&slice, ':');

		if (str_ends(name, STR("[x]")))
			name.len -= 3;
		root = demand_child(r->a, root, name);
		if (slice.at)
			root = demand_slice(r->a, root, slice);
	}
	return root;
}

static int32_t limit(const char *column, int32_t unsaid)
{
	int64_t n;

	if (!strcmp(column, "*"))
		return DEMAND_MANY;
	return str_int(str_of(column), &n) && n >= 0 && n < DEMAND_MANY ? (int32_t)n : unsaid;
}

/* The list between two brackets, taken out of the text; NULL when there is none. */
static const char *const *bracketed(struct arena *a, char *text, char open, char close)
{
	char *begin = strchr(text, open), *end = begin ? strchr(begin, close) : NULL;

	if (!end)
		return NULL;
	*begin = *end = '\0';
	return pieces(a, begin + 1, ',');
}

static void read_types(struct reader *r, char *list)
{
	char *text;

	if (*list) /* said anew, not added to */
		r->at->types.len = r->at->types.cap = 0;
	while ((text = piece_next(&list, ' '))) {
		struct demand_type *type = vec_push(&r->at->types, r->a);

		type->targets = bracketed(r->a, text, '(', ')');
		type->profiles = bracketed(r->a, text, '{', '}');
		type->name = str_of(text);
	}
}

static bool read_element(struct reader *r, char **column)
{
	struct demand *d = demand_at(r, r->entry->own, str_of(column[1]));

	r->at = d;
	d->min = limit(column[2], d->min);
	d->max = limit(column[3], d->max);
	d->must_support |= strchr(column[4], 's') != NULL;
	read_types(r, column[5]);
	if (*column[6] && *column[7]) {
		d->binding = *column[6];
		d->value_set = column[7];
	}
	return true;
}

static bool read_value(struct reader *r, char **column)
{
	struct node *value;

	if (json_read(r->c, r->a, str_of(column[2]),
		      &(struct json_options){ .atoms = r->f->atoms }, &value) != OK)
		return false;
	if (!strcmp(column[1], "fixed"))
		r->at->fixed = value;
	else
		r->at->pattern = value;
	return true;
}

static enum discriminator_kind discriminator_kind(struct str name)
{
	static const char *const names[] = { "value", "pattern", "exists", "type", "profile" };
	size_t i = 0;

	while (i < sizeof names / sizeof *names && !str_is(name, names[i]))
		i++;
	return (enum discriminator_kind)i;
}

static bool read_slicing(struct reader *r, char **column)
{
	struct slicing *s = NEW(r->a, struct slicing);
	char *text;

	s->rule = !strcmp(column[1], "closed")      ? SLICING_CLOSED
		  : !strcmp(column[1], "openAtEnd") ? SLICING_OPEN_AT_END
						    : SLICING_OPEN;
	s->ordered = !strcmp(column[2], "ordered");
	while ((text = piece_next(&column[3], ' '))) {
		struct str path = str_of(text);
		struct discriminator *by = vec_push(&s->by, r->a);

		by->kind = discriminator_kind(str_cut(&path, ':'));
		by->text = path;
		by->path = compile(r, path, NULL);
	}
	r->at->slicing = s;
	return true;
}

static bool read_rule(struct reader *r, char **column)
{
	struct demand_rule *rule = vec_push(&r->at->rules, r->a);

	rule->id = column[1];
	rule->error = !strcmp(column[2], "error");
	rule->text = column[4];
	rule->path = compile(r, str_of(column[3]), &rule->why);
	return true;
}

static bool read_context(struct reader *r, char **column)
{
	struct profile_context *context = vec_push(&r->entry->profile.contexts, r->a);

	context->kind = str_of(column[1]);
	context->expression = str_of(column[2]);
	if (str_is(context->kind, "fhirpath"))
		context->path = compile(r, context->expression, NULL);
	return true;
}

static bool read_rows(struct reader *r)
{
	static const struct {
		char letter;
		bool (*read)(struct reader *r, char **column);
	} kinds[] = { { 'C', read_context },
		      { 'E', read_element },
		      { 'V', read_value },
		      { 'S', read_slicing },
		      { 'R', read_rule } };
	char *column[8];
	bool good = true;

	while (good && rows_next(&r->entry->rows, column, 8)) {
		size_t i = 0;

		while (i < sizeof kinds / sizeof *kinds && kinds[i].letter != *column[0])
			i++;
		good = i < sizeof kinds / sizeof *kinds && kinds[i].read(r, column);
	}
	return good;
}

/* Under the lock. False when it, or a base of it, is damaged or not known. */
static bool read_profile(struct ctx *c, const struct fhir *f, struct entry *entry,
			 unsigned depth)
{
	struct fhir_profiles *all = f->profiles;
	struct entry *base = map_get(&all->by_url, entry->base);
	struct reader r = { c, f, &all->arena, entry, NULL };
	int state = atomic_load_explicit(&entry->state, memory_order_relaxed);

	if (state != UNREAD)
		return state == GOOD;
	entry->profile.type = fhir_type(f, entry->type);
	if (base ? depth < BASES_MAX && read_profile(c, f, base, depth + 1)
		 : fhir_type(f, entry->base) != NULL) {
		entry->own = demand_copy(r.a, base ? base->own
						   : &(struct demand){ .min = -1, .max = -1 });
		r.at = entry->own;
		state = entry->profile.type && read_rows(&r) ? GOOD : DAMAGED;
	} else {
		state = DAMAGED;
	}
	if (state == GOOD) {
		struct demand *root = demand_copy(r.a, entry->own);

		demand_spread(r.a, root);
		entry->profile.root = root;
	}
	atomic_store_explicit(&entry->state, state, memory_order_release);
	return state == GOOD;
}

const struct profile *profile_find(struct ctx *c, const struct fhir *f, struct str url)
{
	struct fhir_profiles *all = ready_profiles(f);
	struct entry *entry = map_get(&all->by_url, str_cut(&url, '|'));
	int state;

	if (!entry)
		return NULL;
	state = atomic_load_explicit(&entry->state, memory_order_acquire);
	if (state == UNREAD) {
		pthread_mutex_lock(&all->lock);
		state = read_profile(c, f, entry, 0) ? GOOD : DAMAGED;
		pthread_mutex_unlock(&all->lock);
	}
	return state == GOOD ? &entry->profile : NULL;
}
