/* watch.c - feeds that are fetched: files dropped into folders, other servers on a schedule.
 *
 * One thread. A file is taken when it has not grown for two looks, moved to done/ when it was taken
 * and to failed/ when it is none of its mapping. Killed between the two it is taken again, which
 * changes nothing. */
#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "feed/feeds.h"
#include "feed/watch.h"

enum { FILES_MOST = 1000 };

struct watched {
	char name[256];
	int64_t size, changed;
};

struct watch {
	pthread_t thread;
	volatile bool stop;
	struct place *place;
	const struct clock *clock;
	struct feed *feeds;
	size_t len;
	int64_t *due;             /* beside feeds: when to pull next, clock_monotonic */
	struct watched *seen;     /* of the look before, all folders */
	size_t seen_len;
	void (*tell)(const char *feed, const char *what);
};

static bool ends_up(struct ctx *c, const struct feed *f, const char *name, const char *where)
{
	const char *dir = arena_printf(c->arena, "%s/%s", f->folder, where);

	if (mkdir(dir, 0700) && errno != EEXIST)
		return false;
	return rename(arena_printf(c->arena, "%s/%s", f->folder, name), arena_printf(c->arena, "%s/%s", dir, name)) == 0;
}

static void take_file(struct watch *w, const struct feed *f, const char *name)
{
	struct ctx c;
	struct rows_count n;
	ARENA(arena);

	ctx_init(&c, &arena);
	c.place = w->place;
	c.clock = w->clock;
	c.stop = &w->stop;
	struct rows_run run = { .feed = f, .path = arena_printf(&arena, "%s/%s", f->folder, name), .name = name };
	enum err e = rows_apply(&c, &run, &n);
	bool lasting = e == ERR_INVALID || e == ERR_SYNTAX || e == ERR_TOO_LARGE;
	if (e && w->tell && e != ERR_STOPPED)
		w->tell(f->name, c.why);
	if ((!e || lasting) && !ends_up(&c, f, name, e ? "failed" : "done") && w->tell)
		w->tell(f->name, "A file that was taken cannot be moved out of its folder.");
}

static bool settled(const struct watch *w, const struct watched *now)
{
	for (size_t i = 0; i < w->seen_len; i++)
		if (!strcmp(w->seen[i].name, now->name))
			return w->seen[i].size == now->size && w->seen[i].changed == now->changed;
	return false;
}

static void look_into(struct watch *w, const struct feed *f, struct watched *now, size_t *len)
{
	DIR *dir = opendir(f->folder);
	struct dirent *d;

	while (dir && !w->stop && (d = readdir(dir))) {
		char path[1024];
		struct stat status;
		struct watched one = { 0 };
		if (d->d_name[0] == '.' || fnmatch(f->pattern ? f->pattern : "*.csv", d->d_name, 0) ||
		    *len == FILES_MOST)
			continue;
		snprintf(path, sizeof path, "%s/%s", f->folder, d->d_name);
		if (lstat(path, &status) || !S_ISREG(status.st_mode))
			continue;
		snprintf(one.name, sizeof one.name, "%s", d->d_name);
		one.size = status.st_size;
		one.changed = status.st_mtim.tv_sec * INT64_C(1000000000) + status.st_mtim.tv_nsec;
		if (settled(w, &one))
			take_file(w, f, one.name);
		else
			now[(*len)++] = one;
	}
	if (dir)
		closedir(dir);
}

static void pull(struct watch *w, size_t i)
{
	struct ctx c;
	struct pull_count n;
	ARENA(arena);

	ctx_init(&c, &arena);
	c.place = w->place;
	c.clock = w->clock;
	c.stop = &w->stop;
	enum err e = feed_pull(&c, &w->feeds[i], NULL, &n);
	if (e && w->tell && !w->stop)
		w->tell(w->feeds[i].name, c.why);
	w->due[i] = clock_monotonic() + (!e && n.wait ? n.wait * 1000000 : w->feeds[i].every);
}

static void *run(void *arg)
{
	struct watch *w = arg;
	struct watched *now = calloc(FILES_MOST, sizeof *now);

	if (!now)
		abort();
	while (!w->stop) {
		size_t len = 0;
		for (size_t i = 0; i < w->len && !w->stop; i++) {
			const struct feed *f = &w->feeds[i];
			if (f->kind == FEED_CSV && f->folder)
				look_into(w, f, now, &len);
			if (f->kind == FEED_FHIR && f->url && f->every && clock_monotonic() >= w->due[i])
				pull(w, i);
		}
		struct watched *old = w->seen;
		w->seen = now;
		w->seen_len = len;
		now = old;
		for (int i = 0; i < 10 && !w->stop; i++)
			nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
	}
	free(now);
	return NULL;
}

enum err watch_start(struct ctx *c, struct feed *feeds, size_t len,
		     void (*tell)(const char *feed, const char *what), struct watch **out)
{
	struct watch *w = calloc(1, sizeof *w);

	if (!w)
		abort();
	TRY(feeds_open(c));
	*w = (struct watch){ .place = c->place, .clock = c->clock, .feeds = feeds, .len = len, .tell = tell };
	w->due = calloc(len + 1, sizeof *w->due);
	w->seen = calloc(FILES_MOST, sizeof *w->seen);
	if (!w->due || !w->seen)
		abort();
	for (size_t i = 0; i < len; i++) {
		const struct rows_map *map;
		enum err e = OK;
		if (feeds[i].kind == FEED_CSV)
			e = feeds_rows(c, feeds[i].rows ? feeds[i].rows : feeds[i].name, &map);
		if (!e && feeds[i].kind != FEED_HL7V2)
			e = feed_register(c, &feeds[i]);
		if (e) {
			watch_stop(w);
			return e;
		}
	}
	if (pthread_create(&w->thread, NULL, run, w)) {
		watch_stop(w);
		return fail(c, ERR_INTERNAL, "No thread could be started.");
	}
	*out = w;
	return OK;
}

void watch_stop(struct watch *w)
{
	if (!w)
		return;
	w->stop = true;
	if (w->thread)
		pthread_join(w->thread, NULL);
	free(w->due);
	free(w->seen);
	free(w);
}
