/* glass.c - openings: emergencies and permissions. */
#include "access/glass.h"

#include "access/account_part.h"
#include "access/audit.h"
#include "access/decide.h"
#include "base/vec.h"
#include "record/same.h"

enum { WORDS_LEAST = 5, WORDS_MOST = 1000 };

/* --- reading --- */

static struct str column(struct ctx *c, struct stmt *s, int n)
{
	return stmt_null(s, n) ? (struct str){ .at = "" } : str_of(str_dup(c->arena, stmt_text(s, n)));
}

static void take(struct ctx *c, struct stmt *s, struct opening *o)
{
	struct str org = column(c, s, 9);

	if (str_starts(org, STR(ODS_SYSTEM "/"))) {
		org.at += sizeof ODS_SYSTEM;
		org.len -= sizeof ODS_SYSTEM;
	}
	*o = (struct opening){
		.key = stmt_int(s, 0),
		.kind = (enum opening_kind)stmt_int(s, 1),
		.person = stmt_int(s, 2),
		.account = stmt_int(s, 3),
		.org = stmt_int(s, 4),
		.at = stmt_int(s, 5),
		.until = stmt_int(s, 6),
		.person_id = column(c, s, 7),
		.account_name = column(c, s, 8),
		.org_id = org,
		.role = column(c, s, 10),
		.reason = column(c, s, 11),
		.words = column(c, s, 12),
	};
	if (!stmt_null(s, 13) && stmt_int(s, 13) < o->until)
		o->until = stmt_int(s, 13);
	if (stmt_null(s, 14))
		return;
	o->outcome = (enum opening_outcome)stmt_int(s, 14);
	o->review = column(c, s, 15);
	o->reviewed = stmt_int(s, 16);
	o->reviewer = stmt_int(s, 17);
}

/* The first end, and the last review that is none. */
#define OPENINGS                                                                                  \
	"SELECT o.key, o.kind, o.person, o.account, o.org, o.at, o.until, p.id, a.name, n.text, " \
	"o.role, o.reason, o.words, "                                                             \
	"(SELECT min(e.at) FROM opening_review e WHERE e.opening = o.key AND e.outcome = 3), "    \
	"v.outcome, v.words, v.at, v.actor FROM opening o JOIN resource p ON p.key = o.person "            \
	"LEFT JOIN account a ON a.key = o.account LEFT JOIN name n ON n.key = o.org "             \
	"LEFT JOIN opening_review v ON v.key = (SELECT max(x.key) FROM opening_review x "         \
	"WHERE x.opening = o.key AND x.outcome <> 3) "

enum err glass_list(struct ctx *c, struct db *db, const struct glass_query *query, struct opening **out,
		    size_t *len)
{
	VEC(struct opening) list = { 0 };
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL(OPENINGS "WHERE (?1 = 0 OR o.person = ?1) AND (?2 = 0 OR o.account = ?2) "
				 "AND (?3 = 0 OR (o.kind = 1 AND v.key IS NULL)) "
				 "AND (?5 = 0 OR (o.kind = 1 AND v.key IS NOT NULL)) "
				 "ORDER BY o.key DESC LIMIT ?4"),
		    &s));
	stmt_bind_int(s, 1, query->person);
	stmt_bind_int(s, 2, query->account);
	stmt_bind_int(s, 3, query->waiting);
	stmt_bind_int(s, 4, (int64_t)query->cap);
	stmt_bind_int(s, 5, query->reviewed);
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			break;
		take(c, s, vec_push(&list, c->arena));
	}
	*out = list.at;
	*len = list.len;
	return OK;
}

enum err glass_in_force(struct ctx *c, struct db *db, int64_t account, struct opening **out, size_t *len,
			int64_t *next)
{
	VEC(struct opening) list = { 0 };
	int64_t now = clock_now(c->clock);
	bool row;
	STMT(s);

	TRY(db_stmt(c, db, SQL(OPENINGS "WHERE o.account = ?1 AND o.until > ?2 ORDER BY o.person, o.key"),
		    &s));
	stmt_bind_int(s, 1, account);
	stmt_bind_int(s, 2, now);
	for (;;) {
		struct opening o;

		TRY(stmt_step(c, s, &row));
		if (!row)
			break;
		take(c, s, &o);
		if (fact_holds(o.at, o.until, now, next))
			*vec_push(&list, c->arena) = o;
	}
	*out = list.at;
	*len = list.len;
	return OK;
}

/* --- writing --- */

struct making {
	struct opening o;
	struct str person;
};

static enum err make(struct ctx *c, struct db *db, void *arg)
{
	struct making *m = arg;
	struct opening *o = &m->o;
	STMT(s);

	TRY(account_resource(c, db, "Patient", m->person, &o->person));
	TRY(account_next(c, db, SQL("SELECT coalesce(max(key), 0) FROM opening"), &o->key));
	TRY(db_stmt(c, db,
		    SQL("INSERT INTO opening (key, kind, person, account, org, role, reason, words, at, "
			"until) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"),
		    &s));
	stmt_bind_int(s, 1, o->key);
	stmt_bind_int(s, 2, o->kind);
	stmt_bind_int(s, 3, o->person);
	stmt_bind_int(s, 4, o->account);
	stmt_bind_int(s, 5, o->org);
	stmt_bind_text(s, 6, o->role);
	stmt_bind_text(s, 7, o->reason);
	stmt_bind_text(s, 8, o->words);
	stmt_bind_int(s, 9, o->at);
	stmt_bind_int(s, 10, o->until);
	return stmt_run(c, s);
}

