/* turn.c - the turn of a thread. */
#include "base/turn.h"

#include <stddef.h>

static _Thread_local struct turn *mine;

void turn_take(struct turn *turn)
{
	mine = turn;
}

void turn_rest(void)
{
	if (mine)
		mine->rests(mine, true);
}

void turn_go_on(void)
{
	if (mine)
		mine->rests(mine, false);
}

/* --- a gate --- */

static void gate_rests(struct turn *turn, bool rests)
{
	struct gate *gate = (struct gate *)(void *)turn; /* its first member */

	pthread_mutex_lock(&gate->lock);
	if (!rests)
		gate->working++;
	else if (--gate->working < gate->at_once)
		pthread_cond_signal(&gate->some);
	pthread_mutex_unlock(&gate->lock);
}

void gate_init(struct gate *gate, unsigned at_once)
{
	*gate = (struct gate){ .turn.rests = gate_rests, .at_once = at_once };
	pthread_mutex_init(&gate->lock, NULL);
	pthread_cond_init(&gate->some, NULL);
}

void gate_done(struct gate *gate)
{
	pthread_cond_destroy(&gate->some);
	pthread_mutex_destroy(&gate->lock);
}

void gate_enter(struct gate *gate)
{
	pthread_mutex_lock(&gate->lock);
	while (gate->working >= gate->at_once)
		pthread_cond_wait(&gate->some, &gate->lock);
	gate->working++;
	pthread_mutex_unlock(&gate->lock);
	turn_take(&gate->turn);
}

void gate_leave(struct gate *gate)
{
	turn_take(NULL);
	gate_rests(&gate->turn, true);
}
