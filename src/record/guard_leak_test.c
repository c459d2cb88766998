/* guard_leak_test.c - nothing that a guard refuses leaves by any verb, and totals and pages are exact.
 *
 * A place of some hundred resources: of several organisations, with and without labels, of people of
 * whom some are one, changed, moved to another person, deleted. Random guards, always from the same
 * seed, are compared on every way out with the plainest evaluation: ask as the system, and leave out
 * what guard_may refuses.
 */
#include "record/guard.h"

#include "base/vec.h"
#include "record/event.h"
#include "record/inside.h"
#include "record/search_part.h"
#include "record/test_world.h"

enum { GUARDS = 30 }; /* of a full run; else 12, and 4 of a database server */

enum { PEOPLE = 12, ITEMS = 240, ORGS = 5 };

static const char *const item_types[] = { "Observation", "Condition",    "Encounter", "Task",
					  "Invoice",     "Practitioner", "List" };
static const char *const codes[] = { "MH", "HIV", "SDV", NULL, NULL, NULL, NULL, NULL };

/* What stands in the tables, for the plainest evaluation. */
struct known {
	struct str type, id;
	struct guard_item now;
	int64_t seq;
	bool deleted;
};
struct known_version {
	size_t of;
	struct guard_item item;
	int64_t version, seq;
};
struct leak {
	struct world *w;
	struct ctx *c;
	VEC(struct known) all;
	VEC(struct known_version) versions;
	uint64_t random;
	long compared;
	const struct guard *guard;
	struct arena guards;
};

static size_t dice(struct leak *k, size_t sides)
{
	k->random = k->random * 6364136223846793005u + 1442695040888963407u;
	return (size_t)(k->random >> 33) % sides;
}

/* --- the place --- */

static const char *security(struct leak *k)
{
	const char *code = codes[dice(k, sizeof codes / sizeof *codes)];

	return code ? arena_printf(k->c->arena,
				   ",\"meta\":{\"security\":[{\"system\":\"http://"
				   "terminology.hl7.org/"
				   "CodeSystem/v3-ActCode\",\"code\":\"%s\"}]}",
				   code)
		    : "";
}

static const char *resource_json(struct leak *k, const char *type, const char *id,
				 size_t number)
{
	struct arena *a = k->c->arena;
	const char *subject =
		arena_printf(a, "{\"reference\":\"Patient/p%zu\"}", dice(k, PEOPLE));
	struct buf b;

	buf_init(&b, a, 0);
	buf_printf(&b, "{\"resourceType\":\"%s\",\"id\":\"%s\"%s", type, id, security(k));
	if (!strcmp(type, "Observation"))
		buf_printf(&b,
			   ",\"status\":\"final\",\"code\":{\"coding\":[{\"system\":\"urn:c\","
			   "\"code\":"
			   "\"c%zu\"}]},\"effectiveDateTime\":\"20%02zu-03-04\",\"subject\":%s,"
			   "\"encounter\":{\"reference\":\"Encounter/i%zu\"},"
			   "\"performer\":[{\"reference\":\"Practitioner/i%zu\"}]",
			   dice(k, 3), 10 + number % 12, subject, 7 * dice(k, 30) + 2,
			   7 * dice(k, 30) + 5);
	else if (!strcmp(type, "Condition"))
		buf_printf(
			&b,
			",\"code\":{\"coding\":[{\"system\":\"http://hl7.org/fhir/sid/icd-10\","
			"\"code\":\"%s\"}]},\"subject\":%s",
			number % 3 ? "I10" : "F32", subject);
	else if (!strcmp(type, "Encounter"))
		buf_printf(
			&b,
			",\"status\":\"finished\",\"class\":{\"code\":\"AMB\"},\"subject\":%s",
			subject);
	else if (!strcmp(type, "Task"))
		buf_printf(&b, ",\"status\":\"requested\",\"intent\":\"order\"");
	else if (!strcmp(type, "Invoice"))
		buf_printf(&b, ",\"status\":\"issued\",\"subject\":%s", subject);
	else if (!strcmp(type, "List"))
		buf_printf(&b,
			   ",\"status\":\"current\",\"mode\":\"working\",\"subject\":%s,"
			   "\"entry\":[{"
			   "\"item\":{\"reference\":\"Observation/"
			   "i%zu\"}},{\"item\":{\"reference\":"
			   "\"Observation/i%zu\"}}]",
			   subject, 7 * dice(k, 30), 7 * dice(k, 30));
	else
		buf_printf(&b, ",\"name\":[{\"family\":\"Doctor%zu\"}]", number % 4);
	buf_char(&b, '}');
	return buf_get(&b).at;
}

