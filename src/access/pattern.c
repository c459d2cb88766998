/* pattern.c - odd patterns in the audit, found in what staff looked at by day (audit_index.c). */
#include "access/pattern.h"

#include <stdio.h>
#include <stdlib.h>

#include "access/account_part.h"
#include "access/petition.h"
#include "base/map.h"
#include "base/tsv.h"
#include "base/vec.h"

enum { WORDS_LEAST = 5, WORDS_MOST = 500 };
#define DAY INT64_C(86400000000)

struct taking {
	VEC(struct pattern) list;
};

static enum err take_pattern(struct ctx *c, void *arg, const struct tsv_row *row)
{
	struct taking *t = arg;
	struct pattern p = { .name = row->cell[0], .words = row->cell[1], .why = row->cell[2] };

	if (!str_int(row->cell[3], &p.over) || p.over < 1 || !str_int(row->cell[4], &p.days) || p.days < 1)
		return fail(c, ERR_INVALID, "%s:%lld: over and days are whole numbers above 0.", row->file,
			    (long long)row->line);
	*vec_push(&t->list, c->arena) = p;
	return OK;
}

enum err patterns_of(struct ctx *c, const struct pattern **out, size_t *len)
{
	struct taking t = { 0 };

	TRY(tsv_read(c, &c->place->share, c->arena, "access/pattern.tsv", "pattern\twords\twhy\tover\tdays",
		     take_pattern, &t));
	*out = t.list.at;
	*len = t.list.len;
	return OK;
}

/* --- who they are: read as the system, each once --- */

struct known {
	struct str family, given, born, postcode;
	bool vip;
};

struct hunt {
	struct ctx *c;
	const struct pattern *patterns;
	size_t pattern_count;
	struct map people, accounts, findings; /* by key -> struct known *, struct finding * */
	VEC(struct finding *) list;
	struct look_day *days; /* the newest first */
	size_t day_count;
};

static struct str key_text(struct hunt *h, const char *head, int64_t a, int64_t b)
{
	return str_of(arena_printf(h->c->arena, "%s %lld %lld", head, (long long)a, (long long)b));
}

/* What an official name, a birth date and an address say, for Patients and Practitioners alike. */
static void take_known(struct hunt *h, struct str body, struct known *k)
{
	struct node *n, *name;

	if (json_read(h->c, h->c->arena, body, &(struct json_options){ 0 }, &n))
		return;
	name = node_at(node_get(n, "name"), 0);
	k->family = str_fold(h->c->arena, node_str(name, "family"));
	k->given = str_fold(h->c->arena, node_text(node_at(node_get(name, "given"), 0)));
	k->born = node_str(n, "birthDate");
	k->postcode = str_upper(h->c->arena, node_str(node_at(node_get(n, "address"), 0), "postalCode"));
	node_each(label, node_path(n, "meta.security"))
		if (str_is(node_str(label, "code"), "CEL") || str_is(node_str(label, "code"), "VIP"))
			k->vip = true;
}

static void read_known(struct hunt *h, const char *type, struct str id, struct known *k)
{
	struct ctx own = system_ctx(h->c);
	struct version v;

	if (id.len && record_read(&own, str_of(type), id, &v) == OK)
		take_known(h, v.body, k);
}

static enum err id_of(struct hunt *h, int64_t key, struct str *id)
{
	bool row;
	READER(db);
	STMT(s);

	TRY(store_reader(h->c, h->c->place->store, &db));
	TRY(db_stmt(h->c, db, SQL("SELECT id FROM resource WHERE key = ?1"), &s));
	stmt_bind_int(s, 1, key);
	TRY(stmt_step(h->c, s, &row));
	*id = row ? str_of(str_dup(h->c->arena, stmt_text(s, 0))) : STR("");
	return OK;
}

static enum err person_of(struct hunt *h, int64_t person, const struct known **out)
{
	struct str key = key_text(h, "p", person, 0), id;
	struct known *k = map_get(&h->people, key);

	if (!k) {
		k = NEW(h->c->arena, struct known);
		TRY(id_of(h, person, &id));
		read_known(h, "Patient", id, k);
		map_set(&h->people, key, k);
	}
	*out = k;
	return OK;
}

