/* link_report.c - what the model learnt, as a page to read. See link.h. */
#include <math.h>

#include "base/html.h"
#include "identity/link.h"

static void put_text(struct buf *b, const char *text)
{
	html_escape(b, str_of(text));
}

static void put_head(struct buf *b)
{
	buf_cstr(b, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
		    "<meta name=\"viewport\" content=\"width=device-width\"><title>Who is "
		    "who</title>\n<style>\n"
		    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem "
		    "auto;padding:0 1rem;"
		    "color:#212b32}\n"
		    "table{border-collapse:collapse;margin:1rem "
		    "0}th,td{text-align:left;padding:.25rem 1rem "
		    ".25rem 0;border-bottom:1px solid #d8dde0}\n"
		    "td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}\n"
		    "svg{width:100%;height:auto}.no{fill:#aeb7bd}.yes{fill:#005eb8}text{font-"
		    "size:12px;"
		    "fill:#212b32}\n</style></head><body>\n<h1>Who is who</h1>\n");
}

static void put_summary(struct buf *b, const struct link_options *o,
			const struct link_source *s, const struct link_result *r)
{
	buf_cstr(b, "<p>");
	put_text(b, o->files[0]);
	if (o->files[1]) {
		buf_cstr(b, " and ");
		put_text(b, o->files[1]);
	}
	buf_printf(b,
		   ": %u records, %.0f pairs compared, %zu of them matches at a probability of "
		   "%g and "
		   "more, %u people with several records.</p>\n",
		   s->people->len, r->compared, r->link_count, o->threshold, r->clusters);
	buf_printf(b,
		   "<p>One pair of %.0f taken at random is expected to be of one person. The "
		   "model stood "
		   "still after %u rounds.</p>\n",
		   1 / r->model.share[CLASS_MATCH], r->model.rounds);
	if (!s->ignored.len)
		return;
	buf_cstr(b, "<p>Columns not compared: ");
	for (size_t i = 0; i < s->ignored.len; i++) {
		buf_cstr(b, i ? ", " : "");
		put_text(b, s->ignored.at[i]);
	}
	buf_cstr(b, ".</p>\n");
}

static void put_blocks(struct buf *b, const struct blocks *blocks)
{
	buf_cstr(b, "<h2>Which pairs were compared</h2>\n");
	if (blocks->everything) {
		buf_cstr(b, "<p>All pairs: the file is small.</p>\n");
		return;
	}
	buf_printf(b,
		   "<p>%u of %u keys tried; together they bring %.2f %% of the likely matches "
		   "of a sample "
		   "together.</p>\n<table><thead><tr><th>records that have the same</th>"
		   "<th class=\"n\">pairs</th><th class=\"n\">likely "
		   "matches</th></tr></thead><tbody>\n",
		   blocks->len, blocks->tried, blocks->coverage * 100);
	for (unsigned i = 0; i < blocks->len; i++) {
		buf_cstr(b, "<tr><td>");
		put_text(b, blocks->keys[i].name);
		buf_printf(b,
			   "</td><td class=\"n\">%.0f</td><td class=\"n\">%.1f %%</td></tr>\n",
			   blocks->keys[i].pairs, blocks->keys[i].covers * 100);
	}
	buf_cstr(b, "</tbody></table>\n");
}

/* Heights are by the logarithm: matches are few among candidates. */
static void put_chart(struct buf *b, const struct link_options *o, const struct link_result *r)
{
	double least = log2(o->threshold) - log2(1 - o->threshold), top = 1;
	enum { WIDTH = 14, HEIGHT = 220 };

	for (unsigned i = 0; i < 64; i++)
		top = fmax(top, log10(r->bars[i].pairs + 1));
	buf_printf(b,
		   "<h2>Weights</h2>\n<svg viewBox=\"0 0 %d %d\" role=\"img\"><title>Compared "
		   "pairs by the odds "
		   "that they are one person</title>\n",
		   64 * WIDTH, HEIGHT + 40);
	for (unsigned i = 0; i < 64; i++) {
		double height = log10(r->bars[i].pairs + 1) / top * HEIGHT;
		if (r->bars[i].pairs > 0)
			buf_printf(b,
				   "<rect class=\"%s\" x=\"%u\" y=\"%.1f\" width=\"%d\" "
				   "height=\"%.1f\"><title>"
				   "log2 odds %.0f to %.0f: %.0f pairs</title></rect>\n",
				   r->bars[i].low >= least ? "yes" : "no", i * WIDTH,
				   HEIGHT - height, WIDTH - 2, height, r->bars[i].low,
				   r->bars[i].low + 2, r->bars[i].pairs);
		if (i % 8 == 0)
			buf_printf(b, "<text x=\"%u\" y=\"%d\">%.0f</text>\n", i * WIDTH,
				   HEIGHT + 18, r->bars[i].low);
	}
	buf_printf(b,
		   "<text x=\"0\" y=\"%d\">log2 odds of one person; height: logarithm of the "
		   "number of pairs; "
		   "blue: matches</text></svg>\n",
		   HEIGHT + 36);
}

static void put_column(struct buf *b, const struct column *column, const struct model *m,
		       unsigned k)
{
	buf_cstr(b, "<tbody><tr><th colspan=\"5\">");
	put_text(b, column->name);
	buf_cstr(b, "</th></tr>\n");
	for (unsigned l = m->levels[k] - 1; l > 0; l--) {
		double match = m->p[CLASS_MATCH][k][l], chance = m->p[CLASS_CHANCE][k][l];

		buf_cstr(b, "<tr><td>");
		put_text(b, level_row(column->kind, l)->words);
		buf_printf(b,
			   "</td><td class=\"n\">%.5f</td><td class=\"n\">%.3g</td><td "
			   "class=\"n\">%.3g</td>"
			   "<td class=\"n\">%+.2f</td></tr>\n",
			   match, chance, m->p[CLASS_KIN][k][l], log2(match / chance));
	}
	buf_cstr(b, "</tbody>\n");
}

static void put_model(struct buf *b, const struct people *p, const struct model *m)
{
	buf_cstr(b,
		 "<h2>What agreement says</h2>\n<p>m: how often records of one person agree "
		 "so. u: how "
		 "often those of two people do by chance. kin: of two people of one household "
		 "or family. "
		 "Weight: the logarithm of m/u to base 2; the same value weighs more where it "
		 "is rare.</p>\n"
		 "<table><thead><tr><th>level</th><th class=\"n\">m</th><th class=\"n\">u</th>"
		 "<th class=\"n\">kin</th><th class=\"n\">weight</th></tr></thead>\n");
	for (unsigned k = 0; k < p->width; k++)
		put_column(b, &p->columns[k], m, k);
	buf_printf(
		b,
		"</table>\n<p>Of all pairs %.3g are expected to be one person, %.3g kin.</p>\n",
		m->share[CLASS_MATCH], m->share[CLASS_KIN]);
}

void link_report(struct buf *b, const struct link_options *o, const struct link_source *source,
		 const struct link_result *result)
{
	put_head(b);
	put_summary(b, o, source, result);
	put_chart(b, o, result);
	put_blocks(b, result->blocks);
	put_model(b, source->people, &result->model);
	buf_cstr(b, "</body></html>\n");
}
