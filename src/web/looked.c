/* looked.c - what pages note for the audit. */
#include "web/looked.h"

#include "access/relation.h"
#include "record/record.h"

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
	if (relation.kind)
		*out = relation.kind->name;
	return OK;
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
