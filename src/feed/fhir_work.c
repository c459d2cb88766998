/* fhir_work.c - what another FHIR server tells: Bundles and single resources under its own ids.
 *
 * Its ids say nothing here, so everything gets an id made of who says it and what they call it; the
 * same resource always comes to the same place, and references lead there too, whatever comes first. Only
 * a Patient goes through identity, as the human being may be known: what refers to a Patient who was
 * never told is kept aside until they are. Older versions (meta.lastUpdated) never undo newer ones,
 * so pages and Bundles may overlap and come again. */
#include <stdio.h>

#include "base/file.h"
#include "base/lines.h"
#include "feed/fhir.h"
#include "identity/resolve.h"

enum { ATTEMPTS = 20, RESOURCES_MOST = 5000 };

static struct str say(struct hearing *h, struct str a, const char *between, struct str b)
{
	return str_of(arena_printf(h->c->arena, STR_FMT "%s" STR_FMT, STR_ARG(a), between, STR_ARG(b)));
}

static struct str our_id(struct hearing *h, struct str type, struct str id)
{
	return message_hash(h->c->arena, str_of(arena_printf(h->c->arena, "fhir|%s|" STR_FMT "|" STR_FMT,
							     h->feed->name, STR_ARG(type), STR_ARG(id))));
}

/* --- what is in it --- */

static void name_told(struct hearing *h, struct str name)
{
	if (name.len)
		map_set(&h->by_name, name, (void *)(uintptr_t)h->told.len);
}

/* One without an id of its own is known by its first identifier, else by all it says. */
static struct str id_of(struct hearing *h, const struct node *resource)
{
	struct str id = node_str(resource, "id");
	const struct node *list = node_get(resource, "identifier");
	const struct node *first = node_is(list, NODE_ARRAY) ? node_at(list, 0) : list;
	struct buf b;

	if (id.len)
		return id;
	if (node_str(first, "value").len)
		return message_hash(h->c->arena, say(h, node_str(first, "system"), "|", node_str(first, "value")));
	buf_init(&b, h->c->arena, 0);
	json_write(&b, resource, 0);
	return message_hash(h->c->arena, buf_get(&b));
}

static enum err hear(struct hearing *h, struct node *resource, struct str full)
{
	struct str type = node_str(resource, "resourceType");
	struct told *t;

	if (!fhir_resource_type(h->c->place->fhir, type))
		return fail(h->c, ERR_INVALID, "This is no FHIR resource.");
	if (str_is(type, "OperationOutcome") || str_is(type, "Bundle") || str_is(type, "Parameters"))
		return OK; /* words of the server, no facts */
	if (h->told.len == RESOURCES_MOST)
		return fail(h->c, ERR_TOO_LARGE, "More than 5,000 resources in one message.");
	t = vec_push(&h->told, h->c->arena);
	*t = (struct told){ .type = type, .id = id_of(h, resource), .full = full, .resource = resource,
			    .updated = node_str(node_get(resource, "meta"), "lastUpdated"),
			    .version = node_str(node_get(resource, "meta"), "versionId") };
	name_told(h, say(h, type, "/", t->id));
	name_told(h, full);
	return OK;
}

static enum err hear_bundle(struct hearing *h, struct node *bundle)
{
	unsigned n = 0;

	node_each(entry, node_get(bundle, "entry")) {
		const struct node *request = node_get(entry, "request");
		struct node *resource = node_get(entry, "resource");
		struct str method = node_str(request, "method");
		h->place = arena_printf(h->c->arena, "Bundle.entry[%u]", n++);
		if (str_is(method, "DELETE"))
			TRY(fhir_hear_deletion(h, node_str(request, "url"), node_get(bundle, "meta")));
		else if (str_is(method, "PATCH"))
			return fail(h->c, ERR_UNSUPPORTED, "A feed tells whole resources, no patches.");
		else if (resource && !str_is(method, "GET"))
			TRY(hear(h, resource, node_str(entry, "fullUrl")));
	}
	h->place = NULL;
	return OK;
}

/* --- references --- */

void fhir_reference_split(struct str ref, struct str *type, struct str *id)
{
	struct str parts[2] = { { 0 } }, part;

	while (ref.at) {
		part = str_cut(&ref, '/');
		if (str_is(part, "_history"))
			break;
		parts[0] = parts[1];
		parts[1] = part;
	}
	*type = parts[0];
	*id = parts[1];
}

