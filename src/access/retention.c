/* retention.c - how long records are kept. */
#include "access/retention.h"

#include <stdlib.h>

#include "access/account_part.h"
#include "access/petition.h"
#include "base/tsv.h"
#include "base/vec.h"
#include "base/when.h"
#include "record/label.h"
#include "record/same.h"
#include "record/search.h"

enum { ITEMS_MOST = 20000, LIVING_LOOKED = 100, DEAD_LOOKED = 300, WORDS_LEAST = 5, WORDS_MOST = 500, CHILD = 18 };
#define DAY INT64_C(86400000000)

/* --- the schedule --- */

struct schedule {
	struct retention_rule *at;
	size_t len;
};

struct taking {
	VEC(struct retention_rule) list;
};

static bool read_years(struct str text, int64_t *out)
{
	return str_int(text, out) && *out >= 0 && *out <= 150;
}

static enum err take_rule(struct ctx *c, void *arg, const struct tsv_row *row)
{
	struct taking *t = arg;
	const struct str *cell = row->cell;
	struct retention_rule rule = { .name = cell[0], .words = cell[1], .applies = cell[2], .source = cell[6] };

	if (!read_years(cell[3], &rule.years) || !read_years(cell[4], &rule.after_death) ||
	    !read_years(cell[5], &rule.until_age) || !(rule.years || rule.after_death || rule.until_age))
		return fail(c, ERR_INVALID, "%s:%lld: periods are whole years, at most 150, and not all 0.", row->file,
			    (long long)row->line);
	*vec_push(&t->list, c->arena) = rule;
	return OK;
}

enum err retention_rules(struct ctx *c, const struct retention_rule **out, size_t *len)
{
	struct taking t = { 0 };

	TRY(tsv_read(c, &c->place->share, c->arena, "access/retention.tsv",
		     "rule\twords\tapplies\tyears\tafter_death\tuntil_age\tsource", take_rule, &t));
	*out = t.list.at;
	*len = t.list.len;
	return OK;
}

/* --- one record; here c is the system --- */

static int64_t years_after(int64_t at, int64_t years)
{
	int64_t days = at >= 0 ? at / DAY : -((-at + DAY - 1) / DAY), rest = at - days * DAY;
	int year, month, day, last;

	when_civil(days, &year, &month, &day);
	year += (int)years;
	last = when_month_days(year, month);
	return when_days(year, month, day < last ? day : last) * DAY + rest;
}

static int64_t time_at(const struct node *n, const char *path)
{
	struct when when;
	int64_t from, to;
	struct str text = node_text(node_path(n, path));

	if (!when_parse_datetime(text, &when) && !when_parse_date(text, &when))
		return 0;
	when_range(when, 0, &from, &to);
	return from;
}

/* When it happened; when it was last written, where it does not say. */
static int64_t item_time(const struct node *resource, int64_t updated)
{
	static const char *const paths[] = { "effectiveDateTime", "effectivePeriod.end", "effectivePeriod.start",
					     "period.end", "period.start", "performedDateTime", "performedPeriod.end",
					     "occurrenceDateTime", "authoredOn", "end", "start", "sent", "date",
					     "authored", "dateTime", "recordedDate", "onsetDateTime", "recorded",
					     "created", "issued" };

	for (unsigned i = 0; i < sizeof paths / sizeof *paths; i++) {
		int64_t at = time_at(resource, paths[i]);

		if (at)
			return at;
	}
	return updated;
}

struct facts {
	struct kept_until *k;
	const struct retention_rule *rules;
	size_t rule_count;
	int64_t *last; /* by rule: the last item that fits; INT64_MIN: none */
	const struct rules *labels;
	struct map kinds; /* by ODS code -> Organization's node */
};

static enum err find_org(struct ctx *c, struct facts *f, struct str ods, const struct node **out)
{
	const struct search *search;
	struct search_page page;
	struct node *org = NULL;

