/* rows_fuzz.c - any bytes as a file of rows: cut into rows, its header found, every row named and mapped
 * by the mapping of client-level data. And, where they begin with `title`, as a mapping. */
#include <stdlib.h>

#include "feed/rows.h"
#include "record/place.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROWS_MOST = 200 };

static struct arena life; /* never given back */
static struct place place;
static struct rows_map *map;

static void start(void)
{
	struct ctx c;

	ctx_init(&c, &life);
	c.place = &place;
	if (fhir_load(&c, &life, NULL, &place.fhir) || rows_load(&c, &life, "client-level-data", &map))
		abort();
}

static void read_row(struct ctx *c, const struct rows_head *head, const struct rows_line_read *line)
{
	struct row r = { .c = c, .map = map, .head = head, .fields = line->fields, .len = line->len,
			 .org = STR("WXL"), .org_name = STR("Council"), .source = STR("urn:x") };

	c->issues = (struct issues){ 0 };
	if (!line->fault && row_name(&r) == OK && row_map(&r) == OK && !r.patient)
		abort(); /* a row that is understood is about somebody */
}

static void read_file(struct ctx *c, struct str bytes)
{
	struct rows_file *f = NULL;
	struct rows_line_read line;
	struct rows_head head;
	bool more;

	if (rows_file_open(c, NULL, bytes, map->delimiter, &f) == OK &&
	    rows_file_next(c, f, c->arena, &line, &more) == OK && more && !line.fault &&
	    rows_head_read(c, map, line.fields, line.len, &head) == OK)
		for (int i = 0; i < ROWS_MOST; i++) {
			if (rows_file_next(c, f, c->arena, &line, &more) || !more)
				break;
			read_row(c, &head, &line);
		}
	rows_file_close(f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str bytes = { (const char *)data, size };
	struct rows_map *other;
	struct ctx c;
	ARENA(arena);

	if (!map)
		start();
	ctx_init(&c, &arena);
	c.place = &place;
	if (!str_starts(bytes, STR("title")))
		read_file(&c, bytes);
	else if (rows_parse(&c, &arena, "fuzz", bytes, &other) == OK && !other->section_count)
		abort(); /* a mapping says at least whom it is about */
	return 0;
}
