/* me.c - the resident's own pages: home, my record in plain words, what all of them share. */
#include "web/me.h"

#include "access/glass.h"
#include "base/tsv.h"
#include "web/looked.h"
#include "web/pages.h"
#include "web/person.h"

static enum err own_id(struct ctx *c, struct str *id)
{
	bool row;
	READER(db);
	STMT(s);

	if (!c->actor || c->actor->kind != ACTOR_RESIDENT || !c->actor->person)
		return fail(c, ERR_FORBIDDEN, "These pages are for people who have a record here.");
	TRY(store_reader(c, c->place->store, &db));
	TRY(db_stmt(c, db, SQL("SELECT id FROM resource WHERE key = ?1"), &s));
	stmt_bind_int(s, 1, c->actor->person);
	TRY(stmt_step(c, s, &row));
	if (!row)
		return fail(c, ERR_NOT_FOUND, "Your record is not here.");
	struct str text = stmt_text(s, 0);
	*id = (struct str){ str_dup(c->arena, text), text.len };
	return OK;
}

enum err me_new(struct ctx *c, const struct request *r, const char *title, struct node **data,
		struct str *id)
{
	TRY(own_id(c, id));
	*data = page_new(c, r, title);
	data_str(c, *data, "own_id", *id);
	return OK;
}

/* --- words --- */

static enum err take_word(struct ctx *c, void *arg, const struct tsv_row *row)
{
	struct look_words *words = arg;

	*vec_push(&words->at, c->arena) = (struct look_word){ row->cell[0], row->cell[1], row->cell[2] };
	return OK;
}

enum err look_words_read(struct ctx *c, struct look_words *out)
{
	*out = (struct look_words){ 0 };
	return tsv_read(c, &c->place->share, c->arena, "access/look.tsv", "kind\tcode\twords", take_word, out);
}

struct str look_word(const struct look_words *words, const char *kind, struct str code)
{
	for (size_t i = 0; i < words->at.len; i++)
		if (str_is(words->at.at[i].kind, kind) && str_eq(words->at.at[i].code, code))
			return words->at.at[i].words;
	return STR("");
}

/* --- pages --- */

/* Emergencies of the last four weeks are told at once, not only where who looked is listed. */
static enum err put_emergencies(struct ctx *c, struct node *data)
{
	struct node *list = data_list(c, data, "emergencies");
	int64_t now = clock_now(c->clock);
	const struct rules *rules;
	struct opening *at;
	size_t len;
	READER(db);

	TRY(rules_of(c, &rules));
	TRY(store_reader(c, c->place->store, &db));
	TRY(glass_list(c, db, &(struct glass_query){ .person = c->actor->person, .cap = 20 }, &at, &len));
	for (size_t i = 0; i < len; i++) {
		const struct reason *reason = rules_reason(rules, at[i].reason);
		struct moment when = moment_at(c->arena, at[i].at);
		struct node *row;

		if (at[i].kind != OPENING_EMERGENCY || at[i].at < now - 28 * DAY_US)
			continue;
		row = data_object(c, list, NULL);
		data_str(c, row, "who", at[i].account_name);
		data_str(c, row, "reason", reason ? reason->words : at[i].reason);
		data_str(c, row, "said", at[i].words);
		data_time(c, row, "at", when, say_full(c->arena, when, now));
		if (at[i].reviewed)
			data_words(c, row, "review", at[i].outcome == OUTCOME_IN_ORDER
							     ? "We checked it. It was right to open it."
							     : "We checked it. It was not right, and we are putting it right.");
	}
	return OK;
}

enum err me_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct node *data;
	struct str id;

	TRY(me_new(c, r, "My record", &data, &id));
	data_str(c, data, "called", c->actor->name);
	node_add_bool(c->arena, data, "at_home", true);
	TRY(put_emergencies(c, data));
	return page_show(c, "me", data, reply);
}

/* What stands in a resource as one line for the person. */
static const struct {
	const char *list, *type, *element;
} parts[] = {
	{ "problems", "Condition", "code" },
	{ "medicines", "MedicationRequest", "medicationCodeableConcept" },
	{ "medicines", "MedicationStatement", "medicationCodeableConcept" },
	{ "allergies", "AllergyIntolerance", "code" },
};

static bool is_over(const struct node *n)
{
	static const char *const ended[] = { "stopped", "cancelled", "completed", "entered-in-error" };
	struct str status = node_str(n, "status");

	for (size_t i = 0; i < sizeof ended / sizeof *ended; i++)
		if (str_is(status, ended[i]))
			return true;
	return concept_has(node_get(n, "clinicalStatus"), "resolved") ||
	       concept_has(node_get(n, "clinicalStatus"), "inactive");
}

static void put_part(struct person *p, struct node *list, const char *type, const char *element)
{
	person_each(item, p, type)
	{
		struct str words = concept_words(p->a, node_get(item->node, element));
		struct node *row;

		if (!words.len || is_over(item->node))
			continue;
		row = data_object(p->c, list, NULL);
		data_str(p->c, row, "words", words);
		data_time(p->c, row, "when", item->as_at, say_as_at(p->a, item->as_at, p->now));
	}
}

static void put_record(struct person *p, struct node *data)
{
	struct node *list = NULL;

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		if (i == 0 || strcmp(parts[i].list, parts[i - 1].list) != 0)
			list = data_list(p->c, data, parts[i].list);
		put_part(p, list, parts[i].type, parts[i].element);
	}
}

enum err me_record_show(struct ctx *c, const struct request *r, struct reply *reply)
{
	struct request own = *r;
	struct person p;
	struct node *data;
	struct str id;

	TRY(me_new(c, r, "What my record says", &data, &id));
	own.part[0] = id;
	TRY(person_load(c, &own, &p));
	TRY(looked_open(c, id, "own"));
	put_record(&p, data);
	person_put_team(&p, data);
	node_add_bool(c->arena, data, "at_record", true);
	return page_show(c, "me_record", data, reply);
}