	*out = map_get(&f->kinds, ods);
	if (*out || !ods.len)
		return OK;
	TRY(search_parse(c, STR("Organization"),
			 str_of(arena_printf(c->arena, "identifier=" STR_FMT "&_count=1", STR_ARG(ods))), &search));
	if (search_run(c, search, &page) == OK && page.len)
		TRY(json_read(c, c->arena, page.at[0].body, &(struct json_options){ 0 }, &org));
	if (!org)
		org = node_new(c->arena, NODE_OBJECT);
	map_set(&f->kinds, str_of(str_dup(c->arena, ods)), org);
	*out = org;
	return OK;
}

static bool org_is(const struct node *org, struct str kind)
{
	node_each(type, node_get(org, "type"))
		node_each(coding, node_get(type, "coding"))
			if (str_eq(node_str(coding, "code"), kind))
				return true;
	return false;
}

static bool fits(const struct facts *f, const struct retention_rule *rule, struct str type, uint64_t labels,
		 const struct node *org, int64_t at)
{
	struct str words = rule->applies;

	while (words.at) {
		struct str value = str_cut(&words, ' '), word = value, kind = str_cut(&value, ':');
		const struct label_rule *label;

		if (str_is(word, "*") ||
		    (str_is(word, "child") && f->k->born && at < years_after(f->k->born, CHILD)) ||
		    (str_is(kind, "type") && str_eq(value, type)) || (str_is(kind, "org") && org_is(org, value)))
			return true;
		label = str_is(kind, "label") ? rules_label(f->labels, value) : NULL;
		if (label && (labels & label->bit))
			return true;
	}
	return false;
}

static enum err weigh_item(struct ctx *c, struct facts *f, const struct version *v)
{
	struct node *resource;
	const struct node *org = NULL;
	struct str source;
	uint64_t labels;
	int64_t at;

	TRY(json_read(c, c->arena, v->body, &(struct json_options){ 0 }, &resource));
	TRY(labels_now(c, v->type, v->id, &labels));
	source = node_text(node_path(resource, "meta.source"));
	if (str_starts(source, STR(ODS_SYSTEM "/")))
		TRY(find_org(c, f,
			     (struct str){ source.at + sizeof ODS_SYSTEM, source.len - sizeof ODS_SYSTEM }, &org));
	at = str_is(v->type, "Patient") ? f->k->died ? f->k->died : v->updated : item_time(resource, v->updated);
	if (at > f->k->last)
		f->k->last = at;
	for (size_t i = 0; i < f->rule_count; i++)
		if (fits(f, &f->rules[i], v->type, labels, org, at) && at > f->last[i])
			f->last[i] = at;
	return OK;
}

static int64_t ends(const struct kept_until *k, const struct retention_rule *rule, int64_t last)
{
	int64_t until = INT64_MAX;

	if (k->died && rule->after_death)
		until = years_after(k->died, rule->after_death);
	else if (rule->years)
		until = years_after(last, rule->years);
	else if (rule->until_age && k->born)
		until = years_after(k->born, rule->until_age);
	return until;
}

static enum err read_patient(struct ctx *c, struct str id, struct kept_until *k)
{
	struct version v;
	struct node *patient, *name;

	TRY(record_read(c, STR("Patient"), id, &v));
	TRY(json_read(c, c->arena, v.body, &(struct json_options){ 0 }, &patient));
	k->born = time_at(patient, "birthDate");
	k->died = time_at(patient, "deceasedDateTime");
	name = node_at(node_get(patient, "name"), 0);
	k->name = str_of(arena_printf(c->arena, STR_FMT ", " STR_FMT, STR_ARG(node_str(name, "family")),
				      STR_ARG(node_text(node_at(node_get(name, "given"), 0)))));
	return OK;
}

static enum err weigh(struct ctx *c, struct str person, struct kept_until *k)
{
	struct facts f = { .k = k };
	struct version *all;
	size_t len;
	int64_t key;
	bool more;

