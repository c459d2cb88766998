/* rows_work.c - rows into the record: many together as one transaction, each with its message and
 * what is remembered of it; when that is refused, each alone.
 *
 * Whom a row is about is decided before. Where that may be somebody the rows before it tell of, or who was written by others
 * meanwhile, that person's rows are left for the next transaction, and all others stand as they were worked out.
 *
 * What is remembered of a row, under its key, is the hash of what it said last: a row that says the
 * same again costs one look. Of a person the same: the Patient is admitted when it says anything new. */
#include <stdio.h>

#include "feed/rows_work.h"
#include "identity/resolve.h"

enum { ATTEMPTS = 20, GROUP_ATTEMPTS = 3, KEY_LIMIT = 240 };

/* A row being worked on. */
struct job {
	struct row_in *in;
	struct message m;
	struct row row;
	struct state *state, *person;
	struct str person_hash;
	struct admission *admission; /* NULL: the person is known, and this says nothing new of them */
	bool waits;            /* for what is said of others: it is of the next group */
	size_t first, last;    /* its puts: [first, last) */
};

struct group {
	struct ctx *c;
	const struct rows_to *to;
	VEC(struct job *) jobs;
	VEC(struct job *) settled; /* only kept, with the others: refused, or a replay that is no news */
	VEC(struct state *) states;
	VEC(struct put) puts;
	VEC(size_t) shared;         /* of them: what is the same for several rows */
	VEC(struct str) waiting;    /* people whose rows wait from here on */
};

struct str rows_state_name(struct arena *a, const struct feed *feed, struct str key)
{
	if (key.len > KEY_LIMIT)
		key = message_hash(a, key);
	return str_of(arena_printf(a, "%s|row|" STR_FMT, feed->name, STR_ARG(key)));
}

static enum err read_state(struct group *g, enum state_kind kind, struct str name, struct state **out)
{
	READER(db);

	for (size_t i = 0; i < g->states.len; i++)
		if (g->states.at[i]->kind == kind && str_eq(g->states.at[i]->name, name)) {
			*out = g->states.at[i];
			return OK;
		}
	struct state *s = NEW(g->c->arena, struct state);
	TRY(store_reader(g->c, g->c->place->store, &db));
	TRY(state_read(g->c, db, kind, name, s));
	*vec_push(&g->states, g->c->arena) = s;
	*out = s;
	return OK;
}

static void set(struct ctx *c, struct node *object, const char *name, struct str text)
{
	struct node *n = node_get(object, name);

	if (n)
		node_remove(object, n);
	node_add_str(c->arena, object, name, text);
}

/* --- the message --- */

static void make_message(struct group *g, struct job *j)
{
	struct arena *a = g->c->arena;

	if (j->in->again) {
		j->m = *j->in->again;
	} else {
		j->m = (struct message){
			.feed = g->to->feed->key,
			.received = clock_now(g->c->clock),
			.file = g->to->file,
			.row = j->in->number,
			.body = str_of(arena_printf(a, STR_FMT "\n" STR_FMT "\n", STR_ARG(g->to->header),
						    STR_ARG(j->in->raw))),
		};
		j->m.hash = message_hash(a, j->in->raw);
		j->m.control = str_of(arena_printf(a, "?" STR_FMT, STR_ARG(j->m.hash)));
	}
	j->m.state_at = clock_now(g->c->clock);
	j->m.mapping = str_of(g->to->map->version);
	j->m.flags = 0;
	j->m.place = j->m.reason = (struct str){ 0 };
	j->m.tries++;
}

static enum err look_up(struct group *g, struct job *j)
{
	READER(db);

	if (j->m.key)
		return OK;
	unsigned tries = j->m.tries;
	TRY(store_reader(g->c, g->c->place->store, &db));
	TRY(message_seen(g->c, db, &j->m));
	j->m.tries = j->m.key ? j->m.tries + 1 : tries;
	j->m.flags = 0;
	return message_pack(g->c, &j->m);
}

static enum err refuse(struct group *g, struct job *j)
{
	const struct issue *issue = g->c->issues.first;
	struct arena *a = g->c->arena;

