/* v2.c - one HL7 v2 message: read, understood, written and kept as one transaction, answered. */
#include "feed/v2.h"

#include <stdio.h>

enum { ATTEMPTS = 20 };

/* --- small tools of all v2 files --- */

enum err v2_fail(struct v2 *v, struct hl7_where where, int code, const char *format, ...)
{
	char text[sizeof v->c->why];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	v->run.where = where;
	v->code = code;
	return fail(v->c, ERR_INVALID, "%s", text);
}

struct str v2_id(struct v2 *v, const char *what, struct str a, struct str b)
{
	return message_hash(v->c->arena,
			    str_of(arena_printf(v->c->arena, "%s|" STR_FMT "|" STR_FMT "|" STR_FMT, what,
						STR_ARG(v->org), STR_ARG(a), STR_ARG(b))));
}

struct str v2_text(struct v2 *v, const struct hl7_segment *s, unsigned field, unsigned component)
{
	return s ? hl7_get(v->m, v->c->arena, s, field, component) : (struct str){ 0 };
}

static struct hl7_where at_field(const struct hl7_segment *s, unsigned field)
{
	struct hl7_where w = { .occurrence = s->occurrence, .field = field };

	memcpy(w.segment, s->name, 4);
	return w;
}

enum err v2_when(struct v2 *v, const struct hl7_segment *s, unsigned field, struct hl7_time *out)
{
	struct str text = v2_text(v, s, field, 1);
	size_t zeros = 0;

	while (zeros < text.len && text.at[zeros] == '0')
		zeros++;
	if (zeros == text.len) {
		*out = (struct hl7_time){ 0 };
		return OK;
	}
	if (!hl7_time_read(text, out))
		return v2_fail(v, at_field(s, field), 102, "%s-%u is no date or time that exists.",
			       s->name, field);
	return OK;
}

struct node *v2_put(struct v2 *v, const char *type, struct str id)
{
	struct arena *a = v->c->arena;
	struct node *resource = node_new(a, NODE_OBJECT);
	struct put *put = vec_push(&v->puts, a);

	node_add_cstr(a, resource, "resourceType", type);
	node_add_str(a, resource, "id", id);
	if (v->source.len)
		node_add_str(a, node_add(a, resource, "meta", NODE_OBJECT), "source", v->source);
	*put = (struct put){ .type = str_of(type),
			     .id = id,
			     .write = { .resource = resource, .org = v->source } };
	return resource;
}

enum err v2_put_older(struct v2 *v, const char *type, struct str id, bool older, struct node **out)
{
	struct node *aside = NULL;
	struct version version;

	if (older) {
		enum err e = record_read(v->c, str_of(type), id, &version);
		if (e == OK || e == ERR_GONE)
			aside = node_new(v->c->arena, NODE_OBJECT);
		else if (e != ERR_NOT_FOUND)
			return e;
	}
	*out = aside ? aside : v2_put(v, type, id);
	return OK;
}

void v2_put_once(struct v2 *v)
{
	struct put *put = &v->puts.at[v->puts.len - 1];
	struct buf b;

	buf_init(&b, v->c->arena, 0);
	json_write(&b, put->write.resource, 0);
	uint64_t hash = hash_bytes(b.at, b.len) | 1;
	bool stands = atomic_load_explicit(&v->feeds->known[hash % FEED_KNOWN],
					   memory_order_relaxed) == hash;
	for (size_t i = 0; i + 1 < v->puts.len; i++)
		stands |= str_eq(v->puts.at[i].id, put->id);
	if (stands)
		v->puts.len--;
	else
		*vec_push(&v->once, v->c->arena) = hash;
}

struct node *v2_reference(struct v2 *v, struct node *into, const char *name, const char *type,
			  struct str id)
{
	struct node *n = name || into->kind == NODE_ARRAY
				 ? node_add(v->c->arena, into, name, NODE_OBJECT)
				 : into;

	node_add_cstr(v->c->arena, n, "reference",
		      arena_printf(v->c->arena, "%s/" STR_FMT, type, STR_ARG(id)));
	return n;
}

void v2_subject(struct v2 *v, struct node *resource, const char *name)
{
	struct node *n = node_add(v->c->arena, resource, name, NODE_OBJECT);

	*vec_push(&v->subjects, v->c->arena) = node_add_cstr(v->c->arena, n, "reference", "");
}

enum err v2_state(struct v2 *v, enum state_kind kind, struct str name, struct state **out)
{
	READER(db);

