/* v2_refer.c - what a message only names: identifiers, practitioners, organisations, places. */
#include "feed/v2.h"
#include "identity/nhs_number.h"
#include "record/search.h"

#define NHS_STATUS                                                                             \
	"https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus"

static struct str part(struct v2 *v, struct str raw, unsigned component, unsigned sub)
{
	return hl7_text(v->m, v->c->arena,
			hl7_subcomponent(v->m, hl7_component(v->m, raw, component), sub));
}

/* --- identifiers --- */

static struct str own_system(struct v2 *v, struct str authority, struct str type)
{
	struct str slug = map_slug(v->c->arena, authority.len ? authority : type);

	if (!slug.len)
		slug = STR("local");
	return str_of(arena_printf(v->c->arena, "https://causeway.example/fhir/Id/" STR_FMT "/" STR_FMT,
				   STR_ARG(v->org), STR_ARG(slug)));
}

/* The address of who assigned it, by the tables; empty: the sender itself. */
static struct str known_system(struct v2 *v, struct str raw, unsigned authority, unsigned type)
{
	struct arena *a = v->c->arena;
	const struct map_code *code;

	for (unsigned sub = 1; sub <= 2; sub++) {
		struct str text = part(v, raw, authority, sub);
		code = text.len ? maps_code(v->feeds->maps, a, "authority", text) : NULL;
		if (code)
			return str_of(code->code);
	}
	struct str text = type ? part(v, raw, type, 1) : (struct str){ 0 };
	code = text.len ? maps_code(v->feeds->maps, a, "nhstype", text) : NULL;
	return code && !strcmp(code->code, "nhs") ? STR(NHS_NUMBER_SYSTEM) : (struct str){ 0 };
}

static void put_status(struct v2 *v, struct node *identifier)
{
	struct arena *a = v->c->arena;
	struct str said = v2_text(v, v->pid, 32, 1);
	const struct map_code *code =
		said.len ? maps_code(v->feeds->maps, a, "nhsstatus", said) : NULL;
	struct node *extension, *coding;

	if (!code)
		return;
	extension = node_add(a, node_add(a, identifier, "extension", NODE_ARRAY), NULL, NODE_OBJECT);
	node_add_cstr(a, extension, "url", NHS_STATUS);
	coding = node_add(a, extension, "valueCodeableConcept", NODE_OBJECT);
	coding = node_add(a, node_add(a, coding, "coding", NODE_ARRAY), NULL, NODE_OBJECT);
	node_add_cstr(a, coding, "system", code->system);
	node_add_cstr(a, coding, "code", code->code);
	node_add_cstr(a, coding, "display", code->display);
}

void v2_identifier(struct v2 *v, struct str raw, struct node *into)
{
	struct str value = part(v, raw, 1, 1), system = known_system(v, raw, 4, 5);
	struct arena *a = v->c->arena;
	char digits[11];

	if (!value.len)
		return;
	if (str_is(system, NHS_NUMBER_SYSTEM)) {
		if (nhs_number_read(value, digits) == NHS_OK) {
			value = str_of(arena_str(a, digits));
			put_status(v, into);
		} else {
			map_note(&v->run, v->run.where, "is no NHS number: its check digit is wrong.");
			system = own_system(v, STR("unchecked-nhs-number"), (struct str){ 0 });
		}
	} else if (map_type(&v->run, "CX", raw, into)) {
		return;
	}
	if (!system.len)
		system = own_system(v, part(v, raw, 4, 1), part(v, raw, 5, 1));
	node_add_str(a, into, "system", system);
	node_add_str(a, into, "value", value);
}

/* --- what is named again and again: the same texts of one sender are the same --- */

static bool named(struct v2 *v, const char *what, struct str raw, struct named *out)
{
	const struct hl7 *m = v->m;
	char signs[] = { m->component, m->repeat, m->subcomponent, m->escape ? m->escape : ' ', 0 };

	*out = (struct named){ .key = str_of(arena_printf(v->c->arena, "%s%s" STR_FMT "|" STR_FMT, what, signs,
							  STR_ARG(v->org), STR_ARG(raw))) };
	return feeds_named(v->feeds, v->c->arena, out->key, out);
}

static void note_named(struct v2 *v, const struct named *named, size_t notes)
{
	if (v->run.notes.len == notes) /* else it must be said again */
		*vec_push(&v->named, v->c->arena) = *named;
}

static void refer_named(struct v2 *v, const struct named *named, const char *type, struct node *into)
{
	if (named->id.len)
		v2_reference(v, into, NULL, type, named->id);
	if (named->words.len)
		node_add_str(v->c->arena, into, "display", named->words);
}

/* --- practitioners --- */

static struct str spoken_name(struct v2 *v, const struct node *name)
{
	struct buf b;

