/* people_put.c - short words for building FHIR resources as node trees. */
#include <assert.h>
#include <stdio.h>

#include "base/when.h"
#include "model/people_make.h"

void put_bundle(struct maker *m)
{
	m->bundle = node_new(m->a, NODE_OBJECT);
	put(m, m->bundle, "resourceType", "Bundle");
	put(m, m->bundle, "type", "transaction");
	m->entries = put_array(m, m->bundle, "entry");
}

/* Types that UK Core profiles and whose resources here keep to the profile. */
static bool has_profile(const char *type)
{
	static const char *const types[] = {
		"Patient",   "Practitioner",  "PractitionerRole", "Organization",
		"Location",  "RelatedPerson", "Condition",        "AllergyIntolerance",
		"Encounter", "Immunization",  "Observation"
	};
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (strcmp(types[i], type) == 0)
			return true;
	return false;
}

struct node *put_resource(struct maker *m, const char *type, const char *id, const char *source)
{
	struct node *entry = put_object(m, m->entries, NULL);
	struct node *resource = put_object(m, entry, "resource");
	put(m, resource, "resourceType", type);
	put(m, resource, "id", id);
	struct node *meta = put_object(m, resource, "meta");
	if (source)
		put(m, meta, "source", source);
	if (has_profile(type))
		put(m, put_array(m, meta, "profile"), NULL,
		    say(m, UKCORE "StructureDefinition/UKCore-%s", type));
	if (!meta->len)
		node_remove(resource, meta);
	struct node *request = put_object(m, entry, "request");
	put(m, request, "method", "PUT");
	put(m, request, "url", say(m, "%s/%s", type, id));
	return resource;
}

const char *put_id(struct maker *m, const char *word)
{
	return say(m, "%s-%s-%u", m->p.id, word, ++m->serial);
}

struct node *put_about(struct maker *m, const char *type, const char *word, const char *source)
{
	return put_resource(m, type, put_id(m, word), source);
}

const char *put_ref_of(struct maker *m, const struct node *resource)
{
	struct str type = node_str(resource, "resourceType"), id = node_str(resource, "id");
	return say(m, STR_FMT "/" STR_FMT, STR_ARG(type), STR_ARG(id));
}

struct node *put_object(struct maker *m, struct node *parent, const char *name)
{
	return node_add(m->a, parent, name, NODE_OBJECT);
}

struct node *put_array(struct maker *m, struct node *parent, const char *name)
{
	return node_add(m->a, parent, name, NODE_ARRAY);
}

struct node *put_first(struct maker *m, struct node *parent, const char *name)
{
	struct node *array = node_get(parent, name);
	return put_object(m, array ? array : put_array(m, parent, name), NULL);
}

void put(struct maker *m, struct node *parent, const char *name, const char *text)
{
	assert(text && *text);
	node_add_cstr(m->a, parent, name, text);
}

void put_words(struct maker *m, struct node *parent, const char *name, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	node_add_cstr(m->a, parent, name, arena_vprintf(m->a, format, args));
	va_end(args);
}

void put_int(struct maker *m, struct node *parent, const char *name, int64_t n)
{
	node_add_int(m->a, parent, name, n);
}

void put_decimal(struct maker *m, struct node *parent, const char *name, int64_t n,
		 int decimals)
{
	node_add_dec(m->a, parent, name, (struct dec){ .coef = n, .scale = decimals });
}

/* Two digits. */
static void two(char *at, int n)
{
	at[0] = (char)('0' + n / 10);
	at[1] = (char)('0' + n % 10);
}

static void write_date(char *at, int64_t day)
{
	int year, month, of_month;
	when_civil(day, &year, &month, &of_month);
	two(at, year / 100);
	two(at + 2, year % 100);
	at[4] = at[7] = '-';
	two(at + 5, month);
	two(at + 8, of_month);
}

static int64_t day_of(int64_t minute)
{
	return minute >= 0 ? minute / DAY : -((DAY - 1 - minute) / DAY);
}

void put_time(struct maker *m, struct node *parent, const char *name, int64_t minute)
{
	static const size_t len = sizeof "2025-11-19T10:40:00+00:00" - 1;
	char *text = arena_dup(m->a, "2025-11-19T10:40:00+00:00", len);
	int64_t day = day_of(minute);
	int of_day = (int)(minute - day * DAY);
	write_date(text, day);
	two(text + 11, of_day / 60);
	two(text + 14, of_day % 60);
	if (when_london_offset(minute * 60000000) != 0)
		text[21] = '1';
	node_add_str(m->a, parent, name, (struct str){ text, len });
}

void put_date(struct maker *m, struct node *parent, const char *name, int64_t day)
{
	char *text = arena_dup(m->a, "2025-11-19", 10);
	write_date(text, day);
	node_add_str(m->a, parent, name, (struct str){ text, 10 });
}

void put_period(struct maker *m, struct node *parent, const char *name, int64_t start,
		int64_t end)
{
	struct node *period = put_object(m, parent, name);
	if (start != NEVER)
		put_time(m, period, "start", start);
	if (end != NEVER)
		put_time(m, period, "end", end);
}

