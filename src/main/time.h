/* time.h - what falls due by the clock alone is looked at once a minute while a server runs. */
#ifndef MAIN_TIME_H
#define MAIN_TIME_H

#include <pthread.h>

#include "cli/command.h"

struct ticking {
	pthread_t thread;
	bool started;
	struct place *place;
	const struct clock *clock;
	volatile bool stop;
};
void ticking_start(struct ctx *c, const struct clock *clock, struct ticking *ticking);
/* Waits for what it is at. */
void ticking_stop(struct ticking *ticking);

extern const struct command time_commands[]; /* tick, clock */

#endif