static void store_item(struct leak *k, const char *type, const char *id, const char *json)
{
	struct write write = { .resource = tree(k->c, json),
			       .org = str_of(arena_printf(k->c->arena, "urn:org:%zu",
							  dice(k, ORGS))) };
	struct written out;

	expect(k->w, record_update(k->c, str_of(type), str_of(id), &write, &out), OK);
}

static enum err merge_two(struct ctx *c, struct db *db, void *arg)
{
	STMT(s);

	(void)arg;
	TRY(db_stmt(c, db,
		    SQL("INSERT INTO merge (key, kind, survivor, other, at, actor, reason, forced) "
			"SELECT 1, 1, a.key, b.key, 0, '', '', '' FROM resource a, resource b "
			"WHERE a.id = 'p1' AND b.id = 'p2'"),
		    &s));
	return stmt_run(c, s);
}

static void fill(struct leak *k)
{
	struct arena *a = k->c->arena;
	struct written out;

	k->c->place->validate = false;
	for (size_t i = 0; i < PEOPLE; i++)
		store_item(
			k, "Patient", arena_printf(a, "p%zu", i),
			arena_printf(
				a,
				"{\"resourceType\":\"Patient\",\"id\":\"p%zu\"%s,\"name\":[{"
				"\"family\":\"Family%zu\"}],\"birthDate\":\"19%02zu-01-01\"}",
				i, i % 4 == 3 ? security(k) : "", i % 3, 40 + i));
	for (size_t i = 0; i < ITEMS; i++)
		for (size_t version = 0; version <= (i % 5 == 0); version++) {
			const char *type = item_types[i % 7], *id = arena_printf(a, "i%zu", i);

			store_item(k, type, id, resource_json(k, type, id, i + version));
		}
	for (size_t i = 3; i < ITEMS; i += 17)
		expect(k->w,
		       record_delete(k->c, str_of(item_types[i % 7]),
				     str_of(arena_printf(a, "i%zu", i)), 0, &out),
		       OK);
	expect(k->w, store_write(k->c, k->c->place->store, merge_two, NULL), OK);
}

static struct str kept(struct leak *k, struct str s)
{
	return (struct str){ str_dup(k->c->arena, s), s.len };
}

static void learn(struct leak *k)
{
	const struct fhir *f = k->c->place->fhir;
	bool row;
	READER(db);
	STMT(r);
	STMT(v);

	expect(k->w, store_reader(k->c, k->c->place->store, &db), OK);
	expect(k->w,
	       db_stmt(k->c, db,
		       SQL("SELECT r.key, n.text, r.id, r.person, r.org, r.labels, r.deleted, "
			   "r.seq "
			   "FROM resource r JOIN name n ON n.key = r.type WHERE r.version > 0 "
			   "ORDER BY r.key"),
		       &r),
	       OK);
	for (;;) {
		expect(k->w, stmt_step(k->c, r, &row), OK);
		if (!row)
			break;
		struct str type = kept(k, stmt_text(r, 1));
		*vec_push(&k->all, k->c->arena) =
			(struct known){ type,
					kept(k, stmt_text(r, 2)),
					{ stmt_int(r, 0), stmt_int(r, 3), stmt_int(r, 4),
					  (uint64_t)stmt_int(r, 5),
					  fhir_resource_type(f, type) },
					stmt_int(r, 7),
					stmt_int(r, 6) != 0 };
	}
	expect(k->w,
	       db_stmt(k->c, db,
		       SQL("SELECT v.resource, v.version, v.seq, v.person, v.org, "
			   "coalesce(l.labels, 0) FROM version v LEFT JOIN version_label l ON "
			   "l.seq = v.seq ORDER BY v.seq"),
		       &v),
	       OK);
	for (;;) {
		size_t of = 0;

		expect(k->w, stmt_step(k->c, v, &row), OK);
		if (!row)
			return;
		while (k->all.at[of].now.key != stmt_int(v, 0))
			of++;
		*vec_push(&k->versions, k->c->arena) =
			(struct known_version){ of,
						{ stmt_int(v, 0), stmt_int(v, 3),
						  stmt_int(v, 4), (uint64_t)stmt_int(v, 5),
						  k->all.at[of].now.type },
						stmt_int(v, 1),
						stmt_int(v, 2) };
	}
}

