/* agreement.c - the register: read and written. What it comes to is in agreement_sight.c. */
#include "access/agreement_part.h"

#include "base/vec.h"

enum { TITLE_MOST = 200, REASON_MOST = 500 };

/* --- reading --- */

struct str agreement_column(struct ctx *c, struct stmt *s, int n)
{
	return stmt_null(s, n) ? (struct str){ .at = "" } : str_of(str_dup(c->arena, stmt_text(s, n)));
}

static void take(struct ctx *c, struct stmt *s, struct agreement *a)
{
	*a = (struct agreement){
		.key = stmt_int(s, 0),
		.title = agreement_column(c, s, 1),
		.orgs = agreement_column(c, s, 2),
		.purposes = agreement_column(c, s, 3),
		.since = stmt_int(s, 4),
		.until = stmt_int(s, 5),
		.made = stmt_int(s, 6),
		.covers = agreement_column(c, s, 7),
	};
	if (stmt_null(s, 8))
		return;
	a->ended_at = stmt_int(s, 9);
	a->reason = agreement_column(c, s, 10);
	if (!a->until || stmt_int(s, 8) < a->until)
		a->until = stmt_int(s, 8);
}

enum err agreement_list(struct ctx *c, struct db *db, struct agreement **out, size_t *len)
{
	VEC(struct agreement) list = { 0 };
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT a.key, a.title, a.orgs, a.purposes, a.since, a.until, a.made, a.covers, "
			"e.at, e.made, e.reason FROM agreement a LEFT JOIN agreement_end e ON e.agreement = a.key "
			"AND NOT EXISTS (SELECT 1 FROM agreement_end x WHERE x.agreement = a.key "
			"AND (x.at < e.at OR (x.at = e.at AND x.key < e.key))) ORDER BY a.key DESC"),
		    &s));
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

/* --- writing --- */

static enum err check_orgs(struct ctx *c, struct str orgs)
{
	unsigned count = 0;

	while (orgs.at && orgs.len) {
		struct str one = str_cut(&orgs, ' ');

		if (!one.len)
			return fail(c, ERR_INVALID, "One space parts the codes of organisations.");
		TRY(org_check(c, one));
		count++;
	}
	if (count < 2 || count > AGREEMENT_ORGS_MOST)
		return fail(c, ERR_INVALID, "An agreement is among 2 to %d organisations.",
			    AGREEMENT_ORGS_MOST);
	return OK;
}

/* What an item is about and how closely it is held; how it is handled is no matter of agreements. */
static enum err check_covers(struct ctx *c, struct str covers)
{
	const struct rules *rules;
	uint64_t counted;

	TRY(rules_of(c, &rules));
	counted = ~agreement_uncounted(rules);
	while (covers.at && covers.len) {
		struct str one = str_cut(&covers, ' ');
		const struct label_rule *l = rules_label(rules, one);

		if (!str_is(one, AGREEMENT_ORDINARY) && !(l && (l->bit & counted)))
			return fail(c, ERR_INVALID,
				    "%.80s is no category or sensitivity that an agreement can name.",
				    str_dup(c->arena, one));
	}
	return OK;
}

static enum err check(struct ctx *c, const struct agreement *a)
{
	unsigned purposes;

	if (!str_is_words(a->title, 1, TITLE_MOST))
		return fail(c, ERR_INVALID, "An agreement needs a title of at most %d letters.", TITLE_MOST);
	TRY(check_orgs(c, a->orgs));
	TRY(purposes_read(c, a->purposes, &purposes));
	if (!purposes)
		return fail(c, ERR_INVALID, "An agreement needs a purpose.");
	TRY(check_covers(c, a->covers));
	if (a->until && a->until <= a->since)
		return fail(c, ERR_INVALID, "An agreement ends after it begins.");
	return OK;
}

enum err agreement_check(struct ctx *c, const struct agreement *a)
{
	return check(c, a);
}

struct adding {
	const struct agreement *a;
	int64_t key;
};

static int64_t who(const struct ctx *c)
{
	return c->actor ? c->actor->account : 0;
}

static enum err add(struct ctx *c, struct db *db, void *arg)
{
	struct adding *d = arg;
	STMT(s);