bool fhir_reference_parts(struct hearing *h, struct str ref, struct str *type, struct str *id)
{
	fhir_reference_split(ref, type, id);
	return id->len && id->len <= 64 && fhir_resource_type(h->c->place->fhir, *type);
}

static enum err patient_known(struct hearing *h, struct str id, struct str *ours)
{
	struct state s;
	READER(db);

	TRY(store_reader(h->c, h->c->place->store, &db));
	TRY(state_read(h->c, db, STATE_PERSON,
		       str_of(arena_printf(h->c->arena, "fhir|%s|Patient/" STR_FMT, h->feed->name, STR_ARG(id))), &s));
	*ours = node_str(s.body, "id");
	if (!ours->len)
		return fail(h->c, ERR_INVALID, "It refers to a Patient who was not told yet.");
	return OK;
}

static enum err lead(struct hearing *h, struct node *reference)
{
	struct str ref = node_text(reference), type, id, ours;
	uintptr_t n = (uintptr_t)map_get(&h->by_name, ref);
	bool parts;

	if (!ref.len || *ref.at == '#')
		return OK;
	parts = fhir_reference_parts(h, ref, &type, &id);
	if (!n && parts)
		n = (uintptr_t)map_get(&h->by_name, say(h, type, "/", id));
	if (n) {
		type = h->told.at[n - 1].type;
		ours = h->told.at[n - 1].ours;
	} else {
		if (!parts)
			return OK;
		if (str_is(type, "Patient"))
			TRY(patient_known(h, id, &ours));
		else
			ours = our_id(h, type, id);
	}
	struct str text = say(h, type, "/", ours);
	reference->text = text.at;
	reference->len = (uint32_t)text.len;
	return OK;
}

static enum err lead_all(struct hearing *h, struct node *root)
{
	VEC(struct node *) later = { 0 };

	*vec_push(&later, h->c->arena) = root;
	while (later.len) {
		struct node *n = later.at[--later.len];
		node_each(child, n) {
			if (child->kind >= NODE_ARRAY)
				*vec_push(&later, h->c->arena) = child;
			else if (child->kind == NODE_STRING && n->kind == NODE_OBJECT && child->name_len == 9 &&
				 !memcmp(child->name, "reference", 9))
				TRY(lead(h, child));
		}
	}
	return OK;
}

/* --- one resource --- */

static void drop(struct node *object, const char *name)
{
	struct node *n = node_get(object, name);

	if (n)
		node_remove(object, n);
}

/* Ours to say: id, version, times; who said it. */
static void mark(struct hearing *h, struct told *t)
{
	struct arena *a = h->c->arena;
	struct node *meta = node_get(t->resource, "meta");

	drop(t->resource, "id");
	if (!meta)
		meta = node_add(a, t->resource, "meta", NODE_OBJECT);
	drop(meta, "versionId");
	drop(meta, "lastUpdated");
	drop(meta, "source");
	if (h->source.len)
		node_add_str(a, meta, "source", h->source);
	if (t->ours.len)
		node_insert(t->resource, t->resource->first, "id", node_add_str(a, node_new(a, NODE_ARRAY), NULL, t->ours));
}

/* Told before was something newer; of the same moment, of a later version. */
static bool is_older(const struct told *t, const struct node *known)
{
	struct when was, now;
	int64_t before, version;
	int order;

	if (!when_parse_instant(node_str(known, "t"), &was) || !when_parse_instant(t->updated, &now) ||
	    !when_cmp(now, was, &order))
		return false;
	if (order || !str_int(node_str(known, "v"), &before) || !str_int(t->version, &version))
		return order < 0;
	return version < before;
}

static enum err know(struct hearing *h, struct told *t, enum state_kind kind)
{
	READER(db);
	struct state *s = NEW(h->c->arena, struct state);

	TRY(store_reader(h->c, h->c->place->store, &db));
	TRY(state_read(h->c, db, kind,
		       str_of(arena_printf(h->c->arena, "fhir|%s|" STR_FMT "/" STR_FMT, h->feed->name,
					   STR_ARG(t->type), STR_ARG(t->id))), s));
	t->old = is_older(t, s->body);
	t->state = s;
	*vec_push(&h->states, h->c->arena) = s;
	return OK;
}

static void set(struct hearing *h, struct node *object, const char *name, struct str text)
{
	drop(object, name);
	node_add_str(h->c->arena, object, name, text);
}