static bool user_of(struct hunt *h, int64_t account, struct user *out)
{
	READER(db);

	return store_reader(h->c, h->c->place->store, &db) == OK && account_at(h->c, db, account, out) == OK;
}

/* By their Practitioner; of an account without one the name it signs in under. */
static enum err staff_of(struct hunt *h, int64_t account, const struct known **out)
{
	struct str key = key_text(h, "a", account, 0);
	struct known *k = map_get(&h->accounts, key);
	struct user user;

	if (!k) {
		k = NEW(h->c->arena, struct known);
		if (user_of(h, account, &user)) {
			struct str name = user.name, last = name;

			read_known(h, "Practitioner", user.practitioner, k);
			for (size_t i = name.len; i > 0 && last.len == name.len; i--)
				if (name.at[i - 1] == ' ')
					last = (struct str){ name.at + i, name.len - i };
			if (!k->family.len)
				k->family = str_fold(h->c->arena, last);
		}
		map_set(&h->accounts, key, k);
	}
	*out = k;
	return OK;
}

/* --- findings --- */

static const struct pattern *named(const struct hunt *h, const char *name)
{
	for (size_t i = 0; i < h->pattern_count; i++)
		if (str_is(h->patterns[i].name, name))
			return &h->patterns[i];
	return NULL;
}

/* Days come newest first. */
static void count(struct hunt *h, const struct pattern *p, const struct look_day *l, int64_t person, int64_t looks,
		  const char *words)
{
	struct str key = key_text(h, str_dup(h->c->arena, p->name), l->account, person);
	struct finding *f = map_get(&h->findings, key);

	if (!f) {
		f = NEW(h->c->arena, struct finding);
		*f = (struct finding){ .pattern = p, .account = l->account, .person = person, .last = l->last,
				       .row = l->row, .words = str_of(words) };
		map_set(&h->findings, key, f);
		*vec_push(&h->list, h->c->arena) = f;
	}
	f->first = l->first;
	f->looks += looks;
}

static bool wanted(const struct hunt *h, const struct pattern *p, const struct look_day *l)
{
	return p && l->last >= clock_now(h->c->clock) - p->days * DAY;
}

static bool same(struct str a, struct str b)
{
	return a.len && str_eq(a, b);
}

/* What a day's looks at one person make. */
static enum err judge(struct hunt *h, const struct look_day *l)
{
	const struct known *who, *whom;
	const struct pattern *p;
	struct arena *a = h->c->arena;

	TRY(person_of(h, l->person, &whom));
	TRY(staff_of(h, l->account, &who));
	bool self = same(who->family, whom->family) && same(who->given, whom->given) && same(who->born, whom->born);
	if (self && wanted(h, p = named(h, "own-record"), l))
		count(h, p, l, l->person, l->looks, arena_printf(a, "Same name, and born on the same day, " STR_FMT,
						       STR_ARG(who->born)));
	if (!self && same(who->family, whom->family) && wanted(h, p = named(h, "same-surname"), l))
		count(h, p, l, l->person, l->looks, "The surnames are the same");
	if (!self && same(who->postcode, whom->postcode) && wanted(h, p = named(h, "neighbour"), l))
		count(h, p, l, l->person, l->looks, arena_printf(a, "Both live at " STR_FMT, STR_ARG(who->postcode)));
	if (whom->vip && wanted(h, p = named(h, "vip"), l))
		count(h, p, l, l->person, l->looks, "The record is marked");
	if (l->bare && wanted(h, p = named(h, "no-relationship"), l))
		count(h, p, l, l->person, l->bare, "No relationship was known when it was opened");
	return OK;
}

/* --- volume: people opened in a day, against the role's usual --- */

struct day_count {
	struct look_day day; /* of all people together */
	int64_t people;
	struct str role;
};

static int by_role_and_count(const void *x, const void *y)
{
	const struct day_count *a = *(const struct day_count *const *)x, *b = *(const struct day_count *const *)y;
	int order = memcmp(a->role.at, b->role.at, a->role.len < b->role.len ? a->role.len : b->role.len);

	if (order || a->role.len != b->role.len)
		return order ? order : a->role.len < b->role.len ? -1 : 1;
	return (a->people > b->people) - (a->people < b->people);
}