/* --- the plainest evaluation --- */

static const struct known *find(const struct leak *k, struct str type, struct str id)
{
	for (size_t i = 0; i < k->all.len; i++)
		if (str_eq(k->all.at[i].type, type) && str_eq(k->all.at[i].id, id))
			return &k->all.at[i];
	fail_msg("%.*s/%.*s is not there", STR_ARG(type), STR_ARG(id));
	return NULL;
}

static bool seen(const struct leak *k, const struct known *r)
{
	return guard_may(k->guard, &r->now);
}

static bool version_seen(const struct leak *k, const struct known_version *v)
{
	struct guard_item now = k->all.at[v->of].now, then = v->item;

	now.labels |= v->item.labels;
	then.labels = now.labels;
	return guard_may(k->guard, &now) && guard_may(k->guard, &then) &&
	       seen(k, &k->all.at[v->of]);
}

/* --- guards --- */

static const int64_t *subset(struct leak *k, const int64_t *from, size_t count, size_t one_in,
			     size_t *len)
{
	int64_t *out = NEW_N(&k->guards, int64_t, count + 1);

	for (size_t i = *len = 0; i < count; i++)
		if (dice(k, one_in) == 0)
			out[(*len)++] = from[i];
	return out;
}

static uint64_t some_labels(struct leak *k)
{
	uint64_t labels = 0;

	if (dice(k, 3) == 0)
		return ~UINT64_C(0);
	for (int i = 0; i < 15; i++)
		labels |= (uint64_t)(dice(k, 2)) << i;
	return labels;
}

/* All people and organisations there are, sorted, 0 among them. */
static size_t keys_of(struct leak *k, bool people, int64_t *out)
{
	size_t len = 1;

	out[0] = 0;
	for (size_t i = 0; i < k->all.len; i++) {
		int64_t key = people ? k->all.at[i].now.person : k->all.at[i].now.org;
		size_t at = len;

		while (at && out[at - 1] >= key)
			at--;
		if (at < len && out[at] == key)
			continue;
		memmove(out + at + 1, out + at, (len++ - at) * sizeof *out);
		out[at] = key;
	}
	return len;
}

/* Some of what is about nobody, and a person's item besides, which it must not open. */
static size_t given_of(struct leak *k, int64_t *out)
{
	size_t len = 0;

	for (size_t i = 0; i < k->all.len; i++) {
		const struct guard_item *item = &k->all.at[i].now;
		size_t at = len;

		if (dice(k, item->person ? 40 : 3))
			continue;
		while (at && out[at - 1] >= item->key)
			at--;
		if (at < len && out[at] == item->key)
			continue;
		memmove(out + at + 1, out + at, (len++ - at) * sizeof *out);
		out[at] = item->key;
	}
	return len;
}

static struct guard make_guard(struct leak *k)
{
	unsigned types = k->c->place->fhir->type_count;
	uint8_t *kinds = NEW_N(&k->guards, uint8_t, types);
	int64_t people[64], orgs[64];
	size_t people_len = keys_of(k, true, people), orgs_len = keys_of(k, false, orgs);
	struct guard g = { .kinds = kinds, .stamp = 2 + k->random };
	struct guard_person *persons = NEW_N(&k->guards, struct guard_person, people_len);