/* What is known of it now: when it was so, and that it is there, or not. */
static void note_told(struct hearing *h, struct told *t)
{
	struct node *body = t->state->body;

	if (t->resource || t->updated.len)
		set(h, body, "t", t->updated);
	drop(body, "v");
	drop(body, "gone");
	if (t->version.len)
		set(h, body, "v", t->version);
	if (!t->resource)
		node_add_bool(h->c->arena, body, "gone", true);
}

/* Those told before in this message are written first, each on its own, so that another who could be
 * one of them is decided about with them there. */
static enum err admit_waiting(struct hearing *h)
{
	for (size_t i = 0; i < h->admissions.len; i++)
		TRY(identity_write(h->c, h->admissions.at[i]));
	h->admissions.len = 0;
	return OK;
}

static bool meets_others(const struct hearing *h, const struct admission *a)
{
	for (size_t i = 0; i < h->admissions.len; i++)
		if (identity_meets(a, h->admissions.at[i]))
			return true;
	return false;
}

static enum err prepare_person(struct hearing *h, struct told *t)
{
	struct admission *a;

	TRY(identity_prepare(h->c, t->resource, h->source, &a));
	if (meets_others(h, a)) {
		TRY(admit_waiting(h));
		TRY(identity_prepare(h->c, t->resource, h->source, &a));
	}
	*vec_push(&h->admissions, h->c->arena) = a;
	t->ours = identity_prepared(a)->id;
	h->news |= !identity_prepared(a)->unchanged;
	return OK;
}

/* Their id is an identifier like any other. */
static enum err admit(struct hearing *h, struct told *t)
{
	struct arena *a = h->c->arena;
	struct node *list, *own;

	TRY(know(h, t, STATE_PERSON));
	t->ours = node_str(t->state->body, "id");
	if (!t->resource)
		return OK;
	t->old = t->old && (t->ours.len || node_get(t->state->body, "gone"));
	if (t->old)
		return OK;
	t->ours = (struct str){ 0 };
	mark(h, t);
	drop(t->resource, "link");
	list = node_get(t->resource, "identifier");
	if (!list)
		list = node_add(a, t->resource, "identifier", NODE_ARRAY);
	own = node_add(a, list, NULL, NODE_OBJECT);
	node_add_cstr(a, own, "system", arena_printf(a, "https://causeway.example/fhir/Id/" STR_FMT "/fhir-patient",
						     STR_ARG(h->org)));
	node_add_str(a, own, "value", t->id);
	TRY(lead_all(h, t->resource));
	atoms_adopt(h->c->place->fhir->atoms, t->resource);
	TRY(prepare_person(h, t));
	set(h, t->state->body, "id", t->ours);
	note_told(h, t);
	return OK;
}

static enum err prepare(struct hearing *h, struct told *t)
{
	struct put *put;

	TRY(know(h, t, STATE_ROW));
	if (t->old || !t->resource)
		return OK;
	mark(h, t);
	TRY(lead_all(h, t->resource));
	atoms_adopt(h->c->place->fhir->atoms, t->resource);
	note_told(h, t);
	for (size_t i = 0; i < h->puts.len; i++)
		if (str_eq(h->puts.at[i].id, t->ours) && str_eq(h->puts.at[i].type, t->type))
			return fail(h->c, ERR_INVALID, "The same resource is told twice.");
	put = vec_push(&h->puts, h->c->arena);
	*put = (struct put){ .type = t->type, .id = t->ours,
			     .write = { .resource = t->resource, .org = h->source } };
	return OK;
}

/* --- the whole --- */

static void put_provenance(struct hearing *h)
{
	struct arena *a = h->c->arena;
	struct node *p = node_new(a, NODE_OBJECT), *list, *n;
	struct str id = our_id(h, STR("message"), h->m->hash);

	node_add_cstr(a, p, "resourceType", "Provenance");
	node_add_str(a, p, "id", id);
	node_add_str(a, node_add(a, p, "meta", NODE_OBJECT), "source", h->source);
	list = node_add(a, p, "target", NODE_ARRAY);
	for (size_t i = 0; i < h->told.len; i++)
		if (h->told.at[i].resource && !h->told.at[i].old)
			node_add_str(a, node_add(a, list, NULL, NODE_OBJECT), "reference",
				     say(h, h->told.at[i].type, "/", h->told.at[i].ours));
	if (!list->len)
		return;
	node_add_str(a, p, "recorded", when_print_us(a, h->m->received));
	n = node_add(a, node_add(a, p, "agent", NODE_ARRAY), NULL, NODE_OBJECT);
	n = node_add(a, node_add(a, n, "who", NODE_OBJECT), "identifier", NODE_OBJECT);
	node_add_cstr(a, n, "system", "https://fhir.nhs.uk/Id/ods-organization-code");
	node_add_str(a, n, "value", h->org);
	n = node_add(a, node_add(a, p, "entity", NODE_ARRAY), NULL, NODE_OBJECT);
	node_add_cstr(a, n, "role", "source");
	n = node_add(a, node_add(a, n, "what", NODE_OBJECT), "identifier", NODE_OBJECT);
	node_add_cstr(a, n, "system", "https://causeway.example/fhir/Id/message");
	node_add_str(a, n, "value", h->m->hash);
	atoms_adopt(h->c->place->fhir->atoms, p);
	*vec_push(&h->puts, a) = (struct put){ .type = STR("Provenance"), .id = id, .companion = !h->news,
					       .write = { .resource = p, .org = h->source } };
}

