/* organisations.c - the organisations of the place: a list, and one: who works there, what it may see and why. */
#include "access/account.h"
#include "access/agreement.h"
#include "record/search.h"
#include "web/govern.h"
#include "web/person.h"

#define ORGS_MAX 1000
#define STAFF_MAX 500
#define ODS "https://fhir.nhs.uk/Id/ods-organization-code"

static struct str kind_words(struct ctx *c, const struct node *organization)
{
	struct str words = { 0 };

	node_each(type, node_get(organization, "type"))
		words = concept_words(c->arena, type);
	return words.len ? words : STR("Kind not said");
}

static void put_org(struct ctx *c, struct node *row, const struct node *org, struct str id)
{
	struct str phone = { 0 };

	data_str(c, row, "org_id", id);
	data_str(c, row, "org_name", node_str(org, "name").len ? node_str(org, "name") : id);
	data_str(c, row, "org_kind", kind_words(c, org));
	data_str(c, row, "org_address", address_line(c->arena, node_get(org, "address")));
	node_each(telecom, node_get(org, "telecom"))
		if (str_is(node_str(telecom, "system"), "phone"))
			phone = node_str(telecom, "value");
	data_str(c, row, "org_phone", say_phone(c->arena, phone));
}

static enum err put_found(struct ctx *c, struct node *list, struct str query, int64_t *total)
{
	const struct search *search;
	struct search_page page;

	TRY(search_parse(c, STR("Organization"), query, &search));
	TRY(search_run(c, search, &page));
	for (size_t i = 0; i < page.len; i++) {
		struct node *org;

		TRY(fhir_read_json(c, c->place->fhir, c->arena, page.at[i].body, &org));
		put_org(c, data_object(c, list, NULL), org, page.at[i].id);
	}
	*total = page.total;
	return OK;
}

enum err organisations_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data = govern_page(c, r, "Organisations", "on_organisations"), *list = data_list(c, data, "list");
	int64_t total;

	TRY(put_found(c, list, STR("_sort=name&_count=1000&_total=accurate"), &total));
	data_str(c, data, "count", say_count(c->arena, total));
	if (total > ORGS_MAX)
		data_str(c, data, "cut", SAY(c->arena, "The first %d by name are listed.", ORGS_MAX));
	return page_show(c, "organisations", data, reply);
}

/* --- one --- */

static enum err put_staff(struct ctx *c, struct db *db, const struct house *house, struct node *data)
{
	struct node *list = data_list(c, data, "staff");
	struct employment *jobs;
	size_t len;

	if (!actor_can(c, "account.read"))
		return OK;
	node_add_bool(c->arena, data, "sees_staff", true);
	TRY(employment_at_orgs(c, db, house->orgs, house->org_count, clock_now(c->clock), &jobs, &len));
	for (size_t i = 0; i < len && i < STAFF_MAX; i++) {
		struct node *row;
		struct user user;

		if (account_at(c, db, jobs[i].account, &user) || user.ended)
			continue;
		row = data_object(c, list, NULL);
		data_str(c, row, "account", SAY(c->arena, "%lld", (long long)user.key));
		data_str(c, row, "staff_name", user.name);
		data_str(c, row, "staff_role", jobs[i].role->words);
		data_str(c, row, "staff_at", org_words(c, jobs[i].org_id));
		put_day(c, row, "staff_since", jobs[i].since);
	}
	if (list->len)
		node_add_bool(c->arena, data, "any_staff", true);
	return OK;
}

struct seen {
	struct str via;
	int64_t key;
	struct buf names;
	size_t count;
};

/* The agreement, and what it names. */
static struct str via(struct ctx *c, const struct rules *rules, const struct agreement *by)
{
	struct str covers = agreement_covers_words(c, rules, by->covers);

	return covers.len ? SAY(c->arena, STR_FMT " (only: " STR_FMT ")", STR_ARG(by->title), STR_ARG(covers))
			  : by->title;
}

/* What one purpose lets the house see, by what it rests on. */
static enum err put_purpose(struct ctx *c, struct db *db, const struct house *house, struct str ods,
			    enum purpose purpose, const char *words, struct node *list)
{
	struct seen *seen = NEW_N(c->arena, struct seen, 64);
	size_t len = 0, hidden = 0;
	const struct rules *rules;
	bool row;
	STMT(s);