static enum err open_for(struct ctx *c, enum opening_kind kind, int64_t span, struct str person,
			 struct str reason, struct str words, struct opening *out)
{
	const struct actor *a = c->actor;
	struct making m = { .person = person };

	words = str_trim(words);
	if (!str_is_words(words, WORDS_LEAST, WORDS_MOST))
		return fail(c, ERR_INVALID, "Say why in words of your own, %d to %d letters.", WORDS_LEAST,
			    WORDS_MOST);
	m.o = (struct opening){ .kind = kind,
				.account = a->account,
				.org = a->org,
				.role = a->role->name,
				.reason = reason,
				.words = words,
				.person_id = person,
				.account_name = a->name,
				.org_id = a->org_id,
				.at = clock_now(c->clock) };
	m.o.until = m.o.at + span;
	enum err e = store_write(c, c->place->store, make, &m);
	if (e == ERR_INVALID)
		return fail(c, ERR_NOT_FOUND, "There is no such person.");
	TRY(e);
	*out = m.o;
	return OK;
}

static enum err need_somebody(struct ctx *c)
{
	return c->actor && c->actor->account && c->actor->role
		       ? OK
		       : fail(c, ERR_FORBIDDEN, "Only somebody who has signed in may open a record.");
}

enum err glass_break(struct ctx *c, struct str person, struct str reason, struct str words,
		     struct opening *out)
{
	const struct rules *rules;

	TRY(need_somebody(c));
	TRY(actor_need(c, "glass.break"));
	TRY(rules_of(c, &rules));
	if (!rules_reason(rules, reason))
		return fail(c, ERR_INVALID, "Choose one of the reasons for an emergency.");
	TRY(open_for(c, OPENING_EMERGENCY, rules->policy.glass_span, person, reason, words, out));
	audit_note(c, &(struct audit){ .what = AUDIT_GLASS, .person = out->person, .relation = STR("emergency"),
				       .detail = reason });
	return OK;
}

enum err glass_permit(struct ctx *c, struct str person, struct str words, struct opening *out)
{
	const struct rules *rules;

	TRY(need_somebody(c));
	TRY(actor_need(c, "record.read"));
	TRY(rules_of(c, &rules));
	TRY(open_for(c, OPENING_PERMISSION, rules->policy.ask_span, person, STR("asked"), words, out));
	audit_note(c, &(struct audit){ .what = AUDIT_GRANT, .person = out->person, .relation = STR("permission"),
				       .detail = STR("asked") });
	return OK;
}

struct reviewing {
	int64_t opening;
	enum opening_outcome outcome;
	struct str words;
	bool officer;
};

static enum err put_review(struct ctx *c, struct db *db, const struct reviewing *r)
{
	int64_t key;
	STMT(s);

	TRY(account_next(c, db, SQL("SELECT coalesce(max(key), 0) FROM opening_review"), &key));
	TRY(db_stmt(c, db,
		    SQL("INSERT INTO opening_review (key, opening, outcome, words, at, actor) "
			"VALUES (?1, ?2, ?3, ?4, ?5, ?6)"),
		    &s));
	stmt_bind_int(s, 1, key);
	stmt_bind_int(s, 2, r->opening);
	stmt_bind_int(s, 3, r->outcome);
	stmt_bind_text(s, 4, r->words);
	stmt_bind_int(s, 5, clock_now(c->clock));
	stmt_bind_int(s, 6, c->actor ? c->actor->account : 0);
	return stmt_run(c, s);
}

static enum err review(struct ctx *c, struct db *db, void *arg)
{
	const struct reviewing *r = arg;
	int64_t account = c->actor ? c->actor->account : 0;
	bool row, ending = r->outcome == OUTCOME_ENDED;
	STMT(there);

	TRY(db_stmt(c, db, SQL("SELECT account FROM opening WHERE key = ?1"), &there));
	stmt_bind_int(there, 1, r->opening);
	TRY(stmt_step(c, there, &row));
	if (!row || (!r->officer && stmt_int(there, 0) != account))
		return fail(c, ERR_NOT_FOUND, "There is no such opening of a record.");
	if (!ending && c->actor && stmt_int(there, 0) == account)
		return fail(c, ERR_FORBIDDEN, "Nobody reviews what they opened themselves.");
	stmt_reset(there);
	TRY(put_review(c, db, r));
	if (r->outcome != OUTCOME_NOT_IN_ORDER)
		return OK;
	return put_review(c, db, &(struct reviewing){ r->opening, OUTCOME_ENDED, STR(""), true });
}

enum err glass_end(struct ctx *c, int64_t opening)
{
	struct reviewing r = { opening, OUTCOME_ENDED, STR(""), actor_can(c, "glass.review") };

	return store_write(c, c->place->store, review, &r);
}

enum err glass_review(struct ctx *c, int64_t opening, enum opening_outcome outcome, struct str words)
{
	struct reviewing r = { opening, outcome, str_trim(words), true };

	TRY(actor_need(c, "glass.review"));
	if (outcome != OUTCOME_IN_ORDER && outcome != OUTCOME_NOT_IN_ORDER)
		return fail(c, ERR_INVALID, "A review finds the opening in order, or not.");
	if (!str_is_words(r.words, WORDS_LEAST, WORDS_MOST))
		return fail(c, ERR_INVALID, "Say what was found, in %d to %d letters.", WORDS_LEAST,
			    WORDS_MOST);
	return store_write(c, c->place->store, review, &r);
}