	*k = (struct kept_until){ .person = person, .until = INT64_MIN };
	map_init(&f.kinds, c->arena);
	TRY(rules_of(c, &f.labels));
	TRY(retention_rules(c, &f.rules, &f.rule_count));
	TRY(read_patient(c, person, k));
	TRY(record_whose(c, STR("Patient"), person, &key, &k->key));
	TRY(record_person(c, person, ITEMS_MOST, &all, &len, &more));
	f.last = NEW_N(c->arena, int64_t, f.rule_count);
	for (size_t i = 0; i < f.rule_count; i++)
		f.last[i] = INT64_MIN;
	/* A name alone is no contact, but where it is all there is, it was last written then. */
	for (size_t i = 0; i < len; i++)
		if (!str_is(all[i].type, "Patient") || k->died || len == 1)
			TRY(weigh_item(c, &f, &all[i]));
	k->items = len;
	for (size_t i = 0; i < f.rule_count; i++) {
		if (f.last[i] == INT64_MIN)
			continue;
		int64_t until = ends(k, &f.rules[i], f.last[i]);
		if (until > k->until) {
			k->until = until;
			k->rule = &f.rules[i];
		}
	}
	if (!k->rule || more)
		k->until = INT64_MAX;
	return OK;
}

enum err retention_of(struct ctx *c, struct str person, struct kept_until *out)
{
	struct ctx own = system_ctx(c);

	return system_failed(c, &own, weigh(&own, person, out));
}

/* --- all that are due --- */

struct candidates {
	VEC(struct str) ids;
};

static enum err add_dead(struct ctx *c, struct candidates *list)
{
	const struct search *search;
	struct search_page page;

	TRY(search_parse(c, STR("Patient"),
			 str_of(arena_printf(c->arena, "deceased=true&_sort=death-date&_count=%d&_elements=id", DEAD_LOOKED)),
			 &search));
	TRY(search_run(c, search, &page));
	for (size_t i = 0; i < page.len; i++)
		*vec_push(&list->ids, c->arena) = page.at[i].id;
	return OK;
}

/* Nobody has met them since. */
static enum err add_unseen(struct ctx *c, int64_t since, struct candidates *list)
{
	bool row;
	READER(db);
	STMT(s);

	TRY(store_reader(c, c->place->store, &db));
	TRY(db_stmt(c, db,
		    SQL("SELECT r.id FROM view_patient p JOIN resource r ON r.key = p.resource_key WHERE p.death_date IS "
			"NULL AND NOT EXISTS (SELECT 1 FROM view_encounter e WHERE e.person_key = p.person_key AND "
			"(e.period_start IS NULL OR e.period_start >= ?1)) AND NOT EXISTS (SELECT 1 FROM "
			"view_observation o WHERE o.person_key = p.person_key AND (o.effective IS NULL OR o.effective >= "
			"?1)) ORDER BY r.key LIMIT ?2"),
		    &s));
	stmt_bind_text(s, 1, when_print_us(c->arena, since));
	stmt_bind_int(s, 2, LIVING_LOOKED);
	for (;;) {
		TRY(stmt_step(c, s, &row));
		if (!row)
			return OK;
		*vec_push(&list->ids, c->arena) = str_of(str_dup(c->arena, stmt_text(s, 0)));
	}
}

static int by_due(const void *a, const void *b)
{
	const struct kept_until *x = a, *y = b;

	return (x->until > y->until) - (x->until < y->until);
}

static enum err find_due(struct ctx *c, int64_t before, size_t cap, struct kept_until **out, size_t *len)
{
	struct candidates list = { 0 };
	const struct retention_rule *rules;
	size_t count;
	int64_t least = 150;

	TRY(retention_rules(c, &rules, &count));
	for (size_t i = 0; i < count; i++)
		if (rules[i].years && rules[i].years < least)
			least = rules[i].years;
	TRY(add_dead(c, &list));
	TRY(add_unseen(c, years_after(clock_now(c->clock), -least), &list));
	*out = NEW_N(c->arena, struct kept_until, list.ids.len + 1);
	*len = 0;
	for (size_t i = 0; i < list.ids.len; i++) {
		struct kept_until k;

		TRY(weigh(c, list.ids.at[i], &k));
		if (k.until < before)
			(*out)[(*len)++] = k;
		TRY(ctx_check(c));
	}
	if (*len)
		qsort(*out, *len, sizeof **out, by_due);
	if (*len > cap)
		*len = cap;
	return OK;
}