	TRY(rules_of(c, &rules));
	TRY(db_stmt(c, db,
		    SQL("SELECT DISTINCT ods, name FROM view_organisation WHERE ods IS NOT NULL AND part_of IS NULL "
			"AND ods <> ?1 ORDER BY name"),
		    &s));
	stmt_bind_text(s, 1, ods);
	for (;;) {
		struct agreement by;
		struct str other, name;
		bool shared;
		size_t k = 0;

		TRY(stmt_step(c, s, &row));
		if (!row)
			break;
		other = str_of(str_dup(c->arena, stmt_text(s, 0)));
		name = stmt_null(s, 1) ? other : str_of(str_dup(c->arena, stmt_text(s, 1)));
		TRY(agreement_why(c, db, house, other, 0, purpose, &shared, &by));
		if (!shared && !by.key) {
			hidden++;
			continue;
		}
		while (k < len && seen[k].key != by.key)
			k++;
		if (k == 64)
			continue;
		if (k == len) {
			seen[len++] = (struct seen){ .via = by.key ? via(c, rules, &by) : STR("the policy of the place"), .key = by.key };
			buf_init(&seen[k].names, c->arena, 100000);
		}
		buf_printf(&seen[k].names, "%s" STR_FMT, seen[k].count++ ? ", " : "", STR_ARG(name));
	}
	for (size_t k = 0; k < len || (!len && k == 0); k++) {
		struct node *out = data_object(c, list, NULL);

		data_words(c, out, "sees_for", words);
		if (!len) {
			data_words(c, out, "sees_none", "Nothing of any other organisation");
			break;
		}
		data_str(c, out, "sees_via", seen[k].via);
		if (seen[k].key)
			data_str(c, out, "sees_key", SAY(c->arena, "%lld", (long long)seen[k].key));
		data_str(c, out, "sees_count", say_count(c->arena, (int64_t)seen[k].count));
		data_str(c, out, "sees_names", buf_get(&seen[k].names));
		if (hidden)
			data_str(c, out, "sees_not", say_count(c->arena, (int64_t)hidden));
	}
	return OK;
}

static enum err put_sight(struct ctx *c, struct db *db, const struct house *house, struct str ods, struct node *data)
{
	struct node *list = data_list(c, data, "sees");

	TRY(put_purpose(c, db, house, ods, PURPOSE_CARE, "Direct care", list));
	TRY(put_purpose(c, db, house, ods, PURPOSE_SAFEGUARDING, "Safeguarding", list));
	TRY(put_purpose(c, db, house, ods, PURPOSE_PAYMENT, "Payment", list));
	return put_purpose(c, db, house, ods, PURPOSE_SECONDARY, "Planning and research", list);
}

enum err organisation_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data = govern_page(c, r, "Organisation", "on_organisations"), *org;
	struct str ods = { 0 }, above;
	struct house house;
	struct version v;
	int64_t total;

	TRY(record_read(c, STR("Organization"), r->part[0], &v));
	TRY(fhir_read_json(c, c->place->fhir, c->arena, v.body, &org));
	put_org(c, data, org, v.id);
	node_each(identifier, node_get(org, "identifier"))
		if (str_is(node_str(identifier, "system"), ODS))
			ods = node_str(identifier, "value");
	data_str(c, data, "ods", ods);
	above = node_text(node_path(org, "partOf.reference"));
	if (str_cut(&above, '/').len && above.at && above.len) {
		struct version up;
		struct node *n;

		data_str(c, data, "above_id", above);
		if (record_read(c, STR("Organization"), above, &up) == OK &&
		    fhir_read_json(c, c->place->fhir, c->arena, up.body, &n) == OK)
			data_str(c, data, "above_name", node_str(n, "name"));
	}
	TRY(put_found(c, data_list(c, data, "parts"),
		      SAY(c->arena, "partof=Organization/" STR_FMT "&_sort=name&_count=200", STR_ARG(v.id)), &total));
	if (node_get(data, "parts")->len)
		node_add_bool(c->arena, data, "any_parts", true);
	READER(db);
	TRY(store_reader(c, c->place->store, &db));
	TRY(house_of(c, db, ods, &house));
	TRY(put_staff(c, db, &house, data));
	if (ods.len) {
		node_add_bool(c->arena, data, "has_ods", true);
		TRY(put_sight(c, db, &house, ods, data));
	}
	return page_show(c, "organisation", data, reply);
}
