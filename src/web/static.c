/* static.c - style sheets and scripts: embedded in the program, named by the hash of their bytes,
 * so that browsers may keep them for good. */
#include "web/pages.h"

static const struct {
	const char *name, *type;
} files[] = {
	{ "causeway.css", "text/css; charset=utf-8" },
	{ "paper.css", "text/css; charset=utf-8" },
	{ "causeway.js", "text/javascript; charset=utf-8" },
	{ "icon.svg", "image/svg+xml" },
	{ "nhsuk.css", "text/css; charset=utf-8" },
};

static enum err static_read(struct ctx *c, const char *name, struct str *out)
{
	const char *file = arena_printf(c->arena, "web/static/%s", name);

	return share_read(c, &c->place->share, c->arena, file, out);
}

static struct str hash_of(struct ctx *c, struct str bytes)
{
	static const uint64_t key[2] = { UINT64_C(0x6361757365776179),
					 UINT64_C(0x7374617469632031) };

	return SAY(c->arena, "%016llx",
		   (unsigned long long)hash_keyed(key, bytes.at, bytes.len));
}

struct str static_hash(struct ctx *c, const char *name)
{
	struct str bytes;

	if (static_read(c, name, &bytes))
		return (struct str){ 0 };
	return hash_of(c, bytes);
}

enum err static_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct str bytes, tag;

	for (unsigned i = 0; i < sizeof files / sizeof *files; i++) {
		if (!str_is(r->part[1], files[i].name))
			continue;
		TRY(static_read(c, files[i].name, &bytes));
		tag = hash_of(c, bytes);
		reply->type = files[i].type;
		reply->body = bytes;
		reply->immutable = str_eq(tag, r->part[0]);
		return OK;
	}
	return fail(c, ERR_NOT_FOUND, "There is no such file.");
}
