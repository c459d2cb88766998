/* feeding.h - what is emitted goes into a place through its feeds, without sockets and files: the same
 * functions that serve those. For main/ only. */
#ifndef MAIN_FEEDING_H
#define MAIN_FEEDING_H

#include "base/buf.h"
#include "base/map.h"
#include "feed/feed.h"
#include "model/emit.h"

struct feeding {
	struct place *place;
	struct arena *life;
	struct map feeds; /* "WXA hl7" → struct feed */
	struct buf rows;        /* a file, under its header */
	bool by_day;            /* rows that arrive together are a file; else all of them are one */
	int64_t rows_arrive;    /* minute of the last one, with by_day */
	bool people;            /* only who people are, not what happened to them */
	int64_t taken, refused; /* refused: kept with a reason */
};

/* Into c->place; `life` holds what is remembered of the feeds. */
void feeding_init(struct feeding *f, struct ctx *c, struct arena *life);
/* One message or Bundle, received when it arrives. EMIT_TRUTH is passed over. */
NODISCARD enum err feeding_take(struct ctx *c, struct feeding *f, const struct emitted *one);

/* The rows that were gathered, as a file: when all is told, and with by_day before anything that arrives later. */
NODISCARD enum err feeding_done(struct ctx *c, struct feeding *f, const struct progress *progress);

#endif
