/* v2_person.c - who a message is about: PID and PD1, gathered over all messages; MRG.
 *
 * The state of a person holds each field of PID and PD1 as it was last said, with the time of the
 * message that said it. So messages in any order come to the same person. Two names for one
 * person (A40, A34) become one state: the other only says where. */
#include "feed/v2.h"
#include "identity/blend.h"
#include "identity/merge.h"
#include "identity/nhs_number.h"

enum { ALIASES = 8, PID_FIELDS = 40, PD1_FIELDS = 22, PID_NAME = 5, PID_ADDRESS = 11 };

/* The first identifier of the sender's own; an NHS number only where there is no other. */
enum err v2_person_name(struct v2 *v, const struct hl7_segment *s, unsigned field, struct str *out)
{
	struct arena *a = v->c->arena;
	struct str list = hl7_field(s, field), best = { 0 };
	struct hl7_where w = { .occurrence = s->occurrence, .field = field };

	memcpy(w.segment, s->name, 4);
	if (field == 3 && !hl7_repeats(v->m, list))
		list = hl7_field(s, 2);
	for (unsigned n = 1; n <= hl7_repeats(v->m, list) && n <= 50; n++) {
		struct node *id = node_new(a, NODE_OBJECT);
		v2_identifier(v, hl7_repeat(v->m, list, n), id);
		struct str value = node_str(id, "value"), system = node_str(id, "system");
		if (!value.len)
			continue;
		struct str name = str_of(arena_printf(a, STR_FMT "|" STR_FMT "|" STR_FMT, STR_ARG(v->org),
						      STR_ARG(system), STR_ARG(value)));
		if (!best.len)
			best = name;
		if (!str_is(system, NHS_NUMBER_SYSTEM)) {
			best = name;
			break;
		}
	}
	if (!best.len || best.len > 500)
		return v2_fail(v, w, 101, "%s-%u has no identifier of a person.", s->name, field);
	*out = best;
	return OK;
}

/* Has somebody taken the merge back that made one state stand for the other? Then each is itself again. */
static enum err parted(struct v2 *v, const struct state *one, const struct state *other, bool *out)
{
	struct str a = node_str(one->body, "id"), b = node_str(other->body, "id");

	if (a.len && b.len && !str_eq(a, b)) {
		TRY(merge_head(v->c, a, &a));
		TRY(merge_head(v->c, b, &b));
	}
	*out = a.len && b.len && !str_eq(a, b);
	return OK;
}

/* The state a name leads to, through merges that hold. */
static enum err follow(struct v2 *v, struct str name, struct state **out)
{
	TRY(v2_state(v, STATE_PERSON, name, out));
	for (unsigned i = 0; i < ALIASES; i++) {
		struct str alias = node_str((*out)->body, "alias");
		struct state *next;
		bool apart;

		if (!alias.len)
			return OK;
		TRY(v2_state(v, STATE_PERSON, alias, &next));
		TRY(parted(v, *out, next, &apart));
		if (apart)
			return OK;
		*out = next;
	}
	return OK;
}

/* --- fields --- */

/* PID-2 and PID-3 of a message that names a merged number: it stays the number of whom it was, who may
 * be parted again. */
static bool another_s_number(const struct v2 *v, const struct hl7_segment *s, unsigned field)
{
	return v->renamed && s == v->pid && (field == 2 || field == 3);
}

/* A name or address that comes after newer ones is a former one, as it would be had it come in time; but not
 * of somebody's who was merged into this one, as they may be parted again. */
static void note_overtaken(struct v2 *v, const struct hl7_segment *s, unsigned field, struct str newer)
{
	struct str raw = str_trim(s->fields[field]);

	if (s == v->pid && (field == PID_NAME || field == PID_ADDRESS) && !v->renamed && !hl7_null(raw) &&
	    !str_eq(raw, newer))
		*vec_push(&v->overtaken, v->c->arena) = field;
}

/* Put what a segment says into the state; true when something is new. */
static bool gather(struct v2 *v, struct node *fields, const struct hl7_segment *s, unsigned count)
{
	struct arena *a = v->c->arena;
	bool news = false;

	for (unsigned i = 1; s && i < s->len && i <= count; i++) {
		struct str raw = str_trim(s->fields[i]);
		char *name = arena_printf(a, "%s-%u", s->name, i);
		struct node *had = node_get(fields, name);
		if (!raw.len || i == 1 || another_s_number(v, s, i))
			continue;
		if (had && v2_time(had, "t") > v->at) {
			note_overtaken(v, s, i, node_str(had, "v"));
			continue;
		}
		if (had && v2_time(had, "t") == v->at && str_cmp(node_str(had, "v"), raw) >= 0)
			continue;
		news |= !had || !str_eq(node_str(had, "v"), raw);
		if (s == v->pid && had && hl7_null(raw) && !hl7_null(node_str(had, "v")))
			*vec_push(&v->emptied, a) = i;
		if (had)
			node_remove(fields, had);
		had = node_add(a, fields, name, NODE_OBJECT);
		node_add_str(a, had, "v", raw);
		node_add_int(a, had, "t", v->at);
	}
	return news;
}

