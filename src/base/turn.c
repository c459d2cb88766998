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