	for (unsigned i = 0; i < types; i++) {
		size_t roll = dice(k, 10);

		kinds[i] = roll == 0 ? GUARD_NEVER : roll < 3 ? GUARD_ALWAYS : GUARD_RELATED;
	}
	g.everyone = dice(k, 4) == 0;
	g.people = subset(k, people, people_len, 2, &g.people_count);
	if (dice(k, 2)) {
		int64_t *given = NEW_N(&k->guards, int64_t, k->all.len);

		g.given_count = given_of(k, given);
		g.given = given;
	}
	g.own = subset(k, orgs, orgs_len, 4, &g.own_count);
	g.all_orgs = dice(k, 3) == 0;
	g.orgs = subset(k, orgs, orgs_len, 2, &g.org_count);
	struct guard_share *shares = NEW_N(&k->guards, struct guard_share, orgs_len * 2);
	for (size_t i = 0; i < orgs_len * 2; i++)
		if (dice(k, 3) == 0)
			shares[g.share_count++] = (struct guard_share){
				orgs[i / 2], some_labels(k) | (dice(k, 2) ? GUARD_ORDINARY : 0)
			};
	g.shares = shares;
	g.uncounted = dice(k, 3) ? 0 : 1;
	g.labels_own = some_labels(k);
	g.labels = some_labels(k);
	for (size_t i = 1; i < people_len; i++) {
		struct guard_person *p = &persons[g.person_count];

		if (dice(k, 4))
			continue;
		g.person_count++;
		*p = (struct guard_person){ .person = people[i] };
		p->hidden = dice(k, 2) ? some_labels(k) : 0;
		p->own_only = dice(k, 4) == 0;
		p->orgs = subset(k, orgs, orgs_len, 4, &p->org_count);
	}
	g.persons = persons;
	return g;
}

static void set_guard(struct leak *k, struct guard *g)
{
	READER(db);

	k->c->guard = NULL;
	expect(k->w, store_reader(k->c, k->c->place->store, &db), OK);
	expect(k->w, guard_unite(k->c, db, g), OK);
	k->guard = g;
}

static void as_asker(struct leak *k)
{
	k->c->guard = k->guard;
}

static void as_system(struct leak *k)
{
	k->c->guard = NULL;
}

/* --- one by one --- */

/* The reason with the id taken out: the same for what is hidden and for what never was. */
static void same_reason(struct leak *k, struct str id, enum err got, const char *never)
{
	const char *at = strstr(k->c->why, str_dup(k->c->arena, id));

	assert_int_equal(got, ERR_NOT_FOUND);
	assert_non_null(at);
	assert_int_equal(strncmp(k->c->why, never, (size_t)(at - k->c->why)), 0);
	assert_string_equal(at + id.len, strstr(never, "never") + strlen("never"));
}

static void try_reads(struct leak *k)
{
	for (size_t i = 0; i < k->all.len; i++) {
		const struct known *r = &k->all.at[i];
		struct version system, asked;
		const char *never;
		enum err e, got;

		as_system(k);
		e = record_read(k->c, r->type, r->id, &system);
		as_asker(k);
		expect(k->w, record_read(k->c, r->type, STR("never"), &asked), ERR_NOT_FOUND);
		never = arena_str(k->c->arena, k->c->why);
		got = record_read(k->c, r->type, r->id, &asked);
		k->compared++;
		if (!seen(k, r)) {
			same_reason(k, r->id, got, never);
			continue;
		}
		expect(k->w, got, e);
		if (!e)
			assert_true(str_eq(system.body, asked.body));
	}
	for (size_t i = 0; i < k->versions.len; i++) {
		const struct known_version *v = &k->versions.at[i];
		const struct known *r = &k->all.at[v->of];
		struct version out;
		enum err got = record_vread(k->c, r->type, r->id, v->version, &out);

		k->compared++;
		assert_int_equal(got == ERR_NOT_FOUND, !version_seen(k, v));
	}
}

