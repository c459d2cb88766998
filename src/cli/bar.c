/* bar.c - progress of long work: one line on a terminal, one sentence at the end anywhere. */
#include <unistd.h>

#include "cli/command.h"

struct bar {
	FILE *err;
	const char *what, *unit;
	int64_t started, shown, done, total;
	bool live; /* a terminal, and not --quiet */
	const struct ctx *c;
};

static void bar_show(const struct bar *bar, int64_t now)
{
	double seconds = (double)(now - bar->started) / 1e6;
	double rate = seconds > 0 ? (double)bar->done / seconds : 0;

	fprintf(bar->err, "\r\033[K%s: %lld", bar->what, (long long)bar->done);
	if (bar->total > 0)
		fprintf(bar->err, " of %lld", (long long)bar->total);
	fprintf(bar->err, " %s, %.0f/s", bar->unit, rate);
	if (bar->total > bar->done && rate > 0) {
		int64_t left = (int64_t)((double)(bar->total - bar->done) / rate);
		fprintf(bar->err, ", %lld:%02lld left", (long long)(left / 60), (long long)(left % 60));
	}
	fflush(bar->err);
}

static bool bar_tick(void *arg, int64_t done, int64_t total, const char *unit)
{
	struct bar *bar = arg;
	int64_t now = clock_monotonic();

	bar->done = done;
	bar->total = total;
	bar->unit = unit;
	if (bar->live && now - bar->shown >= 100000) {
		bar->shown = now;
		bar_show(bar, now);
	}
	return !(bar->c->stop && *bar->c->stop);
}

struct progress bar_progress(struct ctx *c, const struct invocation *in, const char *what, struct bar **out)
{
	struct bar *bar = NEW(c->arena, struct bar);

	bar->err = in->err;
	bar->what = what;
	bar->unit = "";
	bar->started = clock_monotonic();
	bar->live = !command_option(in, "quiet") && isatty(fileno(in->err));
	bar->c = c;
	*out = bar;
	return (struct progress){ bar_tick, bar };
}

void bar_done(struct bar *bar)
{
	if (bar->live && bar->shown) {
		bar_show(bar, clock_monotonic());
		fputc('\n', bar->err);
	}
}