enum err retention_due(struct ctx *c, int64_t before, size_t cap, struct kept_until **out, size_t *len)
{
	struct ctx own = system_ctx(c);

	TRY(actor_need(c, "retention.write"));
	return system_failed(c, &own, find_due(&own, before, cap, out, len));
}

/* --- proposals --- */

static struct str column(struct ctx *c, struct stmt *s, int n)
{
	return stmt_null(s, n) ? STR("") : str_of(str_dup(c->arena, stmt_text(s, n)));
}

enum err retention_list(struct ctx *c, struct db *db, struct proposal **out, size_t *len)
{
	VEC(struct proposal) list = { 0 };
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT t.key, t.person, CASE WHEN r.deleted = 0 THEN r.id END, t.rule, t.words, t.due, t.at, "
			"t.actor, d.outcome, d.words, d.at, d.actor, d.purge FROM retention t LEFT JOIN resource r ON "
			"r.key = t.person LEFT JOIN retention_decision d ON d.retention = t.key ORDER BY t.key DESC "
			"LIMIT 500"),
		    &s));
	for (;;) {
		struct proposal *p;

		TRY(stmt_step(c, s, &row));
		if (!row)
			break;
		p = vec_push(&list, c->arena);
		*p = (struct proposal){ .key = stmt_int(s, 0),
					.person = stmt_int(s, 1),
					.person_id = column(c, s, 2),
					.rule = column(c, s, 3),
					.words = column(c, s, 4),
					.due = stmt_int(s, 5),
					.at = stmt_int(s, 6),
					.actor = stmt_int(s, 7) };
		if (stmt_null(s, 8))
			continue;
		p->outcome = (enum retention_outcome)stmt_int(s, 8);
		p->decision = column(c, s, 9);
		p->decided = stmt_int(s, 10);
		p->decided_by = stmt_int(s, 11);
		p->purge = stmt_int(s, 12);
	}
	*out = list.at;
	*len = list.len;
	return OK;
}

static enum err check_words(struct ctx *c, struct str words)
{
	return str_is_words(words, WORDS_LEAST, WORDS_MOST)
		       ? OK
		       : fail(c, ERR_INVALID, "Say why, in %d to %d letters, without anything that tells who it is.",
			      WORDS_LEAST, WORDS_MOST);
}

static enum err need_due(struct ctx *c, const struct kept_until *k)
{
	return k->until <= clock_now(c->clock) ? OK : fail(c, ERR_INVALID, "This record is not due yet.");
}

static enum err read_list(struct ctx *c, struct proposal **out, size_t *len)
{
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	return retention_list(c, db, out, len);
}

struct proposing {
	const struct kept_until *k;
	struct str words;
	int64_t key;
};

static enum err put_proposal(struct ctx *c, struct db *db, void *arg)
{
	struct proposing *p = arg;
	STMT(s);

	TRY(account_next(c, db, SQL("SELECT coalesce(max(key), 0) FROM retention"), &p->key));
	TRY(db_stmt(c, db,
		    SQL("INSERT INTO retention (key, person, rule, due, words, at, actor) "
			"VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"),
		    &s));
	stmt_bind_int(s, 1, p->key);
	stmt_bind_int(s, 2, p->k->key);
	stmt_bind_text(s, 3, p->k->rule->name);
	stmt_bind_int(s, 4, p->k->until);
	stmt_bind_text(s, 5, p->words);
	stmt_bind_int(s, 6, clock_now(c->clock));
	stmt_bind_int(s, 7, c->actor ? c->actor->account : 0);
	return stmt_run(c, s);
}

enum err retention_propose(struct ctx *c, struct str person, struct str words, int64_t *key)
{
	struct kept_until k;
	struct proposing p = { .k = &k, .words = str_trim(words) };
	struct proposal *all;
	size_t len;