	j->in->fate = ROW_REFUSED;
	j->m.state = MESSAGE_QUARANTINED;
	j->m.place = str_of(j->row.column ? arena_printf(a, "Row %lld, %s", (long long)j->m.row, j->row.column)
					  : arena_printf(a, "Row %lld", (long long)j->m.row));
	j->m.reason = str_of(issue && !j->row.column
				     ? arena_printf(a, "%s: %s", issue->where ? issue->where : "record", issue->text)
				     : arena_str(a, g->c->why));
	if (j->m.reason.len > 500)
		j->m.reason.len = 500;
	TRY(look_up(g, j));
	*vec_push(&g->settled, a) = j;
	return OK;
}

/* --- what it says --- */

static enum err read_row(struct group *g, struct job *j)
{
	const struct rows_to *to = g->to;

	j->row = (struct row){ .c = g->c, .map = to->map, .head = to->head, .fields = j->in->fields,
			       .len = j->in->len, .org = to->org, .source = to->source,
			       .org_name = str_of(to->feed->title) };
	if (j->in->fault)
		return fail(g->c, ERR_SYNTAX, "The row cannot be read: %s.", j->in->fault);
	TRY(row_name(&j->row));
	j->m.kind = j->row.kind;
	j->m.sent = j->row.said;
	if (!j->in->again)
		j->m.control = j->row.key.len <= KEY_LIMIT ? j->row.key : message_hash(g->c->arena, j->row.key);
	return OK;
}

static int64_t number(const struct node *body, const char *name)
{
	int64_t n = 0;

	return str_int(node_str(body, name), &n) ? n : 0;
}

/* Nothing new: said before, by the same mapping, or overtaken by something newer. */
static bool is_known(const struct group *g, const struct job *j)
{
	const struct node *body = j->state->body;

	if (j->in->overtaken || number(body, "t") > j->row.said)
		return true;
	return str_eq(node_str(body, "h"), j->m.hash) && str_is(node_str(body, "v"), g->to->map->version) &&
	       str_eq(node_str(body, "s"), j->row.scope);
}

static void put(struct group *g, const char *type, struct str id, struct node *resource, bool companion)
{
	*vec_push(&g->puts, g->c->arena) =
		(struct put){ .type = str_of(type), .id = id, .companion = companion,
			      .write = { .resource = resource, .org = g->to->source } };
}

static struct str printed(struct ctx *c, const struct node *n)
{
	struct buf b;

	buf_init(&b, c->arena, 0);
	json_write(&b, n, 0);
	return buf_get(&b);
}

/* What is the same for many rows (a provider) is written once for a group. */
static bool put_already(struct group *g, const struct rows_made *made)
{
	for (size_t i = 0; i < g->puts.len; i++) {
		if (!str_eq(g->puts.at[i].id, made->id) || !str_is(g->puts.at[i].type, made->section->type))
			continue;
		*vec_push(&g->shared, g->c->arena) = i;
		return true;
	}
	return false;
}

static void wait_for_others(struct group *g, struct job *j)
{
	j->waits = true;
	*vec_push(&g->waiting, g->c->arena) = j->row.person;
}

static bool is_waiting(const struct group *g, struct str person)
{
	for (size_t i = 0; i < g->waiting.len; i++)
		if (str_eq(g->waiting.at[i], person))
			return true;
	return false;
}

/* Who it is. Somebody the group has just said something of is decided about when that is written. */
static enum err prepare_person(struct group *g, struct job *j)
{
	const struct resolution *how;
	struct admission *a;

	TRY(identity_prepare(g->c, j->row.patient, j->row.source, &a));
	for (size_t i = 0; i < g->jobs.len; i++)
		if (g->jobs.at[i]->admission && identity_meets(a, g->jobs.at[i]->admission)) {
			wait_for_others(g, j);
			return OK;
		}
	j->admission = a;
	how = identity_prepared(a);
	set(g->c, j->person->body, "id", how->id);
	return OK;
}

/* The person, and what is known of them, where it is news. */
static enum err admit(struct group *g, struct job *j)
{
	struct ctx *c = g->c;
	struct row *r = &j->row;
	struct buf all;
	struct str name = str_of(arena_printf(c->arena, "rows|%s|" STR_FMT "|" STR_FMT, r->map->name,
					      STR_ARG(r->org), STR_ARG(r->person)));

