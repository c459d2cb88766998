/* turn.h - threads that take turns at the processor: who is going to wait for something else lets another work.
 *
 * A pool that lets few of its threads work at a time gives each of them a turn. Whatever waits long for
 * something that is not the processor (a commit, another server) says so around it; in a thread without a
 * turn that does nothing.
 */
#ifndef BASE_TURN_H
#define BASE_TURN_H

#include <pthread.h>
#include <stdbool.h>

struct turn {
	void (*rests)(struct turn *turn, bool rests); /* called in the thread whose it is */
};

/* From now on this thread's; NULL: it has none. */
void turn_take(struct turn *turn);
/* Around waiting. */
void turn_rest(void);
void turn_go_on(void);

/* Turns for threads of no pool: so many work at a time, whoever comes while they do waits. Who has rested goes on at
 * once, as it is nearly done. */
struct gate {
	struct turn turn;
	pthread_mutex_t lock;
	pthread_cond_t some;
	unsigned working, at_once;
};
void gate_init(struct gate *gate, unsigned at_once);
void gate_done(struct gate *gate);
/* In a thread without a turn: begin and end work. */
void gate_enter(struct gate *gate);
void gate_leave(struct gate *gate);

#endif
