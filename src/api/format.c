/* format.c - which formats are read and written, and which one a client wants. */
#include "api/inside.h"

#include "base/html.h"
#include "http/negotiate.h"

typedef enum err reader(struct ctx *c, const struct fhir *f, struct arena *a, struct str text,
			struct node **out);

struct media {
	const char *type;
	reader *read;
	const char *reply; /* Content-Type when asked for */
	bool xml;
};

static const struct media medias[] = {
	{ "application/fhir+json", fhir_read_json, "application/fhir+json; charset=utf-8",
	  false },
	{ "application/json", fhir_read_json, "application/json; charset=utf-8", false },
	{ "text/json", fhir_read_json, "text/json; charset=utf-8", false },
	{ "application/fhir+xml", fhir_read_xml, "application/fhir+xml; charset=utf-8", true },
	{ "application/xml", fhir_read_xml, "application/xml; charset=utf-8", true },
	{ "text/xml", fhir_read_xml, "text/xml; charset=utf-8", true },
};
#define MEDIA_XML 3 /* the first of them */
#define MEDIAS (sizeof medias / sizeof *medias)

/* Short names that _format takes beside the types themselves. */
static const struct {
	const char *name;
	unsigned media;
} short_names[] = { { "json", 0 },
		    { "xml", MEDIA_XML },
		    /* as FHIR wrote them before R4 */
		    { "application/json+fhir", 0 },
		    { "application/xml+fhir", MEDIA_XML } };

static const struct media *media_find(struct str type)
{
	for (unsigned i = 0; i < MEDIAS; i++) {
		if (token_eq(type, medias[i].type))
			return &medias[i];
	}
	for (unsigned i = 0; i < sizeof short_names / sizeof *short_names; i++) {
		if (token_eq(type, short_names[i].name))
			return &medias[short_names[i].media];
	}
	return NULL;
}

static enum err not_accepted(struct ctx *c)
{
	return fail(c, ERR_NOT_ACCEPTED,
		    "Causeway answers in JSON (application/fhir+json) and XML "
		    "(application/fhir+xml), which were not among the formats asked for.");
}

static void take_media(const struct media *media, struct format *out)
{
	out->type = media->reply;
	out->xml = media->xml;
}

/* A browser names application/xml for pages of its own kind; a person reads JSON with more ease. */
static unsigned medias_for(struct str accept)
{
	return str_find(accept, STR("text/html")) >= 0 ? MEDIA_XML + 1 : MEDIAS;
}

/* "fhirVersion=4.0" beside a type: another version than ours cannot be had. */
static bool version_fits(struct str type)
{
	str_cut(&type, ';');
	while (type.at) {
		struct str value = str_cut(&type, ';'), name = str_trim(str_cut(&value, '='));

		if (token_eq(name, "fhirVersion"))
			return str_starts(str_trim(value), STR("4.0"));
	}
	return true;
}

/* The weight of a type's other names. */
static int short_weight(struct str accept, unsigned media)
{
	int best = 0;

	for (unsigned i = 0; i < sizeof short_names / sizeof *short_names; i++) {
		int weight = short_names[i].media == media
				     ? negotiate_weight(accept, short_names[i].name)
				     : 0;
		best = weight > best ? weight : best;
	}
	return best;
}

/* Without the types of other versions of FHIR. */
static struct str of_version(struct ctx *c, struct str accept)
{
	struct buf kept;

	if (str_find(accept, STR("ersion=")) < 0)
		return accept;
	buf_init(&kept, c->arena, 0);
	while (accept.at) {
		struct str one = str_cut(&accept, ',');

		if (version_fits(one))
			buf_printf(&kept, "%s" STR_FMT, kept.len ? "," : "", STR_ARG(one));
	}
	return kept.len ? buf_get(&kept) : STR("none/none");
}

static enum err by_accept(struct ctx *c, struct str accept, struct format *out)
{
	int best = 0;

	take_media(&medias[0], out);
	if (accept.len == 0 || str_is(accept, "*/*") || str_is(accept, medias[0].type))
		return OK;
	accept = of_version(c, accept);
	for (unsigned i = 0; i < medias_for(accept); i++) {
		int weight = negotiate_weight(accept, medias[i].type);
		if (weight > best) {
			best = weight;
			take_media(&medias[i], out);
		}
	}
	if (best == 0 && (best = short_weight(accept, 0)) > 0)
		take_media(&medias[0], out);
	else if (best == 0 && (best = short_weight(accept, MEDIA_XML)) > 0)
		take_media(&medias[MEDIA_XML], out);
	return best > 0 ? OK : not_accepted(c);
}

enum err format_choose(struct ctx *c, const struct request *r, struct format *out)
{
	struct format f = { .type = medias[0].reply };
	struct str asked = { 0 };

	if (r->query.len || r->verb == HTTP_POST) {
		asked = request_param(c, r, "_format", 0);
		f.pretty = str_is(request_param(c, r, "_pretty", 0), "true");
	}
	if (asked.len == 0) {
		TRY(by_accept(c, request_header(r, "Accept"), &f));
	} else {
		/* A + in an address is a space to a form; both are taken. */
		char *text = str_dup(c->arena, media_type(asked));
		for (char *at = text; *at; at++)
			*at = *at == ' ' ? '+' : *at;
		const struct media *media = media_find(str_of(text));
		if (!media)
			return not_accepted(c);
		take_media(media, &f);
	}
	*out = f;
	return OK;
}

