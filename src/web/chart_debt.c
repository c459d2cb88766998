/* chart_debt.c - what is owed, half-year by half-year, against what may be. */
#include "web/chart.h"

#include "base/html.h"

enum { TOP = 18, HEIGHT = 180 }; /* pixels of the plot */

static int height_of(int64_t pounds, int64_t most)
{
	return most > 0 ? (int)(pounds * HEIGHT / most) : 0;
}

static void put_bar(struct buf *b, const char *class, size_t at, size_t of, int low, int high)
{
	if (high > low)
		buf_printf(b, "<rect class=\"%s\" x=\"%.2f%%\" y=\"%d\" width=\"%.2f%%\" height=\"%d\"/>", class,
			   100.0 * (double)at / (double)of, TOP + HEIGHT - high, 80.0 / (double)of, high - low);
}

/* "134,250" */
static void put_pounds(struct buf *b, int64_t n)
{
	if (n >= 1000) {
		put_pounds(b, n / 1000);
		buf_printf(b, ",%03d", (int)(n % 1000));
	} else {
		buf_int(b, n);
	}
}

static void put_line(struct buf *b, const char *class, int at, const char *words, int64_t pounds)
{
	int y = TOP + HEIGHT - at;

	buf_printf(b, "<line class=\"%s\" x1=\"0\" x2=\"100%%\" y1=\"%d\" y2=\"%d\"/><text class=\"is-label\" x=\"0\" y=\"%d\">%s£",
		   class, y, y, y - 4, words);
	put_pounds(b, pounds);
	buf_cstr(b, "</text>");
}

struct str chart_debt(struct arena *a, const struct chart_debt *d)
{
	int64_t most = d->limit;
	struct buf b;

	for (size_t i = 0; i < d->steps.len; i++)
		most = d->steps.at[i].debt > most ? d->steps.at[i].debt : most;
	buf_init(&b, a, 1 << 16);
	buf_printf(&b, "<svg class=\"cw-debt\" role=\"img\" aria-labelledby=\"debt-t debt-d\" height=\"%d\"><title id=\"debt-t\">"
		       "What is owed, half-year by half-year</title><desc id=\"debt-d\">", TOP + HEIGHT + 22);
	html_escape(&b, d->desc);
	buf_cstr(&b, "</desc>");
	for (size_t i = 0; i < d->steps.len; i++) {
		const struct debt_step *s = &d->steps.at[i];
		int whole = height_of(s->debt, most), care = height_of(s->debt - s->interest, most);

		put_bar(&b, s->ahead ? "is-care is-ahead" : "is-care", i, d->steps.len, 0, care);
		put_bar(&b, s->ahead ? "is-interest is-ahead" : "is-interest", i, d->steps.len, care, whole);
		if (s->begins_year && s->year % (d->steps.len > 12 ? 4 : 2) == 0)
			buf_printf(&b, "<text class=\"is-year\" x=\"%.2f%%\" y=\"%d\">%d</text>",
				   100.0 * (double)i / (double)d->steps.len, TOP + HEIGHT + 16, s->year);
	}
	put_line(&b, "is-limit", height_of(d->limit, most), "Equity limit ", d->limit);
	put_line(&b, "is-review", height_of(d->review, most), "Review at ", d->review);
	buf_cstr(&b, "</svg>");
	return buf_get(&b);
}
