/* demo_governance.c - something to do for those who guard privacy in an invented place: agreements, requests, looks
 * that make odd patterns, records that are due. Made once, before the place is served the first time. */
#include "main/demo_governance.h"

#include <stdlib.h>

#include "access/agreement.h"
#include "access/audit.h"
#include "access/petition.h"
#include "access/sign_in.h"
#include "base/when.h"
#include "record/search.h"

#define DAY INT64_C(86400000000)
#define HOUR INT64_C(3600000000)
#define ODS "https://fhir.nhs.uk/Id/ods-organization-code"

static enum err is_made(struct ctx *c, bool *made)
{
	struct agreement *all;
	size_t len;
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	TRY(agreement_list(c, db, &all, &len));
	*made = len > 0;
	return OK;
}

/* --- agreements: between those who let homes, so that nobody else's sharing changes --- */

static enum err agreements(struct ctx *c)
{
	int64_t now = clock_now(c->clock), key;
	struct agreement ended = { .title = STR("Winter homelessness, first year"), .orgs = STR("WXD4 WXD6"),
				   .purposes = STR("safeguarding"), .since = now - 400 * DAY, .until = now - 35 * DAY },
			 soon = { .title = STR("Moving home between districts"), .orgs = STR("WXD4 WXD6 WXD7"),
				  .purposes = STR("care safeguarding"), .since = now - 320 * DAY, .until = now + 45 * DAY },
			 open = { .title = STR("Disabled facilities grants"), .orgs = STR("WXD6 WXD7"),
				  .purposes = STR("care payment"), .since = now - 90 * DAY };

	TRY(agreement_add(c, &ended, &key));
	TRY(agreement_add(c, &soon, &key));
	return agreement_add(c, &open, &key);
}

/* --- people whose record is due, and one that is marked --- */

static enum err put(struct ctx *c, const char *type, const char *id, const char *json)
{
	struct write write = { .source = str_of(json) };
	struct written written;

	TRY(fhir_read_json(c, c->place->fhir, c->arena, write.source, &write.resource));
	return record_update(c, str_of(type), str_of(id), &write, &written);
}

static const struct {
	const char *id, *family, *given, *gender, *born, *died, *last, *met, *source;
} past[] = {
	{ "p-past-1", "Amblecote", "Winifred", "female", "1919-06-11", "2012-02-20", "2012-02-19", "Emergency admission", "WXA01" },
	{ "p-past-2", "Pargeter", "Cyril", "male", "1927-11-02", "2014-09-05", "2014-08-30", "Home visit", "WXC" },
	{ "p-past-3", "Lovegrove", "Ivy", "female", "1931-03-23", NULL, "2013-05-14", "Outpatient appointment", "WXA02" },
};

static enum err put_past(struct ctx *c, size_t i)
{
	struct arena *a = c->arena;
	const char *died = past[i].died ? arena_printf(a, ",\"deceasedDateTime\":\"%s\"", past[i].died) : "";

	TRY(put(c, "Patient", past[i].id,
		arena_printf(a,
			     "{\"resourceType\":\"Patient\",\"id\":\"%s\",\"meta\":{\"source\":\"" ODS "/%s\"},\"name\":[{"
			     "\"use\":\"official\",\"family\":\"%s\",\"given\":[\"%s\"]}],\"gender\":\"%s\",\"birthDate\":\"%s\"%s}",
			     past[i].id, past[i].source, past[i].family, past[i].given, past[i].gender, past[i].born, died)));
	return put(c, "Encounter", arena_printf(a, "%s-met", past[i].id),
		   arena_printf(a,
				"{\"resourceType\":\"Encounter\",\"id\":\"%s-met\",\"meta\":{\"source\":\"" ODS "/%s\"},"
				"\"status\":\"finished\",\"class\":{\"system\":\"http://terminology.hl7.org/CodeSystem/v3-ActCode\","
				"\"code\":\"AMB\"},\"type\":[{\"text\":\"%s\"}],\"subject\":{\"reference\":\"Patient/%s\"},"
				"\"period\":{\"start\":\"%s\",\"end\":\"%s\"}}",
				past[i].id, past[i].source, past[i].met, past[i].id, past[i].last, past[i].last));
}

