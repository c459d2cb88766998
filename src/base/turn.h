/* turn.h - threads that take turns at the processor: who is going to wait for something else lets another work.
 *
 * A pool that lets few of its threads work at a time gives each of them a turn. Whatever waits long for
 * something that is not the processor (a commit, another server) says so around it; in a thread without a
 * turn that does nothing.
 */
#ifndef BASE_TURN_H
#define BASE_TURN_H

#include <stdbool.h>

struct turn {
	void (*rests)(struct turn *turn, bool rests); /* called in the thread whose it is */
};

/* From now on this thread's; NULL: it has none. */
void turn_take(struct turn *turn);
/* Around waiting. */
void turn_rest(void);
void turn_go_on(void);

#endif
