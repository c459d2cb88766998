/* audit_mark.c - the last head, written down outside of the database: a line in the file KEY.head beside the key.
 *
 * Heads are numbered, so one that is taken out between others is missed. Of the last, taken away together with the rows under
 * them, the database can say nothing: what is left could have been all there ever was. So whoever signs a head writes down
 * in the file that the chain has come to it, once it is on the disk. The file is never ahead of the database, and never goes back:
 * a head is written there only while the one written before is still in the chain. When it is not, the file stays
 * as it is, `causeway check` names it, and only a person who takes the file away makes that stop (an older copy was put back,
 * say).
 *
 * Rows that follow the last head stand by the chain alone, which whoever can write the database can go on with. So whoever ends writing says that the
 * end is closed, and takes that back before writing again: what follows a closed end was written by somebody without the key.
 * After a crash it was not closed, and the next server signs what there is. Where commands do not find the key (it is
 * kept elsewhere, or the place is on PostgreSQL) their rows have no head, and the end is never closed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "access/audit_part.h"

enum { LINE = 256 }; /* written over in place; blanks at its end */

const char *mark_path(struct ctx *c, const struct audit_setup *setup)
{
	const char *key = key_path(c, setup);

	return key ? arena_printf(c->arena, "%s.head", key) : NULL;
}

static bool hex(struct str text, unsigned char *out, size_t size)
{
	size_t len;

	return text.at && sodium_hex2bin(out, size, text.at, text.len, NULL, &len, NULL) == 0 && len == size;
}

static bool parse(struct str line, struct head *out)
{
	struct str number = str_cut(&line, ' '), key = line.at ? str_cut(&line, ' ') : STR("");
	struct str hash = line.at ? str_cut(&line, ' ') : STR(""), signature = line.at ? str_cut(&line, ' ') : STR("");
	struct str state = line.at ? str_trim(line) : STR("");

	*out = (struct head){ .key = audit_key_read(key), .is_signed = true, .closed = str_is(state, "closed") };
	return str_int(number, &out->number) && out->number > 0 && out->key && hex(hash, out->hash, HASH_SIZE) &&
	       hex(signature, out->signature, sizeof out->signature) && (out->closed || !state.len);
}

/* What the file says; an empty one says nothing yet. */
static enum err load(struct ctx *c, const char *path, int fd, struct head *out)
{
	char line[LINE];
	ssize_t len = pread(fd, line, sizeof line, 0);

	*out = (struct head){ 0 };
	if (len == 0)
		return OK;
	if (len != LINE || line[LINE - 1] != '\n' || !parse((struct str){ line, LINE - 1 }, out))
		return fail(c, ERR_INVALID, "What is written down in %s cannot be read: it was altered.", path);
	return OK;
}

enum err mark_read(struct ctx *c, const struct audit_setup *setup, struct head *out)
{
	const char *path = mark_path(c, setup);
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;

	*out = (struct head){ 0 };
	if (fd < 0)
		return !path || errno == ENOENT ? OK : fail(c, ERR_IO, "%s cannot be read: %s.", path, strerror(errno));
	enum err e = load(c, path, fd, out);
	close(fd);
	return e;
}

void mark_open(struct ctx *c, const struct audit_setup *setup, bool make, struct mark *out)
{
	const char *path = mark_path(c, setup);

	*out = (struct mark){ .fd = path ? open(path, O_RDWR | O_CLOEXEC | (make ? O_CREAT : 0), 0600) : -1,
			      .closes = !setup || !setup->key };
	if (out->fd >= 0 && load(c, path, out->fd, &out->last) != OK)
		out->lost = true;
}

void mark_close(struct mark *m)
{
	if (m->fd >= 0)
		close(m->fd);
	m->fd = -1;
}

enum err mark_again(struct ctx *c, struct mark *m)
{
	return m->fd < 0 || m->lost ? OK : load(c, "the file beside the key", m->fd, &m->last);
}

enum err mark_holds(struct ctx *c, struct db *db, const struct head *last, bool *holds)
{
	bool row;
	STMT(s);

	*holds = true;
	if (!last->key)
		return OK;
	TRY(db_stmt(c, db, SQL("SELECT number, hash FROM audit_head WHERE key = ?1"), &s));
	stmt_bind_int(s, 1, last->key);
	TRY(stmt_step(c, s, &row));
	*holds = row && stmt_int(s, 0) == last->number &&
		 str_eq(stmt_text(s, 1), (struct str){ (const char *)last->hash, HASH_SIZE });
	return OK;
}

enum err mark_followed(struct ctx *c, struct db *db, const struct head *last, int64_t *first)
{
	bool row;
	STMT(s);

	*first = 0;
	if (!last->closed)
		return OK;
	TRY(db_stmt(c, db, SQL("SELECT coalesce(min(key), 0) FROM audit WHERE key > ?1"), &s));
	stmt_bind_int(s, 1, last->key);
	TRY(stmt_step(c, s, &row));
	*first = stmt_int(s, 0);
	return OK;
}

enum err mark_check(struct ctx *c, struct db *db, struct mark *m)
{
	int64_t first;
	bool holds;

	if (m->fd < 0 || m->lost)
		return OK;
	TRY(mark_holds(c, db, &m->last, &holds));
	TRY(mark_followed(c, db, &m->last, &first));
	m->lost = !holds || first;
	return OK;
}

static bool put(struct arena *a, struct mark *m, const struct head *to)
{
	char hash[2 * HASH_SIZE + 1], signature[2 * crypto_sign_BYTES + 1], line[LINE + 1];

	sodium_bin2hex(hash, sizeof hash, to->hash, HASH_SIZE);
	sodium_bin2hex(signature, sizeof signature, to->signature, sizeof to->signature);
	int len = snprintf(line, sizeof line, "%lld %s %s %s%s", (long long)to->number, audit_key_text(a, to->key), hash,
			   signature, to->closed ? " closed" : "");
	if (len < 0 || len >= LINE)
		return false;
	memset(line + len, ' ', (size_t)(LINE - 1 - len));
	line[LINE - 1] = '\n';
	m->last = *to;
	return pwrite(m->fd, line, LINE, 0) == LINE;
}

bool mark_advance(struct arena *a, struct mark *m, const struct head *to)
{
	return m->fd < 0 || m->lost || !to->is_signed || to->number <= m->last.number || put(a, m, to);
}

bool mark_state(struct arena *a, struct mark *m, bool closed)
{
	struct head last = m->last;

	if (m->fd < 0 || m->lost || !last.key || last.closed == closed || (closed && !m->closes))
		return true;
	last.closed = closed;
	return put(a, m, &last) && fdatasync(m->fd) == 0; /* the database is not ahead of what is taken back */
}
