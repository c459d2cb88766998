/* hl7_fuzz.c - any bytes as a message: cut, read in all its parts, and framed in any pieces. */
#include <stdlib.h>

#include "feed/hl7.h"
#include "feed/mllp_frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_parts(struct arena *a, const struct hl7 *m)
{
	struct hl7_time t;

	for (unsigned i = 0; i < m->len && i < 50; i++)
		for (unsigned f = 0; f < m->at[i].len && f < 60; f++) {
			struct str field = hl7_field(&m->at[i], f);
			for (unsigned n = 1; n <= hl7_repeats(m, field) && n < 5; n++) {
				struct str part = hl7_component(m, hl7_repeat(m, field, n), 2);
				struct str text = hl7_text(m, a, hl7_subcomponent(m, part, 2));
				if (text.len && !str_utf8(text, &(size_t){ 0 }))
					abort();
			}
			(void)hl7_time_read(hl7_text(m, a, field), &t);
		}
}

static void read_frames(struct arena *a, struct str bytes)
{
	struct frame f;
	size_t piece = bytes.len ? (unsigned char)bytes.at[0] % 16 + 1 : 1;

	frame_init(&f, a, 4096);
	for (size_t at = 0; at < bytes.len; at += piece) {
		struct str in = { bytes.at + at, bytes.len - at < piece ? bytes.len - at : piece };
		while (frame_take(&f, &in))
			if (f.bytes.len > 4096)
				abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ARENA(arena);
	struct ctx c;
	struct hl7_where where;
	struct hl7 *m;
	struct str bytes = { (const char *)data, size };

	ctx_init(&c, &arena);
	read_frames(&arena, bytes);
	if (hl7_read(&c, &arena, bytes, NULL, &m, &where) == OK)
		read_parts(&arena, m);
	else
		(void)hl7_where_print(&arena, where);
	return 0;
}