	TRY(read_state(g, STATE_PERSON, name, &j->person));
	buf_init(&all, c->arena, 0);
	buf_str(&all, printed(c, r->patient));
	for (size_t i = 0; i < r->of_person.len; i++)
		buf_str(&all, printed(c, r->of_person.at[i].resource));
	j->person_hash = message_hash(c->arena, buf_get(&all));
	struct node *body = j->person->body;
	bool old = node_str(body, "id").len && (str_eq(node_str(body, "h"), j->person_hash) ||
						number(body, "t") > r->said);
	if (old) {
		r->of_person.len = 0;
		return OK;
	}
	atoms_adopt(c->place->fhir->atoms, r->patient);
	TRY(prepare_person(g, j));
	if (j->waits)
		return OK;
	set(c, body, "h", j->person_hash);
	set(c, body, "t", str_of(arena_printf(c->arena, "%lld", (long long)r->said)));
	return OK;
}

static void put_all(struct group *g, struct job *j)
{
	struct ctx *c = g->c;
	struct row *r = &j->row;
	struct str id = node_str(j->person->body, "id"), about;

	about = str_of(arena_printf(c->arena, "Patient/" STR_FMT, STR_ARG(id)));
	for (size_t i = 0; i < r->subjects.len; i++) {
		r->subjects.at[i]->text = about.at;
		r->subjects.at[i]->len = (uint32_t)about.len;
	}
	for (size_t i = 0; i < r->made.len; i++)
		if (!put_already(g, &r->made.at[i]))
			put(g, r->made.at[i].section->type, r->made.at[i].id, r->made.at[i].resource, false);
	for (size_t i = 0; i < r->of_person.len; i++)
		if (!put_already(g, &r->of_person.at[i]))
			put(g, r->of_person.at[i].section->type, r->of_person.at[i].id,
			    r->of_person.at[i].resource, false);
}

static void add_system_value(struct arena *a, struct node *to, const char *system, struct str value)
{
	to = node_add(a, to, "identifier", NODE_OBJECT);
	node_add_cstr(a, to, "system", system);
	node_add_str(a, to, "value", value);
}

static void put_provenance(struct group *g, struct job *j)
{
	struct arena *a = g->c->arena;
	struct node *p = node_new(a, NODE_OBJECT), *list, *n;
	struct str id = row_id(&j->row, "message", j->m.hash);

	node_add_cstr(a, p, "resourceType", "Provenance");
	node_add_str(a, p, "id", id);
	node_add_str(a, node_add(a, p, "meta", NODE_OBJECT), "source", g->to->source);
	list = node_add(a, p, "target", NODE_ARRAY);
	node_add_cstr(a, node_add(a, list, NULL, NODE_OBJECT), "reference",
		      arena_printf(a, "Patient/" STR_FMT, STR_ARG(node_str(j->person->body, "id"))));
	for (size_t i = j->first; i < g->puts.len; i++)
		if (!str_is(g->puts.at[i].type, "Organization"))
			node_add_cstr(a, node_add(a, list, NULL, NODE_OBJECT), "reference",
				      arena_printf(a, STR_FMT "/" STR_FMT, STR_ARG(g->puts.at[i].type),
						   STR_ARG(g->puts.at[i].id)));
	node_add_str(a, p, "recorded", when_print_us(a, j->m.received));
	n = node_add(a, node_add(a, p, "agent", NODE_ARRAY), NULL, NODE_OBJECT);
	add_system_value(a, node_add(a, n, "who", NODE_OBJECT), "https://fhir.nhs.uk/Id/ods-organization-code",
			 g->to->org);
	n = node_add(a, node_add(a, p, "entity", NODE_ARRAY), NULL, NODE_OBJECT);
	node_add_cstr(a, n, "role", "source");
	add_system_value(a, node_add(a, n, "what", NODE_OBJECT), "https://causeway.example/fhir/Id/message",
			 j->m.hash);
	put(g, "Provenance", id, p, true);
}

/* What will be remembered of it. */
static void remember(struct group *g, struct job *j)
{
	struct ctx *c = g->c;
	struct node *body = j->state->body, *ids = node_get(body, "ids");

	set(c, body, "k", j->row.key);
	set(c, body, "h", j->m.hash);
	set(c, body, "v", str_of(g->to->map->version));
	set(c, body, "t", str_of(arena_printf(c->arena, "%lld", (long long)j->row.said)));
	set(c, body, "s", j->row.scope);
	if (ids)
		node_remove(body, ids);
	ids = node_add(c->arena, body, "ids", NODE_ARRAY);
	for (size_t i = 0; i < j->row.made.len; i++)
		if (j->row.made.at[i].section->gone.len)
			node_add_cstr(c->arena, ids, NULL,
				      arena_printf(c->arena, "%s|" STR_FMT, j->row.made.at[i].section->name,
						   STR_ARG(j->row.made.at[i].id)));
}

