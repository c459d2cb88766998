/* apply.c - a prepared write becomes rows. Runs inside store_write, alone.
 *
 * Keys of resources and numbers of versions are given here, counting up from the highest there is
 * (so that nobody has to wait for the database to tell them); resources that are
 * only referred to get one too, with version 0. Index rows are changed by the difference between
 * what the current version had and what the new one has.
 */
#include "record/guard.h"
#include "record/guard_row.h"
#include "record/later.h"
#include "record/view_part.h"

void apply_init(struct apply *a, struct ctx *c, struct db *db)
{
	*a = (struct apply){ .c = c, .db = db };
	map_init(&a->keys, c->arena);
	map_init(&a->words, c->arena);
	map_init(&a->newcomers, c->arena);
}

/* --- keys --- */

/* Events that are no versions are numbered among them (event.h). */
static enum err start_counting(struct apply *a)
{
	bool row;
	STMT(s);

	if (a->next_key)
		return OK;
	TRY(db_stmt(a->c, a->db,
		    SQL("SELECT (SELECT max(key) FROM resource), (SELECT max(seq) FROM version), "
			"(SELECT max(seq) FROM event)"),
		    &s));
	TRY(stmt_step(a->c, s, &row));
	a->next_key = a->first_key = stmt_int(s, 0) + 1;
	a->next_seq = (stmt_int(s, 1) > stmt_int(s, 2) ? stmt_int(s, 1) : stmt_int(s, 2)) + 1;
	return OK;
}

static enum err new_key(struct apply *a, int64_t *key)
{
	TRY(start_counting(a));
	*key = a->next_key++;
	return OK;
}

/* The key of a word, asked for once in a transaction: until it is committed nobody else may
 * remember it. `text` must live as long as a->c->arena. */
static enum err word_key(struct apply *a, struct str text, int64_t *key)
{
	int64_t found = (int64_t)(intptr_t)map_get(&a->words, text);

	if (!found) {
		TRY(name_make(a->c, a->db, text, &found));
		map_set(&a->words, text, (void *)(intptr_t)found);
	}
	*key = found;
	return OK;
}

static struct str address(struct apply *a, struct str type, struct str id)
{
	return str_of(
		arena_printf(a->c->arena, STR_FMT "/" STR_FMT, STR_ARG(type), STR_ARG(id)));
}

static void note_key(struct apply *a, struct str type, struct str id, int64_t key)
{
	map_set(&a->keys, address(a, type, id), (void *)(intptr_t)key);
}

/* A Patient that this transaction records: what it writes about them besides is let by that. */
static enum err note_newcomer(struct apply *a, const struct prepared *p)
{
	struct standing now = { 0 };
	int64_t type_key;

	if (!a->c->guard || !p->resource || strcmp(p->type->name, "Patient") != 0)
		return OK;
	TRY(name_find(a->c, a->db, STR("Patient"), &type_key));
	if (type_key)
		TRY(standing_find(a->c, a->db, type_key, p->id, &now));
	if (!now.version)
		map_set(&a->newcomers, str_of(str_dup(a->c->arena, p->id)), a);
	return OK;
}

enum err apply_reserve(struct apply *a, struct prepared *p)
{
	TRY(note_newcomer(a, p));
	if (!p->fresh || p->key)
		return OK;
	p->learnt |= LEARNT_KEY;
	TRY(new_key(a, &p->key));
	note_key(a, str_of(p->type->name), p->id, p->key);
	return OK;
}

/* A row for a resource nobody has sent yet, so that references to it can be searched. */
static enum err put_placeholder(struct apply *a, int64_t type_key, bool is_person,
				struct str id, int64_t *key)
{
	STMT(s);

	TRY(new_key(a, key));
	TRY(db_stmt(a->c, a->db,
		    SQL("INSERT INTO resource (key, type, id, person, org, seq, version, "
			"updated, deleted) "
			"VALUES (?1, ?2, ?3, ?4, 0, 0, 0, 0, 0)"),
		    &s));
	stmt_bind_int(s, 1, *key);
	stmt_bind_int(s, 2, type_key);
	stmt_bind_text(s, 3, id);
	stmt_bind_int(s, 4, is_person ? *key : 0);
	return stmt_run(a->c, s);
}

static enum err target_key(struct apply *a, struct str type, struct str id, int64_t *out)
{
	struct str at = address(a, type, id);
	int64_t key = (int64_t)(intptr_t)map_get(&a->keys, at), type_key;

