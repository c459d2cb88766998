/* crew.h - the same work on many items, by all cores.
 *
 * Items are taken one after the other by whoever is free; what the work writes by item is therefore
 * the same at any number of workers, what it writes by worker is not, unless it is a sum of whole
 * numbers.
 */
#ifndef IDENTITY_CREW_H
#define IDENTITY_CREW_H

#include <stddef.h>

enum { MAX_WORKERS = 64 };

/* Calls work(arg, item, worker) for items 0 to items-1; worker is below `workers`, which is 1 to
 * MAX_WORKERS. Returns when all is done. */
void crew_run(unsigned workers, size_t items,
	      void (*work)(void *arg, size_t item, unsigned worker), void *arg);
/* Cores of this machine, at most MAX_WORKERS. */
unsigned crew_cores(void);

#endif