	TRY(actor_need(c, "retention.write"));
	TRY(check_words(c, p.words));
	TRY(retention_of(c, person, &k));
	TRY(need_due(c, &k));
	TRY(read_list(c, &all, &len));
	for (size_t i = 0; i < len; i++)
		if (all[i].person == k.key && all[i].outcome == RETENTION_WAITS)
			return fail(c, ERR_CONFLICT, "It is proposed already.");
	TRY(store_write(c, c->place->store, put_proposal, &p));
	*key = p.key;
	return OK;
}

/* --- deciding --- */

struct deciding {
	int64_t proposal, purge;
	enum retention_outcome outcome;
	struct str words;
};

static enum err put_decision(struct ctx *c, struct db *db, void *arg)
{
	const struct deciding *d = arg;
	int64_t key;
	STMT(s);

	TRY(account_next(c, db, SQL("SELECT coalesce(max(key), 0) FROM retention_decision"), &key));
	TRY(db_stmt(c, db,
		    SQL("INSERT INTO retention_decision (key, retention, outcome, words, purge, at, actor) "
			"VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"),
		    &s));
	stmt_bind_int(s, 1, key);
	stmt_bind_int(s, 2, d->proposal);
	stmt_bind_int(s, 3, d->outcome);
	stmt_bind_text(s, 4, d->words);
	stmt_bind_int(s, 5, d->purge);
	stmt_bind_int(s, 6, clock_now(c->clock));
	stmt_bind_int(s, 7, c->actor ? c->actor->account : 0);
	return stmt_run(c, s);
}

/* All Patients that are this person. */
static enum err ids_of(struct ctx *c, int64_t person, struct str *ids, size_t *len)
{
	struct same same;
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	TRY(same_find(c, db, person, &same));
	for (*len = 0; *len < same.len; ++*len)
		TRY(same_id(c, db, same.keys[*len], &ids[*len]));
	return OK;
}

static enum err destroy(struct ctx *c, const struct proposal *p, const struct purge_part *part, int64_t *purge)
{
	struct ctx own = system_ctx(c);
	struct str ids[SAME_MAX];
	struct kept_until k;
	struct purge_done done;
	struct purge_ask ask = { .ids = ids, .part = part };

	TRY(retention_of(c, p->person_id, &k));
	TRY(need_due(c, &k));
	TRY(system_failed(c, &own, ids_of(&own, p->person, ids, &ask.len)));
	ask.reason = str_of(arena_printf(c->arena, "retention schedule, row " STR_FMT ", proposal %lld: " STR_FMT,
					 STR_ARG(p->rule), (long long)p->key, STR_ARG(p->words)));
	ask.by = c->actor && c->actor->name.len ? c->actor->name : STR("the place itself");
	TRY(system_failed(c, &own, record_purge(&own, &ask, &done)));
	*purge = done.key;
	return OK;
}

enum err retention_decide(struct ctx *c, int64_t proposal, bool destroying, struct str words,
			  const struct purge_part *part)
{
	struct deciding d = { .proposal = proposal,
			      .outcome = destroying ? RETENTION_DESTROYED : RETENTION_KEPT,
			      .words = str_trim(words) };
	const struct proposal *p = NULL;
	struct proposal *all;
	size_t len;

	TRY(actor_need(c, "retention.write"));
	TRY(check_words(c, d.words));
	TRY(read_list(c, &all, &len));
	for (size_t i = 0; i < len; i++)
		if (all[i].key == proposal)
			p = &all[i];
	if (!p)
		return fail(c, ERR_NOT_FOUND, "There is no such proposal.");
	if (p->outcome != RETENTION_WAITS)
		return fail(c, ERR_CONFLICT, "It is decided already.");
	if (p->actor == (c->actor ? c->actor->account : 0))
		return fail(c, ERR_FORBIDDEN, "You proposed it: somebody else has to decide.");
	if (destroying && p->person_id.len)
		TRY(destroy(c, p, part, &d.purge));
	return store_write(c, c->place->store, put_decision, &d);
}