	if (!key) {
		TRY(word_key(a, type, &type_key));
		TRY(resource_key(a->c, a->db, type_key, id, &key));
		if (!key)
			TRY(put_placeholder(a, type_key, str_is(type, "Patient"), id, &key));
		map_set(&a->keys, at, (void *)(intptr_t)key);
	}
	*out = key;
	return OK;
}

void apply_forget(struct prepared *p)
{
	p->claim = (struct claim){ 0 };
	if (p->learnt & LEARNT_KEY)
		p->key = 0;
	if (p->learnt & LEARNT_TYPE)
		p->type_key = 0;
	if (p->learnt & LEARNT_ORG)
		p->org_key = 0;
	p->learnt = 0;
	for (size_t i = 0; i < p->rows.len; i++) {
		struct row *r = &p->rows.at[i];

		if (r->learnt & LEARNT_PARAM)
			r->param_key = 0;
		if (r->learnt & LEARNT_SYSTEM)
			r->system_key = 0;
		if (r->learnt & LEARNT_TARGET)
			r->target_key = 0;
		r->learnt = 0;
	}
}

enum err apply_settle(struct apply *a, const struct fhir_type *type, struct rows *rows)
{
	for (size_t i = 0; i < rows->len; i++) {
		struct row *r = &rows->at[i];

		r->learnt |= (!r->param_key ? LEARNT_PARAM : 0) |
			     (!r->system_key ? LEARNT_SYSTEM : 0) |
			     (!r->target_key ? LEARNT_TARGET : 0);
		if (!r->param_key)
			TRY(word_key(a, param_name(a->c->arena, type, r->param, r->variant),
				     &r->param_key));
		if (!r->system_key && r->system.len)
			TRY(word_key(a, r->system, &r->system_key));
		if (!r->target_key && r->table == TABLE_REFERENCE)
			TRY(target_key(a, r->target, r->code, &r->target_key));
	}
	return OK;
}

/* --- preconditions --- */

static enum err check(struct apply *a, const struct prepared *p, const struct standing *now)
{
	if (p->resource && standing_purged(now))
		return fail(a->c, ERR_GONE, "%s/" STR_FMT " was purged; its id is not used again.",
			    p->type->name, STR_ARG(p->id));
	if (p->if_match && now->version != p->if_match)
		return fail(a->c, ERR_STALE, "%s/" STR_FMT " is at version %lld, not %lld.",
			    p->type->name, STR_ARG(p->id), (long long)now->version,
			    (long long)p->if_match);
	if (p->if_none_match && now->version > 0 && !now->deleted)
		return fail(a->c, ERR_STALE, "%s/" STR_FMT " exists already.", p->type->name,
			    STR_ARG(p->id));
	return OK;
}

/* Somebody came between preparing and now: look at what they left. */
static enum err catch_up(struct apply *a, struct prepared *p, const struct standing *now)
{
	p->seen_rows = (struct rows){ 0 };
	if (now->version > 0 && !now->deleted)
		TRY(stored_rows(a->c, a->db, p->type, now->seq, &p->seen_rows));
	if (p->unchanged)
		TRY(prepare_rows(a->c, a->db, p));
	p->unchanged = false;
	p->seen = *now;
	if (p->resource)
		return prepare_again(a->c, p, now->version + 1, now->updated);
	p->version = now->version + 1;
	p->updated = p->updated > now->updated ? p->updated : now->updated + 1000;
	return OK;
}

/* --- the facts --- */

static enum err put_version(struct apply *a, const struct prepared *p, int64_t person,
			    int64_t *seq)
{
	STMT(s);

	TRY(start_counting(a));
	TRY(db_stmt(a->c, a->db,
		    SQL("INSERT INTO version (resource, type, version, updated, method, "
			"person, org, "
			"size, body, seq) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"),
		    &s));
	stmt_bind_int(s, 1, p->key);
	stmt_bind_int(s, 2, p->type_key);
	stmt_bind_int(s, 3, p->version);
	stmt_bind_int(s, 4, p->updated);
	stmt_bind_int(s, 5, p->method);
	stmt_bind_int(s, 6, person);
	stmt_bind_int(s, 7, p->org_key);
	stmt_bind_int(s, 8, (int64_t)p->body.len);
	if (p->resource)
		stmt_bind_blob(s, 9, p->packed);
	else
		stmt_bind_null(s, 9);
	stmt_bind_int(s, 10, a->next_seq);
	TRY(stmt_run(a->c, s));
	*seq = a->next_seq++;
	return OK;
}

