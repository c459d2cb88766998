/* processing.c - the record of processing activities (UK GDPR article 30), made from what the place is set up as. */
#include "access/account.h"
#include "access/agreement.h"
#include "access/retention.h"
#include "base/tsv.h"
#include "feed/feed.h"
#include "web/govern.h"

enum { PROGRAMS = 200 };

struct putting {
	struct node *list;
};

static enum err put_purpose(struct ctx *c, void *arg, const struct tsv_row *row)
{
	static const char *const names[] = { "purpose", "purpose_title", "people", "lawful", "special", "law" };
	struct putting *p = arg;
	struct node *out = data_object(c, p->list, NULL);

	for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
		data_str(c, out, names[i], row->cell[i]);
	return OK;
}

static enum err put_purposes(struct ctx *c, struct node *data)
{
	struct putting p = { data_list(c, data, "purposes") };
	const struct roles *roles;

	TRY(tsv_read(c, &c->place->share, c->arena, "access/processing.tsv",
		     "purpose\ttitle\tpeople\tlawful\tspecial\tsource", put_purpose, &p));
	TRY(roles_of(c, &roles));
	node_each(row, p.list) {
		struct buf b;

		buf_init(&b, c->arena, 4000);
		for (size_t i = 0; i < roles->len; i++)
			if (str_is(node_str(row, "purpose"), purpose_word(roles->at[i].purpose)))
				buf_printf(&b, "%s" STR_FMT, buf_get(&b).len ? ", " : "", STR_ARG(roles->at[i].words));
		data_str(c, row, "recipients", buf_get(&b));
	}
	return OK;
}

static void put_who_sees(struct ctx *c, struct node *row, const char *name, const struct capset *set,
			 const struct roles *roles)
{
	struct buf b;

	buf_init(&b, c->arena, 4000);
	for (size_t i = 0; i < roles->len && !set->all; i++)
		if (roles->at[i].kind == ACTOR_STAFF && capset_has(set, &roles->at[i]))
			buf_printf(&b, "%s" STR_FMT, buf_get(&b).len ? ", " : "", STR_ARG(roles->at[i].words));
	data_str(c, row, name, set->all ? STR("Everybody who sees the record") : buf_get(&b).len ? buf_get(&b) : STR("Nobody"));
}

static enum err put_labels(struct ctx *c, struct node *data)
{
	struct node *list = data_list(c, data, "labels");
	const struct rules *rules;
	const struct roles *roles;

	TRY(rules_of(c, &rules));
	TRY(roles_of(c, &roles));
	for (size_t i = 0; i < rules->label_count; i++) {
		const struct label_rule *label = &rules->labels[i];
		struct node *row = data_object(c, list, NULL);

		data_str(c, row, "label", label->title);
		data_str(c, row, "label_kind", label->kind);
		put_who_sees(c, row, "label_own", &label->own, roles);
		put_who_sees(c, row, "label_others", &label->others, roles);
		data_words(c, row, "label_self", label->self ? "Yes" : "No");
	}
	return OK;
}

static enum err put_organisations(struct ctx *c, struct db *db, struct node *data)
{
	struct node *list = data_list(c, data, "controllers");
	bool row;
	STMT(s);

	TRY(db_stmt(c, db,
		    SQL("SELECT DISTINCT name, ods FROM view_organisation WHERE ods IS NOT NULL AND part_of IS NULL "
			"ORDER BY name LIMIT 1000"),
		    &s));
	for (;;) {
		struct node *out;

		TRY(stmt_step(c, s, &row));
		if (!row)
			break;
		out = data_object(c, list, NULL);
		data_str(c, out, "controller_ods", str_of(str_dup(c->arena, stmt_text(s, 1))));
		data_str(c, out, "controller",
			 stmt_null(s, 0) ? node_str(out, "controller_ods") : str_of(str_dup(c->arena, stmt_text(s, 0))));
	}
	data_str(c, data, "controller_count", say_count(c->arena, list->len));
	return OK;
}

static enum err put_agreements(struct ctx *c, struct db *db, struct node *data)
{
	struct node *list = data_list(c, data, "agreements");
	int64_t now = clock_now(c->clock);
	const struct rules *rules;
	struct agreement *all;
	size_t len;

