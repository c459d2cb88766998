/* purge.c - a person removed for good: deleted as anything is, then also what was before.
 *
 * Each current resource is deleted by the way every deletion takes, so its index rows, words, rows of
 * views and totals are right. Then the versions go, and what else names the person. Last, the space
 * they took is wiped.
 */
#include "record/event.h"
#include "record/purge_part.h"

enum { ATTEMPTS = 5, REASON_BYTES = 1000, BY_BYTES = 200 };

struct purging {
	const struct purge_ask *ask;
	struct purge_look look;
	struct prepared *prepared; /* of what is current */
	size_t prepared_len;
	void *found;               /* the part's */
	struct purge_done done;
	bool again;
};

static bool is_sqlite(struct ctx *c)
{
	return strcmp(store_engine(c->place->store), "sqlite") == 0;
}

/* --- outside the transaction --- */

static enum err prepare_one(struct ctx *c, struct db *db, const struct gone *gone,
			    struct prepared *out)
{
	const struct fhir_type *type;
	struct str name;

	TRY(name_text(c, db, gone->type, &name));
	TRY(resource_type(c, name, &type));
	return prepare_delete(c, db, type, gone->id, 0, out);
}

static enum err look(struct ctx *c, struct purging *p)
{
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	TRY(db_begin(c, db));
	TRY(purge_look(c, db, p->ask, &p->look));
	p->prepared = NEW_N(c->arena, struct prepared, p->look.gone.len + 1);
	p->prepared_len = 0;
	for (size_t i = 0; i < p->look.gone.len; i++) {
		const struct gone *gone = &p->look.gone.at[i];

		if (gone->version > 0 && !gone->deleted)
			TRY(prepare_one(c, db, gone, &p->prepared[p->prepared_len++]));
	}
	return OK;
}

/* --- inside: rows --- */

static enum err run_int(struct ctx *c, struct db *db, struct sql sql, int64_t one, int64_t two)
{
	STMT(s);

	TRY(db_stmt(c, db, sql, &s));
	stmt_bind_int(s, 1, one);
	stmt_bind_int(s, 2, two);
	return stmt_run(c, s);
}

static enum err put_purge(struct ctx *c, struct db *db, struct purging *p,
			  const struct purge_salt *salt)
{
	bool row;
	{
		STMT(s);

		TRY(db_stmt(c, db, SQL("SELECT coalesce(max(key), 0) + 1 FROM purge"), &s));
		TRY(stmt_step(c, s, &row));
		p->done.key = stmt_int(s, 0);
	}
	STMT(s);
	TRY(db_stmt(c, db,
		    SQL("INSERT INTO purge (key, person, at, actor, reason, patients, resources, "
			"versions, salt) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"),
		    &s));
	stmt_bind_int(s, 1, p->done.key);
	stmt_bind_int(s, 2, p->look.people[0]);
	stmt_bind_int(s, 3, clock_now(c->clock));
	stmt_bind_text(s, 4, p->ask->by);
	stmt_bind_text(s, 5, p->ask->reason);
	stmt_bind_int(s, 6, (int64_t)p->look.people_len);
	stmt_bind_int(s, 7, p->done.resources);
	stmt_bind_int(s, 8, p->done.versions);
	stmt_bind_blob(s, 9, (struct str){ (const char *)salt->at, sizeof salt->at });
	return stmt_run(c, s);
}

/* All that is current is deleted, as anybody could. */
static enum err delete_current(struct ctx *c, struct db *db, struct purging *p)
{
	struct written written;
	struct apply a;

	apply_init(&a, c, db);
	for (size_t i = 0; i < p->prepared_len; i++) {
		apply_forget(&p->prepared[i]);
		TRY(apply_write(&a, &p->prepared[i], &written));
	}
	return apply_done(&a);
}

static enum err allow(struct ctx *c, struct db *db, int64_t purge, int64_t kind, int64_t key)
{
	STMT(s);

	TRY(db_stmt(c, db, SQL("INSERT INTO purging (kind, key, purge) VALUES (?1, ?2, ?3)"), &s));
	stmt_bind_int(s, 1, kind);
	stmt_bind_int(s, 2, key);
	stmt_bind_int(s, 3, purge);
	return stmt_run(c, s);
}

