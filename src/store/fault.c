/* fault.c - counting down to a failure. */
#include "store/fault.h"

void fault_set(struct fault *fault, long n)
{
	atomic_store(&fault->left, n);
}

enum err fault_pass(struct ctx *c, struct fault *fault)
{
	if (atomic_load_explicit(&fault->left, memory_order_relaxed) <= 0)
		return OK;
	if (atomic_fetch_sub(&fault->left, 1) != 1)
		return OK;
	return fail(c, ERR_STORE, "The database failed: a fault was asked for.");
}