static struct hl7_segment gathered(struct v2 *v, const struct node *fields, const char *name,
				   unsigned count)
{
	struct hl7_segment s = { .number = 1, .occurrence = 1, .len = count + 1 };

	memcpy(s.name, name, 4);
	s.fields = NEW_N(v->c->arena, struct str, count + 1);
	for (unsigned i = 1; i <= count; i++)
		s.fields[i] = node_str(node_get(fields, arena_printf(v->c->arena, "%s-%u", name, i)), "v");
	return s;
}

/* What a null takes back: the members that the tables make of those fields. A number, a name, sex and
 * day of birth are what a person is known by, and stay. */
static void withdraw_emptied(struct v2 *v, const struct map_section *section, struct node *patient)
{
	struct arena *a = v->c->arena;

	for (size_t i = 0; i < v->emptied.len; i++)
		for (size_t k = 0; k < section->rows.len; k++) {
			const struct map_row *row = &section->rows.at[k];
			size_t len = strcspn(row->to, "[.{");

			if (row->field == v->emptied.at[i] && row->field > 8 && row->to[len] != '{')
				blend_withdraw(a, patient, (struct str){ row->to, len });
		}
}

static void add_former(struct v2 *v, struct node *patient, struct node *said, const char *member)
{
	struct arena *a = v->c->arena;
	struct node *list = node_get(patient, member);

	node_each(one, node_get(said, member)) {
		struct node *copy = node_copy(a, one), *use = node_get(copy, "use");
		if (use)
			node_remove(copy, use);
		node_add_cstr(a, copy, "use", "old");
		if (!list)
			list = node_add(a, patient, member, NODE_ARRAY);
		node_append(list, NULL, copy);
	}
}

static enum err add_overtaken(struct v2 *v, const struct hl7_segment *said, struct node *patient)
{
	for (size_t i = 0; i < v->overtaken.len; i++) {
		struct hl7_segment one = *said;
		struct node *aside = node_new(v->c->arena, NODE_OBJECT);
		unsigned field = v->overtaken.at[i];

		one.fields = NEW_N(v->c->arena, struct str, PID_FIELDS + 1);
		one.len = PID_FIELDS + 1;
		one.fields[field] = said->fields[field];
		TRY(map_segment(&v->run, maps_section(v->feeds->maps, "PID", "Patient"), &one, aside));
		add_former(v, patient, aside, field == PID_NAME ? "name" : "address");
	}
	return OK;
}

/* A number that is told in two fields is one. */
static void drop_repeated(struct node *list)
{
	for (struct node *one = list ? list->first : NULL; one; one = one->next)
		for (struct node *other = one->next, *next; other; other = next) {
			next = other->next;
			if (str_eq(node_str(one, "system"), node_str(other, "system")) &&
			    str_eq(node_str(one, "value"), node_str(other, "value")))
				node_remove(list, other);
		}
}

static enum err build_patient(struct v2 *v, const struct node *fields)
{
	struct arena *a = v->c->arena;
	struct hl7_segment pid = gathered(v, fields, "PID", PID_FIELDS);
	struct hl7_segment pd1 = gathered(v, fields, "PD1", PD1_FIELDS);
	const struct hl7_segment *said = v->pid;
	struct node *p = node_new(a, NODE_OBJECT);

	node_add_cstr(a, p, "resourceType", "Patient");
	node_add_str(a, node_add(a, p, "meta", NODE_OBJECT), "source", v->source);
	withdraw_emptied(v, maps_section(v->feeds->maps, "PID", "Patient"), p);
	v->pid = &pid; /* the NHS number's status is among the fields */
	enum err e = map_segment(&v->run, maps_section(v->feeds->maps, "PID", "Patient"), &pid, p);
	drop_repeated(node_get(p, "identifier"));
	if (!e)
		e = map_segment(&v->run, maps_section(v->feeds->maps, "PD1", "Patient"), &pd1, p);
	v->pid = said;
	v->patient = p;
	return e ? e : add_overtaken(v, said, p);
}

/* Does the segment say nothing but what was said, and read, before? */
static bool said_before(struct v2 *v, const struct node *fields, const struct hl7_segment *s)
{
	if (!str_is(node_str(v->known->body, "map"), v->feeds->maps->version))
		return false;
	for (unsigned i = 2; i < s->len; i++) {
		struct str raw = str_trim(s->fields[i]);
		if (raw.len && !str_eq(raw, node_str(node_get(fields, arena_printf(v->c->arena, "%s-%u", s->name, i)), "v")))
			return false;
	}
	return true;
}