/* True unless the type says another character set. */
static bool charset_fits(struct str content_type)
{
	str_cut(&content_type, ';');
	while (content_type.at) {
		struct str value = str_cut(&content_type, ';');
		struct str name = str_trim(str_cut(&value, '='));
		if (!token_eq(name, "charset") || !value.at)
			continue;
		value = str_trim(value);
		if (value.len > 1 && value.at[0] == '"') {
			value.at++;
			value.len -= 2;
		}
		return token_eq(value, "utf-8") || token_eq(value, "utf8") ||
		       token_eq(value, "us-ascii");
	}
	return true;
}

enum err body_read(struct ctx *c, const struct request *r, struct node **out)
{
	struct str type = request_header(r, "Content-Type");
	const struct media *media = media_find(media_type(type));

	if (r->body.len == 0)
		return fail(c, ERR_BAD_REQUEST, "The request has no body.");
	if (media && !version_fits(type))
		return fail(c, ERR_MEDIA_TYPE, "Causeway reads FHIR R4: fhirVersion=4.0.");
	if (!media || !charset_fits(type))
		return fail(c, ERR_MEDIA_TYPE,
			    "The Content-Type must be application/fhir+json or "
			    "application/fhir+xml, in UTF-8.");
	return media->read(c, c->place->fhir, c->arena, r->body, out);
}

enum err patch_read(struct ctx *c, const struct request *r, struct patch *out)
{
	struct str type = request_header(r, "Content-Type");
	bool json = token_eq(media_type(type), "application/json-patch+json");
	struct node *n;

	if (json && charset_fits(type))
		TRY(fhir_read_json(c, c->place->fhir, c->arena, r->body, &n));
	else if (json || !media_find(media_type(type)))
		return fail(
			c, ERR_MEDIA_TYPE,
			"A patch is JSON Patch (application/json-patch+json) or a Parameters "
			"resource (application/fhir+json, application/fhir+xml), in UTF-8.");
	else
		TRY(body_read(c, r, &n));
	if (json != node_is(n, NODE_ARRAY))
		return fail(c, ERR_BAD_REQUEST,
			    json ? "A JSON Patch is a list of operations."
				 : "A FHIRPath Patch is a Parameters resource.");
	*out = (struct patch){ r->body, n };
	return OK;
}

static void set_body(const struct format *format, struct str body, struct reply *reply)
{
	reply->type = format->type;
	reply->body = body;
	reply_header(reply, "Vary", STR("Accept"));
}

enum err reply_node(struct ctx *c, const struct format *format, const struct node *n,
		    struct reply *reply)
{
	int indent = format->pretty ? 2 : 0;
	struct buf b;

	buf_init(&b, c->arena, 0);
	if (!format->xml)
		json_write(&b, n, indent);
	else if (fhir_write_xml(c, c->place->fhir, &b, n, indent) != OK)
		return fail(c, ERR_NOT_ACCEPTED, "%s", arena_str(c->arena, c->why));
	set_body(format, buf_get(&b), reply);
	return OK;
}

enum err reply_json(struct ctx *c, const struct format *format, struct str json,
		    struct reply *reply)
{
	struct node *n;

	if (format->pretty || format->xml) {
		TRY(fhir_read_json(c, c->place->fhir, c->arena, json, &n));
		return reply_node(c, format, n, reply);
	}
	set_body(format, json, reply);
	return OK;
}

enum err type_check(struct ctx *c, struct str type)
{
	if (!fhir_resource_type(c->place->fhir, type))
		return fail(c, ERR_NOT_FOUND, "%.64s is not a resource type of FHIR R4.",
			    str_dup(c->arena, type));
	return OK;
}

struct str api_base(struct ctx *c, const struct request *r)
{
	struct buf b;

	buf_init(&b, c->arena, 0);
	buf_str(&b, r->base);
	buf_cstr(&b, "/fhir");
	return buf_get(&b);
}

/* Preferences stand between commas; clients put semicolons too. */
bool prefers(const struct request *r, const char *what)
{
	struct str list = request_header(r, "Prefer");

	while (list.at) {
		struct str one = str_cut(&list, ',');

		while (one.at)
			if (token_eq(str_trim(str_cut(&one, ';')), what))
				return true;
	}
	return false;
}

enum err query_only(struct ctx *c, const struct request *r, const char *const *names)
{
	struct str query = r->query;

	while (query.len) {
		struct str value = str_cut(&query, '&'), name = str_cut(&value, '='), plain;
		bool known = name.len == 0;
		if (!url_unescape(c->arena, name, true, &plain))
			return fail(c, ERR_BAD_REQUEST,
				    "The address holds a malformed percent-encoding.");
		for (const char *const *at = names; *at && !known; at++)
			known = str_is(plain, *at);
		if (!known)
			return fail(c, ERR_BAD_REQUEST,
				    "The parameter %.64s is not known here.",
				    str_dup(c->arena, plain));
	}
	return OK;
}