/* Understand one row; what is no news or wrong is settled here. */
static enum err prepare(struct group *g, struct job *j)
{
	struct ctx *c = g->c;

	TRY(read_row(g, j));
	j->waits = is_waiting(g, j->row.person);
	if (j->waits)
		return OK;
	TRY(read_state(g, STATE_ROW, rows_state_name(c->arena, g->to->feed, j->row.key), &j->state));
	if (is_known(g, j)) {
		j->in->fate = ROW_UNCHANGED;
		j->m.state = MESSAGE_SUPERSEDED;
		if (j->in->again)
			*vec_push(&g->settled, c->arena) = j;
		return OK;
	}
	TRY(row_map(&j->row));
	TRY(look_up(g, j));
	TRY(admit(g, j));
	if (j->waits)
		return OK;
	j->first = g->puts.len;
	put_all(g, j);
	put_provenance(g, j);
	j->last = g->puts.len;
	for (size_t i = j->first; i < j->last; i++)
		atoms_adopt(c->place->fhir->atoms, g->puts.at[i].write.resource);
	remember(g, j);
	if (j->row.notes.len) {
		j->m.flags |= MESSAGE_NOTED;
		j->m.reason = j->row.notes;
		j->m.place = str_of(arena_printf(c->arena, "Row %lld, %s", (long long)j->m.row, j->row.note_column));
	}
	*vec_push(&g->jobs, c->arena) = j;
	return OK;
}

/* --- writing --- */

/* What was wrong with this row before is mended by this one. */
static enum err settle_earlier(struct ctx *c, struct db *db, const struct message *m)
{
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("UPDATE message SET state = 3, state_at = ?4, reason = 'A later row took its place.' "
			"WHERE feed = ?1 AND control = ?2 AND hash <> ?3 AND state IN (4, 5)"),
		    &s));
	stmt_bind_int(s, 1, m->feed);
	stmt_bind_text(s, 2, m->control);
	stmt_bind_text(s, 3, m->hash);
	stmt_bind_int(s, 4, m->state_at);
	return stmt_run(c, s);
}

/* This and what comes after it of the same person. What others put, too, is written all the same. */
static void leave(struct group *g, size_t from)
{
	struct state *person = g->jobs.at[from]->person;

	for (size_t i = from; i < g->jobs.len; i++) {
		struct job *j = g->jobs.at[i];

		if (j->person != person)
			continue;
		j->waits = j->state->left = person->left = true;
		for (size_t k = j->first; k < j->last; k++)
			g->puts.at[k].left = true;
	}
	for (size_t i = 0; i < g->shared.len; i++)
		g->puts.at[g->shared.at[i]].left = false;
}

/* An engine may run a transaction again: then nobody has been left yet. */
static void leave_nobody(struct group *g)
{
	for (size_t i = 0; i < g->jobs.len; i++)
		g->jobs.at[i]->waits = false;
	for (size_t i = 0; i < g->states.len; i++)
		g->states.at[i]->left = false;
	for (size_t i = 0; i < g->puts.len; i++)
		g->puts.at[i].left = false;
}

/* ERR_STALE: somebody came meanwhile whom the row may be about. Nothing of it is written then, and others' rows stand. */
static enum err admit_all(struct group *g, struct db *db)
{
	leave_nobody(g);
	for (size_t i = 0; i < g->jobs.len; i++) {
		struct job *j = g->jobs.at[i];
		enum err e = j->admission && !j->waits ? identity_apply(g->c, db, j->admission) : OK;

		if (e == ERR_STALE)
			leave(g, i);
		else if (e)
			return e;
	}
	return OK;
}

static enum err keep_job(struct group *g, struct db *db, struct job *j)
{
	bool news = j->admission && !identity_prepared(j->admission)->unchanged;
	struct message m = j->m;

	for (size_t k = j->first; k < j->last; k++)
		news |= !g->puts.at[k].companion && !g->puts.at[k].written.unchanged;
	m.state = news ? MESSAGE_APPLIED : MESSAGE_SUPERSEDED;
	j->in->fate = news ? ROW_APPLIED : ROW_UNCHANGED;
	TRY(message_keep(g->c, db, &m));
	return settle_earlier(g->c, db, &m);
}

static enum err keep_all(struct ctx *c, struct db *db, void *arg)
{
	struct group *g = arg;

