/* once.h - what is taken one time only: the jti of an assertion, the state of a trip to a provider. */
#ifndef ACCESS_ONCE_H
#define ACCESS_ONCE_H

#include "store/db.h"

/* Take `words` (of a kind of thing): *first is false when they were taken before. Remembered until that time,
 * microseconds: make it later than the last moment at which they would be believed. */
NODISCARD enum err once_take(struct ctx *c, const char *kind, struct str words, int64_t until,
			     bool *first);

#endif