	TRY(account_next(c, db, SQL("SELECT coalesce(max(key), 0) FROM agreement"), &d->key));
	TRY(db_stmt(c, db,
		    SQL("INSERT INTO agreement (key, title, orgs, purposes, since, until, made, actor, covers) "
			"VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"),
		    &s));
	stmt_bind_int(s, 1, d->key);
	stmt_bind_text(s, 2, d->a->title);
	stmt_bind_text(s, 3, d->a->orgs);
	stmt_bind_text(s, 4, d->a->purposes);
	stmt_bind_int(s, 5, d->a->since);
	stmt_bind_int(s, 6, d->a->until);
	stmt_bind_int(s, 7, clock_now(c->clock));
	stmt_bind_int(s, 8, who(c));
	stmt_bind_text(s, 9, d->a->covers.len ? d->a->covers : STR(""));
	return stmt_run(c, s);
}

enum err agreement_add(struct ctx *c, const struct agreement *a, int64_t *key)
{
	struct adding d = { .a = a };

	TRY(check(c, a));
	TRY(store_write(c, c->place->store, add, &d));
	*key = d.key;
	return OK;
}

struct finishing {
	int64_t agreement, at;
	struct str reason;
};

static enum err finish(struct ctx *c, struct db *db, void *arg)
{
	const struct finishing *f = arg;
	int64_t key;
	bool row;
	STMT(there);
	STMT(s);

	TRY(db_stmt(c, db, SQL("SELECT 1 FROM agreement WHERE key = ?1"), &there));
	stmt_bind_int(there, 1, f->agreement);
	TRY(stmt_step(c, there, &row));
	if (!row)
		return fail(c, ERR_NOT_FOUND, "There is no agreement %lld.", (long long)f->agreement);
	stmt_reset(there);
	TRY(account_next(c, db, SQL("SELECT coalesce(max(key), 0) FROM agreement_end"), &key));
	TRY(db_stmt(c, db,
		    SQL("INSERT INTO agreement_end (key, agreement, at, made, actor, reason) "
			"VALUES (?1, ?2, ?3, ?4, ?5, ?6)"),
		    &s));
	stmt_bind_int(s, 1, key);
	stmt_bind_int(s, 2, f->agreement);
	stmt_bind_int(s, 3, f->at);
	stmt_bind_int(s, 4, clock_now(c->clock));
	stmt_bind_int(s, 5, who(c));
	stmt_bind_text(s, 6, f->reason);
	return stmt_run(c, s);
}

enum err agreement_finish(struct ctx *c, int64_t key, int64_t at, struct str reason)
{
	struct finishing f = { key, at ? at : clock_now(c->clock), reason };

	if (!str_is_words(reason, 1, REASON_MOST))
		return fail(c, ERR_INVALID, "Say why it ends, in at most %d letters.", REASON_MOST);
	return store_write(c, c->place->store, finish, &f);
}

/* --- days and minutes, as people write them --- */

#define MINUTE INT64_C(60000000)

static bool minutes_read(struct str text, int64_t *out)
{
	int64_t hour, minute;

	if (text.len != 6 || (text.at[0] != ' ' && text.at[0] != 'T') || text.at[3] != ':' ||
	    !str_int((struct str){ text.at + 1, 2 }, &hour) || !str_int((struct str){ text.at + 4, 2 }, &minute) ||
	    hour < 0 || hour > 23 || minute < 0 || minute > 59)
		return false;
	*out = hour * 60 + minute;
	return true;
}

bool agreement_time_read(struct str text, int64_t *out)
{
	struct str day = { text.at, text.len < 10 ? text.len : 10 };
	int64_t at, to, minutes = 0;
	struct when when;

	if (!when_parse_date(day, &when) || when.precision != WHEN_DAY ||
	    (text.len > 10 && !minutes_read((struct str){ text.at + 10, text.len - 10 }, &minutes)))
		return false;
	when_range(when, 0, &at, &to);
	at += minutes * MINUTE;
	*out = at - when_london_offset(at - when_london_offset(at) * MINUTE) * MINUTE;
	return true;
}

struct str agreement_time_text(struct arena *a, int64_t at)
{
	int64_t london = at + when_london_offset(at) * MINUTE, minutes = london / MINUTE % 1440;
	struct str iso = when_print_us(a, london);

	if (!at)
		return STR("");
	if (!minutes)
		return (struct str){ iso.at, 10 };
	return str_of(arena_printf(a, "%.10s %02lld:%02lld", iso.at, (long long)(minutes / 60), (long long)(minutes % 60)));
}
