/* chart_lanes.c - stays, packages and contacts of a person, a lane for each organisation.
 *
 * Bars that overlap in time stand in rows below each other; the words of a mark stand above it,
 * below it or to its left, wherever they meet nothing, and are left out where they would: the
 * list under the chart has them all.
 */
#include "web/chart.h"

#include <stdlib.h>

#include "base/html.h"

#define TOP 22
#define LANE 38 /* pixels of a lane with one row of bars */
#define ROW 18  /* of each further row */
#define ROWS_MAX 4
#define PLOT 800 /* pixels the plot is taken to be wide, for placing words */
#define LETTER 6 /* pixels of a letter of 12 px, on average */

struct drawing {
	struct buf b;
	const struct chart_lanes *chart;
};

/* Hundredths of a percent from the left. */
static int place(const struct chart_lanes *chart, int64_t at)
{
	int64_t span = (chart->to - chart->from) / 10000;

	if (at <= chart->from)
		return 0;
	return at >= chart->to ? 10000 : (int)((at - chart->from) / (span ? span : 1));
}

static void put_percent(struct buf *b, int hundredths)
{
	buf_printf(b, "%d.%02d%%", hundredths / 100, hundredths % 100);
}

static void put_text(struct buf *b, const char *class, int x, int dx, int y, struct str words)
{
	buf_printf(b, "<text class=\"%s\" x=\"", class);
	put_percent(b, x);
	buf_printf(b, "\" dx=\"%d\" y=\"%d\">", dx, y);
	html_escape(b, words);
	buf_cstr(b, "</text>");
}

/* ---- bars ---- */

static int by_from(const void *a, const void *b)
{
	int64_t x = ((const struct lane_bar *)a)->from, y = ((const struct lane_bar *)b)->from;

	return (x > y) - (x < y);
}

/* Give each bar the first row that is free; how many rows there are. */
static unsigned stack_bars(const struct chart_lanes *chart, struct lane *lane)
{
	int64_t free_at[ROWS_MAX] = { INT64_MIN, INT64_MIN, INT64_MIN, INT64_MIN };
	unsigned rows = 1;

	if (lane->bars.len)
		qsort(lane->bars.at, lane->bars.len, sizeof *lane->bars.at, by_from);
	for (size_t i = 0; i < lane->bars.len; i++) {
		struct lane_bar *bar = &lane->bars.at[i];
		unsigned row = 0;
		if (bar->to <= chart->from || bar->from >= chart->to)
			continue;
		while (row < ROWS_MAX - 1 && free_at[row] > bar->from)
			row++;
		free_at[row] = bar->to;
		bar->row = row;
		rows = row + 1 > rows ? row + 1 : rows;
	}
	return rows;
}

static void put_bar(struct drawing *d, const struct lane_bar *bar, int y)
{
	int from = place(d->chart, bar->from), to = place(d->chart, bar->to);
	size_t room = (size_t)((to - from) * (PLOT / 100) / 100 / LETTER);
	struct str words = bar->words;

	if (to <= from)
		return;
	buf_printf(&d->b, "<rect class=\"%s\" x=\"", bar->class);
	put_percent(&d->b, from);
	buf_printf(&d->b, "\" y=\"%d\" width=\"", y - 7);
	put_percent(&d->b, to - from);
	buf_cstr(&d->b, "\" height=\"14\"/>");
	if (words.len && words.len < room)
		put_text(&d->b, bar->dark ? "cw-lanes__on is-dark" : "cw-lanes__on", from, 6,
			 y + 4, words);
}

/* ---- marks and their words ---- */

static int by_at(const void *a, const void *b)
{
	int64_t x = ((const struct lane_mark *)a)->at, y = ((const struct lane_mark *)b)->at;

	return (x > y) - (x < y);
}

static void put_mark(struct drawing *d, const struct lane_mark *mark, int y)
{
	bool late = str_is(str_of(mark->class), "is-late");

	buf_printf(&d->b,
		   late ? "<use class=\"%s\" href=\"#cw-worse\" x=\""
			: "<circle class=\"%s\" cx=\"",
		   mark->class);
	put_percent(&d->b, place(d->chart, mark->at));
	buf_printf(&d->b, late ? "\" y=\"%d\"/>" : "\" cy=\"%d\" r=\"5\"/>", y);
}

/* Pixel where the next words may begin, above and below the line. */
struct room {
	int above, below;
};

static void put_note(struct drawing *d, struct room *room, const struct lane_mark *mark, int y,
		     bool low_free)
{
	int x = place(d->chart, mark->at) * PLOT / 10000,
	    wide = (int)mark->words.len * LETTER + 14;
	int at = place(d->chart, mark->at);

	if (!mark->words.len)
		return;
	if (x - 4 >= room->above && x + wide <= PLOT + 20) {
		put_text(&d->b, "cw-lanes__note", at, 9, y - 6, mark->words);
		room->above = x + wide;
	} else if (x - wide >= room->above) {
		put_text(&d->b, "cw-lanes__note is-end", at, -9, y - 6, mark->words);
		room->above = x + 8;
	} else if (low_free && x - 4 >= room->below && x + wide <= PLOT + 20) {
		put_text(&d->b, "cw-lanes__note", at, 9, y + 16, mark->words);
		room->below = x + wide;
	}
}