/* The second wall: of what is hidden no body is unpacked, even for whoever forgets to ask. */
static void try_wall(struct leak *k)
{
	READER(db);

	as_asker(k);
	expect(k->w, store_reader(k->c, k->c->place->store, &db), OK);
	for (size_t i = 0; i < k->all.len; i++) {
		const struct known *r = &k->all.at[i];
		struct version v;

		if (r->deleted)
			continue;
		expect(k->w, version_load(k->c, db, r->seq, &v), seen(k, r) ? OK : ERR_INTERNAL);
		expect(k->w, version_look(k->c, db, r->seq, &v), OK);
		k->compared++;
	}
}

/* --- histories --- */

static void try_history(struct leak *k, struct str type, struct str id, size_t of)
{
	struct history query = { .type = type, .id = id, .count = 1 + (unsigned)dice(k, 40) };
	struct history_page page;
	int64_t expected = 0, got = 0;

	as_asker(k);
	if (id.len && !seen(k, &k->all.at[of])) {
		expect(k->w, record_history(k->c, &query, &page), ERR_NOT_FOUND);
		k->compared++;
		return;
	}
	for (size_t i = 0; i < k->versions.len; i++) {
		const struct known_version *v = &k->versions.at[i];

		expected += version_seen(k, v) &&
			    (!type.len || str_eq(k->all.at[v->of].type, type)) &&
			    (!id.len || v->of == of);
	}
	do {
		expect(k->w, record_history(k->c, &query, &page), OK);
		assert_int_equal(page.total, expected);
		for (size_t i = 0; i < page.len; i++) {
			size_t v = 0;

			while (k->versions.at[v].seq != page.at[i].seq)
				v++;
			assert_true(version_seen(k, &k->versions.at[v]));
		}
		got += (int64_t)page.len;
		query.before = page.next;
	} while (page.next);
	assert_int_equal(got, expected);
	k->compared++;
}

static void try_histories(struct leak *k)
{
	try_history(k, STR(""), STR(""), 0);
	for (size_t i = 0; i < 7; i++)
		try_history(k, str_of(item_types[i]), STR(""), 0);
	for (size_t i = 0; i < k->all.len; i += 5)
		try_history(k, k->all.at[i].type, k->all.at[i].id, i);
}

/* --- searches --- */

struct found {
	VEC(struct version) at;
	VEC(struct version) included;
	int64_t total;
};

/* The same total by sets of bits: made, and then used. */
static void same_by_sets(struct leak *k, const char *type, const char *query, int64_t total)
{
	const struct search *parsed;
	struct search_page page;
	struct search s;

	expect(k->w, search_parse(k->c, str_of(type), str_of(query), &parsed), OK);
	s = *parsed;
	s.summary = SUMMARY_COUNT;
	s.choice.kept = 0;
	for (int i = 0; i < 2; i++) {
		expect(k->w, search_run(k->c, &s, &page), OK);
		assert_int_equal(page.total, total);
		k->compared++;
	}
}

static struct found search_all(struct leak *k, const char *type, const char *query)
{
	struct found out = { 0 };
	struct str next = str_of(query);
	bool first = true;

	do {
		const struct search *s;
		struct search_page page;

		expect(k->w, search_parse(k->c, str_of(type), next, &s), OK);
		expect(k->w, search_run(k->c, s, &page), OK);
		if (first)
			out.total = page.total;
		first = false;
		for (size_t i = 0; i < page.len; i++)
			*vec_push(&out.at, k->c->arena) = page.at[i];
		for (size_t i = 0; i < page.included_len; i++)
			*vec_push(&out.included, k->c->arena) = page.included[i];
		next = page.next;
	} while (next.len);
	if (out.total >= 0)
		same_by_sets(k, type, query, out.total);
	return out;
}

static bool version_is_seen(struct leak *k, const struct version *v)
{
	return seen(k, find(k, v->type, v->id));
}

/* What the system finds without what is hidden, in the same order and with its own total. */
static void same_found(struct leak *k, const char *query, const struct found *system,
		       const struct found *asked)
{
	size_t at = 0;

	for (size_t i = 0; i < system->at.len; i++) {
		k->compared++;
		if (!version_is_seen(k, &system->at.at[i]))
			continue;
		if (at == asked->at.len || !str_eq(asked->at.at[at].id, system->at.at[i].id))
			fail_msg("%s: %.*s is missing", query, STR_ARG(system->at.at[i].id));
		at++;
	}
	if (at != asked->at.len || asked->total != (int64_t)at)
		fail_msg("%s: %zu found and a total of %lld instead of %zu", query,
			 asked->at.len, (long long)asked->total, at);
}

