/* share.h - the data shipped with the program: embedded in it, or read from a folder.
 *
 * Files under share/ are linked into the binary by tools/embed. `--share DIR` reads them from a
 * folder instead (a missing file there falls back to the embedded one), `--place DIR` lays a
 * place's own pack over both.
 */
#ifndef BASE_SHARE_H
#define BASE_SHARE_H

#include "base/ctx.h"

struct share {
	const char *place; /* folder laid over, or NULL */
	const char *dir;   /* folder instead of the embedded files, or NULL */
};

/* The bytes of a file such as "web/page/person.html"; embedded ones are not copied, others are
 * read into `a`. ERR_NOT_FOUND; ERR_BAD_REQUEST for a name with .. or a leading /. */
NODISCARD enum err share_read(struct ctx *c, const struct share *share, struct arena *a,
			      const char *name, struct str *out);
/* Calls fn for each file below `folder` ("sql/"), by name, each once, in byte order. */
NODISCARD enum err share_list(struct ctx *c, const struct share *share, const char *folder,
			      enum err (*fn)(struct ctx *c, void *arg, const char *name), void *arg);

/* The table tools/embed generates. */
struct share_file {
	const char *name;
	const unsigned char *bytes, *end;
};
extern const struct share_file share_files[]; /* sorted by name, ends with a NULL name */

#endif