/* The days of one role, by how much: the middle one is its usual; below 5 days there is none. */
static void judge_role(struct hunt *h, const struct pattern *p, struct day_count **at, size_t len)
{
	int64_t usual = at[len / 2]->people;

	for (size_t i = 0; len >= 5 && i < len; i++) {
		if (at[i]->people < 20 || at[i]->people <= usual * p->over)
			continue;
		count(h, p, &at[i]->day, 0, 1,
		      arena_printf(h->c->arena, "%lld people in one day; usual in the role is %lld",
				   (long long)at[i]->people, (long long)usual));
	}
}

/* In which role the last look of the day was. */
static enum err role_at(struct hunt *h, struct day_count *d)
{
	struct looked l;
	READER(db);

	TRY(store_reader(h->c, h->c->place->store, &db));
	TRY(audit_at(h->c, db, d->day.row, &l));
	d->role = l.role;
	return OK;
}

static enum err judge_volume(struct hunt *h)
{
	const struct pattern *p = named(h, "volume");
	VEC(struct day_count *) days = { 0 };
	struct map by_day;
	size_t from = 0;

	map_init(&by_day, h->c->arena);
	for (size_t i = 0; i < h->day_count; i++) {
		const struct look_day *l = &h->days[i];
		struct str key = key_text(h, "d", l->account, l->day);
		struct day_count *d;

		if (!wanted(h, p, l))
			continue;
		d = map_get(&by_day, key);
		if (d) {
			look_day_join(&d->day, l);
		} else {
			d = NEW(h->c->arena, struct day_count);
			d->day = *l;
			map_set(&by_day, key, d);
			*vec_push(&days, h->c->arena) = d;
		}
		d->people++;
	}
	for (size_t i = 0; i < days.len; i++)
		TRY(role_at(h, days.at[i]));
	if (days.len)
		qsort(days.at, days.len, sizeof *days.at, by_role_and_count);
	for (size_t i = 1; i <= days.len; i++)
		if (i == days.len || !str_eq(days.at[i]->role, days.at[from]->role)) {
			judge_role(h, p, days.at + from, i - from);
			from = i;
		}
	return OK;
}

/* --- reviews --- */

static enum err add_reviews(struct hunt *h)
{
	bool row;
	READER(db);
	STMT(s);

	TRY(store_reader(h->c, h->c->place->store, &db));
	TRY(db_stmt(h->c, db,
		    SQL("SELECT pattern, account, person, outcome, words, at, actor FROM pattern_review ORDER BY key"),
		    &s));
	for (;;) {
		struct finding *f;

		TRY(stmt_step(h->c, s, &row));
		if (!row)
			return OK;
		f = map_get(&h->findings, key_text(h, str_dup(h->c->arena, stmt_text(s, 0)), stmt_int(s, 1), stmt_int(s, 2)));
		if (!f || stmt_int(s, 5) < f->last)
			continue;
		f->outcome = (enum pattern_outcome)stmt_int(s, 3);
		f->review = str_of(str_dup(h->c->arena, stmt_text(s, 4)));
		f->reviewed = stmt_int(s, 5);
		f->reviewed_by = stmt_int(s, 6);
	}
}

static enum err org_text(struct hunt *h, struct finding *f)
{
	struct looked l;
	bool row;
	READER(db);
	STMT(s);

	TRY(store_reader(h->c, h->c->place->store, &db));
	TRY(audit_at(h->c, db, f->row, &l));
	f->role = l.role;
	TRY(db_stmt(h->c, db, SQL("SELECT text FROM name WHERE key = ?1"), &s));
	stmt_bind_int(s, 1, l.org);
	TRY(stmt_step(h->c, s, &row));
	if (!row)
		return OK;
	struct str text = stmt_text(s, 0);
	for (size_t i = text.len; i > 0; i--)
		if (text.at[i - 1] == '/') {
			text = (struct str){ text.at + i, text.len - i };
			break;
		}
	f->org = str_of(str_dup(h->c->arena, text));
	return OK;
}

static int waiting_first(const void *a, const void *b)
{
	const struct finding *x = *(const struct finding *const *)a, *y = *(const struct finding *const *)b;

	if (!x->outcome != !y->outcome)
		return x->outcome ? 1 : -1;
	return (y->last > x->last) - (y->last < x->last);
}

