/* mllp_frame.h - the bytes around a message: a state machine fed with whatever arrives. */
#ifndef FEED_MLLP_FRAME_H
#define FEED_MLLP_FRAME_H

#include "feed/mllp.h"

enum frame_state {
	FRAME_BETWEEN, /* before 0x0B: white space is passed over, all else is noise */
	FRAME_INSIDE,
	FRAME_CLOSING, /* 0x1C was seen: 0x0D should follow */
};

struct frame {
	enum frame_state state;
	struct buf bytes;  /* of the message */
	size_t noise;      /* bytes that were in no frame */
};

void frame_init(struct frame *f, struct arena *a, size_t limit);
/* Take bytes from the front of *in. True when a message is whole: it is in f->bytes until the next
 * call. f->bytes.full tells that it was too large and its end is missing. */
bool frame_take(struct frame *f, struct str *in);

#endif
