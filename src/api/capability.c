/* capability.c - what this server can do, told from the tables it is made of.
 *
 * The statement is made once for a set of FHIR tables and kept as text for the process: the tables
 * are immutable, and the address (implementation.url) is the only part that differs by client, so
 * it is left out. */
#include "api/inside.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/when.h"
#include "fhir/profile.h"

#define VERSION "0.1.0"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct arena life; /* of `made`; under the lock */
static const struct fhir *made_of;
static struct str made;

static const char *const type_interactions[] = {
	"read",         "vread",  "update",      "delete", "history-instance",
	"history-type", "create", "search-type", "patch"
};
static const char *const system_interactions[] = { "transaction", "batch", "search-system",
						   "history-system" };

static const char *const compartments[] = { "device", "encounter", "patient", "practitioner",
					    "relatedPerson" };

static void add_codes(struct arena *a, struct node *o, const char *const *codes, size_t count)
{
	struct node *list = node_add(a, o, "interaction", NODE_ARRAY);

	for (size_t i = 0; i < count; i++)
		node_add_cstr(a, node_add(a, list, NULL, NODE_OBJECT), "code", codes[i]);
}

static void add_param(struct arena *a, struct node *list, const struct fhir_param *p)
{
	struct node *o = node_add(a, list, NULL, NODE_OBJECT);

	node_add_cstr(a, o, "name", p->code);
	if (p->url)
		node_add_cstr(a, o, "definition", p->url);
	node_add_cstr(a, o, "type", param_type_name(p->type));
}

/* Where tokens are given is told by .well-known/smart-configuration. */
static void add_security(struct arena *a, struct node *rest)
{
	struct node *security = node_add(a, rest, "security", NODE_OBJECT), *service, *coding;

	node_add_bool(a, security, "cors", false);
	service = node_add(a, node_add(a, security, "service", NODE_ARRAY), NULL, NODE_OBJECT);
	coding = node_add(a, node_add(a, service, "coding", NODE_ARRAY), NULL, NODE_OBJECT);
	node_add_cstr(a, coding, "system",
		      "http://terminology.hl7.org/CodeSystem/restful-security-service");
	node_add_cstr(a, coding, "code", "SMART-on-FHIR");
	node_add_cstr(a, security, "description",
		      "Programs get tokens by SMART Backend Services, with scopes of SMART App Launch 2; "
		      "see .well-known/smart-configuration.");
}

#define CORE "http://hl7.org/fhir/OperationDefinition/"
#define BULK "http://hl7.org/fhir/uv/bulkdata/"

static void add_operation(struct arena *a, struct node *list, const char *name,
			  const char *definition)
{
	struct node *op = node_add(a, list, NULL, NODE_OBJECT);

	node_add_cstr(a, op, "name", name);
	node_add_cstr(a, op, "definition", definition);
}

#define CORE "http://hl7.org/fhir/OperationDefinition/"

static const struct {
	const char *type, *name, *definition; /* type NULL: all of them */
} type_operations[] = {
	{ NULL, "validate", CORE "Resource-validate" },
	{ NULL, "meta", CORE "Resource-meta" },
	{ NULL, "meta-add", CORE "Resource-meta-add" },
	{ NULL, "meta-delete", CORE "Resource-meta-delete" },
	{ "Patient", "everything", CORE "Patient-everything" },
	{ "Patient", "merge", CORE "Patient-merge" },
	{ "Patient", "purge", "https://causeway.example/fhir/OperationDefinition/purge" },
	{ "Patient", "unmerge", "https://causeway.example/fhir/OperationDefinition/unmerge" },
	{ "Patient", "match", CORE "Patient-match" },
	{ "ValueSet", "expand", CORE "ValueSet-expand" },
	{ "ValueSet", "validate-code", CORE "ValueSet-validate-code" },
	{ "CodeSystem", "validate-code", CORE "CodeSystem-validate-code" },
	{ "CodeSystem", "lookup", CORE "CodeSystem-lookup" },
	{ "CodeSystem", "subsumes", CORE "CodeSystem-subsumes" },
	{ "Patient", "export", BULK "OperationDefinition/patient-export" },
	{ "Group", "export", BULK "OperationDefinition/group-export" },
};

static void add_operations(struct arena *a, struct node *o, const char *type)
{
	struct node *list = node_add(a, o, "operation", NODE_ARRAY);

	for (size_t i = 0; i < sizeof type_operations / sizeof *type_operations; i++) {
		const char *only = type_operations[i].type;

		if (!only || strcmp(type, only) == 0)
			add_operation(a, list, type_operations[i].name,
				      type_operations[i].definition);
	}
}

