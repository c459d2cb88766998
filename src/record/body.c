/* body.c - JSON packed with a dictionary trained on health records.
 *
 * The place keeps every dictionary it ever used, so a body can be read for ever, whatever the
 * program ships. A frame names its dictionary and carries a checksum. What zstd needs to work
 * with is made once per thread, the digested dictionaries are shared.
 */
#include "record/inside.h"

#include <stdlib.h>
#include <zstd.h>

enum { LEVEL = 3, DICTIONARIES = 32, BODY_MAX = 256 << 20 };

struct bodies {
	unsigned count;
	unsigned ids[DICTIONARIES];
	ZSTD_DDict *readers[DICTIONARIES];
	ZSTD_CDict *writer; /* of the newest; NULL: none was shipped */
};

/* A thread's own workspace, freed with the thread. */
struct workspace {
	ZSTD_CCtx *pack;
	ZSTD_DCtx *unpack;
};

static pthread_key_t workspace_key;

static void free_workspace(void *arg)
{
	struct workspace *w = arg;

	ZSTD_freeCCtx(w->pack);
	ZSTD_freeDCtx(w->unpack);
	free(w);
}

static void make_key(void)
{
	pthread_key_create(&workspace_key, free_workspace);
}

static struct workspace *workspace(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, make_key);
	struct workspace *w = pthread_getspecific(workspace_key);
	if (w)
		return w;
	w = calloc(1, sizeof *w);
	if (!w)
		abort();
	w->pack = ZSTD_createCCtx();
	w->unpack = ZSTD_createDCtx();
	if (!w->pack || !w->unpack)
		abort();
	ZSTD_CCtx_setParameter(w->pack, ZSTD_c_compressionLevel, LEVEL);
	ZSTD_CCtx_setParameter(w->pack, ZSTD_c_checksumFlag, 1);
	pthread_setspecific(workspace_key, w);
	return w;
}

static enum err add_dictionary(struct ctx *c, struct bodies *b, struct str bytes)
{
	if (b->count == DICTIONARIES)
		return fail(c, ERR_STORE, "The database has more than %d dictionaries.",
			    DICTIONARIES);
	ZSTD_freeCDict(b->writer);
	b->ids[b->count] = ZSTD_getDictID_fromDict(bytes.at, bytes.len);
	b->readers[b->count++] = ZSTD_createDDict(bytes.at, bytes.len);
	b->writer = ZSTD_createCDict(bytes.at, bytes.len, LEVEL);
	if (!b->writer || !b->readers[b->count - 1])
		return fail(c, ERR_STORE, "A dictionary of the database is damaged.");
	return OK;
}

static enum err read_dictionaries(struct ctx *c, struct store *store, struct bodies *b)
{
	bool row;
	READER(db);
	STMT(s);

	TRY(store_reader(c, store, &db));
	TRY(db_stmt(c, db, SQL("SELECT bytes FROM dictionary ORDER BY key"), &s));
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			return OK;
		TRY(add_dictionary(c, b, stmt_text(s, 0)));
	}
}

static enum err keep_dictionary(struct ctx *c, struct db *db, void *arg)
{
	const struct str *bytes = arg;
	STMT(s);

	TRY(db_stmt(c, db, SQL("INSERT INTO dictionary (key, bytes) VALUES (?1, ?2) ON CONFLICT DO NOTHING"),
		    &s));
	stmt_bind_int(s, 1, ZSTD_getDictID_fromDict(bytes->at, bytes->len));
	stmt_bind_blob(s, 2, *bytes);
	return stmt_run(c, s);
}

static bool has_dictionary(const struct bodies *b, unsigned id)
{
	for (unsigned i = 0; i < b->count; i++)
		if (b->ids[i] == id)
			return true;
	return false;
}

static enum err fill(struct ctx *c, struct place *place, unsigned flags, struct bodies *b)
{
	struct str shipped;

	TRY(read_dictionaries(c, place->store, b));
	if (flags & STORE_READ_ONLY ||
	    share_read(c, &place->share, c->arena, "fhir/zstd.dict", &shipped) != OK)
		return OK;
	unsigned id = ZSTD_getDictID_fromDict(shipped.at, shipped.len);
	if (id == 0)
		return fail(c, ERR_INVALID,
			    "share/fhir/zstd.dict is not a dictionary of zstd.");
	if (has_dictionary(b, id))
		return OK;
	TRY(store_write(c, place->store, keep_dictionary, &shipped));
	return add_dictionary(c, b, shipped);
}

enum err bodies_open(struct ctx *c, struct place *place, unsigned flags, struct bodies **out)
{
	struct bodies *b = calloc(1, sizeof *b);

	if (!b)
		abort();
	enum err e = fill(c, place, flags, b);
	if (e) {
		bodies_free(b);
		return e;
	}
	*out = b;
	return OK;
}

void bodies_free(struct bodies *b)
{
	if (!b)
		return;
	for (unsigned i = 0; i < b->count; i++)
		ZSTD_freeDDict(b->readers[i]);
	ZSTD_freeCDict(b->writer);
	free(b);
}

enum err body_pack(struct ctx *c, struct str json, struct str *out)
{
	struct workspace *w = workspace();
	size_t room = ZSTD_compressBound(json.len);
	char *at = arena_alloc(c->arena, room);

	ZSTD_CCtx_refCDict(w->pack, c->place->record->bodies->writer);
	size_t len = ZSTD_compress2(w->pack, at, room, json.at, json.len);
	if (ZSTD_isError(len))
		return fail(c, ERR_INTERNAL, "A body cannot be packed: %s.",
			    ZSTD_getErrorName(len));
	*out = (struct str){ at, len };
	return OK;
}

enum err body_unpack(struct ctx *c, struct str packed, int64_t size, struct str *out)
{
	const struct bodies *b = c->place->record->bodies;
	struct workspace *w = workspace();
	unsigned id = ZSTD_getDictID_fromFrame(packed.at, packed.len), i = 0;

	while (id && i < b->count && b->ids[i] != id)
		i++;
	if (id && i == b->count)
		return fail(c, ERR_STORE,
			    "A body was packed with a dictionary this program has not read; "
			    "another program brought it. Start this one again.");
	if (size < 0 || size > BODY_MAX)
		return fail(c, ERR_STORE,
			    "The database is damaged: a body cannot be unpacked.");
	char *at = arena_alloc(c->arena, (size_t)size + 1);
	size_t len =
		id ? ZSTD_decompress_usingDDict(w->unpack, at, (size_t)size, packed.at,
						packed.len, b->readers[i])
		   : ZSTD_decompressDCtx(w->unpack, at, (size_t)size, packed.at, packed.len);
	if (ZSTD_isError(len) || len != (size_t)size)
		return fail(c, ERR_STORE,
			    "The database is damaged: a body does not unpack to what it was.");
	at[len] = '\0';
	*out = (struct str){ at, len };
	return OK;
}
