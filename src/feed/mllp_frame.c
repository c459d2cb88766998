/* mllp_frame.c - see mllp_frame.h. */
#include "feed/mllp_frame.h"

void frame_init(struct frame *f, struct arena *a, size_t limit)
{
	*f = (struct frame){ .state = FRAME_BETWEEN };
	buf_init(&f->bytes, a, limit);
}

static void start(struct frame *f)
{
	f->state = FRAME_INSIDE;
	f->bytes.len = 0;
	f->bytes.full = false;
}

bool frame_take(struct frame *f, struct str *in)
{
	while (in->len) {
		char ch = *in->at;
		if (f->state == FRAME_INSIDE) {
			size_t n = 0;
			while (n < in->len && in->at[n] != MLLP_END && in->at[n] != MLLP_START)
				n++;
			buf_add(&f->bytes, in->at, n);
			*in = (struct str){ in->at + n, in->len - n };
			if (!in->len)
				return false;
			ch = *in->at;
			*in = (struct str){ in->at + 1, in->len - 1 };
			if (ch == MLLP_END) {
				f->state = FRAME_CLOSING;
				return true;
			}
			start(f); /* a new message begins: the one before was broken off */
			continue;
		}
		*in = (struct str){ in->at + 1, in->len - 1 };
		if (ch == MLLP_START)
			start(f);
		else if (ch != '\r' && ch != '\n' && ch != ' ' && ch != MLLP_END)
			f->noise++;
		if (f->state == FRAME_CLOSING && ch != MLLP_START)
			f->state = FRAME_BETWEEN;
	}
	return false;
}