static enum err read_days(struct hunt *h, bool *cut)
{
	int64_t most = 0;

	for (size_t i = 0; i < h->pattern_count; i++)
		if (h->patterns[i].days > most)
			most = h->patterns[i].days;
	TRY(audit_catch_up(h->c));
	TRY(audit_index(h->c)); /* what the thread of the server has not come to yet */
	READER(db);
	TRY(store_reader(h->c, h->c->place->store, &db));
	TRY(audit_days(h->c, db, clock_now(h->c->clock) / DAY - most, PATTERN_ROWS, &h->days, &h->day_count));
	*cut = h->day_count == PATTERN_ROWS;
	return OK;
}

enum err pattern_find(struct ctx *c, size_t cap, struct finding **out, size_t *len, bool *cut)
{
	struct hunt h = { .c = c };

	TRY(actor_need(c, "audit.read"));
	TRY(patterns_of(c, &h.patterns, &h.pattern_count));
	map_init(&h.people, c->arena);
	map_init(&h.accounts, c->arena);
	map_init(&h.findings, c->arena);
	TRY(read_days(&h, cut));
	for (size_t i = 0; i < h.day_count; i++)
		TRY(judge(&h, &h.days[i]));
	TRY(judge_volume(&h));
	TRY(add_reviews(&h));
	if (h.list.len)
		qsort(h.list.at, h.list.len, sizeof *h.list.at, waiting_first);
	*out = NEW_N(c->arena, struct finding, h.list.len + 1);
	*len = 0;
	for (size_t i = 0; i < h.list.len && *len < cap; i++) {
		const struct finding *f = h.list.at[i];

		if (f->looks < f->pattern->over && f->person)
			continue;
		(*out)[*len] = *f;
		TRY(org_text(&h, &(*out)[(*len)++]));
	}
	return OK;
}

/* --- reviewing --- */

struct reviewing {
	struct str pattern, words;
	int64_t account, person;
	enum pattern_outcome outcome;
};

static enum err review(struct ctx *c, struct db *db, void *arg)
{
	const struct reviewing *r = arg;
	int64_t key;
	STMT(s);

	TRY(account_next(c, db, SQL("SELECT coalesce(max(key), 0) FROM pattern_review"), &key));
	TRY(db_stmt(c, db,
		    SQL("INSERT INTO pattern_review (key, pattern, account, person, outcome, words, at, actor) "
			"VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"),
		    &s));
	stmt_bind_int(s, 1, key);
	stmt_bind_text(s, 2, r->pattern);
	stmt_bind_int(s, 3, r->account);
	stmt_bind_int(s, 4, r->person);
	stmt_bind_int(s, 5, r->outcome);
	stmt_bind_text(s, 6, r->words);
	stmt_bind_int(s, 7, clock_now(c->clock));
	stmt_bind_int(s, 8, c->actor ? c->actor->account : 0);
	return stmt_run(c, s);
}

enum err pattern_review(struct ctx *c, struct str pattern, int64_t account, int64_t person,
			enum pattern_outcome outcome, struct str words)
{
	struct reviewing r = { pattern, str_trim(words), account, person, outcome };
	const struct pattern *all;
	bool known = false;
	size_t len;

	TRY(actor_need(c, "glass.review"));
	TRY(patterns_of(c, &all, &len));
	for (size_t i = 0; i < len; i++)
		known = known || str_eq(all[i].name, pattern);
	if (!known || account < 1 || person < 0)
		return fail(c, ERR_NOT_FOUND, "There is no such pattern.");
	if (outcome != PATTERN_IN_ORDER && outcome != PATTERN_NOT_IN_ORDER)
		return fail(c, ERR_INVALID, "A review finds it in order, or not.");
	if (!str_is_words(r.words, WORDS_LEAST, WORDS_MOST))
		return fail(c, ERR_INVALID, "Say what was found, in %d to %d letters.", WORDS_LEAST, WORDS_MOST);
	if (c->actor && c->actor->account == account)
		return fail(c, ERR_FORBIDDEN, "Nobody reviews their own looks.");
	return store_write(c, c->place->store, review, &r);
}
