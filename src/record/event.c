/* event.c - versions and what is no version, read as one log; and what may safely be read of it. */
#include "record/event.h"

#include <time.h>

#include "record/guard_row.h"

enum {
	TEXT_MAX = 4000,
	PAUSE = 2 /* milliseconds between two looks at who still writes */
};

static enum err read_int(struct ctx *c, struct stmt *s, int64_t *out)
{
	bool row;

	TRY(stmt_step(c, s, &row));
	*out = stmt_int(s, 0);
	return OK;
}

enum err event_last(struct ctx *c, struct db *db, int64_t *seq)
{
	int64_t versions, events;
	STMT(v);
	STMT(e);

	TRY(db_stmt(c, db, SQL("SELECT coalesce(max(seq), 0) FROM version"), &v));
	TRY(read_int(c, v, &versions));
	TRY(db_stmt(c, db, SQL("SELECT coalesce(max(seq), 0) FROM event"), &e));
	TRY(read_int(c, e, &events));
	*seq = versions > events ? versions : events;
	return OK;
}

enum err event_add(struct ctx *c, struct db *db, struct str kind, int64_t person,
		   struct str text)
{
	int64_t last;
	STMT(s);

	if (text.len > TEXT_MAX)
		return fail(c, ERR_LIMIT, "An event says at most %d bytes.", TEXT_MAX);
	TRY(event_last(c, db, &last));
	TRY(db_stmt(c, db,
		    SQL("INSERT INTO event (seq, kind, person, at, text) "
			"VALUES (?1, ?2, ?3, ?4, ?5)"),
		    &s));
	stmt_bind_int(s, 1, last + 1);
	stmt_bind_text(s, 2, kind);
	stmt_bind_int(s, 3, person);
	stmt_bind_int(s, 4, clock_now(c->clock));
	stmt_bind_text(s, 5, text);
	return stmt_run(c, s);
}

/* --- what is settled --- */

/* Who writes now, as text, one after another with a comma behind each. Only on PostgreSQL can
 * there be anybody whose seq is lower than one that is committed. */
static enum err writers(struct ctx *c, struct db *db, struct str *out)
{
	bool row;
	STMT(s);

	*out = (struct str){ 0 };
	if (strcmp(store_engine(c->place->store), "postgresql") != 0)
		return OK;
	TRY(db_stmt(c, db,
		    SQL("SELECT coalesce(string_agg(DISTINCT virtualtransaction || ',', ''), '') "
			"FROM pg_locks WHERE locktype = 'advisory' AND granted AND "
			"database = (SELECT oid FROM pg_database WHERE datname = "
			"current_database()) AND classid = 1667331443 AND "
			"objid = quote_ident(current_schema())::regnamespace::oid"),
		    &s));
	TRY(stmt_step(c, s, &row));
	*out = str_of(str_dup(c->arena, stmt_text(s, 0)));
	return OK;
}

/* Is one of those who wrote then still writing? */
static bool any_of(struct str then, struct str now)
{
	while (then.len) {
		struct str one = str_cut(&then, ',');
		struct str rest = now;

		while (one.len && rest.len)
			if (str_eq(str_cut(&rest, ','), one))
				return true;
	}
	return false;
}

enum err event_settled(struct ctx *c, struct db *db, int64_t known, int patience, int64_t *seq)
{
	struct str then, now;
	int64_t last;

	TRY(event_last(c, db, &last));
	if (last <= known) {
		*seq = last;
		return OK;
	}
	TRY(writers(c, db, &then));
	for (now = then; any_of(then, now); patience -= PAUSE) {
		if (patience <= 0) {
			*seq = known;
			return OK;
		}
		TRY(ctx_check(c));
		nanosleep(&(struct timespec){ .tv_nsec = PAUSE * 1000000 }, NULL);
		TRY(writers(c, db, &now));
	}
	*seq = last;
	return OK;
}

/* --- reading --- */

static struct str keep(struct ctx *c, struct str s)
{
	return (struct str){ arena_dup(c->arena, s.at, s.len), s.len };
}

static enum err name_of(struct ctx *c, struct db *db, int64_t key, struct str *out)
{
	*out = (struct str){ 0 };
	return key ? name_text(c, db, key, out) : OK;
}

static enum err take_version(struct ctx *c, struct db *db, struct stmt *s, struct event *e)
{
	*e = (struct event){
		.seq = stmt_int(s, 0),
		.kind = STR("change"),
		.id = keep(c, stmt_text(s, 2)),
		.version = stmt_int(s, 3),
		.updated = stmt_int(s, 4),
		.method = (enum method)stmt_int(s, 5),
		.person = stmt_int(s, 6),
		.person_id = keep(c, stmt_text(s, 8)),
		.deleted = stmt_int(s, 9) != 0,
		.resource = stmt_int(s, 10),
		.current = stmt_int(s, 11) == stmt_int(s, 0),
	};
	TRY(name_of(c, db, stmt_int(s, 1), &e->type));
	return name_of(c, db, stmt_int(s, 7), &e->org);
}