static void try_search(struct leak *k, const char *type, const char *query)
{
	const char *text = arena_printf(k->c->arena, "%s%s_total=accurate&_count=%zu", query,
					*query ? "&" : "", 1 + dice(k, 30));
	struct found system, asked;

	as_system(k);
	system = search_all(k, type, text);
	as_asker(k);
	asked = search_all(k, type, text);
	same_found(k, query, &system, &asked);
}

/* The type and id of the first reference of a member. */
static struct str reference_of(struct leak *k, const struct version *v, const char *path)
{
	struct node *n = tree(k->c, str_dup(k->c->arena, v->body));

	return node_str(node_path(n, path), "reference");
}

static bool among(const struct found *f, const char *type, struct str reference)
{
	size_t len = strlen(type);

	for (size_t i = 0; i < f->at.len; i++)
		if (reference.len > len + 1 &&
		    str_eq(f->at.at[i].id,
			   (struct str){ reference.at + len + 1, reference.len - len - 1 }))
			return true;
	return false;
}

/* What stands at the other end of a chain counts only if it is seen. */
static void try_chains(struct leak *k)
{
	struct found inner, all, asked;
	size_t expected = 0;

	as_asker(k);
	inner = search_all(k, "Practitioner", "family=Doctor1&_total=accurate");
	asked = search_all(k, "Observation",
			   "performer:Practitioner.family=Doctor1&_total=accurate&_count=7");
	as_system(k);
	all = search_all(k, "Observation", "_count=1000");
	for (size_t i = 0; i < all.at.len; i++) {
		struct node *n = tree(k->c, str_dup(k->c->arena, all.at.at[i].body));
		struct node *performer = node_get(n, "performer");
		bool fits = among(&inner, "Practitioner",
				  node_str(performer ? performer->first : NULL, "reference"));

		expected += fits && version_is_seen(k, &all.at.at[i]);
		k->compared++;
	}
	assert_int_equal(asked.at.len, expected);
	assert_int_equal(asked.total, expected);
}

static void try_has(struct leak *k)
{
	struct found inner, all, asked;
	size_t expected = 0;

	as_asker(k);
	inner = search_all(k, "Observation", "code=c1&_count=1000");
	asked = search_all(k, "Encounter",
			   "_has:Observation:encounter:code=c1&_total=accurate&_count=5");
	as_system(k);
	all = search_all(k, "Encounter", "_count=1000");
	for (size_t i = 0; i < all.at.len; i++) {
		bool fits = false;

		for (size_t j = 0; j < inner.at.len && !fits; j++) {
			struct str to = reference_of(k, &inner.at.at[j], "encounter");

			fits = to.len > 10 &&
			       str_eq((struct str){ to.at + 10, to.len - 10 }, all.at.at[i].id);
		}
		expected += fits && version_is_seen(k, &all.at.at[i]);
		k->compared++;
	}
	assert_int_equal(asked.at.len, expected);
	assert_int_equal(asked.total, expected);
}

/* Whatever a page brings is seen, and all of it comes that the system would bring for what is seen. */
static void try_includes(struct leak *k)
{
	struct found forward, back, all;
	size_t expected = 0;

	as_asker(k);
	forward = search_all(k, "Observation", "_include=Observation:encounter&_count=1000");
	back = search_all(k, "Encounter", "_revinclude=Observation:encounter&_count=1000");
	for (size_t i = 0; i < forward.included.len; i++)
		assert_true(version_is_seen(k, &forward.included.at[i]));
	for (size_t i = 0; i < back.included.len; i++)
		assert_true(version_is_seen(k, &back.included.at[i]));
	as_system(k);
	all = search_all(k, "Encounter", "_count=1000");
	for (size_t i = 0; i < all.at.len; i++) {
		bool named = false;

		for (size_t j = 0; j < forward.at.len && !named; j++) {
			struct str to = reference_of(k, &forward.at.at[j], "encounter");

			named = to.len > 10 && str_eq((struct str){ to.at + 10, to.len - 10 },
						      all.at.at[i].id);
		}
		expected += named && version_is_seen(k, &all.at.at[i]);
		k->compared++;
	}
	assert_int_equal(forward.included.len, expected);
	expected = 0;
	all = search_all(k, "Observation", "_count=1000");
	for (size_t i = 0; i < all.at.len; i++)
		expected +=
			version_is_seen(k, &all.at.at[i]) &&
			among(&back, "Encounter", reference_of(k, &all.at.at[i], "encounter"));
	assert_int_equal(back.included.len, expected);
}