/* "Observation:subject" for all references of a type; with `to`, only those that may be to it. */
static void add_references(struct arena *a, const struct fhir *f, struct node *list,
			   const struct fhir_type *type, const char *to)
{
	for (const struct fhir_param *const *p = param_list(f, type); p && *p; p++) {
		const char *const *target = (*p)->targets;

		if ((*p)->type != PARAM_REFERENCE || !(*p)->path)
			continue;
		while (to && target && *target && strcmp(*target, to) != 0)
			target++;
		if (!to || (target && *target))
			node_add_cstr(a, list, NULL,
				      arena_printf(a, "%s:%s", type->name, (*p)->code));
	}
}

static void add_includes(struct arena *a, const struct fhir *f, struct node *o,
			 const struct fhir_type *type)
{
	struct node *list = node_add(a, o, "searchInclude", NODE_ARRAY);

	node_add_cstr(a, list, NULL, "*");
	add_references(a, f, list, type, NULL);
	list = node_add(a, o, "searchRevInclude", NODE_ARRAY);
	node_add_cstr(a, list, NULL, "*");
	for (unsigned i = 0; i < f->type_count; i++)
		if (f->types[i]->kind == FHIR_RESOURCE && !f->types[i]->abstract)
			add_references(a, f, list, f->types[i], type->name);
}

/* Those beyond the standard that a resource of the type can be checked against. */
static void add_profiles(struct arena *a, const struct fhir *f, struct node *o,
			 const struct fhir_type *type)
{
	struct node *list = node_new(a, NODE_ARRAY);

	for (size_t i = 0; i < profile_count(f); i++)
		if (str_is(profile_of_type(f, i), type->name) &&
		    !str_starts(profile_url(f, i), STR("http://hl7.org/fhir/")))
			node_add_str(a, list, NULL, profile_url(f, i));
	if (list->len)
		node_append(o, "supportedProfile", list);
}

/* _text and _content have no path; of special ones only near is supported. */
static bool is_searchable(const struct fhir_type *type, const struct fhir_param *p)
{
	bool whole = p->type != PARAM_COMPOSITE || p->components;
	bool words = !strcmp(p->code, "_text") || !strcmp(p->code, "_content");

	if (!strcmp(type->name, "AuditEvent"))
		return audit_search_takes(p->code);
	return (p->path || words) && whole && (p->type != PARAM_SPECIAL || !strcmp(p->code, "near"));
}

static void add_resource(struct arena *a, const struct fhir *f, struct node *list,
			 const struct fhir_type *type)
{
	struct node *o = node_add(a, list, NULL, NODE_OBJECT), *params;

	node_add_cstr(a, o, "type", type->name);
	if (type->url)
		node_add_cstr(a, o, "profile", type->url);
	add_profiles(a, f, o, type);
	add_codes(a, o, type_interactions,
		  sizeof type_interactions / sizeof *type_interactions);
	node_add_cstr(a, o, "versioning", "versioned");
	node_add_bool(a, o, "readHistory", true);
	node_add_bool(a, o, "updateCreate", true);
	node_add_bool(a, o, "conditionalCreate", true);
	node_add_cstr(a, o, "conditionalRead", "full-support");
	node_add_bool(a, o, "conditionalUpdate", true);
	node_add_cstr(a, o, "conditionalDelete", "single");
	node_add_cstr(a, node_add(a, o, "referencePolicy", NODE_ARRAY), NULL, "literal");
	if (strcmp(type->name, "AuditEvent") != 0)
		add_includes(a, f, o, type);
	params = node_new(a, NODE_ARRAY);
	for (const struct fhir_param *const *p = param_list(f, type); p && *p; p++)
		if (is_searchable(type, *p))
			add_param(a, params, *p);
	if (params->first)
		node_append(o, "searchParam", params);
	add_operations(a, o, type->name);
}

static void add_rest(struct arena *a, const struct fhir *f, struct node *o)
{
	struct node *rest = node_add(a, node_add(a, o, "rest", NODE_ARRAY), NULL, NODE_OBJECT),
		    *list;

	node_add_cstr(a, rest, "mode", "server");
	node_add_cstr(a, rest, "documentation",
		      "Unknown parameters are refused, never ignored. Under ids of their own choosing (PUT) "
		      "resources are recorded by who holds id.choose, programs that feed; others POST.");
	add_security(a, rest);
	list = node_add(a, rest, "resource", NODE_ARRAY);
	for (unsigned i = 0; i < f->type_count; i++) {
		if (f->types[i]->kind == FHIR_RESOURCE && !f->types[i]->abstract)
			add_resource(a, f, list, f->types[i]);
	}
	add_codes(a, rest, system_interactions,
		  sizeof system_interactions / sizeof *system_interactions);
	add_operation(a, node_add(a, rest, "operation", NODE_ARRAY), "export",
		      BULK "OperationDefinition/export");
	list = node_add(a, rest, "compartment", NODE_ARRAY);
	for (size_t i = 0; i < sizeof compartments / sizeof *compartments; i++)
		node_add_cstr(a, list, NULL,
			      arena_printf(a, "http://hl7.org/fhir/CompartmentDefinition/%s",
					   compartments[i]));
}