	TRY(admit_all(g, db));
	for (size_t i = 0; i < g->states.len; i++)
		if (g->states.at[i]->body->len && !g->states.at[i]->left)
			TRY(state_write(c, db, g->states.at[i]));
	for (size_t i = 0; i < g->jobs.len; i++)
		if (g->jobs.at[i]->waits)
			g->jobs.at[i]->in->fate = ROW_WAITS;
		else
			TRY(keep_job(g, db, g->jobs.at[i]));
	for (size_t i = 0; i < g->settled.len; i++)
		TRY(message_keep(c, db, &g->settled.at[i]->m));
	return OK;
}

static bool passing(enum err e)
{
	return e == ERR_STORE || e == ERR_BUSY || e == ERR_STOPPED || e == ERR_IO || e == ERR_INTERNAL;
}

static bool raced(enum err e)
{
	return e == ERR_STALE || e == ERR_CONFLICT;
}

static enum err write_group(struct group *g)
{
	if (!g->jobs.len && !g->settled.len)
		return OK;
	g->c->issues = (struct issues){ 0 };
	for (size_t i = 0; i < g->states.len; i++)
		state_print(g->c, g->states.at[i]);
	TRY(record_put_often(g->c, g->puts.at, g->puts.len, keep_all, g));
	for (size_t i = 0; i < g->jobs.len; i++)
		if (g->jobs.at[i]->admission && !g->jobs.at[i]->waits)
			TRY(identity_applied(g->c, g->jobs.at[i]->admission));
	return OK;
}

/* As many of the rows as go together; the others wait. ERR_STALE when all of them do. *culprit: of a single row, what is
 * wrong with it. */
static enum err group_once(struct ctx *c, const struct rows_to *to, struct row_in **at, size_t len,
			   struct job **culprit)
{
	struct group g = { .c = c, .to = to };
	bool any = false;
	HOLD(moment);

	TRY(store_hold(c, c->place->store));
	for (size_t i = 0; i < len; i++) {
		c->issues = (struct issues){ 0 };
		struct job *j = NEW(c->arena, struct job);
		j->in = at[i];
		j->in->fate = ROW_WAITS;
		make_message(&g, j);
		*culprit = j;
		size_t puts = g.puts.len;
		enum err e = prepare(&g, j);
		if (e && (passing(e) || raced(e)))
			return e;
		if (e) {
			g.puts.len = puts;
			TRY(refuse(&g, j));
		}
	}
	TRY(write_group(&g));
	for (size_t i = 0; i < len; i++)
		any |= at[i]->fate != ROW_WAITS;
	return any ? OK : fail(c, ERR_STALE, "Others are told of who could be the same people.");
}

/* A row whose resources the record refuses. */
static enum err set_aside(struct ctx *c, const struct rows_to *to, struct job *j)
{
	struct group g = { .c = c, .to = to };

	TRY(refuse(&g, j));
	return record_put_often(c, NULL, 0, keep_all, &g);
}

static enum err group_retried(struct ctx *c, const struct rows_to *to, struct row_in **at, size_t len)
{
	unsigned attempts = len > 1 ? GROUP_ATTEMPTS : ATTEMPTS;
	enum err e = ERR_STALE;
	struct job *culprit = NULL;

	for (unsigned i = 0; i < attempts && raced(e); i++) {
		feeds_turn(c->place->feeds, i);
		e = group_once(c, to, at, len, &culprit);
		feeds_turn_done(c->place->feeds);
	}
	if (!e || passing(e) || len > 1)
		return e;
	if (raced(e))
		return fail(c, ERR_BUSY, "Others keep changing what row %lld is about.", (long long)at[0]->number);
	e = set_aside(c, to, culprit);
	return raced(e) ? OK : e; /* the same bytes are kept already */
}

enum err rows_group(struct ctx *c, const struct rows_to *to, struct row_in *at, size_t len)
{
	struct row_in **left = NEW_N(c->arena, struct row_in *, len + 1);
	size_t together = len;

	for (size_t i = 0; i < len; i++)
		left[i] = &at[i];
	while (len) {
		size_t n = together < len ? together : len, waiting = 0;
		enum err e = group_retried(c, to, left, n);
		if (e && !passing(e) && n > 1) {
			together = 1;
			continue;
		}
		TRY(e);
		for (size_t i = 0; i < len; i++)
			if (i >= n || left[i]->fate == ROW_WAITS)
				left[waiting++] = left[i];
		len = waiting;
	}
	return OK;
}

