/* looked.c - what pages note for the audit. */
#include "web/looked.h"

#include "access/glass.h"
#include "record/same.h"

/* Nothing but an opening lets them in. */
static enum err why_opened(struct ctx *c, struct db *db, int64_t person, struct str *out)
{
	int64_t next = INT64_MAX;
	struct opening *list;
	struct same same;
	size_t len;

	TRY(same_find(c, db, person, &same));
	TRY(glass_in_force(c, db, c->actor->account, &list, &len, &next));
	for (size_t i = 0; i < len; i++)
		if (same_has(&same, list[i].person))
			*out = list[i].kind == OPENING_EMERGENCY ? STR("emergency") : STR("permission");
	return OK;
}

/* Why: the best relationship there is; the person's own record is their own. */
static enum err why(struct ctx *c, int64_t person, struct str *out)
{
	struct relation relation = { 0 };
	READER(db);

	*out = STR("");
	if (c->actor->person == person) {
		*out = STR("self");
		return OK;
	}
	TRY(store_reader(c, c->place->store, &db));
	TRY(relation_why(c, db, c->actor, person, &relation));
	if (relation.kind) {
		*out = relation.kind->name;
		return OK;
	}
	return why_opened(c, db, person, out);
}

enum err looked_open(struct ctx *c, struct str id, const char *section)
{
	struct audit row = { .what = AUDIT_OPEN, .section = str_of(section) };

	if (!c->actor)
		return OK;
	TRY(record_whose(c, STR("Patient"), id, &row.resource, &row.person));
	TRY(why(c, row.person, &row.relation));
	audit_note(c, &row);
	return OK;
}

enum err looked_item(struct ctx *c, struct str id, struct str type, struct str item, int64_t version)
{
	struct audit row = { .what = AUDIT_OPEN, .section = STR("source"), .version = version };
	int64_t key, whose;

	if (!c->actor)
		return OK;
	TRY(record_whose(c, STR("Patient"), id, &key, &row.person));
	TRY(record_whose(c, type, item, &row.resource, &whose));
	TRY(why(c, row.person, &row.relation));
	audit_note(c, &row);
	return OK;
}

enum err looked_print(struct ctx *c, struct str id, struct str section)
{
	struct audit row = { .what = AUDIT_PRINT, .section = section };

	if (!c->actor)
		return OK;
	TRY(record_whose(c, STR("Patient"), id, &row.resource, &row.person));
	TRY(why(c, row.person, &row.relation));
	audit_note(c, &row);
	return OK;
}

enum err looked_refused(struct ctx *c, enum err e, struct str id, const char *section)
{
	struct audit row = { .what = AUDIT_REFUSED, .section = str_of(section), .outcome = e };

	if (!c->actor || (e != ERR_NOT_FOUND && e != ERR_GONE && e != ERR_FORBIDDEN))
		return e;
	char said[sizeof c->why]; /* the reason stays the page's */
	memcpy(said, c->why, sizeof said);
	if (record_whose(c, STR("Patient"), id, &row.resource, &row.person) == OK)
		audit_note(c, &row);
	memcpy(c->why, said, sizeof said);
	return e;
}

enum err looked_add(struct ctx *c, struct looked_people *people, struct str id)
{
	int64_t key;

	if (!c->actor || people->len == sizeof people->at / sizeof *people->at)
		return OK;
	return record_whose(c, STR("Patient"), id, &key, &people->at[people->len++]);
}

void looked_page(struct ctx *c, const struct looked_people *people)
{
	audit_note(c, &(struct audit){ .what = AUDIT_SEARCH, .section = STR("Patient"), .people = people->at,
				       .people_count = people->len, .detail = STR("find") });
}