static enum err keep(struct ctx *c, struct db *db, void *arg)
{
	struct hearing *h = arg;
	struct message m = *h->m;
	bool news = h->news;

	for (size_t i = 0; i < h->admissions.len; i++)
		TRY(identity_apply(c, db, h->admissions.at[i]));
	for (size_t i = 0; i < h->puts.len; i++)
		news |= !h->puts.at[i].companion && !h->puts.at[i].written.unchanged;
	m.state = news ? MESSAGE_APPLIED : MESSAGE_SUPERSEDED;
	for (size_t i = 0; i < h->states.len; i++)
		if (h->states.at[i]->body->len)
			TRY(state_write(c, db, h->states.at[i]));
	TRY(message_keep(c, db, &m));
	h->m->state = m.state;
	return OK;
}

/* For people who look at the message: what it is, and when it was so. */
static void note_what(struct message *m, const struct node *tree)
{
	struct when w;
	int64_t to;

	const struct node *only = node_at(node_get(tree, "entry"), 0);

	if (!m->kind.len && only && !only->next && str_is(node_str(node_get(only, "request"), "method"), "DELETE"))
		m->kind = STR("Deletion");
	if (!m->kind.len)
		m->kind = node_str(tree, "resourceType");
	if (!m->sent && when_parse_instant(node_str(node_get(tree, "meta"), "lastUpdated"), &w))
		when_range(w, 0, &m->sent, &to);
}

static void note_deletions(struct hearing *h)
{
	for (size_t i = 0; i < h->told.len; i++)
		if (!h->told.at[i].resource && !h->told.at[i].old)
			note_told(h, &h->told.at[i]);
	if (!h->note)
		return;
	h->m->flags |= MESSAGE_NOTED;
	h->m->reason = str_of(h->note);
}

static enum err work_once(struct hearing *h)
{
	struct ctx *c = h->c;
	struct node *tree;

	TRY(fhir_read_json(c, c->place->fhir, c->arena, h->m->body, &tree));
	note_what(h->m, tree);
	map_init(&h->by_name, c->arena);
	if (str_is(node_str(tree, "resourceType"), "Bundle"))
		TRY(hear_bundle(h, tree));
	else
		TRY(hear(h, tree, STR("")));
	for (size_t i = 0; i < h->told.len; i++)
		if (!str_is(h->told.at[i].type, "Patient"))
			h->told.at[i].ours = our_id(h, h->told.at[i].type, h->told.at[i].id);
	for (unsigned patients = 2; patients-- > 0;) /* they first: others refer to them */
		for (size_t i = 0; i < h->told.len; i++) {
			struct told *t = &h->told.at[i];
			if (str_is(t->type, "Patient") != (patients == 1))
				continue;
			h->place = arena_printf(c->arena, STR_FMT "/" STR_FMT, STR_ARG(t->type), STR_ARG(t->id));
			TRY(patients ? admit(h, t) : prepare(h, t));
		}
	h->place = NULL;
	TRY(fhir_delete_all(h));
	note_deletions(h);
	put_provenance(h);
	TRY(record_put_often(c, h->puts.at, h->puts.len, keep, h));
	for (size_t i = 0; i < h->admissions.len; i++)
		TRY(identity_applied(c, h->admissions.at[i]));
	return OK;
}

static bool passing(enum err e)
{
	return e == ERR_STORE || e == ERR_BUSY || e == ERR_STOPPED || e == ERR_IO || e == ERR_INTERNAL;
}

