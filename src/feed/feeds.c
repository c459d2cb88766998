/* feeds.c - opening and closing what those who take messages share. */
#include "feed/feeds.h"

#include <stdlib.h>
#include <string.h>

#include "base/mutex.h"
#include "identity/crew.h"

unsigned feeds_threads(const struct place *place)
{
	return strcmp(store_engine(place->store), "sqlite") == 0 ? crew_cores() + 1 : 16;
}

/* Whoever waits to be alone goes before those who come after. */
static void turns_init(pthread_rwlock_t *turns)
{
	pthread_rwlockattr_t kind;

	pthread_rwlockattr_init(&kind);
	pthread_rwlockattr_setkind_np(&kind, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(turns, &kind);
	pthread_rwlockattr_destroy(&kind);
}

void feeds_turn(struct feeds *feeds, unsigned attempt)
{
	if (!attempt && pthread_rwlock_tryrdlock(&feeds->turns) == 0)
		return;
	turn_rest();
	if (attempt)
		pthread_rwlock_wrlock(&feeds->turns);
	else
		pthread_rwlock_rdlock(&feeds->turns);
	turn_go_on();
}

void feeds_turn_done(struct feeds *feeds)
{
	pthread_rwlock_unlock(&feeds->turns);
}

bool feeds_named(struct feeds *feeds, struct arena *a, struct str key, struct named *out)
{
	pthread_mutex_lock(&feeds->named_lock);
	const struct named *n = feeds->named[hash_bytes(key.at, key.len) % FEED_NAMED];
	bool found = n && str_eq(n->key, key);
	if (found)
		*out = (struct named){ key, str_of(str_dup(a, n->id)), str_of(str_dup(a, n->words)) };
	pthread_mutex_unlock(&feeds->named_lock);
	return found;
}

static struct str put_behind(char **at, struct str text)
{
	struct str copy = { memcpy(*at, text.at ? text.at : "", text.len), text.len };

	*at += text.len;
	return copy;
}

void feeds_name(struct feeds *feeds, const struct named *named)
{
	struct named *n = malloc(sizeof *n + named->key.len + named->id.len + named->words.len);
	char *at = (char *)(n + 1);

	if (!n)
		abort();
	*n = (struct named){ put_behind(&at, named->key), put_behind(&at, named->id), put_behind(&at, named->words) };
	pthread_mutex_lock(&feeds->named_lock);
	struct named **slot = &feeds->named[hash_bytes(n->key.at, n->key.len) % FEED_NAMED];
	free(*slot);
	*slot = n;
	pthread_mutex_unlock(&feeds->named_lock);
}

struct arena feeds_borrow(struct feeds *feeds)
{
	struct arena arena;

	arena_init(&arena);
	pthread_mutex_lock(&feeds->spare_lock);
	if (feeds->spares)
		arena = feeds->spare[--feeds->spares];
	pthread_mutex_unlock(&feeds->spare_lock);
	return arena;
}

void feeds_give_back(struct feeds *feeds, struct arena *arena)
{
	arena_reset(arena);
	pthread_mutex_lock(&feeds->spare_lock);
	if (feeds->spares < FEED_SPARE) {
		feeds->spare[feeds->spares++] = *arena;
		arena_init(arena);
	}
	pthread_mutex_unlock(&feeds->spare_lock);
	arena_done(arena);
}

enum err feeds_open(struct ctx *c)
{
	struct feeds *feeds;
	enum err e;

	if (c->place->feeds)
		return OK;
	feeds = calloc(1, sizeof *feeds);
	if (!feeds)
		abort();
	arena_init(&feeds->life);
	e = maps_load(c, &c->place->share, c->place->fhir, &feeds->life, &feeds->maps);
	if (e) {
		arena_done(&feeds->life);
		free(feeds);
		return e;
	}
	for (unsigned i = 0; i < FEED_LOCKS; i++)
		pthread_mutex_init(&feeds->locks[i], NULL);
	turns_init(&feeds->turns);
	gate_init(&feeds->gate, feeds_threads(c->place));
	pthread_mutex_init(&feeds->rows_lock, NULL);
	mutex_init_short(&feeds->spare_lock);
	mutex_init_short(&feeds->named_lock);
	c->place->feeds = feeds;
	return OK;
}

void feeds_shut(struct place *place)
{
	struct feeds *feeds = place->feeds;

	if (!feeds)
		return;
	for (unsigned i = 0; i < FEED_LOCKS; i++)
		pthread_mutex_destroy(&feeds->locks[i]);
	pthread_rwlock_destroy(&feeds->turns);
	gate_done(&feeds->gate);
	pthread_mutex_destroy(&feeds->rows_lock);
	pthread_mutex_destroy(&feeds->spare_lock);
	pthread_mutex_destroy(&feeds->named_lock);
	for (unsigned i = 0; i < FEED_NAMED; i++)
		free(feeds->named[i]);
	while (feeds->spares)
		arena_done(&feeds->spare[--feeds->spares]);
	uploads_free(feeds);
	arena_done(&feeds->life);
	free(feeds);
	place->feeds = NULL;
}

const char *feed_field_name(struct ctx *c, const char *segment, unsigned field)
{
	const struct map_code *code;

	if (feeds_open(c))
		return NULL;
	code = map_get(&c->place->feeds->maps->codes,
		       str_of(field ? arena_printf(c->arena, "field|%s-%u", segment, field)
				    : arena_printf(c->arena, "field|%s", segment)));
	return code ? code->display : NULL;
}

enum err feeds_rows(struct ctx *c, const char *name, const struct rows_map **out)
{
	struct feeds *feeds = c->place->feeds;
	struct rows_map *map = NULL;
	enum err e = OK;

	pthread_mutex_lock(&feeds->rows_lock);
	for (size_t i = 0; i < feeds->rows.len && !map; i++)
		if (!strcmp(feeds->rows.at[i]->name, name))
			map = feeds->rows.at[i];
	if (!map) {
		e = rows_load(c, &feeds->life, name, &map);
		if (!e)
			*vec_push(&feeds->rows, &feeds->life) = map;
	}
	pthread_mutex_unlock(&feeds->rows_lock);
	if (!e)
		*out = map;
	return e;
}