	for (size_t i = 0; i < v->states.len; i++)
		if (v->states.at[i]->kind == kind && str_eq(v->states.at[i]->name, name)) {
			*out = v->states.at[i];
			return OK;
		}
	struct state *s = NEW(v->c->arena, struct state);
	TRY(store_reader(v->c, v->c->place->store, &db));
	TRY(state_read(v->c, db, kind, name, s));
	*vec_push(&v->states, v->c->arena) = s;
	*out = s;
	return OK;
}

int64_t v2_time(const struct node *object, const char *name)
{
	int64_t n = 0;

	return str_int(node_text(node_get(object, name)), &n) ? n : 0;
}

void v2_set_time(struct v2 *v, struct node *object, const char *name, int64_t at)
{
	struct node *n = node_get(object, name);

	if (n)
		node_remove(object, n);
	node_add_int(v->c->arena, object, name, at);
}

void v2_set(struct v2 *v, struct node *object, const char *name, struct str text)
{
	struct node *n = node_get(object, name);

	if (n && str_eq(node_text(n), text))
		return;
	if (n)
		node_remove(object, n);
	node_add_str(v->c->arena, object, name, text);
}

/* --- the head --- */

static enum err head_missing(struct v2 *v, unsigned field)
{
	struct hl7_where w = { .segment = "MSH", .field = field };

	return v2_fail(v, w, 101, "MSH-%u is missing.", field);
}

static enum err read_kind(struct v2 *v, const struct hl7_segment *msh)
{
	struct str type = v2_text(v, msh, 9, 1), event = v2_text(v, msh, 9, 2);
	struct hl7_where w = { .segment = "MSH", .field = 9 };
	bool known;

	if (!type.len)
		return head_missing(v, 9);
	if (!event.len)
		event = v2_text(v, hl7_segment(v->m, "EVN", 1), 1, 1);
	v->message->kind = str_of(arena_printf(v->c->arena, "%.20s^%.20s", str_dup(v->c->arena, type),
					       str_dup(v->c->arena, event)));
	v->trigger = v2_trigger(type, event, &known);
	if (!known)
		return v2_fail(v, w, 200, "MSH-9: messages of this type are not taken.");
	if (!v->trigger)
		return v2_fail(v, w, 201, "MSH-9: this event is not taken.");
	return OK;
}

static enum err read_head(struct v2 *v)
{
	const struct hl7_segment *msh = hl7_segment(v->m, "MSH", 1);
	struct str version = v2_text(v, msh, 12, 1), processing = v2_text(v, msh, 11, 1);
	struct hl7_time sent;

	if (msh->number != 1 || hl7_segment(v->m, "MSH", 2))
		return v2_fail(v, (struct hl7_where){ .segment = "MSH", .occurrence = 2 }, 100,
			       "A message has one MSH, its first segment.");
	TRY(read_kind(v, msh));
	if (!v2_text(v, msh, 10, 1).len)
		return head_missing(v, 10);
	if (version.len && !(version.len >= 3 && str_starts(version, STR("2.")) &&
			     version.at[2] >= '1' && version.at[2] <= '9'))
		return v2_fail(v, (struct hl7_where){ .segment = "MSH", .field = 12 }, 203,
			       "MSH-12: this version is not taken.");
	if (processing.len && !str_is(processing, "P") && !str_is(processing, "T") &&
	    !str_is(processing, "D"))
		return v2_fail(v, (struct hl7_where){ .segment = "MSH", .field = 11 }, 202,
			       "MSH-11 is P, T or D.");
	TRY(v2_when(v, msh, 7, &sent));
	v->message->sent = sent.at;
	v->at = sent.at;
	TRY(v2_when(v, hl7_segment(v->m, "EVN", 1), 2, &sent));
	if (sent.at)
		v->at = sent.at;
	if (!v->at)
		v->at = v->message->received;
	return OK;
}

static struct str sender_org(struct v2 *v)
{
	struct str said = v2_text(v, hl7_segment(v->m, "MSH", 1), 4, 1);
	char *org = str_dup(v->c->arena, said);
	size_t len = 0;