static struct hearing begin(struct ctx *c, const struct feed *feed, struct message *m)
{
	return (struct hearing){ .c = c, .feed = feed, .m = m, .org = str_of(feed->org),
				 .source = feed_source(c->arena, str_of(feed->org)) };
}

static enum err set_aside(struct hearing *h, enum err e)
{
	struct ctx *c = h->c;
	const struct issue *issue = c->issues.first;

	h->m->state = e == ERR_SYNTAX || e == ERR_UNSUPPORTED ? MESSAGE_REJECTED : MESSAGE_QUARANTINED;
	h->m->place = str_of(h->place ? h->place : issue && issue->where ? issue->where : "");
	h->m->reason = str_of(issue && e == ERR_INVALID
				      ? arena_printf(c->arena, "%s%s%s", issue->where ? issue->where : "",
						     issue->where ? ": " : "", issue->text)
				      : arena_str(c->arena, c->why));
	if (h->m->reason.len > 500)
		h->m->reason.len = 500;
	struct message kept = *h->m;
	enum err k = message_keep_alone(c, &kept);
	h->m->key = kept.key;
	return k == ERR_STALE ? OK : k;
}

/* Kept from before, by the same bytes: what became of it stands. */
static enum err look_up(struct ctx *c, struct message *m)
{
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	return message_seen(c, db, m);
}

enum err fhir_work(struct ctx *c, const struct feed *feed, struct message *m, struct str *answer)
{
	enum err e = ERR_STALE;
	struct hearing h = begin(c, feed, m);

	*answer = (struct str){ 0 };
	m->hash = message_hash(c->arena, m->body);
	m->state_at = clock_now(c->clock);
	m->mapping = STR("FHIR R4");
	if (!m->key) {
		m->control = m->hash;
		TRY(look_up(c, m));
		if (m->key && (m->state == MESSAGE_APPLIED || m->state == MESSAGE_SUPERSEDED))
			return OK;
	}
	m->tries++;
	m->place = m->reason = (struct str){ 0 };
	TRY(message_pack(c, m));
	for (unsigned i = 0; i < ATTEMPTS && (e == ERR_STALE || e == ERR_CONFLICT); i++) {
		h = begin(c, feed, m);
		c->issues = (struct issues){ 0 };
		feeds_turn(c->place->feeds, i);
		e = work_once(&h);
		feeds_turn_done(c->place->feeds);
	}
	if (e && !passing(e))
		e = set_aside(&h, e);
	return e;
}

/* --- ways in --- */

enum err feed_fhir_take(struct ctx *c, const struct feed *feed, struct str body, struct message *out)
{
	struct message m = { .feed = feed->key, .received = clock_now(c->clock), .body = body };
	struct str answer;

	TRY(feeds_open(c));
	TRY(fhir_work(c, feed, &m, &answer));
	*out = m;
	return OK;
}

static enum err take_one(struct ctx *c, const struct feed *feed, struct str body, struct pull_count *n)
{
	struct message m;

	TRY(feed_fhir_take(c, feed, body, &m));
	n->resources++;
	n->refused += m.state == MESSAGE_REJECTED || m.state == MESSAGE_QUARANTINED;
	return OK;
}

enum err feed_fhir_file(struct ctx *c, const struct feed *feed, const char *path,
			const struct progress *progress, struct pull_count *out)
{
	struct pull_count n = { 0 };
	struct str name = str_of(path), line;
	int64_t still;
	bool more = true, single = str_ends(name, STR(".json"));
	LINES(lines);
	struct str whole;

	if (single) {
		TRY(file_read(c, c->arena, path, (size_t)64 << 20, &whole));
		TRY(take_one(c, feed, whole, &n));
	} else {
		TRY(lines_open(c, path, (size_t)64 << 20, &lines));
	}
	while (!single) {
		ARENA(arena);
		struct ctx one = *c;
		one.arena = &arena;
		enum err e = lines_next(&one, lines, &arena, &line, &more);
		if (!e && !more)
			break;
		if (!e && str_trim(line).len)
			e = take_one(&one, feed, str_trim(line), &n);
		if (!e)
			e = ctx_check(&one);
		if (e)
			return fail(c, e, "%s", one.why);
		if (progress && !progress->tick(progress->arg, n.resources, 0, "resources"))
			return fail(c, ERR_STOPPED, "Stopped.");
	}
	if (n.refused)
		TRY(message_replay_all(c, feed->key, NULL, &n.mended, &still));
	*out = n;
	return OK;
}