void put_days(struct maker *m, struct node *parent, const char *name, int64_t start,
	      int64_t end)
{
	struct node *period = put_object(m, parent, name);
	if (start != NEVER)
		put_date(m, period, "start", start);
	if (end != NEVER)
		put_date(m, period, "end", end);
}

void put_coding(struct maker *m, struct node *parent, const char *name, struct code code)
{
	struct node *coding = put_object(m, parent, name);
	put(m, coding, "system", code.system);
	put(m, coding, "code", code.code);
	if (code.display)
		put(m, coding, "display", code.display);
}

struct node *put_concept(struct maker *m, struct node *parent, const char *name,
			 struct code code, const char *text)
{
	struct node *concept = put_object(m, parent, name);
	if (code.code && *code.code)
		put_coding(m, put_array(m, concept, "coding"), NULL, code);
	else if (!text)
		text = code.display;
	if (text)
		put(m, concept, "text", text);
	return concept;
}

void put_concepts(struct maker *m, struct node *parent, const char *name, struct code code,
		  const char *text)
{
	put_concept(m, put_array(m, parent, name), NULL, code, text);
}

void put_reference(struct maker *m, struct node *parent, const char *name, const char *ref,
		   const char *display)
{
	struct node *reference = put_object(m, parent, name);
	put(m, reference, "reference", ref);
	if (display)
		put(m, reference, "display", display);
}

void put_references(struct maker *m, struct node *parent, const char *name, const char *ref,
		    const char *display)
{
	struct node *array = node_get(parent, name);
	put_reference(m, array ? array : put_array(m, parent, name), NULL, ref, display);
}

void put_org(struct maker *m, struct node *parent, const char *name,
	     const struct people_org *org)
{
	put_reference(m, parent, name, org->ref, org->name);
}

void put_quantity(struct maker *m, struct node *parent, const char *name, int64_t n,
		  int decimals, const char *unit, const char *ucum)
{
	struct node *quantity = put_object(m, parent, name);
	put_decimal(m, quantity, "value", n, decimals);
	if (unit && *unit)
		put(m, quantity, "unit", unit);
	if (ucum && *ucum) {
		put(m, quantity, "system", "http://unitsofmeasure.org");
		put(m, quantity, "code", ucum);
	}
}

void put_money(struct maker *m, struct node *parent, const char *name, int64_t pence)
{
	struct node *money = put_object(m, parent, name);
	put_decimal(m, money, "value", pence, 2);
	put(m, money, "currency", "GBP");
}

struct node *put_extension(struct maker *m, struct node *parent, const char *url)
{
	struct node *extension = put_first(m, parent, "extension");
	put(m, extension, "url", url);
	return extension;
}

void put_phone(struct maker *m, struct node *parent, const char *number, const char *use)
{
	struct node *telecom = put_first(m, parent, "telecom");
	put(m, telecom, "system", "phone");
	put(m, telecom, "value", number);
	put(m, telecom, "use", use);
}

void put_name(struct maker *m, struct node *parent, const char *prefix, const char *given,
	      const char *family)
{
	struct node *name = put_first(m, parent, "name");
	put(m, name, "use", "official");
	put(m, name, "family", family);
	put(m, put_array(m, name, "given"), NULL, given);
	if (prefix && *prefix)
		put(m, put_array(m, name, "prefix"), NULL, prefix);
}

void put_identifier(struct maker *m, struct node *parent, const char *system, const char *value)
{
	struct node *identifier = put_first(m, parent, "identifier");
	put(m, identifier, "system", system);
	put(m, identifier, "value", value);
}

void put_annotation(struct maker *m, struct node *parent, const char *text, int64_t minute)
{
	struct node *note = put_first(m, parent, "note");
	if (minute != NEVER)
		put_time(m, note, "time", minute);
	put(m, note, "text", text);
}

void put_subject(struct maker *m, struct node *parent, const char *name)
{
	put_reference(m, parent, name, m->p.ref, m->p.name);
}

/* Base64 of RFC 4648, with padding. */
static const char *base64(struct maker *m, const char *text, size_t len)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char *out = arena_alloc(m->a, (len + 2) / 3 * 4 + 1), *at = out;
	for (size_t i = 0; i < len; i += 3) {
		uint32_t bits = 0;
		for (size_t k = 0; k < 3; k++)
			bits = bits << 8 | (i + k < len ? (unsigned char)text[i + k] : 0);
		for (size_t k = 0; k < 4; k++)
			*at++ = i + k <= len ? digits[bits >> (18 - 6 * k) & 63] : '=';
	}
	*at = 0;
	return out;
}

void put_document(struct maker *m, struct node *parent, const char *title, const char *text,
		  int64_t made)
{
	struct node *content = put_first(m, parent, "content");
	struct node *attachment = put_object(m, content, "attachment");
	put(m, attachment, "contentType", "text/plain; charset=utf-8");
	put(m, attachment, "language", "en-GB");
	put(m, attachment, "data", base64(m, text, strlen(text)));
	put_int(m, attachment, "size", (int64_t)strlen(text));
	put(m, attachment, "title", title);
	put_time(m, attachment, "creation", made);
}