enum err version_label(struct ctx *c, struct db *db, int64_t seq, uint64_t labels)
{
	STMT(s);

	if (!labels)
		return OK;
	TRY(db_stmt(c, db,
		    SQL("INSERT INTO version_label (seq, labels) VALUES (?1, ?2) "
			"ON CONFLICT (seq) DO NOTHING"),
		    &s));
	stmt_bind_int(s, 1, seq);
	stmt_bind_int(s, 2, (int64_t)labels);
	return stmt_run(c, s);
}

static enum err put_resource(struct apply *a, const struct prepared *p, int64_t person,
			     int64_t seq)
{
	STMT(s);

	TRY(db_stmt(a->c, a->db,
		    SQL("INSERT INTO resource (key, type, id, person, org, seq, version, "
			"updated, deleted, labels) "
			"VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT (key) DO "
			"UPDATE SET "
			"person = ?4, org = ?5, seq = ?6, version = ?7, updated = ?8, deleted "
			"= ?9, labels = CASE WHEN ?9 = 1 THEN resource.labels ELSE ?10 END"),
		    &s));
	stmt_bind_int(s, 1, p->key);
	stmt_bind_int(s, 2, p->type_key);
	stmt_bind_text(s, 3, p->id);
	stmt_bind_int(s, 4, person);
	stmt_bind_int(s, 5, p->org_key);
	stmt_bind_int(s, 6, seq);
	stmt_bind_int(s, 7, p->version);
	stmt_bind_int(s, 8, p->updated);
	stmt_bind_int(s, 9, p->resource == NULL);
	stmt_bind_int(s, 10, (int64_t)p->labels);
	return stmt_run(a->c, s);
}

/* The server will go on serving it for who wrote it, and as they may see. */
static enum err put_owner(struct apply *a, const struct prepared *p)
{
	STMT(s);

	if (!a->c->guard || strcmp(p->type->name, "Subscription") != 0)
		return OK;
	TRY(db_stmt(a->c, a->db,
		    SQL("INSERT INTO owner (resource, account) VALUES (?1, ?2) "
			"ON CONFLICT (resource) DO UPDATE SET account = ?2"),
		    &s));
	stmt_bind_int(s, 1, p->key);
	stmt_bind_int(s, 2, guard_owner(a->c));
	return stmt_run(a->c, s);
}

/* Type 0 counts versions. */
static void count_total(struct apply *a, int64_t type, int64_t change)
{
	size_t i = 0;

	while (i < a->totals.len && a->totals.at[i].type != type)
		i++;
	if (i == a->totals.len)
		*vec_push(&a->totals, a->c->arena) = (struct total){ .type = type };
	a->totals.at[i].change += change;
}

enum err apply_done(struct apply *a)
{
	for (size_t i = 0; i < a->totals.len; i++) {
		STMT(s);

		if (!a->totals.at[i].change)
			continue;
		TRY(db_stmt(
			a->c, a->db,
			SQL("INSERT INTO total (type, current) VALUES (?1, ?2) "
			    "ON CONFLICT (type) DO UPDATE SET current = total.current + ?2"),
			&s));
		stmt_bind_int(s, 1, a->totals.at[i].type);
		stmt_bind_int(s, 2, a->totals.at[i].change);
		TRY(stmt_run(a->c, s));
	}
	return words_flush(a);
}

/* --- the index: two sorted lists, and what only one of them has --- */

static enum err put_row(struct apply *a, const struct prepared *p, const struct row *row,
			int64_t person, int64_t seq)
{
	if (!later_waits(a->c, a->later, p->type))
		return row_put(a->c, a->db, row, person, p->key);
	later_add(a->later, row, person, p->key, seq, false);
	return OK;
}

static enum err drop_row(struct apply *a, const struct prepared *p, const struct row *row,
			 int64_t seq)
{
	if (!later_waits(a->c, a->later, p->type))
		return row_drop(a->c, a->db, row, p->seen.person, p->key);
	later_add(a->later, row, p->seen.person, p->key, seq, true);
	return OK;
}