static enum err allow_all(struct ctx *c, struct db *db, const struct purging *p)
{
	const struct purge_look *look = &p->look;

	for (size_t i = 0; i < look->gone.len; i++)
		TRY(allow(c, db, p->done.key, PURGE_RESOURCE, look->gone.at[i].key));
	for (size_t i = 0; i < look->astray.len; i++)
		TRY(allow(c, db, p->done.key, PURGE_VERSION, look->astray.at[i].seq));
	for (size_t i = 0; i < look->named.len; i++)
		TRY(allow(c, db, p->done.key, look->named.at[i].kind, look->named.at[i].key));
	return OK;
}

/* Scripts, because a statement that deletes from these tables is refused when it is prepared. */
#define DELETES                                                                                \
	"DELETE FROM delivery WHERE seq IN (SELECT v.seq FROM version v JOIN purging p "       \
	"ON p.kind = 1 AND p.key = v.resource UNION ALL SELECT key FROM purging WHERE kind = 2);" \
	"DELETE FROM version_label WHERE seq IN (SELECT v.seq FROM version v JOIN purging p "  \
	"ON p.kind = 1 AND p.key = v.resource UNION ALL SELECT key FROM purging WHERE kind = 2);" \
	"DELETE FROM version WHERE resource IN (SELECT key FROM purging WHERE kind = 1);"      \
	"DELETE FROM version WHERE seq IN (SELECT key FROM purging WHERE kind = 2);"           \
	"DELETE FROM event WHERE seq IN (SELECT key FROM purging WHERE kind = 3);"             \
	"DELETE FROM doubt_decision WHERE key IN (SELECT key FROM purging WHERE kind = 6);"    \
	"DELETE FROM doubt WHERE key IN (SELECT key FROM purging WHERE kind = 5);"             \
	"DELETE FROM merge WHERE key IN (SELECT key FROM purging WHERE kind = 4);"             \
	"DELETE FROM purging;"
#define GUARDED "version, event, merge, doubt, doubt_decision"

static const char deletes_sqlite[] = DELETES;
static const char deletes_pgsql[] = "GRANT DELETE ON " GUARDED " TO CURRENT_USER;" DELETES
				    "REVOKE DELETE ON " GUARDED " FROM CURRENT_USER;";

static enum err delete_all(struct ctx *c, struct db *db, const struct purging *p)
{
	TRY(db_script(c, db, "The purge",
		      str_of(is_sqlite(c) ? deletes_sqlite : deletes_pgsql)));
	for (size_t i = 0; i < p->look.matches.len; i++)
		TRY(run_int(c, db, SQL("DELETE FROM match_key WHERE key = ?1 AND person = ?2"),
			    p->look.matches.at[i].key, p->look.matches.at[i].person));
	for (size_t i = 0; i < p->look.people_len; i++) {
		TRY(run_int(c, db, SQL("DELETE FROM match_fact WHERE person = ?1 AND ?2 = 0"),
			    p->look.people[i], 0));
		/* whom they meant to let see it, by name, and what was seen as proof */
		TRY(run_int(c, db, SQL("DELETE FROM delegation_code WHERE person = ?1 AND ?2 = 0"),
			    p->look.people[i], 0));
		TRY(run_int(c, db, SQL("UPDATE delegation SET note = '' WHERE person = ?1 AND ?2 = 0"),
			    p->look.people[i], 0));
	}
	return OK;
}

/* Where another's resource was once about the person, an empty deletion stands. */
static enum err put_empty(struct ctx *c, struct db *db, const struct purge_look *look)
{
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("INSERT INTO version (seq, resource, type, version, updated, method, "
			"person, org, size, body) VALUES (?1, ?2, ?3, ?4, ?5, 3, 0, ?6, 0, NULL)"),
		    &s));
	for (size_t i = 0; i < look->astray.len; i++) {
		const struct astray *v = &look->astray.at[i];

		stmt_bind_int(s, 1, v->seq);
		stmt_bind_int(s, 2, v->resource);
		stmt_bind_int(s, 3, v->type);
		stmt_bind_int(s, 4, v->version);
		stmt_bind_int(s, 5, v->updated);
		stmt_bind_int(s, 6, v->org);
		TRY(stmt_run(c, s));
	}
	return OK;
}