	buf_init(&b, v->c->arena, 300);
	node_each(prefix, node_get(name, "prefix"))
		buf_printf(&b, STR_FMT " ", STR_ARG(node_text(prefix)));
	if (node_get(name, "given"))
		buf_printf(&b, STR_FMT " ", STR_ARG(node_text(node_at(node_get(name, "given"), 0))));
	buf_str(&b, node_str(name, "family"));
	return str_trim(buf_get(&b));
}

static enum err put_practitioner(struct v2 *v, struct str raw, struct named *out)
{
	struct arena *a = v->c->arena;
	struct str value = part(v, raw, 1, 1), system, id;
	struct node *name = node_new(a, NODE_OBJECT), *p, *identifier;

	TRY(map_type(&v->run, "XCN", raw, name));
	out->words = spoken_name(v, name);
	if (value.len) {
		system = known_system(v, raw, 9, 0);
		if (!system.len)
			system = own_system(v, part(v, raw, 9, 1), STR("practitioner"));
		id = message_hash(a, str_of(arena_printf(a, "Practitioner|" STR_FMT "|" STR_FMT,
							 STR_ARG(system), STR_ARG(value))));
		p = v2_put(v, "Practitioner", id);
		identifier = node_add(a, node_add(a, p, "identifier", NODE_ARRAY), NULL, NODE_OBJECT);
		node_add_str(a, identifier, "system", system);
		node_add_str(a, identifier, "value", value);
		if (name->first)
			node_append(node_add(a, p, "name", NODE_ARRAY), NULL, name);
		v2_put_once(v);
		out->id = id;
	}
	return OK;
}

static enum err refer_practitioner(struct v2 *v, struct str raw, struct node *into)
{
	size_t notes = v->run.notes.len;
	struct named who;

	if (!named(v, "who", raw, &who)) {
		TRY(put_practitioner(v, raw, &who));
		note_named(v, &who, notes);
	}
	refer_named(v, &who, "Practitioner", into);
	return OK;
}

static enum err refer_participant(struct v2 *v, struct str role, struct str raw, struct node *into)
{
	struct arena *a = v->c->arena;
	struct node *who = node_new(a, NODE_OBJECT), *coding;

	TRY(refer_practitioner(v, raw, who));
	if (!who->first)
		return OK;
	coding = node_add(a, node_add(a, into, "type", NODE_ARRAY), NULL, NODE_OBJECT);
	coding = node_add(a, node_add(a, coding, "coding", NODE_ARRAY), NULL, NODE_OBJECT);
	node_add_cstr(a, coding, "system", "http://terminology.hl7.org/CodeSystem/v3-ParticipationType");
	node_add_str(a, coding, "code", role);
	node_append(into, "individual", who);
	return OK;
}

/* --- organisations --- */

static enum err find_organisation(struct v2 *v, struct str code, struct str *id)
{
	const struct search *search;
	size_t found = 0;
	READER(db);

	TRY(search_parse(v->c, STR("Organization"),
			 str_of(arena_printf(v->c->arena,
					     "identifier=https://fhir.nhs.uk/Id/ods-organization-code|" STR_FMT,
					     STR_ARG(code))),
			 &search));
	TRY(store_reader(v->c, v->c->place->store, &db));
	TRY(search_ids(v->c, db, search, 1, id, &found));
	if (!found)
		*id = (struct str){ 0 };
	return OK;
}

static bool plain_code(struct str code)
{
	for (size_t i = 0; i < code.len; i++)
		if (!((code.at[i] >= 'A' && code.at[i] <= 'Z') || (code.at[i] >= '0' && code.at[i] <= '9')))
			return false;
	return code.len >= 2 && code.len <= 20;
}

enum err v2_organisation(struct v2 *v, struct str code, struct str name, struct node *into)
{
	struct arena *a = v->c->arena;
	struct node *o, *identifier;
	struct named which;
	struct str id;

	if (into && name.len)
		node_add_str(a, into, "display", name);
	if (!plain_code(code))
		return OK;
	bool known = named(v, "org", code, &which); /* the sender itself stands in every message */
	if (!known)
		TRY(find_organisation(v, code, &which.id));
	id = which.id;
	if (!id.len) {
		id = message_hash(a, str_of(arena_printf(a, "Organization|" STR_FMT, STR_ARG(code))));
		o = v2_put(v, "Organization", id);
		identifier = node_add(a, node_add(a, o, "identifier", NODE_ARRAY), NULL, NODE_OBJECT);
		node_add_cstr(a, identifier, "system", "https://fhir.nhs.uk/Id/ods-organization-code");
		node_add_str(a, identifier, "value", code);
		node_add_bool(a, o, "active", true);
		node_add_str(a, o, "name", name.len ? name : code);
		v2_put_once(v);
	} else if (!known) {
		note_named(v, &which, v->run.notes.len);
	}
	if (into)
		v2_reference(v, into, NULL, "Organization", id);
	return OK;
}

