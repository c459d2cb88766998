/* mutex.h - a lock that is only held for a moment.
 *
 * Who finds it taken looks again some hundred times before going to sleep: to sleep and be woken costs
 * more than what is done under such a lock.
 */
#ifndef BASE_MUTEX_H
#define BASE_MUTEX_H

#include <pthread.h>

static inline void mutex_init_short(pthread_mutex_t *lock)
{
	pthread_mutexattr_t kind;

	pthread_mutexattr_init(&kind);
	pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_ADAPTIVE_NP);
	pthread_mutex_init(lock, &kind);
	pthread_mutexattr_destroy(&kind);
}

#endif
