/* feeds.h - what the pages of feeds share. For web/feed*.c. */
#ifndef WEB_FEEDS_H
#define WEB_FEEDS_H

#include "feed/feed.h"
#include "web/page.h"

void feeds_put_moment(struct ctx *c, struct node *to, const char *name, int64_t at);
void feeds_put_count(struct ctx *c, struct node *to, const char *name, int64_t n);
void feeds_put_message(struct ctx *c, struct node *row, const struct message *m);
void feeds_put_feed(struct ctx *c, struct node *row, const struct feed_view *v);

#endif
