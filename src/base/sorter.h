/* sorter.h - more byte strings than memory holds, put in order.
 *
 * Strings are added by any number of threads, gathered in blocks of memory; a full block is sorted
 * and written to a file of its own making as a run, and in the end all runs are merged. Order is that of memcmp, the
 * shorter first. Equal strings all come out.
 *
 *	sorter_add … from many threads, then sorter_finish, then sorter_next until there is no more.
 *
 * The file belongs to the sorter: it is emptied when given, and may have no name any more.
 */
#ifndef BASE_SORTER_H
#define BASE_SORTER_H

#include "base/ctx.h"

#define SORTER_STRING_MOST 32000 /* bytes of one string */

struct sorter;
/* `fd`: a file to read and write, borrowed. `memory`: about how much may be used; at least 4 MB. */
struct sorter *sorter_new(int fd, size_t memory);
void sorter_free(struct sorter *s);
/* Copies the string. May wait for another thread that writes a run. ERR_IO when the disk is full. */
NODISCARD enum err sorter_add(struct ctx *c, struct sorter *s, struct str string);
/* No thread adds any more. */
NODISCARD enum err sorter_finish(struct ctx *c, struct sorter *s);
/* The next in order, valid until the next call; *more false at the end. */
NODISCARD enum err sorter_next(struct ctx *c, struct sorter *s, struct str *out, bool *more);
/* How many were added. */
int64_t sorter_count(const struct sorter *s);

#endif