static enum err people(struct ctx *c)
{
	for (size_t i = 0; i < sizeof past / sizeof *past; i++)
		TRY(put_past(c, i));
	return put(c, "Patient", "p-marked",
		   "{\"resourceType\":\"Patient\",\"id\":\"p-marked\",\"meta\":{\"source\":\"" ODS "/WXA01\",\"security\":[{"
		   "\"system\":\"http://terminology.hl7.org/CodeSystem/v3-ActCode\",\"code\":\"CEL\"}]},\"name\":[{\"use\":"
		   "\"official\",\"family\":\"Fairweather\",\"given\":[\"Lionel\"]}],\"gender\":\"male\",\"birthDate\":"
		   "\"1958-08-08\",\"address\":[{\"use\":\"home\",\"city\":\"Marlbridge\",\"postalCode\":\"WX1 1AA\"}]}");
}

/* --- what people asked --- */

/* Some item of a person; empty: there is none. */
static enum err item_of(struct ctx *c, const char *type, const char *person, struct str *out)
{
	const struct search *search;
	struct search_page page;

	*out = STR("");
	TRY(search_parse(c, str_of(type),
			 str_of(arena_printf(c->arena, "patient=Patient/%s&_count=1", person)), &search));
	TRY(search_run(c, search, &page));
	if (page.len)
		*out = str_of(arena_printf(c->arena, "%s/" STR_FMT, type, STR_ARG(page.at[0].id)));
	return OK;
}

static enum err ask(struct ctx *c, int64_t days, enum petition_kind kind, const char *person, struct str focus,
		    const char *words)
{
	struct clock_fixed then;
	struct ctx own = *c;
	struct petition p = { .kind = kind, .person = str_of(person), .focus = focus, .words = str_of(words) };

	clock_fixed_init(&then, clock_now(c->clock) - days * DAY);
	own.clock = &then.clock;
	enum err e = petition_make(&own, &p);
	return e == ERR_NOT_FOUND || e == ERR_CONFLICT ? OK : e ? fail(c, e, "%s", own.why) : OK;
}

static enum err requests(struct ctx *c)
{
	struct str condition, medicine;

	TRY(item_of(c, "Condition", "p-000004", &condition));
	TRY(item_of(c, "MedicationRequest", "p-000006", &medicine));
	TRY(ask(c, 26, PETITION_COPY, "p-000001", STR(""),
		"Please send me everything you hold about me, from the hospital and from the council."));
	TRY(ask(c, 34, PETITION_COPY, "p-000005", STR(""), "A copy of all records, by letter to the council."));
	if (condition.len)
		TRY(ask(c, 9, PETITION_CORRECTION, "p-000004", condition, "I have never had this. It must be somebody else’s."));
	if (medicine.len)
		TRY(ask(c, 3, PETITION_CORRECTION, "p-000006", medicine, "I stopped taking these in spring. My doctor knows."));
	return OK;
}

/* --- looks that make patterns, in the order of their times --- */

struct looking {
	struct ctx *c;   /* in its own time */
	struct ctx *now; /* who looks works here since today */
	struct clock_fixed *clock;
};

static enum err write_notes(struct ctx *c, struct db *db, void *arg)
{
	(void)arg;
	return audit_write(c, db);
}

static enum err look(struct looking *l, const struct actor *actor, const char *person, const char *relation)
{
	struct ctx *c = l->c;
	struct audit row = { .what = AUDIT_OPEN, .section = STR("main"), .relation = str_of(relation) };

	TRY(record_whose(c, STR("Patient"), str_of(person), &row.resource, &row.person));
	if (row.person)
		audit_note_as(c, actor, &row);
	l->clock->at += HOUR / 12;
	return OK;
}

/* Somebody with this family name; empty: nobody. */
static enum err called(struct ctx *c, const char *family, struct str *out)
{
	const struct search *search;
	struct search_page page;

	*out = STR("");
	TRY(search_parse(c, STR("Patient"), str_of(arena_printf(c->arena, "family:exact=%s&_count=1", family)), &search));
	TRY(search_run(c, search, &page));
	if (page.len)
		*out = page.at[0].id;
	return OK;
}