/* XON: name, and its code in the third or tenth component. */
static enum err refer_organisation(struct v2 *v, struct str raw, struct node *into)
{
	struct str code = part(v, raw, 10, 1);

	if (!code.len)
		code = part(v, raw, 3, 1);
	return v2_organisation(v, code, part(v, raw, 1, 1), into);
}

/* --- places --- */

static struct node *put_place(struct v2 *v, struct str id, const char *physical, struct str name,
			      struct str up)
{
	static const struct {
		const char *code, *display;
	} kinds[] = { { "si", "Site" }, { "bu", "Building" }, { "wa", "Ward" }, { "ro", "Room" }, { "bd", "Bed" } };
	struct arena *a = v->c->arena;
	struct node *l = v2_put(v, "Location", id), *coding;

	node_add_cstr(a, l, "status", "active");
	node_add_str(a, l, "name", name);
	node_add_cstr(a, l, "mode", "instance");
	coding = node_add(a, node_add(a, l, "physicalType", NODE_OBJECT), "coding", NODE_ARRAY);
	coding = node_add(a, coding, NULL, NODE_OBJECT);
	node_add_cstr(a, coding, "system", "http://terminology.hl7.org/CodeSystem/location-physical-type");
	node_add_cstr(a, coding, "code", physical);
	for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (!strcmp(kinds[i].code, physical))
			node_add_cstr(a, coding, "display", kinds[i].display);
	if (up.len)
		v2_reference(v, node_add(a, l, "partOf", NODE_OBJECT), NULL, "Location", up);
	return l;
}

/* As people say it: "Cedar ward, bed 7"; the building and site where no ward is named. */
static struct str place_words(struct v2 *v, struct str raw)
{
	static const struct {
		unsigned component;
		const char *before;
	} said[] = { { 1, "" }, { 2, "room " }, { 3, "bed " }, { 7, "" }, { 4, "" } };
	bool ward = part(v, raw, 1, 1).len;
	struct buf words;

	buf_init(&words, v->c->arena, 600);
	for (unsigned i = 0; i < (ward ? 3 : sizeof said / sizeof *said); i++) {
		struct str name = part(v, raw, said[i].component, 1);
		if (name.len)
			buf_printf(&words, "%s%s" STR_FMT, words.len ? ", " : "", said[i].before, STR_ARG(name));
	}
	return buf_get(&words);
}

/* PL: point of care ^ room ^ bed ^ facility ^ status ^ type ^ building ^ floor. Each level is a
 * Location within the one above. */
static void put_places(struct v2 *v, struct str raw, struct named *out)
{
	static const struct {
		unsigned component;
		const char *physical;
	} levels[] = { { 4, "si" }, { 7, "bu" }, { 1, "wa" }, { 2, "ro" }, { 3, "bd" } };
	struct arena *a = v->c->arena;
	struct str up = { 0 };
	struct buf path;

	buf_init(&path, a, 600);
	for (unsigned i = 0; i < sizeof levels / sizeof *levels; i++) {
		struct str name = part(v, raw, levels[i].component, 1);
		if (!name.len)
			continue;
		buf_printf(&path, "%s:" STR_FMT "|", levels[i].physical, STR_ARG(name));
		struct str id = v2_id(v, "Location", buf_get(&path), (struct str){ 0 });
		put_place(v, id, levels[i].physical, name, up);
		v2_put_once(v);
		up = id;
	}
	out->id = up;
	out->words = up.len ? place_words(v, raw) : up;
}

enum err v2_location(struct v2 *v, struct str raw, struct node *into)
{
	struct named where;

	if (!named(v, "place", raw, &where)) {
		put_places(v, raw, &where);
		note_named(v, &where, v->run.notes.len);
	}
	refer_named(v, &where, "Location", into);
	return OK;
}

/* Whose wards they are: the site the place names, where it is in the directory; else who sends. */
enum err v2_provider(struct v2 *v, struct str place, struct node *into)
{
	struct str site = part(v, place, 4, 1), id = { 0 };

	if (plain_code(site) && !str_eq(site, v->org))
		TRY(find_organisation(v, site, &id));
	if (!id.len)
		return v2_organisation(v, v->org, (struct str){ 0 }, into);
	v2_reference(v, into, NULL, "Organization", id);
	return OK;
}

enum err v2_refer(struct map_run *run, const char *what, struct str raw, struct node *into)
{
	struct v2 *v = run->arg;

	if (!strcmp(what, "identifier")) {
		v2_identifier(v, raw, into);
		return OK;
	}
	if (!strcmp(what, "practitioner"))
		return refer_practitioner(v, raw, into);
	if (!strcmp(what, "organisation"))
		return refer_organisation(v, raw, into);
	if (str_starts(str_of(what), STR("participant ")))
		return refer_participant(v, str_of(what + 12), raw, into);
	return OK;
}