/* --- replay: the message is a file of one row --- */

enum err rows_work(struct ctx *c, const struct feed *feed, struct message *m, struct str *answer)
{
	struct rows_file *f = NULL;
	struct rows_line_read head_line, line = { 0 };
	struct rows_head head;
	struct rows_to to = { .feed = feed, .file = m->file };
	struct message again = *m;
	bool more;

	*answer = (struct str){ 0 };
	TRY(feeds_rows(c, feed->rows ? feed->rows : feed->name, &to.map));
	TRY(rows_file_open(c, NULL, m->body, to.map->delimiter, &f));
	enum err e = rows_file_next(c, f, c->arena, &head_line, &more);
	if (!e)
		e = rows_head_read(c, to.map, head_line.fields, head_line.len, &head);
	if (!e)
		e = rows_file_next(c, f, c->arena, &line, &more);
	struct row_in in = { .number = m->row, .raw = line.raw, .fields = line.fields, .len = line.len,
			     .fault = line.fault, .again = &again };
	to.head = &head;
	to.org = str_of(feed->org);
	to.source = feed_source(c->arena, to.org);
	if (!e)
		e = rows_group(c, &to, &in, 1);
	rows_file_close(f);
	return e;
}

/* --- rows that are no longer sent --- */

/* What one section made of a row. *apart: another row of the group ends the same resource. */
static enum err end_one(struct group *g, size_t first, struct str named, bool *apart)
{
	struct str id = named, name = str_cut(&id, '|');
	const struct rows_map *map = g->to->map;
	const struct rows_section *section = NULL;
	struct ctx *c = g->c;
	struct version v;
	struct node *resource;
	bool changed;

	for (unsigned i = 0; i < map->section_count; i++)
		if (str_is(name, map->sections[i].name))
			section = &map->sections[i];
	if (!section || !id.at)
		return OK;
	for (size_t i = 0; i < first && !*apart; i++)
		*apart = str_eq(g->puts.at[i].id, id) && str_is(g->puts.at[i].type, section->type);
	if (*apart)
		return OK;
	enum err e = record_read(c, str_of(section->type), id, &v);
	if (e == ERR_NOT_FOUND || e == ERR_GONE)
		return OK;
	TRY(e);
	TRY(fhir_read_json(c, c->place->fhir, c->arena, v.body, &resource));
	TRY(row_gone(c, section, resource, &changed));
	if (!changed)
		return OK;
	atoms_adopt(c->place->fhir->atoms, resource);
	put(g, section->type, id, resource, false);
	g->puts.at[g->puts.len - 1].write.if_match = v.version;
	return OK;
}

static enum err end_row(struct group *g, struct str state_name, bool *apart)
{
	size_t first = g->puts.len;
	struct state *s;

	TRY(read_state(g, STATE_ROW, state_name, &s));
	struct node *ids = node_get(s->body, "ids");
	node_each(one, ids)
		TRY(end_one(g, first, node_text(one), apart));
	if (*apart) { /* it begins the next group */
		g->puts.len = first;
		g->states.len--;
		return OK;
	}
	set(g->c, s->body, "h", STR("gone")); /* sent again, it is news */
	set(g->c, s->body, "s", STR("gone"));
	return OK;
}

/* As many as go together, as one transaction: *done of them. */
static enum err end_together(struct ctx *c, const struct rows_to *to, const struct str *names, size_t len,
			     size_t *done, int64_t *ended)
{
	struct group g = { .c = c, .to = to };
	bool apart = false;

	*ended = 0;
	for (*done = 0; *done < len; ++*done) {
		size_t puts = g.puts.len;

		TRY(end_row(&g, names[*done], &apart));
		if (apart)
			break;
		*ended += g.puts.len > puts;
	}
	return record_put_often(c, g.puts.at, g.puts.len, keep_all, &g);
}

enum err rows_end(struct ctx *c, const struct rows_to *to, const struct str *names, size_t len, int64_t *ended)
{
	size_t done = 0;

	for (*ended = 0; len; names += done, len -= done) {
		enum err e = ERR_STALE;
		int64_t now = 0;

		for (unsigned i = 0; i < ATTEMPTS && raced(e); i++)
			e = end_together(c, to, names, len < ROWS_GROUP ? len : ROWS_GROUP, &done, &now);
		TRY(e);
		*ended += now;
	}
	return OK;
}