/* The key stays, so that what refers to it refers to nothing else. */
static enum err hide_ids(struct ctx *c, struct db *db, const struct purging *p,
			 const struct purge_salt *salt)
{
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("UPDATE resource SET id = ?2, org = 0, seq = 0, version = 0, updated = 0, "
			"deleted = 1, labels = 0, person = CASE WHEN person = key THEN key ELSE 0 END "
			"WHERE key = ?1"),
		    &s));
	for (size_t i = 0; i < p->look.gone.len; i++) {
		const struct gone *gone = &p->look.gone.at[i];
		struct str id = gone->id;

		if (id.at[0] != '~')
			id = purge_hash(c->arena, salt, gone->type, id);
		stmt_bind_int(s, 1, gone->key);
		stmt_bind_text(s, 2, id);
		TRY(stmt_run(c, s));
	}
	return OK;
}

static enum err work(struct ctx *c, struct db *db, void *arg)
{
	struct purging *p = arg;
	const struct purge_look *look = &p->look;
	struct purge_salt salt;
	int64_t deletions = (int64_t)p->prepared_len;

	p->done.others = 0;
	TRY(purge_changed(c, db, look, &p->again));
	if (p->again)
		return OK;
	TRY(purge_salt(c, db, &salt));
	TRY(put_purge(c, db, p, &salt));
	TRY(delete_current(c, db, p));
	/* Now the highest seq there is: followers never see it fall. */
	TRY(event_add(c, db, STR("purged"), look->people[0],
		      str_of(arena_printf(c->arena, "{\"purge\":%lld}", (long long)p->done.key))));
	TRY(allow_all(c, db, p));
	TRY(delete_all(c, db, p));
	TRY(put_empty(c, db, look));
	TRY(hide_ids(c, db, p, &salt));
	TRY(run_int(c, db, SQL("UPDATE total SET current = current - ?1 WHERE type = ?2"),
		    look->versions - (int64_t)look->astray.len + deletions, 0));
	if (p->ask->part)
		TRY(p->ask->part->remove(c, db, p->found, &p->done.others));
	return OK;
}

/* --- all of it --- */

/* A word taken out stays in the full-text index's older parts until they are put together. */
static enum err optimize_words(struct ctx *c, struct db *db, void *arg)
{
	STMT(s);

	(void)arg;
	TRY(db_stmt(c, db, SQL("INSERT INTO words (words) VALUES ('optimize')"), &s));
	return stmt_run(c, s);
}

static enum err check_words(struct ctx *c, const struct purge_ask *ask)
{
	if (!ask->reason.len || ask->reason.len > REASON_BYTES)
		return fail(c, ERR_INVALID, "Give a reason, of at most %d bytes.", REASON_BYTES);
	if (!ask->by.len || ask->by.len > BY_BYTES)
		return fail(c, ERR_INVALID, "Say who decides, in at most %d bytes.", BY_BYTES);
	for (size_t i = 0; i < ask->len; i++)
		if (str_find(ask->reason, ask->ids[i]) >= 0)
			return fail(c, ERR_INVALID,
				    "The reason is kept for good: leave the person's id out of it.");
	return OK;
}

static enum err attempt(struct ctx *c, struct purging *p)
{
	p->look = (struct purge_look){ 0 };
	TRY(look(c, p));
	if (p->ask->part)
		TRY(p->ask->part->look(c, p->ask->ids, p->ask->len, &p->found));
	p->done.resources = (int64_t)p->look.gone.len;
	p->done.versions = p->look.versions;
	p->done.mentions = p->look.mentions;
	return store_write(c, c->place->store, work, p);
}

enum err record_purge(struct ctx *c, const struct purge_ask *ask, struct purge_done *out)
{
	struct purging p = { .ask = ask, .again = true };

	TRY(check_words(c, ask));
	for (int i = 0; i < ATTEMPTS && p.again; i++)
		TRY(attempt(c, &p));
	if (p.again)
		return fail(c, ERR_CONFLICT, "The record keeps being changed; try again.");
	if (is_sqlite(c))
		TRY(store_write(c, c->place->store, optimize_words, NULL));
	TRY(store_wipe(c, c->place->store, &p.done.wiped));
	*out = p.done;
	return OK;
}