/* A cursor is of one asker. */
static void try_cursor(struct leak *k)
{
	struct guard other = *k->guard;
	const struct search *s;
	struct search_page page;

	as_asker(k);
	expect(k->w, search_parse(k->c, STR("Observation"), STR("_count=1"), &s), OK);
	expect(k->w, search_run(k->c, s, &page), OK);
	if (!page.next.len)
		return;
	other.stamp++;
	k->c->guard = &other;
	expect(k->w, search_parse(k->c, STR("Observation"), page.next, &s), ERR_BAD_REQUEST);
}

static void try_searches(struct leak *k)
{
	static const char *const queries[][2] = {
		{ "Observation", "" },
		{ "Patient", "" },
		{ "Patient", "family=family1" },
		{ "Patient", "_sort=-birthdate" },
		{ "Observation", "code=c1" },
		{ "Observation", "code:not=c1" },
		{ "Observation", "date=gt2015&_sort=date" },
		{ "Observation", "date=gt2015&code=c2" },
		{ "Observation", "subject=Patient/p1" },
		{ "Observation", "subject=Patient/p2,Patient/p5" },
		{ "Observation", "encounter:missing=false" },
		{ "Observation", "_id=i0,i7,i14,i21,i28" },
		{ "Observation", "_lastUpdated=gt2000&_sort=-_lastUpdated" },
		{ "Observation", "_security=HIV" },
		{ "Condition", "code=I10&_sort=_id" },
		{ "Encounter", "_sort=-_lastUpdated" },
		{ "Task", "" },
		{ "Invoice", "" },
		{ "Practitioner", "family:contains=octor" },
		{ "List", "" },
		{ "", "_lastUpdated=gt2000" },
	};

	for (size_t i = 0; i < sizeof queries / sizeof *queries; i++)
		try_search(k, queries[i][0], queries[i][1]);
	try_chains(k);
	try_has(k);
	try_includes(k);
	try_wall(k);
	try_cursor(k);
}

/* --- all of a person, all of the place --- */

struct gathered {
	struct leak *k;
	VEC(const struct known *) at;
};

static enum err gather(struct ctx *c, void *arg, const struct version *v)
{
	struct gathered *g = arg;

	(void)c;
	*vec_push(&g->at, &g->k->guards) = find(g->k, v->type, v->id);
	return OK;
}

static enum err gather_own(struct ctx *c, void *arg, const struct version *v, bool own)
{
	(void)own;
	return gather(c, arg, v);
}

/* What the asker was given is what of the system's is seen, in the same order. */
static void same_gathered(struct leak *k, const struct gathered *system,
			  const struct gathered *asked)
{
	size_t at = 0;

	for (size_t i = 0; i < system->at.len; i++) {
		k->compared++;
		if (seen(k, system->at.at[i])) {
			assert_true(at < asked->at.len);
			assert_ptr_equal(asked->at.at[at++], system->at.at[i]);
		}
	}
	assert_int_equal(at, asked->at.len);
}

static struct gathered person_of(struct leak *k, struct str id, bool hidden)
{
	struct gathered out = { .k = k };
	struct version *at;
	size_t len;
	bool more;

	expect(k->w, record_person(k->c, id, 1000, &at, &len, &more),
	       hidden ? ERR_NOT_FOUND : OK);
	for (size_t i = 0; !hidden && i < len; i++)
		(void)gather(k->c, &out, &at[i]);
	return out;
}

