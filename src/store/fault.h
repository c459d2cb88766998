/* fault.h - failing on demand: the n-th statement from now on breaks as a bad disk would.
 *
 * Sits in front of every engine (store.c asks it before each statement, the writers before each
 * begin and commit), so the way back from an error is tested in all of them. Off, it costs one
 * load.
 */
#ifndef STORE_FAULT_H
#define STORE_FAULT_H

#include <stdatomic.h>

#include "base/ctx.h"

struct fault {
	atomic_long left; /* statements until the one that fails, that one included; 0: none */
};

/* Fail the n-th from now on; 0: none. */
void fault_set(struct fault *fault, long n);
/* Count one statement: ERR_STORE when it is the one, else OK. */
NODISCARD enum err fault_pass(struct ctx *c, struct fault *fault);

#endif