	TRY(rules_of(c, &rules));
	TRY(agreement_list(c, db, &all, &len));
	for (size_t i = 0; i < len; i++) {
		struct node *row;

		if (all[i].until && all[i].until <= now)
			continue;
		row = data_object(c, list, NULL);
		data_str(c, row, "agreement_title", all[i].title);
		data_str(c, row, "agreement_key", SAY(c->arena, "%lld", (long long)all[i].key));
		data_str(c, row, "agreement_orgs", parties_words(c, all[i].orgs));
		data_str(c, row, "agreement_for", purposes_words(c, all[i].purposes));
		data_str(c, row, "agreement_covers", agreement_covers_words(c, rules, all[i].covers));
		put_day(c, row, "agreement_since", all[i].since);
		put_day(c, row, "agreement_until", all[i].until);
	}
	if (list->len)
		node_add_bool(c->arena, data, "any_agreements", true);
	return OK;
}

static enum err put_programs(struct ctx *c, struct db *db, struct node *data)
{
	struct node *list = data_list(c, data, "programs");
	struct user *at;
	size_t len;

	for (size_t from = 0;; from += PROGRAMS) {
		TRY(account_list(c, db, STR(""), from, PROGRAMS, &at, &len));
		for (size_t i = 0; i < len; i++) {
			struct employment *jobs;
			size_t count;
			struct node *row;

			if (at[i].kind != ACTOR_PROGRAM || at[i].ended)
				continue;
			TRY(employment_list(c, db, at[i].key, clock_now(c->clock), &jobs, &count));
			row = data_object(c, list, NULL);
			data_str(c, row, "program", at[i].name);
			data_str(c, row, "program_role", count ? jobs[0].role->words : STR("No role now"));
			data_str(c, row, "program_org", count ? org_words(c, jobs[0].org_id) : STR(""));
		}
		if (len < PROGRAMS)
			break;
	}
	if (list->len)
		node_add_bool(c->arena, data, "any_programs", true);
	return OK;
}

static enum err put_feeds(struct ctx *c, struct node *data)
{
	struct node *list = data_list(c, data, "feeds");
	struct feed_view *views;
	size_t len;

	TRY(feed_views(c, &views, &len));
	for (size_t i = 0; i < len; i++) {
		struct node *row = data_object(c, list, NULL);

		data_words(c, row, "feed", views[i].feed.title);
		data_words(c, row, "feed_name", views[i].feed.name);
		data_words(c, row, "feed_org", views[i].feed.org);
	}
	if (len)
		node_add_bool(c->arena, data, "any_feeds", true);
	return OK;
}

static enum err put_periods(struct ctx *c, struct node *data)
{
	struct node *list = data_list(c, data, "periods");
	const struct retention_rule *rules;
	size_t len;

	TRY(retention_rules(c, &rules, &len));
	for (size_t i = 0; i < len; i++) {
		struct node *row = data_object(c, list, NULL);
		struct buf b;

		buf_init(&b, c->arena, 200);
		if (rules[i].years)
			buf_printf(&b, "%lld years after the last item", (long long)rules[i].years);
		if (rules[i].after_death)
			buf_printf(&b, "%s%lld years after death", buf_get(&b).len ? ", or " : "",
				   (long long)rules[i].after_death);
		if (rules[i].until_age)
			buf_printf(&b, "%suntil the %lldth birthday", buf_get(&b).len ? ", or " : "",
				   (long long)rules[i].until_age);
		data_str(c, row, "period_of", rules[i].words);
		data_str(c, row, "period", buf_get(&b));
	}
	return OK;
}

enum err processing_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data = govern_page(c, r, "Record of processing", "on_processing");
	const struct rules *rules;

	TRY(rules_of(c, &rules));
	data_words(c, data, "policy",
		   rules->policy.share_all ? "Shared among all organisations of the place by default, with each person’s right to opt out"
					   : "Shared only as agreements say");
	TRY(put_purposes(c, data));
	TRY(put_labels(c, data));
	TRY(put_feeds(c, data));
	TRY(put_periods(c, data));
	READER(db);
	TRY(store_reader(c, c->place->store, &db));
	TRY(put_organisations(c, db, data));
	TRY(put_agreements(c, db, data));
	TRY(put_programs(c, db, data));
	return page_show(c, "processing", data, reply);
}