static void try_everything(struct leak *k, struct str id, bool hidden)
{
	struct everything ask = { .id = id, .count = 1 + dice(k, 20) };
	struct gathered own = { .k = k };
	struct everything_page page;

	do {
		expect(k->w, record_everything(k->c, &ask, gather_own, &own, &page),
		       hidden ? ERR_NOT_FOUND : OK);
		if (hidden)
			return;
		ask.after = page.next;
	} while (page.next.type || page.next.key);
	for (size_t i = 0; i < own.at.len; i++)
		assert_true(seen(k, own.at.at[i]));
}

static void try_people(struct leak *k)
{
	for (size_t i = 0; i < PEOPLE; i++) {
		struct str id = str_of(arena_printf(k->c->arena, "p%zu", i));
		bool hidden = !seen(k, find(k, STR("Patient"), id));
		struct gathered system, asked;

		as_system(k);
		system = person_of(k, id, false);
		as_asker(k);
		asked = person_of(k, id, hidden);
		if (!hidden)
			same_gathered(k, &system, &asked);
		try_everything(k, id, hidden);
	}
}

static struct gathered sweep_of(struct leak *k, const char *type)
{
	struct gathered out = { .k = k };
	struct sweep sweep = { .type = str_of(type) };
	bool end = false;
	READER(db);

	expect(k->w, store_reader(k->c, k->c->place->store, &db), OK);
	expect(k->w, record_moment(k->c, db, &sweep.moment), OK);
	while (!end)
		expect(k->w, record_sweep(k->c, db, &sweep, 20, gather, &out, &end), OK);
	return out;
}

static void try_whole(struct leak *k)
{
	struct gathered system = { .k = k }, asked = { .k = k };
	struct type_count *counts;
	size_t len;
	int64_t expected = 0, got = 0;

	as_system(k);
	expect(k->w, record_each(k->c, NULL, gather, &system), OK);
	as_asker(k);
	expect(k->w, record_each(k->c, NULL, gather, &asked), OK);
	same_gathered(k, &system, &asked);
	for (size_t i = 0; i < 7; i++) {
		as_system(k);
		system = sweep_of(k, item_types[i]);
		as_asker(k);
		asked = sweep_of(k, item_types[i]);
		same_gathered(k, &system, &asked);
	}
	expect(k->w, record_counts(k->c, &counts, &len), OK);
	for (size_t i = 0; i < len; i++)
		got += counts[i].count;
	for (size_t i = 0; i < k->all.len; i++)
		expected += !k->all.at[i].deleted && seen(k, &k->all.at[i]);
	assert_int_equal(got, expected);
}

static void try_events(struct leak *k)
{
	struct event_page page;
	READER(db);

	expect(k->w, store_reader(k->c, k->c->place->store, &db), OK);
	expect(k->w, event_next(k->c, db, 0, 1000000, 10000, &page), OK);
	as_asker(k);
	for (size_t i = 0; i < page.len; i++) {
		bool may;

		expect(k->w, event_may(k->c, db, &page.at[i], &may), OK);
		assert_int_equal(may, version_seen(k, &k->versions.at[i]));
		k->compared++;
	}
}

static void test_nothing_leaks(void **state)
{
	struct leak k = { .w = *state, .c = &((struct world *)*state)->c, .random = 20261121 };
	int guards = test_full() ? GUARDS : test_on_pgsql() ? 4 : 12;

	arena_init(&k.guards);
	fill(&k);
	learn(&k);
	for (int i = 0; i < guards; i++) {
		struct arena_mark mark = arena_mark(k.c->arena);
		struct guard g = make_guard(&k);

		set_guard(&k, &g);
		try_reads(&k);
		try_histories(&k);
		try_searches(&k);
		try_people(&k);
		try_whole(&k);
		try_events(&k);
		as_system(&k);
		arena_release(k.c->arena, mark);
	}
	print_message("%ld combinations compared\n", k.compared);
	assert_true(k.compared >= 600 * guards);
	arena_done(&k.guards);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nothing_leaks, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("guard: leaks", tests, NULL, NULL);
}
