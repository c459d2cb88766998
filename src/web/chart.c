/* chart.c - nights, one mark each. */
#include "web/chart.h"

#include "base/html.h"

#define NIGHTS_DRAWN 70 /* more than that are drawn as two bars */
#define TALLY_MAX 20

/* 100 * n / of with two decimals, as a percentage. */
static void put_percent(struct buf *b, int n, int of)
{
	int64_t hundredths = (int64_t)n * 10000 / of;

	buf_printf(b, "%d.%02d%%", (int)(hundredths / 100), (int)(hundredths % 100));
}

static void put_rect(struct buf *b, const char *class, int at, int wide, int of)
{
	buf_printf(b, "<rect class=\"%s\" x=\"", class);
	put_percent(b, at, of);
	buf_cstr(b, "\" y=\"18\" width=\"");
	put_percent(b, wide, of);
	buf_cstr(b, "\" height=\"22\"/>");
}

static void put_row(struct buf *b, const char *class, int at, int count, int of)
{
	bool whole = of > NIGHTS_DRAWN;

	if (whole && count)
		put_rect(b, class, at, count, of);
	for (int i = 0; i < count && !whole; i++)
		put_rect(b, class, at + i, 1, of);
}

/* Words at a night, above or below the row. */
static void put_words(struct buf *b, const char *class, int at, int of, int y, struct str words)
{
	buf_printf(b, "<text class=\"%s\" x=\"", class);
	put_percent(b, at, of);
	buf_printf(b, "\" y=\"%d\">", y);
	html_escape(b, words);
	buf_cstr(b, "</text>");
}

static struct str nights_words(struct arena *a, int n, const char *after)
{
	return str_of(arena_printf(a, "%d night%s %s", n, n == 1 ? "" : "s", after));
}

struct str chart_nights(struct arena *a, const struct chart_nights *n)
{
	int of = n->needed + n->waiting + 1;
	/* Where the waiting begins late in the row, its words stand to the left of it. */
	const char *act = n->needed * 100 / of > 70 ? "is-act is-end" : "is-act";
	int act_at = n->needed * 100 / of > 70 ? of : n->needed;
	struct buf b;

	buf_init(&b, a, 1 << 16);
	buf_cstr(&b, "<svg class=\"cw-nights\" role=\"img\" aria-labelledby=\"stay-t stay-d\" "
		     "height=\"60\">"
		     "<title id=\"stay-t\">Nights in hospital since admission</title><desc "
		     "id=\"stay-d\">");
	html_escape(&b, n->desc);
	buf_cstr(&b, "</desc><g>");
	put_row(&b, "is-needed", 0, n->needed, of);
	buf_cstr(&b, "</g><g>");
	put_row(&b, "is-waiting", n->needed, n->waiting, of);
	buf_cstr(&b, "</g>");
	put_rect(&b, "is-tonight", of - 1, 1, of);
	if (n->needed && n->needed * 100 / of > 25)
		put_words(&b, "is-start", 0, of, 11,
			  nights_words(a, n->needed, "of treatment"));
	if (n->waiting)
		put_words(&b, act, act_at, of, 11,
			  str_of(arena_printf(a, "%d waiting", n->waiting)));
	if (n->waiting && (of - n->needed) * 100 / of > 24 && act_at != of)
		put_words(&b, "is-end", of, of, 11, STR("tonight"));
	if (n->needed * 100 / of > 30 || !n->waiting)
		put_words(&b, "is-start", 0, of, 56, n->start);
	if (n->waiting)
		put_words(&b, act, act_at, of, 56, n->ready);
	buf_cstr(&b, "</svg>");
	return buf_get(&b);
}

struct str chart_tally(struct arena *a, int nights)
{
	int drawn = nights < 0 ? 0 : nights > TALLY_MAX ? TALLY_MAX : nights;
	struct buf b;

	buf_init(&b, a, 4000);
	buf_printf(&b,
		   "<svg class=\"cw-tally\" width=\"%d\" height=\"12\" aria-hidden=\"true\" "
		   "focusable=\"false\">",
		   drawn * 5 + 1);
	for (int i = 0; i < drawn; i++)
		buf_printf(&b, "<rect x=\"%d\" width=\"3\" height=\"12\"/>", i * 5);
	buf_cstr(&b, "</svg>");
	return buf_get(&b);
}