static enum err change_rows(struct apply *a, const struct prepared *p, int64_t person,
			    int64_t seq)
{
	const struct rows *old = &p->seen_rows, *new = &p->rows;
	bool moved = person != p->seen.person;
	size_t i = 0, j = 0;

	while (i < old->len || j < new->len) {
		int order = i == old->len   ? 1
			    : j == new->len ? -1
					    : row_cmp(&old->at[i], &new->at[j]);

		if (order < 0 || (order == 0 && moved))
			TRY(drop_row(a, p, &old->at[i], seq));
		if (order > 0 || (order == 0 && moved))
			TRY(put_row(a, p, &new->at[j], person, seq));
		i += order <= 0;
		j += order >= 0;
	}
	return OK;
}

/* Words are one list: it goes and comes as a whole. */
static void change_words(struct apply *a, const struct prepared *p, int64_t person)
{
	if (person == p->seen.person && str_eq(p->seen_rows.words, p->rows.words))
		return;
	words_drop(a, p->type_key, p->seen_rows.words, p->seen.person, p->key);
	words_put(a, p->type_key, p->rows.words, person, p->key);
}

/* --- one write --- */

enum err apply_person(struct apply *a, const struct prepared *p, int64_t *person)
{
	*person = 0;
	if (strcmp(p->type->name, "Patient") == 0)
		*person = p->key;
	else if (p->person.len)
		return target_key(a, STR("Patient"), p->person, person);
	return OK;
}

/* --- may the asker? --- */

static enum err refuse(struct apply *a)
{
	return fail(a->c, ERR_FORBIDDEN, NOT_YOURS);
}

/* Into the record of somebody who is recorded only now may write who may record people. */
static bool may_write_new(const struct apply *a, const struct guard_item *item)
{
	const struct guard_item patient = { .person = -1, .type = fhir_resource_type(a->c->place->fhir, STR("Patient")) };

	return guard_opens_writing(a->c->guard, item) && guard_may_write(a->c->guard, &patient);
}

/* What begins a relationship (a referral, a task) may be about anybody the asker can find, or has to do with: of
 * somebody hidden it would else tell that they are there. */
static enum err may_reach(struct apply *a, const struct prepared *p, int64_t person, bool *out)
{
	const struct fhir_type *patient = fhir_resource_type(a->c->place->fhir, STR("Patient"));
	struct standing now = { 0 };
	int64_t type_key;

	*out = !p->person.len || p->type == patient || guard_related(a->c->guard, person);
	if (*out)
		return OK;
	TRY(name_find(a->c, a->db, STR("Patient"), &type_key));
	if (type_key)
		TRY(standing_find(a->c, a->db, type_key, p->person, &now));
	return now.version ? standing_may(a->c, a->db, patient, &now, 0, out) : OK;
}

/* Whose it will be, without giving anybody a key; *fresh: somebody whom this transaction records. */
static enum err find_person(struct apply *a, const struct prepared *p, int64_t *person,
			    bool *fresh)
{
	int64_t type_key;

	*person = p->seen.key;
	*fresh = !*person;
	if (strcmp(p->type->name, "Patient") == 0)
		return OK;
	*person = 0;
	*fresh = p->person.len && map_get(&a->newcomers, p->person);
	if (!p->person.len)
		return OK;
	*person = (int64_t)(intptr_t)map_get(&a->keys, address(a, STR("Patient"), p->person));
	TRY(name_find(a->c, a->db, STR("Patient"), &type_key));
	return *person || !type_key ? OK : resource_key(a->c, a->db, type_key, p->person, person);
}

static enum err check_writer(struct apply *a, const struct prepared *p)
{
	const struct guard *g = a->c->guard;
	struct guard_item was = { .person = p->seen.person, .labels = p->seen.labels, .type = p->type },
			  will = { .labels = p->labels, .type = p->type };
	bool fresh, reaches;

	if (!g)
		return OK;
	if (p->seen.version && !guard_may_write(g, &was))
		return refuse(a);
	if (!p->resource)
		return OK;
	TRY(find_person(a, p, &will.person, &fresh));
	if (fresh)
		return may_write_new(a, &will) ? OK : refuse(a);
	if (!guard_may_write(g, &will))
		return refuse(a);
	TRY(may_reach(a, p, will.person, &reaches));
	return reaches ? OK : refuse(a);
}