static const char *const formats[] = { "application/fhir+json", "application/fhir+xml", "json",
				       "xml", NULL };
static const char *const patch_formats[] = { "application/json-patch+json",
					     "application/fhir+json", "application/fhir+xml",
					     NULL };

static void add_words(struct arena *a, struct node *o, const char *name,
		      const char *const *words)
{
	struct node *list = node_add(a, o, name, NODE_ARRAY);

	for (; *words; words++)
		node_add_cstr(a, list, NULL, *words);
}

static struct str statement(struct arena *a, const struct ctx *c)
{
	const struct fhir *f = c->place->fhir;
	struct node *o = node_new(a, NODE_OBJECT), *at;
	struct buf b;

	node_add_cstr(a, o, "resourceType", "CapabilityStatement");
	node_add_cstr(a, o, "status", "active");
	node_add_str(a, o, "date", when_print_us(a, clock_now(c->clock)));
	node_add_cstr(a, o, "kind", "instance");
	node_add_cstr(a, node_add(a, o, "instantiates", NODE_ARRAY), NULL,
		      BULK "CapabilityStatement/bulk-data");
	at = node_add(a, o, "software", NODE_OBJECT);
	node_add_cstr(a, at, "name", "Causeway");
	node_add_cstr(a, at, "version", VERSION);
	at = node_add(a, o, "implementation", NODE_OBJECT);
	node_add_cstr(a, at, "description", "The joined record of one place");
	node_add_cstr(a, o, "fhirVersion", f->version);
	add_words(a, o, "format", formats);
	add_words(a, o, "patchFormat", patch_formats);
	add_rest(a, f, o);
	buf_init(&b, a, 0);
	json_write(&b, o, 0);
	return buf_get(&b);
}

struct str capability_text(struct ctx *c)
{
	struct str text;

	pthread_mutex_lock(&lock);
	if (made_of != c->place->fhir) {
		arena_done(&life);
		made = statement(&life, c);
		made_of = c->place->fhir;
	}
	/* another place may be opened while this reply is on its way */
	text = (struct str){ arena_dup(c->arena, made.at, made.len), made.len };
	pthread_mutex_unlock(&lock);
	return text;
}

/* What is said of codes: mode=terminology. */
static enum err reply_terminology(struct ctx *c, const struct format *format,
				  struct reply *reply)
{
	struct arena *a = c->arena;
	struct node *o = node_new(a, NODE_OBJECT), *at, *list;
	static const char *const params[] = { "url", "filter", "count", "offset", "valueSet" };

	node_add_cstr(a, o, "resourceType", "TerminologyCapabilities");
	node_add_cstr(a, o, "status", "active");
	node_add_str(a, o, "date", when_print_us(a, clock_now(c->clock)));
	node_add_cstr(a, o, "kind", "instance");
	at = node_add(a, o, "software", NODE_OBJECT);
	node_add_cstr(a, at, "name", "Causeway");
	node_add_cstr(a, at, "version", VERSION);
	at = node_add(a, o, "implementation", NODE_OBJECT);
	node_add_cstr(a, at, "description", "The joined record of one place");
	at = node_add(a, o, "expansion", NODE_OBJECT);
	node_add_bool(a, at, "hierarchical", false);
	node_add_bool(a, at, "paging", true);
	list = node_add(a, at, "parameter", NODE_ARRAY);
	for (size_t i = 0; i < sizeof params / sizeof *params; i++)
		node_add_cstr(a, node_add(a, list, NULL, NODE_OBJECT), "name", params[i]);
	node_add_cstr(a, o, "codeSearch", "explicit");
	at = node_add(a, o, "validateCode", NODE_OBJECT);
	node_add_bool(a, at, "translations", false);
	return reply_node(c, format, o, reply);
}

enum err api_metadata(struct ctx *c, const struct request *r, struct reply *reply)
{
	static const char *const params[] = { "_format",  "_pretty",   "mode",
					      "_summary", "_elements", NULL };
	struct version v = { .type = STR("CapabilityStatement") };
	struct format format;

	TRY(format_choose(c, r, &format));
	TRY(query_only(c, r, params));
	struct str mode = request_param(c, r, "mode", 0);
	if (str_is(mode, "terminology"))
		return reply_terminology(c, &format, reply);
	if (mode.len && !str_is(mode, "full") && !str_is(mode, "normative"))
		return fail(c, ERR_UNSUPPORTED, "mode is full, normative or terminology.");
	v.body = capability_text(c);
	TRY(cut_down(c, r, v.type, &v));
	return reply_json(c, &format, v.body, reply);
}