static enum err relatives(struct looking *l)
{
	static const char *const logins[][2] = { { "hughes", "Hughes" }, { "lane", "Lane" },   { "thorne", "Thorne" },
						 { "barker", "Barker" }, { "mercer", "Mercer" }, { "hurst", "Hurst" } };
	unsigned found = 0;

	for (unsigned i = 0; i < sizeof logins / sizeof *logins && found < 2; i++) {
		const struct actor *actor;
		struct str id;

		TRY(called(l->c, logins[i][1], &id));
		if (!id.len)
			continue;
		TRY(sign_in_actor(l->now, str_of(logins[i][0]), &actor));
		TRY(look(l, actor, str_dup(l->c->arena, id), "gp"));
		found++;
	}
	return OK;
}

/* What the first resident reads of the last days: who helps her, and one who was stopped. */
static const struct {
	int ago, minutes; /* days, and minutes after midnight */
	const char *login, *section, *relation;
	bool stopped;
} of_edith[] = {
	{ 2, 9 * 60 + 12, "kessell", "discharge", "stay", false },
	{ 2, 13 * 60 + 47, "molloy", "CarePlan", "team", false },
	{ 1, 9 * 60 + 5, "adeyemi", "CarePlan", "episode", false },
	{ 1, 16 * 60 + 20, "yardley", "main", "", true },
	{ 1, 17 * 60 + 2, "hughes", "main", "gp", false },
};

static enum err looks_at_edith(struct looking *l, int64_t today)
{
	for (size_t i = 0; i < sizeof of_edith / sizeof *of_edith; i++) {
		struct audit row = { .what = of_edith[i].stopped ? AUDIT_REFUSED : AUDIT_OPEN,
				     .section = str_of(of_edith[i].section), .relation = str_of(of_edith[i].relation),
				     .outcome = of_edith[i].stopped ? ERR_FORBIDDEN : OK };
		const struct actor *actor;

		TRY(sign_in_actor(l->now, str_of(of_edith[i].login), &actor));
		TRY(record_whose(l->c, STR("Patient"), STR("p-000001"), &row.resource, &row.person));
		l->clock->at = today - of_edith[i].ago * DAY + of_edith[i].minutes * (HOUR / 60);
		if (row.person)
			audit_note_as(l->c, actor, &row);
	}
	return OK;
}

static enum err days_of_work(struct looking *l, int64_t today)
{
	const struct actor *lane, *osei, *pryce;

	TRY(sign_in_actor(l->now, STR("lane"), &lane));
	TRY(sign_in_actor(l->now, STR("osei"), &osei));
	TRY(sign_in_actor(l->now, STR("pryce"), &pryce));
	for (int day = 0; day < 7; day++) {
		int people = day == 5 ? 44 : 4;

		l->clock->at = today - (9 - day) * DAY + 9 * HOUR;
		for (int i = 0; i < people; i++)
			TRY(look(l, lane, arena_printf(l->c->arena, "p-%06d", 20 + day * 50 + i), "gp"));
		if (day == 2)
			TRY(look(l, osei, "p-marked", "stay"));
		for (int i = 0; day == 4 && i < 4; i++)
			TRY(look(l, pryce, "p-000009", ""));
	}
	TRY(relatives(l));
	return looks_at_edith(l, today);
}

static enum err looks(struct ctx *c)
{
	struct clock_fixed clock;
	struct ctx own = *c;
	struct looking l = { &own, c, &clock };
	int64_t now = clock_now(c->clock);
	struct audit_ask any = { .cap = 1 };
	struct looked *rows;
	size_t len;
	{
		READER(db);

		TRY(store_reader(c, c->place->store, &db));
		TRY(audit_find(c, db, &any, &rows, &len));
	}
	if (len) /* the chain goes on in its own time */
		return OK;
	clock_fixed_init(&clock, now - 10 * DAY);
	own.clock = &clock.clock;
	enum err e = days_of_work(&l, now - now % DAY);
	if (e == OK)
		e = store_write(&own, c->place->store, write_notes, NULL);
	return e ? fail(c, e, "%s", own.why) : OK;
}

enum err demo_governance(struct ctx *c)
{
	bool made;

	TRY(is_made(c, &made));
	if (made)
		return OK;
	TRY(people(c));
	TRY(looks(c));
	TRY(requests(c));
	return agreements(c);
}