static enum err take_event(struct ctx *c, struct db *db, struct stmt *s, struct event *e)
{
	(void)db;
	*e = (struct event){
		.seq = stmt_int(s, 0),
		.kind = keep(c, stmt_text(s, 1)),
		.resource = stmt_int(s, 2),
		.person = stmt_int(s, 2),
		.updated = stmt_int(s, 3),
		.text = keep(c, stmt_text(s, 4)),
		.person_id = keep(c, stmt_text(s, 5)),
	};
	if (e->person_id.len) {
		e->type = STR("Patient");
		e->id = e->person_id;
	}
	return OK;
}

typedef enum err take_row(struct ctx *c, struct db *db, struct stmt *s, struct event *e);

struct run {
	VEC(struct event) events;
	bool more;
};

static enum err read_run(struct ctx *c, struct db *db, struct sql sql, take_row *take,
			 int64_t after, int64_t settled, size_t cap, struct run *out)
{
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, sql, &s));
	stmt_bind_int(s, 1, after);
	stmt_bind_int(s, 2, settled);
	stmt_bind_int(s, 3, (int64_t)cap);
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			break;
		TRY(take(c, db, s, vec_push(&out->events, c->arena)));
	}
	out->more = out->events.len == cap;
	return OK;
}

/* A run that is full says nothing of what comes after its last. */
static int64_t known_to(const struct run *r, int64_t settled)
{
	return r->more ? r->events.at[r->events.len - 1].seq : settled;
}

/* Of both runs up to `to`, in order; a version before what was added with the same number. */
static void merge(struct ctx *c, const struct run *versions, const struct run *events,
		  int64_t to, struct event_page *out)
{
	size_t i = 0, j = 0;

	out->at = NEW_N(c->arena, struct event, versions->events.len + events->events.len + 1);
	out->len = 0;
	for (;;) {
		const struct event *v = i < versions->events.len ? &versions->events.at[i] : NULL;
		const struct event *e = j < events->events.len ? &events->events.at[j] : NULL;
		bool first = v && (!e || v->seq <= e->seq);
		const struct event *next = first ? v : e;

		if (!next || next->seq > to)
			return;
		out->at[out->len++] = *next;
		i += first;
		j += !first;
	}
}

enum err event_next(struct ctx *c, struct db *db, int64_t after, int64_t settled, size_t cap,
		    struct event_page *out)
{
	struct run versions = { 0 }, events = { 0 };

	if (settled <= after) {
		*out = (struct event_page){ .next = after };
		return OK;
	}
	TRY(read_run(c, db,
		     SQL("SELECT v.seq, v.type, r.id, v.version, v.updated, v.method, v.person, "
			 "v.org, p.id, CASE WHEN v.method = 3 THEN 1 ELSE 0 END, r.key, r.seq "
			 "FROM version v CROSS JOIN resource r ON r.key = v.resource "
			 "LEFT JOIN resource p ON p.key = v.person "
			 "WHERE v.seq > ?1 AND v.seq <= ?2 ORDER BY v.seq LIMIT ?3"),
		     take_version, after, settled, cap, &versions));
	TRY(read_run(c, db,
		     SQL("SELECT e.seq, e.kind, e.person, e.at, e.text, p.id FROM event e "
			 "LEFT JOIN resource p ON p.key = e.person "
			 "WHERE e.seq > ?1 AND e.seq <= ?2 ORDER BY e.seq LIMIT ?3"),
		     take_event, after, settled, cap, &events));
	int64_t to = known_to(&versions, settled), other = known_to(&events, settled);
	to = other < to ? other : to;
	merge(c, &versions, &events, to, out);
	out->next = to;
	out->more = to < settled;
	return OK;
}

/* What is no version tells of a person: it is seen by who may see their Patient. */
enum err event_may(struct ctx *c, struct db *db, const struct event *e, bool *out)
{
	const struct fhir_type *patient = fhir_resource_type(c->place->fhir, STR("Patient"));

	*out = true;
	if (!c->guard)
		return OK;
	if (e->version)
		return version_may(c, db, e->seq, out);
	*out = false;
	return e->person ? key_may(c, db, patient, e->person, out) : OK;
}

enum err event_version(struct ctx *c, struct db *db, const struct event *e, struct version *out)
{
	return version_load(c, db, e->seq, out);
}