	if (*v->feed->org)
		return str_of(v->feed->org);
	for (size_t i = 0; i < said.len && len < 20; i++) {
		char ch = said.at[i] >= 'a' && said.at[i] <= 'z' ? (char)(said.at[i] - 32) : said.at[i];
		if ((ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9'))
			org[len++] = ch;
	}
	return len ? (struct str){ org, len } : STR("UNKNOWN");
}

/* --- the whole --- */

static enum err segment_needed(struct v2 *v, const char *name)
{
	struct hl7_where w = { .occurrence = 1 };

	memcpy(w.segment, name, 4);
	if (hl7_segment(v->m, name, 1))
		return OK;
	return v2_fail(v, w, 100, "%s is missing.", name);
}

static enum err understand(struct v2 *v)
{
	unsigned effects = v->trigger->effects;

	TRY(segment_needed(v, "PID"));
	v->pid = hl7_segment(v->m, "PID", 1);
	v->pv1 = hl7_segment(v->m, "PV1", 1);
	if (effects & V2_VISIT && !(effects & V2_SNAPSHOT))
		TRY(segment_needed(v, "PV1"));
	if (effects & V2_MERGE)
		TRY(segment_needed(v, "MRG"));
	if (effects & V2_RESULT)
		TRY(segment_needed(v, "OBR"));
	if (effects & V2_DOCUMENT)
		TRY(segment_needed(v, "TXA"));
	TRY(v2_organisation(v, v->org, str_of(*v->feed->org ? v->feed->title : ""), NULL));
	TRY(v2_person(v));
	if (effects & V2_VISIT && v->pv1)
		TRY(v2_visit(v));
	TRY(v2_clinical(v));
	if (effects & V2_RESULT)
		TRY(v2_result(v));
	return effects & V2_DOCUMENT ? v2_document(v) : OK;
}

static void put_provenance(struct v2 *v)
{
	struct arena *a = v->c->arena;
	struct str id = v2_id(v, "message", v->message->control, v->message->hash);
	struct node *p = v2_put(v, "Provenance", id), *list, *agent, *entity, *what;

	v->puts.at[v->puts.len - 1].companion = true;
	list = node_add(a, p, "target", NODE_ARRAY);
	if (v->patient_id.len)
		v2_reference(v, list, NULL, "Patient", v->patient_id);
	for (size_t i = 0; i + 1 < v->puts.len; i++) {
		const struct put *put = &v->puts.at[i];
		if (!str_is(put->type, "Practitioner") && !str_is(put->type, "Organization") &&
		    !str_is(put->type, "Location"))
			v2_reference(v, list, NULL, str_dup(a, put->type), put->id);
	}
	node_add_str(a, p, "recorded", when_print_us(a, v->message->received));
	agent = node_add(a, node_add(a, p, "agent", NODE_ARRAY), NULL, NODE_OBJECT);
	what = node_add(a, agent, "who", NODE_OBJECT);
	what = node_add(a, what, "identifier", NODE_OBJECT);
	node_add_cstr(a, what, "system", "https://fhir.nhs.uk/Id/ods-organization-code");
	node_add_str(a, what, "value", v->org);
	entity = node_add(a, node_add(a, p, "entity", NODE_ARRAY), NULL, NODE_OBJECT);
	node_add_cstr(a, entity, "role", "source");
	what = node_add(a, entity, "what", NODE_OBJECT);
	what = node_add(a, what, "identifier", NODE_OBJECT);
	node_add_cstr(a, what, "system", "https://causeway.example/fhir/Id/message");
	node_add_str(a, what, "value", v->message->hash);
}

static void describe_notes(struct v2 *v)
{
	struct buf b;

	if (!v->run.notes.len)
		return;
	v->message->flags |= MESSAGE_NOTED;
	buf_init(&b, v->c->arena, 480);
	for (size_t i = 0; i < v->run.notes.len && i < 4; i++)
		buf_printf(&b, "%s%s %s", i ? " " : "",
			   hl7_where_print(v->c->arena, v->run.notes.at[i].where),
			   v->run.notes.at[i].text);
	v->message->reason = buf_get(&b);
	v->message->place =
		str_of(hl7_where_print(v->c->arena, v->run.notes.at[0].where));
}

struct writing {
	struct v2 *v;
	bool admitted;
};

static enum err write_rest(struct ctx *c, struct db *db, void *arg)
{
	struct writing *w = arg;
	struct message m = *w->v->message;
	bool news = w->admitted;

	if (w->v->admission)
		TRY(identity_apply(c, db, w->v->admission));
	for (size_t i = 0; i < w->v->puts.len; i++)
		news |= !w->v->puts.at[i].companion && !w->v->puts.at[i].written.unchanged;
	m.state = news ? MESSAGE_APPLIED : MESSAGE_SUPERSEDED;
	for (size_t i = 0; i < w->v->states.len; i++)
		TRY(state_write(c, db, w->v->states.at[i]));
	return message_keep(c, db, &m);
}

static enum err write_all(struct v2 *v)
{
	struct writing w = { .v = v };

	TRY(v2_admit(v, &w.admitted));
	for (size_t i = 0; i < v->subjects.len; i++) {
		struct node *n = v->subjects.at[i];
		n->text = arena_printf(v->c->arena, "Patient/" STR_FMT, STR_ARG(v->patient_id));
		n->len = (uint32_t)(8 + v->patient_id.len);
	}
	put_provenance(v);
	if (w.admitted)
		v->puts.at[v->puts.len - 1].companion = false;
	describe_notes(v);
	for (size_t i = 0; i < v->states.len; i++)
		state_print(v->c, v->states.at[i]);
	TRY(record_put_often(v->c, v->puts.at, v->puts.len, write_rest, &w));
	for (size_t i = 0; i < v->once.len; i++)
		atomic_store_explicit(&v->feeds->known[v->once.at[i] % FEED_KNOWN], v->once.at[i],
				      memory_order_relaxed);
	for (size_t i = 0; i < v->named.len; i++)
		feeds_name(v->feeds, &v->named.at[i]);
	return v->admission ? identity_applied(v->c, v->admission) : OK;
}

static enum err look_up(struct ctx *c, struct message *m)
{
	READER(db);

	TRY(store_reader(c, c->place->store, &db));
	return message_seen(c, db, m);
}

static bool is_done(const struct message *m)
{
	return m->key && (m->state == MESSAGE_APPLIED || m->state == MESSAGE_SUPERSEDED);
}

static struct v2 begin(struct ctx *c, const struct feed *feed, struct message *message,
		       const struct hl7 *m)
{
	struct v2 v = { .c = c, .feed = feed, .feeds = c->place->feeds, .message = message, .m = m };

	v.run = (struct map_run){ .c = c, .maps = v.feeds->maps, .m = m, .refer = v2_refer };
	return v;
}

/* Whose messages must wait for each other: those about the same person, or the same merge. */
static void lock_all(struct v2 *v, unsigned locks[2], bool lock)
{
	for (unsigned i = 0; i < 2; i++) {
		pthread_mutex_t *m = &v->feeds->locks[locks[lock ? i : 1 - i]];
		if (i == 1 && locks[0] == locks[1])
			break;
		if (!lock) {
			pthread_mutex_unlock(m);
		} else if (pthread_mutex_trylock(m)) {
			turn_rest();
			pthread_mutex_lock(m);
			turn_go_on();
		}
	}
}

static void find_locks(struct v2 *v, unsigned locks[2])
{
	struct str name;

	for (unsigned i = 0; i < 2; i++) {
		const struct hl7_segment *s = hl7_segment(v->m, i ? "MRG" : "PID", 1);
		locks[i] = i ? locks[0] : 0;
		if (s && v2_person_name(v, s, i ? 1 : 3, &name) == OK)
			locks[i] = (unsigned)(hash_bytes(name.at, name.len) % FEED_LOCKS);
	}
	if (locks[0] > locks[1]) {
		unsigned first = locks[1];
		locks[1] = locks[0];
		locks[0] = first;
	}
}

static enum err work_once(struct v2 *v)
{
	v->run.own = str_of(arena_printf(v->c->arena, "https://causeway.example/fhir/" STR_FMT "/",
					 STR_ARG(v->org)));
	v->run.arg = v;
	HOLD(moment);
	TRY(store_hold(v->c, v->c->place->store));
	TRY(understand(v));
	return write_all(v);
}

static enum err work(struct v2 *v)
{
	enum err e = ERR_STALE;
	unsigned locks[2];

	TRY(read_head(v));
	v->org = sender_org(v);
	v->source = feed_source(v->c->arena, v->org);
	find_locks(v, locks);
	struct v2 start = *v;
	lock_all(v, locks, true);
	for (unsigned i = 0; i < ATTEMPTS && (e == ERR_STALE || e == ERR_CONFLICT); i++) {
		*v = start;
		v->c->issues = (struct issues){ 0 };
		feeds_turn(v->feeds, i);
		e = work_once(v);
		feeds_turn_done(v->feeds);
		if (e == ERR_STALE && !v->message->key) {
			TRY(look_up(v->c, v->message));
			if (is_done(v->message)) /* it came by two connections at once */
				e = OK;
		}
	}
	lock_all(v, locks, false);
	return e;
}

enum err v2_people(struct ctx *c, const struct feed *feed, struct str body, struct str names[2])
{
	struct message message = { .body = body };
	struct hl7_where where;
	struct hl7 *read;

	TRY(hl7_read(c, c->arena, body, feed->charset, &read, &where));
	struct v2 v = begin(c, feed, &message, read);
	v.org = sender_org(&v);
	for (unsigned i = 0; i < 2; i++) {
		const struct hl7_segment *s = hl7_segment(v.m, i ? "MRG" : "PID", 1);

		names[i] = (struct str){ 0 };
		if (s)
			TRY(v2_person_name(&v, s, i ? 1 : 3, &names[i]));
	}
	return OK;
}

static bool passing(enum err e)
{
	return e == ERR_STORE || e == ERR_BUSY || e == ERR_STOPPED || e == ERR_STALE || e == ERR_IO;
}

/* Kept as it came with the reason, to be looked at and replayed. */
static enum err set_aside(struct v2 *v, enum err e)
{
	struct message *m = v->message;

	m->state = e == ERR_SYNTAX || e == ERR_UNSUPPORTED || (v->code >= 200 && v->code <= 203)
			   ? MESSAGE_REJECTED
			   : MESSAGE_QUARANTINED;
	if (v->c->issues.first && !v->code)
		snprintf(v->c->why, sizeof v->c->why, "%s: %s",
			 v->c->issues.first->where ? v->c->issues.first->where : "record",
			 v->c->issues.first->text);
	m->place = str_of(hl7_where_print(v->c->arena, v->run.where));
	m->reason = str_of(arena_str(v->c->arena, v->c->why));
	struct message kept = *m;
	enum err keep = message_keep_alone(v->c, &kept);
	if (keep == ERR_STALE) /* the same bytes came twice at once: they are kept */
		keep = OK;
	memcpy(v->c->why, m->reason.at, m->reason.len + 1);
	return keep;
}

static void name_message(struct v2 *v)
{
	const struct hl7_segment *msh = v->m ? hl7_segment(v->m, "MSH", 1) : NULL;
	struct arena *a = v->c->arena;

	v->message->control =
		str_of(arena_printf(a, STR_FMT "|" STR_FMT "|" STR_FMT, STR_ARG(v2_text(v, msh, 3, 1)),
				    STR_ARG(v2_text(v, msh, 4, 1)), STR_ARG(v2_text(v, msh, 10, 1))));
	if (v->message->part > 1) /* each has a number of its own */
		v->message->control = str_of(arena_printf(a, "%u|" STR_FMT, v->message->part,
							  STR_ARG(v->message->control)));
	if (v->message->control.len > 300)
		v->message->control.len = 300;
	while (!str_utf8(v->message->control, &(size_t){ 0 }))
		v->message->control.len--;
}

enum err v2_work(struct ctx *c, const struct feed *feed, struct message *m, struct str *answer)
{
	struct hl7 *read = NULL;
	struct hl7_where where = { 0 };
	bool again = m->key != 0;
	enum err e = hl7_read(c, c->arena, m->body, feed->charset, &read, &where);
	struct v2 v = begin(c, feed, m, e ? NULL : read);

	v.run.where = where;
	m->hash = message_hash(c->arena, m->body);
	m->state_at = clock_now(c->clock);
	m->mapping = str_of(v.feeds->maps->version);
	if (!again) {
		name_message(&v);
		char why[sizeof c->why];
		memcpy(why, c->why, sizeof why);
		TRY(look_up(c, m));
		memcpy(c->why, why, sizeof why);
	}
	if (!again && is_done(m)) {
		*answer = v2_ack_wanted(&v, OK) ? v2_ack(&v, m->body, OK, where) : (struct str){ 0 };
		return OK;
	}
	m->tries++;
	m->place = m->reason = (struct str){ 0 };
	TRY(message_pack(c, m));
	if (!e)
		e = work(&v);
	if (e && !passing(e)) {
		enum err kept = set_aside(&v, e);
		if (kept)
			e = kept;
	} else if (!e) {
		m->state = MESSAGE_APPLIED;
	}
	*answer = v2_ack_wanted(&v, e) ? v2_ack(&v, m->body, e, v.run.where) : (struct str){ 0 };
	return passing(e) ? e : OK;
}