static void put_marks(struct drawing *d, struct lane *lane, int y, unsigned rows)
{
	struct room room = { 0, 0 };

	if (lane->marks.len)
		qsort(lane->marks.at, lane->marks.len, sizeof *lane->marks.at, by_at);
	for (size_t i = 0; i < lane->marks.len; i++) {
		const struct lane_mark *mark = &lane->marks.at[i];
		if (mark->at < d->chart->from || mark->at > d->chart->to)
			continue;
		put_mark(d, mark, y);
		put_note(d, &room, mark, y, rows == 1);
	}
}

/* ---- the whole ---- */

static int put_lane(struct drawing *d, struct lane *lane, int top)
{
	unsigned rows = stack_bars(d->chart, lane);
	int y = top + 24;

	buf_printf(&d->b, "<g><text class=\"cw-lanes__name\" x=\"-12\" y=\"%d\">", y + 4);
	html_escape(&d->b, lane->name);
	buf_printf(&d->b, "</text><text class=\"cw-lanes__over\" x=\"2\" y=\"%d\">", y - 11);
	html_escape(&d->b, lane->name);
	buf_printf(&d->b,
		   "</text><line class=\"cw-lanes__track\" x1=\"0\" x2=\"100%%\" y1=\"%d\" "
		   "y2=\"%d\"/>",
		   y, y);
	for (size_t i = 0; i < lane->bars.len; i++)
		put_bar(d, &lane->bars.at[i], y + (int)lane->bars.at[i].row * ROW);
	put_marks(d, lane, y, rows);
	buf_cstr(&d->b, "</g>");
	return top + LANE + (int)(rows - 1) * ROW;
}

static void put_ticks(struct drawing *d, int height)
{
	int today = place(d->chart, d->chart->today);

	buf_cstr(&d->b, "<g class=\"cw-lanes__ticks\">");
	for (size_t i = 0; i < d->chart->ticks.len; i++) {
		int at = place(d->chart, d->chart->ticks.at[i].at);
		bool near = at > today - 800 && at < today + 900;
		buf_cstr(&d->b, "<line x1=\"");
		put_percent(&d->b, at);
		buf_cstr(&d->b, "\" x2=\"");
		put_percent(&d->b, at);
		buf_printf(&d->b, "\" y1=\"%d\" y2=\"%d\"/>", TOP - 4, height);
		if (!near && at < 9400)
			put_text(&d->b, i % 2 ? "cw-wide" : "is-tick", at, 4, 12,
				 d->chart->ticks.at[i].words);
	}
	buf_cstr(&d->b, "</g>");
}

static void put_today(struct drawing *d, int height)
{
	int at = place(d->chart, d->chart->today);

	if (d->chart->today < d->chart->from || d->chart->today > d->chart->to)
		return;
	buf_cstr(&d->b, "<g class=\"cw-lanes__today\"><line x1=\"");
	put_percent(&d->b, at);
	buf_cstr(&d->b, "\" x2=\"");
	put_percent(&d->b, at);
	buf_printf(&d->b, "\" y1=\"4\" y2=\"%d\"/>", height);
	put_text(&d->b, at > 9000 ? "is-end" : "is-start", at, at > 9000 ? -4 : 4, 12,
		 STR("Today"));
	buf_cstr(&d->b, "</g>");
}

struct str chart_lanes(struct arena *a, struct chart_lanes *chart)
{
	struct drawing d = { .chart = chart };
	struct buf head;
	int top = TOP;

	buf_init(&d.b, a, 1 << 20);
	buf_init(&head, a, 1 << 20);
	for (size_t i = 0; i < chart->lanes.len; i++)
		top = put_lane(&d, &chart->lanes.at[i], top);
	top += 6;
	buf_printf(&head,
		   "<svg class=\"cw-lanes\" role=\"img\" aria-labelledby=\"lanes-t lanes-d\" "
		   "height=\"%d\"><title id=\"lanes-t\">",
		   top);
	html_escape(&head, chart->title);
	buf_cstr(&head, "</title><desc id=\"lanes-d\">");
	html_escape(&head, chart->desc);
	buf_cstr(&head, "</desc>");
	struct drawing ticks = { .chart = chart, .b = head };
	put_ticks(&ticks, top);
	buf_str(&ticks.b, buf_get(&d.b));
	put_today(&ticks, top);
	buf_cstr(&ticks.b, "</svg>");
	return buf_get(&ticks.b);
}