/* What this message itself says must be readable, also where it is too old to count. */
static enum err check_said(struct v2 *v)
{
	struct node *aside = node_new(v->c->arena, NODE_OBJECT);
	struct hl7_time born;

	TRY(v2_when(v, v->pid, 7, &born));
	if (born.at > v->message->received + INT64_C(86400000000))
		return v2_fail(v, (struct hl7_where){ .segment = "PID", .occurrence = 1, .field = 7 }, 102,
			       "PID-7 is a date of birth that has not come yet.");
	size_t puts = v->puts.len;
	TRY(map_segment(&v->run, maps_section(v->feeds->maps, "PID", "Patient"), v->pid, aside));
	v->puts.len = puts;
	v->run.notes.len = 0;
	return OK;
}

/* --- merging --- */

static enum err patient_of(struct v2 *v, struct state *s, const struct hl7_segment *from,
			   unsigned field)
{
	struct arena *a = v->c->arena;
	struct node *p;
	struct resolution r;

	if (node_str(s->body, "id").len)
		return OK;
	/* Never heard of: a person with this identifier alone, so that late messages find them. */
	p = node_new(a, NODE_OBJECT);
	node_add_cstr(a, p, "resourceType", "Patient");
	struct node *list = node_add(a, p, "identifier", NODE_ARRAY);
	for (unsigned n = 1; n <= hl7_repeats(v->m, hl7_field(from, field)) && n <= 50; n++) {
		struct node *id = node_new(a, NODE_OBJECT);
		v2_identifier(v, hl7_repeat(v->m, hl7_field(from, field), n), id);
		if (id->first)
			node_append(list, NULL, id);
	}
	TRY(identity_admit(v->c, p, v->source, &r));
	v2_set(v, s->body, "id", r.id);
	return OK;
}

static enum err merge(struct v2 *v, bool *changed)
{
	const struct hl7_segment *mrg = hl7_segment(v->m, "MRG", 1);
	struct state *other;
	struct str name;
	struct merge_done done;

	TRY(v2_person_name(v, mrg, 1, &name));
	TRY(v2_state(v, STATE_PERSON, name, &other));
	if (other == v->known || str_eq(other->name, v->known->name))
		return OK;
	if (node_str(other->body, "alias").len) {
		TRY(follow(v, name, &other));
		if (other == v->known)
			return OK;
	}
	TRY(patient_of(v, other, mrg, 1));
	struct merge_wish wish = { .survivor = v->patient_id,
				   .other = node_str(other->body, "id"),
				   .reason = str_of(arena_printf(v->c->arena, "HL7 v2 " STR_FMT,
								 STR_ARG(v->message->kind))),
				   .by = v->source };
	if (!str_eq(wish.survivor, wish.other)) {
		TRY(merge_persons(v->c, &wish, &done));
		*changed |= !done.existed;
	}
	v2_set(v, other->body, "alias", v->known->name);
	return OK;
}

/* --- all of it --- */

enum err v2_person(struct v2 *v)
{
	struct node *fields;
	struct str name;
	bool news;

	TRY(v2_person_name(v, v->pid, 3, &name));
	TRY(follow(v, name, &v->known));
	v->person = v->known->name;
	v->renamed = !str_eq(name, v->person);
	fields = node_get(v->known->body, "f");
	if (!fields)
		fields = node_add(v->c->arena, v->known->body, "f", NODE_OBJECT);
	if (!said_before(v, fields, v->pid))
		TRY(check_said(v));
	news = gather(v, fields, v->pid, PID_FIELDS);
	news |= gather(v, fields, hl7_segment(v->m, "PD1", 1), PD1_FIELDS);
	v->patient_id = node_str(v->known->body, "id");
	if (news || v->overtaken.len || !v->patient_id.len ||
	    !str_is(node_str(v->known->body, "map"), v->feeds->maps->version))
		return build_patient(v, fields);
	return OK;
}

/* A merge needs both to be there: what it is about is admitted on its own. */
static enum err admit_alone(struct v2 *v, struct resolution *out)
{
	return identity_admit(v->c, v->patient, v->source, out);
}

static enum err admit_with_the_rest(struct v2 *v, struct resolution *out)
{
	TRY(identity_prepare(v->c, v->patient, v->source, &v->admission));
	*out = *identity_prepared(v->admission);
	return OK;
}

enum err v2_admit(struct v2 *v, bool *changed)
{
	bool merges = v->trigger->effects & V2_MERGE;
	struct resolution r;

	*changed = false;
	if (v->patient) {
		TRY(merges ? admit_alone(v, &r) : admit_with_the_rest(v, &r));
		v->patient_id = r.id;
		*changed = !r.unchanged;
		v2_set(v, v->known->body, "id", v->patient_id);
		v2_set(v, v->known->body, "map", str_of(v->feeds->maps->version));
	}
	return merges ? merge(v, changed) : OK;
}
