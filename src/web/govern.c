/* govern.c - what the pages of those who guard privacy share. */
#include "web/govern.h"

#include "access/account.h"
#include "access/audit.h"
#include "web/person.h"

struct node *govern_page(struct ctx *c, const struct request *r, const char *title, const char *on)
{
	struct node *data = page_new(c, r, title);

	node_add_bool(c->arena, data, on, true);
	return data;
}

void put_moment(struct ctx *c, struct node *to, const char *name, int64_t at)
{
	struct moment m = moment_at(c->arena, at);

	if (at)
		data_time(c, to, name, m, say_full(c->arena, m, clock_now(c->clock)));
}

void put_day(struct ctx *c, struct node *to, const char *name, int64_t at)
{
	struct moment m = moment_at(c->arena, at);

	if (at)
		data_time(c, to, name, m, say_date(c->arena, m));
}

void put_due(struct ctx *c, struct node *to, int64_t due, int64_t done)
{
	int64_t now = clock_now(c->clock);
	struct person p = { .c = c, .a = c->arena, .now = now };
	struct moment due_at = moment_at(c->arena, due), done_at = { 0 };

	if (done)
		done_at = moment_at(c->arena, done);
	data_due(&p, to, due_at, done != 0, done_at);
}

struct str org_words(struct ctx *c, struct str ods)
{
	bool row = false;
	READER(db);
	STMT(s);

	if (!ods.len || store_reader(c, c->place->store, &db) ||
	    db_stmt(c, db, SQL("SELECT name FROM view_organisation WHERE ods = ?1 AND name IS NOT NULL"), &s))
		return ods;
	stmt_bind_text(s, 1, ods);
	if (stmt_step(c, s, &row) || !row)
		return ods;
	struct str name = stmt_text(s, 0);
	return (struct str){ str_dup(c->arena, name), name.len };
}

struct str account_words(struct ctx *c, struct str account)
{
	struct user user;
	int64_t key;
	READER(db);

	if (!str_int(account, &key) || !key || store_reader(c, c->place->store, &db) ||
	    account_at(c, db, key, &user))
		return STR("Somebody");
	return user.name;
}

enum err put_who(struct ctx *c, struct node *to, struct str patient)
{
	struct ctx own = system_ctx(c);
	struct version v;
	struct node *n;
	struct moment born;

	data_str(c, to, "person_id", patient);
	enum err e = record_read(&own, STR("Patient"), patient, &v);
	if (e == ERR_NOT_FOUND || e == ERR_GONE) {
		data_words(c, to, "person_name", "Somebody whose record is gone");
		return OK;
	}
	TRY(system_failed(c, &own, e));
	TRY(fhir_read_json(c, c->place->fhir, c->arena, v.body, &n));
	data_str(c, to, "person_name", name_plain(c->arena, n));
	data_str(c, to, "person_nhs", say_nhs_number(c->arena, nhs_number_of(node_get(n, "identifier"))));
	if (moment_read(node_str(n, "birthDate"), &born))
		data_str(c, to, "person_born", say_date(c->arena, born));
	return OK;
}

enum err note_right(struct ctx *c, int what, struct str id, const char *section, struct str task)
{
	struct audit row = { .what = (enum audit_what)what, .section = str_of(section), .relation = STR("right") };
	int64_t of;

	if (!c->actor)
		return OK;
	TRY(record_whose(c, STR("Patient"), id, &row.resource, &row.person));
	if (task.len)
		TRY(record_whose(c, STR("Task"), task, &row.resource, &of));
	if (c->actor->person && c->actor->person == row.person)
		row.relation = STR("self");
	audit_note(c, &row);
	return OK;
}

/* --- an item in few words --- */

struct str brief_words(struct ctx *c, const struct node *resource)
{
	static const char *const concepts[] = { "code", "medicationCodeableConcept", "vaccineCode", "type", "category",
						"relationship", "serviceCategory", "class", "provision" };
	static const char *const texts[] = { "title", "description", "contentString", "status" };
	struct str words;

	if (node_is(node_get(resource, "name"), NODE_ARRAY)) {
		words = name_plain(c->arena, resource);
		if (words.len)
			return words;
	}
	for (unsigned i = 0; i < sizeof concepts / sizeof *concepts; i++) {
		const struct node *n = node_get(resource, concepts[i]);

		words = concept_words(c->arena, node_is(n, NODE_ARRAY) ? node_at(n, 0) : n);
		if (words.len)
			return words;
	}
	for (unsigned i = 0; i < sizeof texts / sizeof *texts; i++) {
		words = node_str(resource, texts[i]);
		if (words.len)
			return say_code(c->arena, words);
	}
	return node_str(resource, "id");
}

struct moment brief_moment(const struct node *resource)
{
	static const char *const paths[] = { "effectiveDateTime", "effectivePeriod.start", "onsetDateTime", "period.start",
					     "performedDateTime", "performedPeriod.start", "occurrenceDateTime",
					     "authoredOn", "start", "sent", "date", "authored", "dateTime",
					     "recordedDate", "created", "recorded", "issued", "birthDate",
					     "meta.lastUpdated" };
	struct moment m;

	for (unsigned i = 0; i < sizeof paths / sizeof *paths; i++)
		if (moment_read(node_text(node_path(resource, paths[i])), &m))
			return m;
	return (struct moment){ 0 };
}

struct node *put_choice(struct ctx *c, struct node *list, struct str code, struct str words, struct str chosen)
{
	struct node *row = data_object(c, list, NULL);

	data_str(c, row, "code", code);
	data_str(c, row, "words", words);
	if (str_eq(code, chosen))
		node_add_bool(c->arena, row, "chosen", true);
	return row;
}
