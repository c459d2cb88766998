/* watch.h - feeds that are fetched while a server runs: folders looked into, other servers asked. For main. */
#ifndef FEED_WATCH_H
#define FEED_WATCH_H

#include "feed/feed.h"

struct watch;
/* Registers the feeds that do not listen and starts a thread for those that are fetched. `tell` (may be NULL)
 * hears what went wrong; no personal data. `feeds` must outlive it. ERR_NOT_FOUND for a mapping. */
NODISCARD enum err watch_start(struct ctx *c, struct feed *feeds, size_t len,
			       void (*tell)(const char *feed, const char *what), struct watch **out);
void watch_stop(struct watch *w);

#endif
