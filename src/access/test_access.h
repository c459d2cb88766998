/* test_access.h - a small place for the tests of who may see what; *_test.c files only.
 *
 * Hill Surgery (WXP) has Ada on its list; Marl Hospital (WXA), with its ward (WXA01), has her in a bed;
 * the council (WXL) has work to do for Ben. Each writes something.
 */
#ifndef ACCESS_TEST_ACCESS_H
#define ACCESS_TEST_ACCESS_H

#include "record/test_world.h"

#include "access/account.h"
#include "access/decide_part.h"

#define SOURCE(ods) "\"meta\":{\"source\":\"" ODS_SYSTEM "/" ods "\"}"
#define SOURCE_LABEL(ods, code)                                                                \
	"\"meta\":{\"source\":\"" ODS_SYSTEM "/" ods "\",\"security\":[{\"system\":"           \
	"\"http://terminology.hl7.org/CodeSystem/v3-ActCode\",\"code\":\"" code "\"}]}"

static inline void put_org(struct world *w, const char *id, const char *ods, const char *part_of)
{
	put(w, "Organization", id,
	    arena_printf(w->c.arena,
			 "{\"resourceType\":\"Organization\",\"id\":\"%s\",\"name\":\"%s\","
			 "\"identifier\":[{\"system\":\"" ODS_SYSTEM "\",\"value\":\"%s\"}]%s}",
			 id, id, ods, part_of));
}

static inline void put_thing(struct world *w, const char *id, const char *person, const char *meta)
{
	put(w, "Observation", id,
	    arena_printf(w->c.arena,
			 "{\"resourceType\":\"Observation\",\"id\":\"%s\",%s,\"status\":\"final\","
			 "\"code\":{\"text\":\"x\"},\"subject\":{\"reference\":\"Patient/%s\"}}",
			 id, meta, person));
}

static inline void put_place(struct world *w)
{
	put_org(w, "hill", "WXP", "");
	put_org(w, "marl", "WXA", "");
	put_org(w, "ward", "WXA01", ",\"partOf\":{\"reference\":\"Organization/marl\"}");
	put_org(w, "council", "WXL", "");
	put(w, "Practitioner", "gp", "{\"resourceType\":\"Practitioner\",\"id\":\"gp\"}");
	put(w, "Practitioner", "nurse", "{\"resourceType\":\"Practitioner\",\"id\":\"nurse\"}");
	put(w, "Patient", "ada",
	    "{\"resourceType\":\"Patient\",\"id\":\"ada\"," SOURCE("WXP") ",\"generalPractitioner\":[{"
	    "\"reference\":\"Organization/hill\"}]}");
	put(w, "Patient", "ben", "{\"resourceType\":\"Patient\",\"id\":\"ben\"," SOURCE("WXL") "}");
	put(w, "Encounter", "stay",
	    "{\"resourceType\":\"Encounter\",\"id\":\"stay\"," SOURCE("WXA01") ",\"status\":"
	    "\"in-progress\",\"class\":{\"code\":\"IMP\"},\"subject\":{\"reference\":\"Patient/ada\"},"
	    "\"period\":{\"start\":\"2023-11-10\"},\"serviceProvider\":{\"reference\":"
	    "\"Organization/ward\"}}");
	put(w, "Task", "work",
	    "{\"resourceType\":\"Task\",\"id\":\"work\"," SOURCE("WXL") ",\"status\":\"requested\","
	    "\"intent\":\"order\",\"for\":{\"reference\":\"Patient/ben\"},\"owner\":{\"reference\":"
	    "\"Organization/council\"}}");
	put_thing(w, "by-hill", "ada", SOURCE("WXP"));
	put_thing(w, "by-marl", "ada", SOURCE("WXA"));
	put_thing(w, "by-ward-mental", "ada", SOURCE_LABEL("WXA01", "MH"));
	put_thing(w, "bens", "ben", SOURCE("WXL"));
}

/* The row of an item, as the record judges it. */
static inline struct guard_item item_of(struct world *w, const char *type, const char *id)
{
	struct guard_item item = { .type = fhir_resource_type(w->place->fhir, str_of(type)) };
	bool row;
	READER(db);
	STMT(s);

	SUCCEEDS(store_reader(&w->c, w->place->store, &db));
	SUCCEEDS(db_stmt(&w->c, db,
			 SQL("SELECT r.key, r.person, r.org, r.labels FROM resource r JOIN name n ON n.key = "
			     "r.type WHERE n.text = ?1 AND r.id = ?2"),
			 &s));
	stmt_bind_text(s, 1, str_of(type));
	stmt_bind_text(s, 2, str_of(id));
	SUCCEEDS(stmt_step(&w->c, s, &row));
	assert_true(row);
	item.key = stmt_int(s, 0);
	item.person = stmt_int(s, 1);
	item.org = stmt_int(s, 2);
	item.labels = (uint64_t)stmt_int(s, 3);
	return item;
}

/* Somebody in a role at an organisation. */
static inline struct actor actor_in(struct world *w, int64_t account, const char *role, const char *ods)
{
	struct actor a = { .account = account, .org_id = str_of(ods), .name = STR("Somebody") };
	const struct roles *roles;
	READER(db);

	SUCCEEDS(roles_of(&w->c, &roles));
	a.role = role_find(roles, str_of(role));
	assert_non_null(a.role);
	a.kind = a.role->kind;
	a.purpose = a.role->purpose;
	SUCCEEDS(store_reader(&w->c, w->place->store, &db));
	SUCCEEDS(ods_key(&w->c, db, a.org_id, &a.org));
	return a;
}

static inline bool may(struct world *w, const struct actor *actor, const char *type, const char *id)
{
	struct guard_item item = item_of(w, type, id);
	const struct guard *guard;

	w->c.actor = actor;
	SUCCEEDS(guard_make(&w->c, &guard));
	w->c.actor = NULL;
	bool out = guard_may(guard, &item);
	guard_done(&w->c, guard);
	return out;
}
#define SEES(actor, type, id) assert_true(may(w, (actor), (type), (id)))
#define HIDDEN(actor, type, id) assert_false(may(w, (actor), (type), (id)))

#endif
