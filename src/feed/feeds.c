/* feeds.c - opening and closing what those who take messages share. */
#include "feed/feeds.h"

#include <stdlib.h>

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
	if (attempt)
		pthread_rwlock_wrlock(&feeds->turns);
	else
		pthread_rwlock_rdlock(&feeds->turns);
}

void feeds_turn_done(struct feeds *feeds)
{
	pthread_rwlock_unlock(&feeds->turns);
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
	pthread_mutex_init(&feeds->rows_lock, NULL);
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
	pthread_mutex_destroy(&feeds->rows_lock);
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
