/* chart.h - charts as SVG, made on the server.
 *
 * Horizontal positions are percentages of the plot, vertical ones and sizes are pixels: a chart
 * stretches with its column while its text keeps its size. Attributes place, classes paint; each
 * chart has a title and a description, and the page says the same in a list beside it. Texts are
 * escaped here; what is returned is finished markup in `a`, for html_safe.
 */
#ifndef WEB_CHART_H
#define WEB_CHART_H

#include "base/buf.h"
#include "base/vec.h"

/* Nights in a stay, one mark each: needed, waiting, tonight. */
struct chart_nights {
	int needed, waiting;
	struct str start,
		ready; /* words under the first night and under the first of waiting */
	struct str desc;
};
struct str chart_nights(struct arena *a, const struct chart_nights *n);
/* One small mark a night, up to 20, for a row of a table. */
struct str chart_tally(struct arena *a, int nights);

/* One lane for each organisation: bars are stays and packages, marks are contacts. */
struct lane_bar {
	int64_t from, to;  /* microseconds; INT64_MAX: goes on */
	const char *class; /* is-stay, is-waiting, is-care, is-paused */
	struct str words;
	bool dark;
	unsigned row; /* set by the chart */
};
struct lane_mark {
	int64_t at;
	const char *class; /* is-done, is-booked, is-late */
	struct str words;
};
struct lane {
	struct str name;
	VEC(struct lane_bar) bars;
	VEC(struct lane_mark) marks;
};
struct lane_tick {
	int64_t at;
	struct str words;
};
struct chart_lanes {
	int64_t from, to, today;
	struct str title, desc;
	VEC(struct lane) lanes;
	VEC(struct lane_tick) ticks;
};
/* Bars and marks outside [from, to] are cut or left out; those of a lane are sorted. */
struct str chart_lanes(struct arena *a, struct chart_lanes *chart);

/* What is owed at each half-year, in whole pounds, care below and interest above it; lines at what may be
 * deferred at most and at the review. What lies ahead is drawn lighter. */
struct debt_step {
	struct str words;
	int year;
	bool begins_year, ahead;
	int64_t debt, interest;
};
struct chart_debt {
	int64_t limit, review;
	struct str desc;
	VEC(struct debt_step) steps;
};
struct str chart_debt(struct arena *a, const struct chart_debt *chart);

#endif
