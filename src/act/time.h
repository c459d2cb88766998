/* time.h - the clock of a demonstration: by how much it was moved stands in the place, so that a server and the command
 * line agree. Elsewhere time goes its own way, and these refuse.
 */
#ifndef ACT_TIME_H
#define ACT_TIME_H

#include "act/action.h"

#define TIME_MOST INT64_C(315360000000000) /* microseconds: ten years */

/* A demonstration begins: place->moved goes by what the place remembers, 0 at first. */
NODISCARD enum err time_begin(struct ctx *c);
/* By how much it was moved, microseconds. ERR_CONFLICT where there is no demonstration. */
NODISCARD enum err time_moved(struct ctx *c, int64_t *by);
/* Move it on by `more` microseconds (above 0), here and in the place. ERR_INVALID beyond ten years. */
NODISCARD enum err time_move(struct ctx *c, int64_t more);

#endif
