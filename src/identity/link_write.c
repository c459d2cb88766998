/* link_write.c - pairs.csv and clusters.csv. See link.h. */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/sheet.h"
#include "identity/link.h"

struct writing {
	struct ctx *c;
	const struct link_source *source;
	const struct link_result *result;
	struct comparer *comparer;
	FILE *file;
	struct buf line;
};

static void put_pair(struct writing *w, uint32_t a, uint32_t b)
{
	const struct model *m = &w->result->model;
	uint64_t pattern = compare_records(w->comparer, a, b);
	double log_odds = model_score(m, w->source->people, pattern, a);

	sheet_put(&w->line, w->source->ids.at[a]);
	buf_char(&w->line, ',');
	sheet_put(&w->line, w->source->ids.at[b]);
	buf_printf(&w->line, ",%.3f,%.6f\n", log_odds - model_prior(m),
		   probability_of(log_odds));
}

static enum err flush(struct writing *w, size_t limit)
{
	if (w->line.len < limit)
		return OK;
	if (fwrite(w->line.at, 1, w->line.len, w->file) != w->line.len)
		return fail(w->c, ERR_IO, "the output could not be written: %m");
	w->line.len = 0;
	return OK;
}

/* Records of each cluster follow their head in a list: after[r] is the next of r's cluster, or 0. */
static uint32_t *list_clusters(struct arena *a, const uint32_t *heads, uint32_t len)
{
	uint32_t *after = NEW_N(a, uint32_t, len + 1), *last = NEW_N(a, uint32_t, len + 1);

	for (uint32_t r = 0; r < len; r++) {
		last[r] = r;
		if (heads[r] == r)
			continue;
		after[last[heads[r]]] = r;
		last[heads[r]] = r;
	}
	return after;
}

static enum err put_pairs(struct writing *w)
{
	ARENA(scratch);
	const uint32_t *heads = w->result->heads;
	uint32_t len = w->source->people->len, *after = list_clusters(&scratch, heads, len);

	w->comparer = comparer_new(&scratch, w->source->people);
	buf_cstr(&w->line, "id_a,id_b,weight,probability\n");
	for (uint32_t r = 0; r < len; r++) {
		for (uint32_t other = after[r]; other; other = after[other])
			put_pair(w, r, other);
		TRY(flush(w, 1 << 16));
	}
	return flush(w, 1);
}

static enum err put_clusters(struct writing *w)
{
	ARENA(scratch);
	uint32_t len = w->source->people->len, next = 0;
	uint32_t *numbers = NEW_N(&scratch, uint32_t, len);

	buf_cstr(&w->line, "id,cluster\n");
	for (uint32_t r = 0; r < len; r++) {
		uint32_t head = w->result->heads[r];
		if (head == r)
			numbers[r] = ++next;
		sheet_put(&w->line, w->source->ids.at[r]);
		buf_printf(&w->line, ",%u\n", numbers[head]);
		TRY(flush(w, 1 << 16));
	}
	return flush(w, 1);
}

static enum err write_sheet(struct writing *w, const char *dir, const char *name,
			    enum err (*put)(struct writing *w))
{
	const char *path = arena_printf(w->c->arena, "%s/%s", dir, name);
	enum err e;

	w->file = fopen(path, "wb");
	if (!w->file)
		return fail(w->c, ERR_IO, "%s cannot be written: %m", path);
	e = put(w);
	if (fclose(w->file) && e == OK)
		e = fail(w->c, ERR_IO, "%s could not be written: %m", path);
	return e;
}

enum err link_write(struct ctx *c, const char *dir, const struct link_options *o,
		    const struct link_source *source, const struct link_result *result)
{
	struct writing w = { .c = c, .source = source, .result = result };
	struct buf report;

	buf_init(&w.line, c->arena, 0);
	buf_init(&report, c->arena, 0);
	if (mkdir(dir, 0777) && errno != EEXIST)
		return fail(c, ERR_IO, "%s cannot be made: %m", dir);
	TRY(write_sheet(&w, dir, "pairs.csv", put_pairs));
	TRY(write_sheet(&w, dir, "clusters.csv", put_clusters));
	link_report(&report, o, source, result);
	return file_write(c, arena_printf(c->arena, "%s/report.html", dir), buf_get(&report));
}