static enum err find_keys(struct apply *a, struct prepared *p)
{
	p->learnt |= (!p->key ? LEARNT_KEY : 0) | (!p->type_key ? LEARNT_TYPE : 0) |
		     (!p->org_key ? LEARNT_ORG : 0);
	if (!p->type_key)
		TRY(word_key(a, str_of(p->type->name), &p->type_key));
	if (!p->org_key && p->org.len)
		TRY(word_key(a, p->org, &p->org_key));
	if (!p->key)
		TRY(new_key(a, &p->key));
	note_key(a, str_of(p->type->name), p->id, p->key); /* it may refer to itself */
	return apply_settle(a, p->type, &p->rows);
}

static void tell(const struct prepared *p, int64_t person, int64_t seq, struct written *out)
{
	*out = (struct written){
		.version = { .type = str_of(p->type->name),
			     .id = p->id,
			     .version = p->version,
			     .updated = p->updated,
			     .seq = seq,
			     .person = person,
			     .key = p->key,
			     .method = p->method,
			     .deleted = !p->resource,
			     .body = p->body },
		.created = p->resource && (p->seen.version == 0 || p->seen.deleted),
	};
}

/* A deletion of what is not there, or not any more; a resource that says nothing new. */
static bool nothing_to_do(const struct prepared *p, struct written *out)
{
	bool there = p->seen.version > 0 && !p->seen.deleted;

	if (p->resource ? !p->unchanged : there)
		return false;
	*out = (struct written){
		.version = { .type = str_of(p->type->name),
			     .id = p->id,
			     .version = p->seen.version,
			     .updated = p->seen.updated,
			     .seq = p->seen.seq,
			     .person = p->seen.person,
			     .method = p->method,
			     .deleted = !p->resource,
			     .body = p->body },
		.unchanged = p->resource != NULL,
	};
	return true;
}

/* While a load's rows wait, nobody could be found anyway. */
static enum err check_claims(struct apply *a, struct prepared *p)
{
	const struct claims *claims = a->c->place->claims;

	if (!claims || p->settled || !p->resource || !str_is(str_of(p->type->name), "Patient") ||
	    later_waits(a->c, a->later, p->type))
		return OK;
	TRY(claims->look(a->c, a->db, p->resource, &p->seen, &p->claim));
	if (!p->claim.holder)
		return OK;
	return fail(a->c, ERR_CONFLICT,
		    "Another Patient has the identifier " STR_FMT "|" STR_FMT
		    ", which only one person can have.",
		    STR_ARG(p->claim.system), STR_ARG(p->claim.value));
}

enum err claim_refused(struct ctx *c, enum err e, const struct prepared *p)
{
	if (e != ERR_CONFLICT || !p->claim.holder)
		return e;
	return c->place->claims->ask(c, &p->claim,
				     p->seen.version && !p->seen.deleted ? p->seen.key : 0);
}

enum err apply_write(struct apply *a, struct prepared *p, struct written *out)
{
	int64_t person = 0, seq;
	struct standing now = { 0 };

	if (!p->type_key)
		TRY(name_find(a->c, a->db, str_of(p->type->name), &p->type_key));
	if (!p->fresh && p->type_key)
		TRY(standing_find(a->c, a->db, p->type_key, p->id, &now));
	TRY(hide(a->c, a->db, p, &now));
	TRY(check(a, p, &now));
	if (now.seq != p->seen.seq)
		TRY(catch_up(a, p, &now));
	p->seen = now;
	if (now.key)
		p->key = now.key;
	TRY(let_write(a->c, p));
	if (nothing_to_do(p, out))
		return OK;
	TRY(check_writer(a, p));
	TRY(check_claims(a, p));
	TRY(find_keys(a, p));
	person = now.person;
	if (!p->resource)
		p->org_key = now.org; /* what is gone is still whose it was, and from whom */
	if (p->resource)
		TRY(apply_person(a, p, &person));
	TRY(put_version(a, p, person, &seq));
	TRY(version_label(a->c, a->db, seq, p->labels));
	TRY(put_resource(a, p, person, seq));
	TRY(put_owner(a, p));
	TRY(change_rows(a, p, person, seq));
	change_words(a, p, person);
	TRY(views_change(a->c, a->db, p, person));
	bool was = now.version > 0 && !now.deleted;
	count_total(a, 0, 1);
	count_total(a, p->type_key, (int)(p->resource != NULL) - (int)was);
	tell(p, person, seq, out);
	return OK;
}
